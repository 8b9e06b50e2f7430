package networks

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// Need says how much a claim wants a proof.
type Need string

// The needs.
const (
	NeedRequired   Need = "required"   // the packet is not complete without it
	NeedOneOf      Need = "one_of"     // one of all proofs with this need is required
	NeedSupporting Need = "supporting" // helps
)

// Want is one proof that a claim wants. Its key is one of package evidence.
type Want struct {
	Proof string `json:"proof"`
	Need  Need   `json:"need"`
	// Decisive proofs win most cases when all that is required is there too.
	Decisive bool `json:"decisive,omitempty"`
}

// Wanted is what a claim wants as evidence.
type Wanted struct {
	Family dispute.Family `json:"family"`
	// Network and Code are set where the network's own rule for the code asks for
	// something else than the family does.
	Network string `json:"network,omitempty"`
	Code    string `json:"code,omitempty"`
	Advice  string `json:"advice"` // what wins
	Proofs  []Want `json:"proofs"` // in the order in which a letter argues
	// Files are the slots that get a file of their own.
	Files []dispute.EvidenceField `json:"files"`
	// Watch are the contradictions that matter, by their codes.
	Watch      []string   `json:"watch,omitempty"`
	Source     string     `json:"source"`
	Confidence Confidence `json:"confidence"`
}

// Wants is what the claim of a dispute wants as evidence, which goes by a
// family: what the network's code asks for under that family, else what the
// family does. An unknown family is general.
func Wants(s dispute.Snapshot, f dispute.Family) Wanted { return data().wantsOf(s, f).clone() }

func (c *Catalogue) wantsOf(s dispute.Snapshot, f dispute.Family) Wanted {
	if code, ok := c.reason(s.Network, s.NetworkCode); ok {
		if w, ok := c.refined[wantKey{codeKey{code.Network, code.Code}, f}]; ok {
			return w
		}
	}
	if w, ok := c.wants[f]; ok {
		return w
	}
	return c.wants[dispute.FamilyGeneral]
}

// clone keeps callers from writing into the shared catalogue.
func (w Wanted) clone() Wanted {
	w.Proofs, w.Files, w.Watch = slices.Clone(w.Proofs), slices.Clone(w.Files), slices.Clone(w.Watch)
	return w
}

// toldWants is what a file tells of a family, or of a code beside its family.
type toldWants struct {
	Family     dispute.Family          `yaml:"family"`
	Codes      []string                `yaml:"codes"`
	Advice     string                  `yaml:"advice"`
	Proofs     []string                `yaml:"proofs"` // of a family: all, in order
	Required   []string                `yaml:"required"`
	OneOf      []string                `yaml:"one_of"`
	Supporting []string                `yaml:"supporting"`
	Drop       []string                `yaml:"drop"`
	Decisive   []string                `yaml:"decisive"`
	Files      []dispute.EvidenceField `yaml:"files"`
	Watch      []string                `yaml:"watch"`
	Source     string                  `yaml:"source"`
	Confidence Confidence              `yaml:"confidence"`

	at string
}

func (l *loader) readWants(d document) {
	var f struct {
		Network  string            `yaml:"network"`
		Sources  map[string]string `yaml:"sources"`
		Shared   []map[string]any  `yaml:"shared"` // anchors only
		Families []toldWants       `yaml:"families"`
		Codes    []toldWants       `yaml:"codes"`
	}
	if !l.decode(&d, &f) {
		return
	}
	for i, w := range f.Families {
		w.at = d.at("families", i)
		l.claim(w.at, "what "+string(w.Family)+" wants")
		w.Source = l.source(w.at, w.Source, f.Sources)
		l.checkTold(w)
		l.text(w.at, "advice", w.Advice)
		oneOf(l, w.at, "family", w.Family, families)
		if len(w.Codes)+len(w.Supporting)+len(w.Drop) > 0 {
			l.bad(w.at, "codes, supporting and drop are for codes; a family lists its proofs")
		}
		l.wants[w.Family] = w
	}
	if len(f.Codes) > 0 {
		l.network(d, f.Network)
	}
	for i, w := range f.Codes {
		w.at = d.at("codes", i)
		w.Source = l.source(w.at, w.Source, f.Sources)
		l.readRefinement(f.Network, w)
	}
}

