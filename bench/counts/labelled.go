package counts

import (
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Series is one labelled column of counts.
type Series struct {
	Name    string
	Times   []time.Time
	Values  []float64
	Windows [][2]int // first and last row of what people labelled
}

// Labelled reads the series of a folder of labelled data whose name begins with
// prefix. The error is [os.ErrNotExist] if the folder is not there.
func Labelled(dir, prefix string) (list []Series, err error) {
	b, err := os.ReadFile(filepath.Join(dir, "labels.json"))
	if err != nil {
		return nil, err
	}
	var labels map[string][][2]string
	if err := json.Unmarshal(b, &labels); err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	for name, windows := range labels {
		if !strings.HasPrefix(name, prefix) {
			continue
		}
		s := Series{Name: name}
		if err := s.read(filepath.Join(dir, "series", strings.TrimSuffix(name, ".csv")+".csv.gz")); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for _, w := range windows {
			from, err1 := time.Parse(time.DateTime, w[0][:19])
			to, err2 := time.Parse(time.DateTime, w[1][:19])
			if err1 != nil || err2 != nil {
				return nil, fmt.Errorf("%s: window %v", name, w)
			}
			l := slices.IndexFunc(s.Times, func(x time.Time) bool { return !x.Before(from) })
			r := slices.IndexFunc(s.Times, func(x time.Time) bool { return x.After(to) })
			if r < 0 {
				r = len(s.Times)
			}
			if l >= 0 && l < r {
				s.Windows = append(s.Windows, [2]int{l, r - 1})
			}
		}
		slices.SortFunc(s.Windows, func(a, b [2]int) int { return a[0] - b[0] })
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b Series) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

func (s *Series) read(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	rows, err := csv.NewReader(z).ReadAll()
	if err != nil {
		return err
	}
	for _, row := range rows[1:] {
		at, err := time.Parse(time.DateTime, row[0])
		if err != nil {
			return err
		}
		v, err := strconv.ParseFloat(row[1], 64)
		if err != nil {
			return err
		}
		s.Times, s.Values = append(s.Times, at), append(s.Values, v)
	}
	return nil
}

// PerDay returns how many rows make up a day.
func (s *Series) PerDay() int { return int(24 * time.Hour / s.Times[1].Sub(s.Times[0])) }

// NAB is the score of the Numenta benchmark, standard profile (Lavin and Ahmad
// 2015), for alarms at the rows given: 0 for none at all, 100 for perfect. The
// first rows of a series, 15 % of it and 750 at most, are not scored.
func NAB(list []Series, alarms [][]bool) (score float64, found, extra int) {
	scaled := func(p float64) float64 {
		if p > 3 {
			return -1
		}
		return 2/(1+math.Exp(5*p)) - 1
	}
	var got, worst float64
	var total int
	for i, s := range list {
		probation := min(15*len(s.Values)/100, 750)
		best := make([]float64, len(s.Windows))
		for j, w := range s.Windows {
			best[j] = -1
			total++
			if w[1] >= probation {
				worst--
			} else {
				best[j] = 0
			}
		}
		in := func(row int) int {
			return slices.IndexFunc(s.Windows, func(w [2]int) bool { return w[0] <= row && row <= w[1] })
		}
		for row := probation; row < len(s.Values); row++ {
			if !alarms[i][row] {
				continue
			}
			if j := in(row); j >= 0 {
				w := s.Windows[j]
				best[j] = max(best[j], scaled(-float64(w[1]-row+1)/float64(w[1]-w[0]+1))/scaled(-1))
				continue
			}
			extra++
			cost := -0.11
			for _, w := range s.Windows {
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

// An Onsets says what a detector made of known moments at which something
// happened.
type Onsets struct {
	Found, Windows int
	Silent         int             // windows in which nobody said anything: there is nothing to find
	Before         int             // alarms before the first window of a series
	Delays         []time.Duration // of those found
}

// Add takes in the alarms of one series.
func (o *Onsets) Add(s Series, alarms []bool) {
	for _, a := range alarms[:s.Windows[0][0]] {
		if a {
			o.Before++
		}
	}
	for _, w := range s.Windows {
		o.Windows++
		if slices.Max(s.Values[w[0]:w[1]+1]) == 0 {
			o.Silent++
			continue
		}
		if i := slices.Index(alarms[w[0]:w[1]+1], true); i >= 0 {
			o.Found++
			o.Delays = append(o.Delays, s.Times[w[0]+i].Sub(s.Times[w[0]]))
		}
	}
}
