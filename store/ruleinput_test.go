package store

import (
	"context"
	"fmt"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
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
	in := d.RuleInput(t.Context(), row, noon)
	fields := reflect.ValueOf(in)
	for i := range fields.NumField() {
		if fields.Field(i).IsZero() {
			t.Errorf("%s is not filled", fields.Type().Field(i).Name)
		}
	}
	if diff := cmp.Diff(row.Case, in.Case); diff != "" || !in.Now.Equal(noon) || in.EvidenceStrength != 3 {
		t.Errorf("%+v %s", in, diff)
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
