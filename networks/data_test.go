package networks

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

var allFamilies = []dispute.Family{
	dispute.FamilyFraudulent, dispute.FamilyUnrecognized, dispute.FamilyProductNotReceived,
	dispute.FamilyProductUnacceptable, dispute.FamilySubscription, dispute.FamilyDuplicate,
	dispute.FamilyCreditNotProcessed, dispute.FamilyAuthorization, dispute.FamilyProcessing,
	dispute.FamilyGeneral,
}

var allFields = []dispute.EvidenceField{
	dispute.FieldAccessActivityLog, dispute.FieldBillingAddress, dispute.FieldCancellationPolicy,
	dispute.FieldCancellationPolicyDisclosure, dispute.FieldCancellationRebuttal,
	dispute.FieldCustomerCommunication, dispute.FieldCustomerEmail, dispute.FieldCustomerName,
	dispute.FieldCustomerPurchaseIP, dispute.FieldCustomerSignature,
	dispute.FieldDuplicateChargeDocumentation, dispute.FieldDuplicateChargeExplanation,
	dispute.FieldDuplicateChargeID, dispute.FieldProductDescription, dispute.FieldReceipt,
	dispute.FieldRefundPolicy, dispute.FieldRefundPolicyDisclosure, dispute.FieldRefundRefusalExplanation,
	dispute.FieldServiceDate, dispute.FieldServiceDocumentation, dispute.FieldShippingAddress,
	dispute.FieldShippingCarrier, dispute.FieldShippingDate, dispute.FieldShippingDocumentation,
	dispute.FieldShippingTrackingNumber, dispute.FieldUncategorizedFile, dispute.FieldUncategorizedText,
}

var (
	allConfidences = []Confidence{ConfidenceHigh, ConfidenceMedium, ConfidenceLow}
	allContests    = []Contest{ContestUsually, ContestIfEvidence, ContestRarely, ContestNever}
	allKinds       = []CodeKind{KindDispute, KindRetrievalRequest, KindCompliance, KindAdministrativeNotice, KindDocumentStatus}
	allStatuses    = []CodeStatus{CodeCurrent, CodeLegacy, CodeRetired, CodeRegional}
	allCategories  = []string{"fraud", "authorization", "processing_error", "consumer_dispute", "inquiry"}
	allStages      = []dispute.Stage{dispute.StageInquiry, dispute.StageChargeback, dispute.StagePreArbitration, dispute.StageArbitration}
)

func oneOf[T comparable](t *testing.T, what string, got T, known []T) {
	t.Helper()
	if !slices.Contains(known, got) {
		t.Errorf("%s: %v is not one of %v", what, got, known)
	}
}

func checkFields(t *testing.T, what string, fields []dispute.EvidenceField) {
	t.Helper()
	for i, f := range fields {
		oneOf(t, what+": evidence", f, allFields)
		if slices.Contains(fields[:i], f) {
			t.Errorf("%s: evidence %s is listed twice", what, f)
		}
	}
}

func TestReasonCodesAreComplete(t *testing.T) {
	t.Parallel()
	codes := ReasonCodes()
	count := map[string]int{}
	for _, r := range codes {
		what := r.Network + " " + r.Code
		count[r.Network]++
		oneOf(t, what+": family", r.Family, allFamilies)
		oneOf(t, what+": category", r.Category, allCategories)
		oneOf(t, what+": kind", r.Kind, allKinds)
		oneOf(t, what+": status", r.Status, allStatuses)
		oneOf(t, what+": contest", r.Contest, allContests)
		oneOf(t, what+": confidence", r.Confidence, allConfidences)
		checkFields(t, what, r.Evidence)
		for _, sub := range r.SubReasons {
			oneOf(t, what+": sub-reason "+sub.Title, sub.Family, allFamilies)
		}
		for name, text := range map[string]string{
			"title": r.Title, "source": r.Source, "contest_when": r.ContestWhen, "accept_when": r.AcceptWhen,
		} {
			if strings.TrimSpace(text) == "" {
				t.Errorf("%s: no %s", what, name)
			}
		}
		if len(r.Evidence) == 0 && r.Contest != ContestNever {
			t.Errorf("%s: advises %s, yet names no evidence", what, r.Contest)
		}
		if r.SupersededBy != "" {
			if _, ok := Reason(r.Network, r.SupersededBy); !ok {
				t.Errorf("%s: superseded by %q, which is not listed", what, r.SupersededBy)
			}
		}
	}
	for network, atLeast := range map[string]int{"visa": 43, "mastercard": 38, "amex": 93, "discover": 42} {
		if count[network] < atLeast {
			t.Errorf("%s has %d codes, want at least %d", network, count[network], atLeast)
		}
	}
	sorted := slices.IsSortedFunc(codes, func(a, b ReasonCode) int {
		return strings.Compare(a.Network+"\x00"+a.Code, b.Network+"\x00"+b.Code)
	})
	if !sorted {
		t.Error("codes are not sorted")
	}
}

