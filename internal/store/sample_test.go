package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/store"
	"example.org/hearback/internal/web/office"
)

// TestSample: a week is drawn once, findings stay, and what was not drawn cannot
// be judged.
func TestSample(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		week := time.Date(2026, 3, 16, 0, 0, 0, 0, time.UTC)
		if err := db.AddSample(ctx, week, 40, []hearback.ID{9, 4}); err != nil {
			t.Fatal(err)
		}
		if err := db.AddSample(ctx, week, 41, []hearback.ID{5}); err != nil {
			t.Fatal(err)
		}
		if err := db.AddSample(ctx, week.AddDate(0, 0, 7), 3, []hearback.ID{4}); err != nil {
			t.Fatal(err)
		}
		found := hearback.Sample{Week: week, Concern: 4, Finding: hearback.SampleMissed, By: 7, At: week.AddDate(0, 0, 8)}
		if err := db.JudgeSample(ctx, found); err != nil {
			t.Fatal(err)
		}
		list, err := db.Samples(ctx, week)
		if err != nil || len(list) != 3 || list[0].Week != week.AddDate(0, 0, 7) || list[1].Concern != 4 || list[2].Concern != 9 {
			t.Fatalf("%+v, %v; want the newer week first and no concern of a second draw", list, err)
		}
		if found.Of = 40; list[1] != found || list[2].Finding != hearback.SampleOpen || !list[2].At.IsZero() {
			t.Errorf("%+v, want %+v and one that waits", list[1:], found)
		}
		if list, err := db.Samples(ctx, week.AddDate(0, 0, 1)); err != nil || len(list) != 1 {
			t.Errorf("%d of the weeks since, %v; want 1", len(list), err)
		}
		found.Concern = 5
		if err := db.JudgeSample(ctx, found); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("a concern that was not drawn: %v, want ErrNotFound", err)
		}
	})
}

// TestAckConcern: whoever looks after a concern stops all that waits about it,
// but the clocks of its case.
func TestAckConcern(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		list := []hearback.Alert{
			{ID: 21, Concern: 7, Kind: hearback.AlertRising, At: start}, {ID: 22, Concern: 7, Kind: hearback.AlertVoid, At: start, Digest: true},
			{ID: 23, Concern: 7, Kind: hearback.AlertDeadline, At: start}, {ID: 24, Concern: 8, Kind: hearback.AlertRising, At: start},
			{ID: 25, Concern: 7, Kind: hearback.AlertHarm, At: start, Verdict: hearback.AlertWorth},
		}
		if err := db.AddAlerts(ctx, list, nil); err != nil {
			t.Fatal(err)
		}
		if err := db.AckConcern(ctx, 7, start.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		open, err := db.AlertList(ctx, office.AlertFilter{Open: true})
		if err != nil || len(open) != 2 || open[0].ID != 24 || open[1].ID != 23 {
			t.Errorf("%+v wait, %v; want the clock and the other concern", open, err)
		}
		for _, id := range []hearback.ID{21, 22} {
			if a, err := db.Alert(ctx, id); err != nil || !a.Acked.Equal(start.Add(time.Minute)) || a.Version != 2 {
				t.Errorf("%s: %+v, %v", id, a, err)
			}
		}
	})
}
