package networks_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/networks"
)

const day = 24 * time.Hour

// What a network grants never makes a deadline later than the provider's date,
// and is counted from the beginning of the stage: around summer time, new year
// and leap days, and however the provider spells the network.
func TestWindowNeverPutsADeadlineOff(t *testing.T) {
	t.Parallel()
	names := map[string][]string{
		"visa": {"visa", "VISA", " Visa "}, "mastercard": {"mastercard", "mc", "MasterCard", "Master Card"},
		"amex": {"amex", "American Express"}, "discover": {"discover", "Discover"}, "diners": {"diners", "Diners Club"},
		"": {"", "paypal", "klarna", "eftpos_au"},
	}
	stages := []dispute.Stage{dispute.StageInquiry, dispute.StageChargeback, dispute.StagePreArbitration, dispute.StageArbitration}
	edges := []time.Time{
		time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC), time.Date(2026, 11, 1, 6, 0, 0, 0, time.UTC),
		time.Date(2026, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(2028, 2, 28, 23, 59, 59, 0, time.UTC),
	}
	granted := 0
	rapid.Check(t, func(t *rapid.T) {
		network := rapid.SampledFrom([]string{"visa", "mastercard", "amex", "discover", "diners", ""}).Draw(t, "network")
		began := rapid.SampledFrom(edges).Draw(t, "near").Add(time.Duration(rapid.IntRange(-60*24, 24).Draw(t, "hours")) * time.Hour)
		s := dispute.Snapshot{
			Network: rapid.SampledFrom(names[network]).Draw(t, "spelt"), Stage: rapid.SampledFrom(stages).Draw(t, "stage"), OpenedAt: began,
		}
		if due := rapid.IntRange(0, 60*24).Draw(t, "due"); due > 0 {
			s.DueBy = began.Add(time.Duration(due) * time.Hour)
		}
		window, note := networks.Window(s)
		plain, _ := networks.Window(dispute.Snapshot{Network: network, Stage: s.Stage, DueBy: s.DueBy})
		if window != plain || window < 0 || window > 60*day || window%day != 0 || window > 0 && note == "" {
			t.Fatalf("%q at %s: %s (%q), as %q: %s", s.Network, s.Stage, window, note, network, plain)
		}
		v := dispute.Fold(dispute.View{}, dispute.Notice{EventID: "a", OccurredAt: began, Snapshot: &s})
		d := dispute.Earliest(v, dispute.Windows{Network: window, NetworkNote: note, Policy: 7 * day})
		switch {
		case !s.DueBy.IsZero() && d.At.After(s.DueBy):
			t.Errorf("due %s, yet %s", s.DueBy, d.At)
		case window > 0 && d.At.After(began.Add(window)):
			t.Errorf("%s from %s, yet %s", window, began, d.At)
		case d.At.IsZero():
			t.Error("there is always a date, be it the policy's")
		}
		if window > 0 {
			granted++
		}
	})
	if granted == 0 {
		t.Error("no window was ever known: nothing was tried")
	}
}
