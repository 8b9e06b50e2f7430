package backtest

import (
	"maps"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/history"
	"github.com/rebuttal-hq/rebuttal/networks"
	"github.com/rebuttal-hq/rebuttal/odds"
	"github.com/rebuttal-hq/rebuttal/rules"
)

// input is a dispute as it stood at its opening: no evidence yet, no answer.
func (j *judge) input(p *history.Past) rules.Input {
	snap := dispute.Snapshot{
		ID: p.Ref.ID, Amount: p.Amount, Reason: p.Reason, Network: p.Network, NetworkCode: p.NetworkCode,
		Status: dispute.ProviderNeedsResponse, Stage: p.Stage, OpenedAt: p.OpenedAt, DueBy: p.DueAt,
	}
	view := dispute.View{
		Snapshot: snap, OccurredAt: p.OpenedAt, FirstSeen: p.OpenedAt, Kind: dispute.NoticeOpened,
		Stages: map[dispute.Stage]time.Time{p.Stage: p.OpenedAt},
	}
	window, note := networks.Window(snap)
	return rules.Input{
		Case: dispute.Case{
			ID: p.Ref.CaseID(), Ref: p.Ref, Merchant: p.Merchant, Part: 1, View: view, Family: p.Family, Status: dispute.StatusOpen,
			Deadline: dispute.Earliest(view, dispute.Windows{Network: window, NetworkNote: note, Policy: j.options.Window}),
			Payment:  j.payment(p),
		},
		Provider:         p.Provider,
		Now:              p.OpenedAt,
		CustomerDisputes: p.CustomerDisputes,
		Chance:           j.odds.chance(p, 0),
	}
}

// payment holds what is known of the payment, under the names by which each set
// looks for it.
func (j *judge) payment(p *history.Past) *dispute.Payment {
	pay := &dispute.Payment{Amount: p.Amount, Refunded: p.Refunded, Metadata: maps.Clone(p.Metadata)}
	for _, set := range []*rules.Set{j.live.set, j.draft.set} {
		pay.Metadata = with(pay.Metadata, set.ProductsFrom, p.Product)
		pay.Metadata = with(pay.Metadata, set.CountriesFrom, p.Country)
	}
	return pay
}

func with(m map[string]string, key, value string) map[string]string {
	if key == "" || value == "" {
		return m
	}
	if m == nil {
		m = map[string]string{}
	}
	m[key] = value
	return m
}

func groupOf(p *history.Past, strength int) odds.Group {
	return odds.Group{Family: p.Family, Network: p.Network, Provider: p.Provider, Strength: strength}
}
