package adyen

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
)

func reason(code string, pairs ...string) defenceReason {
	r := defenceReason{Code: code}
	for i := 0; i < len(pairs); i += 2 {
		r.Types = append(r.Types, documentType{Code: pairs[i], Level: pairs[i+1]})
	}
	return r
}

// known are the defence reasons of which examples are published, by the reason
// codes of their networks: those of Adyen's contract and of its web components.
var known = map[string][]defenceReason{
	"visa 10.4": {reason("AdditionalInformation", "DefenseMaterial", required, "AdditionalInformation", required)},
	"visa 13.1": {
		reason("InvalidChargeback", "InvalidChargeback", "Optional"),
		reason("MerchandiseReceived", "DateMerchandiseShipped", required, "ProofOfGoodsOrServicesProvided", required),
		reason("ServicesProvided", "ProofOfGoodsOrServicesProvided", required),
	},
	"mastercard 4837": {
		reason("AirlineCompellingEvidence", "CompellingEvidence", required, "AdditionalTransactions", oneOrMore, "FlightTicket", oneOrMore),
		reason("CompellingEvidence", "CardholderIdentification", required),
		reason("InvalidChargeback", "InvalidChargeback", "Optional"),
		reason("RecurringTransactionsCompellingMerchantEvidence", "MerchantProofOfRecurringTransaction", "Optional"),
		reason("ShippedToAVS", "PositiveAVS", required, "ShippedToAVS", required),
		reason("SupplyDefenseMaterial", "DefenseMaterial", required, "TIDorInvoice", "Optional"),
	},
	"mastercard 4853": {
		reason("CancellationOrReturns", "CancellationNeverAccepted", oneOrMore, "GoodsNotReturned", oneOrMore),
		reason("CancellationTermsFailed", "InvalidChargeback", required),
		reason("CreditOrCancellationPolicyProperlyDisclosed", "DisclosureAtPointOfInteraction", required),
		reason("GoodsNotReturned", "GoodsNotReturned", required, "TIDorInvoice", "Optional"),
		reason("GoodsOrServicesProvided", "ProofOfAbilityToProvideServices", oneOrMore, "ProofOfGoodsOrServicesProvided", oneOrMore),
		reason("GoodsRepairedOrReplaced", "GoodsRepairedOrReplaced", required, "TIDorInvoice", "Optional"),
		reason("GoodsWereAsDescribed", "GoodsWereAsDescribed", required, "TIDorInvoice", required),
		reason("InvalidChargeback", "InvalidChargeback", "Optional"),
		reason("PaymentByOtherMeans", "PaymentByOtherMeans", required),
		reason("SupplyDefenseMaterial", "DefenseMaterial", required, "TIDorInvoice", "Optional"),
	},
	"contract": {
		reason("GoodsNotReturned", "TIDorInvoice", "Optional", "GoodsNotReturned", required),
		reason("GoodsRepairedOrReplaced", "TIDorInvoice", "Optional", "GoodsRepairedOrReplaced", required),
		reason("GoodsWereAsDescribed", "GoodsWereAsDescribed", required, "TIDorInvoice", required),
		reason("SupplyDefenseMaterial", "TIDorInvoice", "Optional", "DefenseMaterial", required),
	},
}

// Every family has a defence under every list of reasons that is known, with all
// files and with the main one alone; which one it is stands in the golden file.
// Every file goes under a type that the reason lists, whatever the order of the
// list.
func TestEveryFamilyHasADefence(t *testing.T) {
	t.Parallel()
	chosen := map[string]string{}
	for list, offered := range known {
		for _, family := range families {
			network, _, _ := strings.Cut(list, " ")
			c := dispute.Case{Family: family, View: dispute.View{Snapshot: dispute.Snapshot{Network: network, Stage: dispute.StageChargeback}}}
			for what, files := range map[string][]integrations.File{"all": packet("key", c).Files, "main": packet("key", c).Files[:1]} {
				d, ok := choose(offered, family, files)
				if !ok {
					t.Errorf("%s, %s, %s: no defence", list, family, what)
					continue
				}
				reversed := slices.Clone(offered)
				slices.Reverse(reversed)
				if again, _ := choose(reversed, family, files); !cmp.Equal(d, again) {
					t.Errorf("%s, %s: another order chooses %+v, want %+v", list, family, again, d)
				}
				at := slices.IndexFunc(offered, func(r defenceReason) bool { return r.Code == d.Reason })
				var words []string
				for _, f := range files {
					for _, kind := range d.Types[f.SHA256] {
						if !offered[at].has(kind) {
							t.Errorf("%s, %s: %s does not list %s", list, family, d.Reason, kind)
						}
						words = append(words, string(f.Field)+" as "+kind)
					}
				}
				if d.General {
					words = append(words, "general")
				}
				chosen[list+", "+string(family)+", "+what] = d.Reason + ": " + strings.Join(words, ", ")
			}
		}
	}
	vendortest.Golden(t, "testdata/defence/chosen.golden", chosen)
}

