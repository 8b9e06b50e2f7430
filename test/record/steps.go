package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"time"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/simulator/faults"
	"github.com/rebuttal-hq/rebuttal/simulator/scenario"
	"github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
	"github.com/rebuttal-hq/rebuttal/store"
)

// mo decides in the recordings.
var mo = desk.Actor{ID: "mo", Role: desk.RoleAdmin}

// step is one thing that happens to a dispute, or one that is waited for.
type step func(ctx context.Context, s *stage) error

// plays is a whole script of the demo.
func plays(sc scenario.Scenario) step {
	return func(ctx context.Context, s *stage) error {
		r := s.sys.Play(ctx, sc)
		s.Dispute = r.Dispute
		if !r.OK {
			return errors.New(r.Says)
		}
		return nil
	}
}

func opens(o world.OrderOptions, d stripe.DisputeOptions) step {
	return func(_ context.Context, s *stage) error {
		s.Open(o, d)
		return nil
	}
}

// asks opens a dispute of a reason whose rule waits for a person.
func asks(reason string, days int) step {
	return func(ctx context.Context, s *stage) error {
		s.Open(world.OrderOptions{}, stripe.DisputeOptions{Reason: reason, DueIn: time.Duration(days) * s.World.Day()})
		return stands(dispute.StatusNeedsApproval)(ctx, s)
	}
}

// shows waits until the case's row is as asked.
func shows(what string, ok func(store.CaseRow) bool) step {
	return func(ctx context.Context, s *stage) error {
		return s.Until(ctx, what, func() bool {
			row, err := s.row(ctx)
			return err == nil && ok(row)
		})
	}
}

func stands(want dispute.Status) step {
	return shows("status "+string(want), func(row store.CaseRow) bool { return row.Status == want })
}

func reaches(want dispute.Stage) step {
	return shows("stage "+string(want), func(row store.CaseRow) bool { return row.View.Snapshot.Stage == want })
}

func needs(want string) step {
	return shows(want, func(row store.CaseRow) bool { return row.Needs == want })
}

// decides takes a decision as a person would, through the desk.
func decides(in dispute.Decision) step {
	return func(ctx context.Context, s *stage) error {
		_, err := s.sys.App.Desk.Decide(ctx, mo, s.ref().CaseID(), in)
		return err
	}
}

func notes(ctx context.Context, s *stage) error {
	_, err := s.sys.App.Desk.Note(ctx, mo, s.ref().CaseID(), "", "looked at it")
	return err
}

func attaches(ctx context.Context, s *stage) error {
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 64, 64))); err != nil {
		return err
	}
	_, err := s.sys.App.Desk.Attach(ctx, mo, s.ref().CaseID(), "", desk.Upload{Name: "parcel.png", Title: "The parcel at the door", Content: picture.Bytes()})
	return err
}

// answered waits until the provider has so many answers, and lets a day pass.
func answered(times int) step {
	return func(ctx context.Context, s *stage) error {
		err := s.Until(ctx, fmt.Sprintf("answer %d", times), func() bool {
			d, ok := s.Stripe.Dispute(s.Dispute)
			return ok && len(d.Answers) >= times
		})
		if err != nil {
			return err
		}
		return s.Days(ctx, 1)
	}
}

func verdict(won bool) step {
	return func(ctx context.Context, s *stage) error { return s.Verdict(ctx, won) }
}

func escalates(_ context.Context, s *stage) error { return s.Stripe.Escalate(s.Dispute) }

// says lets a day pass and the provider tell a status.
func says(status string) step {
	return func(ctx context.Context, s *stage) error {
		if err := s.Days(ctx, 1); err != nil {
			return err
		}
		return s.tell(ctx, status)
	}
}

func fails(f faults.Fault) step {
	return func(_ context.Context, s *stage) error {
		s.AddFault(f)
		return nil
	}
}

func cancels(ctx context.Context, s *stage) error {
	return s.temporal.CancelWorkflow(ctx, s.ref().WorkflowID(1), "")
}

// renews keeps the case busy until it continues as a new run.
func renews(ctx context.Context, s *stage) error {
	first, err := s.run(ctx)
	for err == nil {
		if err = notes(ctx, s); err != nil {
			break
		}
		var now string
		if now, err = s.run(ctx); now != first {
			break
		}
	}
	return err
}

// ended waits until the workflow of the case's latest part has ended.
func ended(ctx context.Context, s *stage) error {
	return s.Until(ctx, "the workflow's end", func() bool {
		row, err := s.row(ctx)
		if err != nil {
			return false
		}
		d, err := s.temporal.DescribeWorkflowExecution(ctx, row.WorkflowID, "")
		return err == nil && d.GetWorkflowExecutionInfo().GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
	})
}
