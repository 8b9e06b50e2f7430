INSERT INTO cases (id, connection, dispute_id, status, provider_status, deadline_at, created_at, updated_at) VALUES
    ('cs_64j5ifvbgdyalbft', 'paypal', 'PP-3', 'on_hold', 'needs_response', '2026-03-14 12:00:00+00', '2026-03-04 12:00:00+00', '2026-03-04 12:00:00+00');
