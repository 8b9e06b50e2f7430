package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

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
	Queue      string
	Assignee   string
	Connection string
	Merchant   string
	DueBefore  time.Time
	Open       bool   // only those that have not ended
	Text       string // beginnings of ids, or of the customer's or the order's names
	Limit      int    // 50 when zero, at most 500
	Cursor     string // what the page before returned
}

// dueColumn orders every list of cases: those without a deadline come last.
const dueColumn = "coalesce(deadline_at, 'infinity')"

// ListCases lists cases, the nearest deadline first, and the cursor of the next
// page, empty on the last.
func (d *DB) ListCases(ctx context.Context, f CaseFilter) ([]CaseRow, string, error) {
	const op = "store: list cases"
	w, err := f.where()
	if err != nil {
		return nil, "", dispute.Errorf(dispute.Invalid, op, "the cursor is malformed")
	}
	sql := "SELECT id FROM cases" + w.String() + " ORDER BY " + dueColumn + ", id"
	ids, more, err := listIDs[string](ctx, d, sql, w.args, pageSize(f.Limit))
	if err != nil {
		return nil, "", wrap(op, err)
	}
	rows, err := d.q.CasesByID(ctx, ids)
	if err != nil {
		return nil, "", wrap(op, err)
	}
	next := ""
	if more && len(rows) > 0 {
		next = caseCursor(rows[len(rows)-1])
	}
	return convert(rows, caseRow), next, nil
}

func (f CaseFilter) where() (*where, error) {
	w := new(where)
	if f.Open {
		w.add("open")
	}
	w.equal("status", string(f.Status))
	w.equal("queue", f.Queue)
	w.equal("assignee", f.Assignee)
	w.equal("connection", f.Connection)
	w.equal("merchant", f.Merchant)
	if !f.DueBefore.IsZero() {
		w.add(dueColumn+" < %s", f.DueBefore)
	}
	if query := searchQuery(f.Text); query != "" {
		w.add("array_to_tsvector(words) @@ %s::text::tsquery", query)
	}
	if f.Cursor == "" {
		return w, nil
	}
	due, id, err := parseCaseCursor(f.Cursor)
	w.add("("+dueColumn+", id) > (%s, %s)", due, id)
	return w, err
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
func caseCursor(c db.Case) string {
	at := time.Time(c.DeadlineAt)
	if at.IsZero() {
		return "none_" + c.ID
	}
	return fmt.Sprintf("%d_%s", at.UnixMicro(), c.ID)
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
