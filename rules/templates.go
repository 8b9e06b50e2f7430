package rules

import (
	"embed"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// Template is a ready piece of policy that can be switched on by name: a rule
// that contributes and leaves the decision to the set's own rules.
type Template struct {
	Name  string `yaml:"-" json:"name"`
	About string `yaml:"about" json:"about"`
	Needs []Need `yaml:"needs" json:"needs"`
	// Configuration is what the installation's configuration has to say besides,
	// as YAML with <role> for the connections; empty when it is nothing more than
	// the connections themselves.
	Configuration string `yaml:"configuration" json:"configuration,omitempty"`
	// Rules is a list of rules as YAML, with <role> for the connections and
	// <currency> for the set's base currency.
	Rules string `yaml:"rules" json:"rules"`
}

// Need is a connection that a template wants, by the part it plays.
type Need struct {
	Role       string `yaml:"role" json:"role"`
	Capability string `yaml:"capability" json:"capability"` // as `rebuttal vendors` names it
	Usual      string `yaml:"usual" json:"usual"`           // the connection that is taken when none is named
}

//go:embed templates/*.yaml
var templateFiles embed.FS

var templates = sync.OnceValue(func() []Template {
	files, err := templateFiles.ReadDir("templates")
	if err != nil {
		panic(err)
	}
	out := make([]Template, 0, len(files))
	for _, f := range files {
		src, err := templateFiles.ReadFile(path.Join("templates", f.Name()))
		if err != nil {
			panic(err)
		}
		t := Template{Name: strings.TrimSuffix(f.Name(), ".yaml")}
		if err := yaml.Unmarshal(src, &t); err != nil {
			panic(f.Name() + ": " + err.Error())
		}
		out = append(out, t)
	}
	return out
})

// Templates lists the templates that come with Rebuttal, by name.
func Templates() []Template { return slices.Clone(templates()) }

// TemplateNamed finds a template; the error is of kind NotFound and names those
// that are near.
func TemplateNamed(name string) (Template, error) {
	var known []string
	for _, t := range templates() {
		if t.Name == name {
			return t, nil
		}
		known = append(known, t.Name)
	}
	return Template{}, dispute.Errorf(dispute.NotFound, "rules: template "+name, "there is none; %s", suggest(name, known, "there are "+strings.Join(known, ", ")))
}

var connectionForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)

// Connections are the connections of the template's roles: those that are named,
// and the usual one for the others. A role that the template does not have is
// Invalid, and so is a name that no connection can have.
func (t Template) Connections(named map[string]string) (map[string]string, error) {
	out := map[string]string{}
	for _, n := range t.Needs {
		out[n.Role] = n.Usual
	}
	for role, connection := range named {
		if _, ok := out[role]; !ok {
			return nil, dispute.Errorf(dispute.Invalid, "rules: template "+t.Name, "it has no role %s; %s", quote(role), suggest(role, sorted(out), "see its needs"))
		}
		if !connectionForm.MatchString(connection) {
			return nil, dispute.Errorf(dispute.Invalid, "rules: template "+t.Name, "%s is no name of a connection", quote(connection))
		}
		out[role] = connection
	}
	return out, nil
}

// Fill puts connections in the place of the roles of a text, as Connections
// gives them.
func (t Template) Fill(text string, connections map[string]string) string {
	for role, connection := range connections {
		text = strings.ReplaceAll(text, "<"+role+">", connection)
	}
	return text
}

// Merge writes the template's rules at the top of a rule set and leaves the rest
// as it is, comments too. name says what the set is in errors. The result is
// parsed: the error is Parse's, or of kind Conflict when the set has the template
// already.
func (t Template) Merge(name string, source []byte, named map[string]string) ([]byte, error) {
	connections, err := t.Connections(named)
	if err != nil {
		return nil, err
	}
	set, err := Parse(name, source)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(set.Rules, func(r Rule) bool { return r.ID == t.Name }) {
		return nil, dispute.Errorf(dispute.Conflict, "rules: template "+t.Name, "%s has it already", name)
	}
	text := strings.ReplaceAll(t.Fill(t.Rules, connections), "<currency>", set.BaseCurrency)
	merged, err := insert(set.source, text)
	if err != nil {
		return nil, dispute.Errorf(dispute.Invalid, "rules: template "+t.Name, "%w", err)
	}
	if _, err := Parse(name, merged); err != nil {
		return nil, err
	}
	return merged, nil
}

// insert writes rules below the line `rules:`, as far from the margin as the
// rules that are there.
func insert(source []byte, rules string) ([]byte, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(source, &doc); err != nil {
		return nil, err
	}
	top := doc.Content[0]
	for i := 0; i+1 < len(top.Content); i += 2 {
		key, list := top.Content[i], top.Content[i+1]
		if key.Value != "rules" {
			continue
		}
		if list.Kind != yaml.SequenceNode || list.Style&yaml.FlowStyle != 0 || list.Line == key.Line {
			return nil, fmt.Errorf("line %d: write the rules below each other, as in \"- id: …\"", key.Line)
		}
		lines := strings.SplitAfter(string(source), "\n")
		margin := strings.Repeat(" ", list.Column-1)
		var b strings.Builder
		for line := range strings.Lines(rules) {
			b.WriteString(margin + line)
		}
		return []byte(strings.Join(slices.Insert(lines, key.Line, b.String()), "")), nil
	}
	return nil, fmt.Errorf("there are no rules")
}
