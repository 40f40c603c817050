package source_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/source"
	"example.org/hearback/internal/store"
)

// A site answers looks as a test tells it to.
type site struct {
	mu      sync.Mutex
	answer  func(ctx context.Context, src hearback.Source, cursor []byte) (*source.Poll, error)
	looks   []string // what was looked at, and when
	now     int      // looks under way
	most    int      // most of them at one time
	started time.Time
}

func (s *site) Poll(ctx context.Context, src hearback.Source, cursor []byte) (*source.Poll, error) {
	s.mu.Lock()
	s.looks = append(s.looks, fmt.Sprintf("%s+%s", src.Slug, time.Since(s.started).Round(time.Second)))
	s.now++
	s.most = max(s.most, s.now)
	answer := s.answer
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.now--
		s.mu.Unlock()
	}()
	if answer == nil {
		return &source.Poll{Cursor: []byte("c")}, nil
	}
	return answer(ctx, src, cursor)
}

func (s *site) seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.looks)
}

// A sink commits cursors as the pipeline does.
type sink struct {
	db   *store.DB
	mu   sync.Mutex
	got  []source.Raw
	fail error
}

func (s *sink) Take(ctx context.Context, src hearback.ID, items []source.Raw, cursor []byte) (hearback.Tally, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return hearback.Tally{}, s.fail
	}
	s.got = append(s.got, items...)
	y := hearback.Tally{Received: int64(len(items)), Kept: int64(len(items))}
	return y, s.db.Take(ctx, &store.Batch{Sources: []store.SourceBatch{{Source: src, Cursor: cursor, Tally: y, Bucket: time.Now().Truncate(time.Hour)}}})
}

// A town is a scheduler with everything around it, on the clock of a bubble.
type town struct {
	*source.Scheduler
	db   *store.DB
	reg  *source.Registry
	site *site
	sink *sink
}

// inTown runs a test in a bubble, where waiting takes no time.
func inTown(t *testing.T, test func(t *testing.T, ctx context.Context, w *town)) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		db, err := store.Open(ctx, filepath.Join(t.TempDir(), "hearback.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		var ids hearback.IDs
		w := &town{db: db, site: &site{started: time.Now()}, sink: &sink{db: db}}
		w.reg = &source.Registry{Store: db, Now: time.Now, NextID: func() hearback.ID { return ids.Next(time.Now()) }}
		w.Scheduler = &source.Scheduler{
			Store: db, Registry: w.reg, Poller: w.site, Sink: w.sink, Now: time.Now,
			Rand: func() float64 { return 0.5 }, Log: slog.New(slog.DiscardHandler), Workers: 3,
		}
		test(t, ctx, w)
		cancel()
		synctest.Wait()
	})
}

