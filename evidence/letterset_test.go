package evidence

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// builtInWith is the built-in set with a file changed; empty text removes it.
func builtInWith(name, text string) map[string]string {
	files := BuiltInLetters().Files()
	files[name] = text
	if text == "" {
		delete(files, name)
	}
	return files
}

func folder(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func TestLetterSetRefuses(t *testing.T) {
	t.Parallel()
	claims := BuiltInLetters().Files()["claims.tmpl"]
	tests := []struct{ name, file, text, want string }{
		{"unknown field", "fraudulent.tmpl", "\n{{define \"claim\"}}{{.Colour}}{{end}}", "fraudulent.tmpl:2:20: executing \"claim\" at <.Colour>"},
		{"unknown fact", "fraudulent.tmpl", "{{define \"payment\"}}{{.F.amout}}{{end}}", "fraudulent.tmpl:1:"},
		{"unknown fact in a branch that no sample takes", "fraudulent.tmpl",
			"{{define \"payment\"}}x{{if eq .Count 99}}\n{{.F.amout}}{{end}}{{end}}", `fraudulent.tmpl:2:4: there is no fact "amout"`},
		{"unknown function", "frame.tmpl", "{{define \"opening\"}}{{shout .Dispute}}{{end}}", `frame.tmpl:1: function "shout" not defined`},
		{"unknown proof", "general.tmpl", "{{define \"answer\"}}{{if .Has \"elephants\"}}x{{end}}{{end}}", `there is no proof "elephants"`},
		{"sentence missing", "claims.tmpl", strings.Replace(claims, `{{define "delivered"}}`, `{{define "delivred"}}`, 1), `there is no sentence "delivered"`},
		{"words that nothing asks for", "claims.tmpl", claims + `{{define "delivred"}}x{{end}}`, `nothing asks for "delivred"`},
		{"family missing", "duplicate.tmpl", "", "duplicate.tmpl: the file is missing"},
		{"no closing", "frame.tmpl", `{{define "opening"}}x{{end}}`, `it defines no "closing"`},
		{"empty opening", "frame.tmpl", `{{define "opening"}}{{end}}{{define "closing"}}x{{end}}`, "opening says nothing"},
		{"unknown family", "fraudlent.tmpl", "x", `"fraudlent" is no family`},
		{"unknown network", "fraudulent.vista.tmpl", "x", `"vista" is no network's name`},
		{"unknown code", "fraudulent.visa.99.9.tmpl", "x", `Visa has no reason code "99.9"`},
		{"endless", "frame.tmpl", `{{define "opening"}}{{template "opening" .}}{{end}}{{define "closing"}}x{{end}}`, `"opening" asks for itself`},
		{"too long", "frame.tmpl", `{{define "opening"}}{{range 99999}}word {{end}}{{end}}{{define "closing"}}x{{end}}`, "writes more than"},
		{"about: unknown key", "set.yaml", "name: x\ncolour: red\n", "line 2: field colour not found"},
		{"about: no name", "set.yaml", "language: en\nversion: \"1\"\n", "name and version"},
		{"about: language", "set.yaml", "name: x\nlanguage: English\nversion: \"1\"\n", `language "English"`},
		{"too large", "claims.tmpl", strings.Repeat("x", maxSetBytes+1), "more than 256 kB"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := LoadLetters(folder(builtInWith(tt.file, tt.text)))
			if dispute.KindOf(err) != dispute.Invalid || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestBuiltInLettersAreRight(t *testing.T) {
	t.Parallel()
	if _, err := LoadLetters(os.DirFS("templates")); err != nil {
		t.Error(err)
	}
}

// Every fault is told at once, each once.
func TestLetterSetTellsAllFaults(t *testing.T) {
	t.Parallel()
	files := builtInWith("general.tmpl", `{{define "claim"}}{{.Colour}}{{end}}`)
	files["frame.tmpl"] += `{{define "unused"}}x{{end}}`
	_, err := LoadLetters(folder(files))
	if err == nil || strings.Count(err.Error(), "unused") != 1 || strings.Count(err.Error(), "<.Colour>") != 1 {
		t.Errorf("got %v", err)
	}
}

func TestLetterSetRoundTrip(t *testing.T) {
	t.Parallel()
	files := builtInWith("fraudulent.visa.10.4.tmpl", `{{define "remedy"}}Ours.{{end}}`)
	fsys := folder(files)
	fsys["README.md"] = &fstest.MapFile{Data: []byte("not a template")}
	set, err := LoadLetters(fsys)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseLetters(set.Source())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(files, again.Files()); diff != "" || again.ID() != set.ID() || again.Hash() != set.Hash() {
		t.Errorf("%s and %s (-want +got):\n%s", set.ID(), again.ID(), diff)
	}
	if set.Hash() == BuiltInLetters().Hash() || !strings.HasPrefix(set.ID(), "standard/2 en ") {
		t.Errorf("id %q", set.ID())
	}
}

// The most particular words are taken, and the packet says whose they are.
func TestLetterSetOfThePacket(t *testing.T) {
	t.Parallel()
	files := builtInWith("fraudulent.visa.tmpl", `{{define "remedy"}}For Visa.{{end}}`)
	files["fraudulent.visa.10.5.tmpl"] = `{{define "remedy"}}For 10.5.{{end}}`
	set, err := LoadLetters(folder(files))
	if err != nil {
		t.Fatal(err)
	}
	for code, want := range map[string]string{"10.5": "For 10.5.", "10.3": "For Visa.", "": "For Visa.", "10.4": "compelling evidence under condition 10.4"} {
		p := mustCompose(t, Input{Case: fraudCase("VISA", code), Items: sale(), Limits: stripeLimits(), Letters: set})
		if !strings.Contains(p.Letter.Text, want) || p.Letter.Version != set.ID() || !strings.Contains(string(Manifest(p)), set.ID()) {
			t.Errorf("%s: %q, version %s", code, p.Letter.Text, p.Letter.Version)
		}
	}
}

// The sample shows every proof, so that every sentence is tried.
func TestSampleShowsEveryProof(t *testing.T) {
	t.Parallel()
	b := newBook(sampleCase([]string{"fraudulent", "visa", "10.4"}), append(sampleItems(), sampleRefund()))
	for _, key := range slices.Sorted(maps.Keys(proofs)) {
		if !b.has(key) {
			t.Errorf("nothing shows %s", key)
		}
	}
	l, err := SampleLetter(BuiltInLetters(), dispute.FamilyFraudulent, "visa", "10.4")
	if err != nil || len(l.Claims) < 10 || !strings.Contains(l.Text, "Compelling Evidence 3.0") {
		t.Errorf("%v:\n%s", err, l.Text)
	}
}

// factNames is the whole vocabulary of package dispute.
func TestFactNames(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(gotoken.NewFileSet(), "../dispute/evidence.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if ok && strings.HasPrefix(spec.Names[0].Name, "Fact") {
			name, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, name)
		}
		return true
	})
	got := slices.Clone(factNames)
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func FuzzParseLetters(f *testing.F) {
	f.Add(BuiltInLetters().Source())
	f.Add(`{"set.yaml": "name: x\nlanguage: en\nversion: \"1\"\n", "claims.tmpl": "{{define"}`)
	f.Add(`{}`)
	f.Fuzz(func(t *testing.T, source string) {
		set, err := ParseLetters(source)
		if err != nil {
			if dispute.KindOf(err) != dispute.Invalid {
				t.Errorf("error %v", err)
			}
			return
		}
		if l, err := SampleLetter(set, dispute.FamilyGeneral, "", ""); err != nil || l.Text == "" {
			t.Errorf("a set that was checked writes nothing: %v", err)
		}
	})
}
