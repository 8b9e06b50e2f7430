package activities

import (
	"context"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

// Report tells one system of one moment in the case's life, once.
func (s *Steps) Report(ctx context.Context, in ReportInput) (err error) {
	defer toTemporal(&err)
	defer beat(ctx)()
	vendor, err := integrations.As[integrations.Reporter](s.Set, in.Connection)
	if err != nil {
		return err
	}
	row, err := s.DB.GetCase(ctx, in.Ref.CaseID())
	if err != nil {
		return err
	}
	r := integrations.Report{
		Moment: in.Moment, At: in.At, Case: row.Case, Outcome: dispute.Status(row.Outcome), Queue: row.Queue, Rule: row.Rule,
		Detail: in.Detail, Next: row.Next, URL: s.caseURL(row.ID),
	}
	if r.To, err = s.recipients(ctx, in, row); err != nil {
		return err
	}
	w := write{
		key: key(row.ID, in.Part, "report", in.Connection, in.Moment, in.Which), caseID: row.ID, kind: "report", target: in.Connection,
		find: func(ctx context.Context, intent store.Intent) (any, bool, error) {
			id, found, err := vendor.FindReport(ctx, intent.Key, r)
			return id, found, err
		},
		do: func(ctx context.Context, intent store.Intent) (store.Receipt, error) {
			id, err := vendor.Report(ctx, intent.Key, r)
			return store.Receipt{Detail: toJSON(id)}, err
		},
	}
	var id string
	return s.once(ctx, w, &id)
}

// recipients are the addresses behind a part in the case. A case whose rules
// are not the active ones any more finds its own.
func (s *Steps) recipients(ctx context.Context, in ReportInput, row store.CaseRow) ([]string, error) {
	if in.To == "" {
		return nil, nil
	}
	if in.To == rules.ToAssignee && row.Assignee != "" {
		return []string{row.Assignee}, nil
	}
	set, err := s.ruleSet(ctx, row.RuleSet)
	if err != nil {
		return nil, err
	}
	if in.To == rules.ToEscalation {
		return set.EscalateTo(row.Queue, in.At), nil
	}
	return set.Queues[row.Queue].Members, nil
}
