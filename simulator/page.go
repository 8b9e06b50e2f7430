package simulator

import (
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{"money": money}).Parse(pageText))

// money writes minor units of a currency with two decimals, which all of this
// world's sales have.
func money(minor int64, currency string) string {
	sign := ""
	if minor < 0 {
		sign, minor = "-", -minor
	}
	return fmt.Sprintf("%s%d.%02d %s", sign, minor/100, minor%100, currency)
}

// page shows what each vendor holds.
func (s *Simulator) page(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	err := pageTemplate.Execute(w, map[string]any{
		"Disputes": s.Stripe.Disputes(), "Webhooks": s.Stripe.Counters(), "Messages": s.Slack.Messages(),
		"Tickets": s.Zendesk.Tickets(), "Entries": s.QuickBooks.Entries(),
	})
	if err != nil {
		s.opts.Log.Error("simulator page", "error", err)
	}
}
