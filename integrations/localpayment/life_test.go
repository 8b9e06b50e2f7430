package localpayment

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/vendortest"
	standin "github.com/rebuttal-hq/rebuttal/simulator/localpayment"
	"github.com/rebuttal-hq/rebuttal/simulator/world"
)

const docReceived = `{"externalId":"1652301353","internalId":"5a76070b-cd60-4f4a-9186-044d76a9d4fd",
	"status":{"code":"101","description":"DOC_RECEIVED","detail":"Dispute documentation received"}}`

// house is a stand-in, the adapter before it and a door that refuses the first
// post of all.
type house struct {
	*adapter
	bank  *standin.Localpayment
	world *world.World
	door  string

	mu      sync.Mutex
	now     time.Time
	posts   int
	notices []dispute.Notice
}

func newHouse(t *testing.T, o standin.Options) *house {
	t.Helper()
	h := &house{now: clock}
	h.world = world.New(1, h.clock, 24*time.Hour)
	o.Username, o.Password, o.Backoff = username, password, time.Millisecond
	h.bank = standin.New(h.world, o)
	h.adapter = newAdapter(t, vendortest.Serve(t, h.bank))
	h.adapter.now, h.tokens.now = h.clock, h.clock
	h.door = vendortest.Serve(t, http.HandlerFunc(h.take))
	return h
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

func (h *house) take(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if err := h.Verify(r.Header, body, h.clock()); err != nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	notices, err := h.Parse(body)
	h.mu.Lock()
	defer h.mu.Unlock()
	switch h.posts++; {
	case h.posts == 1:
		w.WriteHeader(http.StatusServiceUnavailable)
	case err != nil:
		w.WriteHeader(http.StatusBadRequest)
	default:
		h.notices = append(h.notices, notices...)
	}
}

// view delivers what is to be delivered and folds it as it came, and each twice
// the other way round.
func (h *house) view(t *testing.T) dispute.View {
	t.Helper()
	if err := h.bank.Deliver(t.Context(), h.door); err != nil {
		t.Fatal(err)
	}
	var there, back dispute.View
	for _, n := range h.notices {
		there = dispute.Fold(there, n)
	}
	for _, n := range slices.Backward(h.notices) {
		back = dispute.Fold(dispute.Fold(back, n), n)
	}
	if diff := cmp.Diff(there, back); diff != "" {
		t.Errorf("the order of delivery shows:\n%s", diff)
	}
	return there
}

// A callback that is not taken does not keep the others back.
func TestDeliverGoesOn(t *testing.T) {
	t.Parallel()
	w := world.New(1, time.Now, 24*time.Hour)
	bank := standin.New(w, standin.Options{Secret: "secret", Backoff: time.Millisecond, Attempts: 2})
	stuck, other := bank.Open(w.NewOrder(world.OrderOptions{})), bank.Open(w.NewOrder(world.OrderOptions{}))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body, _ := io.ReadAll(r.Body); strings.Contains(string(body), stuck) {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer srv.Close()
	err := bank.Deliver(t.Context(), srv.URL)
	if err == nil || !strings.Contains(err.Error(), stuck) || strings.Contains(err.Error(), other) {
		t.Errorf("error %v, want one that names %s only", err, stuck)
	}
	if all := bank.Callbacks(); all[0].Delivered != 0 || all[0].Attempts != 2 || all[len(all)-1].Delivered != 1 {
		t.Errorf("callbacks %+v", all)
	}
}

func (h *house) submission(id string) integrations.Submission {
	s := packet()
	s.Case.Ref.ID = id
	return s
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestLife(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answered bool
		end      func(h *house, id string) error
		want     dispute.ProviderStatus
	}{
		"answered":       {true, func(*house, string) error { return nil }, dispute.ProviderUnderReview},
		"won":            {true, func(h *house, id string) error { return h.bank.Decide(id, true) }, dispute.ProviderWon},
		"lost":           {true, func(h *house, id string) error { return h.bank.Decide(id, false) }, dispute.ProviderLost},
		"nobody answers": {false, func(h *house, id string) error { return h.bank.Complete(id) }, dispute.ProviderLost},
		"won after a loss": {true, func(h *house, id string) error {
			err := h.bank.Decide(id, false)
			h.pass(24 * time.Hour)
			return errors.Join(err, h.bank.Decide(id, true))
		}, dispute.ProviderWon},
	} {
		for version, o := range map[string]standin.Options{"3": {Secret: secret}, "2": {SecretV2: secretV2}} {
			t.Run(name+", version "+version, func(t *testing.T) {
				t.Parallel()
				h := newHouse(t, o)
				order := h.world.NewOrder(world.OrderOptions{Total: 6450, Currency: "BRL"})
				id := h.bank.Open(order)
				h.pass(time.Hour)
				if v := h.view(t); v.Snapshot.Status != dispute.ProviderNeedsResponse || !v.Snapshot.DueBy.Equal(clock.Add(7*24*time.Hour)) {
					t.Errorf("opened: %s, due %v", v.Snapshot.Status, v.Snapshot.DueBy)
				}
				if tt.answered {
					_, err := h.Submit(t.Context(), h.submission(id))
					check(t, err)
					check(t, h.bank.Escalate(id))
				}
				h.pass(time.Hour)
				check(t, tt.end(h, id))
				v := h.view(t)
				if s := v.Snapshot; s.Status != tt.want || s.Amount != (dispute.Money{Minor: 6450, Currency: "BRL"}) || s.Network != "visa" || s.Payment == "" {
					t.Errorf("%s with %v of %s by %s, want %s", s.Status, s.Amount, s.Payment, s.Network, tt.want)
				}
				if got := len(h.bank.Uploads()); tt.answered != (got == 1) {
					t.Errorf("%d uploads", got)
				}
			})
		}
	}
}

// The first callback that comes may be a later one: the pay-in fills it in.
func TestThinOpensTheCase(t *testing.T) {
	t.Parallel()
	h := newHouse(t, standin.Options{Secret: secret})
	id := h.bank.Open(h.world.NewOrder(world.OrderOptions{Total: 6450}))
	h.pass(time.Minute)
	check(t, h.bank.Escalate(id))
	h.view(t)
	if c := h.bank.Callbacks(); c[0].Attempts != 2 || c[0].Delivered != 1 || c[1].Attempts != 1 {
		t.Errorf("the refused callback was posted %d times, the other %d times", c[0].Attempts, c[1].Attempts)
	}
	if v := dispute.Fold(dispute.View{}, h.notices[1]); v.Snapshot.Status != dispute.ProviderUnderReview || v.Snapshot.ID != id || v.Snapshot.Payment != h.notices[0].Snapshot.Payment {
		t.Errorf("%+v", v.Snapshot)
	}
}

func TestSubmit(t *testing.T) {
	t.Parallel()
	h := newHouse(t, standin.Options{Secret: secret})
	id, sendings := h.bank.Open(h.world.NewOrder(world.OrderOptions{})), 0
	s := h.submission(id)
	s.Sending = func() error { sendings++; return nil }
	first, err := h.Submit(t.Context(), s)
	check(t, err)
	if first.VendorID == "" || first.RawStatus != "DOC_RECEIVED" || first.At.IsZero() || len(first.Response) == 0 || sendings != 1 {
		t.Errorf("receipt %+v after %d sendings", first, sendings)
	}
	again, err := h.Submit(t.Context(), s)
	check(t, err)
	if diff := cmp.Diff(first.Request, again.Request); diff != "" {
		t.Errorf("the same packet has other bytes:\n%s", diff)
	}
	uploads := h.bank.Uploads()
	if len(uploads) != 2 || uploads[0].ExternalID != id || uploads[0].Name != "packet.pdf" || string(uploads[0].Bytes) != string(s.Files[0].Bytes) {
		t.Errorf("%d uploads, the first %+v", len(uploads), uploads[0])
	}
	stop := errors.New("the database is away")
	s.Sending = func() error { return stop }
	if _, err := h.Submit(t.Context(), s); !errors.Is(err, stop) || len(h.bank.Uploads()) != 2 {
		t.Errorf("error %v and %d uploads after Sending failed", err, len(h.bank.Uploads()))
	}
}

// A token is used until it is old, and a refused one is dropped.
func TestTokens(t *testing.T) {
	t.Parallel()
	logins := 0
	h := newHouse(t, standin.Options{Secret: secret})
	a := newAdapter(t, vendortest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/token/" {
			logins++
		}
		h.bank.ServeHTTP(w, r)
	})))
	a.now, a.tokens.now = h.clock, h.clock
	id := h.bank.Open(h.world.NewOrder(world.OrderOptions{}))
	ask := func(want int, kind dispute.Kind) {
		t.Helper()
		if _, err := a.Payment(t.Context(), dispute.Snapshot{ID: id}); (err == nil) != (kind == "") || (err != nil && dispute.KindOf(err) != kind) || logins != want {
			t.Errorf("error %v after %d logins, want %d", err, logins, want)
		}
	}
	ask(1, "")
	ask(1, "")
	h.pass(tokenLife)
	ask(2, "")
	h.bank.Expire()
	ask(2, dispute.Auth)
	ask(3, "")
	check(t, a.Check(t.Context()))
	if logins != 4 {
		t.Errorf("%d logins, want a fresh one for a check", logins)
	}
	a.tokens.password = "wrong"
	if err := a.Check(t.Context()); dispute.KindOf(err) != dispute.Auth {
		t.Errorf("a wrong password: %v, want kind auth", err)
	}
}

