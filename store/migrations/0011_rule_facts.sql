-- +goose Up
-- The vendor of a case's connection, and what its rules say of it.
ALTER TABLE cases ADD COLUMN vendor text NOT NULL DEFAULT '';
ALTER TABLE cases ADD COLUMN tags text[] NOT NULL DEFAULT '{}';

-- How contested disputes ended, counted for the chance of the next one.
CREATE INDEX cases_decided ON cases (family, network, vendor, strength, outcome)
    WHERE response = 'contest' AND outcome IN ('won', 'lost');

CREATE INDEX notices_warnings ON notices (connection, id DESC) WHERE kind = 'fraud_warning';

-- How often a member of a queue was given a case in turn.
CREATE TABLE queue_turns (
    queue text   PRIMARY KEY,
    turn  bigint NOT NULL
);
