package store_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/alert"
	"example.org/hearback/internal/forecast"
	"example.org/hearback/internal/store"
	"example.org/hearback/internal/web/office"
)

func TestAlerts(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		var d alert.Detector
		d.Step(alert.Bucket{At: start, Length: time.Hour, Voices: 3})
		state, err := d.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		list := []hearback.Alert{
			{ID: 11, Concern: 7, Kind: hearback.AlertRising, At: start, Since: start.Add(-time.Hour), Observed: 66, Expected: 4.5, Stat: 9.1, Limit: 7.5, Window: time.Hour, Words: []string{"chlorine", "氯味"}, Unless: 31},
			{ID: 12, Concern: 8, Kind: hearback.AlertNovel, At: start.Add(time.Hour), Digest: true},
			{ID: 13, Source: 3, Kind: hearback.AlertSilent, At: start.Add(2 * time.Hour)},
		}
		if err := db.AddAlerts(ctx, list, map[hearback.ID][]byte{7: state, 8: state}); err != nil {
			t.Fatal(err)
		}
		if err := db.AddAlerts(ctx, list[:1], nil); err == nil {
			t.Error("an alert was written twice")
		}
		got, err := db.Alert(ctx, 11)
		if err != nil || got.Unless != 31 || got.Words[1] != "氯味" || got.Window != time.Hour || got.Version != 1 || !got.Since.Equal(start.Add(-time.Hour)) {
			t.Fatalf("Alert = %+v, %v", got, err)
		}
		if _, err := db.Alert(ctx, 99); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("an alert that is not there: %v, want ErrNotFound", err)
		}
		n := 0
		err = db.Detectors(ctx, func(id hearback.ID, b []byte) error {
			n++
			var d alert.Detector
			return errors.Join(d.UnmarshalBinary(b))
		})
		if err != nil || n != 2 {
			t.Errorf("%d detectors, %v; want 2", n, err)
		}

		for _, tt := range []struct {
			name string
			f    office.AlertFilter
			want []hearback.ID
		}{
			{"all, newest first", office.AlertFilter{}, []hearback.ID{13, 12, 11}},
			{"of a concern", office.AlertFilter{Concern: 7}, []hearback.ID{11}},
			{"since a time", office.AlertFilter{Since: start.Add(time.Hour)}, []hearback.ID{13, 12}},
			{"some", office.AlertFilter{Limit: 1}, []hearback.ID{13}},
		} {
			list, err := db.AlertList(ctx, tt.f)
			if err != nil {
				t.Fatal(err)
			}
			var ids []hearback.ID
			for _, a := range list {
				ids = append(ids, a.ID)
			}
			if len(ids) != len(tt.want) || len(ids) > 0 && ids[0] != tt.want[0] {
				t.Errorf("%s: %v, want %v", tt.name, ids, tt.want)
			}
		}
		if list, err := db.DigestSince(ctx, start, 10); err != nil || len(list) != 1 || list[0].ID != 12 {
			t.Errorf("the digest: %v, %v; want alert 12", list, err)
		}
	})
}

func TestJudgeAlert(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		if err := db.AddAlerts(ctx, []hearback.Alert{{ID: 11, Concern: 7, Kind: hearback.AlertRising, At: start}}, nil); err != nil {
			t.Fatal(err)
		}
		a, err := db.Alert(ctx, 11)
		if err != nil {
			t.Fatal(err)
		}
		other := *a
		limits := alert.DefaultLimits()
		moved := limits.Move(hearback.AlertRising, hearback.AlertNoise, false)
		if moved == limits {
			t.Fatal("noise does not move the limit")
		}
		a.Verdict = hearback.AlertNoise
		r := hearback.Record{Type: hearback.ThresholdChanged, At: start, Actor: hearback.Actor{ID: 5, Number: 2, Role: "listener"}, Subject: "setting:alert.limit", Pub: map[string]any{"from": "7.50", "to": "7.75"}}
		if err := db.JudgeAlert(ctx, a, map[string]string{"alert.limit": "7.75"}, r); err != nil || a.Version != 2 {
			t.Fatalf("JudgeAlert: %v, version %d", err, a.Version)
		}
		// Somebody else read it before.
		other.Acked = start
		if err := db.JudgeAlert(ctx, &other, map[string]string{"alert.limit": "9"}, r); !errors.Is(err, hearback.ErrConflict) {
			t.Errorf("a verdict on an old version: %v, want ErrConflict", err)
		}
		if v, _ := db.Setting(ctx, "alert.limit"); v != "7.75" {
			t.Errorf("the limit is %q after a conflict, want 7.75", v)
		}
		if n, _ := db.LogSize(ctx); n != 1 {
			t.Errorf("%d entries in the log, want 1: the act that was kept", n)
		}
		if list, err := db.AlertList(ctx, office.AlertFilter{Open: true}); err != nil || len(list) != 0 {
			t.Errorf("open alerts after a verdict: %v, %v", list, err)
		}
		if err := db.SetAlert(ctx, &other); !errors.Is(err, hearback.ErrConflict) {
			t.Errorf("SetAlert of an old version: %v, want ErrConflict", err)
		}
	})
}

