package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/alert"
	"example.org/hearback/internal/cluster"
	"example.org/hearback/internal/desk"
	"example.org/hearback/internal/store"
	"example.org/hearback/internal/web/office"
)

// alert judges every hour, or in a crisis every quarter of one, that has ended
// since the last time, and looks at sources that fell silent.
func (a *App) alert(ctx context.Context, now time.Time) error {
	s := &a.steps
	to := s.hour
	for end := s.next(to); !end.After(now); end = s.next(to) {
		to = end
	}
	if s.hour.Before(to) {
		if err := a.detect(ctx, s.hour, to, true); err != nil {
			return err
		}
	}
	if hour := now.Truncate(bucket); s.listened.Before(hour) {
		if err := a.remindSilent(ctx, now, s.listened, hour); err != nil {
			return err
		}
		s.listened = hour
	}
	return a.endCrisis(ctx, now)
}

// detect lets the detectors see what came in [from, to) and, if raise is set,
// raises the alerts that follow from the last bucket of it.
func (a *App) detect(ctx context.Context, from, to time.Time, raise bool) error {
	s := &a.steps
	length := bucket // of the buckets in which counts are read
	if raise && (s.step(from) < bucket || !from.Equal(from.Truncate(bucket))) {
		length = quarter
	}
	sum, err := a.spells(ctx, from.Add(-24*bucket), to, length, hearback.WatchedVoices)
	if err != nil {
		return err
	}
	if err := a.hearVolume(ctx, to.Truncate(bucket)); err != nil {
		return err
	}
	past := map[hearback.ID][]hourly{} // of concerns that are new to the detectors
	for id, list := range sum {
		if s.detectors[id] != nil {
			continue
		}
		// What was said before it had voices enough to be watched, or came in
		// late about hours that were judged already, is seen all the same.
		if past[id] = list; raise {
			if past[id], err = a.history(ctx, id, to, length); err != nil {
				return err
			}
		}
		s.detectors[id] = &alert.Detector{}
	}
	// What is past is seen by the hour, what is judged in its own buckets.
	end := func(at time.Time) time.Time {
		switch hour := at.Truncate(bucket).Add(bucket); {
		case raise && !at.Before(from):
			return s.next(at)
		case raise && hour.After(from):
			return from
		default:
			return hour
		}
	}
	voices := map[time.Time]float64{}
	for id, d := range s.detectors {
		at, list := from, sum[id]
		if early := past[id]; len(early) > 0 {
			at, list = early[0].at, early
		}
		clear(voices)
		for _, h := range list {
			voices[h.at] += h.own()
		}
		for next := end(at); at.Before(to); at, next = next, end(next) {
			v := 0.0
			for x := at; x.Before(next); x = x.Add(length) {
				v += voices[x]
			}
			if v == 0 && d.Age(at) == 0 {
				continue // it has not been heard of yet
			}
			if v > 0 {
				s.hear(id, at)
			}
			r := d.Step(alert.Bucket{At: at, Length: next.Sub(at), Voices: v, Exposure: s.exposure(at)})
			s.readings[id] = r
			if !raise || r.At.Before(to) {
				// What rose while nobody judged has been told, or is over.
				d.Fires(r, s.limits)
			}
		}
		// A concern that nobody mentioned for two weeks is not watched any more.
		if r := s.readings[id]; len(list) == 0 && r.Day == 0 && r.Usual < 0.05 && d.Age(to) > detectBack {
			delete(s.detectors, id)
			delete(s.readings, id)
		}
	}
	for id, h := range s.heard {
		if to.Sub(h.last) > forgetHeard {
			delete(s.heard, id)
		}
	}
	s.hour = to
	if !raise {
		return nil
	}
	return a.raise(ctx, to, sum)
}

// exposure is how busy the hour of a time was, or, while it is under way, how
// busy such an hour usually is.
func (s *steps) exposure(at time.Time) float64 {
	if hour := at.Truncate(bucket); hour.Before(s.volumeTo) {
		return s.busy[hour]
	}
	return s.volume.Usual(at)
}

