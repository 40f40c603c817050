package counts

import (
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/forecast"
)

// Hours sums a series by the hour.
func (s *Series) Hours() (start time.Time, hours []float64) {
	start = s.Times[0].Truncate(time.Hour)
	for i, at := range s.Times {
		h := int(at.Sub(start) / time.Hour)
		for len(hours) <= h {
			hours = append(hours, 0)
		}
		hours[h] += s.Values[i]
	}
	return start, hours
}

// A Foreseen says how good the forecasts of one target were.
type Foreseen struct {
	Own, Naive float64 // weighted interval scores, summed; Naive of "as in the last 24 hours"
	In80       float64 // how many outcomes lay within the 80 % interval
	N          float64
}

// Relative is the score over that of "as in the last 24 hours", which learns its
// quantiles in the same way.
func (f *Foreseen) Relative() float64 { return f.Own / f.Naive }

// Cover80 is the share of outcomes within the 80 % interval.
func (f *Foreseen) Cover80() float64 { return f.In80 / f.N }

// Foresee forecasts all series hour by hour, side by side, and learns of each
// forecast only once it is due. The first week only learns.
func Foresee(list []Series) (all [4]Foreseen) {
	const first, week = 72, 7 * 24
	starts, hours, longest := make([]time.Time, len(list)), make([][]float64, len(list)), 0
	for i := range list {
		starts[i], hours[i] = list[i].Hours()
		longest = max(longest, len(hours[i]))
	}
	type waiting struct {
		fc           forecast.Forecast
		series, hour int
	}
	f := forecast.New()
	var queue [4][]waiting
	for h := first; h < longest; h++ {
		for target := range queue {
			from, to := forecast.Target(target).Span()
			for len(queue[target]) > 0 && queue[target][0].hour+to <= h {
				w := queue[target][0]
				queue[target] = queue[target][1:]
				if w.hour+to > len(hours[w.series]) {
					continue
				}
				came := 0.0
				for _, x := range hours[w.series][w.hour+from : w.hour+to] {
					came += x
				}
				own, naive := f.Learn(&w.fc, came, w.fc.Due())
				if w.hour < week {
					continue
				}
				x := &all[target]
				x.Own, x.Naive, x.N = x.Own+own, x.Naive+naive, x.N+1
				if came >= w.fc.Q[1] && came <= w.fc.Q[5] {
					x.In80++
				}
			}
		}
		for i := range hours {
			if h >= len(hours[i]) {
				continue
			}
			for target, fc := range f.Make(hearback.ID(i+1), starts[i].Add(time.Duration(h)*time.Hour), hours[i][:h]) {
				queue[target] = append(queue[target], waiting{fc, i, h})
			}
		}
	}
	return all
}
