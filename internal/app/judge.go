package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
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
	heard      map[hearback.ID]heard
	began      time.Time // the first hour that heard knows of
	foreseen   time.Time // the hour at which forecasts were made last
	streams    map[hearback.ID]*stream
	known      map[[2]hearback.ID]bool   // concerns and sources that are not new to each other
	told       map[string]float64        // the mark of each deadline that was last told of
	silent     map[hearback.ID]time.Time // sources whose silence was told of, and when
}

// A heard says when a concern was last heard of, and when it last came back
// after a day or more of silence.
type heard struct {
	last, back time.Time
	idle       time.Duration // the silence before back
}

// A stream watches one source for silence. It learns how busy the source
// usually is at each hour of the week, so that a night is no silence.
type stream struct {
	alert.Silence
	rhythm alert.Rhythm
}

// The settings that hold the limits as officers' verdicts moved them.
const (
	limitSetting = "alert.limit"
	slowSetting  = "alert.limit.slow"
)

// load reads what the judge goes on with, and lets the detectors see the last
// two weeks again.
func (s *steps) load(ctx context.Context, a *App) error {
	s.last = map[string]time.Time{}
	s.detectors, s.readings = map[hearback.ID]*alert.Detector{}, map[hearback.ID]alert.Reading{}
	s.raised, s.told, s.silent = map[hearback.ID]map[hearback.AlertKind]time.Time{}, map[string]float64{}, map[hearback.ID]time.Time{}
	s.known = map[[2]hearback.ID]bool{}
	s.heard, s.streams = map[hearback.ID]heard{}, map[hearback.ID]*stream{}
	s.limits, s.forecaster = alert.DefaultLimits(), forecast.New()
	if state, err := a.Store.ForecasterState(ctx); err == nil {
		if err := s.forecaster.UnmarshalBinary(state); err != nil {
			a.log.Warn("forecasts begin to learn anew", slog.Any("err", err))
		}
	} else if !errors.Is(err, hearback.ErrNotFound) {
		return err
	}
	for name, limit := range map[string]*float64{limitSetting: &s.limits.Fast, slowSetting: &s.limits.Slow} {
		v, err := a.Store.Setting(ctx, name)
		if err != nil {
			return err
		}
		if f, err := strconv.ParseFloat(v, 64); err == nil {
			*limit = f
		}
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
	s.hour, s.began = from, from
	return a.detect(ctx, from, now.Truncate(bucket), false)
}

// remember notes what was raised, so that nothing is told twice, by a service
// that was started again either.
func (s *steps) remember(a hearback.Alert) {
	switch a.Kind {
	case hearback.AlertSilent:
		s.silent[a.Source] = a.At
	case hearback.AlertDeadline:
		key := clockKey(a.Case, a.Clock)
		s.told[key] = max(s.told[key], a.Limit)
	}
	if s.raised[a.Concern] == nil {
		s.raised[a.Concern] = map[hearback.AlertKind]time.Time{}
	}
	s.raised[a.Concern][a.Kind] = a.At
}

func clockKey(c hearback.ID, kind hearback.DeadlineKind) string {
	return c.String() + " " + string(kind)
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
	var harms []float64 // of what people rated, for what nobody has
	for _, list := range ratings {
		harms = append(harms, score.Harm(list).Value)
	}
	guess := score.Guess(harms)
	listening := 0
	for _, src := range sources {
		if src.State == hearback.SourceActive {
			listening++
		}
	}
	scores := map[hearback.ID]hearback.Score{}
	for i := range list {
		c := &list[i]
		in := score.Input{
			At: now, Areas: c.Areas, Ratings: ratings[c.ID], Questions: c.Kinds[hearback.Question], Messages: c.Messages, Copies: c.Copies,
			Answered: c.Answer != 0, First: c.First, Concern: c.ID, HarmGuess: guess, Listening: listening, Langs: len(c.Langs),
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
			persists, low, high := forecast.Persistence(f[forecast.ThirdDay], in.Day)
			in.Persist, in.PersistLow, in.PersistHigh = &persists, low, high
			in.HalfLife = time.Duration(f[forecast.ThirdDay].HalfLife * float64(time.Hour))
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
