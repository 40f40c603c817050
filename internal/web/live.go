package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"example.org/hearback/internal/web/office"
)

// news is what an open page is told: the counts of the rail, and for a list of
// concerns the numbers of its rows as they would be drawn now.
type news struct {
	Counts map[string]string `json:"counts"`
	Last   string            `json:"last"`
	Stale  bool              `json:"stale"`
	Rows   []newsRow         `json:"rows,omitempty"`
	// Drill is what changes in place in the room of a drill, and Room the version
	// of its lists.
	Drill map[string]string `json:"drill,omitempty"`
	Room  string            `json:"room,omitempty"`
	// Version tells a page whether the service was renewed since it was opened.
	Version string `json:"version"`
}

// A newsRow is one row of a list, in its order.
type newsRow struct {
	ID    string            `json:"id"`
	Cells map[string]string `json:"cells"`
}

// newsEvery is how often an open page is told what changed.
const newsEvery = 5 * time.Second

// live tells an open page what changed, until it goes away.
func (q *request) live() error {
	flush := http.NewResponseController(q.w)
	q.w.Header().Set("Content-Type", "text/event-stream")
	var filter *office.ConcernFilter
	if list, err := url.ParseQuery(q.r.URL.Query().Get("list")); err == nil && len(list) > 0 {
		f, _ := q.ConcernFilter(list)
		filter = &f
	}
	last := ""
	send := func() error {
		n, err := q.news(filter)
		if err != nil {
			return err
		}
		if q.r.URL.Query().Has("drill") && q.o.Room != nil {
			if n.Drill, n.Room, err = q.DrillCells(q.ctx()); err != nil {
				return err
			}
		}
		b, err := json.Marshal(n)
		if err != nil {
			return err
		}
		msg := "data: " + string(b) + "\n\n"
		if msg == last {
			msg = ": still here\n\n"
		} else {
			last = msg
		}
		if _, err := q.w.Write([]byte(msg)); err != nil {
			return err
		}
		return flush.Flush()
	}
	tick := time.NewTicker(newsEvery)
	defer tick.Stop()
	_ = flush.SetWriteDeadline(time.Time{})
	// The page asks again by itself, so a stream may end after some minutes;
	// that also ends those whose session has ended.
	for end := time.Now().Add(10 * time.Minute); time.Now().Before(end); {
		if err := send(); err != nil {
			return nil // the reader has gone, or the store will be said to fail elsewhere
		}
		select {
		case <-q.ctx().Done():
			return nil
		case <-tick.C:
		}
	}
	return nil
}

// news gathers what a page is told now.
func (q *request) news(filter *office.ConcernFilter) (*news, error) {
	c, err := q.counts.Get(2*time.Second, func() (counts, error) { return q.count(context.WithoutCancel(q.ctx())) })
	if err != nil {
		return nil, err
	}
	n := &news{Counts: map[string]string{"triage": q.l.Num(c.Triage), "cases": q.l.Num(c.Cases), "alerts": ""}, Stale: c.Stale, Version: q.assets.hash}
	if c.Alerts > 0 {
		n.Counts["alerts"] = q.l.Num(c.Alerts)
	}
	if n.Last = q.t("live.none"); !c.Last.IsZero() {
		n.Last = q.t("live.last", q.l.Ago(c.Last))
	}
	if filter == nil {
		return n, nil
	}
	list, _, err := q.o.Store.ConcernList(q.ctx(), *filter)
	if err != nil {
		return nil, err
	}
	days, err := q.dayVoices(list)
	if err != nil {
		return nil, err
	}
	for i := range list {
		c := &list[i]
		r := newsRow{c.ID.String(), map[string]string{"day": q.l.Num(days[c.ID]), "of": q.t("row.of", c.Voices)}}
		if c.Score.Rules != "" {
			whole := func(f float64) string { return q.l.Dec(float64(int64(f + .5))) }
			r.Cells["priority"], r.Cells["span"] = whole(c.Score.Priority), whole(c.Score.Low)+"–"+whole(c.Score.High)
		}
		n.Rows = append(n.Rows, r)
	}
	return n, nil
}
