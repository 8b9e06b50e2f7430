package odds

import (
	"fmt"
	"strings"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/networks"
)

// Group is a sort of dispute whose outcomes are counted together.
type Group struct {
	Family   dispute.Family `json:"family"`
	Network  string         `json:"network"`  // as networks.Network writes it
	Provider string         `json:"provider"` // the vendor's name
	Strength int            `json:"strength"` // of the evidence, 0 to 4
}

// Count is how the contested disputes of a group ended.
type Count struct {
	Group
	Won  int `json:"won"`
	Lost int `json:"lost"`
}

// History is a merchant's outcomes. A nil History has none.
type History struct {
	levels [depth]map[Group]tally
}

type tally struct{ won, lost int }

// depth is how many groups, each inside the one before, a chance is learned
// from: family, network, provider, strength.
const depth = 4

// level widens a group: 0 keeps its family only, depth-1 all of it.
func (g Group) level(i int) Group {
	out := Group{Family: g.Family, Strength: -1}
	if i > 0 {
		out.Network = g.Network
	}
	if i > 1 {
		out.Provider = g.Provider
	}
	if i > 2 {
		out.Strength = g.Strength
	}
	return out
}

// String is the group in words: "fraudulent, visa, stripe".
func (g Group) String() string {
	parts := []string{strings.ReplaceAll(string(g.Family), "_", " ")}
	for _, p := range []string{g.Network, g.Provider} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	if g.Strength >= 0 {
		parts = append(parts, fmt.Sprintf("strength %d", g.Strength))
	}
	return strings.Join(parts, ", ")
}

// NewHistory adds counts up. The same group may come more than once.
func NewHistory(counts []Count) *History {
	var h History
	for i := range h.levels {
		h.levels[i] = make(map[Group]tally)
		for _, c := range counts {
			t := h.levels[i][c.level(i)]
			h.levels[i][c.level(i)] = tally{t.won + c.Won, t.lost + c.Lost}
		}
	}
	return &h
}

// own are a group's outcomes at a level that no narrower level counts: with them
// each outcome counts once.
func (h *History) own(g Group, i int) tally {
	t := h.levels[i][g.level(i)]
	if i+1 == depth {
		return t
	}
	narrower := h.levels[i+1][g.level(i+1)]
	return tally{t.won - narrower.won, t.lost - narrower.lost}
}

// pseudo is how many imagined outcomes a wider group counts for in a narrower
// one: with as many of its own, a group is believed half. It is a choice of ours.
const pseudo = 10

// Chance is the chance to win a dispute that is contested.
type Chance struct {
	P float64 `json:"p"`
	// Low and High hold the chance with 80 in 100 or more, and P always: the mean of
	// a very small chance lies outside of the middle 80.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	// Steps lead from the catalogue's figure to P, the widest group first.
	Steps []Step `json:"steps"`
}

// Step is one group that the chance was learned from. It shows all outcomes of
// the group; those that the next step shows too move the chance only there.
type Step struct {
	Of   string  `json:"of"`
	Won  int     `json:"won"`
	Lost int     `json:"lost"`
	P    float64 `json:"p"` // after this step
}

// Learned reports whether any outcome of the merchant's own went into it.
func (c Chance) Learned() bool { return len(c.Steps) > 1 }

// Chance is what the outcomes say of a group. Each group starts from the chance
// of the wider one and moves by its own outcomes, the more the more it has
// (beta-binomial shrinkage); the widest starts from the catalogue. An outcome
// counts once, in the narrowest of the groups that hold it.
func (h *History) Chance(g Group) Chance {
	p := networks.Prior(g.Family)
	out := Chance{Steps: []Step{{Of: "the catalogue's figure for " + g.level(0).String(), P: p}}}
	won, lost := pseudo*p, pseudo*(1-p)
	for i := 0; h != nil && i < depth; i++ {
		t := h.levels[i][g.level(i)]
		if t == (tally{}) {
			break // narrower groups have none either
		}
		own := h.own(g, i)
		won, lost = pseudo*p+float64(own.won), pseudo*(1-p)+float64(own.lost)
		p = won / (won + lost)
		out.Steps = append(out.Steps, Step{Of: g.level(i).String(), Won: t.won, Lost: t.lost, P: p})
	}
	posterior := distuv.Beta{Alpha: won, Beta: lost}
	out.P, out.Low, out.High = p, min(p, posterior.Quantile(0.1)), max(p, posterior.Quantile(0.9))
	return out
}
