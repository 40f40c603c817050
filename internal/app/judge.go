package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/alert"
	"example.org/hearback/internal/forecast"
	"example.org/hearback/internal/measure"
	"example.org/hearback/internal/score"
	"example.org/hearback/internal/store"
	"example.org/hearback/internal/web"
)

// How far the steps look back.
const (
	scoreBack  = 72 * time.Hour
	detectBack = 14 * 24 * time.Hour
	bucket     = time.Hour
)

// judge is what scores and alerts need at hand. It is rebuilt from the counts
// in the store at every start, so nothing of it has to survive a crash.
type judge struct {
	detectors  map[hearback.ID]*alert.Detector
	forecaster *forecast.Forecaster
	readings   map[hearback.ID]alert.Reading
	hour       time.Time // the next hour to be judged
	raised     map[hearback.ID]map[hearback.AlertKind]time.Time
	limits     alert.Limits
	warned     map[string]time.Time // deadlines and silent sources that were told of
}

const limitSetting = "alert.limit"

// load reads what the judge goes on with, and lets the detectors see the last
// two weeks again.
func (s *steps) load(ctx context.Context, a *App) error {
	s.last = map[string]time.Time{}
	s.detectors, s.readings = map[hearback.ID]*alert.Detector{}, map[hearback.ID]alert.Reading{}
	s.raised, s.warned = map[hearback.ID]map[hearback.AlertKind]time.Time{}, map[string]time.Time{}
	s.limits, s.forecaster = alert.DefaultLimits(), forecast.New()
	if v, err := a.Store.Setting(ctx, limitSetting); err != nil {
		return err
	} else if f, err := strconv.ParseFloat(v, 64); err == nil {
		s.limits.Fast = f
	}
	now := a.now()
	list, err := a.Store.AlertList(ctx, web.AlertFilter{Since: now.Add(-detectBack), Limit: 100_000})
	if err != nil {
		return fmt.Errorf("read the alerts: %w", err)
	}
	for _, x := range slices.Backward(list) {
		s.remember(x)
	}
	from := now.Add(-detectBack).Truncate(bucket)
	s.hour = from
	return a.detect(ctx, from, now.Truncate(bucket), false)
}

func (s *steps) remember(a hearback.Alert) {
	if s.raised[a.Concern] == nil {
		s.raised[a.Concern] = map[hearback.AlertKind]time.Time{}
	}
	s.raised[a.Concern][a.Kind] = a.At
}

// An hourly is the voices of one concern and source in one hour.
type hourly struct {
	concern, source hearback.ID
	at              time.Time
}

// hours sums the counts by hour, with concerns that were merged as part of the
// ones they belong to.
func (a *App) hours(ctx context.Context, from, to time.Time) (map[hourly]int64, error) {
	parents, err := a.Store.Parents(ctx)
	if err != nil {
		return nil, err
	}
	sum := map[hourly]int64{}
	err = a.Store.RollsBetween(ctx, from, to, func(r store.Roll) {
		id := r.Concern
		for range 64 {
			into, ok := parents[id]
			if !ok {
				break
			}
			id = into
		}
		sum[hourly{id, r.Source, r.Bucket.Truncate(bucket)}] += r.Voices
	})
	return sum, err
}

// score gives every concern that was heard of lately its parts and its tier.
func (a *App) score(ctx context.Context, now time.Time) error {
	return a.scoreSome(ctx, now, 0)
}

// rescore scores one concern again.
func (a *App) rescore(ctx context.Context, id hearback.ID) error {
	a.steps.mu.Lock()
	defer a.steps.mu.Unlock()
	return a.scoreSome(ctx, a.now(), id)
}

