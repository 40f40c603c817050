package drill

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/web/office"
)

var _ office.DrillRoom = (*Player)(nil)

// never is a time of a drill that has not come.
const never = time.Duration(-1)

// Drill returns how the drill stands, as it was last looked at.
func (p *Player) Drill() office.DrillState {
	s := office.DrillState{Title: p.Script.Title, TitleZH: p.Script.TitleZH, Seed: p.Script.Seed, Start: p.Script.Start, Length: p.Script.Length, Posts: p.Script.Posts, Hidden: len(p.Script.hidden()), Median: never}
	for _, n := range p.Script.Concerns {
		s.Names = append(s.Names, office.DrillName(n))
	}
	for _, o := range p.Script.Objectives {
		s.Objectives = append(s.Objectives, office.DrillName(o))
	}
	if seen := p.room.Load(); seen != nil {
		s = *seen
	}
	if !s.Ended {
		s.At = min(p.Clock.Now().Sub(p.Script.Start), p.Script.Length)
	}
	s.Speed, s.Paused = p.Pace.Speed()
	return s
}

// SetSpeed changes how many times faster than life the drill runs.
func (p *Player) SetSpeed(speed float64) { p.Pace.SetSpeed(speed) }

// PauseDrill lets the clock of the drill stand, or go on.
func (p *Player) PauseDrill(on bool) { p.Pace.Pause(on) }

// EndDrill ends the drill before its time.
func (p *Player) EndDrill(by hearback.Actor) { p.Pace.End(by) }

// hidden returns the names of what should be found: what an expectation is
// about that is not a "no".
func (s *Script) hidden() (names []string) {
	for _, e := range s.Events {
		if e.Post != nil && !slices.Contains(names, e.Post.Concern) && slices.ContainsFunc(s.Expects, func(x Expect) bool { return !x.Not && x.Concern == e.Post.Concern }) {
			names = append(names, e.Post.Concern)
		}
	}
	return names
}

// onset returns when the first day began in which five voices spoke of a
// concern, or never. It does not depend on what was found.
func (s *Script) onset(name string) time.Duration {
	type said struct {
		at    time.Duration
		voice string
	}
	var day []said
	for _, e := range s.Events {
		if e.Post == nil || e.Post.Concern != name {
			continue
		}
		day = append(day, said{e.At, e.Post.Voice})
		for e.At-day[0].at > 24*time.Hour {
			day = day[1:]
		}
		voices := map[string]bool{}
		for _, x := range day {
			voices[x.voice] = true
		}
		if len(voices) >= hearback.VisibleVoices {
			return day[0].at
		}
	}
	return never
}

// named returns the name for people of a concern.
func (s *Script) named(name string) office.DrillName {
	for _, n := range s.Concerns {
		if n.Name == name {
			return office.DrillName(n)
		}
	}
	return office.DrillName{Name: name}
}

// survey looks at everything that the room shows.
func (p *Player) survey(ctx context.Context, now time.Duration, ended bool) error {
	s := p.Drill()
	s.At, s.Ended, s.Sent = now, ended, 0
	s.Injects = p.injects(now)
	for _, i := range s.Injects {
		s.Sent += i.Sent
	}
	s.Expects = nil
	for i := range p.results {
		s.Expects = append(s.Expects, p.results[i].shown())
	}
	homes := map[string]home{}
	for name := range p.posts {
		h, err := p.home(ctx, name)
		if err != nil {
			return err
		}
		homes[name] = h
	}
	s.Concerns, s.VoiceHours = nil, 0
	for _, name := range p.Script.hidden() {
		c := office.DrillConcern{DrillName: p.Script.named(name), ID: homes[name].id, Onset: p.Script.onset(name), Found: never, Opened: never, Answered: never}
		if c.Onset < 0 || c.Onset > now {
			continue
		}
		if err := p.fate(ctx, &c, now); err != nil {
			return err
		}
		s.VoiceHours += c.VoiceHours
		s.Concerns = append(s.Concerns, c)
	}
	s.Median = median(s.Concerns, now)
	cases, err := p.cases(ctx)
	if err != nil {
		return err
	}
	s.Clocks = clocks(cases, p.Clock.Now())
	if s.Points, err = p.points(ctx, &s, homes, cases); err != nil {
		return err
	}
	p.room.Store(&s)
	return nil
}

