package alert_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"example.org/hearback/bench/counts"
	"example.org/hearback/internal/alert"
)

// detect runs the filter over a series and returns its alarms by row.
func detect(t testing.TB, s counts.Series, o alert.DetectOptions) []bool {
	t.Helper()
	var in, out bytes.Buffer
	fmt.Fprintln(&in, "timestamp,value")
	for i, at := range s.Times {
		fmt.Fprintf(&in, "%s,%v\n", at.Format(time.DateTime), s.Values[i])
	}
	if err := alert.Detect(&in, &out, o); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(rows) != len(s.Times)+1 {
		t.Fatalf("%d rows came out of %d, %v", len(rows)-1, len(s.Times), err)
	}
	alarms := make([]bool, len(s.Times))
	for i, row := range rows[1:] {
		alarms[i] = row[4] == "1"
		if score, _ := strconv.ParseFloat(row[3], 64); (score >= 0.5) != alarms[i] {
			t.Fatalf("row %d: score %s and alarm %s", i+1, row[3], row[4])
		}
	}
	return alarms
}

// labelled reads series that people labelled, which are no part of the
// repository.
func labelled(t testing.TB, set, prefix string) []counts.Series {
	t.Helper()
	list, err := counts.Labelled("../../../shared/data/"+set, prefix)
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("no labelled data: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestTweets holds the score on ten labelled series of mentions.
func TestTweets(t *testing.T) {
	list := labelled(t, "bursts-nab", "realTweets")
	var alarms [][]bool
	for _, s := range list {
		alarms = append(alarms, detect(t, s, alert.DetectOptions{}))
	}
	score, found, extra := counts.NAB(list, alarms)
	t.Logf("standard profile %.1f, %d windows found, %d alarms outside", score, found, extra)
	if score < 65 {
		t.Errorf("score %.1f, want at least 65", score)
	}
}

// TestCrises holds the delay at the onset of real crises.
func TestCrises(t *testing.T) {
	var o counts.Onsets
	for _, s := range labelled(t, "bursts-crisis", "") {
		o.Add(s, detect(t, s, alert.DetectOptions{}))
	}
	median := counts.Median(o.Delays)
	t.Logf("%d of %d found, %d without one message, median delay %s, %d alarms before; %v", o.Found, o.Windows, o.Silent, median, o.Before, o.Delays)
	if o.Found < o.Windows-o.Silent || median > 20*time.Minute || o.Before > 0 {
		t.Errorf("%d of %d found, median delay %s and %d alarms before; want all in which somebody spoke, at most 20 min and 0", o.Found, o.Windows-o.Silent, median, o.Before)
	}
}

func TestDetectRows(t *testing.T) {
	for _, tt := range []struct {
		name, in, out, errs string
	}{
		{"with a head", "timestamp,value\n2026-03-18 09:00:00,1\n", "2026-03-18 09:00:00,1,1.0000,0.0000,0\n", ""},
		{"without a head, Chinese text in a third column", "2026-03-18T09:00:00Z,1,备注\n", "2026-03-18T09:00:00Z,1,1.0000,0.0000,0\n", ""},
		{"not a number", "2026-03-18 09:00,many\n2026-03-18 10:00,1\n", "2026-03-18 10:00,1,1.0000,0.0000,0\n", `line 1: "many" is not a count of 0 or more` + "\n"},
		{"a number that is not one", "2026-03-18 09:00,NaN\n", "", `line 1: "NaN" is not a count of 0 or more` + "\n"},
		{"negative", "2026-03-18 09:00,-3\n", "", `line 1: "-3" is not a count of 0 or more` + "\n"},
		{"no time", "2026-03-18,1\n昨天,1\n", "2026-03-18,1,1.0000,0.0000,0\n", `line 2: "昨天" is not a time; write it like 2026-03-18T09:00:00Z` + "\n"},
		{"twice", "2026-03-18 09:00,1\n2026-03-18 09:00,1\n", "2026-03-18 09:00,1,1.0000,0.0000,0\n", "line 2: the time is not after the one before; sort the rows and count each bucket once\n"},
		{"too few columns", "2026-03-18\n", "", "line 1: a row needs a timestamp and a value\n"},
		{"nothing", "", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			err := alert.Detect(strings.NewReader(tt.in), &out, alert.DetectOptions{Errors: &errs})
			if got, want := out.String(), "timestamp,value,expected,score,alarm\n"+tt.out; got != want {
				t.Errorf("out = %q, want %q", got, want)
			}
			if errs.String() != tt.errs || errors.Is(err, alert.ErrBadRows) != (tt.errs != "") {
				t.Errorf("errors = %q (%v), want %q", errs.String(), err, tt.errs)
			}
		})
	}
}

// TestDetectStreams checks that a row comes out before the next goes in.
func TestDetectStreams(t *testing.T) {
	in, feed := io.Pipe()
	got, out := io.Pipe()
	go func() {
		out.CloseWithError(alert.Detect(in, out, alert.DetectOptions{Bucket: time.Hour}))
	}()
	r := csv.NewReader(got)
	for i := range 5 {
		if i > 0 {
			fmt.Fprintf(feed, "2026-03-18 %02d:00:00,%d\n", i, i)
		}
		row, err := r.Read()
		if err != nil || len(row) != 5 {
			t.Fatalf("row %d: %v, %v", i, row, err)
		}
	}
	feed.Close()
	if _, err := r.Read(); err != io.EOF {
		t.Errorf("at the end: %v, want EOF", err)
	}
}

// TestGap holds that hours that are missing are not hours of silence.
func TestGap(t *testing.T) {
	var in bytes.Buffer
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for h := range 24 * 20 {
		if d := h / 24; d >= 8 && d < 12 {
			continue
		}
		fmt.Fprintf(&in, "%s,%d\n", at.Add(time.Duration(h)*time.Hour).Format(time.RFC3339), 20+h%5)
	}
	var out bytes.Buffer
	if err := alert.Detect(&in, &out, alert.DetectOptions{}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), ",1\n") {
		t.Error("a gap in a steady series raised an alarm")
	}
}

