package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"github.com/rebuttal-hq/rebuttal/activities"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

// report tells every system that wants to know of a moment, beside the main
// loop and once. Which tells moments of one kind apart.
func (d *run) report(ctx workflow.Context, moment dispute.Moment, which, detail string) {
	name := string(moment) + "/" + which
	if slices.Contains(d.Reported, name) {
		return
	}
	for _, target := range d.Plan.Reports {
		if !slices.Contains(target.On, moment) {
			continue
		}
		in := activities.ReportInput{
			Ref: d.Ref, Part: d.Part, Connection: target.Connection, Moment: moment, Which: which,
			At: workflow.Now(ctx), Detail: detail, To: target.To,
		}
		d.spawn(ctx, func(ctx workflow.Context) { d.reportTo(ctx, in) })
	}
	if len(d.Plan.Reports) > 0 {
		d.Reported = append(d.Reported, name)
	}
}

func (d *run) reportTo(ctx workflow.Context, in activities.ReportInput) {
	err := ordinary(ctx, tellSystem, VendorQueue(in.Connection), "report to "+in.Connection+": "+string(in.Moment), steps.Report, in, nil)
	if err != nil {
		d.event("report_failed", "machine", "connection", in.Connection, "moment", string(in.Moment), "error", reason(err))
	}
}
