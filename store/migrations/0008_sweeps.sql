-- +goose Up
-- Where the next poll of a connection begins.
CREATE TABLE sweep_cursors (
    connection text PRIMARY KEY,
    cursor     text        NOT NULL,
    since      timestamptz NOT NULL DEFAULT now(), -- the first sweep
    at         timestamptz NOT NULL DEFAULT now()  -- the last
);

-- What a comparison of a provider's disputes with ours found.
CREATE TABLE reconciliations (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection text        NOT NULL,
    at         timestamptz NOT NULL,
    found      jsonb       NOT NULL
);
CREATE INDEX reconciliations_newest ON reconciliations (connection, at DESC);
