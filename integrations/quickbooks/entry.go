package quickbooks

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/ledger"
)

// maxText is how long PrivateNote and a line's Description may be, by Intuit's
// reference of the journal entry.
const maxText = 4000

// journalEntry, line and ref are what we write of a JournalEntry, by the names
// of Intuit's Finance.xsd.
type journalEntry struct {
	TxnDate     string
	DocNumber   string
	PrivateNote string
	CurrencyRef *ref `json:",omitempty"`
	Line        []line
}

type line struct {
	Amount                 json.Number // positive, whatever the side
	Description            string      `json:",omitempty"`
	DetailType             string
	JournalEntryLineDetail lineDetail
}

type lineDetail struct {
	PostingType string // Debit or Credit
	AccountRef  ref
}

type ref struct {
	Value string `json:"value"`
}

// journal is an entry as QuickBooks wants it. An entry that QuickBooks could
// not take, or that names an account without mapping, is an error.
func (a *adapter) journal(e ledger.Entry) (journalEntry, error) {
	if err := a.postable(e); err != nil {
		return journalEntry{}, err
	}
	out := journalEntry{
		TxnDate:     e.Date.UTC().Format("2006-01-02"),
		DocNumber:   docNumber(e),
		PrivateNote: note(e),
	}
	if currency := strings.ToUpper(e.Currency); currency != a.home {
		out.CurrencyRef = &ref{currency}
	}
	for _, p := range e.Postings {
		side := "Debit"
		if p.Side == ledger.Credit {
			side = "Credit"
		}
		out.Line = append(out.Line, line{
			Amount:                 json.Number(dispute.Money{Minor: p.Amount, Currency: e.Currency}.Decimal()),
			Description:            cut(e.Memo, maxText),
			DetailType:             "JournalEntryLineDetail",
			JournalEntryLineDetail: lineDetail{PostingType: side, AccountRef: ref{a.account(p.Account, e.Connection)}},
		})
	}
	return out, nil
}

func (a *adapter) postable(e ledger.Entry) error {
	if len(e.Postings) < 2 || e.Date.IsZero() || len(e.Currency) != 3 || e.Key == "" {
		return fmt.Errorf("an entry needs a key, a date, a currency and at least two postings")
	}
	var unmapped []string
	var balance int64
	for _, p := range e.Postings {
		if a.account(p.Account, e.Connection) == "" && !slices.Contains(unmapped, string(p.Account)) {
			unmapped = append(unmapped, string(p.Account))
		}
		switch {
		case p.Amount <= 0:
			return fmt.Errorf("the amount on %s is not positive", p.Account)
		case p.Side == ledger.Debit:
			balance += p.Amount
		case p.Side == ledger.Credit:
			balance -= p.Amount
		default:
			return fmt.Errorf("the posting on %s is on neither side", p.Account)
		}
	}
	if len(unmapped) > 0 {
		return fmt.Errorf("no QuickBooks account for %s: add it to accounts in the connection's settings", strings.Join(unmapped, ", "))
	}
	if balance != 0 {
		return fmt.Errorf("debits and credits differ by %d minor units", balance)
	}
	return nil
}

// docNumber is a short, readable name of the entry within QuickBooks' 21
// characters: DSP-, eight digits of the key's hash, and the kind's letter (R
// for a reversal). QuickBooks accepts duplicates, so nothing relies on it.
func docNumber(e ledger.Entry) string {
	sum := sha256.Sum256([]byte(e.Key))
	letter := "X"
	switch {
	case e.Reverses != "":
		letter = "R"
	case e.Kind != "" && e.Kind[0] >= 'a' && e.Kind[0] <= 'z':
		letter = strings.ToUpper(string(e.Kind[:1]))
	}
	return "DSP-" + hex.EncodeToString(sum[:4]) + "-" + letter
}

// note is the memo and the entry's full key, by which a person or a
// reconciliation finds our entry. A long memo is cut, never the key.
func note(e ledger.Entry) string {
	key := "[" + e.Key + "]"
	if e.Reverses != "" {
		key += " reverses [" + e.Reverses + "]"
	}
	if e.Memo == "" {
		return key
	}
	return cut(e.Memo, max(0, maxText-len([]rune(key))-1)) + " " + key
}

func cut(text string, limit int) string {
	r := []rune(text)
	return string(r[:min(len(r), limit)])
}

// requestID fits a key of any length into the 50 characters of a request id.
func requestID(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:20])
}

// account is the company's id of one of our accounts, the provider's own first.
func (a *adapter) account(key ledger.Account, connection string) string {
	if id, ok := a.accounts[key+ledger.Account("/"+connection)]; ok {
		return id
	}
	return a.accounts[key]
}
