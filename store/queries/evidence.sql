-- name: SaveItem :batchexec
INSERT INTO evidence_items (case_id, source, id, kind, title, at, facts, media_type, file_name, blob, log)
VALUES (@case_id, @source, @id, @kind, @title, @at, @facts, @media_type, @file_name, @blob, @log)
ON CONFLICT (case_id, source, id) DO UPDATE SET
    kind = excluded.kind, title = excluded.title, at = excluded.at, facts = excluded.facts,
    media_type = excluded.media_type, file_name = excluded.file_name, blob = excluded.blob, log = excluded.log;

-- name: ExcludeItem :execrows
UPDATE evidence_items SET excluded = @excluded WHERE case_id = @case_id AND source = @source AND id = @id;

-- name: RankItem :execrows
UPDATE evidence_items SET rank = @rank WHERE case_id = @case_id AND source = @source AND id = @id;

-- name: Items :many
SELECT * FROM evidence_items WHERE case_id = @case_id ORDER BY at, source, id;

-- name: SavePacket :exec
INSERT INTO packets (case_id, hash, manifest, files, texts, frozen, created_at)
VALUES (@case_id, @hash, @manifest, @files, @texts, @frozen, @created_at)
ON CONFLICT (case_id, hash) DO UPDATE SET frozen = packets.frozen OR excluded.frozen;

-- name: Packets :many
SELECT * FROM packets WHERE case_id = @case_id ORDER BY created_at DESC, hash;

-- name: Packet :one
SELECT * FROM packets WHERE case_id = @case_id AND hash = @hash;
