package score_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"example.org/hearback"
	"example.org/hearback/internal/score"
)

var noon = time.Date(2026, 3, 18, 12, 0, 0, 0, time.UTC)

func ptr(x float64) *float64 { return &x }

// heard is voices by hour, newest last, the last one just now.
func heard(name string, voices ...float64) score.SourceVoices {
	s := score.SourceVoices{Name: name}
	for i, v := range voices {
		s.Voices = append(s.Voices, hearback.Point{At: noon.Add(-time.Duration(len(voices)-1-i) * time.Hour), Voices: v})
	}
	return s
}

func term(p hearback.Part, name string) float64 {
	for _, t := range p.Terms {
		if t.Name == name {
			return t.Value
		}
	}
	return math.NaN()
}

func near(a, b float64) bool { return math.Abs(a-b) < 0.05 }

// TestFormulae computes scores by hand.
func TestFormulae(t *testing.T) {
	s := func(u float64) float64 { return 100 / (1 + math.Exp(-u)) }
	for _, tt := range []struct {
		name string
		in   score.Input
		heat float64
		warm float64
	}{
		{"fifteen warm voices and three sigma are the middle", score.Input{Sources: []score.SourceVoices{heard("a", 15)}, Sigma: ptr(3)}, 50, 15},
		{"sigma is clipped", score.Input{Sources: []score.SourceVoices{heard("a", 15)}, Sigma: ptr(99)}, s(4.5), 15},
		{"without a detector its term is dropped", score.Input{Sources: []score.SourceVoices{heard("a", 31)}}, s(0.8), 31},
		{"half after twelve hours", score.Input{Sources: []score.SourceVoices{heard("a", append([]float64{8}, make([]float64, 12)...)...)}}, s(0.8 * (math.Log2(5) - 4)), 4},
		{"a source counts no more than the others together", score.Input{Sources: []score.SourceVoices{heard("a", 500), heard("b", 30)}}, s(0.8 * (math.Log2(61) - 4)), 60},
		{"but always for an ordinary heat", score.Input{Sources: []score.SourceVoices{heard("a", 500), heard("b", 1)}}, s(0.8 * (math.Log2(17) - 4)), 16},
		{"one of several sources alone", score.Input{Sources: []score.SourceVoices{heard("a", 500)}, Listening: 3}, 50, 15},
		{"the only source there is", score.Input{Sources: []score.SourceVoices{heard("a", 500)}, Listening: 1}, s(0.8 * (math.Log2(501) - 4)), 500},
		{"hours of an outage are no zeros", score.Input{Sources: []score.SourceVoices{{Voices: []hearback.Point{{At: noon, Voices: 9, Missing: true}, {At: noon, Voices: 15}}}}}, 50, 15},
	} {
		tt.in.At = noon
		got := score.Of(tt.in)
		if !near(got.Heat.Value, tt.heat) || !near(term(got.Heat, "voices_decayed"), tt.warm) {
			t.Errorf("%s: heat %.2f of %.2f voices, want %.2f of %.2f", tt.name, got.Heat.Value, term(got.Heat, "voices_decayed"), tt.heat, tt.warm)
		}
	}

	a := heard("a", 50)
	a.Audience, a.Views = 10_000, 20
	got := score.Of(score.Input{At: noon, Sources: []score.SourceVoices{a, heard("b", 50)}, Areas: map[string]int64{"": 90, "north": 5, "south": 5}})
	people := 10_000 * (1 - math.Exp(-0.1))
	if want := s(0.7*(math.Log10(1+people)-4) + 0.6*(2-3) + 0.4*(2-2)); !near(got.Reach.Value, want) || !near(term(got.Reach, "people"), people) {
		t.Errorf("reach %.2f of %.1f people, want %.2f of %.1f", got.Reach.Value, term(got.Reach, "people"), want, people)
	}
	if got := score.Of(score.Input{At: noon, Sources: []score.SourceVoices{heard("a", 5), heard("b", 5), heard("c", 5)}}); !near(got.Reach.Value, 50) {
		t.Errorf("reach without audiences and areas = %.2f, want 50 from three equal sources", got.Reach.Value)
	}
	if got := score.Of(score.Input{At: noon}); got.Reach.Known || got.Persistence.Known {
		t.Errorf("parts are known without data: %+v", got)
	}

	r := hearback.HarmRating{By: 1, Severity: 3, Believable: 4, Immediate: 2, CallToAction: 0, Vulnerable: 2}
	got = score.Of(score.Input{At: noon, Sources: []score.SourceVoices{heard("a", 15)}, Sigma: ptr(3), Persist: ptr(0.8), Ratings: []hearback.HarmRating{r}})
	if want := 75 * (0.4 + 0.6*2/4); !near(got.Harm.Value, want) {
		t.Errorf("harm %.2f, want %.2f", got.Harm.Value, want)
	}
	spread := (0.5*50 + 0.2*got.Reach.Value + 0.3*80) / 1
	if !near(got.Spread, spread) || !near(got.Priority, math.Sqrt(got.Harm.Value*spread)) {
		t.Errorf("spread %.2f and priority %.2f, want %.2f and %.2f", got.Spread, got.Priority, spread, math.Sqrt(got.Harm.Value*spread))
	}
	if got.Rules != score.Rules || got.Rules == "" {
		t.Errorf("rules %q", got.Rules)
	}
}

