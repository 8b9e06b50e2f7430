-- name: InsertEntries :exec
INSERT INTO journal_entries (key, case_id, connection, dispute_id, kind, date, currency, memo, movement, reverses, lines)
SELECT unnest(@keys::text[]), unnest(@case_ids::text[]), unnest(@connections::text[]), unnest(@dispute_ids::text[]),
       unnest(@kinds::text[]), unnest(@dates::timestamptz[]), unnest(@currencies::text[]), unnest(@memos::text[]),
       nullif(unnest(@movements::text[]), ''), nullif(unnest(@reverses::text[]), ''), unnest(@lines::int[]);

-- name: InsertPostings :exec
INSERT INTO journal_postings (entry_key, line, account, side, amount)
SELECT unnest(@entry_keys::text[]), unnest(@lines::int[]), unnest(@accounts::text[]), unnest(@sides::text[]),
       unnest(@amounts::bigint[]);

-- name: CaseEntries :many
SELECT * FROM journal_entries WHERE case_id = @case_id ORDER BY seq;

-- name: Entries :many
SELECT * FROM journal_entries
WHERE seq > @after
  AND (@connection::text = '' OR connection = @connection)
  AND (@kind::text = '' OR kind = @kind)
  AND date >= @since AND date < @until
ORDER BY seq
LIMIT @max_rows;

-- name: Postings :many
SELECT * FROM journal_postings WHERE entry_key = ANY(@entry_keys::text[]) ORDER BY entry_key, line;

-- name: Balances :many
SELECT e.connection, p.account, e.currency,
       coalesce(sum(p.amount) FILTER (WHERE p.side = 'debit'), 0)::bigint  AS debit,
       coalesce(sum(p.amount) FILTER (WHERE p.side = 'credit'), 0)::bigint AS credit
FROM journal_entries e JOIN journal_postings p ON p.entry_key = e.key
GROUP BY e.connection, p.account, e.currency
ORDER BY e.connection, p.account, e.currency;

-- name: UnexportedEntries :many
SELECT * FROM journal_entries e
WHERE e.case_id = @case_id
  AND NOT EXISTS (SELECT FROM entry_exports x WHERE x.entry_key = e.key AND x.connection = @connection)
ORDER BY e.seq;

-- name: MarkExported :exec
INSERT INTO entry_exports (entry_key, connection, vendor_id) VALUES (@entry_key, @connection, @vendor_id)
ON CONFLICT DO NOTHING;

-- name: CheckEntries :one
-- The entries after a place in the journal whose postings do not add up, or are
-- not as many as the entry says.
SELECT count(*) AS checked, coalesce(max(seq), 0)::bigint AS last,
       count(*) FILTER (WHERE have <> lines OR total <> 0) AS wrong
FROM (
    SELECT e.seq, e.lines, count(p.line) AS have,
           coalesce(sum(CASE p.side WHEN 'debit' THEN p.amount ELSE -p.amount END), 0) AS total
    FROM (SELECT key, seq, lines FROM journal_entries WHERE seq > @after ORDER BY seq LIMIT @max_rows) e
    LEFT JOIN journal_postings p ON p.entry_key = e.key
    GROUP BY e.seq, e.lines
) entries;
