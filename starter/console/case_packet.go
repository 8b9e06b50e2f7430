package console

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/evidence"
	"github.com/rebuttal-hq/rebuttal/store"
)

// parts is the list of exhibits in evidence.Manifest.
type parts struct {
	Exhibits []struct {
		Number int    `json:"number"`
		Item   string `json:"item"`
		Source string `json:"source"`
	} `json:"exhibits"`
}

// packetView is a packet for people: what it shows, what it lacks, and exactly
// what is or would be sent.
type packetView struct {
	Hash     string
	At       time.Time
	Frozen   bool
	Strength int
	Why      string
	Advice   string
	Present  int
	Required int

	Checklist []line
	Exhibits  []exhibit
	LeftOut   []exhibit
	Files     []sentFile
	Zip       string // where all of it is
	Texts     []sentText
	Letter    string
	Blocked   []evidence.Blocked
	Lint      []finding
}

// line is one line of the checklist.
type line struct {
	evidence.Line
	Exhibits []int
	Gap      bool // it weakens the packet
}

// StateWord is the line's state as people say it.
func (l line) StateWord() string {
	switch l.State {
	case evidence.Present:
		return "Present"
	case evidence.Missing:
		return "Missing"
	case evidence.Contradicting:
		return "Contradicting"
	}
	return string(l.State)
}

// NeedWord says how much the reason wants the line.
func (l line) NeedWord() string {
	switch l.Need {
	case evidence.NeedRequired:
		return "required"
	case evidence.NeedOneOf:
		return "one of these"
	case evidence.NeedSupporting:
		return "helps"
	}
	return string(l.Need)
}

// exhibit is one evidence item, with its number when the packet holds it.
type exhibit struct {
	Number   int
	Title    string
	Kind     string
	Source   string
	At       time.Time
	Facts    []named
	File     string // its address; empty when the item has none
	FileSize int64
	Excluded bool
}

type sentFile struct {
	Name, Slot, SHA256, URL string
	Bytes                   int64
	Pages                   int
}

type sentText struct{ Slot, Text string }

// finding is one limit that did not hold at first and what was done about it.
type finding struct{ Limit, Subject, Value, Action string }

func newPacketView(f desk.CaseFile, kept store.Packet) (*packetView, error) {
	p, err := desk.OpenPacket(kept)
	if err != nil {
		return nil, err
	}
	var dossier struct {
		Parts parts `json:"parts"`
	}
	if err := json.Unmarshal(kept.Manifest, &dossier); err != nil {
		return nil, fmt.Errorf("packet %s: its exhibits cannot be read", p.Hash)
	}
	cl := p.Checklist
	v := &packetView{
		Hash: p.Hash, At: p.CreatedAt, Frozen: p.Frozen, Strength: cl.Strength, Why: cl.StrengthWhy, Advice: cl.Advice,
		Present: cl.Present, Required: cl.Required, Letter: p.Letter.Text, Blocked: p.Letter.Blocked, Zip: casePath(f.ID) + "/packet.zip",
	}
	v.takeExhibits(f, dossier.Parts)
	v.takeChecklist(cl, dossier.Parts)
	for _, file := range p.Files {
		v.Files = append(v.Files, sentFile{
			Name: file.Name, Slot: plain(string(file.Field)), SHA256: file.SHA256, Bytes: file.Bytes, Pages: file.Pages,
			URL: fmt.Sprintf("%s/packets/%s/%s", casePath(f.ID), p.Hash, file.SHA256),
		})
	}
	for _, field := range slices.Sorted(maps.Keys(p.Texts)) {
		v.Texts = append(v.Texts, sentText{Slot: plain(string(field)), Text: p.Texts[field]})
	}
	for _, found := range p.Lint {
		v.Lint = append(v.Lint, newFinding(found))
	}
	return v, nil
}

