package networks

import (
	"fmt"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// windowFact is one row of data/windows.yaml.
type windowFact struct {
	Network    string        `yaml:"network"`
	Stage      dispute.Stage `yaml:"stage"`
	Days       int           `yaml:"days"`
	Merchant   int           `yaml:"merchant_days"` // what acquirers leave merchants of them; zero when it is not told
	Basis      string        `yaml:"basis"`         // network: its own limit; merchant: what acquirers give merchants
	Note       string        `yaml:"note"`
	Source     string        `yaml:"source"`
	Confidence Confidence    `yaml:"confidence"`
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
