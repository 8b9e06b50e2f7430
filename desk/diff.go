package desk

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aymanbagabas/go-udiff"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/evidence"
	"github.com/rebuttal-hq/rebuttal/store"
)

// What became of a part of a packet in another.
const (
	Added   = "added"
	Removed = "removed"
	Changed = "changed"
)

// PacketDiff is what one packet of a case says otherwise than another. What is
// the same in both is in none of the lists.
type PacketDiff struct {
	From      PacketVersion   `json:"from"`
	To        PacketVersion   `json:"to"`
	Letter    string          `json:"letter,omitempty"` // unified diff; empty when the words are the same
	Texts     []TextChange    `json:"texts"`
	Files     []FileChange    `json:"files"`
	Exhibits  []ExhibitChange `json:"exhibits"`
	Checklist []ProofChange   `json:"checklist"`
}

// Same reports whether both packets send and say the same.
func (d PacketDiff) Same() bool {
	return d.Letter == "" && len(d.Texts)+len(d.Files)+len(d.Exhibits)+len(d.Checklist) == 0
}

// PacketVersion names one of a case's packets.
type PacketVersion struct {
	Hash      string    `json:"hash"`
	CreatedAt time.Time `json:"created_at"`
	Frozen    bool      `json:"frozen"`
	Strength  int       `json:"strength"`
	Letter    string    `json:"letter"` // the version of the letter's template, or that it is by hand
}

// TextChange is a text that differs.
type TextChange struct {
	Field  dispute.EvidenceField `json:"field"`
	Change string                `json:"change"`
	Diff   string                `json:"diff"` // unified, without its head
}

// FileChange is a file that differs; the side that lacks it is nil.
type FileChange struct {
	Field  dispute.EvidenceField `json:"field"`
	Change string                `json:"change"`
	From   *PacketFile           `json:"from,omitempty"`
	To     *PacketFile           `json:"to,omitempty"`
}

// ExhibitChange is an exhibit that came, went or has another number; zero where
// the packet lacks it.
type ExhibitChange struct {
	ItemRef
	Title  string `json:"title"`
	Change string `json:"change"`
	From   int    `json:"from,omitempty"`
	To     int    `json:"to,omitempty"`
}

// ProofChange is a line of the checklist whose state differs; empty where the
// packet lacks it.
type ProofChange struct {
	Proof string         `json:"proof"`
	Name  string         `json:"name"`
	From  evidence.State `json:"from,omitempty"`
	To    evidence.State `json:"to,omitempty"`
}

// ComparePackets says what changed from one packet of a case to another, each
// named by the beginning of its hash. An empty to is the packet that is or would
// be sent, an empty from the one before to. Without one before it is NotFound.
func (d *Desk) ComparePackets(ctx context.Context, by Actor, caseID, from, to string) (PacketDiff, error) {
	row, err := d.Row(ctx, by, caseID)
	if err != nil {
		return PacketDiff{}, err
	}
	newer, err := d.version(ctx, row, to)
	if err != nil {
		return PacketDiff{}, err
	}
	all, err := d.DB.Packets(ctx, row.ID)
	if err != nil {
		return PacketDiff{}, err
	}
	op := "packets of case " + row.ID
	if from == "" {
		if from = before(all, newer); from == "" {
			return PacketDiff{}, dispute.Errorf(dispute.NotFound, op, "no packet was composed before this one")
		}
	}
	older, err := pick(op, all, from)
	if err != nil {
		return PacketDiff{}, err
	}
	items, err := d.DB.Items(ctx, row.ID)
	if err != nil {
		return PacketDiff{}, err
	}
	return compare(older, newer, items)
}

// before is the hash of the packet composed before another; empty when none was.
func before(newestFirst []store.Packet, p store.Packet) string {
	at := slices.IndexFunc(newestFirst, func(other store.Packet) bool { return other.Hash == p.Hash })
	if at+1 == len(newestFirst) {
		return ""
	}
	return newestFirst[at+1].Hash
}

func compare(older, newer store.Packet, items []store.Item) (PacketDiff, error) {
	a, err := OpenPacket(older)
	if err != nil {
		return PacketDiff{}, err
	}
	b, err := OpenPacket(newer)
	if err != nil {
		return PacketDiff{}, err
	}
	return PacketDiff{
		From: a.version(), To: b.version(), Letter: lineDiff(a.Letter.Text, b.Letter.Text),
		Texts: changedTexts(a.Texts, b.Texts), Files: changedFiles(a.Files, b.Files),
		Exhibits: changedExhibits(a.Exhibits, b.Exhibits, items), Checklist: changedProofs(a.Checklist.Lines, b.Checklist.Lines),
	}, nil
}

