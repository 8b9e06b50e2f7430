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
		"Disputes": s.Stripe.Disputes(), "Others": s.others(), "Webhooks": s.Stripe.Counters(), "Messages": s.Slack.Messages(),
		"Tickets": s.Zendesk.Tickets(), "Entries": s.QuickBooks.Entries(),
	})
	if err != nil {
		s.opts.Log.Error("simulator page", "error", err)
	}
}

// other is a dispute at another provider than Stripe.
type other struct {
	Provider string `json:"provider"`
	Dispute  string `json:"dispute"`
	Seen
}

func (s *Simulator) others() []other {
	out := []other{}
	for _, p := range s.Providers {
		for _, id := range p.Opened() {
			seen, _ := p.Seen(id)
			out = append(out, other{p.Name, id, seen})
		}
	}
	return out
}
