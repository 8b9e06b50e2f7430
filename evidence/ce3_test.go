package evidence

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

const day = 24 * time.Hour

// elementFacts are the facts of a sale for each element of the rule.
var elementFacts = map[string][]string{
	"ip":                 {dispute.FactPurchaseIP, "203.0.113.7"},
	"device_fingerprint": {dispute.FactDeviceFingerprint, "fp_0123456789abcdefgh"},
	"device_id":          {dispute.FactDeviceID, "device-0123456789"},
	"account_id":         {dispute.FactAccountID, "user-77"},
	"email":              {dispute.FactCustomerEmail, "jana@example.com"},
	"address": {
		dispute.FactShippingLine1, "Ackerstraße 1", dispute.FactShippingLine2, "Hof", dispute.FactShippingCity, "Berlin",
		dispute.FactShippingState, "BE", dispute.FactShippingPostalCode, "10115", dispute.FactShippingCountry, "DE",
	},
}

func addElements(it dispute.Item, elements ...string) dispute.Item {
	for _, name := range elements {
		facts := elementFacts[name]
		for i := 0; i+1 < len(facts); i += 2 {
			it.Facts[facts[i]] = facts[i+1]
		}
	}
	return it
}

// disputedItem has every element; what a prior sale lacks does not agree.
func disputedItem(at time.Time) dispute.Item {
	it := item(dispute.ItemPayment, "charge:ch_1", dispute.FactPaidAt, at.Format(time.RFC3339), dispute.FactAmount, "129.00 EUR",
		dispute.FactProducts, "Running shoes", dispute.FactSold, "merchandise", dispute.FactCardFingerprint, "card-1")
	return addElements(it, "ip", "device_fingerprint", "device_id", "account_id", "email", "address")
}

func priorItem(id string, at time.Time, elements ...string) dispute.Item {
	it := item(dispute.ItemPriorPayment, "charge:"+id, dispute.FactPaidAt, at.Format(time.RFC3339), dispute.FactAmount, "20.00 EUR",
		dispute.FactProducts, "Socks", dispute.FactCardFingerprint, "card-1", dispute.FactDisputed, "no", dispute.FactFraudReported, "no")
	return addElements(it, elements...)
}

func fraudCase(network, code string) dispute.Case {
	c := testCase(dispute.FamilyFraudulent)
	c.View.Snapshot.Network, c.View.Snapshot.NetworkCode = network, code
	return c
}