func TestHarm(t *testing.T) {
	rate := func(sev, mod int) hearback.HarmRating {
		return hearback.HarmRating{Severity: sev, Believable: mod, Immediate: mod, CallToAction: mod, Vulnerable: mod}
	}
	for _, tt := range []struct {
		name    string
		ratings []hearback.HarmRating
		want    float64
		known   bool
		second  bool
	}{
		{"nobody", nil, 40, false, false},
		{"the worst", []hearback.HarmRating{rate(4, 4)}, 100, true, true},
		{"no modifiers", []hearback.HarmRating{rate(4, 0)}, 40, true, false},
		{"none", []hearback.HarmRating{rate(0, 4)}, 0, true, false},
		{"two agree", []hearback.HarmRating{rate(3, 4), rate(3, 4)}, 75, true, false},
		{"two differ by two anchors", []hearback.HarmRating{rate(1, 4), rate(3, 4)}, 50, true, true},
	} {
		p := score.Harm(tt.ratings)
		if !near(p.Value, tt.want) || p.Known != tt.known || score.SecondRater(tt.ratings) != tt.second {
			t.Errorf("%s: %.1f, known %t, another rater %t; want %.1f, %t, %t", tt.name, p.Value, p.Known, score.SecondRater(tt.ratings), tt.want, tt.known, tt.second)
		}
	}
	if g := score.Guess([]float64{1, 2, 3}); g != 40 {
		t.Errorf("a guess of three ratings is %g, want the default", g)
	}
	if g := score.Guess([]float64{80, 0, 10, 20, 30, 40, 50, 60, 70}); g != 60 {
		t.Errorf("75th percentile = %g, want 60", g)
	}
	s := score.Of(score.Input{At: noon, HarmGuess: 66})
	if s.Harm.Value != 66 || s.Harm.Known || !slices.Contains(s.Flags, "unrated") {
		t.Errorf("unrated: %+v, flags %v", s.Harm, s.Flags)
	}
}

