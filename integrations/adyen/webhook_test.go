package adyen

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/ledger"
	standin "github.com/rebuttal-hq/rebuttal/simulator/adyen"
)

func payload(t testing.TB, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// TestPayloads holds every payload to its signature and what is read of it to
// the rest of the engine. What exactly is read is in the golden files, which
// TestConformance compares.
func TestPayloads(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d payloads, %v", len(files), err)
	}
	a := connect(t, settings(nowhere))
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".json")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := payload(t, name)
			if err := a.Verify(http.Header{}, body, time.Now()); err != nil {
				t.Errorf("a good signature is refused: %v", err)
			}
			notices, err := a.Parse(body)
			if err != nil || len(notices) == 0 {
				t.Fatalf("%d notices, %v", len(notices), err)
			}
			for _, n := range notices {
				sound(t, n)
			}
			for at := 0; at < len(bytes.TrimSpace(body)); at += 1 + len(body)/40 {
				if err := a.Verify(http.Header{}, body[:at], time.Now()); dispute.KindOf(err) != dispute.Auth || err == nil {
					t.Errorf("cut at %d: %v, want kind auth", at, err)
				}
			}
		})
	}
}

// sound holds a notice to what the rest of the engine relies on.
func sound(t *testing.T, n dispute.Notice) {
	t.Helper()
	if n.EventID == "" || n.RawKind == "" || n.Kind == "" || n.Connection != "" || n.OccurredAt.IsZero() || n.OccurredAt.Location() != time.UTC {
		t.Errorf("notice %+v", n)
	}
	s := n.Snapshot
	if s == nil {
		return
	}
	if s.ID == "" || s.RawStatus == "" || s.Status == "" || s.Stage == "" || !s.DueUnsigned || s.DueBy.Location() != time.UTC || s.OpenedAt.Location() != time.UTC {
		t.Errorf("snapshot %+v", s)
	}
	entries, err := ledger.Expected(ledger.Facts{CaseID: "cs_1", Connection: "adyen-eu", DisputeID: s.ID, View: dispute.View{Snapshot: *s}})
	if err != nil {
		t.Errorf("the books cannot take %s: %v", n.EventID, err)
	}
	for _, e := range entries {
		if e.Kind == ledger.KindUnclassified {
			t.Errorf("movement %s ends in suspense", e.Movement)
		}
	}
}

// TestPublishedSignature is Adyen's own example, which no code of ours made.
func TestPublishedSignature(t *testing.T) {
	t.Parallel()
	body := payload(t, "authorisation")
	if !bytes.Contains(body, []byte(`"coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0="`)) {
		t.Fatal("this is not the published example")
	}
	for key, good := range map[string]bool{hmacKey: true, strings.ToLower(hmacKey): true, olderKey: false} {
		s := settings(nowhere)
		s.HMACKeys = []string{key}
		err := connect(t, s).Verify(http.Header{}, body, time.Now())
		if (err == nil) != good || err != nil && dispute.KindOf(err) != dispute.Auth {
			t.Errorf("key %s: %v", key[:4], err)
		}
		if err != nil && strings.Contains(err.Error(), key) {
			t.Error("the error tells the key")
		}
	}
}

func signed(t testing.TB, key string, bend func(*standin.Item)) standin.Item {
	t.Helper()
	it := standin.Item{
		PspReference: "DZ4DPSHB4WD2WN82", OriginalReference: "9913333333333333", MerchantAccountCode: account, MerchantReference: "ref:1001",
		Amount: standin.Amount{Currency: "EUR", Value: 12900}, EventCode: "CHARGEBACK", EventDate: "2026-09-01T10:17:23+02:00", Success: "true",
		AdditionalData: map[string]string{"disputeStatus": "Undefended", "defensePeriodEndsAt": "2026-09-19T10:17:23+02:00"},
	}
	if bend != nil {
		bend(&it)
	}
	if err := standin.Sign(&it, key); err != nil {
		t.Fatal(err)
	}
	return it
}

