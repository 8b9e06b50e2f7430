package cli

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/rebuttal-hq/rebuttal/desk"
	"github.com/rebuttal-hq/rebuttal/history"
	"github.com/rebuttal-hq/rebuttal/internal/boot"
	"github.com/rebuttal-hq/rebuttal/store"
)

// importing are the words of one call of import.
type importing struct {
	*env
	file, format, mapping, connection, rejects, from, since string
	guess, dry, resume                                      bool

	notes      []string // about the rows as a whole, for people
	unanswered int      // verdicts without a response
	mend       string   // why they have none
}

func (e *env) importCommand() *cobra.Command {
	in := &importing{env: e}
	c := &cobra.Command{
		Use: "import [FILE]", Short: "Take in past disputes, from a file or from a provider", Args: cobra.MaximumNArgs(1),
		Long: "Take in past disputes, so that odds and backtests have a history from the first day. A mapping file says what each column means; --guess proposes one. Rows with errors are left out, and written to a file that says what to mend. The same file twice changes nothing, a later row with a verdict is taken over, and an import that was broken off goes on with --resume. With --from the disputes come from a provider's API, as far as it lists decided ones.",
		Example: "  rebuttal import old.csv --guess > map.yaml\n  rebuttal import old.csv --mapping map.yaml --connection stripe-us --dry-run\n" +
			"  rebuttal import old.csv --mapping map.yaml --connection stripe-us\n  rebuttal import --from stripe-us --since 365d",
		RunE: func(cmd *cobra.Command, args []string) error {
			if (len(args) == 1) == (in.from != "") {
				return usageError{errors.New("name a file, or a connection with --from")}
			}
			if in.from != "" {
				return in.fromProvider(cmd.Context())
			}
			in.file = args[0]
			return in.fromFile(cmd.Context())
		},
	}
	f := c.Flags()
	f.StringVar(&in.format, "format", "", "csv or jsonl; by the file's ending when left out")
	f.StringVar(&in.mapping, "mapping", "", "a file that says what each column means")
	f.BoolVar(&in.guess, "guess", false, "print a mapping to edit, guessed from the file, and do nothing else")
	f.StringVar(&in.connection, "connection", "", "the connection of rows that name none")
	f.BoolVar(&in.dry, "dry-run", false, "read and judge every row, and keep nothing; exit code 1 when a row is wrong")
	f.BoolVar(&in.resume, "resume", false, "go on where an import of the same file was broken off")
	f.StringVar(&in.rejects, "rejects", "", "where to write what is wrong with rows (default: FILE.rejects.csv)")
	f.StringVar(&in.from, "from", "", "ask this connection's provider instead of reading a file")
	f.StringVar(&in.since, "since", "365d", "with --from: only disputes that were opened within this time")
	return c
}

func (in *importing) formatOf() history.Format {
	switch ending := strings.ToLower(filepath.Ext(in.file)); {
	case in.format != "":
		return history.Format(in.format)
	case ending == ".jsonl" || ending == ".ndjson" || ending == ".json":
		return history.JSONL
	}
	return history.CSV
}

func (in *importing) fromFile(ctx context.Context) error {
	if in.guess {
		return in.propose()
	}
	m, err := in.readMapping()
	if err != nil {
		return err
	}
	key, size, err := in.keyOf(m)
	if err != nil {
		return err
	}
	file, err := os.Open(in.file) // #nosec G304 -- the operator names the file
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	bar := in.progress(size, filepath.Base(in.file))
	read := io.TeeReader(file, bar)
	in.mend = "theirs is empty or none"
	if !m.Fills("response") {
		in.mend = "map response"
	}
	return in.run(ctx, desk.PastImport{
		Name: filepath.Base(in.file), Key: key, Rows: history.ReadNoting(read, in.formatOf(), m, in.unfilled), Resume: in.resume, DryRun: in.dry,
	}, bar)
}

func (in *importing) unfilled(columns []string) {
	in.notes = append(in.notes, "no row has a value at "+strings.Join(columns, ", ")+": look whether the mapping names the paths right")
}

