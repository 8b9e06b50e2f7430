package workflows_test

import (
	"strings"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/converter"

	"github.com/rebuttal-hq/rebuttal/activities"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/workflows"
)

// reader collects what a case went through from the events of its history.
type reader struct {
	t         *testing.T
	found     []string
	armed     map[int64]string // timers by their event, with what they were for
	asked     map[int64]string // updates by the event that took them
	scheduled map[int64]string // activities by their event
	status    dispute.ProviderStatus
}

func contents(t *testing.T, h *historypb.History) []string {
	t.Helper()
	r := &reader{t: t, armed: map[int64]string{}, asked: map[int64]string{}, scheduled: map[int64]string{}}
	for _, e := range h.GetEvents() {
		r.read(e)
	}
	switch h.GetEvents()[len(h.GetEvents())-1].GetEventType() { //nolint:exhaustive // the ends that recordings have
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW:
		r.add("continued as new")
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED:
		r.add("cancelled")
	default:
		r.add("still open")
	}
	return r.found
}

func (r *reader) add(what string) { r.found = append(r.found, what) }

func (r *reader) decode(p *commonpb.Payloads, into any) {
	r.t.Helper()
	if err := converter.GetDefaultDataConverter().FromPayloads(p, into); err != nil {
		r.t.Fatal(err)
	}
}

func (r *reader) read(e *historypb.HistoryEvent) {
	switch e.GetEventType() { //nolint:exhaustive // the others tell nothing that is asked for
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
		r.began(e.GetWorkflowExecutionStartedEventAttributes())
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
		var ended dispute.Status
		r.decode(e.GetWorkflowExecutionCompletedEventAttributes().GetResult(), &ended)
		r.add("ended " + string(ended))
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
		r.asked[e.GetEventId()] = e.GetWorkflowExecutionUpdateAcceptedEventAttributes().GetAcceptedRequest().GetInput().GetName()
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED:
		if a := e.GetWorkflowExecutionUpdateCompletedEventAttributes(); a.GetOutcome().GetSuccess() != nil {
			r.add("decision " + r.asked[a.GetAcceptedEventId()])
		}
	case enumspb.EVENT_TYPE_TIMER_STARTED:
		r.decodeOne(e.GetUserMetadata().GetSummary(), func(label string) { r.armed[e.GetEventId()] = label })
	case enumspb.EVENT_TYPE_TIMER_FIRED:
		r.rang(r.armed[e.GetTimerFiredEventAttributes().GetStartedEventId()])
	case enumspb.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT:
		r.add("no worker")
	case enumspb.EVENT_TYPE_MARKER_RECORDED:
		r.local(e.GetMarkerRecordedEventAttributes())
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
		r.ordinary(e.GetEventId(), e.GetActivityTaskScheduledEventAttributes())
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_FAILED:
		if name := r.scheduled[e.GetActivityTaskFailedEventAttributes().GetScheduledEventId()]; name == "Submit" || name == "Accept" {
			r.add("answer refused")
		}
	}
}

func (r *reader) decodeOne(p *commonpb.Payload, f func(string)) {
	if p == nil {
		return
	}
	var text string
	r.decode(&commonpb.Payloads{Payloads: []*commonpb.Payload{p}}, &text)
	f(text)
}

func (r *reader) began(a *historypb.WorkflowExecutionStartedEventAttributes) {
	var s workflows.State
	r.decode(a.GetInput(), &s)
	if s.Part > 1 {
		r.add("next part")
	}
	if a.GetContinuedExecutionRunId() != "" {
		r.add("continued")
	}
	if s.Known != nil {
		r.status = s.Known.Status
	}
}

// rang takes the label of a timer apart: timers.go writes it.
func (r *reader) rang(label string) {
	kind, _, _ := strings.Cut(label, " ")
	switch kind {
	case "remind", "escalate":
		r.add("rung " + kind)
	case "cut-off:":
		if label == "cut-off: person" {
			r.add("cut-off person") // it does nothing else
		}
	}
}

// local reads the marker of a step that ran inside the workflow task.
func (r *reader) local(a *historypb.MarkerRecordedEventAttributes) {
	data, isLocal := a.GetDetails()["data"]
	result, ok := a.GetDetails()["result"]
	if a.GetMarkerName() != "LocalActivity" || !isLocal || !ok {
		return
	}
	var step struct{ ActivityType string }
	r.decode(data, &step)
	if step.ActivityType != "Record" {
		return
	}
	var got activities.Recorded
	r.decode(result, &got)
	r.told(got.Known.Status)
}

func (r *reader) told(now dispute.ProviderStatus) {
	before := r.status
	r.status = now
	if now == dispute.ProviderPrevented {
		r.add("told prevented")
	}
	switch {
	case before.Final() && now == dispute.ProviderUnderReview:
		r.add("verdict withdrawn")
	case before.Final() && now == dispute.ProviderNeedsResponse:
		r.add("reopened")
	}
}

func (r *reader) ordinary(id int64, a *historypb.ActivityTaskScheduledEventAttributes) {
	name := a.GetActivityType().GetName()
	r.scheduled[id] = name
	switch name {
	case "Gather", "Announce":
		r.add(name + " on the vendor's queue")
	case "Submit", "Accept":
		var in activities.RespondInput
		r.decode(a.GetInput(), &in)
		if in.By == "cut-off" {
			r.add("cut-off " + strings.ToLower(name))
		}
	}
}
