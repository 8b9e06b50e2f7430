package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/history"
	"github.com/rebuttal-hq/rebuttal/rules"
)

// RunBacktest implements POST /v1/backtests. It leaves half of the cores to
// webhooks.
func (a *api) RunBacktest(ctx context.Context, r RunBacktestRequestObject) (RunBacktestResponseObject, error) {
	ctx, by := caller(ctx)
	if r.Body.Rules == "" && r.Body.Source == "" {
		return nil, malformed.because(`name the draft in "rules" or send it in "source"`)
	}
	in := desk.Backtest{
		Since: time.Duration(r.Body.SinceDays) * day, Movers: r.Body.Movers, Cores: max(1, runtime.NumCPU()/2),
	}
	draft, err := a.rulesOf(ctx, by, r.Body.Rules, r.Body.Source)
	if err != nil {
		return nil, err
	}
	if in.Draft, err = rules.Parse(draft.Name, []byte(draft.Source)); err != nil {
		return nil, err
	}
	against, err := a.desk.RuleText(ctx, by, r.Body.Against)
	if err != nil {
		return nil, err
	}
	if in.Against, err = rules.Read(against.Name, []byte(against.Source)); err != nil {
		return nil, err
	}
	report, err := a.desk.Backtest(ctx, by, in)
	return RunBacktest200JSONResponse(report), err
}

// ListImports implements GET /v1/imports.
func (a *api) ListImports(ctx context.Context, _ ListImportsRequestObject) (ListImportsResponseObject, error) {
	ctx, by := caller(ctx)
	found, err := a.desk.Imports(ctx, by)
	if err != nil {
		return nil, err
	}
	return ListImports200JSONResponse{Items: found}, nil
}

// toldErrors bounds the errors of rows that an answer holds.
const toldErrors = 100

// ImportPast implements POST /v1/imports.
func (a *api) ImportPast(ctx context.Context, r ImportPastRequestObject) (ImportPastResponseObject, error) {
	ctx, by := caller(ctx)
	m, err := history.ParseMapping([]byte(r.Body.Mapping))
	if err != nil {
		return nil, err
	}
	if r.Body.Connection != "" {
		if m.Defaults == nil {
			m.Defaults = map[string]string{}
		}
		m.Defaults["connection"] = r.Body.Connection
	}
	format := history.Format(r.Body.Format)
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s", r.Body.Data, format, m.YAML()))
	errors := []history.RowError{}
	done, err := a.desk.ImportPast(ctx, by, desk.PastImport{
		Name: r.Body.Name, Key: hex.EncodeToString(sum[:]), DryRun: r.Body.DryRun,
		Rows: history.Read(strings.NewReader(r.Body.Data), format, m),
		Reject: func(e history.RowError) error {
			if len(errors) < toldErrors {
				errors = append(errors, e)
			}
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	return ImportPast200JSONResponse{Import: done, Errors: errors}, nil
}