// The table of Visa's and Stripe's rule: ages in days before the dispute and the
// disputed sale, and the elements that agree.
func TestCompellingEvidenceVectors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		code   string
		ages   []int
		agrees [2][]string // of the first and of the second earlier sale
		change func(items []dispute.Item)
		want   EligibilityStatus
	}{
		{name: "IP address and delivery address", ages: []int{150, 300}, agrees: both("ip", "address"), want: Qualified},
		{name: "IP address and device, on the edges of the window", ages: []int{120, 364}, agrees: both("ip", "device_fingerprint"), want: Qualified},
		{name: "device and account", ages: []int{150, 300}, agrees: both("device_id", "account_id"), want: Qualified},
		{name: "two device elements count once", ages: []int{150, 300}, agrees: both("device_id", "device_fingerprint"), want: NotQualified},
		{name: "no main element", ages: []int{150, 300}, agrees: both("account_id", "address"), want: NotQualified},
		{name: "IP address alone", ages: []int{150, 300}, agrees: both("ip"), want: NotQualified},
		{name: "one earlier sale", ages: []int{200}, agrees: both("ip", "address"), want: NotQualified},
		{name: "one is too recent", ages: []int{119, 200}, agrees: both("ip", "address"), want: NotQualified},
		{name: "one is too old", ages: []int{200, 366}, agrees: both("ip", "address"), want: NotQualified},
		{name: "one is inside Visa's window only", ages: []int{200, 365}, agrees: both("ip", "address"), want: NeedsReview},
		{name: "one was reported as fraud", ages: []int{150, 300}, agrees: both("ip", "address"), want: NotQualified,
			change: func(items []dispute.Item) { items[1].Facts[dispute.FactFraudReported] = "yes" }},
		{name: "one was disputed", ages: []int{150, 300}, agrees: both("ip", "address"), want: NotQualified,
			change: func(items []dispute.Item) { items[2].Facts[dispute.FactDisputed] = "yes" }},
		{name: "another card", ages: []int{150, 300}, agrees: both("ip", "address"), want: NotQualified,
			change: func(items []dispute.Item) { items[1].Facts[dispute.FactCardFingerprint] = "card-2" }},
		{name: "a card that is not known", ages: []int{150, 300}, agrees: both("ip", "address"), want: NotQualified,
			change: func(items []dispute.Item) { delete(items[0].Facts, dispute.FactCardFingerprint) }},
		{name: "another reason", code: "10.3", ages: []int{150, 300}, agrees: both("ip", "address"), want: NotApplicable},
		{name: "only the IP address agrees on all three", ages: []int{150, 300}, want: NotQualified,
			agrees: [2][]string{{"ip", "address"}, {"ip", "account_id"}}},
		{name: "e-mail address as the second element", ages: []int{150, 300}, agrees: both("ip", "email"), want: QualifiedOnStripeOnly},
		{name: "nothing was paid", ages: []int{150, 300}, agrees: both("ip", "address"), want: NotQualified,
			change: func(items []dispute.Item) { items[1].Facts[dispute.FactAmount] = "0.00 EUR" }},
		{name: "no description of an earlier sale", ages: []int{150, 300}, agrees: both("ip", "address"), want: NotQualified,
			change: func(items []dispute.Item) { delete(items[1].Facts, dispute.FactProducts) }},
		{name: "no description of the disputed sale", ages: []int{150, 300}, agrees: both("ip", "address"), want: NeedsReview,
			change: func(items []dispute.Item) { delete(items[0].Facts, dispute.FactProducts) }},
		{name: "fraud reports are not known", ages: []int{150, 300}, agrees: both("ip", "address"), want: NeedsReview,
			change: func(items []dispute.Item) { delete(items[1].Facts, dispute.FactFraudReported) }},
		{name: "the match rests on half an address", ages: []int{150, 300}, agrees: both("ip", "address"), want: NeedsReview,
			change: func(items []dispute.Item) { delete(items[1].Facts, dispute.FactShippingState) }},
		{name: "half an address does not matter beside an account", ages: []int{150, 300}, agrees: both("ip", "account_id", "address"), want: Qualified,
			change: func(items []dispute.Item) { delete(items[1].Facts, dispute.FactShippingState) }},
		{name: "a private IP address tells nothing", ages: []int{150, 300}, agrees: both("ip", "address"), want: NotQualified,
			change: setAll(dispute.FactPurchaseIP, "10.0.0.1")},
		{name: "a shared IP address tells nothing", ages: []int{150, 300}, agrees: both("ip", "address"), want: NotQualified,
			change: setAll(dispute.FactPurchaseIP, "100.64.3.9")},
		{name: "a short fingerprint tells nothing", ages: []int{150, 300}, agrees: both("device_fingerprint", "address"), want: NotQualified,
			change: setAll(dispute.FactDeviceFingerprint, "fp_1")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.code == "" {
				tt.code = "10.4"
			}
			items := []dispute.Item{disputedItem(opened)}
			for i, age := range tt.ages {
				items = append(items, priorItem(fmt.Sprintf("ch_p%d", i), opened.Add(-time.Duration(age)*day), tt.agrees[i]...))
			}
			if tt.change != nil {
				tt.change(items)
			}
			got, found := CompellingEvidence(fraudCase("visa", tt.code), items)
			if got.Status != tt.want || got.Why == "" {
				t.Errorf("%s: %s, want %s", got.Status, got.Why, tt.want)
			}
			sends := tt.want != NotQualified && tt.want != NotApplicable
			if (found != nil) != sends {
				t.Errorf("evidence: %v", found != nil)
			}
			if found != nil && (found.Review != "") != (tt.want == NeedsReview) {
				t.Errorf("review %q", found.Review)
			}
		})
	}
}

func both(elements ...string) [2][]string { return [2][]string{elements, elements} }

func setAll(name, value string) func([]dispute.Item) {
	return func(items []dispute.Item) {
		for _, it := range items {
			it.Facts[name] = value
		}
	}
}

