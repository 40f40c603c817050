package office

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/alert"
	"example.org/hearback/internal/forecast"
	"example.org/hearback/internal/text"
)

// FewCases is the number of cases under which no rate is given.
const FewCases = 10

// Rate writes a share of cases with its 95 % interval, or that there are too
// few for one.
func (q *Caller) Rate(k, n int) (rate, interval string) {
	if n < FewCases {
		return q.T("pub.too_few"), "–"
	}
	low, high := alert.Wilson(k, n)
	return fmt.Sprintf("%.0f%%", 100*float64(k)/float64(n)), q.T("interval", int(math.Round(100*low)), int(math.Round(100*high)))
}

// An AlertRow is an alert in words.
type AlertRow struct {
	hearback.Alert
	Title     string // of its concern or source
	TitleLang string // if it is not that of the page
	URL       string
	Say       string // what was seen, in one sentence
	Unless    string // what would have kept it silent
	Class     string
	Facts     []AlertFact // the whole explanation
	HeldSay   string      // why it is in the digest
}

// An AlertFact is one line of the explanation of an alert.
type AlertFact struct{ Label, Text string }

// AlertRows says alerts in words.
func (q *Caller) AlertRows(ctx context.Context, list []hearback.Alert) ([]AlertRow, error) {
	rows := make([]AlertRow, 0, len(list))
	for _, a := range list {
		r := AlertRow{Alert: a, Class: "warn"}
		if a.Kind == hearback.AlertHarm {
			r.Class = "bad"
		}
		switch {
		case a.Concern != 0:
			c, err := q.o.Store.Concern(ctx, a.Concern)
			if err != nil {
				return nil, err
			}
			r.Title, r.TitleLang, r.URL = q.ConcernTitle(c), q.TitleLang(c), "/concerns/"+a.Concern.String()
		case a.Source != 0:
			s, err := q.o.Store.Source(ctx, a.Source)
			if err != nil {
				return nil, err
			}
			r.Title, r.URL = s.Title, "/sources/"+a.Source.String()
		}
		var err error
		if r.Facts, err = q.alertFacts(ctx, &a); err != nil {
			return nil, err
		}
		r.Say = q.Locale.Label("alertkind", a.Kind)
		if a.Step > 0 {
			r.Say = q.T("alert.step", a.Step)
		}
		switch a.Kind {
		case hearback.AlertHarm, hearback.AlertDeadline, hearback.AlertSilent, hearback.AlertSpreading, hearback.AlertNoEffect, hearback.AlertVoid:
		default:
			switch {
			case a.Window > 0 && a.Expected > 0:
				r.Say += q.T("alert.counts", a.Observed, a.Window, a.Expected)
			case a.Window > 0:
				r.Say += q.T("alert.came", a.Observed, a.Window)
			}
		}
		if names, err := q.reached(ctx, a.Reached); err != nil {
			return nil, err
		} else if len(names) > 0 {
			r.Say += q.T("alert.reached", q.Locale.List(names))
		}
		if words := text.Spare(a.Words); len(words) > 0 {
			r.Say += q.T("alert.words", q.Locale.List(words[:min(5, len(words))]))
		}
		r.Say += q.T("stop")
		if r.Unless = q.unless(&a); a.Rules != "" {
			r.Unless = q.T("alert.unless_if", r.Unless)
		}
		if a.Held != "" {
			r.HeldSay = q.held(&a)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// ruleOf names the rule of an alert among the sentences: some kinds have two.
func ruleOf(a *hearback.Alert) string {
	switch {
	case a.Kind == hearback.AlertRecurring && a.Like != 0:
		return "recurring_like"
	case a.Kind == hearback.AlertSilent && a.Idle > 0:
		return "silent_pause"
	case a.Kind == hearback.AlertNoEffect && a.Limit == .5:
		return "not_helped_rank"
	}
	return string(a.Kind)
}

// unless says what would have kept an alert silent.
func (q *Caller) unless(a *hearback.Alert) string {
	key := "alertunless." + ruleOf(a)
	switch {
	case a.Rules == "" && a.Unless > 0:
		return q.T("alert.unless", a.Unless) // before rules had versions
	case a.Rules == "":
		return ""
	}
	if a.Kind == hearback.AlertNoEffect {
		return q.T(key, a.Expected)
	}
	return q.T(key, a.Unless, a.Limit)
}

// reached names the places that a concern reached.
func (q *Caller) reached(ctx context.Context, list []hearback.Place) (names []string, err error) {
	for _, p := range list {
		name := p.Name
		switch p.What {
		case "area":
			name = q.Locale.Place(p.Name)
		case "lang":
			name = q.Locale.LangName(p.Name)
		case "source":
			id, perr := hearback.ParseID(p.Name)
			if perr != nil {
				return nil, perr
			}
			s, err := q.o.Store.Source(ctx, id)
			if err != nil {
				return nil, err
			}
			name = q.Locale.Own(s.Title)
		}
		names = append(names, q.T("alert.place", name, p.Voices))
	}
	return names, nil
}

// alertFacts writes the whole explanation of an alert: what was expected, what
// came, since when, which words are new, by which rule, and what would have
// kept it silent.
func (q *Caller) alertFacts(ctx context.Context, a *hearback.Alert) (list []AlertFact, err error) {
	add := func(label, text string) {
		if text != "" {
			list = append(list, AlertFact{q.T("alertfact." + label), text})
		}
	}
	rule := ruleOf(a)
	if a.Rules != "" {
		limit := a.Limit
		switch rule {
		case "void", "deadline", "not_helped_rank":
			limit *= 100 // shares are said in per cent
		}
		add("rule", q.T("alert.rule", q.T("alertrule."+rule, limit), a.Rules))
	}
	switch a.Kind {
	case hearback.AlertDeadline:
		add("came", q.T("alertcame.deadline", 100*a.Stat, q.Locale.Label("deadline", a.Clock)))
		add("expected", q.T("alertexpected.deadline", q.Locale.Moment(a.Due)))
		if len(a.To) > 0 {
			add("told", q.Told(ctx, a.To))
		}
	case hearback.AlertSilent:
		if rule == "silent_pause" {
			add("came", q.T("alertcame.silent_pause", a.Window))
			add("expected", q.T("alertexpected.silent_pause", a.Idle))
		} else if a.Rules != "" {
			add("came", q.T("alertcame.silent", a.Observed))
			add("expected", q.T("alertexpected.counts", a.Expected, a.Spread))
		}
	case hearback.AlertVoid:
		add("came", q.T("alertcame.void", a.Observed, 100*a.Stat))
		add("expected", q.T("alertexpected.void"))
	case hearback.AlertNoEffect:
		add("came", q.T("alertcame.not_helped", a.Observed, a.Window))
		add("expected", q.T("alertexpected.not_helped", a.Expected))
	case hearback.AlertHarm:
		add("came", q.T("alertcame.harm", a.Stat, a.Observed))
		add("expected", q.T("alertexpected.harm"))
	default:
		if a.Window > 0 {
			add("came", q.T("alertcame.counts", a.Observed, a.Window))
			switch {
			case a.Spread > 0:
				add("expected", q.T("alertexpected.counts", a.Expected, a.Spread))
			case a.Expected == 0:
				add("expected", q.T("alertexpected.new"))
			default:
				add("expected", q.T("alertexpected.about", a.Expected))
			}
		}
	}
	names, err := q.reached(ctx, a.Reached)
	if err != nil {
		return nil, err
	}
	add("reached", q.Locale.List(names))
	if a.Like != 0 {
		c, err := q.o.Store.Concern(ctx, a.Like)
		if err != nil {
			return nil, err
		}
		add("like", q.T("alert.like", q.ConcernTitle(c), a.Stat))
	} else if a.Kind == hearback.AlertRecurring && a.Idle > 0 {
		add("like", q.T("alert.idle", a.Idle))
	}
	if !a.Since.IsZero() {
		add("since", q.Locale.Moment(a.Since))
	}
	if a.Concern != 0 && a.Kind != hearback.AlertDeadline && a.Rules != "" {
		if words := text.Spare(a.Words); len(words) > 0 {
			add("words", q.Locale.List(words))
		} else if a.Kind == hearback.AlertNovel || a.Like != 0 {
			add("words", q.T("alert.all_new"))
		} else {
			add("words", q.T("alert.no_words"))
		}
	}
	switch a.Kind {
	case hearback.AlertRising, hearback.AlertSlowBurn:
		add("stat", q.T("alert.stat", a.Stat, a.Limit))
	}
	if a.Sources > 0 {
		add("sources", q.T("alert.sources", a.Sources))
	}
	switch {
	case a.Rules == "":
	case a.Kind == hearback.AlertHarm || a.Kind == hearback.AlertDeadline:
		add("budget", q.T("alert.outside"))
	case a.Digest && a.Held != "":
		add("budget", q.held(a))
	case a.Digest && a.Nth < a.PerDay: // before alerts said why they were held
		add("budget", q.T("alert.shadow"))
	case a.Digest:
		add("budget", q.T("alert.over", a.PerDay))
	default:
		add("budget", q.T("alert.within", a.Nth, a.PerDay))
	}
	add("unless", q.unless(a))
	return list, nil
}

// held says why an alert is in the digest.
func (q *Caller) held(a *hearback.Alert) string {
	switch a.Held {
	case hearback.HeldShadow:
		return q.T("alert.shadow")
	case hearback.HeldDay:
		return q.T("alert.over", a.PerDay)
	}
	return q.T("alert.held_" + string(a.Held))
}

// A SampleRow is a concern that was drawn for a week.
type SampleRow struct {
	hearback.Sample
	Title string
	Lang  string // of it, if it is not that of the page
	C     *hearback.Concern
}

// Day names the week of a sample in a form.
func (r SampleRow) Day() string { return r.Week.Format(time.DateOnly) }

// AlertDays is how far back the page of alerts, and the figures of their
// quality, look.
const AlertDays = 28

// A QualityView shows how good alerts were.
type QualityView struct {
	alert.Quality
	Days                         int
	Judged                       int
	Precision, PrecisionInterval string
	Checked                      int // of those that were drawn
	MissedShare, MissedInterval  string
	NoiseRate, NoiseBudget       string
	Console                      bool
}

// AlertQuality adds up what officers said of the alerts in list, which reach
// back alertDays, and of the samples of these weeks.
func (q *Caller) AlertQuality(ctx context.Context, list []hearback.Alert) (v QualityView, samples []hearback.Sample, err error) {
	v.Days, v.Console = AlertDays, q.console
	v.Quality.Days = AlertDays
	if first, err := q.o.Store.Entries(ctx, 0, 1); err != nil {
		return v, nil, err
	} else if len(first) > 0 {
		v.Quality.Days = min(AlertDays, q.o.Now().Sub(first[0].At).Hours()/24)
	}
	for i := range list {
		v.Add(&list[i])
	}
	samples, err = q.o.Store.Samples(ctx, q.o.Now().Add(-(AlertDays+7)*24*time.Hour))
	if err != nil {
		return v, nil, err
	}
	weeks := map[time.Time]bool{}
	for i := range samples {
		v.AddSample(&samples[i])
		if !weeks[samples[i].Week] {
			weeks[samples[i].Week] = true
			v.Quiet += samples[i].Of
		}
	}
	_, _, _, v.Judged = v.Quality.Precision()
	v.Precision, v.PrecisionInterval = q.Rate(v.Worth, v.Judged)
	_, _, _, v.Checked = v.Quality.MissedRate()
	v.MissedShare, v.MissedInterval = q.Rate(v.Missed, v.Checked)
	v.NoiseRate, v.NoiseBudget = q.Locale.Dec2(v.NoiseADay()), q.Locale.Dec(q.o.NoisePerDay)
	return v, samples, nil
}

// LatelyAlerts returns the alerts that the page of alerts looks back on.
func (q *Caller) LatelyAlerts(ctx context.Context) ([]hearback.Alert, error) {
	return q.o.Store.AlertList(ctx, AlertFilter{Since: q.AlertsSince(), Limit: 10_000})
}

// AlertsSince is how far back that page looks.
func (q *Caller) AlertsSince() time.Time { return q.o.Now().Add(-AlertDays * 24 * time.Hour) }

// Crisis returns until when there is a crisis, or zero.
func (q *Caller) Crisis(ctx context.Context) (time.Time, error) {
	until, err := q.o.Alerts.Crisis(ctx)
	if !until.After(q.o.Now()) {
		return time.Time{}, err
	}
	return until, err
}

// SetCrisis begins, prolongs or ends a crisis.
func (q *Caller) SetCrisis(ctx context.Context, hours int, reason string) error {
	if hours < 0 || hours > int(LongestCrisis/time.Hour) { // and so does not overflow
		return fmt.Errorf("%w: a crisis is set for seven days at most; it can be prolonged", hearback.ErrInvalid)
	}
	return q.o.Alerts.SetCrisis(ctx, q.By(access.Triage), time.Duration(hours)*time.Hour, reason)
}

// SampleRows adds to samples what they are called, those that wait first.
func (q *Caller) SampleRows(ctx context.Context, list []hearback.Sample) (rows []SampleRow, err error) {
	for _, s := range list {
		c, err := q.o.Store.Concern(ctx, s.Concern)
		if err != nil {
			return nil, err
		}
		rows = append(rows, SampleRow{s, q.ConcernTitle(c), q.TitleLang(c), c})
	}
	slices.SortStableFunc(rows, func(x, y SampleRow) int { // those that wait first
		return cmp.Compare(min(len(x.Finding), 1), min(len(y.Finding), 1))
	})
	return rows, nil
}

// TargetKey names a target among the sentences.
func TargetKey(t forecast.Target) string {
	return map[forecast.Target]string{forecast.Next6: "next6", forecast.Next24: "next24", forecast.Next72: "next72", forecast.ThirdDay: "day3"}[t]
}

// SkillSay says whether forecasts of a target are shown, and why not.
func (q *Caller) SkillSay(s forecast.Skill) string {
	switch n := int64(math.Round(s.Count)); {
	case s.Show:
		return q.T("cal.shown")
	case n < forecast.Enough:
		return q.T("cal.few", n, forecast.Enough)
	}
	return q.T("cal.worse")
}
