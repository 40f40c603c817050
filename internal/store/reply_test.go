package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/store"
)

var lin = hearback.Actor{ID: 1, Role: "officer", Number: 1}

// A record of no importance.
func rec(subject string) hearback.Record {
	return hearback.Record{Type: hearback.CaseMoved, At: start, Actor: lin, Subject: subject, Pub: map[string]any{"note": "记录"}}
}

// bad is a record that the log refuses.
var bad = hearback.Record{Type: hearback.CaseMoved, Pub: map[string]any{"x": 1.5}}

// concerns adds concerns 1 to n.
func concerns(t *testing.T, db *store.DB, n int) {
	t.Helper()
	var b store.Batch
	for i := range n {
		id := hearback.ID(i + 1)
		b.Concerns = append(b.Concerns, &hearback.Concern{ID: id, Theme: id, First: start, Last: start})
	}
	if err := db.Take(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
}

func newCase(id, concern hearback.ID) *hearback.Case {
	return &hearback.Case{ID: id, Concern: concern, Desk: "water", Tier: hearback.P2, State: hearback.CaseRouted, Opened: start, OpenedBy: lin,
		Deadlines: []hearback.Deadline{{Kind: hearback.DeadlineAnswer, Due: start.Add(time.Hour)}}}
}

func draft(t *testing.T, id hearback.ID, c *hearback.Case, langs ...string) *hearback.Answer {
	t.Helper()
	a := &hearback.Answer{ID: id, Case: c.ID, Concern: c.Concern}
	var texts []hearback.Text
	for _, l := range langs {
		texts = append(texts, hearback.Text{Lang: l, Title: "水 <b>可以</b>喝", Lead: "one\ntwo \u00e9"})
	}
	if err := a.Write(texts, "", lin, start); err != nil {
		t.Fatal(err)
	}
	return a
}

func TestCase(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		concerns(t, db, 2)
		if _, err := db.Case(ctx, 10); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("Case = %v, want ErrNotFound", err)
		}
		if _, err := db.CaseByConcern(ctx, 1); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("CaseByConcern = %v, want ErrNotFound", err)
		}
		c := newCase(10, 1)
		c.Evidence = []hearback.Evidence{{ID: 3, Title: "化验单 <1>", Added: start}}
		c.Steps = []hearback.Step{{At: start.Add(123456 * time.Microsecond), By: lin, To: hearback.CaseRouted, Note: "\"注\" \\u0000"}}
		if err := db.AddCase(ctx, c, 0, rec("case:a")); err != nil {
			t.Fatal(err)
		}
		got, err := db.Case(ctx, 10)
		if err != nil || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", c) {
			t.Errorf("Case =\n%+v, %v, want\n%+v", got, err, c)
		}
		if k, err := db.Concern(ctx, 1); err != nil || k.Case != 10 {
			t.Errorf("the concern has case %s (%v)", k.Case, err)
		}
		// The newest case is another by now, or there is no such concern.
		for _, x := range []struct{ concern, before hearback.ID }{{1, 0}, {1, 9}, {2, 9}, {77, 0}} {
			if err := db.AddCase(ctx, newCase(11, x.concern), x.before, rec("case:b")); !errors.Is(err, hearback.ErrConflict) {
				t.Errorf("AddCase(%v) = %v, want ErrConflict", x, err)
			}
		}
		if err := db.AddCase(ctx, newCase(11, 1), 10, rec("case:b")); err != nil {
			t.Fatal(err)
		}
		if got, err := db.CaseByConcern(ctx, 1); err != nil || got.ID != 11 {
			t.Errorf("CaseByConcern = %v, %v, want 11", got, err)
		}
		// Whoever comes second loses, and leaves nothing behind.
		first, _ := db.Case(ctx, 10)
		second, _ := db.Case(ctx, 10)
		first.Desk, second.Desk = "health", "transit"
		if err := db.SaveCase(ctx, first, nil, rec("case:a")); err != nil || first.Version != 2 {
			t.Fatalf("SaveCase = %v, version %d", err, first.Version)
		}
		size, _ := db.LogSize(ctx)
		if err := db.SaveCase(ctx, second, nil, rec("case:a")); !errors.Is(err, hearback.ErrConflict) || second.Version != 1 {
			t.Errorf("SaveCase of a stale case = %v, version %d", err, second.Version)
		}
		first.Desk = "nobody"
		if err := db.SaveCase(ctx, first, nil, bad); !errors.Is(err, hearback.ErrInvalid) {
			t.Errorf("SaveCase with a bad record = %v", err)
		}
		if err := db.ServeCase(ctx, second, 5, rec("case:a")); !errors.Is(err, hearback.ErrConflict) {
			t.Errorf("ServeCase of a stale case = %v", err)
		}
		if now, _ := db.LogSize(ctx); now != size {
			t.Errorf("refused writes left %d entries", now-size)
		}
		if got, _ := db.Case(ctx, 10); got.Desk != "health" || got.Version != 2 {
			t.Errorf("refused writes changed the case: %+v", got)
		}
		if k, _ := db.Concern(ctx, 1); k.Answer != 0 {
			t.Errorf("a refused write made answer %s serve the concern", k.Answer)
		}
		if err := db.ServeCase(ctx, first, 5, rec("case:a")); err != nil {
			t.Fatal(err)
		}
		if k, _ := db.Concern(ctx, 1); k.Answer != 5 {
			t.Errorf("the concern is served by %s, want 5", k.Answer)
		}
	})
}

