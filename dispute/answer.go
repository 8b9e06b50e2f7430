package dispute

// Outcomes of a try to answer a stage.
const (
	AnswerSent        = "sent"               // the provider has our answer
	AnsweredElsewhere = "answered_elsewhere" // somebody else answered; nothing was sent
	AnsweredTooLate   = "too_late"           // the provider no longer listens; nothing was sent
	AnsweredByHand    = "done_by_hand"       // a person answered at the provider and said so here
)
