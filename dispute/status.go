package dispute

import "slices"

// Stage is how far a dispute has gone between the banks.
type Stage string

// The stages, in the order they follow each other.
const (
	StageInquiry        Stage = "inquiry"
	StageChargeback     Stage = "chargeback"
	StagePreArbitration Stage = "pre_arbitration"
	StageArbitration    Stage = "arbitration"
)

func (s Stage) rank() int {
	return slices.Index([]Stage{StageInquiry, StageChargeback, StagePreArbitration, StageArbitration}, s)
}

// ProviderStatus is the provider's status in our words. A status we do not
// know is ProviderUnknown; the provider's word stays in Snapshot.RawStatus and
// a person looks at the case.
type ProviderStatus string

// The provider's statuses.
const (
	ProviderNeedsResponse ProviderStatus = "needs_response"
	ProviderUnderReview   ProviderStatus = "under_review"
	ProviderWon           ProviderStatus = "won"
	ProviderLost          ProviderStatus = "lost"
	ProviderClosed        ProviderStatus = "closed" // an inquiry that ended without a chargeback
	ProviderPrevented     ProviderStatus = "prevented"
	ProviderUnknown       ProviderStatus = "unknown"
)

// Final reports whether the provider has decided. A final status may still be
// followed by another: won disputes are lost again, lost ones won.
func (s ProviderStatus) Final() bool {
	switch s {
	case ProviderWon, ProviderLost, ProviderClosed, ProviderPrevented:
		return true
	case ProviderNeedsResponse, ProviderUnderReview, ProviderUnknown:
		return false
	}
	return false
}

// rank orders statuses of one and the same second: a later step of the
// dispute's life wins.
func (s ProviderStatus) rank() int {
	switch s {
	case ProviderUnknown:
		return 0
	case ProviderNeedsResponse:
		return 1
	case ProviderUnderReview:
		return 2
	case ProviderClosed:
		return 3
	case ProviderPrevented:
		return 4
	case ProviderWon:
		return 5
	case ProviderLost:
		return 6
	}
	return 0
}

// Answered reports whether the provider has an answer for the present stage.
func (s ProviderStatus) Answered() bool { return s == ProviderUnderReview }

// Status is where our work on a case stands.
type Status string

// The statuses of a case.
const (
	StatusOpen          Status = "open"           // gathering, or waiting for the moment to send
	StatusNeedsApproval Status = "needs_approval" // waits for a person to approve the response
	StatusNeedsPerson   Status = "needs_person"   // the machine cannot go on by itself
	StatusOnHold        Status = "on_hold"        // a person stopped the machine; the cut-off still runs
	StatusSubmitted     Status = "submitted"      // evidence sent, the verdict is awaited
	StatusAccepted      Status = "accepted"       // we gave in
	StatusWon           Status = "won"
	StatusLost          Status = "lost"
	StatusClosed        Status = "closed" // inquiry closed, or prevented
)

// Statuses lists every status of a case.
var Statuses = []Status{
	StatusOpen, StatusNeedsApproval, StatusNeedsPerson, StatusOnHold, StatusSubmitted,
	StatusAccepted, StatusWon, StatusLost, StatusClosed,
}

// Word is the status as people read it.
func (s Status) Word() string {
	switch s {
	case StatusOpen:
		return "Open"
	case StatusNeedsApproval:
		return "Waits for approval"
	case StatusNeedsPerson:
		return "Needs a person"
	case StatusOnHold:
		return "On hold"
	case StatusSubmitted:
		return "Submitted"
	case StatusAccepted:
		return "Accepted"
	case StatusWon:
		return "Won"
	case StatusLost:
		return "Lost"
	case StatusClosed:
		return "Closed"
	}
	return string(s)
}

// Ended reports whether nothing more is expected of us.
func (s Status) Ended() bool {
	switch s {
	case StatusAccepted, StatusWon, StatusLost, StatusClosed:
		return true
	case StatusOpen, StatusNeedsApproval, StatusNeedsPerson, StatusOnHold, StatusSubmitted:
		return false
	}
	return false
}

// OutcomeOf is how a dispute ended for us: what the provider decided, and
// accepted where we had given it up. It is open while nothing is decided.
func OutcomeOf(s ProviderStatus, accepted bool) Status {
	switch s {
	case ProviderWon:
		return StatusWon
	case ProviderLost:
		if accepted {
			return StatusAccepted
		}
		return StatusLost
	case ProviderClosed, ProviderPrevented:
		return StatusClosed
	case ProviderNeedsResponse, ProviderUnderReview, ProviderUnknown:
	}
	return StatusOpen
}

// Response is how a case answers: by contesting or by accepting.
type Response string

// The responses.
const (
	ResponseUndecided Response = ""
	ResponseContest   Response = "contest"
	ResponseAccept    Response = "accept"
)

// Family is the routing family of a reason, the same across networks and
// providers.
type Family string

// The families.
const (
	FamilyFraudulent          Family = "fraudulent"
	FamilyUnrecognized        Family = "unrecognized"
	FamilyProductNotReceived  Family = "product_not_received"
	FamilyProductUnacceptable Family = "product_unacceptable"
	FamilySubscription        Family = "subscription_canceled"
	FamilyDuplicate           Family = "duplicate"
	FamilyCreditNotProcessed  Family = "credit_not_processed"
	FamilyAuthorization       Family = "authorization"
	FamilyProcessing          Family = "processing"
	FamilyGeneral             Family = "general"
)
