package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/rebuttal-hq/rebuttal/dispute"
	"github.com/rebuttal-hq/rebuttal/evidence"
	"github.com/rebuttal-hq/rebuttal/test/packets"
)

// composeOnce is how this program calls itself, so that the peak of the memory
// is that of one packet and nothing else.
const composeOnce = "compose-once"

// limits are Stripe's for a Visa dispute, the widest that come with a total.
func limits() evidence.Limits {
	l := evidence.SafeLimits()
	l.FileBytes, l.TotalBytes, l.FilePages, l.TotalPages = 4_275_000, 4_275_000, 49, 49
	l.FileFields = []dispute.EvidenceField{dispute.FieldUncategorizedFile, dispute.FieldReceipt, dispute.FieldCustomerCommunication}
	l.TextFields = []dispute.EvidenceField{dispute.FieldUncategorizedText}
	return l
}

// result is one line of the benchmark.
type result struct {
	Bench       string  `json:"bench"`
	Size        string  `json:"size"`
	Documents   int     `json:"documents"`
	InputBytes  int64   `json:"input_bytes"`
	LargestFile int64   `json:"largest_file_bytes"`
	Seconds     float64 `json:"seconds"`    // of Compose alone
	PeakBytes   int64   `json:"peak_bytes"` // resident, of the whole process
	Files       int     `json:"files"`
	Pages       int     `json:"pages"`
	OutputBytes int64   `json:"output_bytes"`
	LeftOut     int     `json:"left_out"` // documents that did not fit
}

func packet() error {
	dir, err := os.MkdirTemp("", "rebuttal-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(table, "packet\tdocuments\tinput MB\tlargest MB\tseconds\tpeak MB\tfiles\tpages\toutput MB\tleft out\t")
	var results []result
	for _, size := range sizes() {
		r, err := measure(filepath.Join(dir, size.name), size.name, size.items())
		if err != nil {
			return fmt.Errorf("%s: %w", size.name, err)
		}
		results = append(results, r)
		_, _ = fmt.Fprintf(table, "%s\t%d\t%.1f\t%.1f\t%.2f\t%.0f\t%d\t%d\t%.2f\t%d\t\n", r.Size, r.Documents, mega(r.InputBytes),
			mega(r.LargestFile), r.Seconds, mega(r.PeakBytes), r.Files, r.Pages, mega(r.OutputBytes), r.LeftOut)
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

func mega(n int64) float64 { return float64(n) / 1e6 }

type size struct {
	name  string
	items func() []dispute.Item
}

// sizes ends with a pile and the same pile twice: memory that is bounded by the
// largest file is the same for both.
func sizes() []size {
	pile := func(seeds ...uint64) func() []dispute.Item {
		return func() []dispute.Item {
			out := packets.Rich()
			for _, seed := range seeds {
				for _, it := range packets.Pile(packets.WholePile, seed) {
					it.ID = fmt.Sprintf("%s/%d", it.ID, seed)
					out = append(out, it)
				}
			}
			return out
		}
	}
	return []size{
		{"small", packets.Poor},
		{"typical", func() []dispute.Item {
			return append(packets.Rich(), packets.Pile(packets.PileSize{PDFs: 1, PDFPages: 2, Pictures: 2}, 1)...)
		}},
		{"pile", pile(1)},
		{"pile twice", pile(1, 2)},
	}
}

// measure lays the items down as files and lets a process of its own build the
// packet from there.
func measure(dir, name string, items []dispute.Item) (result, error) {
	r := result{Bench: "packet", Size: name}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return r, err
	}
	for i := range items {
		it := &items[i]
		if len(it.Content) == 0 {
			continue
		}
		it.Blob.Key = fmt.Sprintf("file-%04d", i)
		if err := os.WriteFile(filepath.Join(dir, it.Blob.Key), it.Content, 0o600); err != nil {
			return r, err
		}
		n := int64(len(it.Content))
		r.Documents, r.InputBytes, r.LargestFile = r.Documents+1, r.InputBytes+n, max(r.LargestFile, n)
	}
	list, err := json.Marshal(items)
	if err != nil {
		return r, err
	}
	if err := os.WriteFile(filepath.Join(dir, "items.json"), list, 0o600); err != nil {
		return r, err
	}
	self, err := os.Executable()
	if err != nil {
		return r, err
	}
	child := exec.CommandContext(context.Background(), self, composeOnce, dir) //nolint:gosec // this program itself
	child.Stderr = os.Stderr
	out, err := child.Output()
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(out, &r)
}

// composeFrom builds one packet from files and prints what came of it.
func composeFrom(dir string) error {
	list, err := os.ReadFile(filepath.Join(dir, "items.json")) //nolint:gosec // a folder of this program's own
	if err != nil {
		return err
	}
	in := evidence.Input{Case: packets.Case("stripe", "visa", dispute.FamilyProductNotReceived), Limits: limits()}
	if err := json.Unmarshal(list, &in.Items); err != nil {
		return err
	}
	in.Open = func(it dispute.Item) ([]byte, error) {
		if it.Blob.Key == "" {
			return nil, nil
		}
		return os.ReadFile(filepath.Join(dir, it.Blob.Key)) //nolint:gosec // a folder of this program's own
	}
	began := time.Now()
	p, err := evidence.Compose(in)
	if err != nil {
		return err
	}
	out := map[string]any{"seconds": time.Since(began).Seconds(), "files": len(p.Files)}
	pages, size, left := 0, int64(0), 0
	for _, f := range p.Files {
		pages, size = pages+f.Pages, size+int64(len(f.Bytes))
	}
	for _, f := range p.Lint {
		if f.Bytes > 0 || f.Pages > 0 {
			left++
		}
	}
	out["pages"], out["output_bytes"], out["left_out"] = pages, size, left
	if out["peak_bytes"], err = peak(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

// peak is the most memory that this process ever had resident, as Linux counts
// it. The figure that a parent is given would count the parent, too.
func peak() (bytes int64, err error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		fields := strings.Fields(line)
		if len(fields) == 3 && fields[0] == "VmHWM:" {
			kib, err := strconv.ParseInt(fields[1], 10, 64)
			return kib << 10, err
		}
	}
	return 0, errors.New("/proc/self/status tells no VmHWM")
}
