package dispute

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// View is everything the provider has told us about one dispute, folded from
// its notices. Folding is commutative, associative and idempotent: any order
// and any repetition of the same notices give the same View.
type View struct {
	Snapshot   Snapshot   `json:"snapshot"`    // the latest, with the union of all movements
	OccurredAt time.Time  `json:"occurred_at"` // of the notice that gave Snapshot
	EventID    string     `json:"event_id"`    // of the notice that gave Snapshot
	Kind       NoticeKind `json:"kind"`        // of the notice that gave Snapshot
	FirstSeen  time.Time  `json:"first_seen"`  // the earliest OccurredAt
	// Stages holds when each stage was first told of, while it was open.
	Stages map[Stage]time.Time `json:"stages,omitempty"`
	// LostAt is when the dispute was first told to be lost; zero when it never was.
	LostAt time.Time `json:"lost_at,omitzero"`
	// AnsweredAt is when the provider last showed an answer of the merchant.
	AnsweredAt time.Time `json:"answered_at,omitzero"`
	// Whole is the newest notice that told everything, while Snapshot is from a
	// thin one.
	Whole *Notice `json:"whole,omitempty"`
	// Unsigned holds the earliest due date of each stage that no signature
	// covered.
	Unsigned map[Stage]time.Time `json:"unsigned,omitempty"`
}

// Fold adds one notice to what is known. A notice without a snapshot changes
// nothing.
func Fold(v View, n Notice) View {
	if n.Snapshot == nil {
		return v
	}
	moves := mergeMovements(v.Snapshot.Movements, n.Snapshot.Movements)
	opened := earliest(v.Snapshot.OpenedAt, n.Snapshot.OpenedAt)
	n = n.plausible()
	v.Unsigned = unsigned(v.Unsigned, *n.Snapshot)
	out := latest(v, n)
	out.FirstSeen = earliest(v.FirstSeen, n.OccurredAt)
	out.Stages = maps.Clone(v.Stages)
	if out.Stages == nil {
		out.Stages = map[Stage]time.Time{}
	}
	if !n.Snapshot.Status.Final() {
		out.Stages[n.Snapshot.Stage] = earliest(out.Stages[n.Snapshot.Stage], n.OccurredAt)
	}
	if n.Snapshot.Status.Answered() && n.OccurredAt.After(v.AnsweredAt) {
		out.AnsweredAt = n.OccurredAt
	}
	if out.Snapshot.Status.Final() {
		out.Snapshot.Stage = out.endedIn()
	}
	if n.Snapshot.Status == ProviderLost {
		out.LostAt = earliest(v.LostAt, n.OccurredAt)
	}
	out.Snapshot.DueBy = out.due(out.Snapshot)
	out.Snapshot.OpenedAt = opened
	out.Snapshot.Movements = moves
	out.Snapshot.SubmissionCount = max(v.Snapshot.SubmissionCount, n.Snapshot.SubmissionCount)
	return out
}

// plausible leaves out a due date that no signature covers and that had passed
// when it was told: it would keep everybody from answering.
func (n Notice) plausible() Notice {
	if s := *n.Snapshot; s.DueUnsigned && !s.DueBy.After(n.OccurredAt) {
		s.DueBy = time.Time{}
		n.Snapshot = &s
	}
	return n
}

// latest is the view with the newer of two snapshots, and with what a thin one
// leaves out.
func latest(v View, n Notice) View {
	newest := Notice{EventID: v.EventID, Kind: v.Kind, OccurredAt: v.OccurredAt, Snapshot: &v.Snapshot}
	whole, thin := v.Whole, v.Whole != nil || v.Snapshot.thin()
	if !thin {
		whole = newest.facts()
	}
	if !n.Snapshot.thin() && (whole == nil || newer(n, *whole)) {
		whole = n.facts()
	}
	if v.EventID == "" || newer(n, newest) {
		newest, thin = n, n.Snapshot.thin()
	}
	v.Snapshot, v.OccurredAt, v.EventID, v.Kind, v.Whole = *newest.Snapshot, newest.OccurredAt, newest.EventID, newest.Kind, nil
	if thin && whole != nil {
		v.Whole = whole.facts()
		v.Whole.Snapshot.DueBy = v.due(*whole.Snapshot)
		v.Snapshot = v.Whole.Snapshot.standing(v.Snapshot)
	}
	return v
}

