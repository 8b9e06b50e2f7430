package adyen

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
)

// defenceReason is one way in which Adyen lets a dispute be defended.
type defenceReason struct {
	Code  string         `json:"defenseReasonCode"`
	Types []documentType `json:"defenseDocumentTypes"`
}

// documentType is one slot of a defence reason; it takes one document.
type documentType struct {
	Code      string `json:"defenseDocumentTypeCode"`
	Level     string `json:"requirementLevel"`
	Available bool   `json:"available"` // there is a document of this type
}

// How far a document is wanted (DisputeService v30, DefenseDocumentType).
const (
	required            = "Required"
	oneOrMore           = "OneOrMore"
	alternativeRequired = "AlternativeRequired" // instead of all others, where Adyen switched it on
)

// claim is a defence reason that we know how to prove.
type claim struct {
	reason string
	family dispute.Family        // empty for all
	proof  dispute.EvidenceField // a file that must be there; empty for none
}

// claims are in the order in which they are preferred. The codes and their types
// are those that Adyen's contract and the examples of its own web components show
// (adyen-platform-experience-web); the list that a dispute really has is asked
// for each time. Other reasons claim what only a person knows, as that goods were
// repaired or that the cardholder paid by other means.
var claims = []claim{
	{"MerchandiseReceived", dispute.FamilyProductNotReceived, dispute.FieldShippingDocumentation},
	{"GoodsOrServicesProvided", dispute.FamilyProductNotReceived, dispute.FieldShippingDocumentation},
	{"GoodsWereAsDescribed", dispute.FamilyProductUnacceptable, dispute.FieldReceipt},
}

// general are the reasons that claim nothing in particular, the best first, for
// a packet that proves none of the claims. That services were provided is what
// an answer to "not received" says without a parcel.
var general = []claim{
	{"SupplyDefenseMaterial", "", ""},
	{"AdditionalInformation", "", ""},
	{"ServicesProvided", dispute.FamilyProductNotReceived, ""},
	{"InvalidChargeback", "", ""},
}

// typesOf are the types of document that our files with one subject are.
var typesOf = map[dispute.EvidenceField]string{
	dispute.FieldReceipt:               "TIDorInvoice",
	dispute.FieldShippingDocumentation: "ProofOfGoodsOrServicesProvided",
}

// mainTypes are what the main file is, with the letter and all that has no file
// of its own; the claims and the general reasons want no other.
var mainTypes = []string{
	"DefenseMaterial", "AdditionalInformation", "GoodsWereAsDescribed", "DateMerchandiseShipped",
	"ProofOfGoodsOrServicesProvided", "ProofOfAbilityToProvideServices", "InvalidChargeback",
}

// spareTypes may hold any file under a general reason that has no better type for
// it.
var spareTypes = []string{"AdditionalInformation", "TIDorInvoice"}

// defence is the reason a dispute is defended by, and under which types each
// file of the packet goes.
type defence struct {
	Reason  string              `json:"reason"`
	General bool                `json:"general,omitempty"` // no reason of the claim's own fits the packet
	Types   map[string][]string `json:"types"`             // by SHA-256
}

// noteDefence keeps the defence among the uploads of an attempt, so that every
// later one sends the same, and the receipt tells it.
const noteDefence = "defence"

// defence is that of the attempt before, as long as the packet is the same;
// otherwise it is chosen among those that Adyen offers now, and noted.
func (a *adapter) defence(ctx context.Context, s integrations.Submission) (defence, error) {
	if d, ok := pinned(s); ok {
		return d, nil
	}
	offered, err := a.reasons(ctx, s.Case.Ref.ID)
	if err != nil {
		return defence{}, err
	}
	d, ok := choose(others(offered, s.Uploaded), s.Case.Family, s.Files)
	if !ok {
		return defence{}, dispute.Errorf(dispute.Unsupported, name+": choose a defence for "+s.Case.Ref.ID,
			"none of the %d defence reasons takes this packet: %w", len(offered), dispute.ErrUnsupported)
	}
	if s.Progress != nil {
		s.Progress(noteDefence, d.note())
	}
	return d, nil
}

func (d defence) note() string {
	text, err := json.Marshal(d)
	if err != nil {
		panic("adyen: a defence has no JSON: " + err.Error()) // it is made of strings
	}
	return string(text)
}

