package adyen

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
)

// order is the body of every request.
type order struct {
	Dispute   string `json:"disputePspReference"`
	Account   string `json:"merchantAccountCode"`
	Reason    string `json:"defenseReasonCode"`
	Delete    string `json:"defenseDocumentType"`
	Documents []struct {
		Content   string `json:"content"`
		MediaType string `json:"contentType"`
		Type      string `json:"defenseDocumentTypeCode"`
	} `json:"defenseDocuments"`
}

// result is the part of every answer that tells whether it was done.
type result struct {
	Success bool   `json:"success"`
	Message string `json:"errorMessage,omitempty"`
}

type reason struct {
	Types     []documentType `json:"defenseDocumentTypes"`
	Code      string         `json:"defenseReasonCode"`
	Satisfied bool           `json:"satisfied"`
}

type documentType struct {
	Available bool   `json:"available"`
	Code      string `json:"defenseDocumentTypeCode"`
	Level     string `json:"requirementLevel"`
}

// endpoint answers one order; the lock is held.
type endpoint func(o order) (reasons []reason, r result)

// Messages of refusals. The first two are Adyen's (the tests of its Go library),
// the others are assumed.
const (
	notFound    = "Dispute not found."
	unknown     = "Unknown dispute"
	closed      = "The dispute cannot be defended or accepted any more."
	badReason   = "The defense reason does not apply to the dispute."
	badDocument = "The defense document is not valid."
	incomplete  = "Required defense documents are missing."
)

var done = result{Success: true}

// serve answers HTTP 200 also to what is refused; only the credential, the
// account and the form of a request have a status of their own.
func (s *Adyen) serve(e endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var o order
		err := json.NewDecoder(r.Body).Decode(&o)
		note, body, after := s.answer(e, r, o, err)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(note.Status)
		_ = json.NewEncoder(w).Encode(body)
		for _, f := range after {
			f(o.Dispute)
		}
	})
}

