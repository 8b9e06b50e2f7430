package paypal

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
)

// opensslSignature was made by openssl with the key of testdata/openssl/chain.pem:
//
//	printf '%s' '69cd13f0-d67a-11e5-baa3-778b53f4ae55|2027-01-01T12:00:00Z|1JE4291016473214C|3252245629' |
//	  openssl dgst -sha256 -sign leaf.key | openssl base64 -A
//
// The last number is the CRC-32 of testdata/webhooks/created.json.
const opensslSignature = "W9nRHVmyYGLmUP6qY41AysqUYwM+1AFTNkFo32gR6VExh/29izdbJ/ehpfbh/L0HHcsl4d/9y84Gnycuz5eaKmmBUEdw9xP+nlOBgAp/xkfbsKqSGU9XT8Z2wt2iEGrSWTxY93G6z5OWCOjVDvF0eY3z71TX5MOS4BsOWOF6BurKXuCZqaE0L6EehjHudlNEy2qK/Ni8OYCqINanKGys/6lpfQr945tDdWVwEllDmeWZNTkWV3QryQfh/8BFxNnzPFQdPb7txAfMWkdaNQ2DNbFvFk1YT2Kk49BFpturmiZrAWWlajD/fB8Kf5BATkmRFM37cFAIozNRMqpQlnXCoA=="

// TestKnownSignature holds Verify to a signature, a certificate and a checksum
// that our code did not make.
func TestKnownSignature(t *testing.T) {
	t.Parallel()
	chain, body, root := file(t, "openssl/chain.pem"), file(t, "webhooks/created.json"), file(t, "openssl/root.pem")
	url := vendortest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(chain) }))
	s := settings(url)
	s.CertRoots = string(root)
	a, err := s.connect(integrations.Deps{HTTP: http.DefaultClient, Now: time.Now}, connection)
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{
		"Paypal-Transmission-Id": {"69cd13f0-d67a-11e5-baa3-778b53f4ae55"}, "Paypal-Transmission-Time": {"2027-01-01T12:00:00Z"},
		"Paypal-Auth-Algo": {"SHA256withRSA"}, "Paypal-Transmission-Sig": {opensslSignature},
		"Paypal-Cert-Url": {url + "/v1/notifications/certs/CERT-360caa42-fca2a594-a5cafa77"},
	}
	if err := a.Verify(h, body, time.Date(2027, 1, 1, 12, 1, 0, 0, time.UTC)); err != nil {
		t.Errorf("a signature by openssl is refused: %v", err)
	}
}

