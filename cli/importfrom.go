package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/history"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/internal/boot"
	"github.com/rebuttal-hq/rebuttal/networks"
)

// asking bounds how long a provider is asked for its list.
const asking = 15 * time.Minute

// fromProvider takes in the decided disputes that a provider lists by itself.
func (in *importing) fromProvider(ctx context.Context) error {
	back, err := age(in.since)
	if err != nil {
		return err
	}
	var found []history.Past
	now := time.Now().UTC()
	err = in.withApp(ctx, in.quiet(), func(app *boot.App) error {
		conn, ok := app.Config.Connections[in.from]
		if !ok {
			return usageError{fmt.Errorf("there is no connection %q; there are %s", in.from, strings.Join(app.Set.Names(), ", "))}
		}
		poller, err := integrations.As[integrations.Poller](app.Set, in.from)
		if err != nil {
			return fmt.Errorf("%s cannot list disputes: export them at the provider, and import the file", in.from)
		}
		ctx, stop := context.WithTimeout(ctx, asking)
		defer stop()
		notices, _, err := poller.Poll(ctx, "")
		if err != nil {
			return err
		}
		found = decidedOf(notices, in.from, conn.Vendor, now, back)
		if len(found) == 0 {
			return fmt.Errorf("%s lists %d disputes and none that was decided within %s: it may list only open ones, or only recent ones; export the rest at the provider, and import the file", in.from, len(notices), in.since)
		}
		return nil
	})
	if err != nil {
		return err
	}
	in.mend = "the provider's list does not say of them that evidence was sent"
	in.notes = append(in.notes, "the provider tells no dates of verdicts: backtests learn nothing from these about disputes opened before today")
	bar := in.progress(int64(len(found)), in.from)
	return in.run(ctx, desk.PastImport{
		Name: "from " + in.from, Key: fmt.Sprintf("from %s %s", in.from, now.Format(time.RFC3339Nano)), Rows: numbered(found), DryRun: in.dry, Dateless: true,
	}, bar)
}

// decidedOf are the decided disputes of a list that were opened recently enough.
// No list tells when the verdict came: won and lost ones alike count from now, so
// that no backtest learns from the ones before the others. They were contested
// where the list says that evidence was sent: that a dispute was won says it not,
// or odds would learn of wins alone.
func decidedOf(notices []dispute.Notice, connection, vendor string, now time.Time, back time.Duration) []history.Past {
	var out []history.Past
	for _, n := range notices {
		s := n.Snapshot
		if s == nil || (s.Status != dispute.ProviderWon && s.Status != dispute.ProviderLost) || s.OpenedAt.IsZero() || s.OpenedAt.Before(now.Add(-back)) {
			continue
		}
		p := history.Past{
			Ref: dispute.Ref{Connection: connection, ID: s.ID}, Provider: vendor, Amount: s.Amount, Reason: s.Reason,
			Network: networks.Network(s.Network), NetworkCode: s.NetworkCode, Family: networks.Family(*s), Stage: s.Stage,
			OpenedAt: s.OpenedAt, DueAt: s.DueBy, DecidedAt: now, Outcome: history.Lost,
			Refunded: dispute.Money{Currency: s.Amount.Currency}, Fees: dispute.Money{Currency: s.Amount.Currency},
		}
		if s.HasEvidence || s.SubmissionCount > 0 {
			p.Response = dispute.ResponseContest
		}
		if s.Status == dispute.ProviderWon {
			p.Outcome = history.Won
		}
		out = append(out, p)
	}
	return out
}
