package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/internal/devstack"
	"github.com/rebuttal-hq/rebuttal/internal/rehearsal"
	"github.com/rebuttal-hq/rebuttal/simulator/scenario"
)

// Ports the demo prefers; a taken one is replaced by a free one.
const (
	consolePort   = 8080
	simulatorPort = 8090
	uiPort        = 8233
)

// allProviders is the scenario that stands for all scripts of all providers.
const allProviders = "all-providers"

// demo is the demo command's flags.
type demo struct {
	*env
	once     bool
	day      time.Duration
	scenario string
	seed     int64
}

func (e *env) demoCommand() *cobra.Command {
	d := &demo{env: e}
	c := &cobra.Command{
		Use:   "demo",
		Short: "Watch real workflows fight simulated disputes on a real Temporal and PostgreSQL",
		RunE:  func(cmd *cobra.Command, _ []string) error { return d.run(cmd.Context()) },
	}
	c.Flags().BoolVar(&d.once, "once", false, "exit by itself: 0 only if every case ended as its script says and the books balance")
	c.Flags().DurationVar(&d.day, "day", 2*time.Second, "how long a policy day lasts")
	c.Flags().StringVar(&d.scenario, "scenario", "", "play only this script; "+allProviders+" plays the three of every provider")
	c.Flags().Int64Var(&d.seed, "seed", 1, "seed of the simulated shop")
	return c
}

// summary is the one JSON line that a demo ends with.
type summary struct {
	OK       bool               `json:"ok"`
	Cases    int                `json:"cases"`
	Ended    int                `json:"ended_as_scripted"`
	Balanced bool               `json:"books_balance"`
	Audited  bool               `json:"audit_ok"` // see rehearsal.System.Audit
	Seconds  float64            `json:"seconds"`
	Results  []rehearsal.Result `json:"results"`
}

func (d *demo) run(ctx context.Context) error {
	scripts, err := d.scripts()
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "rebuttal-demo-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	console, err := d.listen(ctx, consolePort)
	if err != nil {
		return err
	}
	d.say("starting PostgreSQL and Temporal")
	stack, err := devstack.Start(ctx, devstack.Options{
		Log: d.quiet(), Progress: d.say, UIPort: free(ctx, uiPort),
	})
	if err != nil {
		return err
	}
	defer func() { _ = stack.Stop(context.WithoutCancel(ctx)) }()
	sys, err := d.system(ctx, folder, console, stack)
	if err != nil {
		return err
	}
	defer sys.Close()
	if err := d.welcome(ctx, sys, stack); err != nil {
		return err
	}
	s := d.play(ctx, sys, scripts)
	return d.end(ctx, s)
}

func (d *demo) scripts() ([]scenario.Scenario, error) {
	switch d.scenario {
	case "":
		return scenario.Demo(), nil
	case allProviders:
		return slices.Concat(scenario.All, scenario.Providers), nil
	}
	sc, ok := scenario.Named(d.scenario)
	if !ok {
		names := "\n  " + allProviders + ": the three of every provider, and Stripe's"
		for _, s := range slices.Concat(scenario.All, scenario.Providers) {
			names += "\n  " + s.Name + ": " + s.About
		}
		return nil, usageError{fmt.Errorf("there is no scenario %q; there are:%s", d.scenario, names)}
	}
	return []scenario.Scenario{sc}, nil
}

func (d *demo) system(ctx context.Context, folder string, console net.Listener, stack *devstack.Stack) (*rehearsal.System, error) {
	url, err := stack.Postgres.NewDatabase(ctx, "rebuttal_demo")
	if err != nil {
		return nil, err
	}
	d.say("starting the simulator, migrating")
	sys, err := rehearsal.Prepare(ctx, rehearsal.Options{
		Folder: folder, Database: url, Day: d.day, Seed: d.seed, Console: console, SimulatorPort: free(ctx, simulatorPort),
		TemporalAddress: stack.Temporal.Address(), Namespace: stack.Temporal.Namespace(), TemporalUI: stack.Temporal.UIURL(),
		Log: d.quiet(), Verbose: d.verbose, Providers: true, SweepEvery: max(d.day, time.Second),
	})
	if err != nil {
		return nil, err
	}
	if err := sys.Run(ctx); err != nil {
		sys.Close()
		return nil, err
	}
	return sys, nil
}

