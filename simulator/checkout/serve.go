package checkout

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

const (
	maxFile = 4 << 20
	maxText = 500
)

// object is a JSON object.
type object = map[string]any

// answer is a status and what goes with it; a nil body is none.
type answer struct {
	status int
	body   object
}

var done = answer{status: http.StatusNoContent}

func refuse(status int, code string) answer {
	return answer{status, object{"request_id": "0HL80RJLS76I7", "error_type": "request_invalid", "error_codes": []string{code}}}
}

func (c *Checkout) routes() {
	for pattern, handle := range map[string]func(*http.Request) answer{
		"GET /disputes":                c.list,
		"GET /disputes/{id}":           c.of(c.show),
		"GET /disputes/{id}/evidence":  c.of(c.showEvidence),
		"PUT /disputes/{id}/evidence":  c.of(c.stage),
		"POST /disputes/{id}/evidence": c.of(c.submit),
		"POST /disputes/{id}/accept":   c.of(c.accept),
		"POST /files":                  c.upload,
		"GET /files/{id}":              c.showFile,
		"GET /payments/{id}":           c.showPayment,
	} {
		c.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			c.mu.Lock()
			a := answer{status: http.StatusUnauthorized}
			if c.authorised(r) {
				a = handle(r)
			}
			c.mu.Unlock()
			write(w, c.newID("req_"), a)
		})
	}
	c.mux.HandleFunc("POST /connect/token", c.token)
}

// ServeHTTP implements http.Handler.
func (c *Checkout) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.mux.ServeHTTP(w, r) }

func write(w http.ResponseWriter, request string, a answer) {
	w.Header().Set("Cko-Request-Id", request)
	w.Header().Set("Cko-Version", "3.35.5")
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	_, _ = w.Write(encode(a.body))
}

func (c *Checkout) authorised(r *http.Request) bool {
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return bearer && token != "" && (token == c.opt.SecretKey || c.tokens[token])
}

// token is the OAuth server's: client credentials in the header.
func (c *Checkout) token(w http.ResponseWriter, r *http.Request) {
	id, secret, ok := r.BasicAuth()
	if !ok || c.opt.AccessKeyID == "" || id != c.opt.AccessKeyID || secret != c.opt.AccessKeySecret || r.FormValue("grant_type") != "client_credentials" {
		write(w, c.newID("req_"), answer{http.StatusBadRequest, object{"error": "invalid_client"}})
		return
	}
	token := c.newID("at_")
	c.mu.Lock()
	c.tokens[token] = true
	c.mu.Unlock()
	write(w, c.newID("req_"), answer{http.StatusOK, object{"access_token": token, "token_type": "Bearer", "expires_in": 3600}})
}

// of finds the dispute of a path.
func (c *Checkout) of(handle func(*http.Request, *record) answer) func(*http.Request) answer {
	return func(r *http.Request) answer {
		d, ok := c.disputes[r.PathValue("id")]
		if !ok {
			return answer{status: http.StatusNotFound}
		}
		return handle(r, d)
	}
}

func (c *Checkout) show(_ *http.Request, d *record) answer {
	o := d.render()
	o["relevant_evidence"] = d.opt.Relevant
	o["payment"] = object{
		"id": d.Payment, "amount": d.order.Total, "currency": d.Currency, "method": d.opt.Method,
		"has_refund": d.order.Refund != nil, "processed_on": stamp(d.order.PaidAt),
	}
	return answer{http.StatusOK, o}
}

// render is what a list and a single dispute share.
func (d *record) render() object {
	o := object{
		"id": d.ID, "entity_id": "ent_rehearsal", "category": d.opt.Category, "amount": d.Amount, "currency": d.Currency,
		"reason_code": d.opt.Code, "status": d.Status, "evidence_required_by": stamp(d.Due),
		"received_on": stamp(d.ReceivedOn), "last_update": stamp(d.LastUpdate), "_links": object{"self": link("/disputes/" + d.ID)},
	}
	if d.Resolved != "" {
		o["resolved_reason"] = d.Resolved
	}
	return o
}

func link(path string) object { return object{"href": "https://api.checkout.com" + path} }

func (c *Checkout) showEvidence(_ *http.Request, d *record) answer {
	o := object{}
	for k, v := range d.Evidence {
		o[k] = v
	}
	return answer{http.StatusOK, o}
}

// list answers the last updated first.
func (c *Checkout) list(r *http.Request) answer {
	q := r.URL.Query()
	limit, okLimit := number(q, "limit", 50)
	skip, okSkip := number(q, "skip", 0)
	from, okFrom := instant(q, "from", time.Time{})
	to, okTo := instant(q, "to", c.now().Add(time.Hour))
	if !okLimit || !okSkip || !okFrom || !okTo || limit < 1 || limit > 250 || skip < 0 {
		return refuse(http.StatusUnprocessableEntity, "paging_limit_invalid")
	}
	var found []*record
	for _, id := range c.opened {
		d := c.disputes[id]
		status := q.Get("statuses") == "" || slices.Contains(strings.Split(q.Get("statuses"), ","), d.Status)
		if status && !d.LastUpdate.Before(from) && !d.LastUpdate.After(to) && (q.Get("payment_id") == "" || q.Get("payment_id") == d.Payment) {
			found = append(found, d)
		}
	}
	slices.SortStableFunc(found, func(a, b *record) int { return b.LastUpdate.Compare(a.LastUpdate) })
	data := []object{}
	for _, d := range found[min(skip, len(found)):min(skip+limit, len(found))] {
		o := d.render()
		o["payment_id"], o["payment_method"], o["payment_reference"] = d.Payment, d.opt.Method, d.order.Name()
		data = append(data, o)
	}
	return answer{http.StatusOK, object{"limit": limit, "skip": skip, "total_count": len(found), "data": data}}
}

