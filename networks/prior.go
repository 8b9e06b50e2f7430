package networks

import "github.com/rebuttal-hq/rebuttal/dispute"

// Prior is the chance to win a contested dispute of a family before a merchant
// has outcomes of its own. It is a starting point of ours that only orders the
// families by how their disputes are usually answered (confidence: low).
func Prior(f dispute.Family) float64 {
	switch FamilyInfo(f).Contest {
	case ContestUsually:
		return 0.6
	case ContestIfEvidence:
		return 0.4
	case ContestRarely:
		return 0.2
	case ContestNever:
		return 0.05
	}
	return 0.4
}
