package web

import (
	"slices"
	"time"

	"example.org/hearback"
)

type hourRow struct {
	At       time.Time
	Voices   float64
	Missing  bool
	SoFar    bool // it is not over
	Expected string
}

// An aheadRow is what is expected of a stretch of time.
type aheadRow struct {
	From, To time.Time
	Say      string
}

// series is the timeline of a concern: three days by the hour beside the usual
// level, or a month by the day, with what was raised and said. It has no points
// if nothing was counted.
func (q *request) series(c *hearback.Concern, alerts []hearback.Alert, said *hearback.Answer, band []foreseen, daily bool) (tl timeline, err error) {
	now := q.o.Now()
	tl.now, tl.daily = now, daily
	if daily {
		if tl.points, err = q.days(c, now); err != nil {
			return tl, err
		}
		tl.running = true
	} else {
		to := now.Truncate(time.Hour)
		from := to.Add(-72 * time.Hour)
		if first := c.First.Truncate(time.Hour); first.After(from) {
			from = first.Add(-2 * time.Hour)
		}
		if to.Sub(from) < 12*time.Hour {
			from = to.Add(-12 * time.Hour)
		}
		all, err := q.o.Store.Hourly(q.ctx(), c.ID, from.Add(-7*24*time.Hour), now)
		if err != nil || len(all) == 0 {
			return tl, err
		}
		cut := 0
		for cut < len(all) && all[cut].At.Before(from) {
			cut++
		}
		tl.points, tl.band = all[cut:], band
		tl.expected = usual(all[:cut], tl.points, c.First)
		tl.running = len(tl.points) > 0 && tl.points[len(tl.points)-1].At.Add(time.Hour).After(now)
	}
	for _, a := range alerts {
		tl.marks = append(tl.marks, mark{a.At, "alert"})
	}
	if said != nil {
		for i, r := range said.Public() {
			kind := "answer"
			if i > 0 {
				kind = "correction"
			}
			tl.marks = append(tl.marks, mark{r.Published, kind})
		}
	}
	return tl, nil
}

// days adds the hours of a concern up to days of the office, the last of which
// is going on. A day of which more than half was not heard is one without data.
func (q *request) days(c *hearback.Concern, now time.Time) ([]hearback.Point, error) {
	local := now.In(q.l.Zone)
	midnight := func(back int) time.Time {
		return time.Date(local.Year(), local.Month(), local.Day()-back, 0, 0, 0, 0, q.l.Zone)
	}
	most := 6 // a week at least, and no further back than the concern
	for most < daySpan-1 && midnight(most).After(c.First) {
		most++
	}
	hours, err := q.o.Store.Hourly(q.ctx(), c.ID, midnight(most), now)
	if err != nil {
		return nil, err
	}
	var days []hearback.Point
	for back := most; back >= 0; back-- {
		p := hearback.Point{At: midnight(back)}
		heard, all := 0, 0
		for len(hours) > 0 && (back == 0 || hours[0].At.Before(midnight(back-1))) {
			if all++; !hours[0].Missing {
				heard++
				p.Voices += hours[0].Voices
			}
			hours = hours[1:]
		}
		p.Missing = back > 0 && 2*heard < all
		days = append(days, p)
	}
	return days, nil
}

// concernHistory fills in the timeline and what is said with it.
func (q *request) concernHistory(p *concernPage, alerts []hearback.Alert, band []foreseen) error {
	p.Take.Path = "/concerns/" + p.C.ID.String() + "/timeline"
	if p.Daily = q.r.URL.Query().Get("by") == "day"; p.Daily {
		p.Take.Query = "?by=day"
	}
	tl, err := q.series(p.C, alerts, p.Answer, band, p.Daily)
	if err != nil || len(tl.points) < 2 {
		return err
	}
	p.Usual, p.Foreseen = tl.expected != nil, len(tl.band) > 0
	p.Timeline, p.Plot = q.l.timeline(tl, "tlt"), q.l.plot(tl)
	p.Finding, p.SoFar = q.finding(tl)
	p.Kinded, p.Gaps = tl.kinds(), tl.gaps()
	for i, pt := range tl.points {
		row := hourRow{At: pt.At, Voices: pt.Voices, Missing: pt.Missing, SoFar: tl.running && i == len(tl.points)-1}
		if tl.expected != nil {
			row.Expected = q.l.Dec(tl.expected[i])
		}
		p.Points = append(p.Points, row)
	}
	slices.Reverse(p.Points)
	for _, f := range tl.band {
		p.Ahead = append(p.Ahead, aheadRow{f.from, f.to, q.t("chart.ahead", q.l.Dec(f.mid), q.l.Dec(f.low), q.l.Dec(f.high))})
	}
	slices.Reverse(p.Ahead)
	key := "chart.text"
	if p.Daily {
		key = "chart.text_day"
	}
	p.ChartText = q.t(key, int64(len(tl.points)), q.l.When(tl.points[0].At), int64(len(tl.marks)))
	return nil
}

// finding says what a timeline shows: the last hour or day that is over beside
// the highest, and how far the one that is going on has come.
func (q *request) finding(tl timeline) (say, soFar string) {
	var top, last hearback.Point
	for _, pt := range tl.over() {
		if !pt.Missing {
			last = pt
			if pt.Voices >= top.Voices {
				top = pt
			}
		}
	}
	at, unit := q.l.When, ""
	if tl.daily {
		at, unit = q.l.Weekday, "_day"
	}
	switch {
	case last.At.IsZero():
		say = q.t("chart.finding_none" + unit)
	case top.At.Equal(last.At):
		say = q.t("chart.finding_most"+unit, int64(last.Voices+.5), at(last.At))
	default:
		say = q.t("chart.finding"+unit, int64(last.Voices+.5), at(last.At), int64(top.Voices+.5), at(top.At))
	}
	if tl.running {
		p := tl.points[len(tl.points)-1]
		soFar = q.t("chart.so_far"+unit, int64(p.Voices+.5), at(p.At))
	}
	return say, soFar
}

// usual returns the level to expect in every hour: the median of the same
// hour of the day on the days before, from when the concern was first heard.
// With fewer than three such days there is nothing to expect by.
func usual(before, points []hearback.Point, first time.Time) []float64 {
	byHour := map[int][]float64{}
	for _, p := range before {
		if !p.Missing && !p.At.Before(first.Truncate(time.Hour)) {
			byHour[p.At.UTC().Hour()] = append(byHour[p.At.UTC().Hour()], p.Voices)
		}
	}
	out := make([]float64, len(points))
	for i, p := range points {
		list := byHour[p.At.UTC().Hour()]
		if len(list) < 3 {
			return nil
		}
		slices.Sort(list)
		out[i] = list[len(list)/2]
	}
	return out
}
