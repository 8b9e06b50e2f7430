package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/trace"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func TestLog(t *testing.T) {
	t.Parallel()
	caseID := dispute.Ref{Connection: "stripe-us", ID: "du_1"}.CaseID()
	span := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}}))
	for name, c := range map[string]struct {
		ctx  context.Context
		log  func(*slog.Logger) *slog.Logger
		args []any
		want map[string]any
	}{
		"ours":      {args: []any{KeyNotice, 7}, want: map[string]any{"notice": 7.0}},
		"in a span": {ctx: span, want: map[string]any{"trace_id": "01000000000000000000000000000000"}},
		"the SDK's": {
			log:  func(l *slog.Logger) *slog.Logger { return l.With("WorkflowID", "dispute/stripe-us/du_1", "RunID", "r") },
			args: []any{"ActivityType", "Submit", "Attempt", 2, "Error", "HTTP 500"},
			want: map[string]any{"workflow": "dispute/stripe-us/du_1", "case": caseID, "connection": "stripe-us", "RunID": "r", "step": "Submit", "attempt": 2.0, "error": "HTTP 500"},
		},
		"a later part":     {args: []any{"WorkflowID", "dispute/stripe-us/du_1/2"}, want: map[string]any{"workflow": "dispute/stripe-us/du_1/2", "case": caseID, "connection": "stripe-us"}},
		"another workflow": {args: []any{"WorkflowID", "sweep"}, want: map[string]any{"workflow": "sweep"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			log, ctx := NewLog(&out, slog.LevelInfo), c.ctx
			if c.log != nil {
				log = c.log(log)
			}
			if ctx == nil {
				ctx = t.Context()
			}
			log.InfoContext(ctx, "m", c.args...)
			log.DebugContext(ctx, "not shown")
			var got map[string]any
			if err := json.Unmarshal(out.Bytes(), &got); err != nil {
				t.Fatalf("%v: %s", err, out.String())
			}
			for _, common := range []string{"time", "level", "msg"} {
				delete(got, common)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTextLog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	NewTextLog(&out, slog.LevelInfo).Info("hello", KeyCase, "cs_1")
	if !strings.Contains(out.String(), `msg=hello case=cs_1`) {
		t.Error(out.String())
	}
}

var methods = []string{"Debug", "Info", "Warn", "Error", "DebugContext", "InfoContext", "WarnContext", "ErrorContext", "With"}

// Every attribute of every log line in the repository has one of the fixed names.
func TestKeys(t *testing.T) {
	t.Parallel()
	lines := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (strings.HasPrefix(d.Name(), ".") && d.Name() != "../.." && len(d.Name()) > 2 || d.Name() == "tools"):
			return filepath.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && logs(call) {
				lines++
				checkKeys(t, path, call)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if lines < 20 {
		t.Errorf("only %d log lines were found", lines)
	}
}

// logs says that a call is one of a logger's: log.Warn, d.Log.Error, r.about(n).Info.
func logs(call *ast.CallExpr) bool {
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !slices.Contains(methods, method.Sel.Name) {
		return false
	}
	switch on := method.X.(type) {
	case *ast.Ident:
		return on.Name == "log" || on.Name == "slog"
	case *ast.SelectorExpr:
		return on.Sel.Name == "Log" || on.Sel.Name == "log"
	case *ast.CallExpr:
		of, ok := on.Fun.(*ast.SelectorExpr)
		return ok && of.Sel.Name == "about"
	}
	return false
}

func checkKeys(t *testing.T, path string, call *ast.CallExpr) {
	t.Helper()
	args := call.Args
	name := call.Fun.(*ast.SelectorExpr).Sel.Name
	if strings.HasSuffix(name, "Context") {
		args = args[1:]
	}
	if name != "With" {
		args = args[1:] // the message
	}
	for i := 0; i < len(args); i += 2 {
		text, ok := args[i].(*ast.BasicLit)
		if !ok {
			continue // one of the constants
		}
		key, err := strconv.Unquote(text.Value)
		if err != nil || !slices.Contains(Keys, key) {
			t.Errorf("%s: a log line has the attribute %s, which Keys does not name", path, text.Value)
		}
	}
}
