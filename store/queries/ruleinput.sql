-- name: RuleFacts :one
-- What rules look at beside the case itself, in one round trip. The index of
-- words finds the customer's candidates; the payment decides.
SELECT
    (SELECT count(*) FROM cases c
     WHERE @customer_id::text <> '' AND array_to_tsvector(c.words) @@ sqlc.arg(words)::text::tsquery
       AND c.connection = @connection AND c.payment ->> 'customer_id' = @customer_id::text AND c.id <> @case_id)::bigint AS disputes,
    (SELECT count(*) FROM (SELECT n.body FROM notices n WHERE n.kind = 'fraud_warning' AND n.connection = @connection
                           ORDER BY n.id DESC LIMIT @newest) w
     WHERE length(@payment::bytea) > 0 AND position(@payment::bytea IN w.body) > 0)::bigint AS alerts,
    (SELECT coalesce(array_agg(s.amount), '{}') FROM (
        SELECT i.facts ->> 'amount' AS amount FROM evidence_items i
        WHERE i.case_id = @case_id AND i.kind = 'prior_payment' AND NOT i.excluded
          AND i.facts ? 'amount' AND i.facts ->> 'disputed' IS DISTINCT FROM 'yes' LIMIT 500) s)::text[] AS spent,
    coalesce((SELECT (p.manifest #>> '{checklist,complete}')::boolean FROM packets p
              WHERE p.case_id = @case_id AND p.hash = @packet), false)::boolean AS complete,
    coalesce((SELECT p.manifest #>> '{eligibility,program}' = 'visa_compelling_evidence_3' AND p.manifest #>> '{eligibility,status}' = 'qualified'
              FROM packets p WHERE p.case_id = @case_id AND p.hash = @packet), false)::boolean AS compelling;

-- name: Outcomes :many
-- Imported disputes count where no case of our own knows better.
SELECT o.family, o.network, o.vendor, o.strength,
       count(*) FILTER (WHERE o.outcome = 'won') AS won, count(*) FILTER (WHERE o.outcome = 'lost') AS lost
FROM (
    SELECT c.family, c.network, c.vendor, c.strength, c.outcome FROM cases c
    WHERE c.response = 'contest' AND c.outcome IN ('won', 'lost')
  UNION ALL
    SELECT p.family, p.network, p.provider, p.strength, p.outcome FROM past_disputes p
    WHERE p.response = 'contest' AND p.outcome IN ('won', 'lost')
      AND NOT EXISTS (SELECT FROM cases c WHERE c.dispute_id = p.dispute_id AND c.connection = p.connection AND c.outcome <> '')
) o
GROUP BY o.family, o.network, o.vendor, o.strength;

-- name: NextTurn :one
INSERT INTO queue_turns (queue, turn) VALUES (@queue, 0)
ON CONFLICT (queue) DO UPDATE SET turn = queue_turns.turn + 1
RETURNING turn;

-- name: LeastLoaded :one
-- Of several the one who is named first.
SELECT m.id::text FROM unnest(@members::text[]) WITH ORDINALITY AS m (id, place)
ORDER BY (SELECT count(*) FROM cases c WHERE c.open AND c.assignee = m.id), m.place
LIMIT 1;
