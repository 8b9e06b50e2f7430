package evidence

import (
	"encoding/json"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// Dossier is what is kept of a packet beside its bytes: what it is made of and
// what was found wrong with it.
type Dossier struct {
	Parts     json.RawMessage `json:"parts"` // Manifest: its SHA-256 is the packet's hash
	Checklist Checklist       `json:"checklist"`
	Letter    Letter          `json:"letter"`
	Lint      []Finding       `json:"lint,omitempty"`
	// Eligibility and Compelling are the packet's own; Compelling holds personal
	// data, so it is kept with the packet and shown to people only.
	Eligibility Eligibility                 `json:"eligibility,omitzero"`
	Compelling  *dispute.CompellingEvidence `json:"compelling,omitempty"`
}

// DossierOf is what is kept of a packet.
func DossierOf(p Packet) Dossier {
	return Dossier{
		Parts: Manifest(p), Checklist: p.Checklist, Letter: p.Letter, Lint: p.Lint,
		Eligibility: p.Eligibility, Compelling: p.Compelling,
	}
}
