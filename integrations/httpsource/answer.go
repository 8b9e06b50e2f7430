package httpsource

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// The bounds of an answer; docs/httpsource.schema.json has the same.
const (
	maxUsage  = 2000
	maxList   = 200
	maxFiles  = 20
	maxText   = 20_000 // characters
	maxID     = 200    // characters
	maxFile   = 10 << 20
	maxFaults = 5 // that the error names
)

const opRead = name + ": read the answer"

// found is what an answer holds.
type found struct {
	items []dispute.Item
	links []link // of documents that are fetched by themselves
}

// reader reads one answer and remembers what it could not use.
type reader struct {
	c      dispute.Case
	found  found
	ids    map[string]bool
	faults []string
}

// parse reads an answer. Keys that it does not know are ignored. A part that
// cannot be used is left out as a whole; the error, of kind Invalid, names where
// each is and what it should be, and never what it was.
func parse(answer []byte, c dispute.Case) (found, error) {
	r := &reader{c: c, ids: map[string]bool{}}
	if len(bytes.TrimSpace(answer)) > 0 { // empty, as HTTP 204: the service knows nothing
		r.answer(answer)
	}
	return r.found, r.err()
}

func (r *reader) answer(answer []byte) {
	var top map[string]json.RawMessage
	if json.Unmarshal(answer, &top) != nil {
		r.fault("$", "want a JSON object")
		return
	}
	if string(top["version"]) != strconv.Itoa(version) {
		r.fault("version", fmt.Sprintf("want %d", version))
		return
	}
	r.customer(top["customer"])
	r.sale(top["sale"])
	r.terms(top["terms"])
	r.usage(top["usage"])
	for _, l := range []struct {
		key  string
		max  int
		read func(path string, raw json.RawMessage)
	}{
		{"earlier_sales", maxList, r.earlierSale},
		{"messages", maxList, r.message},
		{"deliveries", maxList, r.delivery},
		{"services", maxList, r.service},
		{"refunds", maxList, r.refund},
		{"documents", maxFiles, r.document},
	} {
		for i, raw := range r.list(l.key, top[l.key], l.max) {
			l.read(fmt.Sprintf("%s[%d]", l.key, i), raw)
		}
	}
}

// fault notes what cannot be used, by its place in the answer.
func (r *reader) fault(path, want string) { r.faults = append(r.faults, path+": "+want) }

func (r *reader) err() error {
	if len(r.faults) == 0 {
		return nil
	}
	said := strings.Join(r.faults[:min(len(r.faults), maxFaults)], "; ")
	if more := len(r.faults) - maxFaults; more > 0 {
		said += fmt.Sprintf("; and %d more", more)
	}
	return dispute.Errorf(dispute.Invalid, opRead, "%s", said)
}

// read decodes one value strictly by its type; null is as if it were not there.
func read[T any](r *reader, path string, raw json.RawMessage) (v T, ok bool) {
	if len(raw) == 0 || string(raw) == "null" {
		return v, false
	}
	err := json.Unmarshal(raw, &v)
	var mismatch *json.UnmarshalTypeError
	switch {
	case err == nil:
		return v, true
	case errors.As(err, &mismatch):
		if field := strings.TrimPrefix(mismatch.Field, "buyer."); field != "" {
			path += "." + field
		}
		r.fault(path, "want "+kindWords(mismatch.Type))
	default:
		r.fault(path, "is not JSON")
	}
	var none T
	return none, false
}

func kindWords(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Int:
		return "a whole number"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list"
	default:
		return "an object"
	}
}

// list are a list's elements, of which the first max count.
func (r *reader) list(path string, raw json.RawMessage, limit int) []json.RawMessage {
	list, _ := read[[]json.RawMessage](r, path, raw)
	if len(list) > limit {
		r.fault(path, fmt.Sprintf("at most %d are taken", limit))
		list = list[:limit]
	}
	return list
}
