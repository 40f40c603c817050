package office

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/web/locale"
)

// maxObservations is how many observations one drill holds.
const maxObservations = 200

// An Objective is what a drill practises, and which items of the drill sheet
// bear on it.
type Objective struct {
	Name  string
	Items []string // of the drill sheet
}

// UsualObjectives are practised by a drill that names none.
func UsualObjectives() []Objective {
	return []Objective{
		{"listen", []string{"coverage", "time", "alerts", "grouping"}},
		{"triage", []string{"harm", "routing"}},
		{"clocks", []string{"clocks"}},
		{"verify", []string{"verification"}},
		{"answer", []string{"answers"}},
		{"safeguards", []string{"review", "correction"}},
	}
}

// A DrillView is the room of a drill, as far as whoever looks may see it.
type DrillView struct {
	S          DrillState
	Name       string // of the drill
	Now, Ends  time.Time
	Key        bool // whoever looks may see what is hidden, and what is still to come
	Control    bool
	Evaluate   bool
	Found      int
	Given, Of  int // points
	Clocks     string
	Concerns   []DrillConcernRow
	Expects    []DrillExpectRow
	Came       []DrillInjectRow // injects that have begun, newest first
	Coming     []DrillInjectRow // the others, the next one first
	Points     []DrillPoints
	Objectives []ObjectiveRow
	Strengths  []ObservationRow
	Improve    []ObservationRow
	Acts       []EntryRow
	People     []DrillWho
	ActsN      int // how many acts there were
	Desks      []DrillDesk
	Blank      ObservationRow // what the empty form holds
	Version    string         // of what stands in its lists
	Proposed   hearback.DrillRating
	Steps      []DrillStep
	// Numbers in words.
	Hour, MedianSay, ClocksSay string
	Hours                      int64 // of voices that waited
}

// A DrillConcernRow is what became of something hidden, by its name for people.
type DrillConcernRow struct {
	DrillConcern
	Label                       string
	Began                       time.Time
	FoundIn, OpenedIn, AnswerIn time.Duration // after the onset; negative if it has not come
}

// A DrillExpectRow is an expectation in words.
type DrillExpectRow struct {
	DrillExpect
	Say, Seen, Stands, Class string
	Due                      time.Time
}

// A DrillInjectRow is something that happens, in words.
type DrillInjectRow struct {
	DrillInject
	Say string
	On  time.Time
}

// An ObjectiveRow is an objective with its rating.
type ObjectiveRow struct {
	Name, Label string
	Rated       *hearback.Rated
	Proposed    hearback.DrillRating // "" if nothing was measured
	Ratings     []hearback.DrillRating
}

// An ObservationRow is an observation with what its form needs.
type ObservationRow struct {
	hearback.Observation
	About, Owner string
	Key          string // of the fields of its form
	Desks        []DrillDesk
	Objectives   []ObjectiveRow
	May          bool // whoever looks may change it
	DueSay       string
}

// A DrillDesk is a desk that may be given something to do.
type DrillDesk struct{ Value, Label string }

// A DrillWho is one of the people of a drill, by role.
type DrillWho struct {
	Actor string
	Acts  int
}

// A DrillStep is one interval of the way from onset to answer.
type DrillStep struct {
	Name     string
	N        int
	Median   time.Duration
	Slowest  time.Duration
	Slowly   string // the concern that took longest
	Neck     bool   // the step took longer than any other
	Unfinish int    // concerns that have not come so far
}

// DrillNamed chooses the language of a name.
func (q *Caller) DrillNamed(n DrillName) string {
	if q.Locale.Lang == "zh" && n.TitleZH != "" {
		return n.TitleZH
	}
	if n.Title == "" {
		return n.Name
	}
	return n.Title
}

