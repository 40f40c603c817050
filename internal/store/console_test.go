package store_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/store"
	"example.org/hearback/internal/web/office"
)

// concernRows puts concerns into the store: n of them, with tiers in turn.
func concernRows(t testing.TB, db *store.DB, n int) (ids []hearback.ID) {
	t.Helper()
	ctx := context.Background()
	var gen hearback.IDs
	b := &store.Batch{}
	scores := map[hearback.ID]hearback.Score{}
	for i := range n {
		c := &hearback.Concern{ID: gen.Next(start), Title: fmt.Sprintf("Concern %d about 100%% of tap_water", i), First: start.Add(-time.Duration(i) * time.Minute), Last: start,
			Messages: int64(10 + i), Voices: int64(5 + i%40), Phrases: []string{"tap water", "自来水"}, Langs: map[string]int64{"en": 3}, Kinds: map[hearback.Kind]int64{hearback.Claim: 9}, Areas: map[string]int64{"": 1, "Old Town": 2}}
		if i%5 == 0 {
			c.Langs["zh"], c.Areas["河滨"] = 4, 2
			c.Kinds[hearback.Question] = 20
		}
		if i%7 == 6 {
			c.Voices = 2
		}
		c.Theme = c.ID
		b.Concerns = append(b.Concerns, c)
		b.Rolls = append(b.Rolls, store.Roll{Bucket: start.Add(-time.Hour), Concern: c.ID, Source: hearback.ID(1 + i%3), Messages: 2, Voices: 2})
		scores[c.ID] = hearback.Score{Tier: hearback.Tiers()[i%5], High: float64(i%13) * 7.3, Rules: "score/2"}
		ids = append(ids, c.ID)
	}
	if err := db.Take(ctx, b); err != nil {
		t.Fatal(err)
	}
	if err := db.SaveScores(ctx, scores); err != nil {
		t.Fatal(err)
	}
	return ids
}

