package source

import (
	"context"
	"slices"
	"time"

	"example.org/hearback"
)

// What health looks back on.
const (
	healthWindow = 14 * 24 * time.Hour
	usualGaps    = 3 // fewer pauses than this say nothing about what is usual
)

// Health returns how one source is doing.
func (r *Registry) Health(ctx context.Context, id hearback.ID, now time.Time) (hearback.Health, error) {
	all, err := r.healths(ctx, id, now)
	if err != nil {
		return hearback.Health{}, err
	}
	h, ok := all[id]
	if !ok {
		return h, hearback.ErrNotFound
	}
	return h, nil
}

// Healths returns how every source is doing. It reads two weeks of counts, so
// a page that is asked for often should keep the result for a minute.
func (r *Registry) Healths(ctx context.Context, now time.Time) (map[hearback.ID]hearback.Health, error) {
	return r.healths(ctx, 0, now)
}

func (r *Registry) healths(ctx context.Context, id hearback.ID, now time.Time) (map[hearback.ID]hearback.Health, error) {
	all := map[hearback.ID]hearback.Health{}
	if err := r.Store.Tries(ctx, id, func(id hearback.ID, h hearback.Health) { all[id] = h }); err != nil {
		return nil, err
	}
	heard := map[hearback.ID][]time.Time{} // buckets in which something was said
	lately := map[hearback.ID]int64{}
	day := now.Add(-24 * time.Hour)
	err := r.Store.Tallies(ctx, id, now.Add(-healthWindow), func(id hearback.ID, bucket time.Time, y hearback.Tally) {
		// Repeats are the same posts again, and tell nothing new. What matched
		// no topic was dropped, but it shows that the source is alive.
		n := y.Kept + y.Copies + y.Dropped
		if n == 0 || bucket.After(now) {
			return
		}
		heard[id] = append(heard[id], bucket)
		if !bucket.Before(day) {
			lately[id] += n
		}
	})
	if err != nil {
		return nil, err
	}
	for id, h := range all {
		h.PerHour = float64(lately[id]) / 24
		buckets := heard[id]
		if n := len(buckets); n > 0 && buckets[n-1].After(h.LastMessage) {
			h.LastMessage = buckets[n-1]
		}
		h.Usual = usual(buckets)
		all[id] = h
	}
	return all, nil
}

// usual returns the median pause of a source: of the pauses between buckets
// in which it said something, the one that half of the time falls into. Pauses
// are weighed by their length because a source that speaks in bursts would
// otherwise look silent soon after each.
func usual(buckets []time.Time) time.Duration {
	var gaps []time.Duration
	var all time.Duration
	for i := 1; i < len(buckets); i++ {
		gap := buckets[i].Sub(buckets[i-1])
		gaps, all = append(gaps, gap), all+gap
	}
	if len(gaps) < usualGaps {
		return 0
	}
	slices.Sort(gaps)
	var sum time.Duration
	for _, gap := range gaps {
		if sum += gap; 2*sum >= all {
			return gap
		}
	}
	return gaps[len(gaps)-1]
}
