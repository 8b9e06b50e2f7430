package networks

import (
	"cmp"
	"slices"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// Families lists every routing family.
func Families() []dispute.Family { return slices.Clone(families) }

// What may stand in the data.
var (
	families = []dispute.Family{
		dispute.FamilyFraudulent, dispute.FamilyUnrecognized, dispute.FamilyProductNotReceived,
		dispute.FamilyProductUnacceptable, dispute.FamilySubscription, dispute.FamilyDuplicate,
		dispute.FamilyCreditNotProcessed, dispute.FamilyAuthorization, dispute.FamilyProcessing,
		dispute.FamilyGeneral,
	}
	fields = []dispute.EvidenceField{
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
	stages      = []dispute.Stage{dispute.StageInquiry, dispute.StageChargeback, dispute.StagePreArbitration, dispute.StageArbitration}
	confidences = []Confidence{ConfidenceHigh, ConfidenceMedium, ConfidenceLow}
	contests    = []Contest{ContestUsually, ContestIfEvidence, ContestRarely, ContestNever}
	codeKinds   = []CodeKind{KindDispute, KindRetrievalRequest, KindCompliance, KindAdministrativeNotice, KindDocumentStatus}
	statuses    = []CodeStatus{CodeCurrent, CodeLegacy, CodeRetired, CodeRegional}
	categories  = []string{"fraud", "authorization", "processing_error", "consumer_dispute", "inquiry"}
	surfaces    = []string{"", "card_present", "card_absent"}
	products    = []ProductType{Physical, Digital, Service}
)

// oneOf notes a word that is none of those that may stand there.
func oneOf[T ~string](l *loader, at, what string, got T, known []T) {
	if !slices.Contains(known, got) {
		l.bad(at, "%s %q is unknown; there are %v", what, string(got), known)
	}
}

// text notes words that are missing.
func (l *loader) text(at, what, got string) {
	if strings.TrimSpace(got) == "" {
		l.bad(at, "%s is missing", what)
	}
}

// slots checks a list of evidence slots.
func (l *loader) slots(at string, list []dispute.EvidenceField) {
	for i, f := range list {
		oneOf(l, at, "evidence slot", f, fields)
		if slices.Contains(list[:i], f) {
			l.bad(at, "evidence slot %q is named twice", f)
		}
	}
}

func (l *loader) readEvidence(d document) {
	var lists map[string][]dispute.EvidenceField
	if !l.decode(&d, &lists) {
		return
	}
	for name, list := range lists {
		at := d.at(name)
		l.claim(at, "evidence list "+name)
		l.slots(at, list)
		l.evidence[name] = list
	}
}

func (l *loader) readCodes(d document) {
	var f struct {
		Network string            `yaml:"network"`
		Sources map[string]string `yaml:"sources"`
		Shared  []map[string]any  `yaml:"shared"` // anchors only
		Codes   []struct {
			ReasonCode `yaml:",inline"`
			List       string `yaml:"evidence"` // a name in evidence*.yaml
		} `yaml:"codes"`
	}
	if !l.decode(&d, &f) {
		return
	}
	l.network(d, f.Network)
	for i, entry := range f.Codes {
		at, r := d.at("codes", i), entry.ReasonCode
		key := codeKey{f.Network, normalCode(f.Network, r.Code)}
		l.claim(at, f.Network+" code "+key.code)
		r.Network, r.Source = f.Network, l.source(at, r.Source, f.Sources)
		r.Kind, r.Status = cmp.Or(r.Kind, KindDispute), cmp.Or(r.Status, CodeCurrent)
		l.checkCode(at, r)
		l.codes[key] = toldCode{r, entry.List, at}
	}
}

// network checks the network that a file is about.
func (l *loader) network(d document, name string) {
	if _, ok := names[name]; !ok {
		l.bad(d.at("network"), "network %q is unknown", name)
	}
}

func (l *loader) checkCode(at string, r ReasonCode) {
	l.text(at, "code", r.Code)
	l.text(at, "title", r.Title)
	l.text(at, "contest_when", r.ContestWhen)
	l.text(at, "accept_when", r.AcceptWhen)
	oneOf(l, at, "family", r.Family, families)
	oneOf(l, at, "category", r.Category, categories)
	oneOf(l, at, "kind", r.Kind, codeKinds)
	oneOf(l, at, "status", r.Status, statuses)
	oneOf(l, at, "environment", r.Environment, surfaces)
	oneOf(l, at, "contest", r.Contest, contests)
	oneOf(l, at, "confidence", r.Confidence, confidences)
	for _, sub := range r.SubReasons {
		l.text(at, "title of a sub-reason", sub.Title)
		oneOf(l, at, "family", sub.Family, families)
	}
}

func (l *loader) readFamilies(d document) {
	var f struct {
		Sources  map[string]string `yaml:"sources"`
		Families []FamilyFacts     `yaml:"families"`
	}
	if !l.decode(&d, &f) {
		return
	}
	for i, facts := range f.Families {
		at := d.at("families", i)
		l.claim(at, "family "+string(facts.Family))
		facts.Source = l.source(at, facts.Source, f.Sources)
		l.checkFamily(at, facts)
		l.c.families[facts.Family] = facts
	}
}

func (l *loader) checkFamily(at string, facts FamilyFacts) {
	oneOf(l, at, "family", facts.Family, families)
	oneOf(l, at, "contest", facts.Contest, contests)
	oneOf(l, at, "confidence", facts.Confidence, confidences)
	l.text(at, "title", facts.Title)
	l.text(at, "claim", facts.Claim)
	l.text(at, "overturn_with", facts.OverturnWith)
	for _, p := range products {
		if len(facts.Evidence[p]) == 0 {
			l.bad(at, "no evidence for %s goods", p)
		}
	}
	for p, list := range facts.Evidence {
		oneOf(l, at, "type of product", p, products)
		l.slots(at, list)
	}
}

func (l *loader) readProviders(d document) {
	var f struct {
		Providers []struct {
			Provider string `yaml:"provider"`
			Source   string `yaml:"source"`
			Reasons  []struct {
				Reason     string         `yaml:"reason"`
				Family     dispute.Family `yaml:"family"`
				Confidence Confidence     `yaml:"confidence"`
				Note       string         `yaml:"note"`
			} `yaml:"reasons"`
		} `yaml:"providers"`
	}
	if !l.decode(&d, &f) {
		return
	}
	told := map[string]dispute.Family{} // of this file
	for i, p := range f.Providers {
		l.text(d.at("providers", i), "provider", p.Provider)
		l.text(d.at("providers", i), "source", p.Source)
		for j, r := range p.Reasons {
			at, word := d.at("providers", i, "reasons", j), strings.ToLower(strings.TrimSpace(r.Reason))
			l.claim(at, p.Provider+" reason "+r.Reason)
			l.text(at, "reason", r.Reason)
			oneOf(l, at, "family", r.Family, families)
			oneOf(l, at, "confidence", r.Confidence, confidences)
			if had, taken := told[word]; taken && had != r.Family {
				l.bad(at, "%q is %s here and %s elsewhere", r.Reason, r.Family, had)
			}
			told[word], l.c.words[word] = r.Family, r.Family
			l.words[codeKey{p.Provider, word}] = ReasonCode{
				Network: p.Provider, Code: r.Reason, Family: r.Family, Kind: KindDispute, Status: CodeCurrent,
				Note: r.Note, Source: p.Source, Confidence: r.Confidence,
			}
		}
	}
}

func (l *loader) readWindows(d document) {
	var f struct {
		Sources map[string]string `yaml:"sources"`
		Windows []WindowFact      `yaml:"windows"`
	}
	if !l.decode(&d, &f) {
		return
	}
	for i, w := range f.Windows {
		at := d.at("windows", i)
		l.claim(at, w.Network+" window at "+string(w.Stage))
		w.Source = l.source(at, w.Source, f.Sources)
		l.checkWindow(at, w)
		l.c.windows[windowKey{w.Network, w.Stage}] = w
	}
}

// maxWindow is longer than any network gives, in days.
const maxWindow = 60

func (l *loader) checkWindow(at string, w WindowFact) {
	if _, ok := names[w.Network]; !ok {
		l.bad(at, "network %q is unknown", w.Network)
	}
	oneOf(l, at, "stage", w.Stage, stages)
	oneOf(l, at, "basis", w.Basis, []string{"network", "merchant"})
	oneOf(l, at, "confidence", w.Confidence, confidences)
	if w.Merchant < 0 || w.Merchant > w.Days {
		l.bad(at, "merchants have %d of %d days", w.Merchant, w.Days)
	}
	if w.Days < 0 || w.Days > maxWindow || w.Days == 0 && w.Note == "" {
		l.bad(at, "%d days with the note %q", w.Days, w.Note)
	}
}
