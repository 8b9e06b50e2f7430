-- +goose Up
-- What a source says happened, and the place a person gave an exhibit.
ALTER TABLE evidence_items ADD COLUMN log jsonb NOT NULL DEFAULT '[]';
ALTER TABLE evidence_items ADD COLUMN rank integer NOT NULL DEFAULT 0;

-- An answer on its way says which of the two words it is.
UPDATE intents SET progress = (progress - 'sending') || jsonb_build_object('sent', jsonb_build_array(kind))
WHERE state = 'intended' AND progress @> '{"sending": true}';
