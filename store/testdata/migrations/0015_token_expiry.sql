-- The token of a login, rbt_c, which has ended.
INSERT INTO tokens (name, actor, role, hash, created_at, expires_at) VALUES
    ('oidc login', 'ana@acme.example', 'analyst', sha256('rbt_c'), '2026-03-04 12:00:00.123456+00', '2026-03-05 00:00:00.123456+00');
