package evidence

import (
	"maps"
	"slices"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/networks"
)

// Need says how much a claim wants a proof.
type Need = networks.Need

// The needs.
const (
	NeedRequired   = networks.NeedRequired   // the packet is not complete without it
	NeedOneOf      = networks.NeedOneOf      // one of all lines with this need is required
	NeedSupporting = networks.NeedSupporting // helps
)

// wantedBy is what the claim of a case wants, by the catalogue in force.
func wantedBy(c dispute.Case) networks.Wanted { return networks.Wants(c.View.Snapshot, c.Family) }

// watchable are the contradictions that a claim may watch for; the others are
// looked for whatever the claim.
var watchable = []Code{
	CodeDeliveredLate, CodeNotDelivered, CodeAddressMismatch, CodeSecurityCodeMismatch, CodeSameOrder,
	CodeOtherAddress, CodeCanceledBefore,
}

// Vocabulary is what the catalogue may ask for: the proofs and contradictions
// that this package can find.
func Vocabulary() networks.Vocabulary {
	v := networks.Vocabulary{Proofs: slices.Sorted(maps.Keys(proofs))}
	for _, code := range watchable {
		v.Contradictions = append(v.Contradictions, string(code))
	}
	return v
}
