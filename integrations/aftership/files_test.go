package aftership

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
)

func TestAllowed(t *testing.T) {
	t.Parallel()
	f := connect(t, "https://api.aftership.com").files
	for address, want := range map[string]bool{
		"https://api.aftership.com/proofs/1":       true,
		"https://files.AfterShip.com/proofs/1":     true,
		"https://proofs.example.com/1":             true,
		"https://PROOFS.example.com/1":             true,
		"http://files.aftership.com/1":             false,
		"http://api.aftership.com/1":               false,
		"https://aftership.com.evil.example/1":     false,
		"https://evilaftership.com/1":              false,
		"https://files.aftership.com@evil.example": false,
		"https://user@files.aftership.com/1":       false,
		"https://more.proofs.example.com/1":        false,
		"https://169.254.169.254/latest":           false,
		"file:///etc/passwd":                       false,
		"//files.aftership.com/1":                  false,
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.allowed(u); got != want {
			t.Errorf("%s: allowed %v, want %v", address, got, want)
		}
	}
}

const (
	picture = "\x89PNG\r\n\x1a\n and so on"
	paper   = "%PDF-1.7 and so on"
)

// door serves proofs, and refuses whoever brings our key.
func door(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("as-api-key") != "" {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	switch strings.TrimPrefix(r.URL.Path, "/") {
	case "picture":
		_, _ = io.WriteString(w, picture)
	case "paper":
		_, _ = io.WriteString(w, paper)
	case "page":
		_, _ = io.WriteString(w, "<html>log in</html>")
	case "large":
		_, _ = io.WriteString(w, picture+strings.Repeat("x", maxFile))
	case "moved":
		http.Redirect(w, r, "/picture", http.StatusFound)
	case "away":
		http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
	case "refused":
		w.WriteHeader(http.StatusForbidden)
	case "down":
		w.WriteHeader(http.StatusServiceUnavailable)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func TestFetch(t *testing.T) {
	t.Parallel()
	base := vendortest.Serve(t, http.HandlerFunc(door))
	for name, tt := range map[string]struct {
		paths string
		want  string // what came
		kind  dispute.Kind
	}{
		"pictures and papers":     {"/picture /paper /moved", "1 proof-of-delivery-1.png, 2 proof-of-delivery-2.pdf, 3 proof-of-delivery-3.png", ""},
		"what no packet shows":    {"/page /large /gone /picture", "4 proof-of-delivery-4.png", ""},
		"led away":                {"/away /picture", "2 proof-of-delivery-2.png", dispute.Invalid},
		"another host":            {"http://evil.example/1 /picture", "2 proof-of-delivery-2.png", dispute.Invalid},
		"no address":              {"http://%zz /picture", "2 proof-of-delivery-2.png", dispute.Invalid},
		"refused":                 {"/refused /picture", "2 proof-of-delivery-2.png", dispute.Auth},
		"down, and none after it": {"/paper /down /picture", "1 proof-of-delivery-1.pdf", dispute.Transient},
		"ten of them at the most": {strings.Repeat("/gone ", maxFiles) + "/picture", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := tracking{ID: "t1", Number: "1Z1"}
			for _, path := range strings.Fields(tt.paths) {
				if strings.HasPrefix(path, "/") {
					path = base + path
				}
				tr.Proofs = append(tr.Proofs, struct {
					URL string `json:"url"`
				}{path})
			}
			items, err := connect(t, base).files.fetch(t.Context(), tr.proofs("parcels"))
			var got []string
			for _, item := range items {
				got = append(got, strings.TrimPrefix(item.ID, "proof:t1:")+" "+item.FileName)
				if item.Facts[dispute.FactSlot] != string(dispute.FieldShippingDocumentation) {
					t.Errorf("slot %q", item.Facts[dispute.FactSlot])
				}
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, ", ")); diff != "" {
				t.Errorf("documents (-want +got):\n%s", diff)
			}
			if (err == nil) != (tt.kind == "") || err != nil && (dispute.KindOf(err) != tt.kind || strings.Contains(err.Error(), "evil")) {
				t.Errorf("error %v, want kind %q and no address", err, tt.kind)
			}
		})
	}
}
