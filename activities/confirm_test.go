package activities

import (
	"testing"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// What no signature covered is confirmed by reading; when that fails the notice
// counts as it came.
func TestRecordConfirmsWhatIsNotSigned(t *testing.T) {
	t.Parallel()
	db := database(t)
	for name, tt := range map[string]struct {
		unsigned []string
		fails    dispute.Kind
		reads    int
		status   dispute.ProviderStatus
	}{
		"signed":                       {nil, "", 0, dispute.ProviderLost},
		"unsigned, the provider knows": {[]string{"raw_status"}, "", 1, dispute.ProviderNeedsResponse},
		"unsigned, nobody answers":     {[]string{"all"}, dispute.Transient, 1, dispute.ProviderLost},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, db)
			w.provider.onRead = func(int, *dispute.Snapshot) error {
				if tt.fails != "" {
					return fails(tt.fails)
				}
				return nil
			}
			n := w.notice("evt_1", -10, dispute.NoticeClosed, told(dispute.ProviderLost))
			n.Unsigned = tt.unsigned
			got := w.record(n)
			if w.provider.reads != tt.reads || got.Known.Status != tt.status {
				t.Errorf("read %d times, stands at %s; want %d and %s", w.provider.reads, got.Known.Status, tt.reads, tt.status)
			}
		})
	}
}
