package boot

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/internal/config"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
)

func TestWorkerLacks(t *testing.T) {
	t.Parallel()
	a := open(t, newPlace(t))
	if lacks := a.WorkerLacks(t.Context()); len(lacks) != 1 || !strings.Contains(lacks[0], "rebuttal migrate") {
		t.Errorf("without a schema: %v", lacks)
	}
	migrate(t, a)
	if lacks := a.WorkerLacks(t.Context()); len(lacks) != 0 {
		t.Errorf("with everything: %v", lacks)
	}
}

func TestWorkerLacksTemporal(t *testing.T) {
	t.Parallel()
	cfg, err := config.Parse("rebuttal.yaml", []byte("database: "+testenv.Postgres(t)+"\nblobs: mem://\ntemporal: { address: \"127.0.0.1:1\" }\n"))
	if err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if err := a.DB.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"temporal: no work comes until it answers"}, a.WorkerLacks(t.Context())); diff != "" {
		t.Error(diff)
	}
}
