package e2e

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/internal/boot"
	"github.com/rebuttal-hq/rebuttal/internal/config"
	"github.com/rebuttal-hq/rebuttal/internal/rehearsal"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	"github.com/rebuttal-hq/rebuttal/ledger"
	"github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// account is one of two Stripe accounts. Their worlds grow from one seed, so
// that disputes, charges and events have the same ids in both.
type account struct {
	*stripe.Stripe
	world                              *world.World
	connection, merchant, currency     string
	secretKey, webhookSecret, endpoint string
}

const twoRules = `queues:
  all: { members: [ana@acme.example], escalate_to: mo@acme.example }
ladder:
  standard: { remind: [24h], cut_off: 6h, at_cut_off: submit }
rules:
  - { id: rest, when: "true", then: { queue: all, approval: none, ladder: standard, respond: contest } }
`

// prepareTwo makes a system of two accounts and runs it.
func prepareTwo(t *testing.T) (*rehearsal.System, []*account) {
	t.Helper()
	database := testenv.Postgres(t)
	address, namespace := testenv.Temporal(t)
	log, folder := slog.New(slog.DiscardHandler), t.TempDir()
	sys, err := rehearsal.Prepare(t.Context(), rehearsal.Options{
		Folder: folder, Database: database, TemporalAddress: address, Namespace: namespace,
		Day: day, Seed: 1, Rules: []byte(twoRules), Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sys.Close)
	accounts := []*account{
		newAccount(t, sys, "stripe-us", "acme", "USD"),
		newAccount(t, sys, "stripe-eu", "acme-eu", "EUR"),
	}
	text := fmt.Sprintf("database: %s\nblobs: file://%s\nbase_currency: USD\nday: %s\ntemporal: { address: %s, namespace: %s }\n",
		database, filepath.Join(folder, "blobs"), day, address, namespace)
	connections, merchants := "connections:\n", "merchants:\n"
	for _, a := range accounts {
		connections += fmt.Sprintf("  %s: { vendor: stripe, settings: { base_url: %q, secret_key: %s, webhook_secret: %s } }\n",
			a.connection, a.endpoint, a.secretKey, a.webhookSecret)
		merchants += fmt.Sprintf("  - { id: %s, providers: [%s] }\n", a.merchant, a.connection)
	}
	cfg, err := config.Parse("two.yaml", []byte(text+connections+merchants))
	if err != nil {
		t.Fatal(err)
	}
	app, err := boot.Open(t.Context(), cfg, log)
	if err != nil {
		t.Fatal(err)
	}
	app.SDKLog = log
	sys.App.Close()
	sys.App = app
	if err := sys.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return sys, accounts
}

func newAccount(t *testing.T, sys *rehearsal.System, connection, merchant, currency string) *account {
	t.Helper()
	a := &account{
		world: world.New(42, time.Now, day), connection: connection, merchant: merchant, currency: currency,
		secretKey: "sk_test_of_" + connection, webhookSecret: "whsec_of_" + connection,
	}
	a.Stripe = stripe.New(a.world, stripe.Options{
		SecretKey: a.secretKey, WebhookSecret: a.webhookSecret, TargetURL: sys.Console + "/webhooks/" + connection,
	})
	srv := httptest.NewServer(a)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() { defer close(done); a.Run(ctx) }()
	t.Cleanup(func() { stop(); <-done; srv.Close() })
	a.endpoint = srv.URL
	return a
}

// TestTwoAccountsDoNotMix plays one dispute id at two accounts of one vendor at
// once: two cases, each answered with its own key at its own account, one won,
// one lost, each in its own books.
func TestTwoAccountsDoNotMix(t *testing.T) {
	t.Parallel()
	sys, accounts := prepareTwo(t)
	id := ""
	for _, a := range accounts {
		order := a.world.NewOrder(world.OrderOptions{Total: 12900, Currency: a.currency})
		opened := a.Open(order, stripe.DisputeOptions{Reason: "product_not_received", NetworkCode: "13.1", DueIn: 60 * day})
		if id != "" && opened != id {
			t.Fatalf("disputes %s and %s: the accounts must use the same id", id, opened)
		}
		id = opened
	}
	for _, a := range accounts {
		approve(t, sys, a.connection+"/"+id)
	}
	for i, a := range accounts {
		f := awaitReceipt(t, sys, a.connection+"/"+id)
		ownAnswer(t, a, f)
		if err := a.Decide(id, i == 0); err != nil {
			t.Fatal(err)
		}
	}
	for i, a := range accounts {
		want := []dispute.Status{dispute.StatusWon, dispute.StatusLost}[i]
		ctx := patience(t)
		d, _ := a.Dispute(id)
		var f desk.CaseFile
		wait(ctx, t, a.connection+" to be "+string(want), func() bool {
			var err error
			f, err = sys.App.Desk.Case(ctx, desk.System, a.connection+"/"+id)
			return err == nil && f.Status == want && moved(f, d)
		})
		ownBooks(t, a, f)
	}
	if err := sys.Balanced(t.Context()); err != nil {
		t.Error(err)
	}
	crossPost(t, sys, accounts, id)
}

// approve sends a case's packet as soon as there is one; no source completes it.
func approve(t *testing.T, sys *rehearsal.System, id string) {
	t.Helper()
	ctx := patience(t)
	wait(ctx, t, "a packet of "+id, func() bool {
		f, err := sys.App.Desk.Case(ctx, desk.System, id)
		if err != nil || f.PacketHash == "" {
			return false
		}
		_, err = sys.App.Desk.Decide(ctx, desk.System, id, dispute.Decision{ID: "approve " + id, Kind: dispute.DecideApprove, Stage: f.View.Snapshot.Stage})
		return err == nil
	})
}

// ownAnswer checks that a case's answer went to its own account only.
func ownAnswer(t *testing.T, a *account, f desk.CaseFile) {
	t.Helper()
	d, _ := a.Dispute(f.Ref.ID)
	if d.Submissions != 1 || len(d.Bodies) != 1 || len(d.Answers) != 1 {
		t.Fatalf("%s: %d submissions, %d bodies, %d answers, want one", a.connection, d.Submissions, len(d.Bodies), len(d.Answers))
	}
	if f.Ref.Connection != a.connection || f.Merchant != a.merchant || f.View.Snapshot.Amount != (dispute.Money{Minor: 12900, Currency: a.currency}) {
		t.Errorf("%s: case of %s, merchant %s, %s", a.connection, f.Ref.Connection, f.Merchant, f.View.Snapshot.Amount)
	}
	if f.Submission.Target != a.connection || f.Submission.Key != d.Answers[0].Key || string(f.Submission.Request) != d.Answers[0].Body {
		t.Errorf("%s: receipt of %s under %s, the account has %s", a.connection, f.Submission.Target, f.Submission.Key, d.Answers[0].Key)
	}
	for _, item := range f.Items {
		if item.Source != a.connection {
			t.Errorf("%s: evidence %s is of %s", a.connection, item.ID, item.Source)
		}
	}
	for _, r := range a.Requests() {
		if r.Status == http.StatusUnauthorized {
			t.Errorf("%s: %s %s came with another account's key", a.connection, r.Method, r.Path)
		}
	}
}

// moved reports whether the journal holds what the account moved.
func moved(f desk.CaseFile, d stripe.Dispute) bool {
	var want, got int64
	for _, m := range d.Movements {
		want += m.Net()
	}
	for _, b := range ledger.TrialBalance(f.Journal) {
		if b.Account == ledger.PSPClearing {
			got += b.Net()
		}
	}
	return got == want && f.ChainOK
}

func ownBooks(t *testing.T, a *account, f desk.CaseFile) {
	t.Helper()
	if len(f.Journal) < 2 {
		t.Errorf("%s: %d entries", a.connection, len(f.Journal))
	}
	for _, e := range f.Journal {
		if e.Connection != a.connection || e.Currency != a.currency || e.CaseID != f.ID || !strings.HasPrefix(e.Key, a.connection) {
			t.Errorf("%s: entry %s of %s in %s", a.connection, e.Key, e.Connection, e.Currency)
		}
	}
}

// crossPost posts what one account signed to the other's address: it is refused,
// and no case changes.
func crossPost(t *testing.T, sys *rehearsal.System, accounts []*account, id string) {
	t.Helper()
	for i, a := range accounts {
		other := accounts[1-i]
		events := a.Events(id)
		body, at := events[len(events)-1].Body, time.Now().Unix()
		mac := hmac.New(sha256.New, []byte(a.webhookSecret))
		_, _ = fmt.Fprintf(mac, "%d.%s", at, body)
		signature := fmt.Sprintf("t=%d,v1=%s", at, hex.EncodeToString(mac.Sum(nil)))
		for connection, taken := range map[string]bool{a.connection: true, other.connection: false} {
			if status := postWebhook(t, sys.Console+"/webhooks/"+connection, signature, body); (status == http.StatusOK) != taken {
				t.Errorf("signed by %s and posted to %s: HTTP %d", a.connection, connection, status)
			}
		}
	}
}

func postWebhook(t *testing.T, address, signature string, body []byte) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Stripe-Signature", signature)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}
