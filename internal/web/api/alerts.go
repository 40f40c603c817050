package api

import (
	"math"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/forecast"
	"example.org/hearback/internal/web/office"
)

// apiToday is how things stand: the numbers of the first screen.
type apiToday struct {
	At        time.Time `json:"at"`
	New       int64     `json:"new" doc:"Concerns first heard since midnight."`
	Triage    int64     `json:"triage" doc:"Concerns without a case."`
	Void      int64     `json:"void" doc:"Concerns that are asked about and not answered."`
	Muted     int64     `json:"muted"`
	Cases     int       `json:"cases" doc:"Cases that wait for an answer."`
	Late      int       `json:"late" doc:"Cases past a deadline."`
	Answered  int       `json:"answered" doc:"Answers published in the last seven days that stand."`
	Measured  int       `json:"measured" doc:"Answers with an outcome."`
	Measuring int       `json:"measuring" doc:"Those whose time has not passed."`
	Helped    int       `json:"helped" doc:"Those shown to have helped."`
	Alerts    int       `json:"alerts" doc:"Alerts that nobody has looked at."`
	Received  int64     `json:"received" doc:"Messages since midnight."`
	Kept      int64     `json:"kept"`
	Unwell    int       `json:"unwell" doc:"Sources that need a look."`
	Records   int64     `json:"records" doc:"Size of the public log."`
}

func (q *request) apiToday(nothing) (v apiToday, err error) {
	p, err := q.Today(q.ctx())
	if err != nil {
		return v, err
	}
	return apiToday{At: p.Now, New: p.Totals.New, Triage: p.Totals.Triage, Void: p.Totals.Void, Muted: p.Totals.Muted, Cases: p.Open, Late: len(p.Late), Answered: p.Answered,
		Measured: p.Measured, Measuring: p.Measuring, Helped: p.Helped, Alerts: p.Waiting, Received: p.Received, Kept: p.Kept, Unwell: len(p.Sources), Records: p.Size}, nil
}

type apiFact struct {
	Label string `json:"label"`
	Text  string `json:"text"`
}

// apiAlert is one alert with its explanation.
type apiAlert struct {
	ID       hearback.ID           `json:"id"`
	Kind     string                `json:"kind"`
	At       time.Time             `json:"at"`
	Since    time.Time             `json:"since,omitempty" doc:"When the change began."`
	Concern  hearback.ID           `json:"concern,omitempty"`
	Source   hearback.ID           `json:"source,omitempty"`
	Case     hearback.ID           `json:"case,omitempty"`
	Title    quote                 `json:"title" doc:"Of its concern or source."`
	Rules    string                `json:"rules,omitempty"`
	Words    []quote               `json:"words" doc:"That are new or grew."`
	Say      string                `json:"say" inside:"" doc:"What was seen, in one sentence."`
	Unless   string                `json:"unless,omitempty" inside:"" doc:"What would have kept it silent."`
	Facts    []apiFact             `json:"facts" inside:"" doc:"The whole explanation."`
	Digest   bool                  `json:"digest" doc:"Kept for the digest, not sent."`
	Held     string                `json:"held,omitempty" doc:"Why it was kept."`
	Priority float64               `json:"priority"`
	Verdict  hearback.AlertVerdict `json:"verdict,omitempty"`
	Acked    time.Time             `json:"acked,omitempty"`
}

func (q *request) viewAlerts(list []hearback.Alert) (out []apiAlert, err error) {
	rows, err := q.AlertRows(q.ctx(), list)
	for _, r := range rows {
		v := apiAlert{ID: r.ID, Kind: string(r.Kind), At: r.At, Since: r.Since, Concern: r.Concern, Source: r.Source, Case: r.Case, Title: quote(r.Title), Rules: r.Rules, Words: quotes(r.Words),
			Say: r.Say, Unless: r.Unless, Digest: r.Digest, Held: string(r.Held), Priority: r.Priority, Verdict: r.Verdict, Acked: r.Acked}
		for _, f := range r.Facts {
			v.Facts = append(v.Facts, apiFact(f))
		}
		out = append(out, v)
	}
	return out, err
}

type alertQuery struct {
	paging
	View    string      `json:"view,omitempty" doc:"open (neither acknowledged nor judged), digest, or all, of the last 28 days."`
	Concern hearback.ID `json:"concern,omitempty"`
}

func (q *request) apiAlerts(in alertQuery) (out page[apiAlert], err error) {
	if err := oneOf("view", in.View, "open", "digest", "all"); err != nil {
		return out, err
	}
	f := office.AlertFilter{Concern: in.Concern, Open: in.View == "" || in.View == "open", Since: q.AlertsSince()}
	read := func(after hearback.ID, limit int) ([]hearback.Alert, error) {
		f.After, f.Limit = after, limit
		return q.o.Store.AlertList(q.ctx(), f)
	}
	shows := func(a *hearback.Alert) bool { return in.View == "all" || a.Digest == (in.View == "digest") }
	return fill(in.paging, read, shows, func(a *hearback.Alert) hearback.ID { return a.ID }, q.viewAlerts)
}

// alertNow finds an alert after an act on it.
func (q *request) alertNow(id hearback.ID) (v apiAlert, err error) {
	a, err := q.o.Store.Alert(q.ctx(), id)
	if err != nil {
		return v, err
	}
	rows, err := q.viewAlerts([]hearback.Alert{*a})
	if err != nil {
		return v, err
	}
	return rows[0], nil
}

type alertVerdictBody struct {
	Verdict hearback.AlertVerdict `json:"verdict" doc:"worth it, known already, noise, or part of another concern."`
}

