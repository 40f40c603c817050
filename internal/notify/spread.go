package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
)

// batch is how many rows a step takes at once.
const batch = 200

// spread turns every notice that is due into deliveries: one for each channel
// that is told of its kind, to be sent now, after quiet hours, or with the
// digest.
func (s *Service) spread(ctx context.Context) error {
	now := s.now()
	list, err := s.Store.DueNotices(ctx, now, batch)
	if err != nil || len(list) == 0 {
		return err
	}
	channels, err := s.Store.Channels(ctx, "")
	if err != nil {
		return err
	}
	desks, err := s.Store.Desks(ctx)
	if err != nil {
		return err
	}
	staff := map[hearback.ID]*access.Account{}
	for i := range list {
		n := &list[i]
		f, err := s.look(ctx, n.Kind, n.Subject)
		if err != nil {
			// What cannot be read now may be read at the next tick; the others
			// do not wait for it.
			s.Log.ErrorContext(ctx, "a notice could not be spread and will be tried again", slog.String("notice", n.ID.String()), slog.Any("err", err))
			continue
		}
		var out []Delivery
		for j := range channels {
			c := &channels[j]
			if f.over != "" || c.Paused {
				continue
			}
			ok, err := s.concerns(ctx, c, &f, desks, staff)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			if d, ok := s.plan(c, n, &f, desks); ok {
				out = append(out, d)
			}
		}
		if err := s.Store.Spread(ctx, n.ID, out); err != nil {
			return fmt.Errorf("spread notice %s: %w", n.ID, err)
		}
	}
	return nil
}

// concerns reports whether whoever owns c is to be told of f at all.
func (s *Service) concerns(ctx context.Context, c *Channel, f *facts, desks []hearback.Desk, staff map[hearback.ID]*access.Account) (bool, error) {
	if f.kind.Outward() || c.Owner == Outside {
		return f.out != nil && c.Owner == Outside && c.Wants.wants(f.out), nil
	}
	if c.Owner == Office {
		return true, nil
	}
	if slug := c.Owner.Desk(); slug != "" {
		for _, d := range desks {
			if d.Slug == slug {
				if len(f.to) > 0 {
					return !d.Removed && slices.Contains(f.to, "desk:"+slug), nil
				}
				return !d.Removed && (f.desk == slug || f.triage && d.Fallback), nil
			}
		}
		return false, nil
	}
	id := c.Owner.Staff()
	a, ok := staff[id]
	if !ok {
		var err error
		if a, err = s.Store.Account(ctx, id); err != nil && !errors.Is(err, hearback.ErrNotFound) {
			return false, err
		} else if err != nil {
			a = nil
		}
		staff[id] = a
	}
	switch {
	case !a.May(access.ViewConsole):
		return false, nil
	case len(f.to) > 0:
		return slices.ContainsFunc(f.to, func(to string) bool {
			slug, desk := strings.CutPrefix(to, "desk:")
			return desk && a.Serves(slug) || to == "#"+strconv.Itoa(a.Number)
		}), nil
	case f.desk != "" && !a.Serves(f.desk):
		return false, nil
	case f.kind == Review:
		return a.May(access.Approve) && !slices.Contains(f.nots, a.ID), nil
	}
	return true, nil
}

// plan makes the delivery of f to c, or none if c is not told of its kind.
func (s *Service) plan(c *Channel, n *Notice, f *facts, desks []hearback.Desk) (Delivery, bool) {
	now := s.now()
	d := Delivery{
		ID: s.NextID(), Notice: n.ID, Channel: c.ID, Name: c.Name, Kind: n.Kind, Subject: n.Subject, State: Waiting, Due: now, Made: now,
		Urgent: f.urgent, Rank: f.rank,
	}
	if f.out != nil {
		d.Text = Text{Subject: OneLine(f.out.Title, 200), Body: string(f.out.JSON), Link: f.out.URL}
		return d, true
	}
	mode, zone := c.Modes[n.Kind], c.zone(s.Zone)
	if mode == Now && f.late {
		mode = InDigest
	}
	switch mode {
	case Now:
		d.quiet(c, zone)
	case InDigest:
		if c.Digest == "" {
			return d, false // it does not want those that are over the budget
		}
		d.State, d.Due = Held, nextClock(now, c.Digest, zone)
	default:
		return d, false
	}
	d.Text = s.write(c, f, desks, 0)
	return d, true
}

// quiet holds d until quiet hours are over, unless it is urgent and c lets
// that through.
func (d *Delivery) quiet(c *Channel, zone *time.Location) {
	if d.Urgent && c.Through {
		return
	}
	if end := c.Quiet.End(d.Due, zone); end.After(d.Due) {
		d.State, d.Due = Held, end
	}
}
