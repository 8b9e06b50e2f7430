package webhooks

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"
	"github.com/stripe/stripe-go/v76/webhook"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/shipbob"
	"github.com/rebuttal-hq/rebuttal/integrations/slack"
	"github.com/rebuttal-hq/rebuttal/integrations/stripe"
	"github.com/rebuttal-hq/rebuttal/internal/telemetry"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	standin "github.com/rebuttal-hq/rebuttal/simulator/slack"
	"github.com/rebuttal-hq/rebuttal/store"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	testenv.Main(m)
}

const (
	newSecret   = "whsec_new"
	oldSecret   = "whsec_old"
	slackSecret = "slack-signing"
)

var now = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// inbox keeps notices in memory, or refuses them.
type inbox struct {
	mu   sync.Mutex
	rows []store.NewNotice
	err  error
}

func (i *inbox) Save(_ context.Context, rows ...store.NewNotice) ([]store.Saved, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.err != nil {
		return nil, i.err
	}
	i.rows = append(i.rows, rows...)
	return make([]store.Saved, len(rows)), nil
}

// connections are a Stripe account with two live secrets, a Slack workspace
// and a warehouse, which takes no webhooks.
func connections(t testing.TB) *integrations.Set {
	t.Helper()
	settings := map[string]func(any){
		"stripe-us": func(v any) {
			s, _ := v.(*stripe.Settings)
			s.SecretKey, s.WebhookSecrets = "sk_test_1", []string{newSecret, oldSecret}
		},
		"alerts": func(v any) {
			s, _ := v.(*slack.Settings)
			s.BotToken, s.SigningSecret = "xoxb-1", slackSecret
		},
		"warehouse": func(v any) {
			s, _ := v.(*shipbob.Settings)
			s.AccessToken = "pat-1"
		},
	}
	var list []integrations.Connection
	for name, vendor := range map[string]string{"stripe-us": "stripe", "alerts": "slack", "warehouse": "shipbob"} {
		fill := settings[name]
		list = append(list, integrations.Connection{Name: name, Vendor: vendor, Decode: func(v any) error { fill(v); return nil }})
	}
	deps := integrations.Deps{HTTP: &http.Client{}, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)}
	set, err := integrations.Build([]integrations.Vendor{stripe.Vendor, slack.Vendor, shipbob.Vendor}, deps, list)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

type house struct {
	http.Handler
	reg *telemetry.Metrics
	log *bytes.Buffer
}

func open(t testing.TB, to Inbox) house {
	t.Helper()
	m, err := telemetry.NewMetrics()
	if err != nil {
		t.Fatal(err)
	}
	h := house{reg: m, log: &bytes.Buffer{}}
	g := gin.New()
	log := slog.New(slog.NewTextHandler(h.log, nil))
	door := New(connections(t), to, func() time.Time { return now }, log, h.reg.Webhooks)
	g.POST("/webhooks/:connection", door.Handle)
	g.GET("/webhooks/:connection", door.Challenge)
	h.Handler = g
	return h
}

