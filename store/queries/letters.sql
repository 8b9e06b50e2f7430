-- name: LockLetters :exec
SELECT pg_advisory_xact_lock(hashtext('rebuttal.letter_sets'));

-- name: InsertLetters :one
INSERT INTO letter_sets (hash, name, language, source, author, comment)
VALUES (@hash, @name, @language, @source, @author, @comment) RETURNING *;

-- name: ActiveLetters :one
SELECT * FROM letter_sets WHERE language = @language ORDER BY version DESC LIMIT 1;

-- name: LettersByVersion :one
SELECT * FROM letter_sets WHERE version = @version;

-- name: LetterHistory :many
SELECT * FROM letter_sets ORDER BY version DESC;