func newFinding(f evidence.Finding) finding {
	out := finding{Limit: plain(f.Limit), Subject: f.Subject, Action: f.Action}
	switch {
	case f.Max > 0:
		out.Value = fmt.Sprintf("%d, at most %d", f.Value, f.Max)
	case f.Value > 0:
		out.Value = fmt.Sprint(f.Value)
	}
	return out
}

// takeExhibits tells the items that the packet holds, in its order, from those
// it leaves out. Notes are neither: they are never sent.
func (v *packetView) takeExhibits(f desk.CaseFile, in parts) {
	type key struct{ source, id string }
	items := map[key]store.Item{}
	for _, i := range f.Items {
		items[key{i.Source, i.ID}] = i
	}
	for _, e := range in.Exhibits {
		k := key{e.Source, e.Item}
		i := items[k]
		i.Source, i.ID = e.Source, e.Item // also of what the packet took from the case itself
		out := newExhibit(f.ID, i)
		out.Number = e.Number
		v.Exhibits = append(v.Exhibits, out)
		delete(items, k)
	}
	for _, i := range f.Items {
		if _, left := items[key{i.Source, i.ID}]; left && i.Kind != dispute.ItemNote {
			v.LeftOut = append(v.LeftOut, newExhibit(f.ID, i))
		}
	}
}

func newExhibit(caseID string, i store.Item) exhibit {
	out := exhibit{Title: i.Title, Kind: plain(string(i.Kind)), Source: i.Source, At: i.At, Excluded: i.Excluded}
	if out.Title == "" {
		out.Title = i.ID
	}
	for _, name := range slices.Sorted(maps.Keys(i.Facts)) {
		out.Facts = append(out.Facts, named{plain(name), i.Facts[name]})
	}
	if i.Blob.Key != "" {
		q := url.Values{"source": {i.Source}, "id": {i.ID}}
		out.File, out.FileSize = casePath(caseID)+"/item?"+q.Encode(), i.Blob.Size
	}
	return out
}

func (v *packetView) takeChecklist(cl evidence.Checklist, in parts) {
	numbers := map[string][]int{}
	for _, e := range in.Exhibits {
		numbers[e.Item] = append(numbers[e.Item], e.Number)
	}
	oneOfThere := slices.ContainsFunc(cl.Lines, func(l evidence.Line) bool {
		return l.Need == evidence.NeedOneOf && l.State == evidence.Present
	})
	for _, l := range cl.Lines {
		out := line{Line: l}
		for _, id := range l.Items {
			out.Exhibits = append(out.Exhibits, numbers[id]...)
		}
		wanted := l.Need == evidence.NeedRequired || l.Need == evidence.NeedOneOf && !oneOfThere
		out.Gap = l.State == evidence.Contradicting || l.State == evidence.Missing && wanted
		v.Checklist = append(v.Checklist, out)
	}
	rank := func(l line) int {
		switch {
		case l.Gap:
			return 0
		case l.State == evidence.Present:
			return 1
		default:
			return 2
		}
	}
	slices.SortStableFunc(v.Checklist, func(a, b line) int { return rank(a) - rank(b) })
}

// gaps say what weakens the packet; the lines of which one is enough are one gap.
func (v *packetView) gaps() []string {
	var out, oneOf []string
	for _, l := range v.Checklist {
		switch {
		case !l.Gap:
		case l.State == evidence.Missing && l.Need == evidence.NeedOneOf:
			oneOf = append(oneOf, l.Name)
		default:
			out = append(out, l.StateWord()+": "+l.Name+". "+l.Why)
		}
	}
	if len(oneOf) > 0 {
		out = append(out, "Missing, one of these: "+strings.Join(oneOf, "; ")+".")
	}
	return out
}

// Summary is the packet in one line.
func (v *packetView) Summary() string {
	var bytes int64
	for _, f := range v.Files {
		bytes += f.Bytes
	}
	return fmt.Sprintf("packet %s with %s (%s) and %s, strength %d of 4",
		short(v.Hash), plural(len(v.Files), "file", "files"), size(bytes), plural(len(v.Texts), "text", "texts"), v.Strength)
}
