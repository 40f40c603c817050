package app

import (
	"context"

	"example.org/hearback"
	"example.org/hearback/internal/cluster"
)

// letLook runs a look, if one waits.
func (p *Pipeline) letLook() {
	select {
	case q := <-p.looks:
		q.done <- q.do(p.group)
	default:
	}
}

// Ask runs f between two batches, where nothing else touches the grouping.
func (p *Pipeline) Ask(ctx context.Context, f func(g *cluster.Grouper) error) error {
	return hand(ctx, p.asks, f)
}

// Look runs f between two messages, without waiting for the batch that is being
// taken in. It must change nothing. What it sees may be ahead of the store by
// that batch.
func (p *Pipeline) Look(ctx context.Context, f func(g *cluster.Grouper) error) error {
	return hand(ctx, p.looks, f)
}

func hand(ctx context.Context, to chan<- ask, f func(g *cluster.Grouper) error) error {
	q := ask{f, make(chan error, 1)}
	select {
	case to <- q:
	case <-ctx.Done():
		return ctx.Err()
	}
	return <-q.done
}

// An ask is something to be done by the goroutine that groups.
type ask struct {
	do   func(g *cluster.Grouper) error
	done chan error
}

// absorb adds the counts of concerns that were merged to the one they are now
// part of, or takes them away again if sign is -1, and stores what changed in
// the grouping. Only f of Ask calls it.
func (p *Pipeline) absorb(ctx context.Context, into hearback.ID, sign int64, parts ...*hearback.Concern) error {
	b := newBuild(p.now(), 0)
	c, err := p.concern(ctx, b, into, false)
	if err != nil {
		return err
	}
	for _, part := range parts {
		sum(&c.Concern, part, sign)
	}
	if err := p.store.Take(ctx, p.finish(b)); err != nil {
		p.stale = true
		return err
	}
	return nil
}