func TestFamiliesAreComplete(t *testing.T) {
	t.Parallel()
	if got := len(data().families); got != len(allFamilies) {
		t.Errorf("%d families, want %d", got, len(allFamilies))
	}
	for _, f := range allFamilies {
		facts := FamilyInfo(f)
		if facts.Family != f || facts.Title == "" || facts.Claim == "" || facts.OverturnWith == "" || facts.Source == "" {
			t.Errorf("%s: incomplete: %+v", f, facts)
		}
		oneOf(t, string(f)+": contest", facts.Contest, allContests)
		oneOf(t, string(f)+": confidence", facts.Confidence, allConfidences)
		for _, p := range []ProductType{Physical, Digital, Service} {
			if len(facts.Evidence[p]) == 0 {
				t.Errorf("%s: no evidence for %s goods", f, p)
			}
			checkFields(t, string(f)+" "+string(p), facts.Evidence[p])
		}
		if len(facts.Evidence) != 3 {
			t.Errorf("%s: unknown product type among %v", f, facts.Evidence)
		}
	}
}

func TestProviderWordsAreComplete(t *testing.T) {
	t.Parallel()
	var f wordFile
	if err := read(files, "data/providers.yaml", &f); err != nil {
		t.Fatal(err)
	}
	for _, p := range f.Providers {
		if p.Source == "" || len(p.Reasons) == 0 {
			t.Errorf("%s: no source or no reasons", p.Provider)
		}
		seen := map[string]bool{}
		for _, r := range p.Reasons {
			what := p.Provider + " " + r.Reason
			oneOf(t, what+": family", r.Family, allFamilies)
			oneOf(t, what+": confidence", r.Confidence, allConfidences)
			if seen[r.Reason] {
				t.Errorf("%s is listed twice", what)
			}
			seen[r.Reason] = true
		}
	}
}

func TestWindowsAreComplete(t *testing.T) {
	t.Parallel()
	for key, w := range data().windows {
		what := key.network + " " + string(key.stage)
		if _, ok := names[w.Network]; !ok {
			t.Errorf("%s: unknown network", what)
		}
		oneOf(t, what+": stage", w.Stage, allStages)
		oneOf(t, what+": basis", w.Basis, []string{"network", "merchant"})
		oneOf(t, what+": confidence", w.Confidence, allConfidences)
		if w.Source == "" {
			t.Errorf("%s: no source", what)
		}
		if w.Merchant < 0 || w.Merchant > w.Days {
			t.Errorf("%s: merchants have %d of %d days", what, w.Merchant, w.Days)
		}
		if w.Days < 0 || w.Days > 60 || (w.Days == 0 && w.Note == "") {
			t.Errorf("%s: %d days with note %q", what, w.Days, w.Note)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	const code = `  - {code: "10.1", title: T, family: general, evidence: none, category: fraud, contest: never, confidence: high, source: s}` + "\n"
	tests := map[string]struct{ file, content, want string }{
		"unknown key":     {"data/codes_visa.yaml", "network: visa\ncolour: red\n", "field colour not found"},
		"unknown list":    {"data/codes_visa.yaml", "network: visa\ncodes:\n" + strings.Replace(code, "none", "some", 1), `no evidence list "some"`},
		"code twice":      {"data/codes_visa.yaml", "network: visa\ncodes:\n" + code + code, `"10.1" is taken by 10.1`},
		"code undotted":   {"data/codes_visa.yaml", "network: visa\ncodes:\n" + code + strings.Replace(code, "10.1", "1010", 1), "is taken by"},
		"word disagrees":  {"data/providers.yaml", "providers:\n  - {provider: a, reasons: [{reason: x, family: general}, {reason: X, family: duplicate}]}\n", "here and general elsewhere"},
		"family twice":    {"data/families.yaml", "families: [{family: general}, {family: general}]\n", "general is listed twice"},
		"window twice":    {"data/windows.yaml", "windows: [{network: visa, stage: inquiry}, {network: visa, stage: inquiry}]\n", "visa inquiry is listed twice"},
		"evidence is bad": {"data/evidence.yaml", "- 1\n", "evidence.yaml"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fsys := fstest.MapFS{
				"data/evidence.yaml":  {Data: []byte("none: []\n")},
				"data/families.yaml":  {Data: []byte("families: []\n")},
				"data/providers.yaml": {Data: []byte("providers: []\n")},
				"data/windows.yaml":   {Data: []byte("windows: []\n")},
			}
			if _, err := load(fsys); err != nil {
				t.Fatalf("the bare files do not load: %v", err)
			}
			fsys[tt.file] = &fstest.MapFile{Data: []byte(tt.content)}
			_, err := load(fsys)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error %v, want one with %q", err, tt.want)
			}
		})
	}
}
