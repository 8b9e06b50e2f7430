package checkout

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// TestKnownSignature holds Verify to a signature that our code did not make.
func TestKnownSignature(t *testing.T) {
	t.Parallel()
	// printf '{"id":"evt_1"}' | openssl dgst -sha256 -hmac sig_canary_0123456789
	const want = "0b13dcb40e286e28ba33261c3983692d14582aac06f61a030bf66d8af3ef04da"
	a := newAdapter(t, "http://127.0.0.1:1")
	for name, tt := range map[string]struct {
		signature, password string
		good                bool
	}{
		"as it is":          {want, password, true},
		"upper case":        {strings.ToUpper(want), password, true},
		"no hex":            {"sha256=" + want, password, false},
		"empty":             {"", password, false},
		"half":              {want[:32], password, false},
		"other password":    {want, password + "x", false},
		"without password":  {want, "", false},
		"password as a key": {want, signatureKey, false},
	} {
		h := http.Header{"Cko-Signature": {tt.signature}, "Authorization": {tt.password}}
		err := a.Verify(h, []byte(`{"id":"evt_1"}`), time.Now())
		if (err == nil) != tt.good || err != nil && dispute.KindOf(err) != dispute.Auth {
			t.Errorf("%s: error %v, want good %v", name, err, tt.good)
		}
	}
}

func TestEitherKeyIsGood(t *testing.T) {
	t.Parallel()
	a, body := newAdapter(t, "http://127.0.0.1:1"), []byte(`{"id":"evt_1"}`)
	for key, good := range map[string]bool{olderKey: true, signatureKey: true, "sig_other": false, "": false} {
		if err := a.Verify(signed(body, key), body, time.Now()); (err == nil) != good {
			t.Errorf("key %q: error %v, want good %v", key, err, good)
		}
	}
	open := settings("http://127.0.0.1:1")
	open.AuthorizationKeys = nil
	h := signed(body, signatureKey)
	h.Set("Authorization", "whatever")
	if err := connect(t, open).Verify(h, body, time.Now()); err != nil {
		t.Errorf("no Authorization was agreed, and one is refused: %v", err)
	}
}

