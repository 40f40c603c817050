package app

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"example.org/hearback"
	"example.org/hearback/internal/cluster"
	"example.org/hearback/internal/score"
	"example.org/hearback/internal/store"
)

// concern returns a concern to add to.
func (p *Pipeline) concern(ctx context.Context, b *build, id hearback.ID, fresh bool) (*living, error) {
	if c := b.concerns[id]; c != nil {
		return c, nil
	}
	c := p.concerns.get(id)
	if c == nil {
		c = &living{Concern: hearback.Concern{ID: id, State: hearback.Open}}
		if !fresh {
			if err := p.recall(ctx, c); err != nil {
				return nil, err
			}
		}
		p.concerns.put(id, c)
	}
	b.concerns[id] = c
	return c, nil
}

// recall reads from the store what it has of a concern.
func (p *Pipeline) recall(ctx context.Context, c *living) error {
	stored, err := p.store.Concern(ctx, c.ID)
	if errors.Is(err, hearback.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	c.Concern = *stored
	state, err := p.store.Sketch(ctx, c.ID)
	if err != nil || state == nil {
		return err
	}
	c.voices = &score.Sketch{}
	return c.voices.UnmarshalBinary(state)
}

// fresh reads the memory again if it is ahead of the store.
func (p *Pipeline) fresh(ctx context.Context) error {
	if !p.stale {
		return nil
	}
	return p.load(ctx)
}

// load reads the memory of the pipeline from the store.
func (p *Pipeline) load(ctx context.Context) error {
	last, err := p.store.LastID(ctx)
	if err != nil {
		return fmt.Errorf("read the store: %w", err)
	}
	p.ids.Observe(last)
	p.group.Reset()
	p.concerns = newRecent[living](20000)
	// Three things that have nothing to do with each other, side by side.
	now := p.now()
	var posts, copies, broken error
	var wg sync.WaitGroup
	wg.Go(func() { p.posts, posts = loadSeen(ctx, p.store) })
	wg.Go(func() { copies = p.store.Signatures(ctx, hearback.IDAt(now.Add(-cluster.CopyWindow)), p.group.Restore) })
	grouping := p.group.Load(p.store.Grouping(ctx, now.Add(-cluster.IdleAfter), cluster.MaxLive, &broken))
	wg.Wait()
	if err := errors.Join(posts, copies, broken, grouping); err != nil {
		return fmt.Errorf("read the store: %w", err)
	}
	p.stale = false
	return nil
}

// loadSeen reads which posts are known.
func loadSeen(ctx context.Context, db *store.DB) (seen, error) {
	var keys []uint64
	err := db.PostHashes(ctx, func(src hearback.ID, hash uint64) { keys = append(keys, hash^uint64(src)) })
	s := newSeen(max(2*len(keys), 1<<17))
	for _, k := range keys {
		s.add(k)
	}
	return s, err
}

// A recent map keeps what was used lately: two generations, of which the
// older is dropped when the younger is full.
type recent[T any] struct {
	size     int
	young    map[hearback.ID]*T
	previous map[hearback.ID]*T
}

func newRecent[T any](size int) *recent[T] {
	return &recent[T]{size: size, young: map[hearback.ID]*T{}}
}

func (r *recent[T]) get(id hearback.ID) *T {
	if x := r.young[id]; x != nil {
		return x
	}
	x := r.previous[id]
	if x != nil {
		r.put(id, x)
	}
	return x
}

func (r *recent[T]) put(id hearback.ID, x *T) {
	if len(r.young) >= r.size {
		r.young, r.previous = map[hearback.ID]*T{}, r.young
	}
	r.young[id] = x
}

// all returns what is kept, the younger generation first.
func (r *recent[T]) all() []*T {
	list := make([]*T, 0, len(r.young)+len(r.previous))
	for _, x := range r.young {
		list = append(list, x)
	}
	for id, x := range r.previous {
		if r.young[id] == nil {
			list = append(list, x)
		}
	}
	return list
}
