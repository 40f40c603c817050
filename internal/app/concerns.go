package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"example.org/hearback"
	"example.org/hearback/internal/cluster"
	"example.org/hearback/internal/store"
	"example.org/hearback/internal/text"
	"example.org/hearback/internal/web/office"
)

// concerns does what people decide about concerns, each act with its record.
type concerns struct{ a *App }

var _ office.Concerns = concerns{}

// change reads a concern, lets f change it, and writes it with a record.
func (s concerns) change(ctx context.Context, id hearback.ID, f func(c *hearback.Concern) (hearback.Record, error)) error {
	c, err := s.a.Store.Concern(ctx, id)
	if err != nil {
		return err
	}
	r, err := f(c)
	if err != nil {
		return err
	}
	return s.a.Store.SetConcern(ctx, c, r)
}

// record is the entry of an act on a concern. A reason goes to the public log,
// so it may hold nothing personal.
func (s concerns) record(t hearback.RecordType, by hearback.Actor, id hearback.ID, reason string, pub map[string]any) (hearback.Record, error) {
	reason = strings.TrimSpace(reason)
	if leaks(reason) {
		return hearback.Record{}, fmt.Errorf("%w: the reason goes to the public log for ever and seems to hold personal data; say it without", hearback.ErrRefused)
	}
	if len(reason) > 1000 {
		return hearback.Record{}, fmt.Errorf("%w: the reason has more than 1000 bytes", hearback.ErrInvalid)
	}
	if pub == nil {
		pub = map[string]any{}
	}
	if reason != "" {
		pub["reason"] = reason
	}
	return hearback.Record{Type: t, At: s.a.now(), Actor: by, Subject: "concern:" + id.String(), Pub: pub}, nil
}

// Mute silences a concern until it is resolved, or ends that.
func (s concerns) Mute(ctx context.Context, by hearback.Actor, id hearback.ID, on bool, reason string) error {
	return s.change(ctx, id, func(c *hearback.Concern) (hearback.Record, error) {
		from, to := hearback.Open, hearback.Muted
		if !on {
			from, to = to, from
		}
		if c.State != from {
			return hearback.Record{}, fmt.Errorf("%w: this concern is %s", hearback.ErrRefused, c.State)
		}
		c.State = to
		return s.record(hearback.ConcernMuted, by, id, reason, map[string]any{"muted": on})
	})
}

// SetTier sets the tier of a concern for a reason that goes to the public log. It
// stays until the matrix rises above what it says today, or a person sets it
// again.
func (s concerns) SetTier(ctx context.Context, by hearback.Actor, id hearback.ID, tier hearback.Tier, reason string) error {
	if tier.Rank() >= len(hearback.Tiers()) {
		return fmt.Errorf("%w: %.20q is not a tier; use P1, P2, P3, P4 or watch", hearback.ErrInvalid, tier)
	}
	if strings.TrimSpace(reason) == "" {
		return fmt.Errorf("%w: say why the tier changes; the reason is public", hearback.ErrInvalid)
	}
	s.a.steps.mu.Lock() // or a step under way would write the tier that stood
	defer s.a.steps.mu.Unlock()
	c, err := s.a.Store.Concern(ctx, id)
	if err != nil {
		return err
	}
	switch {
	case c.State == hearback.Merged:
		return fmt.Errorf("%w: this concern is part of another one; set the tier there", hearback.ErrRefused)
	case c.Score.Rules == "":
		return fmt.Errorf("%w: this concern has no score yet; it gets one once five people spoke of it", hearback.ErrRefused)
	case c.Score.Tier == tier:
		return fmt.Errorf("%w: the concern has this tier already", hearback.ErrRefused)
	}
	r, err := s.record(hearback.TierChanged, by, id, reason, map[string]any{"concern": id.String(), "from": string(c.Score.Tier), "to": string(tier)})
	if err != nil {
		return err
	}
	c.Score.Tier, c.Score.Since = tier, r.At
	return s.a.Store.SaveScores(ctx, map[hearback.ID]hearback.Score{id: c.Score}, r)
}

