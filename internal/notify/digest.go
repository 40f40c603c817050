package notify

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"example.org/hearback"
)

// bundle gathers what was held and is due, one digest for each channel, the
// most urgent first. The digest and what became part of it are written
// together, so that a digest that is sent again after a crash is the same one
// under the same key.
func (s *Service) bundle(ctx context.Context) error {
	now := s.now()
	held, err := s.Store.DueDeliveries(ctx, Held, now, 10*batch)
	if err != nil || len(held) == 0 {
		return err
	}
	var order []hearback.ID // of channels
	of := map[hearback.ID][]Delivery{}
	for _, d := range held {
		if of[d.Channel] == nil {
			order = append(order, d.Channel)
		}
		of[d.Channel] = append(of[d.Channel], d)
	}
	for _, id := range order {
		list := of[id]
		c, err := s.Store.Channel(ctx, id)
		if err != nil {
			return err
		}
		// What was seen to meanwhile is not news.
		var live []Delivery
		for i := range list {
			d := &list[i]
			why, err := s.over(ctx, c, d)
			if err != nil {
				return err
			}
			if why == "" {
				live = append(live, *d)
				continue
			}
			d.State, d.Reason = Stopped, why
			if err := s.Store.SaveDelivery(ctx, d, nil); err != nil {
				return err
			}
		}
		if len(live) == 0 {
			continue
		}
		slices.SortStableFunc(live, func(x, y Delivery) int {
			if x.Urgent != y.Urgent {
				if x.Urgent {
					return -1
				}
				return 1
			}
			return cmp.Or(cmp.Compare(y.Rank, x.Rank), x.Made.Compare(y.Made))
		})
		var members []hearback.ID
		urgent := false
		for _, d := range live {
			members, urgent = append(members, d.ID), urgent || d.Urgent
		}
		digest := &Delivery{ID: s.NextID(), Channel: c.ID, Name: c.Name, Kind: Digest, State: Waiting, Due: now, Made: now, Urgent: urgent, Text: s.gather(c, live)}
		if err := s.Store.Bundle(ctx, digest, members); err != nil {
			return fmt.Errorf("digest for channel %s: %w", c.ID, err)
		}
	}
	return nil
}
