package alert_test

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"example.org/hearback"
	"example.org/hearback/internal/alert"
)

var monday = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// feed steps a detector through hourly counts and returns the last reading.
func feed(d *alert.Detector, from time.Time, counts ...float64) (r alert.Reading) {
	for i, x := range counts {
		r = d.Step(alert.Bucket{At: from.Add(time.Duration(i) * time.Hour), Length: time.Hour, Voices: x})
	}
	return r
}

func flat(x float64, n int) []float64 {
	list := make([]float64, n)
	for i := range list {
		list[i] = x
	}
	return list
}

func TestMissing(t *testing.T) {
	var d alert.Detector
	feed(&d, monday, flat(10, 24*14)...)
	at := monday.Add(14 * 24 * time.Hour)
	before := feed(&d, at, 10)
	for h := 1; h < 30; h++ {
		r := d.Step(alert.Bucket{At: at.Add(time.Duration(h) * time.Hour), Length: time.Hour, Missing: true})
		if !r.Missing || math.Abs(r.Fast-before.Fast) > 0.01 {
			t.Fatalf("hour %d of an outage: %+v, want the statistic to stay %.2f", h, r, before.Fast)
		}
	}
	r := feed(&d, at.Add(30*time.Hour), 10)
	if math.Abs(r.Expected-10) > 1 {
		t.Errorf("after an outage %.1f are expected, want 10 as before", r.Expected)
	}
	if again := feed(&d, at, 500); !again.Missing {
		t.Error("a bucket of the past was taken in")
	}
}

func TestLevel(t *testing.T) {
	for _, length := range []time.Duration{5 * time.Minute, 15 * time.Minute, time.Hour} {
		var d alert.Detector
		var r alert.Reading
		x := 12 * length.Hours()
		for at := monday.Add(7*time.Minute + 11*time.Second); at.Before(monday.Add(10 * 24 * time.Hour)); at = at.Add(length) {
			r = d.Step(alert.Bucket{At: at, Length: length, Voices: x})
		}
		if math.Abs(r.Expected-x) > 0.1*x || math.Abs(r.Day-288) > 15 || math.Abs(r.Usual-288) > 20 {
			t.Errorf("buckets of %s: %.2f expected, %.0f in a day, %.0f usual; want %.2f, 288, 288", length, r.Expected, r.Day, r.Usual, x)
		}
	}
}

func TestFires(t *testing.T) {
	limits := alert.DefaultLimits()
	run := func(d *alert.Detector, from time.Time, counts ...float64) (fired []int) {
		for i, x := range counts {
			r := d.Step(alert.Bucket{At: from.Add(time.Duration(i) * time.Hour), Length: time.Hour, Voices: x})
			if fast, _ := d.Fires(r, limits); fast {
				fired = append(fired, i)
			}
		}
		return fired
	}
	var d alert.Detector
	if got := run(&d, monday, flat(4, 24*14)...); len(got) > 0 {
		t.Errorf("a steady concern fired at %v", got)
	}
	from := monday.Add(14 * 24 * time.Hour)
	if got := run(&d, from, flat(60, 60)...); len(got) != 1 || got[0] > 2 {
		t.Errorf("a burst of 60 h fired at hours %v, want once, at the start", got)
	}
	from = from.Add(60 * time.Hour)
	run(&d, from, flat(4, 24*7)...)
	from = from.Add(7 * 24 * time.Hour)
	if got := run(&d, from, flat(60, 12)...); len(got) != 1 {
		t.Errorf("a second burst fired at hours %v, want once", got)
	}

	var few alert.Detector
	run(&few, monday, flat(0, 24*14)...)
	if got := run(&few, monday.Add(14*24*time.Hour), 4, 0, 0, 0, 0); len(got) > 0 {
		t.Error("four voices in a day fired")
	}
	var more alert.Detector
	feed(&more, monday, flat(2, 24*14)...)
	from = monday.Add(14 * 24 * time.Hour)
	if got := run(&more, from, append(flat(16, 10), 900, 900)...); len(got) != 2 || got[0] > 2 || got[1] > 11 {
		t.Errorf("a burst on a burst fired at %v, want at its start and at hour 10", got)
	}
}

