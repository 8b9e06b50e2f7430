-- name: SweepCursor :one
SELECT cursor, since FROM sweep_cursors WHERE connection = @connection;

-- name: SaveSweepCursor :exec
INSERT INTO sweep_cursors (connection, cursor) VALUES (@connection, @cursor)
ON CONFLICT (connection) DO UPDATE SET cursor = excluded.cursor, at = now();

-- name: SaveReconciliation :exec
INSERT INTO reconciliations (connection, at, found) VALUES (@connection, @at, @found);

-- name: Reconciliations :many
-- The newest of each connection.
SELECT DISTINCT ON (connection) connection, at, found FROM reconciliations ORDER BY connection, at DESC;
