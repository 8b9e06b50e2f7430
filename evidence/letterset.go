package evidence

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"text/template"

	"go.yaml.in/yaml/v3"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/networks"
)

// English is the language of the built-in letters, and of every letter for
// which there are no words in its own.
const English = "en"

// What a set may hold: more is a mistake, or an attack.
const (
	maxSetBytes    = 256 << 10
	maxLetterChars = 20_000 // of one opening, sentence or closing
)

// setFile tells what a set is; the other files are templates.
const setFile = "set.yaml"

// sharedFiles hold words for every family.
var sharedFiles = []string{"claims.tmpl", "frame.tmpl"}

// LetterSet is one version of the words of letters. Those that exist have been
// checked: they write a letter for every family from whatever is known.
//
// A set is a folder of text/template files. claims.tmpl and frame.tmpl are for
// all letters; "fraudulent.tmpl" is for a family, "fraudulent.visa.tmpl" for
// the family at a network, "fraudulent.visa.10.4.tmpl" for one reason code. Each
// defines anew what it says differently.
type LetterSet struct {
	about  about
	files  map[string]string
	source string
	// wordings are the templates by family, network and code, as in file names.
	wordings map[string]*template.Template
}

// about is what set.yaml says.
type about struct {
	Name     string `yaml:"name"`
	Language string `yaml:"language"` // ISO 639, and a region where one is meant: "en", "pt-BR"
	Version  string `yaml:"version"`  // by the authors' own count
}

//go:embed templates/*.tmpl templates/set.yaml
var builtIn embed.FS

var builtInLetters = sync.OnceValue(func() *LetterSet {
	fsys, err := fs.Sub(builtIn, "templates")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	files, err := readLetters(fsys)
	if err != nil {
		panic(err)
	}
	set, err := parseLetters(files) // the tests check it
	if err != nil {
		panic("evidence: the built-in letters: " + err.Error())
	}
	return set
})

// BuiltInLetters are the words that come with the program, in English.
func BuiltInLetters() *LetterSet { return builtInLetters() }

// LoadLetters reads and checks a set from a folder. An error, of kind Invalid,
// lists every fault with its file and line. Reason codes are held against the
// catalogue in force.
func LoadLetters(fsys fs.FS) (*LetterSet, error) {
	files, err := readLetters(fsys)
	if err != nil {
		return nil, dispute.Errorf(dispute.Invalid, opLetters, "%w", err)
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(files)) {
		errs = append(errs, checkCode(name))
	}
	set, err := newLetterSet(files)
	if unknown := errors.Join(errs...); unknown != nil {
		return nil, dispute.Errorf(dispute.Invalid, opLetters, "%w", errors.Join(unknown, err))
	}
	return set, err
}

// readLetters reads the files of a set; what does not belong to one, such as a
// README, is passed over.
func readLetters(fsys fs.FS) (map[string]string, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, err
	}
	files := make(map[string]string, len(entries))
	total := 0
	for _, entry := range entries {
		name := entry.Name()
		if entry.IsDir() || strings.HasPrefix(name, ".") || name != setFile && path.Ext(name) != ".tmpl" {
			continue
		}
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		if total += len(b); total > maxSetBytes {
			return nil, fmt.Errorf("the set has more than %d kB", maxSetBytes>>10)
		}
		files[name] = strings.ReplaceAll(string(b), "\r\n", "\n")
	}
	return files, nil
}

const opLetters = "evidence: letters"

// ParseLetters reads and checks a set from its Source.
func ParseLetters(source string) (*LetterSet, error) {
	var files map[string]string
	if len(source) > 2*maxSetBytes {
		return nil, dispute.Errorf(dispute.Invalid, opLetters, "the set has more than %d kB", maxSetBytes>>10)
	}
	if err := json.Unmarshal([]byte(source), &files); err != nil {
		return nil, dispute.Errorf(dispute.Invalid, opLetters, "%w", err)
	}
	return newLetterSet(files)
}

func newLetterSet(files map[string]string) (*LetterSet, error) {
	s, err := parseLetters(files)
	if err == nil {
		err = s.check()
	}
	if err != nil {
		return nil, dispute.Errorf(dispute.Invalid, opLetters, "%w", err)
	}
	return s, nil
}

func parseLetters(files map[string]string) (*LetterSet, error) {
	source, err := json.Marshal(files) // keys are sorted: one text for one set
	if err != nil {
		return nil, err
	}
	s := &LetterSet{files: files, source: string(source), wordings: make(map[string]*template.Template)}
	return s, errors.Join(s.readAbout(), s.parse())
}