func TestForecasts(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		if _, err := db.ForecasterState(ctx); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("state before any: %v, want ErrNotFound", err)
		}
		f := forecast.New()
		hours := make([]float64, 24*14)
		for i := range hours {
			hours[i] = 5
		}
		var all []forecast.Forecast
		for id := range hearback.ID(3) {
			made := f.Make(id+1, start, hours)
			all = append(all, made[:]...)
		}
		for range 2 { // the second time changes nothing
			if err := db.SaveForecasts(ctx, all); err != nil {
				t.Fatal(err)
			}
		}
		if list, err := db.DueForecasts(ctx, start.Add(5*time.Hour), 99); err != nil || len(list) != 0 {
			t.Errorf("%d forecasts due after 5 h, %v; want none", len(list), err)
		}
		due, err := db.DueForecasts(ctx, start.Add(24*time.Hour), 99)
		if err != nil || len(due) != 6 || due[0].Target != forecast.Next6 || due[0].Q != all[0].Q {
			t.Fatalf("%d forecasts due after a day, %v; want 6, those of 6 h first", len(due), err)
		}
		n, err := f.Settle(ctx, db, start.Add(24*time.Hour), func(c hearback.ID, from, to time.Time) (float64, bool) {
			return 5 * to.Sub(from).Hours(), c != 2 // a source of concern 2 was down
		})
		if err != nil || n != 6 {
			t.Fatalf("Settle = %d, %v; want 6", n, err)
		}
		if again, err := f.Settle(ctx, db, start.Add(24*time.Hour), nil); again != 0 || err != nil {
			t.Errorf("settled twice: %d, %v", again, err)
		}
		list, err := db.Forecasts(ctx, 1, start, 10)
		if err != nil || len(list) != 4 || list[0].Came != 30 || list[0].Scored.IsZero() {
			t.Errorf("Forecasts = %+v, %v; want four, the first with 30 voices", list, err)
		}
		if s := f.Skill(forecast.Next6); s.Count < 1.9 || s.Count > 2.1 {
			t.Errorf("%g forecasts learned from, want 2 of the 3", s.Count)
		}
		sums, err := db.ForecastSums(ctx, start.Add(24*time.Hour))
		if got := sums[forecast.Next6].Plus(sums[forecast.Next24]); err != nil || got.Count+got.Down != 6 && got.Count+got.Down != 3 {
			t.Errorf("sums of the day = %+v, %v; want those that were due then", sums, err)
		}
		sums, err = db.ForecastSums(ctx, start)
		if got := sums[forecast.Next6]; err != nil || got.Count != 2 || got.Down != 1 || got.Naive == 0 || len(sums) != 2 {
			t.Errorf("sums of both days = %+v, %v; want two scored and one that was not", sums, err)
		}
		want, _ := f.MarshalBinary()
		if state, err := db.ForecasterState(ctx); err != nil || !bytes.Equal(state, want) {
			t.Errorf("state of %d bytes, %v; want the %d learned", len(state), err, len(want))
		}
		if n, err := db.ForgetForecasts(ctx, start.Add(48*time.Hour)); err != nil || n != 6 {
			t.Errorf("ForgetForecasts = %d, %v; want 6", n, err)
		}
	})
}

func TestHarmRatings(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		rate := func(by hearback.ID, sev int, at time.Time) {
			t.Helper()
			r := hearback.HarmRating{Concern: 7, By: by, Severity: sev, Immediate: 3, Reason: "停水影响透析", At: at}
			rec := hearback.Record{Type: hearback.HarmRated, At: at, Actor: hearback.Actor{ID: by, Number: int(by), Role: "listener"}, Subject: "concern:7", Pub: map[string]any{"severity": sev}}
			if err := db.RateHarm(ctx, r, rec); err != nil {
				t.Fatal(err)
			}
		}
		rate(1, 2, start)
		rate(2, 4, start.Add(time.Minute))
		rate(1, 3, start.Add(2*time.Minute)) // thought again
		got, err := db.HarmRatings(ctx, 7)
		if err != nil || len(got) != 2 || got[0].By != 1 || got[0].Severity != 3 || got[1].Severity != 4 || got[1].Reason != "停水影响透析" {
			t.Errorf("ratings = %+v, %v; want the newest of each of two people", got, err)
		}
		if n, _ := db.LogSize(ctx); n != 3 {
			t.Errorf("%d entries, want one for each rating", n)
		}
		all, err := db.AllHarm(ctx)
		if err != nil || len(all) != 1 || len(all[7]) != 2 {
			t.Errorf("AllHarm = %v, %v", all, err)
		}
	})
}

func TestOutcomes(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		if _, err := db.OutcomeFor(ctx, 21); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("no outcome yet: %v, want ErrNotFound", err)
		}
		o := hearback.Outcome{Answer: 21, Concern: 7, At: start, From: start.Add(-time.Hour), Window: 24 * time.Hour, Text: "It is too early to tell.", TextZH: "时间尚早，无法判断。"}
		later := o
		later.At, later.Complete, later.Before, later.After, later.Donors, later.Rank = start.Add(25*time.Hour), true, 410, 260, 52, 0.4
		later.Series = []hearback.Point{{At: start, Voices: 3}, {At: start.Add(time.Hour), Missing: true}}
		newer := hearback.Outcome{Answer: 22, Concern: 8, At: start, From: start}
		if err := errors.Join(db.SaveOutcomes(ctx, []hearback.Outcome{o}), db.SaveOutcomes(ctx, []hearback.Outcome{later, newer})); err != nil {
			t.Fatal(err)
		}
		got, err := db.OutcomeFor(ctx, 21)
		if err != nil || got.After != 260 || got.Rank != 0.4 || len(got.Series) != 2 || !got.Series[1].Missing {
			t.Errorf("OutcomeFor = %+v, %v; want the newest", got, err)
		}
		list, err := db.OutcomeList(ctx, 0, 10)
		if err != nil || len(list) != 2 || list[0].Answer != 22 {
			t.Errorf("OutcomeList = %v, %v; want two, the newest answer first", list, err)
		}
	})
}
