package store

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype/zeronull"
)

// nullTime writes the zero time as NULL.
func nullTime(t time.Time) zeronull.Timestamptz { return zeronull.Timestamptz(t) }

// cleanText and cleanJSON replace the NUL character, which PostgreSQL takes in
// neither text nor jsonb and which a vendor's text may hold.
func cleanText(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

func cleanJSON(raw []byte) []byte {
	if !bytes.Contains(raw, []byte(`\u0000`)) {
		return raw
	}
	return bytes.ReplaceAll(raw, []byte(`\u0000`), []byte(`\ufffd`))
}

// notNil keeps empty bytes from becoming NULL.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func marshal(v any) ([]byte, error) {
	raw, err := json.Marshal(v)
	return cleanJSON(raw), err
}

// convert maps a list.
func convert[A, B any](in []A, f func(A) B) []B {
	out := make([]B, 0, len(in))
	for _, a := range in {
		out = append(out, f(a))
	}
	return out
}
