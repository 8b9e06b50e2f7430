-- name: LockRules :exec
SELECT pg_advisory_xact_lock(hashtext('rebuttal.rule_sets'));

-- name: InsertRules :one
INSERT INTO rule_sets (hash, source, author, comment, draft, approved_by, restores)
VALUES (@hash, @source, @author, @comment, @draft, @approved_by, @restores) RETURNING *;

-- name: ActiveRules :one
SELECT * FROM rule_sets ORDER BY version DESC LIMIT 1;

-- name: RuleSetByHash :one
SELECT * FROM rule_sets WHERE hash = @hash ORDER BY version LIMIT 1;

-- name: RuleSetByVersion :one
SELECT * FROM rule_sets WHERE version = @version;

-- name: RuleHistory :many
SELECT * FROM rule_sets ORDER BY version DESC;

-- name: InsertRuleDraft :one
INSERT INTO rule_drafts (name, base, source, author, authors, comment, state)
VALUES (@name, @base, @source, @author, ARRAY[@author::text], @comment, 'draft') RETURNING *;

-- name: UpdateRuleDraft :one
UPDATE rule_drafts SET
    name = @name, base = @base, source = @source, authors = @authors, comment = @comment, state = @state,
    hash = @hash, approved_by = @approved_by, version = @version, updated_at = now(), revision = revision + 1
WHERE id = @id AND revision = @revision RETURNING *;

-- name: RuleDraft :one
SELECT * FROM rule_drafts WHERE id = @id;

-- name: OpenRuleDrafts :many
SELECT * FROM rule_drafts WHERE state NOT IN ('published', 'dropped') ORDER BY updated_at DESC, id DESC LIMIT @max_rows;

-- name: InsertRuleEvent :exec
INSERT INTO rule_events (actor, kind, draft, version, hash, comment)
VALUES (@actor, @kind, @draft, @version, @hash, @comment);

-- name: RuleEvents :many
SELECT * FROM rule_events WHERE id < @before ORDER BY id DESC LIMIT @max_rows;

-- name: InsertRuleShadow :one
INSERT INTO rule_shadows (hash, name, source, author, comment)
VALUES (@hash, @name, @source, @author, @comment) RETURNING *;

-- name: RunningRuleShadow :one
SELECT * FROM rule_shadows WHERE stopped_at IS NULL;

-- name: LatestRuleShadow :one
SELECT * FROM rule_shadows ORDER BY id DESC LIMIT 1;

-- name: StopRuleShadow :execrows
UPDATE rule_shadows SET stopped_at = now(), stopped_by = @stopped_by WHERE stopped_at IS NULL;

-- name: SaveShadowResult :exec
INSERT INTO shadow_results (shadow_id, case_id, at, live, shadow, differs, fields, amount, currency, failure)
VALUES (@shadow_id, @case_id, @at, @live, @shadow, @differs, @fields, @amount, @currency, @failure)
ON CONFLICT (shadow_id, case_id) DO UPDATE SET
    at = @at, live = @live, shadow = @shadow, differs = @differs, fields = @fields,
    amount = @amount, currency = @currency, failure = @failure;

-- name: ShadowTotals :one
SELECT count(*) AS cases, count(*) FILTER (WHERE differs) AS differing, count(*) FILTER (WHERE failure <> '') AS failed
FROM shadow_results WHERE shadow_id = @shadow_id;

-- name: ShadowFields :many
SELECT field::text AS field, count(*) AS cases FROM shadow_results, unnest(fields) AS field
WHERE shadow_id = @shadow_id GROUP BY 1 ORDER BY 2 DESC, 1;

-- name: ShadowMoves :many
SELECT coalesce(live ->> 'rule', '')::text AS live, coalesce(shadow ->> 'rule', '')::text AS shadow, count(*) AS cases
FROM shadow_results WHERE shadow_id = @shadow_id AND differs GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT @max_rows;

-- name: ShadowMoney :many
SELECT currency, count(*) AS cases, sum(amount)::bigint AS amount
FROM shadow_results WHERE shadow_id = @shadow_id AND differs GROUP BY 1 ORDER BY 1;

-- name: ShadowDiffering :many
SELECT * FROM shadow_results WHERE shadow_id = @shadow_id AND differs ORDER BY at DESC, case_id LIMIT @max_rows;
