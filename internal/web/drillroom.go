package web

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/publish"
	"example.org/hearback/internal/web/office"
)

// maxObservations is how many observations one drill holds.
const maxObservations = 200

// drillSpeeds are the speeds that buttons offer.
var drillSpeeds = []float64{1, 10, 60, 720}

// An objective is what a drill practises, and which items of the drill sheet
// bear on it.
type objective struct {
	name  string
	items []string
}

// usualObjectives are practised by a drill that names none.
var usualObjectives = []objective{
	{"listen", []string{"coverage", "time", "alerts", "grouping"}},
	{"triage", []string{"harm", "routing"}},
	{"clocks", []string{"clocks"}},
	{"verify", []string{"verification"}},
	{"answer", []string{"answers"}},
	{"safeguards", []string{"review", "correction"}},
}

type drillPage struct {
	frame
	S          DrillState
	Name       string // of the drill
	Now, Ends  time.Time
	Key        bool // whoever looks may see what is hidden, and what is still to come
	Control    bool
	Evaluate   bool
	Speeds     []pressed
	Chart      template.HTML
	Found      int
	Given, Of  int // points
	Clocks     string
	Concerns   []drillConcernRow
	Expects    []drillExpectRow
	Came       []drillInjectRow // injects that have begun, newest first
	Coming     []drillInjectRow // the others, the next one first
	Points     []DrillPoints
	Objectives []objectiveRow
	Strengths  []observationRow
	Improve    []observationRow
	Acts       []office.EntryRow
	Who        []drillWho
	ActsN      int // how many acts there were
	Desks      []option
	Blank      observationRow // what the empty form holds
	Offers     []DrillOffer
	Version    string // of what stands in its lists
	Proposed   hearback.DrillRating
	Steps      []drillStep
	// Numbers in words.
	Hour, MedianSay, ClocksSay string
	Hours                      int64 // of voices that waited
}

type pressed struct {
	Value, Label string
	On           bool
}

type drillConcernRow struct {
	DrillConcern
	Label                       string
	Began                       time.Time
	FoundIn, OpenedIn, AnswerIn time.Duration // after the onset; negative if it has not come
}

type drillExpectRow struct {
	DrillExpect
	Say, Seen, Stands, Class string
	Due                      time.Time
}

type drillInjectRow struct {
	DrillInject
	Say string
	On  time.Time
}

type objectiveRow struct {
	Name, Label string
	Rated       *hearback.Rated
	Proposed    hearback.DrillRating // "" if nothing was measured
	Ratings     []hearback.DrillRating
}

type observationRow struct {
	hearback.Observation
	About, Owner string
	Key          string // of the fields of its form
	Desks        []option
	Objectives   []objectiveRow
	May          bool // whoever looks may change it
	DueSay       string
}

// A drillWho is one of the people of a drill, by role.
type drillWho struct {
	Actor string
	Acts  int
}

// A drillStep is one interval of the way from onset to answer.
type drillStep struct {
	Name     string
	N        int
	Median   time.Duration
	Slowest  time.Duration
	Slowly   string // the concern that took longest
	Neck     bool   // the step took longer than any other
	Unfinish int    // concerns that have not come so far
}

// drillName chooses the language of a name.
func (q *request) drillName(n DrillName) string {
	if q.l.Lang == "zh" && n.TitleZH != "" {
		return n.TitleZH
	}
	if n.Title == "" {
		return n.Name
	}
	return n.Title
}

// drillPage shows the drill that is played here, or which ones could be.
func (q *request) drillPage() error {
	if q.o.Room == nil {
		p := &drillPage{frame: q.frame(q.t("nav.drills"), "drill"), Offers: q.o.Drills}
		for i := range p.Offers {
			p.Offers = slices.Clone(p.Offers)
			p.Offers[i].Title = q.drillName(DrillName{p.Offers[i].Name, p.Offers[i].Title, p.Offers[i].TitleZH})
		}
		return q.page("drill", p)
	}
	p, err := q.drillView()
	if err != nil {
		return err
	}
	return q.page("drill", p)
}

