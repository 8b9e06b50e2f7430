-- name: InsertNotices :many
-- One statement, one transaction, one round trip: the new rows, and one wake-up
-- when any of them waits to be forwarded.
WITH given AS (
    SELECT unnest(@connections::text[])       AS connection,
           unnest(@event_ids::text[])         AS event_id,
           unnest(@kinds::text[])             AS kind,
           unnest(@raw_kinds::text[])         AS raw_kind,
           unnest(@dispute_ids::text[])       AS dispute_id,
           unnest(@occurred_ats::timestamptz[]) AS occurred_at,
           unnest(@received_ats::timestamptz[]) AS received_at,
           unnest(@due_bys::timestamptz[])    AS due_by,
           unnest(@bodies::bytea[])           AS body,
           unnest(@content_types::text[])     AS content_type,
           unnest(@parsed::jsonb[])           AS parsed,
           unnest(@api_versions::text[])      AS api_version,
           unnest(@states::text[])            AS state,
           unnest(@trace_parents::text[])     AS trace_parent
), fresh AS (
    INSERT INTO notices (connection, event_id, kind, raw_kind, dispute_id, occurred_at, received_at,
                         due_by, body, content_type, parsed, api_version, state, trace_parent)
    SELECT connection, event_id, kind, raw_kind, dispute_id, occurred_at, received_at,
           nullif(due_by, '0001-01-01 00:00:00+00'), body, content_type, parsed, api_version, state, trace_parent
    FROM given
    ON CONFLICT (connection, event_id) DO NOTHING
    RETURNING id, connection, event_id, state
), told AS (
    SELECT pg_notify('rebuttal_notices', '') WHERE EXISTS (SELECT FROM fresh WHERE state = 'pending')
)
SELECT id, connection, event_id, (SELECT count(*) FROM told) AS told FROM fresh;

-- name: NoticeIDs :many
SELECT n.id, n.connection, n.event_id
FROM notices n
JOIN (SELECT unnest(@connections::text[]) AS connection, unnest(@event_ids::text[]) AS event_id) given
    ON n.connection = given.connection AND n.event_id = given.event_id;

-- name: ClaimNotices :many
WITH picked AS MATERIALIZED (
    SELECT id FROM notices
    WHERE state = 'pending' AND next_attempt_at <= now()
    ORDER BY due_by, id
    LIMIT @max_rows
    FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE notices n
    SET attempts = attempts + 1, next_attempt_at = now() + @lease::interval
    FROM picked WHERE n.id = picked.id
    RETURNING n.*
)
SELECT * FROM claimed ORDER BY due_by, id;

-- name: NoticesForwarded :exec
UPDATE notices n
SET state = 'forwarded', forwarded_at = now(), workflow_id = done.workflow_id, last_error = ''
FROM (SELECT unnest(@ids::bigint[]) AS id, unnest(@workflow_ids::text[]) AS workflow_id) done
WHERE n.id = done.id AND n.state = 'pending';

-- name: NoticeFailed :execrows
UPDATE notices SET last_error = @last_error, next_attempt_at = @retry_at WHERE id = @id AND state = 'pending';

-- name: NoticeRefused :execrows
UPDATE notices SET state = 'stored', last_error = @last_error WHERE id = @id AND state = 'pending';

-- name: RedeliverNotice :one
UPDATE notices
SET state = 'pending', next_attempt_at = now(), last_error = ''
WHERE id = @id AND parsed IS NOT NULL
RETURNING pg_notify('rebuttal_notices', '')::text;

-- name: Notice :one
SELECT * FROM notices WHERE id = @id;

-- name: NoticesByID :many
SELECT * FROM notices WHERE id = ANY(@ids::bigint[]) ORDER BY id DESC;

-- name: InboxLag :one
SELECT count(*) AS pending, coalesce(min(received_at), '0001-01-01 00:00:00+00')::timestamptz AS oldest
FROM notices WHERE state = 'pending';

-- name: NoticesByEvent :many
SELECT * FROM notices WHERE connection = @connection AND event_id = ANY(@event_ids::text[]) ORDER BY id;
