package vendortest

import (
	"strings"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/ledger"
)

// checkSnapshot holds a snapshot to what the rest of the engine relies on.
func checkSnapshot(t *testing.T, s dispute.Snapshot) {
	t.Helper()
	if s.ID == "" || s.RawStatus == "" || s.Status == "" || s.Stage == "" {
		t.Errorf("snapshot %+v: id, the provider's own status, ours and the stage are never empty; a status we do not know is ProviderUnknown", s)
	}
	if thin := s.Amount == (dispute.Money{}); !thin && !isCurrency(s.Amount.Currency) {
		t.Errorf("dispute %s: currency %q, want three upper-case letters", s.ID, s.Amount.Currency)
	}
	for name, at := range map[string]time.Time{"opened_at": s.OpenedAt, "due_by": s.DueBy} {
		if at.Location() != time.UTC {
			t.Errorf("dispute %s: %s is in %v, want UTC", s.ID, name, at.Location())
		}
	}
	checkMovements(t, s)
}

// checkMovements posts them to a journal.
func checkMovements(t *testing.T, s dispute.Snapshot) {
	t.Helper()
	entries, err := ledger.Expected(ledger.Facts{CaseID: "cs_1", Connection: "provider", DisputeID: s.ID, View: dispute.View{Snapshot: s}})
	if err != nil {
		t.Errorf("the books cannot take the movements of %s: %v", s.ID, err)
	}
	for _, e := range entries {
		if e.Kind == ledger.KindUnclassified {
			t.Errorf("movement %s of %s ends in suspense: its net is amount minus fee, and its category a word that ledger/classify.go knows (chargeback, chargeback_reversal, dispute_fee, refund …)", e.Movement, s.ID)
		}
	}
}

func checkItems(t *testing.T, items []dispute.Item) {
	t.Helper()
	ids := map[string]bool{}
	for _, item := range items {
		if item.ID == "" || item.Kind == "" || item.Title == "" || ids[item.ID] {
			t.Errorf("item %q %q %q: id, kind and title are never empty, and an id is the item's own", item.ID, item.Kind, item.Title)
		}
		ids[item.ID] = true
		if !item.At.IsZero() && item.At.Location() != time.UTC {
			t.Errorf("item %s: its time is in %v, want UTC", item.ID, item.At.Location())
		}
		for fact, value := range item.Facts {
			if strings.TrimSpace(value) == "" {
				t.Errorf("item %s: fact %s is empty; leave out what is not known", item.ID, fact)
			}
			if strings.HasSuffix(fact, "_at") && value != "" {
				if _, err := time.Parse(time.RFC3339, value); err != nil {
					t.Errorf("item %s: fact %s is %q, want RFC 3339", item.ID, fact, value)
				}
			}
		}
	}
}

func checkReceipt(t *testing.T, r integrations.Receipt) {
	t.Helper()
	if r.VendorID == "" || r.At.IsZero() || len(r.Response) == 0 {
		t.Errorf("receipt of %q at %v with %d bytes of answer: it proves what was sent, so none is empty (vendorhttp.Answer has the bytes)", r.VendorID, r.At, len(r.Response))
	}
}

func isCurrency(c string) bool {
	return len(c) == 3 && strings.Trim(c, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
