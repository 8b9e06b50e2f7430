package clearhaus

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/networks"
	standin "github.com/rebuttal-hq/rebuttal/simulator/clearhaus"
)

// Clearhaus's own example, as its page has it.
func TestSnapshot(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile("testdata/dispute.json")
	if err != nil {
		t.Fatal(err)
	}
	var w wireDispute
	if err := json.Unmarshal(body, &w); err != nil {
		t.Fatal(err)
	}
	want := dispute.Snapshot{
		ID: knownID, Payment: "a51a3abe-8eee-4a92-b941-e89f18c5bf66", Amount: dispute.Money{Minor: 58704, Currency: "DKK"},
		Reason: "fraud", Network: "mastercard", NetworkCode: "4837",
		RawStatus: "open", Status: dispute.ProviderNeedsResponse, Stage: dispute.StageChargeback,
		OpenedAt: time.Date(2016, 2, 27, 10, 0, 0, 0, time.UTC), DueBy: time.Date(2016, 3, 12, 10, 0, 0, 0, time.UTC),
	}
	if diff := cmp.Diff(want, w.snapshot()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, ok := w.stamp(stampRefuted); !ok {
		t.Error("the stamp refuted was not found")
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	stamps := links{"ch:stamps": {{Href: "/x", Name: stampRefuted}}}
	for name, tt := range map[string]struct {
		in         wireDispute
		status     dispute.ProviderStatus
		stage      dispute.Stage
		network    string
		noResponse bool
	}{
		"inquiry":           {wireDispute{Status: "open", Type: "retrieval_request", Links: stamps}, dispute.ProviderNeedsResponse, dispute.StageInquiry, "", false},
		"second":            {wireDispute{Status: "open", Type: "2nd_chargeback", ReasonCode: "13.1", Links: stamps}, dispute.ProviderNeedsResponse, dispute.StagePreArbitration, "visa", false},
		"no stamps":         {wireDispute{Status: "open", Type: "1st_chargeback", ReasonCode: "4853", alone: true}, dispute.ProviderNeedsResponse, dispute.StageChargeback, "mastercard", true},
		"no stamps, listed": {wireDispute{Status: "open", ReasonCode: "4853"}, dispute.ProviderNeedsResponse, dispute.StageChargeback, "mastercard", false},
		"under review":      {wireDispute{Status: "under_review", ReasonCode: "83"}, dispute.ProviderUnderReview, dispute.StageChargeback, "", false},
		"unknown":           {wireDispute{Status: "paused", Type: "arbitration", Links: stamps}, dispute.ProviderUnknown, dispute.StageChargeback, "", false},
		"unknown, closed":   {wireDispute{Status: "paused", alone: true}, dispute.ProviderUnknown, dispute.StageChargeback, "", true},
		"no status":         {wireDispute{Links: stamps}, dispute.ProviderUnknown, dispute.StageChargeback, "", false},
	} {
		s := tt.in.snapshot()
		if s.Status != tt.status || s.Stage != tt.stage || s.Network != tt.network || s.NoResponse != tt.noResponse || s.RawStatus == "" {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

func TestReasonsAreKnown(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]dispute.Family{
		"fraud": dispute.FamilyFraudulent, "unrecognised": dispute.FamilyUnrecognized, "product_not_provided": dispute.FamilyProductNotReceived,
		"credit_not_processed": dispute.FamilyCreditNotProcessed, "duplicate": dispute.FamilyDuplicate,
		"subscription_cancelled": dispute.FamilySubscription, "incorrect_amount_or_currency": dispute.FamilyProcessing,
		"general": dispute.FamilyGeneral, "product_unacceptable": dispute.FamilyProductUnacceptable,
	} {
		s := dispute.Snapshot{Reason: word}
		if got := networks.Family(s); got != want || !networks.KnownReason(s) {
			t.Errorf("%s: %s, known %t; want %s", word, got, networks.KnownReason(s), want)
		}
	}
}

func days(n int) time.Time { return today.AddDate(0, 0, n) }

// poll is one poll: what it told, by id, and its cursor.
func (r rehearsal) poll(t *testing.T, cursor string) (map[string]string, string) {
	t.Helper()
	notices, next, err := r.Poll(t.Context(), cursor)
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]string{}
	for _, n := range notices {
		if told[n.Snapshot.ID] != "" {
			t.Errorf("%s was told twice", n.Snapshot.ID)
		}
		told[n.Snapshot.ID] = n.Snapshot.RawStatus
	}
	return told, next
}

// Nothing tells when a dispute changed. A poll finds what is undecided at any age
// and all of the last week; what it cannot find, a read does.
func TestPollFindsChanges(t *testing.T) {
	t.Parallel()
	r := rehearse(t, standin.Options{PerPage: 2})
	old := r.open(standin.DisputeOptions{Opened: days(-1000)})
	decided := r.open(standin.DisputeOptions{Opened: days(-100)})
	answered := r.open(standin.DisputeOptions{Opened: days(-90)})
	recent := r.open(standin.DisputeOptions{Opened: days(-20)})
	r.clearhaus.Set(decided, "won")
	r.clearhaus.Set(answered, "refuted")

	told, cursor := r.poll(t, "")
	want := map[string]string{old: "open", decided: "won", answered: "refuted", recent: "open"}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Fatalf("the first poll tells what may still be decided or turned around (-want +got):\n%s", diff)
	}

	fresh := r.open(standin.DisputeOptions{Opened: days(-3)}) // the feed was late
	r.clearhaus.Set(old, "under_review")
	r.clearhaus.Set(answered, "won")
	told, cursor = r.poll(t, cursor)
	want = map[string]string{old: "under_review", recent: "open", fresh: "open"}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	if s := r.read(t, answered); s.Status != dispute.ProviderWon {
		t.Errorf("the verdict that no poll lists reads %s", s.Status)
	}

	r.clearhaus.Set(decided, "lost")
	if told, _ = r.poll(t, cursor); told[decided] != "" {
		t.Errorf("a poll lists a verdict of old: %v", told)
	}
	if told, _ = r.poll(t, ""); told[decided] != "lost" {
		t.Errorf("a whole poll does not list a verdict that was turned around: %v", told)
	}

	r.clearhaus.Escalate(decided) // long before the cursor, and open again
	r.clearhaus.Set(recent, "refuted")
	r.clearhaus.Set(fresh, "won")
	told, _ = r.poll(t, cursor)
	want = map[string]string{old: "under_review", decided: "open", recent: "refuted", fresh: "won"}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// One dispute that is never decided does not make each poll list a year.
func TestPollCursor(t *testing.T) {
	t.Parallel()
	r := rehearse(t, standin.Options{})
	for range 2 {
		if _, cursor := r.poll(t, ""); cursor != days(-7).Format(time.DateOnly) {
			t.Errorf("the cursor is %s, want a week ago", cursor)
		}
		r.open(standin.DisputeOptions{Opened: days(-1000)})
	}
	_, cursor, err := r.Poll(t.Context(), "yesterday")
	if dispute.KindOf(err) != dispute.Invalid || cursor != "yesterday" {
		t.Errorf("an odd cursor: %q, %v; want it back and kind invalid", cursor, err)
	}
}

// A list that leaves stamps out does not say that no response is possible: the
// dispute read by itself does.
func TestStampsThatAListLeavesOut(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		hidden string // what the stand-in's lists have no stamps in
		want   bool
	}{"lists only": {`"_embedded"`, false}, "everywhere": {"", true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rehearseBehind(t, standin.Options{}, func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
					rec := httptest.NewRecorder()
					next.ServeHTTP(rec, req)
					text := rec.Body.String()
					if strings.Contains(text, tt.hidden) {
						text = strings.ReplaceAll(text, `"ch:stamps"`, `"ch:other"`)
					}
					maps.Copy(w.Header(), rec.Header())
					w.Header().Del("Content-Length")
					w.WriteHeader(rec.Code)
					_, _ = io.WriteString(w, text)
				})
			})
			id := r.open(standin.DisputeOptions{})
			first := r.read(t, id) // found in a list
			notices, _, err := r.Poll(t.Context(), "")
			if err != nil || len(notices) != 1 {
				t.Fatalf("%+v, %v", notices, err)
			}
			again := r.read(t, id)
			for _, s := range []dispute.Snapshot{first, *notices[0].Snapshot, again} {
				if s.NoResponse != tt.want {
					t.Errorf("no response %t, want %t", s.NoResponse, tt.want)
				}
			}
		})
	}
}

// The same state told twice is one notice; the answer of a poll does not depend
// on the time at which it was asked.
func TestPollTellsAStateOnce(t *testing.T) {
	t.Parallel()
	r := rehearse(t, standin.Options{})
	id := r.open(standin.DisputeOptions{})
	ids := map[string]bool{}
	for range 2 {
		notices, _, err := r.Poll(t.Context(), "")
		if err != nil || len(notices) != 1 || notices[0].Snapshot.ID != id {
			t.Fatalf("%+v, %v", notices, err)
		}
		ids[notices[0].EventID] = true
	}
	if len(ids) != 1 {
		t.Errorf("event ids %v, want one", ids)
	}
}
