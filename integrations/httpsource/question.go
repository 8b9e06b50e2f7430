package httpsource

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// SignatureHeader carries when a request was signed, a number used once, and a
// signature by each secret: t=1767225600,n=5f2c…,v1=…,v1=….
const SignatureHeader = "Rebuttal-Signature"

// question is what the service is asked.
type question struct {
	Version int              `json:"version"`
	Check   bool             `json:"check,omitempty"` // nothing is asked: the answer is empty
	Case    string           `json:"case,omitempty"`
	Dispute *questionDispute `json:"dispute,omitempty"`
	Payment *questionPayment `json:"payment,omitempty"`
	Order   *questionOrder   `json:"order,omitempty"`
}

type questionDispute struct {
	ID          string    `json:"id"`
	Connection  string    `json:"connection"`
	Stage       string    `json:"stage,omitempty"`
	Reason      string    `json:"reason,omitempty"`
	Network     string    `json:"network,omitempty"`
	NetworkCode string    `json:"network_code,omitempty"`
	Amount      string    `json:"amount,omitempty"` // "129.00 USD"
	OpenedAt    time.Time `json:"opened_at,omitzero"`
}

type questionPayment struct {
	ID           string            `json:"id,omitempty"`
	Intent       string            `json:"intent,omitempty"`
	Amount       string            `json:"amount,omitempty"`
	At           time.Time         `json:"at,omitzero"`
	CustomerID   string            `json:"customer_id,omitempty"`
	Email        string            `json:"email,omitempty"`
	Name         string            `json:"name,omitempty"`
	Invoice      string            `json:"invoice,omitempty"`
	Subscription string            `json:"subscription,omitempty"`
	Metadata     map[string]string `json:"metadata,omitempty"`
}

type questionOrder struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

func questionOf(c dispute.Case) question {
	s := c.View.Snapshot
	q := question{
		Version: version, Case: c.ID,
		Dispute: &questionDispute{
			ID: s.ID, Connection: c.Ref.Connection, Stage: string(s.Stage), Reason: s.Reason,
			Network: s.Network, NetworkCode: s.NetworkCode, Amount: amount(s.Amount), OpenedAt: s.OpenedAt.UTC(),
		},
		Payment: &questionPayment{ID: s.Payment},
	}
	if p := c.Payment; p != nil {
		q.Payment = &questionPayment{
			ID: p.ID, Intent: p.Intent, Amount: amount(p.Amount), At: p.At.UTC(), CustomerID: p.CustomerID, Email: p.Email, Name: p.Name,
			Invoice: p.Invoice, Subscription: p.Subscription, Metadata: p.Metadata,
		}
		if p.OrderID != "" || p.OrderName != "" {
			q.Order = &questionOrder{ID: p.OrderID, Name: p.OrderName}
		}
	}
	return q
}

func amount(m dispute.Money) string {
	if m.Currency == "" {
		return ""
	}
	return m.String()
}

func (q question) body() ([]byte, error) { return json.Marshal(q) }

// sign makes the header for what is signed: the body of a POST, the path with
// its query of a GET.
func (a *adapter) sign(content []byte) string {
	nonce := make([]byte, 16)
	_, _ = rand.Read(nonce) // never fails
	return signature(a.secrets, a.now(), hex.EncodeToString(nonce), content)
}

// signature signs "time.nonce.content" with HMAC-SHA256 by each secret.
func signature(secrets []string, at time.Time, nonce string, content []byte) string {
	var b strings.Builder
	fmt.Fprintf(&b, "t=%d,n=%s", at.Unix(), nonce)
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		fmt.Fprintf(mac, "%d.%s.", at.Unix(), nonce)
		mac.Write(content)
		b.WriteString(",v1=" + hex.EncodeToString(mac.Sum(nil)))
	}
	return b.String()
}
