// Package table imports files of messages: CSV, TSV, XLSX and JSONL, also
// packed with gzip. It guesses how the file is written and which column holds
// what, shows the guess, and imports in batches that a crash cannot lose or
// double. It writes nothing to disk: rows are raw text until they have been
// de-identified.
package table

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"example.org/hearback"
	"example.org/hearback/internal/source"
	"example.org/hearback/internal/source/charset"
	"example.org/hearback/internal/source/when"
	"example.org/hearback/internal/source/wire"
)

// Limits of one file.
const (
	MaxRow     = 1_000_000 // bytes
	MaxColumns = 200
	MaxFaults  = 20 // shown; the rest are counted

	batchRows  = 2000
	batchBytes = 16 << 20 // of text: long rows make a batch shorter
	sampleRows = 100
	headSize   = 1 << 20 // bytes by which a file is known again
	peekSize   = 128 << 10
)

// Options say what is known of a file.
type Options struct {
	Name    string   // its name, for its ending
	Size    int64    // in bytes; 0 if not known
	Sheet   string   // of a workbook; "" is the first that is shown
	Mapping *Mapping // nil is guessed
	Zone    string   // of times that state none, if Mapping is nil
}

// A File is an open file of messages. It is read once, from beginning to end.
type File struct {
	Format  string     // "csv", "tsv", "xlsx" or "jsonl", with ".gz" if packed
	Charset string     // "utf-8", "gb18030", …
	Columns []string   // as the first row names them, or "1", "2", …
	Sample  [][]string // the first rows, for showing; raw text, so never kept
	Mapping Mapping    // as given, or guessed
	Notes   []string   // sentences: what the operator should know or check

	rows   rowReader
	queue  []row // rows read ahead for the sample
	print  string
	excel  bool
	from04 bool
	close  func()
	at     map[string]int
}

type row struct {
	cells []string
	line  int
	fault string
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{hearback.ErrInvalid}, args...)...)
}

// Open opens a file and finds out how it is written. r is read as far as
// needed, and must stay readable until the import has ended; a workbook is
// read at once. The error wraps [hearback.ErrInvalid] if the file is at fault.
func Open(r io.Reader, o Options) (*File, error) {
	head := bufio.NewReaderSize(r, headSize)
	start, err := head.Peek(headSize)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("read %s: %w", o.Name, err)
	}
	if len(start) == 0 {
		return nil, invalid("the file is empty")
	}
	f := &File{close: func() {}}
	sum := sha256.New()
	fmt.Fprintf(sum, "%d\n", o.Size)
	sum.Write(start)
	switch {
	case bytes.HasPrefix(start, []byte("PK\x03\x04")):
		err = f.openBook(head, o)
	case bytes.HasPrefix(start, []byte("\xd0\xcf\x11\xe0")):
		return nil, invalid("this is a workbook of the old kind (.xls), or one with a password; save it as .xlsx without a password")
	case bytes.HasPrefix(start, []byte("%PDF")):
		return nil, invalid("this is a PDF; only CSV, TSV, XLSX and JSONL files can be imported")
	case bytes.HasPrefix(start, []byte{0x1f, 0x8b}):
		var z *gzip.Reader
		if z, err = gzip.NewReader(head); err != nil {
			return nil, invalid("the file says that it is packed with gzip, and cannot be unpacked")
		}
		err = f.openText(unpacked{z}, strings.TrimSuffix(strings.ToLower(o.Name), ".gz"))
		f.Format += ".gz"
	default:
		err = f.openText(head, strings.ToLower(o.Name))
	}
	if err != nil {
		return nil, err
	}
	if err := f.look(o); err != nil {
		f.Close()
		return nil, err
	}
	// How the columns are read belongs to what a half-done import was of.
	sum.Write([]byte(f.Mapping.String()))
	f.print = hex.EncodeToString(sum.Sum(nil)[:16])
	return f, nil
}

// unpacked says in words what is wrong with a packed file.
type unpacked struct{ z *gzip.Reader }

func (u unpacked) Read(p []byte) (int, error) {
	n, err := u.z.Read(p)
	if err != nil && err != io.EOF {
		err = invalid("the packed file breaks off in the middle, or is damaged")
	}
	return n, err
}

