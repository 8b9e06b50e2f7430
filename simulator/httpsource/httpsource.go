// Package httpsource is an example of a merchant's own service that Rebuttal
// asks about a sale: it verifies the signature of every request and answers from
// the world. Its Verifier is the one in docs/vendors/httpsource.md.
package httpsource

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/go-pdf/fpdf"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// maxBody bounds what is read of one request.
const maxBody = 1 << 20

type service struct {
	world    *world.World
	verifier *Verifier
}

// object is a JSON object.
type object = map[string]any

// New is a service that takes requests signed with any of the secrets.
func New(w *world.World, secrets ...string) http.Handler {
	s := &service{world: w, verifier: &Verifier{Secrets: secrets, Now: time.Now}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /evidence", s.evidence)
	mux.HandleFunc("GET /confirmations/{number}", s.confirmation)
	return mux
}

// question is the part of a request that this service reads.
type question struct {
	Check   bool `json:"check"`
	Payment struct {
		ID     string `json:"id"`
		Intent string `json:"intent"`
	} `json:"payment"`
	Order struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"order"`
}

func (s *service) evidence(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil || s.verifier.Verify(r.Header.Get(Header), body) != nil {
		http.Error(w, "the signature is not good", http.StatusUnauthorized)
		return
	}
	var q question
	if json.Unmarshal(body, &q) != nil {
		http.Error(w, "the request is not JSON", http.StatusBadRequest)
		return
	}
	answer := object{"version": 1}
	if o, ok := s.world.Find(q.means); ok && !q.Check {
		answer = s.answer(r, o)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}

// means reports whether the question is about the order.
func (q question) means(o world.Order) bool {
	switch {
	case q.Order.Name != "":
		return q.Order.Name == o.Name()
	case q.Order.ID != "":
		return path.Base(q.Order.ID) == strconv.FormatInt(o.ShopifyID, 10)
	}
	return q.Payment.ID != "" && q.Payment.ID == o.ChargeID || q.Payment.Intent != "" && q.Payment.Intent == o.PaymentIntent
}

// answer tells of the order what the shop took down when it was placed, and of
// the customer's earlier orders the same.
func (s *service) answer(r *http.Request, o world.Order) object {
	c, paid := o.Customer, o.PaidAt.UTC()
	sale := bought(o)
	sale["ordered_at"], sale["sold"] = stamp(paid), "merchandise"
	earlier := []object{}
	for _, e := range s.world.Orders() {
		if e.Customer.StripeID == c.StripeID && e.PaidAt.Before(o.PaidAt) {
			b := bought(e)
			b["payment"], b["at"], b["amount"] = e.ChargeID, stamp(e.PaidAt), fmt.Sprintf("%d.%02d %s", e.Total/100, e.Total%100, e.Currency)
			earlier = append(earlier, b)
		}
	}
	minute := s.world.Day() / (24 * 60)
	root := strings.TrimSuffix(strings.SplitN(r.RequestURI, "?", 2)[0], "/evidence")
	return object{
		"version": 1,
		"customer": object{
			"name": c.Name, "email": c.Email, "phone": c.Phone, "account_id": account(c), "since": stamp(c.Since),
			"billing_address": c.Address.String(), "orders_count": len(earlier) + 1,
		},
		"sale": sale,
		"terms": object{
			"accepted_at": stamp(paid.Add(-minute)), "ip": o.IP,
			"text": "Box ticked at checkout: I have read and accept the terms of sale and the return policy.",
		},
		"usage": []object{
			{"at": stamp(paid.Add(-9 * minute)), "ip": o.IP, "action": "Log-in with password"},
			{"at": stamp(paid.Add(-4 * minute)), "ip": o.IP, "action": fmt.Sprintf("Put %s into the basket", o.Lines[0].Title)},
			{"at": stamp(paid), "ip": o.IP, "action": fmt.Sprintf("Placed order %s", o.Name())},
		},
		"earlier_sales": earlier,
		"documents": []object{{
			"id": fmt.Sprintf("confirmation-%d", o.Number), "name": fmt.Sprintf("order-%d.pdf", o.Number), "slot": "receipt",
			"title": "Order confirmation as sent by e-mail", "at": stamp(paid), "url": fmt.Sprintf("%s/confirmations/%d", root, o.Number),
		}},
	}
}

// bought is what the shop took down of an order's buyer.
func bought(o world.Order) object {
	a := o.Customer.Address
	device := sha256.Sum256([]byte("device of " + o.Customer.StripeID))
	return object{
		"order_id": strconv.FormatInt(o.ShopifyID, 10), "order_name": o.Name(), "products": o.Lines[0].Title,
		"purchase_ip": o.IP, "device_fingerprint": hex.EncodeToString(device[:16]), "account_id": account(o.Customer), "email": o.Customer.Email,
		"shipping": object{"line1": a.Line1, "city": a.City, "state": a.Region, "postal_code": a.Postal, "country": a.Country},
	}
}

func account(c world.Customer) string { return "account-" + c.HubSpotID }

// confirmation is an order's confirmation as a page.
func (s *service) confirmation(w http.ResponseWriter, r *http.Request) {
	if s.verifier.Verify(r.Header.Get(Header), []byte(r.RequestURI)) != nil {
		http.Error(w, "the signature is not good", http.StatusUnauthorized)
		return
	}
	o, ok := s.world.Find(func(o world.Order) bool { return strconv.Itoa(o.Number) == r.PathValue("number") })
	if !ok {
		http.NotFound(w, r)
		return
	}
	page, err := confirmationPage(o)
	if err != nil {
		http.Error(w, "the page cannot be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/pdf")
	_, _ = w.Write(page)
}

func confirmationPage(o world.Order) ([]byte, error) {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetCreationDate(o.PaidAt)
	pdf.SetModificationDate(o.PaidAt)
	pdf.SetCatalogSort(true)
	pdf.AddPage()
	pdf.SetFont("Helvetica", "B", 18)
	pdf.Cell(0, 12, "Your order "+o.Name())
	pdf.SetFont("Helvetica", "", 11)
	for _, line := range []string{
		"", "Acme, " + o.PaidAt.UTC().Format("2 January 2006 15:04 UTC"), "", "Thank you for your order, " + o.Customer.Name + ".", "",
		fmt.Sprintf("%d x %s", o.Lines[0].Quantity, o.Lines[0].Title),
		fmt.Sprintf("Total: %d.%02d %s, paid by card ending in %s", o.Total/100, o.Total%100, o.Currency, o.CardLast4), "",
		"It will be sent to " + o.Customer.Address.String() + ".",
	} {
		pdf.Ln(7)
		pdf.Cell(0, 7, line)
	}
	var b bytes.Buffer
	err := pdf.Output(&b)
	return b.Bytes(), err
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
