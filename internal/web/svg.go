package web

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/alert"
	"example.org/hearback/internal/web/office"
)

// A drawing is SVG under way. Geometry stands in attributes and colours in
// classes, because the content policy allows no style in a page.
type drawing struct{ strings.Builder }

func (d *drawing) add(format string, args ...any) {
	for i, a := range args {
		switch a := a.(type) {
		case string:
			args[i] = template.HTMLEscapeString(a)
		case float64:
			args[i] = coord(a)
		}
	}
	fmt.Fprintf(&d.Builder, format, args...)
}

func (d *drawing) html() template.HTML { return template.HTML(d.String()) }

// coord writes a coordinate with one decimal at office.Most.
func coord(f float64) string {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		f = 0
	}
	return strconv.FormatFloat(math.Round(f*10)/10, 'f', -1, 64)
}

// clamp keeps a value inside a picture.
func clamp(f, low, high float64) float64 {
	if math.IsNaN(f) {
		return low
	}
	return min(max(f, low), high)
}

// parts are the four parts of a priority in their fixed order.
func parts(s hearback.Score) []namedPart {
	return []namedPart{{"heat", s.Heat}, {"reach", s.Reach}, {"persistence", s.Persistence}, {"harm", s.Harm}}
}

type namedPart struct {
	Name string
	hearback.Part
}

// Class is the class of the part's colour.
func (p namedPart) Class() string {
	if p.Name == "persistence" {
		return "f-persist"
	}
	return "f-" + p.Name
}

// four draws the four bars. A part that is not known is a dashed outline.
func (l *writer) four(s hearback.Score) template.HTML {
	var d drawing
	var say []string
	for _, p := range parts(s) {
		v := l.T("part.unknown")
		if p.Known {
			v = l.Dec(math.Round(p.Value))
		}
		say = append(say, l.T("part."+p.Name)+" "+v)
	}
	title := l.List(say)
	d.add(`<svg class="four" viewBox="0 0 38 24" role="img" aria-label="%v"><title>%v</title>`, title, title)
	for i, p := range parts(s) {
		x := float64(i * 10)
		if !p.Known {
			d.add(`<rect class="none" x="%v" y=".5" width="7" height="23"/>`, x+.5)
			continue
		}
		h := clamp(p.Value, 0, 100) * .24
		d.add(`<rect class="t" x="%v" width="8" height="24"/><rect class="%v" x="%v" y="%v" width="8" height="%v"/>`, x, p.Class(), x, 24-h, h)
	}
	d.add(`</svg>`)
	return d.html()
}

// meter draws one bar of 0 to 100 with an interval, if there is one.
func meter(class string, value, low, high float64) template.HTML {
	var d drawing
	d.add(`<svg class="meter" viewBox="0 0 160 8" preserveAspectRatio="none" aria-hidden="true"><rect class="t" width="160" height="8"/><rect class="%v" width="%v" height="8"/>`, class, clamp(value, 0, 100)*1.6)
	if high > low {
		a, b := clamp(low, 0, 100)*1.6, clamp(high, 0, 100)*1.6
		d.add(`<path class="ci" d="M%v 4H%vM%v 1v6M%v 1v6"/>`, a, b, a, b)
	}
	d.add(`</svg>`)
	return d.html()
}

// meterTick draws one bar of 0 to 100 with a tick at another value.
func meterTick(class string, value, tick float64) template.HTML {
	var d drawing
	at := clamp(tick, 1, 99) * 1.6
	d.add(`<svg class="meter" viewBox="0 0 160 8" preserveAspectRatio="none" aria-hidden="true"><rect class="t" width="160" height="8"/><rect class="%v" y="1" width="%v" height="6"/><path class="ci" d="M%v 0V8"/></svg>`, class, clamp(value, 0, 100)*1.6, at)
	return d.html()
}

// spark draws 24 hours of voices on a scale of its own. The hour that is going
// on stands apart as a hollow dot: joined to the line it would read as a fall.
func (l *writer) spark(points []hearback.Point, alerts, answers []time.Time) template.HTML {
	return l.sparkTitled(points, alerts, answers, "spark.title")
}

