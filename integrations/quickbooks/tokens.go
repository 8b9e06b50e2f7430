package quickbooks

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/oauth2"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

// tokens gives access tokens, which last an hour, and follows the rotation of
// the refresh token, which Intuit replaces about daily.
type tokens struct {
	conf       oauth2.Config
	http       *http.Client
	log        *slog.Logger
	connection string
	configured string // the refresh token of the settings
	file       string // where the newest is kept; empty for nowhere

	turn   chan struct{} // held by whoever reads or changes what follows
	access *oauth2.Token
	newest string // the newest refresh token this process was given
}

const refreshOp = "quickbooks: refresh access token"

// authorise puts a live access token on a request.
func (t *tokens) authorise(r *http.Request) error {
	ctx := r.Context()
	if err := t.lock(ctx); err != nil {
		return err
	}
	defer t.unlock()
	if !t.access.Valid() {
		fresh, err := t.refresh(ctx)
		if err != nil {
			return err
		}
		t.access = fresh
	}
	t.access.SetAuthHeader(r)
	return nil
}

// forget drops the access token, after QuickBooks refused it.
func (t *tokens) forget(ctx context.Context) {
	if t.lock(ctx) == nil {
		t.access = nil
		t.unlock()
	}
}

func (t *tokens) lock(ctx context.Context) error {
	select {
	case t.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return vendorhttp.TransportError(refreshOp, false, ctx.Err())
	}
}

func (t *tokens) unlock() { <-t.turn }

// refresh tries the refresh tokens we know, the likeliest newest first: another
// process may have been given a newer one, and a person may have renewed the
// settings.
func (t *tokens) refresh(ctx context.Context) (*oauth2.Token, error) {
	ctx = context.WithValue(ctx, oauth2.HTTPClient, t.http)
	var err error
	for _, candidate := range t.candidates() {
		var fresh *oauth2.Token
		fresh, err = t.conf.TokenSource(ctx, &oauth2.Token{RefreshToken: candidate}).Token()
		if err == nil {
			t.keep(fresh.RefreshToken)
			return fresh, nil
		}
		if err = vendorhttp.TokenError(refreshOp, err); dispute.KindOf(err) != dispute.Auth {
			break
		}
	}
	return nil, err
}

func (t *tokens) candidates() []string {
	var out []string
	for _, candidate := range []string{t.read(), t.newest, t.configured} {
		if candidate != "" && !slices.Contains(out, candidate) {
			out = append(out, candidate)
		}
	}
	return out
}

func (t *tokens) read() string {
	if t.file == "" {
		return ""
	}
	raw, err := os.ReadFile(t.file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.warn("the refresh token file cannot be read", err)
	}
	return strings.TrimSpace(string(raw))
}

// keep remembers the newest refresh token. When it cannot be written, this
// process goes on with it, and the log says what a restart would lose.
func (t *tokens) keep(newest string) {
	if newest == "" || newest == t.newest {
		return
	}
	t.newest = newest
	if t.file == "" {
		return
	}
	if err := replaceFile(t.file, newest+"\n"); err != nil {
		t.warn("the refresh token file cannot be written; a restart will need a new refresh_token", err)
	}
}

func (t *tokens) warn(text string, err error) {
	if t.log != nil {
		t.log.Warn(text, "connection", t.connection, "error", err)
	}
}

// replaceFile writes a private file in one step, so that no reader sees half.
func replaceFile(path, content string) error {
	temp, err := os.CreateTemp(filepath.Dir(path), ".token-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = temp.WriteString(content)
	if err = errors.Join(err, temp.Close()); err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return nil
}
