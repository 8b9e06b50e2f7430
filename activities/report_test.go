package activities

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/rules"
	"github.com/rebuttal-hq/rebuttal/store"
)

// sheet keeps reports by key.
type sheet struct {
	rows map[string]integrations.Report
	err  error // after writing
}

func (*sheet) Vendor() string { return "sheet" }

func (s *sheet) FindReport(_ context.Context, key string, _ integrations.Report) (string, bool, error) {
	_, found := s.rows[key]
	return "row of " + key, found, nil
}

func (s *sheet) Report(_ context.Context, key string, r integrations.Report) (string, error) {
	if _, twice := s.rows[key]; twice {
		return "", fails(dispute.Invalid)
	}
	s.rows[key] = r
	return "row of " + key, s.err
}

const reportRules = `
base_currency: USD
queues:
  senior: { members: [ana@acme.example, ben@acme.example], escalate_to: mo@acme.example }
  frontline: { members: [cy@acme.example] }
ladder: { standard: { cut_off: 6h, at_cut_off: submit } }
rules:
  - { id: all, when: "true", then: { queue: senior, ladder: standard, respond: contest } }
`

func TestReportIsWrittenOnce(t *testing.T) {
	t.Parallel()
	db := database(t)
	sheet := &sheet{rows: map[string]integrations.Report{}, err: fails(dispute.UnknownOutcome)}
	w := newWorld(t, db)
	w.Set = integrations.SetOf(map[string]integrations.Adapter{"sheet": sheet, "stripe": w.provider})
	w.open()
	in := ReportInput{Ref: w.ref, Part: 1, Connection: "sheet", Moment: dispute.MomentDecided, Which: "chargeback/won", At: noon, Detail: "why"}
	_, err := run[struct{}](w, w.Report, in)
	wantKind(t, err, dispute.UnknownOutcome)
	sheet.err = nil
	for range 2 { // found, then known
		_, err = run[struct{}](w, w.Report, in)
		ok(t, err)
	}
	in.Which = "chargeback/lost"
	_, err = run[struct{}](w, w.Report, in)
	ok(t, err)
	if len(sheet.rows) != 2 {
		t.Errorf("%d rows, want one for each verdict", len(sheet.rows))
	}
	for _, r := range sheet.rows {
		if r.Case.ID != w.ref.CaseID() || r.URL != "https://rebuttal.example/cases/"+w.ref.CaseID() || r.Moment != dispute.MomentDecided || r.Detail != "why" || r.To != nil {
			t.Errorf("%+v", r)
		}
	}
}

// Addresses are found when the report is written, by the rules that decided the
// case.
func TestRecipients(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	w.open()
	set, err := rules.Parse("test", []byte(reportRules))
	ok(t, err)
	_, err = w.DB.PublishRules(t.Context(), string(set.Source()), "mo", "", 0)
	ok(t, err)
	for name, tt := range map[string]struct {
		to              rules.Recipients
		queue, assignee string
		want            []string
	}{
		"nobody":                {"", "senior", "", nil},
		"members":               {rules.ToMembers, "senior", "", []string{"ana@acme.example", "ben@acme.example"}},
		"escalation":            {rules.ToEscalation, "senior", "", []string{"mo@acme.example"}},
		"no escalation":         {rules.ToEscalation, "frontline", "", []string{"cy@acme.example"}},
		"assignee":              {rules.ToAssignee, "senior", "ben@acme.example", []string{"ben@acme.example"}},
		"assignee not yet":      {rules.ToAssignee, "frontline", "", []string{"cy@acme.example"}},
		"queue of no rule sets": {rules.ToMembers, "unrouted", "", nil},
	} {
		row := store.CaseRow{Case: w.row().Case, Queue: tt.queue, Assignee: tt.assignee, RuleSet: set.Hash()}
		got, err := w.recipients(t.Context(), ReportInput{To: tt.to, At: noon}, row)
		ok(t, err)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
