package networks

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// loader gathers layers of files and everything that is wrong with them.
type loader struct {
	c        *Catalogue
	known    Vocabulary
	evidence map[string][]dispute.EvidenceField
	codes    map[codeKey]toldCode
	words    map[codeKey]ReasonCode // of providers
	wants    map[dispute.Family]toldWants
	refined  map[wantKey]toldWants
	seen     map[string]string // what the present layer has told, and where
	problems []error
}

type toldCode struct {
	ReasonCode
	list, at string // the name of its evidence list, and its file and line
}

func newLoader() *loader {
	return &loader{
		evidence: map[string][]dispute.EvidenceField{},
		codes:    map[codeKey]toldCode{}, words: map[codeKey]ReasonCode{}, wants: map[dispute.Family]toldWants{}, refined: map[wantKey]toldWants{},
		c: &Catalogue{
			families: map[dispute.Family]FamilyFacts{}, words: map[string]dispute.Family{}, windows: map[windowKey]WindowFact{},
		},
	}
}

// over is a loader that goes on from what this one has read.
func (l *loader) over(known Vocabulary) *loader {
	return &loader{
		known: known, evidence: maps.Clone(l.evidence),
		codes: maps.Clone(l.codes), words: maps.Clone(l.words), wants: maps.Clone(l.wants), refined: maps.Clone(l.refined),
		problems: slices.Clone(l.problems),
		c: &Catalogue{
			byCode: map[codeKey]int{}, families: maps.Clone(l.c.families), words: maps.Clone(l.c.words),
			windows: maps.Clone(l.c.windows), wants: map[dispute.Family]Wanted{}, refined: map[wantKey]Wanted{},
		},
	}
}

// kinds are the sorts of files by how their names begin.
var kinds = []struct {
	name string
	read func(*loader, document)
}{
	{"evidence", (*loader).readEvidence}, {"codes", (*loader).readCodes}, {"families", (*loader).readFamilies},
	{"providers", (*loader).readProviders}, {"windows", (*loader).readWindows}, {"wants", (*loader).readWants},
}

// layer reads a folder over what was read before. Hidden files are not looked
// at, every other one must be of a known kind.
func (l *loader) layer(folder fs.FS) {
	l.seen = map[string]string{}
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		l.problems = append(l.problems, err)
		return
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			l.readFile(folder, e.Name())
		}
	}
}

func (l *loader) readFile(folder fs.FS, name string) {
	for _, k := range kinds {
		if !strings.HasPrefix(name, k.name) || !strings.HasSuffix(name, ".yaml") {
			continue
		}
		raw, err := fs.ReadFile(folder, name)
		if err != nil {
			l.problems = append(l.problems, err)
			return
		}
		k.read(l, document{name: name, raw: raw})
		return
	}
	l.bad(name, "is no file of the catalogue: names begin with codes, evidence, families, providers, wants or windows and end with .yaml")
}

// bad notes a problem.
func (l *loader) bad(at, format string, args ...any) {
	l.problems = append(l.problems, fmt.Errorf("%s: "+format, append([]any{at}, args...)...))
}

// claim notes that the layer tells of something, which it may do once.
func (l *loader) claim(at, what string) {
	if first, taken := l.seen[what]; taken {
		l.bad(at, "%s is told twice, first at %s", what, first)
		return
	}
	l.seen[what] = at
}

// source gives the source that an entry names among those of its file.
func (l *loader) source(at, name string, of map[string]string) string {
	text := strings.TrimSpace(of[name])
	if text == "" {
		l.bad(at, "source %q is not among the file's sources", name)
	}
	return text
}

// document is one file.
type document struct {
	name string
	raw  []byte
	root *yaml.Node
}