// shown returns a result as the room shows it.
func (r *Result) shown() office.DrillExpect {
	e := r.Expect
	x := office.DrillExpect{Line: e.Line, What: e.What, Concern: e.Concern, Not: e.Not, Missed: e.Missed, By: e.By, State: "waits", At: never,
		Langs: e.Langs, Alert: e.Kind, Case: e.State, Clock: e.Clock,
		Voices: r.Seen.Voices, Together: r.Seen.Share, SeenLangs: r.Seen.Langs, SeenAlert: r.Seen.Alert, HasCase: r.Seen.HasCase, SeenCase: r.Seen.State, Due: r.Seen.Due}
	switch {
	case r.At < 0:
	case r.OK:
		x.State, x.At = "met", r.At
	case r.Came >= 0 && !e.Not:
		x.State, x.At = "late", r.Came
	default:
		x.State, x.At = "missed", r.At
	}
	return x
}

// injects returns what the drill lets happen, one for each line of it.
func (p *Player) injects(now time.Duration) (list []office.DrillInject) {
	place := map[int]int{} // line → its place in the list
	title := func(name string) string {
		for _, s := range p.Script.Sources {
			if s.Name == name {
				return s.Title
			}
		}
		return name
	}
	for _, e := range p.Script.Events {
		i, known := place[e.Line]
		if !known {
			i = len(list)
			place[e.Line] = i
			x := office.DrillInject{Line: e.Line, At: e.At, End: e.At}
			switch {
			case e.Post != nil:
				x.What, x.Concern, x.Source, x.Lang = "post", e.Post.Concern, title(e.Post.Source), e.Post.Lang
			case e.Outage != nil:
				x.What, x.Source, x.End = "outage", title(e.Outage.Source), e.At+e.Outage.For
			case e.Answer != nil:
				x.What, x.Concern, x.Desk = "answer", e.Answer.Concern, e.Answer.Desk
			}
			list = append(list, x)
		}
		if e.Post != nil {
			list[i].End = max(list[i].End, e.At)
			list[i].N++
			if e.At <= now {
				list[i].Sent++
			}
		}
	}
	return list
}

// fate says what became of a concern.
func (p *Player) fate(ctx context.Context, c *office.DrillConcern, now time.Duration) error {
	if c.ID == 0 {
		return nil
	}
	since := func(t time.Time) time.Duration { return max(t.Sub(p.Script.Start), c.Onset) }
	sooner := func(d *time.Duration, t time.Time) {
		if !t.IsZero() && (*d < 0 || since(t) < *d) {
			*d = since(t)
		}
	}
	alerts, err := p.App.AlertsOf(ctx, c.ID)
	if err != nil {
		return err
	}
	for _, a := range alerts {
		if a.Kind != hearback.AlertDeadline {
			sooner(&c.Found, a.At)
		}
	}
	kase, err := p.App.CaseOf(ctx, c.ID)
	switch {
	case errors.Is(err, hearback.ErrNotFound):
	case err != nil:
		return err
	default:
		c.Case = kase.ID
		sooner(&c.Opened, kase.Opened)
		sooner(&c.Found, kase.Opened)
		if kase.Existing != 0 && len(kase.Steps) > 0 {
			sooner(&c.Answered, kase.Steps[len(kase.Steps)-1].At)
		}
		for _, id := range append([]hearback.ID{kase.Answer}, kase.Past...) {
			if id == 0 {
				continue
			}
			a, err := p.App.Store.Answer(ctx, id)
			if err != nil {
				return err
			}
			if list := a.Public(); len(list) > 0 {
				sooner(&c.Answered, list[0].Published)
			}
		}
	}
	end := now
	if c.Answered >= 0 {
		end = min(c.Answered, now)
	}
	if end <= c.Onset {
		return nil
	}
	points, err := p.App.Store.Hourly(ctx, c.ID, p.Script.Start.Add(c.Onset), p.Script.Start.Add(end))
	for _, x := range points {
		c.VoiceHours += x.Voices
	}
	return err
}