// A sale that is young to the disputed one and old enough to the dispute is
// Visa's alone.
func TestCompellingEvidenceCountsToBothDates(t *testing.T) {
	t.Parallel()
	items := []dispute.Item{disputedItem(opened.Add(-30 * day))}
	for i, age := range []int{140, 300} {
		items = append(items, priorItem(fmt.Sprint("ch_p", i), opened.Add(-time.Duration(age)*day), "ip", "address"))
	}
	if got, _ := CompellingEvidence(fraudCase("visa", "10.4"), items); got.Status != NeedsReview {
		t.Errorf("%s: %s", got.Status, got.Why)
	}
	items = append(items, priorItem("ch_p2", opened.Add(-200*day), "ip", "address"))
	got, _ := CompellingEvidence(fraudCase("visa", "10.4"), items)
	if diff := cmp.Diff([]string{"charge:ch_p1", "charge:ch_p2"}, got.Items); got.Status != Qualified || diff != "" {
		t.Errorf("%s: the surer pair is not taken (-want +got):\n%s", got.Status, diff)
	}
}

func TestCompellingEvidenceBestPair(t *testing.T) {
	t.Parallel()
	refunded := priorItem("refunded", opened.Add(-245*day), "ip", "account_id", "address")
	refunded.Facts[dispute.FactRefundedAmount] = "20.00 EUR"
	items := []dispute.Item{
		disputedItem(opened), refunded,
		priorItem("email", opened.Add(-240*day), "ip", "email"), priorItem("thin", opened.Add(-242*day), "ip", "account_id"),
		priorItem("edge", opened.Add(-360*day), "ip", "account_id", "address"),
		priorItem("a", opened.Add(-200*day), "ip", "account_id", "address"), priorItem("b", opened.Add(-300*day), "ip", "account_id", "address"),
	}
	want, found := CompellingEvidence(fraudCase("Visa", "104"), items)
	if diff := cmp.Diff([]string{"charge:b", "charge:a"}, want.Items); diff != "" {
		t.Errorf("pair (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{dispute.FactPurchaseIP, dispute.FactAccountID, dispute.FactShippingAddress}, found.Matched); diff != "" {
		t.Errorf("matched (-want +got):\n%s", diff)
	}
	if found.Prior[0].Payment != "b" || found.Prior[1].Payment != "a" || found.Disputed.Payment != "ch_1" || found.Disputed.Sold != "merchandise" {
		t.Errorf("sales %+v", found)
	}
	slices.Reverse(items)
	if again, other := CompellingEvidence(fraudCase("visa", "10.4"), items); !cmp.Equal(want, again) || !cmp.Equal(found, other) {
		t.Error("the order of the items matters")
	}
}

// What is compared is folded, what is sent is as it was written.
func TestCompellingEvidenceFolding(t *testing.T) {
	t.Parallel()
	items := []dispute.Item{disputedItem(opened)}
	for i, ip := range []string{"2001:db8:0:0:0:0:0:1", "2001:DB8::1"} {
		prior := priorItem(fmt.Sprint("ch_p", i), opened.Add(-time.Duration(150+i)*day), "address")
		prior.Facts[dispute.FactPurchaseIP], prior.Facts[dispute.FactShippingCity] = ip, " BERLIN "
		items = append(items, prior)
	}
	items[0].Facts[dispute.FactPurchaseIP] = "2001:db8::0001"
	got, found := CompellingEvidence(fraudCase("visa", "10.4"), items)
	if got.Status != Qualified {
		t.Fatalf("%s: %s", got.Status, got.Why)
	}
	if city := found.Prior[0].Shipping[dispute.FactShippingCity]; city != "BERLIN" {
		t.Errorf("city %q", city)
	}
}

// The address of the disputed sale may be with its order.
func TestCompellingEvidenceReadsTheOrder(t *testing.T) {
	t.Parallel()
	payment := item(dispute.ItemPayment, "charge:ch_1", dispute.FactPaidAt, opened.Format(time.RFC3339),
		dispute.FactCardFingerprint, "card-1", dispute.FactPurchaseIP, "203.0.113.7")
	order := addElements(item(dispute.ItemOrder, "order:1", dispute.FactProducts, "Running shoes"), "address")
	items := []dispute.Item{
		order, payment, item(dispute.ItemFulfillment, "shipment:1"),
		priorItem("a", opened.Add(-200*day), "ip", "address"), priorItem("b", opened.Add(-300*day), "ip", "address"),
	}
	if got, _ := CompellingEvidence(fraudCase("visa", "10.4"), items); got.Status != Qualified {
		t.Errorf("%s: %s", got.Status, got.Why)
	}
}

// The provider knows the card of an earlier sale, the shop the buyer's device.
func TestCompellingEvidenceOfTwoSources(t *testing.T) {
	t.Parallel()
	payment := disputedItem(opened)
	items := []dispute.Item{payment}
	for i, age := range []int{150, 300} {
		id, at := fmt.Sprint("ch_p", i), opened.Add(-time.Duration(age)*day)
		theirs := addElements(item(dispute.ItemPriorPayment, "payment:"+id, dispute.FactPaidAt, at.Format(time.RFC3339)), "ip", "account_id")
		theirs.Source = "shop"
		items = append(items, priorItem(id, at), theirs)
	}
	c := fraudCase("visa", "10.4")
	if got, _ := CompellingEvidence(c, items); got.Status != Qualified || len(got.Items) != 4 {
		t.Fatalf("%s: %s %v", got.Status, got.Why, got.Items)
	}
	if l := mustDraft(t, c, items); !strings.Contains(l.Text, "two earlier sales") || strings.Contains(l.Text, "4 earlier payments") {
		t.Errorf("the letter counts records, not payments:\n%s", l.Text)
	}
	items[2].Facts[dispute.FactFraudReported] = "yes"
	if got, _ := CompellingEvidence(c, items); got.Status != NotQualified {
		t.Errorf("one source knows of a fraud report: %s", got.Status)
	}
}

func TestComplianceNeedsAPerson(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]bool{"C028": true, "10.4": false, "": false} {
		got, _ := CompellingEvidence(fraudCase("visa", code), nil)
		if got.Compliance != want {
			t.Errorf("%s: compliance %v", code, got.Compliance)
		}
	}
}

