-- +goose Up
-- Rules that are being written. A draft's revision grows with every change, and
-- whoever changes it names the one that was looked at.
CREATE TABLE rule_drafts (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text        NOT NULL,
    base        bigint      NOT NULL, -- the version it began from; 0 for the built-in rules
    source      text        NOT NULL, -- as it was written, right or wrong
    author      text        NOT NULL,
    authors     text[]      NOT NULL, -- everybody who wrote on it
    comment     text        NOT NULL,
    state       text        NOT NULL CHECK (state IN ('draft', 'checked', 'asked', 'approved', 'published', 'dropped')),
    hash        text        NOT NULL DEFAULT '', -- of the set that was checked
    approved_by text        NOT NULL DEFAULT '',
    version     bigint      NOT NULL DEFAULT 0, -- what it was published as
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    revision    bigint      NOT NULL DEFAULT 1
);
CREATE INDEX rule_drafts_open ON rule_drafts (updated_at DESC) WHERE state NOT IN ('published', 'dropped');

-- Where a version came from: the draft, who approved it, the version it restores.
ALTER TABLE rule_sets ADD COLUMN draft bigint NOT NULL DEFAULT 0;
ALTER TABLE rule_sets ADD COLUMN approved_by text NOT NULL DEFAULT '';
ALTER TABLE rule_sets ADD COLUMN restores bigint NOT NULL DEFAULT 0;

-- Who did what to the rules.
CREATE TABLE rule_events (
    id      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL DEFAULT now(),
    actor   text        NOT NULL,
    kind    text        NOT NULL,
    draft   bigint      NOT NULL DEFAULT 0,
    version bigint      NOT NULL DEFAULT 0,
    hash    text        NOT NULL DEFAULT '',
    comment text        NOT NULL DEFAULT ''
);
CREATE TRIGGER rule_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON rule_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Rule sets that run beside the one in force; at most one at a time.
CREATE TABLE rule_shadows (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hash       text        NOT NULL,
    name       text        NOT NULL,
    source     text        NOT NULL,
    author     text        NOT NULL,
    comment    text        NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    stopped_at timestamptz,
    stopped_by text        NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX rule_shadows_running ON rule_shadows ((stopped_at IS NULL)) WHERE stopped_at IS NULL;

-- What a shadow would have done with a case, the last time it was planned.
CREATE TABLE shadow_results (
    shadow_id bigint      NOT NULL REFERENCES rule_shadows,
    case_id   text        NOT NULL REFERENCES cases,
    at        timestamptz NOT NULL,
    live      jsonb       NOT NULL,
    shadow    jsonb       NOT NULL,
    differs   boolean     NOT NULL,
    fields    text[]      NOT NULL,
    amount    bigint      NOT NULL,
    currency  text        NOT NULL,
    failure   text        NOT NULL DEFAULT '', -- why the shadow could not decide
    PRIMARY KEY (shadow_id, case_id)
);
CREATE INDEX shadow_results_differing ON shadow_results (shadow_id, at DESC, case_id) WHERE differs;
