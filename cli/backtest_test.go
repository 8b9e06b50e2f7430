package cli

import (
	"errors"
	"strings"
	"testing"

	"github.com/rebuttal-hq/rebuttal/backtest"
)

func TestBacktestListsOneOrMore(t *testing.T) {
	t.Parallel()
	for _, limit := range []string{"-1", "0"} {
		r := call("rules", "backtest", "draft.yaml", "--limit", limit)
		if r.want(t, exitUsage); !strings.Contains(r.err, "--limit "+limit) {
			t.Errorf("says %q", r.err)
		}
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	some := backtest.Report{Disputes: 10, Moved: 2, Currency: "USD"}
	for name, tt := range map[string]struct {
		report backtest.Report
		gates  []string
		usage  bool
		says   string // nothing is wrong when empty
	}{
		"no conditions":    {backtest.Report{}, nil, false, ""},
		"none holds":       {some, []string{"moved > 2", "money < 0 USD"}, false, ""},
		"one holds":        {some, []string{"moved > 2", "moved > 1"}, false, "moved > 1: it is 2"},
		"another currency": {some, []string{"money < 0 EUR"}, true, "the report is in USD"},
		"no disputes":      {backtest.Report{Currency: "USD"}, []string{"moved > 2"}, false, "there is no past dispute to judge by"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gates, err := parseGates(tt.gates)
			if err != nil {
				t.Fatal(err)
			}
			err = judge(tt.report, gates)
			if (err != nil) != (tt.says != "") || errors.As(err, new(usageError)) != tt.usage {
				t.Fatalf("error %v", err)
			}
			if err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("says %q, want %q", err, tt.says)
			}
		})
	}
}