func (l *writer) sparkTitled(points []hearback.Point, alerts, answers []time.Time, key string) template.HTML {
	var d drawing
	var sum, top float64
	for _, p := range points {
		sum += p.Voices
		top = max(top, p.Voices)
	}
	title := l.T(key, int64(sum))
	d.add(`<svg class="spark" viewBox="0 0 112 28" role="img" aria-label="%v"><title>%v</title>`, title, title)
	all := len(points)
	n := all // so many are over
	if all > 0 && points[all-1].At.Add(time.Hour).After(l.Now()) {
		n--
	}
	if n > 1 {
		x := func(i int) float64 { return 112 * float64(i) / float64(all-1) }
		y := func(v float64) float64 { return 26 - 16*v/max(top, 3) }
		for i := 0; i < n; {
			if points[i].Missing {
				j := i
				for j < n && points[j].Missing {
					j++
				}
				a, b := x(max(i-1, 0)), x(min(j, all-1))
				d.add(`<path class="hl" d="`)
				for at := a; at < b; at += 7 {
					d.add("M%v 27l%v -9", at, min(6, b-at))
				}
				d.add(`"/>`)
				i = j
				continue
			}
			j := i
			var line drawing
			for ; j < n && !points[j].Missing; j++ {
				line.add("L%v %v", x(j), y(points[j].Voices))
			}
			path := line.String()
			d.add(`<path class="a" d="M%v 27`, x(i))
			d.WriteString(path)
			d.add(`L%v 27z"/><path class="l" d="M`, x(j-1))
			d.WriteString(path[1:])
			d.add(`"/>`)
			i = j
		}
		first, last := points[0].At, points[all-1].At
		place := func(t time.Time) (float64, bool) {
			span := last.Sub(first)
			f := float64(t.Sub(first)) / float64(max(span, 1))
			return clamp(f, 0, 1) * 112, !t.Before(first)
		}
		for _, t := range alerts {
			if at, ok := place(t); ok {
				d.add(`<path class="al" d="M%v 6h8l-4-7z"/>`, at-4)
			}
		}
		for _, t := range answers {
			if at, ok := place(t); ok {
				d.add(`<path class="an" d="M%v 0h6v6h-6z"/>`, at-3)
			}
		}
		if n < all { // the hour that is going on takes the place of the last dot
			d.add(`<circle class="sf" cx="112" cy="%v" r="2"/>`, y(points[n].Voices))
		} else if !points[n-1].Missing {
			d.add(`<circle class="e" cx="112" cy="%v" r="2.2"/>`, y(points[n-1].Voices))
		}
	}
	d.add(`</svg>`)
	return d.html()
}

func pen(up bool) string {
	if up {
		return "M"
	}
	return "L"
}

// niceStep returns a round distance between grid lines for values up to peak.
func niceStep(peak float64) float64 {
	if peak <= 4 || math.IsNaN(peak) {
		return 2
	}
	raw := peak / 3
	pow := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 5, 10} {
		if raw <= m*pow {
			return m * pow
		}
	}
	return 10 * pow
}

// labelWidth is about how wide a label of 12 px is.
func labelWidth(s string) float64 {
	var w float64
	for _, r := range s {
		if r >= 0x2e80 {
			w += 12.5
		} else {
			w += 6.8
		}
	}
	return w
}

// A due is one deadline on a ruler.
type due struct {
	at    time.Time
	title string
	grave bool
}

// rulerSpan is how far ahead the ruler of deadlines looks.
const rulerSpan = 8 * time.Hour

// ruler draws the deadlines of the next eight hours.
func (l *writer) ruler(now time.Time, list []due) template.HTML {
	from := now.Add(-15 * time.Minute)
	to := from.Add(rulerSpan + 15*time.Minute)
	left, right := 18.0, 1012.0
	x := func(t time.Time) float64 { return left + (right-left)*float64(t.Sub(from))/float64(to.Sub(from)) }
	var d drawing
	d.add(`<svg class="chart wide" viewBox="0 0 1030 118" role="img" aria-label="%v"><path class="axis" d="M18 92H1012"/>`, l.T("ruler.title", l.Clock(from), l.Clock(to)))
	for h := from.Truncate(time.Hour).Add(time.Hour); h.Before(to); h = h.Add(time.Hour) {
		d.add(`<path class="axis" d="M%v 92v5"/><text x="%v" y="112" text-anchor="middle">%v</text>`, x(h), x(h), l.Clock(h))
	}
	d.add(`<path class="now" d="M%v 13V92"/><text class="em" x="%v" y="24">%v</text>`, x(now), x(now)+5, l.T("ruler.now"))
	ends := []float64{x(now) + 50, -1e9}
	for _, e := range list {
		if e.at.Before(now) || e.at.After(to) {
			continue
		}
		at := x(e.at)
		line, dot := "axis", "pt"
		if e.grave {
			line, dot = "all", "al"
		}
		title := shorten(e.title, 24)
		wide := max(labelWidth(title)+14, 60)
		level := 0
		if at < ends[0] {
			level = 1
		}
		if at < ends[level] || at+wide > right+14 && labelWidth(title) > right-at {
			d.add(`<path class="%v" d="M%v 80V92"/><circle class="%v" cx="%v" cy="92" r="5"/>`, line, at, dot, at)
			continue
		}
		ends[level] = at + wide
		y := float64(13 + 38*level)
		d.add(`<path class="%v" d="M%v %vV92"/><circle class="%v" cx="%v" cy="92" r="5"/>`, line, at, y, dot, at)
		d.add(`<text class="em halo" x="%v" y="%v">%v</text><text class="halo" x="%v" y="%v">%v</text>`, at+6, y+11, title, at+6, y+26, l.Clock(e.at))
	}
	d.add(`</svg>`)
	return d.html()
}

