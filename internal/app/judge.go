package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/alert"
	"example.org/hearback/internal/desk"
	"example.org/hearback/internal/forecast"
	"example.org/hearback/internal/measure"
	"example.org/hearback/internal/score"
	"example.org/hearback/internal/store"
	"example.org/hearback/internal/web/office"
)

// How far the steps look back.
const (
	scoreBack  = 72 * time.Hour
	detectBack = 14 * 24 * time.Hour
	bucket     = time.Hour
	volumeBack = 56 * 24 * time.Hour
)

// judge is what scores and alerts need at hand. It is rebuilt from the counts
// in the store at every start, so nothing of it has to survive a crash.
type judge struct {
	detectors  map[hearback.ID]*alert.Detector
	forecaster *forecast.Forecaster
	readings   map[hearback.ID]alert.Reading
	hour       time.Time // up to when all was judged: the beginning of an hour, or of a quarter of one in a crisis
	crisis     time.Time // until when there is a crisis
	listened   time.Time // the hour up to which silence was listened to
	looked     bool      // lookBack is done
	raised     map[hearback.ID]map[hearback.AlertKind]time.Time
	limits     alert.Limits
	heard      map[hearback.ID]heard
	began      time.Time // the first hour that heard knows of
	foreseen   time.Time // the hour at which forecasts were made last
	streams    map[hearback.ID]*stream
	volume     alert.Volume
	volumeTo   time.Time                 // the hour up to which volume knows
	busy       map[time.Time]float64     // how busy each hour was that a detector may still see
	known      map[[2]hearback.ID]bool   // concerns and sources that are not new to each other
	told       map[string]float64        // the mark of each deadline that was last told of
	reached    map[string]bool           // areas and languages that anything came from, when concerns were scored last; nil before
	sampled    time.Time                 // the Monday up to which concerns were drawn
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

// load reads what the judge goes on with.
func (s *steps) load(ctx context.Context, a *App) error {
	s.last = map[string]time.Time{}
	s.detectors, s.readings = map[hearback.ID]*alert.Detector{}, map[hearback.ID]alert.Reading{}
	s.raised, s.told, s.silent = map[hearback.ID]map[hearback.AlertKind]time.Time{}, map[string]float64{}, map[hearback.ID]time.Time{}
	s.known = map[[2]hearback.ID]bool{}
	s.heard, s.streams = map[hearback.ID]heard{}, map[hearback.ID]*stream{}
	s.volume, s.busy = alert.Volume{}, map[time.Time]float64{}
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
	var err error
	if s.crisis, err = a.Crisis(ctx); err != nil {
		return err
	}
	now := a.now()
	list, err := a.Store.AlertList(ctx, office.AlertFilter{Since: now.Add(-detectBack), Limit: 100_000})
	if err != nil {
		return fmt.Errorf("read the alerts: %w", err)
	}
	for _, x := range slices.Backward(list) {
		s.remember(x)
	}
	s.hour = now.Truncate(bucket)
	s.listened = s.hour
	s.began = s.hour.Add(-detectBack)
	s.volumeTo = s.hour.Add(-volumeBack)
	return nil
}

// lookBack lets the detectors see the two weeks before the service started. It
// does so once, before anything is judged; pages and messages do not wait.
func (a *App) lookBack(ctx context.Context, _ time.Time) error {
	s := &a.steps
	if s.looked {
		return nil
	}
	clear(s.detectors) // of an attempt that failed
	if err := a.detect(ctx, s.began, s.hour, false); err != nil {
		return err
	}
	s.looked = true
	return nil
}

// remember notes what was raised, so that nothing is told twice, by a service
// that was started again either.
func (s *steps) remember(a hearback.Alert) {
	switch a.Kind {
	case hearback.AlertSilent:
		s.silent[a.Source] = a.At
	case hearback.AlertDeadline:
		key := clockKey(a.Case, a.Clock, a.Since)
		if a.Step > 0 {
			key, a.Limit = stepKey(key, a.Due), float64(a.Step)
		}
		s.told[key] = max(s.told[key], a.Limit)
	}
	if s.raised[a.Concern] == nil {
		s.raised[a.Concern] = map[hearback.AlertKind]time.Time{}
	}
	s.raised[a.Concern][a.Kind] = a.At
}

// clockKey names a clock of a case; a case that is reopened has new ones.
func clockKey(c hearback.ID, kind hearback.DeadlineKind, since time.Time) string {
	return c.String() + " " + string(kind) + " " + strconv.FormatInt(since.UnixMicro(), 36)
}

// stepKey names the chain of a clock; a clock that was set anew begins it anew.
func stepKey(clock string, due time.Time) string {
	return clock + " chain " + strconv.FormatInt(due.UnixMicro(), 36)
}

// clocks returns what must be told now of the clocks of a case whose desk is d.
func (s *steps) clocks(c *hearback.Case, d hearback.Desk, now time.Time) (list []hearback.Alert) {
	if c.Paused() {
		return nil
	}
	for _, k := range c.Deadlines {
		if !k.Running() {
			continue
		}
		key := clockKey(c.ID, k.Kind, c.Since)
		share := desk.Read(c, k, d, now).Share()
		if x, _, ok := alert.Deadline(c, k, share, now, s.told[key]); ok {
			x.To = desk.Told(d, "shift", now)
			list = append(list, x)
		}
		for _, e := range desk.Escalated(c, k, d, now) {
			if float64(e.N) > s.told[stepKey(key, k.Due)] {
				list = append(list, alert.Escalation(c, k, share, now, e.N, e.To))
			}
		}
	}
	return list
}

// An hourly is the voices that one source brought to a concern in one hour, or
// in a quarter of one.
type hourly struct {
	at     time.Time
	source hearback.ID
	voices int64
	echoes int64 // of voices: those that only repeated others
}

// own is how many voices count where they are held against what is usual.
func (h hourly) own() float64 { return float64(max(h.voices-h.echoes, 0)) }

// hours sums the counts by hour and source, with concerns that were merged as
// part of the ones they belong to, each list by time: of concerns that have so
// many voices or a case, because nearly all others have one voice, and the
// counts of all would be hundreds of megabytes.
func (a *App) hours(ctx context.Context, from, to time.Time, voices int64) (map[hearback.ID][]hourly, error) {
	return a.spells(ctx, from, to, bucket, voices)
}

// spells is hours by buckets of another length.
func (a *App) spells(ctx context.Context, from, to time.Time, length time.Duration, voices int64) (map[hearback.ID][]hourly, error) {
	parents, err := a.Store.Parents(ctx)
	if err != nil {
		return nil, err
	}
	sum := map[hearback.ID][]hourly{}
	err = a.Store.RollsBetween(ctx, from, to, voices, func(id, source hearback.ID, at time.Time, n, echoes int64) {
		for range 64 {
			into, ok := parents[id]
			if !ok {
				break
			}
			id = into
		}
		sum[id] = append(sum[id], hourly{at.Truncate(length), source, n, echoes})
	})
	for id, list := range sum {
		slices.SortFunc(list, func(x, y hourly) int { return cmp.Or(x.at.Compare(y.at), cmp.Compare(x.source, y.source)) })
		n := 0
		for _, h := range list[1:] {
			if last := &list[n]; h.at.Equal(last.at) && h.source == last.source {
				last.voices += h.voices
				last.echoes += h.echoes
			} else {
				n++
				list[n] = h
			}
		}
		sum[id] = slices.Clip(list[:n+1])
	}
	return sum, err
}

// row returns the voices of every hour in [from, from + n hours), all sources
// together.
func row(list []hourly, from time.Time, n int) []float64 {
	sums := make([]float64, n)
	for _, h := range list {
		if i := int(h.at.Sub(from) / bucket); i >= 0 && i < n && !h.at.Before(from) {
			sums[i] += float64(h.voices)
		}
	}
	return sums
}

// pageOfSteps is how many concerns a step reads at once: few enough that
// neither memory nor those who wait to write notice.
const pageOfSteps = 1000

// eachLiving calls f for every concern that is not merged, was heard of since a
// time and has so many voices, a page at a time.
func (a *App) eachLiving(ctx context.Context, since time.Time, voices int64, f func([]hearback.Concern) error) error {
	for after := hearback.ID(0); ; {
		list, err := a.Store.Living(ctx, since, voices, after, pageOfSteps)
		if err != nil || len(list) == 0 {
			return err
		}
		if err := f(list); err != nil {
			return err
		}
		after = list[len(list)-1].ID
	}
}

// score gives every concern that was heard of lately its parts and its tier.
func (a *App) score(ctx context.Context, now time.Time) error {
	r, err := a.newScorer(ctx, now)
	if err != nil {
		return err
	}
	reached := map[string]bool{}
	var harmful []hearback.Concern
	err = a.eachLiving(ctx, now.Add(-detectBack), hearback.VisibleVoices, func(list []hearback.Concern) error {
		scores := make(map[hearback.ID]hearback.Score, len(list))
		for i := range list {
			for area := range list[i].Areas {
				reached[area] = true
			}
			for lang := range list[i].Langs {
				reached[lang] = true
			}
			s := r.score(&list[i])
			if err := a.raiseCase(ctx, &list[i], s); err != nil {
				return err
			}
			scores[list[i].ID] = s
			if s.Tier == hearback.P1 {
				list[i].Score = s
				harmful = append(harmful, list[i])
			}
		}
		return a.Store.SaveScores(ctx, scores)
	})
	if err != nil {
		return err
	}
	a.steps.reached = reached
	return a.tellHarm(ctx, now, harmful)
}

// rescore scores one concern again, because somebody rated its harm: of however
// few voices it is. If it is dangerous that is told at once.
func (a *App) rescore(ctx context.Context, id hearback.ID) error {
	a.steps.mu.Lock()
	defer a.steps.mu.Unlock()
	now := a.now()
	if err := a.lookBack(ctx, now); err != nil {
		return err
	}
	c, err := a.Store.Concern(ctx, id)
	if err != nil || c.State == hearback.Merged || c.Last.Before(now.Add(-detectBack)) {
		return err
	}
	r, err := a.newScorer(ctx, now)
	if err != nil {
		return err
	}
	s := r.score(c)
	if err := a.raiseCase(ctx, c, s); err != nil {
		return err
	}
	if err := a.Store.SaveScores(ctx, map[hearback.ID]hearback.Score{id: s}); err != nil || s.Tier != hearback.P1 {
		return err
	}
	c.Score = s
	return a.tellHarm(ctx, now, []hearback.Concern{*c})
}

// raiseCase raises the tier of the case of a concern whose matrix has risen, if
// it stands lower, with a record. What a person decided meanwhile stays until
// the matrix rises again, and no case is lowered here.
func (a *App) raiseCase(ctx context.Context, c *hearback.Concern, s hearback.Score) error {
	if c.Case == 0 || c.Score.Matrix == "" || s.Matrix.Rank() >= c.Score.Matrix.Rank() || s.Matrix == hearback.Watch {
		return nil
	}
	k, err := a.Store.Case(ctx, c.Case)
	if err != nil {
		return err
	}
	if k.State == hearback.CaseClosed || s.Matrix.Rank() >= k.Tier.Rank() {
		return nil
	}
	_, err = a.Cases.SetTier(ctx, hearback.System, k.ID, s.Matrix, fmt.Sprintf("Scored again by %s: harm %.0f, spread %.0f.", s.Rules, s.Harm.Value, s.Spread))
	if errors.Is(err, hearback.ErrConflict) || errors.Is(err, hearback.ErrRefused) {
		return nil // a person was faster
	}
	return err
}

// A scorer has at hand what scores are made of.
type scorer struct {
	a         *App
	now       time.Time
	hours     map[hearback.ID][]hourly // of the time that forecasts look back on
	ratings   map[hearback.ID][]hearback.HarmRating
	guess     float64 // harm of what nobody has rated
	sources   map[hearback.ID]hearback.Source
	down      map[hearback.ID]bool
	listening int
	unreached []hearback.Place
	mixed     map[hearback.ID]bool // a split is proposed
}

// maxMixed is how many proposed splits are looked at: more than officers will
// ever decide.
const maxMixed = 10000

func (a *App) newScorer(ctx context.Context, now time.Time) (r *scorer, err error) {
	r = &scorer{a: a, now: now, sources: a.Pipeline.listening.Load().sources, down: map[hearback.ID]bool{}}
	if r.hours, err = a.hours(ctx, now.Add(-detectBack).Truncate(bucket), now.Add(24*time.Hour), hearback.VisibleVoices); err != nil {
		return nil, err
	}
	if r.ratings, err = a.Store.AllHarm(ctx); err != nil {
		return nil, err
	}
	if err := a.Store.Tries(ctx, 0, func(id hearback.ID, h hearback.Health) { r.down[id] = h.Fault != "" }); err != nil {
		return nil, err
	}
	splits, err := a.Store.Splits(ctx, 0, store.SplitProposed, maxMixed)
	if err != nil {
		return nil, err
	}
	r.mixed = make(map[hearback.ID]bool, len(splits))
	for _, x := range splits {
		r.mixed[x.Concern] = true
	}
	var harms []float64
	for _, list := range r.ratings {
		harms = append(harms, score.Harm(list).Value)
	}
	r.guess = score.Guess(harms)
	for _, src := range r.sources {
		if src.State == hearback.SourceActive {
			r.listening++
		}
	}
	if a.steps.reached != nil {
		r.unreached = unreached(a.Config.Places, a.steps.reached)
	}
	return r, nil
}

// unreached lists the areas and languages of the office that nothing came from:
// that nobody asks there says nothing.
func unreached(c PlacesConfig, reached map[string]bool) (list []hearback.Place) {
	for _, a := range c.Areas {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(reached)), func(area string) bool {
			return area == a.Name || strings.HasSuffix(area, "/"+a.Name) || strings.Contains("/"+area, "/"+a.Name+"/")
		}) {
			list = append(list, hearback.Place{What: "area", Name: a.Name})
		}
	}
	for _, lang := range c.Langs {
		if !reached[lang] {
			list = append(list, hearback.Place{What: "lang", Name: lang})
		}
	}
	return list
}

