package measure_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"example.org/hearback"
	"example.org/hearback/internal/measure"
)

var published = time.Date(2026, 3, 18, 14, 20, 0, 0, time.UTC)

// series is flat at before voices an hour until the answer and at after later.
func series(before, after float64) (list []hearback.Point) {
	start := published.Truncate(time.Hour).Add(-72 * time.Hour)
	for h := range 144 {
		p := hearback.Point{At: start.Add(time.Duration(h) * time.Hour), Voices: before}
		if h > 72 {
			p.Voices = after
		}
		list = append(list, p)
	}
	return list
}

func donors(n int, before, after float64) (list []measure.Candidate) {
	for i := range n {
		list = append(list, measure.Candidate{Concern: hearback.ID(i + 100), Since: published, Series: series(before, after)})
	}
	return list
}

func TestSentence(t *testing.T) {
	late := published.Add(48 * time.Hour)
	gap := series(5, 3)
	gap[80].Missing = true
	for _, tt := range []struct {
		name     string
		series   []hearback.Point
		donors   []measure.Candidate
		now      time.Time
		has, not string
		zh       string
	}{
		{"too early", series(5, 3), nil, published.Add(time.Hour), "too early to tell: the first 24 hours after the answer are not over", "fell", "时间尚早"},
		{"too few", series(0.2, 0), nil, late, "cannot tell: fewer than 10 voices", "%", "不足10个声音"},
		{"a gap", gap, donors(50, 5, 3), late, "cannot tell: a source was down", "%", "来源中断"},
		{"no comparison", series(5, 3), donors(39, 5, 3), late, "fell 40%. They often fall by themselves, and there are too few similar", "fell 31%", "减少40%"},
		{"comparison", series(5, 3), append(donors(30, 5, 4), donors(15, 5, 2)...), late, "fell 40% (they often fall by themselves: in 45 similar unanswered concerns mentions fell 20%)", "tell", "45个相近而未答复的关切，提及减少20%"},
		{"faster than most", series(5, 3), append(donors(55, 5, 4), donors(5, 5, 2)...), late, "They fell faster than in 91% of the similar unanswered concerns.", "tell", "减少得比其中91%的关切快。"},
		{"a rise", series(5, 6), append(donors(30, 5, 4), donors(15, 5, 8)...), late, "rose 20% (they often", "fell 40%", "增加20%"},
		{"a rise beyond most", series(5, 6), append(donors(55, 5, 5), donors(5, 5, 8)...), late, "They rose faster than in 91% of the similar unanswered concerns.", "fell 40%", "增加得比其中91%的关切快。"},
		{"no change", series(5, 5), donors(45, 5, 5), late, "stayed the same", "", "持平"},
		{"unlike donors do not count", series(5, 3), donors(60, 500, 3), late, "too few similar", "", "太少"},
	} {
		o := measure.Of(1, 2, published, tt.series, tt.donors, tt.now)
		if !strings.Contains(o.Text, tt.has) || tt.not != "" && strings.Contains(o.Text, tt.not) {
			t.Errorf("%s: %q, want %q and not %q", tt.name, o.Text, tt.has, tt.not)
		}
		if !strings.Contains(o.TextZH, tt.zh) {
			t.Errorf("%s: %q, want %q", tt.name, o.TextZH, tt.zh)
		}
		if strings.Contains(o.Text, "helped") || strings.Contains(o.TextZH, "有帮助") || o.Level > 1 {
			t.Errorf("%s claims too much: %q", tt.name, o.Text)
		}
	}
}

// A burst rises by itself and cools down by itself, with a half-life of its
// own; cut at an hour, its voices are multiplied by factor from then on.
func natural(r *rand.Rand, cut int, factor float64) (list []hearback.Point, alerted int) {
	peak, half, onset := 8*math.Exp(r.NormFloat64()*0.6), 24*math.Exp(r.NormFloat64()*0.6), 60+r.IntN(24)
	start := published.Truncate(time.Hour).Add(-96 * time.Hour)
	for h := range 240 {
		mu := 0.3
		if age := float64(h - onset); age >= 0 {
			mu += peak * min(1, (age+1)/6) * math.Exp2(-max(0, age-6)/half)
		}
		if h >= cut {
			mu *= factor
		}
		// A Poisson draw with a gamma mean: negative binomial with k = 5.
		g := 0.0
		for range 5 {
			g += r.ExpFloat64() / 5
		}
		n, p := 0, 1.0
		for p *= r.Float64(); p > math.Exp(-mu*g); p *= r.Float64() {
			n++
		}
		list = append(list, hearback.Point{At: start.Add(time.Duration(h) * time.Hour), Voices: float64(n)})
	}
	return list, onset + 4
}

