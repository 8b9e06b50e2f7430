package clearhaus

import (
	"net/http"
	"net/url"
	"strconv"
	"time"
)

var curies = []object{{"href": "https://developer.clearhaus.com/rels/{rel}", "templated": true, "name": "ch"}}

func href(address string) object { return object{"href": address} }

// base is the address by which the client reached us.
func (c *Clearhaus) base(r *http.Request) string { return "http://" + r.Host }

func (c *Clearhaus) at(r *http.Request, path string) string { return c.base(r) + c.opts.Prefix + path }

func (c *Clearhaus) render(r *http.Request, d *Dispute) object {
	self := c.at(r, "/disputes/"+d.ID)
	links := object{
		"self":           href(self),
		"ch:transaction": href(c.at(r, "/transactions/"+d.transaction())),
		"ch:account":     href(c.at(r, "/accounts/f72e20a6-31dc-4c24-9314-4bcc5b8820d4")),
		"ch:files":       object{"href": self + "/files{?page,per_page}", "templated": true},
		"ch:comments":    object{"href": self + "/comments{?page,per_page}", "templated": true},
		"curies":         curies,
	}
	if d.stampable() {
		links["ch:stamps"] = []object{
			{"href": self + "/stamps/refuted", "name": "refuted"},
			{"href": self + "/stamps/accepted", "name": "accepted"},
		}
	}
	return object{
		"id": d.ID, "reference": d.Reference, "amount": d.Amount, "currency": d.Currency, "partial": d.Amount < d.Order.Total,
		"opened_at": d.Opened.UTC().Format(time.DateOnly), "due_at": d.Due.UTC().Format(time.DateOnly),
		"expires_at": d.Expiry.UTC().Format(time.DateOnly), "status": d.Status, "reason_code": d.ReasonCode, "reason": d.Reason,
		"type": d.Type, "_links": links,
	}
}

// transaction is the id that Clearhaus gives the order's payment.
func (d *Dispute) transaction() string { return "tx-" + strconv.Itoa(d.Order.Number) }

// transaction shows the payment of a disputed order.
func (c *Clearhaus) transaction(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range c.disputes {
		if d.transaction() == r.PathValue("id") {
			answer(w, http.StatusOK, c.renderTransaction(r, d))
			return
		}
	}
	refuse(w, http.StatusNotFound)
}

func (c *Clearhaus) renderTransaction(r *http.Request, d *Dispute) object {
	o := d.Order
	return object{
		"id": d.transaction(), "arn": d.Reference, "type": "capture", "processed_at": o.PaidAt.UTC().Format(time.RFC3339),
		"amount": o.Total, "currency": o.Currency, "text_on_statement": "shop.example", "reference": o.Name(),
		"threed_secure": "full", "recurring": false, "status": object{"code": 20000, "message": "Approved"},
		"3dsecure": object{"status": "Y", "version": "2.2.0"},
		"card":     object{"scheme": o.CardBrand, "last4": o.CardLast4, "country": "DK"},
		"_links":   object{"self": href(c.at(r, "/transactions/"+d.transaction())), "curies": curies},
	}
}

// renderFile shows a file. Every look signs a fresh link to upload to.
func (c *Clearhaus) renderFile(r *http.Request, f *File) object {
	signature := newID()
	c.signed[signature] = f.ID
	self := c.at(r, "/files/"+f.ID)
	return object{
		"label": f.Label, "name": f.Name, "content_type": f.ContentType, "size": f.Size,
		"_links": object{
			"self":        href(self),
			"ch:dispute":  href(c.at(r, "/disputes/"+f.Dispute)),
			"ch:comments": object{"href": self + "/comments{?page,per_page}", "templated": true},
			"ch:data": []object{
				{"href": c.base(r) + storageRoot + f.ID + "?Expires=1469819943&Signature=" + signature, "name": "upload"},
				{"href": self + "/content", "name": "download"},
			},
			"curies": curies,
		},
	}
}

func (c *Clearhaus) renderComment(r *http.Request, d *Dispute, comment Comment) object {
	return object{
		"id": comment.ID, "body": comment.Body, "tags": []string{}, "created_at": comment.At.UTC().Format(time.RFC3339Nano),
		"_links": object{
			"self": href(c.at(r, "/comments/"+comment.ID)), "ch:dispute": href(c.at(r, "/disputes/"+d.ID)), "curies": curies,
		},
		"_embedded": object{"author": object{"name": "Mia M. Lassen", "email": "MiaMLassen@example.com"}},
	}
}

// page answers one page of a collection.
func (c *Clearhaus) page(w http.ResponseWriter, r *http.Request, rel string, all []any) {
	size := min(number(r, "per_page", c.opts.PerPage), c.opts.PerPage)
	page := number(r, "page", 1)
	from := min((page-1)*size, len(all))
	to := min(from+size, len(all))
	links := object{"self": href(c.base(r) + r.URL.RequestURI()), "curies": curies}
	if to < len(all) {
		q := url.Values{}
		for k, v := range r.URL.Query() {
			q[k] = v
		}
		q.Set("page", strconv.Itoa(page+1))
		links["next"] = href(c.base(r) + r.URL.Path + "?" + q.Encode())
	}
	shown := append([]any{}, all[from:to]...)
	answer(w, http.StatusOK, object{
		"count": len(all), "page": page, "per_page": size, "_links": links, "_embedded": object{rel: shown},
	})
}
