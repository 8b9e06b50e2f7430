package clearhaus

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// matches reports whether a dispute is found by a query of the Dispute Query
// Language (developer.clearhaus.com/merchant-api/dql). What is not documented is
// an error, so that a client does not come to rely on it.
func matches(query string, d *Dispute, now time.Time) (bool, error) {
	for _, modifier := range strings.Fields(query) {
		key, value, _ := strings.Cut(modifier, ":")
		fits, err := matchesOne(key, value, d, now)
		if err != nil || !fits {
			return false, err
		}
	}
	return true, nil
}

func matchesOne(key, value string, d *Dispute, now time.Time) (bool, error) {
	switch key {
	case "status":
		if !slices.Contains([]string{"open", "refuted", "under_review", "won", "lost"}, value) {
			return false, fmt.Errorf("status %q is not documented", value)
		}
		return d.Status == value, nil
	case "reason":
		return slices.Contains(strings.Split(value, ","), d.Reason), nil
	case "reason_code":
		return slices.Contains(strings.Split(value, ","), d.ReasonCode), nil
	case "opened", "opened_at":
		return matchesDay(value, d.Opened, now)
	case "due", "due_at":
		return matchesDay(value, d.Due, now)
	default:
		return false, fmt.Errorf("modifier %q is not documented", key)
	}
}

func matchesDay(value string, at, now time.Time) (bool, error) {
	day := at.UTC().Format(time.DateOnly)
	if value == "today" {
		return day == now.UTC().Format(time.DateOnly), nil
	}
	from, ok := strings.CutPrefix(value, ">=")
	if _, err := time.Parse(time.DateOnly, from); !ok || err != nil {
		return false, fmt.Errorf("date %q is not one that the stand-in knows", value)
	}
	return day >= from, nil
}
