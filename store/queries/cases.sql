-- name: LockCase :one
SELECT * FROM cases WHERE id = @id FOR UPDATE;

-- name: InsertCase :execrows
INSERT INTO cases (id, connection, dispute_id) VALUES (@id, @connection, @dispute_id) ON CONFLICT DO NOTHING;

-- name: UpdateCase :exec
UPDATE cases SET
    merchant = @merchant, part = @part, status = @status, stage = @stage, family = @family,
    network = @network, network_code = @network_code, reason = @reason, raw_status = @raw_status,
    provider_status = @provider_status, amount = @amount, currency = @currency, opened_at = @opened_at,
    deadline_at = @deadline_at, deadline = @deadline, cut_off_at = @cut_off_at, armed_until = @armed_until,
    response = @response, queue = @queue, assignee = @assignee, rule = @rule, rule_set = @rule_set,
    route = @route, payment = @payment, view = @view, sources = @sources, packet_hash = @packet_hash,
    submitted_at = @submitted_at, outcome = @outcome, outcome_at = @outcome_at, state = @state,
    workflow_id = @workflow_id, needs = @needs, next_step = @next_step, strength = @strength, words = @words,
    vendor = @vendor, tags = @tags, events = @events, head = @head, updated_at = now(), version = version + 1
WHERE id = @id;

-- name: CasesByID :many
SELECT * FROM cases WHERE id = ANY(@ids::text[]) ORDER BY coalesce(deadline_at, 'infinity'), id;

-- name: CaseLinesByID :many
-- What a line of a list shows. Reading the JSON of fifty cases would take longer
-- than the rest of a page.
SELECT id, connection, dispute_id, status, stage, network, network_code, reason, provider_status, amount, currency,
       deadline_at, armed_until, queue, assignee, needs, next_step, strength, tags
FROM cases WHERE id = ANY(@ids::text[]) ORDER BY coalesce(deadline_at, 'infinity'), id;

-- name: CasesByDispute :many
SELECT * FROM cases WHERE dispute_id = @dispute_id ORDER BY connection LIMIT 2;

-- name: UnwatchedCases :many
SELECT * FROM cases
WHERE status IN ('open', 'needs_approval', 'needs_person', 'on_hold')
  AND NOT coalesce((deadline ->> 'no_response')::boolean, false) -- there is nothing to decide
  AND coalesce(armed_until, '-infinity') < @before::timestamptz AND created_at < @before::timestamptz
ORDER BY coalesce(armed_until, '-infinity'), coalesce(deadline_at, 'infinity'), id
LIMIT @max_rows;

-- name: CountByStatus :many
SELECT status, count(*) AS cases FROM cases GROUP BY status;

-- name: OwedAnswers :one
-- One pass over the cases that owe an answer.
SELECT count(*) FILTER (WHERE deadline_at <= @now::timestamptz)                                AS past,
       count(*) FILTER (WHERE left_over > interval '0'   AND left_over <= interval '6h')  AS within_6h,
       count(*) FILTER (WHERE left_over > interval '6h'  AND left_over <= interval '24h') AS within_24h,
       count(*) FILTER (WHERE left_over > interval '24h' AND left_over <= interval '72h') AS within_72h,
       count(*) FILTER (WHERE cut_off_at < @before::timestamptz AND NOT passed)                   AS late,
       count(*) FILTER (WHERE NOT watched AND NOT passed)                                         AS unwatched,
       coalesce(min(deadline_at) FILTER (WHERE NOT passed), '0001-01-01 00:00:00+00')::timestamptz AS nearest,
       coalesce(min(deadline_at) FILTER (WHERE NOT watched AND NOT passed), '0001-01-01 00:00:00+00')::timestamptz AS nearest_unwatched
FROM (
    SELECT deadline_at, cut_off_at, deadline_at - @now AS left_over,
           coalesce(deadline_at <= @now, false) AS passed,
           coalesce(armed_until, '-infinity') >= @before OR created_at >= @before AS watched
    FROM cases
    WHERE status IN ('open', 'needs_approval', 'needs_person', 'on_hold')
      AND NOT coalesce((deadline ->> 'no_response')::boolean, false)
) owed;

-- name: InsertEvent :exec
INSERT INTO case_events (case_id, seq, at, actor, kind, key, data, prev_hash, hash)
VALUES (@case_id, @seq, @at, @actor, @kind, @key, @data, @prev_hash, @hash);

-- name: EventKnown :one
SELECT EXISTS (SELECT FROM case_events WHERE case_id = @case_id AND key = @key AND key <> '');

-- name: Events :many
SELECT * FROM case_events WHERE case_id = @case_id ORDER BY seq;

-- name: CaseHead :one
SELECT events, head FROM cases WHERE id = @id;
