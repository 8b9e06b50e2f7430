package networks_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/internal/testenv"
	"github.com/rebuttal-hq/rebuttal/networks"
)

// Every reason that a provider's contract lists is known. Adyen's lists none,
// because it passes on the network's code.
func TestProvidersReasonsAreKnown(t *testing.T) {
	t.Parallel()
	dir, ok := testenv.Specs(t)
	if !ok {
		return // testenv says so in the log
	}
	tests := []struct {
		file, path string // to a list of words, or to a text with `words`
		least      int
	}{
		{"stripe/spec3.trimmed.json", "components.schemas.dispute.properties.reason.description", 15},
		{"paypal/customer_disputes_v1.json", "components.schemas.dispute_reason.enum", 10},
		{"checkout/nas_spec.disputes.trimmed.json", "components.schemas.Dispute.properties.category.enum", 9},
		{"square/api.disputes.trimmed.json", "components.schemas.DisputeReason.enum", 9},
		{"braintree/schema.graphql", "", 11},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(tt.file)))
			if err != nil {
				t.Fatal(err)
			}
			words := enumOf(raw)
			if tt.path != "" {
				words = wordsAt(t, raw, tt.path)
			}
			if len(words) < tt.least {
				t.Errorf("%d words, want at least %d: %v", len(words), tt.least, words)
			}
			for _, w := range words {
				if !networks.KnownReason(dispute.Snapshot{Reason: w}) {
					t.Errorf("%s is not in data/providers.yaml", w)
				}
			}
		})
	}
}

var (
	quotedWord     = regexp.MustCompile("`([a-z_]+)`")
	disputeReasons = regexp.MustCompile(`(?s)enum DisputeReason \{(.*?)\}`)
)

func enumOf(schema []byte) []string {
	m := disputeReasons.FindSubmatch(schema)
	if m == nil {
		return nil
	}
	return strings.Fields(string(m[1]))
}

func wordsAt(t *testing.T, raw []byte, path string) []string {
	t.Helper()
	var at any
	if err := json.Unmarshal(raw, &at); err != nil {
		t.Fatal(err)
	}
	for _, key := range strings.Split(path, ".") {
		m, ok := at.(map[string]any)
		if !ok {
			t.Fatalf("there is no %s", path)
		}
		at = m[key]
	}
	var words []string
	switch at := at.(type) {
	case string:
		for _, m := range quotedWord.FindAllStringSubmatch(at, -1) {
			words = append(words, m[1])
		}
	case []any:
		for _, w := range at {
			words = append(words, w.(string))
		}
	}
	return words
}
