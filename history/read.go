package history

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/rebuttal-hq/rebuttal/dispute"
)

// Format is how a file is written.
type Format string

// The formats.
const (
	CSV   Format = "csv"
	JSONL Format = "jsonl" // one JSON object a line
)

// Row is one row that was read. One with Errors is not to be taken in.
type Row struct {
	Number int // from 1; a CSV file's header is row 1
	Past   Past
	Errors []RowError
}

// maxRow bounds one row, in bytes: an unclosed quote does not swallow the file.
const maxRow = 1 << 20

// Read reads a file row by row. What is wrong with a row is in the row; the
// error that ends the reading is about the mapping or the file as a whole, of
// kind Invalid, or what the reader says.
func Read(r io.Reader, format Format, m Mapping) iter.Seq2[Row, error] {
	return ReadNoting(r, format, m, func([]string) {})
}

// ReadNoting is Read that names, once a file of JSON lines was read to its end,
// the mapped columns at which no row had a value. A CSV file without a mapped
// column is refused.
func ReadNoting(r io.Reader, format Format, m Mapping, unfilled func(columns []string)) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		p, err := m.compile()
		if err != nil {
			yield(Row{}, err)
			return
		}
		switch format {
		case CSV:
			p.readCSV(r, yield)
		case JSONL:
			p.readJSON(r, yield, unfilled)
		default:
			yield(Row{}, dispute.Errorf(dispute.Invalid, opRead, "the format %q is neither csv nor jsonl", format))
		}
	}
}

const opRead = "history: read"

// bound lets only so many bytes through between two calls of reset.
type bound struct {
	r    io.Reader
	left int
}

var errLongRow = fmt.Errorf("a row is longer than %d bytes: look for a quote that is not closed", maxRow)

func (b *bound) reset() { b.left = maxRow }

func (b *bound) Read(into []byte) (int, error) {
	if b.left <= 0 {
		return 0, errLongRow
	}
	n, err := b.r.Read(into)
	b.left -= n
	return n, err
}

// newCSV reads a file whose rows may have any number of columns.
func newCSV(r io.Reader, comma rune) (*csv.Reader, *bound) {
	b := &bound{r: skipMark(r)}
	b.reset()
	in := csv.NewReader(b)
	in.Comma, in.FieldsPerRecord, in.ReuseRecord = comma, -1, true
	return in, b
}

// skipMark leaves out a byte order mark.
func skipMark(r io.Reader) io.Reader {
	in := bufio.NewReader(r)
	if mark, err := in.Peek(3); err == nil && string(mark) == "\ufeff" {
		_, _ = in.Discard(3)
	}
	return in
}

func (p *plan) readCSV(r io.Reader, yield func(Row, error) bool) {
	in, limit := newCSV(r, p.comma)
	header, err := in.Read()
	if err != nil {
		yield(Row{}, dispute.Errorf(dispute.Invalid, opRead, "the file has no header: %w", plainCSV(err)))
		return
	}
	at, err := p.places(header)
	if err != nil {
		yield(Row{}, err)
		return
	}
	columns := len(header)
	var record []string
	cell := func(column string) string {
		if i, ok := at[column]; ok && i < len(record) {
			return record[i]
		}
		return ""
	}
	for number := 2; ; number++ {
		limit.reset()
		record, err = in.Read()
		var syntax *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return
		case errors.Is(err, errLongRow):
			yield(Row{}, dispute.Errorf(dispute.Invalid, opRead, "row %d: %w", number, errLongRow))
			return
		case errors.As(err, &syntax):
			if !yield(Row{Number: number, Errors: []RowError{{number, "", syntax.Err.Error(), "mend the quotes of this row"}}}, nil) {
				return
			}
			continue
		case err != nil:
			yield(Row{}, err)
			return
		}
		row := Row{Number: number}
		if len(record) != columns {
			row.Errors = []RowError{{number, "", fmt.Sprintf("it has %d columns and the header %d", len(record), columns), "put quotes around cells that hold the delimiter"}}
		} else {
			row.Past, row.Errors = p.read(number, cell)
		}
		if !yield(row, nil) {
			return
		}
	}
}

// plainCSV is an error of the reader without its place in the file.
func plainCSV(err error) error {
	var syntax *csv.ParseError
	if errors.As(err, &syntax) {
		return syntax.Err
	}
	return err
}

// places are where the mapped columns stand.
func (p *plan) places(header []string) (map[string]int, error) {
	at := map[string]int{}
	for i, name := range header {
		name = strings.TrimSpace(name)
		if _, twice := at[name]; !twice {
			at[name] = i
		}
	}
	for column := range p.Columns {
		if _, ok := at[column]; !ok {
			return nil, dispute.Errorf(dispute.Invalid, opRead, "the mapping names the column %q, and the header has none of that name; --guess proposes a mapping", column)
		}
	}
	return at, nil
}

func (p *plan) readJSON(r io.Reader, yield func(Row, error) bool, unfilled func([]string)) {
	empty := maps.Clone(p.Columns)
	lines := bufio.NewScanner(skipMark(r))
	lines.Buffer(nil, maxRow)
	for number := 1; lines.Scan(); number++ {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		row := Row{Number: number}
		if cells, err := flatten(line); err != nil {
			row.Errors = []RowError{{number, "", "it is not one JSON object", "write one object a line"}}
		} else {
			row.Past, row.Errors = p.read(number, func(column string) string { return cells[column] })
			maps.DeleteFunc(empty, func(column, _ string) bool { return cells[column] != "" })
		}
		if !yield(row, nil) {
			return
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		yield(Row{}, dispute.Errorf(dispute.Invalid, opRead, "a row is longer than %d bytes", maxRow))
	case err != nil:
		yield(Row{}, err)
	case len(empty) > 0:
		unfilled(slices.Sorted(maps.Keys(empty)))
	}
}

// flatten is a JSON object by paths; lists are left out.
func flatten(line []byte) (map[string]string, error) {
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.UseNumber()
	var object map[string]any
	if err := dec.Decode(&object); err != nil {
		return nil, err
	}
	if object == nil || dec.More() {
		return nil, errors.New("not one object")
	}
	cells := map[string]string{}
	spread("", object, cells)
	return cells, nil
}

func spread(prefix string, object map[string]any, cells map[string]string) {
	for key, value := range object {
		switch v := value.(type) {
		case map[string]any:
			spread(prefix+key+".", v, cells)
		case string:
			cells[prefix+key] = v
		case json.Number, bool:
			cells[prefix+key] = fmt.Sprint(v)
		}
	}
}
