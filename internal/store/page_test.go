package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/store"
	"example.org/hearback/internal/web/office"
)

// TestPages: lists that go on after a row hold each row once, in the order of
// the whole list, rows with the same time and drafts without one included.
func TestPages(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		concerns(t, db, 9)
		var alerts []hearback.Alert
		for i := range 9 {
			id := hearback.ID(i + 1)
			c := newCase(100+id, id)
			c.Deadlines[0].Due = start.Add(time.Duration(i/3) * time.Hour) // three at a time
			if i%4 == 3 {
				c.State, c.Reason = hearback.CaseClosed, hearback.ClosedActed
			}
			if err := db.AddCase(ctx, c, 0, rec("case:"+c.ID.String())); err != nil {
				t.Fatal(err)
			}
			alerts = append(alerts, hearback.Alert{ID: 300 + id, Concern: id, Kind: hearback.AlertRising, At: start.Add(time.Duration(i/3) * time.Hour)})
			a := draft(t, 200+id, c, "en")
			if i >= 3 { // the others were never public
				a.Draft().Published, a.State = start.Add(time.Duration(i/3)*time.Hour), hearback.AnswerPublished
			}
			if err := db.SaveAnswer(ctx, a, nil, rec("answer:"+a.ID.String())); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.AddAlerts(ctx, alerts, nil); err != nil {
			t.Fatal(err)
		}
		for name, read := range map[string]func(after hearback.ID, limit int) ([]hearback.ID, error){
			"cases": func(after hearback.ID, limit int) ([]hearback.ID, error) {
				list, err := db.CaseList(ctx, office.CaseFilter{After: after, Limit: limit})
				return idsOf(list, func(c hearback.Case) hearback.ID { return c.ID }), err
			},
			"closed cases": func(after hearback.ID, limit int) ([]hearback.ID, error) {
				list, err := db.CaseList(ctx, office.CaseFilter{Closed: true, After: after, Limit: limit})
				return idsOf(list, func(c hearback.Case) hearback.ID { return c.ID }), err
			},
			"answers": func(after hearback.ID, limit int) ([]hearback.ID, error) {
				list, err := db.AnswerList(ctx, office.AnswerFilter{After: after, Limit: limit})
				return idsOf(list, func(a hearback.Answer) hearback.ID { return a.ID }), err
			},
			"alerts": func(after hearback.ID, limit int) ([]hearback.ID, error) {
				list, err := db.AlertList(ctx, office.AlertFilter{After: after, Limit: limit})
				return idsOf(list, func(a hearback.Alert) hearback.ID { return a.ID }), err
			},
		} {
			whole, err := read(0, 100)
			if err != nil || len(whole) < 2 {
				t.Fatalf("%s: %v, %v", name, whole, err)
			}
			for _, limit := range []int{1, 2, 100} {
				var got []hearback.ID
				for after := hearback.ID(0); ; after = got[len(got)-1] {
					page, err := read(after, limit)
					if err != nil {
						t.Fatal(err)
					}
					if got = append(got, page...); len(page) < limit || len(got) > len(whole) {
						break
					}
				}
				if !slices.Equal(got, whole) {
					t.Errorf("%s by %d: %v, want %v", name, limit, got, whole)
				}
			}
			if _, err := read(999, 2); !errors.Is(err, hearback.ErrNotFound) {
				t.Errorf("%s after a row that is not there: %v, want ErrNotFound", name, err)
			}
		}
	})
}

func idsOf[T any](list []T, id func(T) hearback.ID) (ids []hearback.ID) {
	for _, x := range list {
		ids = append(ids, id(x))
	}
	return ids
}
