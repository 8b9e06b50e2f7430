package store

import (
	"context"
	"sync"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/networks"
	"github.com/rebuttal-hq/rebuttal/odds"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store/db"
)

// warningsLooked is how many fraud warnings of a connection, the newest, are
// searched for a payment.
const warningsLooked = 2000

// RuleInput is what rules may look at in a case: the case itself, what its
// evidence is worth, its customer, and the chance that earlier outcomes give it.
// What cannot be read counts as unknown; a decision waits for nothing.
func (d *DB) RuleInput(ctx context.Context, row CaseRow, now time.Time) rules.Input {
	in := rules.Input{Case: row.Case, Provider: row.Vendor, Now: now, EvidenceStrength: row.Strength}
	in.Chance = d.History(ctx).Chance(in.Group())
	customer := ""
	if row.Payment != nil {
		customer = row.Payment.CustomerID
	}
	var payment []byte
	if id := row.View.Snapshot.Payment; id != "" {
		payment = []byte(`"` + id + `"`)
	}
	facts, err := d.q.RuleFacts(ctx, db.RuleFactsParams{
		CaseID: row.ID, Connection: row.Ref.Connection, CustomerID: customer, Words: searchQuery(customer),
		Payment: payment, Newest: warningsLooked, Packet: row.PacketHash,
	})
	if err != nil {
		return in
	}
	in.CustomerDisputes, in.Alerts = int(facts.Disputes), int(facts.Alerts)
	in.EvidenceComplete, in.CompellingEvidence = facts.Complete, facts.Compelling
	in.CustomerSpent = sums(facts.Spent)
	return in
}

// sums adds amounts up, one sum a currency in the order of their first use. A
// text that is no amount is left out.
func sums(amounts []string) []dispute.Money {
	var out []dispute.Money
	at := map[string]int{}
	for _, text := range amounts {
		m, err := dispute.ParseMoney(text)
		if err != nil {
			continue
		}
		i, known := at[m.Currency]
		if !known {
			i = len(out)
			at[m.Currency], out = i, append(out, dispute.Money{Currency: m.Currency})
		}
		out[i].Minor += m.Minor
	}
	return out
}

// outcomesFresh is how long a count of the outcomes serves.
const outcomesFresh = time.Minute

// outcomes keeps the count of how disputes ended.
type outcomes struct {
	mu       sync.Mutex
	history  *odds.History
	at       time.Time
	counting bool
}

// History is how the contested disputes ended, those of the time before that
// were imported too. It is counted anew every minute; meanwhile, and when it
// cannot be counted, it is the count before, or none.
func (d *DB) History(ctx context.Context) *odds.History {
	o := &d.outcomes
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.counting || time.Since(o.at) < outcomesFresh {
		return o.history
	}
	o.counting = true
	o.mu.Unlock()
	rows, err := d.q.Outcomes(ctx)
	o.mu.Lock()
	o.counting = false
	if err == nil {
		o.history, o.at = odds.NewHistory(convert(rows, outcome)), time.Now()
	}
	return o.history
}

func outcome(r db.OutcomesRow) odds.Count {
	group := odds.Group{Family: dispute.Family(r.Family), Network: networks.Network(r.Network), Provider: r.Vendor, Strength: r.Strength}
	return odds.Count{Group: group, Won: int(r.Won), Lost: int(r.Lost)}
}

// NextOf gives each member of a queue a case in turn.
func (d *DB) NextOf(ctx context.Context, queue string, members []string) (string, error) {
	turn, err := d.q.NextTurn(ctx, queue)
	if err != nil || len(members) == 0 {
		return "", wrap("store: next of queue "+queue, err)
	}
	return members[turn%int64(len(members))], nil
}

// LeastLoaded is the member with the fewest open cases; of several the one who
// is named first. NotFound without members.
func (d *DB) LeastLoaded(ctx context.Context, members []string) (string, error) {
	member, err := d.q.LeastLoaded(ctx, members)
	return member, wrap("store: least loaded", err)
}
