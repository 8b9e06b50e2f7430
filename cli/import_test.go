package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/backtest"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/history"
	"github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
	"github.com/rebuttal-hq/rebuttal/store"
)

const oldFile = `Dispute ID,Opened,Amount,Currency,Network,Reason Code,Response,Outcome,Decided,Email
du_1,2026-01-05,129.00,USD,visa,13.1,contested,won,2026-03-01,eva@example.com
du_2,2026-01-06,12.00,USD,visa,10.4,accepted,lost,2026-01-07,eva@example.com
du_3,2026-01-07,"1.290,00",USD,visa,10.4,contested,won,2026-03-01,
4111111111111111,2026-01-07,12.00,USD,visa,10.4,contested,won,2026-03-01,
`

// limits are rules with a threshold below which disputes are accepted.
func limits(threshold string) string {
	return strings.Replace(goodRules, "rules:\n", "base_currency: USD\nrules:\n  - { id: tiny, when: 'dispute.amount_base < money(\""+threshold+"\")', then: { queue: all, approval: none, ladder: l, respond: accept } }\n", 1)
}

func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path) // #nosec G304 -- the test's own
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestImportOffline(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"old.csv": oldFile})
	file, mapping := filepath.Join(dir, "old.csv"), filepath.Join(dir, "map.yaml")
	guessed := call("import", file, "--guess", "--connection", "stripe-us").want(t, exitDone)
	golden(t, "import-guess.txt", guessed)
	if err := os.WriteFile(mapping, []byte(guessed), 0o600); err != nil {
		t.Fatal(err)
	}

	r := call("import", file, "--mapping", mapping, "--dry-run")
	r.want(t, exitFailed)
	if !strings.HasPrefix(r.out, "2 rows are right, 2 are not; nothing was kept\n") || !strings.Contains(r.err, "2 rows are wrong") {
		t.Errorf("says %q and %q", r.out, r.err)
	}
	rejects := read(t, file+".rejects.csv")
	golden(t, "import-rejects.csv", rejects)
	if strings.Contains(rejects, "4111") {
		t.Error("the rejects quote a card number")
	}

	for _, args := range [][]string{
		{"import"}, {"import", file, "--from", "stripe-us"}, {"import", file}, {"import", "--from", "stripe-us", "--since", "soon"},
	} {
		call(args...).want(t, exitUsage)
	}
	call("import", file, "--mapping", "/nowhere.yaml").want(t, exitFailed)
	call("import", "/nowhere.csv", "--guess").want(t, exitFailed)
	call("import", file, "--mapping", write(t, "columns: {Dispute ID: ident}")).want(t, exitFailed)
}

func TestImportAndBacktest(t *testing.T) {
	t.Parallel()
	config := prepare(t).File
	dir := folder(t, map[string]string{"old.csv": oldFile, "live.yaml": limits("15 USD"), "draft.yaml": limits("5 USD")})
	file, mapping, live, draft := filepath.Join(dir, "old.csv"), filepath.Join(dir, "map.yaml"), filepath.Join(dir, "live.yaml"), filepath.Join(dir, "draft.yaml")
	if err := os.WriteFile(mapping, []byte(call("import", file, "--guess", "--connection", "stripe-us").want(t, exitDone)), 0o600); err != nil {
		t.Fatal(err)
	}
	out := call("--config", config, "import", file, "--mapping", mapping).want(t, exitDone)
	if !strings.HasPrefix(out, "2 disputes are new, 0 changed, 0 are as they were; 2 rows were left out\n") {
		t.Errorf("import says %q", out)
	}
	out = call("--config", config, "import", file, "--mapping", mapping, "--resume").want(t, exitDone)
	if !strings.HasPrefix(out, "2 disputes are new, 0 changed, 0 are as they were; 2 rows were left out\n") {
		t.Errorf("resumed after its end, import says %q", out)
	}

	golden(t, "backtest.txt", call("--config", config, "rules", "backtest", draft, "--against", live).want(t, exitDone))
	var r backtest.Report
	if err := json.Unmarshal([]byte(call("--config", config, "rules", "backtest", draft, "--against", draft, "--json").want(t, exitDone)), &r); err != nil || r.Disputes != 2 || r.Moved != 0 {
		t.Errorf("against itself %+v, %v", r, err)
	}
	failed := call("--config", config, "rules", "backtest", draft, "--against", live, "--fail-on", "moved > 10%", "--fail-on", "work > 5")
	failed.want(t, exitFailed)
	if !strings.Contains(failed.err, "moved > 10%: it is 50.0%") || strings.Contains(failed.err, "work") {
		t.Errorf("says %q", failed.err)
	}
	call("--config", config, "rules", "backtest", draft, "--fail-on", "moved").want(t, exitUsage)
	call("--config", config, "rules", "backtest", write(t, "rules: []")).want(t, exitFailed)
	for _, notKept := range [][]string{{draft}, {"4"}, {"draft:4", "--against", draft}} {
		call(append([]string{"--config", config, "rules", "backtest", "--keep"}, notKept...)...).want(t, exitUsage)
	}
	call("--config", config, "rules", "backtest", "draft:99", "--keep").want(t, exitFailed)
	call("--config", config, "rules", "backtest", draft, "--since", "x").want(t, exitUsage)
	call("--config", config, "import", "--from", "nobody").want(t, exitUsage)
	none := call("--config", config, "import", "--from", "shop")
	if none.want(t, exitFailed); !strings.Contains(none.err, "shop cannot list disputes: export them at the provider") {
		t.Errorf("says %q", none.err)
	}
}

