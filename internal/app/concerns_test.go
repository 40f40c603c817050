package app

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"example.org/hearback"
	"example.org/hearback/internal/source"
)

// strangers takes in n messages that have nothing to do with each other, and
// returns their concerns.
func strangers(t testing.TB, a *App, n int) []hearback.ID {
	t.Helper()
	src, err := a.Store.SourceBySlug(t.Context(), askSlug)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, uint64(n)))
	word := func() string {
		b := make([]byte, 7)
		for i := range b {
			b[i] = "bcdfglmnprstvaeiou"[r.IntN(18)]
		}
		return string(b)
	}
	items := make([]source.Raw, n)
	for i := range items {
		items[i] = source.Raw{Post: a.ids.Next(a.now()).String(), At: a.now(), Text: fmt.Sprintf("%s %s %s %s %s?", word(), word(), word(), word(), word())}
	}
	if _, err := a.Pipeline.Take(t.Context(), src.ID, items, nil); err != nil {
		t.Fatal(err)
	}
	ids := make([]hearback.ID, n)
	for i := range items {
		if ids[i], err = a.Where(t.Context(), src.ID, items[i].Post); err != nil {
			t.Fatal(err)
		}
	}
	return ids
}

// TestMergeMany: many concerns become part of one in one act; what cannot be
// merged does not keep the others from it, each merge is an entry of its own and
// can be taken back, and what comes later joins the one.
func TestMergeMany(t *testing.T) {
	a, _ := serving(t, nil)
	ctx := t.Context()
	ids := strangers(t, a, 40)
	c := concerns{a}
	if _, err := a.Cases.Open(ctx, officer, ids[7], "front", hearback.P3, ""); err != nil {
		t.Fatal(err)
	}
	if err := c.mergeOne(ctx, officer, ids[39], ids[38], "the same"); err != nil {
		t.Fatal(err)
	}
	before, err := a.Store.LogSize(ctx)
	if err != nil {
		t.Fatal(err)
	}
	// The first of them twice, one with a case, one with parts, one that is a part,
	// and the one that they are to be part of.
	each, err := c.Merge(ctx, officer, ids[0], ids, "the same")
	if err != nil || len(each) != 40 {
		t.Fatalf("Merge = %v, %v", each, err)
	}
	for i, err := range each {
		if refused := i == 0 || i == 7 || i >= 38; errors.Is(err, hearback.ErrRefused) != refused || !refused && err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
	if after, err := a.Store.LogSize(ctx); after != before+36 || err != nil {
		t.Errorf("%d entries, %v, want 36", after-before, err)
	}
	if x, err := a.Store.Concern(ctx, ids[0]); err != nil || x.Messages != 37 {
		t.Errorf("they have %d messages together, %v, want 37", x.Messages, err)
	}
	if x, err := a.Store.Concern(ctx, ids[36]); err != nil || x.State != hearback.Merged || x.Into != ids[0] {
		t.Errorf("%+v, %v", x, err)
	}
	for range 36 {
		if err := c.Undo(ctx, officer, ids[0], "they are not the same"); err != nil {
			t.Fatal(err)
		}
	}
	if x, err := a.Store.Concern(ctx, ids[0]); err != nil || x.Messages != 1 {
		t.Errorf("after all is undone it has %d messages, %v", x.Messages, err)
	}
	for _, i := range []int{1, 20, 37} {
		if x, err := a.Store.Concern(ctx, ids[i]); err != nil || x.State != hearback.Open || x.Into != 0 {
			t.Errorf("%d after all is undone: %+v, %v", i, x, err)
		}
	}
}

// BenchmarkMergeMany merges 500 concerns in one act, which takes less than a
// second.
func BenchmarkMergeMany(b *testing.B) {
	a, _ := serving(b, nil)
	ids := strangers(b, a, 500)
	c := concerns{a}
	for b.Loop() {
		if each, err := c.Merge(b.Context(), officer, ids[0], ids[1:], "the same"); err != nil || each[499-1] != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		for range 499 {
			if err := c.Undo(b.Context(), officer, ids[0], "again"); err != nil {
				b.Fatal(err)
			}
		}
		b.StartTimer()
	}
}