// Close lets a workbook go.
func (f *File) Close() { f.close() }

func (f *File) openBook(r io.Reader, o Options) error {
	b, err := io.ReadAll(io.LimitReader(r, MaxXLSX+1))
	if err != nil {
		return err
	}
	if len(b) > MaxXLSX {
		return invalid("this workbook is larger than %d MiB; save it as CSV", MaxXLSX>>20)
	}
	x, info, err := openXLSX(b, o.Sheet)
	if err != nil {
		return err
	}
	f.Format, f.Charset, f.rows, f.close, f.excel, f.from04 = "xlsx", "utf-8", x, x.close, true, info.from1904
	if info.sheets > 1 {
		f.Notes = append(f.Notes, fmt.Sprintf("The workbook has %d sheets; “%s” is read.", info.sheets, info.sheet))
	}
	if info.formulas > 0 {
		f.Notes = append(f.Notes, fmt.Sprintf("The workbook holds %d formulas; the values they had when it was saved are read.", info.formulas))
	}
	return nil
}

func (f *File) openText(r io.Reader, name string) error {
	text, set, err := charset.NewReader(r)
	if err != nil {
		return err
	}
	br := bufio.NewReaderSize(text, peekSize)
	sample, err := br.Peek(peekSize)
	if err != nil && err != io.EOF {
		return err
	}
	whole := err == io.EOF
	f.Charset = set
	trimmed := bytes.TrimLeft(sample, " \t\r\n")
	switch {
	case len(trimmed) == 0:
		return invalid("the file is empty")
	case oneArray(sample) && !strings.HasSuffix(name, ".csv") && !strings.HasSuffix(name, ".tsv"):
		return invalid("this is one JSON list; write one object a line instead (JSONL)")
	case trimmed[0] == '{':
		f.Format = "jsonl"
		f.Columns = jsonColumns(sample, whole)
		if len(f.Columns) == 0 {
			return invalid("none of the first lines is a JSON object with fields")
		}
		f.rows = newJSONL(br, f.Columns)
		return nil
	case trimmed[0] == '<':
		return invalid("this is a web page or XML; only CSV, TSV, XLSX and JSONL files can be imported")
	case bytes.Count(sample[:min(len(sample), 4096)], []byte{0}) > 0:
		return invalid("this is no text; only CSV, TSV, XLSX and JSONL files can be imported")
	}
	if !whole {
		// A row cut at the end of the sample would count as one of another
		// width.
		if i := bytes.LastIndexByte(sample, '\n'); i > 0 {
			sample = sample[:i+1]
		}
	}
	comma := delimiter(sample)
	f.Format = "csv"
	if comma == '\t' {
		f.Format = "tsv"
	}
	f.rows = newCSV(br, comma)
	return nil
}

// look reads the first rows, and finds out what the columns are.
func (f *File) look(o Options) error {
	for len(f.queue) <= sampleRows {
		cells, line, err := f.rows.next()
		if err == io.EOF {
			break
		}
		var fault *rowFault
		if errors.As(err, &fault) {
			f.queue = append(f.queue, row{line: fault.line, fault: fault.sentence})
			continue
		}
		if err != nil {
			return err
		}
		f.queue = append(f.queue, row{cells: slices.Clone(cells), line: line})
	}
	var sample [][]string
	for _, r := range f.queue {
		if r.fault == "" {
			sample = append(sample, r.cells)
		}
	}
	if len(sample) == 0 {
		return invalid("the file holds no row that can be read")
	}
	if f.Format != "jsonl" && f.Format != "jsonl.gz" {
		header := hasHeader(sample[0], sample[1:])
		if o.Mapping != nil {
			header = !o.Mapping.NoHeader
		}
		if header {
			f.Columns = names(sample[0])
			first := slices.IndexFunc(f.queue, func(r row) bool { return r.fault == "" })
			f.queue = slices.Delete(f.queue, first, first+1)
			sample = sample[1:]
		} else {
			width := 0
			for _, r := range sample {
				width = max(width, len(r))
			}
			f.Columns = names(make([]string, width))
		}
		f.Mapping.NoHeader = !header
	}
	f.Sample = sample[:min(len(sample), 20)]
	f.at = map[string]int{}
	for i, c := range f.Columns {
		f.at[c] = i
	}
	if o.Mapping != nil {
		f.Mapping = *o.Mapping
	} else {
		m, notes := guess(f.Columns, sample, f.excel)
		m.NoHeader, m.Zone = f.Mapping.NoHeader, o.Zone
		f.Mapping, f.Notes = m, append(f.Notes, notes...)
	}
	for _, c := range f.Mapping.fields() {
		if _, ok := f.at[c]; !ok {
			return invalid("the file has no column %.60q any more; choose the columns again", c)
		}
	}
	_, err := f.Mapping.location()
	return err
}

