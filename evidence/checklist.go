package evidence

import (
	"slices"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// State is what the evidence says about one line of the checklist.
type State string

// The states.
const (
	Present       State = "present"
	Missing       State = "missing"
	Contradicting State = "contradicting"
)

// Line is one thing that the family wants shown.
type Line struct {
	Proof string   `json:"proof"` // its key, the same in Claim
	Name  string   `json:"name"`
	Need  Need     `json:"need"`
	State State    `json:"state"`
	Items []string `json:"items,omitempty"` // ids of the items that show it, or speak against it
	Why   string   `json:"why,omitempty"`   // what to do when missing, what is wrong when contradicting
}

// Checklist is how far the evidence of a case answers its claim.
type Checklist struct {
	Family         dispute.Family  `json:"family"`
	Lines          []Line          `json:"lines"`
	Contradictions []Contradiction `json:"contradictions,omitempty"`
	// Present of Required lines are there; the lines of which one is enough
	// count as one.
	Present  int `json:"present"`
	Required int `json:"required"`
	// Strength is 0 (nothing but the dispute) to 4 (decisive), StrengthWhy the
	// reason in words.
	Strength    int    `json:"strength"`
	StrengthWhy string `json:"strength_why"`
	// Complete says that all required lines are present and nothing speaks
	// against us.
	Complete bool   `json:"complete"`
	Advice   string `json:"advice"` // what wins in this family
}

// Check holds the items of a case against what its family of reasons wants.
// The items may come in any order.
func Check(c dispute.Case, items []dispute.Item) Checklist { return check(newBook(c, items)) }

func check(b *book) Checklist {
	name, fam := familyOf(b.c.Family)
	out := Checklist{Family: name, Advice: fam.advice, Contradictions: contradictions(b, fam.watch)}
	for _, w := range fam.wants {
		out.Lines = append(out.Lines, line(b, w, out.Contradictions))
	}
	out.Present, out.Required = completeness(out)
	against := out.against()
	out.Complete = out.Present == out.Required && len(against) == 0
	out.Strength, out.StrengthWhy = strength(b, out, fam)
	return out
}

func line(b *book, w want, found []Contradiction) Line {
	p := proofs[w.proof]
	l := Line{Proof: w.proof, Name: p.name, Need: w.need, State: Missing, Why: p.get}
	if items := ids(b.found(w.proof)); len(items) > 0 {
		l.State, l.Items, l.Why = Present, items, ""
	}
	for _, c := range found {
		if c.InOurFavour {
			l.Need = needWhenRefunded(w.proof)
		}
		if !c.InOurFavour && slices.Contains(c.Blocks, w.proof) {
			l.State, l.Items, l.Why = Contradicting, c.Items, c.Why
		}
	}
	return l
}

// needWhenRefunded makes the refund the whole answer.
func needWhenRefunded(key string) Need {
	if key == proofRefunded {
		return NeedRequired
	}
	return NeedSupporting
}

// against are the contradictions that speak against us.
func (c Checklist) against() []Contradiction {
	return slices.DeleteFunc(slices.Clone(c.Contradictions), func(x Contradiction) bool { return x.InOurFavour })
}

func (c Checklist) refundedInFull() bool {
	return slices.ContainsFunc(c.Contradictions, func(x Contradiction) bool { return x.InOurFavour })
}

func completeness(c Checklist) (present, required int) {
	alternatives, oneOf := 0, 0
	for _, l := range c.Lines {
		switch l.Need {
		case NeedRequired:
			required++
			if l.State == Present {
				present++
			}
		case NeedOneOf:
			alternatives++
			if l.State == Present {
				oneOf = 1
			}
		case NeedSupporting:
		}
	}
	if alternatives > 0 {
		required++
		present += oneOf
	}
	return present, required
}

func strength(b *book, c Checklist, fam family) (int, string) {
	switch {
	case len(b.exhibits) == 0:
		return 0, "Nothing but the dispute itself is known."
	case len(c.against()) > 0:
		return 1, c.against()[0].Why
	case c.refundedInFull():
		return 4, "The disputed amount was returned before the dispute."
	case !c.Complete && c.Present == 0:
		return 1, "None of the required evidence is present."
	case !c.Complete:
		return 2, "Part of the required evidence is missing."
	}
	supporting := 0
	for i, l := range c.Lines {
		if l.State != Present {
			continue
		}
		if fam.wants[i].decisive {
			return 4, "Complete, with decisive evidence: " + l.Name + "."
		}
		if l.Need == NeedSupporting {
			supporting++
		}
	}
	if supporting >= 3 {
		return 4, "Complete, and well supported."
	}
	return 3, "All required evidence is present."
}