// decode reads the file strictly and reports whether it could.
func (l *loader) decode(d *document, into any) bool {
	d.root = &yaml.Node{}
	dec := yaml.NewDecoder(bytes.NewReader(d.raw))
	dec.KnownFields(true)
	err := dec.Decode(into)
	var wrong *yaml.TypeError
	switch {
	case errors.As(err, &wrong):
		for _, text := range wrong.Errors {
			text, _, _ = strings.Cut(text, " in type ")
			l.bad(d.name, "%s", text)
		}
		return false
	case errors.Is(err, io.EOF):
		l.bad(d.name, "the file is empty")
		return false
	case err != nil:
		l.bad(d.name, "%w", err)
		return false
	}
	if err := dec.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		l.bad(d.name, "there is more than one document")
		return false
	}
	if err := yaml.Unmarshal(d.raw, d.root); err != nil {
		l.bad(d.name, "%w", err)
		return false
	}
	return true
}

// at is the file and line of an entry, by the keys and indexes that lead to it.
func (d document) at(path ...any) string {
	n := d.root
	for n.Kind == yaml.DocumentNode && len(n.Content) > 0 {
		n = n.Content[0]
	}
	for _, step := range path {
		next := child(n, step)
		if next == nil {
			break
		}
		n = next
	}
	return fmt.Sprintf("%s:%d", d.name, n.Line)
}

func child(n *yaml.Node, step any) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	switch step := step.(type) {
	case int:
		if n.Kind == yaml.SequenceNode && step < len(n.Content) {
			return n.Content[step]
		}
	case string:
		for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == step {
				return n.Content[i+1]
			}
		}
	}
	return nil
}

// finish resolves what the layers told and checks the whole.
func (l *loader) finish() (*Catalogue, error) {
	l.finishCodes()
	l.finishFamilies()
	l.finishWants()
	slices.SortFunc(l.problems, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	return l.c, errors.Join(l.problems...)
}

func (l *loader) finishCodes() {
	for _, told := range l.codes {
		r := told.ReasonCode
		fields, ok := l.evidence[told.list]
		if !ok {
			l.bad(told.at, "no evidence list %q", told.list)
		}
		if r.Evidence = fields; len(fields) == 0 && r.Contest != ContestNever {
			l.bad(told.at, "advises %s, yet names no evidence", r.Contest)
		}
		if _, ok := l.codes[codeKey{r.Network, r.SupersededBy}]; r.SupersededBy != "" && !ok {
			l.bad(told.at, "superseded by %q, which is not listed", r.SupersededBy)
		}
		l.c.codes = append(l.c.codes, r)
	}
	slices.SortFunc(l.c.codes, byNetworkAndCode)
	for i, r := range l.c.codes {
		l.index(i, r)
	}
}

func byNetworkAndCode(a, b ReasonCode) int {
	return cmp.Or(cmp.Compare(a.Network, b.Network), cmp.Compare(a.Code, b.Code))
}

// index makes a code findable by its own name and its aliases.
func (l *loader) index(i int, r ReasonCode) {
	for _, code := range append([]string{r.Code}, r.Aliases...) {
		key := codeKey{r.Network, normalCode(r.Network, code)}
		if j, taken := l.c.byCode[key]; taken && j != i {
			at := l.codes[codeKey{r.Network, normalCode(r.Network, r.Code)}].at
			l.bad(at, "%q is a name of %s too", code, l.c.codes[j].Code)
			continue
		}
		l.c.byCode[key] = i
	}
}

func (l *loader) finishFamilies() {
	for _, f := range families {
		if _, ok := l.c.families[f]; !ok {
			l.bad("families", "nothing is told of %s", f)
		}
		if _, ok := l.wants[f]; !ok {
			l.bad("wants", "nothing is told of %s", f)
		}
	}
	for i, r := range l.c.codes {
		l.c.codes[i].Definition = cmp.Or(r.Definition, l.c.families[r.Family].Claim)
	}
	for _, r := range l.words {
		facts := l.c.families[r.Family]
		r.Title, r.Definition, r.Contest = facts.Title, facts.Claim, facts.Contest
		r.Evidence = []dispute.EvidenceField{} // it depends on what was sold: FamilyFacts.Evidence
		r.ContestWhen, r.AcceptWhen = facts.OverturnWith, "The claim is right, or none of this is at hand."
		l.c.provider = append(l.c.provider, r)
	}
	slices.SortFunc(l.c.provider, byNetworkAndCode)
}