func (q *request) apiAlertVerdict(in alertVerdictBody) (v apiAlert, err error) {
	id, err := q.id()
	if err == nil {
		err = q.o.Alerts.SetAlertVerdict(q.ctx(), q.By(access.Triage), id, in.Verdict)
	}
	if err != nil {
		return v, err
	}
	return q.alertNow(id)
}

func (q *request) apiAckAlert(nothing) (v apiAlert, err error) {
	id, err := q.id()
	if err == nil {
		err = q.o.Alerts.AckAlert(q.ctx(), q.By(access.Triage), id)
	}
	if err != nil {
		return v, err
	}
	return q.alertNow(id)
}

// apiCrisis says until when there is a crisis.
type apiCrisis struct {
	Until time.Time `json:"until,omitempty" doc:"Not there if there is no crisis."`
}

type crisisBody struct {
	Hours  int    `json:"hours" doc:"From now, 168 at most; 0 ends it."`
	Reason string `json:"reason" doc:"Public."`
}

func (q *request) apiCrisis(nothing) (v apiCrisis, err error) {
	v.Until, err = q.Crisis(q.ctx())
	return v, err
}

func (q *request) apiSetCrisis(in crisisBody) (v apiCrisis, err error) {
	if err := q.SetCrisis(q.ctx(), in.Hours, in.Reason); err != nil {
		return v, err
	}
	return q.apiCrisis(nothing{})
}

// apiSample is a concern that was drawn among those nothing was told of.
type apiSample struct {
	Week    string                 `json:"week" doc:"The Monday that it began on."`
	Concern hearback.ID            `json:"concern"`
	Title   quote                  `json:"title"`
	Of      int                    `json:"of" doc:"How many it was drawn from."`
	Finding hearback.SampleFinding `json:"finding,omitempty"`
}

type apiSamples struct {
	Items []apiSample `json:"items" doc:"Those that wait first."`
}

func (q *request) apiSamples(nothing) (out apiSamples, err error) {
	list, err := q.o.Store.Samples(q.ctx(), q.o.Now().Add(-(office.AlertDays+7)*24*time.Hour))
	if err != nil {
		return out, err
	}
	rows, err := q.SampleRows(q.ctx(), list)
	for _, r := range rows {
		out.Items = append(out.Items, apiSample{r.Day(), r.Concern, quote(r.Title), r.Of, r.Finding})
	}
	return out, err
}

type sampleBody struct {
	Week    string                 `json:"week" doc:"The Monday that it began on, as 2026-03-16."`
	Concern hearback.ID            `json:"concern"`
	Finding hearback.SampleFinding `json:"finding" doc:"missed: it should have been told of; right: it was rightly quiet."`
}

func (q *request) apiJudgeSample(in sampleBody) (out apiSamples, err error) {
	week, err := time.Parse(time.DateOnly, in.Week)
	if err != nil {
		return out, hearback.ErrNotFound
	}
	if err := q.o.Alerts.JudgeSample(q.ctx(), q.By(access.Triage), week, in.Concern, in.Finding); err != nil {
		return out, err
	}
	return q.apiSamples(nothing{})
}

// apiSkill says how good the forecasts of one target were.
type apiSkill struct {
	Target   string  `json:"target" doc:"next6, next24, next72 hours, or day3."`
	N        int64   `json:"n" doc:"Forecasts that were checked."`
	Relative float64 `json:"relative" doc:"Error against “as in the last 24 hours”; below 1 is better."`
	Cover50  float64 `json:"cover50" doc:"Share of outcomes within the interval."`
	Cover80  float64 `json:"cover80"`
	Cover95  float64 `json:"cover95"`
	Shown    bool    `json:"shown" doc:"There are enough, and they are better."`
	Say      string  `json:"say"`
}

// apiCalibration is how good forecasts and alerts were.
type apiCalibration struct {
	Forecasts []apiSkill `json:"forecasts"`
	Days      int        `json:"days" doc:"How far back the figures of alerts reach."`
	Sent      int        `json:"sent" doc:"Alerts, without emergencies and deadlines."`
	Digest    int        `json:"digest"`
	Worth     int        `json:"worth"`
	Noise     int        `json:"noise"`
	Known     int        `json:"known"`
	Precision float64    `json:"precision" doc:"Share of worth it among those that were that or noise."`
	Low       float64    `json:"low" doc:"95 % interval of it."`
	High      float64    `json:"high"`
	Checked   int        `json:"checked" doc:"Quiet concerns that were drawn and judged."`
	Missed    int        `json:"missed" doc:"Of those, the ones that should have been told of."`
}

func (q *request) apiCalibration(nothing) (v apiCalibration, err error) {
	sums, err := q.o.Store.ForecastSums(q.ctx(), q.o.Now().Add(-forecast.Lately))
	if err != nil {
		return v, err
	}
	for _, t := range forecast.Targets() {
		s := sums[t].Skill()
		v.Forecasts = append(v.Forecasts, apiSkill{office.TargetKey(t), int64(math.Round(s.Count)), s.Relative, s.Cover50, s.Cover80, s.Cover95, s.Show, q.SkillSay(s)})
	}
	alerts, err := q.LatelyAlerts(q.ctx())
	if err != nil {
		return v, err
	}
	x, _, err := q.AlertQuality(q.ctx(), alerts)
	v.Days, v.Sent, v.Digest, v.Worth, v.Noise, v.Known, v.Checked, v.Missed = x.Days, x.Sent, x.Quality.Digest, x.Worth, x.Noise, x.Known, x.Checked, x.Missed
	v.Precision, v.Low, v.High, _ = x.Quality.Precision()
	return v, err
}
