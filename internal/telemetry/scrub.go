package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// allowed are the attributes that a span may leave with. Instrumentation adds
// others, among them whole addresses, whose queries hold e-mails, and the SQL.
var allowed = map[attribute.Key]bool{
	"db.operation.name":         true,
	"db.response.status_code":   true,
	"db.system.name":            true,
	"error.type":                true,
	"http.request.method":       true,
	"http.response.body.size":   true,
	"http.response.status_code": true,
	"http.route":                true,
	"pgx.rows_affected":         true,
	"server.address":            true,
	"temporalActivityID":        true,
	"temporalRunID":             true,
	"temporalWorkflowID":        true,
}

func serviceName(name string) attribute.KeyValue { return attribute.String("service.name", name) }

// scrubbing sends spans without what is not allowed. The texts of errors stay
// here, too: they are in the log, under the same trace id.
type scrubbing struct{ sdktrace.SpanExporter }

// ExportSpans implements sdktrace.SpanExporter.
func (e scrubbing) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	out := make([]sdktrace.ReadOnlySpan, len(spans))
	for i, s := range spans {
		out[i] = scrubbed{s}
	}
	return e.SpanExporter.ExportSpans(ctx, out)
}

type scrubbed struct{ sdktrace.ReadOnlySpan }

// Attributes implements sdktrace.ReadOnlySpan.
func (s scrubbed) Attributes() []attribute.KeyValue {
	var out []attribute.KeyValue
	for _, a := range s.ReadOnlySpan.Attributes() {
		if allowed[a.Key] {
			out = append(out, a)
		}
	}
	return out
}

// Events implements sdktrace.ReadOnlySpan. Ours have none; a library's are
// errors with their texts.
func (s scrubbed) Events() []sdktrace.Event { return nil }

// Status implements sdktrace.ReadOnlySpan.
func (s scrubbed) Status() sdktrace.Status {
	status := s.ReadOnlySpan.Status()
	if status.Code == codes.Error {
		status.Description = ""
	}
	return status
}
