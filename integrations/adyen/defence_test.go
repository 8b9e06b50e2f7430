package adyen

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
)

func reason(code string, pairs ...string) defenceReason {
	r := defenceReason{Code: code}
	for i := 0; i < len(pairs); i += 2 {
		r.Types = append(r.Types, documentType{pairs[i], pairs[i+1]})
	}
	return r
}

func TestChoose(t *testing.T) {
	t.Parallel()
	main, receipt, shipping := file(dispute.FieldUncategorizedFile, "main"), file(dispute.FieldReceipt, "receipt"), file(dispute.FieldShippingDocumentation, "shipping")
	supply := reason("SupplyDefenseMaterial", "TIDorInvoice", "Optional", "DefenseMaterial", "Required")
	received := reason("MerchandiseReceived", "DateMerchandiseShipped", "Required", "ProofOfGoodsOrServicesProvided", "Required")
	for name, tt := range map[string]struct {
		offered []defenceReason
		family  dispute.Family
		files   []integrations.File
		want    map[string][]string // types by file, nil for no defence
		reason  string
	}{
		"general": {[]defenceReason{reason("GoodsNotReturned", "GoodsNotReturned", "Required"), supply}, dispute.FamilyGeneral,
			[]integrations.File{main, receipt}, map[string][]string{main.SHA256: {"DefenseMaterial"}, receipt.SHA256: {"TIDorInvoice"}}, "SupplyDefenseMaterial"},
		"the family's own first": {[]defenceReason{supply, received}, dispute.FamilyProductNotReceived,
			[]integrations.File{main, shipping}, map[string][]string{main.SHA256: {"DateMerchandiseShipped"}, shipping.SHA256: {"ProofOfGoodsOrServicesProvided"}}, "MerchandiseReceived"},
		"not of another family": {[]defenceReason{received}, dispute.FamilyFraudulent, []integrations.File{main, shipping}, nil, ""},
		"no proof, no claim":    {[]defenceReason{received}, dispute.FamilyProductNotReceived, []integrations.File{main}, nil, ""},
		"a file without a place": {[]defenceReason{reason("AdditionalInformation", "DefenseMaterial", "Required")}, dispute.FamilyGeneral,
			[]integrations.File{main, receipt}, nil, ""},
		"a reason we do not know": {[]defenceReason{reason("InvalidChargeback", "DefenseMaterial", "Optional")}, dispute.FamilyGeneral, []integrations.File{main}, nil, ""},
		"the main file fills what is wanted": {[]defenceReason{reason("AdditionalInformation", "A", "Required", "B", "Required", "C", "Optional")}, dispute.FamilyGeneral,
			[]integrations.File{main}, map[string][]string{main.SHA256: {"A", "B"}}, "AdditionalInformation"},
		"one of several": {[]defenceReason{reason("AdditionalInformation", "A", "OneOrMore", "B", "OneOrMore")}, dispute.FamilyGeneral,
			[]integrations.File{main}, map[string][]string{main.SHA256: {"A"}}, "AdditionalInformation"},
		"the alternative": {[]defenceReason{reason("AdditionalInformation", "A", "Required", "AlternativeDefenseMaterial", "AlternativeRequired")}, dispute.FamilyGeneral,
			[]integrations.File{main}, map[string][]string{main.SHA256: {"AlternativeDefenseMaterial"}}, "AdditionalInformation"},
		"required beside the material": {[]defenceReason{reason("SupplyDefenseMaterial", "DefenseMaterial", "Required", "PassengerList", "Required")}, dispute.FamilyGeneral,
			[]integrations.File{main}, nil, ""},
		"nothing offered": {nil, dispute.FamilyGeneral, []integrations.File{main}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, ok := choose(tt.offered, tt.family, tt.files)
			if ok != (tt.want != nil) {
				t.Fatalf("defence %+v, %v", d, ok)
			}
			if diff := cmp.Diff(tt.want, d.types); ok && (diff != "" || d.reason != tt.reason) {
				t.Errorf("%s (-want +got):\n%s", d.reason, diff)
			}
		})
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
		pages  int
	}{
		"visa fraud":        {dispute.Snapshot{Network: "visa", Stage: dispute.StageChargeback}, dispute.FamilyFraudulent, []dispute.EvidenceField{main}, 2_000_000, 0},
		"visa not received": {dispute.Snapshot{Network: "visa", Stage: dispute.StageChargeback}, dispute.FamilyProductNotReceived, []dispute.EvidenceField{main, dispute.FieldShippingDocumentation}, 2_000_000, 0},
		"mastercard":        {dispute.Snapshot{Network: "mastercard", Stage: dispute.StageChargeback}, dispute.FamilyGeneral, []dispute.EvidenceField{main, dispute.FieldReceipt}, 2_000_000, 19},
		"mastercard asks":   {dispute.Snapshot{Network: "mastercard", Stage: dispute.StageInquiry}, dispute.FamilyGeneral, []dispute.EvidenceField{main}, 2_000_000, 4},
		"discover":          {dispute.Snapshot{Network: "discover", Stage: dispute.StageChargeback}, dispute.FamilyGeneral, []dispute.EvidenceField{main}, 2_000_000, 0},
		"jcb takes one":     {dispute.Snapshot{Network: "jcb", Stage: dispute.StageChargeback}, dispute.FamilyGeneral, []dispute.EvidenceField{main}, 2_000_000, 0},
		"pesos":             {dispute.Snapshot{Network: "visa", Amount: dispute.Money{Minor: 1, Currency: "MXN"}}, dispute.FamilyGeneral, []dispute.EvidenceField{main}, 800_000, 0},
	} {
		l := a.Limits(dispute.Case{View: dispute.View{Snapshot: tt.s}, Family: tt.family})
		if !slices.Equal(l.FileFields, tt.fields) || l.FileBytes != tt.bytes || l.TotalBytes != tt.bytes*int64(len(tt.fields)) || l.TotalPages != tt.pages || len(l.TextFields) != 0 {
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