func TestTier(t *testing.T) {
	imminent := []hearback.HarmRating{{Severity: 4, Immediate: 3}}
	rated := []hearback.HarmRating{{Severity: 2}}
	for _, tt := range []struct {
		harm, spread float64
		ratings      []hearback.HarmRating
		want         hearback.Tier
	}{
		{0, 0, rated, hearback.Watch}, {24, 49, rated, hearback.Watch}, {24, 50, rated, hearback.P4}, {10, 100, rated, hearback.P4},
		{25, 10, rated, hearback.Watch}, {25, 25, rated, hearback.P4}, {49, 50, rated, hearback.P3}, {49, 99, rated, hearback.P3},
		{50, 0, rated, hearback.P4}, {50, 25, rated, hearback.P3}, {74, 50, rated, hearback.P2}, {74, 99, rated, hearback.P2},
		{75, 0, rated, hearback.P1}, {100, 100, rated, hearback.P1}, {40, 0, imminent, hearback.P1},
		{99, 0, nil, hearback.P4}, {99, 80, nil, hearback.P2}, // a guess alone is no emergency
	} {
		if got := score.Tier(tt.harm, tt.spread, tt.ratings); got != tt.want {
			t.Errorf("harm %g, spread %g: %s, want %s", tt.harm, tt.spread, got, tt.want)
		}
	}
	if got := score.Raise(hearback.P3, hearback.Watch); got != hearback.P3 {
		t.Errorf("a machine lowered P3 to %s", got)
	}
	if got := score.Of(score.Input{At: noon, Stood: hearback.Score{Tier: hearback.P2}}).Tier; got != hearback.P2 {
		t.Errorf("scored again, a P2 became %s", got)
	}
	if got := score.Of(score.Input{At: noon, Stood: hearback.Score{Tier: hearback.P4}, Ratings: imminent}).Tier; got != hearback.P1 {
		t.Errorf("scored again, an emergency stayed %s", got)
	}
}

// TestHold holds that a tier rises when the matrix does and at no other time,
// and falls by no machine.
func TestHold(t *testing.T) {
	const p1, p2, p3, p4, none = hearback.P1, hearback.P2, hearback.P3, hearback.P4, hearback.Tier("")
	for _, tt := range []struct{ stood, before, now, want hearback.Tier }{
		{none, none, p3, p3},
		{p3, p3, p3, p3},
		{p3, p3, p2, p2},
		{p2, p2, p4, p2},               // it cooled
		{p2, p4, p3, p2},               // and rises again, below what stands
		{p4, p2, p2, p4},               // a person lowered it
		{p4, p2, p3, p4},               // then it cooled
		{p4, p3, p2, p2},               // then it rose
		{p4, p2, p1, p1},               // or rose beyond what the person knew of
		{p1, p3, p3, p1},               // a person raised it
		{p3, none, p2, p2},             // scored before the matrix was kept
		{p3, none, hearback.Watch, p3}, // the same
	} {
		if got := score.Hold(tt.stood, tt.before, tt.now); got != tt.want {
			t.Errorf("stood at %q, the matrix went from %q to %q: %q, want %q", tt.stood, tt.before, tt.now, got, tt.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		tier := rapid.SampledFrom(hearback.Tiers())
		stood, before, now := tier.Draw(t, "stood"), tier.Draw(t, "before"), tier.Draw(t, "now")
		if got := score.Hold(stood, before, now); got.Rank() > stood.Rank() {
			t.Errorf("a machine lowered %s to %s", stood, got)
		}
	})
}

// TestSince: the clock of triage runs from when a tier was reached, and not anew
// with every score.
func TestSince(t *testing.T) {
	in := score.Input{At: time.Date(2026, 3, 18, 9, 0, 0, 0, time.UTC)}
	first := score.Of(in)
	if !first.Since.Equal(in.At) {
		t.Errorf("the first score has its tier since %s", first.Since)
	}
	in.Stood, in.At = first, in.At.Add(time.Hour)
	if again := score.Of(in); again.Tier != first.Tier || !again.Since.Equal(first.Since) {
		t.Errorf("scored again: %s since %s", again.Tier, again.Since)
	}
	in.Ratings = []hearback.HarmRating{{Severity: 4, Believable: 4, Immediate: 4, CallToAction: 4, Vulnerable: 4, By: 1, At: in.At}}
	if up := score.Of(in); up.Tier != hearback.P1 || !up.Since.Equal(in.At) {
		t.Errorf("when it rises: %s since %s, want P1 since %s", up.Tier, up.Since, in.At)
	}
	in.Stood.Since = time.Time{}
	in.Ratings = nil
	if old := score.Of(in); !old.Since.Equal(in.At) {
		t.Errorf("a score of before the time was kept: since %s", old.Since)
	}
}

// anything draws an input as bad as one can be.
func anything(t *rapid.T) score.Input {
	odd := rapid.OneOf(rapid.Float64Range(0, 1000), rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1), -5, 1e300}))
	anchor := rapid.IntRange(0, 4)
	in := score.Input{
		Concern: hearback.ID(rapid.Int64Range(1, 1<<60).Draw(t, "concern")), At: noon, First: noon.Add(-time.Duration(rapid.Int64Range(-5, 500).Draw(t, "age")) * time.Hour),
		Mixed: rapid.Bool().Draw(t, "mixed"), Outage: rapid.Bool().Draw(t, "outage"), Day: odd.Draw(t, "day"), Usual: odd.Draw(t, "usual"),
		Questions: rapid.Int64Range(0, 500).Draw(t, "questions"), Messages: rapid.Int64Range(0, 500).Draw(t, "messages"), Copies: rapid.Int64Range(0, 500).Draw(t, "copies"),
		Areas: map[string]int64{"": 3, "n": rapid.Int64Range(-3, 500).Draw(t, "area")}, Listening: rapid.IntRange(0, 4).Draw(t, "listening"), Langs: rapid.IntRange(0, 12).Draw(t, "langs"),
	}
	for range rapid.IntRange(0, 4).Draw(t, "sources") {
		src := score.SourceVoices{Weight: odd.Draw(t, "weight"), Audience: rapid.Int64Range(-1, 1e12).Draw(t, "audience"), Views: odd.Draw(t, "views")}
		if src.Weight > 1000 {
			src.Weight = 3
		}
		for h := range rapid.IntRange(0, 90).Draw(t, "hours") {
			v := odd.Draw(t, "voices")
			if v > 1e9 && !math.IsInf(v, 1) {
				v = 1e9
			}
			src.Voices = append(src.Voices, hearback.Point{At: noon.Add(time.Duration(3-h) * time.Hour), Voices: v})
		}
		in.Sources = append(in.Sources, src)
	}
	if rapid.Bool().Draw(t, "detected") {
		in.Sigma = ptr(odd.Draw(t, "sigma"))
	}
	if rapid.Bool().Draw(t, "forecast") {
		in.Persist, in.PersistLow, in.PersistHigh = ptr(odd.Draw(t, "persist")), odd.Draw(t, "low"), odd.Draw(t, "high")
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "raters") {
		in.Ratings = append(in.Ratings, hearback.HarmRating{By: hearback.ID(i + 1), Severity: anchor.Draw(t, "severity"), Believable: anchor.Draw(t, "b"), Immediate: anchor.Draw(t, "i"), CallToAction: anchor.Draw(t, "c"), Vulnerable: anchor.Draw(t, "v")})
	}
	return in
}

