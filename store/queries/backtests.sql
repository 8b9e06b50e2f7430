-- name: LockBacktests :exec
SELECT pg_advisory_xact_lock(hashtext('rebuttal.backtests'));

-- name: RunningBacktest :one
SELECT * FROM backtests
WHERE draft = @draft AND text_hash = @text_hash AND seconds = @seconds AND state = 'running'
  AND updated_at > now() - make_interval(secs => @quiet_seconds::float8)
ORDER BY id DESC LIMIT 1;

-- name: InsertBacktest :one
INSERT INTO backtests (draft, text_hash, seconds, author) VALUES (@draft, @text_hash, @seconds, @author) RETURNING *;

-- name: DropOldBacktests :exec
DELETE FROM backtests b WHERE b.draft = @draft
  AND b.id NOT IN (SELECT n.id FROM backtests n WHERE n.draft = @draft ORDER BY n.id DESC LIMIT @keep);

-- name: TouchBacktest :exec
UPDATE backtests SET done = @done, of = @of, updated_at = now() WHERE id = @id AND state = 'running';

-- name: FinishBacktest :exec
UPDATE backtests SET
    state = @state, problem = @problem, report = @report, done = greatest(done, @done), of = greatest(of, @of),
    updated_at = now(), finished_at = now()
WHERE id = @id AND state = 'running';

-- name: LatestBacktest :one
-- Quiet is a run that nobody has touched lately.
SELECT sqlc.embed(b), d.source,
       (b.state = 'running' AND b.updated_at <= now() - make_interval(secs => @quiet_seconds::float8))::boolean AS quiet
FROM backtests b JOIN rule_drafts d ON d.id = b.draft
WHERE b.draft = @draft ORDER BY b.id DESC LIMIT 1;

-- name: RuleHits :many
-- Cases by the rules that held for them and the one that decided.
SELECT coalesce(matched, '[]')::jsonb AS matched, rule, currency, count(*) AS cases, sum(amount)::bigint AS amount
FROM cases WHERE coalesce(opened_at, created_at) >= @since::timestamptz AND rule <> ''
GROUP BY 1, 2, 3;

-- name: CasesThere :many
SELECT id FROM cases WHERE id = ANY(@ids::text[]);
