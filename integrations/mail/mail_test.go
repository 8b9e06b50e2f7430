package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"net/mail"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	standin "github.com/rebuttal-hq/rebuttal/simulator/mail"
)

const (
	user     = "disputes"
	password = "mail-password-of-a-test"
	key      = "cs_abcdefghij234567/1/report/mail/opened/chargeback"
)

var noon = time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)

func report() integrations.Report {
	return integrations.Report{
		Moment: dispute.MomentOpened, At: noon, Queue: "senior", Rule: "high-value", Next: "Waits for approval; sends at the cut-off",
		URL: "https://rebuttal.example/cases/cs_abcdefghij234567", To: []string{"Mo <mo@acme.example>", "ana@acme.example"},
		Case: dispute.Case{
			ID: "cs_abcdefghij234567", Ref: dispute.Ref{Connection: "stripe-us", ID: "du_1"}, Family: dispute.FamilyProductNotReceived,
			Deadline: dispute.Deadline{At: noon.Add(77 * time.Hour)},
			View: dispute.View{Snapshot: dispute.Snapshot{
				Amount: dispute.Money{Minor: 52900, Currency: "USD"}, Network: "visa", NetworkCode: "13.1", Stage: dispute.StageChargeback,
			}},
			Payment: &dispute.Payment{OrderName: "#1001", Email: "buyer@shopper.example", Name: "Buyer Of It"},
		},
	}
}

// server runs a stand-in and gives the settings that reach it.
func server(t *testing.T) (*standin.Mail, Settings) {
	t.Helper()
	s := standin.New(user, password, time.Now())
	addr, err := s.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go s.Run(t.Context())
	return s, Settings{
		Host: "127.0.0.1", Port: addr.(*net.TCPAddr).Port, User: user, Password: password, TLS: startTLS,
		From: "Disputes <disputes@acme.example>", CertRoots: s.CertificateAuthority(),
	}
}

func connect(t *testing.T, s Settings) *adapter {
	t.Helper()
	a, err := s.Connect(integrations.Deps{HTTP: http.DefaultClient, Now: time.Now, Log: slog.New(slog.DiscardHandler)}, "mail")
	if err != nil {
		t.Fatal(err)
	}
	return a.(*adapter)
}

