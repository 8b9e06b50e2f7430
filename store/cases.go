package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store/db"
)

// GetCase finds a case by its id, its provider's dispute id, "connection/id" or
// the id of one of its workflows. A dispute id that two connections have is a
// Conflict.
func (d *DB) GetCase(ctx context.Context, idOrRef string) (CaseRow, error) {
	op := "store: case " + idOrRef
	for _, id := range caseIDs(idOrRef) {
		rows, err := d.q.CasesByID(ctx, []string{id})
		if err != nil {
			return CaseRow{}, wrap(op, err)
		}
		if len(rows) == 1 {
			return caseRow(rows[0]), nil
		}
	}
	rows, err := d.q.CasesByDispute(ctx, idOrRef)
	switch {
	case err != nil:
		return CaseRow{}, wrap(op, err)
	case len(rows) == 0:
		return CaseRow{}, &dispute.Error{Kind: dispute.NotFound, Op: op}
	case len(rows) > 1:
		return CaseRow{}, dispute.Errorf(dispute.Conflict, op, "several connections have it: name it as connection/id")
	}
	return caseRow(rows[0]), nil
}

// caseIDs are the case ids that a text may stand for, the likeliest first.
func caseIDs(text string) []string {
	ids := []string{text}
	text = strings.TrimPrefix(text, "dispute/")
	connection, id, ok := strings.Cut(text, "/")
	if !ok {
		return ids
	}
	ids = append(ids, dispute.Ref{Connection: connection, ID: id}.CaseID())
	if cut := strings.LastIndexByte(id, '/'); cut > 0 {
		if part, err := strconv.Atoi(id[cut+1:]); err == nil && part > 1 {
			ids = append(ids, dispute.Ref{Connection: connection, ID: id[:cut]}.CaseID())
		}
	}
	return ids
}

// CaseFilter chooses cases; an empty field does not choose.
type CaseFilter struct {
	Status     dispute.Status
	Statuses   []dispute.Status // any of these
	Queue      string
	Assignee   string
	Unassigned bool // only those that nobody owns
	Connection string
	Merchant   string
	Tag        string // among others that its rules gave it
	DueBefore  time.Time
	Open       bool   // only those that have not ended
	Ended      bool   // only those that have
	Answerable bool   // only those that still wait for our answer
	Text       string // beginnings of ids, or of the customer's or the order's names
	Limit      int    // 50 when zero, at most 500
	Cursor     string // what the page before returned

	found []string // the cases that have Text, when they are known
}

// dueColumn orders every list of cases: those without a deadline come last.
const dueColumn = "coalesce(deadline_at, 'infinity')"

// answerable is the condition of the queue's indexes, word for word.
const answerable = "status IN ('open', 'needs_approval', 'needs_person', 'on_hold') AND provider_status NOT IN ('won', 'lost', 'closed', 'prevented')"

// ListCases lists cases, the nearest deadline first, and the cursor of the next
// page, empty on the last.
func (d *DB) ListCases(ctx context.Context, f CaseFilter) ([]CaseRow, string, error) {
	const op = "store: list cases"
	ids, more, err := d.chooseCases(ctx, op, f)
	if err != nil {
		return nil, "", err
	}
	rows, err := d.q.CasesByID(ctx, ids)
	if err != nil {
		return nil, "", wrap(op, err)
	}
	next := ""
	if more && len(rows) > 0 {
		last := rows[len(rows)-1]
		next = caseCursor(last.DeadlineAt, last.ID)
	}
	return convert(rows, caseRow), next, nil
}

// CaseLine is a case as a line of a list shows it. Of the case it has the ids,
// the status and the deadline's moment, and of what the provider says status,
// stage, reason, network and amount.
type CaseLine struct {
	dispute.Case
	Queue      string
	Assignee   string
	Needs      string
	Next       string
	ArmedUntil time.Time
	Strength   int
	Tags       []string
}

