package packets

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/evidence"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/all"
	"github.com/rebuttal-hq/rebuttal/internal/config"
)

var long = flag.Bool("long", false, "every network with every sort of evidence, and the pile of 140 pages")

// providers are the connections of deploy/config.simulator.yaml, and Checkout.com
// once more as an OptBlue merchant.
var providers = []string{
	"stripe-us", "adyen", "braintree", "checkout", "checkout-optblue", "clearhaus", "healthsafepay", "localpayment", "paypal",
}

const optBlue = `
  checkout-optblue:
    vendor: checkout
    settings: { base_url: "http://simulator:8090/checkout", secret_key: sk_sbox_simulator, signature_keys: [cko-signature-simulator], amex_optblue: true }
connections:`

// adapters are the real ones, as the configuration makes them.
var adapters = sync.OnceValue(func() *integrations.Set {
	src, err := os.ReadFile("../../deploy/config.simulator.yaml")
	if err != nil {
		panic(err)
	}
	text := strings.ReplaceAll(string(src), "${DATABASE_URL}", "postgres://nowhere/none")
	text = strings.Replace(text, "\nconnections:", "\nconnections:"+strings.TrimSuffix(optBlue, "\nconnections:"), 1)
	cfg, err := config.Parse("config.simulator.yaml", []byte(text))
	if err != nil {
		panic(err)
	}
	deps := integrations.Deps{HTTP: &http.Client{}, Now: time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	set, err := integrations.Build(all.Vendors, deps, cfg.Adapters())
	if err != nil {
		panic(err)
	}
	return set
})

// limits are the provider's for a case, or what a person carries there.
func limits(t *testing.T, c dispute.Case) evidence.Limits {
	t.Helper()
	r, err := integrations.As[integrations.Responder](adapters(), c.Ref.Connection)
	if dispute.KindOf(err) == dispute.Unsupported {
		l := evidence.SafeLimits()
		l.FileFields = []dispute.EvidenceField{dispute.FieldUncategorizedFile}
		return l
	}
	if err != nil {
		t.Fatal(err)
	}
	return evidence.Limits(r.Limits(c))
}

var sorts = []struct {
	name  string
	items func() []dispute.Item
}{{"rich", Rich}, {"poor", Poor}, {"contradicting", Contradicting}}

// Every family at every provider, with evidence of every sort in turn; with
// -long all sorts and networks of each.
func TestMatrix(t *testing.T) {
	t.Parallel()
	networks := []string{"visa", "mastercard", "amex", "discover"}
	for i, family := range Families {
		for j, provider := range providers {
			for k, network := range networks {
				for l, sort := range sorts {
					if !*long && (k != (i+j)%len(networks) || l != (i+j)%len(sorts)) {
						continue
					}
					t.Run(fmt.Sprintf("%s/%s/%s/%s", family, provider, network, sort.name), func(t *testing.T) {
						t.Parallel()
						c := Case(provider, network, family)
						lim := limits(t, c)
						p, err := evidence.Compose(evidence.Input{Case: c, Items: sort.items(), Limits: lim})
						if err != nil {
							t.Fatal(err)
						}
						sound(t, p, lim)
						gapsAreNamed(t, p.Checklist)
					})
				}
			}
		}
	}
}

// gapsAreNamed holds the checklist to what it promises: complete, or what is
// missing and what speaks against us is told.
func gapsAreNamed(t *testing.T, c evidence.Checklist) {
	t.Helper()
	if c.Complete {
		return
	}
	for _, l := range c.Lines {
		if l.State != evidence.Present && (l.Name == "" || l.Why == "") {
			t.Errorf("line %s is %s and does not say why", l.Proof, l.State)
		}
	}
	if len(c.Lines) == 0 {
		t.Error("neither complete nor a line that says why")
	}
}

// sound holds a packet to the provider's limits and its files to being PDFs that
// every program reads.
func sound(t *testing.T, p evidence.Packet, l evidence.Limits) {
	t.Helper()
	safe := evidence.SafeLimits()
	var size int64
	pages, chars := 0, 0
	slots := map[dispute.EvidenceField]bool{}
	for _, f := range p.Files {
		readable(t, f)
		if slots[f.Field] || !slices.Contains(l.FileFields, f.Field) || !slices.Contains(append(l.MediaTypes, safe.MediaTypes...), f.MediaType) {
			t.Errorf("slot %s takes no %s", f.Field, f.MediaType)
		}
		slots[f.Field] = true
		within(t, "bytes of "+string(f.Field), int64(len(f.Bytes)), l.FileBytes, safe.FileBytes)
		within(t, "pages of "+string(f.Field), int64(f.Pages), int64(l.FilePages), int64(max(l.TotalPages, safe.TotalPages)))
		size, pages = size+int64(len(f.Bytes)), pages+f.Pages
	}
	for field, text := range p.Texts {
		within(t, "characters of "+string(field), int64(utf8.RuneCountInString(text)), int64(l.TextFieldChars), int64(safe.TextFieldChars))
		chars += utf8.RuneCountInString(text)
	}
	within(t, "files", int64(len(p.Files)), int64(l.Files), int64(len(l.FileFields)))
	within(t, "bytes", size, l.TotalBytes, safe.TotalBytes)
	within(t, "pages", int64(pages), int64(l.TotalPages), int64(safe.TotalPages))
	if l.TextTotalChars > 0 {
		within(t, "characters", int64(chars), int64(l.TextTotalChars), 0)
	}
	if len(p.Files) == 0 {
		t.Error("no file at all")
	}
}

// within compares with a limit, or with the safe one where the provider's is not
// known.
func within(t *testing.T, what string, value, limit, safe int64) {
	t.Helper()
	if limit == 0 {
		limit = safe
	}
	if value > limit {
		t.Errorf("%s: %d, at most %d are taken", what, value, limit)
	}
}

func readable(t *testing.T, f evidence.File) {
	t.Helper()
	api.DisableConfigDir()
	conf := model.NewDefaultConfiguration()
	conf.Offline = true // in the mode of `pdfcpu validate`: documents of others keep their fonts
	if err := api.Validate(bytes.NewReader(f.Bytes), conf); err != nil {
		t.Errorf("%s is no valid PDF: %v", f.Field, err)
	}
	texts, err := evidence.PDFText(f.Bytes)
	if err != nil || len(texts) != f.Pages || !strings.Contains(strings.Join(texts, "\n"), "dp_1") {
		t.Errorf("%s: %d texts of %d pages, %v", f.Field, len(texts), f.Pages, err)
	}
}

// A pile of scans becomes a packet within every provider's limits, and a list of
// what a person would have to choose.
func TestPile(t *testing.T) {
	t.Parallel()
	size := ShortPile
	if *long {
		size = WholePile
	}
	pile := Pile(size, 1)
	files := map[string][]byte{}
	total := 0
	for i := range pile {
		total += len(pile[i].Content)
		files[pile[i].ID], pile[i].Content = pile[i].Content, nil
	}
	t.Logf("%d pages, %d bytes", size.Pages(), total)
	seen := map[string]bool{}
	for _, provider := range providers {
		for _, network := range []string{"visa", "mastercard", "amex", "discover"} {
			c := Case(provider, network, dispute.FamilyProductNotReceived)
			lim := limits(t, c)
			key, err := json.Marshal(lim)
			if err != nil {
				t.Fatal(err)
			}
			if seen[string(key)] || !*long && len(seen) > 0 && lim.TotalBytes > evidence.SafeLimits().TotalBytes {
				continue
			}
			seen[string(key)] = true
			t.Run(provider+"/"+network, func(t *testing.T) {
				open := func(it dispute.Item) ([]byte, error) { return files[it.ID], nil }
				p, err := evidence.Compose(evidence.Input{Case: c, Items: append(Poor(), pile...), Limits: lim, Open: open})
				if err != nil {
					t.Fatal(err)
				}
				sound(t, p, lim)
				nothingIsLost(t, p, pile)
			})
		}
	}
}

// nothingIsLost holds that each document is an exhibit, or is listed with its
// size for a person.
func nothingIsLost(t *testing.T, p evidence.Packet, pile []dispute.Item) {
	t.Helper()
	list := ""
	if err := evidence.Unsent(p.Lint); err != nil {
		list = err.Error()
	}
	sent := 0
	for _, it := range pile {
		if slices.ContainsFunc(p.Exhibits, func(e evidence.Exhibit) bool { return e.Item == it.ID }) {
			sent++
			continue
		}
		if !strings.Contains(list, it.ID+" (pages: ") {
			t.Errorf("%s is neither sent nor listed", it.ID)
		}
	}
	t.Logf("%d of %d documents sent", sent, len(pile))
	if sent == 0 {
		t.Error("nothing of the pile is sent")
	}
}
