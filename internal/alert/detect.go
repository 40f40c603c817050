package alert

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.org/hearback"
)

// DetectOptions tunes [Detect].
type DetectOptions struct {
	Bucket time.Duration // length of a bucket; 0 finds it from the first two rows
	Warmup int           // rows at the start that raise no alarm; 0 is 12, less than 0 none
	Limits Limits        // zero is [DefaultLimits]
	Errors io.Writer     // where bad rows are named; nil forgets them
}

// Warmup is how many rows are looked at before the first may alarm, if nothing
// else is said.
const Warmup = 12

// ErrBadRows says that some rows could not be used; they have been named.
var ErrBadRows = errors.New("some rows could not be used")

// Detect reads CSV timestamp,value and writes CSV
// timestamp,value,expected,score,alarm, each row before the next is read. Rows
// that go back in time, repeat a time, or hold no count are named and left
// out; buckets that are missing are not taken for zero.
//
// A score is between 0 and 1, and an alarm is a score of 0.5 or more. Only the
// first row of a rise is an alarm: while one lasts, for a day at least, scores
// stay below 0.5 unless it doubles. The score is that of the fast statistic,
// because a column has one score; slow burns are for the service to tell.
func Detect(r io.Reader, w io.Writer, o DetectOptions) error {
	if o.Limits == (Limits{}) {
		o.Limits = DefaultLimits()
	}
	if o.Warmup == 0 {
		o.Warmup = Warmup
	}
	in := csv.NewReader(bufio.NewReader(&capped{r: r}))
	in.FieldsPerRecord, in.ReuseRecord, in.LazyQuotes = -1, true, true
	out := csv.NewWriter(w)
	out.Write([]string{"timestamp", "value", "expected", "score", "alarm"})
	out.Flush()
	c := column{length: o.Bucket}
	bad, rows := false, 0
	for {
		rec, err := in.Read()
		if err == io.EOF {
			break
		}
		var perr *csv.ParseError
		fail := func(line int, why string) {
			bad = true
			if o.Errors != nil {
				fmt.Fprintf(o.Errors, "line %d: %s\n", line, why)
			}
		}
		if errors.As(err, &perr) {
			fail(perr.Line, "the row is not CSV: "+perr.Err.Error())
			continue
		}
		if err != nil {
			return fmt.Errorf("read counts: %w", err)
		}
		line, _ := in.FieldPos(0)
		if len(rec) < 2 {
			fail(line, "a row needs a timestamp and a value")
			continue
		}
		at, terr := parseTime(rec[0])
		value, verr := strconv.ParseFloat(strings.TrimSpace(rec[1]), 64)
		switch {
		case terr != nil && verr != nil && rows == 0 && !bad && line == 1:
			continue // the names of the columns
		case terr != nil:
			fail(line, terr.Error())
			continue
		case verr != nil || math.IsNaN(value) || value < 0 || value > maxCount:
			fail(line, fmt.Sprintf("%.40q is not a count of 0 or more", rec[1]))
			continue
		case !c.last.IsZero() && !at.After(c.last):
			fail(line, "the time is not after the one before; sort the rows and count each bucket once")
			continue
		}
		rows++
		reading := c.step(at, value)
		fast, _ := c.d.Fires(reading, o.Limits)
		alarm := fast && rows > o.Warmup
		score := 1 - math.Exp2(-math.Max(reading.Fast, 0)/o.Limits.Fast)
		mark := "1"
		if !alarm {
			score, mark = min(score, 0.4999), "0"
		}
		num := func(f float64) string { return strconv.FormatFloat(f, 'f', 4, 64) }
		out.Write([]string{rec[0], rec[1], num(reading.Expected), num(score), mark})
		if out.Flush(); out.Error() != nil {
			return fmt.Errorf("write: %w", out.Error())
		}
	}
	if bad {
		return ErrBadRows
	}
	return nil
}

// maxCount is the largest value that Detect takes for a count.
const maxCount = 1e15

// A column is what Detect remembers of the rows before.
type column struct {
	d      Detector
	p      Rhythm
	length time.Duration // of a bucket; 0 until it is known
	first  float64       // value of the first row, while length is not known
	last   time.Time
	recent []spell // the last 24 h, that p has not learned yet
}

// A spell is what the rows of one hour brought together.
type spell struct {
	at     time.Time // start of its first row
	length time.Duration
	value  float64
}

// step takes in one row. Its time may be the start or the end of its bucket:
// all that counts is that rows are at most one bucket long and do not overlap.
func (c *column) step(at time.Time, value float64) Reading {
	length, gap := c.length, at.Sub(c.last)
	switch {
	case c.last.IsZero():
		if c.first = value; length == 0 {
			length = time.Hour
		}
	case length == 0:
		// Now the length is known, the first row is taken in once more.
		length, c.length = gap, gap
		c.d, c.p, c.recent = Detector{}, Rhythm{}, nil
		c.take(c.last, length, c.first)
	case gap < length:
		length = gap
	}
	c.last = at
	return c.take(at, length, value)
}

func (c *column) take(at time.Time, length time.Duration, value float64) Reading {
	start := at.Add(-length)
	b := Bucket{At: start, Length: length, Voices: value, Exposure: c.p.Factor(start)}
	c.remember(start, length, value)
	return c.d.Step(b)
}

// remember has the rhythm learn what is a day old. As the level, it may not
// learn from a burst while the burst is judged: it would pass for the usual of
// that hour of the week, and hide itself.
func (c *column) remember(start time.Time, length time.Duration, value float64) {
	if n := len(c.recent) - 1; n >= 0 && c.recent[n].at.Truncate(time.Hour).Equal(start.Truncate(time.Hour)) {
		c.recent[n].length += length
		c.recent[n].value += value
	} else {
		c.recent = append(c.recent, spell{start, length, value})
	}
	n := 0
	for n < len(c.recent) && start.Sub(c.recent[n].at) >= guardHours*time.Hour {
		c.p.Learn(c.recent[n].at, c.recent[n].length, c.recent[n].value)
		n++
	}
	c.recent = slices.Delete(c.recent, 0, n)
}

// capped cuts the input when one line grows beyond all sense, which would
// otherwise be kept in memory until its end.
type capped struct {
	r    io.Reader
	line int
}

const maxLine = 1 << 20

func (c *capped) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	for _, b := range p[:n] {
		if c.line++; b == '\n' {
			c.line = 0
		}
	}
	if c.line > maxLine {
		return 0, fmt.Errorf("%w: a line of more than %d bytes; is this a CSV file?", hearback.ErrInvalid, maxLine)
	}
	return n, err
}

// parseTime reads RFC 3339, "2006-01-02 15:04:05", a day, or seconds since
// 1970.
func parseTime(s string) (time.Time, error) {
	s = strings.TrimSpace(s)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.Unix(n, 0).UTC(), nil
	}
	return time.Time{}, fmt.Errorf("%.40q is not a time; write it like 2026-03-18T09:00:00Z", s)
}
