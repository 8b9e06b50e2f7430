package scenario

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/simulator"
	"github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

func TestScripts(t *testing.T) {
	t.Parallel()
	ends := []string{string(dispute.StatusWon), string(dispute.StatusLost), string(dispute.StatusAccepted), string(dispute.StatusClosed)}
	seen := map[string]bool{}
	for _, s := range slices.Concat(All, Providers) {
		if seen[s.Name] || s.Name == "" || strings.ContainsAny(s.Name, " /") {
			t.Errorf("name %q is taken or no name", s.Name)
		}
		seen[s.Name] = true
		if s.About == "" || s.Play == nil || !slices.Contains(ends, s.End.Status) || s.End.Net > 0 {
			t.Errorf("%s: about %q, end %+v", s.Name, s.About, s.End)
		}
		if s.End.Accepted != (s.End.Status == "accepted") || (s.End.Accepted && s.End.Submissions > 0) {
			t.Errorf("%s: end %+v", s.Name, s.End)
		}
		if got, ok := Named(s.Name); !ok || got.About != s.About {
			t.Errorf("Named(%q) = %q, %v", s.Name, got.About, ok)
		}
	}
	if _, ok := Named("none"); ok {
		t.Error("found a script of no name")
	}
	if Patience(time.Second) <= 60*time.Second {
		t.Errorf("patience %s", Patience(time.Second))
	}
}

// A script that waits for what never comes ends with its context and says what
// it waited for.
func TestScriptsEndWithTheirContext(t *testing.T) {
	t.Parallel()
	for _, s := range slices.Concat(All, Providers) {
		if s.Name == "closed-before-created" {
			continue // it waits for nothing of ours
		}
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			stage := newStage()
			ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer stop()
			err := s.Play(ctx, stage)
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("error %v", err)
			}
			if stage.Dispute == "" {
				t.Error("no dispute was opened")
			}
		})
	}
}

// nobody answers by hand.
func nobody(ctx context.Context, _ *Stage, _ bool) error {
	<-ctx.Done()
	return ctx.Err()
}

// The demo plays every provider to a win and to a loss.
func TestDemo(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, s := range Demo() {
		names[s.Name] = true
	}
	for _, p := range simulator.Profiles {
		if !names[p.Name+"-won"] || !names[p.Name+"-lost"] {
			t.Errorf("the demo leaves out %s", p.Name)
		}
	}
	if len(Providers) != 3*len(simulator.Profiles) || len(names) <= len(All) {
		t.Errorf("%d scripts of providers, %d of the demo", len(Providers), len(names))
	}
}

func newStage() *Stage {
	return &Stage{ByHand: nobody, Simulator: simulator.New(simulator.Options{
		Seed: 1, Day: time.Hour, Now: time.Now, Log: slog.New(slog.DiscardHandler), Target: "http://127.0.0.1:1",
	})}
}

func TestVerdictWaitsForTheAnswer(t *testing.T) {
	t.Parallel()
	stage := newStage()
	stage.Held(world.OrderOptions{}, stripe.DisputeOptions{Reason: "fraudulent"})
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	if err := stage.Verdict(ctx, true); err == nil || !strings.Contains(err.Error(), stage.Dispute+": waited for an answer") {
		t.Errorf("error %v", err)
	}
	if d, ok := stage.Stripe.Dispute(stage.Dispute); !ok || d.Submissions != 0 {
		t.Errorf("dispute %+v, %v", d, ok)
	}
}