func TestCases(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		concerns(t, db, 40)
		states := hearback.CaseStates()
		tiers := []hearback.Tier{hearback.P1, hearback.P2, hearback.P3, hearback.P4}
		desks := []string{"water", "water-2", "health"}
		var all []*hearback.Case
		for i := range 40 {
			c := newCase(hearback.ID(1000+i), hearback.ID(i+1))
			c.State, c.Tier, c.Desk = states[i%len(states)], tiers[i%4], desks[i%3]
			c.Deadlines[0].Due = start.Add(time.Duration((i*17)%40-20) * time.Hour)
			switch {
			case c.State == hearback.CaseClosed:
				c.Deadlines[0].Stopped = start
			case c.State == hearback.CasePublished:
				c.Deadlines[0].Met = start
			case i%11 == 0:
				c.Pauses = []hearback.Pause{{From: start}}
			}
			if err := db.AddCase(ctx, c, 0, rec("case:x")); err != nil {
				t.Fatal(err)
			}
			all = append(all, c)
		}
		key := func(c *hearback.Case) int64 {
			if d := c.Next(); d != nil && (!c.Paused() || d.Late(start)) {
				return d.Due.UnixMicro()
			}
			return 1<<63 - 1
		}
		slices.SortFunc(all, func(a, b *hearback.Case) int {
			if x, y := key(a), key(b); x != y {
				if x < y {
					return -1
				}
				return 1
			}
			return int(a.ID - b.ID)
		})
		for _, tt := range []struct {
			name string
			f    store.CaseFilter
			want func(c *hearback.Case) bool
		}{
			{"all", store.CaseFilter{}, func(*hearback.Case) bool { return true }},
			{"one state", store.CaseFilter{States: []hearback.CaseState{hearback.CaseReview}}, func(c *hearback.Case) bool { return c.State == hearback.CaseReview }},
			{"not closed", store.CaseFilter{States: states[:6]}, func(c *hearback.Case) bool { return c.State != hearback.CaseClosed }},
			{"a desk, not those that begin like it", store.CaseFilter{Desks: []string{"water"}}, func(c *hearback.Case) bool { return c.Desk == "water" }},
			{"two tiers of a desk", store.CaseFilter{Desks: []string{"health"}, Tiers: tiers[:2]}, func(c *hearback.Case) bool { return c.Desk == "health" && c.Tier.Rank() < 2 }},
			{"late", store.CaseFilter{LateAt: start}, func(c *hearback.Case) bool { return c.Late(start) }},
			{"a concern", store.CaseFilter{Concern: 7}, func(c *hearback.Case) bool { return c.Concern == 7 }},
			{"no such desk", store.CaseFilter{Desks: []string{"%"}}, func(*hearback.Case) bool { return false }},
		} {
			var want, got []hearback.ID
			for _, c := range all {
				if tt.want(c) {
					want = append(want, c.ID)
				}
			}
			for f := tt.f; ; { // in pages of seven
				f.Limit = 7
				page, err := db.Cases(ctx, f)
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range page {
					got = append(got, c.ID)
				}
				if len(page) < 7 {
					break
				}
				f.After = page[6].ID
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: cases %v, want %v", tt.name, got, want)
			}
		}

		counts, err := db.StatusCounts(ctx, start, 5*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		late, soon, byState := 0, 0, map[hearback.CaseState]int{}
		for _, c := range all {
			byState[c.State]++
			if c.Late(start) {
				late++
			} else if c.Late(start.Add(5*time.Hour+time.Microsecond)) && !c.Paused() {
				soon++
			}
		}
		if fmt.Sprint(counts.States) != fmt.Sprint(byState) || counts.Late != late || counts.Soon != soon {
			t.Errorf("StatusCounts = %+v, want %v, %d late, %d soon", counts, byState, late, soon)
		}
		open := 0
		for _, c := range all {
			if c.Desk == "water" && c.State != hearback.CaseClosed && c.State != hearback.CasePublished {
				open++
			}
		}
		if n, err := db.OpenCases(ctx, "water"); n != open || err != nil {
			t.Errorf("OpenCases = %d, %v, want %d", n, err, open)
		}
	})
}

