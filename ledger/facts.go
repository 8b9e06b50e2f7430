package ledger

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// Policy is how money that is withdrawn stands in the books while the outcome
// is open. The choice belongs to the merchant's accountant; one book keeps one.
type Policy string

// The policies. The empty Policy is PolicyReceivable.
const (
	PolicyReceivable Policy = "receivable" // an asset until the dispute ends
	PolicyImmediate  Policy = "immediate"  // a loss at once, a recovery if it comes back
)

// Facts is everything the entries of one dispute are computed from.
type Facts struct {
	CaseID     string
	Connection string
	DisputeID  string
	Family     dispute.Family // fraudulent goes to fraud_loss, all others to chargeback_loss
	Policy     Policy
	View       dispute.View   // its movements, and whether the dispute was prevented
	Outcome    dispute.Status // open, won, lost, accepted, closed; open when empty
	OutcomeAt  time.Time      // required unless the outcome is open
	// Amount is the disputed part of the sale as it was booked; the amount on
	// the view when zero. When it is in the settlement currency and more was
	// withdrawn, the excess is an exchange difference.
	Amount dispute.Money
	// LostAt is when a dispute that is won now had been lost; zero when that is
	// not known. It keeps the write-off in the books and makes what came back
	// later a recovery. Without it the write-off is reversed, which has the same
	// effect on profit but shows it in the loss account.
	LostAt time.Time
}

// maxMinor bounds every amount, so that no sum overflows: a thousand million
// million minor units is more than any dispute.
const maxMinor = 1_000_000_000_000_000

func (in Facts) check() error {
	op := "ledger: entries of dispute " + in.DisputeID
	for _, id := range []string{in.CaseID, in.Connection, in.DisputeID} {
		if id == "" || strings.Contains(id, keySeparator) {
			return dispute.Errorf(dispute.Invalid, op, "case, connection and dispute ids must be set and free of %q", keySeparator)
		}
	}
	switch in.Policy {
	case "", PolicyReceivable, PolicyImmediate:
	default:
		return dispute.Errorf(dispute.Invalid, op, "unknown policy %q", in.Policy)
	}
	switch in.Outcome {
	case "", dispute.StatusOpen:
	case dispute.StatusWon, dispute.StatusLost, dispute.StatusAccepted, dispute.StatusClosed:
		if in.OutcomeAt.IsZero() {
			return dispute.Errorf(dispute.Invalid, op, "outcome %s without a date", in.Outcome)
		}
	default:
		return dispute.Errorf(dispute.Invalid, op, "unknown outcome %q", in.Outcome)
	}
	for _, m := range in.View.Snapshot.Movements {
		if err := checkMovement(op, m); err != nil {
			return err
		}
	}
	return nil
}

func checkMovement(op string, m dispute.Movement) error {
	if m.ID == "" || strings.Contains(m.ID, keySeparator) {
		return dispute.Errorf(dispute.Invalid, op, "movement %q: the id must be set and free of %q", m.ID, keySeparator)
	}
	if m.At.IsZero() {
		return dispute.Errorf(dispute.Invalid, op, "movement %s has no date", m.ID)
	}
	if !isCurrency(strings.ToUpper(m.Currency)) {
		return dispute.Errorf(dispute.Invalid, op, "movement %s: currency %q is not an ISO 4217 code", m.ID, m.Currency)
	}
	for _, n := range []int64{m.Amount, m.Fee, m.Net} {
		if n > maxMinor || n < -maxMinor {
			return dispute.Errorf(dispute.Invalid, op, "movement %s: amount %d is out of range", m.ID, n)
		}
	}
	return nil
}

// movements are the view's, each once, by date; of one instant, what leaves
// comes before what returns.
func (in Facts) movements() []dispute.Movement {
	seen := map[string]bool{}
	var out []dispute.Movement
	for _, m := range in.View.Snapshot.Movements {
		if seen[m.ID] {
			continue
		}
		seen[m.ID] = true
		m.Currency, m.At = strings.ToUpper(m.Currency), m.At.UTC()
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b dispute.Movement) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Amount, b.Amount), strings.Compare(a.ID, b.ID))
	})
	return out
}

func (in Facts) amount() dispute.Money {
	if in.Amount.IsZero() {
		return in.View.Snapshot.Amount
	}
	return in.Amount
}

func (in Facts) prevented() bool {
	return in.View.Snapshot.Status == dispute.ProviderPrevented
}

func (in Facts) wonAfterLoss() bool {
	return in.Outcome == dispute.StatusWon && !in.LostAt.IsZero() && !in.prevented()
}

func (in Facts) lossAccount() Account {
	if in.Family == dispute.FamilyFraudulent {
		return FraudLoss
	}
	return ChargebackLoss
}