// hearVolume finds how busy each hour up to a time was: streams alone, because a
// table brings weeks in one hour.
func (a *App) hearVolume(ctx context.Context, to time.Time) error {
	s := &a.steps
	if !s.volumeTo.Before(to) {
		return nil
	}
	sources := a.Pipeline.listening.Load().sources
	came := map[time.Time]float64{}
	err := a.Store.Tallies(ctx, 0, s.volumeTo, func(id hearback.ID, at time.Time, y hearback.Tally) {
		if isStream(sources[id]) {
			came[at.Truncate(bucket)] += float64(y.Kept + y.Copies + y.Dropped)
		}
	})
	if err != nil {
		return err
	}
	for at := s.volumeTo; at.Before(to); at = at.Add(bucket) {
		if n, ok := came[at]; ok || s.volume.Known() {
			s.busy[at] = s.volume.Exposure(at, n)
		}
	}
	s.volumeTo = to
	for at := range s.busy {
		if to.Sub(at) > forgetHeard {
			delete(s.busy, at)
		}
	}
	return nil
}

// isStream reports whether a source brings messages as they are said. Tables
// are imported when somebody has one.
func isStream(s hearback.Source) bool {
	return s.State == hearback.SourceActive && (s.Kind == hearback.Feed || s.Kind == hearback.Webhook)
}

// history returns the counts of one concern before a time, all sources
// together, by buckets of a length.
func (a *App) history(ctx context.Context, id hearback.ID, to time.Time, length time.Duration) (list []hourly, err error) {
	rolls, err := a.Store.Rolls(ctx, id, to.Add(-forgetHeard))
	for _, r := range rolls {
		if r.Bucket.Before(to) {
			list = append(list, hourly{at: r.Bucket.Truncate(length), voices: r.Voices, echoes: r.Echoes})
		}
	}
	return list, err
}

// forgetHeard is how long it is remembered when a concern was last heard of.
const forgetHeard = 90 * 24 * time.Hour

// hear notes that a concern was heard of in an hour. What was not heard of
// since the judge looks on has been away at least that long, unless it is new:
// raise knows that.
func (s *steps) hear(id hearback.ID, at time.Time) {
	h, known := s.heard[id]
	if !known {
		h.last = s.began.Add(-bucket)
	}
	if gap := at.Sub(h.last) - bucket; gap >= 24*time.Hour {
		h.back, h.idle = at, gap
	}
	h.last = at
	s.heard[id] = h
}

// lately is what the rules look at besides the reading of a detector.
type lately struct {
	six    float64                   // voices of the last six hours
	places map[hearback.ID]bool      // sources of those
	day    map[hearback.ID]int64     // voices of the last 24 h by source
	first  map[hearback.ID]time.Time // when each source first spoke in the last 24 h
}

func latelyOf(list []hourly, to time.Time) lately {
	l := lately{places: map[hearback.ID]bool{}, day: map[hearback.ID]int64{}, first: map[hearback.ID]time.Time{}}
	for _, h := range list {
		if h.at.Before(to.Add(-24 * bucket)) {
			continue
		}
		l.day[h.source] += h.voices
		if l.first[h.source].IsZero() {
			l.first[h.source] = h.at
		}
		if !h.at.Before(to.Add(-6 * bucket)) {
			l.six += h.own()
			l.places[h.source] = true
		}
	}
	return l
}

