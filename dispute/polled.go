package dispute

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// Polled is a dispute as it was read at its provider, as a notice of that
// moment. The same state of a dispute has the same event id, so a dispute that
// did not change is told once, however often it is read.
func Polled(connection string, s Snapshot, at time.Time) Notice {
	kind := NoticeUpdated
	switch {
	case s.Status.Final():
		kind = NoticeClosed
	case s.Status == ProviderNeedsResponse:
		kind = NoticeOpened
	}
	return Notice{
		Connection: connection, EventID: "poll_" + s.ID + "_" + fingerprint(s), Kind: kind, RawKind: "poll",
		OccurredAt: at.UTC().Truncate(time.Second), Snapshot: &s, // as providers' clocks are; a tie goes to the later step
	}
}

// fingerprint is the same for the same snapshot.
func fingerprint(s Snapshot) string {
	text, err := json.Marshal(s)
	if err != nil {
		text = []byte(s.ID + s.RawStatus) // only a time beyond the year 9999 has no JSON
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// Tells reports whether a notice tells something of its dispute that is not
// known yet, apart from the time at which it was told.
func (v View) Tells(n Notice) bool {
	if n.Snapshot == nil {
		return false
	}
	was, is := v.Snapshot, Fold(v, n).Snapshot
	return v.EventID == "" || fingerprint(was) != fingerprint(is)
}
