package app

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/cluster"
	"example.org/hearback/internal/store"
	"example.org/hearback/internal/web/office"
)

// How often splits are looked for, and in how many concerns at once at the
// most: the others wait for the next step.
const (
	splitEvery  = 15 * time.Minute
	splitAtOnce = 40
)

// splitRefused is how many times as many messages a concern has before a split
// is proposed again that a person turned down.
const splitRefused = 2

// proposeSplits looks for two things in the concerns that grew by a quarter
// since it last looked, from their newest messages.
func (a *App) proposeSplits(ctx context.Context, now time.Time) error {
	var list []naming
	err := a.Pipeline.Ask(ctx, func(*cluster.Grouper) error {
		for _, c := range a.Pipeline.concerns.all() {
			if c.Voices >= hearback.VisibleVoices && c.Messages > c.Looked+c.Looked/4 && len(c.Recent) > 0 {
				list = append(list, naming{c: c, id: c.ID, named: c.Messages, read: slices.Clone(c.Recent)})
			}
		}
		slices.SortFunc(list, func(x, y naming) int {
			return cmp.Or(cmp.Compare(y.c.Messages-y.c.Looked, x.c.Messages-x.c.Looked), cmp.Compare(x.id, y.id))
		})
		list = list[:min(len(list), splitAtOnce)]
		for i := range list {
			list[i].c.Looked = list[i].named
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
	for i := range list {
		n := &list[i]
		if err := a.proposeSplit(ctx, now, n, cluster.Bisect(a.text, a.vectors, n.said, rare)); err != nil {
			return err
		}
	}
	return nil
}

func (a *App) proposeSplit(ctx context.Context, now time.Time, n *naming, cut *cluster.Cut) error {
	c, err := a.Store.Concern(ctx, n.id)
	if errors.Is(err, hearback.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if cut == nil || c.State == hearback.Merged {
		return a.Store.Propose(ctx, n.id, nil)
	}
	for _, state := range []store.SplitState{store.SplitRejected, store.SplitUndone} {
		no, err := a.Store.Splits(ctx, n.id, state, 1000)
		if err != nil {
			return err
		}
		if len(no) > 0 && n.named < splitRefused*no[len(no)-1].Of {
			return a.Store.Propose(ctx, n.id, nil)
		}
	}
	return a.Store.Propose(ctx, n.id, &store.Split{
		ID: a.Pipeline.ids.Next(now), Concern: n.id, State: store.SplitProposed, At: now,
		Why: cut.Why, Of: n.named, Here: cut.Here, There: cut.There,
		HereWords: cut.HereWords, ThereWords: cut.ThereWords, Shared: cut.Shared,
	})
}

// proposedSplit returns the proposal to split a concern.
func (a *App) proposedSplit(ctx context.Context, concern hearback.ID) (*store.Split, error) {
	list, err := a.Store.Splits(ctx, concern, store.SplitProposed, 1)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%w: this split is not proposed any more; look at the concern again", hearback.ErrConflict)
	}
	return &list[0], nil
}

// split makes a concern of its own of the messages that a proposal names. The
// counts of exactly these go with them. Voices are not kept for each message:
// of those that were counted in a quarter of an hour from a source, as large a
// share goes as of its messages.
func (s concerns) split(ctx context.Context, by hearback.Actor, id hearback.ID, reason string) error {
	p := s.a.Pipeline
	return p.Ask(ctx, func(g *cluster.Grouper) error {
		if err := p.fresh(ctx); err != nil {
			return err
		}
		x, err := s.a.proposedSplit(ctx, id)
		if err != nil {
			return err
		}
		if c, err := s.a.Store.Concern(ctx, id); err != nil {
			return err
		} else if c.State == hearback.Merged {
			return fmt.Errorf("%w: this concern is part of another; split that one", hearback.ErrRefused)
		}
		messages, err := s.a.Store.Messages(ctx, x.There)
		if err != nil {
			return err
		}
		messages = slices.DeleteFunc(messages, func(m hearback.Message) bool { return m.Concern != id })
		slices.SortFunc(messages, func(m, n hearback.Message) int { return cmp.Compare(m.ID, n.ID) })
		if len(messages) < len(x.There)/2+1 {
			return fmt.Errorf("%w: most of the messages that would leave are gone; wait for the next proposal", hearback.ErrConflict)
		}
		moved := make([]cluster.Moved, len(messages))
		for i := range messages {
			moved[i] = cluster.Moved{ID: messages[i].ID, Doc: s.a.text.Analyze(messages[i].Text, messages[i].Lang)}
		}
		voices, rolls, err := s.a.share(ctx, id, messages)
		if err != nil {
			return err
		}
		r, err := s.record(hearback.ConcernSplit, by, id, reason, nil)
		if err != nil {
			return err
		}
		part, err := g.Split(id, p.now(), moved)
		if err != nil {
			return err
		}
		p.stale = true // until it is stored
		r.Pub["part"] = part.String()
		b := newBuild(p.now(), 0)
		from, err := p.concern(ctx, b, id, false)
		if err != nil {
			return err
		}
		to, err := p.concern(ctx, b, part, true)
		if err != nil {
			return err
		}
		to.Theme = from.Theme
		for i := range messages {
			grow(&to.Concern, &messages[i], voices[i])
			x.Left.Messages = append(x.Left.Messages, messages[i].ID)
		}
		to.Fresh = nil
		x.Left.Voices = to.Voices
		addTo(&x.Left.Langs, to.Langs, 1)
		addTo(&x.Left.Kinds, to.Kinds, 1)
		addTo(&x.Left.Areas, to.Areas, 1)
		x.Rolls, x.State, x.At, x.Part = rolls, store.SplitDone, b.now, part
		leave(from, x)
		b.roll(x, -1)
		b.batch.Split, b.batch.Move = x, store.Move{Messages: x.Left.Messages, Concern: part}
		b.batch.Records = append(b.batch.Records, r)
		if err := p.store.Take(ctx, p.finish(b)); err != nil {
			return err
		}
		p.stale = false
		return nil
	})
}

// keepWhole turns the proposal to split a concern down.
func (s concerns) keepWhole(ctx context.Context, id hearback.ID) error {
	x, err := s.a.proposedSplit(ctx, id)
	if err != nil {
		return err
	}
	x.State, x.At = store.SplitRejected, s.a.now()
	return s.a.Store.PutSplit(ctx, x)
}

// splits lists the splits that are proposed for a concern, or for all if id is
// 0, with some of the messages of each side.
func (s concerns) splits(ctx context.Context, id hearback.ID) ([]office.Proposal, error) {
	found, err := s.a.Store.Splits(ctx, id, store.SplitProposed, 50)
	if err != nil {
		return nil, err
	}
	var list []office.Proposal
	for i := range found {
		x := &found[i]
		p := office.Proposal{Key: "split-" + x.Concern.String(), Kind: "split", Concern: x.Concern, Why: x.Why, Shared: x.Shared}
		for _, side := range []struct {
			ids   []hearback.ID
			words []string
			to    *office.Side
		}{{x.Here, x.HereWords, &p.Here}, {x.There, x.ThereWords, &p.There}} {
			said, err := s.a.Store.Messages(ctx, side.ids)
			if err != nil {
				return nil, err
			}
			*side.to = office.Side{Messages: len(said), Words: side.words}
			for k := 0; k < len(said) && len(side.to.Said) < 3; k += max(1, len(said)/3) {
				side.to.Said = append(side.to.Said, said[k])
			}
		}
		if p.Here.Messages > 0 && p.There.Messages > 0 {
			list = append(list, p)
		}
	}
	return list, nil
}

// left is the counts that left with a split, as a concern.
func left(x *store.Split) *hearback.Concern {
	return &hearback.Concern{Messages: int64(len(x.Left.Messages)), Voices: x.Left.Voices, Langs: x.Left.Langs, Kinds: x.Left.Kinds, Areas: x.Left.Areas}
}

// leave takes what left with a split out of the concern.
func leave(c *living, x *store.Split) {
	sum(&c.Concern, left(x), -1)
	c.Recent = slices.DeleteFunc(slices.Clone(c.Recent), func(id hearback.ID) bool { return slices.Contains(x.Left.Messages, id) })
	c.rename(x.Left.Messages)
}

// rename has a concern named anew, and without the words of some messages.
func (c *living) rename(gone []hearback.ID) {
	c.Named, c.Looked = 0, 0
	if slices.Contains(gone, c.Medoid) {
		c.Medoid = 0
	}
	for i := range c.Labels {
		if slices.Contains(gone, c.Labels[i].Medoid) {
			c.Labels[i].Medoid = 0
		}
	}
}

// roll moves the counts of a split from the concern to its part, or back if
// sign is 1.
func (b *build) roll(x *store.Split, sign int64) {
	for _, r := range x.Rolls {
		for _, side := range []struct {
			concern hearback.ID
			sign    int64
		}{{x.Concern, sign}, {x.Part, -sign}} {
			b.rolls[rollKey{r.Bucket.UnixMicro(), side.concern, r.Source}] = &store.Roll{Bucket: r.Bucket, Concern: side.concern, Source: r.Source,
				Messages: side.sign * r.Messages, Voices: side.sign * r.Voices, Questions: side.sign * r.Questions}
		}
	}
}

// share returns how many voices go with each message, and what goes out of the
// counts of its concern.
func (a *App) share(ctx context.Context, concern hearback.ID, messages []hearback.Message) (voices []int64, rolls []store.Roll, err error) {
	at := map[rollKey]*store.Roll{}
	first := messages[0].At
	for i := range messages {
		m := &messages[i]
		key := rollKey{m.At.Truncate(store.Bucket).UnixMicro(), concern, m.Source}
		if at[key] == nil {
			at[key] = &store.Roll{Bucket: m.At.Truncate(store.Bucket), Source: m.Source}
		}
		at[key].Messages++
		if m.Kind == hearback.Question {
			at[key].Questions++
		}
		if m.At.Before(first) {
			first = m.At
		}
	}
	err = a.Store.RollsOf(ctx, concern, first.Truncate(store.Bucket), func(r store.Roll) {
		if x := at[rollKey{r.Bucket.UnixMicro(), concern, r.Source}]; x != nil {
			x.Voices = r.Voices * x.Messages / max(r.Messages, 1)
		}
	})
	if err != nil {
		return nil, nil, err
	}
	given := map[rollKey]int64{}
	for i := range messages {
		key := rollKey{messages[i].At.Truncate(store.Bucket).UnixMicro(), concern, messages[i].Source}
		n := int64(0)
		if given[key] < at[key].Voices {
			n = 1
			given[key]++
		}
		voices = append(voices, n)
	}
	for _, r := range at {
		rolls = append(rolls, *r)
	}
	slices.SortFunc(rolls, func(x, y store.Roll) int {
		return cmp.Or(x.Bucket.Compare(y.Bucket), cmp.Compare(x.Source, y.Source))
	})
	return voices, rolls, nil
}

// unsplit takes a split back: what left returns, and what the part heard since
// is counted with the concern. The part stays, merged, so that its number goes
// on to lead somewhere.
func (s concerns) unsplit(ctx context.Context, g *cluster.Grouper, x *store.Split, r hearback.Record) error {
	p := s.a.Pipeline
	part, err := s.a.Store.Concern(ctx, x.Part)
	if err != nil {
		return err
	}
	inner, err := s.a.Store.MergedInto(ctx, x.Part)
	if err != nil {
		return err
	}
	switch {
	case part.State == hearback.Merged:
		return fmt.Errorf("%w: the part that was split off was merged since; take that back first", hearback.ErrRefused)
	case part.Case != 0:
		return fmt.Errorf("%w: the part that was split off has a case; merge the two instead", hearback.ErrRefused)
	case len(inner) > 0:
		return fmt.Errorf("%w: others were merged into the part that was split off; take that back first", hearback.ErrRefused)
	}
	if done, err := s.a.Store.Splits(ctx, x.Part, store.SplitDone, 1); err != nil || len(done) > 0 {
		return cmp.Or(err, fmt.Errorf("%w: the part that was split off was split itself; take that back first", hearback.ErrRefused))
	}
	if err := p.fresh(ctx); err != nil {
		return err
	}
	if err := g.Merge(x.Concern, x.Part); err != nil {
		return err
	}
	g.Return(x.Concern, x.Left.Messages)
	p.stale = true // until it is stored
	b := newBuild(p.now(), 0)
	into, err := p.concern(ctx, b, x.Concern, false)
	if err != nil {
		return err
	}
	from, err := p.concern(ctx, b, x.Part, false)
	if err != nil {
		return err
	}
	kept, err := s.a.Store.Messages(ctx, x.Left.Messages)
	if err != nil {
		return err
	}
	sum(&from.Concern, left(x), -1)
	from.Recent = slices.DeleteFunc(slices.Clone(from.Recent), func(id hearback.ID) bool { return slices.Contains(x.Left.Messages, id) })
	sum(&into.Concern, left(x), 1)
	for _, m := range kept {
		into.Recent = append(slices.Clone(into.Recent), m.ID)
	}
	slices.SortFunc(into.Recent, func(a, b hearback.ID) int { return cmp.Compare(b, a) })
	into.Recent = into.Recent[:min(len(into.Recent), hearback.RecentMessages)]
	into.rename(nil)
	sum(&into.Concern, &from.Concern, 1)
	x.State, x.At = store.SplitUndone, b.now
	b.roll(x, 1)
	b.batch.Split, b.batch.Move = x, store.Move{Messages: x.Left.Messages, Concern: x.Concern}
	b.batch.Records = append(b.batch.Records, r)
	if err := p.store.Take(ctx, p.finish(b)); err != nil {
		return err
	}
	p.stale = false
	return nil
}

// newest returns what was last done to a concern that can be taken back, as
// the public log has it: the id of the concern that was merged into it or split
// off, or 0.
func (a *App) newest(ctx context.Context, id hearback.ID) (hearback.RecordType, hearback.ID, error) {
	entries, err := a.Store.EntriesAbout(ctx, "concern:"+id.String(), 1000)
	if err != nil {
		return "", 0, err
	}
	undone := 0
	for _, e := range entries {
		switch e.Type {
		case hearback.ConcernUndone:
			undone++
		case hearback.ConcernMerged, hearback.ConcernSplit:
			if undone > 0 {
				undone--
				continue
			}
			var leaf struct {
				Pub struct{ From, Part hearback.ID }
			}
			if err := json.Unmarshal(e.Leaf, &leaf); err != nil {
				return "", 0, fmt.Errorf("record %d: %w", e.Seq, err)
			}
			return e.Type, max(leaf.Pub.From, leaf.Pub.Part), nil
		}
	}
	return "", 0, nil
}