// TestUnless inverts the statistic: with the voices of Unless there is no
// alert, and with one more there is.
func TestUnless(t *testing.T) {
	limits := alert.Limits{Fast: 7.5, Slow: 12}
	concern := &hearback.Concern{ID: 7, State: hearback.Open, First: monday}
	rapid.Check(t, func(t *rapid.T) {
		var d alert.Detector
		level := rapid.Float64Range(0.05, 40).Draw(t, "level")
		for h := range 24 * 10 {
			x := math.Floor(level * rapid.Float64Range(0, 2).Draw(t, "x"))
			d.Step(alert.Bucket{At: monday.Add(time.Duration(h) * time.Hour), Length: time.Hour, Voices: x})
		}
		at := monday.Add(10 * 24 * time.Hour)
		judge := func(d alert.Detector, kind hearback.AlertKind, x float64) (hearback.Alert, bool) {
			r := d.Step(alert.Bucket{At: at, Length: time.Hour, Voices: x})
			for _, a := range alert.Judge(alert.Facts{Concern: concern, Reading: r}, limits) {
				if a.Kind == kind {
					return a, true
				}
			}
			return hearback.Alert{}, false
		}
		x := math.Floor(rapid.Float64Range(0, 800).Draw(t, "burst"))
		a, ok := judge(d, hearback.AlertRising, x)
		if !ok {
			return
		}
		if a.Unless >= x {
			t.Fatalf("%v voices alerted, but not unless more than %v", x, a.Unless)
		}
		if _, ok := judge(d, hearback.AlertRising, a.Unless); ok {
			t.Fatalf("alerted at %v voices, where it says it would not", a.Unless)
		}
		if _, ok := judge(d, hearback.AlertRising, a.Unless+1); !ok {
			t.Fatalf("did not alert above %v voices", a.Unless)
		}
		if a.Stat < a.Limit || a.Window != time.Hour || a.Observed != x || a.Since.IsZero() {
			t.Fatalf("an alert that does not explain itself: %+v", a)
		}
	})
}

func TestUnlessSlow(t *testing.T) {
	limits := alert.Limits{Fast: 14, Slow: 12}
	concern := &hearback.Concern{ID: 7, State: hearback.Open, First: monday}
	var d alert.Detector
	feed(&d, monday, flat(6, 24*14)...)
	from := monday.Add(14 * 24 * time.Hour)
	for h := range 200 {
		saved := d
		at := from.Add(time.Duration(h) * time.Hour)
		judge := func(x float64) (a hearback.Alert, ok bool) {
			d := saved
			r := d.Step(alert.Bucket{At: at, Length: time.Hour, Voices: x})
			for _, a := range alert.Judge(alert.Facts{Concern: concern, Reading: r}, limits) {
				if a.Kind == hearback.AlertSlowBurn {
					return a, true
				}
			}
			return a, false
		}
		a, ok := judge(11)
		if !ok {
			feed(&d, at, 11)
			continue
		}
		earlier := a.Observed - 11 // the day without this hour
		if _, ok := judge(a.Unless - earlier); ok {
			t.Errorf("alerted with %v voices in the day, where it says it would not", a.Unless)
		}
		if _, ok := judge(a.Unless - earlier + 1); !ok {
			t.Errorf("did not alert above %v voices in the day", a.Unless)
		}
		if a.Since.Before(from.Add(-48*time.Hour)) || a.Since.After(at) {
			t.Errorf("since %s, want about %s", a.Since, from)
		}
		return
	}
	t.Error("a rate nearly doubled for 200 h raised no slow burn")
}

