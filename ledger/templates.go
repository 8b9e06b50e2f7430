package ledger

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

const keySeparator = "|"

// Expected is the complete list of entries the dispute should have: one per
// movement, by date, then what its outcome reclassifies. The same facts give
// the same entries in the same order.
//
// A movement that cannot be classified is posted to DisputeSuspense with
// KindUnclassified, so that the provider's balance is right and a person sees
// it. Missing or malformed facts are an error of kind Invalid.
func Expected(in Facts) ([]Entry, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	b := newBook(in)
	moves := in.movements()
	if in.wonAfterLoss() {
		late := slices.IndexFunc(moves, func(m dispute.Movement) bool { return m.At.After(in.LostAt) })
		if late < 0 {
			late = len(moves)
		}
		b.post(moves[:late])
		b.writeOff(dispute.StatusLost, in.LostAt)
		moves = moves[late:]
	}
	b.post(moves)
	b.settle()
	for _, e := range b.entries {
		if err := Validate(e); err != nil {
			return nil, err
		}
	}
	return b.entries, nil
}

// book computes the entries of one dispute.
type book struct {
	in        Facts
	held      Account // where withdrawn principal stands
	back      Account // what returned principal credits
	fees      Account
	loss      Account
	disputed  []dispute.Money // amounts a movement may be recognised by
	positions map[string]*position
	entries   []Entry
	numbers   map[dispute.Status]int // of reclassification entries so far
}

// position is where a dispute stands in one settlement currency.
type position struct {
	currency      string
	held          int64 // withdrawn, neither returned nor written off
	written       int64 // written off, not recovered
	largest       int64 // the largest single withdrawal
	counteredFees int64 // charged, not returned
	feeCharged    bool
	returned      bool      // the latest principal movement brought money back
	movedAt       time.Time // of the latest principal movement
}

func newBook(in Facts) *book {
	b := &book{
		in:   in,
		held: DisputedFunds, back: DisputedFunds, fees: DisputeFees, loss: in.lossAccount(),
		disputed:  []dispute.Money{in.amount(), in.View.Snapshot.Amount},
		positions: map[string]*position{},
		numbers:   map[dispute.Status]int{},
	}
	switch {
	case in.prevented():
		b.held, b.back, b.fees = Refunds, Refunds, AlertFees
	case in.Policy == PolicyImmediate:
		b.held, b.back = b.loss, ChargebackRecovery
	}
	return b
}

func (b *book) position(currency string) *position {
	p := b.positions[currency]
	if p == nil {
		p = &position{currency: currency}
		b.positions[currency] = p
	}
	return p
}

func (b *book) post(moves []dispute.Movement) {
	for _, m := range moves {
		p := b.position(m.Currency)
		switch p.classify(m, b.disputed) {
		case principal:
			b.postPrincipal(m, p)
		case fee:
			b.postFee(m, p)
		case refund:
			b.postSimple(m, Refunds, KindRefund, KindRefundReturned)
		case alertFee:
			b.postSimple(m, AlertFees, KindAlertFee, KindAlertFeeReturned)
		case unclear, eitherWay:
			b.postSimple(m, DisputeSuspense, KindUnclassified, KindUnclassified)
		}
	}
}

func (b *book) postPrincipal(m dispute.Movement, p *position) {
	var ls lines
	kind := p.principalKind(m, b.in.exchanged(p))
	if b.in.prevented() && m.Amount < 0 {
		kind = KindPrevented
	}
	recovered := min(max(m.Amount-p.held, 0), p.written)
	if recovered > 0 {
		kind = KindRecovery
		p.written -= recovered
		ls.credit(ChargebackRecovery, recovered)
	}
	p.held -= m.Amount - recovered
	account := b.held
	if m.Amount > 0 {
		account = b.back
	}
	ls.credit(account, m.Amount-recovered)
	ls.debit(b.fees, m.Fee)
	p.feeCharged = p.feeCharged || m.Fee > 0
	p.largest = max(p.largest, -m.Amount)
	p.returned, p.movedAt = m.Amount > 0, m.At
	b.addMovement(m, kind, ls)
}

func (p *position) principalKind(m dispute.Movement, exchanged bool) Kind {
	switch {
	case m.Amount < 0 && p.largest > 0:
		return KindSecondWithdrawal
	case m.Amount < 0:
		return KindOpened
	case m.Amount < p.held && !exchanged:
		return KindPartial
	default:
		return KindReinstated
	}
}

func (b *book) postFee(m dispute.Movement, p *position) {
	if b.in.prevented() {
		b.postSimple(m, b.fees, KindAlertFee, KindAlertFeeReturned)
		return
	}
	kind := p.feeKind(m)
	if kind == KindCounteredFee || kind == KindCounteredFeeReturned {
		p.counteredFees -= m.Net
	}
	p.feeCharged = p.feeCharged || kind == KindFee
	var ls lines
	ls.credit(b.fees, m.Net)
	b.addMovement(m, kind, ls)
}

func (b *book) postSimple(m dispute.Movement, account Account, out, back Kind) {
	kind := out
	if m.Net > 0 {
		kind = back
	}
	var ls lines
	ls.credit(account, m.Net)
	b.addMovement(m, kind, ls)
}

// addMovement completes the lines with the provider's balance, which changes by
// the movement's net and nothing else.
func (b *book) addMovement(m dispute.Movement, kind Kind, ls lines) {
	ls.debit(PSPClearing, m.Net)
	b.add(Entry{
		Key:      b.key(m.ID, string(kind)),
		Kind:     kind,
		Date:     m.At,
		Currency: m.Currency,
		Movement: m.ID,
	}, ls)
}

