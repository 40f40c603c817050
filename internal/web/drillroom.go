package web

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/publish"
	"example.org/hearback/internal/web/office"
)

// drillSpeeds are the speeds that buttons offer.
var drillSpeeds = []float64{1, 10, 60, 720}

// A drillPage is the room of a drill, or where there is none, what could be
// played.
type drillPage struct {
	frame
	office.DrillView
	Speeds []pressed
	Chart  template.HTML
	Offers []office.DrillOffer
}

type pressed struct {
	Value, Label string
	On           bool
}

// drillPage shows the drill that is played here, or which ones could be.
func (q *request) drillPage() error {
	if q.o.Room == nil {
		p := &drillPage{frame: q.frame(q.t("nav.drills"), "drill"), Offers: q.o.Drills}
		for i := range p.Offers {
			p.Offers = slices.Clone(p.Offers)
			p.Offers[i].Title = q.DrillNamed(office.DrillName{Name: p.Offers[i].Name, Title: p.Offers[i].Title, TitleZH: p.Offers[i].TitleZH})
		}
		return q.page("drill", p)
	}
	p, err := q.drillView()
	if err != nil {
		return err
	}
	return q.page("drill", p)
}

// drillView is the room with what only pages need.
func (q *request) drillView() (*drillPage, error) {
	v, err := q.Drill(q.ctx())
	if err != nil {
		return nil, err
	}
	p := &drillPage{frame: q.frame(v.Name, "drill"), DrillView: *v, Chart: q.l.drillBars(&v.S, v.Concerns)}
	speeds := drillSpeeds
	if !slices.Contains(speeds, v.S.Speed) {
		speeds = append(slices.Clone(speeds), v.S.Speed)
	}
	for _, x := range speeds {
		p.Speeds = append(p.Speeds, pressed{strconv.FormatFloat(x, 'f', -1, 64), q.t("drill.times", x), x == v.S.Speed && !v.S.Paused})
	}
	return p, nil
}

// drillBars draws onset, finding and answer of every concern of a drill.
func (l *writer) drillBars(s *office.DrillState, rows []office.DrillConcernRow) template.HTML {
	if len(rows) == 0 {
		return ""
	}
	const width, label, step = 730., 208., 26.
	first := rows[0].Onset
	for _, c := range rows {
		first = min(first, c.Onset)
	}
	last := max(s.At, first+6*time.Hour)
	x := func(d time.Duration) float64 {
		return label + (width-label-84)*clamp(float64(d-first)/float64(last-first), 0, 1)
	}
	foot := step*float64(len(rows)) + 8
	var d drawing
	d.add(`<svg class="chart wide lane" viewBox="0 0 730 %v" role="img" aria-label="%v">`, foot+28, l.T("drill.chart"))
	every := time.Hour
	for _, e := range []time.Duration{2, 6, 12, 24, 48, 168} {
		if (last-first)/every > 8 {
			every = e * time.Hour
		}
	}
	day := ""
	begin := s.Start.Add(first).In(l.Zone)
	for t := begin.Truncate(time.Hour); !t.After(s.Start.Add(last)); t = t.Add(time.Hour) {
		if t.Before(begin) || (time.Duration(t.Hour())*time.Hour)%min(every, 24*time.Hour) != 0 {
			continue
		}
		if every > 24*time.Hour && (t.YearDay()*24/int(every.Hours()))*int(every.Hours()) != t.YearDay()*24 {
			continue
		}
		at := x(t.Sub(s.Start))
		d.add(`<path class="grid" d="M%v 4V%v"/><text x="%v" y="%v" text-anchor="middle">%v</text>`, at, foot, at, foot+15, l.Clock(t))
		if name := l.ShortDay(t); name != day {
			day = name
			d.add(`<text x="%v" y="%v" text-anchor="middle">%v</text>`, at, foot+28, name)
		}
	}
	for i, c := range rows {
		y := step*float64(i) + 18
		end := s.At
		if c.Answered >= 0 {
			end = c.Answered
		}
		found := c.Found
		if found < 0 {
			found = end
		}
		d.add(`<text class="on2" x="%v" y="%v" text-anchor="end">%v</text>`, label-10, y+4, shortenWide(c.Label, 31))
		d.add(`<path class="all" d="M%v %vH%v"/><path class="obs" d="M%v %vH%v"/><path class="axis" d="M%v %vv12"/>`, x(c.Onset), y, x(found), x(found), y, x(end), x(c.Onset), y-6)
		if c.Found >= 0 {
			d.add(`<path class="al" d="M%v %vh10l-5-10z"/>`, x(c.Found)-5, y+5)
		} else {
			d.add(`<text x="%v" y="%v">%v</text>`, x(end)+6, y+4, l.T("drill.not_found"))
		}
		if c.Answered >= 0 {
			d.add(`<path class="an" d="M%v %vh10v10h-10z"/>`, x(c.Answered)-5, y-5)
		}
	}
	d.add(`<path class="now" d="M%v 4V%v"/></svg>`, x(s.At), foot)
	return d.html()
}

// shortenWide cuts a label to so many narrow letters; a Han character is as wide
// as two.
func shortenWide(s string, most int) string {
	n := 0
	for i, r := range s {
		n++
		if r >= 0x2e80 {
			n++
		}
		if n > most {
			return s[:i] + "…"
		}
	}
	return s
}

