package app

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/hearback"
	"example.org/hearback/internal/store"
	"example.org/hearback/internal/text"
)

// TestSearchFindsWhatAScanFinds: messages that were stored before the start,
// came in after it, or were edited while older ones were being read are found
// as somebody who reads them all would find them, newest first, whatever the
// size of a page.
func TestSearchFindsWhatAScanFinds(t *testing.T) {
	ctx := t.Context()
	db, err := store.Open(ctx, filepath.Join(t.TempDir(), "hearback.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	an, err := text.New()
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("water bus flood brown tap safe WATER drinking ＢＵＳ 14 vaccine clinic closed bridge río αγορά")
	han := []rune("自来水能喝吗公交車改道桥封闭发黄氯味请问今天孩子水厂")
	say := func() string {
		var b strings.Builder
		for range 3 + rng.IntN(8) {
			if rng.IntN(2) == 0 {
				b.WriteString(" " + words[rng.IntN(1+rng.IntN(len(words)))] + " ")
			} else {
				b.WriteRune(han[rng.IntN(len(han))])
			}
		}
		return b.String()
	}
	a := &App{Store: db, text: an}
	var all []hearback.Message
	put := func(n int) []hearback.Message {
		b := &store.Batch{}
		for range n {
			m := hearback.Message{ID: hearback.ID(1000 + 3*len(all)), Text: say(), Lang: "und"}
			all = append(all, m)
			b.New = append(b.New, store.NewMessage{Message: m})
		}
		if err := db.Take(ctx, b); err != nil {
			t.Fatal(err)
		}
		return all[len(all)-n:]
	}
	edit := func(i int, words string) {
		all[i].Text = words
		if err := db.Take(ctx, &store.Batch{Edits: []store.NewMessage{{Message: all[i]}}}); err != nil {
			t.Fatal(err)
		}
		a.search.note(all[i : i+1])
	}
	put(9000)
	a.search = &searcher{text: an, before: all[len(all)-1].ID + 1}
	a.search.note(put(700))
	edit(17, "an edited quokka") // not read yet
	if f, err := a.findMessages(ctx, "bus", 0, 1); err != nil || !f.Loading || len(f.Messages) != 1 {
		t.Errorf("while older ones are read: %+v, %v", f, err)
	}
	broken, stop := context.WithCancel(ctx)
	stop()
	if err := a.search.read(broken, db); err == nil {
		t.Fatal("read after all was ended")
	}
	if err := a.search.read(ctx, db); err != nil { // goes on
		t.Fatal(err)
	}
	edit(9100, "another quokka")
	edit(4000, "third quokka")
	a.search.note(put(1))

	scan := func(q string) (ids []hearback.ID) {
		query := parseQuery(an.Fold(q))
		for _, m := range slices.Backward(all) {
			if query.matches(an.Fold(m.Text)) {
				ids = append(ids, m.ID)
			}
		}
		return ids
	}
	for _, q := range []string{"water", "wat", "自来", "公交车", "水", "公交車 bus", "bus", "14", "quokka", "氯味 vaccine", "río", "nothinglikeit", "drinking 水", "αγορ", "发黄", "vaccine clinic"} {
		want := scan(q)
		if q == "quokka" && len(want) != 3 || q == "nothinglikeit" && len(want) != 0 || q == "wat" && len(want) == 0 {
			t.Fatalf("%s: a scan finds %d", q, len(want))
		}
		for _, limit := range []int{7, 50} {
			var got []hearback.ID
			for before, n := hearback.ID(0), 0; ; n++ {
				f, err := a.findMessages(ctx, q, before, limit)
				if err != nil || f.Loading || n > len(all) {
					t.Fatalf("%s: %+v, %v", q, f, err)
				}
				for _, m := range f.Messages {
					got = append(got, m.ID)
				}
				if before = f.More; before == 0 {
					break
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s by %d: found %d, a scan %d", q, limit, len(got), len(want))
			}
		}
	}
	for _, q := range []string{"", "  ", "?!", "🙂"} {
		if f, err := a.findMessages(ctx, q, 0, 10); err != nil || len(f.Messages) != 0 {
			t.Errorf("%q: %+v, %v", q, f, err)
		}
	}
}

func TestQuery(t *testing.T) {
	an, err := text.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		q, text string
		want    bool
	}{
		{"tap water", "Is the TAP water safe?", true},
		{"wat", "water", true},
		{"ater", "water", false},
		{"车", "公交車改道", true},
		{"公交車", "公交车几点", true},
		{"交公", "公交车", false},
		{"bus14", "bus 14", false},
		{"14路", "坐14路去医院", true},
		{"bus", "坐bus去", true},
		{"Ｔａｐ", "tap", true},
	} {
		q := parseQuery(an.Fold(tt.q))
		if got := q.matches(an.Fold(tt.text)); got != tt.want {
			t.Errorf("%q in %q: %t", tt.q, tt.text, got)
		}
	}
}

// BenchmarkNote is what the search costs each message that comes in.
func BenchmarkNote(b *testing.B) {
	an, err := text.New()
	if err != nil {
		b.Fatal(err)
	}
	s := &searcher{text: an}
	list := make([]hearback.Message, 1000)
	at := hearback.ID(1)
	for b.Loop() {
		for i := range list {
			list[i] = hearback.Message{ID: at, Text: fmt.Sprintf("洪水过后河滨区的自来水能喝吗 is the tap water in Riverside safe to drink after flood number %d", at)}
			at++
		}
		s.note(list)
	}
}