func TestRules(t *testing.T) {
	open := hearback.Concern{ID: 7, State: hearback.Open, First: monday, Voices: 20, Messages: 30, Kinds: map[hearback.Kind]int64{hearback.Question: 20}}
	muted, quiet := open, open
	muted.State = hearback.Muted
	quiet.Kinds = nil
	quiet.First = monday
	thanked := quiet
	thanked.Messages, thanked.Kinds = 10, map[hearback.Kind]int64{hearback.Thanks: 6, hearback.Other: 4}
	spread := quiet
	spread.Score.Spread = 50
	young := alert.Reading{At: monday.Add(6 * time.Hour), Length: time.Hour, Observed: 50, Expected: 1, Spread: 1, Fast: 40, Slow: 39, Day: 50, Age: 6 * time.Hour}
	old := young
	old.At, old.Age, old.Fast, old.Slow = monday.Add(72*time.Hour), 72*time.Hour, 1, 1
	for _, tt := range []struct {
		name string
		f    alert.Facts
		want []hearback.AlertKind
	}{
		{"harm needs no statistics", alert.Facts{Concern: &quiet, Reading: old, Tier: hearback.P1}, []hearback.AlertKind{hearback.AlertHarm}},
		{"harm passes the silence of a muted concern", alert.Facts{Concern: &muted, Reading: young, Tier: hearback.P1, Six: 9}, []hearback.AlertKind{hearback.AlertHarm}},
		{"no statistics in the first two days, but news", alert.Facts{Concern: &quiet, Reading: young, Six: 3, Sources: 2}, []hearback.AlertKind{hearback.AlertNovel}},
		{"three voices of one source are no news", alert.Facts{Concern: &quiet, Reading: young, Six: 4, Sources: 1}, nil},
		{"five are", alert.Facts{Concern: &quiet, Reading: young, Six: 5, Sources: 1}, []hearback.AlertKind{hearback.AlertNovel}},
		{"thanks are no news", alert.Facts{Concern: &thanked, Reading: young, Six: 9, Sources: 2}, nil},
		{"like a closed concern", alert.Facts{Concern: &quiet, Reading: young, Six: 5, Sources: 1, Like: 0.4}, []hearback.AlertKind{hearback.AlertRecurring}},
		{"statistics at once where asked for", alert.Facts{Concern: &quiet, Reading: young, Warm: true}, []hearback.AlertKind{hearback.AlertRising}},
		{"a void", alert.Facts{Concern: &open, Reading: old}, []hearback.AlertKind{hearback.AlertVoid}},
		{"no void with an answer", alert.Facts{Concern: &open, Reading: old, Answered: true}, nil},
		{"a void is told once", alert.Facts{Concern: &open, Reading: old, Last: map[hearback.AlertKind]time.Time{hearback.AlertVoid: monday.Add(24 * time.Hour)}}, nil},
		{"a new area", alert.Facts{Concern: &quiet, Reading: old, Reached: []hearback.Place{{What: "area", Name: "Saltmarsh", At: monday, Voices: 3}, {What: "area", Name: "Hilltop", At: monday, Voices: 1}}}, []hearback.AlertKind{hearback.AlertSpreading}},
		{"two voices from a new area", alert.Facts{Concern: &quiet, Reading: old, Reached: []hearback.Place{{What: "area", Name: "Saltmarsh", At: monday, Voices: 2}}}, nil},
		{"back after eight days", alert.Facts{Concern: &quiet, Reading: old, Six: 5, Idle: 8 * 24 * time.Hour}, []hearback.AlertKind{hearback.AlertRecurring}},
		{"back after two days", alert.Facts{Concern: &quiet, Reading: old, Six: 5, Idle: 48 * time.Hour}, nil},
		{"back two days after its case was closed", alert.Facts{Concern: &quiet, Reading: old, Six: 3, Sources: 2, Idle: 48 * time.Hour, Closed: true}, []hearback.AlertKind{hearback.AlertRecurring}},
		{"more than half of the others fell more", alert.Facts{Concern: &spread, Reading: old, Outcome: &hearback.Outcome{Complete: true, From: monday, Rank: .6, Before: 9, After: 5}}, []hearback.AlertKind{hearback.AlertNoEffect}},
		{"less than half did", alert.Facts{Concern: &spread, Reading: old, Outcome: &hearback.Outcome{Complete: true, From: monday, Rank: .4, Before: 9, After: 12}}, nil},
		{"nothing to compare with, and as many as before", alert.Facts{Concern: &spread, Reading: old, Outcome: &hearback.Outcome{Complete: true, From: monday, Before: 9, After: 9}}, []hearback.AlertKind{hearback.AlertNoEffect}},
		{"nothing to compare with, and fewer", alert.Facts{Concern: &spread, Reading: old, Outcome: &hearback.Outcome{Complete: true, From: monday, Before: 9, After: 8}}, nil},
		{"too early after the answer", alert.Facts{Concern: &spread, Reading: old, Outcome: &hearback.Outcome{Complete: true, From: monday.Add(30 * time.Hour), Rank: .9}}, nil},
		{"no longer spread", alert.Facts{Concern: &quiet, Reading: old, Outcome: &hearback.Outcome{Complete: true, From: monday, Rank: .9}}, nil},
	} {
		var got []hearback.AlertKind
		for _, a := range alert.Judge(tt.f, alert.DefaultLimits()) {
			got = append(got, a.Kind)
			if a.At.IsZero() || a.Since.IsZero() || a.Concern != 7 {
				t.Errorf("%s: an alert without time or concern: %+v", tt.name, a)
			}
		}
		if len(got) != len(tt.want) || len(got) > 0 && got[0] != tt.want[0] {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// TestBudget holds that each budget keeps its number, that what is dangerous or
// due stands outside of all, that one concern and one theme are told once, and
// that whatever is held says why and by which alert.
func TestBudget(t *testing.T) {
	type in struct {
		kind           hearback.AlertKind
		concern, theme hearback.ID
		priority, harm float64
		desk           string
		told           bool
		want           hearback.HeldReason
		lead           hearback.ID // 100 and its place in the list
	}
	const rising, harm, void, due, novel, slow = hearback.AlertRising, hearback.AlertHarm, hearback.AlertVoid, hearback.AlertDeadline, hearback.AlertNovel, hearback.AlertSlowBurn
	for _, tt := range []struct {
		name string
		b    alert.Budget
		list []in
	}{
		{"the day", alert.Budget{PerDay: 2, Sent: 1}, []in{
			{kind: rising, concern: 1, priority: 10, want: hearback.HeldDay}, {kind: harm, concern: 2}, {kind: novel, concern: 3, priority: 90}, {kind: due, concern: 4},
		}},
		{"the first days", alert.Budget{PerDay: 12, Shadow: true}, []in{
			{kind: rising, concern: 1, want: hearback.HeldShadow}, {kind: harm, concern: 2}, {kind: novel, concern: 3, harm: 60}, {kind: void, concern: 4, harm: 40, want: hearback.HeldShadow},
		}},
		{"a desk", alert.Budget{PerDay: 12, PerShift: 1, Shift: map[string]int{"water": 1}}, []in{
			{kind: rising, concern: 1, desk: "water", want: hearback.HeldDesk}, {kind: rising, concern: 2, desk: "roads", priority: 5}, {kind: void, concern: 3, desk: "roads", want: hearback.HeldDesk}, {kind: void, concern: 4},
		}},
		{"one concern", alert.Budget{PerDay: 12}, []in{
			{kind: slow, concern: 1, want: hearback.HeldSame, lead: 101}, {kind: rising, concern: 1}, {kind: harm, concern: 2}, {kind: rising, concern: 2, want: hearback.HeldSame, lead: 102},
		}},
		{"one theme", alert.Budget{PerDay: 12}, []in{
			{kind: rising, concern: 1, theme: 9, priority: 3, want: hearback.HeldTheme, lead: 101}, {kind: novel, concern: 2, theme: 9, priority: 8}, {kind: novel, concern: 3, theme: 3},
		}},
		{"nobody has looked", alert.Budget{PerDay: 12}, []in{
			{kind: void, concern: 1, told: true, want: hearback.HeldTold}, {kind: rising, concern: 2, told: true}, {kind: harm, concern: 3, told: true},
		}},
	} {
		var list []alert.Due
		for i, x := range tt.list {
			list = append(list, alert.Due{Alert: &hearback.Alert{ID: hearback.ID(100 + i), Kind: x.kind, Concern: x.concern, Priority: x.priority, Desk: x.desk}, Theme: x.theme, Harm: x.harm, Told: x.told})
		}
		kept := slices.Clone(list)
		sent := tt.b.Sent
		tt.b.Spend(list)
		if len(list) != len(kept) {
			t.Fatalf("%s: %d alerts of %d are left", tt.name, len(list), len(kept))
		}
		for i, x := range tt.list {
			a := kept[i].Alert
			if a.Held != x.want || a.Digest != (x.want != "") || a.Lead != x.lead {
				t.Errorf("%s: %s of %s is held for %q by %s (digest %t), want %q by %s", tt.name, a.Kind, a.Concern, a.Held, a.Lead, a.Digest, x.want, x.lead)
			}
			if !a.Digest && !alert.Outside(a.Kind) {
				if sent++; a.Nth < 1 || a.Nth > tt.b.Sent || a.PerDay != tt.b.PerDay {
					t.Errorf("%s: %s of %s is number %d of %d", tt.name, a.Kind, a.Concern, a.Nth, a.PerDay)
				}
			}
		}
		if sent != tt.b.Sent {
			t.Errorf("%s: the budget counts %d sent, want %d", tt.name, tt.b.Sent, sent)
		}
	}
}

// TestBudgetNever holds for any list that no budget is passed and nothing lost.
func TestBudgetNever(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := alert.Budget{PerDay: rapid.IntRange(1, 5).Draw(t, "a day"), PerShift: rapid.IntRange(0, 2).Draw(t, "a shift"), Shadow: rapid.Bool().Draw(t, "shadow")}
		var list []alert.Due
		for i := range rapid.IntRange(0, 30).Draw(t, "alerts") {
			list = append(list, alert.Due{
				Alert: &hearback.Alert{
					ID: hearback.ID(i + 1), Kind: rapid.SampledFrom([]hearback.AlertKind{hearback.AlertHarm, hearback.AlertRising, hearback.AlertSilent, hearback.AlertVoid, hearback.AlertDeadline}).Draw(t, "kind"),
					Concern: hearback.ID(rapid.IntRange(0, 6).Draw(t, "concern")), Priority: rapid.Float64Range(0, 100).Draw(t, "priority"), Desk: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "desk"),
				},
				Theme: hearback.ID(rapid.IntRange(0, 4).Draw(t, "theme")),
			})
		}
		b.Spend(list)
		day, desks := 0, map[string]int{}
		for _, x := range list {
			switch {
			case alert.Outside(x.Kind):
				if x.Digest {
					t.Fatalf("%s is held", x.Kind)
				}
			case x.Digest:
				if x.Held == "" {
					t.Fatalf("%s is held for no reason", x.Kind)
				}
			default:
				day++
				desks[x.Desk]++
			}
		}
		if day > b.PerDay || b.PerShift > 0 && (desks["a"] > b.PerShift || desks["b"] > b.PerShift) {
			t.Fatalf("%d sent, by desk %v; budget %+v", day, desks, b)
		}
	})
}

