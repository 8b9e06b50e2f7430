package clearhaus

import (
	"cmp"
	"regexp"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// wireDispute is a ch:dispute. The amount is in minor units of the currency,
// dates are without time (developer.clearhaus.com/rels/dispute).
type wireDispute struct {
	ID         string `json:"id"`
	Amount     int64  `json:"amount"`
	Currency   string `json:"currency"`
	OpenedAt   string `json:"opened_at"`
	DueAt      string `json:"due_at"`
	ExpiresAt  string `json:"expires_at"`
	Status     string `json:"status"`
	ReasonCode string `json:"reason_code"`
	Reason     string `json:"reason"`
	Type       string `json:"type"`
	Links      links  `json:"_links"`

	alone bool // read by itself and not in a list
}

// The stamps of a dispute. Neither can be taken off again.
const (
	stampRefuted  = "refuted"
	stampAccepted = "accepted"
)

// stamp is the link that sets a stamp; it is there only while the status allows
// it.
func (w wireDispute) stamp(name string) (link, bool) { return w.Links.one("ch:stamps", name) }

// snapshot is the dispute in our words. The due date is the earlier of due_at,
// by which Clearhaus wants the merchant's answer, and expires_at, after which
// the network takes none (assumed: the names are all there is).
func (w wireDispute) snapshot() dispute.Snapshot {
	s := dispute.Snapshot{
		ID: w.ID, Payment: w.Links.last("ch:transaction"),
		Amount: dispute.Money{Minor: w.Amount, Currency: strings.ToUpper(w.Currency)},
		Reason: w.Reason, Network: network(w.ReasonCode), NetworkCode: w.ReasonCode,
		RawStatus: cmp.Or(w.Status, "none"), Status: cmp.Or(statuses[w.Status], dispute.ProviderUnknown),
		Stage:    cmp.Or(stages[w.Type], dispute.StageChargeback),
		OpenedAt: day(w.OpenedAt), DueBy: earlier(day(w.DueAt), day(w.ExpiresAt)),
	}
	s.NoResponse = w.alone && w.stampless()
	return s
}

// stampless says that a dispute which may want an answer shows no stamp to set.
// In a list that says nothing: HAL lets what is embedded leave links out.
func (w wireDispute) stampless() bool {
	status := statuses[w.Status]
	return !status.Final() && !status.Answered() && len(w.Links["ch:stamps"]) == 0
}

// statuses maps Clearhaus's statuses to ours. An answer makes a dispute
// under_review: Clearhaus looks at the papers, then sends them to the bank
// (refuted) or wants more (open again, which is normal); see
// helpdesk.clearhaus.com/disputes. Another status is ProviderUnknown. That an
// accepted dispute reads lost is assumed; accepted is mapped in case it does not.
var statuses = map[string]dispute.ProviderStatus{
	"open":         dispute.ProviderNeedsResponse,
	"under_review": dispute.ProviderUnderReview,
	"refuted":      dispute.ProviderUnderReview,
	"won":          dispute.ProviderWon,
	"lost":         dispute.ProviderLost,
	"accepted":     dispute.ProviderLost,
}

// stages maps the types of disputes. A retrieval request asks for papers and
// moves no money, so it is an inquiry. A second chargeback is what the bank does
// after our answer: the networks have replaced it by pre-arbitration, which has
// the same place and the same next step.
var stages = map[string]dispute.Stage{
	"retrieval_request": dispute.StageInquiry,
	"1st_chargeback":    dispute.StageChargeback,
	"2nd_chargeback":    dispute.StagePreArbitration,
}

var (
	visaCode       = regexp.MustCompile(`^1[0-3]\.\d+(\.\d+)?$`)
	mastercardCode = regexp.MustCompile(`^48\d\d$`)
)

// network is told from the form of the reason code, because a dispute does not
// name its network: Visa writes 10.4, Mastercard 4837. Empty for other forms.
func network(code string) string {
	switch {
	case visaCode.MatchString(code):
		return "visa"
	case mastercardCode.MatchString(code):
		return "mastercard"
	default:
		return ""
	}
}

// day is a date, or the date of a time, as the first instant of that day
// anywhere; zero when it is none.
func day(s string) time.Time { return dispute.ParseDay(s[:min(len(s), len(time.DateOnly))]) }

// moment is a date and time in UTC, with or without a zone; zero when it is none.
func moment(s string) time.Time {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// rfc3339 writes a moment as facts have it; empty when it is none.
func rfc3339(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