// score gives one concern its parts and its tier.
func (r *scorer) score(c *hearback.Concern) hearback.Score {
	in := score.Input{
		At: r.now, Areas: c.Areas, Ratings: r.ratings[c.ID], Questions: c.Kinds[hearback.Question], Messages: c.Messages, Copies: c.Copies,
		Answered: c.Answer != 0, First: c.First, Concern: c.ID, HarmGuess: r.guess, Listening: r.listening, Langs: len(c.Langs), Stood: c.Score, Unreached: r.unreached,
		Mixed: r.mixed[c.ID],
	}
	series, echoes := map[hearback.ID][]hearback.Point{}, map[hearback.ID]float64{}
	since := r.now.Add(-scoreBack)
	for _, h := range r.hours[c.ID] {
		if h.at.Before(since) {
			continue
		}
		series[h.source] = append(series[h.source], hearback.Point{At: h.at, Voices: h.own()})
		echoes[h.source] += float64(h.voices) - h.own()
		if r.now.Sub(h.at) < 24*time.Hour {
			in.Day += float64(h.voices)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(series)) {
		src := r.sources[id]
		in.Outage = in.Outage || r.down[id]
		in.Sources = append(in.Sources, score.SourceVoices{Name: src.Slug, Weight: src.Weight, Audience: src.Audience, Voices: series[id], Echoes: echoes[id]})
	}
	if x, ok := r.a.steps.readings[c.ID]; ok && !x.Missing {
		in.Usual = x.Usual
		if x.Age >= foreseeFrom {
			in.Sigma = &x.Fast
		}
	}
	if from := r.now.Add(-detectBack).Truncate(bucket); r.now.Sub(c.First) >= foreseeFrom && len(r.hours[c.ID]) > 0 {
		f := r.a.steps.forecaster.Make(c.ID, r.now, row(r.hours[c.ID], from, int(r.now.Truncate(bucket).Sub(from)/bucket)))
		persists, low, high := forecast.Persistence(f[forecast.ThirdDay], in.Day)
		in.Persist, in.PersistLow, in.PersistHigh = &persists, low, high
		in.HalfLife = time.Duration(f[forecast.ThirdDay].HalfLife * float64(time.Hour))
	}
	return score.Of(in)
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
	var unanswered []hearback.Concern
	err = a.eachLiving(ctx, start, hearback.VisibleVoices, func(list []hearback.Concern) error {
		for _, c := range list {
			if c.Answer == 0 {
				unanswered = append(unanswered, hearback.Concern{ID: c.ID, First: c.First})
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	var outcomes []hearback.Outcome
	for _, x := range due {
		from := x.Public()[0].Published
		var candidates []measure.Candidate
		for _, c := range unanswered {
			if c.ID != x.Concern && c.First.Before(from.Add(-time.Hour)) {
				candidates = append(candidates, measure.Candidate{Concern: c.ID, Since: from, Series: series[c.ID]})
			}
		}
		outcomes = append(outcomes, measure.Of(x.ID, x.Concern, from, series[x.Concern], candidates, now))
	}
	return a.Store.SaveOutcomes(ctx, outcomes)
}

// seriesOf returns the hourly voices of every concern that is worth a row or
// has a case, one point for each hour.
func (a *App) seriesOf(ctx context.Context, from, to time.Time) (map[hearback.ID][]hearback.Point, error) {
	sum, err := a.hours(ctx, from, to, hearback.VisibleVoices)
	if err != nil {
		return nil, err
	}
	all := make(map[hearback.ID][]hearback.Point, len(sum))
	for id, list := range sum {
		voices := row(list, from, int(to.Sub(from)/bucket)+1)
		points := make([]hearback.Point, len(voices))
		for i := range points {
			points[i] = hearback.Point{At: from.Add(time.Duration(i) * bucket), Voices: voices[i]}
		}
		all[id] = points
	}
	return all, nil
}
