package desk

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/evidence"
	"github.com/rebuttal-hq/rebuttal/store"
)

// Forbidden reports whether an error is the refusal of a right to its actor.
// Other errors of kind Auth are about credentials of ours.
func Forbidden(err error) bool {
	var e *dispute.Error
	return errors.As(err, &e) && e.Kind == dispute.Auth && e.Op == "permission" // as forbidden has it
}

// Row reads a case without what belongs to it; the id is as in Case.
func (d *Desk) Row(ctx context.Context, by Actor, id string) (store.CaseRow, error) {
	if err := by.need(MayReadCases); err != nil {
		return store.CaseRow{}, err
	}
	return d.DB.GetCase(ctx, id)
}

// Notice reads one stored webhook with its body as it came.
func (d *Desk) Notice(ctx context.Context, by Actor, id int64) (store.InboxNotice, error) {
	if err := by.need(MayReadNotices); err != nil {
		return store.InboxNotice{}, err
	}
	return d.DB.GetNotice(ctx, id)
}

// Packet is a kept packet, opened for people.
type Packet struct {
	Hash      string                           `json:"hash"`
	Frozen    bool                             `json:"frozen"` // this one is submitted, whatever comes later
	CreatedAt time.Time                        `json:"created_at"`
	Files     []PacketFile                     `json:"files"`
	Texts     map[dispute.EvidenceField]string `json:"texts"`
	Checklist evidence.Checklist               `json:"checklist"`
	Letter    evidence.Letter                  `json:"letter"`
	Lint      []evidence.Finding               `json:"lint,omitempty"`
	Exhibits  []PacketExhibit                  `json:"exhibits"`
}

// PacketExhibit is an item of evidence and its number in a packet.
type PacketExhibit struct {
	ItemRef
	Number int `json:"number"` // from 1
}

// PacketFile is one file of a packet, as its manifest names it.
type PacketFile struct {
	Field     dispute.EvidenceField `json:"field"`
	Name      string                `json:"name"`
	MediaType string                `json:"media_type"`
	SHA256    string                `json:"sha256"` // lower-case hex
	Bytes     int64                 `json:"bytes"`
	Pages     int                   `json:"pages"`
}

// OpenPacket reads what is kept of a packet. A manifest that cannot be read is
// a plain error: nothing a caller does mends it.
func OpenPacket(p store.Packet) (Packet, error) {
	var d evidence.Dossier
	var parts struct {
		Files    []PacketFile `json:"files"`
		Exhibits []struct {
			Number int    `json:"number"`
			Item   string `json:"item"`
			Source string `json:"source"`
		} `json:"exhibits"`
	}
	if err := json.Unmarshal(p.Manifest, &d); err != nil {
		return Packet{}, errors.New("packet " + p.Hash + ": its dossier cannot be read")
	}
	if err := json.Unmarshal(d.Parts, &parts); err != nil {
		return Packet{}, errors.New("packet " + p.Hash + ": its manifest cannot be read")
	}
	out := Packet{
		Hash: p.Hash, Frozen: p.Frozen, CreatedAt: p.CreatedAt, Texts: p.Texts,
		Files: append([]PacketFile{}, parts.Files...), Checklist: d.Checklist, Letter: d.Letter, Lint: d.Lint,
		Exhibits: make([]PacketExhibit, 0, len(parts.Exhibits)),
	}
	for _, e := range parts.Exhibits {
		out.Exhibits = append(out.Exhibits, PacketExhibit{ItemRef{Source: e.Source, ID: e.Item}, e.Number})
	}
	return out, nil
}

// PacketFile reads one file of a case's packet, to the byte as it was or would
// be sent. A file that the packet does not hold is NotFound.
func (d *Desk) PacketFile(ctx context.Context, by Actor, caseID, hash, sha256 string) (PacketFile, []byte, error) {
	row, err := d.Row(ctx, by, caseID)
	if err != nil {
		return PacketFile{}, nil, err
	}
	kept, err := d.DB.GetPacket(ctx, row.ID, hash)
	if err != nil {
		return PacketFile{}, nil, err
	}
	p, err := OpenPacket(kept)
	if err != nil {
		return PacketFile{}, nil, err
	}
	for _, f := range p.Files {
		if f.SHA256 != sha256 {
			continue
		}
		content, err := d.blob(ctx, kept.Files, sha256)
		return f, content, err
	}
	return PacketFile{}, nil, &dispute.Error{Kind: dispute.NotFound, Op: "file " + sha256 + " of packet " + hash}
}

func (d *Desk) blob(ctx context.Context, kept []dispute.Blob, sha256 string) ([]byte, error) {
	for _, b := range kept {
		if b.SHA256 == sha256 {
			return d.Blobs.Get(ctx, b)
		}
	}
	return nil, &dispute.Error{Kind: dispute.NotFound, Op: "bytes of file " + sha256}
}
