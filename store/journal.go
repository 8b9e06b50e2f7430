package store

import (
	"context"
	"strconv"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/ledger"
	"github.com/rebuttal-hq/rebuttal/store/db"
)

// Entries reads the case's journal entries in the order they were posted.
func (c *CaseTx) Entries() ([]ledger.Entry, error) {
	return readCaseEntries(c.ctx, c.q, c.row.ID)
}

// Post writes journal entries of this case. The database refuses a key that is
// taken and a second reversal of the same entry (Conflict), an entry with fewer
// than two postings (Invalid), and, when the transaction commits, an entry that
// is out of balance (Invalid) and a movement that would have two entries of one
// kind of which none is reversed (Conflict). Posted entries cannot be changed.
func (c *CaseTx) Post(entries []ledger.Entry) error {
	op := c.op("post")
	var heads db.InsertEntriesParams
	var lines db.InsertPostingsParams
	for _, e := range entries {
		if e.CaseID != c.row.ID {
			return dispute.Errorf(dispute.Invalid, op, "entry %s belongs to case %s", e.Key, e.CaseID)
		}
		heads.Keys = append(heads.Keys, e.Key)
		heads.CaseIds = append(heads.CaseIds, e.CaseID)
		heads.Connections = append(heads.Connections, e.Connection)
		heads.DisputeIds = append(heads.DisputeIds, e.DisputeID)
		heads.Kinds = append(heads.Kinds, string(e.Kind))
		heads.Dates = append(heads.Dates, e.Date)
		heads.Currencies = append(heads.Currencies, e.Currency)
		heads.Memos = append(heads.Memos, cleanText(e.Memo))
		heads.Movements = append(heads.Movements, e.Movement)
		heads.Reverses = append(heads.Reverses, e.Reverses)
		heads.Lines = append(heads.Lines, len(e.Postings))
		for i, p := range e.Postings {
			lines.EntryKeys = append(lines.EntryKeys, e.Key)
			lines.Lines = append(lines.Lines, i+1)
			lines.Accounts = append(lines.Accounts, string(p.Account))
			lines.Sides = append(lines.Sides, string(p.Side))
			lines.Amounts = append(lines.Amounts, p.Amount)
		}
	}
	if len(entries) == 0 {
		return nil
	}
	if err := c.q.InsertEntries(c.ctx, heads); err != nil {
		return wrap(op, err)
	}
	return wrap(op, c.q.InsertPostings(c.ctx, lines))
}

// CaseEntries reads a case's journal entries in the order they were posted.
func (d *DB) CaseEntries(ctx context.Context, caseID string) ([]ledger.Entry, error) {
	return readCaseEntries(ctx, d.q, caseID)
}

func readCaseEntries(ctx context.Context, q *db.Queries, caseID string) ([]ledger.Entry, error) {
	rows, err := q.CaseEntries(ctx, caseID)
	if err != nil {
		return nil, wrap("store: entries of "+caseID, err)
	}
	return withPostings(ctx, q, rows)
}

// withPostings completes entries with their lines.
func withPostings(ctx context.Context, q *db.Queries, rows []db.JournalEntry) ([]ledger.Entry, error) {
	keys := convert(rows, func(r db.JournalEntry) string { return r.Key })
	postings, err := q.Postings(ctx, keys)
	if err != nil {
		return nil, wrap("store: postings", err)
	}
	lines := make(map[string][]ledger.Posting, len(rows))
	for _, p := range postings {
		lines[p.EntryKey] = append(lines[p.EntryKey], ledger.Posting{Account: p.Account, Side: p.Side, Amount: p.Amount})
	}
	return convert(rows, func(r db.JournalEntry) ledger.Entry {
		return ledger.Entry{
			Key: r.Key, CaseID: r.CaseID, Connection: r.Connection, DisputeID: r.DisputeID, Kind: r.Kind,
			Date: r.Date, Currency: r.Currency, Memo: r.Memo,
			Movement: string(r.Movement), Reverses: string(r.Reverses), Postings: lines[r.Key],
		}
	}), nil
}

// EntryFilter chooses journal entries; an empty field does not choose.
type EntryFilter struct {
	Connection string
	Kind       ledger.Kind
	Since      time.Time // by the entry's date, from here
	Until      time.Time // up to, not including
	Limit      int       // 50 when zero, at most 500
	Cursor     string    // what the page before returned
}

// forever is later than any entry's date.
var forever = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// Entries lists journal entries in the order they were posted, and the cursor
// of the next page, empty on the last.
func (d *DB) Entries(ctx context.Context, f EntryFilter) ([]ledger.Entry, string, error) {
	const op = "store: entries"
	p := db.EntriesParams{
		Connection: f.Connection, Kind: string(f.Kind),
		Since: f.Since, Until: f.Until, MaxRows: clampLimit(pageSize(f.Limit) + 1),
	}
	if f.Until.IsZero() {
		p.Until = forever
	}
	if f.Cursor != "" {
		after, err := strconv.ParseInt(f.Cursor, 10, 64)
		if err != nil {
			return nil, "", dispute.Errorf(dispute.Invalid, op, "the cursor is malformed")
		}
		p.After = after
	}
	rows, err := d.q.Entries(ctx, p)
	if err != nil {
		return nil, "", wrap(op, err)
	}
	next := ""
	if size := pageSize(f.Limit); len(rows) > size {
		rows = rows[:size]
		next = strconv.FormatInt(rows[size-1].Seq, 10)
	}
	entries, err := withPostings(ctx, d.q, rows)
	return entries, next, err
}

// Balance is what an account of a connection holds in one currency.
type Balance struct {
	Connection string         `json:"connection"`
	Account    ledger.Account `json:"account"`
	Currency   string         `json:"currency"`
	Debit      int64          `json:"debit"`  // minor units
	Credit     int64          `json:"credit"` // minor units
}

// Balances is the trial balance of the whole journal.
func (d *DB) Balances(ctx context.Context) ([]Balance, error) {
	rows, err := d.q.Balances(ctx)
	return convert(rows, func(r db.BalancesRow) Balance { return Balance(r) }), wrap("store: balances", err)
}

// Unexported reads the case's entries that a connection's books do not have
// yet, in the order they were posted.
func (d *DB) Unexported(ctx context.Context, connection, caseID string) ([]ledger.Entry, error) {
	rows, err := d.q.UnexportedEntries(ctx, db.UnexportedEntriesParams{Connection: connection, CaseID: caseID})
	if err != nil {
		return nil, wrap("store: unexported entries of "+caseID, err)
	}
	return withPostings(ctx, d.q, rows)
}

// MarkExported records under which id a connection's books have an entry. The
// first id stays. An entry that is not there is Invalid.
func (d *DB) MarkExported(ctx context.Context, connection, entryKey, vendorID string) error {
	return wrap("store: mark "+entryKey+" exported", d.q.MarkExported(ctx, db.MarkExportedParams{
		EntryKey: entryKey, Connection: connection, VendorID: vendorID,
	}))
}
