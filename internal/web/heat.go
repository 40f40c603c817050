package web

import (
	"cmp"
	"context"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/web/office"
)

const (
	mostHeat = 500 // concerns that a matrix counts, the most urgent first
	heatRows = 12  // rows that it names
	heatSpan = 48  // hours that it can show
	heatAge  = time.Minute
)

// A heatCount is what a matrix is drawn from: the voices of open concerns by
// hour, for all who look.
type heatCount struct {
	hours    []heatHour // oldest first; the last is going on
	placed   []heatHour // the same for areas, which were not always counted
	areas    map[string][]int64
	themes   map[hearback.ID]*heatTheme
	concerns int
	more     bool // there are more concerns than were counted
}

type heatHour struct {
	At      time.Time
	Missing bool // nothing came in from any source
}

type heatTheme struct {
	lead  hearback.Concern // the most urgent of it
	more  int              // others that are open
	cells []int64
}

// A heatRow is one area or theme, hour by hour.
type heatRow struct {
	Label, Lang string
	URL         string
	More        int // concerns of the theme besides the one that gives its name
	Cells       []int64
	Sum, Peak   int64
	PeakAt      time.Time
}

type heatPage struct {
	frame
	By       string // "area" or "theme"
	Span     int
	Other    int // the span that is not shown
	Tabs     []tab
	OtherURL string
	Concerns int
	More     bool
	Rows     []heatRow
	Hours    []heatHour
	Silent   int // hours in which nothing came in
	Top      *heatRow
	Matrix   template.HTML
	Take     take
	Running  int // which of the hours is not over
	top      int64
	Shades   []shadeRow
}

// heatPage shows when and where, or when and of what, people spoke.
func (q *request) heatPage() error {
	p, err := q.heatMatrix()
	if err != nil {
		return err
	}
	return q.page("heat", p)
}

// heatAt is the query of a matrix.
func heatAt(by string, span int) string {
	s := "?by=" + by
	if span == heatSpan {
		s += "&hours=48"
	}
	return s
}

// heatMatrix reads which matrix is asked for and fills it.
func (q *request) heatMatrix() (*heatPage, error) {
	v := q.r.URL.Query()
	p := &heatPage{frame: q.frame(q.t("heat.title"), "concerns"), By: "area", Span: 24, Other: heatSpan}
	if v.Get("by") == "theme" {
		p.By = "theme"
	}
	if v.Get("hours") == "48" {
		p.Span, p.Other = heatSpan, 24
	}
	for _, by := range []string{"area", "theme"} {
		p.Tabs = append(p.Tabs, tab{Label: q.t("heat.by_" + by), URL: "/heat" + heatAt(by, p.Span), On: by == p.By})
	}
	p.OtherURL, p.Take = "/heat"+heatAt(p.By, p.Other), take{"/heat", heatAt(p.By, p.Span)}
	ctx := context.WithoutCancel(q.ctx())
	c, err := q.heat.Get(heatAge, func() (heatCount, error) { return q.heatCount(ctx) })
	if err != nil {
		return nil, err
	}
	p.Concerns, p.More = c.concerns, c.more
	skip := max(len(c.hours)-p.Span, 0)
	if p.Hours = c.hours[skip:]; p.By == "area" && len(c.placed) > 0 {
		p.Hours = c.placed[skip:]
	}
	p.Running = len(p.Hours) - 1
	for _, h := range p.Hours {
		if h.Missing {
			p.Silent++
		}
	}
	if p.By == "area" {
		p.Rows = q.heatAreas(&c, skip)
	} else {
		p.Rows = q.heatThemes(&c, skip)
	}
	if len(p.Rows) > 0 {
		for i := range p.Rows {
			r := &p.Rows[i]
			for k, n := range r.Cells {
				if n > r.Peak {
					r.Peak, r.PeakAt = n, p.Hours[k].At
				}
			}
			p.top = max(p.top, r.Peak)
		}
		p.Top = &p.Rows[0]
		from := shadesFrom(1, p.top)
		p.Matrix, p.Shades = q.l.matrix(p.Hours, p.Rows, from, "heattext"), q.l.shadeLegend(from, p.top)
	}
	return p, nil
}

// heatFile answers with a matrix as a picture or as figures.
func (q *request) heatFile() error {
	p, err := q.heatMatrix()
	if err != nil {
		return err
	}
	if p.Top == nil {
		return fmt.Errorf("%w: there is nothing to draw", hearback.ErrNotFound)
	}
	s := poster{title: q.t("heat.title") + q.t("trail.sep") + q.t("heat.by_"+p.By), foot: q.foot(), legend: shadeItems(p.Shades)}
	s.lines = []string{p.Top.Label + q.t("heat.finding", p.Top.Sum, p.Top.PeakAt, p.Top.Peak), q.t("heat.what_"+p.By) + q.t("sp") + q.t("heat.last")}
	s.picture = string(q.l.matrixWide(p.Hours, p.Rows, shadesFrom(1, p.top), "m"))
	s.legend = append(s.legend, legendItem{"running", q.t("legend.so_far")}, legendItem{"zero", q.t("heat.zero")}, legendItem{"missing", q.t("legend.missing")})
	rows := [][]string{{"hour", "row", "what", "voices"}}
	for i, h := range p.Hours {
		for _, r := range p.Rows {
			row := []string{h.At.In(q.l.Zone).Format(time.RFC3339), r.Label, "counted", strconv.FormatInt(r.Cells[i], 10)}
			switch {
			case h.Missing:
				row[2], row[3] = "no data", ""
			case i == len(p.Hours)-1:
				row[2] = "so far"
			}
			rows = append(rows, row)
		}
	}
	return q.sendPicture("hour-by-hour", s, rows)
}

