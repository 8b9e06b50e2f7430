-- +goose Up
-- The trace that began with the webhook (W3C traceparent), so that the relay
-- goes on with it; empty when tracing is off.
ALTER TABLE notices ADD COLUMN trace_parent text NOT NULL DEFAULT '';