func file(t *testing.T, name string) []byte {
	t.Helper()
	out, err := os.ReadFile("testdata/" + name) // #nosec G304 -- a test's own folder
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestEitherWebhookIsGood: while one webhook replaces another, both are live.
func TestEitherWebhookIsGood(t *testing.T) {
	t.Parallel()
	body, now := []byte(`{"id":"WH-1"}`), time.Now()
	for _, tt := range []struct {
		ids  []string
		good bool
	}{
		{[]string{olderWebhook, webhookID}, true}, {[]string{webhookID, olderWebhook}, true}, {[]string{olderWebhook}, false},
	} {
		a := lone(t, "http://127.0.0.1:1")
		a.webhookIDs = tt.ids
		if err := a.Verify(signed(body, now), body, now); (err == nil) != tt.good {
			t.Errorf("webhooks %v: error %v, want good %v", tt.ids, err, tt.good)
		}
	}
}

// TestCertificateAddress: a certificate comes from PayPal's own hosts only.
func TestCertificateAddress(t *testing.T) {
	t.Parallel()
	const path = "/v1/notifications/certs/CERT-360caa42-fca2a594-a5cafa77"
	for base, good := range map[string][]string{
		"https://api-m.paypal.com":         {"https://api.paypal.com" + path, "https://api-m.paypal.com" + path},
		"https://api-m.sandbox.paypal.com": {"https://api.sandbox.paypal.com" + path, "https://api-m.sandbox.paypal.com" + path},
	} {
		var fetched atomic.Int32
		s := settings(base)
		s.CertRoots = ""
		client := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			fetched.Add(1)
			return nil, http.ErrHandlerTimeout
		})}
		a, err := s.connect(integrations.Deps{HTTP: client, Now: time.Now}, connection)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range good {
			if _, err := a.certs.at(u, time.Now()); dispute.KindOf(err) != dispute.Transient {
				t.Errorf("%s: %s: error %v, want one of a fetch that failed", base, u, err)
			}
		}
		other := "https://api.sandbox.paypal.com"
		if a.sandbox {
			other = "https://api.paypal.com"
		}
		fetched.Store(0)
		host := strings.TrimSuffix(good[0], path)
		for _, u := range []string{
			"", "%", other + path, "http" + strings.TrimPrefix(host, "https") + path, "https://evil.example" + path,
			host + ".evil.example" + path, host + ":8443" + path, "https://api.paypal.com@evil.example" + path,
			"https://user@" + strings.TrimPrefix(host, "https://") + path, host + path + "?x=1", host + path + "#x",
			host + "/v1/notifications/certs/../../x", host + "/v1/notifications/certs/a/b", host + "/v1/notifications/certs/", host + "/v1/other/CERT-1",
		} {
			if _, err := a.certs.at(u, time.Now()); err == nil || dispute.KindOf(err) != dispute.Auth {
				t.Errorf("%s: %q: error %v, want kind auth", base, u, err)
			}
		}
		if n := fetched.Load(); n != 0 {
			t.Errorf("%s: %d fetches from addresses that are not PayPal's", base, n)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestCertificateIsVouchedFor: what PayPal's host answers is believed only when
// a trusted authority vouches for it now and it is the right name's.
func TestCertificateIsVouchedFor(t *testing.T) {
	t.Parallel()
	const path = "/v1/notifications/certs/CERT-1"
	chain, root := file(t, "openssl/chain.pem"), file(t, "openssl/root.pem")
	valid := time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		roots  string
		body   []byte
		status int
		at     time.Time
		want   dispute.Kind
	}{
		"good":                 {string(root), chain, 200, valid, ""},
		"another authority":    {side.CertificateAuthority(), chain, 200, valid, dispute.Auth},
		"the authority itself": {string(root), root, 200, valid, dispute.Auth}, // trusted, and not PayPal's
		"too early":            {string(root), chain, 200, valid.AddDate(-10, 0, 0), dispute.Auth},
		"too late":             {string(root), chain, 200, valid.AddDate(200, 0, 0), dispute.Auth},
		"no PEM":               {string(root), []byte("hello"), 200, valid, dispute.Auth},
		"broken PEM":           {string(root), []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), 200, valid, dispute.Auth},
		"not there":            {string(root), nil, 404, valid, dispute.Auth},
		"moved":                {string(root), chain, 302, valid, dispute.Auth},
		"too many":             {string(root), nil, 429, valid, dispute.Transient},
		"broken":               {string(root), nil, 503, valid, dispute.Transient},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			url := vendortest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked.Add(1)
				w.Header().Set("Location", "http://127.0.0.1:1/elsewhere")
				w.WriteHeader(tt.status)
				_, _ = w.Write(tt.body)
			}))
			s := settings(url)
			s.CertRoots = tt.roots
			a, err := s.connect(integrations.Deps{HTTP: http.DefaultClient, Now: time.Now}, connection)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				_, err = a.certs.at(url+path, tt.at)
				if (err == nil) != (tt.want == "") || (err != nil && dispute.KindOf(err) != tt.want) {
					t.Errorf("error %v, want kind %q", err, tt.want)
				}
			}
			want := int32(1)
			if tt.want == dispute.Transient {
				want = 2
			}
			if n := asked.Load(); n != want {
				t.Errorf("%d fetches, want %d: what could not be had is asked for again, and nothing else", n, want)
			}
		})
	}
}

// TestStrangersDelayNobody: certificates that a stranger names, and that take for
// ever, do not delay a webhook whose certificate is not known yet.
func TestStrangersDelayNobody(t *testing.T) {
	t.Parallel()
	var hanging, good atomic.Int32
	release := make(chan struct{})
	url := vendortest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/"+certificateID) {
			hanging.Add(1)
			<-release
			http.NotFound(w, r)
			return
		}
		good.Add(1)
		side.ServeHTTP(w, r)
	}))
	a, now := connect(t, url, http.DefaultClient), time.Now()
	var strangers, friends sync.WaitGroup
	for i := range maxFetches - 1 {
		strangers.Go(func() { _, _ = a.certs.at(fmt.Sprintf("%s/v1/notifications/certs/CERT-%d", url, i), now) })
	}
	for hanging.Load() < maxFetches-1 {
		time.Sleep(time.Millisecond)
	}
	body := []byte(`{}`)
	for range 8 {
		friends.Go(func() {
			if err := a.Verify(signed(body, now), body, now); err != nil {
				t.Errorf("a good webhook beside strangers: %v", err)
			}
		})
	}
	friends.Wait()
	if n := good.Load(); n != 1 || hanging.Load() != maxFetches-1 {
		t.Errorf("%d fetches of the good certificate, want one while %d hang", n, hanging.Load())
	}
	close(release)
	strangers.Wait()
}

// TestFetchesAreBounded: a stranger who names more certificates than are fetched
// at one time is refused at once, and so is one who names the same again.
func TestFetchesAreBounded(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	url := vendortest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.NotFound(w, r)
	}))
	a, now := connect(t, url, http.DefaultClient), time.Now()
	for range maxFetches {
		a.certs.slots <- struct{}{}
	}
	if _, err := a.certs.at(url+"/v1/notifications/certs/CERT-1", now); dispute.KindOf(err) != dispute.Transient || asked.Load() != 0 {
		t.Errorf("one fetch too many: %v after %d fetches, want kind transient", err, asked.Load())
	}
	for range maxFetches {
		<-a.certs.slots
	}
	for i := range maxRefusals + 10 {
		if _, err := a.certs.at(fmt.Sprintf("%s/v1/notifications/certs/CERT-%d", url, i), now); dispute.KindOf(err) != dispute.Auth {
			t.Fatalf("certificate %d: %v, want kind auth", i, err)
		}
	}
	before := asked.Load()
	_, first := a.certs.at(url+"/v1/notifications/certs/CERT-1", now)
	_, later := a.certs.at(url+"/v1/notifications/certs/CERT-1", now.Add(2*refusalLasts))
	if len(a.certs.refused) > maxRefusals || first == nil || later == nil || asked.Load() != before+1 {
		t.Errorf("%d refusals kept, %v, %v, %d more fetches; want %d at most and one fetch after a while", len(a.certs.refused), first, later, asked.Load()-before, maxRefusals)
	}
}

