-- +goose Up
-- Own cases as they stood at their opening: at the stage at which they began, and
-- without a due date where that of a later stage took its place. What was answered
-- by hand was answered.
CREATE OR REPLACE VIEW known_disputes AS
SELECT connection, dispute_id, vendor AS provider, merchant, amount, currency, reason, network, network_code,
       family,
       CASE WHEN view -> 'stages' ? 'inquiry' THEN 'inquiry' WHEN view -> 'stages' ? 'chargeback' THEN 'chargeback'
            WHEN view -> 'stages' ? 'pre_arbitration' THEN 'pre_arbitration' ELSE coalesce(nullif(stage, ''), 'chargeback') END AS stage,
       opened_at,
       CASE WHEN jsonb_path_exists(view, '$.stages.keyvalue() ? (@.key != $stage)', jsonb_build_object('stage', stage)) THEN NULL ELSE deadline_at END AS due_at,
       outcome_at AS decided_at,
       CASE WHEN outcome = 'accepted' OR response = 'accept' THEN 'accept'
            WHEN response = 'contest' OR submitted_at IS NOT NULL THEN 'contest' ELSE '' END AS response,
       CASE outcome WHEN 'won' THEN 'won' WHEN 'closed' THEN '' ELSE 'lost' END AS outcome,
       strength,
       CASE WHEN coalesce(payment ->> 'customer_id', '') = '' THEN ''
            ELSE left(encode(sha256(convert_to(lower(btrim(payment ->> 'customer_id')), 'UTF8')), 'hex'), 32) END AS customer,
       coalesce(payment -> 'metadata', '{}') AS metadata,
       ''::text AS product, ''::text AS country,
       coalesce((payment -> 'refunded' ->> 'minor')::bigint, 0) AS refunded, 0::bigint AS fees
FROM cases
WHERE outcome <> '' AND opened_at IS NOT NULL
UNION ALL
SELECT connection, dispute_id, provider, merchant, amount, currency, reason, network, network_code,
       family, stage, opened_at, due_at, decided_at, response, outcome, strength, customer,
       '{}', product, country, refunded, fees
FROM past_disputes p
WHERE NOT EXISTS (
    SELECT FROM cases c WHERE c.dispute_id = p.dispute_id AND c.connection = p.connection AND c.outcome <> '' AND c.opened_at IS NOT NULL
);
