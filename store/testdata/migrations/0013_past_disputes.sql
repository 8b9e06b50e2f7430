-- A won dispute of a system before, one that nobody answered, and how far its file was taken in.
INSERT INTO past_disputes (
    connection, dispute_id, provider, merchant, amount, currency, reason, network, network_code, family, stage,
    opened_at, due_at, decided_at, response, outcome, strength, customer, product, country, refunded, fees, imported_at
) VALUES
    ('stripe-us', 'du_old', 'stripe', 'acme', 12900, 'USD', 'product_not_received', 'visa', '13.1', 'product_not_received', 'chargeback',
     '2025-03-04 12:00:00.123456+00', '2025-03-18 12:00:00+00', '2025-05-04 12:00:00+00', 'contest', 'won', 3, 'a1b2', 'lamp', 'DE', 0, 1500, '2026-03-05 08:00:00+00'),
    ('adyen-eu', 'A1', '', '', 500, 'JPY', '', '', '', 'general', 'chargeback',
     '2025-03-04 12:00:00+00', NULL, NULL, '', '', 0, '', '', '', 0, 0, '2026-03-05 08:00:00+00');

INSERT INTO imports (key, name, author, position, added, changed, unchanged, rejected, started_at, finished_at) VALUES
    ('c8a75c0c', 'old.csv', 'ana', 3, 2, 0, 0, 1, '2026-03-05 08:00:00+00', '2026-03-05 08:00:01+00');