// facts is a notice reduced to what a thin one leaves out and to its place in
// the order.
func (n Notice) facts() *Notice {
	s := *n.Snapshot
	s.OpenedAt, s.Movements, s.SubmissionCount = time.Time{}, nil, 0
	if s.Status.Final() {
		s.Stage, s.DueBy = "", time.Time{} // a verdict's are no facts
	}
	return &Notice{EventID: n.EventID, Kind: n.Kind, OccurredAt: n.OccurredAt, Snapshot: &s}
}

// standing is a whole snapshot that stands as a thin one says.
func (s Snapshot) standing(thin Snapshot) Snapshot {
	s.RawStatus, s.Status, s.Stage, s.NoResponse, s.PastDue = thin.RawStatus, thin.Status, thin.Stage, thin.NoResponse, thin.PastDue
	s.HasEvidence, s.SubmissionCount = thin.HasEvidence, thin.SubmissionCount
	return s
}

// due is a snapshot's due date; of dates that no signature covered, the earliest
// that was told for the stage.
func (v View) due(s Snapshot) time.Time {
	if s.DueUnsigned && !s.Status.Final() {
		return earliest(s.DueBy, v.Unsigned[s.Stage])
	}
	return s.DueBy
}

func unsigned(have map[Stage]time.Time, s Snapshot) map[Stage]time.Time {
	if !s.DueUnsigned || s.DueBy.IsZero() || s.Status.Final() {
		return have
	}
	out := maps.Clone(have)
	if out == nil {
		out = map[Stage]time.Time{}
	}
	out[s.Stage] = earliest(out[s.Stage], s.DueBy)
	return out
}

// endedIn is the stage that a verdict ends: the latest that was open. A verdict
// itself does not tell, because providers say "won" for every stage.
func (v View) endedIn() Stage {
	last := v.Snapshot.Stage
	for stage, began := range v.Stages {
		at, known := v.Stages[last]
		if c := began.Compare(at); !known || c > 0 || (c == 0 && stage.rank() > last.rank()) {
			last = stage
		}
	}
	return last
}

// StageBegan is when the present stage began: the dispute's opening for its
// first stage, the first notice of the stage for later ones and for a provider
// that does not tell the opening.
func (v View) StageBegan() time.Time {
	began := v.Stages[v.Snapshot.Stage]
	for _, at := range v.Stages {
		if at.Before(began) {
			return began
		}
	}
	if v.Snapshot.OpenedAt.IsZero() {
		return began
	}
	return v.Snapshot.OpenedAt
}

// newer orders notices totally: by time, then by how far the status has gone,
// then by what they tell, then by event id, so that notices of one second (a
// provider's clock is that coarse) fold the same way always.
func newer(n, than Notice) bool {
	if c := n.OccurredAt.Compare(than.OccurredAt); c != 0 {
		return c > 0
	}
	if a, b := n.Snapshot.Status.rank(), than.Snapshot.Status.rank(); a != b {
		return a > b
	}
	if a, b := n.Kind.rank(), than.Kind.rank(); a != b {
		return a > b
	}
	return n.EventID > than.EventID
}

func mergeMovements(a, b []Movement) []Movement {
	byID := make(map[string]Movement, len(a)+len(b))
	for _, m := range append(slices.Clone(a), b...) {
		if have, ok := byID[m.ID]; !ok || compareMovements(m, have) > 0 {
			byID[m.ID] = m
		}
	}
	out := make([]Movement, 0, len(byID))
	for _, m := range byID {
		out = append(out, m)
	}
	slices.SortFunc(out, compareMovements)
	if len(out) == 0 {
		return nil
	}
	return out
}

// compareMovements orders movements totally, so that of two accounts of one
// movement the same wins whichever came first.
func compareMovements(a, b Movement) int {
	return cmp.Or(
		a.At.Compare(b.At), strings.Compare(a.ID, b.ID),
		cmp.Compare(a.Net, b.Net), cmp.Compare(a.Amount, b.Amount), cmp.Compare(a.Fee, b.Fee),
		strings.Compare(a.Currency, b.Currency), strings.Compare(a.Category, b.Category), strings.Compare(a.Description, b.Description),
	)
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
