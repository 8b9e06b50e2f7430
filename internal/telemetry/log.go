package telemetry

import (
	"context"
	"io"
	"log/slog"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/trace"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// NewLog writes what a service does: one JSON object a line, with the id of the
// trace that it belongs to.
func NewLog(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(traced{slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level})})
}

// NewTextLog is NewLog for a person at a terminal.
func NewTextLog(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(traced{slog.NewTextHandler(w, &slog.HandlerOptions{Level: level})})
}

// traced adds the trace id and gives the attributes of Temporal's SDK our names.
type traced struct{ slog.Handler }

// Handle implements slog.Handler.
func (h traced) Handle(ctx context.Context, r slog.Record) error {
	out := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	r.Attrs(func(a slog.Attr) bool {
		out.AddAttrs(ours(a)...)
		return true
	})
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		out.AddAttrs(slog.String(KeyTrace, span.TraceID().String()))
	}
	return h.Handler.Handle(ctx, out)
}

// WithAttrs implements slog.Handler.
func (h traced) WithAttrs(attrs []slog.Attr) slog.Handler {
	var out []slog.Attr
	for _, a := range attrs {
		out = append(out, ours(a)...)
	}
	return traced{h.Handler.WithAttrs(out)}
}

// WithGroup implements slog.Handler.
func (h traced) WithGroup(name string) slog.Handler { return traced{h.Handler.WithGroup(name)} }

// sdkKeys are the attributes of Temporal's SDK that we name otherwise; the rest
// stay as they are.
var sdkKeys = map[string]string{
	"ActivityType": KeyStep,
	"Attempt":      "attempt",
	"Error":        KeyError,
	"TraceID":      KeyTrace,
}

// ours is an attribute under our name. A workflow's id also says the case.
func ours(a slog.Attr) []slog.Attr {
	if a.Key == "WorkflowID" {
		id := a.Value.String()
		out := []slog.Attr{slog.String(KeyWorkflow, id)}
		if ref, ok := refOf(id); ok {
			out = append(out, slog.String(KeyCase, ref.CaseID()), slog.String(KeyConnection, ref.Connection))
		}
		return out
	}
	if name, ok := sdkKeys[a.Key]; ok {
		a.Key = name
	}
	return []slog.Attr{a}
}

// refOf reads the dispute in a workflow id: dispute/<connection>/<id>[/<part>].
func refOf(workflowID string) (dispute.Ref, bool) {
	rest, ok := strings.CutPrefix(workflowID, "dispute/")
	if !ok {
		return dispute.Ref{}, false
	}
	connection, id, ok := strings.Cut(rest, "/")
	if cut := strings.LastIndexByte(id, '/'); cut > 0 {
		if _, err := strconv.Atoi(id[cut+1:]); err == nil {
			id = id[:cut]
		}
	}
	return dispute.Ref{Connection: connection, ID: id}, ok
}
