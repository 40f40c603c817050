// Package measure says what happened after an answer: how many voices a
// concern had before and after, and what became of similar concerns that had
// no answer in that time. Concerns are answered near their peak and cool down
// by themselves, so a fall alone shows nothing; the sentences say so. It never
// claims that an answer helped: that word needs many answers and a comparison
// that software alone cannot make.
package measure

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"example.org/hearback"
)

// Window is the time before and after an answer that is compared.
const Window = 24 * time.Hour

// Around is how much of the series is shown on either side.
const Around = 72 * time.Hour

// Few is how many voices before an answer are too few to compare.
const Few = 10

// A Candidate is a concern that may serve as a comparison: one without an
// answer at Since, with its hourly voices.
type Candidate struct {
	Concern hearback.ID
	Since   time.Time // the moment it is compared at, as if an answer had come then
	Series  []hearback.Point
}

// Shape is what a concern looked like at a moment: what comparisons are
// matched on.
type Shape struct {
	Level  float64 // log of voices in the last 6 h
	Slope  float64 // last 6 h against the 6 h before
	Slope2 float64 // last 12 h against the 12 h before
	Age    float64 // log of hours since it was first heard
}

// between sums the voices of whole points from a time to another. missing
// reports whether a source was down in between.
func between(series []hearback.Point, from, to time.Time) (voices float64, missing bool) {
	for _, p := range series {
		if !p.At.Before(from) && p.At.Before(to) {
			voices += p.Voices
			missing = missing || p.Missing
		}
	}
	return voices, missing
}

func logRatio(a, b float64) float64 { return math.Log((a + 1) / (b + 1)) }

// ShapeAt returns the shape of a concern at a moment.
func ShapeAt(series []hearback.Point, at time.Time) Shape {
	sum := func(from, to time.Duration) float64 {
		v, _ := between(series, at.Add(-from), at.Add(-to))
		return v
	}
	first := at
	for _, p := range series {
		if p.Voices > 0 && p.At.Before(at) {
			first = p.At
			break
		}
	}
	const h = time.Hour
	return Shape{
		Level: math.Log1p(sum(6*h, 0)), Slope: logRatio(sum(6*h, 0), sum(12*h, 6*h)), Slope2: logRatio(sum(12*h, 0), sum(24*h, 12*h)),
		Age: math.Log1p(at.Sub(first).Hours()),
	}
}

// distance is how unlike two shapes are.
func distance(a, b Shape) float64 {
	d := func(x, y float64) float64 { return (x - y) * (x - y) }
	return math.Sqrt(2*d(a.Level, b.Level) + d(a.Slope, b.Slope) + d(a.Slope2, b.Slope2) + 0.5*d(a.Age, b.Age))
}

// nearest is how many comparisons are used at the most, and far how unlike one
// may be.
const (
	nearest = 60
	far     = 1.5
)

// Of measures an answer that was published at from about a concern with the
// hourly series given, at now.
func Of(answer, concern hearback.ID, from time.Time, series []hearback.Point, candidates []Candidate, now time.Time) hearback.Outcome {
	from = from.UTC()
	o := hearback.Outcome{Answer: answer, Concern: concern, At: now, From: from, Window: Window, Complete: !now.Before(from.Add(Window))}
	for _, p := range series {
		if !p.At.Before(from.Add(-Around)) && p.At.Before(from.Add(Around)) {
			o.Series = append(o.Series, p)
		}
	}
	// Buckets are whole hours: the one in which the answer came belongs to
	// neither side.
	before, gapBefore := between(series, from.Add(-Window).Truncate(time.Hour), from.Truncate(time.Hour))
	start := from.Truncate(time.Hour).Add(time.Hour)
	after, gapAfter := between(series, start, start.Add(Window))
	o.Before, o.After = int64(math.Round(before)), int64(math.Round(after))

	var falls []float64
	if o.Complete {
		falls = compare(ShapeAt(series, from), candidates)
		o.Donors = len(falls)
		if len(falls) > 0 {
			o.DonorLog = median(falls)
		}
	}
	o.Text, o.TextZH = sentence(&o, gapBefore || gapAfter)
	return o
}

// compare returns the log changes of the candidates most like a shape.
func compare(shape Shape, candidates []Candidate) []float64 {
	type donor struct{ unlike, change float64 }
	var donors []donor
	for _, c := range candidates {
		unlike := distance(shape, ShapeAt(c.Series, c.Since))
		if unlike > far {
			continue
		}
		before, _ := between(c.Series, c.Since.Add(-Window).Truncate(time.Hour), c.Since.Truncate(time.Hour))
		start := c.Since.Truncate(time.Hour).Add(time.Hour)
		after, missing := between(c.Series, start, start.Add(Window))
		if missing || before < 1 {
			continue
		}
		donors = append(donors, donor{unlike, logRatio(after, before)})
	}
	slices.SortFunc(donors, func(a, b donor) int { return cmp.Compare(a.unlike, b.unlike) })
	var falls []float64
	for _, d := range donors[:min(len(donors), nearest)] {
		falls = append(falls, d.change)
	}
	return falls
}

func median(list []float64) float64 {
	s := slices.Sorted(slices.Values(list))
	n := len(s)
	if n%2 == 1 {
		return s[n/2]
	}
	return (s[n/2-1] + s[n/2]) / 2
}

// sentence says what the counts allow to say: level 0, in the same words for a
// fall, a rise and no change.
func sentence(o *hearback.Outcome, gaps bool) (en, zh string) {
	if !o.Complete {
		end := o.From.Add(Window)
		return "It is too early to tell. The first 24 hours after the answer end on " + end.Format("2 January at 15:04") + " UTC.",
			"时间尚早，无法判断。答复后的头24小时到" + end.Format("1月2日15:04") + "（UTC）为止。"
	}
	if gaps {
		return "We cannot tell: a source was down in the time compared, so voices are missing.",
			"无法判断：比较时段内有来源中断，声音不全。"
	}
	if o.Before < Few {
		return "We cannot tell: fewer than 10 voices in the 24 hours before the answer are too few to compare.",
			"无法判断：答复前24小时不足10个声音，数量太少，不作比较。"
	}
	en, zh = "After the answer, mentions "+change(float64(o.After), float64(o.Before)), "答复之后，提及"+changeZH(float64(o.After), float64(o.Before))
	if o.Donors < hearback.MinDonors {
		return en + ". They often fall by themselves, and there are too few similar unanswered concerns to compare with, so we cannot tell whether the answer made a difference.",
			zh + "。这类提及常会自行减少，而可比的未答复关切太少，因此无法判断答复是否起了作用。"
	}
	ratio := math.Exp(o.DonorLog)
	return en + " (they often fall by themselves: in " + strconv.Itoa(o.Donors) + " similar unanswered concerns mentions " + change(ratio, 1) + ").",
		zh + "（这类提及常会自行减少：" + strconv.Itoa(o.Donors) + "个相近而未答复的关切，提及" + changeZH(ratio, 1) + "）。"
}

// percent is the change from before to after, as a share of before.
func percent(after, before float64) int { return int(math.Round(100 * (after/before - 1))) }

func change(after, before float64) string {
	switch p := percent(after, before); {
	case p < 0:
		return fmt.Sprintf("fell %d%%", -p)
	case p > 0:
		return fmt.Sprintf("rose %d%%", p)
	}
	return "stayed the same"
}

func changeZH(after, before float64) string {
	switch p := percent(after, before); {
	case p < 0:
		return fmt.Sprintf("减少%d%%", -p)
	case p > 0:
		return fmt.Sprintf("增加%d%%", p)
	}
	return "持平"
}
