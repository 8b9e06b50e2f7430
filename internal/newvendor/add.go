package main

import (
	"errors"
	"fmt"
	"go/format"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
)

const (
	listFile = "integrations/all/all.go"
	module   = "github.com/rebuttal-hq/rebuttal/integrations/"
)

// add writes the vendor's files into the project and returns their paths,
// sorted. It writes all of them or none, and never over a file that is there.
func add(project *os.Root, name, kind string) ([]string, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	list, err := project.ReadFile(listFile)
	if err != nil {
		return nil, fmt.Errorf("%w: run this in the project's root", err)
	}
	files, err := render(name, kind)
	if err != nil {
		return nil, err
	}
	for _, there := range []string{"integrations/" + name, page(name)} {
		if _, err := project.Lstat(there); !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s is there already: choose another name, or remove it first", there)
		}
	}
	if files[listFile], err = listed(list, name); err != nil {
		return nil, err
	}
	return writeAll(project, name, files, list)
}

var plain = regexp.MustCompile(`^[a-z][a-z0-9]{1,29}$`)

// reserved are folders beside the vendors', and names with a meaning of their
// own to Go.
var reserved = []string{"all", "integrations", "vendorhttp", "vendortest", "internal", "vendor", "testdata", "main"}

func checkName(name string) error {
	switch {
	case !plain.MatchString(name):
		return fmt.Errorf("the name %q is no name of a package: want two to thirty lower-case letters and digits, a letter first, as in acmepay", name)
	case token.IsKeyword(name), types.Universe.Lookup(name) != nil, slices.Contains(reserved, name):
		return fmt.Errorf("the name %q has another meaning in Go or in this project: choose another, as in %spay", name, name)
	}
	return nil
}

func page(name string) string { return "docs/vendors/" + name + ".md" }

// render is the example of a kind under the new name, by path.
func render(name, kind string) (map[string][]byte, error) {
	example, known := "", []string{}
	for _, k := range kinds {
		known = append(known, k.name)
		if k.name == kind {
			example = k.example
		}
	}
	if example == "" {
		return nil, fmt.Errorf("there is no kind %q; there are %s", kind, strings.Join(known, ", "))
	}
	rename := strings.NewReplacer(example, name, capital(example), capital(name), strings.ToUpper(example), strings.ToUpper(name))
	files := map[string][]byte{}
	err := fs.WalkDir(examples, example, func(from string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(examples, from)
		if err != nil {
			return err
		}
		text = []byte(rename.Replace(string(text)))
		if path.Ext(from) == ".go" { // another name is of another length and place
			if text, err = format.Source(text); err != nil {
				return fmt.Errorf("%s: %w", from, err)
			}
		}
		to := path.Join("integrations", rename.Replace(from))
		if path.Base(from) == "vendor.md" {
			to = page(name)
		}
		files[to] = text
		return nil
	})
	return files, err
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// listed is the list of all vendors with one more, in the order of names. A
// vendor that is in it already changes nothing.
func listed(list []byte, name string) ([]byte, error) {
	lines := strings.Split(string(list), "\n")
	for _, add := range []struct{ before, name, after string }{
		{"\t\"" + module, name, "\""},
		{"\t", name, ".Vendor,"},
	} {
		at, found := place(lines, add.before, add.name, add.after)
		if at < 0 {
			return nil, fmt.Errorf("%s has no line like %q to put the vendor beside", listFile, add.before+"stripe"+add.after)
		}
		if !found {
			lines = slices.Insert(lines, at, add.before+add.name+add.after)
		}
	}
	return format.Source([]byte(strings.Join(lines, "\n")))
}

// place is where a name belongs among the lines made of before, a name and
// after, and whether it is there; -1 when there is no such line.
func place(lines []string, before, name, after string) (at int, found bool) {
	at = -1
	for i, line := range lines {
		other, ok := strings.CutPrefix(line, before)
		other, ends := strings.CutSuffix(other, after)
		switch {
		case !ok || !ends || !plain.MatchString(other):
		case other == name:
			return i, true
		case other < name:
			at = i + 1
		case at < 0:
			at = i
		}
	}
	return at, false
}

// writeAll writes the files; after a failure the project is as it was.
func writeAll(project *os.Root, name string, files map[string][]byte, list []byte) (written []string, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, project.RemoveAll("integrations/"+name), project.RemoveAll(page(name)), project.WriteFile(listFile, list, 0o644))
		}
	}()
	for to, text := range files {
		if err := project.MkdirAll(path.Dir(to), 0o755); err != nil {
			return nil, err
		}
		if err := project.WriteFile(to, text, 0o644); err != nil {
			return nil, err
		}
		written = append(written, to)
	}
	slices.Sort(written)
	return written, nil
}