func compellingItems() []dispute.Item {
	return append(everything(), disputedExtra(), priorItem("ch_a", opened.Add(-200*day), "ip", "device_fingerprint"),
		priorItem("ch_b", opened.Add(-300*day), "ip", "device_fingerprint"))
}

// disputedExtra tells of the disputed sale what the matcher asks for.
func disputedExtra() dispute.Item {
	return addElements(item(dispute.ItemOrder, "order:1001b", dispute.FactCardFingerprint, "card-1"), "ip", "device_fingerprint")
}

func TestPacketWithCompellingEvidence(t *testing.T) {
	t.Parallel()
	visa := mustCompose(t, Input{Case: fraudCase("visa", "10.4"), Items: compellingItems(), Limits: stripeLimits()})
	if visa.Compelling == nil || visa.Eligibility.Status != Qualified || !visa.Checklist.Complete || visa.Checklist.Strength != 4 {
		t.Fatalf("%+v, strength %d: %s", visa.Eligibility, visa.Checklist.Strength, visa.Checklist.StrengthWhy)
	}
	for _, want := range []string{"The same card paid for two earlier sales", "IP address and device fingerprint", "Compelling Evidence 3.0"} {
		if !strings.Contains(visa.Letter.Text, want) {
			t.Errorf("the letter does not say %q:\n%s", want, visa.Letter.Text)
		}
	}
	if first := visa.Letter.Claims[0].Proof; first != proofCompelling {
		t.Errorf("the letter begins with %s", first)
	}
	for _, secret := range []string{"203.0.113.7", "fp_0123", "jana"} {
		if strings.Contains(string(Manifest(visa)), secret) {
			t.Errorf("the manifest says %q", secret)
		}
	}
	changed := visa
	changed.Compelling = nil
	if string(Manifest(changed)) == string(Manifest(visa)) {
		t.Error("the manifest does not pin the compelling evidence")
	}

	trust := mustCompose(t, Input{Case: fraudCase("mastercard", "4837"), Items: compellingItems(), Limits: stripeLimits()})
	if trust.Compelling != nil || trust.Eligibility.Program != MastercardFirstPartyTrust {
		t.Errorf("Mastercard: %+v", trust.Eligibility)
	}
	for _, never := range []string{"liability", "Compelling Evidence 3.0"} {
		if strings.Contains(trust.Letter.Text, never) {
			t.Errorf("the letter promises %q:\n%s", never, trust.Letter.Text)
		}
	}
	if !strings.Contains(trust.Letter.Text, "first-party use") {
		t.Errorf("the letter says nothing of the history:\n%s", trust.Letter.Text)
	}
}

func FuzzPublicIP(f *testing.F) {
	for _, s := range []string{"", "203.0.113.7", "::ffff:203.0.113.7", "fe80::1%eth0", "10.0.0.1", "100.64.0.1", "1.2.3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if ip := publicIP(s); ip != "" && publicIP(ip) != ip {
			t.Errorf("%q is %q, and that is %q", s, ip, publicIP(ip))
		}
	})
}
