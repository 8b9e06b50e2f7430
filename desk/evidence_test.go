package desk

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/evidence"
	"github.com/rebuttal-hq/rebuttal/store"
)

var (
	order    = ItemRef{"shop", "order:gid://1"}
	delivery = ItemRef{"carrier", "track:1"}
	scan     = ItemRef{"person:" + ana.ID, "scan"}
)

// stocked is an office whose case has three items of evidence and a note.
func stocked(t *testing.T) office {
	t.Helper()
	o := open(t)
	blob, err := o.Blobs.Put(t.Context(), picture(t), evidence.MediaPNG)
	ok(t, err)
	ok(t, o.DB.InCase(t.Context(), ref, func(tx *store.CaseTx) error {
		return tx.SaveItems([]dispute.Item{
			{ID: order.ID, Source: order.Source, Kind: dispute.ItemOrder, Title: "Order", At: noon.AddDate(0, 0, -9)},
			{ID: delivery.ID, Source: delivery.Source, Kind: dispute.ItemDelivery, Title: "Delivered", At: noon.AddDate(0, 0, -5)},
			{ID: scan.ID, Source: scan.Source, Kind: dispute.ItemDocument, Title: "Scan", At: noon, Blob: blob, MediaType: evidence.MediaPNG, FileName: "scan.png"},
			{ID: "n", Source: scan.Source, Kind: dispute.ItemNote, Title: "Note"},
		})
	}))
	return o
}

func (o office) stand(t *testing.T, s dispute.Status) {
	t.Helper()
	ok(t, o.DB.InCase(t.Context(), ref, func(tx *store.CaseTx) error {
		tx.Row().Status = s
		if s == dispute.StatusSubmitted {
			tx.Row().SubmittedAt = noon
		}
		return nil
	}))
}

func (o office) listed(t *testing.T) []Exhibit {
	t.Helper()
	list, err := o.Evidence(t.Context(), ana, "du_1")
	ok(t, err)
	return list
}

func refs(list []Exhibit) []ItemRef {
	out := make([]ItemRef, 0, len(list))
	for _, e := range list {
		out = append(out, e.Ref())
	}
	return out
}

// revisions are the changes that the history tells of, with who made them.
func (o office) revisions(t *testing.T) []string {
	t.Helper()
	events, err := o.DB.Events(t.Context(), ref.CaseID())
	ok(t, err)
	var out []string
	for _, e := range events {
		if e.Kind == "revised" {
			var data struct{ What, Item string }
			ok(t, json.Unmarshal(e.Data, &data))
			out = append(out, strings.TrimSpace(e.Actor+" "+data.What+" "+data.Item))
		}
	}
	return out
}

