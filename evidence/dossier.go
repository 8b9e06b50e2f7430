package evidence

import "encoding/json"

// Dossier is what is kept of a packet beside its bytes: what it is made of and
// what was found wrong with it.
type Dossier struct {
	Parts     json.RawMessage `json:"parts"` // Manifest: its SHA-256 is the packet's hash
	Checklist Checklist       `json:"checklist"`
	Letter    Letter          `json:"letter"`
	Lint      []Finding       `json:"lint,omitempty"`
}
