package web

import (
	"html/template"
	"math"
	"slices"
	"strconv"
	"time"

	"example.org/hearback"
)

// A mark is something that happened at one moment of a timeline.
type mark struct {
	at   time.Time
	kind string // "alert", "answer" or "correction"
}

// A timeline is the picture of a series: what was counted, the usual level,
// alerts and answers, and what is to come. It is drawn here, and by chart.js
// from what [writer.plot] says; whatever one of them draws the other must, too.
type timeline struct {
	points   []hearback.Point
	daily    bool      // a point is a day, not an hour
	running  bool      // the last point is of an hour or a day that is not over
	now      time.Time // when it is drawn
	expected []float64 // as many as points; nil if not known
	marks    []mark
	band     []foreseen // what is to come, in the order of time
}

// A foreseen is what is expected of a stretch of time ahead, as voices an hour on
// average: the median and the ends of the 80 % interval.
type foreseen struct {
	from, to       time.Time
	low, mid, high float64
}

// span is the time that the picture shows.
func (t *timeline) span() (first, last time.Time) {
	first, last = t.points[0].At, t.points[len(t.points)-1].At
	if n := len(t.band); n > 0 && t.band[n-1].to.After(last) {
		last = t.band[n-1].to
	}
	return first, last
}

// over are the points of hours that are over.
func (t *timeline) over() []hearback.Point {
	if t.running {
		return t.points[:len(t.points)-1]
	}
	return t.points
}

// peak is the largest value that is drawn.
func (t *timeline) peak() (peak float64) {
	for i, p := range t.points {
		peak = max(peak, p.Voices)
		if i < len(t.expected) {
			peak = max(peak, t.expected[i])
		}
	}
	for _, f := range t.band {
		peak = max(peak, f.high)
	}
	return peak
}

// shown are the marks within the picture, oldest first.
func (t *timeline) shown() []mark {
	first, last := t.span()
	list := slices.Clone(t.marks)
	slices.SortFunc(list, func(a, b mark) int { return a.at.Compare(b.at) })
	return slices.DeleteFunc(list, func(m mark) bool { return m.at.Before(first) || m.at.After(last.Add(time.Hour)) })
}

// kinds are the kinds of marks that are shown.
func (t *timeline) kinds() (list []string) {
	for _, kind := range []string{"alert", "answer", "correction"} {
		if slices.ContainsFunc(t.shown(), func(m mark) bool { return m.kind == kind }) {
			list = append(list, kind)
		}
	}
	return list
}

// gaps reports whether hours without data are shown.
func (t *timeline) gaps() bool {
	return slices.ContainsFunc(t.points, func(p hearback.Point) bool { return p.Missing })
}

// timeline draws it for a wide column and for a phone. id names the sentence
// that says the same.
func (l *writer) timeline(t timeline, id string) template.HTML {
	if len(t.points) < 2 {
		return ""
	}
	return l.timelineAt(t, id, "wide", 690, 270) + l.timelineAt(t, id, "narrow", 330, 250)
}

