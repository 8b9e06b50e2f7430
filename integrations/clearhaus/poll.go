package clearhaus

import (
	"context"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

const (
	// firstLook is how far back a poll without a cursor, as a whole sweep makes it,
	// lists disputes that are decided already: a verdict may still be turned around,
	// and by then arbitration has ended (half a year is assumed to do).
	firstLook = 180 * 24 * time.Hour
	// lateness is how long after its opening date a dispute may become visible:
	// the feed is nightly, and dates have no zone (a week is assumed to do).
	lateness = 7 * 24 * time.Hour
)

// undecided are the queries for what may still be decided. A comma means "or"
// only for reasons, as documented, so each status is a list of its own.
var undecided = []string{"status:open", "status:under_review", "status:refuted"}

// Poll implements integrations.Poller. Clearhaus tells no time of change, so the
// cursor is an opening date, a week ago. Everything opened since then is listed
// whatever its status, and everything undecided of any age, which shows what was
// answered or opened again. What is not found this way is a verdict on a dispute
// opened before the cursor: a whole sweep reads the cases that are still open, and
// lists what was opened in the last half year, which shows a verdict after a
// verdict.
func (a *adapter) Poll(ctx context.Context, cursor string) ([]dispute.Notice, string, error) {
	const op = "list disputes"
	now := a.now().UTC()
	since := now.Add(-firstLook).Format(time.DateOnly)
	if cursor != "" {
		if _, err := time.Parse(time.DateOnly, cursor); err != nil {
			return nil, cursor, dispute.Errorf(dispute.Invalid, "clearhaus: "+op, "the cursor is not a date")
		}
		since = cursor
	}
	from, err := a.disputes(ctx)
	if err != nil {
		return nil, cursor, err
	}
	var order []string
	read := map[string]wireDispute{}
	take := func(w wireDispute) bool {
		if _, again := read[w.ID]; !again {
			order = append(order, w.ID)
		}
		read[w.ID] = w // what was read last is the newest
		return true
	}
	for _, query := range append([]string{"opened:>=" + since}, undecided...) {
		if err := a.list(ctx, op, from, query, take); err != nil {
			return nil, cursor, err
		}
	}
	notices := make([]dispute.Notice, 0, len(order))
	for _, id := range order {
		notices = append(notices, dispute.Polled(a.connection, a.whole(ctx, read[id]).snapshot(), now))
	}
	return notices, now.Add(-lateness).Format(time.DateOnly), nil
}
