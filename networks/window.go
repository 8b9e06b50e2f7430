package networks

import (
	"fmt"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// WindowFact is how long a network gives for an answer at a stage, in calendar
// days from the stage's start.
type WindowFact struct {
	Network string        `json:"network" yaml:"network"`
	Stage   dispute.Stage `json:"stage" yaml:"stage"`
	Days    int           `json:"days" yaml:"days"` // zero when no answer is possible
	// Merchant is what acquirers leave merchants of them; zero when it is not told.
	Merchant int `json:"merchant_days,omitempty" yaml:"merchant_days"`
	// Basis is network for the network's own limit, merchant for what acquirers
	// give merchants where no limit is published.
	Basis      string     `json:"basis" yaml:"basis"`
	Note       string     `json:"note,omitempty" yaml:"note"`
	Source     string     `json:"source" yaml:"source"`
	Confidence Confidence `json:"confidence" yaml:"confidence"`
}

// Windows are the known windows of a network, by stage. Those of a network
// without any are empty.
func Windows(network string) []WindowFact {
	var out []WindowFact
	for _, stage := range stages {
		if w, ok := data().windows[windowKey{Network(network), stage}]; ok {
			out = append(out, w)
		}
	}
	return out
}

// Window is how long the network gives for an answer at the dispute's stage,
// counted from the start of that stage, and a note that says where the figure
// is from. Beside a provider's date it is the network's limit; where the provider
// named none it is the shortest time that acquirers leave merchants. It is zero
// when no window is known or no answer is possible; the note may still say why.
func Window(s dispute.Snapshot) (d time.Duration, note string) {
	network := Network(s.Network)
	w, ok := data().windows[windowKey{network, s.Stage}]
	if !ok {
		return 0, ""
	}
	days, merchants := w.Days, w.Basis == "merchant"
	if s.DueBy.IsZero() && w.Merchant > 0 {
		days, merchants = w.Merchant, true
	}
	note = NetworkName(network) + " " + string(w.Stage)
	if days > 0 {
		note += fmt.Sprintf(", %d days", days)
	}
	if merchants {
		note += " as acquirers give merchants"
	}
	if w.Note != "" {
		note += "; " + w.Note
	}
	note += fmt.Sprintf(" (%s; confidence %s)", w.Source, w.Confidence)
	return time.Duration(days) * 24 * time.Hour, note
}