// TestBounds holds that no input makes a number beyond 0 to 100.
func TestBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anything(t)
		s := score.Of(in)
		for _, x := range []float64{s.Heat.Value, s.Reach.Value, s.Persistence.Value, s.Harm.Value, s.Spread, s.Priority, s.Low, s.High} {
			if !(x >= 0 && x <= 100) {
				t.Fatalf("%g in %+v", x, s)
			}
		}
		if s.Low > s.Priority || s.High < s.Priority {
			t.Fatalf("priority %g outside %g to %g", s.Priority, s.Low, s.High)
		}
		if _, err := hearback.ParseTier(string(s.Tier)); err != nil || !strings.Contains("ABCD", s.Grade) || s.Grade == "" {
			t.Fatalf("tier %q, grade %q", s.Tier, s.Grade)
		}
		for _, p := range []hearback.Part{s.Heat, s.Reach, s.Persistence, s.Harm} {
			for _, x := range p.Terms {
				if math.IsNaN(x.Value) || math.IsInf(x.Value, 0) {
					t.Fatalf("term %+v", x)
				}
			}
		}
		if s.Why == "" || s.WhyZH == "" || strings.Contains(s.Why, "NaN") {
			t.Fatalf("why: %q, %q", s.Why, s.WhyZH)
		}
		if again := score.Of(in); again.Low != s.Low || again.High != s.High {
			t.Fatal("the same input gives another interval")
		}
	})
}