func TestChoose(t *testing.T) {
	t.Parallel()
	main, receipt, shipping := file(dispute.FieldUncategorizedFile, "main"), file(dispute.FieldReceipt, "receipt"), file(dispute.FieldShippingDocumentation, "shipping")
	supply := reason("SupplyDefenseMaterial", "TIDorInvoice", "Optional", "DefenseMaterial", required)
	received := reason("MerchandiseReceived", "DateMerchandiseShipped", required, "ProofOfGoodsOrServicesProvided", required)
	passengers := reason("SupplyDefenseMaterial", "DefenseMaterial", required, "PassengerList", required)
	listed := defenceReason{Code: passengers.Code, Types: slices.Clone(passengers.Types)}
	listed.Types[1].Available = true
	const general = true
	for name, tt := range map[string]struct {
		offered []defenceReason
		family  dispute.Family
		files   []integrations.File
		want    map[string][]string // types by file, nil for no defence
		reason  string
		general bool
	}{
		"general": {[]defenceReason{reason("GoodsNotReturned", "GoodsNotReturned", required), supply}, dispute.FamilyGeneral,
			[]integrations.File{main, receipt}, map[string][]string{main.SHA256: {"DefenseMaterial"}, receipt.SHA256: {"TIDorInvoice"}}, "SupplyDefenseMaterial", general},
		"the family's own first": {[]defenceReason{supply, received}, dispute.FamilyProductNotReceived,
			[]integrations.File{main, shipping}, map[string][]string{main.SHA256: {"DateMerchandiseShipped"}, shipping.SHA256: {"ProofOfGoodsOrServicesProvided"}}, "MerchandiseReceived", false},
		"not of another family": {[]defenceReason{received}, dispute.FamilyFraudulent, []integrations.File{main, shipping}, nil, "", false},
		"no proof, no claim":    {[]defenceReason{received}, dispute.FamilyProductNotReceived, []integrations.File{main}, nil, "", false},
		"a file without a place": {[]defenceReason{reason("AdditionalInformation", "DefenseMaterial", required)}, dispute.FamilyGeneral,
			[]integrations.File{main, receipt}, nil, "", false},
		"a file in a spare place": {[]defenceReason{reason("AdditionalInformation", "DefenseMaterial", required, "AdditionalInformation", required)}, dispute.FamilyProductNotReceived,
			[]integrations.File{main, shipping}, map[string][]string{main.SHA256: {"DefenseMaterial"}, shipping.SHA256: {"AdditionalInformation"}}, "AdditionalInformation", general},
		"a reason we do not know": {[]defenceReason{reason("PaymentByOtherMeans", "DefenseMaterial", "Optional")}, dispute.FamilyGeneral, []integrations.File{main}, nil, "", false},
		"all that the main file is": {known["visa 10.4"], dispute.FamilyFraudulent,
			[]integrations.File{main}, map[string][]string{main.SHA256: {"DefenseMaterial", "AdditionalInformation"}}, "AdditionalInformation", general},
		"one of several": {[]defenceReason{reason("SupplyDefenseMaterial", "ProofOfAbilityToProvideServices", oneOrMore, "DefenseMaterial", oneOrMore)}, dispute.FamilyGeneral,
			[]integrations.File{main}, map[string][]string{main.SHA256: {"DefenseMaterial"}}, "SupplyDefenseMaterial", general},
		"the alternative": {[]defenceReason{reason("AdditionalInformation", "A", required, "AlternativeDefenseMaterial", alternativeRequired)}, dispute.FamilyGeneral,
			[]integrations.File{main}, map[string][]string{main.SHA256: {"AlternativeDefenseMaterial"}}, "AdditionalInformation", general},
		"required beside the material":    {[]defenceReason{passengers}, dispute.FamilyGeneral, []integrations.File{main}, nil, "", false},
		"somebody has supplied the other": {[]defenceReason{listed}, dispute.FamilyGeneral, []integrations.File{main}, map[string][]string{main.SHA256: {"DefenseMaterial"}}, "SupplyDefenseMaterial", general},
		"nothing offered":                 {nil, dispute.FamilyGeneral, []integrations.File{main}, nil, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, ok := choose(tt.offered, tt.family, tt.files)
			if ok != (tt.want != nil) {
				t.Fatalf("defence %+v, %v", d, ok)
			}
			if diff := cmp.Diff(tt.want, d.Types); ok && (diff != "" || d.Reason != tt.reason || d.General != tt.general) {
				t.Errorf("%s, general %v (-want +got):\n%s", d.Reason, d.General, diff)
			}
		})
	}
}