// Stripe lists what it has decided; the same twice is known.
func TestImportFromProvider(t *testing.T) {
	t.Parallel()
	sys := prepare(t)
	sim := sys.Simulator
	if r := on(sys, "import --from stripe-us"); r.code != exitFailed || !strings.Contains(r.err, "stripe-us lists 0 disputes and none that was decided") {
		t.Errorf("code %d, says %q", r.code, r.err)
	}
	for _, win := range []bool{true, false} {
		id := sim.Stripe.Open(sim.World.NewOrder(world.OrderOptions{Total: 6450}), stripe.DisputeOptions{Reason: "fraudulent", NetworkCode: "10.4"})
		ok(t, sim.Stripe.Decide(id, win))
	}
	sim.Stripe.Open(sim.World.NewOrder(world.OrderOptions{Total: 100}), stripe.DisputeOptions{Reason: "fraudulent"})
	for _, want := range []string{"2 rows are right, 0 are not", "2 disputes are new", "0 disputes are new, 0 changed, 2 are as they were"} {
		args := "import --from stripe-us"
		if strings.Contains(want, "rows") {
			args += " --dry-run"
		}
		if out := on(sys, args).want(t, exitDone); !strings.HasPrefix(out, want) {
			t.Errorf("says %q, want %q", out, want)
		}
	}
	var r backtest.Report
	ok(t, json.Unmarshal([]byte(on(sys, "rules backtest 1 --json").want(t, exitDone)), &r))
	if r.Disputes != 2 || r.Live.Known+r.Live.ByOdds != 2 || r.Live.Won.Minor == 0 {
		t.Errorf("report %+v", r)
	}

	live, err := sys.App.DB.ActiveRules(t.Context())
	ok(t, err)
	says(t, sys, "rules draft "+write(t, live.Source+"# kept\n"), exitDone, "draft 1")
	says(t, sys, "rules backtest draft:1 --keep --since 365d --fail-on moved>0", exitDone, "0 of 2 disputes move")
	kept, err := sys.App.DB.DraftBacktest(t.Context(), 1)
	if err != nil || kept.State != store.BacktestDone || kept.Since != 365*24*time.Hour || kept.Report.Disputes != 2 || !kept.Current {
		t.Errorf("kept %+v, %v", kept, err)
	}
}

func TestDecidedOf(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	notice := func(id string, status dispute.ProviderStatus, days int, movements ...dispute.Movement) dispute.Notice {
		return dispute.Notice{Snapshot: &dispute.Snapshot{
			ID: id, Status: status, Stage: dispute.StageChargeback, OpenedAt: now.AddDate(0, 0, -days), Network: "Visa", NetworkCode: "10.4",
			Amount: dispute.Money{Minor: 100, Currency: "USD"}, Movements: movements,
		}}
	}
	back := now.AddDate(0, 0, -5)
	got := decidedOf([]dispute.Notice{
		notice("open", dispute.ProviderNeedsResponse, 10), notice("old", dispute.ProviderWon, 400), {},
		notice("lost", dispute.ProviderLost, 20),
		notice("won", dispute.ProviderWon, 30, dispute.Movement{Amount: -100, At: now.AddDate(0, 0, -30)}, dispute.Movement{Amount: 100, At: back}),
	}, "stripe-us", "stripe", now, 365*24*time.Hour)
	if len(got) != 2 {
		t.Fatalf("%d disputes", len(got))
	}
	lost, won := got[0], got[1]
	if lost.Outcome != history.Lost || lost.Response != "" || !lost.DecidedAt.Equal(now) || lost.Network != "visa" || lost.Family != dispute.FamilyFraudulent {
		t.Errorf("lost %+v", lost)
	}
	if won.Outcome != history.Won || won.Response != dispute.ResponseContest || !won.DecidedAt.Equal(back) || won.Ref != (dispute.Ref{Connection: "stripe-us", ID: "won"}) {
		t.Errorf("won %+v", won)
	}
}

func TestAge(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"180d": 180 * 24 * time.Hour, "12h": 12 * time.Hour, "0d": 0, "-3h": 0, "d": 0, "": 0} {
		got, err := age(text)
		if diff := cmp.Diff(want, got); diff != "" || (err == nil) != (want > 0) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}
