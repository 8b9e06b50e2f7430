-- +goose Up
CREATE TABLE notices (
    id              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection      text        NOT NULL,
    event_id        text        NOT NULL,
    kind            text        NOT NULL,
    raw_kind        text        NOT NULL,
    dispute_id      text        NOT NULL,
    occurred_at     timestamptz NOT NULL,
    received_at     timestamptz NOT NULL,
    due_by          timestamptz,
    body            bytea       NOT NULL,
    content_type    text        NOT NULL,
    parsed          jsonb,
    api_version     text        NOT NULL,
    state           text        NOT NULL CHECK (state IN ('pending', 'forwarded', 'stored', 'unreadable')),
    attempts        int         NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    last_error      text        NOT NULL DEFAULT '',
    forwarded_at    timestamptz,
    workflow_id     text        NOT NULL DEFAULT '',
    CONSTRAINT notices_once UNIQUE (connection, event_id)
);

-- next_attempt_at is left out, so that a claim does not have to touch an index.
CREATE INDEX notices_pending ON notices (due_by, id) WHERE state = 'pending';
CREATE INDEX notices_unreadable ON notices (id) WHERE state = 'unreadable';
CREATE INDEX notices_dispute ON notices (dispute_id, id);