func (d *demo) welcome(ctx context.Context, sys *rehearsal.System, stack *devstack.Stack) error {
	token, err := sys.App.Desk.CreateToken(ctx, desk.System, "demo", "mo@acme.example", desk.RoleAdmin)
	if err != nil {
		return err
	}
	d.say("")
	d.say("  Console      " + sys.Console + "   (log in with the token " + token + ")")
	d.say("  Temporal UI  " + stack.Temporal.UIURL() + "/namespaces/" + stack.Temporal.Namespace() + "/workflows")
	d.say("  Simulator    " + sys.SimURL)
	d.say("  Config       rebuttal --config " + sys.File + " cases list")
	d.say("")
	return nil
}

// play runs all scripts at the same time, as real disputes come.
func (d *demo) play(ctx context.Context, sys *rehearsal.System, scripts []scenario.Scenario) summary {
	began := time.Now()
	bounded, stop := context.WithTimeout(ctx, scenario.Patience(d.day))
	defer stop()
	d.say(fmt.Sprintf("playing %d disputes; a policy day lasts %s", len(scripts), d.day))
	results := make([]rehearsal.Result, len(scripts))
	var wg sync.WaitGroup
	var mu sync.Mutex
	for i, sc := range scripts {
		wg.Go(func() {
			r := sys.Play(bounded, sc)
			mu.Lock()
			defer mu.Unlock()
			results[i] = r
			d.say(line(r, sc))
		})
	}
	wg.Wait()
	s := summary{Cases: len(results), Seconds: time.Since(began).Seconds(), Results: results}
	for _, r := range results {
		if r.OK {
			s.Ended++
		}
	}
	if err := sys.Balanced(ctx); err != nil {
		d.say("the books do not balance: " + err.Error())
	} else {
		s.Balanced = true
	}
	if err := sys.Audit(ctx); err != nil {
		d.say("the audit found: " + err.Error())
	} else {
		s.Audited = true
	}
	s.OK = s.Balanced && s.Audited && s.Ended == s.Cases
	return s
}

func line(r rehearsal.Result, sc scenario.Scenario) string {
	mark := "ok  "
	if !r.OK {
		mark = "FAIL"
	}
	out := fmt.Sprintf("  %s  %-22s %-9s %5.1f s  %s", mark, r.Scenario, r.Status, r.Took.Seconds(), sc.About)
	if r.Says != "" {
		out += "\n        " + r.Says
	}
	return out
}

// end prints the summary, stays up unless told to exit, and turns what went
// wrong into an exit code.
func (d *demo) end(ctx context.Context, s summary) error {
	d.say(fmt.Sprintf("%d of %d cases ended as their scripts say; books balance: %v; %.0f s", s.Ended, s.Cases, s.Balanced, s.Seconds))
	if !d.once {
		d.say("staying up; Ctrl-C ends it")
		<-ctx.Done()
	}
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if d.once || d.asJSON {
		_, _ = fmt.Fprintln(d.out, string(b))
	}
	if !s.OK {
		return errors.New("the demo did not end as scripted")
	}
	return nil
}

// say tells the person who waits; with --json on standard error, so that
// standard output is the summary alone.
func (d *demo) say(text string) {
	w := d.out
	if d.asJSON {
		w = d.err
	}
	_, _ = fmt.Fprintln(w, text)
}

// listen opens the preferred port, or a free one.
func (d *demo) listen(ctx context.Context, port int) (net.Listener, error) {
	var lc net.ListenConfig
	if ln, err := lc.Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
		return ln, nil
	}
	return lc.Listen(ctx, "tcp", "127.0.0.1:0")
}

// free is the port if nobody has it, else zero: any.
func free(ctx context.Context, port int) int {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return 0
	}
	_ = ln.Close()
	return port
}
