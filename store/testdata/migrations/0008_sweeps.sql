-- Where two connections' polls begin, and what was found at each.
INSERT INTO sweep_cursors (connection, cursor, at) VALUES
    ('stripe-us', '1772625600', '2026-03-04 12:00:00+00'),
    ('stripe-eu', '', '2026-03-04 12:00:00+00');
INSERT INTO reconciliations (connection, at, found) VALUES
    ('stripe-us', '2026-03-04 12:00:00.123456+00', '{"at": "2026-03-04T12:00:00.123456Z", "complete": true, "open_here": 1, "only_here": ["du_1"], "connection": "stripe-us", "open_there": 0}'),
    ('stripe-eu', '2026-03-04 12:00:00.123456+00', '{"at": "2026-03-04T12:00:00.123456Z", "complete": false, "differing": [{"here": "needs_response", "there": "won", "dispute": "du_2"}], "open_here": 0, "connection": "stripe-eu", "open_there": 0}');
