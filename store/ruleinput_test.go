package store

import (
	"context"
	"fmt"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/odds"
	"github.com/rebuttal-hq/rebuttal/rules"
)

// disputed makes a case of a customer whose order has a number.
func disputed(t *testing.T, d *DB, ref dispute.Ref, customer, order string) CaseRow {
	t.Helper()
	edit(t, d, ref, func(r *CaseRow) {
		r.Merchant, r.Strength = "acme", 3
		r.Payment = &dispute.Payment{CustomerID: customer, OrderID: order}
	})
	return must[CaseRow](t)(d.GetCase(t.Context(), ref.CaseID()))
}

// A field that rules may look at and nobody fills would never hold, in silence.
func TestRuleInputFillsEveryField(t *testing.T) {
	t.Parallel()
	d := open(t)
	disputed(t, d, dispute.Ref{Connection: "stripe-us", ID: "du_0"}, "cus_1", "")
	row := disputed(t, d, dispute.Ref{Connection: "stripe-us", ID: "du_1"}, "cus_1", "")
	row.Vendor, row.PacketHash, row.View.Snapshot.Payment = "stripe", "h1", "ch_1"
	ok(t, d.InCase(t.Context(), row.Ref, func(tx *CaseTx) error {
		prior := func(id, amount, disputed string, excluded bool) dispute.Item {
			return dispute.Item{ID: id, Source: "stripe-us", Kind: dispute.ItemPriorPayment, Facts: map[string]string{
				dispute.FactAmount: amount, dispute.FactDisputed: disputed,
			}}
		}
		ok(t, tx.SaveItems([]dispute.Item{
			prior("a", "100.00 USD", "no", false), prior("b", "20.50 USD", "", false), prior("c", "7.00 EUR", "no", false),
			prior("d", "999.00 USD", "yes", false), prior("e", "much", "no", false),
			{ID: "f", Source: "stripe-us", Kind: dispute.ItemPayment, Facts: map[string]string{dispute.FactAmount: "5.00 USD"}},
		}))
		return tx.SavePacket(Packet{Hash: "h1", Manifest: []byte(`{
			"checklist": {"complete": true}, "eligibility": {"program": "visa_compelling_evidence_3", "status": "qualified"}}`)})
	}))
	warn := func(id, connection, charge string) {
		n := must[NewNotice](t)(FromNotice(dispute.Notice{Connection: connection, EventID: id, Kind: dispute.NoticeFraudWarning, OccurredAt: noon}))
		n.Body = []byte(`{"charge":"` + charge + `"}`)
		must[[]Saved](t)(d.SaveNotices(t.Context(), []NewNotice{n}))
	}
	warn("w1", "stripe-us", "ch_1")
	warn("w2", "stripe-us", "ch_1")
	warn("w3", "stripe-us", "ch_12")
	warn("w4", "stripe-eu", "ch_1")
	in := d.RuleInput(t.Context(), row, noon)
	fields := reflect.ValueOf(in)
	for i := range fields.NumField() {
		if fields.Field(i).IsZero() {
			t.Errorf("%s is not filled", fields.Type().Field(i).Name)
		}
	}
	want := rules.Input{
		Case: row.Case, Provider: "stripe", Now: noon, EvidenceStrength: 3, EvidenceComplete: true, CompellingEvidence: true,
		CustomerDisputes: 1, CustomerSpent: []dispute.Money{{Minor: 12050, Currency: "USD"}, {Minor: 700, Currency: "EUR"}},
		Alerts: 2, Chance: in.Chance,
	}
	if diff := cmp.Diff(want, in); diff != "" || in.Chance.Learned() {
		t.Errorf("%+v %s", in.Chance, diff)
	}
}