// median is the middle time from onset to finding. A concern that was not
// found counts with the time it has waited.
func median(list []office.DrillConcern, now time.Duration) time.Duration {
	var all []time.Duration
	for _, c := range list {
		found := c.Found
		if found < 0 {
			found = now
		}
		all = append(all, found-c.Onset)
	}
	slices.Sort(all)
	switch n := len(all); {
	case n == 0:
		return never
	case n%2 == 1:
		return all[n/2]
	default:
		return (all[n/2-1] + all[n/2]) / 2
	}
}

// cases returns every case, open and closed.
func (p *Player) cases(ctx context.Context) ([]hearback.Case, error) {
	open, err := p.App.Store.CaseList(ctx, office.CaseFilter{Limit: 1000})
	if err != nil {
		return nil, err
	}
	closed, err := p.App.Store.CaseList(ctx, office.CaseFilter{Closed: true, Limit: 1000})
	return append(open, closed...), err
}

func clocks(cases []hearback.Case, now time.Time) (k office.DrillClocks) {
	for i := range cases {
		for _, d := range cases[i].Deadlines {
			late := d.Late(now)
			switch {
			case late:
				k.Late++
			case !d.Met.IsZero():
				k.Met++
			case d.Running():
				k.Running++
				continue
			default:
				continue // it was stopped in time
			}
			if cases[i].Tier == hearback.P1 {
				k.P1++
				if !late {
					k.P1Met++
				}
			}
		}
	}
	return k
}

// points fills the drill sheet as far as a program can: what takes judgement
// is the evaluator's, and what this drill does not practise is absent.
func (p *Player) points(ctx context.Context, s *office.DrillState, homes map[string]home, cases []hearback.Case) ([]office.DrillPoints, error) {
	given := func(name string, of int, value, full, zero float64) office.DrillPoints {
		share := min(max((value-zero)/(full-zero), 0), 1)
		return office.DrillPoints{Name: name, State: "given", Got: int(math.Round(share * float64(of))), Of: of, Value: value}
	}
	without := func(name, state string, of int) office.DrillPoints {
		return office.DrillPoints{Name: name, State: state, Of: of}
	}
	var list []office.DrillPoints
	found := 0
	for _, c := range s.Concerns {
		if c.Found >= 0 {
			found++
		}
	}
	if len(s.Concerns) == 0 {
		list = append(list, without("coverage", "waits", 10), without("time", "waits", 10))
	} else {
		list = append(list, given("coverage", 10, float64(found)/float64(len(s.Concerns)), .9, .5), given("time", 10, s.Median.Hours(), 2, 12))
	}
	alerts, err := p.alertPoints(ctx, p.Script.about(homes), given, without)
	if err != nil {
		return nil, err
	}
	list = append(list, alerts)
	hidden := map[string]home{}
	for _, name := range p.Script.hidden() {
		hidden[name] = homes[name]
	}
	if f1, ok := bcubed(hidden); ok {
		list = append(list, given("grouping", 6, f1, .8, .5))
	} else {
		list = append(list, without("grouping", "waits", 6))
	}
	list = append(list, without("harm", "absent", 10), p.routing(s, cases, given, without))
	if k := s.Clocks; k.Met+k.Late == 0 {
		list = append(list, without("clocks", "waits", 12))
	} else {
		list = append(list, given("clocks", 12, float64(k.Met)/float64(k.Met+k.Late), .9, .6))
	}
	list = append(list, without("verification", "rated", 10), without("answers", "rated", 10))
	review, err := p.review(ctx, without)
	if err != nil {
		return nil, err
	}
	return append(list, review, without("correction", "absent", 5), without("forecasts", "absent", 4), without("evaluation", "absent", 4)), nil
}

// about returns the concerns that are mostly about something the drill hides.
// One that was found in two pieces is about it in both.
func (s *Script) about(homes map[string]home) map[hearback.ID]bool {
	all, ours := map[hearback.ID]int{}, map[hearback.ID]int{}
	hidden := s.hidden()
	for name, h := range homes {
		for id, n := range h.counts {
			all[id] += n
			if slices.Contains(hidden, name) {
				ours[id] += n
			}
		}
	}
	about := map[hearback.ID]bool{}
	for id, n := range all {
		about[id] = 2*ours[id] > n
	}
	return about
}

