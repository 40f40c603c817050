package drill_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/drill"
)

func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		p := drill.NewPace(60)
		took := func(f func()) time.Duration {
			since := time.Now()
			f()
			return time.Since(since)
		}
		wait := func() {
			if err := p.Wait(ctx, time.Minute); err != nil {
				t.Error(err)
			}
		}
		if d := took(wait); d != time.Second {
			t.Errorf("a minute at 60 times took %s, want 1s", d)
		}
		// Half a minute at 1, then the other half at 60.
		go func() { time.Sleep(30 * time.Second); p.SetSpeed(60) }()
		p.SetSpeed(1)
		if d := took(wait); d != 30*time.Second+500*time.Millisecond {
			t.Errorf("a minute at two speeds took %s, want 30.5s", d)
		}
		p.Pause(true)
		go func() { time.Sleep(time.Hour); p.Pause(false) }()
		if d := took(wait); d != time.Hour+time.Second {
			t.Errorf("a minute that stood an hour took %s, want 1h0m1s", d)
		}
		p.Pause(true)
		go func() { time.Sleep(time.Minute); p.End(hearback.Actor{Role: "evaluator"}) }()
		if d := took(wait); d != time.Minute || p.Ended() == nil {
			t.Errorf("a minute that was ended took %s, want 1m0s", d)
		}
		p = drill.NewPace(1)
		go func() { time.Sleep(time.Second); cancel() }()
		if err := p.Wait(ctx, time.Minute); !errors.Is(err, context.Canceled) {
			t.Errorf("a minute that nobody waits for: %v", err)
		}
	})
}
