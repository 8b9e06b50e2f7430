package outage

import (
	"slices"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// claim is how many notices the relay takes at a time. Within one claim the
// deliveries run side by side, so their order is left to chance; between claims
// it is not.
const claim = 64

// begun is a dispute's workflow: when it was started, and by when the dispute
// must be answered.
type begun struct {
	at, due time.Time
}

// overtaken says for each start how many cases with more time left were started
// before it, as the worst of all and the number of those with more than one
// claim's worth: these are out of order.
func overtaken(starts []begun) (worst, violations int) {
	slices.SortFunc(starts, func(a, b begun) int { return a.at.Compare(b.at) })
	for i, late := range starts {
		n := 0
		for _, early := range starts[:i] {
			if early.due.After(late.due) {
				n++
			}
		}
		worst = max(worst, n)
		if n > claim {
			violations++
		}
	}
	return worst, violations
}

// starts asks Temporal when the workflows of these disputes were started. It
// waits until all are listed.
func (s *stage) starts(p *sender, disputes []string) []begun {
	s.Helper()
	c, err := s.sys.App.Temporal()
	s.must("Temporal", err)
	at := map[string]time.Time{}
	s.until(time.Minute, "Temporal to list every case", func() bool {
		var token []byte
		for {
			list, err := c.ListWorkflow(s.Context(), &workflowservice.ListWorkflowExecutionsRequest{
				Namespace: s.stack.Temporal.Namespace(), PageSize: 1000, NextPageToken: token,
			})
			s.must("list", err)
			for _, e := range list.GetExecutions() {
				at[e.GetExecution().GetWorkflowId()] = e.GetStartTime().AsTime()
			}
			if token = list.GetNextPageToken(); len(token) == 0 {
				return len(at) >= len(p.due)
			}
		}
	})
	var out []begun
	for _, id := range disputes {
		started, ok := at[dispute.Ref{Connection: "stripe-us", ID: id}.WorkflowID(1)]
		if !ok {
			s.Errorf("dispute %s has no workflow", id)
			continue
		}
		out = append(out, begun{started, p.due[id]})
	}
	if len(at) != len(p.due) {
		s.Errorf("%d workflows for %d disputes", len(at), len(p.due))
	}
	return out
}

// The judge of order must see a case that came too late.
func TestOvertaken(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return time.Unix(int64(n)*86400, 0) }
	inOrder := func(n int) []begun {
		var out []begun
		for i := range n {
			out = append(out, begun{at: day(i), due: day(1000 + i)})
		}
		return out
	}
	for name, tc := range map[string]struct {
		starts            []begun
		worst, violations int
	}{
		"nothing":             {nil, 0, 0},
		"in order":            {inOrder(200), 0, 0},
		"within a claim":      {append(inOrder(claim), begun{at: day(500), due: day(1)}), claim, 0},
		"one comes too late":  {append(inOrder(claim+1), begun{at: day(500), due: day(1)}), claim + 1, 1},
		"late, and so is due": {append(inOrder(200), begun{at: day(500), due: day(5000)}), 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if worst, violations := overtaken(tc.starts); worst != tc.worst || violations != tc.violations {
				t.Errorf("worst %d, %d violations; want %d, %d", worst, violations, tc.worst, tc.violations)
			}
		})
	}
}