// TestMoreIsMore holds that one more voice never cools a concern.
func TestMoreIsMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.SliceOfN(rapid.Float64Range(0, 50), 1, 4)
		in := score.Input{At: noon, Listening: 3}
		for range rapid.IntRange(1, 3).Draw(t, "sources") {
			in.Sources = append(in.Sources, heard("x", v.Draw(t, "voices")...))
		}
		before := score.Of(in)
		i := rapid.IntRange(0, len(in.Sources)-1).Draw(t, "which")
		in.Sources[i].Voices[0].Voices++
		if after := score.Of(in); after.Heat.Value < before.Heat.Value-1e-9 {
			t.Fatalf("one more voice cooled %.3f to %.3f", before.Heat.Value, after.Heat.Value)
		}
	})
}

// TestInterval holds that the interval widens when little is known.
func TestInterval(t *testing.T) {
	width := func(voices ...float64) float64 {
		low, high := score.Interval(score.Input{Concern: 7, At: noon, Sources: []score.SourceVoices{heard("a", voices...)}, Listening: 1})
		return high - low
	}
	even := make([]float64, 48)
	for i := range even {
		even[i] = 1
	}
	few, many := width(20), width(even...)
	if few < 2*many || many <= 0 {
		t.Errorf("20 voices of one hour give a width of %.1f, many hours %.1f; want the first much wider", few, many)
	}
	in := score.Input{Concern: 7, At: noon, Sources: []score.SourceVoices{heard("a", even...)}, Persist: ptr(0.5)}
	sure := score.Of(in)
	in.PersistLow, in.PersistHigh = 0.1, 0.9
	if unsure := score.Of(in); unsure.High-unsure.Low <= sure.High-sure.Low {
		t.Error("an unsure forecast does not widen the interval of priority")
	}
}

func TestGradeAndFlags(t *testing.T) {
	three := []score.SourceVoices{heard("a", 60), heard("b", 60), heard("c", 60)}
	for _, tt := range []struct {
		name  string
		in    score.Input
		grade string
		flags string
	}{
		{"all there", score.Input{Sources: three, Answered: true}, "A", "unrated"},
		{"an outage", score.Input{Sources: three, Outage: true, Answered: true}, "B", "outage unrated"},
		{"mixed, with an outage", score.Input{Sources: three, Mixed: true, Outage: true, Answered: true}, "C", "mixed outage unrated"},
		{"few voices", score.Input{Sources: []score.SourceVoices{heard("a", 9)}}, "D", "unrated"},
		{"one source", score.Input{Sources: []score.SourceVoices{heard("a", 200)}, Listening: 2, Answered: true}, "B", "one_source unrated"},
		{"copies", score.Input{Sources: three, Messages: 200, Copies: 90, Answered: true}, "A", "copied unrated"},
		{"few are loud", score.Input{Sources: three, Messages: 600, First: noon.Add(-5 * time.Hour), Answered: true}, "A", "loud_few unrated"},
		{"many ask", score.Input{Sources: three, Messages: 200, Questions: 120}, "A", "void unrated"},
	} {
		tt.in.At = noon
		s := score.Of(tt.in)
		if s.Grade != tt.grade || strings.Join(s.Flags, " ") != tt.flags {
			t.Errorf("%s: grade %s, flags %v; want %s, %s", tt.name, s.Grade, s.Flags, tt.grade, tt.flags)
		}
	}
}

