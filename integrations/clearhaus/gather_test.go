package clearhaus

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/evidence"
	"github.com/rebuttal-hq/rebuttal/integrations"
	standin "github.com/rebuttal-hq/rebuttal/simulator/clearhaus"
	"github.com/rebuttal-hq/rebuttal/simulator/faults"
)

func TestGather(t *testing.T) {
	t.Parallel()
	r := rehearse(t, standin.Options{})
	id := r.open(standin.DisputeOptions{})
	paper := r.clearhaus.BankFile(id, "cardholder letter", "text/plain", []byte("I never got it."))
	r.clearhaus.Say(id, "Please send the invoice.")
	c := r.caseOf(t, id)
	if _, err := r.Submit(t.Context(), packet("key", c)); err != nil { // our own file is no paper of the bank's
		t.Fatal(err)
	}
	items, err := r.Gather(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	d, _ := r.clearhaus.Dispute(id)
	o := d.Order
	amount := dispute.Money{Minor: o.Total, Currency: "DKK"}.String()
	want := []dispute.Item{
		{
			ID: "transaction:" + c.View.Snapshot.Payment, Kind: dispute.ItemPayment, At: o.PaidAt.Truncate(time.Second),
			Title: "Payment of " + amount + " by mastercard card ending in " + o.CardLast4,
			Facts: map[string]string{
				dispute.FactAmount: amount, dispute.FactPaidAt: o.PaidAt.UTC().Format(time.RFC3339), dispute.FactDescriptor: "shop.example",
				dispute.FactOrderName: o.Name(), dispute.FactCardBrand: "mastercard", dispute.FactCardLast4: o.CardLast4, dispute.FactThreeDS: "Y",
			},
		},
		{
			ID: "file:" + paper, Kind: dispute.ItemCommunication, Title: "Paper at Clearhaus: cardholder letter", FileName: "cardholder letter",
			Content: []byte("I never got it."), MediaType: "text/plain",
		},
		{
			ID: "comment:" + d.Comments[0].ID, Kind: dispute.ItemCommunication, Title: "Comment at Clearhaus", At: today,
			Facts: map[string]string{dispute.FactText: "Please send the invoice.", dispute.FactSentAt: today.Format(time.RFC3339)},
		},
	}
	if diff := cmp.Diff(want, items, cmpopts.IgnoreFields(dispute.Item{}, "Source")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// People see the bank's papers and the comments; the packet takes neither.
func TestPapersAreNotSent(t *testing.T) {
	t.Parallel()
	r := rehearse(t, standin.Options{})
	id := r.open(standin.DisputeOptions{})
	r.clearhaus.BankFile(id, "cardholder letter", "text/plain", []byte("I never got it."))
	r.clearhaus.Say(id, "Please send the invoice.")
	c := r.caseOf(t, id)
	items, err := r.Gather(t.Context(), c)
	if err != nil || len(items) != 3 {
		t.Fatalf("%d items, %v", len(items), err)
	}
	built, err := evidence.Compose(evidence.Input{Case: c, Items: items, Limits: evidence.Limits(r.Limits(c))})
	if err != nil {
		t.Fatal(err)
	}
	if len(built.Files) != 1 || built.Files[0].MediaType != mediaPDF || len(built.Texts) != 0 {
		t.Errorf("%d files and %d texts, want one PDF", len(built.Files), len(built.Texts))
	}
	for _, e := range built.Exhibits {
		if !strings.HasPrefix(e.Item, "transaction:") {
			t.Errorf("exhibit %d is %s", e.Number, e.Item)
		}
	}
}

// What was found before a failure is returned with it; a paper that is not there
// yet is no failure.
func TestGatherHalf(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]int{"/transactions/": 0, "/files?": 1, "/content": 1, "/comments": 2} {
		t.Run(strings.Trim(path, "/?"), func(t *testing.T) {
			t.Parallel()
			var broken faults.Set
			broken.Add(faults.Fault{Method: http.MethodGet, Path: strings.TrimSuffix(path, "?"), Mode: faults.Error})
			r := rehearseBehind(t, standin.Options{}, func(h http.Handler) http.Handler { return broken.Wrap("clearhaus", h) })
			id := r.open(standin.DisputeOptions{})
			r.clearhaus.BankFile(id, "cardholder letter", "application/pdf", []byte("%PDF-1.7 letter"))
			r.clearhaus.Say(id, "Please send the invoice.")
			items, err := r.Gather(t.Context(), r.caseOf(t, id))
			if dispute.KindOf(err) != dispute.Transient || err == nil || len(items) != want {
				t.Errorf("%d items, %v; want %d and kind transient", len(items), err, want)
			}
		})
	}
}

func TestGatherUnfinishedPaper(t *testing.T) {
	t.Parallel()
	r := rehearseBehind(t, standin.Options{}, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if strings.HasSuffix(req.URL.Path, "/content") {
				w.WriteHeader(http.StatusNotFound)
				return
			}
			h.ServeHTTP(w, req)
		})
	})
	id := r.open(standin.DisputeOptions{})
	r.clearhaus.BankFile(id, "cardholder letter", "application/pdf", []byte("%PDF-1.7 letter"))
	items, err := r.Gather(t.Context(), r.caseOf(t, id))
	if err != nil || len(items) != 2 || items[1].Content != nil {
		t.Errorf("%d items, %v; want the payment and a paper without content", len(items), err)
	}
}

// The token goes to the API's host and nowhere else, whatever links say.
func TestTokenStaysAtHome(t *testing.T) {
	t.Parallel()
	var leaked []string
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if h := r.Header.Get("Authorization"); h != "" {
			leaked = append(leaked, h)
		}
	}))
	defer other.Close()
	a := newAdapter(t, "http://127.0.0.1:1")
	for _, to := range []link{{Href: other.URL + "/disputes"}, {Href: "https://127.0.0.1:1/"}, {Href: "//evil.example/x"}, {Href: "{x}"}, {Href: "/disputes/{id}"}, {Href: "%zz"}, {Href: "/a{"}} {
		if _, err := a.get(t.Context(), "follow", to, nil, nil); dispute.KindOf(err) != dispute.Invalid {
			t.Errorf("%s was followed: %v", to.Href, err)
		}
	}
	data := links{"self": {{Href: "/files/1"}}, "ch:data": {{Href: other.URL + "/x", Name: "download"}, {Href: other.URL + "/x", Name: "upload"}}}
	if _, err := a.download(t.Context(), wireFile{Links: data}); err != nil {
		t.Error(err)
	}
	up, _ := data.one("ch:data", "upload")
	if err := a.store(t.Context(), "upload", up, packet("key", dispute.Case{}).Files[0]); err != nil {
		t.Error(err)
	}
	if len(leaked) > 0 {
		t.Error("the token was sent to another host")
	}
	secure := newAdapter(t, "https://merchant.clearhaus.com")
	if err := secure.store(t.Context(), "upload", up, integrations.File{}); dispute.KindOf(err) != dispute.Invalid {
		t.Errorf("evidence would go in the clear: %v", err)
	}
}