func TestConcernList(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		ids := concernRows(t, db, 120)
		c, err := db.Concern(ctx, ids[1])
		if err != nil {
			t.Fatal(err)
		}
		c.State = hearback.Muted
		if err := db.SetConcern(ctx, c); err != nil {
			t.Fatal(err)
		}
		all := func(f office.ConcernFilter) (list []hearback.Concern) {
			t.Helper()
			for range 1000 {
				page, next, err := db.ConcernList(ctx, f)
				if err != nil {
					t.Fatal(err)
				}
				list = append(list, page...)
				if next == "" {
					return list
				}
				if len(page) != f.Limit {
					t.Fatalf("a page that is not the last has %d, want %d", len(page), f.Limit)
				}
				f.After = next
			}
			t.Fatal("the pages do not end")
			return nil
		}
		// Page by page gives each once, in order, whatever the size of a page.
		for _, limit := range []int{1, 7, 50, 500} {
			seen := map[hearback.ID]bool{}
			var last hearback.Concern
			list := all(office.ConcernFilter{Limit: limit})
			for i, x := range list {
				if seen[x.ID] {
					t.Fatalf("limit %d: %s twice", limit, x.ID)
				}
				seen[x.ID] = true
				if i > 0 {
					a, b := last.Score, x.Score
					if a.Tier.Rank() > b.Tier.Rank() || a.Tier == b.Tier && a.High < b.High || a.Tier == b.Tier && a.High == b.High && last.ID > x.ID {
						t.Fatalf("limit %d: %v before %v", limit, a, b)
					}
				}
				last = x
			}
			// 17 have two voices; of these the P1 ones are shown all the same. One is muted.
			if want := 120 - 17 + 3 - 1; len(list) != want {
				t.Errorf("limit %d: %d concerns, want %d", limit, len(list), want)
			}
		}
		for _, tt := range []struct {
			name string
			f    office.ConcernFilter
			want int
		}{
			{"tier", office.ConcernFilter{Tier: hearback.P2}, 24 - 4 - 1},
			{"all and small", office.ConcernFilter{View: "all", Small: true}, 120},
			{"muted", office.ConcernFilter{View: "muted"}, 1},
			{"with a case", office.ConcernFilter{View: "case"}, 0},
			{"language", office.ConcernFilter{View: "all", Small: true, Lang: "zh"}, 24},
			{"no such language", office.ConcernFilter{View: "all", Lang: `z"h`}, 0},
			{"area", office.ConcernFilter{View: "all", Small: true, Area: "河滨"}, 24},
			{"area that is a word of the document", office.ConcernFilter{View: "all", Small: true, Area: "langs"}, 0},
			{"source", office.ConcernFilter{View: "all", Small: true, Source: 2}, 40},
			{"words in the title", office.ConcernFilter{View: "all", Small: true, Text: "concern 7 ABOUT"}, 1},
			{"two Han characters", office.ConcernFilter{View: "all", Small: true, Text: "自来"}, 120},
			{"signs that LIKE knows", office.ConcernFilter{View: "all", Small: true, Text: "100% of tap_w"}, 120},
			{"signs that are not there", office.ConcernFilter{View: "all", Small: true, Text: "100_ of"}, 0},
			{"since", office.ConcernFilter{View: "all", Small: true, Since: start.Add(-9 * time.Minute)}, 10},
		} {
			tt.f.Limit = 11
			if got := len(all(tt.f)); got != tt.want {
				t.Errorf("%s: %d concerns, want %d", tt.name, got, tt.want)
			}
		}
		// Told of as rising: lately, by a rule that says so.
		alerts := []hearback.Alert{
			{ID: 901, Concern: ids[8], Kind: hearback.AlertRising, At: start.Add(-time.Hour)}, {ID: 902, Concern: ids[8], Kind: hearback.AlertSlowBurn, At: start},
			{ID: 903, Concern: ids[9], Kind: hearback.AlertRising, At: start.Add(-30 * time.Hour)}, {ID: 904, Concern: ids[10], Kind: hearback.AlertVoid, At: start},
		}
		if err := db.AddAlerts(ctx, alerts, nil); err != nil {
			t.Fatal(err)
		}
		if rising := all(office.ConcernFilter{Rising: start.Add(-24 * time.Hour), Limit: 11}); len(rising) != 1 || rising[0].ID != ids[8] {
			t.Errorf("rising: %v", rising)
		}
		void := all(office.ConcernFilter{View: "void", Limit: 11})
		for _, x := range void {
			if x.Kinds[hearback.Question] == 0 || x.Voices < 15 && x.Score.Tier != hearback.P1 {
				t.Errorf("void: %v with %d voices", x.Kinds, x.Voices)
			}
		}
		totals, err := db.ConcernTotals(ctx, start.Add(-9*time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		if totals.Triage != 105 || totals.Muted != 1 || totals.All != 106 || totals.Case != 0 || totals.Void == 0 || totals.New != 9 {
			t.Errorf("totals = %+v", totals)
		}
		for _, after := range []string{"x", "1_2", "1_NaN_1", "1_2_!", "_ _ "} {
			if _, _, err := db.ConcernList(ctx, office.ConcernFilter{After: after}); !errors.Is(err, hearback.ErrInvalid) {
				t.Errorf("cursor %q = %v, want ErrInvalid", after, err)
			}
		}
	})
}

func TestHourly(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		hour := start.Truncate(time.Hour)
		b := &store.Batch{Sources: []store.SourceBatch{{Source: 1, Bucket: hour.Add(-3 * time.Hour), Tally: hearback.Tally{Received: 4, Dropped: 4}}}}
		for i, voices := range []int64{2, 3, 5} {
			b.Rolls = append(b.Rolls, store.Roll{Bucket: hour.Add(-time.Hour + time.Duration(i)*15*time.Minute), Concern: 7, Source: hearback.ID(1 + i%2), Messages: 9, Voices: voices})
		}
		if err := db.Take(ctx, b); err != nil {
			t.Fatal(err)
		}
		got, err := db.Hourly(ctx, 7, hour.Add(-3*time.Hour), start.Add(10*time.Minute))
		if err != nil || len(got) != 4 {
			t.Fatalf("Hourly = %v, %v, want four hours", got, err)
		}
		for i, want := range []hearback.Point{{Voices: 0}, {Missing: true}, {Voices: 10}, {Voices: 0}} {
			if got[i].Voices != want.Voices || got[i].Missing != want.Missing || !got[i].At.Equal(hour.Add(time.Duration(i-3)*time.Hour)) {
				t.Errorf("hour %d = %+v, want %+v", i, got[i], want)
			}
		}
		by, err := db.BySource(ctx, 7, time.Time{})
		if err != nil || by[1] != 18 || by[2] != 9 {
			t.Errorf("BySource = %v, %v", by, err)
		}
		if _, err := db.Hourly(ctx, 7, start, start.Add(-48*time.Hour)); !errors.Is(err, hearback.ErrInvalid) {
			t.Errorf("backwards = %v", err)
		}
	})
}

