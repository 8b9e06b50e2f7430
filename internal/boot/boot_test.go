package boot

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/internal/config"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	"github.com/rebuttal-hq/rebuttal/workflows"
)

func TestMain(m *testing.M) { testenv.Main(m) }

const ruleText = "rules:\n  - { id: rest, when: \"true\", then: { queue: all, approval: none, ladder: l, respond: contest } }\n" +
	"queues:\n  all: { members: [a@acme.example], escalate_to: b@acme.example }\n" +
	"ladder:\n  l: { remind: [24h], escalate: [12h], cut_off: 6h, at_cut_off: submit }\n"

type place struct{ database, temporal, namespace, rules string }

func newPlace(t *testing.T) place {
	t.Helper()
	p := place{database: testenv.Postgres(t), rules: filepath.Join(t.TempDir(), "rules.yaml")}
	p.temporal, p.namespace = testenv.Temporal(t)
	if err := os.WriteFile(p.rules, []byte(ruleText), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

func open(t *testing.T, p place) *App {
	t.Helper()
	cfg, err := config.Parse("rebuttal.yaml", fmt.Appendf(nil,
		"database: %s\nblobs: mem://\nrules: %s\ntemporal: { address: %s, namespace: %s }\n"+
			"connections:\n  alerts: { vendor: slack, settings: { base_url: \"http://127.0.0.1:1\", bot_token: xoxb-1, signing_secret: s } }\n"+
			"team:\n  - { id: ana, role: analyst, chats: { alerts: U1 } }\n",
		p.database, p.rules, p.temporal, p.namespace))
	if err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

func migrate(t *testing.T, a *App) {
	t.Helper()
	if err := a.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func attributes(t *testing.T, a *App) map[string]enumspb.IndexedValueType {
	t.Helper()
	c, err := a.Temporal()
	if err != nil {
		t.Fatal(err)
	}
	have, err := c.OperatorService().ListSearchAttributes(t.Context(), &operatorservice.ListSearchAttributesRequest{Namespace: a.Namespace()})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]enumspb.IndexedValueType{}
	for name := range workflows.SearchAttributes() {
		if kind, ok := have.GetCustomAttributes()[name]; ok {
			out[name] = kind
		}
	}
	return out
}

func TestMigrateAnyNumberOfTimes(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	a := open(t, p)
	for range 2 {
		migrate(t, a)
		if diff := cmp.Diff(workflows.SearchAttributes(), attributes(t, a)); diff != "" {
			t.Errorf("search attributes (-want +got):\n%s", diff)
		}
	}
	migrate(t, open(t, p)) // by another process

	history, err := a.Desk.RuleHistory(t.Context(), desk.System)
	if err != nil || len(history) != 1 || history[0].Version != 1 {
		t.Errorf("rules %+v, %v; want the file as version 1, once", history, err)
	}
	// Versions live in the database: a file that changed later is not imported.
	if err := os.WriteFile(p.rules, []byte("no rules at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	migrate(t, a)
}

// Two pods that start together both succeed.
func TestMigrateAtTheSameTime(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	var pods sync.WaitGroup
	for range 3 {
		a := open(t, p)
		pods.Go(func() {
			if err := a.Migrate(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	pods.Wait()
	a := open(t, p)
	if diff := cmp.Diff(workflows.SearchAttributes(), attributes(t, a)); diff != "" {
		t.Errorf("search attributes (-want +got):\n%s", diff)
	}
	if history, err := a.Desk.RuleHistory(t.Context(), desk.System); err != nil || len(history) != 1 {
		t.Errorf("rules %+v, %v; want one version", history, err)
	}
}

func TestMigrateSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	if err := os.WriteFile(p.rules, []byte("rules:\n  - { id: x }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := open(t, p).Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), p.rules) {
		t.Errorf("broken rules: %v", err)
	}
	if err := os.Remove(p.rules); err != nil {
		t.Fatal(err)
	}
	if err := open(t, p).Migrate(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "rules: ") {
		t.Errorf("no rules: %v", err)
	}
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	a := open(t, newPlace(t))
	want := func(sick ...string) {
		t.Helper()
		var got []string
		for _, h := range Doctor(t.Context(), a.Config, slog.New(slog.DiscardHandler)) {
			if h.Says == "" || (h.OK && h.Says != "works") {
				t.Errorf("%+v", h)
			}
			if !h.OK {
				got = append(got, h.Name)
			}
		}
		if diff := cmp.Diff(sick, got); diff != "" {
			t.Errorf("what does not work (-want +got):\n%s", diff)
		}
	}
	want("database", "temporal", "connection alerts")
	migrate(t, a)
	want("connection alerts")
	a.Config.OIDC = &config.OIDC{Issuer: "http://127.0.0.1:1", ClientID: "rebuttal", ClientSecret: "s"}
	want("oidc", "connection alerts")
	a.Config.OIDC = nil
	a.Config.Database = "postgres://nobody@127.0.0.1:1/none"
	want("database", "connection alerts") // it hides nothing else
	ctx, stop := context.WithCancel(t.Context())
	stop()
	for _, h := range Doctor(ctx, a.Config, slog.New(slog.DiscardHandler)) {
		if h.OK && h.Name != "blobs" {
			t.Errorf("%s works without time to try", h.Name)
		}
	}
}

func TestOpenFails(t *testing.T) {
	t.Parallel()
	url := testenv.Postgres(t)
	for name, text := range map[string]string{
		"vendor":    "database: " + url + "\nblobs: mem://\nconnections:\n  x: { vendor: nobody }\n",
		"setting":   "database: " + url + "\nblobs: mem://\nconnections:\n  x: { vendor: slack, settings: { nonsense: 1 } }\n",
		"codec key": "database: " + url + "\nblobs: mem://\ncodec_key: short\n",
		"database":  "database: postgres://nobody@127.0.0.1:1/none\nblobs: mem://\n",
		"blobs":     "database: " + url + "\nblobs: nosuch://x\n",
	} {
		cfg, err := config.Parse("rebuttal.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if a, err := Open(t.Context(), cfg, slog.New(slog.DiscardHandler)); err == nil {
			a.Close()
			t.Errorf("a wrong %s was opened", name)
		}
	}
}

func TestWiring(t *testing.T) {
	t.Parallel()
	a := open(t, newPlace(t))
	if a.Desk.Temporal != nil {
		t.Error("Temporal is connected before it is asked for")
	}
	c, err := a.Temporal()
	if err != nil || a.Desk.Temporal != c {
		t.Errorf("the desk decides elsewhere: %v", err)
	}
	if again, err := a.Temporal(); err != nil || again != c {
		t.Errorf("another client: %v", err)
	}
	if diff := cmp.Diff([]desk.Person{{ID: "ana", Role: desk.RoleAnalyst, Chats: map[string]string{"alerts": "U1"}}}, a.Desk.People); diff != "" {
		t.Error(diff)
	}
	if a.Steps() == nil {
		t.Error("no steps")
	}
}
