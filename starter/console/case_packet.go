package console

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/evidence"
	"github.com/rebuttal-hq/rebuttal/store"
)

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
	Files     []sentFile
	Zip       string // where all of it is
	Preview   string // its page
	Changes   string // what changed since the packet before; empty for the first
	Texts     []sentText
	Letter    string
	Blocked   []evidence.Blocked
	Lint      []finding
	exhibits  []desk.PacketExhibit
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
	cl := p.Checklist
	v := &packetView{
		Hash: p.Hash, At: p.CreatedAt, Frozen: p.Frozen, Strength: cl.Strength, Why: cl.StrengthWhy, Advice: cl.Advice,
		Present: cl.Present, Required: cl.Required, Letter: p.Letter.Text, Blocked: p.Letter.Blocked, exhibits: p.Exhibits,
		Zip: casePath(f.ID) + "/packet.zip?packet=" + p.Hash, Preview: casePath(f.ID) + "/preview?packet=" + p.Hash,
	}
	v.takeChecklist(cl, p.Exhibits)
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

func (v *packetView) takeChecklist(cl evidence.Checklist, in []desk.PacketExhibit) {
	numbers := map[string][]int{}
	for _, e := range in {
		numbers[e.ID] = append(numbers[e.ID], e.Number)
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
