-- name: Troubles :many
-- What is wrong at a time, the worst first. Every part reads an index that holds
-- only what is unfinished, or the few rows of a small table.
SELECT kind::text AS kind, connection::text AS connection, count::bigint AS count, since::timestamptz AS since
FROM (
    SELECT 1 AS rank, 'unwatched' AS kind, '' AS connection, count(*) AS count,
           min(greatest(w.armed_until, w.created_at)) AS since
    FROM cases w
    WHERE w.status IN ('open', 'needs_approval', 'needs_person', 'on_hold') AND w.submitted_at IS NULL
      AND NOT coalesce((w.deadline ->> 'no_response')::boolean, false)
      AND coalesce(w.armed_until, '-infinity') < sqlc.arg(now)::timestamptz - interval '5 minutes'
      AND w.created_at < sqlc.arg(now) - interval '5 minutes' AND w.deadline_at > sqlc.arg(now)
    HAVING count(*) > 0
  UNION ALL
    SELECT CASE WHEN a.credentials THEN 2 ELSE 4 END, CASE WHEN a.credentials THEN 'credentials' ELSE 'answers' END,
           a.connection, count(*), min(a.since)
    FROM (
        SELECT c.connection, c.needs ~ ' failed: .*: auth(:|$)' AS credentials, min(i.created_at) AS since
        FROM cases c JOIN intents i ON i.case_id = c.id
        WHERE c.status = 'needs_person' AND c.needs LIKE '% failed: %' -- as the workflow words it
          AND i.state = 'intended' AND i.kind IN ('contest', 'accept')
        GROUP BY c.id
    ) a
    GROUP BY a.connection, a.credentials
  UNION ALL
    SELECT 3, 'relay', '', count(*), min(p.received_at)
    FROM notices p
    WHERE p.state = 'pending' AND p.received_at < sqlc.arg(now) - interval '2 minutes'
    HAVING count(*) > 0
  UNION ALL
    SELECT 5, 'unreadable', u.connection, count(*), min(u.received_at)
    FROM notices u
    WHERE u.state = 'unreadable' AND u.received_at > sqlc.arg(now) - interval '1 day'
    GROUP BY u.connection
  UNION ALL
    SELECT 6, 'writes', o.target, count(*), min(o.created_at)
    FROM intents o
    WHERE o.state = 'intended' AND o.kind NOT IN ('contest', 'accept') AND o.created_at < sqlc.arg(now) - interval '5 minutes'
      AND (o.kind = 'post entry' OR o.created_at > sqlc.arg(now) - interval '1 hour') -- books alone are never given up
    GROUP BY o.target
  UNION ALL
    SELECT 7, 'sweep', s.connection, 0, s.at
    FROM sweep_cursors s
    WHERE s.at < sqlc.arg(now) - interval '26 hours' -- a quarter of an hour by default; a day is the longest that makes sense
) troubles
ORDER BY rank, count DESC, connection;