func TestEntriesBefore(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		var rs []hearback.Record
		for i, typ := range []hearback.RecordType{hearback.AnswerOut, hearback.CaseOpened, hearback.AnswerCorrected, hearback.RoleGranted} {
			rs = append(rs, hearback.Record{Type: typ, At: start.Add(time.Duration(i) * time.Second), Actor: hearback.System, Subject: "x:1"})
		}
		if err := db.AppendRecords(ctx, rs...); err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			before int64
			types  string
			limit  int
			want   string
		}{
			{4, "", 10, "[3 2 1 0]"}, {3, "", 2, "[2 1]"}, {4, "answer", 10, "[2 0]"}, {4, "answer.published", 10, "[0]"}, {4, "ans", 10, "[]"}, {4, "answer_", 10, "[]"}, {0, "", 10, "[]"},
		} {
			list, err := db.EntriesBefore(ctx, tt.before, tt.types, tt.limit)
			if err != nil {
				t.Fatal(err)
			}
			seqs := []int64{}
			for _, e := range list {
				seqs = append(seqs, e.Seq)
			}
			if got := fmt.Sprint(seqs); got != tt.want {
				t.Errorf("EntriesBefore(%d, %q, %d) = %s, want %s", tt.before, tt.types, tt.limit, got, tt.want)
			}
		}
	})
}

// BenchmarkConcernList is the first page of the list among 20,000 concerns,
// as the console asks for it, and the counts beside it.
// TestSmallConcernsInParts looks for words among more small concerns than are
// read at once: each page says where to look on, and together they give all.
func TestSmallConcernsInParts(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		ids := concernRows(t, db, 10_500)
		c, err := db.Concern(ctx, ids[3])
		if err != nil {
			t.Fatal(err)
		}
		c.State = hearback.Muted
		if err := db.SetConcern(ctx, c); err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			view, text string
			want       int
			short      int
		}{
			{"all", "Concern 3", 1 + 10 + 100 + 1000, 0},
			{"", "Concern 3", 1 + 10 + 100 + 1000 - 1, 0}, // without the muted one
			{"all", "Concern 1049", 1 + 10, 2},
			{"", "no such words", 0, 2},
		} {
			f := office.ConcernFilter{View: tt.view, Small: true, Text: tt.text, Limit: 50}
			var list []hearback.Concern
			pages, short := 0, 0
			for {
				page, next, err := db.ConcernList(ctx, f)
				if err != nil {
					t.Fatal(err)
				}
				list = append(list, page...)
				if pages++; next == "" {
					break
				}
				if len(page) < f.Limit {
					short++
				}
				f.After = next
			}
			seen := map[hearback.ID]bool{}
			for i, x := range list {
				if seen[x.ID] || i > 0 && list[i-1].Score.Tier.Rank() > x.Score.Tier.Rank() {
					t.Fatalf("view %q: %s twice or out of order", tt.view, x.ID)
				}
				seen[x.ID] = true
			}
			if len(list) != tt.want || short != tt.short {
				t.Errorf("%q in view %q: %d concerns on %d pages, %d of them short; want %d and %d", tt.text, tt.view, len(list), pages, short, tt.want, tt.short)
			}
		}
	})
}

