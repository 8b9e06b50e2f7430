// Package clearhaus stands in for Clearhaus's Merchant API: HAL from a root,
// OAuth2 client credentials, lists with the Dispute Query Language, files behind
// pre-signed links, comments and stamps. It posts nothing, as Clearhaus does not.
package clearhaus

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// Options bend the stand-in. The zero value is good.
type Options struct {
	ClientID, ClientSecret string // which client gets tokens; empty takes any
	// Prefix is put before every path, which a client that follows links does not
	// notice.
	Prefix string
	// PerPage is the most that a page holds; 20 when zero.
	PerPage int
	// Silent makes stamps answer 204 without a body.
	Silent bool
}

// Dispute is one of the stand-in's disputes. Dates are days.
type Dispute struct {
	ID, Reference       string
	Amount              int64
	Currency            string
	Opened, Due, Expiry time.Time
	Status              string // open, under_review, refuted, won, lost
	ReasonCode, Reason  string
	Type                string // retrieval_request, 1st_chargeback, 2nd_chargeback
	Order               world.Order
	NoStamps            bool     // open, and nothing can be done
	Stamps              []string // that were set, in order
	Files               []string // ids, in order
	Comments            []Comment
}

// File is one file with its content; Uploads counts how often it was sent.
type File struct {
	ID, Dispute, Label, Name, ContentType string
	Size                                  int64
	Content                               []byte
	Uploads                               int
}

// Comment is what the merchant and Clearhaus say to each other.
type Comment struct {
	ID, Body string
	At       time.Time
}

// Clearhaus is the stand-in. It is safe for concurrent use.
type Clearhaus struct {
	world *world.World
	opts  Options
	mux   *http.ServeMux

	mu       sync.Mutex
	order    []string // dispute ids, oldest first
	disputes map[string]*Dispute
	files    map[string]*File
	signed   map[string]string // upload signature to file id
	tokens   map[string]time.Time
	requests []string // method and path of every request to the API
}

// New makes a stand-in of the world's shop, without disputes.
func New(w *world.World, opts Options) *Clearhaus {
	if opts.PerPage == 0 {
		opts.PerPage = 20
	}
	c := &Clearhaus{
		world: w, opts: opts, mux: http.NewServeMux(),
		disputes: map[string]*Dispute{}, files: map[string]*File{}, signed: map[string]string{}, tokens: map[string]time.Time{},
	}
	c.routes()
	return c
}

// ServeHTTP implements http.Handler.
func (c *Clearhaus) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.requests = append(c.requests, r.Method+" "+r.URL.RequestURI())
	c.mu.Unlock()
	c.mux.ServeHTTP(w, r)
}

// DisputeOptions bend a dispute; empty fields get usual values.
type DisputeOptions struct {
	ID         string // default a new one
	Reason     string // default fraud
	ReasonCode string // default 4837
	Type       string // default 1st_chargeback
	Opened     time.Time
	NoStamps   bool
}

// Open opens a dispute of an order and returns its id.
func (c *Clearhaus) Open(o world.Order, opts DisputeOptions) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := &Dispute{
		ID: either(opts.ID, newID()), Reference: "76305919047987300424222", Amount: o.Total, Currency: o.Currency, Status: "open",
		ReasonCode: either(opts.ReasonCode, "4837"), Reason: either(opts.Reason, "fraud"), Type: either(opts.Type, "1st_chargeback"),
		Order: o, NoStamps: opts.NoStamps, Opened: opts.Opened,
	}
	if d.Opened.IsZero() {
		d.Opened = c.world.Now()
	}
	d.Due, d.Expiry = d.Opened.Add(14*24*time.Hour), d.Opened.Add(42*24*time.Hour)
	c.disputes[d.ID] = d
	c.order = append(c.order, d.ID)
	return d.ID
}

// Set changes a dispute: to under_review, back to open, won, lost.
func (c *Clearhaus) Set(id, status string) { c.Change(id, func(d *Dispute) { d.Status = status }) }

// Escalate makes a dispute the bank's second chargeback, open again.
func (c *Clearhaus) Escalate(id string) {
	c.Change(id, func(d *Dispute) { d.Type, d.Status, d.Due = "2nd_chargeback", "open", d.Due.Add(30*24*time.Hour) })
}

// Change does what it likes with a dispute.
func (c *Clearhaus) Change(id string, change func(*Dispute)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d, ok := c.disputes[id]; ok {
		change(d)
	}
}

// Say adds a comment of Clearhaus to a dispute.
func (c *Clearhaus) Say(id, text string) {
	c.Change(id, func(d *Dispute) { d.Comments = append(d.Comments, Comment{ID: newID(), Body: text, At: c.world.Now()}) })
}

// BankFile puts a paper of the cardholder's bank on a dispute.
func (c *Clearhaus) BankFile(id, label, contentType string, content []byte) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := &File{ID: newID(), Dispute: id, Label: label, Name: label, ContentType: contentType, Size: int64(len(content)), Content: content, Uploads: 1}
	c.files[f.ID] = f
	d := c.disputes[id]
	d.Files = append(d.Files, f.ID)
	return f.ID
}

// Dispute is a copy of a dispute.
func (c *Clearhaus) Dispute(id string) (Dispute, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d, ok := c.disputes[id]
	if !ok {
		return Dispute{}, false
	}
	out := *d
	out.Stamps, out.Files, out.Comments = slices.Clone(d.Stamps), slices.Clone(d.Files), slices.Clone(d.Comments)
	return out, true
}

// File is a copy of a file.
func (c *Clearhaus) File(id string) (File, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, ok := c.files[id]
	if !ok {
		return File{}, false
	}
	return *f, true
}

// Requests are the method and path of every request so far.
func (c *Clearhaus) Requests() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.requests)
}

// ExpireTokens makes every access token worthless.
func (c *Clearhaus) ExpireTokens() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.tokens)
}

// ExpireLinks makes every link to upload to worthless.
func (c *Clearhaus) ExpireLinks() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.signed)
}

func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func either(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}
