package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func mustDraft(t *testing.T, c dispute.Case, items []dispute.Item) Letter {
	t.Helper()
	l, err := Draft(c, items, Check(c, items))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLetterGolden(t *testing.T) {
	t.Parallel()
	for _, family := range allFamilies {
		t.Run(string(family), func(t *testing.T) {
			t.Parallel()
			golden(t, "letters/"+string(family)+".txt", mustDraft(t, testCase(family), everything()).Text+"\n")
		})
	}
	others := []struct {
		name  string
		c     dispute.Case
		items []dispute.Item
	}{
		{"minimal", testCase(dispute.FamilyFraudulent), nil},
		{"inquiry", inquiry(), sale()},
		{"refunded", testCase(dispute.FamilyFraudulent), append(sale(), refund("129.00 EUR", "2026-11-10T00:00:00Z"))},
		{"three_parcels", testCase(dispute.FamilyProductNotReceived), append(sale(),
			item(dispute.ItemDelivery, "track:8", dispute.FactDeliveredAt, "2026-11-06", dispute.FactSignedBy, "J. Müller"),
			item(dispute.ItemDelivery, "track:9", dispute.FactDeliveredAt, "2026-11-25"))},
	}
	for _, tt := range others {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			golden(t, "letters/"+tt.name+".txt", mustDraft(t, tt.c, tt.items).Text+"\n")
		})
	}
}

func inquiry() dispute.Case {
	c := testCase(dispute.FamilyUnrecognized)
	c.View.Snapshot.Stage = dispute.StageInquiry
	return c
}

// Every sentence of the letter but the frame is a claim with its exhibits.
func TestEverySentenceHasASource(t *testing.T) {
	t.Parallel()
	for _, family := range allFamilies {
		items := everything()
		l := mustDraft(t, testCase(family), items)
		exhibits := newBook(testCase(family), items).exhibits
		for _, c := range l.Claims {
			if len(c.Exhibits) == 0 || !strings.HasSuffix(c.Text, " ("+citation(c.Exhibits)+").") {
				t.Errorf("%s: claim without citation: %q", family, c.Text)
			}
			for _, n := range c.Exhibits {
				if !proofs[c.Proof].match(newBook(testCase(family), items), exhibits[n-1]) {
					t.Errorf("%s: exhibit %d does not show %s", family, n, c.Proof)
				}
			}
		}
		if paragraphs := strings.Count(l.Text, "\n\n") + 1; paragraphs != len(l.Claims)+2 {
			t.Errorf("%s: %d paragraphs for %d claims", family, paragraphs, len(l.Claims))
		}
	}
}

func TestBlockedClaims(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		family  dispute.Family
		items   []dispute.Item
		blocked []string
		never   string // words that must not be in the letter
	}{
		{"delivered late", dispute.FamilyProductNotReceived, edited("track:7", dispute.FactDeliveredAt, "2026-11-21T00:00:00Z"),
			[]string{proofDelivered, proofSigned}, "recorded the delivery"},
		{"not delivered", dispute.FamilyProductNotReceived, without(sale(), "track:7"), []string{proofShipped}, "tracking number"},
		{"address mismatch", dispute.FamilyFraudulent, edited("charge:ch_1", dispute.FactAVSLine1, "fail"),
			[]string{proofAddressCheck, proofBilling}, "matched with the card issuer and"},
		{"refunded in full", dispute.FamilyFraudulent, append(sale(), refund("129.00 EUR", "2026-11-10T00:00:00Z")),
			[]string{proofOrder, proofShipped, proofDelivered, proofSigned, proofBilling}, "delivery"},
		{"refunded late", dispute.FamilyCreditNotProcessed, append(sale(), refund("129.00 EUR", "2026-11-21T00:00:00Z")),
			[]string{proofRefunded, proofRefundPolicy, proofCancelPolicy, proofOrder, proofDelivered, proofAccessLog, proofService}, "refunded to"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := mustDraft(t, testCase(tt.family), tt.items)
			var got []string
			for _, b := range l.Blocked {
				got = append(got, b.Proof)
				if b.Why == "" || len(b.Items) == 0 || b.Name == "" {
					t.Errorf("blocked without a reason: %+v", b)
				}
			}
			if diff := cmp.Diff(tt.blocked, got); diff != "" {
				t.Errorf("blocked (-want +got):\n%s", diff)
			}
			if strings.Contains(l.Text, tt.never) {
				t.Errorf("the letter says %q:\n%s", tt.never, l.Text)
			}
		})
	}
}

func TestDraftDoesNotDependOnTheOrderOfItems(t *testing.T) {
	t.Parallel()
	c := testCase(dispute.FamilyProductNotReceived)
	want := mustDraft(t, c, everything())
	items := everything()
	slices.Reverse(items)
	if diff := cmp.Diff(want, mustDraft(t, c, items)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLetterHidesCardsAndNotes(t *testing.T) {
	t.Parallel()
	items := edited("order:1001", dispute.FactProducts, "Gift card, paid with 4111 1111 1111 1111")
	l := mustDraft(t, testCase(dispute.FamilyGeneral), items)
	if strings.Contains(l.Text, "4111") || !strings.Contains(l.Text, "**** 1111") {
		t.Errorf("card number in the letter:\n%s", l.Text)
	}
	if strings.Contains(l.Text, "I think we win") {
		t.Error("a note is in the letter")
	}
}

func TestCitation(t *testing.T) {
	t.Parallel()
	for want, in := range map[string][]int{
		"Exhibit 2": {2}, "Exhibits 2 and 3": {2, 3}, "Exhibits 2 to 5": {2, 3, 4, 5}, "Exhibits 2, 4 and 7": {2, 4, 7},
	} {
		if got := citation(in); got != want {
			t.Errorf("citation(%v) = %q, want %q", in, got, want)
		}
	}
}

// A change of the words needs a new LetterVersion.
func TestLetterVersion(t *testing.T) {
	t.Parallel()
	sum := sha256.New()
	err := fs.WalkDir(templateFiles, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(templateFiles, path)
		fmt.Fprintf(sum, "%s %d\n%s", path, len(b), b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "letters/version", LetterVersion+" "+hex.EncodeToString(sum.Sum(nil))+"\n")
}