// answer is the body of an answer, and what to call after it.
func (s *Adyen) answer(e endpoint, r *http.Request, o order, malformed error) (note Request, body any, after []func(string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	note = Request{Path: r.URL.Path, Dispute: o.Dispute, Key: r.Header.Get("Idempotency-Key"), Status: http.StatusOK}
	switch {
	case r.Header.Get("X-API-Key") != s.opt.APIKey:
		note.Status, body = failure(http.StatusUnauthorized, "000", "HTTP Status Response - Unauthorized")
	case malformed != nil || o.Dispute == "" || o.Account == "":
		note.Status, body = failure(http.StatusUnprocessableEntity, "702", "Structure of the request is not valid")
	case o.Account != s.opt.MerchantAccount:
		note.Status, body = failure(http.StatusForbidden, "901", "Invalid Merchant Account")
	default:
		reasons, res := e(o)
		note.Success = res.Success
		body = struct {
			Reasons []reason `json:"defenseReasons,omitempty"`
			Result  result   `json:"disputeServiceResult"`
		}{reasons, res}
	}
	switch {
	case note.Success && note.Path == "/defendDispute":
		after = s.onSubmitted
	case note.Success && note.Path == "/acceptDispute":
		after = s.onClosed
	}
	s.requests = append(s.requests, note)
	return note, body, after
}

func failure(status int, code, message string) (int, any) {
	return status, map[string]any{"status": status, "errorCode": code, "message": message, "errorType": "security"}
}

func (s *Adyen) reasons(o order) ([]reason, result) {
	r, ok := s.disputes[o.Dispute]
	switch {
	case !ok:
		return nil, result{Message: notFound}
	case !r.open(s.opt.Now()): // assumed: what is answered has no reasons left
		return nil, result{Message: closed}
	}
	return r.reasons(), done
}

// supply keeps one document a type: a later one replaces it (assumed).
func (s *Adyen) supply(o order) ([]reason, result) {
	r, ok := s.disputes[o.Dispute]
	switch {
	case !ok:
		return nil, result{Message: unknown}
	case !r.open(s.opt.Now()):
		return nil, result{Message: closed}
	}
	accepted := map[string]Document{}
	for _, d := range o.Documents {
		content, err := base64.StdEncoding.DecodeString(d.Content)
		most, known := sizes[d.MediaType]
		if err != nil || !known || len(content) == 0 || len(content) > most || !r.takes(d.Type) {
			return nil, result{Message: badDocument}
		}
		accepted[d.Type] = Document{MediaType: d.MediaType, Bytes: content}
	}
	if len(accepted) == 0 {
		return nil, result{Message: badDocument}
	}
	for kind, d := range accepted {
		r.documents[kind] = d
	}
	return nil, done
}

// sizes are the most bytes of a document.
var sizes = map[string]int{"application/pdf": 2 << 20, "image/jpeg": 10 << 20, "image/jpg": 10 << 20, "image/tiff": 10 << 20}

func (s *Adyen) remove(o order) ([]reason, result) {
	r, ok := s.disputes[o.Dispute]
	if !ok {
		return nil, result{Message: unknown}
	}
	if _, there := r.documents[o.Delete]; !there || !r.open(s.opt.Now()) {
		return nil, result{Message: badDocument}
	}
	delete(r.documents, o.Delete)
	return nil, done
}

// defend takes one defence a stage (assumed: a second one is refused).
func (s *Adyen) defend(o order) ([]reason, result) {
	r, ok := s.disputes[o.Dispute]
	switch {
	case !ok:
		return nil, result{Message: notFound}
	case !r.open(s.opt.Now()):
		return nil, result{Message: closed}
	}
	for _, reason := range r.reasons() {
		switch {
		case reason.Code != o.Reason:
			continue
		case !reason.Satisfied:
			return nil, result{Message: incomplete}
		}
		r.answered, r.defended = true, append(r.defended, o.Reason)
		r.status = "Pending"
		if r.stage == inquiry {
			r.status = "Responded"
		}
		s.tell(r, "INFORMATION_SUPPLIED")
		return nil, done
	}
	return nil, result{Message: badReason}
}

// accept closes the dispute as lost. That the end of the defence period is told
// at once is assumed.
func (s *Adyen) accept(o order) ([]reason, result) {
	r, ok := s.disputes[o.Dispute]
	switch {
	case !ok:
		return nil, result{Message: notFound}
	case !r.open(s.opt.Now()):
		return nil, result{Message: closed}
	}
	r.accepted, r.status = true, "Accepted"
	s.tell(r, "DISPUTE_DEFENSE_PERIOD_ENDED")
	return nil, done
}

// reasons are those of the dispute's scheme and code: the example of Adyen's
// contract for Mastercard, with what its web components add, and those of its web
// components for Visa. Of other schemes no example is known.
func (r *record) reasons() []reason {
	switch {
	case r.scheme == "visa" && r.code == "13.1":
		return []reason{
			r.reason("MerchandiseReceived", "DateMerchandiseShipped", "Required", "ProofOfGoodsOrServicesProvided", "Required"),
			r.reason("ServicesProvided", "ProofOfGoodsOrServicesProvided", "Required"),
			r.reason("InvalidChargeback", "InvalidChargeback", "Optional"),
		}
	case r.scheme == "visa":
		return []reason{r.reason("AdditionalInformation", "DefenseMaterial", "Required", "AdditionalInformation", "Required")}
	default:
		return []reason{
			r.reason("GoodsNotReturned", "TIDorInvoice", "Optional", "GoodsNotReturned", "Required"),
			r.reason("GoodsOrServicesProvided", "ProofOfAbilityToProvideServices", "OneOrMore", "ProofOfGoodsOrServicesProvided", "OneOrMore"),
			r.reason("GoodsRepairedOrReplaced", "TIDorInvoice", "Optional", "GoodsRepairedOrReplaced", "Required"),
			r.reason("GoodsWereAsDescribed", "GoodsWereAsDescribed", "Required", "TIDorInvoice", "Required"),
			r.reason("PaymentByOtherMeans", "PaymentByOtherMeans", "Required"),
			r.reason("SupplyDefenseMaterial", "TIDorInvoice", "Optional", "DefenseMaterial", "Required"),
		}
	}
}

// reason is one with its types and their levels, as they are filled now.
func (r *record) reason(code string, pairs ...string) reason {
	out := reason{Code: code}
	missing, choice, chosen := false, false, false
	for i := 0; i+1 < len(pairs); i += 2 {
		_, there := r.documents[pairs[i]]
		out.Types = append(out.Types, documentType{Available: there, Code: pairs[i], Level: pairs[i+1]})
		switch pairs[i+1] {
		case "Required":
			missing = missing || !there
		case "OneOrMore":
			choice, chosen = true, chosen || there
		}
	}
	out.Satisfied = !missing && (chosen || !choice)
	return out
}

func (r *record) takes(kind string) bool {
	for _, reason := range r.reasons() {
		for _, t := range reason.Types {
			if t.Code == kind {
				return true
			}
		}
	}
	return false
}
