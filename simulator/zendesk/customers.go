package zendesk

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// firstConversation is before the ids of the tickets that customers requested;
// an order's number follows.
const firstConversation = 70000

// conversation is a ticket that a customer requested: a question after a sale,
// a remark among staff, and the answer.
type conversation struct {
	id       int64
	sale     world.Order
	subject  string
	at       time.Time
	comments []said
}

// said is one comment of a conversation.
type said struct {
	author int64
	text   string
	public bool
	at     time.Time
	photo  bool
}

// conversations are those of all sales whose customers are not silent, oldest
// first. Only a customer who got the goods sends a photo of them.
func (z *Zendesk) conversations() []conversation {
	var out []conversation
	day := z.world.Day()
	for _, o := range z.world.Orders() {
		if len(o.Messages) == 0 {
			continue
		}
		at, product := o.PaidAt.Add(6*day), o.Lines[0].Title
		question := fmt.Sprintf("Hello, a question about my order #%d: how do I look after the %s?", o.Number, strings.ToLower(product))
		got := !o.Shipment.DeliveredAt.IsZero()
		if got {
			question += " Here is a photo of it, so that you see which one I have."
		}
		out = append(out, conversation{
			id: firstConversation + int64(o.Number), sale: o, at: at, subject: fmt.Sprintf("Care of my %s, order #%d", strings.ToLower(product), o.Number),
			comments: []said{
				{o.Customer.ShopifyID, question, true, at, got},
				{agentID, "Asked the product team.", false, at.Add(day / 8), false},
				{agentID, "Thank you for the question. A soft, dry cloth is enough; no cleaner, please.", true, at.Add(day / 4), false},
			},
		})
	}
	slices.SortStableFunc(out, func(a, b conversation) int { return a.at.Compare(b.at) })
	return out
}

func user(c world.Customer) map[string]any {
	return map[string]any{"id": c.ShopifyID, "name": c.Name, "email": c.Email, "role": "end-user", "active": true, "created_at": c.Since.Format(time.RFC3339)}
}

// searchUsers knows the query email:"…" and a plain address.
func (z *Zendesk) searchUsers(w http.ResponseWriter, r *http.Request) {
	email := strings.Trim(strings.TrimPrefix(r.URL.Query().Get("query"), "email:"), `"`)
	shown := []map[string]any{}
	for _, c := range z.world.Customers() {
		if strings.EqualFold(c.Email, email) {
			shown = append(shown, user(c))
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{"users": shown, "count": len(shown), "next_page": nil, "previous_page": nil})
}

// search knows tickets by the id of their requester and by when they were made.
func (z *Zendesk) search(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	size, err := strconv.Atoi(q.Get("per_page"))
	if err != nil || size < 1 || size > 100 {
		size = 100
	}
	requester, since := "", time.Time{}
	for _, term := range strings.Fields(q.Get("query")) {
		switch {
		case strings.HasPrefix(term, "requester:"):
			requester = strings.TrimPrefix(term, "requester:")
		case strings.HasPrefix(term, "created>="):
			if since, err = time.Parse(time.RFC3339, strings.TrimPrefix(term, "created>=")); err != nil {
				refuse(w, http.StatusUnprocessableEntity, "invalid")
				return
			}
		case term != "type:ticket":
			refuse(w, http.StatusUnprocessableEntity, "invalid")
			return
		}
	}
	found := z.found(requester, since)
	writeJSON(w, http.StatusOK, map[string]any{
		"results": found[:min(size, len(found))], "count": len(found), "facets": nil, "next_page": nil, "previous_page": nil,
	})
}

func (z *Zendesk) found(requester string, since time.Time) []map[string]any {
	shown := []map[string]any{}
	for _, c := range z.conversations() {
		if strconv.FormatInt(c.sale.Customer.ShopifyID, 10) == requester && !c.at.Before(since) {
			shown = append(shown, c.json())
		}
	}
	for _, t := range z.tickets {
		if requester == strconv.Itoa(agentID) && !t.createdAt.Before(since) {
			shown = append(shown, t.json())
		}
	}
	return shown
}

func (c conversation) json() map[string]any {
	return map[string]any{
		"id": c.id, "result_type": "ticket", "subject": c.subject, "raw_subject": c.subject, "description": c.comments[0].text,
		"url":    "https://rebuttal.zendesk.example/api/v2/tickets/" + strconv.FormatInt(c.id, 10) + ".json",
		"status": "solved", "tags": []string{}, "is_public": true, "requester_id": c.sale.Customer.ShopifyID, "submitter_id": c.sale.Customer.ShopifyID,
		"created_at": c.at.UTC().Format(time.RFC3339), "updated_at": c.at.UTC().Format(time.RFC3339), "external_id": nil,
	}
}

// showConversation lists a conversation's comments, with their authors where
// they are asked for.
func (z *Zendesk) showConversation(w http.ResponseWriter, r *http.Request, c conversation) {
	shown := []map[string]any{}
	for i, s := range c.comments {
		id := c.id*1000 + int64(i)
		files := []map[string]any{}
		if s.photo {
			files = append(files, photo(r, c))
		}
		shown = append(shown, map[string]any{
			"id": id, "type": "Comment", "author_id": s.author, "body": s.text, "plain_body": s.text, "public": s.public,
			"created_at": s.at.UTC().Format(time.RFC3339), "attachments": files, "via": map[string]any{"channel": "email"},
		})
	}
	answer := map[string]any{"comments": shown, "meta": map[string]any{"has_more": false, "after_cursor": nil}}
	if r.URL.Query().Get("include") == "users" {
		answer["users"] = []map[string]any{user(c.sale.Customer), z.agent()}
	}
	writeJSON(w, http.StatusOK, answer)
}

// photo is what the API tells of the file. Its address is on this host, below
// what leads to the API.
func photo(r *http.Request, c conversation) map[string]any {
	root, _, _ := strings.Cut(r.RequestURI, "/api/v2/")
	return map[string]any{
		"id": c.id * 10, "file_name": "photo.png", "content_type": "image/png", "size": len(picture(c.sale.Number)), "inline": false, "deleted": false,
		"content_url": fmt.Sprintf("http://%s%s/attachments/token/%d/?name=photo.png", r.Host, root, c.sale.Number), "thumbnails": []any{},
		"malware_scan_result": "malware_not_found",
	}
}

func (z *Zendesk) attachment(w http.ResponseWriter, r *http.Request) {
	number, err := strconv.Atoi(r.PathValue("token"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	_, _ = w.Write(picture(number))
}

// picture is a little photo, another for each order.
func picture(number int) []byte {
	img := image.NewRGBA(image.Rect(0, 0, 96, 64))
	for y := range 64 {
		for x := range 96 {
			img.SetRGBA(x, y, color.RGBA{uint8(60 + x), uint8(90 + y), uint8(number % 256), 255}) // #nosec G115 -- small by the bounds
		}
	}
	var b bytes.Buffer
	_ = png.Encode(&b, img) // a buffer takes everything
	return b.Bytes()
}