// drillView gathers all that is said of the drill, as far as whoever looks may
// see it: people who practise are not shown the key before the end.
func (q *request) drillView() (*drillPage, error) {
	if q.o.Room == nil {
		return nil, fmt.Errorf("%w: no drill is played here", hearback.ErrNotFound)
	}
	s := q.o.Room.Drill()
	p := &drillPage{S: s, Name: q.drillName(DrillName{"", s.Title, s.TitleZH}), Now: s.Start.Add(s.At), Ends: s.Start.Add(s.Length),
		Control: q.may(access.RunDrill) && !s.Ended, Evaluate: q.may(access.Evaluate)}
	p.Key = s.Ended || q.may(access.RunDrill) || p.Evaluate
	p.frame = q.frame(p.Name, "drill")
	for _, v := range drillSpeeds {
		p.Speeds = append(p.Speeds, pressed{strconv.FormatFloat(v, 'f', -1, 64), q.t("drill.times", v), v == s.Speed && !s.Paused})
	}
	if !slices.Contains(drillSpeeds, s.Speed) {
		p.Speeds = append(p.Speeds, pressed{strconv.FormatFloat(s.Speed, 'f', -1, 64), q.t("drill.times", s.Speed), !s.Paused})
	}
	q.drillNumbers(p)
	names := map[string]string{}
	for _, c := range s.Concerns {
		names[c.Name] = q.drillName(c.DrillName)
		if c.Found >= 0 {
			p.Found++
		}
		after := func(d time.Duration) time.Duration {
			if d < 0 {
				return d
			}
			return d - c.Onset
		}
		p.Concerns = append(p.Concerns, drillConcernRow{c, names[c.Name], s.Start.Add(c.Onset), after(c.Found), after(c.Opened), after(c.Answered)})
	}
	for _, x := range s.Points {
		if x.State == "given" {
			p.Given, p.Of = p.Given+x.Got, p.Of+x.Of
		}
	}
	p.Points = s.Points
	if p.Of > 0 {
		p.Proposed = hearback.RateShare(float64(p.Given) / float64(p.Of))
	}
	called := func(name string) string {
		if names[name] != "" {
			return names[name]
		}
		return q.drillName(s.named(name))
	}
	deskNames, err := q.DeskNames(q.ctx())
	if err != nil {
		return nil, err
	}
	for _, e := range s.Expects {
		p.Expects = append(p.Expects, q.drillExpect(e, called(e.Concern), s.Start))
	}
	for _, i := range s.Injects {
		r := drillInjectRow{DrillInject: i, On: s.Start.Add(i.At)}
		switch i.What {
		case "post":
			r.Say = q.t("drill.inject.post", i.N, called(i.Concern), q.l.LangName(i.Lang), i.Source)
		case "outage":
			r.Say = q.t("drill.inject.outage", i.Source, i.End-i.At)
		case "answer":
			r.Say = q.t("drill.inject.answer", called(i.Concern), deskNames[i.Desk])
		}
		if i.At <= s.At {
			p.Came = append(p.Came, r)
		} else {
			p.Coming = append(p.Coming, r)
		}
	}
	slices.Reverse(p.Came)
	p.Steps = drillSteps(p.Concerns, s.At)
	p.Chart = q.l.drillBars(&s, p.Concerns)
	if err := q.drillNotes(p, deskNames); err != nil {
		return nil, err
	}
	if err := q.drillActs(p); err != nil {
		return nil, err
	}
	if !p.Key { // what is not shown must not be in the page either
		p.Concerns, p.Expects, p.Came, p.Coming, p.Points, p.Steps, p.Chart, p.Proposed = nil, nil, nil, nil, nil, nil, "", ""
		p.Found, p.Given, p.Of = 0, 0, 0
		p.S.Concerns, p.S.Expects, p.S.Injects, p.S.Points, p.S.Names, p.S.VoiceHours, p.Hours, p.MedianSay = nil, nil, nil, nil, nil, 0, 0, ""
		for i := range p.Objectives {
			p.Objectives[i].Proposed = ""
		}
	}
	decided := 0
	for _, e := range p.Expects {
		if e.State != "waits" {
			decided++
		}
	}
	seq := int64(0)
	if len(p.Acts) > 0 {
		seq = p.Acts[0].Seq
	}
	p.Version = fmt.Sprint(decided, ".", p.Found, ".", len(p.Came), ".", seq, ".", len(p.Strengths)+len(p.Improve), ".", s.Ended, ".", s.Paused, ".", s.Speed)
	return p, nil
}