func TestMove(t *testing.T) {
	const rising, slow, void = hearback.AlertRising, hearback.AlertSlowBurn, hearback.AlertVoid
	l := alert.DefaultLimits()
	for range 100 {
		l = l.Move(rising, hearback.AlertNoise, false)
	}
	if l.Fast != 14 || l.Slow != alert.DefaultLimits().Slow {
		t.Errorf("after a hundred times noise: %+v, want a fast limit of 14", l)
	}
	for range 1000 {
		l = l.Move(slow, hearback.AlertWorth, false).Move(rising, hearback.AlertWorth, false).Move(rising, hearback.AlertKnown, false).Move(void, hearback.AlertNoise, true)
	}
	if l.Fast != 5 || l.Slow != 5 {
		t.Errorf("after a thousand worth it: %+v, want 5 and 5", l)
	}
	// One in five is where it settles.
	l = alert.Limits{Fast: 9, Slow: 9}
	for i := range 50 {
		v := hearback.AlertWorth
		if i%5 == 0 {
			v = hearback.AlertNoise
		}
		l = l.Move(rising, v, false)
	}
	if math.Abs(l.Fast-9) > 0.3 {
		t.Errorf("with one in five not worth it the limit went to %.2f, want 9", l.Fast)
	}
	// More noise than was promised: it only rises.
	if got := l.Move(rising, hearback.AlertWorth, true); got != l {
		t.Errorf("over its budget of noise the limit went from %.2f to %.2f", l.Fast, got.Fast)
	}
	if got := l.Move(rising, hearback.AlertNoise, true).Fast - l.Fast; got != 0.5 {
		t.Errorf("over its budget of noise one more moved the limit by %.2f, want twice a step", got)
	}
}

