package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/evidence"
	"github.com/rebuttal-hq/rebuttal/networks"
)

func TestReasons(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for query, want := range map[string]string{
		"?network=visa&family=subscription_canceled": "visa 13.2",
		"?network=mc&family=subscription_canceled":   "mastercard 4841, mastercard 4853",
		"?network=square&family=duplicate":           "square DUPLICATE, square PAID_BY_OTHER_MEANS",
		"?network=nowhere":                           "",
	} {
		var got ReasonList
		w.get(t, desk.RoleViewer, "/v1/reasons"+query, &got)
		names := make([]string, len(got.Items))
		for i, r := range got.Items {
			names[i] = r.Network + " " + r.Code
		}
		if shown := strings.Join(names, ", "); shown != want || got.Items == nil {
			t.Errorf("%s: %s, want %s", query, shown, want)
		}
	}
	var all ReasonList
	w.get(t, desk.RoleViewer, "/v1/reasons", &all)
	if len(all.Items) < len(networks.ReasonCodes()) {
		t.Errorf("%d reasons", len(all.Items))
	}
}

// Every reason is explained, as feeds write its code, and fits the contract.
func TestReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for path, code := range map[string]string{
		"visa/104": "10.4", "MasterCard/4853": "4853", "amex/C08": "C08", "discover/RG": "4755", "stripe/fraudulent": "fraudulent", "visa/10.5": "10.5",
	} {
		var got ReasonGuide
		w.get(t, desk.RoleViewer, "/v1/reasons/"+path, &got)
		if got.Reason.Code != code {
			t.Errorf("%s is %s, want %s", path, got.Reason.Code, code)
		}
		want, _ := networks.Explain(got.Reason.Network, code)
		if diff := cmp.Diff(evidence.GuideTo(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

func TestUnknownReasons(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		path   string
		status int
		detail string
	}{
		{"/v1/reasons/visa/13.10x", http.StatusNotFound, "no such reason; near are visa/13.1"},
		{"/v1/reasons/" + canary + "/1", http.StatusNotFound, "no such reason"},
		{"/v1/reasons?family=" + canary, http.StatusBadRequest, `query parameter "family"`},
		{"/v1/reasons?net=visa", http.StatusBadRequest, `query parameter "net" is unknown`},
	} {
		got := w.as(t, desk.RoleViewer, ask{path: c.path})
		if p := got.problem(t); got.status != c.status || !strings.Contains(p.Detail, c.detail) || strings.Contains(p.Detail, canary) {
			t.Errorf("%s: %+v, want %d and %q", c.path, p, c.status, c.detail)
		}
	}
}
