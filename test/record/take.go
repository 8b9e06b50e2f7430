package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/internal/rehearsal"
	"github.com/rebuttal-hq/rebuttal/internal/replay"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// take is the recording of one run.
type take struct {
	name    string
	of      workflow.Execution
	history *historypb.History
}

// takeAll reads every run of every part of the cases and checks that each is
// fit to be kept: without a person in it, and replayable on this build.
func takeAll(ctx context.Context, sys *rehearsal.System, c client.Client, cases []played) ([]take, error) {
	r, err := replay.New(nil)
	if err != nil {
		return nil, err
	}
	private := people(sys.Simulator.World.Orders())
	var out []take
	for _, p := range cases {
		runs, err := takeCase(ctx, sys, c, p)
		if err != nil {
			return nil, err
		}
		for _, t := range runs {
			clean(t.history.ProtoReflect())
			if err := errors.Join(private.in(t.history), r.Replay(t.history, t.of)); err != nil {
				return nil, fmt.Errorf("%s: %w", t.name, err)
			}
		}
		out = append(out, runs...)
	}
	return out, nil
}

func takeCase(ctx context.Context, sys *rehearsal.System, c client.Client, p played) ([]take, error) {
	row, err := sys.App.Desk.Row(ctx, desk.System, p.ref.CaseID())
	if err != nil {
		return nil, err
	}
	var out []take
	for part := 1; part <= row.Part; part++ {
		name := p.name
		if part > 1 {
			name = fmt.Sprintf("%s-part%d", p.name, part)
		}
		runs, err := takeRuns(ctx, c, p.ref.WorkflowID(part), name)
		if err != nil {
			return nil, err
		}
		out = append(out, runs...)
	}
	return out, nil
}

// takeRuns reads the runs of one workflow, each from its successor.
func takeRuns(ctx context.Context, c client.Client, id, name string) ([]take, error) {
	d, err := c.DescribeWorkflowExecution(ctx, id, "")
	if err != nil {
		return nil, err
	}
	var out []take
	for run := d.GetWorkflowExecutionInfo().GetExecution().GetRunId(); run != ""; {
		of := workflow.Execution{ID: id, RunID: run}
		h, err := replay.Fetch(ctx, c, of)
		if err != nil {
			return nil, err
		}
		out = append(out, take{of: of, history: h})
		run = h.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes().GetContinuedExecutionRunId()
	}
	slices.Reverse(out)
	for i := range out {
		out[i].name = name
		if i > 0 {
			out[i].name = fmt.Sprintf("%s-run%d", name, i+1)
		}
	}
	return out, nil
}

// clean drops what names the machine that recorded: identities, sticky queues
// and stack traces.
func clean(m protoreflect.Message) {
	if q, ok := m.Interface().(*taskqueuepb.TaskQueue); ok && q.GetKind() == enumspb.TASK_QUEUE_KIND_STICKY {
		q.Name = "sticky"
	}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.Name() == "identity" || f.Name() == "stack_trace":
			m.Clear(f)
		case f.IsMap() && f.MapValue().Message() != nil:
			v.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
				clean(v.Message())
				return true
			})
		case f.IsList() && f.Message() != nil:
			for i := range v.List().Len() {
				clean(v.List().Get(i).Message())
			}
		case f.Message() != nil && !f.IsMap() && !f.IsList():
			clean(v.Message())
		}
		return true
	})
}

// private are texts that no history may hold.
type private []string

// people are the texts by which the shop's customers are known.
func people(orders []world.Order) private {
	var out private
	for _, o := range orders {
		c := o.Customer
		out = append(out, c.Name, c.Email, c.Phone, c.Address.Line1, o.IP)
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(s string) bool { return s == "" })
}

func (p private) in(h *historypb.History) error {
	raw, err := proto.Marshal(h)
	if err != nil {
		return err
	}
	for _, text := range p {
		if bytes.Contains(raw, []byte(text)) {
			return errors.New("the history holds personal data of the simulated shop")
		}
	}
	return nil
}

// keep writes all recordings, or none.
func keep(takes []take, dir, target string) (n int, size int64, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil { // #nosec G301 -- part of the source
		return 0, 0, err
	}
	unfinished, err := os.MkdirTemp(dir, ".recording-")
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(unfinished)) }()
	for _, t := range takes {
		path := filepath.Join(unfinished, t.name+replay.Packed)
		if err := replay.Write(path, t.history); err != nil {
			return 0, 0, err
		}
		info, err := os.Stat(path)
		if err != nil {
			return 0, 0, err
		}
		size += info.Size()
	}
	if err := os.Chmod(unfinished, 0o755); err != nil { // #nosec G302 -- part of the source
		return 0, 0, err
	}
	return len(takes), size, os.Rename(unfinished, target)
}