func pinned(s integrations.Submission) (defence, bool) {
	var d defence
	if json.Unmarshal([]byte(s.Uploaded[noteDefence]), &d) != nil || d.Reason == "" || len(d.Types) != len(s.Files) {
		return defence{}, false
	}
	for _, f := range s.Files {
		if len(d.Types[f.SHA256]) == 0 {
			return defence{}, false
		}
	}
	return d, true
}

// others are the reasons with what somebody else has supplied; what an earlier
// attempt of ours left is replaced or taken back.
func others(offered []defenceReason, uploaded map[string]string) []defenceReason {
	ours := supplied(uploaded)
	for _, r := range offered {
		for i, t := range r.Types {
			r.Types[i].Available = t.Available && !slices.Contains(ours, t.Code)
		}
	}
	return offered
}

// choose takes the first claim that the packet proves, or else the best general
// reason: the same for the same list in any order.
func choose(offered []defenceReason, family dispute.Family, files []integrations.File) (defence, bool) {
	for _, list := range []struct {
		claims  []claim
		general bool
	}{{claims, false}, {general, true}} {
		for _, c := range list.claims {
			at := slices.IndexFunc(offered, func(r defenceReason) bool { return r.Code == c.reason })
			if at < 0 || !c.fits(family, files) {
				continue
			}
			if d, ok := offered[at].place(files, list.general); ok {
				return d, true
			}
		}
	}
	return defence{}, false
}

func (c claim) fits(family dispute.Family, files []integrations.File) bool {
	proven := c.proof == "" || slices.ContainsFunc(files, func(f integrations.File) bool { return f.Field == c.proof })
	return proven && (c.family == "" || c.family == family)
}

// place gives each file its types. Files with one subject come first; the main
// file is whatever is still wanted of what it is. It fails when a file finds no
// place or a document that is wanted stays missing.
func (r defenceReason) place(files []integrations.File, general bool) (defence, bool) {
	d := defence{Reason: r.Code, General: general, Types: map[string][]string{}}
	var main string
	for _, f := range files {
		if f.Field == dispute.FieldUncategorizedFile {
			main = f.SHA256
			continue
		}
		kind := typesOf[f.Field]
		if general && !r.has(kind) {
			kind = r.spare(d)
		}
		if !r.has(kind) {
			return defence{}, false
		}
		d.Types[f.SHA256] = []string{kind}
	}
	if main != "" {
		d.Types[main] = r.wants(d)
		if len(d.Types[main]) == 0 {
			return defence{}, false
		}
	}
	return d, r.satisfied(d)
}

// spare is a type for a file that the reason has no type for; empty for none.
func (r defenceReason) spare(d defence) string {
	for _, kind := range spareTypes {
		if r.has(kind) && !d.has(kind) {
			return kind
		}
	}
	return ""
}

// wants are the types that the main file goes under: all that are required and
// missing, else the first that is free.
func (r defenceReason) wants(d defence) []string {
	for _, t := range r.Types {
		if t.Level == alternativeRequired {
			return []string{t.Code}
		}
	}
	var missing, free []string
	for _, kind := range mainTypes {
		at := slices.IndexFunc(r.Types, func(t documentType) bool { return t.Code == kind })
		switch {
		case at < 0 || d.has(kind):
		case r.Types[at].Level == required && !r.Types[at].Available:
			missing = append(missing, kind)
		default:
			free = append(free, kind)
		}
	}
	if len(missing) > 0 {
		return missing
	}
	return free[:min(1, len(free))]
}

// satisfied reports whether all that the reason wants is in the defence, or was
// supplied by somebody else.
func (r defenceReason) satisfied(d defence) bool {
	missing, choice, chosen := false, false, false
	for _, t := range r.Types {
		has := t.Available || d.has(t.Code)
		switch t.Level {
		case alternativeRequired:
			if has {
				return true
			}
		case required:
			missing = missing || !has
		case oneOrMore:
			choice, chosen = true, chosen || has
		}
	}
	return !missing && (chosen || !choice)
}

func (r defenceReason) has(code string) bool {
	return slices.ContainsFunc(r.Types, func(t documentType) bool { return t.Code == code })
}

func (d defence) has(code string) bool {
	for _, types := range d.Types {
		if slices.Contains(types, code) {
			return true
		}
	}
	return false
}
