package cli

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/internal/rehearsal"
	"github.com/rebuttal-hq/rebuttal/simulator/stripe"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// until waits for something that the machine does by itself.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !is(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// reads decodes what a command prints as JSON.
func reads(t *testing.T, sys *rehearsal.System, args string, v any) {
	t.Helper()
	ok(t, json.Unmarshal([]byte(on(sys, args+" --json").want(t, exitDone)), v))
}

// An analyst's whole way: documents, order, letter, preview, differences, and
// after the answer the very bytes that were sent.
func TestAnalystsHand(t *testing.T) {
	t.Parallel()
	sys := prepare(t)
	ok(t, sys.Run(t.Context()))
	stripeID := sys.Simulator.Stripe.Open(sys.Simulator.World.NewOrder(world.OrderOptions{Total: 90000}), stripe.DisputeOptions{Reason: "product_not_received"})
	of := dispute.Ref{Connection: "stripe-us", ID: stripeID}
	until(t, "a packet that waits for a person", func() bool {
		row, err := sys.App.Desk.Row(t.Context(), desk.System, of.CaseID())
		return err == nil && row.PacketHash != "" && row.Status == dispute.StatusNeedsApproval
	})
	folder := t.TempDir()
	scan, words := filepath.Join(folder, "scan.png"), filepath.Join(folder, "letter.txt")
	var picture bytes.Buffer
	ok(t, png.Encode(&picture, image.NewGray(image.Rect(0, 0, 320, 240))))
	ok(t, os.WriteFile(scan, picture.Bytes(), 0o600))
	ok(t, os.WriteFile(words, []byte("The parcel was handed over in person."), 0o600))
	id := " " + of.CaseID() + " "

	on(sys, "cases attach"+id+scan+" --title Door --slot shipping_documentation").want(t, exitDone)
	document := func() (found desk.Exhibit) {
		var list []desk.Exhibit
		reads(t, sys, "cases evidence"+id, &list)
		for _, e := range list {
			if e.FileName == "scan.png" {
				found = e
			}
		}
		return found
	}
	until(t, "the document is an exhibit", func() bool { return document().Number > 0 })
	item := document().Ref().String()
	on(sys, "cases describe"+id+item+" --title Doorstep").want(t, exitDone)
	on(sys, "cases order"+id+item).want(t, exitDone)
	on(sys, "cases letter"+id+words).want(t, exitDone)
	until(t, "the document is the first exhibit and the letter is by hand", func() bool {
		return document().Number == 1 && strings.Contains(on(sys, "cases letter"+id).out, "handed over in person")
	})
	if out := on(sys, "cases evidence"+id).want(t, exitDone); !strings.Contains(out, "Doorstep") || !strings.Contains(out, "shipping_documentation") {
		t.Error(out)
	}
	diff := on(sys, "cases diff"+id).want(t, exitDone)
	if !strings.Contains(diff, "strength") {
		t.Error(diff)
	}
	preview := on(sys, "cases packet"+id+"--preview").want(t, exitDone)
	for _, says := range []string{"would be sent as it is", "Against the provider's limits", "total_pages", "handed over in person"} {
		if !strings.Contains(preview, says) {
			t.Errorf("the preview does not say %q:\n%s", says, preview)
		}
	}
	on(sys, "cases exclude"+id+item).want(t, exitDone)
	until(t, "the document is out of the packet", func() bool { return document().Number == 0 })
	on(sys, "cases include"+id+item).want(t, exitDone)
	until(t, "the document is in the packet again", func() bool { return document().Number == 1 })
	on(sys, "cases letter"+id+"--composed").want(t, exitDone)
	until(t, "the letter is composed again", func() bool { return !strings.Contains(on(sys, "cases letter"+id).out, "handed over in person") })

	on(sys, "cases approve"+id).want(t, exitDone)
	until(t, "the answer is sent", func() bool {
		row, err := sys.App.Desk.Row(t.Context(), desk.System, of.CaseID())
		return err == nil && row.Status == dispute.StatusSubmitted
	})
	sameBytes(t, sys, of, filepath.Join(folder, "sent.zip"))
	for _, args := range []string{"exclude" + id + item, "order" + id + item, "letter" + id + words, "letter" + id + "--composed", "describe" + id + item + " --title x"} {
		r := on(sys, "cases "+args)
		r.want(t, exitFailed)
		if !strings.Contains(r.err, "its packet is frozen") {
			t.Errorf("%s: %s", args, r.err)
		}
	}
}