func body(t testing.TB, items ...standin.Item) []byte {
	t.Helper()
	b, err := standin.Body(items...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestVerify(t *testing.T) {
	t.Parallel()
	a := connect(t, settings(nowhere))
	good := signed(t, hmacKey, nil)
	for name, tt := range map[string]struct {
		bend func(*standin.Item) // after signing
		good bool
	}{
		"as signed":           {func(*standin.Item) {}, true},
		"reference":           {func(i *standin.Item) { i.PspReference = "X" + i.PspReference[1:] }, false},
		"original":            {func(i *standin.Item) { i.OriginalReference = "" }, false},
		"account":             {func(i *standin.Item) { i.MerchantAccountCode = "Other" }, false},
		"merchant reference":  {func(i *standin.Item) { i.MerchantReference = "ref:1002" }, false},
		"amount":              {func(i *standin.Item) { i.Amount.Value++ }, false},
		"currency":            {func(i *standin.Item) { i.Amount.Currency = "USD" }, false},
		"event":               {func(i *standin.Item) { i.EventCode = "CHARGEBACK_REVERSED" }, false},
		"success":             {func(i *standin.Item) { i.Success = "false" }, false},
		"no signature":        {func(i *standin.Item) { delete(i.AdditionalData, "hmacSignature") }, false},
		"no base64":           {func(i *standin.Item) { i.AdditionalData["hmacSignature"] = "%%" }, false},
		"values moved a side": {func(i *standin.Item) { i.MerchantAccountCode, i.MerchantReference = account+":ref", "1001" }, false},
		// Adyen signs none of these; the webhook's basic authentication guards them.
		"status is not signed": {func(i *standin.Item) { i.AdditionalData["disputeStatus"] = "Won" }, true},
		"date is not signed":   {func(i *standin.Item) { i.AdditionalData["defensePeriodEndsAt"] = "2030-01-01T00:00:00Z" }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			it := signed(t, hmacKey, nil)
			tt.bend(&it)
			err := a.Verify(http.Header{}, body(t, it), time.Now())
			if (err == nil) != tt.good || err != nil && dispute.KindOf(err) != dispute.Auth {
				t.Errorf("error %v, want good %v", err, tt.good)
			}
			mixed := a.Verify(http.Header{}, body(t, good, it), time.Now())
			if (mixed == nil) != tt.good {
				t.Errorf("beside a good item: %v, want good %v", mixed, tt.good)
			}
		})
	}
	for _, b := range []string{"", "{}", "[]", `{"notificationItems":[]}`, `{"notificationItems":[{}]}`, `{"notificationItems":[{"NotificationRequestItem":null}]}`} {
		if err := a.Verify(http.Header{}, []byte(b), time.Now()); dispute.KindOf(err) != dispute.Auth || err == nil {
			t.Errorf("%q: %v, want kind auth", b, err)
		}
	}
}

func TestBasicAuthentication(t *testing.T) {
	t.Parallel()
	s := settings(nowhere)
	s.WebhookUser, s.WebhookPassword = "adyen", "canary"
	a, b := connect(t, s), body(t, signed(t, hmacKey, nil))
	for name, tt := range map[string]struct {
		user, password string
		good           bool
	}{
		"ours": {"adyen", "canary", true}, "another user": {"other", "canary", false}, "another password": {"adyen", "wrong", false}, "none": {"", "", false},
	} {
		r := &http.Request{Header: http.Header{}}
		if tt.user != "" {
			r.SetBasicAuth(tt.user, tt.password)
		}
		err := a.Verify(r.Header, b, time.Now())
		if (err == nil) != tt.good || err != nil && (dispute.KindOf(err) != dispute.Auth || strings.Contains(err.Error(), "canary")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The same item told again is the same event, also when a new key signed it; any
// other fact makes it another.
func TestEventID(t *testing.T) {
	t.Parallel()
	a := connect(t, settings(nowhere))
	id := func(it standin.Item) string {
		notices, err := a.Parse(body(t, it))
		if err != nil {
			t.Fatal(err)
		}
		return notices[0].EventID
	}
	first := id(signed(t, hmacKey, nil))
	if again := id(signed(t, olderKey, nil)); again != first {
		t.Errorf("signed anew: %s, want %s", again, first)
	}
	for name, bend := range map[string]func(*standin.Item){
		"event":  func(i *standin.Item) { i.EventCode = "SECOND_CHARGEBACK" },
		"status": func(i *standin.Item) { i.AdditionalData["disputeStatus"] = "Lost" },
		"date":   func(i *standin.Item) { i.EventDate = "2026-09-01T10:17:24+02:00" },
		"due":    func(i *standin.Item) { i.AdditionalData["defensePeriodEndsAt"] = "2026-09-18T10:17:23+02:00" },
		"amount": func(i *standin.Item) { i.Amount.Value-- },
	} {
		if other := id(signed(t, hmacKey, bend)); other == first {
			t.Errorf("another %s has the same id", name)
		}
	}
}

// One item without a date does not make its batch unreadable: Adyen would send
// it for ever, and nothing behind it.
func TestAnItemWithoutADate(t *testing.T) {
	t.Parallel()
	a := connect(t, settings(nowhere))
	for _, date := range []string{"", "yesterday", "1999-01-01T00:00:00Z"} {
		undated := signed(t, hmacKey, func(i *standin.Item) { i.EventDate = date })
		notices, err := a.Parse(body(t, undated, signed(t, hmacKey, nil)))
		if err != nil || len(notices) != 2 {
			t.Fatalf("date %q: %+v, %v; want both items", date, notices, err)
		}
		if n := notices[0]; n.Kind != dispute.NoticeUnknown || n.Snapshot != nil || n.EventID == "" || n.RawKind != "CHARGEBACK" {
			t.Errorf("date %q: %+v, want an unknown event", date, n)
		}
		if n := notices[1]; n.Kind != dispute.NoticeFundsWithdrawn || n.Snapshot == nil {
			t.Errorf("beside date %q: %+v, want the debit", date, n)
		}
	}
}

func FuzzWebhook(f *testing.F) {
	for _, name := range []string{"authorisation", "batch", "booleans_and_numbers", "chilean_pesos"} {
		f.Add(payload(f, name))
	}
	f.Add([]byte(`{"notificationItems":[{"NotificationRequestItem":{"eventCode":"CHARGEBACK","eventDate":"2026-09-01T10:17:23Z","pspReference":"A","amount":{"value":9223372036854775807,"currency":"IDR"},"additionalData":null}}]}`))
	a := connect(f, settings(nowhere))
	foreign := settings(nowhere)
	foreign.HMACKeys = []string{"00"}
	stranger := connect(f, foreign)
	f.Fuzz(func(t *testing.T, body []byte) {
		if err := stranger.Verify(http.Header{}, body, time.Now()); dispute.KindOf(err) != dispute.Auth || err == nil {
			t.Errorf("a key that signed nothing: %v, want kind auth", err)
		}
		notices, err := a.Parse(body)
		if err != nil && dispute.KindOf(err) != dispute.Invalid {
			t.Errorf("error %v, want kind invalid", err)
		}
		for _, n := range notices {
			if n.EventID == "" || n.Kind == "" || n.Snapshot != nil && (n.Snapshot.ID == "" || n.Snapshot.Status == "" || n.Snapshot.Stage == "") {
				t.Errorf("a notice without ids: %+v", n)
			}
			if _, err := json.Marshal(n); err != nil {
				t.Errorf("a notice that cannot be stored: %v", err)
			}
		}
	})
}