func TestPayment(t *testing.T) {
	t.Parallel()
	h := newHouse(t, standin.Options{Secret: secret})
	order := h.world.NewOrder(world.OrderOptions{Total: 6450, Currency: "CLP"})
	id := h.bank.Open(order)
	got, err := h.Payment(t.Context(), dispute.Snapshot{ID: id})
	check(t, err)
	want := dispute.Payment{
		ID: got.ID, Amount: dispute.Money{Minor: 6450, Currency: "CLP"}, At: order.PaidAt.UTC().Truncate(time.Second),
		Email: order.Customer.Email, Name: order.Customer.Name, OrderID: strconv.FormatInt(order.ShopifyID, 10),
	}
	if diff := cmp.Diff(want, got); diff != "" || got.ID == "" {
		t.Errorf("differs:\n%s", diff)
	}
	if _, err := h.Payment(t.Context(), dispute.Snapshot{ID: "1"}); dispute.KindOf(err) != dispute.NotFound {
		t.Errorf("a payment that is not there: %v", err)
	}
}

// The documented answers, and answers that are errors although HTTP says 200.
func TestAnswers(t *testing.T) {
	t.Parallel()
	flat := `{"externalId":"test","internalId":"f8be3b50-da22-43bb-afd1-2e7f1d79ab88","currency":"ARS","amount":10000,"paymentCurrency":"ARS",
		"paymentAmount":10000,"fxQuote":0,"transactionType":"PayIn","methodcode":"1022",
		"status":{"code":"200","description":"COMPLETED","detail":"The payin was credited"},"dateCreated":"2021-11-10T16:21:19Z","dateProcessed":"2021-11-24T18:18:51Z"}`
	missing := `{"status":{"code":"404","description":"ERROR","detail":"Transaction not found"}}`
	for name, tt := range map[string]struct {
		body            string
		submit, payment dispute.Kind // empty for success
	}{
		"documentation received": {docReceived, "", dispute.Transient},
		"a payment":              {flat, dispute.UnknownOutcome, ""},
		"not found":              {missing, dispute.NotFound, dispute.NotFound},
		"refused":                {`{"status":{"code":"400","description":"ERROR"}}`, dispute.Invalid, dispute.Invalid},
		"broken down":            {`{"status":{"code":"500","description":"ERROR"}}`, dispute.UnknownOutcome, dispute.Transient},
		"nothing":                {``, dispute.UnknownOutcome, dispute.Transient},
		"a page":                 {`<html>`, dispute.UnknownOutcome, dispute.Transient},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := loggedIn(t, vendortest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, tt.body) })))
			_, err := a.Submit(t.Context(), packet())
			is(t, "submit", err, tt.submit)
			_, err = a.Payment(t.Context(), dispute.Snapshot{ID: "test"})
			is(t, "payment", err, tt.payment)
		})
	}
}

