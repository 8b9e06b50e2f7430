package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/rebuttal-hq/rebuttal/backtest"
	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/history"
	"github.com/rebuttal-hq/rebuttal/rules"
)

// backtestOnce is how this program calls itself, so that the peak of the memory
// is that of one backtest and nothing else.
const backtestOnce = "backtest-once"

// backtestResult is one line of the benchmark.
type backtestResult struct {
	Bench     string  `json:"bench"`
	Disputes  int     `json:"disputes"`
	Cores     int     `json:"cores"`
	Seconds   float64 `json:"seconds"`
	PeakBytes int64   `json:"peak_bytes"` // resident, of the whole process
	Moved     int     `json:"moved"`
	Learned   int     `json:"learned"`
	Money     string  `json:"money"` // the result: the same in every run
}

func backtests() error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(table, "backtest of\tcores\tseconds\tdisputes/s\tpeak MB\tmoved\tverdicts\tmoney\t")
	var results []backtestResult
	for _, n := range []int{100_000, 1_000_000} {
		r, err := backtestApart(n)
		if err != nil {
			return fmt.Errorf("%d: %w", n, err)
		}
		results = append(results, r)
		_, _ = fmt.Fprintf(table, "%d\t%d\t%.2f\t%.0f\t%.0f\t%d\t%d\t%s\t\n",
			r.Disputes, r.Cores, r.Seconds, float64(r.Disputes)/r.Seconds, mega(r.PeakBytes), r.Moved, r.Learned, r.Money)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, r := range results {
		if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
			return err
		}
	}
	return nil
}

func backtestApart(n int) (backtestResult, error) {
	var r backtestResult
	self, err := os.Executable()
	if err != nil {
		return r, err
	}
	child := exec.CommandContext(context.Background(), self, backtestOnce, strconv.Itoa(n)) //nolint:gosec // this program itself
	child.Stderr = os.Stderr
	out, err := child.Output()
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(out, &r); err != nil {
		return r, err
	}
	if usage, ok := child.ProcessState.SysUsage().(*syscall.Rusage); ok {
		r.PeakBytes = usage.Maxrss << 10 // Linux counts in KiB
	}
	return r, nil
}

// backtestOf runs one backtest of the starter rules against a stricter draft.
func backtestOf(count string) error {
	n, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	source := bytes.ReplaceAll(rules.Default().Source(), []byte(`money("500 USD")`), []byte(`money("250 USD")`))
	source = bytes.ReplaceAll(source, []byte(`money("15 USD")`), []byte(`money("40 USD")`))
	draft, err := rules.Parse("draft", source)
	if err != nil {
		return err
	}
	began := time.Now()
	got, err := backtest.Run(context.Background(), synthetic(n), rules.Default(), draft, backtest.Options{})
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(backtestResult{
		Bench: "backtest", Disputes: got.Disputes, Cores: runtime.GOMAXPROCS(0), Seconds: time.Since(began).Seconds(),
		Moved: got.Moved, Learned: got.Learned, Money: got.Money.Amount.String(),
	})
}

// synthetic disputes of two years are made as they are asked for, each from its
// own number: none is kept.
func synthetic(n int) backtest.Source {
	families := []dispute.Family{
		dispute.FamilyFraudulent, dispute.FamilyFraudulent, dispute.FamilyProductNotReceived, dispute.FamilyProductUnacceptable,
		dispute.FamilySubscription, dispute.FamilyDuplicate, dispute.FamilyCreditNotProcessed, dispute.FamilyGeneral,
	}
	networks := []string{"visa", "visa", "mastercard", "amex", "discover"}
	providers := []string{"stripe", "adyen", "paypal"}
	currencies := []string{"USD", "USD", "EUR", "GBP", "JPY"}
	first := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	return func(context.Context) iter.Seq2[history.Past, error] {
		return func(yield func(history.Past, error) bool) {
			for i := range n {
				r := rand.New(rand.NewPCG(uint64(i), 6)) //nolint:gosec // invented figures, the same in every run
				opened := first.Add(time.Duration(r.IntN(730*24*60)) * time.Minute)
				p := history.Past{
					Ref: dispute.Ref{Connection: "invented", ID: "du_" + strconv.Itoa(i)}, Provider: providers[r.IntN(len(providers))],
					Amount: dispute.Money{Minor: 500 + int64(r.ExpFloat64()*9000), Currency: currencies[r.IntN(len(currencies))]},
					Family: families[r.IntN(len(families))], Network: networks[r.IntN(len(networks))], Stage: dispute.StageChargeback,
					OpenedAt: opened, DueAt: opened.AddDate(0, 0, 7+r.IntN(14)), DecidedAt: opened.AddDate(0, 0, 20+r.IntN(60)),
					Response: dispute.ResponseContest, Outcome: history.Lost, Strength: r.IntN(5), CustomerDisputes: r.IntN(3) / 2,
				}
				switch {
				case r.IntN(5) == 0:
					p.Response = dispute.ResponseAccept
				case r.IntN(10) < 1+p.Strength:
					p.Outcome = history.Won
				}
				if !yield(p, nil) {
					return
				}
			}
		}
	}
}
