package vendortest

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
)

// door is what an adapter reads when something is posted to us: notices of a
// provider, or clicks in a chat.
type door struct {
	verify func(http.Header, []byte, time.Time) error
	read   func(*testing.T, []byte) (any, error)
}

func doorOf(a integrations.Adapter) (door, bool) {
	switch a := a.(type) {
	case integrations.Intake:
		return door{a.Verify, func(t *testing.T, body []byte) (any, error) {
			t.Helper()
			notices, err := a.Parse(body)
			for _, n := range notices {
				checkNotice(t, n)
			}
			return notices, err
		}}, true
	case integrations.Interactive:
		return door{a.Verify, func(t *testing.T, body []byte) (any, error) {
			t.Helper()
			clicks, err := a.Clicks(body)
			for _, c := range clicks {
				checkClick(t, c)
			}
			return clicks, err
		}}, true
	default:
		return door{}, false
	}
}

// tryIntake tries what is posted to us, with every golden payload.
func (s Spec) tryIntake(t *testing.T, a integrations.Adapter) {
	t.Helper()
	d, ok := doorOf(a)
	switch _, provider := a.(integrations.Intake); {
	case s.Intake == nil && (provider || ok && s.StandIn != nil):
		t.Error("the adapter takes webhooks and Spec.Intake is nil: say how the vendor signs and where its payloads are")
		return
	case s.Intake == nil:
		return
	case !ok:
		t.Fatal("the adapter is neither Intake nor Interactive: Verify and Parse, or Clicks, are missing or have another signature")
	}
	files, err := filepath.Glob(filepath.Join(s.Intake.Golden, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no payloads in %s (%v): put the vendor's own examples there as *.json, one file an event", s.Intake.Golden, err)
	}
	t.Run("intake", func(t *testing.T) {
		for _, f := range files {
			t.Run(filepath.Base(f), func(t *testing.T) {
				t.Parallel()
				body, err := os.ReadFile(f) // #nosec G304 -- a test's own folder
				if err != nil {
					t.Fatal(err)
				}
				s.verifies(t, d, body)
				s.reads(t, d, f, body)
			})
		}
	})
}

func (s Spec) verifies(t *testing.T, d door, body []byte) {
	t.Helper()
	in, now := s.Intake, time.Now()
	h := in.Sign(body, now)
	for range 2 { // a redelivery is as good as the first
		if err := d.verify(h.Clone(), body, now); err != nil {
			t.Errorf("a good signature is refused: %v", err)
		}
	}
	refused := func(what, mend string, h http.Header, body []byte) {
		t.Helper()
		err := d.verify(h, body, now)
		if dispute.KindOf(err) != dispute.Auth || err == nil {
			t.Errorf("%s: error %v, want kind auth: %s", what, err, mend)
		}
		quotes(t, err, in.Secret, s.Secret)
	}
	const raw = "sign the raw body, all of it"
	if !in.Unsigned {
		refused("a blank before the body", raw, h.Clone(), append([]byte(" "), body...))
		refused("a blank after the body", raw, h.Clone(), append(slices.Clone(body), ' '))
		refused("a changed byte", raw, h.Clone(), changed(body))
		refused("another last byte", raw, h.Clone(), append(slices.Clone(body[:len(body)-1]), body[len(body)-1]^1))
		refused("a cut body", raw, h.Clone(), body[:len(body)-1])
	}
	refused("no signature", "refuse what is not signed", http.Header{}, body)
	for name, values := range h {
		bent := h.Clone()
		bent.Set(name, string(changed([]byte(values[0]))))
		refused("a changed "+name, "every header that Verify believes must be covered by the signature", bent, body)
		bent.Del(name)
		refused("no "+name, "refuse what is not signed", bent, body)
	}
	if in.Stale > 0 {
		const window = "compare the signed time with now, to both sides"
		refused("a stale signature", window, in.Sign(body, now.Add(-in.Stale)), body)
		refused("a signature from the future", window, in.Sign(body, now.Add(in.Stale)), body)
	}
}

// changed is a copy with one other byte: the last digit of a number, so that a
// time stays fresh, and one in the middle of anything else.
func changed(text []byte) []byte {
	out := slices.Clone(text)
	at := len(out) / 2
	if _, err := strconv.ParseUint(string(text), 10, 64); err == nil {
		at = len(out) - 1
	}
	if out[at] == '0' {
		out[at] = '1'
	} else {
		out[at] = '0'
	}
	return out
}

func (s Spec) reads(t *testing.T, d door, file string, body []byte) {
	t.Helper()
	first, err := d.read(t, body)
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	again, err := d.read(t, body)
	if diff := cmp.Diff(first, again); err != nil || diff != "" {
		t.Errorf("the same body told twice differs, so that a redelivery counts as news (error %v):\n%s", err, diff)
	}
	Golden(t, strings.TrimSuffix(file, ".json")+".golden", first)

	bad := [][]byte{nil, []byte(canaryMail + " " + canaryCard)}
	body = bytes.TrimSpace(body)
	for at := 1; at < len(body); at += 1 + len(body)/40 {
		bad = append(bad, body[:at])
	}
	for _, b := range bad {
		_, err := d.read(t, b)
		if err == nil || dispute.KindOf(err) != dispute.Invalid {
			t.Errorf("a body of %d bytes that is not the vendor's format: error %v, want kind invalid", len(b), err)
		}
		quotes(t, err, canaryCard, canaryMail)
	}
}

func checkNotice(t *testing.T, n dispute.Notice) {
	t.Helper()
	if n.EventID == "" || n.RawKind == "" || n.Kind == "" {
		t.Errorf("notice %+v: event id, kind and the provider's own event name are never empty; compute an event id from the content where there is none", n)
	}
	if n.OccurredAt.IsZero() || n.OccurredAt.Location() != time.UTC {
		t.Errorf("event %s occurred at %v: want the provider's time in UTC, because notices are ordered by it", n.EventID, n.OccurredAt)
	}
	if n.Connection != "" {
		t.Errorf("event %s names the connection %q: the caller does", n.EventID, n.Connection)
	}
	if n.Snapshot != nil {
		checkSnapshot(t, *n.Snapshot)
	}
}

func checkClick(t *testing.T, c integrations.Click) {
	t.Helper()
	if c.ID == "" || c.CaseID == "" || c.Kind == "" || c.UserID == "" {
		t.Errorf("click %+v: id, case, kind and person are never empty; make the id of the press, so that a click told twice is one decision", c)
	}
}
