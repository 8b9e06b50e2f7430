package worker

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/client"

	"github.com/rebuttal-hq/rebuttal/activities"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	"github.com/rebuttal-hq/rebuttal/workflows"
)

func TestKeepSchedules(t *testing.T) {
	t.Parallel()
	address, namespace := testenv.Temporal(t)
	c := dial(t, address, namespace)
	defer c.Close()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	log := slog.New(slog.DiscardHandler)
	const database, other = "postgres://u:one@db:5432/cases?sslmode=disable", "postgres://u:one@db:5432/others"
	foreign := schedule("somebody-elses", Sweeps{Database: database}.owner(), time.Hour, activities.SweepInput{Connection: "x"})
	if _, err := c.ScheduleClient().Create(ctx, foreign); err != nil {
		t.Fatal(err)
	}
	KeepSchedules(ctx, c, []string{"theirs"}, Sweeps{Every: time.Minute, Whole: time.Hour, Database: other}, log)
	KeepSchedules(ctx, c, []string{"stripe-us", "old"}, Sweeps{Every: time.Minute, Whole: time.Hour, Database: database}, log)
	rotated := strings.Replace(database, "one", "two", 1) // another password is the same database
	KeepSchedules(ctx, c, []string{"stripe-us", "new"}, Sweeps{Every: 2 * time.Minute, Whole: time.Hour, Database: rotated}, log)

	want := []string{"reconcile/new", "reconcile/stripe-us", "reconcile/theirs", "somebody-elses", "sweep/new", "sweep/stripe-us", "sweep/theirs"}
	var got []string
	for wait := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		got = scheduled(ctx, t, c)
		if cmp.Equal(want, got) || time.Now().After(wait) {
			break // the list is brought up to date a moment later
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("schedules (-want +got):\n%s", diff)
	}
	d, err := c.ScheduleClient().GetHandle(ctx, "sweep/stripe-us").Describe(ctx)
	if err != nil {
		t.Fatal(err)
	}
	action, _ := d.Schedule.Action.(*client.ScheduleWorkflowAction)
	if every := d.Schedule.Spec.Intervals[0].Every; every != 2*time.Minute || action == nil || action.TaskQueue != workflows.CasesQueue {
		t.Errorf("every %s, action %+v", every, action)
	}
	if window := d.Schedule.Policy.CatchupWindow; window != 2*time.Minute {
		t.Errorf("what was missed is caught up for %s, want 2m", window)
	}
	if note := d.Schedule.State.Note; strings.Contains(note, "db") || strings.Contains(note, "cases") {
		t.Errorf("the note tells of the database: %s", note)
	}
}

func scheduled(ctx context.Context, t *testing.T, c client.Client) []string {
	t.Helper()
	list, err := c.ScheduleClient().List(ctx, client.ScheduleListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for list.HasNext() {
		entry, err := list.Next()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, entry.ID)
	}
	slices.Sort(out)
	return out
}
