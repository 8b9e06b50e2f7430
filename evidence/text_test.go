package evidence

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func TestCutAtSentence(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in  string
		limit     int
		want      string
		shortened bool
	}{
		{"fits", "One. Two.", 9, "One. Two.", false},
		{"last whole sentence", "One two. Three four.", 15, "One two.", true},
		{"ends with the limit", "One two. Three four. Five.", 20, "One two. Three four.", true},
		{"line end", "first line\nsecond line", 15, "first line", true},
		{"one long sentence", "one two three four", 9, "one two", true},
		{"one long word", "abcdefghij", 4, "abcd", true},
		{"number of a list is no sentence", "1. One.\n\n2. Two three.", 12, "1. One.", true},
		{"accents count once", "äöü. äöü.", 8, "äöü.", true},
		{"nothing", "abc", 0, "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, shortened := cutAtSentence(tt.in, tt.limit)
			if got != tt.want || shortened != tt.shortened {
				t.Errorf("cutAtSentence(%q, %d) = %q, %v; want %q, %v", tt.in, tt.limit, got, shortened, tt.want, tt.shortened)
			}
		})
	}
}

func TestCleanText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		" a\r\nb\rc\t\x07d ": "a\nb\nc d", "e\u0301": "é", "bad\xffbyte": "badbyte", "x\u202ey": "xy",
	} {
		if got := cleanText(in); got != want {
			t.Errorf("cleanText(%q) = %q, want %q", in, got, want)
		}
	}
}

func textsFor(t *testing.T, family dispute.Family, items []dispute.Item, limits Limits) (map[dispute.EvidenceField]string, []Finding) {
	t.Helper()
	b := newBook(testCase(family), items)
	l, err := draft(b, check(b), nil)
	if err != nil {
		t.Fatal(err)
	}
	return texts(b, l, limits.withDefaults())
}

