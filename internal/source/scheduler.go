package source

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"time"

	"example.org/hearback"
)

// A Poll is what a look at a feed gave.
type Poll struct {
	Items     []Raw
	Cursor    []byte        // to be stored with the items
	Unchanged bool          // nothing new since the last look
	Every     time.Duration // how long the feed asks us to stay away; 0 if it does not
	Moved     string        // the address it has moved to for good, or ""
	Title     string        // what the feed calls itself
	Note      string        // something the operator may want to know, a sentence, or ""
}

// A Poller looks at a feed once. Package source/feed implements it.
type Poller interface {
	// Poll returns what is new since cursor, which an earlier Poll returned.
	// Its error is a *[Fault] unless Hearback itself is at fault.
	Poll(ctx context.Context, src hearback.Source, cursor []byte) (*Poll, error)
}

// Limits of the scheduler.
const (
	defaultWorkers = 8
	dueAtOnce      = 500
	tick           = 5 * time.Second
	maxBackoff     = 24 * time.Hour
	lookTimeout    = 2 * time.Minute
)

// A Scheduler looks at feeds when they are due: several at a time, but never
// two of one host.
type Scheduler struct {
	Store    Store
	Registry *Registry
	Poller   Poller
	Sink     Sink
	Now      func() time.Time
	Rand     func() float64 // from 0 to 1, so that feeds do not all come due together
	Log      *slog.Logger
	Workers  int // looks at one time; 0 means 8

	mu    sync.Mutex
	fails map[hearback.ID]int // looks in a row that failed; a restart forgets them, and tries again
	busy  map[hearback.ID]bool
	hosts map[string]bool
}

// Run looks at feeds until ctx is done, and returns when the last look has
// ended.
func (s *Scheduler) Run(ctx context.Context) error {
	workers := s.Workers
	if workers <= 0 {
		workers = defaultWorkers
	}
	var running sync.WaitGroup
	defer running.Wait()
	ended := make(chan struct{}, workers)
	slots := make(chan struct{}, workers)
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	var due []hearback.Source // what was due and has not been started
	for {
		if len(due) == 0 {
			var err error
			if due, err = s.Store.DueSources(ctx, s.Now(), dueAtOnce); err != nil {
				if ctx.Err() != nil {
					return nil
				}
				s.Log.ErrorContext(ctx, "cannot tell which feeds are due", slog.Any("err", err))
			}
		}
		due = s.start(ctx, due, slots, ended, &running)
		select {
		case <-ctx.Done():
			return nil
		case <-ended: // a place and a host are free
			<-slots
		case <-ticker.C:
			due = nil // ask again: something may have been paused meanwhile
		}
	}
}

// start starts what it can, and returns what has to wait for its host or for
// a place.
func (s *Scheduler) start(ctx context.Context, due []hearback.Source, slots, ended chan struct{}, running *sync.WaitGroup) (left []hearback.Source) {
	for i, src := range due {
		host, ok := s.claim(src)
		if !ok {
			if !s.looking(src.ID) {
				left = append(left, src)
			}
			continue
		}
		select {
		case slots <- struct{}{}:
		default:
			s.release(src.ID, host)
			return append(left, due[i:]...)
		}
		running.Go(func() {
			defer func() { ended <- struct{}{} }()
			defer s.release(src.ID, host)
			if !s.stillDue(ctx, src.ID) {
				return
			}
			if err := s.look(ctx, src.ID); err != nil && ctx.Err() == nil {
				s.Log.ErrorContext(ctx, "a look at a feed could not be noted", slog.String("source", src.Slug), slog.Any("err", err))
			}
		})
	}
	return left
}

// stillDue reports whether a source that was found due has not been looked at
// in the moment between.
func (s *Scheduler) stillDue(ctx context.Context, id hearback.ID) bool {
	due := false
	err := s.Store.Tries(ctx, id, func(_ hearback.ID, h hearback.Health) { due = !h.NextTry.After(s.Now()) })
	return due && err == nil
}

// Look looks at one feed now, whether or not it is due, and returns what is
// wrong with it as a *[Fault].
func (s *Scheduler) Look(ctx context.Context, id hearback.ID) error {
	src, err := s.Store.Source(ctx, id)
	if err != nil {
		return err
	}
	if src.Kind != hearback.Feed || src.State != hearback.SourceActive {
		return &Fault{Sentence: "Only a feed that is not paused can be looked at."}
	}
	host, ok := s.claim(*src)
	if !ok {
		return &Fault{Sentence: "This feed, or another on the same host, is being looked at just now."}
	}
	defer s.release(id, host)
	if err := s.look(ctx, id); err != nil {
		return err
	}
	return s.fault(ctx, id)
}

// fault returns the fault that the last look at a source ended with.
func (s *Scheduler) fault(ctx context.Context, id hearback.ID) error {
	var text string
	if err := s.Store.Tries(ctx, id, func(_ hearback.ID, h hearback.Health) { text = h.Fault }); err != nil {
		return err
	}
	if text != "" {
		return &Fault{Sentence: text}
	}
	return nil
}