func (l *writer) timelineAt(t timeline, id, class string, width, height float64) template.HTML {
	left, right, top, bottom := 34.0, width-12, 44.0, height-28
	peak := t.peak()
	step := niceStep(peak)
	roof := step * math.Ceil(max(peak, step)/step)
	first, last := t.span()
	x := func(at time.Time) float64 {
		return left + (right-left)*clamp(float64(at.Sub(first))/float64(max(last.Sub(first), 1)), 0, 1)
	}
	y := func(v float64) float64 { return bottom - (bottom-top)*v/roof }

	var d drawing
	d.add(`<svg class="chart %v" viewBox="0 0 %v %v" role="img" aria-labelledby="%v">`, class, width, height, id)
	pattern := "hatch-" + id + "-" + class[:1]
	d.add(`<defs><pattern id="%v" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hl" d="M0 0V6"/></pattern></defs>`, pattern)
	for v := 0.0; v <= roof+step/2; v += step {
		d.add(`<path class="grid" d="M%v %vH%v"/><text x="%v" y="%v" text-anchor="end">%v</text>`, left, y(v), right, left-6, y(v)+4, l.Dec(v))
	}
	// Gaps first, then the lines over them.
	n := len(t.points)
	for i := 0; i < n; i++ {
		if !t.points[i].Missing {
			continue
		}
		j := i
		for j < n && t.points[j].Missing {
			j++
		}
		a, b := x(t.points[max(i-1, 0)].At), x(t.points[min(j, n-1)].At)
		d.add(`<rect class="gap" fill="url(#%v)" x="%v" y="%v" width="%v" height="%v"/>`, pattern, a, top, max(b-a, 2), bottom-top)
		i = j
	}
	for _, f := range t.band {
		a, b := x(f.from), x(f.to)
		d.add(`<rect class="b80" x="%v" y="%v" width="%v" height="%v"/>`, a, y(f.high), max(b-a, 1), max(y(f.low)-y(f.high), 1))
		d.add(`<path class="fm" d="M%v %vH%v"/>`, a, y(f.mid), b)
	}
	if len(t.expected) == n {
		d.add(`<path class="exp" d="`)
		for i, v := range t.expected {
			d.add("%v%v %v", pen(i == 0), x(t.points[i].At), y(v))
		}
		d.add(`"/>`)
	}
	d.add(`<path class="obs" d="`)
	down := false
	for _, p := range t.over() {
		if p.Missing {
			down = false
			continue
		}
		d.add("%v%v %v", pen(!down), x(p.At), y(p.Voices))
		down = true
	}
	d.add(`"/><path class="axis" d="M%v %vH%v"/>`, left, bottom, right)
	if len(t.band) > 0 {
		d.add(`<path class="now" d="M%v %vV%v"/><text class="em halo" x="%v" y="%v">%v</text>`, x(t.now), top, bottom, x(t.now)+6, top+14, l.T("ruler.now"))
	}
	// An hour that is not over stands apart: joined to the line it would read
	// as a fall.
	if p := t.points[n-1]; t.running {
		d.add(`<path class="sf" d="M%v %vV%v"/><circle class="sfd" cx="%v" cy="%v" r="3.5"/>`, x(p.At), bottom, y(p.Voices), x(p.At), y(p.Voices))
	}
	room := 64.0
	if class == "narrow" {
		room = 56
	}
	for _, k := range fitting(l.ticks(first, last, t.daily), x, room) {
		if at := x(k.at); at <= right-10 {
			d.add(`<path class="axis" d="M%v %vv4"/><text x="%v" y="%v" text-anchor="middle">%v</text>`, at, bottom, at, bottom+20, k.label)
		}
	}

	shown := t.shown()
	ends := [2]float64{-1e9, -1e9} // where the labels of the two levels end
	for i, m := range shown {
		at := x(m.at)
		line, shape := "anl", "an"
		switch m.kind {
		case "alert":
			line, shape = "all", "al"
		case "correction":
			shape = "co"
		}
		d.add(`<path class="%v" d="M%v 20V%v"/>`, line, at, bottom)
		switch m.kind {
		case "alert":
			d.add(`<path class="%v" d="M%v 26h10l-5-9z"/>`, shape, at-5)
		default:
			d.add(`<path class="%v" d="M%v 17h9v9h-9z"/>`, shape, at-4.5)
		}
		// Marks of one kind close together share the label of the first.
		if i > 0 && shown[i-1].kind == m.kind && at-x(shown[i-1].at) < 16 {
			continue
		}
		same := 1
		for k := i + 1; k < len(shown) && shown[k].kind == m.kind && x(shown[k].at)-x(shown[k-1].at) < 16; k++ {
			same++
		}
		label := l.T("mark." + m.kind)
		if class == "wide" {
			label += " " + l.Clock(m.at)
		}
		if same > 1 {
			label += " ×" + strconv.Itoa(same)
		}
		wide := labelWidth(label) + 12
		anchor, from := "start", at+9
		crowded := i+1 < len(shown) && x(shown[i+1].at) < from+wide
		if from+wide > right || crowded && at-9-wide > ends[0] && at-9-wide > left {
			anchor, from = "end", at-9-wide
		}
		for level, y := range []float64{25, 40} {
			// The upper level is where the shapes stand.
			if from < ends[level] || level == 0 && slices.ContainsFunc(shown, func(o mark) bool {
				d := x(o.at)
				return o != m && d > from-7 && d < from+wide-4
			}) {
				continue
			}
			pos := at + 9
			if anchor == "end" {
				pos = at - 9
			}
			d.add(`<text class="em halo" x="%v" y="%v" text-anchor="%v">%v</text>`, pos, y, anchor, label)
			ends[level] = from + wide
			break
		}
	}
	d.add(`</svg>`)
	return d.html()
}

// A tick is a moment that the foot of a picture may name. The larger its rank,
// the rounder it is.
type tick struct {
	at    time.Time
	rank  int
	label string
}

