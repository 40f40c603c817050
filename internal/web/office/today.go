package office

import (
	"context"
	"slices"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/desk"
)

// Today is how things stand.
type Today struct {
	Now         time.Time
	Totals      ConcernTotals
	Open        int
	Late        []CaseRow
	Running     []CaseRow // cases whose next clock has not ended
	Answered    int
	FirstRecord int64
	LastRecord  int64
	Measured    int
	Measuring   int
	Helped      int
	NoEffect    int
	Alerts      []AlertRow
	Waiting     int       // alerts that wait for a look
	Untriaged   int       // concerns, of the most urgent ones, that wait longer than their tier allows
	Crisis      time.Time // until when there is one; zero if there is none
	Sources     []SourceRow
	Fine        int // sources that need no look
	Received    int64
	Kept        int64
	Size        int64 // of the public log
	Trail       []EntryRow
}

// triageShown is how many of the most urgent concerns are looked through for
// late triage.
const triageShown = 100

// Today says how things stand: in four numbers, and what each of them counts.
func (q *Caller) Today(ctx context.Context) (*Today, error) {
	now := q.o.Now()
	p := &Today{Now: now}
	var err error
	if p.Totals, err = q.ConcernTotals(ctx); err != nil {
		return nil, err
	}
	cases, err := q.o.Store.CaseList(ctx, CaseFilter{Limit: 500})
	if err != nil {
		return nil, err
	}
	rows, err := q.CaseRows(ctx, cases)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		if r.Case.State != hearback.CasePublished {
			p.Open++
		}
		switch {
		case r.Late:
			p.Late = append(p.Late, r)
		case r.Next != nil:
			p.Running = append(p.Running, r)
		}
	}

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
	if p.Crisis, err = q.Crisis(ctx); err != nil {
		return nil, err
	}
	p.Waiting = len(alerts)
	if p.Alerts, err = q.AlertRows(ctx, alerts[:min(len(alerts), 5)]); err != nil {
		return nil, err
	}
	sources, err := q.SourceRows(ctx, q.Midnight())
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
	if p.Untriaged, err = q.untriaged(ctx); err != nil {
		return nil, err
	}
	if p.Size, err = q.o.Store.LogSize(ctx); err != nil {
		return nil, err
	}
	entries, err := q.o.Store.EntriesBefore(ctx, p.Size, "", 8)
	if err != nil {
		return nil, err
	}
	p.Trail = q.EntryRows(entries)
	return p, nil
}

// untriaged counts the concerns, of the most urgent ones, that wait longer than
// their tier allows. It reads each of them, so it is asked for at most every few
// seconds.
func (s *Office) untriaged(ctx context.Context) (int, error) {
	ctx = context.WithoutCancel(ctx)
	return s.late.Get(5*time.Second, func() (n int, err error) {
		first, _, err := s.o.Store.ConcernList(ctx, ConcernFilter{View: "triage", Limit: triageShown})
		now := s.o.Now()
		for i := range first {
			if by := desk.TriageBy(&first[i]); !by.IsZero() && now.After(by) {
				n++
			}
		}
		return n, err
	})
}
