package activities

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/evidence"
	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	"github.com/rebuttal-hq/rebuttal/store"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// noon is now in every world.
var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// database gives a migrated database of the test's own.
func database(t *testing.T) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), testenv.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

// world is one case with fakes for everything outside.
type world struct {
	*Steps
	t        *testing.T
	ref      dispute.Ref
	ctx      context.Context // of the activities; crash ends it
	crash    func()
	provider *provider
	source   *source
	chat     *chat
	help     *helpdesk
	books    *books
}

// newWorld makes a world whose case has an id of its own, so that the cases of
// one test share a database.
func newWorld(t *testing.T, db *store.DB) *world {
	t.Helper()
	blobs, err := store.OpenBlobs(t.Context(), "mem://")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, ref: dispute.Ref{Connection: "stripe", ID: "dp_" + strings.ToLower(rand.Text()[:10])}}
	w.provider = &provider{snapshot: w.snapshot(), keys: map[string]integrations.Receipt{}}
	w.source, w.chat, w.help, w.books = &source{}, &chat{}, &helpdesk{}, &books{posted: map[string]int{}}
	w.Steps = &Steps{
		DB: db, Blobs: blobs, Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler),
		Merchants: []Merchant{{ID: "acme", Providers: []string{"stripe"}, Sources: []string{"shop"}, Accounting: []string{"books"}}},
		Policy: Policy{
			Scale: func(d time.Duration) time.Duration { return d }, FallbackWindow: 7 * day,
			SourcePatience: 10 * time.Minute, Linger: time.Hour, RetryEvery: time.Hour,
		},
		Links: Links{Console: "https://rebuttal.example"},
	}
	w.Set = integrations.SetOf(map[string]integrations.Adapter{
		"stripe": w.provider, "shop": w.source, "chat": w.chat, "help": w.help, "books": w.books, "bare": bare{},
	})
	w.revive()
	return w
}

// revive starts a worker anew after a crash.
func (w *world) revive() { w.ctx, w.crash = context.WithCancel(w.t.Context()) }

// run runs a step as Temporal would and decodes its answer.
func run[Out any](w *world, step, in any) (Out, error) {
	w.t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestActivityEnvironment()
	env.SetWorkerOptions(worker.Options{BackgroundActivityContext: w.ctx})
	env.RegisterActivity(w.Steps)
	var out Out
	value, err := env.ExecuteActivity(step, in)
	if err != nil {
		return out, err
	}
	if value.HasValue() {
		err = value.Get(&out)
	}
	return out, err
}

func (w *world) snapshot() dispute.Snapshot {
	return dispute.Snapshot{
		ID: w.ref.ID, Payment: "ch_1", Amount: dispute.Money{Minor: 12900, Currency: "USD"},
		Reason: "product_not_received", Network: "visa", NetworkCode: "13.1",
		RawStatus: "needs_response", Status: dispute.ProviderNeedsResponse, Stage: dispute.StageChargeback,
		OpenedAt: noon.Add(-time.Hour), DueBy: noon.Add(10 * day),
	}
}

// notice is what the provider tells so many minutes after noon.
func (w *world) notice(id string, minutes int, kind dispute.NoticeKind, change func(*dispute.Snapshot)) dispute.Notice {
	s := w.snapshot()
	if change != nil {
		change(&s)
	}
	return dispute.Notice{
		Connection: "stripe", EventID: w.ref.ID + "/" + id, Kind: kind, RawKind: string(kind), Snapshot: &s,
		OccurredAt: noon.Add(time.Duration(minutes) * time.Minute),
	}
}

func (w *world) record(notices ...dispute.Notice) Recorded {
	w.t.Helper()
	in := RecordInput{Ref: w.ref, Part: 1}
	for _, n := range notices {
		row, err := store.FromNotice(n)
		ok(w.t, err)
		must[[]store.Saved](w.t)(w.DB.SaveNotices(w.t.Context(), []store.NewNotice{row}))
		in.Events = append(in.Events, n.EventID)
	}
	return must[Recorded](w.t)(run[Recorded](w, w.Record, in))
}

// open records the first notice and keeps a packet of three files.
func (w *world) open() {
	w.t.Helper()
	w.record(w.notice("evt_1", 0, dispute.NoticeOpened, nil))
	w.pack("h1")
}

func (w *world) pack(hash string) {
	w.t.Helper()
	p := evidence.Packet{Hash: hash, Texts: map[dispute.EvidenceField]string{dispute.FieldUncategorizedText: "letter " + hash}}
	for _, f := range []dispute.EvidenceField{dispute.FieldReceipt, dispute.FieldShippingDocumentation, dispute.FieldUncategorizedFile} {
		b := []byte(hash + " " + string(f))
		sum := sha256.Sum256(b)
		p.Files = append(p.Files, evidence.File{Field: f, Name: string(f) + ".pdf", MediaType: "application/pdf", SHA256: hex.EncodeToString(sum[:]), Bytes: b})
	}
	ok(w.t, w.keepPacket(w.t.Context(), w.ref, p))
}

func (w *world) row() store.CaseRow {
	w.t.Helper()
	return must[store.CaseRow](w.t)(w.DB.GetCase(w.t.Context(), w.ref.CaseID()))
}

// events counts the events of a kind, after the chain was verified.
func (w *world) events(kind string) int {
	w.t.Helper()
	ok(w.t, w.DB.VerifyChain(w.t.Context(), w.ref.CaseID()))
	n := 0
	for _, e := range must[[]store.Event](w.t)(w.DB.Events(w.t.Context(), w.ref.CaseID())) {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

func (w *world) update(change func(*store.CaseRow)) {
	w.t.Helper()
	ok(w.t, w.DB.InCase(w.t.Context(), w.ref, func(tx *store.CaseTx) error { change(tx.Row()); return nil }))
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantKind checks what Temporal sees of an error.
func wantKind(t *testing.T, err error, want dispute.Kind) {
	t.Helper()
	var app *temporal.ApplicationError
	if !errors.As(err, &app) || app.Type() != string(want) || app.NonRetryable() == retryable(want) {
		t.Errorf("error = %v, want one of kind %s", err, want)
	}
}

// fails is an error of a vendor.
func fails(kind dispute.Kind) error { return dispute.Errorf(kind, "fake", "as the test says") }
