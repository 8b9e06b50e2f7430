-- A notice whose webhook was traced.
INSERT INTO notices (
    connection, event_id, kind, raw_kind, dispute_id, occurred_at, received_at, due_by, body, content_type,
    parsed, api_version, state, trace_parent
) VALUES
    ('stripe-eu', 'evt_9', 'closed', 'charge.dispute.closed', 'du_2', '2026-03-04 12:00:00+00', '2026-03-04 12:00:00+00', NULL, '\x7b7d', 'application/json', '{"kind": "closed", "event_id": "evt_9", "raw_kind": "charge.dispute.closed", "connection": "stripe-eu", "occurred_at": "2026-03-04T12:00:00Z"}', '2026-10-28.endive', 'pending', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01');
