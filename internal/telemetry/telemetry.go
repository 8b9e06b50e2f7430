// Package telemetry is how Rebuttal is watched: logs, metrics and traces of
// both roles, under fixed names.
//
// Everything that leaves through here holds ids only. A log line has the keys
// of Keys, a metric has labels from short lists and never an id, and a span has
// no attribute that scrub.go does not name.
package telemetry

// The names of what log lines are about. Every attribute of every log line in
// the repository is one of Keys.
const (
	KeyCase       = "case"       // case id, as "cs_…"
	KeyConnection = "connection" // a connection of the configuration
	KeyNotice     = "notice"     // number of a stored notice
	KeyTrace      = "trace_id"   // added by itself where a span is under way
	KeyWorkflow   = "workflow"   // workflow id, "dispute/<connection>/<id>"
	KeyStep       = "step"       // name of an activity
	KeyError      = "error"
)

// Keys lists every attribute that a log line of ours may have.
var Keys = []string{
	KeyCase, KeyConnection, KeyNotice, KeyTrace, KeyWorkflow, KeyStep, KeyError,
	"address", "attempt", "backtest", "cause", "channel", "dispute", "folder", "issuer", "item", "key", "kind", "operation",
	"outcome", "path", "pause", "port", "problem", "queues", "response", "stack", "status",
}
