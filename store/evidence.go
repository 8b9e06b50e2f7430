package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/store/db"
)

// Item is a stored evidence item.
type Item struct {
	dispute.Item
	Excluded bool `json:"excluded,omitempty"` // a person keeps it out of the packet
}

// SaveItems stores evidence items, replacing those of the same source and id; a
// person's exclusion and rank stay. Content must be in the blob store before: an item
// with Content and without Blob is Invalid.
func (c *CaseTx) SaveItems(items []dispute.Item) error {
	op := c.op("save items")
	rows := make([]db.SaveItemParams, 0, len(items))
	for _, i := range items {
		if len(i.Content) > 0 && i.Blob == (dispute.Blob{}) {
			return dispute.Errorf(dispute.Invalid, op, "the content of %s is not in the blob store", i.ID)
		}
		facts := i.Facts
		if facts == nil {
			facts = map[string]string{}
		}
		rows = append(rows, db.SaveItemParams{
			CaseID: c.row.ID, Source: i.Source, ID: cleanText(i.ID), Kind: i.Kind, Title: cleanText(i.Title),
			At: nullTime(i.At), Facts: facts, MediaType: i.MediaType, FileName: cleanText(i.FileName), Blob: i.Blob,
			Log: cleanLog(i.Log),
		})
	}
	if len(rows) == 0 {
		return nil
	}
	var failed []error
	c.q.SaveItem(c.ctx, rows).Exec(func(_ int, err error) { failed = append(failed, err) })
	return wrap(op, errors.Join(failed...))
}

func cleanLog(log []dispute.LogEntry) []dispute.LogEntry {
	out := make([]dispute.LogEntry, 0, len(log))
	for _, e := range log {
		out = append(out, dispute.LogEntry{At: e.At.UTC(), What: cleanText(e.What)})
	}
	return out
}

// ExcludeItem keeps an item out of the packet, or lets it in again. An item
// that is not there is NotFound.
func (c *CaseTx) ExcludeItem(source, id string, excluded bool) error {
	n, err := c.q.ExcludeItem(c.ctx, db.ExcludeItemParams{CaseID: c.row.ID, Source: source, ID: id, Excluded: excluded})
	return found(c.op("exclude item"), n, err)
}

// RankItem gives an item its place among the exhibits, from 1; zero takes it
// back. An item that is not there is NotFound.
func (c *CaseTx) RankItem(source, id string, rank int) error {
	n, err := c.q.RankItem(c.ctx, db.RankItemParams{CaseID: c.row.ID, Source: source, ID: id, Rank: rank})
	return found(c.op("rank item"), n, err)
}

// Items reads the case's evidence, oldest first, undated last.
func (c *CaseTx) Items() ([]Item, error) { return readItems(c.ctx, c.q, c.row.ID) }

// Items reads a case's evidence, oldest first, undated last.
func (d *DB) Items(ctx context.Context, caseID string) ([]Item, error) {
	return readItems(ctx, d.q, caseID)
}

func readItems(ctx context.Context, q *db.Queries, caseID string) ([]Item, error) {
	rows, err := q.Items(ctx, caseID)
	return convert(rows, item), wrap("store: items of "+caseID, err)
}

func item(r db.EvidenceItem) Item {
	facts := r.Facts
	if len(facts) == 0 {
		facts = nil
	}
	var log []dispute.LogEntry
	if len(r.Log) > 0 {
		log = r.Log
	}
	return Item{
		Item: dispute.Item{
			ID: r.ID, Source: r.Source, Kind: r.Kind, Title: r.Title, At: time.Time(r.At),
			Facts: facts, MediaType: r.MediaType, FileName: r.FileName, Blob: r.Blob,
			Log: log, Rank: r.Rank,
		},
		Excluded: r.Excluded,
	}
}

// Packet is a response as it was or would be sent, found again by its hash.
type Packet struct {
	CaseID    string                           `json:"case_id"`
	Hash      string                           `json:"hash"`
	Manifest  json.RawMessage                  `json:"manifest"`
	Files     []dispute.Blob                   `json:"files"`
	Texts     map[dispute.EvidenceField]string `json:"texts"`
	CreatedAt time.Time                        `json:"created_at"` // zero when saved means now
	Frozen    bool                             `json:"frozen"`     // this one is submitted, whatever comes later
}

// SavePacket stores a packet. The content of a hash that is already there is
// not touched; it is frozen when either is.
func (c *CaseTx) SavePacket(p Packet) error {
	op := c.op("save packet " + p.Hash)
	texts := p.Texts
	if texts == nil {
		texts = map[dispute.EvidenceField]string{}
	}
	raw, err := marshal(texts)
	if err != nil {
		return dispute.Errorf(dispute.Invalid, op, "texts: %w", err)
	}
	at := p.CreatedAt
	if at.IsZero() {
		at = time.Now()
	}
	return wrap(op, c.q.SavePacket(c.ctx, db.SavePacketParams{
		CaseID: c.row.ID, Hash: p.Hash, Manifest: cleanJSON(p.Manifest), Files: append([]dispute.Blob{}, p.Files...),
		Texts: raw, Frozen: p.Frozen, CreatedAt: at,
	}))
}

// Packets reads all packets of a case, newest first.
func (d *DB) Packets(ctx context.Context, caseID string) ([]Packet, error) {
	op := "store: packets of " + caseID
	rows, err := d.q.Packets(ctx, caseID)
	if err != nil {
		return nil, wrap(op, err)
	}
	out := make([]Packet, 0, len(rows))
	for _, r := range rows {
		p, err := packet(r)
		if err != nil {
			return nil, wrap(op, err)
		}
		out = append(out, p)
	}
	return out, nil
}

// GetPacket reads one packet.
func (d *DB) GetPacket(ctx context.Context, caseID, hash string) (Packet, error) {
	op := "store: packet " + hash + " of " + caseID
	row, err := d.q.Packet(ctx, db.PacketParams{CaseID: caseID, Hash: hash})
	if err != nil {
		return Packet{}, wrap(op, err)
	}
	p, err := packet(row)
	return p, wrap(op, err)
}

func packet(r db.Packet) (Packet, error) {
	p := Packet{
		CaseID: r.CaseID, Hash: r.Hash, Manifest: r.Manifest, Files: r.Files,
		CreatedAt: r.CreatedAt, Frozen: r.Frozen,
	}
	return p, json.Unmarshal(r.Texts, &p.Texts)
}
