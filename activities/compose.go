package activities

import (
	"cmp"
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
	input, err := s.evidence(ctx, row.Case)
	if err != nil {
		return PacketRef{}, err
	}
	p, err := evidence.Compose(input)
	problem := ""
	if row.PacketHash == "" && dispute.KindOf(err) == dispute.Invalid {
		// The deadline must not find the case without any packet.
		problem = err.Error()
		p, err = evidence.MinimalPacket(row.Case, input.Limits)
	}
	if err != nil {
		return PacketRef{}, err
	}
	if err := s.keepPacket(ctx, in.Ref, p); err != nil {
		return PacketRef{}, err
	}
	out = packetRef(p)
	if unsent := evidence.Unsent(p.Lint); unsent != nil && !out.Complete {
		problem = cmp.Or(problem, unsent.Error())
	}
	out.Problem = problem
	return out, nil
}

// evidence is what the case's packet is composed from, without what a person
// keeps out. Files are read one at a time.
func (s *Steps) evidence(ctx context.Context, c dispute.Case) (evidence.Input, error) {
	stored, err := s.DB.Items(ctx, c.ID)
	if err != nil {
		return evidence.Input{}, err
	}
	letters, err := s.letters(ctx)
	if err != nil {
		return evidence.Input{}, err
	}
	in := evidence.Input{Case: c, Limits: s.limits(c), Letters: letters, Open: func(it dispute.Item) ([]byte, error) {
		return s.content(ctx, c.ID, it)
	}}
	for _, i := range stored {
		if !i.Excluded {
			in.Items = append(in.Items, i.Item)
		}
	}
	return in, nil
}

// content are the bytes of an item. Bytes that are lost count as none: the rest
// of the packet is worth sending.
func (s *Steps) content(ctx context.Context, caseID string, it dispute.Item) ([]byte, error) {
	if it.Blob.Key == "" {
		return nil, nil
	}
	b, err := s.Blobs.Get(ctx, it.Blob)
	if kind := dispute.KindOf(err); err != nil && (kind == dispute.NotFound || kind == dispute.Conflict) {
		s.Log.ErrorContext(ctx, "evidence without its bytes is left out", "case", caseID, "item", it.ID, "kind", kind)
		return nil, nil
	}
	return b, err
}

// letters are the words in force; the built-in ones when none were published, or
// when this build cannot read those that were.
func (s *Steps) letters(ctx context.Context) (*evidence.LetterSet, error) {
	stored, err := s.DB.ActiveLetters(ctx, evidence.English)
	if err != nil && dispute.KindOf(err) == dispute.NotFound {
		return evidence.BuiltInLetters(), nil
	}
	if err != nil {
		return nil, err
	}
	set, err := s.words.parse(stored.Hash, func() (*evidence.LetterSet, error) { return evidence.ParseLetters(stored.Source) })
	if err != nil {
		s.Log.ErrorContext(ctx, "the letters in force cannot be read; the built-in ones are used", "key", stored.Hash, "error", err)
		return evidence.BuiltInLetters(), nil
	}
	return set, nil
}

// LimitsOf are the limits that a case's packet is composed within.
func LimitsOf(set *integrations.Set, c dispute.Case) evidence.Limits {
	return (&Steps{Set: set}).limits(c)
}

// limits are the provider's, or those that nearly all providers share when it
// takes no response from here and a person will carry the packet: one file that
// holds everything, and the letter.
func (s *Steps) limits(c dispute.Case) evidence.Limits {
	c.Ref = s.answeredAt(c.Ref)
	r, err := integrations.As[integrations.Responder](s.Set, c.Ref.Connection)
	if err != nil {
		safe := evidence.SafeLimits()
		safe.FileFields = []dispute.EvidenceField{dispute.FieldUncategorizedFile}
		safe.TextFields = []dispute.EvidenceField{dispute.FieldUncategorizedText}
		return safe
	}
	return evidence.Limits(r.Limits(c))
}

func (s *Steps) keepPacket(ctx context.Context, ref dispute.Ref, p evidence.Packet) error {
	kept := store.Packet{
		Hash: p.Hash, Texts: p.Texts,
		Manifest: toJSON(evidence.DossierOf(p)),
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
	d, files, err := unpack(kept)
	if err != nil {
		return out, err
	}
	out.Texts, out.Compelling = kept.Texts, d.Compelling
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

// unpack reads what is kept of a packet: its dossier and where its files are.
func unpack(p store.Packet) (evidence.Dossier, []part, error) {
	var d evidence.Dossier
	if err := json.Unmarshal(p.Manifest, &d); err != nil {
		return d, nil, fmt.Errorf("packet %s: %w", p.Hash, err)
	}
	files, err := partsOf(p, d.Parts)
	return d, files, err
}

func partsOf(p store.Packet, manifest json.RawMessage) ([]part, error) {
	var parts struct {
		Files []struct {
			Field     dispute.EvidenceField `json:"field"`
			Name      string                `json:"name"`
			MediaType string                `json:"media_type"`
			SHA256    string                `json:"sha256"`
		} `json:"files"`
	}
	if err := json.Unmarshal(manifest, &parts); err != nil {
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