// TestQuality counts what officers said and what the weekly sample found.
func TestQuality(t *testing.T) {
	var q alert.Quality
	q.Days = 4
	for i, v := range []hearback.AlertVerdict{"", "worth", "worth", "worth", "noise", "known", "merge", "noise"} {
		q.Add(&hearback.Alert{Kind: hearback.AlertRising, Verdict: v, Digest: i == 7})
		q.Add(&hearback.Alert{Kind: hearback.AlertDeadline, Verdict: v})
	}
	if q.Sent != 7 || q.Digest != 1 || q.Open != 1 || q.Known != 1 || q.Merge != 1 || q.NoiseADay() != 0.5 {
		t.Errorf("%+v", q)
	}
	if share, low, high, n := q.Precision(); share != 0.6 || n != 5 || math.Abs(low-0.2307) > 1e-3 || math.Abs(high-0.8824) > 1e-3 {
		t.Errorf("precision %.3f (%.4f to %.4f) of %d, want .6 (.2307 to .8824) of 5", share, low, high, n)
	}
	for i := range 20 {
		q.AddSample(&hearback.Sample{Finding: []hearback.SampleFinding{hearback.SampleRight, hearback.SampleMissed, hearback.SampleOpen}[min(i%10, 2)]})
	}
	if share, low, high, n := q.MissedRate(); share != 0.5 || n != 4 || q.Drawn != 20 || low > 0.16 || high < 0.84 {
		t.Errorf("missed %.2f (%.2f to %.2f) of %d", share, low, high, n)
	}
	if share, low, high, n := (&alert.Quality{}).Precision(); share != 0 || low != 0 || high != 1 || n != 0 {
		t.Errorf("of nothing: %g, %g to %g, %d", share, low, high, n)
	}
}

