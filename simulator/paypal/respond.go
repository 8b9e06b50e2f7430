package paypal

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"regexp"
	"slices"
	"unicode/utf8"
)

const (
	fileLimit = 10_000_000 // a file is smaller
	callLimit = 50_000_000
	noteLimit = 2000
)

// documentName is the form that the contract gives a document's name.
var documentName = regexp.MustCompile(`^[A-Za-z0-9-_,\s]+[.](jpg|jpeg|gif|png|pdf)$`)

// contest takes evidence, supporting information or an appeal. Evidence is not
// remembered by its key: no document says that PayPal does.
func (p *PayPal) contest(action string) endpoint {
	return func(c *call) answer {
		d, a, refused := p.take(c, action)
		if refused != nil {
			return *refused
		}
		if issue := checkInput(action, a); issue != "" {
			return refuse(http.StatusBadRequest, "VALIDATION_ERROR", issue)
		}
		d.answers = append(d.answers, a)
		if action == "appeal" {
			d.stage, d.outcome, d.appeals = preArbitration, "", false
		}
		d.status = review
		p.emit(d, "CUSTOMER.DISPUTE.UPDATED")
		p.later(c, p.onSubmitted)
		return p.done(c)
	}
}

// accept gives a claim up: the buyer is refunded. A key is remembered.
func (p *PayPal) accept(c *call) answer {
	if before, ok := p.accepted[c.key]; ok && c.key != "" {
		c.again = true
		return before
	}
	d, a, refused := p.take(c, "accept-claim")
	if refused != nil {
		return *refused
	}
	var in struct {
		Note string `json:"note"`
		Type string `json:"accept_claim_type"`
	}
	types := d.opt.AcceptTypes
	if len(types) == 0 {
		types = []string{"REFUND"}
	}
	if json.Unmarshal(a.Input, &in) != nil || in.Note == "" || !slices.Contains(types, in.Type) {
		return refuse(http.StatusBadRequest, "VALIDATION_ERROR", "INVALID_ACCEPT_CLAIM_TYPE")
	}
	d.answers = append(d.answers, a)
	p.resolve(d, buyersFavour)
	p.emit(d, "CUSTOMER.DISPUTE.RESOLVED")
	p.later(c, p.onClosed)
	p.accepted[c.key] = p.done(c)
	return p.accepted[c.key]
}

// requireEvidence is the sandbox's call by which a test plays PayPal's agent.
func (p *PayPal) requireEvidence(c *call) answer {
	d := p.disputes[c.id]
	if d == nil {
		return refuse(http.StatusNotFound, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID")
	}
	d.ask(p.now())
	p.emit(d, "CUSTOMER.DISPUTE.UPDATED")
	return p.done(c)
}

// take reads an answer, where the dispute offers the action.
func (p *PayPal) take(c *call, action string) (*record, Answer, *answer) {
	d := p.disputes[c.id]
	if d == nil {
		no := refuse(http.StatusNotFound, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID")
		return nil, Answer{}, &no
	}
	if !slices.Contains(d.offers(), action) {
		no := refuse(http.StatusUnprocessableEntity, "UNPROCESSABLE_ENTITY", "ACTION_NOT_ALLOWED_IN_CURRENT_STATE")
		return nil, Answer{}, &no
	}
	a, err := readForm(c)
	if err != nil {
		no := refuse(http.StatusBadRequest, "VALIDATION_ERROR", "INVALID_REQUEST_BODY")
		return nil, Answer{}, &no
	}
	total := 0
	for _, f := range a.Files {
		total += len(f.Bytes)
		if len(f.Bytes) == 0 || len(f.Bytes) >= fileLimit || total > callLimit || !documentName.MatchString(f.Name) {
			no := refuse(http.StatusBadRequest, "VALIDATION_ERROR", "INVALID_EVIDENCE_FILE")
			return nil, Answer{}, &no
		}
	}
	a.Action, a.Key, a.At = action, c.key, p.now()
	return d, a, nil
}

// readForm reads a part named input and any files.
func readForm(c *call) (Answer, error) {
	kind, params, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return Answer{}, errors.New("not multipart/form-data")
	}
	var a Answer
	for reader := multipart.NewReader(bytes.NewReader(c.body), params["boundary"]); ; {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Answer{}, err
		}
		content, err := io.ReadAll(part)
		switch {
		case err != nil:
			return Answer{}, err
		case part.FormName() == "input":
			a.Input = content
		default:
			a.Files = append(a.Files, File{Name: part.FileName(), MediaType: part.Header.Get("Content-Type"), Bytes: content})
		}
	}
	if a.Input == nil {
		return Answer{}, errors.New("no input")
	}
	return a, nil
}

// checkInput holds the JSON to the contract's limits; the answer is the issue.
func checkInput(action string, a Answer) string {
	var in struct {
		Notes     string
		Evidences []struct {
			Type      string `json:"evidence_type"`
			Notes     string
			Documents []struct{ Name string }
		}
	}
	if json.Unmarshal(a.Input, &in) != nil {
		return "INVALID_REQUEST_BODY"
	}
	if action == "provide-supporting-info" {
		if utf8.RuneCountInString(in.Notes) > noteLimit || (in.Notes == "" && len(a.Files) == 0) {
			return "INVALID_NOTES"
		}
		return ""
	}
	if len(in.Evidences) == 0 {
		return "MISSING_EVIDENCE"
	}
	for _, e := range in.Evidences {
		if e.Type == "" || utf8.RuneCountInString(e.Notes) > noteLimit {
			return "INVALID_EVIDENCE"
		}
		for _, doc := range e.Documents {
			if !slices.ContainsFunc(a.Files, func(f File) bool { return f.Name == doc.Name }) {
				return "INVALID_EVIDENCE_FILE"
			}
		}
	}
	return ""
}

func (p *PayPal) done(c *call) answer {
	return answer{http.StatusOK, object{"links": []any{object{"href": c.base + "/v1/customer/disputes/" + c.id, "rel": "self", "method": "GET"}}}}
}

// later has hooks called once the answer is written.
func (p *PayPal) later(c *call, hooks []func(id string)) {
	for _, f := range hooks {
		c.after = append(c.after, func() { f(c.id) })
	}
}