// drillNumbers writes the four numbers of the room.
func (q *request) drillNumbers(p *drillPage) {
	s := &p.S
	p.Hour = q.t("drill.hour", int(s.At/(24*time.Hour))+1, int(s.At.Hours()), int(math.Round(s.Length.Hours())))
	if !s.Ended && !s.Paused && s.Speed > 0 {
		left := time.Duration(float64(s.Length-s.At) / s.Speed)
		if left < time.Minute {
			p.Hour += q.t("sp") + q.t("drill.left_soon")
		} else {
			p.Hour += q.t("sp") + q.t("drill.left", left)
		}
	}
	if p.MedianSay = q.t("drill.median_none"); s.Median >= 0 {
		p.MedianSay = q.t("drill.median", s.Median)
	}
	k := s.Clocks
	switch n := k.Met + k.Late; {
	case n > 0:
		p.Clocks = q.share(float64(k.Met) / float64(n))
		p.ClocksSay = q.t("drill.clocks", k.Met, n)
		if k.P1 > 0 {
			p.ClocksSay += q.t("sp") + q.t("drill.p1", k.P1Met, k.P1)
		}
	case k.Running > 0:
		p.ClocksSay = q.t("drill.clocks_run", k.Running)
	default:
		p.ClocksSay = q.t("drill.clocks_none")
	}
	p.Hours = int64(math.Round(s.VoiceHours))
}

// drillCells are what changes in place while the room is open, by the names in
// the page, and the version of what does not.
func (q *request) drillCells() (cells map[string]string, version string, err error) {
	p, err := q.drillView()
	if err != nil {
		return nil, "", err
	}
	cells = map[string]string{"clock": q.l.Clock(p.Now), "hour": p.Hour, "clocks_say": p.ClocksSay, "clocks": "–", "sent": q.l.Num(int64(p.S.Sent)), "acts": q.l.Num(int64(p.ActsN))}
	if p.Clocks != "" {
		cells["clocks"] = p.Clocks
	}
	if p.Key {
		cells["found"], cells["of"], cells["median"], cells["hours"] = q.l.Num(int64(p.Found)), q.t("drill.of_so_far", len(p.Concerns)), p.MedianSay, q.l.Num(p.Hours)
	}
	return cells, p.Version, nil
}

// named returns the name for people of a concern that nothing is expected of.
func (s *DrillState) named(name string) DrillName {
	for _, n := range s.Names {
		if n.Name == name {
			return n
		}
	}
	return DrillName{Name: name}
}

// drillExpect says an expectation and what became of it in words.
func (q *request) drillExpect(e DrillExpect, concern string, start time.Time) drillExpectRow {
	r := drillExpectRow{DrillExpect: e, Due: start.Add(e.By)}
	yes := "drill.expect." + e.What
	if e.Not {
		yes = "drill.expect.no_" + e.What
	}
	langNames := func(codes []string) string {
		var list []string
		for _, c := range codes {
			list = append(list, q.l.LangName(c))
		}
		return q.l.List(list)
	}
	r.Say = q.t(yes, concern)
	switch {
	case e.What == "concern" && len(e.Langs) > 0:
		r.Say = q.t(yes+"_in", concern, langNames(e.Langs))
	case e.Alert != "":
		r.Say = q.t(yes+"_of", concern, q.l.Label("alertkind", e.Alert))
	case e.Case != "":
		r.Say = q.t(yes+"_state", concern, q.l.Label("casestate", e.Case))
	case e.Clock != "" && e.Missed:
		r.Say = q.t(yes+"_missed", concern, q.l.Label("deadline", e.Clock))
	case e.Clock != "":
		r.Say = q.t(yes, concern, q.l.Label("deadline", e.Clock))
	}
	if e.State != "waits" {
		switch {
		case e.Voices == 0:
			r.Seen = q.t("drill.seen.nothing")
		case e.What == "concern":
			r.Seen = q.t("drill.seen.concern", e.Voices, q.share(e.Together), langNames(e.SeenLangs))
		case e.What == "alert" && e.SeenAlert == "":
			r.Seen = q.t("drill.seen.no_alert", e.Voices)
		case e.What == "alert":
			r.Seen = q.l.Label("alertkind", e.SeenAlert)
		case !e.HasCase:
			r.Seen = q.t("drill.seen.no_case")
		case e.What == "case":
			r.Seen = q.l.Label("casestate", e.SeenCase)
		case !e.Due.IsZero():
			r.Seen = q.t("drill.seen.due", e.Due)
		}
	}
	at := start.Add(e.At)
	switch e.State {
	case "met":
		r.Class, r.Stands = "done", q.t("drill.met", at)
		if e.Not {
			r.Stands = q.t("drill.held")
		}
	case "late":
		r.Class, r.Stands = "warn", q.t("drill.late", at, e.At-e.By)
	case "missed":
		r.Class, r.Stands = "bad", q.t("drill.missed")
		if e.Not {
			r.Stands = q.t("drill.happened", at)
		}
	default:
		r.Class, r.Stands = "open", q.t("drill.waits")
	}
	return r
}

