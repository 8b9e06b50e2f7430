package evidence

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/networks"
)

// State is what the evidence says about one line of the checklist.
type State string

// The states.
const (
	Present       State = "present"
	Missing       State = "missing"
	Contradicting State = "contradicting"
)

// Line is one thing that the claim wants shown.
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
	// Completeness is Present of Required in per cent, CompletenessWhy names
	// what is missing.
	Completeness    int    `json:"completeness"`
	CompletenessWhy string `json:"completeness_why"`
	// Strength is 0 (nothing but the dispute) to 4 (decisive), StrengthWhy the
	// reason in words.
	Strength    int    `json:"strength"`
	StrengthWhy string `json:"strength_why"`
	// Complete says that all required lines are present and nothing speaks
	// against us.
	Complete bool   `json:"complete"`
	Advice   string `json:"advice"` // what wins against this claim
}

// Check holds the items of a case against what its reason wants: the network's
// code where its rule asks for something of its own, else the family. The items
// may come in any order.
func Check(c dispute.Case, items []dispute.Item) Checklist { return check(newBook(c, items)) }

func check(b *book) Checklist {
	wanted := wantedBy(b.c)
	out := Checklist{Family: wanted.Family, Advice: wanted.Advice, Contradictions: contradictions(b, codes(wanted.Watch))}
	for _, w := range wanted.Proofs {
		out.Lines = append(out.Lines, line(b, w, out.Contradictions))
	}
	out.Present, out.Required = present(out.Lines)
	out.Completeness, out.CompletenessWhy = completeness(out)
	against := out.against()
	out.Complete = out.Present == out.Required && len(against) == 0
	out.Strength, out.StrengthWhy = strength(b, out, wanted)
	return out
}

func codes(watch []string) []Code {
	out := make([]Code, len(watch))
	for i, code := range watch {
		out[i] = Code(code)
	}
	return out
}

func line(b *book, w networks.Want, found []Contradiction) Line {
	p := proofs[w.Proof]
	l := Line{Proof: w.Proof, Name: p.name, Need: w.Need, State: Missing, Why: p.get}
	if items := ids(b.found(w.Proof)); len(items) > 0 {
		l.State, l.Items, l.Why = Present, items, ""
	}
	for _, c := range found {
		if c.InOurFavour {
			l.Need = needWhenRefunded(w.Proof)
		}
		if !c.InOurFavour && slices.Contains(c.Blocks, w.Proof) {
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

// present counts the required lines that are there, and all; the lines of
// which one is enough count as one.
func present(lines []Line) (there, required int) {
	alternatives, oneOf := 0, 0
	for _, l := range lines {
		switch l.Need {
		case NeedRequired:
			required++
			if l.State == Present {
				there++
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
		there += oneOf
	}
	return there, required
}

// completeness is how much of what is required is there, and what is not.
func completeness(c Checklist) (percent int, why string) {
	if c.Present == c.Required {
		return 100, "All that is required is present."
	}
	var names, oneOf []string
	enough := false
	for _, l := range c.Lines {
		switch {
		case l.Need == NeedRequired && l.State != Present:
			names = append(names, named(l))
		case l.Need == NeedOneOf && l.State == Present:
			enough = true
		case l.Need == NeedOneOf:
			oneOf = append(oneOf, named(l))
		}
	}
	if !enough && len(oneOf) > 0 {
		names = append(names, "one of: "+strings.Join(oneOf, ", "))
	}
	return 100 * c.Present / c.Required, fmt.Sprintf("%d of %d that are required. Missing: %s.", c.Present, c.Required, strings.Join(names, "; "))
}

func named(l Line) string {
	if l.State == Contradicting {
		return l.Name + " (contradicted)"
	}
	return l.Name
}

func strength(b *book, c Checklist, wanted networks.Wanted) (int, string) {
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
		if wanted.Proofs[i].Decisive {
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
