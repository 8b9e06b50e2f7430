-- A token and a revoked one; their secrets are rbt_a and rbt_b.
INSERT INTO tokens (name, actor, role, hash, created_at, last_used_at, revoked_at) VALUES
    ('laptop', 'ana', 'analyst', '\x3c35fb2c5443abb168fb84aaea80834bbe36623c12b406913dd2dfb461f39e9b', '2026-03-04 12:00:00.123456+00', NULL, NULL),
    ('laptop', 'ana', 'analyst', '\xb5ce80baf08044f97a08941e2be276bfd72319bba8dc0db3a604b5fce8d522ef', '2026-03-04 12:00:00.123456+00', NULL, '2026-03-04 12:00:00+00');
