package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// digest is the hash an event should have: SHA-256 of the hash before it and
// of its content as JSON with sorted keys and without spaces. Data is stored in
// this form already.
func digest(e event) []byte {
	content := `{"actor":` + quoted(e.Actor) +
		`,"at":"` + e.At.UTC().Format(time.RFC3339Nano) +
		`","case_id":` + quoted(e.Case) +
		`,"data":` + e.Data +
		`,"key":` + quoted(e.Key) +
		`,"kind":` + quoted(e.Kind) +
		`,"seq":` + strconv.FormatInt(e.Seq, 10) + `}`
	sum := sha256.Sum256(append(bytes.Clone(e.Prev), content...))
	return sum[:]
}

// quoted is a JSON string that leaves <, > and & alone.
func quoted(s string) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(s) // a string always has JSON
	return strings.TrimSuffix(b.String(), "\n")
}

func unbroken(f facts, r *result) {
	histories := map[string][]event{}
	for _, e := range f.database.events {
		histories[e.Case] = append(histories[e.Case], e)
	}
	for _, c := range f.database.cases {
		r.Looked++
		var last []byte
		keys := map[string]bool{}
		for i, e := range histories[c.ID] {
			switch {
			case e.Seq != int64(i+1):
				r.differ("event %d of case %s has the number %d", i+1, c.ID, e.Seq)
			case !bytes.Equal(e.Prev, last):
				r.differ("event %d of case %s does not follow the one before it", e.Seq, c.ID)
			case !bytes.Equal(e.Hash, digest(e)):
				r.differ("event %d of case %s does not have its hash", e.Seq, c.ID)
			case e.Key != "" && keys[e.Key]:
				r.differ("event %d of case %s repeats %s", e.Seq, c.ID, e.Key)
			}
			keys[e.Key] = true
			last = e.Hash
		}
		if n := len(histories[c.ID]); n == 0 || int64(n) != c.Events || !bytes.Equal(last, c.Head) {
			r.differ("the history of case %s has %d events, the case says %d", c.ID, n, c.Events)
		}
	}
}
