package networks

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// The built-in facts load, which checks every entry, and are as many as the
// sources list.
func TestBuiltInFacts(t *testing.T) {
	t.Parallel()
	c := load(t, nil)
	count := map[string]int{}
	for _, r := range c.codes {
		count[r.Network]++
		if r.Definition == "" || r.Source == "" {
			t.Errorf("%s %s: no definition or no source", r.Network, r.Code)
		}
	}
	for network, atLeast := range map[string]int{"visa": 43, "mastercard": 38, "amex": 93, "discover": 42} {
		if count[network] < atLeast {
			t.Errorf("%s has %d codes, want at least %d", network, count[network], atLeast)
		}
	}
	if len(c.refined) < 100 || len(c.windows) < 20 || len(c.words) < 60 {
		t.Errorf("%d codes refine their families, %d windows, %d words of providers", len(c.refined), len(c.windows), len(c.words))
	}
	sorted := slices.IsSortedFunc(c.codes, func(a, b ReasonCode) int {
		return strings.Compare(a.Network+"\x00"+a.Code, b.Network+"\x00"+b.Code)
	})
	if !sorted {
		t.Error("codes are not sorted")
	}
}

// Every claim under an umbrella code, and every kind of code, ends with a table
// that wants something.
func TestEveryCodeWantsSomething(t *testing.T) {
	t.Parallel()
	c := load(t, nil)
	for _, r := range c.codes {
		claims := []dispute.Family{r.Family}
		for _, sub := range r.SubReasons {
			claims = append(claims, sub.Family)
		}
		for _, f := range claims {
			w := c.wantsOf(dispute.Snapshot{Network: r.Network, NetworkCode: r.Code}, f)
			if w.Family != f || len(w.Proofs) == 0 || w.Advice == "" || w.Source == "" || w.Confidence == "" {
				t.Errorf("%s %s as %s: %+v", r.Network, r.Code, f, w)
			}
		}
	}
}

