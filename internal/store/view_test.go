package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"example.org/hearback"
	"example.org/hearback/internal/store"
	"example.org/hearback/internal/web/office"
)

func TestSavedViews(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		for i, v := range []office.SavedView{
			{Account: 7, Name: "Mine", Query: "tier=P1"},
			{Account: 7, Desk: "water", Name: "Water", Query: "area=Riverside"},
			{Account: 8, Name: "Another's", Query: "q=bus"},
			{Account: 8, Desk: "transport", Name: "Buses", Query: "q=bus"},
		} {
			v.ID, v.Since = hearback.ID(i+1), start
			if err := db.SaveView(ctx, v); err != nil {
				t.Fatal(err)
			}
		}
		want := func(account hearback.ID, desks []string, names ...string) {
			t.Helper()
			list, err := db.SavedViews(ctx, account, desks)
			if err != nil || len(list) != len(names) {
				t.Fatalf("%d sees %+v (%v), want %v", account, list, err, names)
			}
			for i, v := range list {
				if v.Name != names[i] || !v.Since.Equal(start) {
					t.Errorf("%d sees %+v, want %v", account, v, names)
				}
			}
		}
		want(7, nil, "Mine", "Water", "Buses")
		want(7, []string{"water"}, "Mine", "Water")
		want(9, []string{"transport", "roads"}, "Buses")
		want(9, []string{"sport"})
		if err := db.DropView(ctx, 3, 7); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("a view of another: %v", err)
		}
		for _, err := range []error{db.DropView(ctx, 3, 8), db.DropView(ctx, 4, 0)} {
			if err != nil {
				t.Error(err)
			}
		}
		want(8, nil, "Water")
		// Many at once, as from many nodes: each has the number it was given, none
		// stands in the way of another, and none gets one that was given before.
		var all sync.WaitGroup
		for i := range office.MostViews {
			all.Go(func() {
				if err := db.SaveView(ctx, office.SavedView{ID: hearback.ID(100 + i), Account: 9, Name: "One more"}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if list, err := db.SavedViews(ctx, 9, []string{"none"}); err != nil || len(list) != office.MostViews || list[0].ID != 100 {
			t.Errorf("%d views from %v, %v; want %d", len(list), list[0].ID, err, office.MostViews)
		}
		if err := db.SaveView(ctx, office.SavedView{ID: 2, Account: 8, Name: "A number that is taken"}); err == nil {
			t.Error("a number was given twice")
		}
		if err := db.SaveView(ctx, office.SavedView{ID: 999, Account: 9, Name: "Too many"}); !errors.Is(err, hearback.ErrInvalid) {
			t.Errorf("too many views: %v", err)
		}
	})
}
