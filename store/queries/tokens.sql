-- name: InsertToken :exec
INSERT INTO tokens (name, actor, role, hash, expires_at) VALUES (@name, @actor, @role, @hash, @expires_at);

-- name: TokenByHash :one
SELECT * FROM tokens WHERE hash = @hash AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > @now::timestamptz);

-- name: TouchToken :exec
UPDATE tokens SET last_used_at = now()
WHERE id = @id AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute');

-- name: Tokens :many
SELECT * FROM tokens ORDER BY id;

-- name: RevokeToken :execrows
UPDATE tokens SET revoked_at = coalesce(revoked_at, now()) WHERE id = @id;

-- name: EndLogin :exec
UPDATE tokens SET revoked_at = coalesce(revoked_at, now()) WHERE hash = @hash AND expires_at IS NOT NULL;

-- name: ForgetLogins :exec
DELETE FROM tokens WHERE expires_at < @before::timestamptz;