func (w *town) add(t *testing.T, slug, host string) *hearback.Source {
	t.Helper()
	s, _, err := w.reg.Add(context.Background(), officer, hearback.Source{
		Slug: slug, Kind: hearback.Feed, Title: slug, Reason: "test", URL: "https://" + host + "/" + slug, Every: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (w *town) health(t *testing.T, id hearback.ID) hearback.Health {
	t.Helper()
	h, err := w.reg.Health(context.Background(), id, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// run lets the scheduler run for a while of the bubble's time.
func (w *town) run(t *testing.T, ctx context.Context, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	if err := w.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestSchedulerRhythm(t *testing.T) {
	inTown(t, func(t *testing.T, ctx context.Context, w *town) {
		var cursors []string
		w.site.answer = func(_ context.Context, _ hearback.Source, cursor []byte) (*source.Poll, error) {
			cursors = append(cursors, string(cursor))
			p := &source.Poll{Items: []source.Raw{{Post: "1", Text: "停水了吗"}}, Cursor: []byte(fmt.Sprint(len(cursors)))}
			if len(cursors) == 2 {
				p.Every = 2 * time.Hour // the site asks us to stay away longer
			}
			return p, nil
		}
		s := w.add(t, "forum", "a.example.org")
		w.run(t, ctx, 4*time.Hour+time.Minute)
		if got, want := w.site.seen(), []string{"forum+0s", "forum+1h0m0s", "forum+3h0m0s", "forum+4h0m0s"}; !reflect.DeepEqual(got, want) {
			t.Errorf("looks = %q, want %q", got, want)
		}
		if want := []string{"", "1", "2", "3"}; !reflect.DeepEqual(cursors, want) {
			t.Errorf("cursors = %q, want %q", cursors, want)
		}
		if h := w.health(t, s.ID); h.Fault != "" || h.LastSuccess.IsZero() || time.Until(h.NextTry) < 58*time.Minute {
			t.Errorf("health = %+v", h)
		}
	})
}

func TestSchedulerPolite(t *testing.T) {
	inTown(t, func(t *testing.T, ctx context.Context, w *town) {
		busy := map[string]int{}
		var mu sync.Mutex
		w.site.answer = func(_ context.Context, src hearback.Source, _ []byte) (*source.Poll, error) {
			host := src.URL[:len("https://x.")]
			mu.Lock()
			if busy[host]++; busy[host] > 1 {
				t.Errorf("two looks at %s at one time", host)
			}
			mu.Unlock()
			time.Sleep(10 * time.Second) // of the bubble
			mu.Lock()
			busy[host]--
			mu.Unlock()
			return &source.Poll{}, nil
		}
		for i := range 3 {
			w.add(t, fmt.Sprintf("a%d", i), "a.example.org")
		}
		for i := range 4 {
			w.add(t, fmt.Sprintf("h%d", i), fmt.Sprintf("%c.example.org", 'b'+i))
		}
		w.run(t, ctx, 45*time.Second)
		got := w.site.seen()
		if len(got) != 7 || w.site.most != 3 {
			t.Errorf("%d looks, %d at one time, want 7 and 3: %q", len(got), w.site.most, got)
		}
		for i, want := range []string{"a0+0s", "a1+10s", "a2+20s"} {
			if !slices.Contains(got, want) {
				t.Errorf("look %d at one host: %q is not among %q", i, want, got)
			}
		}
	})
}

func TestSchedulerBackoff(t *testing.T) {
	inTown(t, func(t *testing.T, ctx context.Context, w *town) {
		down := true
		w.site.answer = func(context.Context, hearback.Source, []byte) (*source.Poll, error) {
			if down {
				return nil, &source.Fault{Sentence: "a.example.org has a fault of its own (503). It will be tried again.", Err: errors.New("x")}
			}
			return &source.Poll{}, nil
		}
		s := w.add(t, "forum", "a.example.org")
		w.run(t, ctx, 8*time.Hour)
		if got, want := w.site.seen(), []string{"forum+0s", "forum+1h0m0s", "forum+3h0m0s", "forum+7h0m0s"}; !reflect.DeepEqual(got, want) {
			t.Errorf("looks = %q, want %q", got, want)
		}
		if h := w.health(t, s.ID); h.Fault != "a.example.org has a fault of its own (503). It will be tried again." || !h.LastSuccess.IsZero() {
			t.Errorf("health = %+v", h)
		}
		down = false
		w.run(t, ctx, 8*time.Hour-time.Minute) // nearly to 16 h: a look at 15 h mends it, and the next is an hour later
		if got := w.site.seen()[4:]; !reflect.DeepEqual(got, []string{"forum+15h0m0s"}) {
			t.Errorf("looks = %q", got)
		}
		if h := w.health(t, s.ID); h.Fault != "" || h.LastSuccess.IsZero() || time.Until(h.NextTry) > time.Hour {
			t.Errorf("health once it is mended = %+v", h)
		}
		// The longest pause is a day.
		down = true
		w.run(t, ctx, 10*24*time.Hour)
		if h := w.health(t, s.ID); h.NextTry.Sub(h.LastTry) != 24*time.Hour {
			t.Errorf("after ten days the next look is %s after the last", h.NextTry.Sub(h.LastTry))
		}
	})
}

func TestSchedulerFaults(t *testing.T) {
	inTown(t, func(t *testing.T, ctx context.Context, w *town) {
		w.site.answer = func(_ context.Context, src hearback.Source, _ []byte) (*source.Poll, error) {
			switch src.Slug {
			case "busy":
				return nil, &source.Fault{Sentence: "Come less often.", After: 5 * time.Hour}
			case "gone":
				return nil, &source.Fault{Sentence: "It is gone for good (410).", Gone: true}
			case "moved":
				return &source.Poll{Moved: "https://new.example.org/feed"}, nil
			case "astray":
				return &source.Poll{Moved: "gopher://new.example.org"}, nil
			}
			return nil, errors.New("our own fault: secret")
		}
		busy, gone, moved := w.add(t, "busy", "a.example.org"), w.add(t, "gone", "b.example.org"), w.add(t, "moved", "c.example.org")
		ours, astray := w.add(t, "ours", "d.example.org"), w.add(t, "astray", "e.example.org")
		w.run(t, ctx, time.Minute)
		if h := w.health(t, busy.ID); h.NextTry.Sub(h.LastTry) != 5*time.Hour+time.Minute {
			t.Errorf("Retry-After: the next look is %s after the last", h.NextTry.Sub(h.LastTry))
		}
		if h := w.health(t, ours.ID); h.Fault != "The last look failed inside Hearback; its log says why." {
			t.Errorf("our own fault: %+v", h)
		}
		if h := w.health(t, astray.ID); h.Fault != "" {
			t.Errorf("a feed that moved where we cannot go: %+v", h)
		}
		s, err := w.db.Source(ctx, gone.ID)
		if err != nil || s.State != hearback.SourcePaused {
			t.Errorf("gone: %+v, %v, want it paused", s, err)
		}
		if h := w.health(t, gone.ID); h.Fault != "It is gone for good (410)." || !h.NextTry.IsZero() {
			t.Errorf("gone: %+v", h)
		}
		es, err := w.db.EntriesAbout(ctx, "source:"+gone.ID.String(), 1)
		if err != nil || es[0].Type != hearback.SourcePausedRec {
			t.Errorf("gone: logged %v, %v", es, err)
		}
		if s, err = w.db.Source(ctx, moved.ID); err != nil || s.URL != "https://new.example.org/feed" || s.Version != 2 {
			t.Errorf("moved: %+v, %v", s, err)
		}
		if es, err = w.db.EntriesAbout(ctx, "source:"+moved.ID.String(), 1); err != nil || es[0].Type != hearback.SourceChanged {
			t.Errorf("moved: logged %v, %v", es, err)
		}
	})
}

func TestSchedulerPause(t *testing.T) {
	inTown(t, func(t *testing.T, ctx context.Context, w *town) {
		s := w.add(t, "forum", "a.example.org")
		// It is paused while a look at it is under way: what comes is not taken.
		w.site.answer = func(ctx context.Context, src hearback.Source, _ []byte) (*source.Poll, error) {
			if _, err := w.reg.Pause(ctx, officer, src.ID, "test"); err != nil {
				t.Error(err)
			}
			return &source.Poll{Items: []source.Raw{{Text: "too late"}}, Cursor: []byte("x")}, nil
		}
		w.run(t, ctx, 3*time.Hour)
		if got := w.site.seen(); len(got) != 1 {
			t.Errorf("looks = %q, want one", got)
		}
		if c, _ := w.db.Cursor(ctx, s.ID); c != nil || len(w.sink.got) != 0 {
			t.Errorf("taken from a paused source: %v, cursor %q", w.sink.got, c)
		}
		if err := w.Look(ctx, s.ID); err == nil {
			t.Error("a paused source was looked at")
		}
		if _, err := w.reg.Resume(ctx, officer, s.ID, "test"); err != nil {
			t.Fatal(err)
		}
		w.site.answer = nil
		w.run(t, ctx, 10*time.Second)
		if got := w.site.seen(); len(got) != 2 {
			t.Errorf("looks = %q, want one more at once after the source was resumed", got)
		}
	})
}

func TestSchedulerLook(t *testing.T) {
	inTown(t, func(t *testing.T, ctx context.Context, w *town) {
		s := w.add(t, "forum", "a.example.org")
		if err := w.Look(ctx, s.ID); err != nil {
			t.Errorf("Look: %v", err)
		}
		w.site.answer = func(context.Context, hearback.Source, []byte) (*source.Poll, error) {
			return nil, &source.Fault{Sentence: "It is down."}
		}
		var f *source.Fault
		if err := w.Look(ctx, s.ID); !errors.As(err, &f) || f.Sentence != "It is down." {
			t.Errorf("Look = %v, want the sentence", err)
		}
		w.site.answer, w.sink.fail = nil, errors.New("disk full")
		if err := w.Look(ctx, s.ID); !errors.As(err, &f) || f.Sentence != "The last look failed inside Hearback; its log says why." {
			t.Errorf("Look = %v, want the sentence", err)
		}
		if err := w.Look(ctx, 99); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("Look at no source: %v", err)
		}
	})
}

// A look that is broken off because the service stops is no fault of the feed,
// and Run waits for it.
func TestSchedulerStops(t *testing.T) {
	inTown(t, func(t *testing.T, ctx context.Context, w *town) {
		s := w.add(t, "forum", "a.example.org")
		ended := false
		w.site.answer = func(ctx context.Context, _ hearback.Source, _ []byte) (*source.Poll, error) {
			<-ctx.Done()
			ended = true
			return nil, &source.Fault{Sentence: "broken off", Err: ctx.Err()}
		}
		ctx, cancel := context.WithCancel(ctx)
		time.AfterFunc(time.Minute, cancel)
		if err := w.Run(ctx); err != nil || !ended {
			t.Errorf("Run: %v, the look ended: %t", err, ended)
		}
		if h := w.health(t, s.ID); !h.LastTry.IsZero() || h.Fault != "" {
			t.Errorf("health = %+v, want nothing noted", h)
		}
	})
	// One that takes too long is.
	inTown(t, func(t *testing.T, ctx context.Context, w *town) {
		s := w.add(t, "forum", "a.example.org")
		w.site.answer = func(ctx context.Context, _ hearback.Source, _ []byte) (*source.Poll, error) {
			<-ctx.Done()
			return nil, &source.Fault{Sentence: "It did not answer in time.", Err: ctx.Err()}
		}
		w.run(t, ctx, 5*time.Minute)
		if h := w.health(t, s.ID); h.Fault != "It did not answer in time." {
			t.Errorf("health = %+v", h)
		}
	})
}