var (
	languageTag = regexp.MustCompile(`^[a-z]{2,3}(-[A-Z]{2})?$`)
	setWord     = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,39}$`)
)

func (s *LetterSet) readAbout() error {
	dec := yaml.NewDecoder(bytes.NewReader([]byte(s.files[setFile])))
	dec.KnownFields(true)
	if err := dec.Decode(&s.about); err != nil {
		return fmt.Errorf("%s: %w", setFile, err)
	}
	var errs []error
	if !setWord.MatchString(s.about.Name) || !setWord.MatchString(s.about.Version) {
		errs = append(errs, fmt.Errorf("%s: name and version are short words of small letters and digits", setFile))
	}
	if !languageTag.MatchString(s.about.Language) {
		errs = append(errs, fmt.Errorf("%s: language %q is not like en or pt-BR", setFile, s.about.Language))
	}
	return errors.Join(errs...)
}

// parse makes the wordings: the shared words, over them each family's, over
// those a network's, over those a code's.
func (s *LetterSet) parse() error {
	shared := template.New("").Option("missingkey=error").Funcs(functions)
	var errs []error
	for _, name := range sharedFiles {
		errs = append(errs, s.parseFile(shared, name))
	}
	for _, family := range networks.Families() {
		errs = append(errs, s.addWording(shared, string(family)))
	}
	own := slices.DeleteFunc(slices.Sorted(maps.Keys(s.files)), func(name string) bool {
		return name == setFile || slices.Contains(sharedFiles, name) || s.wordings[strings.TrimSuffix(name, ".tmpl")] != nil
	})
	slices.SortStableFunc(own, func(a, b string) int { return len(scope(a)) - len(scope(b)) })
	for _, name := range own {
		if err := checkName(name); err != nil {
			errs = append(errs, err)
			continue
		}
		parts := scope(name)
		base := s.nearest(parts[:len(parts)-1])
		errs = append(errs, s.addWording(base, strings.TrimSuffix(name, ".tmpl")))
	}
	return errors.Join(errs...)
}

// addWording puts a file over the words that are more general.
func (s *LetterSet) addWording(base *template.Template, key string) error {
	words, err := base.Clone()
	if err != nil {
		return err
	}
	s.wordings[key] = words
	return s.parseFile(words, key+".tmpl")
}

func (s *LetterSet) parseFile(into *template.Template, name string) error {
	text, ok := s.files[name]
	if !ok {
		return fmt.Errorf("%s: the file is missing", name)
	}
	_, err := into.New(name).Parse(text)
	return err
}

// scope are the parts of a file's name: family, network, code.
func scope(name string) []string { return strings.SplitN(strings.TrimSuffix(name, ".tmpl"), ".", 3) }

// checkName holds a file's name against what exists: a name that is never looked
// for would be words that are never said.
func checkName(name string) error {
	parts := scope(name)
	if !slices.Contains(networks.Families(), dispute.Family(parts[0])) {
		return fmt.Errorf("%s: %q is no family; a file is named family.tmpl, family.network.tmpl or family.network.code.tmpl", name, parts[0])
	}
	if len(parts) > 1 && (networks.Network(parts[1]) != parts[1] || networks.NetworkName(parts[1]) == parts[1]) {
		return fmt.Errorf("%s: %q is no network's name", name, parts[1])
	}
	return nil
}

// checkCode holds the reason code in a file's name against the catalogue.
func checkCode(name string) error {
	parts := scope(name)
	if path.Ext(name) != ".tmpl" || len(parts) < 3 {
		return nil
	}
	if code, ok := networks.Reason(parts[1], parts[2]); !ok || code.Code != parts[2] {
		return fmt.Errorf("%s: %s has no reason code %q", name, networks.NetworkName(parts[1]), parts[2])
	}
	return nil
}

// words are the most particular ones for a dispute.
func (s *LetterSet) words(family dispute.Family, snap dispute.Snapshot) *template.Template {
	parts := []string{string(family)}
	if network := networks.Network(snap.Network); network != "" {
		parts = append(parts, network)
		if code, ok := networks.Reason(network, snap.NetworkCode); ok {
			parts = append(parts, code.Code)
		}
	}
	return s.nearest(parts)
}

// nearest is the wording for a scope, or for the next wider one.
func (s *LetterSet) nearest(parts []string) *template.Template {
	for n := len(parts); n > 1; n-- {
		if words, ok := s.wordings[strings.Join(parts[:n], ".")]; ok {
			return words
		}
	}
	return s.wordings[parts[0]]
}

// Name is what its authors call the set.
func (s *LetterSet) Name() string { return s.about.Name }

// Language is the language of the set, by ISO 639: "en".
func (s *LetterSet) Language() string { return s.about.Language }

// Source is the set as one text, the same for the same files: a JSON object of
// file names and their contents.
func (s *LetterSet) Source() string { return s.source }

// Hash is the SHA-256 of Source, lower-case hex.
func (s *LetterSet) Hash() string { return hash([]byte(s.source)) }

// ID names the set and its exact words: "standard/2 en 9f86d081884c".
func (s *LetterSet) ID() string {
	return fmt.Sprintf("%s/%s %s %.12s", s.about.Name, s.about.Version, s.about.Language, s.Hash())
}

// Files are the files of the set, by name.
func (s *LetterSet) Files() map[string]string { return maps.Clone(s.files) }