type (
	giveFunc func(name string, of int, value, full, zero float64) office.DrillPoints
	noneFunc func(name, state string, of int) office.DrillPoints
)

// alertPoints says which share of the alerts that were sent is about what the
// drill hides. A day over the budget halves what can be had.
func (p *Player) alertPoints(ctx context.Context, ours map[hearback.ID]bool, given giveFunc, without noneFunc) (office.DrillPoints, error) {
	all, err := p.App.Store.AlertList(ctx, office.AlertFilter{Limit: 10_000})
	if err != nil {
		return office.DrillPoints{}, err
	}
	sent, right := 0, 0
	days := map[int]int{}
	for _, a := range all {
		if a.Digest || a.Kind == hearback.AlertDeadline || a.Kind == hearback.AlertSilent {
			continue
		}
		sent++
		days[int(a.At.Sub(p.Script.Start)/(24*time.Hour))]++
		if ours[a.Concern] {
			right++
		}
	}
	if sent == 0 {
		return without("alerts", "waits", 8), nil
	}
	x := given("alerts", 8, float64(right)/float64(sent), .8, .4)
	for _, n := range days {
		if n > p.App.Config.Alerts.PerDay {
			x.Got = min(x.Got, x.Of/2)
		}
	}
	return x, nil
}

// routing says which share of the cases went to the desk that the drill names
// at the first try.
func (p *Player) routing(s *office.DrillState, cases []hearback.Case, given giveFunc, without noneFunc) office.DrillPoints {
	n, right := 0, 0
	for _, c := range s.Concerns {
		want := ""
		for _, e := range p.Script.Events {
			if e.Answer != nil && e.Answer.Concern == c.Name {
				want = e.Answer.Desk
			}
		}
		i := slices.IndexFunc(cases, func(k hearback.Case) bool { return k.ID == c.Case })
		if want == "" || i < 0 {
			continue
		}
		n++
		if cases[i].Desk == want && len(cases[i].Declined) == 0 {
			right++
		}
	}
	if n == 0 {
		return without("routing", "waits", 6)
	}
	return given("routing", 6, float64(right)/float64(n), .95, .7)
}

// review gives its points only if every answer went out with all its approvals.
func (p *Player) review(ctx context.Context, without noneFunc) (office.DrillPoints, error) {
	answers, err := p.App.Published(ctx)
	if err != nil {
		return office.DrillPoints{}, err
	}
	n, right := 0, 0
	for i := range answers {
		for _, r := range answers[i].Public() {
			n++
			if r.Urgent == nil && len(r.Approvals) >= hearback.Reviewers {
				right++
			}
		}
	}
	x := without("review", "waits", 5)
	if n > 0 {
		x.State, x.Value = "given", float64(right)/float64(n)
		if right == n {
			x.Got = x.Of
		}
	}
	return x, nil
}

// bcubed compares the grouping with what messages are truly about, as far as the
// drill hides it: the F1 of
// B-cubed precision and recall (Bagga and Baldwin 1998). It reports false if
// nothing was grouped.
func bcubed(homes map[string]home) (f1 float64, ok bool) {
	groups, total := map[hearback.ID]int{}, 0
	for _, h := range homes {
		for id, n := range h.counts {
			groups[id] += n
			total += n
		}
	}
	if total == 0 {
		return 0, false
	}
	precision, recall := 0., 0.
	for _, h := range homes {
		own := 0
		for _, n := range h.counts {
			own += n
		}
		for id, n := range h.counts {
			both := float64(n) * float64(n)
			precision += both / float64(groups[id])
			recall += both / float64(own)
		}
	}
	return 2 * precision * recall / (precision + recall) / float64(total), true
}

// Offers lists drills with their names for people.
func Offers(files map[string][]byte) (list []office.DrillOffer, err error) {
	for name, data := range files {
		s, err := Parse(data)
		if err != nil {
			return nil, fmt.Errorf("drill %s: %w", name, err)
		}
		list = append(list, office.DrillOffer{Name: name, Title: s.Title, TitleZH: s.TitleZH, Posts: s.Posts, Length: s.Length})
	}
	slices.SortFunc(list, func(a, b office.DrillOffer) int { return int(a.Length - b.Length) })
	return list, nil
}