func TestSilence(t *testing.T) {
	var s alert.Silence
	for h := range 24 * 10 {
		if _, ok := s.Step(3, alert.Bucket{At: monday.Add(time.Duration(h) * time.Hour), Length: time.Hour, Voices: 40}); ok {
			t.Fatalf("a steady source is called silent at hour %d", h)
		}
	}
	from := monday.Add(10 * 24 * time.Hour)
	for h := range 5 {
		a, ok := s.Step(3, alert.Bucket{At: from.Add(time.Duration(h) * time.Hour), Length: time.Hour})
		if ok != (h == 1) {
			t.Errorf("hour %d of silence: alert %t, want it at the second only", h, ok)
		}
		if ok && (a.Source != 3 || a.Kind != hearback.AlertSilent || !a.Since.Equal(from)) {
			t.Errorf("alert %+v", a)
		}
	}
}

func TestDeadline(t *testing.T) {
	c := &hearback.Case{ID: 1, Concern: 7, State: hearback.CaseRouted}
	d := hearback.Deadline{Kind: hearback.DeadlineAnswer, Due: monday.Add(10 * time.Hour)}
	told := 0.0
	for _, tt := range []struct {
		hours float64
		want  float64 // mark told of, 0 for none
	}{{1, 0}, {5, 0.5}, {6, 0}, {8.5, 0.8}, {9, 0}, {10, 1}, {20, 0}} {
		now := monday.Add(time.Duration(tt.hours * float64(time.Hour)))
		a, mark, ok := alert.Deadline(c, d, tt.hours/10, now, told)
		if ok != (tt.want > 0) || ok && (mark != tt.want || a.Concern != 7) {
			t.Errorf("after %g h: %t at %g, want %g", tt.hours, ok, mark, tt.want)
		}
		told = mark
	}
	d.Met = monday
	if _, _, ok := alert.Deadline(c, d, 3, monday.Add(30*time.Hour), 0); ok {
		t.Error("a deadline that was met is told of")
	}
}

// TestState keeps a detector and goes on with it, with the same readings.
func TestState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a, b alert.Detector
		at := monday
		for range rapid.IntRange(0, 60).Draw(t, "before") {
			x := rapid.Float64Range(0, 50).Draw(t, "x")
			r := a.Step(alert.Bucket{At: at, Length: time.Hour, Voices: x, Missing: x > 45})
			a.Fires(r, alert.DefaultLimits())
			at = at.Add(time.Hour * time.Duration(rapid.IntRange(1, 30).Draw(t, "gap")))
		}
		state, err := a.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if len(state) > 260 {
			t.Fatalf("a state of %d bytes", len(state))
		}
		if err := b.UnmarshalBinary(state); err != nil {
			t.Fatal(err)
		}
		for range 30 {
			x := rapid.Float64Range(0, 500).Draw(t, "y")
			ra := a.Step(alert.Bucket{At: at, Length: time.Hour, Voices: x})
			rb := b.Step(alert.Bucket{At: at, Length: time.Hour, Voices: x})
			if ra != rb {
				t.Fatalf("after a restart %+v, without %+v", rb, ra)
			}
			fa, sa := a.Fires(ra, alert.DefaultLimits())
			if fb, sb := b.Fires(rb, alert.DefaultLimits()); fa != fb || sa != sb {
				t.Fatal("after a restart it alerts differently")
			}
			at = at.Add(time.Hour)
		}
	})
}

