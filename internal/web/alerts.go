package web

import (
	"slices"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
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
			name = s.Title
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
	case a.Digest && a.Nth < a.PerDay:
		add("budget", q.t("alert.shadow"))
	case a.Digest:
		add("budget", q.t("alert.over", a.PerDay))
	default:
		add("budget", q.t("alert.within", a.Nth, a.PerDay))
	}
	add("unless", q.unless(a))
	return list, nil
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
