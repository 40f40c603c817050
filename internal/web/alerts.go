package web

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/alert"
	"example.org/hearback/internal/text"
)

type alertRow struct {
	hearback.Alert
	Title     string // of its concern or source
	TitleLang string // if it is not that of the page
	URL       string
	Say       string // what was seen, in one sentence
	Unless    string // what would have kept it silent
	Class     string
	Facts     []alertFact // the whole explanation
	HeldSay   string      // why it is in the digest
}

// An alertFact is one line of the explanation of an alert.
type alertFact struct{ Label, Text string }

func (q *request) alertRows(list []hearback.Alert) ([]alertRow, error) {
	rows := make([]alertRow, 0, len(list))
	for _, a := range list {
		r := alertRow{Alert: a, Class: "warn"}
		if a.Kind == hearback.AlertHarm {
			r.Class = "bad"
		}
		switch {
		case a.Concern != 0:
			c, err := q.o.Store.Concern(q.ctx(), a.Concern)
			if err != nil {
				return nil, err
			}
			r.Title, r.TitleLang, r.URL = q.concernTitle(c), q.titleLang(c), "/concerns/"+a.Concern.String()
		case a.Source != 0:
			s, err := q.o.Store.Source(q.ctx(), a.Source)
			if err != nil {
				return nil, err
			}
			r.Title, r.URL = s.Title, "/sources/"+a.Source.String()
		}
		var err error
		if r.Facts, err = q.alertFacts(&a); err != nil {
			return nil, err
		}
		r.Say = q.l.label("alertkind", a.Kind)
		if a.Step > 0 {
			r.Say = q.t("alert.step", a.Step)
		}
		switch a.Kind {
		case hearback.AlertHarm, hearback.AlertDeadline, hearback.AlertSilent, hearback.AlertSpreading, hearback.AlertNoEffect, hearback.AlertVoid:
		default:
			switch {
			case a.Window > 0 && a.Expected > 0:
				r.Say += q.t("alert.counts", a.Observed, a.Window, a.Expected)
			case a.Window > 0:
				r.Say += q.t("alert.came", a.Observed, a.Window)
			}
		}
		if names, err := q.reached(a.Reached); err != nil {
			return nil, err
		} else if len(names) > 0 {
			r.Say += q.t("alert.reached", q.l.list(names))
		}
		if words := text.Spare(a.Words); len(words) > 0 {
			r.Say += q.t("alert.words", q.l.list(words[:min(5, len(words))]))
		}
		r.Say += q.t("stop")
		if r.Unless = q.unless(&a); a.Rules != "" {
			r.Unless = q.t("alert.unless_if", r.Unless)
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
func (q *request) unless(a *hearback.Alert) string {
	key := "alertunless." + ruleOf(a)
	switch {
	case a.Rules == "" && a.Unless > 0:
		return q.t("alert.unless", a.Unless) // before rules had versions
	case a.Rules == "":
		return ""
	}
	if a.Kind == hearback.AlertNoEffect {
		return q.t(key, a.Expected)
	}
	return q.t(key, a.Unless, a.Limit)
}

// reached names the places that a concern reached.
func (q *request) reached(list []hearback.Place) (names []string, err error) {
	for _, p := range list {
		name := p.Name
		switch p.What {
		case "area":
			name = q.l.place(p.Name)
		case "lang":
			name = q.l.langName(p.Name)
		case "source":
			id, perr := hearback.ParseID(p.Name)
			if perr != nil {
				return nil, perr
			}
			s, err := q.o.Store.Source(q.ctx(), id)
			if err != nil {
				return nil, err
			}
			name = q.l.own(s.Title)
		}
		names = append(names, q.t("alert.place", name, p.Voices))
	}
	return names, nil
}

// alertFacts writes the whole explanation of an alert: what was expected, what
// came, since when, which words are new, by which rule, and what would have
// kept it silent.
func (q *request) alertFacts(a *hearback.Alert) (list []alertFact, err error) {
	add := func(label, text string) {
		if text != "" {
			list = append(list, alertFact{q.t("alertfact." + label), text})
		}
	}
	rule := ruleOf(a)
	if a.Rules != "" {
		limit := a.Limit
		switch rule {
		case "void", "deadline", "not_helped_rank":
			limit *= 100 // shares are said in per cent
		}
		add("rule", q.t("alert.rule", q.t("alertrule."+rule, limit), a.Rules))
	}
	switch a.Kind {
	case hearback.AlertDeadline:
		add("came", q.t("alertcame.deadline", 100*a.Stat, q.l.label("deadline", a.Clock)))
		add("expected", q.t("alertexpected.deadline", q.l.moment(a.Due)))
		if len(a.To) > 0 {
			add("told", q.told(a.To))
		}
	case hearback.AlertSilent:
		if rule == "silent_pause" {
			add("came", q.t("alertcame.silent_pause", a.Window))
			add("expected", q.t("alertexpected.silent_pause", a.Idle))
		} else if a.Rules != "" {
			add("came", q.t("alertcame.silent", a.Observed))
			add("expected", q.t("alertexpected.counts", a.Expected, a.Spread))
		}
	case hearback.AlertVoid:
		add("came", q.t("alertcame.void", a.Observed, 100*a.Stat))
		add("expected", q.t("alertexpected.void"))
	case hearback.AlertNoEffect:
		add("came", q.t("alertcame.not_helped", a.Observed, a.Window))
		add("expected", q.t("alertexpected.not_helped", a.Expected))
	case hearback.AlertHarm:
		add("came", q.t("alertcame.harm", a.Stat, a.Observed))
		add("expected", q.t("alertexpected.harm"))
	default:
		if a.Window > 0 {
			add("came", q.t("alertcame.counts", a.Observed, a.Window))
			switch {
			case a.Spread > 0:
				add("expected", q.t("alertexpected.counts", a.Expected, a.Spread))
			case a.Expected == 0:
				add("expected", q.t("alertexpected.new"))
			default:
				add("expected", q.t("alertexpected.about", a.Expected))
			}
		}
	}
	names, err := q.reached(a.Reached)
	if err != nil {
		return nil, err
	}
	add("reached", q.l.list(names))
	if a.Like != 0 {
		c, err := q.o.Store.Concern(q.ctx(), a.Like)
		if err != nil {
			return nil, err
		}
		add("like", q.t("alert.like", q.concernTitle(c), a.Stat))
	} else if a.Kind == hearback.AlertRecurring && a.Idle > 0 {
		add("like", q.t("alert.idle", a.Idle))
	}
	if !a.Since.IsZero() {
		add("since", q.l.moment(a.Since))
	}
	if a.Concern != 0 && a.Kind != hearback.AlertDeadline && a.Rules != "" {
		if words := text.Spare(a.Words); len(words) > 0 {
			add("words", q.l.list(words))
		} else if a.Kind == hearback.AlertNovel || a.Like != 0 {
			add("words", q.t("alert.all_new"))
		} else {
			add("words", q.t("alert.no_words"))
		}
	}
	switch a.Kind {
	case hearback.AlertRising, hearback.AlertSlowBurn:
		add("stat", q.t("alert.stat", a.Stat, a.Limit))
	}
	if a.Sources > 0 {
		add("sources", q.t("alert.sources", a.Sources))
	}
	switch {
	case a.Rules == "":
	case a.Kind == hearback.AlertHarm || a.Kind == hearback.AlertDeadline:
		add("budget", q.t("alert.outside"))
	case a.Digest && a.Held != "":
		add("budget", q.held(a))
	case a.Digest && a.Nth < a.PerDay: // before alerts said why they were held
		add("budget", q.t("alert.shadow"))
	case a.Digest:
		add("budget", q.t("alert.over", a.PerDay))
	default:
		add("budget", q.t("alert.within", a.Nth, a.PerDay))
	}
	add("unless", q.unless(a))
	return list, nil
}

// held says why an alert is in the digest.
func (q *request) held(a *hearback.Alert) string {
	switch a.Held {
	case hearback.HeldShadow:
		return q.t("alert.shadow")
	case hearback.HeldDay:
		return q.t("alert.over", a.PerDay)
	}
	return q.t("alert.held_" + string(a.Held))
}

type alertsPage struct {
	frame
	Rows     []alertRow
	Tabs     []tab
	View     string
	Verdict  hearback.AlertVerdict // only those judged so, or ""
	Today    int
	Budget   int
	PerShift int
	MayAct   bool
	Say      []hearback.AlertVerdict
	Quality  qualityView
	Samples  []sampleRow
	Crisis   time.Time // until when there is one; zero if there is none
	Spans    []time.Duration
}

// crisisSpans are how long a crisis can be said to last; until then it is
// prolonged or ends by itself.
var crisisSpans = []time.Duration{6 * time.Hour, 24 * time.Hour, 3 * 24 * time.Hour, LongestCrisis}

// crisis returns until when there is a crisis, or zero.
func (q *request) crisis() (time.Time, error) {
	until, err := q.o.Alerts.Crisis(q.ctx())
	if !until.After(q.o.Now()) {
		return time.Time{}, err
	}
	return until, err
}

// setCrisis begins, prolongs or ends a crisis.
func (q *request) setCrisis() error {
	hours, err := strconv.Atoi(q.form("hours"))
	if err != nil || hours < 0 || hours > int(LongestCrisis/time.Hour) {
		return fmt.Errorf("%w: a crisis is set for seven days at most; it can be prolonged", hearback.ErrInvalid)
	}
	if err := q.o.Alerts.SetCrisis(q.ctx(), q.by(access.Triage), time.Duration(hours)*time.Hour, q.form("reason")); err != nil {
		return err
	}
	if hours == 0 {
		return q.see("/alerts", "crisis_over")
	}
	return q.see("/alerts", "crisis")
}

// A sampleRow is a concern that was drawn for a week.
type sampleRow struct {
	hearback.Sample
	Title string
	C     *hearback.Concern
}

// Day names the week of a sample in a form.
func (r sampleRow) Day() string { return r.Week.Format(time.DateOnly) }

// alertDays is how far back the page of alerts, and the figures of their
// quality, look.
const alertDays = 28

// A qualityView shows how good alerts were.
type qualityView struct {
	alert.Quality
	Days                         int
	Judged                       int
	Precision, PrecisionInterval string
	Checked                      int // of those that were drawn
	MissedShare, MissedInterval  string
	NoiseRate, NoiseBudget       string
	Console                      bool
}

// alertQuality adds up what officers said of the alerts in list, which reach
// back alertDays, and of the samples of these weeks.
func (q *request) alertQuality(list []hearback.Alert) (v qualityView, samples []hearback.Sample, err error) {
	v.Days, v.Console = alertDays, q.console
	v.Quality.Days = alertDays
	if first, err := q.o.Store.Entries(q.ctx(), 0, 1); err != nil {
		return v, nil, err
	} else if len(first) > 0 {
		v.Quality.Days = min(alertDays, q.o.Now().Sub(first[0].At).Hours()/24)
	}
	for i := range list {
		v.Add(&list[i])
	}
	samples, err = q.o.Store.Samples(q.ctx(), q.o.Now().Add(-(alertDays+7)*24*time.Hour))
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
	v.Precision, v.PrecisionInterval = q.rate(v.Worth, v.Judged)
	_, _, _, v.Checked = v.Quality.MissedRate()
	v.MissedShare, v.MissedInterval = q.rate(v.Missed, v.Checked)
	v.NoiseRate, v.NoiseBudget = q.l.dec2(v.NoiseADay()), q.l.dec(q.o.NoisePerDay)
	return v, samples, nil
}

// lately returns the alerts that the page of alerts looks back on.
func (q *request) latelyAlerts() ([]hearback.Alert, error) {
	return q.o.Store.AlertList(q.ctx(), AlertFilter{Since: q.o.Now().Add(-alertDays * 24 * time.Hour), Limit: 10_000})
}

var alertVerdicts = []hearback.AlertVerdict{hearback.AlertWorth, hearback.AlertKnown, hearback.AlertNoise, hearback.AlertMerge}

func (q *request) alerts() error {
	p := &alertsPage{
		frame: q.frame(q.t("nav.alerts"), "alerts"), View: q.r.URL.Query().Get("view"), Verdict: hearback.AlertVerdict(q.r.URL.Query().Get("verdict")), Budget: q.o.AlertsPerDay, PerShift: q.o.AlertsPerShift,
		MayAct: q.may(access.Triage), Say: alertVerdicts,
	}
	if !slices.Contains([]string{"digest", "sample", "all"}, p.View) {
		p.View = "open"
	}
	if p.View != "all" || !slices.Contains(alertVerdicts, p.Verdict) {
		p.Verdict = ""
	}
	list, err := q.latelyAlerts()
	if err != nil {
		return err
	}
	if p.Crisis, err = q.crisis(); err != nil {
		return err
	}
	p.Spans = crisisSpans
	var samples []hearback.Sample
	if p.Quality, samples, err = q.alertQuality(list); err != nil {
		return err
	}
	midnight := q.midnight()
	in := func(view string, a hearback.Alert) bool {
		open := a.Verdict == hearback.AlertOpen && a.Acked.IsZero()
		switch view {
		case "open":
			return open && !a.Digest
		case "digest":
			return a.Digest
		}
		return p.Verdict == "" || a.Verdict == p.Verdict
	}
	for _, view := range []string{"open", "digest", "sample", "all"} {
		t := tab{Label: q.t("alertview." + view), URL: "/alerts?view=" + view, On: view == p.View}
		if view == "sample" {
			t.Count = int64(p.Quality.Drawn - p.Quality.Checked)
		} else {
			for _, a := range list {
				if in(view, a) {
					t.Count++
				}
			}
		}
		p.Tabs = append(p.Tabs, t)
	}
	for _, a := range list {
		if !a.Digest && !alert.Outside(a.Kind) && !a.At.Before(midnight) {
			p.Today++
		}
	}
	if p.View == "sample" {
		if p.Samples, err = q.sampleRows(samples); err != nil {
			return err
		}
		return q.page("alerts", p)
	}
	shown := slices.DeleteFunc(list, func(a hearback.Alert) bool { return !in(p.View, a) })
	if p.View == "digest" {
		// The digest is ranked, day by day.
		slices.SortStableFunc(shown, func(x, y hearback.Alert) int {
			return cmp.Or(q.day(y.At).Compare(q.day(x.At)), cmp.Compare(y.Priority, x.Priority))
		})
	}
	if p.Rows, err = q.alertRows(shown[:min(len(shown), 200)]); err != nil {
		return err
	}
	return q.page("alerts", p)
}

// day is the beginning of the day of a time, where the office is.
func (q *request) day(t time.Time) time.Time {
	y, m, d := t.In(q.o.Zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, q.o.Zone)
}

func (q *request) sampleRows(list []hearback.Sample) (rows []sampleRow, err error) {
	for _, s := range list {
		c, err := q.o.Store.Concern(q.ctx(), s.Concern)
		if err != nil {
			return nil, err
		}
		rows = append(rows, sampleRow{s, q.concernTitle(c), c})
	}
	slices.SortStableFunc(rows, func(x, y sampleRow) int { // those that wait first
		return cmp.Compare(min(len(x.Finding), 1), min(len(y.Finding), 1))
	})
	return rows, nil
}

func (q *request) judgeSample() error {
	concern, err := hearback.ParseID(q.form("concern"))
	if err != nil {
		return err
	}
	week, err := time.Parse(time.DateOnly, q.form("week"))
	if err != nil {
		return hearback.ErrNotFound
	}
	if err := q.o.Alerts.JudgeSample(q.ctx(), q.by(access.Triage), week, concern, hearback.SampleFinding(q.form("finding"))); err != nil {
		return err
	}
	return q.see("/alerts?view=sample", "sample_judged")
}

func (q *request) alertVerdict() error {
	id, err := q.id()
	if err == nil {
		err = q.o.Alerts.SetAlertVerdict(q.ctx(), q.by(access.Triage), id, hearback.AlertVerdict(q.form("verdict")))
	}
	if err != nil {
		return err
	}
	return q.see(local(q.form("back")), "alert_judged")
}

func (q *request) ackAlert() error {
	id, err := q.id()
	if err == nil {
		err = q.o.Alerts.AckAlert(q.ctx(), q.by(access.Triage), id)
	}
	if err != nil {
		return err
	}
	return q.see(local(q.form("back")), "alert_acked")
}
