package desk

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/evidence"
	"github.com/rebuttal-hq/rebuttal/store"
)

// Preview is exactly what would be sent, or was: a packet and how it stands to
// the provider's limits.
type Preview struct {
	Packet `json:"packet"`
	Counts []Count `json:"counts"`
}

// Count is a measure of a packet beside the provider's limit for it.
type Count struct {
	Limit string `json:"limit"` // as a Finding names it
	Value int64  `json:"value"` // of the largest where each is limited
	Max   int64  `json:"max"`   // zero: no such rule, or not known
}

// Over reports whether the limit does not hold.
func (c Count) Over() bool { return c.Max > 0 && c.Value > c.Max }

// Preview opens one of a case's packets: the newest, or the one whose hash
// begins as given. A case without a packet is NotFound.
func (d *Desk) Preview(ctx context.Context, by Actor, caseID, hash string) (Preview, error) {
	row, err := d.Row(ctx, by, caseID)
	if err != nil {
		return Preview{}, err
	}
	kept, err := d.version(ctx, row, hash)
	if err != nil {
		return Preview{}, err
	}
	p, err := OpenPacket(kept)
	if err != nil {
		return Preview{}, err
	}
	return Preview{Packet: p, Counts: p.counts(d.limits(row.Case))}, nil
}

func (d *Desk) limits(c dispute.Case) evidence.Limits {
	if d.Limits == nil {
		return evidence.Limits{}
	}
	return d.Limits(c)
}

func (p Packet) counts(l evidence.Limits) []Count {
	var largest, bytes, thickest, pages int64
	for _, f := range p.Files {
		largest, thickest = max(largest, f.Bytes), max(thickest, int64(f.Pages))
		bytes, pages = bytes+f.Bytes, pages+int64(f.Pages)
	}
	var longest, chars int64
	for _, text := range p.Texts {
		n := int64(utf8.RuneCountInString(text))
		longest, chars = max(longest, n), chars+n
	}
	return []Count{
		{evidence.LimitFiles, int64(len(p.Files)), int64(cmp.Or(l.Files, len(l.FileFields)))},
		{evidence.LimitFileBytes, largest, l.FileBytes},
		{evidence.LimitTotalBytes, bytes, l.TotalBytes},
		{evidence.LimitFilePages, thickest, int64(l.FilePages)},
		{evidence.LimitTotalPages, pages, int64(l.TotalPages)},
		{evidence.LimitTextField, longest, int64(l.TextFieldChars)},
		{evidence.LimitTextTotal, chars, int64(l.TextTotalChars)},
	}
}

// version finds one of a case's packets by the beginning of its hash; an empty
// one means the packet that is or would be sent.
func (d *Desk) version(ctx context.Context, row store.CaseRow, hash string) (store.Packet, error) {
	op := "packet of case " + row.ID
	switch {
	case hash == "" && row.PacketHash == "":
		return store.Packet{}, dispute.Errorf(dispute.NotFound, op, "none is composed yet")
	case hash == "":
		return d.DB.GetPacket(ctx, row.ID, row.PacketHash)
	}
	all, err := d.DB.Packets(ctx, row.ID)
	if err != nil {
		return store.Packet{}, err
	}
	return pick(op, all, hash)
}

func pick(op string, all []store.Packet, hash string) (store.Packet, error) {
	fits := slices.DeleteFunc(slices.Clone(all), func(p store.Packet) bool { return !strings.HasPrefix(p.Hash, hash) })
	switch len(fits) {
	case 0:
		return store.Packet{}, dispute.Errorf(dispute.NotFound, op, "none begins with the hash that was asked for")
	case 1:
		return fits[0], nil
	}
	return store.Packet{}, dispute.Errorf(dispute.Invalid, op, "%d packets begin with this hash: write more of it", len(fits))
}