// ListCaseLines lists the same cases as ListCases, with what a line shows of
// each.
func (d *DB) ListCaseLines(ctx context.Context, f CaseFilter) ([]CaseLine, string, error) {
	const op = "store: list case lines"
	ids, more, err := d.chooseCases(ctx, op, f)
	if err != nil {
		return nil, "", err
	}
	rows, err := d.q.CaseLinesByID(ctx, ids)
	if err != nil {
		return nil, "", wrap(op, err)
	}
	next := ""
	if more && len(rows) > 0 {
		last := rows[len(rows)-1]
		next = caseCursor(last.DeadlineAt, last.ID)
	}
	return convert(rows, caseLine), next, nil
}

func caseLine(r db.CaseLinesByIDRow) CaseLine {
	line := CaseLine{
		Queue: r.Queue, Assignee: r.Assignee, Needs: r.Needs, Next: r.NextStep, ArmedUntil: time.Time(r.ArmedUntil),
		Strength: r.Strength, Tags: r.Tags,
	}
	line.ID, line.Ref = r.ID, dispute.Ref{Connection: r.Connection, ID: r.DisputeID}
	line.Status, line.Deadline.At = r.Status, time.Time(r.DeadlineAt)
	line.View.Snapshot = dispute.Snapshot{
		ID: r.DisputeID, Amount: dispute.Money{Minor: r.Amount, Currency: r.Currency}, Reason: r.Reason,
		Network: r.Network, NetworkCode: r.NetworkCode, Status: r.ProviderStatus, Stage: r.Stage,
	}
	return line
}

// chooseCases finds the ids of a page of cases, and says whether there are more.
func (d *DB) chooseCases(ctx context.Context, op string, f CaseFilter) (ids []string, more bool, err error) {
	if f.found, err = d.search(ctx, f.Text); err != nil {
		return nil, false, wrap(op, err)
	}
	w := new(where)
	if err := f.choose(w); err != nil {
		return nil, false, dispute.Errorf(dispute.Invalid, op, "the cursor is malformed")
	}
	sql := "SELECT id FROM cases" + w.String() + " ORDER BY " + dueColumn + ", id"
	ids, more, err = listIDs[string](ctx, d, sql, w.args, pageSize(f.Limit))
	return ids, more, wrap(op, err)
}

const (
	searchCondition = "array_to_tsvector(words) @@ %s::text::tsquery"
	// fewFound is how many cases a search may find for them to be sorted.
	fewFound = 2000
)

// search finds the cases that have a text, when they are few, and is nil when
// they are not. The planner takes the beginning of any word for one that many
// cases have, and would look for a rare one through all of them in their order.
func (d *DB) search(ctx context.Context, text string) ([]string, error) {
	query := searchQuery(text)
	if query == "" {
		return nil, nil
	}
	w := new(where)
	w.add(searchCondition, query)
	ids, many, err := listIDs[string](ctx, d, "SELECT id FROM cases"+w.String(), w.args, fewFound)
	if many {
		return nil, err
	}
	return append([]string{}, ids...), err
}

// CountCases counts what each filter chooses, in one query. It stops at most, so
// that a count costs the same whether few cases fit or a million. Limits and
// cursors do not matter to it.
func (d *DB) CountCases(ctx context.Context, most int, filters ...CaseFilter) ([]int, error) {
	const op = "store: count cases"
	w := new(where)
	counts := make([]string, len(filters))
	for i, f := range filters {
		f.Cursor, w.conditions = "", nil
		if err := f.choose(w); err != nil {
			return nil, wrap(op, err)
		}
		counts[i] = fmt.Sprintf("(SELECT count(*) FROM (SELECT FROM cases%s LIMIT %d) chosen)", w, most)
	}
	var out []int
	sql := "SELECT ARRAY[" + strings.Join(counts, ", ") + "]::bigint[]"
	args := append([]any{pgx.QueryExecModeCacheDescribe}, w.args...) // as listIDs
	return out, wrap(op, d.pool.QueryRow(ctx, sql, args...).Scan(&out))
}