// heatCount reads the hourly counts of the most urgent open concerns.
func (q *request) heatCount(ctx context.Context) (c heatCount, err error) {
	list, next, err := q.o.Store.ConcernList(ctx, office.ConcernFilter{Limit: mostHeat})
	if err != nil || len(list) == 0 {
		return c, err
	}
	ids := make([]hearback.ID, len(list))
	for i := range list {
		ids[i] = list[i].ID
	}
	now := q.o.Now()
	points, err := q.o.Store.Sparks(ctx, ids, now.Add(-(heatSpan-1)*time.Hour), now)
	if err != nil {
		return c, err
	}
	c = heatCount{areas: map[string][]int64{}, themes: map[hearback.ID]*heatTheme{}, concerns: len(list), more: next != ""}
	for _, p := range points[ids[0]] {
		c.hours = append(c.hours, heatHour{p.At, true})
	}
	for i := range list {
		one := &list[i]
		theme := c.themes[cmp.Or(one.Theme, one.ID)]
		if theme == nil {
			theme = &heatTheme{lead: *one, cells: make([]int64, len(c.hours))}
			c.themes[cmp.Or(one.Theme, one.ID)] = theme
		} else {
			theme.more++
		}
		for k, p := range points[one.ID] {
			n := int64(p.Voices + .5)
			theme.cells[k] += n
			c.hours[k].Missing = c.hours[k].Missing && p.Missing
		}
	}
	areas, err := q.o.Store.AreaHours(ctx, c.hours[0].At)
	if err != nil {
		return c, err
	}
	c.placed = slices.Clone(c.hours)
	first := now
	for area, points := range areas {
		cells := make([]int64, len(c.hours))
		for _, p := range points {
			if k := int(p.At.Sub(c.hours[0].At) / time.Hour); k >= 0 && k < len(cells) {
				cells[k] += int64(p.Voices + .5)
			}
		}
		c.areas[area] = cells
		if len(points) > 0 && points[0].At.Before(first) {
			first = points[0].At
		}
	}
	// Before the first count nothing was counted: that is not zero.
	for k := range c.placed {
		c.placed[k].Missing = c.placed[k].Missing || c.placed[k].At.Before(first)
	}
	return c, nil
}

// heatAreas are the rows by area: those with the most voices, then the others
// together, then what names no place.
func (q *request) heatAreas(c *heatCount, skip int) []heatRow {
	var rows []heatRow
	var nowhere heatRow
	for _, a := range slices.Sorted(maps.Keys(c.areas)) {
		r := heatRow{Label: q.l.Place(a), URL: "/concerns?view=all&area=" + template.URLQueryEscaper(a), Cells: c.areas[a][skip:]}
		if a == "" {
			nowhere = heatRow{Label: q.t("heat.nowhere"), Cells: r.Cells}
			continue
		}
		rows = append(rows, r)
	}
	rows = q.mostHeard(rows, "heat.other_areas")
	if nowhere.sum(); nowhere.Sum > 0 {
		rows = append(rows, nowhere)
	}
	return rows
}

// heatThemes are the rows by theme, each called as its most urgent concern.
func (q *request) heatThemes(c *heatCount, skip int) []heatRow {
	var rows []heatRow
	for _, id := range slices.Sorted(maps.Keys(c.themes)) {
		t := c.themes[id]
		rows = append(rows, heatRow{Label: q.ConcernTitle(&t.lead), Lang: q.TitleLang(&t.lead), URL: "/concerns/" + t.lead.ID.String(), More: t.more, Cells: t.cells[skip:]})
	}
	return q.mostHeard(rows, "heat.other_themes")
}

// mostHeard orders rows by their voices and adds up those at the end.
func (q *request) mostHeard(rows []heatRow, rest string) []heatRow {
	for i := range rows {
		rows[i].sum()
	}
	rows = slices.DeleteFunc(rows, func(r heatRow) bool { return r.Sum == 0 })
	slices.SortStableFunc(rows, func(a, b heatRow) int { return cmp.Compare(b.Sum, a.Sum) })
	if len(rows) <= heatRows {
		return rows
	}
	other := heatRow{Label: q.t(rest, len(rows)-heatRows+1), Cells: make([]int64, len(rows[0].Cells))}
	for _, r := range rows[heatRows-1:] {
		for k, n := range r.Cells {
			other.Cells[k] += n
		}
	}
	other.sum()
	return append(rows[:heatRows-1], other)
}

