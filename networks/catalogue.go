package networks

import (
	"embed"
	"io/fs"
	"sync"
	"sync/atomic"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

//go:embed data/*.yaml
var files embed.FS

type codeKey struct{ network, code string }

type windowKey struct {
	network string
	stage   dispute.Stage
}

type wantKey struct {
	codeKey
	family dispute.Family
}

// Catalogue is one whole set of facts. Load makes one, Use puts it in force.
type Catalogue struct {
	codes    []ReasonCode    // sorted by network and code
	byCode   map[codeKey]int // by code and by alias, into codes
	families map[dispute.Family]FamilyFacts
	words    map[string]dispute.Family // providers' words, lower case
	provider []ReasonCode              // the same, as codes of their providers
	windows  map[windowKey]WindowFact
	wants    map[dispute.Family]Wanted
	refined  map[wantKey]Wanted
}

// Vocabulary is what package evidence can find, so that data which asks for
// something else is refused. An empty list is not checked.
type Vocabulary struct {
	Proofs         []string
	Contradictions []string
}

// builtIn is the embedded catalogue. Data that cannot be read is a broken
// build, which the tests catch, so it panics.
var builtIn = sync.OnceValue(func() *Catalogue {
	c, err := Load(nil, Vocabulary{})
	if err != nil {
		panic("networks: " + err.Error())
	}
	return c
})

var inForce atomic.Pointer[Catalogue]

// Use puts a catalogue in force for the whole process; nil is the built-in one.
// A process calls it once, before it looks anything up.
func Use(c *Catalogue) { inForce.Store(c) }

// data is the catalogue in force.
func data() *Catalogue {
	if c := inForce.Load(); c != nil {
		return c
	}
	return builtIn()
}

// Load reads the built-in facts and over them those of a folder, which may be
// nil. An entry of the folder replaces the built-in entry of the same key or
// joins the others: a code of a network, a family, a provider's word, a window,
// a list of evidence slots, what a family or a code wants. The folder holds
// YAML files like those of networks/data, told apart by how their names begin:
// codes, evidence, families, providers, wants, windows.
//
// The result is checked as a whole. The error names every problem with its file
// and line.
func Load(folder fs.FS, known Vocabulary) (*Catalogue, error) {
	l := ownFacts().over(known)
	if folder != nil {
		l.layer(folder)
	}
	return l.finish()
}

// ownFacts are the embedded files, read.
var ownFacts = sync.OnceValue(func() *loader {
	l := newLoader()
	own, err := fs.Sub(files, "data")
	if err != nil {
		l.problems = append(l.problems, err)
		return l
	}
	l.layer(own)
	return l
})
