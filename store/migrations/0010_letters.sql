-- +goose Up
-- The words of letters. As with rules, a source that is published again later is
-- a new version with the same hash. Of each language the latest is in force.
CREATE TABLE letter_sets (
    version      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hash         text        NOT NULL,
    name         text        NOT NULL,
    language     text        NOT NULL,
    source       text        NOT NULL,
    author       text        NOT NULL,
    comment      text        NOT NULL,
    published_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX letter_sets_hash ON letter_sets (hash, version);
CREATE INDEX letter_sets_language ON letter_sets (language, version);
