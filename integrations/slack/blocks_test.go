package slack

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/integrations"
)

// cards are what the goldens show.
func cards() map[string]integrations.Card {
	decided := card()
	decided.Decided, decided.Tone = "Approved by ana at 2026-03-02 14:00 UTC", "calm"
	bare := integrations.Card{CaseID: caseID, Headline: "12.00 EUR · Fraud 10.4"}
	hostile := card()
	hostile.Headline = "<!channel> & <script>"
	hostile.Links = []integrations.Link{{Label: "a>b|c", URL: "https://x.example/?a=1&b=<|>"}}
	hostile.Fields = [][2]string{{"Empty", ""}, {"Order", "<@U1>"}}
	long := card()
	long.Headline, long.Next = strings.Repeat("&", 5000), strings.Repeat("n", 5000)
	long.Fields = nil
	for range 60 {
		long.Fields = append(long.Fields, [2]string{strings.Repeat("l", 3000), strings.Repeat("<", 3000)})
	}
	for range 12 {
		long.Links = append(long.Links, integrations.Link{Label: strings.Repeat("L", 4000), URL: "https://x.example/"})
	}
	long.Links = append(long.Links, integrations.Link{Label: "x", URL: "https://x.example/" + strings.Repeat("u", 4000)})
	return map[string]integrations.Card{"open": card(), "decided": decided, "bare": bare, "hostile": hostile, "long": long}
}

func TestBlocksGolden(t *testing.T) {
	t.Parallel()
	for name, c := range cards() {
		if name == "long" { // nobody would read it: the contract test and the stand-in judge it
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := json.MarshalIndent(map[string]any{"text": fallback(c), "blocks": blocks(c)}, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("testdata", "card_"+name+".golden"), append(got, '\n'))
		})
	}
}

// golden compares with a file, or rewrites it under vendortest's -update.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("differs from %s (-want +got):\n%s", path, diff)
	}
}

func TestEveryCardIsTakenBySlack(t *testing.T) {
	t.Parallel()
	_, _, a := workspace(t)
	for name, c := range cards() {
		if _, err := a.Post(t.Context(), name, "#disputes", c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestButtons(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		actions []dispute.DecisionKind
		decided string
		want    []string
	}{
		"all":               {[]dispute.DecisionKind{"assign", "accept", "approve"}, "", []string{"approve", "accept", "assign"}},
		"one":               {[]dispute.DecisionKind{"accept"}, "", []string{"accept"}},
		"of the console":    {[]dispute.DecisionKind{"change_plan"}, "", nil},
		"none once decided": {[]dispute.DecisionKind{"accept"}, "Accepted", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw, err := json.Marshal(blocks(integrations.Card{CaseID: caseID, Headline: "h", Actions: tc.actions, Decided: tc.decided}))
			if err != nil {
				t.Fatal(err)
			}
			var got []struct {
				Elements []struct {
					ActionID string `json:"action_id"`
					Value    string `json:"value"`
					Confirm  *struct {
						Text struct {
							Text string `json:"text"`
						} `json:"text"`
					} `json:"confirm"`
				} `json:"elements"`
			}
			if err := json.Unmarshal(raw, &got); err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, b := range got {
				for _, e := range b.Elements {
					ids = append(ids, e.ActionID)
					if e.Value != caseID {
						t.Errorf("button %s carries %q, want the case", e.ActionID, e.Value)
					}
					if asks := e.Confirm != nil && strings.Contains(e.Confirm.Text.Text, "cannot be undone"); asks != (e.ActionID == "accept") {
						t.Errorf("button %s: asks first = %v", e.ActionID, asks)
					}
				}
			}
			if diff := cmp.Diff(tc.want, ids); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEscape(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		text  string
		limit int
		want  string
	}{
		{"a & b < c > d", 100, "a &amp; b &lt; c &gt; d"},
		{"", 10, "–"},
		{"12345", 5, "12345"},
		{"123456", 5, "1234…"},
		{"abc&", 7, "abc…"},
		{"abc&", 8, "abc&amp;"},
		{"😀😀😀", 5, "😀😀…"},
		{"a\xffb", 5, "a\uFFFDb"},
	} {
		if got := escape(tc.text, tc.limit); got != tc.want {
			t.Errorf("escape(%q, %d) = %q, want %q", tc.text, tc.limit, got, tc.want)
		}
	}
}

func FuzzEscape(f *testing.F) {
	f.Add("a & b <c>", 5)
	f.Add("😀&&&", 3)
	f.Add("\xff\xfe", 1)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		if limit < 1 || limit > 4000 {
			return
		}
		got := escape(text, limit)
		if n := len(utf16.Encode([]rune(got))); n > limit || n == 0 {
			t.Errorf("%d characters, want 1 to %d", n, limit)
		}
		if !utf8.ValidString(got) || strings.ContainsAny(got, "<>") {
			t.Errorf("%q is not escaped UTF-8", got)
		}
		rest := strings.NewReplacer("&amp;", "", "&lt;", "", "&gt;", "").Replace(got)
		if strings.Contains(rest, "&") {
			t.Errorf("%q holds half an entity", got)
		}
	})
}
