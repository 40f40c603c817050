package store_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/source"
	"example.org/hearback/internal/store"
)

// Package store may not see raw text, so the guards stand here.
var (
	_ source.Store      = (*store.DB)(nil)
	_ source.TopicStore = (*store.DB)(nil)
)

func someSource(id hearback.ID, slug string) *hearback.Source {
	return &hearback.Source{
		ID: id, Slug: slug, Kind: hearback.Feed, Title: "河东论坛", URL: "https://example.org/feed", Reason: "居民在那里提问",
		Retention: 30 * 24 * time.Hour, Every: 15 * time.Minute, State: hearback.SourceActive, Added: start, Weight: 1.5,
	}
}

func someRecord(t hearback.RecordType, subject string) hearback.Record {
	return hearback.Record{Type: t, At: start, Actor: hearback.System, Subject: subject, Pub: map[string]any{"reason": "test"}}
}

func TestSources(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		s := someSource(7, "forum")
		if err := db.AddSource(ctx, s, someRecord(hearback.SourceAdded, "source:7")); err != nil {
			t.Fatal(err)
		}
		for _, same := range []*hearback.Source{someSource(8, "forum"), someSource(7, "other")} {
			if err := db.AddSource(ctx, same, someRecord(hearback.SourceAdded, "source:8")); !errors.Is(err, hearback.ErrConflict) {
				t.Errorf("a second source %s %s: %v, want ErrConflict", same.ID, same.Slug, err)
			}
		}
		if n, _ := db.LogSize(ctx); n != 1 {
			t.Errorf("LogSize = %d, want 1: a refused source must leave no record", n)
		}
		got, err := db.SourceBySlug(ctx, "forum")
		if err != nil || !reflect.DeepEqual(got, s) || got.Version != 1 {
			t.Errorf("SourceBySlug = %+v, %v, want %+v", got, err, s)
		}

		// Compare and swap.
		old := *s
		s.Title = "河东区论坛"
		if err := db.ChangeSource(ctx, s, someRecord(hearback.SourceChanged, "source:7")); err != nil || s.Version != 2 {
			t.Fatalf("ChangeSource: %v, version %d", err, s.Version)
		}
		if err := db.ChangeSource(ctx, &old, someRecord(hearback.SourceChanged, "source:7")); !errors.Is(err, hearback.ErrConflict) || old.Version != 1 {
			t.Errorf("a stale change: %v, version %d, want ErrConflict and 1", err, old.Version)
		}
		moved := *s
		moved.Slug = "elsewhere"
		if err := db.ChangeSource(ctx, &moved); !errors.Is(err, hearback.ErrConflict) {
			t.Errorf("a changed slug: %v, want ErrConflict", err)
		}
		// A record that cannot be written takes the change with it.
		bad := hearback.Record{Type: hearback.SourceChanged, Pub: map[string]any{"x": 0.5}}
		if err := db.ChangeSource(ctx, s, bad); err == nil || s.Version != 2 {
			t.Errorf("a change with a bad record: %v, version %d", err, s.Version)
		}
		got, err = db.Source(ctx, 7)
		if err != nil || !reflect.DeepEqual(got, s) {
			t.Errorf("Source = %+v, %v, want %+v", got, err, s)
		}
		if err := db.AddSource(ctx, someSource(9, "second")); err != nil {
			t.Fatal(err)
		}
		all, err := db.Sources(ctx)
		if err != nil || len(all) != 2 || all[0].Slug != "forum" || all[1].Slug != "second" {
			t.Errorf("Sources = %v, %v", all, err)
		}
		if _, err := db.Source(ctx, 1); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("Source(1) = %v, want ErrNotFound", err)
		}
		if _, err := db.SourceBySlug(ctx, "x"); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("SourceBySlug(x) = %v, want ErrNotFound", err)
		}
	})
}

func TestSourceTries(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		for i, slug := range []string{"a", "b", "c", "d"} {
			s := someSource(hearback.ID(i+1), slug)
			switch slug {
			case "c":
				s.State = hearback.SourcePaused
			case "d":
				s.Kind, s.URL = hearback.Webhook, ""
			}
			if err := db.AddSource(ctx, s); err != nil {
				t.Fatal(err)
			}
		}
		slugs := func(at time.Time, limit int) (list []string) {
			due, err := db.DueSources(ctx, at, limit)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range due {
				list = append(list, s.Slug)
			}
			return list
		}
		if got := slugs(start, 9); !reflect.DeepEqual(got, []string{"a", "b"}) {
			t.Errorf("due at first = %v, want the active feeds", got)
		}
		if got := slugs(start, 1); !reflect.DeepEqual(got, []string{"a"}) {
			t.Errorf("due, one at most = %v", got)
		}
		if err := db.NoteTry(ctx, 1, start, "", start.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := db.NoteTry(ctx, 2, start, "", start.Add(30*time.Minute)); err != nil {
			t.Fatal(err)
		}
		if err := db.NoteTry(ctx, 2, start.Add(30*time.Minute), "It is down.", start.Add(45*time.Minute)); err != nil {
			t.Fatal(err)
		}
		if got := slugs(start.Add(44*time.Minute), 9); got != nil {
			t.Errorf("due too early = %v", got)
		}
		if got := slugs(start.Add(time.Hour), 9); !reflect.DeepEqual(got, []string{"b", "a"}) {
			t.Errorf("due = %v, want the longest due first", got)
		}
		if err := db.NoteTry(ctx, 99, start, "", start); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("NoteTry of no source: %v, want ErrNotFound", err)
		}

		got := map[hearback.ID]hearback.Health{}
		keep := func(id hearback.ID, h hearback.Health) { got[id] = h }
		if err := db.Tries(ctx, 2, keep); err != nil {
			t.Fatal(err)
		}
		want := map[hearback.ID]hearback.Health{2: {LastTry: start.Add(30 * time.Minute), LastSuccess: start, Fault: "It is down.", NextTry: start.Add(45 * time.Minute)}}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("Tries = %+v, want %+v", got, want)
		}
		if err := db.Tries(ctx, 0, keep); err != nil || len(got) != 4 {
			t.Errorf("Tries of all = %v, %v", got, err)
		}

		// A change makes a feed due at once, so that the operator sees whether
		// it works.
		b, err := db.Source(ctx, 2)
		if err != nil {
			t.Fatal(err)
		}
		if err := db.ChangeSource(ctx, b); err != nil {
			t.Fatal(err)
		}
		if got := slugs(start, 9); !reflect.DeepEqual(got, []string{"b"}) {
			t.Errorf("due after a change = %v", got)
		}
	})
}

