package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/textproto"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// patience is how long a server may take for one answer.
const patience = 15 * time.Second

// dial connects and signs in. The connection breaks when ctx ends.
func (a *adapter) dial(ctx context.Context, op string) (*gomail.Client, *smtp.Client, error) {
	client, err := gomail.NewClient(a.settings.Host, a.options(ctx)...)
	if err != nil {
		return nil, nil, dispute.Errorf(dispute.Invalid, name+": "+op, "the settings make no connection")
	}
	line, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return nil, nil, unconnected(ctx, op, err)
	}
	return client, line, nil
}

func (a *adapter) options(ctx context.Context) []gomail.Option {
	out := []gomail.Option{
		gomail.WithPort(a.settings.Port), gomail.WithTimeout(patience), gomail.WithTLSConfig(a.tls),
		gomail.WithHELO("rebuttal." + a.domain), gomail.WithDialContextFunc(a.dialer(ctx)),
	}
	switch a.settings.TLS {
	case implicitTLS:
		out = append(out, gomail.WithSSL())
	case noTLS:
		out = append(out, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		out = append(out, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if a.settings.User != "" {
		out = append(out, gomail.WithUsername(a.settings.User), gomail.WithPassword(a.settings.Password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	return out
}

// dialer opens connections that close when the whole call ends, which the
// library itself does not see to.
func (a *adapter) dialer(call context.Context) gomail.DialContextFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		var d net.Dialer
		conn, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(call, func() { _ = conn.Close() })
		if a.settings.TLS != implicitTLS {
			return conn, nil
		}
		secured := tls.Client(conn, a.tls)
		return secured, secured.HandshakeContext(ctx)
	}
}

// unconnected maps what happened before the mail was begun. Texts of servers stay
// out, because they may quote who signs in.
func unconnected(ctx context.Context, op string, err error) error {
	var (
		answer  *textproto.Error
		unknown *tls.CertificateVerificationError
		network net.Error
	)
	switch {
	case ctx.Err() != nil:
		return vendorhttp.TransportError(name+": "+op, false, ctx.Err())
	case errors.As(err, &answer):
		kind := dispute.Auth
		if answer.Code < 500 {
			kind = dispute.Transient
		}
		return dispute.Errorf(kind, name+": "+op, "SMTP %d at the sign-in", answer.Code)
	case errors.As(err, &unknown):
		return dispute.Errorf(dispute.Auth, name+": "+op, "nobody known vouches for the server's certificate; see cert_roots")
	case errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return vendorhttp.TransportError(name+": "+op, false, err)
	default:
		return dispute.Errorf(dispute.Auth, name+": "+op, "the server offers no TLS or no sign-in that we know")
	}
}

// sent maps what came of a mail. From the last byte on, no answer means that
// nobody knows whether the server has it.
func sent(ctx context.Context, op string, err error) error {
	var failure *gomail.SendError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &failure):
		return dispute.Errorf(dispute.UnknownOutcome, name+": "+op, "no answer that we know")
	case failure.Reason == gomail.ErrSMTPReset: // after the mail was taken
		return nil
	}
	begun := failure.Reason == gomail.ErrWriteContent || failure.Reason == gomail.ErrSMTPDataClose
	switch code := failure.ErrorCode(); {
	case code >= 500:
		return dispute.Errorf(dispute.Invalid, name+": "+op, "SMTP %d: the server refuses sender, recipient or mail", code)
	case code >= 400:
		return dispute.Errorf(dispute.Transient, name+": "+op, "SMTP %d", code)
	case ctx.Err() != nil:
		return vendorhttp.TransportError(name+": "+op, begun, ctx.Err())
	case begun:
		return dispute.Errorf(dispute.UnknownOutcome, name+": "+op, "the connection broke before the server said that it has the mail")
	default:
		return dispute.Errorf(dispute.Transient, name+": "+op, "the connection broke")
	}
}
