-- name: StartImport :one
INSERT INTO imports (key, name, author) VALUES (@key, @name, @author)
ON CONFLICT (key) DO UPDATE SET name = excluded.name, author = excluded.author,
    position = CASE WHEN @resume::boolean THEN imports.position ELSE 0 END,
    added = CASE WHEN @resume THEN imports.added ELSE 0 END,
    changed = CASE WHEN @resume THEN imports.changed ELSE 0 END,
    unchanged = CASE WHEN @resume THEN imports.unchanged ELSE 0 END,
    rejected = CASE WHEN @resume THEN imports.rejected ELSE 0 END,
    started_at = CASE WHEN @resume THEN imports.started_at ELSE now() END,
    finished_at = NULL
RETURNING *;

-- name: AdvanceImport :one
UPDATE imports SET position = @position, added = added + @added, changed = changed + @changed,
    unchanged = unchanged + @unchanged, rejected = rejected + @rejected,
    finished_at = CASE WHEN @finished::boolean THEN now() END
WHERE key = @key
RETURNING *;

-- name: ListImports :many
SELECT * FROM imports ORDER BY started_at DESC, key LIMIT 100;