func TestAnswer(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		concerns(t, db, 3)
		c := newCase(10, 1)
		if err := db.AddCase(ctx, c, 0, rec("case:a")); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Answer(ctx, 20); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("Answer = %v, want ErrNotFound", err)
		}
		a := draft(t, 20, c, "en", "zh-Hans")
		c.Answer = a.ID
		if err := db.SaveAnswer(ctx, a, c, rec("answer:k")); err != nil || a.Version != 1 || c.Version != 2 {
			t.Fatalf("SaveAnswer = %v, versions %d and %d", err, a.Version, c.Version)
		}
		got, err := db.Answer(ctx, 20)
		if err != nil || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", a) || got.Draft().Hash() != a.Draft().Hash() {
			t.Errorf("Answer =\n%+v, %v, want\n%+v", got, err, a)
		}
		if list, err := db.AnswersForReview(ctx, 10); len(list) != 0 || err != nil {
			t.Errorf("AnswersForReview = %v, %v, want none", list, err)
		}
		if err := a.Submit(lin, start); err != nil {
			t.Fatal(err)
		}
		// If either has changed meanwhile, neither is written.
		stale := *c
		stale.Version--
		if err := db.SaveAnswer(ctx, a, &stale, rec("answer:k")); !errors.Is(err, hearback.ErrConflict) || a.Version != 1 {
			t.Errorf("SaveAnswer with a stale case = %v, version %d", err, a.Version)
		}
		old := *a
		old.Version = 7
		if err := db.SaveAnswer(ctx, &old, c, rec("answer:k")); !errors.Is(err, hearback.ErrConflict) || c.Version != 2 {
			t.Errorf("SaveAnswer of a stale answer = %v, version of the case %d", err, c.Version)
		}
		if got, _ := db.Answer(ctx, 20); !got.Draft().Submitted.IsZero() {
			t.Error("a refused write was kept")
		}
		if err := db.SaveAnswer(ctx, a, c, rec("answer:k")); err != nil {
			t.Fatal(err)
		}
		if list, err := db.AnswersForReview(ctx, 10); len(list) != 1 || list[0].ID != 20 || err != nil {
			t.Errorf("AnswersForReview = %v, %v, want it", list, err)
		}

		// Publication sets where the revision stands, and what it serves: the
		// concern, and the one it was merged into if that has no answer.
		k, err := db.Concern(ctx, 1)
		if err != nil {
			t.Fatal(err)
		}
		k.State, k.Into = hearback.Merged, 2
		if err := db.SetConcern(ctx, k); err != nil {
			t.Fatal(err)
		}
		a.Draft().Published, a.State, a.Recheck = start, hearback.AnswerPublished, start.Add(time.Hour)
		size, _ := db.LogSize(ctx)
		if err := db.PublishAnswer(ctx, a, c, bad); !errors.Is(err, hearback.ErrInvalid) {
			t.Errorf("PublishAnswer with a bad record = %v", err)
		}
		if err := db.PublishAnswer(ctx, a, c, rec("answer:k")); err != nil {
			t.Fatal(err)
		}
		entry, err := db.Entries(ctx, size, 9)
		if got, _ := db.Answer(ctx, 20); err != nil || len(entry) != 1 || got.Current().Record != size || a.Current().Record != size {
			t.Errorf("the revision stands at %d, the log has %v (%v), want %d", got.Current().Record, entry, err, size)
		}
		served := func() (list []hearback.ID) {
			for id := range hearback.ID(3) {
				k, err := db.Concern(ctx, id+1)
				if err != nil {
					t.Fatal(err)
				}
				list = append(list, k.Answer)
			}
			return list
		}
		if got := served(); !slices.Equal(got, []hearback.ID{20, 20, 0}) {
			t.Errorf("concerns are served by %v", got)
		}
		if n, err := db.StatusCounts(ctx, start.Add(2*time.Hour), 0); err != nil || n.Recheck != 1 || n.Review != 0 {
			t.Errorf("StatusCounts = %+v, %v", n, err)
		}

		if err := a.Withdraw("wrong sample", lin, start.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := db.WithdrawAnswer(ctx, a, c, rec("answer:k")); err != nil {
			t.Fatal(err)
		}
		if got, _ := db.Answer(ctx, 20); got.Withdrawn.Record != size+1 || got.State != hearback.AnswerWithdrawn || got.Current().Record != size {
			t.Errorf("the withdrawn answer: %+v, stands at %d", got, got.Withdrawn.Record)
		}
		if got := served(); !slices.Equal(got, []hearback.ID{0, 0, 0}) {
			t.Errorf("after the withdrawal concerns are served by %v", got)
		}
		if n, err := db.StatusCounts(ctx, start.Add(2*time.Hour), 0); err != nil || n.Recheck != 0 {
			t.Errorf("StatusCounts = %+v, %v: what is withdrawn is not looked at again", n, err)
		}
		// A new answer with an id that is taken.
		again := draft(t, 20, c, "en")
		if err := db.SaveAnswer(ctx, again, nil, rec("answer:k")); err == nil {
			t.Error("an answer was written over another")
		}
	})
}

