-- +goose Up
-- Backtests of drafts, so that whoever approves a draft sees what it would have
-- changed. A row that says it runs and was not touched for half a minute belongs
-- to a process that died.
CREATE TABLE backtests (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    draft       bigint      NOT NULL REFERENCES rule_drafts,
    text_hash   text        NOT NULL, -- SHA-256 of the draft's text, hex
    seconds     bigint      NOT NULL, -- how far back it looks; 0 for everything
    author      text        NOT NULL,
    state       text        NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'failed')),
    done        bigint      NOT NULL DEFAULT 0,
    of          bigint      NOT NULL DEFAULT 0, -- 0 while the disputes are being counted
    problem     text        NOT NULL DEFAULT '',
    report      jsonb,
    started_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);
CREATE INDEX backtests_draft ON backtests (draft, id DESC);

-- The rules that held for a case, for counting them without reading its route.
ALTER TABLE cases ADD COLUMN matched jsonb
    GENERATED ALWAYS AS (jsonb_path_query_array(route, '$.explanation[*] ? (@.matched == true).rule')) STORED;
CREATE INDEX cases_opened ON cases (coalesce(opened_at, created_at));
