package ledger

import (
	"maps"
	"slices"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// The checks below compare posted entries with the provider's own facts. Each
// returns an error of kind Conflict that names the first dispute or currency
// that does not agree, or Expected's own error for facts it refuses.

// CheckClosed reports whether a dispute that ended holds no disputed money and
// no allowance any more. A won or closed dispute whose money was not given back
// yet is still waiting and passes.
func CheckClosed(in Facts, posted []Entry) error {
	ps, err := in.principals()
	if err != nil || in.waiting(ps) {
		return err
	}
	for _, b := range TrialBalance(ofDispute(in, posted)) {
		if (b.Account == DisputedFunds || b.Account == DisputeAllowance) && b.Net() != 0 {
			return disagree("dispute %s is %s but %s stands at %s",
				in.DisputeID, in.Outcome, b.Account, dispute.Money{Minor: b.Net(), Currency: b.Currency})
		}
	}
	return nil
}

// CheckClearing reports whether the dispute changed PSPClearing by exactly the
// nets of its movements, currency by currency.
func CheckClearing(in Facts, posted []Entry) error {
	diff := map[string]int64{}
	for _, m := range in.movements() {
		diff[m.Currency] -= m.Net
	}
	for _, b := range TrialBalance(ofDispute(in, posted)) {
		if b.Account == PSPClearing {
			diff[b.Currency] += b.Net()
		}
	}
	return zero(diff, "dispute "+in.DisputeID+": clearing and the movements' nets")
}

// CheckOpenDisputed reports whether the disputed funds in the books are the
// principal withdrawn in the disputes that are still open. The facts are those
// of every dispute in posted. Movements that nobody could classify do not
// count, and neither do disputes with LostAt: CheckClosed covers those.
func CheckOpenDisputed(all []Facts, posted []Entry) error {
	diff := map[string]int64{}
	for _, in := range all {
		if in.Policy == PolicyImmediate || in.prevented() || in.wonAfterLoss() {
			continue
		}
		for _, item := range OpenDisputed(ofDispute(in, posted)) {
			diff[item.Amount.Currency] += item.Amount.Minor
		}
		ps, err := in.principals()
		if err != nil {
			return err
		}
		if !in.waiting(ps) {
			continue
		}
		for _, m := range ps {
			diff[m.Currency] += m.Amount
		}
	}
	return zero(diff, "disputed funds and the open disputes' principal")
}

// CheckRefunds reports whether at most one refund of the disputed charge stands
// in the books, and no more than was charged. It finds the double payout of a
// refund by the merchant and one by the network.
func CheckRefunds(in Facts, charged dispute.Money, posted []Entry) error {
	posted = ofDispute(in, posted)
	reversed := map[string]bool{}
	for _, e := range posted {
		reversed[e.Reverses] = true
	}
	standing, total := 0, int64(0)
	for _, e := range posted {
		if e.Reverses != "" || reversed[e.Key] {
			continue
		}
		for _, p := range e.Postings {
			switch {
			case p.Account != Refunds:
				continue
			case p.Side == Debit:
				standing++
			default:
				standing--
			}
			total += p.debit()
		}
	}
	if standing > 1 || total > charged.Minor {
		return disagree("dispute %s: %d refunds of %d minor units, %s was charged", in.DisputeID, standing, total, charged)
	}
	return nil
}

// waiting reports, given its principal movements, whether money of the dispute
// may still move: it is open, its withdrawal is not known yet, or it was won or
// closed and the last thing that happened was a withdrawal.
func (in Facts) waiting(ps []dispute.Movement) bool {
	if !slices.ContainsFunc(ps, func(m dispute.Movement) bool { return m.Amount < 0 }) {
		return true
	}
	switch in.Outcome {
	case dispute.StatusLost, dispute.StatusAccepted:
		return false
	case dispute.StatusWon, dispute.StatusClosed:
		last := ps[len(ps)-1]
		writtenOff := in.wonAfterLoss() && !last.At.After(in.LostAt)
		return last.Amount < 0 && !writtenOff
	default:
		return true
	}
}

// principalKinds are the kinds of entry whose movement is the disputed money.
var principalKinds = []Kind{KindOpened, KindSecondWithdrawal, KindReinstated, KindPartial, KindRecovery}

// principals are the movements that are the disputed money itself.
func (in Facts) principals() ([]dispute.Movement, error) {
	entries, err := Expected(in)
	if err != nil {
		return nil, err
	}
	ids := map[string]bool{}
	for _, e := range entries {
		if slices.Contains(principalKinds, e.Kind) {
			ids[e.Movement] = true
		}
	}
	return slices.DeleteFunc(in.movements(), func(m dispute.Movement) bool { return !ids[m.ID] }), nil
}

func ofDispute(in Facts, entries []Entry) []Entry {
	var out []Entry
	for _, e := range entries {
		if e.Connection == in.Connection && e.DisputeID == in.DisputeID {
			out = append(out, e)
		}
	}
	return out
}

func zero(diff map[string]int64, what string) error {
	for _, currency := range slices.Sorted(maps.Keys(diff)) {
		if diff[currency] != 0 {
			return disagree("%s differ by %s", what, dispute.Money{Minor: diff[currency], Currency: currency})
		}
	}
	return nil
}

func disagree(format string, args ...any) error {
	return dispute.Errorf(dispute.Conflict, "ledger: check", format, args...)
}
