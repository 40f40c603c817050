package forecast_test

import (
	"bytes"
	"errors"
	"math"
	"os"
	"testing"
	"time"

	"pgregory.net/rapid"

	"example.org/hearback"
	"example.org/hearback/bench/counts"
	"example.org/hearback/internal/forecast"
)

// TestMentions forecasts ten series of mentions hour by hour, learning of each
// forecast only once it is due, and holds the score against "as in the last
// 24 hours", which learns its quantiles in the same way.
func TestMentions(t *testing.T) {
	list, err := counts.Labelled("../../../shared/data/bursts-nab", "realTweets")
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("no labelled data: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	all := counts.Foresee(list)
	total := 0.0
	for target, name := range []string{"6 h", "24 h", "72 h", "third day"} {
		t.Logf("%s: relative WIS %.3f, 80%% interval holds %.1f%%", name, all[target].Relative(), 100*all[target].Cover80())
		if target < 3 {
			total += all[target].Relative() / 3
		}
		if cover := all[target].Cover80(); cover < 0.75 || cover > 0.85 {
			t.Errorf("%s: the 80%% interval holds %.3f", name, cover)
		}
	}
	if total > 0.8 {
		t.Errorf("mean relative WIS %.3f, want at most 0.80", total)
	}
}

func TestWIS(t *testing.T) {
	q := [7]float64{0, 10, 20, 30, 40, 50, 60}
	for _, tt := range []struct{ came, want float64 }{
		// Widths 60, 40 and 20 at half of .05, .2 and .5, over 3.5.
		{30, (60*.025 + 40*.1 + 20*.25) / 3.5},
		{30 + 5, (2.5 + 60*.025 + 40*.1 + 20*.25) / 3.5},
		// Beyond all three: 40, 50 and 60 short of 100, and half of 70.
		{100, (35 + 10.5 + 40 + 50 + 60) / 3.5},
	} {
		if got := forecast.WIS(q, tt.came); math.Abs(got-tt.want) > 1e-9 {
			t.Errorf("WIS at %g = %g, want %g", tt.came, got, tt.want)
		}
	}
}

var noon = time.Date(2026, 3, 18, 12, 0, 0, 0, time.UTC)

func flat(x float64, n int) []float64 {
	list := make([]float64, n)
	for i := range list {
		list[i] = x
	}
	return list
}

func TestMake(t *testing.T) {
	f := forecast.New()
	for _, tt := range []struct {
		name  string
		hours []float64
		want  [4]float64 // of the medians, within a quarter
	}{
		{"steady", flat(10, 24*14), [4]float64{60, 240, 720, 240}},
		{"with an outage", append(append(flat(10, 24*10), flat(math.NaN(), 20)...), flat(10, 24*3)...), [4]float64{60, 240, 720, 240}},
		{"silent", flat(0, 24*14), [4]float64{}},
	} {
		for i, fc := range f.Make(7, noon, tt.hours) {
			if m := fc.Q[3]; math.Abs(m-tt.want[i]) > tt.want[i]/4 {
				t.Errorf("%s, target %d: median %.1f, want about %g", tt.name, i, m, tt.want[i])
			}
		}
	}
	// A burst is not forecast to stay.
	burst := append(flat(2, 24*13), flat(40, 24)...)
	if fc := f.Make(7, noon, burst)[forecast.Next24]; fc.Q[3] > 700 || fc.Q[3] < 150 {
		t.Errorf("after a day of 960 voices the next is forecast at %.0f, want a good deal less and more than usual", fc.Q[3])
	}
	if p, low, high := forecast.Persistence(f.Make(7, noon, flat(10, 24*14))[forecast.ThirdDay], 240); p < 0.85 || low > p || high < p {
		t.Errorf("a steady concern persists with %.2f (%.2f to %.2f), want nearly 1", p, low, high)
	}
	if p, _, _ := forecast.Persistence(f.Make(7, noon, flat(0, 24*14))[forecast.ThirdDay], 0); p > 0.1 {
		t.Errorf("a silent concern persists with %.2f", p)
	}
}

// TestSane holds that no history makes a number that is none, and that
// quantiles never cross.
func TestSane(t *testing.T) {
	f := forecast.New()
	rapid.Check(t, func(t *rapid.T) {
		hours := rapid.SliceOfN(rapid.OneOf(rapid.Float64Range(0, 100), rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), 1e300, -1, 0})), 0, 400).Draw(t, "hours")
		for _, fc := range f.Make(hearback.ID(rapid.Int64Range(1, 99).Draw(t, "concern")), noon, hours) {
			for i, q := range fc.Q {
				if !(q >= 0 && q < 1e16) || i > 0 && q < fc.Q[i-1] {
					t.Fatalf("quantiles %v", fc.Q)
				}
			}
			for _, last := range []float64{0, 3, 1e6} {
				p, low, high := forecast.Persistence(fc, last)
				if !(0 <= low && low <= p && p <= high && high <= 1) {
					t.Fatalf("persistence %v, %v to %v", p, low, high)
				}
			}
			f.Learn(&fc, rapid.Float64Range(0, 1e6).Draw(t, "came"), fc.Due())
		}
	})
	for target := range forecast.Target(4) {
		if s := f.Skill(target); !(s.Cover80 >= 0 && s.Cover80 <= 1) || math.IsNaN(s.Relative) {
			t.Errorf("skill %+v", s)
		}
	}
}

func TestState(t *testing.T) {
	f := forecast.New()
	for i := range 500 {
		for _, fc := range f.Make(hearback.ID(i%30), noon.Add(time.Duration(i)*time.Hour), flat(float64(i%50), 200)) {
			f.Learn(&fc, float64(i%37), fc.Due())
		}
	}
	b, err := f.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	g := forecast.New()
	if err := g.UnmarshalBinary(b); err != nil {
		t.Fatal(err)
	}
	if f.Make(7, noon, flat(3, 100)) != g.Make(7, noon, flat(3, 100)) || f.Skill(forecast.Next24) != g.Skill(forecast.Next24) {
		t.Error("a forecaster that was stored forecasts differently")
	}
	for _, bad := range [][]byte{nil, b[:len(b)-1], append([]byte{9}, b[1:]...), bytes.Repeat([]byte{255}, len(b))} {
		if err := g.UnmarshalBinary(bad); !errors.Is(err, hearback.ErrInvalid) {
			t.Errorf("%d bad bytes: %v, want ErrInvalid", len(bad), err)
		}
	}
}

func BenchmarkMake(b *testing.B) {
	f := forecast.New()
	hours := make([]float64, 24*14)
	for i := range hours {
		hours[i] = float64(i % 7)
	}
	for i := range 5000 {
		for _, fc := range f.Make(hearback.ID(i), noon, hours) {
			f.Learn(&fc, float64(i%99), fc.Due())
		}
	}
	for b.Loop() {
		f.Make(7, noon, hours)
	}
}
