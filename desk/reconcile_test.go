package desk

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// schedules takes every trigger.
type schedules struct {
	client.ScheduleClient
	w *workflow
}

type schedule struct {
	client.ScheduleHandle
	id string
	w  *workflow
}

func (w *workflow) ScheduleClient() client.ScheduleClient { return schedules{w: w} }

func (s schedules) GetHandle(_ context.Context, id string) client.ScheduleHandle {
	return schedule{id: id, w: s.w}
}

func (s schedule) Trigger(context.Context, client.ScheduleTriggerOptions) error {
	s.w.triggered = append(s.w.triggered, s.id)
	return s.w.sendErr
}

func TestReconcile(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		err  error
		kind dispute.Kind
	}{
		"asked":       {nil, ""},
		"no schedule": {serviceerror.NewNotFound("no schedule"), dispute.NotFound},
		"no Temporal": {serviceerror.NewUnavailable("connection refused"), dispute.Transient},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &workflow{sendErr: tc.err}
			d := &Desk{Temporal: w}
			err := d.Reconcile(t.Context(), System, "stripe-us")
			if (err == nil) != (tc.kind == "") || (err != nil && dispute.KindOf(err) != tc.kind) {
				t.Errorf("error %v, want kind %q", err, tc.kind)
			}
			if diff := cmp.Diff([]string{"reconcile/stripe-us"}, w.triggered); diff != "" {
				t.Error(diff)
			}
		})
	}
}