// watched gives the same rows and counts the verdicts that teach nothing.
func (in *importing) watched(rows iter.Seq2[history.Row, error]) iter.Seq2[history.Row, error] {
	return func(yield func(history.Row, error) bool) {
		for row, err := range rows {
			if len(row.Errors) == 0 && row.Past.Outcome != "" && row.Past.Response == "" {
				in.unanswered++
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

// told are the notes about the rows as a whole.
func (in *importing) told() []string {
	notes := append([]string{}, in.notes...)
	if in.unanswered > 0 {
		notes = append(notes, fmt.Sprintf("%d verdicts without a response teach the odds nothing: %s", in.unanswered, in.mend))
	}
	return notes
}

// propose prints a mapping with what a person should look at.
func (in *importing) propose() error {
	file, err := os.Open(in.file) // #nosec G304 -- the operator names the file
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	var known map[string]string
	if in.connection != "" {
		known = map[string]string{"connection": in.connection}
	}
	m, notes, err := history.Guess(file, in.formatOf(), known)
	if err != nil {
		return err
	}
	return in.print(map[string]any{"mapping": string(m.YAML()), "notes": notes}, func(w io.Writer) {
		_, _ = fmt.Fprintf(w, "# Guessed from %s. Look it over, then: rebuttal import FILE --mapping THIS\n", filepath.Base(in.file))
		for _, n := range notes {
			_, _ = fmt.Fprintln(w, "# Look here:", n)
		}
		_, _ = w.Write(m.YAML())
	})
}

func (in *importing) readMapping() (history.Mapping, error) {
	if in.mapping == "" {
		return history.Mapping{}, usageError{fmt.Errorf("say with --mapping what the columns mean; rebuttal import %s --guess proposes it", in.file)}
	}
	source, err := os.ReadFile(in.mapping) // #nosec G304 -- the operator names the file
	if err != nil {
		return history.Mapping{}, err
	}
	m, err := history.ParseMapping(source)
	if err != nil {
		return m, err
	}
	if in.connection != "" {
		if m.Defaults == nil {
			m.Defaults = map[string]string{}
		}
		m.Defaults["connection"] = in.connection
	}
	return m, nil
}

// keyOf is the same for the same bytes read in the same way.
func (in *importing) keyOf(m history.Mapping) (key string, size int64, err error) {
	file, err := os.Open(in.file) // #nosec G304 -- the operator names the file
	if err != nil {
		return "", 0, err
	}
	defer func() { _ = file.Close() }()
	sum := sha256.New()
	size, err = io.Copy(sum, file)
	_, _ = fmt.Fprintf(sum, "\x00%s\x00%s", in.formatOf(), m.YAML())
	return hex.EncodeToString(sum.Sum(nil)), size, err
}

// run takes the rows in and says what came of them. A dry run needs no system.
func (in *importing) run(ctx context.Context, what desk.PastImport, bar *progressbar.ProgressBar) error {
	rejects := &rejectFile{path: in.rejectsPath(), resumed: in.resume && !in.dry}
	what.Reject, what.Rows = rejects.add, in.watched(what.Rows)
	do := func(d *desk.Desk) error {
		if err := rejects.begin(); err != nil {
			return err
		}
		done, err := d.ImportPast(ctx, operator(), what)
		_ = bar.Finish()
		if closed := rejects.close(); err == nil {
			err = closed
		}
		if err != nil {
			return in.cutShort(done, err)
		}
		return in.tell(done, rejects)
	}
	if in.dry {
		return do(&desk.Desk{})
	}
	return in.withApp(ctx, in.quiet(), func(app *boot.App) error {
		what.Vendor = func(connection string) string { return app.Config.Connections[connection].Vendor }
		return do(app.Desk)
	})
}

func (in *importing) rejectsPath() string {
	switch {
	case in.rejects != "":
		return in.rejects
	case in.file != "":
		return in.file + ".rejects.csv"
	}
	return in.from + ".rejects.csv"
}

func (in *importing) cutShort(done store.Import, err error) error {
	if in.dry || in.file == "" || done.Position == 0 {
		return err
	}
	return fmt.Errorf("%w; %d rows were dealt with, and --resume goes on behind them", err, done.Position)
}

func (in *importing) tell(done store.Import, rejects *rejectFile) error {
	err := in.print(map[string]any{"import": done, "dry_run": in.dry, "rejects": rejects.written(), "notes": in.told()}, func(w io.Writer) {
		if in.dry {
			_, _ = fmt.Fprintf(w, "%d rows are right, %d are not; nothing was kept\n", done.Added, done.Rejected)
		} else {
			_, _ = fmt.Fprintf(w, "%d disputes are new, %d changed, %d are as they were; %d rows were left out\n", done.Added, done.Changed, done.Unchanged, done.Rejected)
		}
		if rejects.written() != "" {
			_, _ = fmt.Fprintf(w, "What is wrong with rows is in %s\n", rejects.written())
		}
		for _, n := range in.told() {
			_, _ = fmt.Fprintln(w, "Look here:", n)
		}
	})
	if err == nil && in.dry && done.Rejected > 0 {
		return fmt.Errorf("%d rows are wrong", done.Rejected)
	}
	return err
}

// rejectFile is made when the first row is rejected. It quotes nothing of the
// rows, only where to look.
type rejectFile struct {
	path    string
	resumed bool // add to the one of the run before
	file    *os.File
	out     *csv.Writer
}

// begin takes away what a run before has left, except for one that goes on. What
// is no file of its own, such as /dev/null, stays.
func (r *rejectFile) begin() error {
	old, err := os.Lstat(r.path)
	if err == nil && !r.resumed && old.Mode().IsRegular() {
		return os.Remove(r.path)
	}
	return nil
}

// add writes at once: rows are committed soon after, and a run that is killed then
// goes on behind them.
func (r *rejectFile) add(e history.RowError) error {
	if r.file == nil {
		if err := r.open(); err != nil {
			return err
		}
	}
	if err := r.out.Write([]string{strconv.Itoa(e.Row), e.Column, e.Reason, e.Mend}); err != nil {
		return err
	}
	r.out.Flush()
	return r.out.Error()
}

func (r *rejectFile) open() (err error) {
	how := os.O_CREATE | os.O_WRONLY | os.O_TRUNC
	if r.resumed {
		how = os.O_CREATE | os.O_WRONLY | os.O_APPEND
	}
	if r.file, err = os.OpenFile(r.path, how, 0o600); err != nil {
		return err
	}
	r.out = csv.NewWriter(r.file)
	if at, err := r.file.Seek(0, io.SeekEnd); err != nil || at > 0 {
		return err
	}
	return r.out.Write([]string{"row", "column", "reason", "mend"})
}

func (r *rejectFile) written() string {
	if r.file == nil {
		return ""
	}
	return r.path
}

func (r *rejectFile) close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}

// age reads "180d" or any duration of Go.
func age(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n > 0 && n < 36500 {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, usageError{fmt.Errorf("%q is no length of time: write 180d or 12h", text)}
	}
	return d, nil
}

// numbered gives disputes as rows.
func numbered(disputes []history.Past) iter.Seq2[history.Row, error] {
	return func(yield func(history.Row, error) bool) {
		for i, p := range disputes {
			if !yield(history.Row{Number: i + 1, Past: p}, nil) {
				return
			}
		}
	}
}
