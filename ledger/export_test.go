package ledger

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// sampleBook is a month of disputes: a partial loss that was written off in
// full first, one in yen, one in dinars, and one with an awkward connection.
func sampleBook(t rapid.TB) []Entry {
	t.Helper()
	posted := step(t, nil, facts(dispute.StatusLost, withdrawal(), counteredFee()))
	posted = step(t, posted, facts(dispute.StatusLost, withdrawal(), counteredFee(), reinstated(4000)))

	other := func(connection, id, currency string, moves ...dispute.Movement) Facts {
		in := facts(dispute.StatusOpen, moves...)
		in.Connection, in.DisputeID, in.CaseID = connection, id, "cs_"+id
		for i := range moves {
			moves[i].Currency = currency
		}
		in.Amount = dispute.Money{Minor: -moves[0].Amount, Currency: currency}
		return in
	}
	for _, in := range []Facts{
		other("paypal-jp", "PP-D-1", "JPY", move("pp1", 1, "DISPUTE_SETTLEMENT", -12900, 0, "")),
		other("stripe-kw", "du_3", "KWD", move("txn_3", 2, "dispute", -12345, 5, "")),
		other("acme: \"main\"; a_b", "d;4", "USD", move("m4", 3, "other", -999, 0, "")),
	} {
		posted = append(posted, expected(t, in)...)
	}
	return posted
}

func TestExportGolden(t *testing.T) {
	t.Parallel()
	book := sampleBook(t)
	for _, format := range Formats {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			got := export(t, format, book)
			backwards := slices.Clone(book)
			slices.Reverse(backwards)
			if again := export(t, format, backwards); again != got {
				t.Errorf("another order of entries gives other bytes:\n%s", cmp.Diff(got, again))
			}
			path := filepath.Join("testdata", "book."+string(format))
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", path, diff)
			}
		})
	}
}

func export(t rapid.TB, format Format, entries []Entry) string {
	t.Helper()
	var out bytes.Buffer
	if err := Export(&out, format, entries); err != nil {
		t.Fatalf("Export: %v", err)
	}
	return out.String()
}

// TestHledgerAgrees lets hledger, which shares no code with the ledger, check
// the journal and add it up.
func TestHledgerAgrees(t *testing.T) {
	t.Parallel()
	hledger, err := exec.LookPath("hledger")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("hledger is not installed, and CI must check the exported journal with it")
		}
		t.Log("hledger is not installed: the exported journal was NOT checked with it")
		return
	}
	book := sampleBook(t)
	path := filepath.Join(t.TempDir(), "book.journal")
	if err := os.WriteFile(path, []byte(export(t, FormatHledger, book)), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) string {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), hledger, append(args, "-f", path)...).CombinedOutput()
		if err != nil {
			t.Fatalf("hledger %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	run("check", "--strict", "ordereddates")

	rows, err := csv.NewReader(strings.NewReader(run("balance", "--flat", "--no-total", "--layout=bare", "-O", "csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, row := range rows[1:] {
		got[row[0]+" "+row[1]] = strings.ReplaceAll(row[2], ",", "")
	}
	want := map[string]string{}
	for _, b := range TrialBalance(book) {
		if b.Net() != 0 {
			e := Entry{Connection: b.Connection}
			want[hledgerAccount(e, Posting{Account: b.Account})+" "+b.Currency] = decimal(b.Net(), b.Currency)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("balances (-ours +hledger's):\n%s", diff)
	}
}

func TestExportOfNothing(t *testing.T) {
	t.Parallel()
	want := map[Format]string{
		FormatHledger:   "; Dispute journal. Each entry's natural key is in its key tag.\n",
		FormatBeancount: "; Dispute journal. Each entry's natural key is in its key metadata.\n",
		FormatCSV:       strings.Join(csvHeader, ",") + "\n",
		FormatJSON:      "",
	}
	for _, format := range Formats {
		if got := export(t, format, nil); got != want[format] {
			t.Errorf("%s of no entries = %q, want %q", format, got, want[format])
		}
	}
}

func TestExportJSONRoundTrip(t *testing.T) {
	t.Parallel()
	book := byDate(sampleBook(t))
	dec := json.NewDecoder(strings.NewReader(export(t, FormatJSON, book)))
	var got []Entry
	for dec.More() {
		var e Entry
		if err := dec.Decode(&e); err != nil {
			t.Fatal(err)
		}
		got = append(got, e)
	}
	if diff := cmp.Diff(book, got); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}

func TestExportCSVHoldsNoFormula(t *testing.T) {
	t.Parallel()
	in := facts(dispute.StatusOpen, move("=HYPERLINK(1)", 0, "dispute", -10000, 0, ""))
	rows, err := csv.NewReader(strings.NewReader(export(t, FormatCSV, expected(t, in)))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if got := rows[1][slices.Index(csvHeader, "movement")]; got != "'=HYPERLINK(1)" {
		t.Errorf("movement cell = %q, want it quoted", got)
	}
}

func TestExportRefuses(t *testing.T) {
	t.Parallel()
	good := expected(t, facts(dispute.StatusOpen, withdrawal()))
	bad := slices.Clone(good)
	bad[0].Currency = "euro"
	tests := []struct {
		name    string
		format  Format
		entries []Entry
		kind    dispute.Kind
	}{
		{"unknown format", "xlsx", good, dispute.Invalid},
		{"invalid entry", FormatHledger, bad, dispute.Invalid},
		{"full disk", FormatCSV, good, dispute.Transient},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := &fullDisk{}
			err := Export(w, tc.format, tc.entries)
			if err == nil || dispute.KindOf(err) != tc.kind {
				t.Errorf("Export = %v, want an error of kind %s", err, tc.kind)
			}
			if tc.kind == dispute.Invalid && w.tried {
				t.Error("something was written before the refusal")
			}
		})
	}
}

type fullDisk struct{ tried bool }

func (w *fullDisk) Write([]byte) (int, error) {
	w.tried = true
	return 0, errors.New("no space left")
}