func (p Packet) version() PacketVersion {
	return PacketVersion{Hash: p.Hash, CreatedAt: p.CreatedAt, Frozen: p.Frozen, Strength: p.Checklist.Strength, Letter: p.Letter.Version}
}

// lineDiff is a unified diff without the lines that name files.
func lineDiff(a, b string) string {
	out := udiff.Unified("a", "b", ended(a), ended(b))
	return strings.TrimPrefix(out, "--- a\n+++ b\n")
}

// ended ends a text's last line, so that its end is no difference.
func ended(text string) string {
	if text == "" || strings.HasSuffix(text, "\n") {
		return text
	}
	return text + "\n"
}

func change(before, after bool) string {
	switch {
	case !before:
		return Added
	case !after:
		return Removed
	}
	return Changed
}

func changedTexts(a, b map[dispute.EvidenceField]string) []TextChange {
	out := []TextChange{}
	for _, field := range union(a, b) {
		was, before := a[field]
		is, after := b[field]
		if was != is || before != after {
			out = append(out, TextChange{Field: field, Change: change(before, after), Diff: lineDiff(was, is)})
		}
	}
	return out
}

// union is the keys of two maps, in order.
func union[V any](a, b map[dispute.EvidenceField]V) []dispute.EvidenceField {
	both := map[dispute.EvidenceField]bool{}
	for field := range a {
		both[field] = true
	}
	for field := range b {
		both[field] = true
	}
	return slices.Sorted(maps.Keys(both))
}

func changedFiles(a, b []PacketFile) []FileChange {
	before, after := bySlot(a), bySlot(b)
	out := []FileChange{}
	for _, field := range union(before, after) {
		was, is := before[field], after[field]
		for i := range max(len(was), len(is)) {
			from, to := at(was, i), at(is, i)
			if from == nil || to == nil || from.SHA256 != to.SHA256 {
				out = append(out, FileChange{Field: field, Change: change(from != nil, to != nil), From: from, To: to})
			}
		}
	}
	return out
}

func bySlot(files []PacketFile) map[dispute.EvidenceField][]PacketFile {
	out := map[dispute.EvidenceField][]PacketFile{}
	for _, f := range files {
		out[f.Field] = append(out[f.Field], f)
	}
	return out
}

func at(files []PacketFile, i int) *PacketFile {
	if i >= len(files) {
		return nil
	}
	return &files[i]
}

// changedExhibits lists the exhibits of the newer packet first, in its order.
func changedExhibits(a, b []PacketExhibit, items []store.Item) []ExhibitChange {
	titles := map[ItemRef]string{}
	for _, i := range items {
		titles[refOf(i.Item)] = i.Title
	}
	before, after := numbers(a), numbers(b)
	out := []ExhibitChange{}
	for _, e := range slices.Concat(b, a) {
		from, to := before[e.ItemRef], after[e.ItemRef]
		listed := slices.ContainsFunc(out, func(c ExhibitChange) bool { return c.ItemRef == e.ItemRef })
		if from != to && !listed {
			out = append(out, ExhibitChange{ItemRef: e.ItemRef, Title: titles[e.ItemRef], Change: change(from > 0, to > 0), From: from, To: to})
		}
	}
	return out
}

func numbers(exhibits []PacketExhibit) map[ItemRef]int {
	out := make(map[ItemRef]int, len(exhibits))
	for _, e := range exhibits {
		out[e.ItemRef] = e.Number
	}
	return out
}

func changedProofs(a, b []evidence.Line) []ProofChange {
	before, after := states(a), states(b)
	out := []ProofChange{}
	for _, l := range slices.Concat(b, a) {
		from, to := before[l.Proof], after[l.Proof]
		listed := slices.ContainsFunc(out, func(c ProofChange) bool { return c.Proof == l.Proof })
		if from != to && !listed {
			out = append(out, ProofChange{Proof: l.Proof, Name: l.Name, From: from, To: to})
		}
	}
	return out
}

func states(lines []evidence.Line) map[string]evidence.State {
	out := make(map[string]evidence.State, len(lines))
	for _, l := range lines {
		out[l.Proof] = l.State
	}
	return out
}
