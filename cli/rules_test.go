package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/internal/rehearsal"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

// says calls the program and wants words in what it answers.
func says(t *testing.T, sys *rehearsal.System, args string, code int, words ...string) string {
	t.Helper()
	r := on(sys, args)
	r.want(t, code)
	for _, w := range words {
		if !strings.Contains(r.out+r.err, w) {
			t.Errorf("%s: %s%swant %q in it", args, r.out, r.err, w)
		}
	}
	return r.out
}

// inForce is the text of the rules in force, with a comment more.
func inForce(t *testing.T, sys *rehearsal.System, mark string) string {
	t.Helper()
	live, err := sys.App.DB.ActiveRules(t.Context())
	ok(t, err)
	return write(t, live.Source+"# "+mark+"\n")
}

func TestRulesField(t *testing.T) {
	t.Parallel()
	for _, f := range rules.Vocabulary() {
		out := call("rules", "fields", f.Name).want(t, exitDone)
		if !strings.HasPrefix(out, f.Name+", a "+f.Type) || !strings.Contains(out, "when: "+f.Example) {
			t.Errorf("%s: %s", f.Name, out)
		}
	}
	call("rules", "fields", "dispute.mood").want(t, exitUsage)
	if out := call("__complete", "rules", "fields", "dispute.fa").out; !strings.Contains(out, "dispute.family\t") {
		t.Errorf("completion: %s", out)
	}
}

func TestRulesPublishFile(t *testing.T) {
	t.Parallel()
	sys := prepare(t)
	says(t, sys, "rules publish "+inForce(t, sys, "said otherwise")+" --comment simpler", exitDone, "in force: ")
	out := says(t, sys, "rules history", exitDone, "simpler", "cli:")
	if strings.Count(out, "\n") != 3 {
		t.Error(out)
	}
	bold := write(t, goodRules) // without the approvals of the rules in force
	says(t, sys, "rules publish "+bold, exitFailed, "make it a draft", "rule high-value-not-received is gone, which asks for approval")
	unknown := write(t, strings.Replace(goodRules, "ladder: l,", "ladder: l, notify: [{ connection: pager, channel: x }],", 1))
	for _, verb := range []string{"check ", "publish "} {
		says(t, sys, "rules "+verb+unknown, exitFailed, `line 6: rule rest: there is no connection "pager"`)
	}
	r := on(sys, "rules check "+unknown+" --json")
	r.want(t, exitFailed)
	golden(t, "problems.keys", keys(t, r.out))
}

func TestRulesDraft(t *testing.T) {
	t.Parallel()
	sys := prepare(t)
	bold := write(t, goodRules)
	says(t, sys, "rules draft "+bold+" --name bold --comment why", exitDone, "draft 1 (bold) is draft; it builds on version 1", "needs approval: it loosens a guard")
	says(t, sys, "rules check 1", exitDone, "is checked")
	says(t, sys, "rules ask draft:1", exitDone, "is asked")
	says(t, sys, "rules drafts", exitDone, "asked", "bold", "why")
	says(t, sys, "rules diff draft:1", exitDone, "--- version 1", "+++ draft 1", "loosens a guard: rule high-value-not-received is gone")
	says(t, sys, "rules publish 1", exitFailed, "another person approves it first")
	says(t, sys, "rules approve 1", exitFailed, "wrote on this draft: another person approves it")
	if _, err := sys.App.Desk.ApproveDraft(t.Context(), desk.Actor{ID: "mo@acme.example", Role: desk.RoleManager}, 1, 0); err != nil {
		t.Fatal(err)
	}
	says(t, sys, "rules publish 1", exitDone, "in force: version 2")
	says(t, sys, "rules publish 1", exitDone, "in force: version 2")
	says(t, sys, "rules history", exitDone, "mo@acme.example", "why")
	says(t, sys, "rules diff 1 2", exitDone, "--- version 1", "+++ version 2")
	says(t, sys, "rules diff 2 live", exitDone, "version 2 and version 2 say the same")
	says(t, sys, "rules rollback 1 --comment back", exitDone, "in force: version 3")
	says(t, sys, "rules history", exitDone, "(version 1 again) back")
	says(t, sys, "rules history --all", exitDone, "rolled back", "approved", "asked", "drafted")

	bad := write(t, strings.Replace(goodRules, `when: "true"`, `when: "dispute.nonsense > 1"`, 1))
	says(t, sys, "rules draft "+bad, exitDone, "draft 2 (file) is draft", "line 6: rule rest: dispute.nonsense")
	says(t, sys, "rules check 2", exitFailed, "line 6: rule rest: dispute.nonsense")
	says(t, sys, "rules draft "+bold+" --id 2 --base 2", exitDone, "it builds on version 2", "version 3 is in force meanwhile")
	says(t, sys, "rules drop 2", exitDone, "is dropped")
	for args, words := range map[string]string{
		"rules check 99": "not_found", "rules rollback 99": "not_found", "rules publish 99": "not_found", "rules diff draft:99": "not_found",
		"rules draft /nowhere.yaml": "/nowhere.yaml", "rules ask 2": "begin another", "rules draft " + bold + " --id 99": "not_found",
	} {
		says(t, sys, args, exitFailed, words)
	}
	for args, words := range map[string]string{
		"rules approve it": `"it" is no draft`, "rules rollback it": `"it" is no version`, "rules apply": "--to-open",
		"rules apply --to-open --where queue": `"queue" is no condition`, "rules apply --to-open --where mood=bad": `"mood" cannot be asked for`,
	} {
		says(t, sys, args, exitUsage, words)
	}
	golden(t, "draft.keys", keys(t, on(sys, "rules draft "+bold+" --json").want(t, exitDone)))
	for name, args := range map[string]string{"drafts": "rules drafts", "rules-diff": "rules diff 1 2", "rule-events": "rules history --all"} {
		golden(t, name+".keys", keys(t, on(sys, args+" --json").want(t, exitDone)))
	}
}

