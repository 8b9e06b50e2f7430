package activities

import (
	"context"
	"errors"
	"strings"
	"testing"

	"go.temporal.io/sdk/temporal"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
)

// unreadable is a provider that takes answers and cannot be read.
type unreadable struct{ p *provider }

func (unreadable) Vendor() string                              { return "unreadable" }
func (u unreadable) Limits(c dispute.Case) integrations.Limits { return u.p.Limits(c) }

func (u unreadable) Submit(ctx context.Context, s integrations.Submission) (integrations.Receipt, error) {
	return u.p.Submit(ctx, s)
}

func (u unreadable) Accept(ctx context.Context, key string, c dispute.Case) (integrations.Receipt, error) {
	return u.p.Accept(ctx, key, c)
}

func TestResponseWithoutReading(t *testing.T) {
	t.Parallel()
	db := database(t)
	for name, status := range map[string]dispute.ProviderStatus{"contest": dispute.ProviderUnderReview, "accept": dispute.ProviderLost} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, db)
			w.Set = integrations.SetOf(map[string]integrations.Adapter{"stripe": unreadable{w.provider}})
			w.open()
			step := any(w.Submit)
			if name == "accept" {
				step = w.Accept
			}
			w.provider.onCommit = func() error { return fails(dispute.UnknownOutcome) }
			respond := func(want dispute.Kind) {
				t.Helper()
				_, err := run[Responded](w, step, w.request())
				var app *temporal.ApplicationError
				if !errors.As(err, &app) || app.Type() != string(want) {
					t.Fatalf("error %v, want one of kind %s", err, want)
				}
				if final := want == dispute.Unsupported; final != app.NonRetryable() || final != strings.Contains(app.Message(), "--done-elsewhere") {
					t.Errorf("%q, final %t", app.Message(), app.NonRetryable())
				}
			}
			respond(dispute.UnknownOutcome) // the answer is lost
			respond(dispute.Unsupported)    // nobody knows, so a person looks
			respond(dispute.Unsupported)

			// A notice tells that the answer is there.
			w.record(w.notice("evt_2", 5, dispute.NoticeUpdated, told(status)))
			out := must[Responded](t)(run[Responded](w, step, w.request()))
			if out.Outcome != dispute.AnswerSent || w.provider.tries != 1 || w.events("responded") != 1 {
				t.Errorf("%+v after %d tries", out, w.provider.tries)
			}
		})
	}
}

func TestResponseWithoutReadingWhenAllIsWell(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	w.Set = integrations.SetOf(map[string]integrations.Adapter{"stripe": unreadable{w.provider}})
	w.open()
	for range 2 {
		out := must[Responded](t)(run[Responded](w, w.Submit, w.request()))
		if out.Outcome != dispute.AnswerSent || out.RawStatus != "" || len(w.provider.sent) != 1 {
			t.Errorf("%+v, sent %d times", out, len(w.provider.sent))
		}
	}
}
