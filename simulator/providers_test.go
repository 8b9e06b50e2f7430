package simulator

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

// Every provider opens, shows and decides disputes by the same methods, and says
// what it never saw.
func TestProviders(t *testing.T) {
	t.Parallel()
	s, url := start(t, nil)
	names := make([]string, len(s.Providers))
	for i, p := range s.Providers {
		names[i] = p.Name
		t.Run(p.Name, func(t *testing.T) {
			id, err := p.Open(s.World.NewOrder(world.OrderOptions{}), 9*s.World.Day())
			if err != nil {
				t.Fatal(err)
			}
			if seen, ok := s.Seen(p.Name, id); !ok || seen != (Seen{}) {
				t.Errorf("a new dispute: %+v, %v", seen, ok)
			}
			if _, ok := s.Seen(p.Name, "none"); ok {
				t.Error("a dispute that is not there was seen")
			}
			if !slices.Equal(p.Opened(), []string{id}) {
				t.Errorf("opened %v, want %s", p.Opened(), id)
			}
			if err := p.Decide("none", true); err == nil {
				t.Error("a dispute that is not there was decided")
			}
			if _, _, page := ask(t, http.MethodGet, url, ""); !strings.Contains(page, id) {
				t.Error("the page does not show it")
			}
			if _, err := p.OpenInquiry(s.World.NewOrder(world.OrderOptions{})); p.Escalates && err != nil {
				t.Error(err)
			}
		})
	}
	if !slices.IsSorted(names) || slices.Contains(names, "stripe") {
		t.Errorf("providers %v", names)
	}
	if _, ok := s.Provider(StripeConnection); ok {
		t.Error("Stripe is beside itself")
	}
}

// Clearhaus's answers lead back to itself, under its prefix.
func TestClearhausLinks(t *testing.T) {
	t.Parallel()
	s, url := start(t, nil)
	s.Clearhaus.Grant("token")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/clearhaus/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer token")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("HTTP %d", resp.StatusCode)
	}
	if status, _, _ := ask(t, http.MethodPost, url+"/clearhaus/oauth/token", ""); status != http.StatusUnauthorized {
		t.Errorf("a stranger's token: HTTP %d", status)
	}
	if status, _, _ := ask(t, http.MethodPut, url+"/storage/x?Signature=y", ""); status != http.StatusForbidden {
		t.Errorf("a stranger's upload: HTTP %d", status)
	}
}
