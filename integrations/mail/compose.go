package mail

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed" // the form of the HTML part
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"net/mail"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
)

// letter is what a mail says, in either form. It holds no personal data of the
// customer.
type letter struct {
	Subject, Headline string
	Facts             [][2]string // label and value
	URL               string
}

//go:embed letter.html
var page string

var form = template.Must(template.New("letter").Parse(page))

// messageID is the same for every attempt under a key.
func (a *adapter) messageID(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:16]) + "@" + a.domain
}

// compose makes the same mail for the same report.
func (a *adapter) compose(id string, r integrations.Report) (*gomail.Msg, error) {
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithBoundary("rebuttal-"+strings.SplitN(id, "@", 2)[0]))
	m.FromMailAddress(a.from)
	to, err := recipients(r.To)
	if err != nil {
		return nil, err
	}
	m.ToMailAddress(to...)
	l := write(r)
	m.SetMessageIDWithValue(id)
	m.SetDateWithValue(r.At.UTC())
	m.Subject(l.Subject)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office answers
	var html bytes.Buffer
	if err := form.Execute(&html, l); err != nil {
		return nil, errors.New("the HTML part cannot be written")
	}
	m.SetBodyString(gomail.TypeTextPlain, l.text())
	m.AddAlternativeString(gomail.TypeTextHTML, html.String())
	return m, nil
}

// recipients reads the addresses; the error counts the bad one and does not
// repeat it.
func recipients(list []string) ([]*mail.Address, error) {
	out := make([]*mail.Address, 0, len(list))
	for i, text := range list {
		address, err := mail.ParseAddress(text)
		if err != nil {
			return nil, fmt.Errorf("recipient %d of %d has no e-mail address in the rules", i+1, len(list))
		}
		out = append(out, address)
	}
	return out, nil
}

func write(r integrations.Report) letter {
	snap, due := r.Case.View.Snapshot, r.Case.Deadline.At
	reason := words(string(cmp.Or(r.Case.Family, dispute.FamilyGeneral)))
	amount := "amount not told"
	if snap.Amount.Currency != "" {
		amount = snap.Amount.String()
	}
	l := letter{Headline: headline(r), URL: r.URL}
	told := []string{amount, reason}
	if r.Moment != dispute.MomentDecided && !due.IsZero() {
		told = append(told, left(due.Sub(r.At)))
	}
	l.Subject = line(fmt.Sprintf("%s: %s [%s]", l.Headline, strings.Join(told, ", "), r.Case.ID))
	add := func(label, value string) {
		if value = line(value); value != "" {
			l.Facts = append(l.Facts, [2]string{label, value})
		}
	}
	add("Amount", amount)
	add("Reason", strings.TrimSpace(reason+" "+code(snap)))
	add("Stage", words(string(snap.Stage)))
	if r.Moment != dispute.MomentDecided {
		add("Answer by", stamp(due))
		add("Next", r.Next)
	}
	add("Step", r.Detail)
	add("Outcome", words(string(r.Outcome)))
	add("Queue", r.Queue)
	add("Rule", r.Rule)
	add("Dispute", r.Case.Ref.Connection+" "+r.Case.Ref.ID)
	if p := r.Case.Payment; p != nil {
		add("Order", cmp.Or(p.OrderName, p.OrderID))
	}
	add("Told", stamp(r.At))
	return l
}

func headline(r integrations.Report) string {
	switch r.Moment {
	case dispute.MomentEscalated:
		return "Dispute waits for somebody"
	case dispute.MomentDecided:
		return line("Dispute " + words(cmp.Or(string(r.Outcome), "decided")))
	case dispute.MomentOpened:
		return "New dispute"
	}
	return "Dispute"
}

// code is "(visa 13.1)"; empty when no network tells one.
func code(s dispute.Snapshot) string {
	if s.NetworkCode == "" {
		return ""
	}
	return "(" + strings.TrimSpace(s.Network+" "+s.NetworkCode) + ")"
}

func (l letter) text() string {
	var b strings.Builder
	b.WriteString(l.Headline + "\n\n")
	for _, f := range l.Facts {
		fmt.Fprintf(&b, "%s: %s\n", f[0], f[1])
	}
	if l.URL != "" {
		b.WriteString("\n" + l.URL + "\n")
	}
	return b.String()
}

func words(s string) string { return strings.ReplaceAll(s, "_", " ") }

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("Mon 2 Jan 2006 15:04 UTC")
}

func left(d time.Duration) string {
	switch {
	case d <= 0:
		return "past due"
	case d < time.Hour:
		return "less than an hour left"
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h left", d/time.Hour)
	default:
		return fmt.Sprintf("%d d left", d/(24*time.Hour))
	}
}

// line keeps a value on one line, so that it can be part of a header.
func line(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s))
}
