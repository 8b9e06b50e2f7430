package networks

import (
	"bytes"
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

//go:embed data/*.yaml
var files embed.FS

type codeKey struct{ network, code string }

type windowKey struct {
	network string
	stage   dispute.Stage
}

// catalogue is the data, indexed.
type catalogue struct {
	codes    []ReasonCode    // sorted by network and code
	byCode   map[codeKey]int // by code and by alias, into codes
	families map[dispute.Family]FamilyFacts
	words    map[string]dispute.Family // providers' words, lower case
	windows  map[windowKey]windowFact
}

// data is the embedded catalogue. Data that cannot be read is a broken build,
// which the tests catch, so it panics.
var data = sync.OnceValue(func() *catalogue {
	c, err := load(files)
	if err != nil {
		panic("networks: " + err.Error())
	}
	return c
})

func load(fsys fs.FS) (*catalogue, error) {
	c := &catalogue{
		byCode:   map[codeKey]int{},
		families: map[dispute.Family]FamilyFacts{},
		words:    map[string]dispute.Family{},
		windows:  map[windowKey]windowFact{},
	}
	return c, errors.Join(c.loadCodes(fsys), c.loadFamilies(fsys), c.loadWords(fsys), c.loadWindows(fsys))
}

// read decodes one file strictly.
func read(fsys fs.FS, name string, into any) error {
	raw, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err
	}
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// codeFile is one data/codes_*.yaml.
type codeFile struct {
	Network string            `yaml:"network"`
	Sources map[string]string `yaml:"sources"`
	Shared  []map[string]any  `yaml:"shared"` // anchors only
	Codes   []struct {
		ReasonCode `yaml:",inline"`
		Evidence   string `yaml:"evidence"` // a name in evidence.yaml
	} `yaml:"codes"`
}

func (c *catalogue) loadCodes(fsys fs.FS) error {
	var evidence map[string][]dispute.EvidenceField
	if err := read(fsys, "data/evidence.yaml", &evidence); err != nil {
		return err
	}
	matches, err := fs.Glob(fsys, "data/codes_*.yaml")
	if err != nil {
		return err
	}
	for _, name := range matches {
		var f codeFile
		if err := read(fsys, name, &f); err != nil {
			return err
		}
		for _, entry := range f.Codes {
			r := entry.ReasonCode
			fields, known := evidence[entry.Evidence]
			if !known {
				return fmt.Errorf("%s: %s: no evidence list %q", path.Base(name), r.Code, entry.Evidence)
			}
			r.Network, r.Evidence, r.Source = f.Network, fields, f.Sources[r.Source]
			r.Kind, r.Status = cmp.Or(r.Kind, KindDispute), cmp.Or(r.Status, CodeCurrent)
			c.codes = append(c.codes, r)
		}
	}
	return c.indexCodes()
}

func (c *catalogue) indexCodes() error {
	slices.SortFunc(c.codes, func(a, b ReasonCode) int {
		return cmp.Or(cmp.Compare(a.Network, b.Network), cmp.Compare(a.Code, b.Code))
	})
	for i, r := range c.codes {
		for _, code := range append([]string{r.Code}, r.Aliases...) {
			key := codeKey{r.Network, normalCode(r.Network, code)}
			if j, taken := c.byCode[key]; taken && j != i {
				return fmt.Errorf("%s %s: %q is taken by %s", r.Network, r.Code, code, c.codes[j].Code)
			}
			c.byCode[key] = i
		}
	}
	return nil
}

func (c *catalogue) loadFamilies(fsys fs.FS) error {
	var f struct {
		Sources  map[string]string `yaml:"sources"`
		Families []FamilyFacts     `yaml:"families"`
	}
	if err := read(fsys, "data/families.yaml", &f); err != nil {
		return err
	}
	for _, facts := range f.Families {
		if _, taken := c.families[facts.Family]; taken {
			return fmt.Errorf("families.yaml: %s is listed twice", facts.Family)
		}
		facts.Source = f.Sources[facts.Source]
		c.families[facts.Family] = facts
	}
	return nil
}

// wordFile is data/providers.yaml.
type wordFile struct {
	Providers []struct {
		Provider string `yaml:"provider"`
		Source   string `yaml:"source"`
		Reasons  []struct {
			Reason     string         `yaml:"reason"`
			Family     dispute.Family `yaml:"family"`
			Confidence Confidence     `yaml:"confidence"`
			Note       string         `yaml:"note"`
		} `yaml:"reasons"`
	} `yaml:"providers"`
}

func (c *catalogue) loadWords(fsys fs.FS) error {
	var f wordFile
	if err := read(fsys, "data/providers.yaml", &f); err != nil {
		return err
	}
	for _, p := range f.Providers {
		for _, r := range p.Reasons {
			word := strings.ToLower(r.Reason)
			if had, taken := c.words[word]; taken && had != r.Family {
				return fmt.Errorf("providers.yaml: %s: %q is %s here and %s elsewhere", p.Provider, r.Reason, r.Family, had)
			}
			c.words[word] = r.Family
		}
	}
	return nil
}

func (c *catalogue) loadWindows(fsys fs.FS) error {
	var f struct {
		Sources map[string]string `yaml:"sources"`
		Windows []windowFact      `yaml:"windows"`
	}
	if err := read(fsys, "data/windows.yaml", &f); err != nil {
		return err
	}
	for _, w := range f.Windows {
		key := windowKey{w.Network, w.Stage}
		if _, taken := c.windows[key]; taken {
			return fmt.Errorf("windows.yaml: %s %s is listed twice", w.Network, w.Stage)
		}
		w.Source = f.Sources[w.Source]
		c.windows[key] = w
	}
	return nil
}
