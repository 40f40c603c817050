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

// A Candidate is a concern that may serve as a comparison, with its hourly
// voices while it had no answer: cut the series where one came.
type Candidate struct {
	Concern hearback.ID
	Since   time.Time // the moment it is compared at, as if an answer had come then; zero finds the moment most like the answered concern's
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

// A track is a series by the hour, with sums from its beginning.
type track struct {
	start   time.Time
	sums    []float64 // of the hours before each; one longer than hours
	missing []int
	first   int // the first hour with a voice, or the number of hours
}

func trackOf(series []hearback.Point) track {
	if len(series) == 0 {
		return track{sums: []float64{0}, missing: []int{0}}
	}
	t := track{start: series[0].At.UTC().Truncate(time.Hour)}
	last := series[0].At
	for _, p := range series {
		if p.At.After(last) {
			last = p.At
		}
	}
	n := min(max(int(last.Sub(t.start)/time.Hour)+1, 0), 24*400)
	t.sums, t.missing, t.first = make([]float64, n+1), make([]int, n+1), n
	known := make([]bool, n)
	for _, p := range series {
		i := int(p.At.Sub(t.start) / time.Hour)
		if i < 0 || i >= n || p.At.Before(t.start) {
			continue
		}
		if known[i] = true; p.Missing || !(p.Voices >= 0 && p.Voices < 1e15) {
			t.missing[i+1] = 1
			continue
		}
		t.sums[i+1] += p.Voices
		if p.Voices > 0 {
			t.first = min(t.first, i)
		}
	}
	for i := range n {
		if !known[i] {
			t.missing[i+1] = 1
		}
		t.sums[i+1] += t.sums[i]
		t.missing[i+1] += t.missing[i]
	}
	return t
}

func (t *track) hours() int { return len(t.sums) - 1 }

// index returns the hour that holds at.
func (t *track) index(at time.Time) int { return int(math.Floor(at.Sub(t.start).Hours())) }

// sum adds the voices of the hours [from, to); what lies outside the series is
// none.
func (t *track) sum(from, to int) float64 {
	from, to = min(max(from, 0), t.hours()), min(max(to, 0), t.hours())
	return t.sums[to] - t.sums[min(from, to)]
}

// whole reports whether all of [from, to) is in the series and no source was
// down in it.
func (t *track) whole(from, to int) bool {
	return from >= 0 && to <= t.hours() && from <= to && t.missing[to] == t.missing[from]
}

func logRatio(a, b float64) float64 { return math.Log((a + 1) / (b + 1)) }

// ShapeAt returns the shape of a concern at a moment: of the whole hours
// before it.
func ShapeAt(series []hearback.Point, at time.Time) Shape {
	t := trackOf(series)
	return t.shape(t.index(at))
}

func (t *track) shape(h int) Shape {
	s := Shape{
		Level: math.Log1p(t.sum(h-6, h)), Slope: logRatio(t.sum(h-6, h), t.sum(h-12, h-6)), Slope2: logRatio(t.sum(h-12, h), t.sum(h-24, h-12)),
	}
	if h > t.first {
		s.Age = math.Log1p(float64(h - t.first))
	}
	return s
}

// Distance is how unlike two shapes are.
func Distance(a, b Shape) float64 {
	d := func(x, y float64) float64 { return (x - y) * (x - y) }
	return math.Sqrt(2*d(a.Level, b.Level) + d(a.Slope, b.Slope) + d(a.Slope2, b.Slope2) + 0.5*d(a.Age, b.Age))
}

const (
	nearest  = 60   // comparisons that are used at the most
	far      = 1.5  // how unlike one may be
	rankMost = 0.10 // rank for which a change stands out
	placebos = 10   // unanswered concerns that are judged as if they had been answered
	falsely  = 0.10 // share of placebos that may stand out before nothing is claimed
	day      = 24   // hours
)

// Of measures an answer that was published at from about a concern with the
// hourly series given, at now.
func Of(answer, concern hearback.ID, from time.Time, series []hearback.Point, candidates []Candidate, now time.Time) hearback.Outcome {
	from = from.UTC()
	// Buckets are whole hours: the one in which the answer came belongs to
	// neither side.
	end := from.Truncate(time.Hour).Add(time.Hour + Window)
	o := hearback.Outcome{Answer: answer, Concern: concern, At: now, From: from, Window: Window, Complete: !now.Before(end)}
	for _, p := range series {
		if !p.At.Before(from.Add(-Around)) && p.At.Before(from.Add(Around)) {
			o.Series = append(o.Series, p)
		}
	}
	t := trackOf(series)
	h := t.index(from)
	o.Before, o.After = int64(math.Round(t.sum(h-day, h))), int64(math.Round(t.sum(h+1, h+1+day)))
	gaps := t.missing[min(max(h, 0), t.hours())] != t.missing[min(max(h-day, 0), t.hours())] ||
		t.missing[min(max(h+1+day, 0), t.hours())] != t.missing[min(max(h+1, 0), t.hours())]
	if !o.Complete || gaps || o.Before < Few {
		o.Text, o.TextZH = sentence(&o, gaps)
		return o
	}
	var pool []pooled
	for _, c := range candidates {
		if c.Concern != concern || concern == 0 {
			pool = append(pool, pooled{c.Since, trackOf(c.Series)})
		}
	}
	falls := compare(t.shape(h), pool, -1, now)
	o.Donors = len(falls)
	if len(falls) > 0 {
		o.DonorLog = median(falls)
	}
	if o.Donors >= hearback.MinDonors {
		own := t.change(h)
		fall, rise := ranks(own, falls)
		o.Rank = fall
		if min(fall, rise) <= rankMost && placebosPass(&t, h, pool, now, fall <= rise) {
			o.Level = 1
		}
	}
	o.Text, o.TextZH = sentence(&o, false)
	return o
}

// StillAsked reports whether an outcome shows a concern that went on as if it
// had not been answered: half or more of the comparable ones fell as much.
func StillAsked(o *hearback.Outcome) bool {
	return o.Complete && o.Donors >= hearback.MinDonors && o.Rank > 0.5
}

// change is the log change of voices from the day before hour h to the day
// after it.
func (t *track) change(h int) float64 { return logRatio(t.sum(h+1, h+1+day), t.sum(h-day, h)) }

// A pooled is a candidate, ready to be compared.
type pooled struct {
	since time.Time
	track track
}

// moment returns the hour at which p is compared with a shape, and how unlike
// it is then. Only the past of that hour is looked at, never what came after.
func (p *pooled) moment(shape Shape, now time.Time) (h int, unlike float64, ok bool) {
	t := &p.track
	last := min(t.hours(), t.index(now)) - 1 - day
	usable := func(h int) bool { return h <= last && t.whole(h-day, h+1+day) && t.sum(h-day, h) >= 1 }
	if !p.since.IsZero() {
		h = t.index(p.since)
		return h, Distance(shape, t.shape(h)), usable(h)
	}
	unlike = math.Inf(1)
	for i := day; i <= last; i++ {
		if math.Abs(math.Log1p(t.sum(i-6, i))-shape.Level) > far || !usable(i) {
			continue
		}
		if d := Distance(shape, t.shape(i)); d < unlike {
			h, unlike, ok = i, d, true
		}
	}
	return h, unlike, ok
}

// compare returns the log changes of the members of a pool most like a shape,
// the most alike first, leaving one out.
func compare(shape Shape, pool []pooled, without int, now time.Time) []float64 {
	type donor struct{ unlike, change float64 }
	var donors []donor
	for i := range pool {
		if i == without {
			continue
		}
		if h, unlike, ok := pool[i].moment(shape, now); ok && unlike <= far {
			donors = append(donors, donor{unlike, pool[i].track.change(h)})
		}
	}
	slices.SortFunc(donors, func(a, b donor) int { return cmp.Compare(a.unlike, b.unlike) })
	var falls []float64
	for _, d := range donors[:min(len(donors), nearest)] {
		falls = append(falls, d.change)
	}
	return falls
}

// Donors returns the log changes of the candidates that are most like a shape:
// what comparisons are made with.
func Donors(shape Shape, candidates []Candidate, now time.Time) []float64 {
	var pool []pooled
	for _, c := range candidates {
		pool = append(pool, pooled{c.Since, trackOf(c.Series)})
	}
	return compare(shape, pool, -1, now)
}

// ranks returns the share of changes that fell as much as own or more, and
// that rose as much or more, counting own itself: what chance alone gives.
func ranks(own float64, changes []float64) (fall, rise float64) {
	down, up := 1.0, 1.0
	for _, c := range changes {
		if c <= own {
			down++
		}
		if c >= own {
			up++
		}
	}
	n := float64(len(changes) + 1)
	return down / n, up / n
}

// placebosPass judges moments at which nothing was answered in the same way: a
// day and two days before the answer, and unanswered concerns. If too many of
// them stand out, the comparison cannot tell an answer from none.
func placebosPass(t *track, h int, pool []pooled, now time.Time, fall bool) bool {
	judged, out := 0, 0
	judge := func(t *track, h, without int) {
		if !t.whole(h-day, h+1+day) {
			return
		}
		changes := compare(t.shape(h), pool, without, now)
		if len(changes) < hearback.MinDonors {
			return
		}
		down, up := ranks(t.change(h), changes)
		judged++
		if fall && down <= rankMost || !fall && up <= rankMost {
			out++
		}
	}
	judge(t, h-day-1, -1) // its day after ends before the answer
	judge(t, h-2*day, -1)
	step := max(len(pool)/placebos, 1)
	for i := 0; i < len(pool) && i/step < placebos; i += step {
		if m, unlike, ok := pool[i].moment(t.shape(h), now); ok && unlike <= far {
			judge(&pool[i].track, m, i)
		}
	}
	return judged >= placebos/2 && float64(out) <= max(falsely*float64(judged), 1)
}

func median(list []float64) float64 {
	s := slices.Sorted(slices.Values(list))
	n := len(s)
	if n%2 == 1 {
		return s[n/2]
	}
	return (s[n/2-1] + s[n/2]) / 2
}

// sentence says what the counts allow to say, in the same words for a fall, a
// rise and no change.
func sentence(o *hearback.Outcome, gaps bool) (en, zh string) {
	switch {
	case gaps:
		return "We cannot tell: a source was down in the time compared, so voices are missing.",
			"无法判断：比较时段内有来源中断，声音不全。"
	case !o.Complete:
		return "It is too early to tell: the first 24 hours after the answer are not over.",
			"时间尚早，无法判断：答复后的头24小时尚未结束。"
	case o.Before < Few:
		return "We cannot tell: fewer than 10 voices in the 24 hours before the answer are too few to compare.",
			"无法判断：答复前24小时不足10个声音，数量太少，不作比较。"
	}
	en, zh = "After the answer, mentions "+change(float64(o.After), float64(o.Before)), "答复之后，提及"+changeZH(float64(o.After), float64(o.Before))
	if o.Donors < hearback.MinDonors {
		return en + ". They often fall by themselves, and there are too few similar unanswered concerns to compare with, so we cannot tell whether the answer made a difference.",
			zh + "。这类提及常会自行减少，而可比的未答复关切太少，因此无法判断答复是否起了作用。"
	}
	ratio := math.Exp(o.DonorLog)
	en += " (they often fall by themselves: in " + strconv.Itoa(o.Donors) + " similar unanswered concerns mentions " + change(ratio, 1) + ")."
	zh += "（这类提及常会自行减少：" + strconv.Itoa(o.Donors) + "个相近而未答复的关切，提及" + changeZH(ratio, 1) + "）。"
	if o.Level < 1 {
		return en, zh
	}
	// The rank counts this concern itself; the share of the others does not.
	n := float64(o.Donors)
	more := o.Rank*(n+1) - 1 // fell as much or more
	if o.Rank <= rankMost {
		share := strconv.Itoa(int(math.Floor(100 * (n - more) / n)))
		return en + " They fell faster than in " + share + "% of the similar unanswered concerns.", zh + "减少得比其中" + share + "%的关切快。"
	}
	share := strconv.Itoa(int(math.Floor(100 * more / n)))
	return en + " They rose faster than in " + share + "% of the similar unanswered concerns.", zh + "增加得比其中" + share + "%的关切快。"
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