// choose adds what the filter wants; the error is of its cursor.
func (f CaseFilter) choose(w *where) error {
	w.flag("open", f.Open)
	w.flag("NOT open", f.Ended)
	w.flag(answerable, f.Answerable)
	w.flag("assignee = ''", f.Unassigned)
	w.equal("status", string(f.Status))
	w.equal("queue", f.Queue)
	w.equal("assignee", f.Assignee)
	w.equal("connection", f.Connection)
	w.equal("merchant", f.Merchant)
	switch len(f.Statuses) {
	case 0:
	case 1:
		w.add("status = %s", f.Statuses[0]) // for ANY the planner would sort
	default:
		w.add("status = ANY(%s)", f.Statuses)
	}
	if f.Tag != "" {
		w.add("tags @> ARRAY[%s::text]", f.Tag)
	}
	if !f.DueBefore.IsZero() {
		w.add(dueColumn+" < %s", f.DueBefore)
	}
	if query := searchQuery(f.Text); f.found != nil {
		w.add("id = ANY(%s)", f.found)
	} else if query != "" {
		w.add(searchCondition, query)
	}
	if f.Cursor == "" {
		return nil
	}
	due, id, err := parseCaseCursor(f.Cursor)
	w.add("("+dueColumn+", id) > (%s, %s)", due, id)
	return err
}

// searchQuery is a tsquery that wants a word beginning with each word of text.
func searchQuery(text string) string {
	quote := strings.NewReplacer(`'`, `''`, `\`, `\\`)
	var terms []string
	for _, word := range strings.Fields(strings.ToLower(cleanText(text))) {
		if len(word) <= maxWord {
			terms = append(terms, "'"+quote.Replace(word)+"':*")
		}
	}
	return strings.Join(terms, " & ")
}

// A cursor is "<microseconds of the deadline>_<case id>", with "none" where
// there is no deadline.
func caseCursor(deadline zeronull.Timestamptz, id string) string {
	at := time.Time(deadline)
	if at.IsZero() {
		return "none_" + id
	}
	return fmt.Sprintf("%d_%s", at.UnixMicro(), id)
}

func parseCaseCursor(s string) (pgtype.Timestamptz, string, error) {
	at, id, ok := strings.Cut(s, "_")
	if !ok {
		return pgtype.Timestamptz{}, "", strconv.ErrSyntax
	}
	if at == "none" {
		return pgtype.Timestamptz{InfinityModifier: pgtype.Infinity, Valid: true}, id, nil
	}
	micros, err := strconv.ParseInt(at, 10, 64)
	return pgtype.Timestamptz{Time: time.UnixMicro(micros).UTC(), Valid: true}, id, err
}

// maxUnwatched bounds one answer of Unwatched; the next sweep finds the rest.
const maxUnwatched = 500

// Unwatched finds the cases that nothing would save: not ended, not submitted,
// older than grace, and without a timer that is armed or fired less than grace
// ago. Those that never had a timer come first, by deadline, then the others by
// when theirs passed; at most 500 are returned.
func (d *DB) Unwatched(ctx context.Context, now time.Time, grace time.Duration) ([]CaseRow, error) {
	rows, err := d.q.UnwatchedCases(ctx, db.UnwatchedCasesParams{Before: now.Add(-grace), MaxRows: maxUnwatched})
	return convert(rows, caseRow), wrap("store: unwatched cases", err)
}

// CountByStatus counts the cases of each status; a status without cases is
// absent.
func (d *DB) CountByStatus(ctx context.Context) (map[dispute.Status]int64, error) {
	rows, err := d.q.CountByStatus(ctx)
	counts := make(map[dispute.Status]int64, len(rows))
	for _, r := range rows {
		counts[r.Status] = r.Cases
	}
	return counts, wrap("store: count cases", err)
}