// drillPace changes the speed of a drill, lets it stand, or ends it.
func (q *request) drillPace() error {
	speed, _ := strconv.ParseFloat(q.form("speed"), 64) // what cannot be read is no speed
	if err := q.SetPace(q.form("act"), speed); err != nil {
		return err
	}
	return q.see("/drill", "")
}

func (q *request) rateObjective() error {
	if err := q.KeepRating(q.ctx(), q.form("objective"), hearback.DrillRating(q.form("rating"))); err != nil {
		return err
	}
	return q.see("/drill#objectives", "objective_rated")
}

func (q *request) observe() error {
	if err := q.KeepObservation(q.ctx(), q.readObservation()); err != nil {
		return err
	}
	return q.see("/drill#observations", "observed")
}

func (q *request) readObservation() hearback.Observation {
	o := hearback.Observation{Objective: q.form("objective"), Improve: q.form("sort") == "improve", Text: q.form("text"), Action: q.form("action"), Desk: q.form("desk"), Due: q.form("due")}
	o.Version, _ = strconv.Atoi(q.form("version"))
	return o
}

func (q *request) changeObservation() error {
	id, err := q.id()
	if err != nil {
		return err
	}
	if q.form("act") == "remove" {
		if err := q.o.Store.DropObservation(q.ctx(), id); err != nil {
			return err
		}
		return q.see("/drill#observations", "observation_removed")
	}
	o := q.readObservation()
	o.ID = id
	if err := q.KeepObservation(q.ctx(), o); err != nil {
		return err
	}
	return q.see("/drill#observations", "saved")
}

// drillSheet is the after-action sheet, to read and to print.
func (q *request) drillSheet() error {
	p, err := q.drillView()
	if err != nil {
		return err
	}
	p.Title = q.t("drill.sheet_of", p.Name)
	return q.page("drill_sheet", p)
}

// drillCSV and drillJSON are the same for other programs.
func (q *request) drillCSV() error {
	x, err := q.DrillReport(q.ctx())
	if err != nil {
		return err
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	row := func(cells ...string) {
		for i := range cells {
			cells[i] = publish.SafeCell(cells[i])
		}
		_ = w.Write(cells) // a buffer takes everything
	}
	row("part", "name", "value", "at", "by", "note")
	row("drill", x.Title, "", x.Start.Format(time.RFC3339), "", fmt.Sprintf("seed %d", x.Seed))
	for _, o := range x.Objectives {
		row("objective", o.Title, string(o.Rating), "", o.By, string(o.Proposed))
	}
	for _, i := range x.Items {
		v := i.State
		if i.State == "given" {
			v = fmt.Sprintf("%d of %d", i.Points, i.Of)
		}
		row("item", i.Name, v, "", "", "")
	}
	stamp := func(t *time.Time) string {
		if t == nil {
			return ""
		}
		return t.Format(time.RFC3339)
	}
	for _, c := range x.Concerns {
		row("onset", c.Title, "", c.Onset.Format(time.RFC3339), "", "")
		row("found", c.Title, "", stamp(c.Found), "", "")
		row("case", c.Title, "", stamp(c.Opened), "", "")
		row("answered", c.Title, "", stamp(c.Answered), "", "")
	}
	for _, e := range x.Expectations {
		row("expectation", e.Say, e.State, stamp(e.At), "", e.Seen)
	}
	for _, o := range x.Observations {
		row(o.Sort, o.Text, o.Action, o.Due, o.Desk, o.Objective)
	}
	w.Flush()
	return q.drillFile("text/csv; charset=utf-8; header=present", "csv", b.Bytes())
}

func (q *request) drillJSON() error {
	x, err := q.DrillReport(q.ctx())
	if err != nil {
		return err
	}
	b, err := json.MarshalIndent(x, "", "  ")
	if err != nil {
		return err
	}
	return q.drillFile("application/json; charset=utf-8", "json", b)
}

// DrillSheet writes the after-action sheet of a drill as JSON, to be kept when
// its store is gone. It returns nothing if there is nothing to keep: the drill
// has not ended, and nobody has written anything about it.
func DrillSheet(ctx context.Context, o Options) ([]byte, error) {
	s, err := newServer(o, true)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/drill/sheet.json", nil)
	if err != nil {
		return nil, err
	}
	q := &request{server: s, Caller: &office.Caller{Office: s.office, Account: drillAccount("evaluator", "en")}, r: r}
	q.speak("en")
	x, err := q.DrillReport(ctx)
	rated := slices.ContainsFunc(x.Objectives, func(o office.DrillReportObjective) bool { return o.Rating != "" })
	if err != nil || !x.Ended && len(x.Observations) == 0 && !rated {
		return nil, err
	}
	return json.MarshalIndent(x, "", "  ")
}

func (q *request) drillFile(kind, ext string, b []byte) error {
	q.w.Header().Set("Content-Type", kind)
	q.w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", fmt.Sprintf("drill-%s.%s", q.o.Now().Format(time.DateOnly), ext)))
	_, err := q.w.Write(b)
	return err
}