// Retitle gives a concern a title that machines leave alone, and that the
// public may see.
func (s concerns) Retitle(ctx context.Context, by hearback.Actor, id hearback.ID, title string) error {
	title = strings.Join(strings.Fields(title), " ")
	switch {
	case title == "":
		return fmt.Errorf("%w: the title is empty", hearback.ErrInvalid)
	case len([]rune(title)) > hearback.MaxTitle:
		return fmt.Errorf("%w: the title has more than %d characters", hearback.ErrInvalid, hearback.MaxTitle)
	case leaks(title):
		return fmt.Errorf("%w: the title may become public and seems to hold personal data; say it without", hearback.ErrRefused)
	}
	c, err := s.a.Store.Concern(ctx, id)
	if err != nil {
		return err
	}
	c.Title, c.Titled = title, true
	return s.a.Store.SetConcern(ctx, c)
}

// RateHarm keeps what one person found, and scores the concern again.
func (s concerns) RateHarm(ctx context.Context, by hearback.Actor, r hearback.HarmRating) error {
	for _, v := range []int{r.Severity, r.Believable, r.Immediate, r.CallToAction, r.Vulnerable} {
		if v < 0 || v > 4 {
			return fmt.Errorf("%w: every rating is 0 to 4", hearback.ErrInvalid)
		}
	}
	if strings.TrimSpace(r.Reason) == "" {
		return fmt.Errorf("%w: say why; a rating without a reason cannot be discussed", hearback.ErrInvalid)
	}
	r.By, r.At = by.ID, s.a.now()
	rec, err := s.record(hearback.HarmRated, by, r.Concern, "", map[string]any{"severity": int64(r.Severity)})
	if err != nil {
		return err
	}
	if err := s.a.Store.RateHarm(ctx, r, rec); err != nil {
		return err
	}
	return s.a.rescore(ctx, r.Concern)
}

// HarmRatings lists the ratings of a concern, newest first.
func (s concerns) HarmRatings(ctx context.Context, id hearback.ID) ([]hearback.HarmRating, error) {
	list, err := s.a.Store.HarmRatings(ctx, id)
	slices.SortStableFunc(list, func(x, y hearback.HarmRating) int { return y.At.Compare(x.At) })
	return list, err
}

// Merge makes each of from a part of into, all in one transaction: what comes
// later joins into, and they are counted together. Nothing is moved, so that it
// can be undone. It returns for each of from what kept it apart, or nil.
func (s concerns) Merge(ctx context.Context, by hearback.Actor, into hearback.ID, from []hearback.ID, reason string) (each []error, err error) {
	err = s.a.Pipeline.Ask(ctx, func(g *cluster.Grouper) error {
		each = make([]error, len(from))
		var parts []*hearback.Concern
		err := s.a.Store.Together(ctx, func(ctx context.Context) error {
			for i, id := range from {
				var part *hearback.Concern
				if part, each[i] = s.merge(ctx, g, by, into, id, reason); part != nil {
					parts = append(parts, part)
				}
			}
			if len(parts) == 0 {
				return nil
			}
			return s.a.Pipeline.absorb(ctx, into, 1, parts...)
		})
		if err != nil && len(parts) > 0 {
			s.a.Pipeline.stale = true // nothing of it was kept
		}
		return err
	})
	return each, err
}

// mergeOne is Merge for a single one.
func (s concerns) mergeOne(ctx context.Context, by hearback.Actor, into, from hearback.ID, reason string) error {
	each, err := s.Merge(ctx, by, into, []hearback.ID{from}, reason)
	if err != nil {
		return err
	}
	return each[0]
}