func TestWhy(t *testing.T) {
	for _, tt := range []struct {
		in     score.Input
		en, zh string
	}{
		{score.Input{Day: 1320, Usual: 130, First: noon.Add(-99 * time.Hour), Messages: 100, Questions: 71}, "1,320 voices in the last 24 hours, about 10 times the usual; 71% are questions; no answer yet.", "过去24小时1,320个声音，约为平时的10倍；71%是提问；尚无答复。"},
		{score.Input{Day: 1, First: noon.Add(-time.Hour), Answered: true}, "1 voice in the last 24 hours, first heard today.", "过去24小时1个声音，今天首次出现。"},
		{score.Input{Day: 40, Usual: 39, First: noon.Add(-99 * time.Hour), Rising: 5 * time.Hour, Langs: 3, Answered: true}, "40 voices in the last 24 hours, rising for 5 h, in three languages.", "过去24小时40个声音，已上升5小时，涉及3种语言。"},
		{score.Input{Day: 10, Usual: 30, First: noon.Add(-99 * time.Hour), Messages: 100, Copies: 62, Answered: true}, "10 voices in the last 24 hours, less than half the usual; 62% are copies.", "过去24小时10个声音，不到平时的一半；62%是复制。"},
	} {
		tt.in.At = noon
		if s := score.Of(tt.in); s.Why != tt.en || s.WhyZH != tt.zh {
			t.Errorf("why:\n%s\n%s\nwant\n%s\n%s", s.Why, s.WhyZH, tt.en, tt.zh)
		}
	}
}

func TestSuggest(t *testing.T) {
	for _, tt := range []struct {
		name  string
		texts []string
		want  score.Suggestion
		words []string // some of Words, all items
	}{
		{"nothing", []string{"Thank you for the new benches"}, score.Suggestion{}, nil},
		{"no texts", nil, score.Suggestion{}, nil},
		{"English", []string{"People are TRAPPED, share this now!", "two children trapped in the tunnel"}, score.Suggestion{Severity: 4, Immediate: 3, CallToAction: 3, Vulnerable: 3}, []string{"trapped", "share", "now", "children"}},
		{"中文", []string{"隧道里有人被困，快转发！", "两个孩子被困在隧道，马上来人"}, score.Suggestion{Severity: 4, Immediate: 3, CallToAction: 3, Vulnerable: 3}, []string{"被困", "转发", "马上", "孩子"}},
		{"one of many is not enough for severity", append(slices.Repeat([]string{"the queue is long"}, 9), "my cat died"), score.Suggestion{Severity: 1}, []string{"died", "queue"}},
		{"not inside other words", []string{"the skilled knowledgeable staff"}, score.Suggestion{}, nil},
	} {
		got := score.Suggest(tt.texts)
		var all []string
		for _, w := range got.Words {
			all = append(all, w...)
		}
		for _, w := range tt.words {
			if !slices.Contains(all, w) {
				t.Errorf("%s: words %v, want %q among them", tt.name, got.Words, w)
			}
		}
		got.Words = nil
		if got.Severity != tt.want.Severity || got.Immediate != tt.want.Immediate || got.CallToAction != tt.want.CallToAction || got.Vulnerable != tt.want.Vulnerable || len(tt.words) == 0 && len(all) > 0 {
			t.Errorf("%s: %+v with %v, want %+v", tt.name, got, all, tt.want)
		}
	}
}

func FuzzSuggest(f *testing.F) {
	f.Add("The dam burst, don’t drink the water")
	f.Add("水库泄洪，不要喝自来水")
	f.Fuzz(func(t *testing.T, s string) {
		got := score.Suggest([]string{s, s})
		for _, x := range []int{got.Severity, got.Immediate, got.CallToAction, got.Vulnerable} {
			if x < 0 || x > 4 {
				t.Fatalf("%+v", got)
			}
		}
		if (got.Severity > 0) != (len(got.Words["severity"]) > 0) {
			t.Fatalf("severity %d with words %v", got.Severity, got.Words)
		}
	})
}

func BenchmarkOf(b *testing.B) {
	in := score.Input{Concern: 7, At: noon, Sigma: ptr(4), Persist: ptr(0.5), PersistLow: 0.4, PersistHigh: 0.6, Areas: map[string]int64{"a": 3, "b": 4}}
	for range 2 {
		v := make([]float64, 72)
		for i := range v {
			v[i] = float64(i % 3)
		}
		in.Sources = append(in.Sources, heard("x", v...))
	}
	for b.Loop() {
		score.Of(in)
	}
}
