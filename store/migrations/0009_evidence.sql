-- +goose Up
-- What a source says happened, and the place a person gave an exhibit.
ALTER TABLE evidence_items ADD COLUMN log jsonb NOT NULL DEFAULT '[]';
ALTER TABLE evidence_items ADD COLUMN rank integer NOT NULL DEFAULT 0;
