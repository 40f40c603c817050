package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"fmt"
	"math"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"example.org/hearback/bench/counts"
	"example.org/hearback/internal/alert"
)

// A method turns counts into one statistic for each row; the greater, the more
// unusual.
type method struct {
	name string
	stat func(series [][]float64, perDay int) ([][]float64, error)
}

// peers are the methods that Hearback is measured beside.
func (b *bench) peers() []method {
	each := func(f func(x []float64, perDay int) []float64) func([][]float64, int) ([][]float64, error) {
		return func(series [][]float64, perDay int) (stats [][]float64, err error) {
			for _, x := range series {
				stats = append(stats, f(x, perDay))
			}
			return stats, nil
		}
	}
	return []method{
		{"rolling z, 7 days of rows", each(rollingZ)},
		{"EARS C1 on 24 h", each(func(x []float64, perDay int) []float64 { return ears(x, perDay, 0) })},
		{"EARS C2 on 24 h", each(func(x []float64, perDay int) []float64 { return ears(x, perDay, 2) })},
		{"R surveillance: earsC C1 on 24 h", b.surveillance("C1")},
		{"R surveillance: earsC C2 on 24 h", b.surveillance("C2")},
		{"R surveillance: glrnb, doubled rate", b.surveillance("nbcusum")},
	}
}

// rollingZ is how many standard deviations a row lies above the seven days
// before it.
func rollingZ(x []float64, perDay int) []float64 {
	out := make([]float64, len(x))
	n := 7 * perDay
	sum, squares := 0.0, 0.0
	for i, v := range x {
		if i >= n {
			mean := sum / float64(n)
			sd := math.Sqrt(max(squares/float64(n)-mean*mean, 0))
			out[i] = (v - mean) / max(sd, 0.5)
			sum, squares = sum-x[i-n], squares-x[i-n]*x[i-n]
		}
		sum, squares = sum+v, squares+v*v
	}
	return out
}

// ears is the statistic of EARS C1 and, with a lag of two days, C2 (Hutwagner
// and others 2003), on the counts of the last 24 h, seen after every row.
func ears(x []float64, perDay, lag int) []float64 {
	out := make([]float64, len(x))
	day := make([]float64, len(x))
	sum := 0.0
	for i, v := range x {
		sum += v
		if i >= perDay {
			sum -= x[i-perDay]
		}
		day[i] = sum
	}
	const baseline = 7
	for i := (baseline + lag + 1) * perDay; i < len(x); i++ {
		mean, squares := 0.0, 0.0
		for d := 1 + lag; d <= baseline+lag; d++ {
			mean += day[i-d*perDay] / baseline
		}
		for d := 1 + lag; d <= baseline+lag; d++ {
			squares += (day[i-d*perDay] - mean) * (day[i-d*perDay] - mean)
		}
		out[i] = max(0, (day[i]-mean)/max(math.Sqrt(squares/(baseline-1)), 1))
	}
	return out
}

// surveillance runs a method of R's surveillance package.
func (b *bench) surveillance(name string) func([][]float64, int) ([][]float64, error) {
	return func(series [][]float64, perDay int) (stats [][]float64, err error) {
		var in bytes.Buffer
		for _, x := range series {
			fmt.Fprint(&in, perDay)
			for _, v := range x {
				in.WriteString("," + strconv.FormatFloat(v, 'f', -1, 64))
			}
			in.WriteByte('\n')
		}
		cmd := exec.Command(b.rscript, "bench/peers/surveillance.R", name)
		cmd.Stdin = &in
		out, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("%w: %s", errPeer, complaint(err))
		}
		s := bufio.NewScanner(bytes.NewReader(out))
		s.Buffer(nil, 16<<20)
		for s.Scan() {
			var stat []float64
			for _, f := range strings.Split(s.Text(), ",") {
				v, err := strconv.ParseFloat(f, 64)
				if err != nil {
					return nil, fmt.Errorf("bench/peers/surveillance.R wrote %.40q", f)
				}
				stat = append(stat, v)
			}
			stats = append(stats, stat)
		}
		if len(stats) != len(series) {
			return nil, fmt.Errorf("bench/peers/surveillance.R answered %d of %d series", len(stats), len(series))
		}
		return stats, s.Err()
	}
}

// followed returns the fast and the slow statistic of Hearback's detector for
// every hour of made-up concerns. It is told the volume of the source, as the
// service is, or, if that is not given, what the concern's own rhythm learned of
// the week.
func followed(list []counts.Made, volume bool) (stats [2][][]float64) {
	start := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	for _, m := range list {
		var d alert.Detector
		var p alert.Rhythm
		var all alert.Volume
		var fast, slow []float64
		for h, v := range m.Voices {
			b := alert.Bucket{At: start.Add(time.Duration(h) * time.Hour), Length: time.Hour, Voices: v}
			if b.Exposure = all.Exposure(b.At, m.Messages[h]); !volume {
				b.Exposure = p.Factor(b.At)
				p.Learn(b.At, b.Length, v)
			}
			r := d.Step(b)
			fast, slow = append(fast, r.Fast), append(slow, r.Slow)
		}
		stats[0], stats[1] = append(stats[0], fast), append(stats[1], slow)
	}
	return stats
}

// filter sends a series through hearback detect, with its defaults, and returns
// the alarms by row.
func filter(s counts.Series) ([]bool, error) {
	var in, out bytes.Buffer
	for i, at := range s.Times {
		fmt.Fprintf(&in, "%s,%v\n", at.Format(time.DateTime), s.Values[i])
	}
	if err := alert.Detect(&in, &out, alert.DetectOptions{}); err != nil {
		return nil, err
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(rows) != len(s.Times)+1 {
		return nil, fmt.Errorf("%s: %d rows came out of %d, %v", s.Name, len(rows)-1, len(s.Times), err)
	}
	alarms := make([]bool, len(s.Times))
	for i, row := range rows[1:] {
		alarms[i] = row[4] == "1"
	}
	return alarms, nil
}

// over returns the rows at which a statistic rises over a limit, once a day at
// most.
func over(stat []float64, perDay int, limit float64) []bool {
	alarms := make([]bool, len(stat))
	quiet, armed := 0, true
	for i, v := range stat {
		armed = armed || v < limit/2
		if v >= limit && armed && i >= quiet {
			alarms[i], quiet, armed = true, i+perDay, false
		}
	}
	return alarms
}
