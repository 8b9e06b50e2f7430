-- +goose Up
-- Cases that still wait for our answer: the queue. The other open ones wait for
-- their verdict, with deadlines long past, and would come first in every list.
-- The condition is the store's, word for word; a column would rewrite the table.
CREATE INDEX cases_answerable_due ON cases (coalesce(deadline_at, 'infinity'), id)
    WHERE status IN ('open', 'needs_approval', 'needs_person', 'on_hold') AND provider_status NOT IN ('won', 'lost', 'closed', 'prevented');
CREATE INDEX cases_answerable_assignee_due ON cases (assignee, coalesce(deadline_at, 'infinity'), id)
    WHERE status IN ('open', 'needs_approval', 'needs_person', 'on_hold') AND provider_status NOT IN ('won', 'lost', 'closed', 'prevented');
CREATE INDEX cases_answerable_queue_due ON cases (queue, coalesce(deadline_at, 'infinity'), id)
    WHERE status IN ('open', 'needs_approval', 'needs_person', 'on_hold') AND provider_status NOT IN ('won', 'lost', 'closed', 'prevented');
CREATE INDEX cases_person_due ON cases (coalesce(deadline_at, 'infinity'), id)
    WHERE status IN ('needs_approval', 'needs_person') AND provider_status NOT IN ('won', 'lost', 'closed', 'prevented');
-- The two go together; counted apart they would seem to leave next to nothing.
-- A sample of the usual size holds so few of the first that now and then the
-- planner would take them for one or two, and sort them all for each page.
CREATE STATISTICS cases_standing (mcv) ON status, provider_status FROM cases;
ALTER STATISTICS cases_standing SET STATISTICS 300;

-- Lists of all cases, ended ones too. Where few fit, or none, they would be looked
-- for through every case.
DROP INDEX cases_queue_due;
CREATE INDEX cases_queue_due ON cases (queue, coalesce(deadline_at, 'infinity'), id);
CREATE INDEX cases_owner_due ON cases (assignee, coalesce(deadline_at, 'infinity'), id);
CREATE INDEX cases_connection_due ON cases (connection, coalesce(deadline_at, 'infinity'), id);
CREATE INDEX cases_tags ON cases USING gin (tags);