// merge merges one, except for its counts, and returns it. An error is what keeps
// it apart from into.
func (s concerns) merge(ctx context.Context, g *cluster.Grouper, by hearback.Actor, into, from hearback.ID, reason string) (*hearback.Concern, error) {
	a, err := s.a.Store.Concern(ctx, into)
	if err != nil {
		return nil, err
	}
	b, err := s.a.Store.Concern(ctx, from)
	if err != nil {
		return nil, err
	}
	switch {
	case into == from:
		return nil, fmt.Errorf("%w: a concern cannot be merged with itself", hearback.ErrRefused)
	case a.State == hearback.Merged || b.State == hearback.Merged:
		return nil, fmt.Errorf("%w: one of them is part of another concern already", hearback.ErrRefused)
	case b.Case != 0:
		return nil, fmt.Errorf("%w: the concern that would be merged has a case; merge the other way round", hearback.ErrRefused)
	}
	parts, err := s.a.Store.MergedInto(ctx, from)
	if err != nil {
		return nil, err
	}
	if len(parts) > 0 {
		return nil, fmt.Errorf("%w: others were merged into the concern that would be merged; merge the other way round", hearback.ErrRefused)
	}
	r, err := s.record(hearback.ConcernMerged, by, into, reason, map[string]any{"from": from.String()})
	if err != nil {
		return nil, err
	}
	if err := g.Merge(into, from); err != nil {
		return nil, err
	}
	b.State, b.Into = hearback.Merged, into
	if err := s.a.Store.SetConcern(ctx, b, r); err != nil {
		return nil, errors.Join(err, g.Undo(into))
	}
	return b, nil
}

// Undo takes back the newest merge or split of a concern.
func (s concerns) Undo(ctx context.Context, by hearback.Actor, id hearback.ID, reason string) error {
	return s.a.Pipeline.Ask(ctx, func(g *cluster.Grouper) error {
		did, other, err := s.a.newest(ctx, id)
		if err != nil {
			return err
		}
		if other == 0 {
			return fmt.Errorf("%w: nothing was merged into this concern or split off from it", hearback.ErrRefused)
		}
		r, err := s.record(hearback.ConcernUndone, by, id, reason, map[string]any{"from": other.String()})
		if err != nil {
			return err
		}
		if did == hearback.ConcernSplit {
			list, err := s.a.Store.Splits(ctx, id, store.SplitDone, 1000)
			if err != nil {
				return err
			}
			for i := range list {
				if list[i].Part == other {
					return s.unsplit(ctx, g, &list[i], r)
				}
			}
			return fmt.Errorf("%w: this split is not on record", hearback.ErrNotFound)
		}
		b, err := s.a.Store.Concern(ctx, other)
		if err != nil {
			return err
		}
		if b.Into != id {
			return fmt.Errorf("%w: the concern that was merged is not a part of this one", hearback.ErrConflict)
		}
		if err := g.Unmerge(id, other); err != nil {
			return err
		}
		b.State, b.Into = hearback.Open, 0
		if err := s.a.Store.SetConcern(ctx, b, r); err != nil {
			return errors.Join(err, g.Merge(id, b.ID))
		}
		return s.a.Pipeline.absorb(ctx, id, -1, b)
	})
}

// Why says why a message stands in its concern: the words it shares with its
// label and its most central message.
func (s concerns) Why(ctx context.Context, m hearback.Message) ([]string, error) {
	c, err := s.a.Store.Concern(ctx, m.Concern)
	if err != nil {
		return nil, err
	}
	list, err := s.a.Store.Messages(ctx, append([]hearback.ID{c.Medoid}, c.Recent[:min(len(c.Recent), 10)]...))
	if err != nil {
		return nil, err
	}
	count, of := map[uint64]int{}, 0 // of those in its language
	here := map[uint64]bool{}
	for _, other := range list {
		if other.ID == m.ID || other.Lang != m.Lang {
			continue
		}
		of++
		clear(here)
		for _, t := range s.a.text.Analyze(other.Text, other.Lang).Terms {
			if !here[t.Hash] {
				here[t.Hash] = true
				count[t.Hash]++
			}
		}
	}
	var shared []string
	d := s.a.text.Analyze(m.Text, m.Lang)
	for _, p := range s.a.text.Pieces(&d) {
		_, common := s.a.common[p.Hash]
		if common || p.Kind == text.Char || len([]rune(p.Written)) < 2 || count[p.Hash]*2 < max(of, 1) {
			continue
		}
		word := p.Written
		if typed, ok := s.a.text.AsTyped(m.Text, word); ok {
			word = typed
		}
		if !slices.Contains(shared, word) {
			shared = append(shared, word)
		}
	}
	return shared[:min(len(shared), 8)], nil
}

// spokenFrom is how many messages of a concern the words that it shares with
// another are looked for in.
const spokenFrom = 12