// settle reclassifies what the outcome leaves standing. A prevented dispute is
// a refund from the start and leaves nothing.
func (b *book) settle() {
	if b.in.prevented() {
		return
	}
	switch b.in.Outcome {
	case dispute.StatusLost, dispute.StatusAccepted:
		b.writeOff(b.in.Outcome, b.in.OutcomeAt)
	case dispute.StatusWon, dispute.StatusClosed:
		b.squareUp()
	default: // still open
	}
}

// writeOff moves what is held to the loss. Nothing is posted before money was
// withdrawn: a dispute accepted early waits for its movement.
func (b *book) writeOff(outcome dispute.Status, at time.Time) {
	for _, currency := range slices.Sorted(maps.Keys(b.positions)) {
		p := b.positions[currency]
		if p.largest == 0 {
			continue
		}
		if p.held < 0 {
			b.surplus(outcome, at, p)
			continue
		}
		exchange := min(b.in.excess(p), p.held)
		var ls lines
		ls.debit(b.loss, p.held-exchange)
		ls.debit(FXGainLoss, exchange)
		ls.credit(b.held, p.held)
		b.addOutcome(outcome, Kind(outcome), at, p, ls)
		p.written = p.held
		p.held = 0
	}
}

// squareUp closes a won or closed dispute whose money came back in another
// amount. After a withdrawal the money is still awaited and nothing is posted.
func (b *book) squareUp() {
	for _, currency := range slices.Sorted(maps.Keys(b.positions)) {
		p := b.positions[currency]
		switch {
		case p.largest == 0 || !p.returned:
		case p.held < 0:
			b.surplus(b.in.Outcome, b.in.OutcomeAt, p)
		default:
			b.shortfall(p)
		}
	}
}

// shortfall is what did not come back after a win: the rate's doing where money
// was exchanged, else a partial win.
func (b *book) shortfall(p *position) {
	account, kind := b.loss, KindLost
	if b.in.exchanged(p) {
		account, kind = FXGainLoss, KindExchange
	}
	var ls lines
	ls.debit(account, p.held)
	ls.credit(b.held, p.held)
	b.addOutcome(b.in.Outcome, kind, b.in.OutcomeAt, p, ls)
	p.held = 0
}

// surplus is what came back beyond what was withdrawn: an exchange gain where
// money was exchanged, else a question for a person.
func (b *book) surplus(outcome dispute.Status, at time.Time, p *position) {
	account, kind := DisputeSuspense, KindUnclassified
	if b.in.exchanged(p) {
		account, kind = FXGainLoss, KindExchange
	}
	var ls lines
	ls.debit(b.back, -p.held)
	ls.credit(account, -p.held)
	b.addOutcome(outcome, kind, at, p, ls)
	p.held = 0
}

// addOutcome dates the entry at the outcome, but never before the last movement
// it clears.
func (b *book) addOutcome(outcome dispute.Status, kind Kind, at time.Time, p *position, ls lines) {
	if len(ls.postings()) == 0 {
		return
	}
	if at = at.UTC(); p.movedAt.After(at) {
		at = p.movedAt
	}
	b.numbers[outcome]++
	b.add(Entry{
		Key:      b.key(string(outcome), strconv.Itoa(b.numbers[outcome])),
		Kind:     kind,
		Date:     at,
		Currency: p.currency,
	}, ls)
}

func (b *book) add(e Entry, ls lines) {
	if e.Postings = ls.postings(); len(e.Postings) == 0 {
		return
	}
	e.CaseID, e.Connection, e.DisputeID = b.in.CaseID, b.in.Connection, b.in.DisputeID
	e.Memo = "Dispute " + e.DisputeID + ": " + e.Kind.words()
	b.entries = append(b.entries, e)
}

func (b *book) key(parts ...string) string {
	return strings.Join(append([]string{b.in.Connection, b.in.DisputeID}, parts...), keySeparator)
}

// excess is how much more than the disputed amount was withdrawn, which only an
// exchange rate explains; zero when the currencies differ, because then the
// booked amount is not known.
func (in Facts) excess(p *position) int64 {
	disputed := in.amount()
	if disputed.Currency != p.currency || disputed.Minor <= 0 {
		return 0
	}
	return max(p.largest-disputed.Minor, 0)
}

func (in Facts) exchanged(p *position) bool {
	disputed := in.amount()
	return in.excess(p) > 0 || (disputed.Currency != "" && disputed.Currency != p.currency)
}

// lines collects the lines of one entry, one per account, as debits; a credit
// is a negative debit and what cancels out is left away.
type lines []line

type line struct {
	account Account
	debit   int64
}

func (ls *lines) debit(account Account, amount int64) {
	for i := range *ls {
		if (*ls)[i].account == account {
			(*ls)[i].debit += amount
			return
		}
	}
	*ls = append(*ls, line{account, amount})
}

func (ls *lines) credit(account Account, amount int64) { ls.debit(account, -amount) }

// postings are the debits, then the credits.
func (ls lines) postings() []Posting {
	var debits, credits []Posting
	for _, l := range ls {
		switch {
		case l.debit > 0:
			debits = append(debits, Posting{l.account, Debit, l.debit})
		case l.debit < 0:
			credits = append(credits, Posting{l.account, Credit, -l.debit})
		}
	}
	return append(debits, credits...)
}