func is(t *testing.T, what string, err error, want dispute.Kind) {
	t.Helper()
	if (err == nil) != (want == "") || (err != nil && dispute.KindOf(err) != want) {
		t.Errorf("%s: error %v, want kind %q", what, err, want)
	}
}

func TestPacketIsOneDocument(t *testing.T) {
	t.Parallel()
	a := loggedIn(t, nowhere)
	for name, bend := range map[string]func(*integrations.Submission){
		"no file": func(s *integrations.Submission) { s.Files = nil },
		"a text": func(s *integrations.Submission) {
			s.Texts = map[dispute.EvidenceField]string{dispute.FieldCustomerName: "A"}
		},
		"a picture":  func(s *integrations.Submission) { s.Files[0].MediaType = "image/png" },
		"empty file": func(s *integrations.Submission) { s.Files[0].Bytes = nil },
	} {
		s := packet()
		bend(&s)
		s.Sending = func() error { t.Errorf("%s: sent", name); return nil }
		_, err := a.Submit(t.Context(), s)
		is(t, name, err, dispute.Invalid)
	}
}

func TestStandInRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t, standin.Options{Secret: secret})
	for path, want := range map[string]int{"/api/chargebacks": http.StatusNotFound, "/api/transactions/1": http.StatusUnauthorized} {
		rec := httptest.NewRecorder()
		h.bank.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		if rec.Code != want {
			t.Errorf("%s: HTTP %d, want %d", path, rec.Code, want)
		}
	}
	_, err := h.Submit(t.Context(), h.submission("1"))
	is(t, "an unknown payment", err, dispute.NotFound)
	if err := h.bank.Decide("1", true); err == nil {
		t.Error("decided a chargeback that is not there")
	}
}