// raise applies the rules to every concern that was heard of lately, and
// writes the alerts that follow within the budget.
func (a *App) raise(ctx context.Context, to time.Time, sum map[hearback.ID][]hourly) error {
	s := &a.steps
	about := map[hearback.ID]*hearback.Concern{} // what the alerts are about
	var alerts []hearback.Alert
	err := a.eachLiving(ctx, to.Add(-48*time.Hour), hearback.WatchedVoices, func(list []hearback.Concern) error {
		for i := range list {
			c := &list[i]
			r, ok := s.readings[c.ID]
			if !ok {
				continue
			}
			if err := a.unmute(ctx, c, to); err != nil {
				return err
			}
			l := latelyOf(sum[c.ID], to)
			f := alert.Facts{
				Concern: c, Reading: r, Detector: s.detectors[c.ID], Sources: len(l.places), Six: l.six, Tier: c.Score.Tier, Answered: c.Answer != 0,
				Last: s.raised[c.ID],
			}
			if err := a.lookUp(ctx, &f, to, l); err != nil {
				return err
			}
			if found := alert.Judge(f, s.limits); len(found) > 0 {
				alerts, about[c.ID] = append(alerts, found...), c
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := a.explainWords(ctx, to, about, alerts); err != nil {
		return err
	}
	return a.send(ctx, to, alerts, about)
}

// unmute ends the silence of a concern that is resolved: its case was closed in
// the hour before a time, or nothing was heard of it for a week and now it is
// back.
func (a *App) unmute(ctx context.Context, c *hearback.Concern, to time.Time) error {
	if c.State != hearback.Muted {
		return nil
	}
	why := ""
	if h := a.steps.heard[c.ID]; h.idle >= resolvedAfter && to.Sub(h.back) <= bucket {
		why = "Nothing was heard of it for a week, and now it is back."
	}
	if c.Case != 0 {
		k, err := a.Store.Case(ctx, c.Case)
		if err != nil {
			return err
		}
		if n := len(k.Steps); n > 0 && k.State == hearback.CaseClosed && to.Sub(k.Steps[n-1].At) <= 2*bucket {
			why = "Its case was closed."
		}
	}
	if why == "" {
		return nil
	}
	err := (concerns{a}).Mute(ctx, hearback.System, c.ID, false, why)
	if errors.Is(err, hearback.ErrConflict) || errors.Is(err, hearback.ErrRefused) {
		return nil // a person was faster
	}
	c.State = hearback.Open
	return err
}

// resolvedAfter is how long nothing must be heard of a muted concern for it to
// be over.
const resolvedAfter = 7 * 24 * time.Hour

// lookUp finds what the rules need and what takes a look into the store, for
// those concerns alone where a rule may speak.
func (a *App) lookUp(ctx context.Context, f *alert.Facts, to time.Time, l lately) error {
	c := f.Concern
	if h := a.steps.heard[c.ID]; !h.back.IsZero() && to.Sub(h.back) <= 24*time.Hour && c.First.Before(h.back.Add(-24*time.Hour)) {
		f.Idle = h.idle
		if c.Case != 0 {
			k, err := a.Store.Case(ctx, c.Case)
			if err != nil {
				return err
			}
			f.Closed = k.State == hearback.CaseClosed
		}
	}
	if to.Sub(c.First) < 48*time.Hour {
		if f.Six >= 3 && f.Last[hearback.AlertNovel].IsZero() && f.Last[hearback.AlertRecurring].IsZero() {
			return a.likeClosed(ctx, f, to)
		}
		return nil
	}
	for _, p := range c.Fresh {
		if to.Sub(p.At) <= 24*time.Hour {
			f.Reached = append(f.Reached, p)
		}
	}
	for src, n := range l.day {
		// Only what may be new, and is enough to be told of, is looked for.
		pair := [2]hearback.ID{c.ID, src}
		if n < 3 || a.steps.known[pair] {
			continue
		}
		before, err := a.Store.HeardBefore(ctx, c.ID, src, l.first[src])
		if err != nil {
			return err
		}
		a.steps.known[pair] = before
		if !before {
			f.Reached = append(f.Reached, hearback.Place{What: "source", Name: src.String(), At: l.first[src], Voices: n})
		}
	}
	if c.Answer != 0 {
		o, err := a.Store.OutcomeList(ctx, c.Answer, 1)
		if err != nil {
			return err
		}
		if len(o) > 0 {
			f.Outcome = &o[0]
		}
	}
	return nil
}

// longIdle is how long a concern must not have been heard of for a new one
// like it to be its return.
const longIdle = 7 * 24 * time.Hour

// likeClosed looks whether a new concern is like one that was closed or has
// not been heard of for long.
func (a *App) likeClosed(ctx context.Context, f *alert.Facts, to time.Time) error {
	var near []cluster.Near
	err := a.Pipeline.Ask(ctx, func(g *cluster.Grouper) error {
		near = g.Nearest(f.Concern.ID, 10)
		return nil
	})
	if err != nil {
		return err
	}
	for _, n := range near {
		if n.Score <= f.Like || n.Concern == f.Concern.ID {
			continue
		}
		c, err := a.Store.Concern(ctx, n.Concern)
		if err != nil {
			continue // it has not been written yet
		}
		over := to.Sub(c.Last) >= longIdle
		if c.Case != 0 {
			k, err := a.Store.Case(ctx, c.Case)
			if err != nil {
				return err
			}
			over = over || k.State == hearback.CaseClosed
		}
		if over {
			f.Like, f.LikeWhich = n.Score, c.ID
		}
	}
	return nil
}

// send writes alerts within the budgets, those about the most urgent concerns
// first. about holds the concerns they are about.
func (a *App) send(ctx context.Context, now time.Time, alerts []hearback.Alert, about map[hearback.ID]*hearback.Concern) error {
	if len(alerts) == 0 {
		return nil
	}
	first, err := a.Store.Entries(ctx, 0, 1)
	if err != nil {
		return err
	}
	day, err := a.Store.AlertList(ctx, office.AlertFilter{Since: now.Add(-24 * time.Hour), Limit: 10_000})
	if err != nil {
		return err
	}
	b := alert.Budget{
		PerDay: a.Config.Alerts.PerDay, PerShift: a.Config.Alerts.PerShift, Shift: map[string]int{},
		Shadow: len(first) > 0 && now.Sub(first[0].At) < a.Config.Alerts.Shadow,
	}
	told := map[hearback.ID]bool{}
	for _, x := range day {
		if x.Digest || alert.Outside(x.Kind) {
			continue
		}
		b.Sent++
		if x.Desk != "" && now.Sub(x.At) < alert.ShiftLength {
			b.Shift[x.Desk]++
		}
		if x.Concern != 0 && x.Acked.IsZero() && x.Verdict == hearback.AlertOpen {
			told[x.Concern] = true
		}
	}
	due := make([]alert.Due, len(alerts))
	for i := range alerts {
		x := &alerts[i]
		x.ID = a.ids.Next(a.now())
		due[i] = alert.Due{Alert: x, Told: told[x.Concern]}
		c := about[x.Concern]
		if c == nil {
			continue
		}
		x.Priority, due[i].Theme = c.Score.High, c.Theme
		if c.Score.Harm.Known {
			due[i].Harm = c.Score.Harm.Value
		}
		if c.Case != 0 {
			k, err := a.Store.Case(ctx, c.Case)
			if err != nil {
				return err
			}
			if k.State != hearback.CaseClosed {
				x.Desk = k.Desk
			}
		}
	}
	b.Spend(due)
	if err := a.Store.AddAlerts(ctx, alerts, nil); err != nil {
		return err
	}
	for _, x := range alerts {
		a.steps.remember(x)
	}
	return nil
}

// tellHarm raises alerts about concerns that people found dangerous and that was
// not told of yet. It waits for no hour to end, and for no number of voices.
func (a *App) tellHarm(ctx context.Context, now time.Time, list []hearback.Concern) error {
	s := &a.steps
	about := map[hearback.ID]*hearback.Concern{}
	var alerts []hearback.Alert
	for i := range list {
		c := &list[i]
		if last, told := s.raised[c.ID][hearback.AlertHarm]; told && now.Sub(last) < 24*time.Hour {
			continue
		}
		rolls, err := a.Store.Rolls(ctx, c.ID, now.Add(-24*time.Hour))
		if err != nil {
			return err
		}
		r := alert.Reading{At: now, Length: bucket, Usual: s.readings[c.ID].Usual, Missing: true} // no statistics
		from := map[hearback.ID]bool{}
		for _, x := range rolls {
			if r.Day += float64(x.Voices); now.Sub(x.Bucket) <= 6*time.Hour {
				from[x.Source] = true
			}
		}
		found := alert.Judge(alert.Facts{Concern: c, Reading: r, Sources: len(from), Tier: c.Score.Tier, Last: s.raised[c.ID]}, s.limits)
		if len(found) > 0 {
			alerts, about[c.ID] = append(alerts, found...), c
		}
	}
	if len(alerts) == 0 {
		return nil
	}
	if err := a.explainWords(ctx, now, about, alerts); err != nil {
		return err
	}
	return a.send(ctx, now, alerts, about)
}

// watchClocks raises alerts about the clocks of cases that run out.
func (a *App) watchClocks(ctx context.Context, now time.Time) error {
	var alerts []hearback.Alert
	cases, err := a.Store.Cases(ctx, store.CaseFilter{States: hearback.OpenCaseStates(), Limit: 10_000})
	if err != nil {
		return err
	}
	desks, err := a.Store.Desks(ctx)
	if err != nil {
		return err
	}
	for i := range cases {
		alerts = append(alerts, a.steps.clocks(&cases[i], desk.Find(desks, cases[i].Desk), now)...)
	}
	return a.send(ctx, now, alerts, nil)
}

// remindSilent raises alerts about sources that fell silent in the hours of
// [from, end).
func (a *App) remindSilent(ctx context.Context, now, from, end time.Time) error {
	var alerts []hearback.Alert
	health, err := a.Registry.Healths(ctx, now)
	if err != nil {
		return err
	}
	for id, at := range a.steps.silent {
		if health[id].LastMessage.After(at) {
			delete(a.steps.silent, id)
		}
	}
	err = a.listenTo(ctx, from, end, func(x hearback.Alert) {
		if _, told := a.steps.silent[x.Source]; !told {
			a.steps.silent[x.Source] = now
			alerts = append(alerts, x)
		}
	})
	if err != nil {
		return err
	}
	for id, src := range a.Pipeline.listening.Load().sources {
		h := health[id]
		if _, told := a.steps.silent[id]; told || src.State != hearback.SourceActive || !h.Silent(now) {
			continue
		}
		since := now.Sub(h.LastMessage)
		alerts = append(alerts, hearback.Alert{
			Source: id, Kind: hearback.AlertSilent, Rules: alert.Rules, At: now, Since: h.LastMessage, Window: since, Idle: h.Usual,
			Expected: since.Hours() / max(h.Usual.Hours(), 1e-9), Stat: since.Hours() / max(h.Usual.Hours(), 1e-9), Limit: hearback.SilentAfter, Unless: 1,
		})
	}
	return a.send(ctx, now, alerts, nil)
}

// listenTo lets the streams see what came in from every source during
// [from, to), hour by hour, and calls raise for each that fell silent.
func (a *App) listenTo(ctx context.Context, from, to time.Time, raise func(hearback.Alert)) error {
	// A stream that is new, or new to a service that was started again, hears
	// two weeks first.
	start := map[hearback.ID]time.Time{}
	first := from
	for id, src := range a.Pipeline.listening.Load().sources {
		if !isStream(src) {
			delete(a.steps.streams, id)
			continue
		}
		start[id] = from
		if a.steps.streams[id] == nil {
			a.steps.streams[id] = &stream{}
			start[id] = to.Add(-detectBack)
			first = start[id]
		}
	}
	came := map[hearback.ID]map[time.Time]float64{}
	err := a.Store.Tallies(ctx, 0, first, func(id hearback.ID, at time.Time, y hearback.Tally) {
		if came[id] == nil {
			came[id] = map[time.Time]float64{}
		}
		came[id][at.Truncate(bucket)] += float64(y.Kept + y.Copies + y.Dropped)
	})
	if err != nil {
		return err
	}
	for id, at := range start {
		w := a.steps.streams[id]
		for ; at.Before(to); at = at.Add(bucket) {
			n := came[id][at]
			if n == 0 && w.Detector.Age(at) == 0 {
				continue // it has not said anything yet
			}
			x, silent := w.Step(id, alert.Bucket{At: at, Length: bucket, Voices: n, Exposure: w.rhythm.Factor(at)})
			w.rhythm.Learn(at, bucket, n)
			if silent && !at.Before(from) {
				raise(x)
			}
		}
	}
	return nil
}

// AlertsOf returns the alerts about a concern, newest first.
func (a *App) AlertsOf(ctx context.Context, id hearback.ID) ([]hearback.Alert, error) {
	return a.Store.AlertList(ctx, office.AlertFilter{Concern: id})
}

// SetAlertVerdict keeps an officer's opinion of an alert; the thresholds move
// with it, and each move is on the log. An opinion that is changed takes back
// what the first one moved.
func (a *App) SetAlertVerdict(ctx context.Context, by hearback.Actor, id hearback.ID, v hearback.AlertVerdict) error {
	if !slices.Contains([]hearback.AlertVerdict{hearback.AlertWorth, hearback.AlertKnown, hearback.AlertNoise, hearback.AlertMerge}, v) {
		return fmt.Errorf("%w: %.20q is not a verdict on an alert", hearback.ErrInvalid, v)
	}
	x, err := a.Store.Alert(ctx, id)
	if err != nil || x.Verdict == v {
		return err
	}
	a.steps.mu.Lock()
	defer a.steps.mu.Unlock()
	quality, err := a.alertQuality(ctx, x.ID)
	if err != nil {
		return err
	}
	was := a.steps.limits
	from, moves := was.Of(x.Kind)
	if moves && x.Moved != 0 {
		was = was.Shift(x.Kind, -x.Moved)
	}
	if v == hearback.AlertNoise {
		quality.Noise++
	}
	to := was.Move(x.Kind, v, quality.NoiseADay() > a.Config.Alerts.FalsePerDay)
	limit, _ := to.Of(x.Kind)
	base, _ := was.Of(x.Kind)
	x.Verdict, x.Moved = v, limit-base
	if limit == from {
		return a.Store.SetAlert(ctx, x)
	}
	name := limitSetting
	if x.Kind == hearback.AlertSlowBurn {
		name = slowSetting
	}
	number := func(f float64) string { return strconv.FormatFloat(f, 'f', 2, 64) }
	// The opinion, the limit and the record of it go together or not at all.
	err = a.Store.JudgeAlert(ctx, x, map[string]string{name: strconv.FormatFloat(limit, 'f', 4, 64)}, hearback.Record{
		Type: hearback.ThresholdChanged, At: a.now(), Actor: by, Subject: "setting:" + name,
		Pub: map[string]any{"from": number(from), "to": number(limit), "verdict": string(v), "noise_a_day": number(quality.NoiseADay()), "budget_a_day": number(a.Config.Alerts.FalsePerDay)},
	})
	if err != nil {
		return err
	}
	a.steps.limits = to
	return nil
}

// qualityDays is how far back the quality of alerts looks.
const qualityDays = 28

// alertQuality counts what officers said of the alerts of the last four weeks,
// but of one.
func (a *App) alertQuality(ctx context.Context, but hearback.ID) (q alert.Quality, err error) {
	list, err := a.Store.AlertList(ctx, office.AlertFilter{Since: a.now().Add(-qualityDays * 24 * time.Hour), Limit: 100_000})
	for i := range list {
		if list[i].ID != but {
			q.Add(&list[i])
		}
	}
	first, ferr := a.Store.Entries(ctx, 0, 1)
	q.Days = qualityDays
	if len(first) > 0 {
		q.Days = min(q.Days, a.now().Sub(first[0].At).Hours()/24)
	}
	return q, errors.Join(err, ferr)
}

// AckAlert says that somebody looks after what an alert is about: all other
// alerts about that concern stop waiting at once. Whoever looks after an alert
// about a clock takes its case on.
func (a *App) AckAlert(ctx context.Context, by hearback.Actor, id hearback.ID) error {
	x, err := a.Store.Alert(ctx, id)
	if err != nil {
		return err
	}
	if x.Kind == hearback.AlertDeadline && x.Acked.IsZero() {
		// A case that is closed needs nobody any more; its alert goes alone.
		if _, err := a.Cases.Acknowledge(ctx, by, x.Case); err == nil || !errors.Is(err, hearback.ErrRefused) {
			return err
		}
	}
	if x.Acked.IsZero() {
		x.Acked = a.now()
	}
	if err := a.Store.SetAlert(ctx, x); err != nil || x.Concern == 0 || x.Kind == hearback.AlertDeadline {
		return err
	}
	return a.Store.AckConcern(ctx, x.Concern, x.Acked)
}
