-- +goose Up
CREATE TABLE intents (
    key             text        PRIMARY KEY,
    case_id         text        NOT NULL,
    kind            text        NOT NULL,
    target          text        NOT NULL,
    state           text        NOT NULL DEFAULT 'intended' CHECK (state IN ('intended', 'done', 'refused')),
    detail          jsonb,
    progress        jsonb,
    receipt         jsonb,
    refusal         text        NOT NULL DEFAULT '',
    request_sha256  text        NOT NULL DEFAULT '',
    response_sha256 text        NOT NULL DEFAULT '',
    request         bytea,
    response        bytea,
    created_at      timestamptz NOT NULL DEFAULT now(),
    done_at         timestamptz,
    attempts        int         NOT NULL DEFAULT 1
);
CREATE INDEX intents_case ON intents (case_id, created_at);
CREATE INDEX intents_open ON intents (created_at) WHERE state = 'intended';