func load(t *testing.T, folder fs.FS) *Catalogue {
	t.Helper()
	c, err := Load(folder, Vocabulary{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func folder(name, content string) fs.FS { return fstest.MapFS{name: {Data: []byte(content)}} }

// Pieces of the files below.
const (
	head   = "network: visa\nsources: {s: our acquirer}\n"
	code   = `  - {code: "10.1", title: T, family: general, evidence: none, category: fraud, contest: never, contest_when: w, accept_when: w, confidence: high, source: s}` + "\n"
	family = "sources: {s: our acquirer}\nfamilies:\n  - {family: general, title: T, claim: C, overturn_with: O, contest: never, confidence: low, source: s, evidence: {physical: [receipt], digital: [receipt], service: [receipt]}}\n"
	wants  = "sources: {s: our acquirer}\nfamilies:\n  - {family: general, advice: A, proofs: [payment, order], required: [payment], confidence: low, source: s}\n"
	window = "sources: {s: our acquirer}\nwindows:\n  - {network: visa, stage: inquiry, days: 12, basis: network, source: s, confidence: low}\n"
	word   = "providers:\n  - {provider: acme, source: their docs, reasons: [{reason: stolen, family: fraudulent, confidence: low}]}\n"
	refine = head + "codes:\n  - {codes: [\"13.1\"], required: [receipt], one_of: [], drop: [billing_address], decisive: [], confidence: low, source: s}\n"
)

func change(text string, pairs ...string) string { return strings.NewReplacer(pairs...).Replace(text) }

func TestFolderReplacesAndExtends(t *testing.T) {
	t.Parallel()
	c := load(t, fstest.MapFS{
		"codes_ours.yaml":  {Data: []byte(head + "codes:\n" + code + change(code, "10.1", "19.9"))},
		"families.yaml":    {Data: []byte(family)},
		"wants.yaml":       {Data: []byte(wants)},
		"wants_ours.yaml":  {Data: []byte(refine)},
		"windows.yaml":     {Data: []byte(window)},
		"providers.yaml":   {Data: []byte(word + "  - {provider: stripe, source: s, reasons: [{reason: duplicate, family: general, confidence: low}]}\n")},
		"..data/ignored":   {Data: []byte("a mounted volume has such folders")},
		"evidence_us.yaml": {Data: []byte("ours: [receipt]\n")},
	})
	replaced, _ := c.reason("visa", "10.1")
	added, ok := c.reason("visa", "19.9")
	kept, _ := c.reason("visa", "10.2")
	if replaced.Title != "T" || replaced.Source != "our acquirer" || !ok || added.Definition != "C" || kept.Title == "T" {
		t.Errorf("codes: %+v, %+v, %+v", replaced, added, kept)
	}
	got := []any{c.words["stolen"], c.words["duplicate"], c.words["fraudulent"], c.windows[windowKey{"visa", dispute.StageInquiry}].Days, c.families[dispute.FamilyGeneral].Title}
	want := []any{dispute.FamilyFraudulent, dispute.FamilyGeneral, dispute.FamilyFraudulent, 12, "T"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if w := c.wantsOf(dispute.Snapshot{}, dispute.FamilyGeneral); w.Advice != "A" || len(w.Proofs) != 2 {
		t.Errorf("general wants %+v", w)
	}
	w := c.wantsOf(dispute.Snapshot{Network: "visa", NetworkCode: "131"}, dispute.FamilyProductNotReceived)
	i := w.find("receipt")
	if w.find("billing_address") >= 0 || i < 0 || w.Proofs[i].Need != NeedRequired || w.Proofs[w.find("signed")].Decisive {
		t.Errorf("visa 13.1 wants %+v", w)
	}
	if w.Source != "our acquirer" || w.Advice != c.wants[dispute.FamilyProductNotReceived].Advice {
		t.Errorf("the refinement of the folder stands beside ours: %+v", w)
	}
}

func TestWants(t *testing.T) {
	t.Parallel()
	needs := func(network, code string, f dispute.Family) map[string]Need {
		out := map[string]Need{}
		for _, w := range Wants(dispute.Snapshot{Network: network, NetworkCode: code}, f).Proofs {
			out[w.Proof] = w.Need
		}
		return out
	}
	for _, tt := range []struct {
		network, code string
		family        dispute.Family
		proof         string
		want          Need // empty: not wanted
	}{
		{"", "", dispute.FamilyFraudulent, "address_check", NeedOneOf},
		{"visa", "104", dispute.FamilyFraudulent, "address_check", NeedSupporting},
		{"visa", "10.1", dispute.FamilyFraudulent, "three_d_secure", ""},
		{"visa", "10.1", dispute.FamilyFraudulent, "receipt", NeedOneOf},
		{"visa", "10.5", dispute.FamilyFraudulent, "order", ""},
		{"visa", "11.2", dispute.FamilyAuthorization, "three_d_secure", NeedSupporting},
		{"visa", "13.2", dispute.FamilySubscription, "cancellation_policy", NeedSupporting},
		{"visa", "13.3", dispute.FamilyProductUnacceptable, "refund_policy", ""},
		{"amex", "C31", dispute.FamilyProductUnacceptable, "refund_policy", NeedSupporting},
		{"", "", dispute.FamilyProductUnacceptable, "refund_policy", NeedOneOf},
		{"visa", "12.6.2", dispute.FamilyDuplicate, "other_charge", NeedSupporting},
		{"mc", "37", dispute.FamilyFraudulent, "prior_payments", NeedOneOf},
		{"diners", "4755", dispute.FamilyProductNotReceived, "delivered", NeedOneOf},
		// An umbrella code asks by claim, and a claim that is not its own by family.
		{"mastercard", "4853", dispute.FamilySubscription, "subscription", NeedRequired},
		{"mastercard", "4853", dispute.FamilyProductUnacceptable, "refund_policy", NeedSupporting},
		{"mastercard", "4853", dispute.FamilyGeneral, "refund_policy", NeedSupporting},
		{"visa", "13.1", dispute.FamilyFraudulent, "address_check", NeedOneOf},
		{"visa", "99.9", dispute.FamilyDuplicate, "other_charge", NeedRequired},
		{"visa", "13.1", "sorcery", "order", NeedRequired},
	} {
		if got := needs(tt.network, tt.code, tt.family)[tt.proof]; got != tt.want {
			t.Errorf("%s %s as %s: %s is %q, want %q", tt.network, tt.code, tt.family, tt.proof, got, tt.want)
		}
	}
	w := Wants(dispute.Snapshot{}, dispute.FamilyGeneral)
	w.Proofs[0].Proof, w.Files[0] = "spoilt", "spoilt"
	if again := Wants(dispute.Snapshot{}, dispute.FamilyGeneral); again.Proofs[0].Proof == "spoilt" || again.Files[0] == "spoilt" {
		t.Error("a caller wrote into the catalogue")
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	codes := head + "codes:\n" + code
	tests := map[string]struct{ file, content, want string }{
		"a file of no kind":      {"reasons.yaml", codes, "reasons.yaml: is no file of the catalogue"},
		"another ending":         {"codes_visa.yml", codes, "codes_visa.yml: is no file"},
		"empty":                  {"codes.yaml", "", "codes.yaml: the file is empty"},
		"two documents":          {"codes.yaml", codes + "---\n" + codes, "more than one document"},
		"not YAML":               {"codes.yaml", "a: [", "codes.yaml: yaml: line 1"},
		"unknown key":            {"codes.yaml", head + "colour: red\n", "codes.yaml: line 3: field colour not found"},
		"unknown network":        {"codes.yaml", change(codes, "visa", "vista"), `codes.yaml:1: network "vista" is unknown`},
		"unknown list":           {"codes.yaml", change(codes, "none", "some"), `codes.yaml:4: no evidence list "some"`},
		"no list":                {"codes.yaml", change(codes, "evidence: none, ", ""), `no evidence list ""`},
		"contested with nothing": {"codes.yaml", change(codes, "contest: never", "contest: usually"), "codes.yaml:4: advises usually"},
		"code twice":             {"codes.yaml", codes + code, "codes.yaml:5: visa code 10.1 is told twice, first at codes.yaml:4"},
		"code undotted":          {"codes.yaml", codes + change(code, "10.1", "1010"), "is told twice"},
		"alias taken":            {"codes.yaml", change(codes, "title", `aliases: ["13.1"], title`), "is a name of"},
		"no source":              {"codes.yaml", change(codes, "source: s", "source: rumour"), `codes.yaml:4: source "rumour" is not among`},
		"no confidence":          {"codes.yaml", change(codes, "confidence: high, ", ""), `confidence "" is unknown`},
		"no title":               {"codes.yaml", change(codes, "title: T, ", ""), "title is missing"},
		"no contest_when":        {"codes.yaml", change(codes, "contest_when: w, ", ""), "contest_when is missing"},
		"unknown family":         {"codes.yaml", change(codes, "general", "magic"), `codes.yaml:4: family "magic" is unknown`},
		"unknown contest":        {"codes.yaml", change(codes, "never", "perhaps"), `contest "perhaps"`},
		"unknown category":       {"codes.yaml", change(codes, "fraud", "luck"), `category "luck"`},
		"unknown kind":           {"codes.yaml", change(codes, "title", "kind: joke, title"), `kind "joke"`},
		"unknown status":         {"codes.yaml", change(codes, "title", "status: gone, title"), `status "gone"`},
		"unknown sub-reason":     {"codes.yaml", change(codes, "title: T", "title: T, sub_reasons: [{title: T, family: magic}]"), `family "magic"`},
		"no successor":           {"codes.yaml", change(codes, "title", "superseded_by: X, title"), `superseded by "X"`},
		"family twice":           {"families.yaml", family + change(family, "sources: {s: our acquirer}\nfamilies:\n", ""), "families.yaml:4: family general is told twice"},
		"family without claim":   {"families.yaml", change(family, "claim: C, ", ""), "families.yaml:3: claim is missing"},
		"family without goods":   {"families.yaml", change(family, "digital: [receipt]", "air: [receipt]"), "no evidence for digital goods"},
		"bad evidence":           {"evidence.yaml", "- 1\n", "evidence.yaml: line 1: cannot unmarshal"},
		"unknown slot":           {"evidence.yaml", "a: [receipts]\n", `evidence.yaml:1: evidence slot "receipts"`},
		"slot twice":             {"evidence.yaml", "a: [receipt, receipt]\n", "is named twice"},
		"word disagrees":         {"providers.yaml", word + "  - {provider: b, source: s, reasons: [{reason: Stolen, family: general, confidence: low}]}\n", "here and fraudulent elsewhere"},
		"word twice":             {"providers.yaml", change(word, "}]", "}, {reason: stolen, family: fraudulent, confidence: low}]"), "acme reason stolen is told twice"},
		"word without source":    {"providers.yaml", change(word, "source: their docs, ", ""), "providers.yaml:2: source is missing"},
		"window twice":           {"windows.yaml", window + change(window, "sources: {s: our acquirer}\nwindows:\n", ""), "windows.yaml:4: visa window at inquiry is told twice"},
		"long window":            {"windows.yaml", change(window, "12", "61"), "windows.yaml:3: 61 days"},
		"merchants have more":    {"windows.yaml", change(window, "basis", "merchant_days: 13, basis"), "merchants have 13 of 12 days"},
		"unknown stage":          {"windows.yaml", change(window, "inquiry", "appeal"), `stage "appeal"`},
		"wants nothing":          {"wants.yaml", change(wants, "required: [payment], ", ""), "wants.yaml:3: nothing is required"},
		"wants without advice":   {"wants.yaml", change(wants, "advice: A, ", ""), "advice is missing"},
		"wants twice":            {"wants.yaml", change(wants, "[payment, order]", "[payment, payment]"), `"payment" is listed twice`},
		"wants unlisted":         {"wants.yaml", change(wants, "required: [payment]", "required: [paper]"), `wants.yaml:3: "paper" is not among the proofs`},
		"two needs":              {"wants.yaml", change(wants, "required", "one_of: [payment], required"), "given two needs"},
		"decisive and unlisted":  {"wants.yaml", change(wants, "required", "decisive: [paper], required"), `"paper" is decisive`},
		"unknown proof":          {"wants.yaml", change(wants, "order", "ordre"), `wants.yaml:3: proof "ordre" is unknown; there are [`},
		"unknown contradiction":  {"wants.yaml", change(wants, "required", "watch: [gossip], required"), `contradiction "gossip"`},
		"a family drops":         {"wants.yaml", change(wants, "required", "drop: [order], required"), "a family lists its proofs"},
		"refines no code":        {"wants_us.yaml", change(refine, `"13.1"`, `"99.9"`), `wants_us.yaml:4: visa has no code "99.9"`},
		"refines without codes":  {"wants_us.yaml", change(refine, `codes: ["13.1"], `, ""), "a refinement names its codes"},
		"refines twice":          {"wants_us.yaml", change(refine, `["13.1"]`, `["13.1", "131"]`), "wants for product_not_received is told twice"},
		"drops what is unknown":  {"wants_us.yaml", change(refine, "billing_address", "biling"), `wants_us.yaml:4: proof "biling" is unknown`},
		"refines another family": {"wants_us.yaml", change(refine, "required", "family: magic, required"), `family "magic"`},
	}
	known := vocabulary(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Load(folder(tt.file, tt.content), known)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error %v, want one with %q", err, tt.want)
			}
		})
	}
}

// vocabulary is what the built-in data speaks of.
func vocabulary(t *testing.T) Vocabulary {
	t.Helper()
	var v Vocabulary
	for _, w := range load(t, nil).wants {
		for _, p := range w.Proofs {
			v.Proofs = append(v.Proofs, p.Proof)
		}
		v.Contradictions = append(v.Contradictions, w.Watch...)
	}
	return v
}

// Whatever a folder holds, loading ends with a catalogue that answers or with an
// error that names the file.
func FuzzLoad(f *testing.F) {
	for name, text := range map[string]string{
		"codes.yaml": head + "codes:\n" + code, "families.yaml": family, "wants.yaml": wants, "wants_us.yaml": refine,
		"windows.yaml": window, "providers.yaml": word, "evidence.yaml": "a: [receipt]\n",
	} {
		f.Add(name, text)
	}
	f.Add("codes.yaml", "shared: [&a {b: *a}]\ncodes: [<<: *a]")
	f.Fuzz(func(t *testing.T, name, text string) {
		if !fs.ValidPath(name) || strings.Contains(name, "/") || name == "." {
			return
		}
		alone := newLoader()
		if alone.layer(folder(name, text)); len(alone.problems) > 0 && !strings.HasPrefix(name, "wants") {
			return // refused without the built-in facts, which take longer
		}
		c, err := Load(folder(name, text), Vocabulary{})
		if err != nil {
			if !strings.Contains(err.Error(), name) && !strings.Contains(err.Error(), ".yaml:") {
				t.Errorf("the error does not name a file: %v", err)
			}
			return
		}
		for _, r := range c.codes {
			s := dispute.Snapshot{Network: r.Network, NetworkCode: r.Code}
			if found, ok := c.reason(r.Network, r.Code); !ok || found.Code != r.Code || len(c.wantsOf(s, r.Family).Proofs) == 0 {
				t.Errorf("%s %q is not found, or wants nothing", r.Network, r.Code)
			}
		}
	})
}
