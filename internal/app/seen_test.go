package app

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

func TestSeen(t *testing.T) {
	s := newSeen(1000)
	const n = 20000 // the set grows four times
	for k := range uint64(n) {
		s.add(k * 3)
	}
	if len(s) < 4 {
		t.Errorf("%d filters for %d keys, want 4 or more", len(s), n)
	}
	alarms := 0
	for k := range uint64(n) {
		if !s.perhaps(k * 3) {
			t.Fatalf("key %d was added and is not seen", k*3)
		}
		if s.perhaps(k*3 + 1) {
			alarms++
		}
	}
	if share := float64(alarms) / n; share > 0.06 {
		t.Errorf("%.3f false alarms, want at most 0.06", share)
	}
}

func TestWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWaiting()
		ctx, cancel := context.WithCancel(t.Context())
		if err := w.enter(ctx, 2*maxWaiting); err != nil {
			t.Fatalf("too many for the room do not go alone: %v", err)
		}
		var second, third error
		go func() { second = w.enter(ctx, maxWaiting) }()
		synctest.Wait()
		w.leave(2 * maxWaiting)
		synctest.Wait()
		if second != nil || w.n != maxWaiting {
			t.Errorf("after room was made: %v, %d under way, want %d", second, w.n, maxWaiting)
		}
		go func() { third = w.enter(ctx, 1) }()
		synctest.Wait()
		cancel()
		synctest.Wait()
		if !errors.Is(third, context.Canceled) || w.n != maxWaiting {
			t.Errorf("a sender who left: %v, %d under way, want %d", third, w.n, maxWaiting)
		}
	})
}
