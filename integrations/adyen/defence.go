package adyen

import (
	"context"
	"slices"
	"strings"

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
	Code  string `json:"defenseDocumentTypeCode"`
	Level string `json:"requirementLevel"`
}

// How far a document is wanted (DisputeService v30, DefenseDocumentType).
const (
	required            = "Required"
	oneOrMore           = "OneOrMore"
	alternativeRequired = "AlternativeRequired" // instead of all others, where Adyen switched it on
)

// typesOf maps our files to the types of document that they are. The main file,
// with the letter and everything that has no file of its own, is defence
// material.
var typesOf = map[dispute.EvidenceField]string{
	dispute.FieldUncategorizedFile:     "DefenseMaterial",
	dispute.FieldReceipt:               "TIDorInvoice",
	dispute.FieldShippingDocumentation: "ProofOfGoodsOrServicesProvided",
}

// claim is a defence reason that we know how to prove.
type claim struct {
	reason string
	family dispute.Family        // empty for all
	proof  dispute.EvidenceField // the file that must be there
}

// claims are in the order in which they are preferred. The codes are those that
// Adyen's contract and its own web components show
// (adyen-platform-experience-web); the list that a dispute really has is asked
// for each time, and a dispute with none of these goes to a person.
var claims = []claim{
	{"MerchandiseReceived", dispute.FamilyProductNotReceived, dispute.FieldShippingDocumentation},
	{"SupplyDefenseMaterial", "", dispute.FieldUncategorizedFile},
	{"AdditionalInformation", "", dispute.FieldUncategorizedFile},
}

// defence is the reason a dispute is defended by, and under which types each
// file of the packet goes. A file's types follow its SHA-256.
type defence struct {
	reason string
	types  map[string][]string
}

// id stands for an uploaded file, because Adyen gives uploads no ids. It pins
// the reason, so that a later attempt sends the same final request.
func (d defence) id(sha256 string) string {
	return d.reason + "/" + strings.Join(d.types[sha256], ",")
}

func splitID(id string) (reason string, types []string) {
	reason, list, _ := strings.Cut(id, "/")
	return reason, strings.Split(list, ",")
}

// defence is that of the attempt before, when all its files are uploaded;
// otherwise it is chosen among those that Adyen offers now.
func (a *adapter) defence(ctx context.Context, s integrations.Submission) (defence, error) {
	if d, ok := resumed(s); ok {
		return d, nil
	}
	offered, err := a.reasons(ctx, s.Case.Ref.ID)
	if err != nil {
		return defence{}, err
	}
	d, ok := choose(offered, s.Case.Family, s.Files)
	if !ok {
		return defence{}, dispute.Errorf(dispute.Unsupported, name+": choose a defence for "+s.Case.Ref.ID,
			"none of the %d defence reasons takes this packet: %w", len(offered), dispute.ErrUnsupported)
	}
	return d, nil
}

func resumed(s integrations.Submission) (defence, bool) {
	d := defence{types: map[string][]string{}}
	for _, f := range s.Files {
		reason, types := splitID(s.Uploaded[f.SHA256])
		if reason == "" || d.reason != "" && d.reason != reason {
			return defence{}, false
		}
		d.reason, d.types[f.SHA256] = reason, types
	}
	return d, true
}

func choose(offered []defenceReason, family dispute.Family, files []integrations.File) (defence, bool) {
	for _, c := range claims {
		if c.family != "" && c.family != family || !slices.ContainsFunc(files, func(f integrations.File) bool { return f.Field == c.proof }) {
			continue
		}
		for _, r := range offered {
			if r.Code != c.reason {
				continue
			}
			if d, ok := r.place(files); ok {
				return d, true
			}
		}
	}
	return defence{}, false
}

// place gives each file its types. Files with a type of their own come first;
// the main file is defence material, or else whatever is still wanted, because
// it holds everything. It fails when a file finds no place or a document that is
// wanted stays missing.
func (r defenceReason) place(files []integrations.File) (defence, bool) {
	d := defence{reason: r.Code, types: map[string][]string{}}
	var main string
	for _, f := range files {
		if f.Field == dispute.FieldUncategorizedFile {
			main = f.SHA256
			continue
		}
		if !r.has(typesOf[f.Field]) {
			return defence{}, false
		}
		d.types[f.SHA256] = []string{typesOf[f.Field]}
	}
	if main != "" {
		d.types[main] = r.wants(d)
		if len(d.types[main]) == 0 {
			return defence{}, false
		}
	}
	return d, r.satisfied(d)
}

// wants are the types that the main file goes under.
func (r defenceReason) wants(d defence) []string {
	if own := typesOf[dispute.FieldUncategorizedFile]; r.has(own) {
		return []string{own}
	}
	var missing []string
	for _, t := range r.Types {
		switch {
		case t.Level == alternativeRequired:
			return []string{t.Code}
		case t.Level == required && !d.has(t.Code):
			missing = append(missing, t.Code)
		}
	}
	if len(missing) > 0 {
		return missing
	}
	for _, t := range r.Types {
		if t.Level == oneOrMore && !d.has(t.Code) {
			return []string{t.Code}
		}
	}
	return nil
}

func (r defenceReason) satisfied(d defence) bool {
	missing, choice, chosen := false, false, false
	for _, t := range r.Types {
		has := d.has(t.Code)
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
	for _, types := range d.types {
		if slices.Contains(types, code) {
			return true
		}
	}
	return false
}

// stale are the types of earlier attempts' uploads that this defence has
// nothing for: they would go to the issuer with it.
func (d defence) stale(uploaded map[string]string) []string {
	var out []string
	for _, id := range uploaded {
		_, types := splitID(id)
		for _, t := range types {
			if t != "" && !d.has(t) && !slices.Contains(out, t) {
				out = append(out, t)
			}
		}
	}
	slices.Sort(out)
	return out
}