func TestAnswers(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		concerns(t, db, 5)
		langs := [][]string{{"en"}, {"zh"}, {"en", "zh-Hant"}, {"vi", "en"}}
		var all []*hearback.Answer
		for i := range 24 {
			c := newCase(hearback.ID(100+i), hearback.ID(i%5+1))
			a := draft(t, hearback.ID(500+i), c, langs[i%4]...)
			if i%3 != 0 {
				a.Draft().Published, a.State = start.Add(time.Duration((i*7)%24)*time.Minute), hearback.AnswerPublished
				a.Recheck = start.Add(time.Duration(i) * time.Hour)
			}
			if i%6 == 1 {
				if err := a.Withdraw("wrong", lin, start.Add(time.Hour)); err != nil {
					t.Fatal(err)
				}
			}
			if err := db.SaveAnswer(ctx, a, nil, rec("answer:x")); err != nil {
				t.Fatal(err)
			}
			all = append(all, a)
		}
		slices.SortFunc(all, func(a, b *hearback.Answer) int {
			if x := b.Changed().Compare(a.Changed()); x != 0 {
				return x
			}
			return int(b.ID - a.ID)
		})
		has := func(a *hearback.Answer, lang string) bool {
			r := a.Current()
			return r != nil && r.Text(lang) != nil
		}
		for _, tt := range []struct {
			name string
			f    store.AnswerFilter
			want func(a *hearback.Answer) bool
		}{
			{"all", store.AnswerFilter{}, func(*hearback.Answer) bool { return true }},
			{"public", store.AnswerFilter{Public: true}, func(a *hearback.Answer) bool { return a.Current() != nil }},
			{"current", store.AnswerFilter{Current: true}, func(a *hearback.Answer) bool { return a.State == hearback.AnswerPublished }},
			{"in Chinese of any kind", store.AnswerFilter{Public: true, Lang: "zh"}, func(a *hearback.Answer) bool { return has(a, "zh") || has(a, "zh-Hant") }},
			{"in traditional Chinese, however written", store.AnswerFilter{Public: true, Lang: "ZH-hant"}, func(a *hearback.Answer) bool { return has(a, "zh-Hant") }},
			{"of a concern", store.AnswerFilter{Concern: 3}, func(a *hearback.Answer) bool { return a.Concern == 3 }},
			{"to look at again", store.AnswerFilter{Recheck: start.Add(8 * time.Hour)}, func(a *hearback.Answer) bool {
				return a.State == hearback.AnswerPublished && !a.Recheck.After(start.Add(8*time.Hour))
			}},
		} {
			var want, got []hearback.ID
			for _, a := range all {
				if tt.want(a) {
					want = append(want, a.ID)
				}
			}
			for f := tt.f; ; {
				f.Limit = 5
				page, err := db.Answers(ctx, f)
				if err != nil {
					t.Fatal(err)
				}
				for _, a := range page {
					got = append(got, a.ID)
				}
				if len(page) < 5 {
					break
				}
				f.After = page[4].ID
			}
			if !slices.Equal(got, want) || len(want) == 0 {
				t.Errorf("%s: answers %v, want %v", tt.name, got, want)
			}
		}
		if _, err := db.Answers(ctx, store.AnswerFilter{Lang: "%"}); !errors.Is(err, hearback.ErrInvalid) {
			t.Errorf("Answers in %%: %v, want ErrInvalid", err)
		}
	})
}

