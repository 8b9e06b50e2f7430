package evidence

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// imprint is what a file says about itself: ids, no personal data.
type imprint struct {
	title, subject string
	at             time.Time
}

func newImprint(b *book) imprint {
	id := b.c.View.Snapshot.ID
	return imprint{
		title:   "Response to dispute " + id,
		subject: strings.TrimSpace("Evidence for dispute " + id + ", " + strings.ReplaceAll(string(b.c.Family), "_", " ")),
		at:      createdAt(b),
	}
}

func (i imprint) info() types.Dict {
	out := dated(i.at)
	out["Title"], out["Subject"] = pdfText(i.title), pdfText(i.subject)
	return out
}

// catalog writes the bookmarks and tells a reader's program how to show the
// file.
func (i imprint) catalog(w *pdfWriter, marks []mark) types.Dict {
	out := types.Dict{
		"Lang":              types.StringLiteral("en"),
		"ViewerPreferences": types.Dict{"DisplayDocTitle": types.Boolean(true)},
		"PageLabels":        types.Dict{"Nums": types.Array{types.Integer(0), types.Dict{"S": types.Name("D")}}},
	}
	if len(marks) > 0 {
		out["Outlines"], out["PageMode"] = ref(w.outline(marks)), types.Name("UseOutlines")
	}
	return out
}

// outline writes the bookmarks, one list without levels (ISO 32000-1, 12.3.3).
func (w *pdfWriter) outline(marks []mark) int {
	root := w.newNumber()
	first := len(w.offsets)
	for range marks {
		w.newNumber()
	}
	last := len(w.offsets) - 1
	w.write(root, types.Dict{
		"Type": types.Name("Outlines"), "First": ref(first), "Last": ref(last), "Count": types.Integer(len(marks)),
	}, nil)
	for i, m := range marks {
		d := types.Dict{
			"Title": pdfText(m.title), "Parent": ref(root),
			"Dest": types.Array{w.pages[m.page-1], types.Name("XYZ"), types.Integer(0), types.Float(m.above * pointsPerMM), types.Integer(0)},
		}
		if i > 0 {
			d["Prev"] = ref(first + i - 1)
		}
		if first+i < last {
			d["Next"] = ref(first + i + 1)
		}
		w.write(first+i, d, nil)
	}
	return root
}

// pdfText is a text as UTF-16 with its mark (ISO 32000-1, 7.9.2.2).
func pdfText(s string) types.HexLiteral {
	out := []byte{0xfe, 0xff}
	for _, u := range utf16.Encode([]rune(s)) {
		out = binary.BigEndian.AppendUint16(out, u)
	}
	return types.HexLiteral(hex.EncodeToString(out))
}
