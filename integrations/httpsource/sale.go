package httpsource

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

func (r *reader) customer(raw json.RawMessage) {
	v, ok := read[struct {
		Name           string `json:"name"`
		Email          string `json:"email"`
		Phone          string `json:"phone"`
		AccountID      string `json:"account_id"`
		Since          string `json:"since"`
		BillingAddress string `json:"billing_address"`
		OrdersCount    int    `json:"orders_count"`
	}](r, "customer", raw)
	if !ok {
		return
	}
	p := r.part("customer")
	p.text(dispute.FactCustomerName, "name", v.Name)
	p.text(dispute.FactCustomerEmail, "email", v.Email)
	p.text(dispute.FactCustomerPhone, "phone", v.Phone)
	p.ident(dispute.FactAccountID, "account_id", v.AccountID)
	since := p.at(dispute.FactCustomerSince, "since", v.Since)
	p.text(dispute.FactBillingAddress, "billing_address", v.BillingAddress)
	if v.OrdersCount > 0 {
		p.set(dispute.FactOrdersCount, strconv.Itoa(v.OrdersCount))
	}
	p.keep(dispute.Item{ID: "customer", Kind: dispute.ItemCustomer, Title: "Customer account", At: since})
}

// buyer is what was taken down of the buyer at the time of one sale.
type buyer struct {
	PurchaseIP        string    `json:"purchase_ip"`
	DeviceID          string    `json:"device_id"`
	DeviceFingerprint string    `json:"device_fingerprint"`
	AccountID         string    `json:"account_id"`
	Email             string    `json:"email"`
	OrderID           string    `json:"order_id"`
	OrderName         string    `json:"order_name"`
	Products          string    `json:"products"`
	Shipping          *shipping `json:"shipping"`
}

type shipping struct {
	Line1      string `json:"line1"`
	Line2      string `json:"line2"`
	City       string `json:"city"`
	State      string `json:"state"`
	PostalCode string `json:"postal_code"`
	Country    string `json:"country"`
}

func (p *part) buyer(v buyer) {
	p.set(dispute.FactPurchaseIP, p.ip("purchase_ip", v.PurchaseIP))
	p.ident(dispute.FactDeviceID, "device_id", v.DeviceID)
	p.ident(dispute.FactDeviceFingerprint, "device_fingerprint", v.DeviceFingerprint)
	p.ident(dispute.FactAccountID, "account_id", v.AccountID)
	p.text(dispute.FactCustomerEmail, "email", v.Email)
	p.ident(dispute.FactOrderID, "order_id", v.OrderID)
	p.ident(dispute.FactOrderName, "order_name", v.OrderName)
	p.text(dispute.FactProducts, "products", v.Products)
	if v.Shipping != nil {
		p.shipping(*v.Shipping)
	}
}

