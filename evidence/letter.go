package evidence

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/networks"
)

// letterByHand is the version of a letter that a person wrote.
const letterByHand = "letter/by-hand"

// maxSentences bounds the sentences of one claim; an order of forty parcels
// does not need forty sentences, the exhibits list them all.
const maxSentences = 5

// Letter is the rebuttal in words.
type Letter struct {
	Version string         `json:"version"` // of the words: LetterSet.ID, or by hand
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

// Draft writes the letter of a case in the words of a set, or the built-in ones
// for nil: an opening, one numbered sentence for each proof that has an exhibit
// and is not contradicted, the strongest first, and a closing. The same input
// gives the same words. cl is the checklist of the same items. An error, of kind
// Invalid, means that a template is wrong.
func Draft(c dispute.Case, items []dispute.Item, cl Checklist, set *LetterSet) (Letter, error) {
	return draft(newBook(c, items), cl, set)
}

func draft(b *book, cl Checklist, set *LetterSet) (Letter, error) {
	if set == nil {
		set = BuiltInLetters()
	}
	l := Letter{Version: set.ID(), Family: cl.Family}
	words := set.words(cl.Family, b.c.View.Snapshot)
	for _, line := range strongestFirst(cl.Lines, wantedBy(b.c)) {
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

// strongestFirst puts what decides a case before what supports it, and keeps the
// order of the checklist otherwise. A refund leads, and a document that speaks
// for itself alone comes last.
func strongestFirst(lines []Line, wanted networks.Wanted) []Line {
	weight := func(l Line) int {
		decisive := slices.ContainsFunc(wanted.Proofs, func(w networks.Want) bool { return w.Decisive && w.Proof == l.Proof })
		switch {
		case l.Proof == proofRefunded:
			return 0
		case l.Proof == proofDocument:
			return 5
		case decisive:
			return 1
		case l.Need == NeedOneOf:
			return 2
		case l.Need == NeedRequired:
			return 3
		}
		return 4
	}
	out := slices.Clone(lines)
	slices.SortStableFunc(out, func(x, y Line) int { return cmp.Compare(weight(x), weight(y)) })
	return out
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

// claim writes the sentences of one proof.
func claim(b *book, words *template.Template, key string) ([]Claim, error) {
	var out []Claim
	for _, on := range cited(proofs[key].cite, b.found(key)) {
		sentence, err := execute(words, key, newClaimData(b, key, on))
		if err != nil {
			return nil, err
		}
		if sentence == "" {
			continue
		}
		// Two records of one parcel say the same: one sentence on both.
		i := slices.IndexFunc(out, func(c Claim) bool { return c.Text == sentence })
		if i < 0 {
			i, out = len(out), append(out, Claim{Proof: key, Text: sentence})
		}
		for _, e := range on {
			out[i].Exhibits = append(out[i].Exhibits, e.number)
		}
	}
	for i, c := range out {
		slices.Sort(c.Exhibits)
		out[i].Text += " (" + citation(c.Exhibits) + ")."
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
		groups := perParcel(found)
		return groups[:min(len(groups), maxSentences)]
	case citeFirst:
	}
	return [][]*exhibit{found[:1]}
}

// perParcel puts the records of one parcel together, that which says most first;
// everything without a tracking number stands alone.
func perParcel(found []*exhibit) [][]*exhibit {
	var out [][]*exhibit
	at := map[string]int{}
	for _, e := range found {
		parcel := e.fact(dispute.FactTrackingNumber)
		if i, ok := at[parcel]; ok && parcel != "" {
			out[i] = append(out[i], e)
			continue
		}
		at[parcel] = len(out)
		out = append(out, []*exhibit{e})
	}
	for _, group := range out {
		slices.SortStableFunc(group, func(x, y *exhibit) int { return len(y.item.Facts) - len(x.item.Facts) })
	}
	return out
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

func frame(b *book, words *template.Template, l Letter, cl Checklist) (string, error) {
	data := newFrameData(b, l, cl)
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