// sameBytes compares what the provider has with what can be downloaded.
func sameBytes(t *testing.T, sys *rehearsal.System, of dispute.Ref, file string) {
	t.Helper()
	on(sys, "cases packet "+of.CaseID()+" -o "+file).want(t, exitDone)
	r, err := zip.OpenReader(file)
	ok(t, err)
	defer func() { ok(t, r.Close()) }()
	kept := map[string]bool{} // SHA-256 of each file
	var request []byte
	for _, f := range r.File {
		in, err := f.Open()
		ok(t, err)
		content, err := io.ReadAll(in)
		ok(t, err)
		switch {
		case strings.HasPrefix(f.Name, "files/"):
			kept[hashOf(content)] = true
		case f.Name == "sent/request.bin":
			request = content
		}
	}
	seen, _ := sys.Simulator.Stripe.Dispute(of.ID)
	if len(seen.Files) == 0 || len(seen.Files) != len(kept) || len(seen.Answers) != 1 {
		t.Fatalf("the provider has %d files and %d answers, the ZIP %d files", len(seen.Files), len(seen.Answers), len(kept))
	}
	for _, id := range seen.Files {
		if sent, _ := sys.Simulator.Stripe.File(id); !kept[hashOf(sent.Bytes)] {
			t.Errorf("file %s is kept otherwise than it was sent", id)
		}
	}
	f, err := sys.App.Desk.Case(t.Context(), desk.System, of.CaseID())
	ok(t, err)
	if string(request) != seen.Answers[0].Body || hashOf(request) != f.Submission.RequestSHA256 {
		t.Errorf("the request is kept otherwise than it was sent: %d bytes, sent %d", len(request), len(seen.Answers[0].Body))
	}
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func TestEvidenceUsage(t *testing.T) {
	t.Parallel()
	for args, says := range map[string]string{
		"cases attach cs_1":                            "requires at least 2 arg",
		"cases attach cs_1 a.png b.png --title x":      "--title names one file",
		"cases exclude cs_1 order":                     `"order": write source/id`,
		"cases letter cs_1 letter.txt --composed":      "takes no file",
		"cases packet cs_1 --preview --out packet.zip": "writes no file",
		"cases diff cs_1 a b c":                        "accepts between 1 and 3 arg",
	} {
		r := call(strings.Fields(args)...)
		r.want(t, exitUsage)
		if !strings.Contains(r.err, says) {
			t.Errorf("%s: says %q, want %q in it", args, r.err, says)
		}
	}
}

func TestEvidenceOfASeededCase(t *testing.T) {
	t.Parallel()
	sys := prepare(t)
	seed(t, sys.App.DB)
	if out := on(sys, "cases evidence du_1").want(t, exitDone); !strings.Contains(out, "shop/order:1") || !strings.Contains(out, "Order #1001") {
		t.Error(out)
	}
	golden(t, "evidence.keys", keys(t, on(sys, "cases evidence du_1 --json").want(t, exitDone)))
	for args, says := range map[string]string{
		"cases packet du_1 --preview": "none is composed yet", "cases letter du_1": "none is composed yet", "cases diff du_1": "none is composed yet",
		"cases exclude du_1 shop/order:1": "the case is closed",
	} {
		r := on(sys, args)
		r.want(t, exitFailed)
		if !strings.Contains(r.err, says) {
			t.Errorf("%s: says %q, want %q in it", args, r.err, says)
		}
	}
}
