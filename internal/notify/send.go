package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
)

// How long a delivery is tried: at once, then after each of these. Nine tries
// in about 20 hours outlast a night without the other side.
func waits() []time.Duration {
	return []time.Duration{30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 10 * time.Hour}
}

const (
	sendTimeout = 30 * time.Second
	maxAfter    = 24 * time.Hour // the longest that another side may ask us to wait
	side        = 4              // channels that are sent to at the same time

	// What is urgent or overdue is said again after an hour, two and four,
	// until somebody says that they look after it.
	firstRepeat = time.Hour
	maxRepeats  = 3
)

// send delivers what is due: channels side by side, so that a slow one does
// not keep others waiting, and each in order. The mail server is spoken to over
// a few connections that stay open until all is sent.
func (s *Service) send(ctx context.Context) error {
	list, err := s.Store.DueDeliveries(ctx, Waiting, s.now(), batch)
	if err != nil {
		return err
	}
	of := map[hearback.ID][]Delivery{}
	for _, d := range list {
		of[d.Channel] = append(of[d.Channel], d)
	}
	var mu sync.Mutex
	var errs []error
	var wg sync.WaitGroup
	lines := make(chan Line, side)
	for range side {
		lines <- OpenLine(s.Senders[Mail])
	}
	for _, queue := range of {
		line := <-lines
		wg.Go(func() {
			defer func() { lines <- line }()
			for i := range queue {
				ok, err := s.deliver(ctx, &queue[i], line)
				if err != nil {
					mu.Lock()
					errs = append(errs, err)
					mu.Unlock()
				}
				if !ok || err != nil || ctx.Err() != nil {
					return // the next would fail the same way; it keeps its tries
				}
			}
		})
	}
	wg.Wait()
	for range side {
		(<-lines).Close()
	}
	return errors.Join(errs...)
}

// deliver tries d once and notes what came of it: by line if it goes by mail. It
// reports whether the channel can take the next one. An error is one of the
// store.
func (s *Service) deliver(ctx context.Context, d *Delivery, line Line) (ok bool, err error) {
	if !s.claim(d.ID) {
		return true, nil // a test that somebody is just waiting for
	}
	defer s.release(d.ID)
	// Once it is sent, that is noted even if we are being stopped.
	keep := context.WithoutCancel(ctx)
	c, err := s.Store.Channel(ctx, d.Channel)
	if errors.Is(err, hearback.ErrNotFound) {
		d.State, d.Reason = Stopped, "The channel was removed."
		return true, s.Store.SaveDelivery(keep, d, nil)
	}
	if err != nil {
		return false, err
	}
	if why, err := s.over(ctx, c, d); err != nil {
		return false, err
	} else if why != "" {
		d.State, d.Reason = Stopped, why
		return true, s.Store.SaveDelivery(keep, d, nil)
	}
	again, err := s.repeat(ctx, c, d)
	if err != nil {
		return false, err
	}
	err = s.hand(ctx, c, d, line)
	if ctx.Err() != nil && err != nil {
		return false, nil // broken off because we stop: that was no try
	}
	now := s.now()
	d.Tries, d.Tried = d.Tries+1, now
	if err == nil {
		d.State, d.Reason = Sent, ""
		return true, s.Store.SaveDelivery(keep, d, again)
	}
	f := faultOf(err)
	d.Reason = f.Sentence
	steps := waits()
	if f.Final || d.Tries > len(steps) || d.Kind == Test {
		d.State = Failed
		s.Log.WarnContext(ctx, "a notice could not be delivered and was given up", slog.String("channel", c.ID.String()), slog.String("delivery", d.ID.String()), slog.String("reason", f.Sentence))
	} else {
		d.Due = now.Add(max(jitter(steps[d.Tries-1], d.ID), min(f.After, maxAfter)))
		s.Log.InfoContext(ctx, "a notice could not be delivered and will be tried again", slog.String("channel", c.ID.String()), slog.String("delivery", d.ID.String()), slog.Time("next", d.Due), slog.String("reason", f.Sentence))
	}
	return f.Final, s.Store.SaveDelivery(keep, d, nil)
}

// hand gives d to the way that c delivers.
func (s *Service) hand(ctx context.Context, c *Channel, d *Delivery, line Line) error {
	sender := s.Senders[c.Way]
	if sender == nil {
		return &Fault{Sentence: "No mail server is set. Set mail.server and mail.from in hearback.toml.", Final: true}
	}
	to, err := reveal(s.Key, c.ID, c.Sealed)
	if err != nil {
		return &Fault{Sentence: "The address of the channel cannot be opened: keys/notify.key is not the one it was sealed with. Enter the address again.", Final: true, Err: err}
	}
	if c.Way == Mail {
		sender = line
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	return sender.Send(ctx, to, Message{Key: d.Key(), Kind: d.Kind, Urgent: d.Urgent, Lang: c.Lang, At: s.now(), Text: d.Text})
}

// over says why d is not needed any more, or "".
func (s *Service) over(ctx context.Context, c *Channel, d *Delivery) (string, error) {
	if d.Kind == Test {
		return "", nil
	}
	if c.Paused {
		return "The channel is paused.", nil
	}
	if id := c.Owner.Staff(); id != 0 {
		a, err := s.Store.Account(ctx, id)
		if err != nil && !errors.Is(err, hearback.ErrNotFound) {
			return "", err
		}
		if err != nil || !a.May(access.ViewConsole) {
			return "The account may not use the console any more.", nil
		}
	}
	if d.Kind == Digest {
		return "", nil
	}
	f, err := s.look(ctx, d.Kind, d.Subject)
	return f.over, err
}

// repeat plans to say d again once it is sent, if that is to be said until
// somebody looks after it.
func (s *Service) repeat(ctx context.Context, c *Channel, d *Delivery) (*Delivery, error) {
	if d.Kind != Alert && d.Kind != Overdue || d.Round >= maxRepeats {
		return nil, nil
	}
	f, err := s.look(ctx, d.Kind, d.Subject)
	if err != nil || f.over != "" || !f.again {
		return nil, err
	}
	desks, err := s.Store.Desks(ctx)
	if err != nil {
		return nil, err
	}
	now := s.now()
	r := &Delivery{
		ID: s.NextID(), Notice: d.Notice, Channel: d.Channel, Name: d.Name, Kind: d.Kind, Subject: d.Subject, State: Waiting,
		Due: now.Add(firstRepeat << d.Round), Made: now, Round: d.Round + 1, Urgent: d.Urgent, Rank: d.Rank,
	}
	r.quiet(c, c.zone(s.Zone))
	r.Text = s.write(c, &f, desks, r.Round)
	return r, nil
}

func (s *Service) claim(id hearback.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flying[id] {
		return false
	}
	if s.flying == nil {
		s.flying = map[hearback.ID]bool{}
	}
	s.flying[id] = true
	return true
}

func (s *Service) release(id hearback.ID) {
	s.mu.Lock()
	delete(s.flying, id)
	s.mu.Unlock()
}

// faultOf returns what to say of an error.
func faultOf(err error) *Fault {
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	return &Fault{Sentence: "The delivery failed inside Hearback; it will be tried again.", Err: err}
}

// jitter lengthens a wait by up to a tenth, by the id, so that those that
// failed together are not tried together.
func jitter(d time.Duration, id hearback.ID) time.Duration {
	return d + d*time.Duration(uint64(id)%101)/1000
}

// Tick takes the steps that are due at the time of the clock.
func (s *Service) Tick(ctx context.Context) error {
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{{"spread notices", s.spread}, {"gather digests", s.bundle}, {"deliver notices", s.send}} {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}