func BenchmarkConcernList(b *testing.B) {
	db, err := store.Open(context.Background(), b.TempDir()+"/hearback.db")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	concernRows(b, db, 20_000)
	ctx := context.Background()
	b.Run("page", func(b *testing.B) {
		for b.Loop() {
			list, _, err := db.ConcernList(ctx, office.ConcernFilter{View: "triage", Limit: 50})
			if err != nil || len(list) != 50 {
				b.Fatal(len(list), err)
			}
		}
	})
	b.Run("rare words", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := db.ConcernList(ctx, office.ConcernFilter{View: "all", Text: "concern 19999", Limit: 50}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("totals", func(b *testing.B) {
		for b.Loop() {
			if _, err := db.ConcernTotals(ctx, start); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("sparks", func(b *testing.B) {
		list, _, _ := db.ConcernList(ctx, office.ConcernFilter{Limit: 50})
		ids := make([]hearback.ID, len(list))
		for i := range list {
			ids[i] = list[i].ID
		}
		for b.Loop() {
			if _, err := db.Sparks(ctx, ids, start.Add(-24*time.Hour), start); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// TestGrouping: of more concerns than fit, the oldest small ones are left out
// first, then those not heard of for longest; what was merged stays with what
// it is part of.
func TestGrouping(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		b := &store.Batch{Grouping: map[hearback.ID][]byte{0: {9}}}
		for i, c := range []struct {
			messages int64
			last     time.Duration // before start
		}{{1, 0}, {50, 3 * time.Hour}, {2, 0}, {50, time.Hour}, {50, 40 * 24 * time.Hour}, {1, 0}, {50, 2 * time.Hour}, {9, 41 * 24 * time.Hour}} {
			id := hearback.ID(i + 1)
			b.Concerns = append(b.Concerns, &hearback.Concern{ID: id, Messages: c.messages, Voices: 1, First: start, Last: start.Add(-c.last)})
			b.Grouping[id] = []byte{byte(id)}
		}
		if err := db.Take(ctx, b); err != nil {
			t.Fatal(err)
		}
		for id, into := range map[hearback.ID]hearback.ID{5: 4, 8: 5} { // 8 was merged into what nobody speaks of any more
			c, err := db.Concern(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			c.State, c.Into = hearback.Merged, into
			if err := db.SetConcern(ctx, c); err != nil {
				t.Fatal(err)
			}
		}
		for _, tt := range []struct {
			limit int
			want  string
		}{{100, "[0 1 2 3 4 5 6 7]"}, {6, "[0 2 3 4 5 6 7]"}, {4, "[0 2 4 5 7]"}, {2, "[0 4 7]"}} {
			var got []hearback.ID
			var err error
			for id, state := range db.Grouping(ctx, start.Add(-14*24*time.Hour), tt.limit, &err) {
				if id != 0 && state[0] != byte(id) {
					t.Errorf("the state of %d is %v", id, state)
				}
				got = append(got, id)
			}
			if s := fmt.Sprint(ints(got)); err != nil || s != tt.want {
				t.Errorf("with room for %d: %s, %v, want %s", tt.limit, s, err, tt.want)
			}
			for range db.Grouping(ctx, start, tt.limit, &err) {
				break
			}
			if err != nil {
				t.Errorf("stopped early: %v", err)
			}
		}
	})
}

func ints(ids []hearback.ID) (list []int64) {
	for _, id := range ids {
		list = append(list, int64(id))
	}
	return list
}

// TestLiving: steps read the concerns that are worth it a page at a time, and
// the counts of those and of what was merged into them.
func TestLiving(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		ids := concernRows(t, db, 30) // 6, 13, 20 and 27 have two voices
		merged, err := db.Concern(ctx, ids[6])
		if err != nil {
			t.Fatal(err)
		}
		merged.State, merged.Into = hearback.Merged, ids[0]
		if err := db.SetConcern(ctx, merged); err != nil {
			t.Fatal(err)
		}
		var got []hearback.ID
		for after := hearback.ID(0); ; {
			list, err := db.Living(ctx, start.Add(-time.Hour), hearback.WatchedVoices, after, 7)
			if err != nil || len(list) > 7 {
				t.Fatal(len(list), err)
			}
			if len(list) == 0 {
				break
			}
			for _, c := range list {
				got = append(got, c.ID)
			}
			after = list[len(list)-1].ID
		}
		if len(got) != 26 || got[5] != ids[5] || got[6] != ids[7] {
			t.Errorf("%d concerns, want all 26 of three voices and more: %v", len(got), got)
		}
		if list, err := db.Living(ctx, start.Add(time.Hour), hearback.WatchedVoices, 0, 7); err != nil || len(list) != 0 {
			t.Errorf("heard of since later: %d, %v", len(list), err)
		}
		counted := map[hearback.ID]int64{}
		err = db.RollsBetween(ctx, start.Add(-2*time.Hour), start, hearback.WatchedVoices, func(concern, source hearback.ID, bucket time.Time, voices, _ int64) {
			if !bucket.Equal(start.Add(-time.Hour)) || source == 0 {
				t.Errorf("counts of %v, source %d", bucket, source)
			}
			counted[concern] += voices
		})
		if err != nil || len(counted) != 27 || counted[ids[6]] != 2 || counted[ids[13]] != 0 {
			t.Errorf("counts of %d concerns, %v, want the 26 and the one that was merged: %v", len(counted), err, counted)
		}
		err = db.RollsBetween(ctx, start.Add(-time.Hour+time.Minute), start, 0, func(hearback.ID, hearback.ID, time.Time, int64, int64) { t.Error("counts of another time") })
		if err != nil {
			t.Error(err)
		}
	})
}

// TestThemeList: themes are families of two or more that are worth a row, the
// most urgent first, and each leads to its concerns.
func TestThemeList(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		ids := concernRows(t, db, 10)
		for _, x := range []struct{ id, theme hearback.ID }{{ids[1], ids[1]}, {ids[2], ids[1]}, {ids[3], ids[3]}, {ids[8], ids[3]}, {ids[6], ids[9]}} {
			c, err := db.Concern(ctx, x.id)
			if err != nil {
				t.Fatal(err)
			}
			c.Theme = x.theme
			if err := db.SetConcern(ctx, c); err != nil {
				t.Fatal(err)
			}
		}
		list, err := db.ThemeList(ctx, 50)
		if err != nil || len(list) != 2 || list[0].ID != ids[1] || list[1].ID != ids[3] || list[0].Concerns != 2 || list[0].Tier != hearback.P2 || list[0].Voices != 6+7 || !list[0].Last.Equal(start) {
			t.Fatalf("themes = %+v, %v", list, err)
		}
		if list, err := db.ThemeList(ctx, 1); err != nil || len(list) != 1 {
			t.Errorf("one theme = %+v, %v", list, err)
		}
		got, _, err := db.ConcernList(ctx, office.ConcernFilter{Theme: ids[1], Limit: 10})
		if err != nil || len(got) != 2 || got[0].ID != ids[1] || got[1].ID != ids[2] {
			t.Errorf("concerns of the theme = %v, %v", got, err)
		}
	})
}

// Counts by area add up over batches, and those of long ago go.
func TestAreaHours(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		hour := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
		take := func(list ...store.AreaHour) {
			t.Helper()
			if err := db.Take(ctx, &store.Batch{Areas: list}); err != nil {
				t.Fatal(err)
			}
		}
		take(store.AreaHour{Hour: hour, Area: "Harbour", Messages: 3, Voices: 2}, store.AreaHour{Hour: hour, Messages: 5, Voices: 5}, store.AreaHour{Hour: hour.Add(-time.Hour), Area: "Harbour", Messages: 1, Voices: 1})
		take(store.AreaHour{Hour: hour, Area: "Harbour", Messages: 4, Voices: 4})
		got, err := db.AreaHours(ctx, hour.Add(-time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		want := map[string][]hearback.Point{"Harbour": {{At: hour.Add(-time.Hour), Voices: 1}, {At: hour, Voices: 6}}, "": {{At: hour, Voices: 5}}}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		take(store.AreaHour{Hour: hour.Add(store.AreaKept), Area: "Harbour", Messages: 1, Voices: 1})
		if got, err = db.AreaHours(ctx, time.Time{}); err != nil || len(got["Harbour"]) != 2 || !got["Harbour"][0].At.Equal(hour) {
			t.Errorf("after a week there are %v, %v", got, err)
		}
	})
}
