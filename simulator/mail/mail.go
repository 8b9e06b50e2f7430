// Package mail stands in for a mail server: it offers STARTTLS, lets one user sign
// in, and keeps what came instead of delivering it.
package mail

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// maxMessage bounds one mail.
const maxMessage = 1 << 20

// Message is one mail as it came.
type Message struct {
	From string   // of the envelope
	To   []string // of the envelope
	Data string   // header and body
}

// Mail is one server. It is safe for concurrent use.
type Mail struct {
	user, password string
	server         *smtp.Server
	authority      string

	mu       sync.Mutex
	listener net.Listener
	messages []Message
	refusal  error // of the next mails' bodies
	drops    int   // mails that are taken without an answer
}

// New is a server that knows one user. It certifies itself for 127.0.0.1 and
// localhost.
func New(user, password string, now time.Time) *Mail {
	m := &Mail{user: user, password: password}
	m.server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{mail: m, conn: c}, nil }))
	m.server.Domain, m.server.MaxMessageBytes, m.server.MaxRecipients = "localhost", maxMessage, 50
	m.server.ReadTimeout, m.server.WriteTimeout = 10*time.Second, 10*time.Second
	m.server.ErrorLog = silent{}
	m.server.TLSConfig, m.authority = certificate(now)
	return m
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

func certificate(now time.Time) (conf *tls.Config, authority string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), NotBefore: now.Add(-24 * time.Hour), NotAfter: now.AddDate(1, 0, 0),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, leaf, key.Public(), key)
	must(err)
	conf = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	return conf, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func must(err error) {
	if err != nil {
		panic("simulator/mail: " + err.Error())
	}
}

// CertificateAuthority vouches for the server, in PEM: what the setting
// cert_roots wants.
func (m *Mail) CertificateAuthority() string { return m.authority }

// Listen opens the server's port; Run answers there. Port zero picks a free one.
func (m *Mail) Listen(ctx context.Context, address string) (net.Addr, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.listener = ln
	return ln.Addr(), nil
}

// Run answers until ctx ends. Without a port there is nothing to answer.
func (m *Mail) Run(ctx context.Context) {
	m.mu.Lock()
	ln := m.listener
	m.mu.Unlock()
	if ln == nil {
		return
	}
	context.AfterFunc(ctx, func() { _ = m.server.Close() })
	m.Answer(ln)
}

// Answer answers at a listener of the caller's until Run's context ends or the
// listener is closed.
func (m *Mail) Answer(ln net.Listener) {
	if err := m.server.Serve(ln); err != nil && !errors.Is(err, smtp.ErrServerClosed) {
		_ = ln.Close() // clients see that nobody answers
	}
}

// TLSConfig is how the server certifies itself, for a port with implicit TLS.
func (m *Mail) TLSConfig() *tls.Config { return m.server.TLSConfig.Clone() }

// Messages lists the mails that came, oldest first.
func (m *Mail) Messages() []Message {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.messages)
}

// Refuse has the server refuse mails with an SMTP code after their last byte;
// zero ends it.
func (m *Mail) Refuse(code int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refusal = nil
	if code != 0 {
		m.refusal = &smtp.SMTPError{Code: code, Message: "refused for a rehearsal"}
	}
}

// Drop has the server take the next n mails and hang up without an answer.
func (m *Mail) Drop(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drops = n
}

// keep stores a mail, unless it is refused; hang says to hang up.
func (m *Mail) keep(msg Message) (hang bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refusal != nil {
		return false, m.refusal
	}
	m.messages = append(m.messages, msg)
	if m.drops > 0 {
		m.drops--
		return true, nil
	}
	return false, nil
}

// session is one client's connection.
type session struct {
	mail   *Mail
	conn   *smtp.Conn
	signed bool
	msg    Message
}

// AuthMechanisms implements smtp.AuthSession; the server offers them under TLS
// only.
func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth implements smtp.AuthSession.
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != s.mail.user || password != s.mail.password {
			return smtp.ErrAuthFailed
		}
		s.signed = true
		return nil
	}), nil
}

// Mail implements smtp.Session.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if !s.signed {
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Authentication required"}
	}
	s.msg = Message{From: from}
	return nil
}

// Rcpt implements smtp.Session. Nobody lives at nobody@….
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if strings.HasPrefix(to, "nobody@") {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such user here"}
	}
	s.msg.To = append(s.msg.To, to)
	return nil
}

// Data implements smtp.Session.
func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.msg.Data = string(data)
	hang, err := s.mail.keep(s.msg)
	if hang {
		_ = s.conn.Close()
	}
	return err
}

// Reset implements smtp.Session.
func (s *session) Reset() { s.msg = Message{} }

// Logout implements smtp.Session.
func (s *session) Logout() error { return nil }
