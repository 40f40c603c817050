package table

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A rowFault is what is wrong with one row. Reading goes on after it.
type rowFault struct {
	line     int
	sentence string
}

// Error returns the sentence.
func (f *rowFault) Error() string { return f.sentence }

// A rowReader gives the rows of a file one after another.
type rowReader interface {
	// next returns the cells of the next row and the line it begins on. The
	// slice is used again. It returns a *rowFault for a row that cannot be
	// read, and io.EOF after the last.
	next() (cells []string, line int, err error)
}

// A lineReader gives lines, and passes over those that are too long. It keeps
// at most MaxRow bytes.
type lineReader struct {
	r       *bufio.Reader
	pending []byte // to be read again before r
	line    int    // of the line last given
	buf     []byte
}

// read returns the next line with its end, until it is called again. too says
// that the line was too long, and is passed over.
func (l *lineReader) read() (line []byte, too bool, err error) {
	if len(l.pending) > 0 {
		n := bytes.IndexByte(l.pending, '\n') + 1
		if n == 0 {
			n = len(l.pending)
		}
		line, l.pending = l.pending[:n], l.pending[n:]
		l.line++
		return line, false, nil
	}
	l.buf = l.buf[:0]
	for {
		part, err := l.r.ReadSlice('\n')
		if !too {
			if len(l.buf)+len(part) > MaxRow {
				too, l.buf = true, l.buf[:0]
			} else if err == nil && len(l.buf) == 0 {
				l.line++
				return part, false, nil
			} else {
				l.buf = append(l.buf, part...)
			}
		}
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err == nil:
			l.line++
			return l.buf, too, nil
		case err == io.EOF && (len(l.buf) > 0 || too):
			l.line++
			return l.buf, too, nil
		}
		return nil, false, err
	}
}

// A csvReader reads delimited text as RFC 4180 has it, and more kindly: quotes
// inside a cell that does not begin with one are letters, rows may have
// different lengths, and a quote that is never closed costs one line instead of
// the rest of the file. That, and the limit on a row, is why it is not
// encoding/csv.
type csvReader struct {
	lines lineReader
	comma byte // 0 if each line is one cell
	rec   []byte
	text  []byte
	ends  []int
	cells []string
}

func newCSV(r *bufio.Reader, comma byte) *csvReader {
	return &csvReader{lines: lineReader{r: r}, comma: comma}
}

func (c *csvReader) next() ([]string, int, error) {
	for {
		line, too, err := c.lines.read()
		if err != nil {
			return nil, 0, err
		}
		start := c.lines.line
		if too {
			return nil, start, &rowFault{start, fmt.Sprintf("The line is longer than %d MB; shorten it, or close the quotation mark that is open.", MaxRow/1_000_000)}
		}
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			continue
		}
		if c.comma == 0 || bytes.IndexByte(line, '"') < 0 {
			return c.split(line, start)
		}
		c.rec = append(c.rec[:0], line...)
		open, slip := c.open(line, false)
		for open {
			first := len(line)
			more, too, err := c.lines.read()
			if err != nil && err != io.EOF {
				return nil, 0, err
			}
			still := false
			if err == nil && !too {
				still, slip = c.open(more, true)
			}
			if err == io.EOF || too || slip || len(c.rec)+len(more) > MaxRow {
				// The lines after this one are rows of their own.
				rest := c.rec[first:]
				switch {
				case too:
					rest = append(rest, '\n') // stands for the long line, so that lines are counted right
				case err == nil:
					rest = append(rest, more...)
				}
				c.lines.pending = append(slices.Clone(rest), c.lines.pending...)
				c.lines.line = start
				return nil, start, &rowFault{start, "A quotation mark is opened in this line and never closed."}
			}
			// line may be gone now: its length is what is needed of it.
			c.rec = append(c.rec, more...)
			open, line = still, c.rec[:first]
		}
		return c.quoted(start)
	}
}