// claim reserves a source and its host.
func (s *Scheduler) claim(src hearback.Source) (host string, ok bool) {
	if u, err := url.Parse(src.URL); err == nil {
		host = strings.ToLower(u.Hostname())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy == nil {
		s.busy, s.hosts, s.fails = map[hearback.ID]bool{}, map[string]bool{}, map[hearback.ID]int{}
	}
	if s.busy[src.ID] || s.hosts[host] {
		return "", false
	}
	s.busy[src.ID], s.hosts[host] = true, true
	return host, true
}

func (s *Scheduler) release(id hearback.ID, host string) {
	s.mu.Lock()
	delete(s.busy, id)
	delete(s.hosts, host)
	s.mu.Unlock()
}

func (s *Scheduler) looking(id hearback.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.busy[id]
}

// look looks at one feed and notes how it went. Its error means that Hearback
// is at fault; what is wrong with the feed is noted.
func (s *Scheduler) look(ctx context.Context, id hearback.ID) error {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	// It may have been paused, changed or looked at since it was found due.
	src, err := s.Store.Source(ctx, id)
	if err != nil {
		return err
	}
	if src.State != hearback.SourceActive {
		return nil
	}
	cursor, err := s.Store.Cursor(ctx, id)
	if err != nil {
		return err
	}
	poll, err := s.Poller.Poll(ctx, *src, cursor)
	if err == nil {
		err = s.take(ctx, src, poll)
	}
	// A look that was broken off because we stop says nothing about the feed.
	if ctx.Err() != nil && errors.Is(context.Cause(ctx), context.Canceled) {
		return nil
	}
	now := s.Now()
	if err == nil {
		s.forgive(id)
		s.Log.DebugContext(ctx, "feed read", slog.String("source", src.Slug), slog.Int("items", len(poll.Items)), slog.Bool("unchanged", poll.Unchanged), slog.String("note", poll.Note))
		return s.Store.NoteTry(ctx, id, now, "", now.Add(max(s.jitter(src.Every), poll.Every)))
	}
	if errors.Is(err, errPaused) {
		return nil
	}
	var f *Fault
	errors.As(err, &f)
	next := now.Add(s.jitter(s.backoff(id, src.Every)))
	if f != nil && f.After > 0 && now.Add(f.After).After(next) {
		next = now.Add(f.After + s.jitter(time.Minute))
	}
	if f == nil {
		s.Log.ErrorContext(ctx, "a feed could not be taken in", slog.String("source", src.Slug), slog.Any("err", err))
	} else {
		s.Log.WarnContext(ctx, "a feed could not be read", slog.String("source", src.Slug), slog.Any("err", err), slog.Any("cause", f.Err))
	}
	// The time limit of the look must not keep its end from being noted.
	ctx = context.WithoutCancel(ctx)
	if f != nil && f.Gone {
		next = time.Time{}
		if _, err := s.Registry.Pause(ctx, hearback.System, id, f.Sentence); err != nil {
			return err
		}
	}
	return s.Store.NoteTry(ctx, id, now, sentence(err), next)
}

var errPaused = errors.New("paused meanwhile")

// take hands on what a look gave. What a source sends is not taken once it is
// paused, even if the request had begun before.
func (s *Scheduler) take(ctx context.Context, src *hearback.Source, poll *Poll) error {
	latest, err := s.Store.Source(ctx, src.ID)
	if err != nil {
		return err
	}
	if latest.State != hearback.SourceActive || latest.URL != src.URL {
		return errPaused
	}
	if _, err := s.Sink.Take(ctx, src.ID, poll.Items, poll.Cursor); err != nil {
		return err
	}
	if poll.Moved != "" && poll.Moved != src.URL {
		// Where we listen is public, so the log has to tell of the new place.
		// If that fails (somebody is changing the source just now, or the new
		// address cannot be used), the old one goes on leading there.
		if _, err := s.Registry.Moved(ctx, src.ID, poll.Moved); err != nil {
			s.Log.WarnContext(ctx, "a feed has moved, and its address could not be changed", slog.String("source", src.Slug), slog.Any("err", err))
		}
	}
	return nil
}

// backoff returns how long to stay away after one more failure: the usual
// time, and twice as long each time after that, up to a day.
func (s *Scheduler) backoff(id hearback.ID, every time.Duration) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := max(every, MinEvery)
	for range s.fails[id] {
		if d *= 2; d >= maxBackoff {
			break
		}
	}
	s.fails[id]++
	return max(min(d, maxBackoff), every)
}

func (s *Scheduler) forgive(id hearback.ID) {
	s.mu.Lock()
	delete(s.fails, id)
	s.mu.Unlock()
}

// jitter spreads d by a tenth either way.
func (s *Scheduler) jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.9 + 0.2*s.Rand()))
}