// ticks are the hours from first to last, or the days, in the zone of the
// office: midnight by its day, the others by the clock.
func (l *writer) ticks(first, last time.Time, daily bool) (list []tick) {
	if daily {
		at := first.In(l.Zone)
		for day := at; !day.After(last); day = time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, l.Zone) {
			rank := 1
			if day.Weekday() == time.Monday {
				rank = 7
			}
			list = append(list, tick{day, rank, l.ShortDay(day)})
		}
		return list
	}
	for at := first.Truncate(time.Hour); !at.After(last); at = at.Add(time.Hour) {
		if at.Before(first) {
			continue
		}
		local := at.In(l.Zone)
		k := tick{at, 1, l.Clock(at)}
		for _, n := range []int{3, 6, 12, 24} {
			if local.Hour()%n == 0 {
				k.rank = n
			}
		}
		if k.rank == 24 {
			k.label = l.ShortDay(at)
		}
		list = append(list, k)
	}
	return list
}

// fitting chooses as many of the ticks as there is room for, the rounder first.
func fitting(list []tick, x func(time.Time) float64, room float64) (fit []tick) {
	for _, rank := range []int{1, 3, 6, 7, 12, 24} {
		some := slices.DeleteFunc(slices.Clone(list), func(k tick) bool { return k.rank < rank })
		if len(some) == 0 {
			break
		}
		fit = some
		close := false
		for i := 1; i < len(some); i++ {
			close = close || x(some[i].at)-x(some[i-1].at) < room
		}
		if !close {
			return fit
		}
	}
	// Even the roundest are too many: leave out every other until they fit.
	for len(fit) > 1 && x(fit[1].at)-x(fit[0].at) < room {
		var half []tick
		for i := 0; i < len(fit); i += 2 {
			half = append(half, fit[i])
		}
		fit = half
	}
	return fit
}

// A plotted timeline is the same for chart.js, with every word that it shows:
// times in the zone of the office and in the language of the page.
type plotted struct {
	T     []int64           `json:"t"`  // seconds from the one before: the points, and after them the hours ahead
	At    []string          `json:"at"` // each of T in words,
	Rank  []int             `json:"r"`  // how round it is,
	Foot  []string          `json:"s"`  // and as the foot of the picture names it
	V     []*float64        `json:"v"`  // of the points; null where nothing is known
	E     []float64         `json:"e,omitempty"`
	SoFar bool              `json:"soFar"` // the last point is of an hour that is not over
	Now   int64             `json:"now"`
	Marks []plotMark        `json:"marks"`
	Band  []plotBand        `json:"band"`
	Words map[string]string `json:"words"`
}

type plotMark struct {
	At    int64  `json:"t"`
	Kind  string `json:"k"`
	Label string `json:"s"`
	Clock string `json:"c"`
}

type plotBand struct {
	From int64   `json:"a"`
	To   int64   `json:"b"`
	Low  float64 `json:"l"`
	Mid  float64 `json:"m"`
	High float64 `json:"h"`
	At   string  `json:"at"`
}

// plot says what a timeline shows.
func (l *writer) plot(t timeline) *plotted {
	if len(t.points) < 2 {
		return nil
	}
	first, last := t.span()
	p := &plotted{E: t.expected, SoFar: t.running, Now: t.now.Unix(), Marks: []plotMark{}, Band: []plotBand{}, Words: map[string]string{}}
	before := int64(0)
	for _, k := range l.ticks(first, last, t.daily) {
		at := l.When(k.at)
		if t.daily {
			at = l.Weekday(k.at)
		}
		p.T, p.At, p.Rank, p.Foot = append(p.T, k.at.Unix()-before), append(p.At, at), append(p.Rank, k.rank), append(p.Foot, k.label)
		before = k.at.Unix()
	}
	for i, pt := range t.points {
		var v *float64
		if !pt.Missing {
			v = &t.points[i].Voices
		}
		p.V = append(p.V, v)
	}
	for _, f := range t.band {
		p.Band = append(p.Band, plotBand{f.from.Unix(), f.to.Unix(), f.low, f.mid, f.high, l.T("chart.from_to", f.from, f.to)})
	}
	for _, m := range t.shown() {
		p.Marks = append(p.Marks, plotMark{m.at.Unix(), m.kind, l.T("mark." + m.kind), l.Clock(m.at)})
	}
	for _, key := range []string{"name", "hint", "reset", "shown", "sep", "and", "one", "many", "so_far", "missing", "usual", "ahead"} {
		p.Words[key] = l.T("plot." + key)
	}
	p.Words["now"] = l.T("ruler.now")
	return p
}