// names makes the names of columns different from each other, and names those
// that have none by their number.
func names(cells []string) []string {
	list := make([]string, len(cells))
	for i, c := range cells {
		name := strings.Join(strings.Fields(c), " ")
		if len(name) > 100 {
			name = strings.ToValidUTF8(name[:100], "")
		}
		if name == "" {
			name = strconv.Itoa(i + 1)
		}
		for n, base := 2, name; slices.Contains(list[:i], name); n++ {
			name = base + " (" + strconv.Itoa(n) + ")"
		}
		list[i] = name
	}
	return list
}

// A Report says how far an import is, and what became of the rows.
type Report struct {
	Rows    int64 // read so far, without the first if it names the columns
	Before  int64 // of these, taken by an earlier import that was broken off
	Tally   hearback.Tally
	Faulty  int64            // rows that could not be read; Tally counts them as refused
	Faults  []wire.LineError // the first of them
	Done    bool
	Columns Mapping
}

// cursor is how far a file has been imported.
type cursor struct {
	File string `json:"file"`
	Row  int64  `json:"row"`
	Done bool   `json:"done,omitempty"`
}

// Import takes the rest of the file in. stored is the cursor of the source: if
// it tells of this very file, read in the same way, the import goes on where it
// was broken off. progress, if not nil, is called after each batch.
//
// Rows are told apart by their id, or, without one, by what they say; so a
// second import of a file, or of a longer version of it, adds nothing twice.
func (f *File) Import(ctx context.Context, sink source.Sink, src hearback.ID, stored []byte, progress func(Report)) (Report, error) {
	rep := Report{Columns: f.Mapping}
	if len(f.Mapping.Text) == 0 {
		return rep, invalid("no column looks like the text of messages; choose it")
	}
	var from cursor
	if len(stored) > 0 {
		if err := json.Unmarshal(stored, &from); err != nil || from.File != f.print || from.Done {
			from = cursor{} // another file, or a finished one that is imported again
		}
	}
	m, err := f.newMapper()
	if err != nil {
		return rep, err
	}
	items, size := make([]source.Raw, 0, batchRows+1), 0
	unread := int64(0)
	flush := func(done bool) error {
		rep.Done = done
		c, err := json.Marshal(cursor{f.print, rep.Rows, done})
		if err != nil {
			return err
		}
		if unread > 0 { // counted with its source, like all that came
			items, unread = append(items, source.Raw{Unread: unread}), 0
		}
		y, err := sink.Take(ctx, src, items, c)
		if err != nil {
			return fmt.Errorf("import: row %d: %w", rep.Rows, err)
		}
		rep.Tally = rep.Tally.Add(y)
		clear(items)
		items, size = items[:0], 0
		if progress != nil {
			progress(rep)
		}
		return nil
	}
	for {
		cells, line, err := f.next()
		if err == io.EOF {
			break
		}
		var fault *rowFault
		if err != nil && !errors.As(err, &fault) {
			return rep, err
		}
		rep.Rows++
		var raw source.Raw
		var bad string
		if fault != nil {
			bad, line = fault.sentence, fault.line
		} else {
			// Rows taken before are read all the same, so that rows without an
			// id get the same names as then.
			if raw, bad = m.raw(cells); bad == noText && f.excel {
				bad += " If the cell is a formula, save the workbook in a spreadsheet program, so that it holds the result."
			}
		}
		if rep.Rows <= from.Row {
			rep.Before++
			continue
		}
		if bad != "" {
			if rep.Faulty++; len(rep.Faults) < MaxFaults {
				rep.Faults = append(rep.Faults, wire.LineError{Line: line, Error: bad})
			}
			unread++
			continue
		}
		items, size = append(items, raw), size+len(raw.Text)
		if len(items) == batchRows || size >= batchBytes {
			if err := flush(false); err != nil {
				return rep, err
			}
		}
		if rep.Rows%1024 == 0 && ctx.Err() != nil {
			return rep, ctx.Err()
		}
	}
	return rep, flush(true)
}