func FuzzState(f *testing.F) {
	var d alert.Detector
	feed(&d, monday, flat(3, 100)...)
	state, _ := d.MarshalBinary()
	f.Add(state)
	f.Add([]byte("声音"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var d alert.Detector
		err := d.UnmarshalBinary(b)
		if err != nil {
			if !errors.Is(err, hearback.ErrInvalid) {
				t.Fatalf("%v, want ErrInvalid", err)
			}
			return
		}
		again, err := d.MarshalBinary()
		if err != nil || !bytes.Equal(again, b) {
			// Booleans have more than one form.
			var e alert.Detector
			if err := e.UnmarshalBinary(again); err != nil {
				t.Fatal(err)
			}
		}
		sane(t, d.Step(alert.Bucket{At: monday, Length: time.Hour, Voices: 3}))
	})
}

func sane(t interface{ Fatalf(string, ...any) }, r alert.Reading) {
	for _, x := range []float64{r.Expected, r.Spread, r.Residual, r.Fast, r.Slow, r.Day, r.Usual} {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			t.Fatalf("a reading that is no number: %+v", r)
		}
	}
}

// TestNever holds that no input makes a number that is none.
func TestNever(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var d alert.Detector
		at := monday
		for range rapid.IntRange(1, 80).Draw(t, "n") {
			length := time.Duration(rapid.Int64Range(-1, int64(400*time.Hour)).Draw(t, "length"))
			r := d.Step(alert.Bucket{
				At: at, Length: length, Missing: rapid.Bool().Draw(t, "missing"),
				Voices:   rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, 1, math.NaN(), math.Inf(1), -1, 1e15})).Draw(t, "voices"),
				Exposure: rapid.OneOf(rapid.Float64Range(0, 1e9), rapid.SampledFrom([]float64{math.NaN(), -1, math.Inf(1)})).Draw(t, "exposure"),
			})
			sane(t, r)
			d.Fires(r, alert.DefaultLimits())
			at = at.Add(time.Duration(rapid.Int64Range(-int64(time.Hour), int64(9000*time.Hour)).Draw(t, "gap")))
		}
	})
}

func BenchmarkStep(b *testing.B) {
	var d alert.Detector
	i := 0
	for b.Loop() {
		r := d.Step(alert.Bucket{At: monday.Add(time.Duration(i) * time.Hour), Length: time.Hour, Voices: float64(i % 7)})
		d.Fires(r, alert.DefaultLimits())
		i++
	}
}

// TestVolume holds that a busy hour of the week is expected, that a crisis does
// not hide itself, that a week replayed in an hour is not taken for the usual,
// and that what is no count changes nothing.
func TestVolume(t *testing.T) {
	var v alert.Volume
	usual := func(at time.Time) float64 {
		if at.Hour() < 6 {
			return 100
		}
		return 1000
	}
	at := monday.Truncate(24 * time.Hour)
	for range 3 * 7 * 24 {
		v.Exposure(at, usual(at))
		at = at.Add(time.Hour)
	}
	near := func(what string, got, want float64) {
		t.Helper()
		if got < 0.85*want || got > 1.15*want {
			t.Errorf("%s: exposure %.3f, want about %.3f", what, got, want)
		}
	}
	mean := (6*100.0 + 18*1000) / 24
	early, noon := at.Add(3*time.Hour), at.Add(12*time.Hour)
	for what, tt := range map[string]struct {
		at      time.Time
		n, want float64
	}{
		"a night":        {early, 100, 100 / mean},
		"a noon":         {noon, 1000, 1000 / mean},
		"a busy noon":    {noon, 1300, 1300 / mean},
		"a crisis":       {noon, 8000, 1.5 * 1000 / mean},
		"a broken noon":  {noon, 0, 0.5 * 1000 / mean},
		"not a number":   {noon, math.NaN(), 1},
		"less than none": {noon, -4, 1},
	} {
		w := v
		near(what, w.Exposure(tt.at, tt.n), tt.want)
	}
	w := v
	w.Exposure(noon, 7*24*mean) // a week at once
	for range 7 {
		noon = noon.Add(24 * time.Hour)
		near("after a replay", w.Exposure(noon, usual(noon)), 1000/mean)
	}
	var fresh alert.Volume
	if got := fresh.Exposure(monday, 5); got != 1 || (&alert.Volume{}).Known() {
		t.Errorf("the first hour of all is %.2f times as busy as usual", got)
	}
}