func (h house) post(t testing.TB, connection string, header http.Header, body []byte) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/webhooks/"+connection, bytes.NewReader(body))
	for k, v := range header {
		r.Header[k] = v
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func signed(body []byte, at time.Time, secret string) http.Header {
	signature := hex.EncodeToString(webhook.ComputeSignature(at, body, secret))
	return http.Header{
		"Stripe-Signature": {fmt.Sprintf("t=%d,v1=%s", at.Unix(), signature)},
		"Content-Type":     {"application/json; charset=utf-8"},
	}
}

// event is a Stripe event about a dispute.
func event(id, kind string) []byte {
	return fmt.Appendf(nil, `{"id":%q,"object":"event","api_version":"2026-10-28.endive","created":1772625600,"type":%q,
		"data":{"object":{"id":"du_1","object":"dispute","amount":12900,"currency":"usd","charge":"ch_1","reason":"fraudulent",
		"status":"needs_response","created":1772625600,"evidence_details":{"due_by":1773230399,"has_evidence":false,"past_due":false,"submission_count":0}}}}`, id, kind)
}

const warning = `{"id":"evt_w","object":"event","created":1772625600,"type":"radar.early_fraud_warning.created",
	"data":{"object":{"id":"issfr_1","object":"radar.early_fraud_warning","charge":"ch_1","actionable":true}}}`

const press = `{"type":"block_actions","trigger_id":"T.1","response_url":"https://hooks.slack.com/r/1","user":{"id":"U1"},
	"actions":[{"type":"button","action_id":"approve","value":"cs_1","action_ts":"1.2"}]}`

// kept is what a test asks of a stored row.
type kept struct {
	Event, Kind, Raw, Dispute string
	State                     store.NoticeState
}

func TestDoor(t *testing.T) {
	t.Parallel()
	opened, strange := event("evt_1", "charge.dispute.created"), event("evt_2", "charge.dispute.rethought")
	unrelated := []byte(`{"id":"evt_3","object":"event","created":1772625600,"type":"customer.created","data":{"object":{"id":"cus_1"}}}`)
	click := []byte(url.Values{"payload": {press}}.Encode())
	large := bytes.Repeat([]byte("a"), maxBody+1)
	full := bytes.Repeat([]byte("a"), maxBody)
	unread := []kept{{Kind: "unknown", Raw: "unreadable", State: store.NoticeUnreadable}}
	for name, tc := range map[string]struct {
		connection string // stripe-us when empty
		header     http.Header
		body       []byte
		away       bool // the database is
		want       int
		rows       []kept
	}{
		"dispute opened": {
			header: signed(opened, now, newSecret), body: opened, want: 200,
			rows: []kept{{"evt_1", "opened", "charge.dispute.created", "du_1", store.NoticePending}},
		},
		"signed with the secret that is rolled out": {
			header: signed(opened, now, oldSecret), body: opened, want: 200,
			rows: []kept{{"evt_1", "opened", "charge.dispute.created", "du_1", store.NoticePending}},
		},
		"a dispute event nobody knows yet": {
			header: signed(strange, now, newSecret), body: strange, want: 200,
			rows: []kept{{"evt_2", "unknown", "charge.dispute.rethought", "du_1", store.NoticePending}},
		},
		"an event about no dispute": {
			header: signed(unrelated, now, newSecret), body: unrelated, want: 200,
			rows: []kept{{"evt_3", "unknown", "customer.created", "", store.NoticeStored}},
		},
		"early fraud warning": {
			header: signed([]byte(warning), now, newSecret), body: []byte(warning), want: 200,
			rows: []kept{{"evt_w", "fraud_warning", "radar.early_fraud_warning.created", "", store.NoticeStored}},
		},
		"another secret":     {header: signed(opened, now, "whsec_other"), body: opened, want: 401},
		"another body":       {header: signed(strange, now, newSecret), body: opened, want: 401},
		"stale":              {header: signed(opened, now.Add(-time.Hour), newSecret), body: opened, want: 401},
		"from the future":    {header: signed(opened, now.Add(time.Hour), newSecret), body: opened, want: 401},
		"no signature":       {body: opened, want: 401},
		"Slack's signature":  {header: standin.Sign(slackSecret, opened, now), body: opened, want: 401},
		"unknown connection": {connection: "stripe-eu", header: signed(opened, now, newSecret), body: opened, want: 404},
		"takes no webhooks":  {connection: "warehouse", header: signed(opened, now, newSecret), body: opened, want: 404},
		"no JSON":            {header: signed([]byte("hello"), now, newSecret), body: []byte("hello"), want: 400, rows: unread},
		"no event":           {header: signed([]byte("{}"), now, newSecret), body: []byte("{}"), want: 400, rows: unread},
		"empty":              {header: signed(nil, now, newSecret), want: 400, rows: unread},
		"too large":          {header: signed(large, now, newSecret), body: large, want: 413},
		"just not too large": {header: signed(full, now, newSecret), body: full, want: 400, rows: unread},
		"database away":      {header: signed(opened, now, newSecret), body: opened, away: true, want: 503},
		"unreadable, database away": {
			header: signed([]byte("hello"), now, newSecret), body: []byte("hello"), away: true, want: 503,
		},
		"click": {
			connection: "alerts", header: standin.Sign(slackSecret, click, now), body: click, want: 200,
			rows: []kept{{"", store.KindClick, "approve", "", store.NoticePending}},
		},
		"forged click":     {connection: "alerts", header: standin.Sign("other", click, now), body: click, want: 401},
		"unsigned click":   {connection: "alerts", body: click, want: 401},
		"unreadable click": {connection: "alerts", header: standin.Sign(slackSecret, []byte("a=b"), now), body: []byte("a=b"), want: 400, rows: unread},
		"nothing pressed": {
			connection: "alerts", body: []byte("payload=%7B%22type%22%3A%22x%22%7D"),
			header: standin.Sign(slackSecret, []byte("payload=%7B%22type%22%3A%22x%22%7D"), now), want: 200,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := &inbox{}
			if tc.away {
				in.err = dispute.Errorf(dispute.Transient, "store", "away")
			}
			if tc.connection == "" {
				tc.connection = "stripe-us"
			}
			h := open(t, in)
			w := h.post(t, tc.connection, tc.header, tc.body)
			if w.Code != tc.want {
				t.Errorf("HTTP %d, want %d: %s", w.Code, tc.want, w.Body)
			}
			var said struct {
				Status int    `json:"status"`
				Detail string `json:"detail"`
			}
			if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil || said.Status != tc.want || said.Detail == "" {
				t.Errorf("the answer is %s", w.Body)
			}
			if diff := cmp.Diff(tc.rows, in.kept(t, tc.connection, tc.body)); diff != "" {
				t.Errorf("stored (-want +got):\n%s", diff)
			}
			for _, secret := range []string{newSecret, slackSecret, "du_1", "hello"} {
				if strings.Contains(h.log.String(), secret) {
					t.Errorf("the log holds %q: %s", secret, h.log)
				}
			}
		})
	}
}

