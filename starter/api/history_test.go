package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/rebuttal-hq/rebuttal/backtest"
	"github.com/rebuttal-hq/rebuttal/desk"
)

const (
	oldMapping = `columns: {id: id, opened: opened, amount: amount, response: response, outcome: outcome, decided: decided}\ndefaults: {currency: USD}`
	oldRows    = `{"name":"old.csv","connection":"stripe-us","mapping":"` + oldMapping + `","data":"id,opened,amount,response,outcome,decided\n` +
		`o1,2026-01-05,900.00,contest,won,2026-02-01\no2,2026-01-06,12.00,contest,lost,2026-02-01\no3,soon,12.00,contest,lost,\n"}`
)

func TestImportAndBacktest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	post := func(path, body string) answer {
		return w.as(t, desk.RoleManager, ask{method: http.MethodPost, path: path, body: []byte(body)})
	}
	var dry, done ImportResult
	post("/v1/imports", strings.Replace(oldRows, `"name"`, `"dry_run":true,"name"`, 1)).into(t, &dry)
	post("/v1/imports", oldRows).into(t, &done)
	for _, got := range []ImportResult{dry, done} {
		if got.Import.Added != 2 || got.Import.Rejected != 1 || len(got.Errors) != 1 || got.Errors[0].Row != 4 || got.Errors[0].Column != "opened" {
			t.Errorf("import %+v", got)
		}
	}
	var list ImportList
	w.get(t, desk.RoleViewer, "/v1/imports", &list)
	if len(list.Items) != 1 || list.Items[0].Name != "old.csv" || list.Items[0].FinishedAt.IsZero() {
		t.Errorf("imports %+v", list)
	}

	var report backtest.Report
	post("/v1/backtests", `{"rules":"live","against":"live"}`).into(t, &report)
	if report.Disputes < 2 || report.Moved != 0 || report.Learned < 2 {
		t.Errorf("report %+v", report)
	}
	for name, c := range map[string]struct {
		path, body string
		status     int
	}{
		"no draft":      {"/v1/backtests", `{}`, http.StatusBadRequest},
		"two drafts":    {"/v1/backtests", `{"rules":"live","source":"x"}`, http.StatusBadRequest},
		"broken rules":  {"/v1/backtests", `{"source":"rules: []"}`, http.StatusUnprocessableEntity},
		"no mapping":    {"/v1/imports", `{"data":"id\n"}`, http.StatusBadRequest},
		"wrong mapping": {"/v1/imports", `{"data":"id\n","mapping":"columns: {a: b}"}`, http.StatusUnprocessableEntity},
		"no header":     {"/v1/imports", `{"data":"","mapping":"columns: {a: id}"}`, http.StatusUnprocessableEntity},
	} {
		if got := post(c.path, c.body); got.status != c.status {
			t.Errorf("%s: %d %s, want %d", name, got.status, got.body, c.status)
		}
	}
}

// A backtest of a draft is kept with it: begun by one request, read by others.
func TestDraftBacktest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publishes(t)
	if got := w.post(t, desk.RoleManager, "/v1/imports", oldRows, nil); got.status != http.StatusOK {
		t.Fatalf("import: %d %s", got.status, got.body)
	}
	f := w.drafts(t, strings.Replace(rulesText, "500 USD", "5000 USD", 1))
	path := fmt.Sprintf("/v1/rules/drafts/%d/backtest", f.ID)
	if got := w.as(t, desk.RoleViewer, ask{method: http.MethodGet, path: path}); got.status != http.StatusNotFound {
		t.Errorf("before the first: %d %s", got.status, got.body)
	}
	var begun, ended DraftBacktest
	w.post(t, desk.RoleAnalyst, path, `{}`, nil).into(t, &begun)
	if begun.State != Running || begun.Draft != f.ID || begun.SinceDays != 0 || !begun.Current {
		t.Errorf("begun %+v", begun)
	}
	for ended.State == "" || ended.State == Running {
		w.get(t, desk.RoleViewer, path, &ended)
	}
	if r := ended.Report; ended.ID != begun.ID || ended.State != Done || ended.Done != int64(r.Disputes) || r.Moved != 1 || ended.Outdated {
		t.Errorf("ended %+v", ended)
	}
	if got := w.post(t, desk.RoleAnalyst, path, `{"since_days":0}`, nil); got.status != http.StatusBadRequest {
		t.Errorf("of no days: %d %s", got.status, got.body)
	}
	wrong := w.drafts(t, "rules: []")
	if got := w.post(t, desk.RoleAnalyst, fmt.Sprintf("/v1/rules/drafts/%d/backtest", wrong.ID), `{}`, nil); got.status != http.StatusUnprocessableEntity {
		t.Errorf("of a wrong draft: %d %s", got.status, got.body)
	}
}