func (p *part) shipping(v shipping) {
	if v.Country != "" && (len(v.Country) != 2 || strings.Trim(v.Country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "") {
		p.fault("shipping.country", "want two capital letters (ISO 3166-1), as in US")
	}
	p.text(dispute.FactShippingLine1, "shipping.line1", v.Line1)
	p.text(dispute.FactShippingLine2, "shipping.line2", v.Line2)
	p.text(dispute.FactShippingCity, "shipping.city", v.City)
	p.text(dispute.FactShippingState, "shipping.state", v.State)
	p.text(dispute.FactShippingPostalCode, "shipping.postal_code", v.PostalCode)
	p.text(dispute.FactShippingCountry, "shipping.country", v.Country)
	parts := []string{v.Line1, v.Line2, v.City, strings.TrimSpace(v.State + " " + v.PostalCode), v.Country}
	line := strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
	p.text(dispute.FactShippingAddress, "shipping", line)
}

func (r *reader) sale(raw json.RawMessage) {
	v, ok := read[struct {
		buyer
		OrderedAt    string `json:"ordered_at"`
		Sold         string `json:"sold"`
		Subscription string `json:"subscription_id"`
		Invoice      string `json:"invoice_id"`
		CanceledAt   string `json:"canceled_at"`
	}](r, "sale", raw)
	if !ok {
		return
	}
	p := r.part("sale")
	p.buyer(v.buyer)
	at := p.at(dispute.FactOrderedAt, "ordered_at", v.OrderedAt)
	p.oneOf("sold", v.Sold, "merchandise", "services")
	p.set(dispute.FactSold, v.Sold)
	p.ident(dispute.FactSubscriptionID, "subscription_id", v.Subscription)
	p.ident(dispute.FactInvoiceID, "invoice_id", v.Invoice)
	p.at("canceled_at", "canceled_at", v.CanceledAt)
	p.keep(dispute.Item{ID: "sale", Kind: dispute.ItemOrder, Title: "Sale as the merchant's own system took it down", At: at})
}

// earlierSale is a sale before the disputed one. Its item has the provider's id
// of the payment, under which the provider's own record is known too.
func (r *reader) earlierSale(path string, raw json.RawMessage) {
	v, ok := read[struct {
		buyer
		Payment         string `json:"payment"`
		At              string `json:"at"`
		Amount          string `json:"amount"`
		CardFingerprint string `json:"card_fingerprint"`
		Disputed        *bool  `json:"disputed"`
		FraudReported   *bool  `json:"fraud_reported"`
	}](r, path, raw)
	if !ok {
		return
	}
	p := r.part(path)
	p.buyer(v.buyer)
	id := p.id("payment", v.Payment)
	p.need("payment", id != "")
	at := p.at(dispute.FactPaidAt, "at", v.At)
	p.need("at", v.At != "")
	p.amount(dispute.FactAmount, "amount", v.Amount)
	p.ident(dispute.FactCardFingerprint, "card_fingerprint", v.CardFingerprint)
	p.flag(dispute.FactDisputed, v.Disputed)
	p.flag(dispute.FactFraudReported, v.FraudReported)
	if id != "" && id == r.c.View.Snapshot.Payment {
		p.fault("payment", "is the disputed payment")
	}
	if pay := r.c.Payment; pay != nil && !pay.At.IsZero() && !at.IsZero() && !at.Before(pay.At) {
		p.fault("at", "is not before the disputed payment")
	}
	p.keep(dispute.Item{ID: "charge:" + id, Kind: dispute.ItemPriorPayment, Title: "Earlier sale " + id, At: at})
}

func (r *reader) terms(raw json.RawMessage) {
	v, ok := read[struct {
		AcceptedAt         string `json:"accepted_at"`
		IP                 string `json:"ip"`
		Text               string `json:"text"`
		RefundPolicy       string `json:"refund_policy"`
		CancellationPolicy string `json:"cancellation_policy"`
	}](r, "terms", raw)
	if !ok {
		return
	}
	p := r.part("terms")
	at := p.at(dispute.FactTermsAcceptedAt, "accepted_at", v.AcceptedAt)
	p.set("accepted_from_ip", p.ip("ip", v.IP))
	p.text(dispute.FactText, "text", v.Text)
	p.text(dispute.FactRefundPolicy, "refund_policy", v.RefundPolicy)
	p.text(dispute.FactCancelPolicy, "cancellation_policy", v.CancellationPolicy)
	p.keep(dispute.Item{ID: "terms", Kind: dispute.ItemDocument, Title: "Terms that the customer accepted", At: at})
}

// usage makes one item of the whole log, oldest line first.
func (r *reader) usage(raw json.RawMessage) {
	type line struct {
		at         time.Time
		ip, action string
	}
	var lines []line
	for i, raw := range r.list("usage", raw, maxUsage) {
		path := fmt.Sprintf("usage[%d]", i)
		v, ok := read[struct {
			At     string `json:"at"`
			IP     string `json:"ip"`
			Action string `json:"action"`
		}](r, path, raw)
		if !ok {
			continue
		}
		p := r.part(path)
		l := line{p.time("at", v.At), p.ip("ip", v.IP), strings.Join(strings.Fields(p.words("action", v.Action)), " ")}
		p.need("at", v.At != "")
		p.need("action", l.action != "" || p.spoiled)
		if !p.spoiled {
			lines = append(lines, l)
		}
	}
	if len(lines) == 0 {
		return
	}
	slices.SortStableFunc(lines, func(a, b line) int { return a.at.Compare(b.at) })
	p := r.part("usage")
	var text []string
	var log []dispute.LogEntry
	for _, l := range lines {
		text = append(text, strings.Join(strings.Fields(l.at.Format(time.RFC3339)+" "+l.ip+" "+l.action), " "))
		what := l.action
		if l.ip != "" {
			what += " from " + l.ip
		}
		log = append(log, dispute.LogEntry{At: l.at, What: what})
	}
	p.set(dispute.FactAccessLog, strings.Join(text, "\n"))
	p.keep(dispute.Item{ID: "usage", Kind: dispute.ItemAccess, Title: "Log-ins and use", At: lines[0].at, Log: log})
}
