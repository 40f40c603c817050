package store_test

import (
	"reflect"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/store"
)

// TestSplits keeps one proposal for each concern, and moves messages, counts
// and state with what is decided, or nothing.
func TestSplits(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		concerns(t, db, 3)
		b := store.Batch{Rolls: []store.Roll{{Bucket: start, Concern: 1, Source: 9, Messages: 5, Voices: 4, Questions: 3}}}
		for i := range 5 {
			b.New = append(b.New, store.NewMessage{Message: hearback.Message{ID: hearback.ID(100 + i), Source: 9, Concern: 1, At: start, Seen: start, Text: "停水 water"}})
		}
		if err := db.Take(ctx, &b); err != nil {
			t.Fatal(err)
		}
		x := store.Split{ID: 50, Concern: 1, State: store.SplitProposed, At: start, Why: "words", Of: 5,
			Here: []hearback.ID{100, 101, 102}, There: []hearback.ID{103, 104}, HereWords: []string{"停水"}, ThereWords: []string{"bill"}}
		older := x
		older.ID = 49
		for _, s := range []*store.Split{&older, &x} {
			if err := db.Propose(ctx, 1, s); err != nil {
				t.Fatal(err)
			}
		}
		list, err := db.Splits(ctx, 0, store.SplitProposed, 10)
		if err != nil || len(list) != 1 || !reflect.DeepEqual(list[0], x) {
			t.Fatalf("%+v, %v, want only %+v", list, err, x)
		}
		if id, err := db.LastID(ctx); err != nil || id < 104 {
			t.Errorf("the last id is %s, %v", id, err)
		}

		// Done: two messages and their counts go to concern 2.
		x.State, x.Part, x.Left.Messages = store.SplitDone, 2, x.There
		x.Rolls = []store.Roll{{Bucket: start, Source: 9, Messages: 2, Voices: 1}}
		move := func(concern hearback.ID, sign int64, rs ...hearback.Record) *store.Batch {
			return &store.Batch{Split: &x, Move: store.Move{Messages: x.There, Concern: concern}, Records: rs, Rolls: []store.Roll{
				{Bucket: start, Concern: 1, Source: 9, Messages: -2 * sign, Voices: -sign},
				{Bucket: start, Concern: 2, Source: 9, Messages: 2 * sign, Voices: sign},
			}}
		}
		if err := db.Take(ctx, move(2, 1, bad)); err == nil {
			t.Fatal("a split was written without its record")
		}
		if m, err := db.Messages(ctx, x.There); err != nil || m[0].Concern != 1 {
			t.Errorf("%+v, %v: half of a refused split was kept", m, err)
		}
		if err := db.Take(ctx, move(2, 1, rec("concern:1"))); err != nil {
			t.Fatal(err)
		}
		if m, err := db.Messages(ctx, []hearback.ID{102, 103, 104}); err != nil || m[0].Concern != 1 || m[1].Concern != 2 || m[2].Concern != 2 {
			t.Errorf("%+v, %v", m, err)
		}
		counts := map[hearback.ID]store.Roll{}
		for _, id := range []hearback.ID{1, 2} {
			if err := db.RollsOf(ctx, id, start.Add(-time.Hour), func(r store.Roll) { counts[id] = r }); err != nil {
				t.Fatal(err)
			}
		}
		if counts[1].Messages != 3 || counts[1].Voices != 3 || counts[2].Messages != 2 || counts[2].Voices != 1 || counts[1].Source != 9 || !counts[2].Bucket.Equal(start) {
			t.Errorf("counts %+v", counts)
		}
		if list, err := db.Splits(ctx, 1, store.SplitDone, 10); err != nil || len(list) != 1 || !reflect.DeepEqual(list[0], x) {
			t.Errorf("%+v, %v, want %+v", list, err, x)
		}

		// Undone: all is back, and the part is merged.
		x.State = store.SplitUndone
		if err := db.Take(ctx, move(1, -1, rec("concern:1"))); err != nil {
			t.Fatal(err)
		}
		if c, err := db.Concern(ctx, 2); err != nil || c.State != hearback.Merged || c.Into != 1 {
			t.Errorf("%+v, %v, want it merged into 1", c, err)
		}
		if list, err := db.Rolls(ctx, 1, start.Add(-time.Hour)); err != nil || len(list) != 1 || list[0].Messages != 5 || list[0].Voices != 4 {
			t.Errorf("%+v, %v, want the counts of before", list, err)
		}
		if err := db.Propose(ctx, 1, nil); err != nil {
			t.Fatal(err)
		}
		if list, err := db.Splits(ctx, 0, store.SplitProposed, 10); err != nil || len(list) != 0 {
			t.Errorf("%+v, %v, want none", list, err)
		}
	})
}
