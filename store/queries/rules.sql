-- name: LockRules :exec
SELECT pg_advisory_xact_lock(hashtext('rebuttal.rule_sets'));

-- name: InsertRules :one
INSERT INTO rule_sets (hash, source, author, comment) VALUES (@hash, @source, @author, @comment) RETURNING *;

-- name: ActiveRules :one
SELECT * FROM rule_sets ORDER BY version DESC LIMIT 1;

-- name: RuleSetByHash :one
SELECT * FROM rule_sets WHERE hash = @hash ORDER BY version LIMIT 1;

-- name: RuleHistory :many
SELECT * FROM rule_sets ORDER BY version DESC;
