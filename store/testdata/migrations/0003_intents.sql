-- A write in every state.
INSERT INTO intents (
    key, case_id, kind, target, state, detail, progress, receipt, refusal, request_sha256, response_sha256,
    request, response, created_at, done_at, attempts
) VALUES
    ('cs_62l3oxq57ct47dx3/chargeback/a', 'cs_62l3oxq57ct47dx3', 'submit', 'stripe-us', 'intended', '{"packet": "p1"}', '{"ba78": "file_1"}', NULL, '', '', '', NULL, NULL, '2026-03-04 12:00:00+00', NULL, '1'),
    ('cs_62l3oxq57ct47dx3/chargeback/b', 'cs_62l3oxq57ct47dx3', 'ticket', 'stripe-us', 'done', '{"packet": "p1"}', NULL, '{"id": "7"}', '', 'c22fea5d7428e5cf47ef6354c97c9223c95d6dcdc3e0d2300ff79056b1ff3d85', 'a8100ae6aa1940d0b663bb31cd466142ebbdbd5187131b92d93818987832eb89', '\x613d31', '\xff', '2026-03-04 12:00:00+00', '2026-03-04 12:00:00+00', '1'),
    ('cs_62l3oxq57ct47dx3/chargeback/c', 'cs_62l3oxq57ct47dx3', 'accept', 'stripe-us', 'refused', '{"packet": "p1"}', NULL, NULL, 'past due', '', '', NULL, NULL, '2026-03-04 12:00:00+00', '2026-03-04 12:00:00+00', '1');