// TestHourUnderWay: what an hour brings does not pass for its usual while it
// lasts, nor on the day after.
func TestHourUnderWay(t *testing.T) {
	var in, out bytes.Buffer
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	const perDay, burst = 6 * 24, 6 * (3*24 + 9)
	for i := range 5 * perDay {
		n := 4
		if i >= burst && i < burst+6 {
			n = 60
		}
		fmt.Fprintf(&in, "%s,%d\n", at.Add(time.Duration(i+1)*10*time.Minute).Format(time.RFC3339), n)
	}
	if err := alert.Detect(&in, &out, alert.DetectOptions{}); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{burst, burst + 5, burst + perDay} {
		if e, _ := strconv.ParseFloat(rows[1+i][2], 64); math.Abs(e-4) > 0.2 {
			t.Errorf("row %d: %v expected, want the usual 4", i+1, e)
		}
	}
	if rows[1+burst][4] != "1" {
		t.Errorf("the first row of the burst raised no alarm: %v", rows[1+burst])
	}
}

// TestZones: rows may name their zone, and a change of the clock is then no
// event. Rows without one say the hour twice in autumn, which is named; the hour
// that spring leaves out is missing, not silent.
func TestZones(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip(err)
	}
	run := func(from time.Time, layout string) (alarms int, errs string) {
		t.Helper()
		var in, out, bad bytes.Buffer
		for h := range 24 * 14 {
			at := from.Add(time.Duration(h) * time.Hour).In(zone)
			fmt.Fprintf(&in, "%s,%d\n", at.Format(layout), 30+10*((at.Hour()+6)%24/12)+h%3)
		}
		if err := alert.Detect(&in, &out, alert.DetectOptions{Bucket: time.Hour, Errors: &bad}); err != nil && !errors.Is(err, alert.ErrBadRows) {
			t.Fatal(err)
		}
		return strings.Count(out.String(), ",1\n"), bad.String()
	}
	for _, season := range []time.Time{time.Date(2026, 3, 22, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 18, 0, 0, 0, 0, time.UTC)} {
		if n, errs := run(season, time.RFC3339); n != 0 || errs != "" {
			t.Errorf("with zones, from %s: %d alarms, %q", season.Format(time.DateOnly), n, errs)
		}
		n, errs := run(season, time.DateTime)
		twice := strings.Count(errs, "\n")
		if want := map[time.Month]int{time.March: 0, time.October: 1}[season.Month()]; n != 0 || twice != want {
			t.Errorf("without zones, from %s: %d alarms and %d rows named (%s), want none and %d", season.Format(time.DateOnly), n, twice, errs, want)
		}
	}
}

// TestSilentMonth: after a month of zeros a burst is told within two hours, and
// three voices are none.
func TestSilentMonth(t *testing.T) {
	for _, tt := range []struct {
		burst int
		want  bool
	}{{3, false}, {40, true}} {
		var in, out bytes.Buffer
		at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		for h := range 30*24 + 2 {
			n := 0
			if h >= 30*24 {
				n = tt.burst
			}
			fmt.Fprintf(&in, "%s,%d\n", at.Add(time.Duration(h)*time.Hour).Format(time.RFC3339), n)
			if tt.burst == 3 && h == 30*24 {
				break
			}
		}
		if err := alert.Detect(&in, &out, alert.DetectOptions{}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(out.String(), ",1\n"); got != tt.want || strings.Contains(out.String(), "NaN") || strings.Contains(out.String(), "Inf") {
			t.Errorf("%d voices after a month of zeros: told %t, want %t", tt.burst, got, tt.want)
		}
	}
}

func FuzzDetect(f *testing.F) {
	f.Add("timestamp,value\n2026-03-18 09:00:00,1\n2026-03-18 09:10:00,40\n")
	f.Add("时间,数量\n2026-03-18,3\n2026-03-19,\"4\n")
	f.Add("1773824400,1e300\n1773824401,0\n")
	f.Add("0001-01-01,9\n9999-12-31,9\n")
	f.Fuzz(func(t *testing.T, s string) {
		var out bytes.Buffer
		if err := alert.Detect(strings.NewReader(s), &out, alert.DetectOptions{}); err != nil && !errors.Is(err, alert.ErrBadRows) {
			return
		}
		r := csv.NewReader(&out)
		r.LazyQuotes = true
		rows, err := r.ReadAll()
		if err != nil {
			t.Fatalf("what came out is not CSV: %v", err)
		}
		for _, row := range rows[1:] {
			expected, err1 := strconv.ParseFloat(row[2], 64)
			score, err2 := strconv.ParseFloat(row[3], 64)
			if err1 != nil || err2 != nil || math.IsNaN(expected) || !(score >= 0 && score <= 1) {
				t.Fatalf("row %q", row)
			}
		}
	})
}
