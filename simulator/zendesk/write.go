package zendesk

import (
	"crypto/sha256"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"time"
)

var (
	statuses   = []string{"new", "open", "pending", "hold", "solved", "closed"}
	priorities = []string{"urgent", "high", "normal", "low"}
)

// input is what a create or an update may say; a field left out is nil.
type input struct {
	ExternalID *string   `json:"external_id"`
	Subject    *string   `json:"subject"`
	Priority   *string   `json:"priority"`
	Status     *string   `json:"status"`
	Tags       *[]string `json:"tags"`
	Comment    *struct {
		Body   string `json:"body"`
		Public *bool  `json:"public"` // public unless said otherwise
	} `json:"comment"`
	Metadata map[string]any `json:"metadata"`
}

func parse(body []byte) (input, bool) {
	var wrapped struct {
		Ticket *input `json:"ticket"`
	}
	if json.Unmarshal(body, &wrapped) != nil || wrapped.Ticket == nil {
		return input{}, false
	}
	return *wrapped.Ticket, true
}

// wrong names the fields that Zendesk would refuse.
func (in input) wrong() []string {
	var fields []string
	if in.Status != nil && !slices.Contains(statuses, *in.Status) {
		fields = append(fields, "status")
	}
	if in.Priority != nil && !slices.Contains(priorities, *in.Priority) {
		fields = append(fields, "priority")
	}
	if in.Comment != nil && in.Comment.Body == "" {
		fields = append(fields, "comment")
	}
	return fields
}

// create makes a ticket once per Idempotency-Key. The answer says in
// x-idempotency-lookup whether the key was known.
func (z *Zendesk) create(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		refuse(w, http.StatusBadRequest, "InvalidBody")
		return
	}
	key, sum := r.Header.Get("Idempotency-Key"), sha256.Sum256(body)
	if len(key) > 255 {
		refuse(w, http.StatusBadRequest, "IdempotentRequestError")
		return
	}
	if earlier, known := z.created[key]; known && key != "" {
		if earlier.body != sum {
			refuse(w, http.StatusBadRequest, "IdempotentRequestError")
			return
		}
		w.Header().Set("x-idempotency-lookup", "hit")
		writeJSON(w, http.StatusCreated, earlier.answer)
		return
	}
	in, ok := parse(body)
	if !ok {
		refuse(w, http.StatusBadRequest, "InvalidBody")
		return
	}
	wrong := in.wrong()
	if in.Comment == nil {
		wrong = append(wrong, "comment")
	}
	if len(wrong) > 0 {
		refuse(w, http.StatusUnprocessableEntity, "RecordInvalid", wrong...)
		return
	}
	t := &record{Ticket: Ticket{ID: z.nextID, Status: "open"}, createdAt: time.Now().UTC()}
	z.nextID++
	t.apply(in)
	z.tickets = append(z.tickets, t)
	answer := map[string]any{"ticket": t.json()}
	if key != "" {
		z.created[key] = creation{body: sum, answer: answer}
		w.Header().Set("x-idempotency-lookup", "miss")
	}
	w.Header().Set("Location", answer["ticket"].(map[string]any)["url"].(string))
	writeJSON(w, http.StatusCreated, answer)
}

func (z *Zendesk) update(w http.ResponseWriter, r *http.Request, t *record) {
	body, err := io.ReadAll(r.Body)
	in, ok := parse(body)
	if err != nil || !ok {
		refuse(w, http.StatusBadRequest, "InvalidBody")
		return
	}
	wrong := in.wrong()
	if t.Status == "closed" {
		wrong = append(wrong, "status") // a closed ticket takes no update
	}
	if len(wrong) > 0 {
		refuse(w, http.StatusUnprocessableEntity, "RecordInvalid", wrong...)
		return
	}
	audit := t.apply(in)
	writeJSON(w, http.StatusOK, map[string]any{"ticket": t.json(), "audit": audit})
}

// apply changes the ticket and keeps the audit of it.
func (t *record) apply(in input) map[string]any {
	kind := "Change"
	if len(t.audits) == 0 {
		kind = "Create"
	}
	events := []map[string]any{}
	set := func(field string, to *string, value *string) {
		if value != nil {
			*to = *value
			events = append(events, map[string]any{"type": kind, "field_name": field, "value": *value})
		}
	}
	set("external_id", &t.ExternalID, in.ExternalID)
	set("subject", &t.Subject, in.Subject)
	set("priority", &t.Priority, in.Priority)
	set("status", &t.Status, in.Status)
	if in.Tags != nil {
		t.Tags = slices.Clone(*in.Tags)
	}
	if in.Comment != nil {
		c := Comment{Body: in.Comment.Body, Public: in.Comment.Public == nil || *in.Comment.Public}
		t.Comments = append(t.Comments, c)
		events = append(events, map[string]any{"type": "Comment", "body": c.Body, "public": c.Public})
	}
	id := t.ID*1000 + int64(len(t.audits))
	for i, e := range events {
		e["id"] = id*100 + int64(i)
	}
	t.updatedAt = time.Now().UTC()
	audit := map[string]any{
		"id": id, "ticket_id": t.ID, "author_id": agentID, "created_at": t.updatedAt.Format(time.RFC3339),
		"events": events, "via": map[string]any{"channel": "api"},
		"metadata": map[string]any{"system": map[string]any{"client": "stand-in"}, "custom": custom(in.Metadata)},
	}
	t.audits = append(t.audits, audit)
	return audit
}

func custom(metadata map[string]any) map[string]any {
	if metadata == nil {
		return map[string]any{}
	}
	return metadata
}
