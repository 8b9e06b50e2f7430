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
		out := on(sys, args).want(t, exitDone)
		if !strings.HasPrefix(out, want) || !strings.Contains(out, "tells no dates of verdicts") || !strings.Contains(out, "2 verdicts without a response") {
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
	notice := func(id string, status dispute.ProviderStatus, days int, more ...func(*dispute.Snapshot)) dispute.Notice {
		s := &dispute.Snapshot{
			ID: id, Status: status, Stage: dispute.StageChargeback, OpenedAt: now.AddDate(0, 0, -days), Network: "Visa", NetworkCode: "10.4",
			Amount: dispute.Money{Minor: 100, Currency: "USD"},
		}
		for _, change := range more {
			change(s)
		}
		return dispute.Notice{Snapshot: s}
	}
	back := func(s *dispute.Snapshot) {
		s.Movements = []dispute.Movement{{Amount: -100, At: now.AddDate(0, 0, -30)}, {Amount: 100, At: now.AddDate(0, 0, -5)}}
	}
	evidence := func(s *dispute.Snapshot) { s.HasEvidence = true }
	submitted := func(s *dispute.Snapshot) { s.SubmissionCount = 1 }
	got := decidedOf([]dispute.Notice{
		notice("open", dispute.ProviderNeedsResponse, 10), notice("old", dispute.ProviderWon, 400), {},
		notice("lost", dispute.ProviderLost, 30), notice("won", dispute.ProviderWon, 30, back),
		notice("fought and lost", dispute.ProviderLost, 30, submitted), notice("fought and won", dispute.ProviderWon, 30, back, evidence),
	}, "stripe-us", "stripe", now, 365*24*time.Hour)
	past := func(id string, response dispute.Response, outcome history.Outcome) history.Past {
		return history.Past{
			Ref: dispute.Ref{Connection: "stripe-us", ID: id}, Provider: "stripe", Amount: dispute.Money{Minor: 100, Currency: "USD"},
			Network: "visa", NetworkCode: "10.4", Family: dispute.FamilyFraudulent, Stage: dispute.StageChargeback,
			OpenedAt: now.AddDate(0, 0, -30), DecidedAt: now, Response: response, Outcome: outcome,
			Refunded: dispute.Money{Currency: "USD"}, Fees: dispute.Money{Currency: "USD"},
		}
	}
	// Won and lost ones are alike in when they are known and in what shows that
	// they were contested, or odds would learn of wins alone.
	want := []history.Past{
		past("lost", "", history.Lost), past("won", "", history.Won),
		past("fought and lost", dispute.ResponseContest, history.Lost), past("fought and won", dispute.ResponseContest, history.Won),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What is said about the rows as a whole, behind the counts.
func TestImportNotes(t *testing.T) {
	t.Parallel()
	row := `{"id":"d1","opened":"2026-01-01","amount":1,"currency":"USD","outcome":"won"`
	const columns = "defaults: {connection: x}\ncolumns: {id: id, opened: opened, amount: amount, currency: currency, outcome: outcome"
	for name, c := range map[string]struct {
		rows, mapping string
		want          string
	}{
		"nothing to say":   {row + `,"answer":"contest"}`, columns + ", answer: response}", ""},
		"response unknown": {row + "}\n" + row + "}", columns + "}", "Look here: 2 verdicts without a response teach the odds nothing: map response\n"},
		"response none":    {row + `,"answer":"none"}`, columns + ", answer: response}", "Look here: 1 verdicts without a response teach the odds nothing: theirs is empty or none\n"},
		"a wrong path": {
			row + `,"payment":{"answer":"contest"}}`, columns + ", answer: response, payment.fee: fees, payment.answer: reason}",
			"Look here: no row has a value at answer, payment.fee: look whether the mapping names the paths right\n" +
				"Look here: 1 verdicts without a response teach the odds nothing: theirs is empty or none\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t, map[string]string{"old.jsonl": c.rows, "map.yaml": c.mapping})
			out := call("import", filepath.Join(dir, "old.jsonl"), "--mapping", filepath.Join(dir, "map.yaml"), "--dry-run").want(t, exitDone)
			if _, notes, _ := strings.Cut(out, "\n"); notes != c.want {
				t.Errorf("says %q, want %q", notes, c.want)
			}
		})
	}
}

func TestRejectFile(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"old.csv": oldFile, "bare.csv": "Dispute ID,Opened,Amount,Currency\n", "r.csv": "from the run before\n"})
	path := filepath.Join(dir, "r.csv")

	resumed := &rejectFile{path: path, resumed: true}
	ok(t, resumed.begin())
	ok(t, resumed.add(history.RowError{Row: 7, Column: "Amount", Reason: "why", Mend: "how"}))
	if got, want := read(t, path), "from the run before\n7,Amount,why,how\n"; got != want {
		t.Errorf("before its end a resumed run has written %q, want %q", got, want)
	}
	ok(t, resumed.close())

	mapping := write(t, "columns: {Dispute ID: id, Opened: opened, Amount: amount, Currency: currency}\ndefaults: {connection: x}")
	call("import", filepath.Join(dir, "bare.csv"), "--mapping", mapping, "--dry-run", "--rejects", path).want(t, exitDone)
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("a run without rejects left those of the run before: %v", err)
	}

	link := filepath.Join(dir, "null")
	ok(t, os.Symlink(os.DevNull, link))
	ok(t, (&rejectFile{path: link}).begin())
	if _, err := os.Lstat(link); err != nil {
		t.Errorf("what is no file of its own was removed: %v", err)
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