// clockLine draws the life of a case from its opening to its next deadline.
func (l *writer) clockLine(now, opened, end time.Time, deadlines []hearback.Deadline) template.HTML {
	if !end.After(opened) {
		end = opened.Add(time.Hour)
	}
	if end.Before(now) {
		end = now
	}
	var d drawing
	for _, v := range []struct {
		class string
		width float64
	}{{"wide", 620}, {"narrow", 330}} {
		right := v.width - 8
		x := func(t time.Time) float64 {
			return 8 + (right-8)*clamp(float64(t.Sub(opened))/float64(end.Sub(opened)), 0, 1)
		}
		d.add(`<svg class="chart %v" viewBox="0 0 %v 62" role="img" aria-label="%v"><path class="axis" d="M8 34H%v"/><path class="obs" d="M8 34H%v"/>`,
			v.class, v.width, l.T("clock.title", l.When(opened), l.When(end)), right, x(now))
		d.add(`<path class="axis" d="M8 28V40"/><text x="8" y="56">%v</text>`, l.T("clock.opened"))
		last := 8 + labelWidth(l.T("clock.opened"))
		for _, e := range deadlines {
			at, label := x(e.Due), l.T("deadline."+string(e.Kind))
			class := "axis"
			if e.Late(now) {
				class = "all"
			}
			d.add(`<path class="%v" d="M%v 28V40"/>`, class, at)
			anchor, from := "middle", at-labelWidth(label)/2
			if at+labelWidth(label)/2 > v.width {
				anchor, from = "end", at-labelWidth(label)
			}
			if from > last+6 {
				d.add(`<text class="em" x="%v" y="56" text-anchor="%v">%v</text>`, at, anchor, label)
				last = from + labelWidth(label)
			}
		}
		anchor := "middle"
		if x(now) > right-16 {
			anchor = "end"
		} else if x(now) < 24 {
			anchor = "start"
		}
		d.add(`<path class="now" d="M%v 20V40"/><text class="em" x="%v" y="14" text-anchor="%v">%v</text></svg>`, x(now), x(now), anchor, l.T("ruler.now"))
	}
	return d.html()
}

// shorten cuts a text after n characters, at a word where there is one.
func shorten(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	cut := string(r[:n])
	if i := strings.LastIndexByte(cut, ' '); i > n/2 {
		cut = cut[:i]
	}
	return cut + "…"
}

// intervals draws the share that was in time for each tier, with its 95 %
// interval. Rows with too few cases say so.
func (l *writer) intervals(rows []tierRow) template.HTML {
	var d drawing
	for _, v := range []struct {
		class             string
		width, left, size float64
	}{{"wide", 860, 190, 5}, {"narrow", 330, 96, 4.5}} {
		right, bottom := v.width-52, float64(24+32*len(rows))
		x := func(f float64) float64 { return v.left + (right-v.left)*f }
		d.add(`<svg class="chart %v" viewBox="0 0 %v %v" role="img" aria-label="%v">`, v.class, v.width, bottom+28, l.T("pub.chart.text"))
		for _, f := range []float64{0, .5, 1} {
			d.add(`<path class="grid" d="M%v 16V%v"/><text x="%v" y="%v" text-anchor="middle">%v%%</text>`, x(f), bottom, x(f), bottom+18, int(100*f))
		}
		for i, r := range rows {
			y := float64(36 + 32*i)
			d.add(`<text class="on2" x="0" y="%v">%v</text>`, y+4, string(r.Tier))
			if v.class == "wide" {
				d.add(`<text x="%v" y="%v" text-anchor="end">%v</text>`, v.left-14, y+4, l.T("pub.cases", r.Cases))
			}
			if r.Cases < office.FewCases {
				d.add(`<text x="%v" y="%v">%v</text>`, v.left+8, y+4, l.T("pub.too_few"))
				continue
			}
			low, high := alert.Wilson(r.InTime, r.Cases)
			d.add(`<path class="iv" d="M%v %vH%v"/><circle class="pt" cx="%v" cy="%v" r="%v"/><text x="%v" y="%v" text-anchor="end">%v</text>`,
				x(low), y, x(high), x(float64(r.InTime)/float64(r.Cases)), y, v.size, v.width-2, y+4, r.Rate)
		}
		d.add(`</svg>`)
	}
	return d.html()
}