// open reports whether a quoted cell is open at the end of a line. slip says
// that the quote which closes a cell of an earlier line is followed by more of
// the cell: that is the opening quote of another cell, and the first one was a
// slip.
func (c *csvReader) open(line []byte, open bool) (still, slip bool) {
	begin, before := !open, open
	for i := 0; i < len(line); i++ {
		switch b := line[i]; {
		case open:
			if b == '"' {
				if i+1 < len(line) && line[i+1] == '"' {
					i++
				} else {
					open = false
					next := bytes.TrimLeft(line[i+1:], " \r\n")
					slip = slip || before && len(next) > 0 && next[0] != c.comma
					before = false
				}
			}
			begin = false
		case b == '"' && begin:
			open, begin = true, false
		case b == c.comma:
			begin = true
		case b == ' ' && begin:
			// spaces before a quote are left alone
		default:
			begin = false
		}
	}
	return open, slip
}

// split takes a line without quotes apart.
func (c *csvReader) split(line []byte, start int) ([]string, int, error) {
	s := string(bytes.TrimRight(line, "\r\n"))
	c.cells = c.cells[:0]
	for c.comma != 0 {
		i := strings.IndexByte(s, c.comma)
		if i < 0 {
			break
		}
		if len(c.cells) == MaxColumns {
			return nil, start, tooWide(start)
		}
		c.cells, s = append(c.cells, s[:i]), s[i+1:]
	}
	c.cells = append(c.cells, s)
	if len(c.cells) > MaxColumns {
		return nil, start, tooWide(start)
	}
	return c.cells, start, nil
}

func tooWide(line int) error {
	return &rowFault{line, fmt.Sprintf("The row has more than %d columns.", MaxColumns)}
}

// quoted takes the row in rec apart.
func (c *csvReader) quoted(start int) ([]string, int, error) {
	c.text, c.ends = c.text[:0], c.ends[:0]
	rec := bytes.TrimRight(c.rec, "\r\n")
	for i := 0; ; {
		j := i
		for j < len(rec) && rec[j] == ' ' {
			j++
		}
		if j < len(rec) && rec[j] == '"' {
			for i = j + 1; i < len(rec); i++ {
				if rec[i] == '"' {
					if i+1 < len(rec) && rec[i+1] == '"' {
						i++
					} else {
						i++
						break
					}
				}
				c.text = append(c.text, rec[i])
			}
		}
		n := bytes.IndexByte(rec[min(i, len(rec)):], c.comma)
		if n < 0 {
			c.text = append(c.text, rec[min(i, len(rec)):]...)
			c.ends = append(c.ends, len(c.text))
			break
		}
		c.text = append(c.text, rec[i:i+n]...)
		c.ends = append(c.ends, len(c.text))
		i += n + 1
		if len(c.ends) == MaxColumns {
			return nil, start, tooWide(start)
		}
	}
	s, from := string(c.text), 0
	c.cells = c.cells[:0]
	for _, end := range c.ends {
		c.cells, from = append(c.cells, s[from:end]), end
	}
	if len(c.cells) > MaxColumns {
		return nil, start, tooWide(start)
	}
	return c.cells, start, nil
}

// delimiter guesses what stands between cells: the byte that splits most lines
// of a sample into the same number of cells, more than one. It returns 0 if
// there is none, and each line is one cell.
func delimiter(sample []byte) byte {
	best, most := byte(0), 0.0
	for _, comma := range []byte{',', '\t', ';', '|'} {
		r := newCSV(bufio.NewReaderSize(bytes.NewReader(sample), 1<<16), comma)
		widths, rows, first := map[int]int{}, 0, 0
		for rows < 200 {
			cells, _, err := r.next()
			if err == io.EOF {
				break
			}
			if err != nil {
				continue
			}
			if rows++; rows == 1 {
				first = len(cells)
			}
			widths[len(cells)]++
		}
		if rows == 0 || first < 2 {
			continue
		}
		// The first row names the columns, so it has the right width.
		same := float64(widths[first]) / float64(rows)
		if score := same * (1 + float64(min(first, 20))/20); same >= 0.6 && score > most {
			best, most = comma, score
		}
	}
	return best
}
