-- name: BeginIntent :one
INSERT INTO intents (key, case_id, kind, target, detail) VALUES (@key, @case_id, @kind, @target, @detail)
ON CONFLICT (key) DO UPDATE SET attempts = intents.attempts + 1
RETURNING *;

-- name: SaveDetail :execrows
UPDATE intents SET detail = @detail WHERE key = @key AND state = 'intended';

-- name: SaveKind :exec
UPDATE intents SET kind = @kind WHERE key = @key AND state = 'intended';

-- name: SaveProgress :execrows
UPDATE intents SET progress = @progress WHERE key = @key;

-- name: FinishIntent :execrows
UPDATE intents SET state = 'done', done_at = now(), receipt = @receipt, request = @request, response = @response,
    request_sha256 = @request_sha256, response_sha256 = @response_sha256
WHERE key = @key AND state = 'intended';

-- name: RefuseIntent :execrows
UPDATE intents SET state = 'refused', done_at = now(), refusal = @refusal WHERE key = @key AND state = 'intended';

-- name: Intent :one
SELECT * FROM intents WHERE key = @key;

-- name: Intents :many
SELECT * FROM intents WHERE case_id = @case_id ORDER BY created_at, key;

-- name: OpenIntents :many
SELECT * FROM intents WHERE state = 'intended' AND created_at < @before ORDER BY created_at, key LIMIT @max_rows;
