package office

import (
	"context"
	"fmt"
	"strings"
	"time"

	"example.org/hearback"
)

// A SourceRow is one source with how it is doing, in a sentence.
type SourceRow struct {
	hearback.Source
	Health hearback.Health
	Class  string // shape of its state
	Say    string
	Tally  hearback.Tally   // since the time asked for
	Hours  []hearback.Point // messages by hour of the last day, if it is listened to
	Record int64            // index of the entry that added it, or -1
}

// Named returns every source as readers of this language call it.
func (q *Caller) Named(ctx context.Context) ([]hearback.Source, error) {
	list, err := q.o.Store.Sources(ctx)
	for i := range list {
		s := &list[i]
		s.Title, s.Reason, s.Basis = q.Locale.Own(s.Title), q.Locale.Own(s.Reason), q.Locale.Own(s.Basis)
	}
	return list, err
}

// SourceRows lists the sources that are not removed, with what they sent
// since a time.
func (q *Caller) SourceRows(ctx context.Context, since time.Time) ([]SourceRow, error) {
	now := q.o.Now()
	list, err := q.Named(ctx)
	if err != nil {
		return nil, err
	}
	health, err := q.Healths(ctx)
	if err != nil {
		return nil, err
	}
	day := now.Add(-24 * time.Hour).Truncate(time.Hour)
	if since.Before(day) {
		day = since.Truncate(time.Hour)
	}
	type series map[int64]float64
	hours := map[hearback.ID]series{}
	sums := map[hearback.ID]hearback.Tally{}
	err = q.o.Store.Tallies(ctx, 0, day, func(id hearback.ID, bucket time.Time, y hearback.Tally) {
		if hours[id] == nil {
			hours[id] = series{}
		}
		hours[id][bucket.Unix()/3600] += float64(y.Received)
		if !bucket.Before(since) {
			sums[id] = sums[id].Add(y)
		}
	})
	if err != nil {
		return nil, err
	}
	var rows []SourceRow
	for _, s := range list {
		if s.State == hearback.SourceRemoved {
			continue
		}
		r := SourceRow{Source: s, Health: health[s.ID], Tally: sums[s.ID], Record: -1}
		r.Class, r.Say = q.sourceHealth(s, r.Health)
		var points []hearback.Point
		for at := now.Add(-24 * time.Hour).Truncate(time.Hour); !at.After(now); at = at.Add(time.Hour) {
			points = append(points, hearback.Point{At: at, Voices: hours[s.ID][at.Unix()/3600]})
		}
		if s.State == hearback.SourceActive {
			r.Hours = points
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// SourceFault says in the language of the reader why a source could not be
// read.
func (q *Caller) SourceFault(fault string) string {
	if s, ok := q.Locale.Translate(strings.TrimSuffix(fault, ".")); ok {
		return s + q.T("stop")
	}
	return fault
}

// sourceHealth says in a sentence how a source is, and with which shape.
func (q *Caller) sourceHealth(s hearback.Source, h hearback.Health) (class, say string) {
	now := q.o.Now()
	switch {
	case s.State == hearback.SourcePaused:
		return "off", q.T("health.paused")
	case h.Fault != "":
		say = q.T("health.fault", q.SourceFault(h.Fault))
		if !h.LastSuccess.IsZero() {
			say += q.T("health.last_success", q.Locale.Ago(h.LastSuccess))
		}
		return "bad", say
	case h.Silent(now):
		return "bad", q.T("health.silent", q.Locale.Dur(now.Sub(h.LastMessage)), q.Locale.Dur(h.Usual))
	case h.LastMessage.IsZero() && s.Kind == hearback.Table:
		return "open", q.T("health.table")
	case h.LastMessage.IsZero():
		return "open", q.T("health.nothing")
	}
	return "done", q.T("health.fine", q.Locale.Ago(h.LastMessage), h.PerHour)
}

// ErrNoIntake refuses a look at a place where nothing looks on demand.
var ErrNoIntake = fmt.Errorf("%w: this instance cannot look at places on demand", hearback.ErrRefused)