// parts reads a mail as a mail program does.
func parts(t *testing.T, data string) (h mail.Header, text, html string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("%s, %v", kind, err)
	}
	r := multipart.NewReader(m.Body, params["boundary"])
	for {
		p, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return m.Header, text, html
		}
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(p)
		if strings.HasPrefix(p.Header.Get("Content-Type"), "text/html") {
			html = string(body)
		} else {
			text = string(body)
		}
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	s, conf := server(t)
	a := connect(t, conf)
	if err := a.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	id, err := a.Report(t.Context(), key, report())
	if err != nil {
		t.Fatal(err)
	}
	got := s.Messages()
	if len(got) != 1 || strings.Join(got[0].To, " ") != "mo@acme.example ana@acme.example" || got[0].From != "disputes@acme.example" {
		t.Fatalf("%+v", got)
	}
	h, text, html := parts(t, got[0].Data)
	subject, err := new(mime.WordDecoder).DecodeHeader(h.Get("Subject"))
	if want := "New dispute: 529.00 USD, product not received, 3 d left [cs_abcdefghij234567]"; err != nil || subject != want {
		t.Errorf("subject %q, want %q", subject, want)
	}
	if h.Get("Message-ID") != "<"+id+">" || h.Get("Auto-Submitted") != "auto-generated" || h.Get("Date") != "Thu, 01 Oct 2026 12:00:00 +0000" {
		t.Errorf("headers %v, id %s", h, id)
	}
	for _, hidden := range []string{"shopper.example", "Buyer Of It"} {
		if strings.Contains(got[0].Data, hidden) {
			t.Errorf("the mail holds %q", hidden)
		}
	}
	vendortest.Golden(t, filepath.Join("testdata", "opened.golden"), text+html)
	again, err := a.Report(t.Context(), key, report())
	if all := s.Messages(); err != nil || again != id || all[1].Data != got[0].Data {
		t.Errorf("a repeat is another mail: %s, %v", again, err)
	}
	if _, found, err := a.FindReport(t.Context(), key, report()); found || err != nil {
		t.Errorf("found %v, %v: nobody can tell", found, err)
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		bend func(r *integrations.Report)
		want string
	}{
		"escalated": {func(r *integrations.Report) {
			r.Moment, r.Detail = dispute.MomentEscalated, "12 h before the cut-off"
			r.Case.Deadline.At = noon.Add(18 * time.Hour)
		}, "Dispute waits for somebody: 529.00 USD, product not received, 18 h left"},
		"decided":     {func(r *integrations.Report) { r.Moment, r.Outcome = dispute.MomentDecided, dispute.StatusLost }, "Dispute lost: 529.00 USD, product not received ["},
		"no deadline": {func(r *integrations.Report) { r.Case.Deadline = dispute.Deadline{} }, "product not received ["},
		"past":        {func(r *integrations.Report) { r.Case.Deadline.At = noon }, "past due"},
		"last hour":   {func(r *integrations.Report) { r.Case.Deadline.At = noon.Add(time.Minute) }, "less than an hour left"},
		"thin":        {func(r *integrations.Report) { r.Case.View.Snapshot.Amount = dispute.Money{} }, "amount not told"},
	} {
		r := report()
		tt.bend(&r)
		if got := write(r).Subject; !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q, want %q in it", name, got, tt.want)
		}
	}
}

// TestInjection puts line ends and markup where strangers' words could be.
func TestInjection(t *testing.T) {
	t.Parallel()
	s, conf := server(t)
	a := connect(t, conf)
	evil := "x\r\nBcc: thief@evil.example\r\n\r\n<script>alert(1)</script>\u2028.\r\n.\r\nMAIL FROM:<y@evil.example>"
	r := report()
	r.Case.Family, r.Case.View.Snapshot.NetworkCode, r.Case.ID = dispute.Family(evil), evil, evil
	r.Queue, r.Rule, r.Next, r.Case.Payment.OrderName, r.Case.View.Snapshot.Amount.Currency = evil, evil, evil, evil, evil
	if _, err := a.Report(t.Context(), evil, r); err != nil {
		t.Fatal(err)
	}
	got := s.Messages()
	if len(got) != 1 || len(got[0].To) != 2 {
		t.Fatalf("%d mails, %v", len(got), got[0].To)
	}
	h, _, html := parts(t, got[0].Data)
	for name := range h {
		switch name {
		case "Mime-Version", "Content-Type", "From", "To", "Subject", "Date", "Message-Id", "Auto-Submitted":
		default:
			t.Errorf("header %s was not ours", name)
		}
	}
	if strings.Contains(html, "<script>") {
		t.Error("markup got through")
	}
	r = report()
	r.To = []string{"mo@acme.example\r\nBcc: thief@evil.example"}
	if _, err := a.Report(t.Context(), key, r); dispute.KindOf(err) != dispute.Invalid || strings.Contains(err.Error(), "thief") {
		t.Errorf("a recipient with a line end: %v", err)
	}
}