func (l *loader) readRefinement(network string, w toldWants) {
	l.checkTold(w)
	if len(w.Codes) == 0 || len(w.Proofs) > 0 {
		l.bad(w.at, "a refinement names its codes, and no proofs but those that change")
	}
	if w.Family != "" {
		oneOf(l, w.at, "family", w.Family, families)
	}
	for _, name := range w.Codes {
		code, ok := l.codes[codeKey{network, normalCode(network, name)}]
		if !ok {
			l.bad(w.at, "%s has no code %q", network, name)
			continue
		}
		key := wantKey{codeKey{network, code.Code}, cmp.Or(w.Family, code.Family)}
		l.claim(w.at, fmt.Sprintf("what %s %s wants for %s", network, code.Code, key.family))
		l.refined[key] = w
	}
}

func (l *loader) checkTold(w toldWants) {
	oneOf(l, w.at, "confidence", w.Confidence, confidences)
	l.slots(w.at, w.Files)
	for i, p := range w.Proofs {
		if slices.Contains(w.Proofs[:i], p) {
			l.bad(w.at, "%q is listed twice", p)
		}
	}
	needs := slices.Concat(w.Required, w.OneOf, w.Supporting, w.Drop)
	for i, p := range needs {
		if slices.Contains(needs[:i], p) {
			l.bad(w.at, "%q is given two needs", p)
		}
	}
}

// finishWants makes the tables of the families, and from them those of the codes.
func (l *loader) finishWants() {
	for f, told := range l.wants {
		w := Wanted{Family: f, Advice: told.Advice, Files: told.Files, Watch: told.Watch, Source: told.Source, Confidence: told.Confidence}
		for _, p := range told.Proofs {
			w.Proofs = append(w.Proofs, Want{Proof: p, Need: NeedSupporting})
		}
		l.c.wants[f] = l.change(w, told, false)
	}
	for key, told := range l.refined {
		w := l.c.wants[key.family].clone()
		w.Network, w.Code, w.Source, w.Confidence = key.network, key.code, told.Source, told.Confidence
		l.c.refined[key] = l.change(w, told, true)
	}
}

// change puts into w what was told of it, and checks the result. Only a code
// may want what its family does not.
func (l *loader) change(w Wanted, told toldWants, joins bool) Wanted {
	w.Proofs = slices.DeleteFunc(w.Proofs, func(x Want) bool { return slices.Contains(told.Drop, x.Proof) })
	for _, group := range []struct {
		need   Need
		proofs []string
	}{{NeedRequired, told.Required}, {NeedOneOf, told.OneOf}, {NeedSupporting, told.Supporting}} {
		for _, p := range group.proofs {
			i := w.find(p)
			if i < 0 && joins {
				w.Proofs, i = append(w.Proofs, Want{Proof: p}), len(w.Proofs)
			}
			if i < 0 {
				l.bad(told.at, "%q is not among the proofs", p)
				continue
			}
			w.Proofs[i].Need = group.need
		}
	}
	l.replace(&w, told)
	l.checkWanted(w, told)
	return w
}

func (w Wanted) find(proof string) int {
	return slices.IndexFunc(w.Proofs, func(x Want) bool { return x.Proof == proof })
}

// replace puts in what is told as a whole.
func (l *loader) replace(w *Wanted, told toldWants) {
	if told.Advice != "" {
		w.Advice = told.Advice
	}
	if told.Files != nil {
		w.Files = told.Files
	}
	if told.Watch != nil {
		w.Watch = told.Watch
	}
	if told.Decisive == nil {
		return
	}
	for i := range w.Proofs {
		w.Proofs[i].Decisive = slices.Contains(told.Decisive, w.Proofs[i].Proof)
	}
	for _, p := range told.Decisive {
		if w.find(p) < 0 {
			l.bad(told.at, "%q is decisive and not among the proofs", p)
		}
	}
}

// checkWanted holds a table against what package evidence can find. A proof may
// be dropped that the family does not want: a folder can have replaced the family.
func (l *loader) checkWanted(w Wanted, told toldWants) {
	names := slices.Clone(told.Drop)
	for _, x := range w.Proofs {
		names = append(names, x.Proof)
	}
	for _, p := range names {
		if len(l.known.Proofs) > 0 && !slices.Contains(l.known.Proofs, p) {
			l.bad(told.at, "proof %q is unknown; there are %v", p, l.known.Proofs)
		}
	}
	for _, code := range w.Watch {
		if len(l.known.Contradictions) > 0 && !slices.Contains(l.known.Contradictions, code) {
			l.bad(told.at, "contradiction %q is unknown; there are %v", code, l.known.Contradictions)
		}
	}
	if !slices.ContainsFunc(w.Proofs, func(x Want) bool { return x.Need != NeedSupporting }) {
		l.bad(told.at, "nothing is required")
	}
}
