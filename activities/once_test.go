package activities

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store"
)

// vendor is one write with what is asked of the vendor for it.
type vendor struct {
	found bool
	err   error // of do
	lost  error // of find
	finds int
	does  int
	got   store.Intent
}

func (v *vendor) write(key string, closes bool) write {
	return write{
		key: key, caseID: "cs_1", kind: "post card", target: "chat", detail: map[string]int{"try": v.does}, closes: closes,
		find: func(context.Context, store.Intent) (any, bool, error) { v.finds++; return "found", v.found, v.lost },
		do: func(_ context.Context, in store.Intent) (store.Receipt, error) {
			v.does++
			v.got = in
			return store.Receipt{Detail: toJSON("written")}, v.err
		},
	}
}

func TestOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	tests := []struct {
		name        string
		first       error
		found       bool
		closes      bool
		second      string // what the second call gets
		refused     bool   // the second call is refused
		finds, does int    // after both
	}{
		{name: "done", second: "written", does: 1},
		{name: "failed", first: fails(dispute.Transient), second: "written", finds: 1, does: 2},
		{name: "answer lost, found", first: fails(dispute.UnknownOutcome), found: true, second: "found", finds: 1, does: 1},
		{name: "answer lost, not found", first: fails(dispute.UnknownOutcome), second: "written", finds: 1, does: 2},
		{name: "not of ours", first: io.ErrUnexpectedEOF, second: "written", finds: 1, does: 2},
		{name: "refused and mended", first: fails(dispute.Invalid), second: "written", finds: 1, does: 2},
		{name: "refused for good", first: fails(dispute.Invalid), closes: true, refused: true, does: 1},
		{name: "credentials, closing", first: fails(dispute.Auth), closes: true, second: "written", finds: 1, does: 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := &vendor{err: tt.first, found: tt.found}
			var out string
			if err := w.once(t.Context(), v.write(tt.name, tt.closes), &out); !errors.Is(err, tt.first) || v.finds != 0 {
				t.Fatalf("%v, looked %d times for what never was", err, v.finds)
			}
			v.err = nil
			err := w.once(t.Context(), v.write(tt.name, tt.closes), &out)
			if (dispute.KindOf(err) == dispute.Invalid && err != nil) != tt.refused || (!tt.refused && (err != nil || out != tt.second)) {
				t.Fatalf("%q, %v", out, err)
			}
			if v.finds != tt.finds || v.does != tt.does {
				t.Errorf("%d finds, %d writes", v.finds, v.does)
			}
			if string(v.got.Detail) != `{"try": 0}` {
				t.Errorf("the detail is not frozen: %s", v.got.Detail)
			}
			if tt.refused {
				return
			}
			out = ""
			if err := w.once(t.Context(), v.write(tt.name, tt.closes), &out); err != nil || out != tt.second || v.finds+v.does != tt.finds+tt.does {
				t.Errorf("done, and again: %q, %v", out, err)
			}
		})
	}
}

func TestOnceDoesNotWriteWhenItCannotLook(t *testing.T) {
	t.Parallel()
	w := newWorld(t, database(t))
	v := &vendor{err: fails(dispute.UnknownOutcome)}
	var out string
	_ = w.once(t.Context(), v.write("k", false), &out)
	v.err, v.lost = nil, fails(dispute.Transient)
	if err := w.once(t.Context(), v.write("k", false), &out); !errors.Is(err, v.lost) || v.does != 1 {
		t.Errorf("%v after %d writes", err, v.does)
	}
	other := v.write("k", false)
	other.target = "elsewhere"
	if err := w.once(t.Context(), other, &out); dispute.KindOf(err) != dispute.Conflict {
		t.Errorf("another write under the same key: %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.once(gone, v.write("k2", false), &out); err == nil || v.does != 1 {
		t.Errorf("without an intent: %v after %d writes", err, v.does)
	}
}

func TestTemporalError(t *testing.T) {
	t.Parallel()
	after := &dispute.Error{Kind: dispute.RateLimited, Op: "slack: post", RetryAfter: 30 * time.Second}
	tests := []struct {
		name  string
		err   error
		typ   dispute.Kind
		retry bool
		delay time.Duration
	}{
		{"transient", fails(dispute.Transient), dispute.Transient, true, 0},
		{"rate limited", after, dispute.RateLimited, true, 30 * time.Second},
		{"rate limited, wrapped", fmt.Errorf("post: %w", after), dispute.RateLimited, true, 30 * time.Second},
		{"rate limited without a date", fails(dispute.RateLimited), dispute.RateLimited, true, 0},
		{"unknown outcome", fails(dispute.UnknownOutcome), dispute.UnknownOutcome, true, 0},
		{"delay of another kind", &dispute.Error{Kind: dispute.Transient, RetryAfter: time.Hour}, dispute.Transient, true, 0},
		{"auth", fails(dispute.Auth), dispute.Auth, false, 0},
		{"invalid", fails(dispute.Invalid), dispute.Invalid, false, 0},
		{"not found", fails(dispute.NotFound), dispute.NotFound, false, 0},
		{"conflict", fails(dispute.Conflict), dispute.Conflict, false, 0},
		{"too late", fails(dispute.TooLate), dispute.TooLate, false, 0},
		{"unsupported", fails(dispute.Unsupported), dispute.Unsupported, false, 0},
		{"plainly unsupported", dispute.ErrUnsupported, dispute.Unsupported, false, 0},
		{"kind of a later version", fails("sneezed"), "sneezed", true, 0},
		{"another's", io.EOF, dispute.Transient, true, 0},
		{"time-out", context.DeadlineExceeded, dispute.Transient, true, 0},
	}
	for _, tt := range tests {
		var app *temporal.ApplicationError
		if !errors.As(temporalError(tt.err), &app) {
			t.Errorf("%s is none of Temporal's", tt.name)
			continue
		}
		if app.Type() != string(tt.typ) || app.NonRetryable() == tt.retry || app.NextRetryDelay() != tt.delay || app.Message() != tt.err.Error() {
			t.Errorf("%s: type %s, non-retryable %t, after %s: %s", tt.name, app.Type(), app.NonRetryable(), app.NextRetryDelay(), app.Message())
		}
		if errors.Unwrap(app) != nil {
			t.Errorf("%s carries a cause into history", tt.name)
		}
		if again := new(temporal.ApplicationError); !errors.As(temporalError(app), &again) || again != app {
			t.Errorf("%s is wrapped twice", tt.name)
		}
	}
	if temporalError(nil) != nil {
		t.Error("nothing became an error")
	}
	if err := temporalError(fmt.Errorf("read: %w", context.Canceled)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled became %v", err)
	}
}