func (r *heatRow) sum() {
	r.Sum = 0
	for _, n := range r.Cells {
		r.Sum += n
	}
}

// matrix draws hours by rows for a wide column, with the number in each cell
// where there is room, and for a phone, with the name above its row. id names
// the sentence that says the same.
func (l *writer) matrix(hours []heatHour, rows []heatRow, from [5]int64, id string) template.HTML {
	return l.matrixWide(hours, rows, from, id) + l.matrixAt(hours, rows, from, id, "narrow", 330, 0)
}

func (l *writer) matrixWide(hours []heatHour, rows []heatRow, from [5]int64, id string) template.HTML {
	label := 90.0
	for _, r := range rows {
		label = clamp(labelWidth(r.Label)+12, label, 290)
	}
	return l.matrixAt(hours, rows, from, id, "wide", 1030, label)
}

func (l *writer) matrixAt(hours []heatHour, rows []heatRow, from [5]int64, id, class string, width, label float64) template.HTML {
	narrow := label == 0
	high, above, sums := 28.0, 0.0, 56.0
	if narrow {
		high, above, sums = 18, 20, 0
	}
	cell := (width - label - sums) / float64(len(hours))
	bottom := float64(len(rows)) * (high + above)
	hatch := "hatch-" + id + "-" + class[:1]

	var d drawing
	d.add(`<svg class="chart matrix %v" viewBox="0 0 %v %v" role="img" aria-labelledby="%v"><defs><pattern id="%v" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hl" d="M0 0V6"/></pattern></defs>`,
		class, width, bottom+26, id, hatch)
	for i, r := range rows {
		top := float64(i)*(high+above) + above
		name := func(x, y, room float64) {
			d.add(`<text class="em" x="%v" y="%v"`, x, y)
			if r.Lang != "" {
				d.add(` lang="%v"`, r.Lang)
			}
			d.add(`>%v</text>`, cutTo(r.Label, room))
		}
		if narrow {
			name(0, top-5, width-60)
			d.add(`<text x="%v" y="%v" text-anchor="end">%v</text>`, width, top-5, l.Num(r.Sum))
		} else {
			name(0, top+high/2+4, label)
			d.add(`<text x="%v" y="%v" text-anchor="end">%v</text>`, width, top+high/2+4, l.Num(r.Sum))
		}
		for k, n := range r.Cells {
			x := label + float64(k)*cell
			switch step := shade(n, from); {
			case hours[k].Missing:
				if k > 0 && hours[k-1].Missing {
					continue
				}
				n := 1
				for k+n < len(hours) && hours[k+n].Missing {
					n++
				}
				d.add(`<rect class="gap" fill="url(#%v)" x="%v" y="%v" width="%v" height="%v"/>`, hatch, x, top, float64(n)*cell-1, high-1)
			case step == 0:
				class := "q0"
				if k == len(hours)-1 {
					class += " run"
				}
				d.add(`<rect class="%v" x="%v" y="%v" width="%v" height="%v"/>`, class, x+.5, top+.5, cell-2, high-2)
			default:
				class := "q" + strconv.Itoa(step)
				if k == len(hours)-1 {
					class += " run" // the hour is not over
				}
				d.add(`<rect class="%v" x="%v" y="%v" width="%v" height="%v"/>`, class, x, top, cell-1, high-1)
				if number := l.Num(n); !narrow && cell >= 26 && labelWidth(number) <= cell-2 {
					on := "on2"
					if step >= 4 {
						on = "on4"
					}
					d.add(`<text class="%v" x="%v" y="%v" text-anchor="middle">%v</text>`, on, x+cell/2-.5, top+high/2+4, number)
				}
			}
		}
	}
	// Hours are named as often as there is room; midnight by its day.
	every := 24
	for _, n := range []int{12, 6, 4, 3, 2, 1} {
		if float64(n)*cell >= 46 {
			every = n
		}
	}
	end := 0.0 // of the name before
	for k, h := range hours {
		at := h.At.In(l.Zone)
		if at.Hour()%every != 0 {
			continue
		}
		x := label + float64(k)*cell
		text, mark := l.Clock(at), ""
		if at.Hour() == 0 {
			text, mark = l.ShortDay(at), "em"
		}
		if x < end || x+labelWidth(text) > width {
			continue
		}
		end = x + labelWidth(text) + 4
		d.add(`<path class="axis" d="M%v %vv6"/><text class="%v" x="%v" y="%v">%v</text>`, x, bottom, mark, x, bottom+20, text)
	}
	d.add(`</svg>`)
	return d.html()
}

// cutTo shortens a label of 12 px to a width.
func cutTo(s string, room float64) string {
	if labelWidth(s) <= room {
		return s
	}
	r := []rune(s)
	for len(r) > 0 && labelWidth(string(r))+8 > room {
		r = r[:len(r)-1]
	}
	return strings.TrimSpace(string(r)) + "…"
}
