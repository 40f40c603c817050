package measure_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

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
		{"too early", series(5, 3), nil, published.Add(time.Hour), "too early to tell. The first 24 hours after the answer end on 19 March at 14:20", "fell", "时间尚早"},
		{"too few", series(0.2, 0), nil, late, "cannot tell: fewer than 10 voices", "%", "不足10个声音"},
		{"a gap", gap, donors(50, 5, 3), late, "cannot tell: a source was down", "%", "来源中断"},
		{"no comparison", series(5, 3), donors(39, 5, 3), late, "fell 40%. They often fall by themselves, and there are too few similar", "fell 31%", "减少40%"},
		{"comparison", series(5, 3), donors(45, 5, 4), late, "fell 40% (they often fall by themselves: in 45 similar unanswered concerns mentions fell 20%)", "tell", "45个相近而未答复的关切，提及减少20%"},
		{"a rise", series(5, 6), donors(45, 5, 4), late, "rose 20% (they often", "fell 40%", "增加20%"},
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
		if strings.Contains(o.Text, "helped") || strings.Contains(o.TextZH, "有帮助") || o.Level != 0 {
			t.Errorf("%s claims too much: %q", tt.name, o.Text)
		}
	}
}

// TestNoEffect answers bursts that cool down by themselves: the sentence must
// show that comparable concerns fell as much.
func TestNoEffect(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	burst := func() []hearback.Point {
		list := series(2, 2)
		for h := range list {
			age := float64(h - 66)
			if age >= 0 {
				list[h].Voices += 20 * (0.9 + 0.2*r.Float64()) / (1 + age*age/200)
			}
		}
		return list
	}
	var cand []measure.Candidate
	for i := range 60 {
		cand = append(cand, measure.Candidate{Concern: hearback.ID(i + 1), Since: published, Series: burst()})
	}
	o := measure.Of(1, 2, published, burst(), cand, published.Add(30*time.Hour))
	own := float64(o.After+1) / float64(o.Before+1)
	if o.Donors < hearback.MinDonors {
		t.Fatalf("%d comparisons, want at least %d", o.Donors, hearback.MinDonors)
	}
	if diff := own - 1; diff == 0 {
		t.Error("the burst did not change at all")
	}
	if gap := abs(math.Log(own) - o.DonorLog); gap > 0.15 {
		t.Errorf("the concern changed by %.2f and similar ones by %.2f (log): %s", math.Log(own), o.DonorLog, o.Text)
	}
}

func abs(x float64) float64 {
	if x < 0 {
		return -x
	}
	return x
}