func number(q url.Values, key string, fallback int) (int, bool) {
	if !q.Has(key) {
		return fallback, true
	}
	n, err := strconv.Atoi(q.Get(key))
	return n, err == nil
}

func instant(q url.Values, key string, fallback time.Time) (time.Time, bool) {
	if !q.Has(key) {
		return fallback, true
	}
	at, err := time.Parse(time.RFC3339, q.Get(key))
	return at, err == nil
}

var categories = []string{
	"proof_of_delivery_or_service", "proof_of_delivery_or_service_date", "invoice_or_receipt", "invoice_showing_distinct_transactions",
	"customer_communication", "refund_or_cancellation_policy", "recurring_transaction_agreement", "additional_evidence",
}

func (c *Checkout) stage(r *http.Request, d *record) answer {
	var fields map[string]string
	if err := json.NewDecoder(r.Body).Decode(&fields); err != nil || len(fields) == 0 {
		return refuse(http.StatusUnprocessableEntity, "evidence_required")
	}
	if d.Status != "evidence_required" {
		return refuse(http.StatusUnprocessableEntity, "dispute_status_invalid")
	}
	for key, value := range fields {
		category, file := strings.CutSuffix(key, "_file")
		if !file {
			category = strings.TrimSuffix(key, "_text")
		}
		switch {
		case !slices.Contains(categories, category) || category == key:
			return refuse(http.StatusUnprocessableEntity, key+"_unknown")
		case file && c.files[value] == nil:
			return refuse(http.StatusUnprocessableEntity, key+"_invalid")
		case !file && utf8.RuneCountInString(value) > maxText:
			return refuse(http.StatusUnprocessableEntity, key+"_too_long")
		}
	}
	for key, value := range fields {
		d.Evidence[key] = value
	}
	return done
}

func (c *Checkout) submit(r *http.Request, d *record) answer {
	switch {
	case d.Status != "evidence_required":
		return refuse(http.StatusUnprocessableEntity, "dispute_status_invalid")
	case len(d.Evidence) == 0:
		return refuse(http.StatusUnprocessableEntity, "evidence_required")
	}
	d.Submissions++
	d.Answers = append(d.Answers, Answer{c.now(), "submit", r.Header.Get("Cko-Idempotency-Key")})
	c.set(d, "evidence_under_review", "dispute_evidence_submitted")
	return done
}

func (c *Checkout) accept(r *http.Request, d *record) answer {
	if d.Status != "evidence_required" {
		return refuse(http.StatusUnprocessableEntity, "dispute_status_invalid")
	}
	d.Accepted = true
	d.Answers = append(d.Answers, Answer{c.now(), "accept", r.Header.Get("Cko-Idempotency-Key")})
	c.set(d, "accepted", "dispute_accepted")
	return done
}

func (c *Checkout) upload(r *http.Request) answer {
	if err := r.ParseMultipartForm(2 * maxFile); err != nil || r.FormValue("purpose") != "dispute_evidence" {
		return refuse(http.StatusUnprocessableEntity, "purpose_invalid")
	}
	part, header, err := r.FormFile("file")
	if err != nil {
		return refuse(http.StatusUnprocessableEntity, "file_required")
	}
	defer func() { _ = part.Close() }()
	content, err := io.ReadAll(io.LimitReader(part, maxFile+1))
	if err != nil || len(content) > maxFile {
		return refuse(http.StatusUnprocessableEntity, "file_size_exceeded")
	}
	f := &File{Name: header.Filename, MediaType: http.DetectContentType(content), Bytes: content, At: c.now()}
	if !slices.Contains([]string{"application/pdf", "image/jpeg", "image/png"}, f.MediaType) {
		return refuse(http.StatusUnprocessableEntity, "file_type_invalid")
	}
	f.ID = c.newID("file_")
	c.files[f.ID] = f
	return answer{http.StatusOK, object{"id": f.ID, "_links": object{"self": link("/files/" + f.ID)}}}
}

func (c *Checkout) showFile(r *http.Request) answer {
	f, ok := c.files[r.PathValue("id")]
	if !ok {
		return answer{status: http.StatusNotFound}
	}
	return answer{http.StatusOK, object{
		"id": f.ID, "filename": f.Name, "purpose": "dispute_evidence", "size": len(f.Bytes), "uploaded_on": stamp(f.At),
		"_links": object{"self": link("/files/" + f.ID)},
	}}
}

func (c *Checkout) showPayment(r *http.Request) answer {
	o, ok := c.world.Find(func(o world.Order) bool { return PaymentID(o) == r.PathValue("id") })
	if !ok {
		return answer{status: http.StatusNotFound}
	}
	refunded := int64(0)
	if o.Refund != nil {
		refunded = o.Refund.Amount
	}
	return answer{http.StatusOK, object{
		"id": PaymentID(o), "requested_on": stamp(o.PaidAt), "amount": o.Total, "currency": o.Currency, "payment_type": "Regular",
		"reference": o.Name(), "approved": true, "status": cmp.Or(map[bool]string{true: "Refunded"}[refunded == o.Total], "Captured"),
		"balances": object{"total_authorized": o.Total, "total_captured": o.Total, "total_refunded": refunded},
		"customer": object{"id": "cus_" + look(o.Customer.StripeID[4:]), "email": o.Customer.Email, "name": o.Customer.Name},
		"metadata": object{"order_id": strconv.FormatInt(o.ShopifyID, 10), "order_number": o.Number},
		"_links":   object{"self": link("/payments/" + PaymentID(o)), "actions": link("/payments/" + PaymentID(o) + "/actions")},
	}}
}
