package desk

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/store"
)

func TestTroublesOfSweepsAreOfConfiguredConnections(t *testing.T) {
	t.Parallel()
	o := open(t)
	for _, connection := range []string{"stripe-us", "left-long-ago"} {
		ok(t, o.DB.SaveSweepCursor(t.Context(), connection, "c"))
	}
	o.Now = func() time.Time { return time.Now().Add(48 * time.Hour) }
	for name, c := range map[string]struct {
		configured []string
		want       []string
	}{
		"not known": {nil, []string{"left-long-ago", "stripe-us"}},
		"known":     {[]string{"adyen-eu", "stripe-us"}, []string{"stripe-us"}},
		"none":      {[]string{}, nil},
	} {
		o.Connections = c.configured
		found, err := o.Troubles(t.Context(), ana)
		ok(t, err)
		var got []string
		for _, trouble := range found {
			if trouble.Kind == store.TroubleSweep {
				got = append(got, trouble.Connection)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