// drillNotes gathers what the evaluator said.
func (q *request) drillNotes(p *drillPage, deskNames map[string]string) error {
	desks, err := q.LiveDesks(q.ctx())
	if err != nil {
		return err
	}
	for _, d := range desks {
		p.Desks = append(p.Desks, option{d.Slug, q.DeskName(d)})
	}
	rated, err := q.o.Store.RatedObjectives(q.ctx())
	if err != nil {
		return err
	}
	points := map[string]DrillPoints{}
	for _, x := range p.S.Points {
		points[x.Name] = x
	}
	add := func(name, label string, items []string) {
		r := objectiveRow{Name: name, Label: label, Ratings: hearback.DrillRatings()}
		if i := slices.IndexFunc(rated, func(x hearback.Rated) bool { return x.Objective == name }); i >= 0 {
			r.Rated = &rated[i]
		}
		got, of := 0, 0
		for _, item := range items {
			if x := points[item]; x.State == "given" {
				got, of = got+x.Got, of+x.Of
			}
		}
		if of > 0 {
			r.Proposed = hearback.RateShare(float64(got) / float64(of))
		}
		p.Objectives = append(p.Objectives, r)
	}
	for _, o := range p.S.Objectives {
		add(o.Name, q.drillName(o), nil)
	}
	if len(p.S.Objectives) == 0 {
		for _, o := range usualObjectives {
			add(o.name, q.t("drill.objective."+o.name), o.items)
		}
	}
	p.Blank = observationRow{Key: "new", Desks: p.Desks, Objectives: p.Objectives}
	notes, err := q.o.Store.Observations(q.ctx())
	if err != nil {
		return err
	}
	for _, o := range notes {
		r := observationRow{Observation: o, About: o.Objective, Owner: deskNames[o.Desk], Key: o.ID.String(), Desks: p.Desks, Objectives: p.Objectives, May: p.Evaluate}
		if day, err := time.Parse(time.DateOnly, o.Due); err == nil {
			r.DueSay = q.l.Day(day.Add(12 * time.Hour))
		}
		if i := slices.IndexFunc(p.Objectives, func(x objectiveRow) bool { return x.Name == o.Objective }); i >= 0 {
			r.About = p.Objectives[i].Label
		}
		if o.Improve {
			p.Improve = append(p.Improve, r)
		} else {
			p.Strengths = append(p.Strengths, r)
		}
	}
	return nil
}

// drillActs gathers what people did since the drill began, by role, from the
// log.
func (q *request) drillActs(p *drillPage) error {
	size, err := q.o.Store.LogSize(q.ctx())
	if err != nil {
		return err
	}
	list, err := q.o.Store.EntriesBefore(q.ctx(), size, "", 1000)
	if err != nil {
		return err
	}
	n := map[string]int{}
	list = slices.DeleteFunc(list, func(e hearback.Entry) bool {
		var leaf struct {
			Actor string `json:"actor"`
		}
		_ = json.Unmarshal(e.Leaf, &leaf) // who cannot be read did nothing that is counted
		person := strings.Contains(leaf.Actor, "#") && e.At.After(p.S.Start)
		if person {
			n[leaf.Actor]++
		}
		return !person
	})
	for actor, acts := range n {
		p.Who = append(p.Who, drillWho{q.l.ActorText(actor), acts})
	}
	slices.SortFunc(p.Who, func(a, b drillWho) int {
		if a.Acts != b.Acts {
			return b.Acts - a.Acts
		}
		return strings.Compare(a.Actor, b.Actor)
	})
	const shown = 12
	p.ActsN = len(list)
	p.Acts = q.EntryRows(list[:min(len(list), shown)])
	return nil
}