func TestSourceTallies(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		for i, slug := range []string{"a", "b"} {
			if err := db.AddSource(ctx, someSource(hearback.ID(i+1), slug)); err != nil {
				t.Fatal(err)
			}
		}
		if c, err := db.Cursor(ctx, 1); c != nil || err != nil {
			t.Errorf("Cursor at first = %q, %v", c, err)
		}
		if _, err := db.Cursor(ctx, 9); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("Cursor of no source: %v", err)
		}
		for i := range 3 {
			err := db.Take(ctx, &store.Batch{Sources: []store.SourceBatch{
				{Source: 2, Bucket: start.Add(time.Duration(i) * time.Hour), Tally: hearback.Tally{Received: 3, Kept: 2, Dropped: 1}, Newest: start.Add(time.Duration(i) * time.Hour)},
				{Source: 1, Bucket: start, Tally: hearback.Tally{Received: 1, Kept: 1}, Cursor: []byte(`{"n":1}`)},
			}})
			if err != nil {
				t.Fatal(err)
			}
		}
		if c, err := db.Cursor(ctx, 1); string(c) != `{"n":1}` || err != nil {
			t.Errorf("Cursor = %q, %v", c, err)
		}
		type row struct {
			id     hearback.ID
			bucket time.Time
			kept   int64
		}
		tallies := func(id hearback.ID, from time.Time) (list []row) {
			err := db.Tallies(ctx, id, from, func(id hearback.ID, bucket time.Time, y hearback.Tally) {
				list = append(list, row{id, bucket, y.Kept})
			})
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		if got, want := tallies(0, start.Add(-time.Hour)), []row{{1, start, 3}, {2, start, 2}, {2, start.Add(time.Hour), 2}, {2, start.Add(2 * time.Hour), 2}}; !reflect.DeepEqual(got, want) {
			t.Errorf("Tallies of all = %v, want %v", got, want)
		}
		if got, want := tallies(2, start.Add(time.Hour)), []row{{2, start.Add(time.Hour), 2}, {2, start.Add(2 * time.Hour), 2}}; !reflect.DeepEqual(got, want) {
			t.Errorf("Tallies of one = %v, want %v", got, want)
		}
	})
}

func TestTopics(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		w := &hearback.Topic{ID: 3, Name: "Water", Query: `water OR 停水`, Reason: "we run the pipes", State: hearback.TopicActive, Added: start}
		if err := db.AddTopic(ctx, w, someRecord(hearback.TopicAdded, "topic:3")); err != nil {
			t.Fatal(err)
		}
		stale := *w
		w.Query = `water OR 停水 OR 供水`
		if err := db.ChangeTopic(ctx, w, someRecord(hearback.TopicChanged, "topic:3")); err != nil || w.Version != 2 {
			t.Fatalf("ChangeTopic: %v, version %d", err, w.Version)
		}
		if err := db.ChangeTopic(ctx, &stale); !errors.Is(err, hearback.ErrConflict) {
			t.Errorf("a stale change: %v, want ErrConflict", err)
		}
		if got, err := db.Topic(ctx, 3); err != nil || *got != *w {
			t.Errorf("Topic = %+v, %v, want %+v", got, err, w)
		}
		if _, err := db.Topic(ctx, 4); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("Topic(4): %v, want ErrNotFound", err)
		}
		if err := db.RemoveTopic(ctx, w, someRecord(hearback.TopicRemovedRec, "topic:3")); err != nil || w.State != hearback.TopicRemoved {
			t.Errorf("RemoveTopic: %v, state %s", err, w.State)
		}
		all, err := db.Topics(ctx)
		if err != nil || len(all) != 1 || all[0] != *w || all[0].Version != 3 {
			t.Errorf("Topics = %+v, %v, want the removed one", all, err)
		}
		if n, _ := db.LogSize(ctx); n != 3 {
			t.Errorf("LogSize = %d, want 3", n)
		}
	})
}