func TestTexts(t *testing.T) {
	t.Parallel()
	got, lint := textsFor(t, dispute.FamilyDuplicate, everything(), stripeLimits())
	if len(lint) != 0 {
		t.Errorf("findings: %+v", lint)
	}
	delete(got, dispute.FieldUncategorizedText) // in the golden letters
	want := map[dispute.EvidenceField]string{
		dispute.FieldAccessActivityLog:            "2026-11-05T08:00:00Z 203.0.113.7 login",
		dispute.FieldBillingAddress:               "Ackerstraße 1, 10115 Berlin, DE",
		dispute.FieldCancellationPolicyDisclosure: "Shown at sign-up: cancel until the day before renewal.",
		dispute.FieldCustomerEmail:                "jana@example.com",
		dispute.FieldCustomerName:                 "Jana Müller",
		dispute.FieldCustomerPurchaseIP:           "203.0.113.7",
		dispute.FieldDuplicateChargeID:            "ch_0",
		dispute.FieldDuplicateChargeExplanation: "The two charges are for two orders: 1001 and 0900 (Exhibits 1, 3 and 8). " +
			"The other charge of 129.00 EUR was made on 1 May 2026 (Exhibit 8).",
		dispute.FieldProductDescription:     "1 × Running shoes, blue, size 39\nShoe club",
		dispute.FieldRefundPolicyDisclosure: "Shown at checkout: returns within 14 days.",
		dispute.FieldShippingAddress:        "Ackerstraße 1, 10115 Berlin, DE",
		dispute.FieldShippingCarrier:        "DHL",
		dispute.FieldShippingDate:           "2 November 2026",
		dispute.FieldShippingTrackingNumber: "00340434161094000013",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTextsOfOtherFamilies(t *testing.T) {
	t.Parallel()
	tests := []struct {
		family dispute.Family
		field  dispute.EvidenceField
		want   string
	}{
		{dispute.FamilyFraudulent, dispute.FieldDuplicateChargeID, ""},
		{dispute.FamilySubscription, dispute.FieldCancellationRebuttal, "The cancellation terms were shown"},
		{dispute.FamilyCreditNotProcessed, dispute.FieldRefundRefusalExplanation, "The refund terms were shown"},
		{dispute.FamilyGeneral, dispute.FieldRefundRefusalExplanation, ""},
		{dispute.FamilyGeneral, dispute.FieldServiceDate, "3 November 2026"},
	}
	items := append(everything(), item(dispute.ItemDocument, "job", dispute.FactServiceDate, "2026-11-03"))
	for _, tt := range tests {
		got, _ := textsFor(t, tt.family, items, stripeLimits())
		if !strings.Contains(got[tt.field], tt.want) || (tt.want == "") != (got[tt.field] == "") {
			t.Errorf("%s: %s = %q, want %q", tt.family, tt.field, got[tt.field], tt.want)
		}
	}
}

// The texts say what the logs and the terms say.
func TestTextsOfUse(t *testing.T) {
	t.Parallel()
	got, _ := textsFor(t, dispute.FamilySubscription, richItems(), stripeLimits())
	for field, want := range map[dispute.EvidenceField]string{
		dispute.FieldAccessActivityLog: "2026-11-05T08:00:00Z 203.0.113.7 login\n" +
			"2026-11-06T07:00:00Z Log-in from 203.0.113.7\n2026-11-09T21:00:00Z Training plan opened",
		dispute.FieldRefundPolicyDisclosure:       "Shown at checkout: returns within 14 days.\nThe customer accepted the terms on 1 November 2026.",
		dispute.FieldCancellationPolicyDisclosure: "Shown at sign-up: cancel until the day before renewal.\nThe customer accepted the terms on 1 November 2026.",
	} {
		if got[field] != want {
			t.Errorf("%s = %q", field, got[field])
		}
	}
	if rebuttal := got[dispute.FieldCancellationRebuttal]; !strings.Contains(rebuttal, "After the payment the customer used what was bought") {
		t.Errorf("rebuttal %q", rebuttal)
	}
	poor, _ := textsFor(t, dispute.FamilySubscription, sale(), stripeLimits())
	for _, field := range []dispute.EvidenceField{dispute.FieldAccessActivityLog, dispute.FieldRefundPolicyDisclosure, dispute.FieldCancellationPolicyDisclosure} {
		if poor[field] != "" {
			t.Errorf("%s is made up: %q", field, poor[field])
		}
	}
}

// Every text field of the providers is written, and nothing but texts and files
// exists.
func TestEveryFieldIsFilled(t *testing.T) {
	t.Parallel()
	filled := map[dispute.EvidenceField]bool{}
	items := append(richItems(), item(dispute.ItemOrder, "stay", dispute.FactServiceDate, "2026-11-03"))
	for _, family := range allFamilies {
		got, _ := textsFor(t, family, items, stripeLimits())
		for field := range got {
			filled[field] = true
		}
	}
	if len(filled) != len(textFields) || len(textFields)+len(stripeLimits().FileFields) != 27 {
		t.Errorf("%d of %d text fields are filled, beside %d files", len(filled), len(textFields), len(stripeLimits().FileFields))
	}
}

func TestTextLimits(t *testing.T) {
	t.Parallel()
	items := append(everything(), item(dispute.ItemCustomer, "log", dispute.FactAccessLog, strings.Repeat("One more login. ", 3000)))
	tests := []struct {
		name   string
		limits Limits
		rule   string
	}{
		{"a field", Limits{TextFieldChars: 500, TextTotalChars: 150_000, TextFields: cutOrder}, LimitTextField},
		{"all together", Limits{TextFieldChars: 20_000, TextTotalChars: 1_500, TextFields: cutOrder}, LimitTextTotal},
		{"hardly anything", Limits{TextFieldChars: 20, TextTotalChars: 50, TextFields: cutOrder}, LimitTextTotal},
		{"unknown", Limits{TextFields: cutOrder}, LimitTextField},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, lint := textsFor(t, dispute.FamilyFraudulent, items, tt.limits)
			within(t, got, tt.limits.withDefaults())
			found := findings(lint, tt.rule)
			if len(found) == 0 {
				t.Fatalf("no finding of %s in %+v", tt.rule, lint)
			}
			for _, f := range found {
				if f.Value <= f.Max || f.Subject == "" || f.Action == "" {
					t.Errorf("finding %+v", f)
				}
			}
			if got[dispute.FieldUncategorizedText] == "" {
				t.Error("the letter was left out")
			}
			if email := got[dispute.FieldCustomerEmail]; email != "" && email != "jana@example.com" {
				t.Errorf("half an address: %q", email)
			}
		})
	}
}

func within(t testing.TB, texts map[dispute.EvidenceField]string, limits Limits) {
	t.Helper()
	total := 0
	for field, text := range texts {
		n := utf8.RuneCountInString(text)
		if n > limits.TextFieldChars {
			t.Errorf("%s has %d characters", field, n)
		}
		total += n
	}
	if total > limits.TextTotalChars {
		t.Errorf("%d characters together", total)
	}
}

func TestTextFieldsAreThoseOfTheProvider(t *testing.T) {
	t.Parallel()
	got, _ := textsFor(t, dispute.FamilyFraudulent, sale(), Limits{TextFieldChars: 2000, TextFields: []dispute.EvidenceField{dispute.FieldCustomerName}})
	if diff := cmp.Diff(map[dispute.EvidenceField]string{dispute.FieldCustomerName: "Jana Müller"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(cutOrder) != len(textFields) {
		t.Errorf("cutOrder has %d fields, textFields %d", len(cutOrder), len(textFields))
	}
	for _, field := range cutOrder {
		if textFields[field] == nil {
			t.Errorf("nothing writes %s", field)
		}
	}
}
