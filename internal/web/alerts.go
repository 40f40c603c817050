package web

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/alert"
	"example.org/hearback/internal/web/office"
)

type alertsPage struct {
	frame
	Rows     []office.AlertRow
	Tabs     []tab
	View     string
	Verdict  hearback.AlertVerdict // only those judged so, or ""
	Today    int
	Budget   int
	PerShift int
	MayAct   bool
	Say      []hearback.AlertVerdict
	Quality  office.QualityView
	Samples  []office.SampleRow
	Crisis   time.Time // until when there is one; zero if there is none
	Spans    []time.Duration
}

// crisisSpans are how long a crisis can be said to last; until then it is
// prolonged or ends by itself.
var crisisSpans = []time.Duration{6 * time.Hour, 24 * time.Hour, 3 * 24 * time.Hour, office.LongestCrisis}

// setCrisis begins, prolongs or ends a crisis.
func (q *request) setCrisis() error {
	hours, err := strconv.Atoi(q.form("hours"))
	if err != nil {
		hours = -1
	}
	if err := q.SetCrisis(q.ctx(), hours, q.form("reason")); err != nil {
		return err
	}
	if hours == 0 {
		return q.see("/alerts", "crisis_over")
	}
	return q.see("/alerts", "crisis")
}

func (q *request) alerts() error {
	p := &alertsPage{
		frame: q.frame(q.t("nav.alerts"), "alerts"), View: q.r.URL.Query().Get("view"), Verdict: hearback.AlertVerdict(q.r.URL.Query().Get("verdict")), Budget: q.o.AlertsPerDay, PerShift: q.o.AlertsPerShift,
		MayAct: q.may(access.Triage), Say: hearback.AlertVerdicts(),
	}
	if !slices.Contains([]string{"digest", "sample", "all"}, p.View) {
		p.View = "open"
	}
	if p.View != "all" || !slices.Contains(hearback.AlertVerdicts(), p.Verdict) {
		p.Verdict = ""
	}
	list, err := q.LatelyAlerts(q.ctx())
	if err != nil {
		return err
	}
	if p.Crisis, err = q.Crisis(q.ctx()); err != nil {
		return err
	}
	p.Spans = crisisSpans
	var samples []hearback.Sample
	if p.Quality, samples, err = q.AlertQuality(q.ctx(), list); err != nil {
		return err
	}
	midnight := q.Midnight()
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
		if p.Samples, err = q.SampleRows(q.ctx(), samples); err != nil {
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
	if p.Rows, err = q.AlertRows(q.ctx(), shown[:min(len(shown), 200)]); err != nil {
		return err
	}
	return q.page("alerts", p)
}

// day is the beginning of the day of a time, where the office is.
func (q *request) day(t time.Time) time.Time {
	y, m, d := t.In(q.o.Zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, q.o.Zone)
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