func TestReorder(t *testing.T) {
	t.Parallel()
	o := stocked(t)
	if diff := cmp.Diff([]ItemRef{order, delivery, scan}, refs(o.listed(t))); diff != "" {
		t.Errorf("before (-want +got):\n%s", diff)
	}
	got, err := o.Reorder(t.Context(), ana, "du_1", "click", []ItemRef{scan, order})
	if err != nil || !cmp.Equal(got, face) {
		t.Fatalf("%+v, %v", got, err)
	}
	want := []ItemRef{scan, order, delivery}
	if diff := cmp.Diff(want, refs(o.listed(t))); diff != "" {
		t.Errorf("after (-want +got):\n%s", diff)
	}
	for name, tc := range map[string]struct {
		order []ItemRef
		kind  dispute.Kind
	}{
		"twice": {[]ItemRef{scan, scan}, dispute.Invalid},
		"none":  {[]ItemRef{{"shop", "order:2"}, delivery}, dispute.NotFound},
	} {
		if _, err := o.Reorder(t.Context(), ana, "du_1", "", tc.order); dispute.KindOf(err) != tc.kind {
			t.Errorf("%s: %v, want kind %s", name, err, tc.kind)
		}
	}
	if diff := cmp.Diff(want, refs(o.listed(t))); diff != "" {
		t.Errorf("after what was refused (-want +got):\n%s", diff)
	}
	_, err = o.Reorder(t.Context(), ana, "du_1", "", nil)
	ok(t, err)
	if diff := cmp.Diff([]ItemRef{order, delivery, scan}, refs(o.listed(t))); diff != "" {
		t.Errorf("given back (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{ana.ID + " reordered", ana.ID + " reordered"}, o.revisions(t)); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}

// The same click told again, after others, is one change.
func TestRepeatedRevisionChangesNothing(t *testing.T) {
	t.Parallel()
	o := stocked(t)
	for _, step := range []struct {
		click    string
		excluded bool
	}{{"c1", true}, {"c2", false}, {"c1", true}} {
		_, err := o.Exclude(t.Context(), ana, "du_1", step.click, delivery, step.excluded)
		ok(t, err)
	}
	for _, e := range o.listed(t) {
		if e.Excluded {
			t.Errorf("%s is excluded by a repeat", e.Ref())
		}
	}
	want := []string{ana.ID + " excluded " + delivery.ID, ana.ID + " included " + delivery.ID}
	if diff := cmp.Diff(want, o.revisions(t)); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	var told []dispute.Decision
	for _, u := range o.workflow.updates {
		d, _ := u.Args[0].(dispute.Decision)
		told = append(told, d)
	}
	revise := func(id string) dispute.Decision {
		return dispute.Decision{ID: id, Kind: dispute.DecideRevise, By: ana.ID, At: noon, Item: delivery.ID}
	}
	if diff := cmp.Diff([]dispute.Decision{revise("c1"), revise("c2"), revise("c1")}, told); diff != "" {
		t.Errorf("updates (-want +got):\n%s", diff)
	}
	// A repeat is let through even when the answer has left in between.
	o.stand(t, dispute.StatusSubmitted)
	if _, err := o.Exclude(t.Context(), ana, "du_1", "c1", delivery, true); err != nil {
		t.Errorf("a repeat after the answer: %v", err)
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	o := stocked(t)
	describe := func(item ItemRef, is Description) error {
		_, err := o.Describe(t.Context(), ana, "du_1", "", item, is)
		return err
	}
	ok(t, describe(scan, Description{Title: "Card 4242424242424242 at the door", Slot: dispute.FieldShippingDocumentation}))
	ok(t, describe(scan, Description{}))
	list := o.listed(t)
	got := list[len(list)-1]
	if got.Title != "Card ************4242 at the door" || got.Facts[dispute.FactSlot] != "shipping_documentation" || got.Blob.Size == 0 {
		t.Errorf("described as %+v", got)
	}
	ok(t, describe(scan, Description{Slot: dispute.FieldReceipt}))
	list = o.listed(t)
	if got = list[len(list)-1]; got.Facts[dispute.FactSlot] != "receipt" || !strings.HasPrefix(got.Title, "Card") {
		t.Errorf("described again as %+v", got)
	}
	for name, tc := range map[string]struct {
		item ItemRef
		is   Description
		kind dispute.Kind
	}{
		"a source's": {order, Description{Title: "x"}, dispute.Invalid},
		"no item":    {ItemRef{scan.Source, "x"}, Description{Title: "x"}, dispute.NotFound},
		"no slot":    {scan, Description{Slot: "shoebox"}, dispute.Invalid},
		"a text":     {scan, Description{Slot: dispute.FieldUncategorizedText}, dispute.Invalid},
	} {
		if err := describe(tc.item, tc.is); dispute.KindOf(err) != tc.kind {
			t.Errorf("%s: %v, want kind %s", name, err, tc.kind)
		}
	}
}

func TestLetter(t *testing.T) {
	t.Parallel()
	o := stocked(t)
	letters := func() (sent, all int) {
		items, err := o.DB.Items(t.Context(), ref.CaseID())
		ok(t, err)
		for _, i := range items {
			if i.Kind != dispute.ItemLetter {
				continue
			}
			all++
			if strings.Contains(i.Facts[dispute.FactText], "4242424242424242") {
				t.Errorf("it shows a card number: %q", i.Facts[dispute.FactText])
			}
			if !i.Excluded {
				sent++
			}
		}
		return sent, all
	}
	for _, click := range []string{"l1", "l1", "l2"} {
		_, err := o.ReplaceLetter(t.Context(), ana, "du_1", click, "Paid with card 4242424242424242, see Exhibit 1.")
		ok(t, err)
	}
	if sent, all := letters(); sent != 2 || all != 2 {
		t.Errorf("%d of %d letters go", sent, all)
	}
	if len(o.listed(t)) != 3 {
		t.Error("a letter is listed as evidence")
	}
	_, err := o.DropLetter(t.Context(), ana, "du_1", "")
	ok(t, err)
	if sent, all := letters(); sent != 0 || all != 2 {
		t.Errorf("dropped, %d of %d letters go", sent, all)
	}
	for _, bad := range []string{"", " \n", strings.Repeat("ä", MaxLetter+1)} {
		if _, err := o.ReplaceLetter(t.Context(), ana, "du_1", "", bad); dispute.KindOf(err) != dispute.Invalid {
			t.Errorf("a letter of %d bytes: %v", len(bad), err)
		}
	}
}

// What was sent is frozen: whatever would change it is refused with the reason.
func TestSentEvidenceIsFrozen(t *testing.T) {
	t.Parallel()
	o := stocked(t)
	for status, why := range map[dispute.Status]string{
		dispute.StatusSubmitted: "the answer was sent at 2026-03-04 12:00 UTC: its packet is frozen",
		dispute.StatusWon:       "the case is closed", dispute.StatusAccepted: "the case is closed",
	} {
		o.stand(t, status)
		for name, revise := range map[string]func() (dispute.Face, error){
			"exclude": func() (dispute.Face, error) { return o.Exclude(t.Context(), ana, "du_1", "", order, true) },
			"reorder": func() (dispute.Face, error) { return o.Reorder(t.Context(), ana, "du_1", "", []ItemRef{scan}) },
			"describe": func() (dispute.Face, error) {
				return o.Describe(t.Context(), ana, "du_1", "", scan, Description{Title: "x"})
			},
			"letter":   func() (dispute.Face, error) { return o.ReplaceLetter(t.Context(), ana, "du_1", "", "words") },
			"composed": func() (dispute.Face, error) { return o.DropLetter(t.Context(), ana, "du_1", "") },
		} {
			if _, err := revise(); dispute.KindOf(err) != dispute.Conflict || !strings.Contains(err.Error(), why) {
				t.Errorf("%s of a case that is %s: %v", name, status, err)
			}
		}
	}
	if len(o.workflow.updates) > 0 || len(o.revisions(t)) > 0 {
		t.Errorf("%d updates, history %v", len(o.workflow.updates), o.revisions(t))
	}
	items, err := o.DB.Items(t.Context(), ref.CaseID())
	ok(t, err)
	for _, i := range items {
		if i.Excluded || i.Rank > 0 || i.Kind == dispute.ItemLetter || i.Title == "x" {
			t.Errorf("changed all the same: %+v", i)
		}
	}
}

func TestAttachToASlot(t *testing.T) {
	t.Parallel()
	o := open(t)
	for name, up := range map[string]Upload{
		"too large": {Name: "a.png", Content: make([]byte, MaxFile+1)},
		"no slot":   {Name: "a.png", Content: picture(t), Slot: "shoebox"},
	} {
		if _, err := o.Attach(t.Context(), ana, "du_1", "", up); dispute.KindOf(err) != dispute.Invalid {
			t.Errorf("%s: %v, want kind invalid", name, err)
		}
	}
	_, err := o.Attach(t.Context(), ana, "du_1", "a", Upload{Name: "a.png", Content: picture(t), Slot: dispute.FieldReceipt})
	ok(t, err)
	got := o.listed(t)
	if len(got) != 1 || got[0].Kind != dispute.ItemDocument || got[0].Title != "a.png" || got[0].Facts[dispute.FactSlot] != "receipt" {
		t.Errorf("attached %+v", got)
	}
}

// A text is a message with its card numbers hidden, unless it has another slot.
func TestAttachText(t *testing.T) {
	t.Parallel()
	for slot, kind := range map[dispute.EvidenceField]dispute.ItemKind{
		"": dispute.ItemCommunication, dispute.FieldCustomerCommunication: dispute.ItemCommunication, dispute.FieldRefundPolicy: dispute.ItemDocument,
	} {
		o := open(t)
		_, err := o.Attach(t.Context(), ana, "du_1", "", Upload{Name: "mail.txt", Slot: slot, Content: []byte("My card is 4242 4242 4242 4242. Where is it?\n")})
		ok(t, err)
		got := o.listed(t)[0]
		content, err := o.Blobs.Get(t.Context(), got.Blob)
		ok(t, err)
		if got.Kind != kind || !strings.HasPrefix(got.MediaType, "text/plain") || string(content) != "My card is **** **** **** 4242. Where is it?\n" {
			t.Errorf("slot %q: %s %s %q", slot, got.Kind, got.MediaType, content)
		}
	}
}

func TestMessageType(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, content, want string }{
		{"mail.txt", "Where is my parcel?", "text/plain"},
		{"mail.TXT", "Ünïcode", "text/plain"},
		{"mail.html", "<!doctype html><p>Where is it?", "text/html"},
		{"mail.htm", "  <div>Where is it?</div>", "text/html"},
		{"mail.html", "Where is it?", "text/html"},
		{"page.txt", "<html><body>Hi", "text/html"},
		{"mail.pdf", "Where is my parcel?", ""},
		{"mail", "Where is my parcel?", ""},
		{"mail.txt", "", ""},
		{"mail.txt", " \n", ""},
		{"mail.txt", "caf\xe9", ""},
		{"mail.txt", "a\x00b", ""},
		{"mail.txt", "%PDF-1.7", ""},
		{"mail.html", "<?xml version='1.0'?><svg/>", ""},
		{"run.txt", "#!/bin/sh\n", ""},
		{"run.html", " <SCRIPT>alert(1)</SCRIPT>", ""},
		{"drawing.html", "<svg onload=alert(1)>", ""},
		{"office.txt", `{\rtf1 words}`, ""},
	} {
		if got := messageType(c.name, []byte(c.content)); got != c.want {
			t.Errorf("%s of %q is %q, want %q", c.name, c.content, got, c.want)
		}
	}
}

func FuzzMessageType(f *testing.F) {
	for _, seed := range []string{"Where is it?", "<html>", "#!/bin/sh", "\x00", "%PDF-1.7"} {
		f.Add("mail.html", []byte(seed))
	}
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		if kind := messageType(name, content); kind != "" && !utf8.Valid(content) {
			t.Fatalf("%q is %s", content, kind)
		}
	})
}

func TestItemRef(t *testing.T) {
	t.Parallel()
	for _, want := range []ItemRef{order, delivery, scan} {
		if got, err := ParseItemRef(want.String()); err != nil || got != want {
			t.Errorf("%s reads as %+v, %v", want, got, err)
		}
	}
	for _, bad := range []string{"", "order", "/x", "shop/"} {
		if _, err := ParseItemRef(bad); dispute.KindOf(err) != dispute.Invalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
