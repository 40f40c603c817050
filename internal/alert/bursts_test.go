package alert_test

import (
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// shared is where the labelled public data lies, if it is there at all.
const shared = "../../../shared/data"

// A series is one labelled column of counts.
type series struct {
	name    string
	times   []time.Time
	values  []float64
	windows [][2]int // first and last row
}

// labelled reads the series of a data set whose name begins with prefix.
func labelled(t testing.TB, set, prefix string) []series {
	t.Helper()
	dir := filepath.Join(shared, set)
	b, err := os.ReadFile(filepath.Join(dir, "labels.json"))
	if err != nil {
		t.Skipf("no labelled data: %v", err)
	}
	var labels map[string][][2]string
	if err := json.Unmarshal(b, &labels); err != nil {
		t.Fatal(err)
	}
	var list []series
	for name, windows := range labels {
		if !strings.HasPrefix(name, prefix) {
			continue
		}
		s := series{name: name}
		file := filepath.Join(dir, "series", strings.TrimSuffix(name, ".csv")+".csv.gz")
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(z).ReadAll()
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows[1:] {
			at, err := time.Parse(time.DateTime, row[0])
			if err != nil {
				t.Fatal(err)
			}
			v, err := strconv.ParseFloat(row[1], 64)
			if err != nil {
				t.Fatal(err)
			}
			s.times, s.values = append(s.times, at), append(s.values, v)
		}
		for _, w := range windows {
			from, _ := time.Parse(time.DateTime, w[0][:19])
			to, _ := time.Parse(time.DateTime, w[1][:19])
			l := slices.IndexFunc(s.times, func(x time.Time) bool { return !x.Before(from) })
			r := slices.IndexFunc(s.times, func(x time.Time) bool { return x.After(to) })
			if r < 0 {
				r = len(s.times)
			}
			if l >= 0 && l < r {
				s.windows = append(s.windows, [2]int{l, r - 1})
			}
		}
		slices.SortFunc(s.windows, func(a, b [2]int) int { return a[0] - b[0] })
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b series) int { return strings.Compare(a.name, b.name) })
	return list
}

// nab is the score of the Numenta benchmark, standard profile, for alarms at
// the rows given: 0 for none at all, 100 for perfect.
func nab(list []series, alarms [][]bool) (score float64, found, extra int) {
	scaled := func(p float64) float64 {
		if p > 3 {
			return -1
		}
		return 2/(1+math.Exp(5*p)) - 1
	}
	var got, worst float64
	var total int
	for i, s := range list {
		probation := min(15*len(s.values)/100, 750)
		best := make([]float64, len(s.windows))
		for j, w := range s.windows {
			best[j] = -1
			total++
			if w[1] >= probation {
				worst--
			} else {
				best[j] = 0
			}
		}
		in := func(row int) int {
			return slices.IndexFunc(s.windows, func(w [2]int) bool { return w[0] <= row && row <= w[1] })
		}
		for row := probation; row < len(s.values); row++ {
			if !alarms[i][row] {
				continue
			}
			if j := in(row); j >= 0 {
				w := s.windows[j]
				best[j] = max(best[j], scaled(-float64(w[1]-row+1)/float64(w[1]-w[0]+1))/scaled(-1))
				continue
			}
			extra++
			cost := -0.11
			for _, w := range s.windows {
				if w[1] < row {
					cost = 0.11 * scaled(float64(row-w[1])/float64(w[1]-w[0]))
				}
			}
			got += cost
		}
		for _, b := range best {
			got += b
			if b > 0 {
				found++
			}
		}
	}
	return 100 * (got - worst) / (float64(total) - worst), found, extra
}