// answered measures answers given 6 to 18 hours after the alert, at the height
// of the burst, and returns the shares of claims of level 1.
func answered(t *testing.T, factor float64, runs int) (fell, rose float64) {
	start := published.Truncate(time.Hour).Add(-96 * time.Hour)
	for i := range runs {
		r := rand.New(rand.NewPCG(uint64(i), uint64(100*factor)))
		var pool []measure.Candidate
		for j := range 120 {
			s, _ := natural(r, 1000, 1)
			pool = append(pool, measure.Candidate{Concern: hearback.ID(j + 10), Series: s})
		}
		// The same draws until the answer: the time of the alert says when.
		seed1, seed2 := r.Uint64(), r.Uint64()
		_, alerted := natural(rand.New(rand.NewPCG(seed1, seed2)), 1000, 1)
		at := alerted + 6 + r.IntN(13)
		s, _ := natural(rand.New(rand.NewPCG(seed1, seed2)), at, factor)
		o := measure.Of(1, 2, start.Add(time.Duration(at)*time.Hour), s, pool, start.Add(240*time.Hour))
		if o.Level == 1 && strings.Contains(o.Text, "fell faster") {
			fell++
		}
		if o.Level == 1 && strings.Contains(o.Text, "rose faster") {
			rose++
		}
	}
	return fell / float64(runs), rose / float64(runs)
}

// TestNoEffect answers bursts that cool down by themselves. With no effect at
// all, hardly any comparison may stand out, to either side; with a strong one,
// many must.
func TestNoEffect(t *testing.T) {
	fell, rose := answered(t, 1, 300)
	t.Logf("no effect: %.3f fell and %.3f rose faster than most", fell, rose)
	if fell > 0.08 || rose > 0.08 {
		t.Errorf("without any effect %.3f stand out as falls and %.3f as rises, want at most 0.08", fell, rose)
	}
	fell, _ = answered(t, 0.3, 100)
	t.Logf("a strong effect: %.2f fell faster than most", fell)
	if fell < 0.3 {
		t.Errorf("with 70%% fewer voices only %.2f stand out", fell)
	}
}

// TestMatch holds that comparisons are alike before the moment, and that what
// came after does not choose them.
func TestMatch(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	s, alerted := natural(r, 1000, 1)
	at := s[alerted+8].At
	shape := measure.ShapeAt(s, at)
	if d := measure.Distance(shape, shape); d != 0 {
		t.Errorf("a shape is %.2f from itself", d)
	}
	var pool []measure.Candidate
	for i := range 50 {
		c, _ := natural(r, 1000, 1)
		pool = append(pool, measure.Candidate{Concern: hearback.ID(i + 10), Since: at, Series: c})
	}
	now := at.Add(100 * time.Hour)
	before := measure.Donors(shape, pool, now)
	for i := range pool {
		for j := range pool[i].Series {
			if p := &pool[i].Series[j]; p.At.After(at.Add(time.Hour)) {
				p.Voices *= 10
			}
		}
	}
	if after := measure.Donors(shape, pool, now); len(after) != len(before) || len(before) == 0 {
		t.Errorf("%d comparisons became %d when only what came after changed", len(before), len(after))
	}
	if got := measure.Donors(shape, pool, at.Add(10*time.Hour)); len(got) != 0 {
		t.Errorf("%d comparisons whose day after is not over", len(got))
	}
	far := measure.Shape{Level: 12, Slope: 5, Slope2: 5, Age: 9}
	if got := measure.Donors(far, pool, now); len(got) != 0 {
		t.Errorf("%d comparisons with a shape nothing is like", len(got))
	}
}

func TestStillAsked(t *testing.T) {
	for _, tt := range []struct {
		o    hearback.Outcome
		want bool
	}{
		{hearback.Outcome{Complete: true, Donors: 50, Rank: 0.7}, true},
		{hearback.Outcome{Complete: true, Donors: 50, Rank: 0.3}, false},
		{hearback.Outcome{Complete: true, Donors: 20, Rank: 0.7}, false},
		{hearback.Outcome{Donors: 50, Rank: 0.7}, false},
	} {
		if got := measure.StillAsked(&tt.o); got != tt.want {
			t.Errorf("%+v: %t, want %t", tt.o, got, tt.want)
		}
	}
}

// TestAnySeries holds that no series breaks the sums.
func TestAnySeries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var list []hearback.Point
		for range rapid.IntRange(0, 60).Draw(t, "points") {
			list = append(list, hearback.Point{
				At:      published.Add(time.Duration(rapid.Int64Range(-500, 500).Draw(t, "minutes")*13) * time.Minute),
				Voices:  rapid.SampledFrom([]float64{0, 1, 30, math.NaN(), math.Inf(1), -4}).Draw(t, "voices"),
				Missing: rapid.IntRange(0, 9).Draw(t, "missing") == 0,
			})
		}
		o := measure.Of(1, 2, published, list, []measure.Candidate{{Concern: 3, Series: list}, {Concern: 4, Since: published, Series: list}}, published.Add(99*time.Hour))
		if o.Text == "" || o.TextZH == "" || o.Before < 0 || o.After < 0 || math.IsNaN(o.DonorLog) || strings.Contains(o.Text, "NaN") {
			t.Fatalf("%+v", o)
		}
	})
}
