package localpayment

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func TestDueDate(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		told    string
		noticed time.Time
	}{
		"just now":                 {"2022-11-22T21:14:00Z", clock.Add(-time.Minute)},
		"delivered days later":     {"2022-11-18T21:15:00Z", clock.Add(-4 * 24 * time.Hour)},
		"the time of the sale":     {"2022-09-01T10:00:00Z", clock},
		"to come":                  {"2022-11-23T21:15:00Z", clock},
		"another zone":             {"2022-11-22T18:00:00-03:00", clock.Add(-15 * time.Minute)},
		"no time that we can read": {"22/11/2022", clock},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := json.Marshal(map[string]any{"transactionType": "Payin", "data": map[string]any{
				"externalId": "1", "internalId": "2", "currency": "ARS", "amount": 1, "status": map[string]any{"code": 906}, "date": map[string]any{"processedDate": tt.told},
			}})
			check(t, err)
			got, err := newAdapter(t, nowhere).Parse(body)
			check(t, err)
			if s := got[0].Snapshot; !s.OpenedAt.Equal(tt.noticed) || !s.DueBy.Equal(tt.noticed.Add(7*24*time.Hour)) {
				t.Errorf("opened %v, due %v, want %v and seven days", s.OpenedAt, s.DueBy, tt.noticed)
			}
		})
	}
}

// The notice of a chargeback that comes again in other words, with the time of
// the sale in it, does not put the deadline off, whichever id is the greater.
func TestDueDateIsNotPutOff(t *testing.T) {
	t.Parallel()
	a := newAdapter(t, nowhere)
	for _, internals := range [][]string{{"a", "b"}, {"b", "a"}} {
		var v dispute.View
		for days, internal := range internals {
			a.now = func() time.Time { return clock.AddDate(0, 0, days) }
			notices, err := a.Parse([]byte(`{"transactionType":"Payin","data":{"externalId":"1","internalId":"` + internal + `","currency":"ARS",` +
				`"amount":1,"status":{"code":906},"date":{"processedDate":"2022-09-01T10:00:00Z"}}}`))
			check(t, err)
			v = dispute.Fold(v, notices[0])
		}
		if want := clock.Add(answerWindow); !v.Snapshot.DueBy.Equal(want) {
			t.Errorf("%v: due %v, want %v", internals, v.Snapshot.DueBy, want)
		}
	}
}
