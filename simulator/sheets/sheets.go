// Package sheets stands in for Google Sheets: one spreadsheet with one tab, behind
// the tokens of a service account.
package sheets

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// What the stand-in knows itself by. None of it opens anything anywhere else.
const (
	SpreadsheetID = "1simulatorSpreadsheet"
	Tab           = "Disputes"
	Token         = "ya29.simulator"
	email         = "rebuttal@simulator.iam.gserviceaccount.example"
	scope         = "https://www.googleapis.com/auth/spreadsheets"
)

const maxBody = 1 << 20

// account is the service account's key, the same for all stand-ins of a process.
var account = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic("simulator/sheets: " + err.Error())
	}
	return key
})

// Sheets is one spreadsheet. It is an http.Handler, safe for concurrent use.
type Sheets struct {
	mux *http.ServeMux
	now func() time.Time

	mu   sync.Mutex
	rows [][]any
}

// object is a JSON object.
type object = map[string]any

// New is a spreadsheet whose tab is empty.
func New(now func() time.Time) *Sheets {
	s := &Sheets{mux: http.NewServeMux(), now: now}
	s.mux.HandleFunc("POST /token", s.token)
	s.mux.HandleFunc("GET /v4/spreadsheets/{id}", guarded(s.tabs))
	s.mux.HandleFunc("GET /v4/spreadsheets/{id}/values/{range}", guarded(s.get))
	s.mux.HandleFunc("PUT /v4/spreadsheets/{id}/values/{range}", guarded(s.update))
	s.mux.HandleFunc("POST /v4/spreadsheets/{id}/values/{range}", guarded(s.append))
	return s
}

// ServeHTTP implements http.Handler.
func (s *Sheets) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// ServiceAccount is the account's key as Google hands it out.
func (s *Sheets) ServiceAccount(tokenURL string) string {
	der, err := x509.MarshalPKCS8PrivateKey(account())
	if err != nil {
		panic("simulator/sheets: " + err.Error())
	}
	key, err := json.Marshal(object{
		"type": "service_account", "project_id": "simulator", "private_key_id": "1", "client_email": email,
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), "token_uri": tokenURL,
	})
	if err != nil {
		panic("simulator/sheets: " + err.Error())
	}
	return string(key)
}

// Rows are the tab's rows as people see them, the first row included.
func (s *Sheets) Rows() [][]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([][]string, len(s.rows))
	for i, r := range s.rows {
		for _, cell := range r {
			out[i] = append(out[i], fmt.Sprint(cell))
		}
	}
	return out
}

// token answers the grant of RFC 7523 and holds its assertion to what Google
// wants of it ("Using OAuth 2.0 for server to server applications").
func (s *Sheets) token(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if r.PostFormValue("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" || !s.vouched(r.PostFormValue("assertion")) {
		answer(w, http.StatusBadRequest, object{"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
		return
	}
	answer(w, http.StatusOK, object{"access_token": Token, "expires_in": 3599, "token_type": "Bearer"})
}

func (s *Sheets) vouched(assertion string) bool {
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 {
		return false
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	signature, err2 := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || err2 != nil {
		return false
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if rsa.VerifyPKCS1v15(&account().PublicKey, crypto.SHA256, sum[:], signature) != nil {
		return false
	}
	var c struct {
		Issuer string `json:"iss"`
		Scope  string `json:"scope"`
		Expiry int64  `json:"exp"`
	}
	return json.Unmarshal(claims, &c) == nil && c.Issuer == email && c.Scope == scope && c.Expiry > s.now().Unix()
}

func guarded(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+Token)) != 1:
			refuse(w, http.StatusUnauthorized, "UNAUTHENTICATED")
		case r.PathValue("id") != SpreadsheetID:
			refuse(w, http.StatusNotFound, "NOT_FOUND")
		default:
			next(w, r)
		}
	}
}

func (s *Sheets) tabs(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, object{"sheets": []object{{"properties": object{"title": Tab}}}})
}

// block is a ValueRange.
type block struct {
	Range          string  `json:"range,omitempty"`
	MajorDimension string  `json:"majorDimension,omitempty"`
	Values         [][]any `json:"values,omitempty"`
}

var cells = regexp.MustCompile(`^'` + Tab + `'!(?:A:A|A1:([A-Z])1)$`)

// known reads the ranges that the stand-in understands: the first column, and
// cells of the first row.
func known(text string) (firstRow, ok bool) {
	m := cells.FindStringSubmatch(text)
	return m != nil && m[1] != "", m != nil
}

func (s *Sheets) get(w http.ResponseWriter, r *http.Request) {
	firstRow, ok := known(r.PathValue("range"))
	if !ok {
		refuse(w, http.StatusBadRequest, "INVALID_ARGUMENT")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := block{Range: r.PathValue("range"), MajorDimension: "ROWS"}
	switch {
	case len(s.rows) == 0: // values are left out, as Google does
	case firstRow:
		out.Values = s.rows[:1]
	case r.URL.Query().Get("majorDimension") == "COLUMNS":
		out.MajorDimension, out.Values = "COLUMNS", [][]any{{}}
		for _, row := range s.rows {
			out.Values[0] = append(out.Values[0], row[0])
		}
	default:
		for _, row := range s.rows {
			out.Values = append(out.Values, row[:1])
		}
	}
	answer(w, http.StatusOK, out)
}

// read takes the cells of a write, which has to say how they are meant.
func read(w http.ResponseWriter, r *http.Request, address string) (b block, ok bool) {
	firstRow, known := known(address)
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	d.UseNumber()
	d.DisallowUnknownFields()
	if !known || !firstRow || r.URL.Query().Get("valueInputOption") != "RAW" || d.Decode(&b) != nil || len(b.Values) != 1 || len(b.Values[0]) == 0 {
		refuse(w, http.StatusBadRequest, "INVALID_ARGUMENT")
		return b, false
	}
	return b, true
}

func (s *Sheets) update(w http.ResponseWriter, r *http.Request) {
	b, ok := read(w, r, r.PathValue("range"))
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.rows) == 0 {
		s.rows = make([][]any, 1)
	}
	s.rows[0] = slices.Clone(b.Values[0])
	answer(w, http.StatusOK, updated(r.PathValue("range"), len(b.Values[0])))
}

func (s *Sheets) append(w http.ResponseWriter, r *http.Request) {
	address, isAppend := strings.CutSuffix(r.PathValue("range"), ":append")
	if !isAppend {
		refuse(w, http.StatusNotFound, "NOT_FOUND")
		return
	}
	b, ok := read(w, r, address)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows = append(s.rows, slices.Clone(b.Values[0]))
	at := Tab + "!A" + strconv.Itoa(len(s.rows))
	answer(w, http.StatusOK, object{"spreadsheetId": SpreadsheetID, "updates": updated(at, len(b.Values[0]))})
}

func updated(at string, n int) object {
	return object{"spreadsheetId": SpreadsheetID, "updatedRange": at, "updatedRows": 1, "updatedColumns": n, "updatedCells": n}
}

// refuse answers as Google's APIs do ("Errors").
func refuse(w http.ResponseWriter, status int, word string) {
	answer(w, status, object{"error": object{"code": status, "message": "The caller is refused.", "status": word}})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
