package evidence

import (
	"slices"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/networks"
)

// Guide is all that is known of a reason code, for a person who has to answer it.
type Guide struct {
	Reason      networks.ReasonCode `json:"reason"`
	NetworkName string              `json:"network_name"` // as people write it
	// Claims are what the code can mean, the commonest first, each with what
	// answers it. An umbrella code has several.
	Claims []Claimed `json:"claims"`
	// Windows are the times that the network gives for an answer, by stage. The
	// date on a live dispute beats them.
	Windows []networks.WindowFact `json:"windows"`
}

// Claimed is one meaning of a code.
type Claimed struct {
	Family     dispute.Family `json:"family"`
	Titles     []string       `json:"titles"` // the network's own words
	Advice     string         `json:"advice"`
	Required   []Asked        `json:"required"`
	OneOf      []Asked        `json:"one_of"`
	Supporting []Asked        `json:"supporting"`
	// Watch are the contradictions that matter, by their codes.
	Watch      []string            `json:"watch"`
	Source     string              `json:"source"`
	Confidence networks.Confidence `json:"confidence"`
}

// Asked is one proof that a claim asks for.
type Asked struct {
	Proof    string `json:"proof"` // its key, as in Line
	Name     string `json:"name"`
	Get      string `json:"get"` // how to come by it
	Decisive bool   `json:"decisive,omitempty"`
}

// GuideTo explains a reason code by the catalogue in force.
func GuideTo(r networks.ReasonCode) Guide {
	g := Guide{Reason: r, NetworkName: networks.NetworkName(r.Network), Windows: networks.Windows(r.Network)}
	if g.Windows == nil {
		g.Windows = []networks.WindowFact{}
	}
	g.add(r.Family, "")
	for _, sub := range r.SubReasons {
		g.add(sub.Family, sub.Title)
	}
	if len(g.Claims[0].Titles) == 0 {
		g.Claims[0].Titles = append(g.Claims[0].Titles, r.Title)
	}
	return g
}

// add joins a meaning to the claim of its family.
func (g *Guide) add(f dispute.Family, title string) {
	i := slices.IndexFunc(g.Claims, func(c Claimed) bool { return c.Family == f })
	if i < 0 {
		i = len(g.Claims)
		g.Claims = append(g.Claims, claimed(networks.Wants(dispute.Snapshot{Network: g.Reason.Network, NetworkCode: g.Reason.Code}, f)))
	}
	if title != "" {
		g.Claims[i].Titles = append(g.Claims[i].Titles, title)
	}
}

func claimed(w networks.Wanted) Claimed {
	c := Claimed{
		Family: w.Family, Titles: []string{}, Advice: w.Advice, Required: []Asked{}, OneOf: []Asked{}, Supporting: []Asked{},
		Watch: append([]string{}, w.Watch...), Source: w.Source, Confidence: w.Confidence,
	}
	for _, x := range w.Proofs {
		asked := Asked{Proof: x.Proof, Name: proofs[x.Proof].name, Get: proofs[x.Proof].get, Decisive: x.Decisive}
		switch x.Need {
		case NeedRequired:
			c.Required = append(c.Required, asked)
		case NeedOneOf:
			c.OneOf = append(c.OneOf, asked)
		case NeedSupporting:
			c.Supporting = append(c.Supporting, asked)
		}
	}
	return c
}
