// Package webhooks is the front door for providers: it verifies what they
// post, keeps it, and answers. It needs PostgreSQL and nothing else; the relay
// carries notices on to their workflows.
package webhooks

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/internal/telemetry"
	"github.com/rebuttal-hq/rebuttal/store"
)

// maxBody is the largest webhook taken.
const maxBody = 1 << 20

// Inbox keeps notices; an answer without error means they are durable.
type Inbox interface {
	Save(ctx context.Context, notices ...store.NewNotice) ([]store.Saved, error)
}

// Door takes webhooks in.
type Door struct {
	set      *integrations.Set
	inbox    Inbox
	now      func() time.Time
	log      *slog.Logger
	received *prometheus.CounterVec
}

// New makes a door that counts, by connection and outcome, what it receives. A
// provider's connection is counted from zero, so that its silence shows.
func New(set *integrations.Set, inbox Inbox, now func() time.Time, log *slog.Logger, received *prometheus.CounterVec) *Door {
	for _, name := range set.Names() {
		if _, err := integrations.As[integrations.Intake](set, name); err == nil {
			received.WithLabelValues(name, stored.outcome)
		}
	}
	return &Door{set: set, inbox: inbox, now: now, log: log, received: received}
}

// answer is a status with the word that counts it and the sentence that
// explains it.
type answer struct {
	status  int
	outcome string
	text    string
}

var (
	stored      = answer{http.StatusOK, "stored", "stored"}
	clicked     = answer{http.StatusOK, "clicked", "stored"} // a person's click, not a provider's notice
	unknown     = answer{http.StatusNotFound, "unknown_connection", "no connection of this name takes webhooks"}
	forged      = answer{http.StatusUnauthorized, "bad_signature", "the signature does not fit the body and our secrets"}
	malformed   = answer{http.StatusBadRequest, "malformed", "the body is not this vendor's format; it was kept for a person to see"}
	tooLarge    = answer{http.StatusRequestEntityTooLarge, "too_large", "the body is larger than 1 MiB"}
	broken      = answer{http.StatusBadRequest, "broken", "the body could not be read"}
	unjudged    = answer{http.StatusServiceUnavailable, "not_verified", "the signature cannot be verified now; send it again"}
	unavailable = answer{http.StatusServiceUnavailable, "not_stored", "it could not be stored; send it again"}
)

// Handle answers POST /webhooks/:connection.
func (d *Door) Handle(c *gin.Context) {
	name := c.Param("connection")
	a := d.take(c.Request.Context(), name, c.Writer, c.Request)
	label := name
	if a == unknown {
		label = "unknown" // a stranger must not make new series
	}
	d.received.WithLabelValues(label, a.outcome).Inc()
	if a.status != http.StatusOK {
		d.log.WarnContext(c.Request.Context(), "webhook refused", telemetry.KeyConnection, label, "outcome", a.outcome)
	}
	c.JSON(a.status, gin.H{"status": a.status, "detail": a.text})
}

// Challenge answers GET /webhooks/:connection, for providers that ask before they
// post.
func (d *Door) Challenge(c *gin.Context) {
	a, err := integrations.As[integrations.Challenger](d.set, c.Param("connection"))
	if err != nil {
		c.JSON(http.StatusMethodNotAllowed, gin.H{"status": http.StatusMethodNotAllowed, "detail": "webhooks are posted here"})
		return
	}
	text, err := a.Answer(c.Request.URL.Query())
	if err != nil {
		c.JSON(http.StatusBadRequest, gin.H{"status": http.StatusBadRequest, "detail": "this is not the provider's question"})
		return
	}
	c.String(http.StatusOK, text)
}

func (d *Door) take(ctx context.Context, name string, w http.ResponseWriter, r *http.Request) answer {
	adapter, ok := d.set.Adapter(name)
	if !ok {
		return unknown
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return tooLarge
	}
	if err != nil {
		return broken
	}
	r.Header.Set(integrations.TokenHeader, r.URL.Query().Get("token"))
	m := message{connection: name, header: r.Header, body: body, at: d.now(), trace: telemetry.TraceParent(ctx)}
	switch a := adapter.(type) {
	case integrations.Intake:
		return d.notices(ctx, a, m)
	case integrations.Interactive:
		return d.clicks(ctx, a, m)
	default:
		return unknown
	}
}

// message is one posted body.
type message struct {
	connection string
	header     http.Header
	body       []byte
	at         time.Time
	trace      string
}

func (d *Door) notices(ctx context.Context, a integrations.Intake, m message) answer {
	if err := a.Verify(m.header, m.body, m.at); err != nil {
		return refused(err)
	}
	parsed, err := a.Parse(m.body)
	if err != nil {
		return d.unreadable(ctx, m)
	}
	rows := make([]store.NewNotice, 0, len(parsed))
	for _, n := range parsed {
		n.Connection = m.connection
		if n.OccurredAt.IsZero() || n.OccurredAt.After(m.at) {
			n.OccurredAt = m.at // nothing told later would count against a time to come
		}
		row, err := store.FromNotice(n)
		if err != nil {
			return d.unreadable(ctx, m)
		}
		if n.Ref().ID == "" {
			row.State = store.NoticeStored // about no dispute: kept and shown
		}
		rows = append(rows, m.fill(row))
	}
	return d.save(ctx, stored, rows...)
}

func (d *Door) clicks(ctx context.Context, a integrations.Interactive, m message) answer {
	if err := a.Verify(m.header, m.body, m.at); err != nil {
		return refused(err)
	}
	clicks, err := a.Clicks(m.body)
	if err != nil {
		return d.unreadable(ctx, m)
	}
	rows := make([]store.NewNotice, 0, len(clicks))
	for _, c := range clicks {
		parsed, err := json.Marshal(c)
		if err != nil {
			return d.unreadable(ctx, m)
		}
		rows = append(rows, m.fill(store.NewNotice{
			Connection: m.connection, EventID: c.ID, Kind: store.KindClick, RawKind: string(c.Kind),
			OccurredAt: m.at, Parsed: parsed, State: store.NoticePending,
		}))
	}
	return d.save(ctx, clicked, rows...)
}

// refused tells a signature that is wrong from one that cannot be judged now, as
// when the provider's certificate does not come: it is sent again.
func refused(err error) answer {
	if kind := dispute.KindOf(err); kind == dispute.Transient || kind == dispute.RateLimited {
		return unjudged
	}
	return forged
}

// unreadable keeps a body that its sender signed and nobody here understands.
func (d *Door) unreadable(ctx context.Context, m message) answer {
	sum := sha256.Sum256(m.body)
	return d.save(ctx, malformed, m.fill(store.NewNotice{
		Connection: m.connection, EventID: "unreadable/" + hex.EncodeToString(sum[:]), Kind: string(dispute.NoticeUnknown),
		RawKind: "unreadable", OccurredAt: m.at, State: store.NoticeUnreadable,
	}))
}

func (m message) fill(n store.NewNotice) store.NewNotice {
	n.Body, n.ReceivedAt, n.ContentType, n.TraceParent = m.body, m.at, m.header.Get("Content-Type"), m.trace
	return n
}

func (d *Door) save(ctx context.Context, done answer, rows ...store.NewNotice) answer {
	if len(rows) == 0 {
		return done
	}
	if _, err := d.inbox.Save(ctx, rows...); err != nil {
		d.log.ErrorContext(ctx, "webhook not stored", telemetry.KeyConnection, rows[0].Connection, telemetry.KeyError, err)
		return unavailable
	}
	return done
}