// openCase is a case that an older version decided; its workflow never ran.
func openCase(t *testing.T, sys *rehearsal.System) store.CaseRow {
	t.Helper()
	seed(t, sys.App.DB)
	route, err := json.Marshal(rules.Route{Rule: "old", Queue: "gone", Respond: dispute.ResponseContest, Ladder: rules.Ladder{Name: "l"}})
	ok(t, err)
	ok(t, sys.App.DB.InCase(t.Context(), ref, func(tx *store.CaseTx) error {
		row := tx.Row()
		row.Status, row.RuleSet, row.Route, row.Queue, row.Response = dispute.StatusOpen, "old", route, "gone", ""
		row.View.Snapshot.Status = dispute.ProviderNeedsResponse
		return nil
	}))
	row, err := sys.App.DB.GetCase(t.Context(), ref.CaseID())
	ok(t, err)
	return row
}

func TestRulesApply(t *testing.T) {
	t.Parallel()
	sys := prepare(t)
	says(t, sys, "rules apply --to-open --dry-run", exitDone, "version 1: no open case")
	row := openCase(t, sys)
	says(t, sys, "rules apply --to-open --dry-run", exitDone, row.ID, "129.00 USD", "rule old to ", "queue gone to ", "version 1: 1 moves")
	says(t, sys, "rules apply --to-open --dry-run --where queue=senior", exitDone, "no open case")
	r := on(sys, "rules apply --to-open --where queue=gone --where connection=stripe-us")
	r.want(t, exitFailed)
	if !strings.Contains(r.out, "the case is closed") || !strings.Contains(r.err, "1 cases do not follow version 1") {
		t.Errorf("%s%s", r.out, r.err)
	}
	golden(t, "apply.keys", keys(t, on(sys, "rules apply --to-open --dry-run --json").want(t, exitDone)))
}

func TestRulesShadow(t *testing.T) {
	t.Parallel()
	sys := prepare(t)
	row := openCase(t, sys)
	says(t, sys, "rules shadow report", exitFailed, "not_found")
	says(t, sys, "rules shadow start live", exitFailed, "in force already")
	trial := filepath.Join(t.TempDir(), "trial.yaml")
	ok(t, os.WriteFile(trial, []byte(goodRules), 0o600))
	says(t, sys, "rules shadow start "+trial, exitDone, "runs beside the rules in force")
	running, err := sys.App.DB.RunningShadow(t.Context())
	ok(t, err)
	result, err := store.NewShadowResult(row.Case, opened, rules.Route{Rule: "old", Queue: "gone"}, rules.Route{Rule: "rest", Queue: "all"})
	ok(t, err)
	ok(t, sys.App.DB.SaveShadowResult(t.Context(), running.ID, result))
	out := says(t, sys, "rules shadow report", exitDone, "1 cases, 1 differ", "at stake: 129.00 USD in 1 cases", "rule rest, instead of old: 1", "[queue]")
	if want := fmt.Sprintf("%s, since %s, runs\n", trial, stamp(running.StartedAt)); !strings.HasPrefix(out, want) {
		t.Error(cmp.Diff(want, out))
	}
	golden(t, "shadow.keys", keys(t, on(sys, "rules shadow report --json").want(t, exitDone)))
	says(t, sys, "rules shadow stop", exitDone, "no shadow runs")
	says(t, sys, "rules shadow report", exitDone, "stopped ")
}
