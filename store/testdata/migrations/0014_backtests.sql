-- A backtest that is done, and one whose process died.
INSERT INTO backtests (draft, text_hash, seconds, author, state, done, of, report, started_at, updated_at, finished_at) VALUES
    (1, 'abc', 15552000, 'ana', 'done', 90, 90, '{"disputes": 90, "moved": 3, "currency": "USD"}', '2026-03-06 12:00:00+00', '2026-03-06 12:00:05+00', '2026-03-06 12:00:05+00'),
    (2, 'abc', 0, 'ana', 'running', 40, 90, NULL, '2026-03-06 12:00:00+00', '2026-03-06 12:00:05+00', NULL);
INSERT INTO cases (id, connection, dispute_id, rule, rule_set, route, opened_at, created_at, updated_at) VALUES
    ('cs_ivqo7iel4abhknzn', 'paypal', 'PP-14', 'rest', 'abc', '{"rule": "rest", "explanation": [{"rule": "tag", "matched": true}, {"rule": "high", "matched": false}, {"rule": "rest", "matched": true}]}',
     '2026-03-04 12:00:00+00', '2026-03-04 12:00:00+00', '2026-03-04 12:00:00+00');
