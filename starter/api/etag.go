package api

import (
	"strconv"
	"strings"

	"github.com/rebuttal-hq/rebuttal/store"
)

// etag is the entity tag of a case: its version, which grows with every change.
func etag(row store.CaseRow) string { return strconv.Quote(strconv.FormatInt(row.Version, 10)) }

// same reports whether a header's list of entity tags names a tag, by the
// strong comparison that If-Match wants (RFC 9110, 13.1.1).
func same(header, tag string) bool { return named(header, func(t string) bool { return t == tag }) }

// sameWeakly is the weak comparison, for If-None-Match (RFC 9110, 13.1.2).
func sameWeakly(header, tag string) bool {
	return named(header, func(t string) bool { return strings.TrimPrefix(t, "W/") == tag })
}

func named(header string, is func(tag string) bool) bool {
	if strings.TrimSpace(header) == "*" {
		return true
	}
	for tag := range strings.SplitSeq(header, ",") {
		if is(strings.TrimSpace(tag)) {
			return true
		}
	}
	return false
}