// drillSteps cuts the way from onset to answer into its intervals, and says
// which was the slowest.
func drillSteps(list []drillConcernRow, now time.Duration) []drillStep {
	ends := []struct {
		name     string
		from, to func(c DrillConcern) time.Duration
	}{
		{"find", func(c DrillConcern) time.Duration { return c.Onset }, func(c DrillConcern) time.Duration { return c.Found }},
		{"open", func(c DrillConcern) time.Duration { return c.Found }, func(c DrillConcern) time.Duration { return c.Opened }},
		{"answer", func(c DrillConcern) time.Duration { return c.Opened }, func(c DrillConcern) time.Duration { return c.Answered }},
	}
	var steps []drillStep
	neck := -1
	for _, e := range ends {
		s := drillStep{Name: e.name, Median: -1, Slowest: -1}
		var all []time.Duration
		for _, c := range list {
			from, to := e.from(c.DrillConcern), e.to(c.DrillConcern)
			if from < 0 {
				continue
			}
			if to < 0 {
				s.Unfinish++
				to = now
			} else {
				s.N++
			}
			d := max(to-from, 0)
			all = append(all, d)
			if d > s.Slowest {
				s.Slowest, s.Slowly = d, c.Label
			}
		}
		if len(all) > 0 {
			slices.Sort(all)
			s.Median = all[len(all)/2]
		}
		if s.Median > 0 && (neck < 0 || s.Median > steps[neck].Median) {
			neck = len(steps)
		}
		steps = append(steps, s)
	}
	if neck >= 0 {
		steps[neck].Neck = true
	}
	return steps
}

// drillBars draws onset, finding and answer of every concern of a drill.
func (l *writer) drillBars(s *DrillState, rows []drillConcernRow) template.HTML {
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
	if q.o.Room == nil {
		return fmt.Errorf("%w: no drill is played here", hearback.ErrNotFound)
	}
	return q.setPace(q.form("act"), q.form("speed"))
}

func (q *request) setPace(act, speed string) error {
	s := q.o.Room.Drill()
	if s.Ended {
		return fmt.Errorf("%w: this drill has ended", hearback.ErrConflict)
	}
	switch act {
	case "pause":
		q.o.Room.PauseDrill(true)
	case "resume":
		q.o.Room.PauseDrill(false)
	case "speed":
		v, err := strconv.ParseFloat(speed, 64)
		if err != nil || !(v >= 1) || v > 100_000 {
			return fmt.Errorf("%w: the speed of a drill is 1 to 100000 times that of life", hearback.ErrInvalid)
		}
		q.o.Room.SetSpeed(v)
		q.o.Room.PauseDrill(false)
	case "end":
		q.o.Room.EndDrill(q.by(access.RunDrill))
	default:
		return fmt.Errorf("%w: choose pause, resume, speed or end", hearback.ErrInvalid)
	}
	return q.see("/drill", "")
}

// objectives returns the names of what is practised.
func (q *request) objectives() (names []string, err error) {
	if q.o.Room == nil {
		return nil, fmt.Errorf("%w: no drill is played here", hearback.ErrNotFound)
	}
	for _, o := range q.o.Room.Drill().Objectives {
		names = append(names, o.Name)
	}
	if len(names) == 0 {
		for _, o := range usualObjectives {
			names = append(names, o.name)
		}
	}
	return names, nil
}

func (q *request) rateObjective() error {
	if err := q.keepRating(q.form("objective"), hearback.DrillRating(q.form("rating"))); err != nil {
		return err
	}
	return q.see("/drill#objectives", "objective_rated")
}

func (q *request) keepRating(name string, rating hearback.DrillRating) error {
	names, err := q.objectives()
	if err != nil {
		return err
	}
	if !slices.Contains(names, name) {
		return fmt.Errorf("%w: the drill has no such objective", hearback.ErrInvalid)
	}
	r := hearback.Rated{Objective: name, Rating: rating, By: q.by(access.Evaluate), At: q.o.Now()}
	if err := r.Check(); err != nil {
		return err
	}
	return q.o.Store.RateObjective(q.ctx(), r)
}