// kept checks what every row has, and returns the rest.
func (i *inbox) kept(t *testing.T, connection string, body []byte) []kept {
	t.Helper()
	var out []kept
	for _, r := range i.rows {
		if r.Connection != connection || !bytes.Equal(r.Body, body) || !r.ReceivedAt.Equal(now) || r.EventID == "" {
			t.Errorf("row %+v", r)
		}
		if (r.Parsed == nil) != (r.State == store.NoticeUnreadable) {
			t.Errorf("state %s, parsed %s", r.State, r.Parsed)
		}
		if !strings.HasPrefix(r.EventID, "evt_") {
			r.EventID = "" // computed
		}
		out = append(out, kept{r.EventID, r.Kind, r.RawKind, r.DisputeID, r.State})
	}
	return out
}

func TestClickIsKeptWhole(t *testing.T) {
	t.Parallel()
	in := &inbox{}
	body := []byte(url.Values{"payload": {press}}.Encode())
	open(t, in).post(t, "alerts", standin.Sign(slackSecret, body, now), body)
	var got integrations.Click
	if err := json.Unmarshal(in.rows[0].Parsed, &got); err != nil {
		t.Fatal(err)
	}
	want := integrations.Click{ID: in.rows[0].EventID, CaseID: "cs_1", Kind: dispute.DecideApprove, UserID: "U1", ReplyURL: "https://hooks.slack.com/r/1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A body whose sender hangs up in the middle is no webhook.
func TestBrokenBody(t *testing.T) {
	t.Parallel()
	in := &inbox{}
	h := open(t, in)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/webhooks/stripe-us", brokenReader{})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusBadRequest || len(in.rows) != 0 {
		t.Errorf("HTTP %d, %d rows", w.Code, len(in.rows))
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("hung up") }

// Strangers must not make series: the label is ours, or "unknown".
func TestCounter(t *testing.T) {
	t.Parallel()
	in := &inbox{}
	h := open(t, in)
	body := event("evt_1", "charge.dispute.created")
	for i := range 50 {
		h.post(t, fmt.Sprintf("stranger-%d", i), signed(body, now, newSecret), body)
	}
	h.post(t, "warehouse", nil, body)
	h.post(t, "stripe-us", signed(body, now, newSecret), body)
	h.post(t, "stripe-us", nil, body)
	got := map[string]float64{}
	families, err := h.reg.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(families, func(f *dto.MetricFamily) bool { return f.GetName() == "rebuttal_webhooks_total" })
	if at < 0 {
		t.Fatal("nothing was counted")
	}
	for _, m := range families[at].GetMetric() {
		labels := map[string]string{}
		for _, l := range m.GetLabel() {
			labels[l.GetName()] = l.GetValue()
		}
		got[labels["connection"]+" "+labels["outcome"]] = m.GetCounter().GetValue()
	}
	want := map[string]float64{"unknown unknown_connection": 51, "stripe-us stored": 1, "stripe-us bad_signature": 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOnPostgreSQL(t *testing.T) {
	t.Parallel()
	db, err := store.Open(t.Context(), testenv.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	in := store.NewInserter(db, 2)
	t.Cleanup(in.Close)
	h := open(t, in)
	body := event("evt_1", "charge.dispute.created")
	var senders sync.WaitGroup
	for range 20 {
		senders.Go(func() {
			if w := h.post(t, "stripe-us", signed(body, now, newSecret), body); w.Code != http.StatusOK {
				t.Errorf("HTTP %d %s", w.Code, w.Body)
			}
		})
	}
	senders.Wait()
	h.post(t, "stripe-us", signed([]byte("hello"), now, newSecret), []byte("hello"))
	rows, _, err := db.ListNotices(t.Context(), store.NoticeFilter{})
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 2 || rows[0].State != store.NoticeUnreadable || string(rows[0].Body) != "hello" || rows[1].EventID != "evt_1" {
		t.Fatalf("stored %+v", rows)
	}
	n, err := rows[1].Notice()
	if err != nil || n.Connection != "stripe-us" || n.Snapshot.ID != "du_1" || !rows[1].DueBy.Equal(n.Snapshot.DueBy) {
		t.Errorf("notice %+v, %v", n, err)
	}
}
