package evidence

import (
	"embed"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/template"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// LetterVersion names the wording of the templates. It changes whenever a
// template does, so that a frozen packet says which words it was written with.
const LetterVersion = "letter/1"

// letterByHand is the version of a letter that a person wrote.
const letterByHand = "letter/by-hand"

// maxSentences bounds the sentences of one claim; an order of forty parcels
// does not need forty sentences, the exhibits list them all.
const maxSentences = 5

// Letter is the rebuttal in words.
type Letter struct {
	Version string         `json:"version"`
	Family  dispute.Family `json:"family"`
	Text    string         `json:"text"`
	Claims  []Claim        `json:"claims,omitempty"`  // what Text claims, in its order
	Blocked []Blocked      `json:"blocked,omitempty"` // what it would claim were it not contradicted
}

// Claim is one sentence that rests on exhibits.
type Claim struct {
	Proof    string `json:"proof"`
	Text     string `json:"text"` // with its citation: "… (Exhibit 2)."
	Exhibits []int  `json:"exhibits"`
}

// Blocked is a claim that was left out because evidence speaks against it.
type Blocked struct {
	Proof string   `json:"proof"`
	Name  string   `json:"name"`
	Code  Code     `json:"code"`
	Why   string   `json:"why"`
	Items []string `json:"items"` // ids of the items that contradict it
}

//go:embed templates/*.tmpl
var templateFiles embed.FS

// templates are the parsed sentences: the shared ones, and for each family
// its own opening and closing over them.
var templates = sync.OnceValue(func() map[dispute.Family]*template.Template {
	shared := template.Must(template.New("").Option("missingkey=zero").Funcs(template.FuncMap{
		"date": factDate, "money": factMoney, "quote": factQuote,
	}).ParseFS(templateFiles, "templates/claims.tmpl"))
	out := make(map[dispute.Family]*template.Template, len(families))
	for name := range families {
		own := template.Must(shared.Clone())
		out[name] = template.Must(own.ParseFS(templateFiles, "templates/"+string(name)+".tmpl"))
	}
	return out
})

// Draft writes the letter of a case: an opening, one numbered sentence for
// each proof that has an exhibit and is not contradicted, and a closing. The
// same input gives the same words. cl is the checklist of the same items. An
// error, of kind Invalid, means that a template is wrong.
func Draft(c dispute.Case, items []dispute.Item, cl Checklist) (Letter, error) {
	return draft(newBook(c, items), cl)
}

func draft(b *book, cl Checklist) (Letter, error) {
	family, _ := familyOf(cl.Family)
	l := Letter{Version: LetterVersion, Family: family}
	words := templates()[family]
	for _, line := range cl.Lines {
		if by, ok := blockedBy(cl, line.Proof); ok {
			l.Blocked = appendBlocked(l.Blocked, b, line, by)
			continue
		}
		claims, err := claim(b, words, line.Proof)
		if err != nil {
			return Letter{}, err
		}
		l.Claims = append(l.Claims, claims...)
	}
	text, err := frame(b, words, l, cl)
	l.Text = text
	return l, err
}

func blockedBy(cl Checklist, key string) (Contradiction, bool) {
	i := slices.IndexFunc(cl.Contradictions, func(c Contradiction) bool { return slices.Contains(c.Blocks, key) })
	if i < 0 {
		return Contradiction{}, false
	}
	return cl.Contradictions[i], true
}

// appendBlocked lists a claim that could have been made, or whose own
// evidence is what contradicts it.
func appendBlocked(list []Blocked, b *book, line Line, by Contradiction) []Blocked {
	if !b.has(line.Proof) && line.State != Contradicting {
		return list
	}
	return append(list, Blocked{Proof: line.Proof, Name: line.Name, Code: by.Code, Why: by.Why, Items: by.Items})
}

// claimData is what a sentence may speak of.
type claimData struct {
	F      map[string]string   // facts of the first exhibit
	All    []map[string]string // facts of all of them
	Count  int
	First  string // the earliest date on which they were paid, if known
	Last   string
	Before string // "before the dispute was opened on …"; empty when unknown
	Other  string // the other charge's order, for duplicates
}

// claim writes the sentences of one proof.
func claim(b *book, words *template.Template, key string) ([]Claim, error) {
	var out []Claim
	for _, on := range cited(proofs[key].cite, b.found(key)) {
		sentence, err := execute(words, key, newClaimData(b, on))
		if err != nil {
			return nil, err
		}
		if sentence == "" {
			continue
		}
		c := Claim{Proof: key}
		for _, e := range on {
			c.Exhibits = append(c.Exhibits, e.number)
		}
		c.Text = sentence + " (" + citation(c.Exhibits) + ")."
		out = append(out, c)
	}
	return out, nil
}

// cited groups exhibits by the sentence that speaks of them.
func cited(how citing, found []*exhibit) [][]*exhibit {
	if len(found) == 0 {
		return nil
	}
	switch how {
	case citeTogether:
		return [][]*exhibit{found}
	case citeEach:
		return slices.Collect(slices.Chunk(found[:min(len(found), maxSentences)], 1))
	case citeFirst:
	}
	return [][]*exhibit{found[:1]}
}

func newClaimData(b *book, on []*exhibit) claimData {
	d := claimData{F: on[0].item.Facts, Count: len(on)}
	var first, last time.Time
	for _, e := range on {
		d.All = append(d.All, e.item.Facts)
		paid, ok := e.date(dispute.FactPaidAt)
		if !ok {
			continue
		}
		if first.IsZero() || paid.Before(first) {
			first = paid
		}
		if paid.After(last) {
			last = paid
		}
	}
	if !first.IsZero() {
		d.First, d.Last = humanDate(first), humanDate(last)
	}
	if !b.opened.IsZero() {
		d.Before = "before the dispute was opened on " + humanDate(b.opened)
	}
	_, d.Other = b.orderIDs()
	return d
}

// citation is "Exhibit 2", "Exhibits 2 and 3", "Exhibits 2 to 5", or
// "Exhibits 2, 4 and 7".
func citation(numbers []int) string {
	words := make([]string, len(numbers))
	for i, n := range numbers {
		words[i] = strconv.Itoa(n)
	}
	last := len(words) - 1
	switch {
	case last == 0:
		return "Exhibit " + words[0]
	case last > 1 && numbers[last]-numbers[0] == last:
		return "Exhibits " + words[0] + " to " + words[last]
	}
	return "Exhibits " + strings.Join(words[:last], ", ") + " and " + words[last]
}

// frameData is what the opening and the closing may speak of.
type frameData struct {
	Dispute  string
	Payment  string
	Amount   string
	Opened   string
	Inquiry  bool
	Claims   int
	Refunded bool // in full, before the dispute
}

func frame(b *book, words *template.Template, l Letter, cl Checklist) (string, error) {
	s := b.c.View.Snapshot
	data := frameData{
		Dispute: s.ID, Payment: s.Payment, Amount: s.Amount.String(),
		Inquiry: s.Stage == dispute.StageInquiry, Claims: len(l.Claims), Refunded: cl.refundedInFull(),
	}
	if !b.opened.IsZero() {
		data.Opened = humanDate(b.opened)
	}
	opening, err := execute(words, "opening", data)
	if err != nil {
		return "", err
	}
	closing, err := execute(words, "closing", data)
	if err != nil {
		return "", err
	}
	parts := []string{opening}
	for i, c := range l.Claims {
		parts = append(parts, strconv.Itoa(i+1)+". "+c.Text)
	}
	return strings.Join(append(parts, closing), "\n\n"), nil
}

func execute(words *template.Template, name string, data any) (string, error) {
	var sb strings.Builder
	if err := words.ExecuteTemplate(&sb, name, data); err != nil {
		return "", dispute.Errorf(dispute.Invalid, "evidence: write letter", "template %s: %w", name, err)
	}
	return oneLine(sb.String()), nil
}

// factDate prints a date fact as a day, and nothing when it is no date.
func factDate(s string) string {
	t, ok := parseDate(s)
	if !ok {
		return ""
	}
	return humanDate(t)
}

// factMoney prints an amount fact, and nothing when it is no amount.
func factMoney(s string) string {
	m, err := dispute.ParseMoney(s)
	if err != nil {
		return ""
	}
	return m.String()
}

// factQuote prints words of others inside a sentence: in one line, without a
// full stop of their own, at most 300 characters.
func factQuote(s string) string {
	short, _ := cutAtSentence(oneLine(s), 300)
	return strings.TrimRight(short, ".;, ")
}
