package app

import (
	"cmp"
	"context"
	"slices"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/cluster"
	"example.org/hearback/internal/store"
)

// labelAtOnce is how many concerns one step names at the most, so that it ends
// in time; those that grew most come first, the others with the next step.
const labelAtOnce = 300

// naming is a concern that is being named.
type naming struct {
	c       *living
	id      hearback.ID
	named   int64 // what c.Named was set to
	read    []hearback.ID
	central []hearback.ID
	said    []cluster.Said
}

// label names the concerns that grew since they were last named and are worth
// a row, from their newest messages. Messages are read and counted while the
// pipeline goes on; it waits only while it is asked and told.
func (a *App) label(ctx context.Context, _ time.Time) error {
	var list []naming
	err := a.Pipeline.Ask(ctx, func(g *cluster.Grouper) error {
		for _, c := range a.Pipeline.concerns.all() {
			if c.Voices >= hearback.VisibleVoices && c.Messages > c.Named+c.Named/8 && c.State != hearback.Merged {
				list = append(list, naming{c: c, id: c.ID})
			}
		}
		slices.SortFunc(list, func(x, y naming) int {
			return cmp.Or(cmp.Compare(y.c.Messages-y.c.Named, x.c.Messages-x.c.Named), cmp.Compare(x.id, y.id))
		})
		list = list[:min(len(list), labelAtOnce)]
		for i := range list {
			n := &list[i]
			n.c.Named = n.c.Messages
			n.named = n.c.Named
			for _, l := range n.c.Labels {
				n.central = append(n.central, l.Medoid)
			}
			n.central = append(n.central, g.Central(n.id))
			n.read = slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(n.c.Recent), n.central...))))
		}
		return nil
	})
	if err != nil || len(list) == 0 {
		return err
	}
	rare := map[uint64]float32{}
	for i := range list {
		if err := a.read(ctx, &list[i], rare); err != nil {
			return err
		}
	}
	if err := a.Pipeline.Ask(ctx, func(g *cluster.Grouper) error { g.Rarity(rare); return nil }); err != nil {
		return err
	}
	labels := make([][]hearback.Label, len(list))
	for i := range list {
		labels[i] = cluster.Name(a.text, list[i].said, rare, list[i].central, "en", "zh")
	}
	return a.Pipeline.Ask(ctx, func(*cluster.Grouper) error {
		var b store.Batch
		for i := range list {
			n := &list[i]
			// What was said may have been taken back meanwhile, or the memory
			// read anew: then the next step names it.
			if len(labels[i]) == 0 || a.Pipeline.concerns.get(n.id) != n.c || n.c.Named != n.named {
				continue
			}
			n.c.take(labels[i])
			b.Concerns = append(b.Concerns, &n.c.Concern)
		}
		if len(b.Concerns) == 0 {
			return nil
		}
		return a.Store.Take(ctx, &b)
	})
}

// take gives a concern its names.
func (c *living) take(labels []hearback.Label) {
	for i := range labels {
		labels[i].Title = short(labels[i].Title)
	}
	c.Labels, c.Phrases, c.Medoid, c.Title = labels, labels[0].Phrases, labels[0].Medoid, labels[0].Title
}

// read reads the messages of a concern, and notes their words in rare.
func (a *App) read(ctx context.Context, n *naming, rare map[uint64]float32) error {
	messages, err := a.Store.Messages(ctx, n.read)
	for i := range messages {
		s := cluster.Read(a.text, &messages[i])
		for _, p := range s.Pieces {
			rare[p.Hash] = 0
		}
		n.said = append(n.said, s)
	}
	return err
}
