package dispute

import (
	"fmt"
	"time"
)

// Span is a length of time as people count it: "5 h 12 min", "4 d 6 h". It is
// the one wording for time left in cards, pages and lists; d is not negative.
func Span(d time.Duration) string {
	hours, minutes := int(d.Hours()), int(d.Minutes())
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", minutes)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %d min", hours, minutes%60)
	default:
		return fmt.Sprintf("%d d %d h", hours/24, hours%24)
	}
}