// next gives the rows read ahead, and then the others.
func (f *File) next() ([]string, int, error) {
	if len(f.queue) > 0 {
		r := f.queue[0]
		f.queue[0] = row{}
		f.queue = f.queue[1:]
		if r.fault != "" {
			return nil, r.line, &rowFault{r.line, r.fault}
		}
		return r.cells, r.line, nil
	}
	return f.rows.next()
}

const noText = "The row has no text."

// A mapper turns rows into items.
type mapper struct {
	text                                   []int
	id, time, lang, area, account, deleted int
	when                                   when.Options
	count                                  counter
}

func (f *File) newMapper() (*mapper, error) {
	loc, err := f.Mapping.location()
	if err != nil {
		return nil, err
	}
	index := func(name string) int {
		if name == "" {
			return -1
		}
		return f.at[name]
	}
	fm := &f.Mapping
	m := &mapper{
		id: index(fm.ID), time: index(fm.Time), lang: index(fm.Lang), area: index(fm.Area), account: index(fm.Account), deleted: index(fm.Deleted),
		when: when.Options{Zone: loc, DayFirst: fm.DayFirst, Excel: f.excel, Excel04: f.from04},
	}
	for _, c := range fm.Text {
		m.text = append(m.text, f.at[c])
	}
	return m, nil
}

// raw turns one row into an item. bad is what is wrong with it, a sentence.
func (m *mapper) raw(cells []string) (raw source.Raw, bad string) {
	cell := func(i int) string {
		if i < 0 || i >= len(cells) {
			return ""
		}
		return clean(strings.TrimSpace(cells[i]))
	}
	for _, i := range m.text {
		switch t := cell(i); {
		case t == "" || strings.Contains(raw.Text, t):
		case raw.Text == "":
			raw.Text = t
		case strings.HasPrefix(t, raw.Text):
			raw.Text = t // a title that is the beginning of the text
		default:
			raw.Text += "\n" + t
		}
	}
	at := cell(m.time)
	raw.Lang, raw.Area, raw.Account = cell(m.lang), cell(m.area), cell(m.account)
	for _, s := range []string{raw.Lang, raw.Area, raw.Account} {
		if len(s) > wire.MaxField {
			return raw, fmt.Sprintf("A cell that should be short has %d bytes. Check which column holds what.", len(s))
		}
	}
	raw.Post = cell(m.id)
	if len(raw.Post) > wire.MaxField {
		return raw, fmt.Sprintf("The id has %d bytes, and %d are the most. Check which column holds what.", len(raw.Post), wire.MaxField)
	}
	switch strings.ToLower(cell(m.deleted)) {
	case "true", "1", "yes", "y", "t", "是", "已删除":
		if raw.Post == "" {
			return raw, "A deletion needs the id of the message that is gone."
		}
		return source.Raw{Post: raw.Post, Deleted: true}, ""
	}
	if raw.Text == "" {
		return raw, noText
	}
	if len(raw.Text) > wire.MaxText {
		return raw, fmt.Sprintf("The text has %d bytes, and %d are the most; shorten it, or divide it into rows.", len(raw.Text), wire.MaxText)
	}
	if raw.Post == "" {
		raw.Post = m.count.name(raw.Text, at, raw.Account, raw.Area)
	}
	if at != "" {
		t, err := when.Parse(at, m.when)
		if err != nil {
			return raw, wire.Sentence(err)
		}
		raw.At = t
	}
	return raw, ""
}

// clean removes zero bytes and other controls that no store and no page wants.
func clean(s string) string {
	ok := true
	for i := range len(s) {
		if s[i] < ' ' && s[i] != '\n' && s[i] != '\t' || s[i] == 0x7f {
			ok = false
			break
		}
	}
	if ok {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r':
			return -1
		case r < ' ' || r == 0x7f:
			return ' '
		}
		return r
	}, s)
}
