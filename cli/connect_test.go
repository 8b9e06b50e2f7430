package cli

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/internal/config"
	"github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

const (
	connectKey    = "sk_test_ofTheConnectTest"
	connectSecret = "whsec_ofTheConnectTest"
)

// newAccount is a Stripe account and a configuration of two connections, in
// which the signing secret is not known yet.
func newAccount(t *testing.T) (account *stripe.Stripe, file string) {
	t.Helper()
	account = stripe.New(world.New(1, time.Now, time.Hour), stripe.Options{SecretKey: connectKey, WebhookSecret: connectSecret})
	srv := httptest.NewServer(account)
	t.Cleanup(srv.Close)
	return account, write(t, "database: ${REBUTTAL_TEST_UNSET_DATABASE}\nblobs: mem://\npublic_url: https://rebuttal.acme.example/\nconnections:\n"+
		"  stripe-us:\n    vendor: stripe\n    settings:\n      base_url: "+srv.URL+"\n      secret_key: "+connectKey+"\n"+
		"      webhook_secret: ${REBUTTAL_TEST_UNSET_SECRET} # not ${REBUTTAL_TEST_COMMENT}\n"+
		"  alerts:\n    vendor: slack\n    settings: { bot_token: xoxb-1, signing_secret: \"${file:/nowhere}\" }\n")
}

func TestConnect(t *testing.T) {
	t.Parallel()
	account, file := newAccount(t)
	const ours = "https://rebuttal.acme.example/webhooks/stripe-us"
	run := func(args ...string) string {
		t.Helper()
		return call(append([]string{"connect", "stripe", "--config", file, "--verbose"}, args...)...).want(t, exitDone)
	}
	if out := run("--dry-run"); !strings.Contains(out, ours+": webhook endpoint would be made") || len(account.Endpoints()) != 0 {
		t.Errorf("dry run: %s", out)
	}
	out := run("--connection", "stripe-us")
	for _, says := range []string{ours + ": webhook endpoint made", "charge.dispute.created", "secret  " + connectSecret, "webhook_secret of connection stripe-us"} {
		if !strings.Contains(out, says) {
			t.Errorf("does not say %q: %s", says, out)
		}
	}
	if out := run(); !strings.Contains(out, "is as it must be") || strings.Contains(out, connectSecret) {
		t.Errorf("again: %s", out)
	}
	if got := account.Endpoints(); len(got) != 1 || got[0].URL != ours {
		t.Errorf("endpoints %+v", got)
	}
	other := run("--json", "--url", "http://127.0.0.1:9/door")
	var made connected
	ok(t, json.Unmarshal([]byte(other), &made))
	if made.Change != "create" || made.Secret != connectSecret || made.URL != "http://127.0.0.1:9/door" || made.Connection != "stripe-us" {
		t.Errorf("%+v", made)
	}
	golden(t, "connect.keys", keys(t, other))
}

func TestConnectRefuses(t *testing.T) {
	t.Parallel()
	account, file := newAccount(t)
	for name, tc := range map[string]struct {
		args string
		code int
		says string
	}{
		"plain http":           {"stripe --url http://rebuttal.acme.example", exitUsage, "is not https"},
		"http to a look-alike": {"stripe --url http://localhost.acme.example", exitUsage, "is not https"},
		"another scheme":       {"stripe --url ftp://127.0.0.1", exitUsage, "is not https"},
		"no address":           {"stripe --url rebuttal.acme.example", exitUsage, "is no address"},
		"a password in it":     {"stripe --url https://a:hunter2@rebuttal.acme.example", exitUsage, "is no address"},
		"no vendor":            {"", exitUsage, "accepts 1 arg"},
		"unknown vendor":       {"strype", exitFailed, "no connection of vendor strype"},
		"another connection":   {"stripe --connection alerts", exitFailed, "no connection alerts of vendor stripe"},
		"a vendor without":     {"slack", exitFailed, "slack"},
	} {
		r := call(append([]string{"connect", "--config", file}, strings.Fields(tc.args)...)...)
		r.want(t, tc.code)
		if !strings.Contains(r.err, tc.says) || strings.Contains(r.err, "hunter2") {
			t.Errorf("%s: says %q, want %q in it", name, r.err, tc.says)
		}
	}
	// A key without the permission, and what else may be wrong.
	account.Restrict("dispute_write")
	r := call("connect", "stripe", "--config", file)
	r.want(t, exitFailed)
	for _, says := range []string{"lacks rak_webhook_read", "REBUTTAL_TEST_UNSET_SECRET"} {
		if !strings.Contains(r.err, says) {
			t.Errorf("says %q, want %q in it", r.err, says)
		}
	}
	if strings.Contains(r.err, "REBUTTAL_TEST_COMMENT") || strings.Contains(r.err, connectKey) || len(account.Endpoints()) != 0 {
		t.Errorf("says %q", r.err)
	}
	call("connect", "stripe", "--config", "/nowhere.yaml").want(t, exitFailed)
}

func TestWebhookAddress(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ public, given, want string }{
		{"https://acme.example", "", "https://acme.example/webhooks/eu"},
		{"https://acme.example/rebuttal/", "", "https://acme.example/rebuttal/webhooks/eu"}, // behind a proxy
		{"http://127.0.0.1:8080", "", "http://127.0.0.1:8080/webhooks/eu"},
		{"http://[::1]:8080", "", "http://[::1]:8080/webhooks/eu"},
		{"http://localhost", "https://door.example/", "https://door.example/webhooks/eu"},
		{"http://localhost", "https://door.example/in", "https://door.example/in"},
	} {
		if got, err := webhookAddress(&config.Config{PublicURL: tc.public}, tc.given, "eu"); got != tc.want || err != nil {
			t.Errorf("%s, %s: %s, %v; want %s", tc.public, tc.given, got, err, tc.want)
		}
	}
}
