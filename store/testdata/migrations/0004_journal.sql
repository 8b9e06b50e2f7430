-- An entry, its reversal and what replaced it; the books have the first.
INSERT INTO journal_entries (
    key, case_id, connection, dispute_id, kind, date, currency, memo, movement, reverses, lines, posted_at
) VALUES
    ('stripe-us|du_1|opened|txn_1', 'cs_62l3oxq57ct47dx3', 'stripe-us', 'du_1', 'opened', '2026-03-04 12:00:00.123456+00', 'USD', 'Dispute du_1 opened', 'txn_1', NULL, '3', '2026-03-04 12:00:00+00'),
    ('stripe-us|du_1|opened|txn_1|reversal', 'cs_62l3oxq57ct47dx3', 'stripe-us', 'du_1', 'reversal', '2026-03-04 12:00:00.123456+00', 'USD', 'Dispute du_1 opened', 'txn_1', 'stripe-us|du_1|opened|txn_1', '3', '2026-03-04 12:00:00+00'),
    ('stripe-us|du_1|opened|txn_1|version|2', 'cs_62l3oxq57ct47dx3', 'stripe-us', 'du_1', 'opened', '2026-03-04 12:00:00.123456+00', 'USD', 'Dispute du_1 opened', 'txn_1', NULL, '3', '2026-03-04 12:00:00+00');

INSERT INTO journal_postings (entry_key, line, account, side, amount) VALUES
    ('stripe-us|du_1|opened|txn_1', '1', 'disputed_funds', 'debit', '12900'),
    ('stripe-us|du_1|opened|txn_1', '2', 'dispute_fees', 'debit', '1500'),
    ('stripe-us|du_1|opened|txn_1', '3', 'psp_clearing', 'credit', '14400'),
    ('stripe-us|du_1|opened|txn_1|reversal', '1', 'disputed_funds', 'credit', '12900'),
    ('stripe-us|du_1|opened|txn_1|reversal', '2', 'dispute_fees', 'credit', '1500'),
    ('stripe-us|du_1|opened|txn_1|reversal', '3', 'psp_clearing', 'debit', '14400'),
    ('stripe-us|du_1|opened|txn_1|version|2', '1', 'disputed_funds', 'debit', '12900'),
    ('stripe-us|du_1|opened|txn_1|version|2', '2', 'dispute_fees', 'debit', '1500'),
    ('stripe-us|du_1|opened|txn_1|version|2', '3', 'psp_clearing', 'credit', '14400');

INSERT INTO entry_exports (entry_key, connection, vendor_id, at) VALUES
    ('stripe-us|du_1|opened|txn_1', 'books', '17', '2026-03-04 12:00:00+00');