func (a *App) scoreSome(ctx context.Context, now time.Time, only hearback.ID) error {
	list, err := a.Store.Living(ctx, now.Add(-detectBack), hearback.VisibleVoices, only)
	if err != nil || len(list) == 0 {
		return err
	}
	sum, err := a.hours(ctx, now.Add(-scoreBack), now.Add(24*time.Hour))
	if err != nil {
		return err
	}
	ratings, err := a.Store.AllHarm(ctx)
	if err != nil {
		return err
	}
	sources := a.Pipeline.listening.Load().sources
	down := map[hearback.ID]bool{}
	if err := a.Store.Tries(ctx, 0, func(id hearback.ID, h hearback.Health) { down[id] = h.Fault != "" }); err != nil {
		return err
	}
	series := map[hearback.ID]map[hearback.ID][]hearback.Point{}
	for k, n := range sum {
		if series[k.concern] == nil {
			series[k.concern] = map[hearback.ID][]hearback.Point{}
		}
		series[k.concern][k.source] = append(series[k.concern][k.source], hearback.Point{At: k.at, Voices: float64(n)})
	}
	// A forecast needs two days to look back on.
	past := map[hearback.ID][]float64{}
	for i := range list {
		if now.Sub(list[i].First) >= 48*time.Hour {
			past[list[i].ID] = nil
		}
	}
	if err := a.fillHours(ctx, now.Add(-detectBack).Truncate(bucket), now.Truncate(bucket).Add(-bucket), past); err != nil {
		return err
	}
	scores := map[hearback.ID]hearback.Score{}
	for i := range list {
		c := &list[i]
		in := score.Input{
			At: now, Areas: c.Areas, Ratings: ratings[c.ID], Questions: c.Kinds[hearback.Question], Messages: c.Messages, Copies: c.Copies,
			Answered: c.Answer != 0, First: c.First,
		}
		for _, id := range slices.Sorted(mapKeys(series[c.ID])) {
			points := series[c.ID][id]
			slices.SortFunc(points, func(x, y hearback.Point) int { return x.At.Compare(y.At) })
			for _, p := range points {
				if now.Sub(p.At) < 24*time.Hour {
					in.Day += p.Voices
				}
			}
			src := sources[id]
			in.Outage = in.Outage || down[id]
			in.Sources = append(in.Sources, score.SourceVoices{Name: src.Slug, Weight: src.Weight, Audience: src.Audience, Voices: points})
		}
		if r, ok := a.steps.readings[c.ID]; ok && !r.Missing {
			in.Usual = r.Usual
			if r.Age >= 48*time.Hour {
				in.Sigma = &r.Fast
			}
		}
		if hours := past[c.ID]; len(hours) > 0 {
			f := a.steps.forecaster.Make(c.ID, now, hours)
			persists, _, _ := forecast.Persistence(f[forecast.ThirdDay], in.Day)
			in.Persist = &persists
		}
		scores[c.ID] = score.Of(in)
	}
	return a.Store.SaveScores(ctx, scores)
}