// Every event has a status of the table of statuses, and the right end.
func TestEvents(t *testing.T) {
	t.Parallel()
	type told struct {
		Kind   dispute.NoticeKind
		Status dispute.ProviderStatus
		Stage  dispute.Stage
	}
	want := map[string]told{
		"dispute_received":                        {dispute.NoticeOpened, dispute.ProviderNeedsResponse, dispute.StageChargeback},
		"dispute_evidence_required":               {dispute.NoticeUpdated, dispute.ProviderNeedsResponse, dispute.StageChargeback},
		"dispute_evidence_submitted":              {dispute.NoticeUpdated, dispute.ProviderUnderReview, dispute.StageChargeback},
		"dispute_evidence_acknowledged_by_scheme": {dispute.NoticeUpdated, dispute.ProviderUnderReview, dispute.StageChargeback},
		"dispute_accepted":                        {dispute.NoticeClosed, dispute.ProviderLost, dispute.StageChargeback},
		"dispute_expired":                         {dispute.NoticeClosed, dispute.ProviderLost, dispute.StageChargeback},
		"dispute_canceled":                        {dispute.NoticeClosed, dispute.ProviderWon, dispute.StageChargeback},
		"dispute_resolved":                        {dispute.NoticeClosed, dispute.ProviderPrevented, dispute.StageChargeback},
		"dispute_won":                             {dispute.NoticeClosed, dispute.ProviderWon, dispute.StageChargeback},
		"dispute_lost":                            {dispute.NoticeClosed, dispute.ProviderLost, dispute.StageChargeback},
		"dispute_arbitration_evidence_submitted":  {dispute.NoticeUpdated, dispute.ProviderUnderReview, dispute.StageArbitration},
		"dispute_arbitration_sent_to_scheme":      {dispute.NoticeUpdated, dispute.ProviderUnderReview, dispute.StageArbitration},
		"dispute_arbitration_won":                 {dispute.NoticeClosed, dispute.ProviderWon, dispute.StageArbitration},
		"dispute_arbitration_lost":                {dispute.NoticeClosed, dispute.ProviderLost, dispute.StageArbitration},
	}
	a, got := newAdapter(t, "http://127.0.0.1:1"), map[string]told{}
	for kind := range events {
		notices, err := a.Parse([]byte(`{"id":"evt_1","type":"` + kind + `","timestamp":"2026-10-01T12:00:00Z","data":{"id":"dsp_1","amount":100,"currency":"EUR"}}`))
		if err != nil || len(notices) != 1 || notices[0].RawKind != kind {
			t.Fatalf("%s: %+v, %v", kind, notices, err)
		}
		got[kind] = told{notices[0].Kind, notices[0].Snapshot.Status, notices[0].Snapshot.Stage}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestParseOddities(t *testing.T) {
	t.Parallel()
	a := newAdapter(t, "http://127.0.0.1:1")
	for name, tt := range map[string]struct {
		body    string
		invalid bool
		kind    dispute.NoticeKind
		at      string
	}{
		// An example of the API before 2022 (checkout.com/docs/previous): no amount,
		// so that the notice tells only how the dispute stands.
		"thin":               {`{"id":"evt_1","type":"dispute_won","created_on":"2018-07-06T11:19:20Z","data":{"id":"dsp_1","date":"2018-07-06T11:19:20Z","category":"canceled_recurring","payment_id":"pay_1","reference":"ref"}}`, false, dispute.NoticeClosed, "2018-07-06T11:19:20Z"},
		"time of the data":   {`{"id":"evt_1","type":"dispute_lost","data":{"id":"dsp_1","date":"2018-07-06T11:19:20Z"}}`, false, dispute.NoticeClosed, "2018-07-06T11:19:20Z"},
		"new dispute event":  {`{"id":"evt_1","type":"dispute_reopened","timestamp":"2026-10-01T12:00:00+02:00","data":{"id":"dsp_1"}}`, false, dispute.NoticeUnknown, "2026-10-01T10:00:00Z"},
		"other data":         {`{"id":"evt_1","type":"payment_paid","timestamp":"2026-10-01T12:00:00Z","data":["a"]}`, false, dispute.NoticeUnknown, "2026-10-01T12:00:00Z"},
		"no time":            {`{"id":"evt_1","type":"payment_paid"}`, true, "", ""},
		"no id":              {`{"type":"dispute_won","timestamp":"2026-10-01T12:00:00Z","data":{"id":"dsp_1"}}`, true, "", ""},
		"no type":            {`{"id":"evt_1","timestamp":"2026-10-01T12:00:00Z"}`, true, "", ""},
		"no dispute":         {`{"id":"evt_1","type":"dispute_won","timestamp":"2026-10-01T12:00:00Z"}`, true, "", ""},
		"dispute without id": {`{"id":"evt_1","type":"dispute_won","timestamp":"2026-10-01T12:00:00Z","data":{}}`, true, "", ""},
	} {
		notices, err := a.Parse([]byte(tt.body))
		if tt.invalid {
			if dispute.KindOf(err) != dispute.Invalid || err == nil {
				t.Errorf("%s: %v, want kind invalid", name, err)
			}
			continue
		}
		if err != nil || notices[0].Kind != tt.kind || notices[0].OccurredAt.Format(time.RFC3339) != tt.at {
			t.Errorf("%s: %+v, %v", name, notices, err)
		}
	}
}

// The order's reference and what else may name a person stay out of a notice.
func TestNoticeHoldsNoReference(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile("testdata/dispute_evidence_required.json")
	if err != nil {
		t.Fatal(err)
	}
	notices, err := newAdapter(t, "http://127.0.0.1:1").Parse(body)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(notices)
	if err != nil || strings.Contains(string(text), "Disputes QA") {
		t.Errorf("%v: %s", err, text)
	}
}

// FuzzVerify: no signature but the right one is good.
func FuzzVerify(f *testing.F) {
	f.Add([]byte(`{}`), "00ff", password)
	f.Add([]byte(``), "", "")
	a := newAdapter(f, "http://127.0.0.1:1")
	f.Fuzz(func(t *testing.T, body []byte, signature, auth string) {
		err := a.Verify(http.Header{"Cko-Signature": {signature}, "Authorization": {auth}}, body, noon)
		if err == nil || dispute.KindOf(err) != dispute.Auth {
			t.Errorf("an unsigned body: error %v, want kind auth", err)
		}
		if err := a.Verify(signed(body, signatureKey), body, noon); err != nil {
			t.Errorf("a signed body is refused: %v", err)
		}
	})
}

// FuzzParse: whatever comes is read or refused with a reason, and what is read
// can be stored.
func FuzzParse(f *testing.F) {
	for _, file := range []string{"dispute_evidence_required", "dispute_canceled", "issuing_dispute_closed"} {
		body, err := os.ReadFile("testdata/" + file + ".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Add([]byte(`{"id":"e","type":"dispute_won","timestamp":"0000-01-01T00:00:00+23:00","data":{"id":"d","amount":1e400,"currency":"clp"}}`))
	f.Add([]byte(`{"id":"e","type":"dispute_won","created_on":"0000-01-01"}`))
	a := newAdapter(f, "http://127.0.0.1:1")
	f.Fuzz(func(t *testing.T, body []byte) {
		notices, err := a.Parse(body)
		if err != nil && dispute.KindOf(err) != dispute.Invalid {
			t.Errorf("error %v, want kind invalid", err)
		}
		for _, n := range notices {
			if n.EventID == "" || n.Kind == "" || n.OccurredAt.IsZero() || (n.Snapshot != nil && n.Snapshot.ID == "") {
				t.Errorf("a notice without its facts: %+v", n)
			}
		}
		if _, err := json.Marshal(notices); err != nil {
			t.Errorf("what was read has no JSON: %v", err)
		}
	})
}
