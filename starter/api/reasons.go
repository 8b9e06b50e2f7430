package api

import (
	"context"
	"fmt"
	"strings"

	"github.com/rebuttal-hq/rebuttal/evidence"
	"github.com/rebuttal-hq/rebuttal/networks"
)

// ListReasons implements GET /v1/reasons. Everybody with a token may read what
// is known of the trade.
func (a *api) ListReasons(_ context.Context, r ListReasonsRequestObject) (ListReasonsResponseObject, error) {
	return ListReasons200JSONResponse{Items: networks.Listed(r.Params.Network, r.Params.Family)}, nil
}

// GetReason implements GET /v1/reasons/{network}/{code}.
func (a *api) GetReason(_ context.Context, r GetReasonRequestObject) (GetReasonResponseObject, error) {
	found, ok := networks.Explain(r.Network, r.Code)
	if !ok {
		return nil, notFound.because("no such reason" + near(r.Network, r.Code))
	}
	return GetReason200JSONResponse(evidence.GuideTo(found)), nil
}

// near names codes that begin alike.
func near(network, code string) string {
	list := networks.Near(network, code)
	if len(list) == 0 {
		return ""
	}
	codes := make([]string, len(list))
	for i, r := range list {
		codes[i] = r.Network + "/" + r.Code
	}
	return fmt.Sprintf("; near are %s", strings.Join(codes, ", "))
}
