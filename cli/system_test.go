package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/internal/config"
	"github.com/rebuttal-hq/rebuttal/internal/rehearsal"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	"github.com/rebuttal-hq/rebuttal/ledger"
	"github.com/rebuttal-hq/rebuttal/simulator"
	"github.com/rebuttal-hq/rebuttal/store"
)

var (
	ref    = dispute.Ref{Connection: "stripe-us", ID: "du_1"}
	opened = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
)

// prepare is a migrated system of its own with nobody working in it.
func prepare(t *testing.T) *rehearsal.System {
	t.Helper()
	address, namespace := testenv.Temporal(t)
	sys, err := rehearsal.Prepare(t.Context(), rehearsal.Options{
		Folder: t.TempDir(), Database: testenv.Postgres(t), TemporalAddress: address, Namespace: namespace,
		Day: time.Hour, Seed: 1, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sys.Close)
	return sys
}

// on calls the program with the system's configuration.
func on(sys *rehearsal.System, args string) result {
	return call(append([]string{"--config", sys.File}, strings.Fields(args)...)...)
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// seed is one case that was answered and lost, with its books.
func seed(t *testing.T, db *store.DB) {
	t.Helper()
	ok(t, db.InCase(t.Context(), ref, func(tx *store.CaseTx) error {
		row := tx.Row()
		row.Merchant, row.Family, row.Status, row.Response = "acme", dispute.FamilyProductNotReceived, dispute.StatusLost, dispute.ResponseContest
		row.View = dispute.View{Snapshot: dispute.Snapshot{
			ID: "du_1", Payment: "ch_1", Amount: dispute.Money{Minor: 12900, Currency: "USD"}, Reason: "product_not_received",
			Network: "visa", NetworkCode: "13.1", RawStatus: "lost", Status: dispute.ProviderLost, Stage: dispute.StageChargeback,
			OpenedAt: opened, DueBy: opened.AddDate(0, 0, 7),
		}, OccurredAt: opened, EventID: "evt_1", FirstSeen: opened}
		row.Deadline = dispute.Deadline{At: opened.AddDate(0, 0, 7), Origin: dispute.OriginProvider}
		row.CutOffAt, row.Queue, row.Rule, row.RuleSet, row.Next = opened.AddDate(0, 0, 6), "frontline", "rest", "abc", "closed"
		row.WorkflowID = ref.WorkflowID(1)
		ok(t, tx.Append(store.Event{Key: "1", Kind: "opened", Data: json.RawMessage(`{"event":"evt_1"}`)}))
		ok(t, tx.SaveItems([]dispute.Item{{ID: "order:1", Source: "shop", Kind: dispute.ItemOrder, Title: "Order #1001", At: opened}}))
		return tx.Post([]ledger.Entry{
			entry("opened", ledger.KindOpened, opened, ledger.DisputedFunds, ledger.PSPClearing, 12900),
			entry("lost", ledger.KindLost, opened.AddDate(0, 0, 9), ledger.ChargebackLoss, ledger.DisputedFunds, 12900),
		})
	}))
	_, _, err := db.BeginIntent(t.Context(), store.Intent{Key: "k", CaseID: ref.CaseID(), Kind: "contest", Target: "stripe-us"})
	ok(t, err)
	ok(t, db.FinishIntent(t.Context(), "k", store.Receipt{Detail: json.RawMessage(`{"vendor_id":"du_1"}`), Request: []byte("a"), Response: []byte("b")}))
	// Rows are numbered in the order of their connections.
	_, err = db.SaveNotices(t.Context(), []store.NewNotice{
		{
			Connection: "stripe-us", EventID: "evt_1", Kind: "opened", RawKind: "charge.dispute.created", DisputeID: "du_1",
			OccurredAt: opened, ReceivedAt: opened, Body: []byte(`{}`), Parsed: json.RawMessage(`{}`), State: store.NoticeForwarded,
		},
		{Connection: "alerts", EventID: "x", Kind: "unknown", RawKind: "unreadable", ReceivedAt: opened, Body: []byte("x"), State: store.NoticeUnreadable},
	})
	ok(t, err)
}

func entry(key string, kind ledger.Kind, at time.Time, debit, credit ledger.Account, amount int64) ledger.Entry {
	return ledger.Entry{
		Key: "stripe-us|du_1|" + key, CaseID: ref.CaseID(), Connection: "stripe-us", DisputeID: "du_1", Kind: kind,
		Date: at, Currency: "USD", Memo: "du_1: " + string(kind), Movement: map[bool]string{true: "txn_1"}[kind == ledger.KindOpened],
		Postings: []ledger.Posting{{Account: debit, Side: ledger.Debit, Amount: amount}, {Account: credit, Side: ledger.Credit, Amount: amount}},
	}
}

func TestEmptySystem(t *testing.T) {
	t.Parallel()
	sys := prepare(t)
	for args, says := range map[string]string{
		"cases list": "No case fits", "books balance": "Nothing was posted yet", "books entries": "DATE",
		"notices list": "NOTICE", "tokens list": "TOKEN", "rules history": "imported at the first start",
		"migrate": "up to date", "replay --open": "0 histories",
	} {
		if out := on(sys, args).want(t, exitDone); !strings.Contains(out, says) {
			t.Errorf("%s: %s", args, out)
		}
	}
	// A list is a list, also when there is nothing in it.
	for args, want := range map[string]string{
		"books balance --json": "[]", "books entries --json": "[]", "tokens list --json": "[]",
		"cases list --json": `{"items":[],"next_cursor":""}`, "notices list --json": `{"items":[],"next_cursor":""}`,
	} {
		out := on(sys, args).want(t, exitDone)
		if got := strings.Join(strings.Fields(out), ""); got != want {
			t.Errorf("%s: %s", args, got)
		}
	}
	for args, says := range map[string]string{
		"cases show cs_none": "not_found", "cases hold cs_none": "not_found", "notices redeliver 99": "not_found", "tokens revoke 99": "not_found",
		"rules explain cs_none": "not_found", "cases list --cursor nonsense": "cursor", "tokens create x --role owner": "unknown role",
	} {
		r := on(sys, args)
		r.want(t, exitFailed)
		if !strings.Contains(r.err, says) {
			t.Errorf("%s: says %q, want %q in it", args, r.err, says)
		}
	}
}

func TestSeededSystem(t *testing.T) {
	t.Parallel()
	sys := prepare(t)
	seed(t, sys.App.DB)
	for _, format := range []string{"hledger", "beancount", "csv", "json"} {
		golden(t, "export."+format, on(sys, "books export --format "+format).want(t, exitDone))
	}
	golden(t, "balance.txt", on(sys, "books balance").want(t, exitDone))
	golden(t, "entries.txt", on(sys, "books entries").want(t, exitDone))
	for name, args := range map[string]string{
		"cases-list": "cases list", "cases-show": "cases show du_1", "notices-list": "notices list",
		"balance": "books balance", "entries": "books entries", "history": "rules history", "explain": "rules explain du_1",
	} {
		golden(t, name+".keys", keys(t, on(sys, args+" --json").want(t, exitDone)))
	}
	for args, says := range map[string]string{
		"cases list":                                         ref.CaseID(),
		"cases list --status lost --find du_1":               ref.CaseID(),
		"cases list --status won":                            "No case fits",
		"cases list --open":                                  "No case fits",
		"cases show " + ref.CaseID():                         "hashes hold: true",
		"cases show stripe-us/du_1":                          "response  contest by key k",
		"rules explain du_1":                                 "decided by rest",
		"books entries --since 2026-03-05":                   "2026-03-13",
		"notices list --state unreadable":                    "unreadable",
		"books balance --json --verbose=false":               `"account": "psp_clearing"`,
		"books export --connection none":                     "",
		"books entries --until 2026-03-05 --json":            `"kind": "opened"`,
		"notices list --dispute du_1 --connection stripe-us": "charge.dispute.created",
	} {
		if out := on(sys, args).want(t, exitDone); !strings.Contains(out, says) {
			t.Errorf("%s: %s", args, out)
		}
	}
	if out := on(sys, "books entries --until 2026-03-05").want(t, exitDone); strings.Contains(out, "2026-03-13") {
		t.Errorf("up to and without a day: %s", out)
	}
	// Its workflow has ended: decisions are refused, in words.
	for _, decision := range []string{"hold", "release", "approve", "accept", "submit", "assign", "plan"} {
		r := on(sys, "cases "+decision+" du_1")
		r.want(t, exitFailed)
		if !strings.Contains(r.err, "the case is closed") {
			t.Errorf("%s: %s", decision, r.err)
		}
	}
	if out := on(sys, "notices redeliver 2").want(t, exitDone); !strings.Contains(out, "on its way") {
		t.Error(out)
	}
	on(sys, "notices redeliver 1").want(t, exitFailed) // unreadable
}

func TestTokens(t *testing.T) {
	t.Parallel()
	sys := prepare(t)
	secret := strings.TrimSpace(on(sys, "tokens create ci --role finance").want(t, exitDone))
	by, err := sys.App.Desk.Authenticate(t.Context(), secret)
	if err != nil || by.ID != "ci" || by.Role != "finance" {
		t.Errorf("%+v, %v", by, err)
	}
	var made struct{ Token string }
	ok(t, json.Unmarshal([]byte(on(sys, "tokens create robot --actor mo --json").want(t, exitDone)), &made))
	if by, err := sys.App.Desk.Authenticate(t.Context(), made.Token); err != nil || by.ID != "mo" || by.Role != "viewer" {
		t.Errorf("%+v, %v", by, err)
	}
	_, err = sys.App.Desk.LoginToken(t.Context(), "mo@acme.example", "viewer", time.Date(2199, 2, 3, 4, 5, 0, 0, time.UTC))
	ok(t, err)
	list := on(sys, "tokens list").want(t, exitDone)
	if !strings.Contains(list, "robot") || !strings.Contains(list, "2199-02-03") || strings.Contains(list, secret) || strings.Contains(list, store.TokenPrefix) {
		t.Error(list)
	}
	golden(t, "tokens.keys", keys(t, on(sys, "tokens list --json").want(t, exitDone)))
	var rows []store.Token
	ok(t, json.Unmarshal([]byte(on(sys, "tokens list --json").want(t, exitDone)), &rows))
	on(sys, "tokens revoke "+strconv.FormatInt(rows[0].ID, 10)).want(t, exitDone)
	if _, err := sys.App.Desk.Authenticate(t.Context(), secret); dispute.KindOf(err) != dispute.Auth {
		t.Errorf("a revoked token: %v", err)
	}
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	sys := prepare(t)
	cfg, err := config.Load(sys.File)
	ok(t, err)
	all := len(cfg.Connections) + 3 // database, blobs, temporal
	if out := on(sys, "doctor").want(t, exitDone); strings.Contains(out, "FAIL") || strings.Count(out, "works") != all {
		t.Error(out)
	}
	text, err := os.ReadFile(sys.File)
	ok(t, err)
	bent := filepath.Join(t.TempDir(), "rebuttal.yaml")
	ok(t, os.WriteFile(bent, []byte(strings.Replace(string(text), simulator.ZendeskToken, "expired", 1)), 0o600))
	r := call("doctor", "--config", bent)
	out := r.want(t, exitFailed)
	if !strings.Contains(out, "FAIL  connection helpdesk") || strings.Count(out, "works") != all-1 || !strings.Contains(r.err, fmt.Sprintf("1 of %d do not work", all+strings.Count(out, "granted"))) {
		t.Errorf("%s%s", out, r.err)
	}
	if strings.Contains(out+r.err, "expired") {
		t.Error("a credential is shown")
	}
	r = call("doctor", "--json", "--config", bent)
	golden(t, "doctor.keys", keys(t, r.want(t, exitFailed)))

	sys.Simulator.Stripe.Restrict("dispute_write", "file_write", "charge_read", "customer_read", "payment_intent_read", "balance_transaction_read")
	r = on(sys, "doctor")
	out = r.want(t, exitFailed)
	if !strings.Contains(out, "FAIL  connection stripe-us, Invoices: read") || !strings.Contains(out, "lacks rak_invoice_read") || strings.Count(out, "FAIL") != 1 {
		t.Errorf("a key without a permission:\n%s", out)
	}
}

// The running roles end by themselves when they are told to.
func TestRolesEnd(t *testing.T) {
	t.Parallel()
	sys := prepare(t)
	text, err := os.ReadFile(sys.File)
	ok(t, err)
	file := filepath.Join(t.TempDir(), "rebuttal.yaml")
	free := strings.Replace(string(text), "listen: "+strings.TrimPrefix(sys.Console, "http://"), "listen: 127.0.0.1:0", 1)
	ok(t, os.WriteFile(file, []byte(free), 0o600))
	for _, role := range []string{"starter", "worker", "all"} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			ctx, stop := context.WithTimeout(t.Context(), 10*time.Second) // to be up, on a busy machine too
			defer stop()
			root := (&env{out: io.Discard, err: io.Discard}).root()
			root.SetArgs([]string{role, "--config", file})
			if err := root.ExecuteContext(ctx); err != nil {
				t.Error(err)
			}
		})
	}
}
