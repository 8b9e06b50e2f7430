package networks

import (
	"fmt"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// Summary is the one line that names a case in the Temporal UI.
func Summary(n dispute.Notice) string {
	if n.Snapshot == nil {
		return n.RawKind
	}
	line := fmt.Sprintf("%s · %s", Title(*n.Snapshot), n.Snapshot.Amount)
	if !n.Snapshot.DueBy.IsZero() {
		line += " · due " + n.Snapshot.DueBy.UTC().Format("2 Jan 15:04Z")
	}
	return line
}
