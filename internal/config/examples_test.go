package config

import (
	"log/slog"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/rebuttal-hq/rebuttal/integrations"
	"github.com/rebuttal-hq/rebuttal/integrations/all"
)

// The configurations that are shipped are right, and every connection in them
// builds.
func TestShippedConfigurations(t *testing.T) {
	for _, name := range []string{"DATABASE_URL", "REBUTTAL_CODEC_KEY", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"} {
		t.Setenv(name, "sk_test_placeholder")
	}
	files, err := filepath.Glob("../../deploy/config*.yaml")
	if err != nil || len(files) < 2 {
		t.Fatalf("files %v, %v", files, err)
	}
	for _, f := range files {
		c, err := Load(f)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		deps := integrations.Deps{HTTP: http.DefaultClient, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
		if _, err := integrations.Build(all.Vendors, deps, c.Adapters()); err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
}
