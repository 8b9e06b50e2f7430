// Package mail writes an e-mail to people about moments of a case: one mail for
// one moment, in text and HTML, over SMTP with TLS.
package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/mail"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
)

const name = "mail"

// Settings are those of one mail server and of the sender.
type Settings struct {
	Host string `yaml:"host"` // smtp.acme.example
	Port int    `yaml:"port"` // 587; 465 with tls: implicit
	// User and Password sign in; both are empty for a relay that knows us by our
	// address.
	User     string `yaml:"user"`
	Password string `yaml:"password"`
	// From is the sender, as in "Disputes <disputes@acme.example>".
	From string `yaml:"from"`
	// TLS is starttls, implicit, or none for a relay on the same machine.
	TLS string `yaml:"tls"`
	// CertRoots are the authorities, in PEM, that vouch for the server; the
	// machine's own when it is empty.
	CertRoots string `yaml:"cert_roots"`
}

// The choices of Settings.TLS.
const (
	startTLS    = "starttls"
	implicitTLS = "implicit"
	noTLS       = "none"
)

// Vendor describes connections to mail servers.
var Vendor = integrations.Vendor{
	Adapter:  (*adapter)(nil),
	Name:     name,
	About:    "e-mails to people about moments of a case",
	Settings: func() integrations.Settings { return &Settings{Port: 587, TLS: startTLS} },
}

// adapter is one mail server with one sender.
type adapter struct {
	settings Settings
	from     *mail.Address
	domain   string // of the sender, for message ids
	tls      *tls.Config
}

var (
	_ integrations.Reporter = (*adapter)(nil)
	_ integrations.Checker  = (*adapter)(nil)
)

// Connect implements integrations.Settings.
func (s *Settings) Connect(_ integrations.Deps, _ string) (integrations.Adapter, error) {
	if err := s.validate(); err != nil {
		return nil, err
	}
	from, err := mail.ParseAddress(s.From)
	if err != nil {
		return nil, errors.New(`from: want the sender's address, as in "Disputes <disputes@acme.example>"`)
	}
	_, domain, _ := strings.Cut(from.Address, "@")
	conf := &tls.Config{ServerName: s.Host, MinVersion: tls.VersionTLS12}
	if s.CertRoots != "" {
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM([]byte(s.CertRoots)) {
			return nil, errors.New("cert_roots: there is no certificate in PEM")
		}
	}
	return &adapter{settings: *s, from: from, domain: domain, tls: conf}, nil
}

func (s *Settings) validate() error {
	switch {
	case s.Host == "" || strings.ContainsAny(s.Host, ":/ "):
		return errors.New("host: want the mail server's name, as in smtp.acme.example")
	case s.Port < 1 || s.Port > 65535:
		return errors.New("port: want 1 to 65535; 587 is usual, 465 with tls: implicit")
	case (s.User == "") != (s.Password == ""):
		return errors.New("user, password: want both, or none for a relay that needs no sign-in")
	case s.TLS != startTLS && s.TLS != implicitTLS && s.TLS != noTLS:
		return fmt.Errorf("tls: %q is none of %s, %s, %s", s.TLS, startTLS, implicitTLS, noTLS)
	case s.TLS == noTLS && s.Password != "":
		return errors.New("tls: a password does not travel in the clear; use starttls or implicit")
	}
	return nil
}

// Vendor implements integrations.Adapter.
func (a *adapter) Vendor() string { return name }

// Check implements integrations.Checker: it signs in and sends nothing.
func (a *adapter) Check(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	client, line, err := a.dial(ctx, "check")
	if err != nil {
		return err
	}
	_ = client.CloseWithSMTPClient(line)
	return nil
}

// FindReport implements integrations.Reporter: a mail server cannot be asked what
// it took. A mail whose answer was lost is sent again, under the same Message-ID,
// by which mail programs know it.
func (a *adapter) FindReport(context.Context, string, integrations.Report) (id string, found bool, err error) {
	return "", false, nil
}

// Report implements integrations.Reporter: it sends one mail to all recipients
// and returns its Message-ID. A server that refuses one of them sends to none.
func (a *adapter) Report(ctx context.Context, key string, r integrations.Report) (id string, err error) {
	op := "write to people of " + r.Case.ID
	if len(r.To) == 0 {
		return "", dispute.Errorf(dispute.Invalid, name+": "+op, "the rule names nobody; add to: members, escalate_to or assignee")
	}
	id = a.messageID(key)
	message, err := a.compose(id, r)
	if err != nil {
		return "", dispute.Errorf(dispute.Invalid, name+": "+op, "%w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	client, line, err := a.dial(ctx, op)
	if err != nil {
		return "", err
	}
	if err := sent(ctx, op, client.SendWithSMTPClient(line, message)); err != nil {
		return "", err
	}
	_ = client.CloseWithSMTPClient(line) // the mail is the server's now
	return id, nil
}
