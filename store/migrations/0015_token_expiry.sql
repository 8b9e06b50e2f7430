-- +goose Up
-- When a token ends by itself. Only those of a login do.
ALTER TABLE tokens ADD COLUMN expires_at timestamptz;