// sayings returns messages of some concerns, in which words are looked for as
// people wrote them.
func (s concerns) sayings(ctx context.Context, list ...*hearback.Concern) ([]hearback.Message, error) {
	var ids []hearback.ID
	for _, c := range list {
		ids = append(append(ids, c.Medoid), c.Recent[:min(len(c.Recent), spokenFrom)]...)
	}
	return s.a.Store.Messages(ctx, ids)
}

// Proposals lists the splits and merges that the grouping proposes for a
// concern, or for the newest fifty that are worth a row.
func (s concerns) Proposals(ctx context.Context, id hearback.ID) ([]office.Proposal, error) {
	if !s.a.Pipeline.loaded() {
		return nil, office.ErrLoading
	}
	ids := []hearback.ID{id}
	if id == 0 {
		ids = nil
		err := s.a.eachLiving(ctx, s.a.now().Add(-detectBack), hearback.VisibleVoices, func(list []hearback.Concern) error {
			for _, c := range list {
				ids = append(ids, c.ID)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		ids = ids[max(0, len(ids)-50):]
	}
	var found []cluster.Proposal
	err := s.a.Pipeline.Look(ctx, func(g *cluster.Grouper) error {
		found = g.Proposals(ids)
		return nil
	})
	if err != nil {
		return nil, err
	}
	list, err := s.splits(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, p := range found {
		into, err := s.a.Store.Concern(ctx, p.Into)
		if err != nil || into.State == hearback.Merged {
			continue
		}
		from, err := s.a.Store.Concern(ctx, p.From)
		if err != nil || from.State == hearback.Merged || from.Case != 0 {
			continue
		}
		key := p.Into.String() + "-" + p.From.String()
		if no, err := s.a.Store.Setting(ctx, rejected+key); err != nil || no != "" {
			continue
		}
		said, err := s.sayings(ctx, into, from)
		if err != nil {
			return nil, err
		}
		list = append(list, office.Proposal{Key: key, Kind: "merge", Concern: p.Into, Other: p.From, Title: from.Title, Voices: from.Voices, Score: p.Score,
			Shared: text.Spare(s.a.spoken(p.Shared, said)), Apart: text.Spare(s.a.spoken(p.Apart, said))})
	}
	return list, nil
}

// rejected is the beginning of the settings that remember which proposals were
// turned down.
const rejected = "merge.rejected."

// Decide accepts or rejects a proposal.
func (s concerns) Decide(ctx context.Context, by hearback.Actor, proposal string, accept bool, reason string) error {
	if split, ok := strings.CutPrefix(proposal, "split-"); ok {
		id, err := hearback.ParseID(split)
		if err != nil {
			return err
		}
		if accept {
			return s.split(ctx, by, id, reason)
		}
		return s.keepWhole(ctx, id)
	}
	x, y, _ := strings.Cut(proposal, "-")
	into, err := hearback.ParseID(x)
	if err != nil {
		return err
	}
	from, err := hearback.ParseID(y)
	if err != nil {
		return err
	}
	if accept {
		return s.mergeOne(ctx, by, into, from, reason)
	}
	return s.a.Store.SetSetting(ctx, rejected+proposal, by.String())
}

// Nearest lists the concerns that are most like one, best first.
func (s concerns) Nearest(ctx context.Context, id hearback.ID, k int) ([]office.Nearest, error) {
	if !s.a.Pipeline.loaded() {
		return nil, office.ErrLoading
	}
	var near []cluster.Near
	err := s.a.Pipeline.Look(ctx, func(g *cluster.Grouper) error {
		near = g.Nearest(id, k)
		return nil
	})
	if err != nil {
		return nil, err
	}
	var list []office.Nearest
	for _, n := range near {
		c, err := s.a.Store.Concern(ctx, n.Concern)
		if err != nil {
			continue // it has not been written yet
		}
		said, err := s.sayings(ctx, c)
		if err != nil {
			return nil, err
		}
		list = append(list, office.Nearest{Concern: n.Concern, Title: c.Title, Score: n.Score, Shared: text.Spare(s.a.spoken(n.Shared, said))})
	}
	return list, nil
}
