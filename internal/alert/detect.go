package alert

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// DetectOptions tunes [Detect].
type DetectOptions struct {
	Bucket time.Duration // length of a bucket; 0 finds it from the first two rows
	Warmup int           // rows at the start that raise no alarm; 0 is a tenth, at most two days
	Errors io.Writer     // where bad rows are named; nil forgets them
}

// ErrBadRows says that some rows could not be used; they have been named.
var ErrBadRows = errors.New("some rows could not be used")

// Detect reads CSV timestamp,value and writes CSV
// timestamp,value,expected,score,alarm, each row before the next is read. Rows
// that go back in time, repeat a time, or hold no number are named and left
// out; buckets that are missing are not taken for zero. A score of 1 is the
// threshold.
func Detect(r io.Reader, w io.Writer, o DetectOptions) error {
	in := csv.NewReader(bufio.NewReader(r))
	in.FieldsPerRecord, in.ReuseRecord, in.LazyQuotes = -1, true, true
	out := csv.NewWriter(w)
	out.Write([]string{"timestamp", "value", "expected", "score", "alarm"})
	out.Flush()
	var d Detector
	var last time.Time
	limits := DefaultLimits()
	bad, rows := false, 0
	quiet := time.Time{}
	for {
		rec, err := in.Read()
		if err == io.EOF {
			break
		}
		line, _ := in.FieldPos(0)
		fail := func(why string) {
			bad = true
			if o.Errors != nil {
				fmt.Fprintf(o.Errors, "line %d: %s\n", line, why)
			}
		}
		var perr *csv.ParseError
		if errors.As(err, &perr) {
			fail("the row is not CSV: " + perr.Err.Error())
			continue
		}
		if err != nil {
			return fmt.Errorf("read counts: %w", err)
		}
		if len(rec) < 2 {
			fail("a row needs a timestamp and a value")
			continue
		}
		at, terr := parseTime(rec[0])
		value, verr := strconv.ParseFloat(strings.TrimSpace(rec[1]), 64)
		switch {
		case terr != nil && rows == 0 && !bad && line == 1:
			continue // the names of the columns
		case terr != nil:
			fail(terr.Error())
			continue
		case verr != nil || math.IsNaN(value) || math.IsInf(value, 0) || value < 0:
			fail(fmt.Sprintf("%.40q is not a count", rec[1]))
			continue
		case !last.IsZero() && !at.After(last):
			fail("the time is not after the one before; sort the rows and count each bucket once")
			continue
		}
		length := o.Bucket
		if length == 0 {
			if length = time.Hour; !last.IsZero() {
				length = at.Sub(last)
				o.Bucket = length
			}
		}
		rows++
		last = at
		reading := d.Step(Bucket{At: at, Length: length, Voices: value})
		score := reading.Fast / limits.Fast
		warm := o.Warmup
		if warm == 0 {
			warm = int(48 * time.Hour / length)
		}
		alarm := rows > warm && score >= 1 && reading.Day >= leastVoices && at.Sub(quiet) >= refractory
		if alarm {
			quiet = at
		}
		num := func(f float64) string { return strconv.FormatFloat(f, 'f', 4, 64) }
		out.Write([]string{rec[0], rec[1], num(reading.Expected), num(max(score, 0)), map[bool]string{true: "1", false: "0"}[alarm]})
		if out.Flush(); out.Error() != nil {
			return fmt.Errorf("write: %w", out.Error())
		}
	}
	if bad {
		return ErrBadRows
	}
	return nil
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