func FuzzSubject(f *testing.F) {
	f.Add("a\r\nb", "c")
	f.Fuzz(func(t *testing.T, queue, reason string) {
		r := report()
		r.Queue, r.Case.Family = queue, dispute.Family(reason)
		l := write(r)
		for _, one := range append(l.Facts, [2]string{l.Subject, l.Headline}) {
			if strings.ContainsAny(one[0]+one[1], "\r\n") {
				t.Errorf("a line end in %q", one)
			}
		}
	})
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		conf func(c *Settings)
		with func(s *standin.Mail)
		to   string
		want dispute.Kind
	}{
		"nobody answers":   {conf: func(c *Settings) { c.Port = 1 }, want: dispute.Transient},
		"wrong password":   {conf: func(c *Settings) { c.Password = "another-" + password }, want: dispute.Auth},
		"no sign-in":       {conf: func(c *Settings) { c.User, c.Password = "", "" }, want: dispute.Invalid},
		"unknown server":   {conf: func(c *Settings) { c.CertRoots = "" }, want: dispute.Auth},
		"nobody there":     {to: "nobody@acme.example", want: dispute.Invalid},
		"no recipient":     {to: "-", want: dispute.Invalid},
		"refused for good": {with: func(s *standin.Mail) { s.Refuse(554) }, want: dispute.Invalid},
		"not now":          {with: func(s *standin.Mail) { s.Refuse(451) }, want: dispute.Transient},
		"answer lost":      {with: func(s *standin.Mail) { s.Drop(1) }, want: dispute.UnknownOutcome},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, conf := server(t)
			if tt.conf != nil {
				tt.conf(&conf)
			}
			if tt.with != nil {
				tt.with(s)
			}
			r := report()
			switch tt.to {
			case "":
			case "-":
				r.To = nil
			default:
				r.To = append(r.To, tt.to)
			}
			_, err := connect(t, conf).Report(t.Context(), key, r)
			if dispute.KindOf(err) != tt.want {
				t.Errorf("%v, want kind %s", err, tt.want)
			}
			for _, hidden := range []string{password, "@acme.example", "rehearsal"} {
				if err != nil && strings.Contains(err.Error(), hidden) {
					t.Errorf("the error holds %q: %v", hidden, err)
				}
			}
		})
	}
}

func TestTLSIsRequired(t *testing.T) {
	t.Parallel()
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() { // a server without STARTTLS
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		_, _ = io.WriteString(conn, "220 localhost\r\n")
		buf := make([]byte, 512)
		if _, err := conn.Read(buf); err == nil {
			_, _ = io.WriteString(conn, "250-localhost\r\n250 AUTH PLAIN\r\n")
		}
		_, _ = io.Copy(io.Discard, conn)
	}()
	_, conf := server(t)
	conf.Port = ln.Addr().(*net.TCPAddr).Port
	if err := connect(t, conf).Check(t.Context()); dispute.KindOf(err) != dispute.Auth || !strings.Contains(err.Error(), "offers no TLS") {
		t.Errorf("%v", err)
	}
}

func TestImplicitTLS(t *testing.T) {
	t.Parallel()
	s, conf := server(t)
	tls, err := tls.Listen("tcp", "127.0.0.1:0", s.TLSConfig())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tls.Close() })
	go s.Answer(tls)
	conf.TLS, conf.Port = implicitTLS, tls.Addr().(*net.TCPAddr).Port
	if err := connect(t, conf).Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	_, conf := server(t)
	conf.Port = ln.Addr().(*net.TCPAddr).Port
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	began := time.Now()
	if err := connect(t, conf).Check(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 5*time.Second {
		t.Errorf("%v after %s", err, time.Since(began))
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for want, bend := range map[string]func(s *Settings){
		"host":       func(s *Settings) { s.Host = "smtp.acme.example:25" },
		"port":       func(s *Settings) { s.Port = 0 },
		"user":       func(s *Settings) { s.User = "" },
		"from":       func(s *Settings) { s.From = "acme" },
		"tls":        func(s *Settings) { s.TLS = "maybe" },
		"clear":      func(s *Settings) { s.TLS = noTLS },
		"cert_roots": func(s *Settings) { s.CertRoots = "none" },
	} {
		s := Settings{Host: "smtp.acme.example", Port: 587, User: user, Password: password, From: "a@acme.example", TLS: startTLS}
		bend(&s)
		if _, err := s.Connect(integrations.Deps{}, "mail"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
