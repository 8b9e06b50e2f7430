package desk

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/networks"
	"github.com/rebuttal-hq/rebuttal/store"
)

// firstFile is what a person reads first in a packet's ZIP.
const firstFile = "READ-ME-FIRST.txt"

// PacketZip is the case's newest packet for whoever answers at the provider by
// hand: its files, its texts and what to do with them. A case without a packet
// is NotFound. The same packet gives the same bytes.
func (d *Desk) PacketZip(ctx context.Context, by Actor, id string) (name string, content []byte, err error) {
	return d.PacketZipOf(ctx, by, id, "")
}

// PacketZipOf is PacketZip for the packet whose hash begins as given. One that
// was sent comes with the exact bytes of the request and of its answer.
func (d *Desk) PacketZipOf(ctx context.Context, by Actor, id, hash string) (name string, content []byte, err error) {
	row, err := d.Row(ctx, by, id)
	if err != nil {
		return "", nil, err
	}
	kept, err := d.version(ctx, row, hash)
	if err != nil {
		return "", nil, err
	}
	p, err := OpenPacket(kept)
	if err != nil {
		return "", nil, err
	}
	sent, err := d.sent(ctx, row.ID, p)
	if err != nil {
		return "", nil, err
	}
	var buf bytes.Buffer
	z := zipWriter{zip.NewWriter(&buf)}
	z.add(firstFile, []byte(d.instructions(row, p)), &err)
	for _, field := range slices.Sorted(maps.Keys(p.Texts)) {
		z.add("texts/"+string(field)+".txt", []byte(p.Texts[field]), &err)
	}
	for _, f := range p.Files {
		b, e := d.blob(ctx, kept.Files, f.SHA256)
		if e != nil {
			return "", nil, e
		}
		z.add("files/"+path.Base(f.Name), b, &err)
	}
	if sent != nil {
		z.add("sent/request.bin", sent.Request, &err)
		z.add("sent/response.bin", sent.Response, &err)
	}
	if err == nil {
		err = z.w.Close()
	}
	return fmt.Sprintf("%s-%.12s.zip", row.ID, p.Hash), buf.Bytes(), err
}

// sent is the write that carried a packet to the provider; nil while none did.
func (d *Desk) sent(ctx context.Context, caseID string, p Packet) (*store.Intent, error) {
	if !p.Frozen {
		return nil, nil
	}
	writes, err := d.DB.Intents(ctx, caseID)
	if err != nil {
		return nil, err
	}
	for _, w := range writes {
		var receipt struct {
			Packet string `json:"packet"`
		}
		if w.State != store.Done || w.Kind != string(dispute.ResponseContest) || len(w.Request) == 0 {
			continue
		}
		if json.Unmarshal(w.Receipt, &receipt) == nil && receipt.Packet == p.Hash {
			return &w, nil
		}
	}
	return nil, nil
}

type zipWriter struct{ w *zip.Writer }

func (z zipWriter) add(name string, content []byte, err *error) {
	if *err != nil {
		return
	}
	w, e := z.w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
	if e == nil {
		_, e = w.Write(content)
	}
	*err = e
}

func (d *Desk) instructions(row store.CaseRow, p Packet) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	s := row.View.Snapshot
	line("Answer to dispute %s at %s", row.Ref.ID, row.Ref.Connection)
	line("%s · %s", networks.Title(s), s.Amount)
	if p.Frozen {
		line("\nThis packet was sent. It is kept as it went out: nothing is left to do.")
		line("\nPacket %s", p.Hash)
		return b.String()
	}
	line("Due: %s\n", due(row.Deadline))
	line("1. Open the dispute at the provider%s.", d.where(row.Ref))
	line("2. Upload what is in files/, each where the provider asks for it:")
	for _, f := range p.Files {
		line("   %s  as %s (%d pages, %d bytes)", path.Base(f.Name), strings.ReplaceAll(string(f.Field), "_", " "), f.Pages, f.Bytes)
	}
	line("3. Paste what is in texts/, each into the field of its name.")
	line("4. Look at it once more and send it. Most providers take an answer once.")
	line("5. Say so, that the case waits for the verdict and nothing is sent again:")
	line("   rebuttal cases submit %s --done-elsewhere", row.ID)
	line("\nPacket %s", p.Hash)
	return b.String()
}

func (d *Desk) where(ref dispute.Ref) string {
	if d.Dashboard == nil {
		return ""
	}
	if url := d.Dashboard(ref); url != "" {
		return ": " + url
	}
	return ""
}

func due(d dispute.Deadline) string {
	if d.At.IsZero() {
		return "no date is known; answer soon"
	}
	return d.At.UTC().Format(time.RFC1123)
}