func TestDesks(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		if list, err := db.Desks(ctx); len(list) != 0 || err != nil {
			t.Errorf("Desks = %v, %v", list, err)
		}
		water := hearback.Desk{Slug: "water", Name: "Water", NameZH: "水务", Keywords: []string{"停水"}, Off: []time.Weekday{0, 6}, Holidays: []string{"2026-10-01"}, Zone: "Asia/Shanghai"}
		if err := db.SaveDesks(ctx, []hearback.Desk{water}, rec("desk:water")); !errors.Is(err, hearback.ErrConflict) {
			t.Errorf("no fallback: %v, want ErrConflict", err)
		}
		water.Fallback = true
		if err := db.SaveDesks(ctx, []hearback.Desk{water}, rec("desk:water")); err != nil {
			t.Fatal(err)
		}
		list, err := db.Desks(ctx)
		water.Version = 1
		if err != nil || fmt.Sprintf("%+v", list) != fmt.Sprintf("%+v", []hearback.Desk{water}) {
			t.Errorf("Desks = %+v, %v, want %+v", list, err, water)
		}
		front := hearback.Desk{Slug: "front", Name: "Front", Fallback: true}
		if err := db.SaveDesks(ctx, []hearback.Desk{front}, rec("desk:front")); !errors.Is(err, hearback.ErrConflict) {
			t.Errorf("a second fallback: %v, want ErrConflict", err)
		}
		if err := db.SaveDesks(ctx, []hearback.Desk{{Slug: "water", Name: "again"}}, rec("desk:water")); !errors.Is(err, hearback.ErrConflict) {
			t.Errorf("a desk added twice: %v, want ErrConflict", err)
		}
		water.Fallback = false
		if err := db.SaveDesks(ctx, []hearback.Desk{water, front}, bad); !errors.Is(err, hearback.ErrInvalid) {
			t.Errorf("a bad record: %v", err)
		}
		if err := db.SaveDesks(ctx, []hearback.Desk{water, front}, rec("desk:front")); err != nil {
			t.Fatal(err)
		}
		if err := db.SaveDesks(ctx, []hearback.Desk{water}, rec("desk:water")); !errors.Is(err, hearback.ErrConflict) {
			t.Errorf("a stale desk: %v, want ErrConflict", err)
		}
		if list, err := db.Desks(ctx); err != nil || len(list) != 2 || list[0].Slug != "front" || !list[0].Fallback || list[1].Version != 2 {
			t.Errorf("Desks = %+v, %v", list, err)
		}
		if n, _ := db.LogSize(ctx); n != 2 {
			t.Errorf("%d entries, want 2", n)
		}
	})
}

// TestRepliesAtOnce has writers race for one case and one answer: each version
// is written once, and the log has one entry for each.
func TestRepliesAtOnce(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		concerns(t, db, 1)
		c := newCase(10, 1)
		if err := db.AddCase(ctx, c, 0, rec("case:a")); err != nil {
			t.Fatal(err)
		}
		a := draft(t, 20, c, "en")
		if err := db.SaveAnswer(ctx, a, nil, rec("answer:k")); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		worked := 0
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				for range 20 {
					c, err := db.Case(ctx, 10)
					if err != nil {
						t.Error(err)
						return
					}
					a, err := db.Answer(ctx, 20)
					if err != nil {
						t.Error(err)
						return
					}
					c.Steps = append(c.Steps, hearback.Step{At: start, By: lin})
					a.Revisions[0].Texts[0].Lead += "."
					switch err := db.SaveAnswer(ctx, a, c, rec("answer:k")); {
					case err == nil:
						mu.Lock()
						worked++
						mu.Unlock()
					case !errors.Is(err, hearback.ErrConflict):
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		gotC, _ := db.Case(ctx, 10)
		gotA, _ := db.Answer(ctx, 20)
		size, _ := db.LogSize(ctx)
		if dots := strings.Count(gotA.Revisions[0].Texts[0].Lead, "."); worked == 0 || dots != worked || len(gotC.Steps) != worked ||
			gotA.Version != worked+1 || gotC.Version != worked+1 || size != int64(worked+2) {
			t.Errorf("%d writes: %d words, %d steps, versions %d and %d, %d entries", worked, dots, len(gotC.Steps), gotA.Version, gotC.Version, size)
		}
	})
}