func (q *request) observe() error {
	if err := q.keepObservation(q.readObservation()); err != nil {
		return err
	}
	return q.see("/drill#observations", "observed")
}

func (q *request) readObservation() hearback.Observation {
	o := hearback.Observation{Objective: q.form("objective"), Improve: q.form("sort") == "improve", Text: q.form("text"), Action: q.form("action"), Desk: q.form("desk"), Due: q.form("due")}
	o.Version, _ = strconv.Atoi(q.form("version"))
	return o
}

// keepObservation adds an observation, or changes the one of that id.
func (q *request) keepObservation(o hearback.Observation) error {
	names, err := q.objectives()
	if err != nil {
		return err
	}
	if !slices.Contains(names, o.Objective) {
		return fmt.Errorf("%w: the drill has no such objective", hearback.ErrInvalid)
	}
	if err := o.Check(); err != nil {
		return err
	}
	if o.Desk != "" {
		desks, err := q.LiveDesks(q.ctx())
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(desks, func(d hearback.Desk) bool { return d.Slug == o.Desk }) {
			return fmt.Errorf("%w: there is no desk %.40q; choose one from the list of desks", hearback.ErrInvalid, o.Desk)
		}
	}
	if o.ID != 0 {
		return q.o.Store.ChangeObservation(q.ctx(), o)
	}
	o.By, o.At = q.by(access.Evaluate), q.o.Now()
	return q.o.Store.AddObservation(q.ctx(), o, maxObservations)
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
	if err := q.keepObservation(o); err != nil {
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
	x, err := q.drillReport()
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
	x, err := q.drillReport()
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
	x, err := q.drillReport()
	rated := slices.ContainsFunc(x.Objectives, func(o drillReportObjective) bool { return o.Rating != "" })
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

// A drillReport is the after-action sheet as other programs read it.
type drillReport struct {
	Title    string    `json:"title"`
	Seed     uint64    `json:"seed"`
	Start    time.Time `json:"start" doc:"Times are those of the drill's clock."`
	Now      time.Time `json:"now"`
	Ends     time.Time `json:"ends"`
	Speed    float64   `json:"speed" doc:"Times faster than life."`
	Paused   bool      `json:"paused"`
	Ended    bool      `json:"ended"`
	Key      bool      `json:"key" doc:"Whether what the drill hides is in this document: to whoever runs or evaluates it, and to everybody once it has ended."`
	Messages int       `json:"messages"`
	Sent     int       `json:"sent" doc:"Of these, so far."`
	Clocks   struct {
		Met     int `json:"met"`
		Late    int `json:"late"`
		Running int `json:"running"`
	} `json:"clocks"`
	VoiceHours   float64                `json:"voice_hours,omitempty" doc:"Voices that waited for an answer, times the hours they did."`
	Points       int                    `json:"points,omitempty"`
	Of           int                    `json:"of,omitempty"`
	Proposed     hearback.DrillRating   `json:"proposed,omitempty" doc:"What these points propose; the rating is the evaluator's."`
	Objectives   []drillReportObjective `json:"objectives"`
	Items        []drillReportItem      `json:"items,omitempty"`
	Concerns     []drillReportConcern   `json:"concerns,omitempty"`
	Expectations []drillReportExpect    `json:"expectations,omitempty"`
	Injects      []drillReportInject    `json:"injects,omitempty"`
	Acts         []drillReportAct       `json:"acts,omitempty" doc:"The newest ones, by role."`
	Observations []drillReportNote      `json:"observations,omitempty"`
}

type drillReportObjective struct {
	Name     string               `json:"name"`
	Title    string               `json:"title"`
	Rating   hearback.DrillRating `json:"rating,omitempty"`
	By       string               `json:"by,omitempty"`
	Proposed hearback.DrillRating `json:"proposed,omitempty"`
}

type drillReportItem struct {
	Name   string `json:"name"`
	State  string `json:"state" doc:"given, waits, rated (by the evaluator), or absent from this drill."`
	Points int    `json:"points"`
	Of     int    `json:"of"`
}

type drillReportConcern struct {
	Name     string      `json:"name"`
	Title    string      `json:"title"`
	Concern  hearback.ID `json:"concern,omitempty"`
	Case     hearback.ID `json:"case,omitempty"`
	Onset    time.Time   `json:"onset"`
	Found    *time.Time  `json:"found,omitempty"`
	Opened   *time.Time  `json:"opened,omitempty"`
	Answered *time.Time  `json:"answered,omitempty"`
}

type drillReportExpect struct {
	Line  int        `json:"line"`
	Say   string     `json:"say"`
	By    time.Time  `json:"by"`
	State string     `json:"state" doc:"met, late, missed, or waits."`
	At    *time.Time `json:"at,omitempty"`
	Seen  string     `json:"seen,omitempty"`
}

type drillReportInject struct {
	Line int       `json:"line"`
	At   time.Time `json:"at"`
	Say  string    `json:"say"`
	Came bool      `json:"came"`
}

type drillReportAct struct {
	Record int64     `json:"record"`
	At     time.Time `json:"at"`
	Say    string    `json:"say"`
}

type drillReportNote struct {
	ID        hearback.ID `json:"id"`
	Objective string      `json:"objective"`
	Sort      string      `json:"sort" doc:"strength or improve."`
	Text      string      `json:"text"`
	Action    string      `json:"action,omitempty"`
	Desk      string      `json:"desk,omitempty"`
	Due       string      `json:"due,omitempty"`
	By        string      `json:"by"`
	At        time.Time   `json:"at"`
	Version   int         `json:"version"`
}

func (q *request) drillReport() (x drillReport, err error) {
	p, err := q.drillView()
	if err != nil {
		return x, err
	}
	came := func(d time.Duration) *time.Time {
		if d < 0 {
			return nil
		}
		t := p.S.Start.Add(d)
		return &t
	}
	x = drillReport{Title: p.Name, Seed: p.S.Seed, Start: p.S.Start, Now: p.Now, Ends: p.Ends, Speed: p.S.Speed, Paused: p.S.Paused, Ended: p.S.Ended, Key: p.Key,
		Messages: p.S.Posts, Sent: p.S.Sent, VoiceHours: math.Round(p.S.VoiceHours), Points: p.Given, Of: p.Of, Proposed: p.Proposed}
	x.Clocks.Met, x.Clocks.Late, x.Clocks.Running = p.S.Clocks.Met, p.S.Clocks.Late, p.S.Clocks.Running
	for _, o := range p.Objectives {
		r := drillReportObjective{Name: o.Name, Title: o.Label, Proposed: o.Proposed}
		if o.Rated != nil {
			r.Rating, r.By = o.Rated.Rating, o.Rated.By.String()
		}
		x.Objectives = append(x.Objectives, r)
	}
	for _, i := range p.Points {
		x.Items = append(x.Items, drillReportItem{i.Name, i.State, i.Got, i.Of})
	}
	for _, c := range p.Concerns {
		x.Concerns = append(x.Concerns, drillReportConcern{c.Name, c.Label, c.ID, c.Case, c.Began, came(c.Found), came(c.Opened), came(c.Answered)})
	}
	for _, e := range p.Expects {
		x.Expectations = append(x.Expectations, drillReportExpect{e.Line, e.Say, e.Due, e.State, came(e.At), e.Seen})
	}
	for _, i := range p.Came {
		x.Injects = append(x.Injects, drillReportInject{i.Line, i.On, i.Say, true})
	}
	slices.Reverse(x.Injects)
	for _, i := range p.Coming {
		x.Injects = append(x.Injects, drillReportInject{i.Line, i.On, i.Say, false})
	}
	for _, a := range p.Acts {
		x.Acts = append(x.Acts, drillReportAct{a.Seq, a.At, a.Say})
	}
	for _, o := range append(slices.Clone(p.Strengths), p.Improve...) {
		r := drillReportNote{o.ID, o.Objective, "strength", o.Text, o.Action, o.Desk, o.Due, o.By.String(), o.At, o.Version}
		if o.Improve {
			r.Sort = "improve"
		}
		x.Observations = append(x.Observations, r)
	}
	return x, nil
}
