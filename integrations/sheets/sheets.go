// Package sheets writes one row of a Google spreadsheet for each moment of a case,
// so that finance and risk can count disputes where they count everything else.
package sheets

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"

	"golang.org/x/oauth2/google"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendorhttp"
)

const (
	name           = "sheets"
	defaultBaseURL = "https://sheets.googleapis.com"
	// scope lets the service account read and write the spreadsheets that were
	// shared with it (Google, "Choose Google Sheets API scopes").
	scope = "https://www.googleapis.com/auth/spreadsheets"
)

// Settings are those of one tab of one spreadsheet.
type Settings struct {
	// SpreadsheetID is the long word in the spreadsheet's address, between /d/ and
	// /edit.
	SpreadsheetID string `yaml:"spreadsheet_id"`
	// Sheet is the name of the tab. It must be empty, or one that we began.
	Sheet string `yaml:"sheet"`
	// ServiceAccount is the JSON key of a service account that the spreadsheet is
	// shared with.
	ServiceAccount string `yaml:"service_account"`
	BaseURL        string `yaml:"base_url"`
	// TokenURL replaces the token_uri of the key.
	TokenURL string `yaml:"token_url"`
}

// Vendor describes connections to Google Sheets.
var Vendor = integrations.Vendor{
	Adapter:  (*adapter)(nil),
	Name:     name,
	About:    "a row of a Google spreadsheet for each moment of a case",
	Settings: func() integrations.Settings { return &Settings{Sheet: "Disputes", BaseURL: defaultBaseURL} },
}

// adapter is one tab.
type adapter struct {
	sheet  string
	root   string // the spreadsheet's path
	tokens *tokens
	http   vendorhttp.Client
	headed atomic.Bool // the tab is known to have our first row
}

var (
	_ integrations.Reporter = (*adapter)(nil)
	_ integrations.Checker  = (*adapter)(nil)
)

var idForm = regexp.MustCompile(`^[A-Za-z0-9_-]{5,128}$`)

// Connect implements integrations.Settings.
func (s *Settings) Connect(d integrations.Deps, _ string) (integrations.Adapter, error) {
	switch {
	case !idForm.MatchString(s.SpreadsheetID):
		return nil, errors.New("spreadsheet_id: want the long word between /d/ and /edit in the spreadsheet's address")
	case s.Sheet == "":
		return nil, errors.New("sheet: missing; it is the name of the tab")
	case s.ServiceAccount == "":
		return nil, errors.New("service_account: missing; it is the JSON key of a service account, made in the Cloud console under IAM, Service accounts, Keys")
	}
	if err := vendorhttp.CheckURL("base_url", s.BaseURL, defaultBaseURL); err != nil {
		return nil, err
	}
	conf, err := google.JWTConfigFromJSON([]byte(s.ServiceAccount), scope)
	if err != nil || conf.Email == "" || len(conf.PrivateKey) == 0 {
		return nil, errors.New("service_account: want the whole JSON key of a service account, with client_email and private_key")
	}
	conf.TokenURL = cmp.Or(s.TokenURL, conf.TokenURL)
	t := newTokens(d.HTTP, conf)
	return &adapter{
		sheet: s.Sheet, root: "/v4/spreadsheets/" + s.SpreadsheetID, tokens: t,
		http: vendorhttp.Client{Vendor: name, BaseURL: s.BaseURL, HTTP: d.HTTP, Auth: t.authorize, Refused: t.forget},
	}, nil
}

// Vendor implements integrations.Adapter.
func (a *adapter) Vendor() string { return name }

// Check implements integrations.Checker: it reads the names of the tabs.
func (a *adapter) Check(ctx context.Context) error {
	var answer struct {
		Sheets []struct {
			Properties struct {
				Title string `json:"title"`
			} `json:"properties"`
		} `json:"sheets"`
	}
	const op = "check"
	err := a.call(ctx, vendorhttp.Request{
		Op: op, Method: http.MethodGet, Path: a.root, Query: url.Values{"fields": {"sheets.properties.title"}},
	}, &answer)
	if err != nil {
		return err
	}
	for _, s := range answer.Sheets {
		if s.Properties.Title == a.sheet {
			return nil
		}
	}
	return dispute.Errorf(dispute.Invalid, name+": "+op, "the spreadsheet has no tab %.60q; make it, or name another in sheet", a.sheet)
}

// FindReport implements integrations.Reporter: it reads the column of keys.
func (a *adapter) FindReport(ctx context.Context, key string, r integrations.Report) (id string, found bool, err error) {
	var column values
	err = a.call(ctx, vendorhttp.Request{
		Op: "find the row of " + r.Case.ID, Method: http.MethodGet, Path: a.path("A:A"),
		Query: url.Values{"majorDimension": {"COLUMNS"}},
	}, &column)
	if err != nil || len(column.Values) == 0 {
		return "", false, err
	}
	for i, cell := range column.Values[0] {
		if cell == key {
			return fmt.Sprintf("%s!A%d", a.sheet, i+1), true, nil
		}
	}
	return "", false, nil
}

// Report implements integrations.Reporter: it appends one row, below a first row
// that names the columns.
func (a *adapter) Report(ctx context.Context, key string, r integrations.Report) (id string, err error) {
	if err := a.head(ctx); err != nil {
		return "", err
	}
	var answer struct {
		Updates struct {
			UpdatedRange string `json:"updatedRange"`
		} `json:"updates"`
	}
	err = a.call(ctx, vendorhttp.Request{
		Op: "append a row for " + r.Case.ID, Method: http.MethodPost, Path: a.path(headRange) + ":append",
		// RAW: what looks like a formula is text.
		Query: url.Values{"valueInputOption": {"RAW"}, "insertDataOption": {"INSERT_ROWS"}},
		JSON:  values{Values: [][]any{row(key, r)}}, Write: true,
	}, &answer)
	return cmp.Or(answer.Updates.UpdatedRange, a.sheet), err
}

// head makes the first row where there is none. Two workers may make it at the
// same time: they write the same cells, and both before their first row.
func (a *adapter) head(ctx context.Context) error {
	if a.headed.Load() {
		return nil
	}
	const op = "read the first row"
	var first values
	if err := a.call(ctx, vendorhttp.Request{Op: op, Method: http.MethodGet, Path: a.path(headRange)}, &first); err != nil {
		return err
	}
	switch {
	case len(first.Values) == 0 || len(first.Values[0]) == 0:
		err := a.call(ctx, vendorhttp.Request{
			Op: "make the first row", Method: http.MethodPut, Path: a.path(headRange),
			Query: url.Values{"valueInputOption": {"RAW"}}, JSON: values{Values: [][]any{titles()}},
		}, nil)
		if err != nil {
			return err
		}
	case first.Values[0][0] != columns[0].title:
		return dispute.Errorf(dispute.Invalid, name+": "+op, "it is not ours; name an empty tab in sheet")
	}
	a.headed.Store(true)
	return nil
}

// values is a block of cells.
type values struct {
	Values [][]any `json:"values,omitempty"`
}

// path is that of some cells of the tab.
func (a *adapter) path(cells string) string {
	tab := "'" + strings.ReplaceAll(a.sheet, "'", "''") + "'"
	return a.root + "/values/" + url.PathEscape(tab+"!"+cells)
}
