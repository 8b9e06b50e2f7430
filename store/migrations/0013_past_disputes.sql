-- +goose Up
-- Disputes of the time before, as an import told them. Nothing in them is
-- personal: customers are hashed.
CREATE TABLE past_disputes (
    connection   text        NOT NULL,
    dispute_id   text        NOT NULL,
    provider     text        NOT NULL,
    merchant     text        NOT NULL,
    amount       bigint      NOT NULL,
    currency     text        NOT NULL,
    reason       text        NOT NULL,
    network      text        NOT NULL,
    network_code text        NOT NULL,
    family       text        NOT NULL,
    stage        text        NOT NULL,
    opened_at    timestamptz NOT NULL,
    due_at       timestamptz,
    decided_at   timestamptz,
    response     text        NOT NULL,
    outcome      text        NOT NULL CHECK (outcome IN ('', 'won', 'lost')),
    strength     int         NOT NULL,
    customer     text        NOT NULL,
    product      text        NOT NULL,
    country      text        NOT NULL,
    refunded     bigint      NOT NULL, -- like fees, of the same currency
    fees         bigint      NOT NULL,
    imported_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (connection, dispute_id)
);

-- How far the import of a file has come. The key is made of its bytes and of how
-- it is read.
CREATE TABLE imports (
    key         text        PRIMARY KEY,
    name        text        NOT NULL,
    author      text        NOT NULL,
    position    bigint      NOT NULL DEFAULT 0, -- the last row that was dealt with
    added       bigint      NOT NULL DEFAULT 0,
    changed     bigint      NOT NULL DEFAULT 0,
    unchanged   bigint      NOT NULL DEFAULT 0,
    rejected    bigint      NOT NULL DEFAULT 0,
    started_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);

-- All past disputes: the imported ones, and the decided cases of our own, which
-- know better.
CREATE VIEW known_disputes AS
SELECT connection, dispute_id, vendor AS provider, merchant, amount, currency, reason, network, network_code,
       family, coalesce(nullif(stage, ''), 'chargeback') AS stage,
       opened_at, deadline_at AS due_at, outcome_at AS decided_at,
       CASE WHEN outcome = 'accepted' THEN 'accept' WHEN submitted_at IS NOT NULL THEN 'contest' ELSE '' END AS response,
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
