package telemetry_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
)

const deploy = "../../deploy/"

// rule is one rule of deploy/alerts.yml: an alert, or a series that alerts use.
type rule struct {
	Alert       string            `yaml:"alert"`
	Record      string            `yaml:"record"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

func rules(t *testing.T) []rule {
	t.Helper()
	text, err := os.ReadFile(deploy + "alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Name  string `yaml:"name"`
			Rules []rule `yaml:"rules"`
		} `yaml:"groups"`
	}
	if err := yaml.UnmarshalWithOptions(text, &file, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	var all []rule
	for _, g := range file.Groups {
		all = append(all, g.Rules...)
	}
	return all
}

func alerts(t *testing.T) []rule {
	t.Helper()
	return slices.DeleteFunc(rules(t), func(r rule) bool { return r.Alert == "" })
}

// use is a metric that a rule or a panel asks for.
type use struct{ metric, where string }

var metricName = regexp.MustCompile(`\b(?:(?:rebuttal|temporal|go|process)_[a-z0-9_]+|rebuttal:[a-z0-9_:]+|up)\b`)

func uses(t *testing.T) []use {
	t.Helper()
	var all []use
	add := func(where, expr string) {
		for _, name := range metricName.FindAllString(expr, -1) {
			all = append(all, use{name, where})
		}
	}
	recorded := map[string]bool{}
	for _, r := range rules(t) {
		add("rule "+r.Alert+r.Record, r.Expr)
		recorded[r.Record] = true
	}
	for _, p := range panels(t) {
		for _, target := range p.Targets {
			add("panel "+p.Title, target.Expr)
		}
	}
	for _, u := range all {
		if strings.Contains(u.metric, ":") && !recorded[u.metric] {
			t.Errorf("%s uses %s, which no rule records", u.where, u.metric)
		}
	}
	all = slices.DeleteFunc(all, func(u use) bool { return strings.Contains(u.metric, ":") })
	if len(all) < 30 {
		t.Fatalf("only %d uses were found", len(all))
	}
	return all
}

// panel is one panel of the dashboard.
type panel struct {
	ID      int    `json:"id"`
	Type    string `json:"type"`
	Title   string `json:"title"`
	GridPos struct{ X, Y, W, H int }
	Targets []struct {
		RefID string `json:"refId"`
		Expr  string `json:"expr"`
	} `json:"targets"`
}

func panels(t *testing.T) []panel {
	t.Helper()
	files, err := filepath.Glob(deploy + "grafana/dashboards/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("dashboards %v, %v", files, err)
	}
	var all []panel
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var board struct {
			UID    string  `json:"uid"`
			Panels []panel `json:"panels"`
		}
		if err := json.Unmarshal(text, &board); err != nil || board.UID == "" {
			t.Fatalf("%s: %v", f, err)
		}
		all = append(all, board.Panels...)
	}
	return all
}

func TestDashboards(t *testing.T) {
	t.Parallel()
	ids := map[int]bool{}
	for _, p := range panels(t) {
		if ids[p.ID] {
			t.Errorf("panel %q has the id of another", p.Title)
		}
		ids[p.ID] = true
		if p.Type != "row" && (len(p.Targets) == 0 || p.GridPos.W == 0) {
			t.Errorf("panel %q asks nothing or has no width", p.Title)
		}
		if p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %q is wider than the page", p.Title)
		}
	}
}

// Every alert has its section in the runbook and the other way round, and says
// where it is.
func TestAlertsHaveARunbook(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/runbook.md")
	if err != nil {
		t.Fatal(err)
	}
	var headings, names []string
	for _, m := range regexp.MustCompile(`(?m)^### (\w+)$`).FindAllStringSubmatch(string(text), -1) {
		headings = append(headings, m[1])
	}
	for _, a := range alerts(t) {
		names = append(names, a.Alert)
		if want := "docs/runbook.md#" + strings.ToLower(a.Alert); !strings.HasSuffix(a.Annotations["runbook_url"], want) {
			t.Errorf("%s: runbook_url %q does not end with %s", a.Alert, a.Annotations["runbook_url"], want)
		}
		if a.Annotations["summary"] == "" || !slices.Contains([]string{"page", "ticket"}, a.Labels["severity"]) {
			t.Errorf("%s: it needs a summary, and a severity of page or ticket", a.Alert)
		}
	}
	slices.Sort(headings)
	slices.Sort(names)
	if diff := cmp.Diff(names, headings); diff != "" {
		t.Errorf("alerts and headings of the runbook (-alerts +runbook):\n%s", diff)
	}
}

// Every alert fires in a test, and stays silent in one.
func TestAlertsAreTested(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(deploy + "alerts_test.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Tests []struct {
			AlertRuleTest []struct {
				Name  string           `yaml:"alertname"`
				Fires []map[string]any `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		} `yaml:"tests"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	fires, silent := map[string]bool{}, map[string]bool{}
	for _, one := range file.Tests {
		for _, r := range one.AlertRuleTest {
			if len(r.Fires) > 0 {
				fires[r.Name] = true
			} else {
				silent[r.Name] = true
			}
		}
	}
	for _, a := range alerts(t) {
		if !fires[a.Alert] || !silent[a.Alert] {
			t.Errorf("%s: fires in a test %v, stays silent in one %v", a.Alert, fires[a.Alert], silent[a.Alert])
		}
	}
	promtool(t, "check", "rules", "alerts.yml")
	promtool(t, "test", "rules", "alerts_test.yml")
	promtool(t, "check", "config", "--syntax-only", "prometheus.yml")
}

// promtool lets Prometheus itself check its files. make test fetches it.
func promtool(t *testing.T, args ...string) {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil {
		path = filepath.Join("..", "..", ".cache", "bin", "promtool")
		if path, err = filepath.Abs(path); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(path, args...) // #nosec G204 -- the test's own words
	cmd.Dir = deploy
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("promtool %s: %v (make packages fetches it)\n%s", strings.Join(args, " "), err, out)
	}
}