// TestStandInIsWhereItsAPIIs: a stand-in does not know by which name it is
// reached, so that its certificates come from below the base URL.
func TestStandInIsWhereItsAPIIs(t *testing.T) {
	t.Parallel()
	url := vendortest.Serve(t, http.StripPrefix("/paypal", side))
	a, now, body := connect(t, url+"/paypal", http.DefaultClient), time.Now(), []byte(`{}`)
	for _, said := range []string{"http://0.0.0.0:8090/paypal", "http://elsewhere.example", ""} {
		h := side.Sign(body, now)
		h.Set("Paypal-Cert-Url", said+"/v1/notifications/certs/"+certificateID)
		if err := a.Verify(h, body, now); err != nil {
			t.Errorf("%q: %v", said, err)
		}
	}
}

// certificateID is how the stand-in names its certificate.
const certificateID = "CERT-360caa42-fca2a594-5a29e601"

// TestKeptCertificateEnds: a certificate is kept no longer than it is valid.
func TestKeptCertificateEnds(t *testing.T) {
	t.Parallel()
	body, now := []byte(`{}`), time.Now()
	a := lone(t, "http://127.0.0.1:1")
	if err := a.Verify(signed(body, now), body, now); err != nil {
		t.Fatal(err)
	}
	later := now.AddDate(11, 0, 0)
	if err := a.Verify(signed(body, later), body, later); dispute.KindOf(err) != dispute.Auth || err == nil {
		t.Errorf("with an expired certificate: %v, want kind auth", err)
	}
}

// FuzzVerify: nothing that PayPal did not sign is good, and nothing panics.
func FuzzVerify(f *testing.F) {
	f.Add("1", "2027-01-01T12:00:00Z", "SHA256withRSA", "http://127.0.0.1:1/v1/notifications/certs/CERT-360caa42-fca2a594-5a29e601", opensslSignature, []byte(`{}`))
	f.Add("", "", "", "", "", []byte(nil))
	f.Add("1", "2027-01-01T12:00:00Z", "SHA256withRSA", "http://%zz", "AA==", []byte(`{}`))
	a, now := lone(f, "http://127.0.0.1:1"), time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, id, at, algo, cert, sig string, body []byte) {
		h := http.Header{
			"Paypal-Transmission-Id": {id}, "Paypal-Transmission-Time": {at}, "Paypal-Auth-Algo": {algo},
			"Paypal-Cert-Url": {cert}, "Paypal-Transmission-Sig": {sig},
		}
		if err := a.Verify(h, body, now); err == nil || dispute.KindOf(err) != dispute.Auth {
			t.Errorf("an unsigned body: error %v, want kind auth", err)
		}
	})
}

// FuzzParse: whatever comes is read or refused with a reason.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{}`, `[]`, `{"id":"WH-1","event_type":"CUSTOMER.DISPUTE.CREATED","create_time":"2026-10-01T12:00:00Z","resource":{"dispute_id":"PP-1","status":"OPEN"}}`,
		`{"id":"WH-1","event_type":"X","create_time":"2026-10-01T12:00:00Z"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Add([]byte(`{"id":"WH-1","event_type":"CUSTOMER.DISPUTE.UPDATED","create_time":"9999-12-31T23:59:59-14:00","resource":{"dispute_id":"PP-1","status":"RESOLVED","dispute_amount":{"currency_code":"JPY","value":".0"},"money_movements":[{"affected_party":"SELLER","amount":{"currency_code":"USD","value":"-.5"}}]}}`))
	a := lone(f, "http://127.0.0.1:1")
	f.Fuzz(func(t *testing.T, body []byte) {
		notices, err := a.Parse(body)
		if err != nil && dispute.KindOf(err) != dispute.Invalid {
			t.Errorf("error %v, want kind invalid", err)
		}
		for _, n := range notices {
			if n.EventID == "" || n.Kind == "" || n.OccurredAt.IsZero() || (n.Snapshot != nil && (n.Snapshot.ID == "" || n.Snapshot.Stage == "")) {
				t.Errorf("a notice without ids: %+v", n)
			}
			if a, b := dispute.Fold(dispute.View{}, n), dispute.Fold(dispute.Fold(dispute.View{}, n), n); b.Tells(n) || a.EventID != b.EventID {
				t.Errorf("the same notice told twice is news: %+v", n)
			}
		}
	})
}