// Drill gathers all that is said of the drill, as far as whoever looks may
// see it: people who practise are not shown the key before the end.
func (q *Caller) Drill(ctx context.Context) (*DrillView, error) {
	if q.o.Room == nil {
		return nil, fmt.Errorf("%w: no drill is played here", hearback.ErrNotFound)
	}
	s := q.o.Room.Drill()
	p := &DrillView{S: s, Name: q.DrillNamed(DrillName{"", s.Title, s.TitleZH}), Now: s.Start.Add(s.At), Ends: s.Start.Add(s.Length),
		Control: q.May(access.RunDrill) && !s.Ended, Evaluate: q.May(access.Evaluate)}
	p.Key = s.Ended || q.May(access.RunDrill) || p.Evaluate
	q.drillNumbers(p)
	names := map[string]string{}
	for _, c := range s.Concerns {
		names[c.Name] = q.DrillNamed(c.DrillName)
		if c.Found >= 0 {
			p.Found++
		}
		after := func(d time.Duration) time.Duration {
			if d < 0 {
				return d
			}
			return d - c.Onset
		}
		p.Concerns = append(p.Concerns, DrillConcernRow{c, names[c.Name], s.Start.Add(c.Onset), after(c.Found), after(c.Opened), after(c.Answered)})
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
		return q.DrillNamed(s.named(name))
	}
	deskNames, err := q.DeskNames(ctx)
	if err != nil {
		return nil, err
	}
	for _, e := range s.Expects {
		p.Expects = append(p.Expects, q.drillExpect(e, called(e.Concern), s.Start))
	}
	for _, i := range s.Injects {
		r := DrillInjectRow{DrillInject: i, On: s.Start.Add(i.At)}
		switch i.What {
		case "post":
			r.Say = q.T("drill.inject.post", i.N, called(i.Concern), q.Locale.LangName(i.Lang), i.Source)
		case "outage":
			r.Say = q.T("drill.inject.outage", i.Source, i.End-i.At)
		case "answer":
			r.Say = q.T("drill.inject.answer", called(i.Concern), deskNames[i.Desk])
		}
		if i.At <= s.At {
			p.Came = append(p.Came, r)
		} else {
			p.Coming = append(p.Coming, r)
		}
	}
	slices.Reverse(p.Came)
	p.Steps = drillSteps(p.Concerns, s.At)
	if err := q.drillNotes(ctx, p, deskNames); err != nil {
		return nil, err
	}
	if err := q.drillActs(ctx, p); err != nil {
		return nil, err
	}
	if !p.Key { // what is not shown must not be in the page either
		p.Concerns, p.Expects, p.Came, p.Coming, p.Points, p.Steps, p.Proposed = nil, nil, nil, nil, nil, nil, ""
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
func (q *Caller) drillNumbers(p *DrillView) {
	s := &p.S
	p.Hour = q.T("drill.hour", max(int((s.At-1)/(24*time.Hour)), 0)+1, int(s.At.Hours()), int(math.Round(s.Length.Hours())))
	if !s.Ended && !s.Paused && s.Speed > 0 {
		left := time.Duration(float64(s.Length-s.At) / s.Speed)
		if left < time.Minute {
			p.Hour += q.T("sp") + q.T("drill.left_soon")
		} else {
			p.Hour += q.T("sp") + q.T("drill.left", left)
		}
	}
	if p.MedianSay = q.T("drill.median_none"); s.Median >= 0 {
		p.MedianSay = q.T("drill.median", s.Median)
	}
	k := s.Clocks
	switch n := k.Met + k.Late; {
	case n > 0:
		p.Clocks = share(q.Locale, float64(k.Met)/float64(n))
		p.ClocksSay = q.T("drill.clocks", k.Met, n)
		if k.P1 > 0 {
			p.ClocksSay += q.T("sp") + q.T("drill.p1", k.P1Met, k.P1)
		}
	case k.Running > 0:
		p.ClocksSay = q.T("drill.clocks_run", k.Running)
	default:
		p.ClocksSay = q.T("drill.clocks_none")
	}
	p.Hours = int64(math.Round(s.VoiceHours))
}

// DrillCells are what changes in place while the room is open, by the names in
// the page, and the version of what does not.
func (q *Caller) DrillCells(ctx context.Context) (cells map[string]string, version string, err error) {
	p, err := q.Drill(ctx)
	if err != nil {
		return nil, "", err
	}
	cells = map[string]string{"clock": q.Locale.Clock(p.Now), "hour": p.Hour, "clocks_say": p.ClocksSay, "clocks": "–", "sent": q.Locale.Num(int64(p.S.Sent)), "acts": q.Locale.Num(int64(p.ActsN))}
	if p.Clocks != "" {
		cells["clocks"] = p.Clocks
	}
	if p.Key {
		cells["found"], cells["of"], cells["median"], cells["hours"] = q.Locale.Num(int64(p.Found)), q.T("drill.of_so_far", len(p.Concerns)), p.MedianSay, q.Locale.Num(p.Hours)
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
func (q *Caller) drillExpect(e DrillExpect, concern string, start time.Time) DrillExpectRow {
	r := DrillExpectRow{DrillExpect: e, Due: start.Add(e.By)}
	yes := "drill.expect." + e.What
	if e.Not {
		yes = "drill.expect.no_" + e.What
	}
	langNames := func(codes []string) string {
		var list []string
		for _, c := range codes {
			list = append(list, q.Locale.LangName(c))
		}
		return q.Locale.List(list)
	}
	r.Say = q.T(yes, concern)
	switch {
	case e.What == "concern" && len(e.Langs) > 0:
		r.Say = q.T(yes+"_in", concern, langNames(e.Langs))
	case e.Alert != "":
		r.Say = q.T(yes+"_of", concern, q.Locale.Label("alertkind", e.Alert))
	case e.Case != "":
		r.Say = q.T(yes+"_state", concern, q.Locale.Label("casestate", e.Case))
	case e.Clock != "" && e.Missed:
		r.Say = q.T(yes+"_missed", concern, q.Locale.Label("deadline", e.Clock))
	case e.Clock != "":
		r.Say = q.T(yes, concern, q.Locale.Label("deadline", e.Clock))
	}
	if e.State != "waits" {
		switch {
		case e.Voices == 0:
			r.Seen = q.T("drill.seen.nothing")
		case e.What == "concern":
			r.Seen = q.T("drill.seen.concern", e.Voices, share(q.Locale, e.Together), langNames(e.SeenLangs))
		case e.What == "alert" && e.SeenAlert == "":
			r.Seen = q.T("drill.seen.no_alert", e.Voices)
		case e.What == "alert":
			r.Seen = q.Locale.Label("alertkind", e.SeenAlert)
		case !e.HasCase:
			r.Seen = q.T("drill.seen.no_case")
		case e.What == "case":
			r.Seen = q.Locale.Label("casestate", e.SeenCase)
		case !e.Due.IsZero():
			r.Seen = q.T("drill.seen.due", e.Due)
		}
	}
	at := start.Add(e.At)
	switch e.State {
	case "met":
		r.Class, r.Stands = "done", q.T("drill.met", at)
		if e.Not {
			r.Stands = q.T("drill.held")
		}
	case "late":
		r.Class, r.Stands = "warn", q.T("drill.late", at, e.At-e.By)
	case "missed":
		r.Class, r.Stands = "bad", q.T("drill.missed")
		if e.Not {
			r.Stands = q.T("drill.happened", at)
		}
	default:
		r.Class, r.Stands = "open", q.T("drill.waits")
	}
	return r
}

// drillNotes gathers what the evaluator said.
func (q *Caller) drillNotes(ctx context.Context, p *DrillView, deskNames map[string]string) error {
	desks, err := q.LiveDesks(ctx)
	if err != nil {
		return err
	}
	for _, d := range desks {
		p.Desks = append(p.Desks, DrillDesk{d.Slug, q.DeskName(d)})
	}
	rated, err := q.o.Store.RatedObjectives(ctx)
	if err != nil {
		return err
	}
	points := map[string]DrillPoints{}
	for _, x := range p.S.Points {
		points[x.Name] = x
	}
	add := func(name, label string, items []string) {
		r := ObjectiveRow{Name: name, Label: label, Ratings: hearback.DrillRatings()}
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
		add(o.Name, q.DrillNamed(o), nil)
	}
	if len(p.S.Objectives) == 0 {
		for _, o := range UsualObjectives() {
			add(o.Name, q.T("drill.objective."+o.Name), o.Items)
		}
	}
	p.Blank = ObservationRow{Key: "new", Desks: p.Desks, Objectives: p.Objectives}
	notes, err := q.o.Store.Observations(ctx)
	if err != nil {
		return err
	}
	for _, o := range notes {
		r := ObservationRow{Observation: o, About: o.Objective, Owner: deskNames[o.Desk], Key: o.ID.String(), Desks: p.Desks, Objectives: p.Objectives, May: p.Evaluate}
		if day, err := time.Parse(time.DateOnly, o.Due); err == nil {
			r.DueSay = q.Locale.Day(day.Add(12 * time.Hour))
		}
		if i := slices.IndexFunc(p.Objectives, func(x ObjectiveRow) bool { return x.Name == o.Objective }); i >= 0 {
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
func (q *Caller) drillActs(ctx context.Context, p *DrillView) error {
	size, err := q.o.Store.LogSize(ctx)
	if err != nil {
		return err
	}
	list, err := q.o.Store.EntriesBefore(ctx, size, "", 1000)
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
		p.People = append(p.People, DrillWho{q.Locale.ActorText(actor), acts})
	}
	slices.SortFunc(p.People, func(a, b DrillWho) int {
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
func drillSteps(list []DrillConcernRow, now time.Duration) []DrillStep {
	ends := []struct {
		name     string
		from, to func(c DrillConcern) time.Duration
	}{
		{"find", func(c DrillConcern) time.Duration { return c.Onset }, func(c DrillConcern) time.Duration { return c.Found }},
		{"open", func(c DrillConcern) time.Duration { return c.Found }, func(c DrillConcern) time.Duration { return c.Opened }},
		{"answer", func(c DrillConcern) time.Duration { return c.Opened }, func(c DrillConcern) time.Duration { return c.Answered }},
	}
	var steps []DrillStep
	neck := -1
	for _, e := range ends {
		s := DrillStep{Name: e.name, Median: -1, Slowest: -1}
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

// SetPace changes the speed of a drill, lets it stand, or ends it.
func (q *Caller) SetPace(act string, speed float64) error {
	if q.o.Room == nil {
		return fmt.Errorf("%w: no drill is played here", hearback.ErrNotFound)
	}
	if q.o.Room.Drill().Ended {
		return fmt.Errorf("%w: this drill has ended", hearback.ErrConflict)
	}
	switch act {
	case "pause":
		q.o.Room.PauseDrill(true)
	case "resume":
		q.o.Room.PauseDrill(false)
	case "speed":
		if !(speed >= 1) || speed > 100_000 {
			return fmt.Errorf("%w: the speed of a drill is 1 to 100000 times that of life", hearback.ErrInvalid)
		}
		q.o.Room.SetSpeed(speed)
		q.o.Room.PauseDrill(false)
	case "end":
		q.o.Room.EndDrill(q.By(access.RunDrill))
	default:
		return fmt.Errorf("%w: choose pause, resume, speed or end", hearback.ErrInvalid)
	}
	return nil
}

// objectives returns the names of what is practised.
func (q *Caller) objectives() (names []string, err error) {
	if q.o.Room == nil {
		return nil, fmt.Errorf("%w: no drill is played here", hearback.ErrNotFound)
	}
	for _, o := range q.o.Room.Drill().Objectives {
		names = append(names, o.Name)
	}
	if len(names) == 0 {
		for _, o := range UsualObjectives() {
			names = append(names, o.Name)
		}
	}
	return names, nil
}

// KeepRating rates an objective of the drill.
func (q *Caller) KeepRating(ctx context.Context, name string, rating hearback.DrillRating) error {
	names, err := q.objectives()
	if err != nil {
		return err
	}
	if !slices.Contains(names, name) {
		return fmt.Errorf("%w: the drill has no such objective", hearback.ErrInvalid)
	}
	r := hearback.Rated{Objective: name, Rating: rating, By: q.By(access.Evaluate), At: q.o.Now()}
	if err := r.Check(); err != nil {
		return err
	}
	return q.o.Store.RateObjective(ctx, r)
}

// KeepObservation adds an observation, or changes the one of that id.
func (q *Caller) KeepObservation(ctx context.Context, o hearback.Observation) error {
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
		desks, err := q.LiveDesks(ctx)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(desks, func(d hearback.Desk) bool { return d.Slug == o.Desk }) {
			return fmt.Errorf("%w: there is no desk %.40q; choose one from the list of desks", hearback.ErrInvalid, o.Desk)
		}
	}
	if o.ID != 0 {
		return q.o.Store.ChangeObservation(ctx, o)
	}
	o.ID, o.By, o.At = q.o.NextID(), q.By(access.Evaluate), q.o.Now()
	return q.o.Store.AddObservation(ctx, o, maxObservations)
}

// A DrillReport is the after-action sheet as other programs read it.
type DrillReport struct {
	Title        string                 `json:"title"`
	Seed         int64                  `json:"seed"`
	Start        time.Time              `json:"start" doc:"Times are those of the drill's clock."`
	Now          time.Time              `json:"now"`
	Ends         time.Time              `json:"ends"`
	Speed        float64                `json:"speed" doc:"Times faster than life."`
	Paused       bool                   `json:"paused"`
	Ended        bool                   `json:"ended"`
	Key          bool                   `json:"key" doc:"Whether what the drill hides is in this document: to whoever runs or evaluates it, and to everybody once it has ended."`
	Messages     int                    `json:"messages"`
	Sent         int                    `json:"sent" doc:"Of these, so far."`
	Clocks       DrillReportClocks      `json:"clocks"`
	VoiceHours   float64                `json:"voice_hours,omitempty" doc:"Voices that waited for an answer, times the hours they did."`
	Points       int                    `json:"points,omitempty"`
	Of           int                    `json:"of,omitempty"`
	Proposed     hearback.DrillRating   `json:"proposed,omitempty" doc:"What these points propose; the rating is the evaluator's."`
	Objectives   []DrillReportObjective `json:"objectives"`
	Items        []DrillReportItem      `json:"items,omitempty"`
	Concerns     []DrillReportConcern   `json:"concerns,omitempty"`
	Expectations []DrillReportExpect    `json:"expectations,omitempty"`
	Injects      []DrillReportInject    `json:"injects,omitempty"`
	Acts         []DrillReportAct       `json:"acts,omitempty" doc:"The newest ones, by role."`
	Observations []DrillReportNote      `json:"observations,omitempty"`
}

// DrillReportClocks counts the deadlines of the cases of a drill.
type DrillReportClocks struct {
	Met     int `json:"met"`
	Late    int `json:"late"`
	Running int `json:"running"`
}

// A DrillReportObjective is an objective of the sheet.
type DrillReportObjective struct {
	Name     string               `json:"name"`
	Title    string               `json:"title"`
	Rating   hearback.DrillRating `json:"rating,omitempty"`
	By       string               `json:"by,omitempty"`
	Proposed hearback.DrillRating `json:"proposed,omitempty"`
}

// A DrillReportItem is an item of the drill sheet with its points.
type DrillReportItem struct {
	Name   string `json:"name"`
	State  string `json:"state" doc:"given, waits, rated (by the evaluator), or absent from this drill."`
	Points int    `json:"points"`
	Of     int    `json:"of"`
}

// A DrillReportConcern is something that the drill hides.
type DrillReportConcern struct {
	Name     string      `json:"name"`
	Title    string      `json:"title"`
	Concern  hearback.ID `json:"concern,omitempty"`
	Case     hearback.ID `json:"case,omitempty"`
	Onset    time.Time   `json:"onset"`
	Found    *time.Time  `json:"found,omitempty"`
	Opened   *time.Time  `json:"opened,omitempty"`
	Answered *time.Time  `json:"answered,omitempty"`
}

// A DrillReportExpect is an expectation.
type DrillReportExpect struct {
	Line  int        `json:"line"`
	Say   string     `json:"say"`
	By    time.Time  `json:"by"`
	State string     `json:"state" doc:"met, late, missed, or waits."`
	At    *time.Time `json:"at,omitempty"`
	Seen  string     `json:"seen,omitempty"`
}

// A DrillReportInject is something that the drill lets happen.
type DrillReportInject struct {
	Line int       `json:"line"`
	At   time.Time `json:"at"`
	Say  string    `json:"say"`
	Came bool      `json:"came"`
}

// A DrillReportAct is something that somebody did.
type DrillReportAct struct {
	Record int64     `json:"record"`
	At     time.Time `json:"at"`
	Say    string    `json:"say"`
}

// A DrillReportNote is an observation.
type DrillReportNote struct {
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

// DrillReport gathers the after-action sheet for other programs.
func (q *Caller) DrillReport(ctx context.Context) (x DrillReport, err error) {
	p, err := q.Drill(ctx)
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
	x = DrillReport{Title: p.Name, Seed: int64(p.S.Seed), Start: p.S.Start, Now: p.Now, Ends: p.Ends, Speed: p.S.Speed, Paused: p.S.Paused, Ended: p.S.Ended, Key: p.Key,
		Messages: p.S.Posts, Sent: p.S.Sent, VoiceHours: math.Round(p.S.VoiceHours), Points: p.Given, Of: p.Of, Proposed: p.Proposed}
	x.Clocks.Met, x.Clocks.Late, x.Clocks.Running = p.S.Clocks.Met, p.S.Clocks.Late, p.S.Clocks.Running
	for _, o := range p.Objectives {
		r := DrillReportObjective{Name: o.Name, Title: o.Label, Proposed: o.Proposed}
		if o.Rated != nil {
			r.Rating, r.By = o.Rated.Rating, o.Rated.By.String()
		}
		x.Objectives = append(x.Objectives, r)
	}
	for _, i := range p.Points {
		x.Items = append(x.Items, DrillReportItem{i.Name, i.State, i.Got, i.Of})
	}
	for _, c := range p.Concerns {
		x.Concerns = append(x.Concerns, DrillReportConcern{c.Name, c.Label, c.ID, c.Case, c.Began, came(c.Found), came(c.Opened), came(c.Answered)})
	}
	for _, e := range p.Expects {
		x.Expectations = append(x.Expectations, DrillReportExpect{e.Line, e.Say, e.Due, e.State, came(e.At), e.Seen})
	}
	for _, i := range p.Came {
		x.Injects = append(x.Injects, DrillReportInject{i.Line, i.On, i.Say, true})
	}
	slices.Reverse(x.Injects)
	for _, i := range p.Coming {
		x.Injects = append(x.Injects, DrillReportInject{i.Line, i.On, i.Say, false})
	}
	for _, a := range p.Acts {
		x.Acts = append(x.Acts, DrillReportAct{a.Seq, a.At, a.Say})
	}
	for _, o := range append(slices.Clone(p.Strengths), p.Improve...) {
		r := DrillReportNote{o.ID, o.Objective, "strength", o.Text, o.Action, o.Desk, o.Due, o.By.String(), o.At, o.Version}
		if o.Improve {
			r.Sort = "improve"
		}
		x.Observations = append(x.Observations, r)
	}
	return x, nil
}

// share writes a share of 1 in per cent.
func share(l *locale.Locale, f float64) string { return l.Dec(math.Round(100*f)) + "%" }
