package console

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/evidence"
)

var (
	previewTemplate = pageTemplate("preview")
	diffTemplate    = pageTemplate("diff")
)

// previewView is the page that shows exactly what is or would be sent.
type previewView struct {
	Case           header
	Packet         *packetView // nil while none is composed
	Newest         bool        // it is the one that is or would be sent
	Counts         []count
	Contradictions []evidence.Contradiction
	All            []*packetView
}

// count is a measure of a packet beside the provider's limit.
type count struct {
	Limit, Value, Max string // Max is empty where no limit is known
	Over              bool
}

func (c *Console) preview(v *visit) error {
	f, err := c.open(v)
	if err != nil {
		return err
	}
	view := previewView{Case: f.header(c.desk.Now()), All: f.packets}
	if len(f.packets) > 0 {
		p, err := c.desk.Preview(v.Request.Context(), v.who, f.ID, v.Query("packet"))
		if err != nil {
			return err
		}
		view.take(f, p)
	}
	c.render(v, http.StatusOK, page{Template: previewTemplate, Title: "Preview · " + view.Case.Amount, Nav: "queue", Body: view})
	return nil
}

func (view *previewView) take(f *file, p desk.Preview) {
	for _, known := range f.packets {
		if known.Hash == p.Hash {
			view.Packet, view.Newest = known, p.Hash == f.PacketHash
		}
	}
	for _, n := range p.Counts {
		view.Counts = append(view.Counts, newCount(n))
	}
	for _, found := range p.Checklist.Contradictions {
		if !found.InOurFavour {
			view.Contradictions = append(view.Contradictions, found)
		}
	}
}

// countWords are the measures of a packet as people say them.
var countWords = map[string]string{
	evidence.LimitFiles: "Files", evidence.LimitFileBytes: "Largest file", evidence.LimitTotalBytes: "All files",
	evidence.LimitFilePages: "Pages of the longest file", evidence.LimitTotalPages: "Pages of all files",
	evidence.LimitTextField: "Characters of the longest text", evidence.LimitTextTotal: "Characters of all texts",
}

func newCount(n desk.Count) count {
	word := func(v int64) string { return strconv.FormatInt(v, 10) }
	if strings.HasSuffix(n.Limit, "bytes") {
		word = size
	}
	out := count{Limit: cmp.Or(countWords[n.Limit], capital(plain(n.Limit))), Value: word(n.Value), Over: n.Over()}
	if n.Max > 0 {
		out.Max = word(n.Max)
	}
	return out
}

// diffView is the page that compares two packets.
type diffView struct {
	Case  header
	Diff  *diffOf // nil while there are not two
	All   []*packetView
	Texts []changedText
}

// diffOf is a comparison with its texts cut into lines.
type diffOf struct {
	desk.PacketDiff
	Letter []diffLine
}

type changedText struct {
	Slot, Change string
	Lines        []diffLine
}

// diffLine is one line of a unified diff.
type diffLine struct {
	Op   string // "+", "-", "@", or empty for a line that is in both
	Text string
}

func diffPath(caseID, from, to string) string {
	return casePath(caseID) + "/diff?" + url.Values{"from": {from}, "to": {to}}.Encode()
}

func (c *Console) diff(v *visit) error {
	f, err := c.open(v)
	if err != nil {
		return err
	}
	view := diffView{Case: f.header(c.desk.Now()), All: f.packets}
	if len(f.packets) > 1 {
		d, err := c.desk.ComparePackets(v.Request.Context(), v.who, f.ID, v.Query("from"), v.Query("to"))
		if err != nil {
			return err
		}
		view.Diff = &diffOf{d, diffLines(d.Letter)}
		for _, t := range d.Texts {
			view.Texts = append(view.Texts, changedText{Slot: plain(string(t.Field)), Change: t.Change, Lines: diffLines(t.Diff)})
		}
	}
	c.render(v, http.StatusOK, page{Template: diffTemplate, Title: "What changed · " + view.Case.Amount, Nav: "queue", Body: view})
	return nil
}

func diffLines(unified string) []diffLine {
	var out []diffLine
	for line := range strings.Lines(unified) {
		op, text := line[:1], strings.TrimSuffix(line[1:], "\n")
		switch op {
		case "+", "-":
			out = append(out, diffLine{op, text})
		case "@":
			out = append(out, diffLine{op, ""})
		default:
			out = append(out, diffLine{"", text})
		}
	}
	return out
}
