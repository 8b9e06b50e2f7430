package api

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/dispute"
)

// decider keeps the last decision that passed the contract.
type decider struct {
	StrictServerInterface
	got *DecisionRequest
}

func (d *decider) Decide(_ context.Context, r DecideRequestObject) (DecideResponseObject, error) {
	d.got = r.Body
	return Decide200JSONResponse{FaceJSONResponse(face)}, nil
}

// FuzzDecision sends bodies through the contract. What passes is what a strict
// decoder reads from the same bytes, and one of the decisions; everything else
// is refused with problem details.
func FuzzDecision(f *testing.F) {
	gin.SetMode(gin.TestMode)
	for _, seed := range []string{
		`{"kind":"assign","assignee":"ana"}`, `{"kind":"submit","stage":"chargeback","elsewhere":true}`,
		`{"kind":"change_plan","queue":"senior","response":"accept"}`, `{"kind":"hold","kind":"accept"}`,
		`{"kind":"note","item":"1"}`, `{"Kind":"hold"}`, `{"kind":"hold"}{}`, `{"kind":null}`, `{"kind":1e400}`,
		`null`, `[]`, ``, `{"kind":"hold","assignee":"\ud800"}`, "{\"kind\":\"hold\",\"queue\":\"\xff\"}",
	} {
		f.Add([]byte(seed))
	}
	a := &api{desk: &desk.Desk{Log: slog.New(slog.DiscardHandler)}, contract: readContract()}
	d := &decider{}
	engine := gin.New()
	RegisterHandlersWithOptions(engine.Group("", a.check), NewStrictHandlerWithOptions(d, nil, StrictGinServerOptions{
		RequestErrorHandlerFunc: unreadable,
	}), GinServerOptions{})

	f.Fuzz(func(t *testing.T, body []byte) {
		d.got = nil
		got := send(t, engine, ask{method: http.MethodPost, path: "/v1/cases/du_1/decisions", body: notNil(body)})
		if got.status != http.StatusOK {
			if p := got.problem(t); p.Status < 400 || p.Status >= 500 || d.got != nil {
				t.Fatalf("%+v after %+v", p, d.got)
			}
			return
		}
		var want DecisionRequest
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.DisallowUnknownFields()
		ok(t, decoder.Decode(&want))
		if diff := cmp.Diff(&want, d.got); diff != "" {
			t.Fatalf("(-strict decoder +taken):\n%s", diff)
		}
		if !slices.Contains(dispute.Decisions, want.Kind) {
			t.Fatalf("kind %q was taken", want.Kind)
		}
	})
}

func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