// Only contested disputes that were decided speak for the chance of the next.
func TestHistory(t *testing.T) {
	t.Parallel()
	d := open(t)
	for i, c := range []struct {
		outcome  string
		response dispute.Response
	}{
		{"won", dispute.ResponseContest}, {"won", dispute.ResponseContest}, {"lost", dispute.ResponseContest},
		{"accepted", dispute.ResponseAccept}, {"lost", ""}, {"", dispute.ResponseContest}, {"closed", dispute.ResponseContest},
	} {
		edit(t, d, dispute.Ref{Connection: "stripe-us", ID: fmt.Sprint("du_", i)}, func(r *CaseRow) {
			r.Outcome, r.Response, r.Family, r.Vendor, r.Strength = c.outcome, c.response, dispute.FamilyDuplicate, "stripe", 2
			r.View.Snapshot.Network = "VISA"
		})
	}
	import1 := func(id string, outcome, connection string) {
		_, err := d.pool.Exec(t.Context(), `INSERT INTO past_disputes (connection, dispute_id, provider, merchant, amount, currency, reason, network,
			network_code, family, stage, opened_at, response, outcome, strength, customer, product, country, refunded, fees)
			VALUES ($3, $1, 'stripe', '', 1, 'USD', '', 'visa', '', 'duplicate', 'chargeback', now(), 'contest', $2, 2, '', '', '', 0, 0)`, id, outcome, connection)
		ok(t, err)
	}
	import1("du_old", "won", "stripe-us")
	import1("du_1", "lost", "stripe-us") // our own case knows better
	group := odds.Group{Family: dispute.FamilyDuplicate, Network: "visa", Provider: "stripe", Strength: 2}
	chance := d.History(t.Context()).Chance(group)
	last := chance.Steps[len(chance.Steps)-1]
	if last.Won != 3 || last.Lost != 1 || len(chance.Steps) != 5 {
		t.Errorf("%+v", chance.Steps)
	}
	import1("du_older", "won", "stripe-us")
	if again := d.History(t.Context()).Chance(group); again.P != chance.P {
		t.Error("it was counted again within the minute")
	}
	d.outcomes.at = d.outcomes.at.Add(-2 * outcomesFresh)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if kept := d.History(gone).Chance(group); kept.P != chance.P {
		t.Error("a count that failed took the one before away")
	}
	if fresh := d.History(t.Context()).Chance(group); fresh.P <= chance.P {
		t.Error("a minute later it is not counted anew")
	}
}

func TestNextOfAndLeastLoaded(t *testing.T) {
	t.Parallel()
	d := open(t)
	members := []string{"ana", "ben", "cem"}
	var got []string
	for range 4 {
		got = append(got, must[string](t)(d.NextOf(t.Context(), "senior", members)))
	}
	got = append(got, must[string](t)(d.NextOf(t.Context(), "front", members)))
	if diff := cmp.Diff([]string{"ana", "ben", "cem", "ana", "ana"}, got); diff != "" {
		t.Error(diff)
	}
	for i, c := range []struct {
		assignee string
		status   dispute.Status
	}{{"ana", dispute.StatusOpen}, {"cem", dispute.StatusOpen}, {"ben", dispute.StatusWon}, {"dan", dispute.StatusOpen}} {
		edit(t, d, dispute.Ref{Connection: "stripe-us", ID: fmt.Sprint("du_", i)}, func(r *CaseRow) { r.Assignee, r.Status = c.assignee, c.status })
	}
	for want, of := range map[string][]string{"ben": members, "cem": {"cem", "ana"}} {
		if got := must[string](t)(d.LeastLoaded(t.Context(), of)); got != want {
			t.Errorf("of %v: %s, want %s", of, got, want)
		}
	}
	if _, err := d.LeastLoaded(t.Context(), nil); dispute.KindOf(err) != dispute.NotFound {
		t.Errorf("of nobody: %v", err)
	}
}

func TestCustomersEarlierDisputesAreTheirOwn(t *testing.T) {
	t.Parallel()
	d := open(t)
	for i, c := range []struct{ connection, customer, order string }{
		{"shop", "10", "2000"}, {"shop", "10", "2001"},
		{"shop", "101", ""},         // begins with the same digits
		{"shop", "77", "10"},        // an order of this number
		{"other", "10", ""},         // of another shop
		{"shop", "gid://Cus/7", ""}, // differs from the next by case only
		{"shop", "gid://cus/7", ""},
		{"shop", "it's \\ odd", ""}, {"shop", "it's \\ odd", ""},
		{"shop", "", ""}, {"shop", "", ""},
	} {
		disputed(t, d, dispute.Ref{Connection: c.connection, ID: fmt.Sprint("du_", i)}, c.customer, c.order)
	}
	for customer, want := range map[string]int{
		"10": 2, "101": 1, "1": 0, "gid://Cus/7": 1, `it's \ odd`: 2, "nobody": 0, "": 0,
	} {
		row := disputed(t, d, dispute.Ref{Connection: "shop", ID: "du_now"}, customer, "10")
		if got := d.RuleInput(t.Context(), row, noon).CustomerDisputes; got != want {
			t.Errorf("customer %q has %d earlier disputes, want %d", customer, got, want)
		}
	}
}

// A decision waits for nothing: without the count the customer is unknown.
func TestRuleInputWithoutTheCount(t *testing.T) {
	t.Parallel()
	d := open(t)
	disputed(t, d, dispute.Ref{Connection: "stripe-us", ID: "du_0"}, "cus_1", "")
	row := disputed(t, d, dispute.Ref{Connection: "stripe-us", ID: "du_1"}, "cus_1", "")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if in := d.RuleInput(gone, row, noon); in.CustomerDisputes != 0 || in.Case.ID != row.ID {
		t.Errorf("%+v", in)
	}
	row.Payment = nil
	if in := d.RuleInput(t.Context(), row, noon); in.CustomerDisputes != 0 {
		t.Errorf("%d earlier disputes of nobody", in.CustomerDisputes)
	}
}
