package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"example.org/hearback"
	"example.org/hearback/internal/store"
	"example.org/hearback/internal/web/office"
)

// TestNames: a search for the name of a concern finds it whatever hand wrote
// the name last, and however many searches came before.
func TestNames(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		find := func(text string) (ids []hearback.ID) {
			t.Helper()
			list, _, err := db.ConcernList(ctx, office.ConcernFilter{View: "all", Text: text, Limit: 2000})
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range list {
				ids = append(ids, c.ID)
			}
			slices.Sort(ids)
			return ids
		}
		want := func(text string, ids ...hearback.ID) {
			t.Helper()
			if got := find(text); !slices.Equal(got, ids) {
				t.Errorf("%q finds %v, want %v", text, got, ids)
			}
		}
		grow := func(id hearback.ID, voices int64, title string, phrases ...string) {
			t.Helper()
			c := &hearback.Concern{ID: id, Theme: id, Title: title, Phrases: phrases, Voices: voices, Messages: voices, First: start, Last: start,
				Labels: []hearback.Label{{Lang: "zh", Title: "自来水" + title}}}
			if err := db.Take(ctx, &store.Batch{Concerns: []*hearback.Concern{c}}); err != nil {
				t.Fatal(err)
			}
		}
		retitle := func(ctx context.Context, id hearback.ID, title string) {
			t.Helper()
			c, err := db.Concern(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			c.Title, c.Titled = title, true
			if err := db.SetConcern(ctx, c); err != nil {
				t.Fatal(err)
			}
		}
		grow(1, 9, "Is the Water safe", "tap water")
		grow(2, 2, "water in two voices")
		want("water", 1)
		want("自来", 1)
		grow(3, 6, "Bus 14", "bridge")
		grow(1, 10, "Is it brown", "brown")
		want("bus", 3)
		want("water")
		want("BROWN", 1)
		retitle(ctx, 3, "The bus to the hospital")
		want("hospital", 3)
		grow(3, 7, "Bus 14 again", "bridge") // the title of a person stays
		want("hospital", 3)
		want("again", 3) // in its Chinese label
		if err := db.Together(ctx, func(in context.Context) error {
			retitle(in, 1, "Quokka")
			want("quokka") // not committed yet
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		want("quokka", 1)
		if err := db.SaveScores(ctx, map[hearback.ID]hearback.Score{2: {Tier: hearback.P1}}); err != nil {
			t.Fatal(err)
		}
		want("two voices", 2)
		// More than are looked at one by one.
		var many []*hearback.Concern
		for i := range 700 {
			many = append(many, &hearback.Concern{ID: hearback.ID(1000 + i), Title: fmt.Sprintf("Common %d", i), Voices: 8, First: start, Last: start})
		}
		if err := db.Take(ctx, &store.Batch{Concerns: many}); err != nil {
			t.Fatal(err)
		}
		if got := find("common"); len(got) != 700 {
			t.Errorf("found %d, want 700", len(got))
		}
		if got := find("common 69"); len(got) != 11 {
			t.Errorf("found %d, want 11", len(got))
		}
	})
}
