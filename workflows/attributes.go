package workflows

import (
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"

	"github.com/rebuttal-hq/rebuttal/activities"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

// Search attributes: what the Temporal UI filters cases by. None holds
// personal data. Amount is in minor units.
var (
	AttrStatus   = temporal.NewSearchAttributeKeyKeyword("CaseStatus")
	AttrStage    = temporal.NewSearchAttributeKeyKeyword("CaseStage")
	AttrProvider = temporal.NewSearchAttributeKeyKeyword("Provider")
	AttrFamily   = temporal.NewSearchAttributeKeyKeyword("ReasonFamily")
	AttrNetwork  = temporal.NewSearchAttributeKeyKeyword("Network")
	AttrMerchant = temporal.NewSearchAttributeKeyKeyword("Merchant")
	AttrQueue    = temporal.NewSearchAttributeKeyKeyword("CaseQueue")
	AttrAmount   = temporal.NewSearchAttributeKeyInt64("AmountMinor")
	AttrDeadline = temporal.NewSearchAttributeKeyTime("Deadline")
)

// SearchAttributes lists every attribute with its type, for migrate.
func SearchAttributes() map[string]enumspb.IndexedValueType {
	out := map[string]enumspb.IndexedValueType{}
	for _, k := range []temporal.SearchAttributeKey{
		AttrStatus, AttrStage, AttrProvider, AttrFamily, AttrNetwork, AttrMerchant, AttrQueue, AttrAmount, AttrDeadline,
	} {
		out[k.GetName()] = k.GetValueType()
	}
	return out
}

// StartAttributes are what the first notice tells before anything was read.
func StartAttributes(n dispute.Notice) temporal.SearchAttributes {
	updates := []temporal.SearchAttributeUpdate{
		AttrProvider.ValueSet(n.Connection),
		AttrStatus.ValueSet(string(dispute.StatusOpen)),
	}
	if s := n.Snapshot; s != nil {
		updates = append(updates, AttrStage.ValueSet(string(s.Stage)), AttrAmount.ValueSet(s.Amount.Minor))
		if s.Network != "" {
			updates = append(updates, AttrNetwork.ValueSet(s.Network))
		}
	}
	return temporal.NewSearchAttributes(updates...)
}

// attributes are what changed between two faces of a case.
func attributes(old, face dispute.Face, k *activities.Known) []temporal.SearchAttributeUpdate {
	var out []temporal.SearchAttributeUpdate
	if old.Status != face.Status {
		out = append(out, AttrStatus.ValueSet(string(face.Status)))
	}
	if old.Stage != face.Stage {
		out = append(out, AttrStage.ValueSet(string(face.Stage)), AttrFamily.ValueSet(string(k.Family)), AttrMerchant.ValueSet(k.Merchant))
		if k.Network != "" {
			out = append(out, AttrNetwork.ValueSet(k.Network))
		}
	}
	if old.Queue != face.Queue && face.Queue != "" {
		out = append(out, AttrQueue.ValueSet(face.Queue))
	}
	if !old.Deadline.Equal(face.Deadline) && !face.Deadline.IsZero() {
		out = append(out, AttrDeadline.ValueSet(face.Deadline))
	}
	return out
}