// What an earlier attempt of ours supplied counts for nothing: it is replaced or
// taken back.
func TestOurOwnLeftoversCountForNothing(t *testing.T) {
	t.Parallel()
	offered := []defenceReason{{Code: "R", Types: []documentType{{"Ours", required, true}, {"Theirs", required, true}}}}
	got := others(offered, map[string]string{"sha": "Ours,DefenseMaterial", noteDefence: `{"reason":"Theirs"}`})
	if got[0].Types[0].Available || !got[0].Types[1].Available {
		t.Errorf("available %+v", got[0].Types)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	a := connect(t, settings(nowhere))
	main := dispute.FieldUncategorizedFile
	for name, tt := range map[string]struct {
		s      dispute.Snapshot
		family dispute.Family
		fields []dispute.EvidenceField
		bytes  int64
		total  int64
		pages  int
		dpi    int
	}{
		"visa fraud":              {dispute.Snapshot{Network: "visa", Stage: dispute.StageChargeback}, dispute.FamilyFraudulent, []dispute.EvidenceField{main}, 1_900_000, 1_900_000, 0, 200},
		"visa not received":       {dispute.Snapshot{Network: "visa", Stage: dispute.StageChargeback}, dispute.FamilyProductNotReceived, []dispute.EvidenceField{main, dispute.FieldShippingDocumentation}, 1_900_000, 3_800_000, 0, 200},
		"mastercard":              {dispute.Snapshot{Network: "mastercard", Stage: dispute.StageChargeback}, dispute.FamilyGeneral, []dispute.EvidenceField{main, dispute.FieldReceipt}, 1_900_000, 3_800_000, 18, 300},
		"mastercard not received": {dispute.Snapshot{Network: "mastercard", Stage: dispute.StageChargeback}, dispute.FamilyProductNotReceived, []dispute.EvidenceField{main, dispute.FieldShippingDocumentation}, 1_900_000, 3_800_000, 18, 300},
		"diners":                  {dispute.Snapshot{Network: "diners", Stage: dispute.StageChargeback}, dispute.FamilyGeneral, []dispute.EvidenceField{main}, 1_900_000, 1_900_000, 0, 200},
		"mastercard asks":         {dispute.Snapshot{Network: "mastercard", Stage: dispute.StageInquiry}, dispute.FamilyGeneral, []dispute.EvidenceField{main}, 1_900_000, 1_900_000, 4, 300},
		"discover":                {dispute.Snapshot{Network: "discover", Stage: dispute.StageChargeback}, dispute.FamilyGeneral, []dispute.EvidenceField{main}, 1_900_000, 1_900_000, 0, 200},
		"jcb takes one":           {dispute.Snapshot{Network: "jcb", Stage: dispute.StageChargeback}, dispute.FamilyGeneral, []dispute.EvidenceField{main}, 1_900_000, 1_900_000, 0, 200},
		"pesos":                   {dispute.Snapshot{Network: "visa", Amount: dispute.Money{Minor: 1, Currency: "MXN"}}, dispute.FamilyGeneral, []dispute.EvidenceField{main}, 760_000, 760_000, 0, 200},
	} {
		l := a.Limits(dispute.Case{View: dispute.View{Snapshot: tt.s}, Family: tt.family})
		if !slices.Equal(l.FileFields, tt.fields) || l.FileBytes != tt.bytes || l.TotalBytes != tt.total ||
			l.TotalPages != tt.pages || l.DPI != tt.dpi || l.Files != len(tt.fields) || l.Gray || len(l.TextFields) != 0 {
			t.Errorf("%s: %+v", name, l)
		}
	}
}

func TestCheckPacket(t *testing.T) {
	t.Parallel()
	discover := dispute.Case{View: dispute.View{Snapshot: dispute.Snapshot{Network: "discover"}}}
	main := func(media string, size int) integrations.File {
		return integrations.File{Field: dispute.FieldUncategorizedFile, MediaType: media, SHA256: "s", Bytes: make([]byte, size)}
	}
	for name, tt := range map[string]struct {
		s    integrations.Submission
		good bool
	}{
		"a PDF":             {integrations.Submission{Files: []integrations.File{main("application/pdf", 2_000_000)}}, true},
		"a long PDF":        {integrations.Submission{Files: []integrations.File{main("application/pdf", 2_000_001)}}, false},
		"a picture":         {integrations.Submission{Files: []integrations.File{main("image/jpeg", 10_000_000)}}, true},
		"a large picture":   {integrations.Submission{Files: []integrations.File{main("image/tiff", 10_000_001)}}, false},
		"Discover's limit":  {integrations.Submission{Case: discover, Files: []integrations.File{main("image/jpeg", 3_000_001)}}, false},
		"another kind":      {integrations.Submission{Files: []integrations.File{main("image/png", 1)}}, false},
		"nothing":           {integrations.Submission{}, false},
		"an empty file":     {integrations.Submission{Files: []integrations.File{main("application/pdf", 0)}}, false},
		"two in one slot":   {integrations.Submission{Files: []integrations.File{main("application/pdf", 1), main("application/pdf", 2)}}, false},
		"a slot not taken":  {integrations.Submission{Files: []integrations.File{file(dispute.FieldReceipt, "x")}}, false},
		"text is not taken": {integrations.Submission{Files: []integrations.File{main("application/pdf", 1)}, Texts: map[dispute.EvidenceField]string{"a": "b"}}, false},
	} {
		if err := checkPacket(tt.s); (err == nil) != tt.good {
			t.Errorf("%s: %v, want good %v", name, err, tt.good)
		}
	}
}
