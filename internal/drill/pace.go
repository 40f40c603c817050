package drill

import (
	"context"
	"sync"
	"time"

	"example.org/hearback"
)

// A Pace is how fast a drill runs beside people, and whether it stands. It may
// be used by many goroutines.
type Pace struct {
	mu      sync.Mutex
	speed   float64
	paused  bool
	ended   *hearback.Actor // who ended it before its time
	changed chan struct{}   // closed when any of these is
}

// NewPace returns a pace of so many times faster than life.
func NewPace(speed float64) *Pace { return &Pace{speed: speed, changed: make(chan struct{})} }

func (p *Pace) set(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
	close(p.changed)
	p.changed = make(chan struct{})
}

// SetSpeed makes the drill run so many times faster than life from now on.
func (p *Pace) SetSpeed(speed float64) { p.set(func() { p.speed = speed }) }

// Pause lets the drill stand, or go on.
func (p *Pace) Pause(on bool) { p.set(func() { p.paused = on }) }

// End ends the drill before its time.
func (p *Pace) End(by hearback.Actor) { p.set(func() { p.ended = &by }) }

// Speed returns the speed, and whether the drill stands.
func (p *Pace) Speed() (speed float64, paused bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.speed, p.paused
}

// Ended returns who ended the drill before its time, nil if nobody did.
func (p *Pace) Ended() *hearback.Actor {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended
}

// Wait lets the real time of one tick pass, and longer while the drill stands.
// What is left of a tick passes at the new speed when that changes.
func (p *Pace) Wait(ctx context.Context, tick time.Duration) error {
	left := float64(tick)
	for left > 0 {
		p.mu.Lock()
		speed, stands, over, changed := p.speed, p.paused, p.ended != nil, p.changed
		p.mu.Unlock()
		if over {
			return ctx.Err()
		}
		var due <-chan time.Time
		var t *time.Timer
		since := time.Now()
		if !stands {
			t = time.NewTimer(time.Duration(left / speed))
			due = t.C
		}
		select {
		case <-due:
			return ctx.Err()
		case <-ctx.Done():
		case <-changed:
		}
		if t != nil {
			t.Stop()
			left -= float64(time.Since(since)) * speed
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}