func mapKeys[K comparable, V any](m map[K]V) func(func(K) bool) {
	return func(yield func(K) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// alert judges every hour that has ended since the last time, and looks at
// clocks and at sources that fell silent.
func (a *App) alert(ctx context.Context, now time.Time) error {
	end := now.Truncate(bucket)
	if !a.steps.hour.Before(end) {
		return nil
	}
	if err := a.detect(ctx, a.steps.hour, end, true); err != nil {
		return err
	}
	return a.remind(ctx, now)
}

// detect lets the detectors see the hours in [from, to) and, if raise is set,
// raises the alerts that follow from the last of them.
func (a *App) detect(ctx context.Context, from, to time.Time, raise bool) error {
	s := &a.steps
	sum, err := a.hours(ctx, from.Add(-6*bucket), to)
	if err != nil {
		return err
	}
	voices := map[hearback.ID]map[time.Time]float64{}
	six := map[hearback.ID]float64{}
	places := map[hearback.ID]map[hearback.ID]bool{}
	for k, n := range sum {
		if voices[k.concern] == nil {
			voices[k.concern] = map[time.Time]float64{}
		}
		voices[k.concern][k.at] += float64(n)
		if !k.at.Before(to.Add(-6 * bucket)) {
			six[k.concern] += float64(n)
			if places[k.concern] == nil {
				places[k.concern] = map[hearback.ID]bool{}
			}
			places[k.concern][k.source] = true
		}
		if s.detectors[k.concern] == nil {
			s.detectors[k.concern] = &alert.Detector{}
		}
	}
	for id, d := range s.detectors {
		for at := from; at.Before(to); at = at.Add(bucket) {
			v := voices[id][at]
			if v == 0 && d.Age(at) == 0 {
				continue // it has not been heard of yet
			}
			s.readings[id] = d.Step(alert.Bucket{At: at, Length: bucket, Voices: v})
		}
		// A concern that nobody mentioned for two weeks is not watched any more.
		if r := s.readings[id]; voices[id] == nil && r.Day == 0 && r.Usual < 0.05 && d.Age(to) > detectBack {
			delete(s.detectors, id)
			delete(s.readings, id)
		}
	}
	s.hour = to
	if !raise {
		return nil
	}
	return a.raise(ctx, to, six, places)
}

// raise applies the rules to every concern that was heard of in the hours
// given, and writes the alerts that follow within the budget.
func (a *App) raise(ctx context.Context, to time.Time, six map[hearback.ID]float64, places map[hearback.ID]map[hearback.ID]bool) error {
	s := &a.steps
	list, err := a.Store.Living(ctx, to.Add(-48*time.Hour), 3, 0)
	if err != nil {
		return err
	}
	var alerts []hearback.Alert
	for i := range list {
		c := &list[i]
		r, ok := s.readings[c.ID]
		if !ok {
			continue
		}
		f := alert.Facts{
			Concern: c, Reading: r, Detector: s.detectors[c.ID], Sources: len(places[c.ID]), Six: six[c.ID], Tier: c.Score.Tier, Answered: c.Answer != 0,
			Last: s.raised[c.ID], Words: c.Phrases,
		}
		alerts = append(alerts, alert.Judge(f, s.limits)...)
	}
	return a.send(ctx, to, alerts)
}

// send writes alerts, the most urgent first, within the budget of the day.
func (a *App) send(ctx context.Context, now time.Time, alerts []hearback.Alert) error {
	if len(alerts) == 0 {
		return nil
	}
	first, err := a.Store.Entries(ctx, 0, 1)
	if err != nil {
		return err
	}
	sent, err := a.Store.AlertsSince(ctx, now.Add(-24*time.Hour))
	if err != nil {
		return err
	}
	b := alert.Budget{PerDay: a.Config.Alerts.PerDay, Sent: sent, Shadow: len(first) > 0 && now.Sub(first[0].At) < a.Config.Alerts.Shadow}
	slices.SortStableFunc(alerts, func(x, y hearback.Alert) int { return cmp.Compare(y.Stat, x.Stat) })
	b.Spend(alerts)
	for i := range alerts {
		alerts[i].ID = a.ids.Next(a.now())
	}
	if err := a.Store.AddAlerts(ctx, alerts, nil); err != nil {
		return err
	}
	for _, x := range alerts {
		a.steps.remember(x)
	}
	return nil
}

// remind raises alerts about clocks that run out and sources that are silent.
func (a *App) remind(ctx context.Context, now time.Time) error {
	var alerts []hearback.Alert
	cases, err := a.Store.Cases(ctx, store.CaseFilter{Limit: 10_000})
	if err != nil {
		return err
	}
	for _, c := range cases {
		if c.State == hearback.CaseClosed || c.Paused() {
			continue
		}
		for _, d := range c.Deadlines {
			if !d.Running() {
				continue
			}
			share := now.Sub(c.Opened).Hours() / max(d.Due.Sub(c.Opened).Hours(), 1e-9)
			for _, mark := range []float64{1, 0.8, 0.5} {
				key := fmt.Sprintf("%s %s %g", c.ID, d.Kind, mark)
				if share < mark {
					continue
				}
				if _, told := a.steps.warned[key]; !told {
					alerts = append(alerts, hearback.Alert{Concern: c.Concern, Kind: hearback.AlertDeadline, At: now, Since: c.Opened, Stat: share, Limit: mark})
				}
				for _, m := range []float64{1, 0.8, 0.5} {
					if m <= mark {
						a.steps.warned[fmt.Sprintf("%s %s %g", c.ID, d.Kind, m)] = now
					}
				}
				break
			}
		}
	}
	health, err := a.Registry.Healths(ctx, now)
	if err != nil {
		return err
	}
	for id, src := range a.Pipeline.listening.Load().sources {
		h := health[id]
		key := "silent " + id.String()
		if src.State != hearback.SourceActive || !h.Silent(now) {
			delete(a.steps.warned, key)
			continue
		}
		if _, told := a.steps.warned[key]; told {
			continue
		}
		a.steps.warned[key] = now
		alerts = append(alerts, hearback.Alert{Source: id, Kind: hearback.AlertSilent, At: now, Since: h.LastMessage, Window: now.Sub(h.LastMessage), Limit: float64(hearback.SilentAfter), Stat: now.Sub(h.LastMessage).Hours() / max(h.Usual.Hours(), 1e-9)})
	}
	return a.send(ctx, now, alerts)
}

// AlertsOf returns the alerts about a concern, newest first.
func (a *App) AlertsOf(ctx context.Context, id hearback.ID) ([]hearback.Alert, error) {
	return a.Store.AlertList(ctx, web.AlertFilter{Concern: id})
}

// SetAlertVerdict keeps an officer's opinion of an alert; the thresholds move
// with it, and each move is on the log.
func (a *App) SetAlertVerdict(ctx context.Context, by hearback.Actor, id hearback.ID, v hearback.AlertVerdict) error {
	if !slices.Contains([]hearback.AlertVerdict{hearback.AlertWorth, hearback.AlertKnown, hearback.AlertNoise, hearback.AlertMerge}, v) {
		return fmt.Errorf("%w: %.20q is not a verdict on an alert", hearback.ErrInvalid, v)
	}
	x, err := a.Store.Alert(ctx, id)
	if err != nil {
		return err
	}
	x.Verdict = v
	a.steps.mu.Lock()
	defer a.steps.mu.Unlock()
	to := a.steps.limits
	if x.Kind == hearback.AlertRising {
		to = to.Move(v)
	}
	if to == a.steps.limits {
		return a.Store.SetAlert(ctx, x)
	}
	err = a.Store.SetAlert(ctx, x, hearback.Record{
		Type: hearback.ThresholdChanged, At: a.now(), Actor: by, Subject: "setting:" + limitSetting,
		Pub: map[string]any{"from": strconv.FormatFloat(a.steps.limits.Fast, 'f', 2, 64), "to": strconv.FormatFloat(to.Fast, 'f', 2, 64), "verdict": string(v)},
	})
	if err != nil {
		return err
	}
	a.steps.limits = to
	return a.Store.SetSetting(ctx, limitSetting, strconv.FormatFloat(to.Fast, 'f', 4, 64))
}

// AckAlert says that somebody looks after an alert.
func (a *App) AckAlert(ctx context.Context, _ hearback.Actor, id hearback.ID) error {
	x, err := a.Store.Alert(ctx, id)
	if err != nil {
		return err
	}
	if x.Acked.IsZero() {
		x.Acked = a.now()
	}
	return a.Store.SetAlert(ctx, x)
}

// measure says what happened after each published answer, until the windows
// around it are over.
func (a *App) measure(ctx context.Context, now time.Time) error {
	answers, err := a.Store.Answers(ctx, store.AnswerFilter{Current: true, Limit: 1000})
	if err != nil || len(answers) == 0 {
		return err
	}
	var due []hearback.Answer
	oldest := now
	for _, x := range answers {
		from := x.Public()[0].Published
		if now.Sub(from) > measure.Around+24*time.Hour {
			continue
		}
		due = append(due, x)
		if from.Before(oldest) {
			oldest = from
		}
	}
	if len(due) == 0 {
		return nil
	}
	start := oldest.Add(-measure.Around).Truncate(bucket)
	series, err := a.seriesOf(ctx, start, now)
	if err != nil {
		return err
	}
	living, err := a.Store.Living(ctx, start, hearback.VisibleVoices, 0)
	if err != nil {
		return err
	}
	var outcomes []hearback.Outcome
	for _, x := range due {
		from := x.Public()[0].Published
		var candidates []measure.Candidate
		for _, c := range living {
			if c.ID != x.Concern && c.Answer == 0 && c.First.Before(from.Add(-time.Hour)) {
				candidates = append(candidates, measure.Candidate{Concern: c.ID, Since: from, Series: series[c.ID]})
			}
		}
		outcomes = append(outcomes, measure.Of(x.ID, x.Concern, from, series[x.Concern], candidates, now))
	}
	return a.Store.SaveOutcomes(ctx, outcomes)
}

// fillHours puts the hourly voices of the concerns in all into it. Only of
// those: two weeks of all concerns would be hundreds of megabytes.
func (a *App) fillHours(ctx context.Context, from, to time.Time, all map[hearback.ID][]float64) error {
	if len(all) == 0 {
		return nil
	}
	sum, err := a.hours(ctx, from, to)
	hours := int(to.Sub(from)/bucket) + 1
	for k, n := range sum {
		i := int(k.at.Sub(from) / bucket)
		list, wanted := all[k.concern]
		if !wanted || i < 0 || i >= hours {
			continue
		}
		if list == nil {
			list = make([]float64, hours)
			all[k.concern] = list
		}
		list[i] += float64(n)
	}
	return err
}

// seriesOf returns the hourly voices of every concern, one point for each hour.
func (a *App) seriesOf(ctx context.Context, from, to time.Time) (map[hearback.ID][]hearback.Point, error) {
	sum, err := a.hours(ctx, from, to)
	if err != nil {
		return nil, err
	}
	hours := int(to.Sub(from)/bucket) + 1
	all := map[hearback.ID][]hearback.Point{}
	for k, n := range sum {
		i := int(k.at.Sub(from) / bucket)
		if i < 0 || i >= hours {
			continue
		}
		if all[k.concern] == nil {
			points := make([]hearback.Point, hours)
			for j := range points {
				points[j].At = from.Add(time.Duration(j) * bucket)
			}
			all[k.concern] = points
		}
		all[k.concern][i].Voices += float64(n)
	}
	return all, nil
}
