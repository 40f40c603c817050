package web

import (
	"html/template"
	"slices"
	"time"

	"example.org/hearback"
)

type todayPage struct {
	frame
	Now         time.Time
	Totals      ConcernTotals
	Open        int
	Late        []caseRow
	Next        []caseRow
	Ruler       template.HTML
	Answered    int
	FirstRecord int64
	LastRecord  int64
	Measured    int
	Measuring   int
	Helped      int
	NoEffect    int
	Alerts      []alertRow
	Waiting     int       // alerts that wait for a look
	Crisis      time.Time // until when there is one; zero if there is none
	Sources     []sourceRow
	Fine        int // sources that need no look
	Received    int64
	Kept        int64
	Size        int64 // of the public log
	Trail       []entryRow
}

// today is the first screen: how things stand, in one sentence and four
// numbers, each of which opens.
func (q *request) today() error {
	p, err := q.todayPage()
	if err != nil {
		return err
	}
	return q.page("today", p)
}

func (q *request) todayPage() (*todayPage, error) {
	ctx, now := q.ctx(), q.o.Now()
	p := &todayPage{frame: q.frame(q.t("nav.today"), "today"), Now: now}
	var err error
	if p.Totals, err = q.concernTotals(ctx); err != nil {
		return nil, err
	}
	cases, err := q.o.Store.CaseList(ctx, CaseFilter{Limit: 500})
	if err != nil {
		return nil, err
	}
	rows, err := q.caseRows(cases)
	if err != nil {
		return nil, err
	}
	var list []due
	for _, r := range rows {
		if r.Case.State != hearback.CasePublished {
			p.Open++
		}
		switch {
		case r.Late:
			p.Late = append(p.Late, r)
		case r.Next != nil:
			p.Next = append(p.Next, r)
			list = append(list, due{r.Next.Due, string(r.Case.Tier) + " " + r.Title, r.Case.Tier == hearback.P1})
		}
	}
	soon := func(d due) bool { return d.at.Before(now.Add(rulerSpan)) && !d.at.Before(now) }
	if slices.ContainsFunc(list, soon) {
		p.Ruler = q.l.ruler(now, list)
	}
	p.Next = append(slices.Clone(p.Late), p.Next...)
	p.Next = p.Next[:min(len(p.Next), 8)]

	week := now.Add(-7 * 24 * time.Hour)
	answers, err := q.o.Store.AnswerList(ctx, AnswerFilter{Public: true, Since: week, Limit: 500})
	if err != nil {
		return nil, err
	}
	p.FirstRecord = -1
	for i := range answers {
		a := &answers[i]
		if r := a.Current(); a.State == hearback.AnswerPublished && r != nil && !r.Published.Before(week) {
			p.Answered++
			p.LastRecord = max(p.LastRecord, r.Record)
			if p.FirstRecord < 0 || r.Record < p.FirstRecord {
				p.FirstRecord = r.Record
			}
		}
	}
	outcomes, err := q.o.Store.OutcomeList(ctx, 0, 500)
	if err != nil {
		return nil, err
	}
	for _, o := range outcomes {
		p.Measured++
		switch {
		case !o.Complete:
			p.Measuring++
		case o.Level >= 2:
			p.Helped++
		default:
			p.NoEffect++
		}
	}
	alerts, err := q.o.Store.AlertList(ctx, AlertFilter{Open: true, Limit: 1000})
	if err != nil {
		return nil, err
	}
	alerts = slices.DeleteFunc(alerts, func(a hearback.Alert) bool { return a.Digest })
	if p.Crisis, err = q.crisis(); err != nil {
		return nil, err
	}
	p.Waiting = len(alerts)
	if p.Alerts, err = q.alertRows(alerts[:min(len(alerts), 5)]); err != nil {
		return nil, err
	}
	sources, err := q.sourceRows(q.midnight())
	if err != nil {
		return nil, err
	}
	for _, r := range sources {
		p.Received += r.Tally.Received
		p.Kept += r.Tally.Kept + r.Tally.Copies
		if r.Class == "done" {
			p.Fine++
		} else if r.Class != "off" {
			p.Sources = append(p.Sources, r)
		}
	}
	if p.Size, err = q.o.Store.LogSize(ctx); err != nil {
		return nil, err
	}
	entries, err := q.o.Store.EntriesBefore(ctx, p.Size, "", 8)
	if err != nil {
		return nil, err
	}
	p.Trail = q.entryRows(entries)
	return p, nil
}
