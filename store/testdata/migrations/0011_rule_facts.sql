INSERT INTO cases (id, connection, dispute_id, vendor, tags, created_at, updated_at) VALUES
    ('cs_kx46poxdwvhjjiii', 'paypal', 'PP-2', 'paypal', '{vip,"two words"}', '2026-03-04 12:00:00+00', '2026-03-04 12:00:00+00');
INSERT INTO queue_turns (queue, turn) VALUES ('senior', 3);
