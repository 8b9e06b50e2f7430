package braintree

import (
	"encoding/base64"
	"flag"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	standin "github.com/rebuttal-hq/rebuttal/simulator/braintree"
)

var posted = http.Header{"Content-Type": {formType}}

// The golden bodies are the XML of braintree_ruby's webhook_testing_gateway.rb,
// signed; -update signs them anew.
func TestPayloads(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.xml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f) // #nosec G304 -- a test's own folder
		if err != nil {
			t.Fatal(err)
		}
		body, path := standin.Sign(publicKey, privateKey, string(text)), strings.TrimSuffix(f, ".xml")+".json"
		if flag.Lookup("update").Value.String() == "true" {
			if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path) // #nosec G304 -- a test's own folder
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(body, string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

// The answer is the one that braintree_ruby's webhook_notification_spec.rb
// expects of its keys; openssl agrees.
func TestChallenge(t *testing.T) {
	t.Parallel()
	a := connect(t, "http://127.0.0.1:1", &http.Client{})
	a.keys = []KeyPair{{"integration_public_key", "integration_private_key"}}
	var answers interface {
		Answer(query url.Values) (string, error)
	} = a
	got, err := answers.Answer(url.Values{"bt_challenge": {"20f9f8ed05f77439fe955c977e4c8a53"}})
	if want := "integration_public_key|d9b899556c966b3f06945ec21311865d35df3ce4"; err != nil || got != want {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
	for _, bad := range []string{"", "20f9f8ed05", "20F9F8ED05F77439FE955C977E4C8A53", strings.Repeat("0", 33), "20f9f8ed05f77439fe955c977e4c8a5\n", "PG5vdGlmaWNhdGlvbj48L25v"} {
		if got, err := a.Answer(url.Values{"bt_challenge": {bad}}); err == nil || dispute.KindOf(err) != dispute.Invalid {
			t.Errorf("challenge %q: %q, %v; want kind invalid: nothing but a challenge is signed", bad, got, err)
		}
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	a := connect(t, "http://127.0.0.1:1", &http.Client{})
	const xml = "<notification/>"
	good := formOf(standin.Sign(publicKey, privateKey, xml))
	payload, signature := good.Get("bt_payload"), good.Get("bt_signature")
	old := formOf(standin.Sign(olderPublic, olderPrivate, xml)).Get("bt_signature")
	stranger := formOf(standin.Sign("stranger", "stranger", xml)).Get("bt_signature")
	swapped := publicKey + "|" + strings.TrimPrefix(old, olderPublic+"|")
	const asked = "20f9f8ed05f77439fe955c977e4c8a53"
	answered, err := a.Answer(url.Values{"bt_challenge": {asked}})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		signature, payload string
		good               bool
	}{
		"the account's key":          {signature, payload, true},
		"the key before":             {old, payload, true},
		"one of several keys":        {stranger + "&" + signature, payload, true},
		"signed with the line feed":  {signature, strings.TrimSuffix(payload, "\n"), true},
		"another's key":              {stranger, payload, false},
		"one key's name for another": {swapped, payload, false},
		"no name":                    {strings.TrimPrefix(signature, publicKey+"|"), payload, false},
		"no hex":                     {publicKey + "|zz", payload, false},
		"cut hex":                    {signature[:len(signature)-2], payload, false},
		"an empty signature":         {publicKey + "|", payload, false},
		"another payload":            {signature, "PG5vdGljZS8+", false},
		"two line feeds":             {signature, payload + "\n", false},
		"a challenge we answered":    {answered, asked, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := url.Values{"bt_signature": {tt.signature}, "bt_payload": {tt.payload}}.Encode()
			err := a.Verify(posted, []byte(body), opening)
			if (err == nil) != tt.good || (err != nil && dispute.KindOf(err) != dispute.Auth) {
				t.Errorf("error %v, want good %v", err, tt.good)
			}
		})
	}
}

func formOf(body string) url.Values {
	v, err := url.ParseQuery(body)
	if err != nil {
		panic(err)
	}
	return v
}

// body is a webhook of a payload, unsigned.
func body(xml string) []byte {
	return []byte(url.Values{"bt_signature": {"p|00"}, "bt_payload": {base64.StdEncoding.EncodeToString([]byte(xml))}}.Encode())
}

func TestParseOddities(t *testing.T) {
	t.Parallel()
	a := connect(t, "http://127.0.0.1:1", &http.Client{})
	const head = `<notification><timestamp type="datetime">2026-10-01T12:00:00Z</timestamp>`
	for name, xml := range map[string]string{
		"an entity of a file":         `<!DOCTYPE n [<!ENTITY f SYSTEM "file:///etc/hostname">]>` + head + `<kind>&f;</kind></notification>`,
		"entities that grow":          `<!DOCTYPE n [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>` + head + `<kind>&b;</kind></notification>`,
		"no kind":                     head + `</notification>`,
		"no time":                     `<notification><kind>check</kind></notification>`,
		"a dispute event without one": head + `<kind>dispute_won</kind></notification>`,
		"a dispute without an id":     head + `<kind>dispute_won</kind><subject><dispute><status>won</status></dispute></subject></notification>`,
		"another document":            `<html/>`,
	} {
		if got, err := a.Parse(body(xml)); err == nil || dispute.KindOf(err) != dispute.Invalid {
			t.Errorf("%s: %+v, %v; want kind invalid", name, got, err)
		}
	}
	got, err := a.Parse(body(head + `<kind>dispute_paused</kind><subject><dispute><id>d1</id><status>paused</status><kind>mediation</kind>` +
		`<reason>moon</reason><amount>twelve</amount></dispute></subject></notification>`))
	if err != nil || len(got) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	want := dispute.Snapshot{ID: "d1", RawStatus: "paused", Status: dispute.ProviderUnknown, Stage: dispute.StageChargeback, Reason: "moon"}
	if diff := cmp.Diff(want, *got[0].Snapshot); diff != "" || got[0].Kind != dispute.NoticeUnknown || got[0].RawKind != "dispute_paused" {
		t.Errorf("unknown words are kept: %+v\n%s", got[0], diff)
	}
}

// One news told again by another delivery is the same; a status that comes back
// is not.
func TestEventIDs(t *testing.T) {
	t.Parallel()
	a := connect(t, "http://127.0.0.1:1", &http.Client{})
	id := func(sentAt, changedAt string) string {
		got, err := a.Parse(body(`<notification><timestamp>` + sentAt + `</timestamp><kind>dispute_won</kind><subject><dispute><id>d1</id>` +
			`<status>won</status><updated-at>` + changedAt + `</updated-at></dispute></subject></notification>`))
		if err != nil {
			t.Fatal(err)
		}
		return got[0].EventID
	}
	first := id("2026-10-01T12:00:00Z", "2026-10-01T11:59:00Z")
	if again := id("2026-10-01T13:00:00Z", "2026-10-01T11:59:00Z"); again != first {
		t.Errorf("%s sent again is %s", first, again)
	}
	if later := id("2026-11-01T12:00:00Z", "2026-11-01T11:59:00Z"); later == first {
		t.Errorf("won a second time is %s too", first)
	}
}

// FuzzVerify: what was not signed by us is refused, whatever it looks like.
func FuzzVerify(f *testing.F) {
	f.Add("integration_public_key|00", "PG4vPg==", formType)
	f.Add("a|b&c|d", "%", "")
	a := connect(f, "http://127.0.0.1:1", &http.Client{})
	f.Fuzz(func(t *testing.T, signature, payload, kind string) {
		body := url.Values{"bt_signature": {signature}, "bt_payload": {payload}}.Encode()
		for _, b := range []string{body, signature + payload} {
			if err := a.Verify(http.Header{"Content-Type": {kind}}, []byte(b), opening); err == nil || dispute.KindOf(err) != dispute.Auth {
				t.Errorf("an unsigned body: error %v, want kind auth", err)
			}
		}
	})
}

// FuzzParse: whatever the XML, it is read or refused with a reason.
func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.xml")
	for _, name := range files {
		text, err := os.ReadFile(name) // #nosec G304 -- a test's own folder
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add("<notification><kind>dispute_won</kind></notification>")
	a := connect(f, "http://127.0.0.1:1", &http.Client{})
	f.Fuzz(func(t *testing.T, xml string) {
		notices, err := a.Parse(body(xml))
		if err != nil && dispute.KindOf(err) != dispute.Invalid {
			t.Errorf("error %v, want kind invalid", err)
		}
		for _, n := range notices {
			if n.EventID == "" || n.Kind == "" || n.OccurredAt.IsZero() || n.OccurredAt.Location() != time.UTC || (n.Snapshot != nil && n.Snapshot.ID == "") {
				t.Errorf("an unusable notice: %+v", n)
			}
		}
	})
}
