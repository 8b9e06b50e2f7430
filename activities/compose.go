package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/evidence"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/store"
)

// Compose builds the case's packet from what is known now, within the
// provider's limits, and keeps it. The same evidence gives the same packet.
func (s *Steps) Compose(ctx context.Context, in ComposeInput) (out PacketRef, err error) {
	defer toTemporal(&err)
	defer beat(ctx)()
	row, err := s.DB.GetCase(ctx, in.Ref.CaseID())
	if err != nil {
		return PacketRef{}, err
	}
	items, err := s.exhibits(ctx, row.ID)
	if err != nil {
		return PacketRef{}, err
	}
	p, err := evidence.Compose(evidence.Input{Case: row.Case, Items: items, Limits: s.limits(row.Case)})
	if err != nil {
		return PacketRef{}, err
	}
	if err := s.keepPacket(ctx, in.Ref, p); err != nil {
		return PacketRef{}, err
	}
	return packetRef(p), nil
}

// exhibits are the case's evidence items with their bytes, without what a
// person keeps out.
func (s *Steps) exhibits(ctx context.Context, caseID string) ([]dispute.Item, error) {
	stored, err := s.DB.Items(ctx, caseID)
	if err != nil {
		return nil, err
	}
	var out []dispute.Item
	for _, i := range stored {
		if i.Excluded {
			continue
		}
		if i.Blob.Key != "" {
			i.Content, err = s.Blobs.Get(ctx, i.Blob)
			if kind := dispute.KindOf(err); err != nil && (kind == dispute.NotFound || kind == dispute.Conflict) {
				s.Log.ErrorContext(ctx, "evidence without its bytes is left out", "case", caseID, "item", i.ID, "kind", kind)
				continue
			}
			if err != nil {
				return nil, err
			}
		}
		out = append(out, i.Item)
	}
	return out, nil
}

// limits are the provider's, or those that nearly all providers share when it
// takes no response from here and a person will carry the packet.
func (s *Steps) limits(c dispute.Case) evidence.Limits {
	c.Ref = s.answeredAt(c.Ref)
	r, err := integrations.As[integrations.Responder](s.Set, c.Ref.Connection)
	if err != nil {
		return evidence.SafeLimits()
	}
	return evidence.Limits(r.Limits(c))
}

func (s *Steps) keepPacket(ctx context.Context, ref dispute.Ref, p evidence.Packet) error {
	kept := store.Packet{
		Hash: p.Hash, Texts: p.Texts,
		Manifest: toJSON(evidence.Dossier{Parts: evidence.Manifest(p), Checklist: p.Checklist, Letter: p.Letter, Lint: p.Lint}),
	}
	for _, f := range p.Files {
		blob, err := s.Blobs.Put(ctx, f.Bytes, f.MediaType)
		if err != nil {
			return err
		}
		kept.Files = append(kept.Files, blob)
	}
	return s.DB.InCase(ctx, ref, func(tx *store.CaseTx) error {
		row := tx.Row()
		row.PacketHash, row.Strength = p.Hash, p.Checklist.Strength
		return tx.SavePacket(kept)
	})
}

func packetRef(p evidence.Packet) PacketRef {
	out := PacketRef{
		Hash: p.Hash, Complete: p.Checklist.Complete, Strength: p.Checklist.Strength,
		Files: len(p.Files), Findings: len(p.Lint),
	}
	for _, f := range p.Files {
		out.Bytes += int64(len(f.Bytes))
	}
	out.Missing = missing(p.Checklist.Lines)
	for _, l := range p.Checklist.Lines {
		if l.State == evidence.Contradicting {
			out.Contradicting = append(out.Contradicting, l.Name)
		}
	}
	return out
}

// missing names what keeps the packet from being complete; of the lines of
// which one is enough, none once one is there.
func missing(lines []evidence.Line) []string {
	var required, oneOf []string
	enough := false
	for _, l := range lines {
		switch {
		case l.Need == evidence.NeedOneOf && l.State == evidence.Present:
			enough = true
		case l.Need == evidence.NeedOneOf:
			oneOf = append(oneOf, l.Name)
		case l.Need == evidence.NeedRequired && l.State == evidence.Missing:
			required = append(required, l.Name)
		}
	}
	if !enough && len(oneOf) > 0 {
		required = append(required, "one of: "+strings.Join(oneOf, " / "))
	}
	return required
}

// packet reads a kept packet back as a submission; every file's hash is
// checked on the way.
func (s *Steps) packet(ctx context.Context, caseID, hash string) (integrations.Submission, error) {
	var out integrations.Submission
	kept, err := s.DB.GetPacket(ctx, caseID, hash)
	if err != nil {
		return out, err
	}
	files, err := partsOf(kept)
	if err != nil {
		return out, err
	}
	out.Texts = kept.Texts
	for _, f := range files {
		b, err := s.Blobs.Get(ctx, f.Blob)
		if err != nil {
			return out, err
		}
		f.Bytes = b
		out.Files = append(out.Files, f.File)
	}
	return out, nil
}

// part is one file of a kept packet and where its bytes are.
type part struct {
	integrations.File
	dispute.Blob
}

func partsOf(p store.Packet) ([]part, error) {
	var d evidence.Dossier
	var parts struct {
		Files []struct {
			Field     dispute.EvidenceField `json:"field"`
			Name      string                `json:"name"`
			MediaType string                `json:"media_type"`
			SHA256    string                `json:"sha256"`
		} `json:"files"`
	}
	if err := json.Unmarshal(p.Manifest, &d); err != nil {
		return nil, fmt.Errorf("packet %s: %w", p.Hash, err)
	}
	if err := json.Unmarshal(d.Parts, &parts); err != nil {
		return nil, fmt.Errorf("packet %s: %w", p.Hash, err)
	}
	blobs := map[string]dispute.Blob{}
	for _, b := range p.Files {
		blobs[b.SHA256] = b
	}
	out := make([]part, 0, len(parts.Files))
	for _, f := range parts.Files {
		blob, ok := blobs[f.SHA256]
		if !ok {
			return nil, dispute.Errorf(dispute.Invalid, "packet "+p.Hash, "file %s is not kept", f.SHA256)
		}
		out = append(out, part{
			File: integrations.File{Field: f.Field, Name: f.Name, MediaType: f.MediaType, SHA256: f.SHA256}, Blob: blob,
		})
	}
	return out, nil
}
