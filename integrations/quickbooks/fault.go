package quickbooks

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// fault is QuickBooks' error answer. Its names start with a capital for
// validation and with a small letter for authentication; encoding/json reads
// both.
type fault struct {
	Type  string
	Error []struct {
		Code    string
		Element string
	}
}

// meanings are what a person should know of the codes that a journal entry
// meets, after Intuit's list of error codes.
var meanings = map[string]string{
	"610":  "something the entry refers to is inactive or gone",
	"2220": "the currency is not one of the company's",
	"2300": "debits and credits differ",
	"2500": "an account id in the settings does not exist",
	"6000": "a business rule of the company refuses it",
	"6140": "the document number is in use",
	"6190": "the company's subscription has ended",
	"6200": "the books are closed for that date",
	"6210": "the books are closed for that date",
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_.\[\]]{1,60}$`)

// refine gives an error the kind and the words of QuickBooks' fault, also of
// one that came with a successful status. Intuit's Detail stays out: it repeats
// what was sent.
func refine(op string, write bool, answer vendorhttp.Answer, err error) error {
	var body struct{ Fault fault }
	if json.Unmarshal(answer.Body, &body) != nil || len(body.Fault.Error) == 0 {
		return err
	}
	refined := dispute.Error{Kind: dispute.Invalid, Op: op}
	var e *dispute.Error
	if errors.As(err, &e) {
		refined.Kind, refined.RetryAfter = e.Kind, e.RetryAfter
	}
	refined.Kind = body.Fault.kind(refined.Kind, write)
	refined.Err = fmt.Errorf("HTTP %d, %s", answer.Status, body.Fault)
	return &refined
}

func (f fault) kind(otherwise dispute.Kind, write bool) dispute.Kind {
	unclear := dispute.Transient
	if write {
		unclear = dispute.UnknownOutcome
	}
	switch strings.TrimSuffix(strings.ToLower(f.Type), "fault") {
	case "authentication", "authorization":
		return dispute.Auth
	case "throttle":
		return dispute.RateLimited
	case "system", "service":
		return unclear
	}
	switch f.Error[0].Code {
	case "100", "110", "120", "3200", "3202":
		return dispute.Auth
	case "3001":
		return dispute.RateLimited
	case "5010":
		return dispute.Conflict
	case "600": // the same request id is being worked on
		return unclear
	default:
		return otherwise
	}
}

// String is the fault's code, element and meaning.
func (f fault) String() string {
	first := f.Error[0]
	words := "fault"
	for _, part := range []string{f.Type, first.Code, first.Element} {
		if plainWord.MatchString(part) {
			words += " " + part
		}
	}
	if meaning := meanings[first.Code]; meaning != "" {
		words += ": " + meaning
	}
	return words
}
