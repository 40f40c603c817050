package web

import (
	"slices"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
)

type alertRow struct {
	hearback.Alert
	Title  string // of its concern or source
	URL    string
	Say    string // what was seen, in one sentence
	Unless string // what would have kept it silent
	Class  string
}

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
			r.Title, r.URL = q.concernTitle(c), "/concerns/"+a.Concern.String()
		case a.Source != 0:
			s, err := q.o.Store.Source(q.ctx(), a.Source)
			if err != nil {
				return nil, err
			}
			r.Title, r.URL = s.Title, "/sources/"+a.Source.String()
		}
		r.Say = q.l.label("alertkind", a.Kind)
		switch a.Kind {
		case hearback.AlertHarm, hearback.AlertDeadline, hearback.AlertSilent:
		default:
			if a.Window > 0 {
				r.Say += q.t("alert.counts", a.Observed, a.Window, a.Expected)
			}
		}
		if len(a.Words) > 0 {
			r.Say += q.t("alert.words", q.l.list(a.Words[:min(5, len(a.Words))]))
		}
		r.Say += q.t("stop")
		if a.Unless > 0 {
			r.Unless = q.t("alert.unless", a.Unless)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

type alertsPage struct {
	frame
	Rows   []alertRow
	Tabs   []tab
	View   string
	Today  int
	Budget int
	Judged int
	Worth  int
	Days   int
	MayAct bool
	Say    []hearback.AlertVerdict
}

func (q *request) alerts() error {
	p := &alertsPage{frame: q.frame(q.t("nav.alerts"), "alerts"), View: q.r.URL.Query().Get("view"), Budget: q.o.AlertsPerDay, Days: 28, MayAct: q.may(access.Triage),
		Say: []hearback.AlertVerdict{hearback.AlertWorth, hearback.AlertKnown, hearback.AlertNoise, hearback.AlertMerge}}
	if !slices.Contains([]string{"digest", "all"}, p.View) {
		p.View = "open"
	}
	list, err := q.o.Store.AlertList(q.ctx(), AlertFilter{Since: q.o.Now().Add(-28 * 24 * time.Hour), Limit: 1000})
	if err != nil {
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
		return true
	}
	for _, view := range []string{"open", "digest", "all"} {
		t := tab{Label: q.t("alertview." + view), URL: "/alerts?view=" + view, On: view == p.View}
		for _, a := range list {
			if in(view, a) {
				t.Count++
			}
		}
		p.Tabs = append(p.Tabs, t)
	}
	var shown []hearback.Alert
	for _, a := range list {
		if !a.Digest && !a.At.Before(midnight) {
			p.Today++
		}
		if a.Verdict != hearback.AlertOpen {
			p.Judged++
			if a.Verdict == hearback.AlertWorth {
				p.Worth++
			}
		}
		if in(p.View, a) && len(shown) < 200 {
			shown = append(shown, a)
		}
	}
	if p.Rows, err = q.alertRows(shown); err != nil {
		return err
	}
	return q.page("alerts", p)
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
