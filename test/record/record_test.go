package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"google.golang.org/protobuf/proto"
)

func TestFree(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "v0.1.0"), 0o750); err != nil {
		t.Fatal(err)
	}
	for version, says := range map[string]string{
		"v0.2.0": "", "v0.1.0-3-g41b8455": "", "v0.1.0": "never written again", "": "no version", "../v1": "no version", "41b8455-dirty": "commit first",
	} {
		err := free(version, filepath.Join(dir, version))
		if (err == nil) != (says == "") || (err != nil && !strings.Contains(err.Error(), says)) {
			t.Errorf("%q: %v, want %q", version, err, says)
		}
	}
}

// A recording names neither people nor the machine it was made on.
func TestCleanAndPrivate(t *testing.T) {
	t.Parallel()
	h := &historypb.History{Events: []*historypb.HistoryEvent{{Attributes: &historypb.HistoryEvent_WorkflowTaskScheduledEventAttributes{
		WorkflowTaskScheduledEventAttributes: &historypb.WorkflowTaskScheduledEventAttributes{
			TaskQueue: &taskqueuepb.TaskQueue{Name: "machine:1", Kind: enumspb.TASK_QUEUE_KIND_STICKY, NormalName: "cases"},
		},
	}}, {Attributes: &historypb.HistoryEvent_WorkflowTaskStartedEventAttributes{
		WorkflowTaskStartedEventAttributes: &historypb.WorkflowTaskStartedEventAttributes{Identity: "1@machine", RequestId: "Jo Doe"},
	}}}}
	clean(h.ProtoReflect())
	raw, err := proto.Marshal(h)
	if err != nil || strings.Contains(string(raw), "machine") || !strings.Contains(string(raw), "cases") {
		t.Errorf("%q, %v", raw, err)
	}
	if err := (private{"Jo Doe"}).in(h); err == nil {
		t.Error("a name was not found")
	}
	if err := (private{"Al Roe"}).in(h); err != nil {
		t.Error(err)
	}
}
