-- +goose Up
-- A source that is published again later is a new version with the same hash:
-- the history tells who went back to it and when.
CREATE TABLE rule_sets (
    version      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hash         text        NOT NULL,
    source       text        NOT NULL,
    author       text        NOT NULL,
    comment      text        NOT NULL,
    published_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX rule_sets_hash ON rule_sets (hash, version);
