-- +goose Up
CREATE TABLE cases (
    id              text        PRIMARY KEY,
    connection      text        NOT NULL,
    dispute_id      text        NOT NULL,
    merchant        text        NOT NULL DEFAULT '',
    part            int         NOT NULL DEFAULT 1,
    status          text        NOT NULL DEFAULT 'open',
    open            boolean     NOT NULL GENERATED ALWAYS AS (status NOT IN ('accepted', 'won', 'lost', 'closed')) STORED,
    stage           text        NOT NULL DEFAULT '',
    family          text        NOT NULL DEFAULT '',
    network         text        NOT NULL DEFAULT '',
    network_code    text        NOT NULL DEFAULT '',
    reason          text        NOT NULL DEFAULT '',
    raw_status      text        NOT NULL DEFAULT '',
    provider_status text        NOT NULL DEFAULT '',
    amount          bigint      NOT NULL DEFAULT 0,
    currency        text        NOT NULL DEFAULT '',
    opened_at       timestamptz,
    deadline_at     timestamptz,
    deadline        jsonb       NOT NULL DEFAULT '{}',
    cut_off_at      timestamptz,
    armed_until     timestamptz,
    response        text        NOT NULL DEFAULT '',
    queue           text        NOT NULL DEFAULT '',
    assignee        text        NOT NULL DEFAULT '',
    rule            text        NOT NULL DEFAULT '',
    rule_set        text        NOT NULL DEFAULT '',
    route           jsonb,
    payment         jsonb,
    view            jsonb       NOT NULL DEFAULT '{}',
    sources         jsonb,
    packet_hash     text        NOT NULL DEFAULT '',
    submitted_at    timestamptz,
    outcome         text        NOT NULL DEFAULT '',
    outcome_at      timestamptz,
    state           jsonb,
    workflow_id     text        NOT NULL DEFAULT '',
    needs           text        NOT NULL DEFAULT '',
    next_step       text        NOT NULL DEFAULT '', -- what happens by itself, one sentence
    strength        int         NOT NULL DEFAULT 0,
    -- What a person may search for, in lower case.
    words           text[]      NOT NULL DEFAULT '{}',
    -- The end of the case's hash chain, so that a history cut short is noticed.
    events          bigint      NOT NULL DEFAULT 0,
    head            bytea       NOT NULL DEFAULT '',
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    version         bigint      NOT NULL DEFAULT 1,
    CONSTRAINT cases_dispute UNIQUE (dispute_id, connection)
);

-- Every list is ordered by deadline; cases without one come last.
CREATE INDEX cases_due ON cases (coalesce(deadline_at, 'infinity'), id);
CREATE INDEX cases_open_due ON cases (coalesce(deadline_at, 'infinity'), id) WHERE open;
CREATE INDEX cases_status_due ON cases (status, coalesce(deadline_at, 'infinity'), id);
CREATE INDEX cases_queue_due ON cases (queue, coalesce(deadline_at, 'infinity'), id) WHERE open;
CREATE INDEX cases_assignee_due ON cases (assignee, coalesce(deadline_at, 'infinity'), id) WHERE open;
CREATE INDEX cases_merchant_due ON cases (merchant, coalesce(deadline_at, 'infinity'), id);
CREATE INDEX cases_words ON cases USING gin (array_to_tsvector(words));
CREATE INDEX cases_unwatched ON cases (coalesce(armed_until, '-infinity'), coalesce(deadline_at, 'infinity'), id)
    WHERE status IN ('open', 'needs_approval', 'needs_person', 'on_hold');

CREATE TABLE case_events (
    case_id   text        NOT NULL REFERENCES cases,
    seq       bigint      NOT NULL,
    at        timestamptz NOT NULL,
    actor     text        NOT NULL,
    kind      text        NOT NULL,
    key       text        NOT NULL,
    -- json, not jsonb: the stored text is the text that was hashed.
    data      json        NOT NULL,
    prev_hash bytea       NOT NULL,
    hash      bytea       NOT NULL,
    PRIMARY KEY (case_id, seq)
);
CREATE UNIQUE INDEX case_events_key ON case_events (case_id, key) WHERE key <> '';

CREATE TABLE evidence_items (
    case_id    text    NOT NULL REFERENCES cases,
    source     text    NOT NULL,
    id         text    NOT NULL,
    kind       text    NOT NULL,
    title      text    NOT NULL,
    at         timestamptz,
    facts      jsonb   NOT NULL,
    media_type text    NOT NULL,
    file_name  text    NOT NULL,
    blob       jsonb   NOT NULL,
    excluded   boolean NOT NULL DEFAULT false,
    PRIMARY KEY (case_id, source, id)
);

CREATE TABLE packets (
    case_id    text        NOT NULL REFERENCES cases,
    hash       text        NOT NULL,
    manifest   jsonb       NOT NULL,
    files      jsonb       NOT NULL,
    texts      jsonb       NOT NULL,
    frozen     boolean     NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (case_id, hash)
);

-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
-- +goose StatementEnd

CREATE TRIGGER case_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON case_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
