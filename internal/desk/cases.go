package desk

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"example.org/hearback"
)

// Open opens a case for a concern. With a desk named it is routed at once;
// with "" the fallback desk holds it until it is routed, so that no case is
// without an owner. It returns [hearback.ErrRefused] if the concern has an
// open case already or was merged into another.
func (s *Cases) Open(ctx context.Context, by hearback.Actor, concern hearback.ID, desk string, tier hearback.Tier, note string) (*hearback.Case, error) {
	if err := s.allow(ctx, by, hearback.CaseOpened, false); err != nil {
		return nil, err
	}
	if err := replyTier(tier); err != nil {
		return nil, err
	}
	if err := hearback.CheckNote(note); err != nil {
		return nil, err
	}
	k, err := s.Store.Concern(ctx, concern)
	if err != nil {
		return nil, err
	}
	if k.State == hearback.Merged {
		return nil, fmt.Errorf("%w: concern %s was merged into %s; open the case there", hearback.ErrRefused, concern, k.Into)
	}
	var before hearback.ID
	switch old, err := s.Store.CaseByConcern(ctx, concern); {
	case errors.Is(err, hearback.ErrNotFound):
	case err != nil:
		return nil, err
	case old.State != hearback.CaseClosed:
		return nil, fmt.Errorf("%w: this concern has an open case already (%s)", hearback.ErrRefused, old.ID)
	default:
		before = old.ID
	}
	d, err := s.activeDesk(ctx, desk)
	if err != nil {
		return nil, err
	}
	at := s.now()
	c := &hearback.Case{
		ID: s.NextID(), Concern: concern, Desk: d.Slug, Tier: tier, State: hearback.CaseOpen,
		Opened: at, OpenedBy: by, Since: at, Deadlines: Clocks(tier, at, d),
	}
	if desk != "" {
		err = c.Route(d.Slug, by, at, note)
	} else {
		err = c.Remark(by, at, note)
	}
	if err != nil {
		return nil, err
	}
	r := recordOf(hearback.CaseOpened, c, by, at, pub{
		"concern": concern.String(), "desk": c.Desk, "tier": string(tier), "state": string(c.State),
	})
	if err := s.Store.AddCase(ctx, c, before, r); err != nil {
		return nil, err
	}
	return c, nil
}

// Route gives a case to a desk. A case in review is returned first.
func (s *Cases) Route(ctx context.Context, by hearback.Actor, id hearback.ID, desk, note string) (*hearback.Case, error) {
	if desk == "" {
		return nil, fmt.Errorf("%w: name the desk that takes the case", hearback.ErrInvalid)
	}
	d, err := s.activeDesk(ctx, desk)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, by, id, hearback.CaseMoved, false, func(c *hearback.Case, at time.Time) (pub, error) {
		if c.State == hearback.CaseRouted && c.Desk == d.Slug {
			return nil, fmt.Errorf("%w: this desk has the case already", hearback.ErrRefused)
		}
		from, fromDesk := c.State, c.Desk
		if err := c.Route(d.Slug, by, at, note); err != nil {
			return nil, err
		}
		p := moved(c, from)
		if fromDesk != c.Desk {
			p["from_desk"] = fromDesk
		}
		return p, nil
	})
}

// StartChecking says that the desk is checking the facts.
func (s *Cases) StartChecking(ctx context.Context, by hearback.Actor, id hearback.ID, note string) (*hearback.Case, error) {
	return s.change(ctx, by, id, hearback.CaseMoved, false, func(c *hearback.Case, at time.Time) (pub, error) {
		from := c.State
		if from == hearback.CaseVerifying {
			return nil, fmt.Errorf("%w: the facts are being checked already", hearback.ErrRefused)
		}
		if err := c.Move(hearback.CaseVerifying, by, at, note); err != nil {
			return nil, err
		}
		return moved(c, from), nil
	})
}

// AddEvidence adds a piece of evidence; its ID, time and author are set here.
// The log keeps where it comes from (its host), whether it is primary and the
// hash of the copy, but not its address or title, which may name a person.
func (s *Cases) AddEvidence(ctx context.Context, by hearback.Actor, id hearback.ID, e hearback.Evidence) (*hearback.Case, error) {
	return s.change(ctx, by, id, hearback.EvidenceAdded, false, func(c *hearback.Case, at time.Time) (pub, error) {
		e.ID, e.Added, e.By = s.NextID(), at, by
		e.Retracted, e.Why = time.Time{}, ""
		if err := c.AddEvidence(e); err != nil {
			return nil, err
		}
		p := cited(e)
		p["case"] = c.ID.String()
		return p, nil
	})
}

// RetractEvidence marks a piece of evidence as not holding. A verdict that the
// rest does not support is taken back with it.
func (s *Cases) RetractEvidence(ctx context.Context, by hearback.Actor, id, evidence hearback.ID, why string) (*hearback.Case, error) {
	return s.change(ctx, by, id, hearback.EvidenceRetract, false, func(c *hearback.Case, at time.Time) (pub, error) {
		had := c.Verdict
		if err := c.Retract(evidence, at, why); err != nil {
			return nil, err
		}
		p := pub{"case": c.ID.String(), "evidence": evidence.String()}
		if c.Verdict != had {
			p["verdict_taken_back"] = string(had)
		}
		return p, nil
	})
}

// Scheme names the nine verdicts in records, so that a later scheme can be
// told from this one.
const Scheme = "nine/1"

// SetVerdict says what the evidence shows. It returns [hearback.ErrRefused] if
// the evidence does not allow the verdict.
func (s *Cases) SetVerdict(ctx context.Context, by hearback.Actor, id hearback.ID, v hearback.Verdict, note string) (*hearback.Case, error) {
	return s.change(ctx, by, id, hearback.ClaimAssessed, false, func(c *hearback.Case, at time.Time) (pub, error) {
		if s.Blind != nil {
			need, err := s.Blind(ctx)
			if err != nil {
				return nil, err
			}
			if n := need[c.Tier]; c.Waiting() < n {
				return nil, fmt.Errorf("%w: this office asks for %d blind estimates before a verdict on a case of tier %s; there are %d", hearback.ErrRefused, n, c.Tier, c.Waiting())
			}
		}
		had := c.Verdict
		if had == v && v != "" {
			return nil, fmt.Errorf("%w: this is the verdict already", hearback.ErrRefused)
		}
		if err := c.SetVerdict(v, by, at); err != nil {
			return nil, err
		}
		if err := c.Remark(by, at, note); err != nil {
			return nil, err
		}
		list := []any{}
		for _, e := range c.Evidence {
			if e.Retracted.IsZero() {
				list = append(list, cited(e))
			}
		}
		p := pub{"case": c.ID.String(), "concern": c.Concern.String(), "verdict": string(v), "scheme": Scheme, "evidence": list}
		if had != "" {
			p["from"] = string(had)
		}
		if r := c.Rulings[len(c.Rulings)-1]; r.Of > 0 {
			p["estimates"], p["agree"] = r.Of, r.For
		}
		return p, nil
	})
}

// Estimate keeps what somebody thinks the evidence shows. The log tells only
// that they did: others must not learn it before they have given theirs.
func (s *Cases) Estimate(ctx context.Context, by hearback.Actor, id hearback.ID, v hearback.Verdict, sure int, note string) (*hearback.Case, error) {
	return s.change(ctx, by, id, hearback.ClaimEstimated, false, func(c *hearback.Case, at time.Time) (pub, error) {
		err := c.Estimate(hearback.Estimate{By: by, At: at, Verdict: v, Sure: sure, Note: note})
		return pub{"case": c.ID.String()}, err
	})
}

// Dissent keeps that somebody holds another verdict to be right.
func (s *Cases) Dissent(ctx context.Context, by hearback.Actor, id hearback.ID, v hearback.Verdict, reason string) (*hearback.Case, error) {
	return s.change(ctx, by, id, hearback.ClaimDissented, false, func(c *hearback.Case, at time.Time) (pub, error) {
		err := c.Dissent(hearback.Dissent{By: by, At: at, For: v, Reason: reason})
		return pub{"case": c.ID.String(), "verdict": string(c.Verdict), "instead": string(v)}, err
	})
}

// SetTier changes how soon a case must be answered, for a reason that goes to
// the public log. The program may raise a tier; lowering one needs a person.
func (s *Cases) SetTier(ctx context.Context, by hearback.Actor, id hearback.ID, tier hearback.Tier, reason string) (*hearback.Case, error) {
	if err := replyTier(tier); err != nil {
		return nil, err
	}
	reason, err := Public(s.Leak, "the reason", reason)
	if err != nil {
		return nil, err
	}
	if reason == "" {
		return nil, fmt.Errorf("%w: say why the tier changes; the reason is public", hearback.ErrInvalid)
	}
	desks, err := s.Store.Desks(ctx)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, by, id, hearback.TierChanged, true, func(c *hearback.Case, at time.Time) (pub, error) {
		from := c.Tier
		switch {
		case c.State == hearback.CaseClosed:
			return nil, fmt.Errorf("%w: this case is closed; reopen it first", hearback.ErrRefused)
		case from == tier:
			return nil, fmt.Errorf("%w: the case has this tier already", hearback.ErrRefused)
		case !by.Person() && tier.Rank() > from.Rank():
			return nil, fmt.Errorf("%w: only a person lowers a tier", hearback.ErrRefused)
		}
		if c.Paused() && tier == hearback.P1 { // an emergency does not wait
			if err := Resume(c, Find(desks, c.Desk), at); err != nil {
				return nil, err
			}
		}
		c.Tier = tier
		retime(c, Find(desks, c.Desk), at)
		if err := c.Remark(by, at, reason); err != nil {
			return nil, err
		}
		return pub{"case": c.ID.String(), "from": string(from), "to": string(tier), "reason": reason}, nil
	})
}

// Extend gives a P4 case the longer time for complex matters, for a reason
// that goes to the public log.
func (s *Cases) Extend(ctx context.Context, by hearback.Actor, id hearback.ID, reason string) (*hearback.Case, error) {
	reason, err := Public(s.Leak, "the reason", reason)
	if err != nil {
		return nil, err
	}
	if reason == "" {
		return nil, fmt.Errorf("%w: say why the matter is complex; the reason is public", hearback.ErrInvalid)
	}
	desks, err := s.Store.Desks(ctx)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, by, id, hearback.TierChanged, false, func(c *hearback.Case, at time.Time) (pub, error) {
		i := slices.IndexFunc(c.Deadlines, func(d hearback.Deadline) bool {
			return d.Kind == hearback.DeadlineAnswer && d.Running()
		})
		if c.Tier != hearback.P4 || i < 0 {
			return nil, fmt.Errorf("%w: only the answer of a P4 case that is still due can be given more time", hearback.ErrRefused)
		}
		d := &c.Deadlines[i]
		due := CalendarOf(Find(desks, c.Desk)).Add(c.Since, ComplexAnswer, closed(c.Pauses, at)...)
		if !due.After(d.Due) {
			return nil, fmt.Errorf("%w: this case has the longer time already", hearback.ErrRefused)
		}
		d.Due = due
		if err := c.Remark(by, at, reason); err != nil {
			return nil, err
		}
		return pub{"case": c.ID.String(), "from": string(c.Tier), "to": string(c.Tier), "days": int(ComplexAnswer / (24 * time.Hour)), "reason": reason}, nil
	})
}

// Pause stops the clocks of a case. The reason stays in the office; that the
// clocks stand still is on the log.
func (s *Cases) Pause(ctx context.Context, by hearback.Actor, id hearback.ID, reason string) (*hearback.Case, error) {
	return s.change(ctx, by, id, hearback.CasePaused, false, func(c *hearback.Case, at time.Time) (pub, error) {
		return pub{"case": c.ID.String()}, c.Pause(by, at, reason)
	})
}

// Resume starts the clocks of a case again.
func (s *Cases) Resume(ctx context.Context, by hearback.Actor, id hearback.ID) (*hearback.Case, error) {
	desks, err := s.Store.Desks(ctx)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, by, id, hearback.CaseResumed, false, func(c *hearback.Case, at time.Time) (pub, error) {
		if !c.Paused() {
			return nil, c.Resume(at) // says so
		}
		if err := Resume(c, Find(desks, c.Desk), at); err != nil {
			return nil, err
		}
		p := c.Pauses[len(c.Pauses)-1]
		return pub{"case": c.ID.String(), "minutes": int64(p.To.Sub(p.From) / time.Minute)}, nil
	})
}

// Close ends a case for a reason. A draft under way is given up with it. That
// a case is answered by an existing answer is said with
// [Cases.CloseByExisting], which names it.
func (s *Cases) Close(ctx context.Context, by hearback.Actor, id hearback.ID, why hearback.CaseReason, note string) (*hearback.Case, error) {
	if err := s.allow(ctx, by, hearback.CaseMoved, false); err != nil {
		return nil, fmt.Errorf("case %s: %w", id, err)
	}
	c, err := s.Store.Case(ctx, id)
	if err != nil {
		return nil, err
	}
	at, from := s.now(), c.State
	c.Existing = 0
	if err := s.resume(ctx, c, at); err != nil {
		return nil, fmt.Errorf("case %s: %w", id, err)
	}
	if err := c.Close(why, by, at, note); err != nil {
		return nil, fmt.Errorf("case %s: %w", id, err)
	}
	p := moved(c, from)
	a, err := s.dropDraft(ctx, c, by, at, p)
	if err != nil {
		return nil, err
	}
	if err := s.Store.SaveCase(ctx, c, a, recordOf(hearback.CaseMoved, c, by, at, p)); err != nil {
		return nil, err
	}
	return c, nil
}

// CloseByExisting ends a case because a published answer serves its concern.
func (s *Cases) CloseByExisting(ctx context.Context, by hearback.Actor, id, answer hearback.ID, note string) (*hearback.Case, error) {
	if err := s.allow(ctx, by, hearback.CaseMoved, false); err != nil {
		return nil, fmt.Errorf("case %s: %w", id, err)
	}
	c, err := s.Store.Case(ctx, id)
	if err != nil {
		return nil, err
	}
	a, err := s.Store.Answer(ctx, answer)
	if err != nil {
		return nil, err
	}
	if a.State != hearback.AnswerPublished {
		return nil, fmt.Errorf("case %s: %w: answer %s is not published", id, hearback.ErrRefused, answer)
	}
	if c.Answer != 0 {
		own, err := s.Store.Answer(ctx, c.Answer)
		if err != nil {
			return nil, err
		}
		if own.Draft() != nil {
			return nil, fmt.Errorf("case %s: %w: an answer of its own is being written; give up that draft first", id, hearback.ErrRefused)
		}
	}
	at, from := s.now(), c.State
	c.Existing = answer
	if err := s.resume(ctx, c, at); err != nil {
		return nil, fmt.Errorf("case %s: %w", id, err)
	}
	if err := c.Close(hearback.ClosedByExisting, by, at, note); err != nil {
		return nil, fmt.Errorf("case %s: %w", id, err)
	}
	p := moved(c, from)
	p["answer"] = answer.String()
	if err := s.Store.ServeCase(ctx, c, answer, recordOf(hearback.CaseMoved, c, by, at, p)); err != nil {
		return nil, err
	}
	return c, nil
}

// Reopen takes a closed case back to its desk with new clocks. It returns
// [hearback.ErrRefused] if the concern has a newer case.
func (s *Cases) Reopen(ctx context.Context, by hearback.Actor, id hearback.ID, note string) (*hearback.Case, error) {
	if err := s.allow(ctx, by, hearback.CaseMoved, true); err != nil {
		return nil, fmt.Errorf("case %s: %w", id, err)
	}
	c, err := s.Store.Case(ctx, id)
	if err != nil {
		return nil, err
	}
	if c.State != hearback.CaseClosed {
		return nil, fmt.Errorf("case %s: %w: this case is not closed", id, hearback.ErrRefused)
	}
	newest, err := s.Store.CaseByConcern(ctx, c.Concern)
	if err != nil {
		return nil, err
	}
	if newest.ID != c.ID {
		return nil, fmt.Errorf("case %s: %w: this concern has a newer case (%s)", id, hearback.ErrRefused, newest.ID)
	}
	if strings.TrimSpace(note) == "" {
		return nil, fmt.Errorf("case %s: %w: say why the case is reopened", id, hearback.ErrInvalid)
	}
	desks, err := s.Store.Desks(ctx)
	if err != nil {
		return nil, err
	}
	d := Find(desks, c.Desk)
	if d.Removed || d.Slug == "" {
		if d, err = s.activeDesk(ctx, ""); err != nil {
			return nil, err
		}
	}
	at, from, existing := s.now(), c.State, c.Existing
	if err := c.Move(hearback.CaseRouted, by, at, note); err != nil {
		return nil, fmt.Errorf("case %s: %w", id, err)
	}
	c.Desk = d.Slug
	Start(c, at, d)
	r := recordOf(hearback.CaseMoved, c, by, at, moved(c, from))
	if existing == 0 {
		err = s.Store.SaveCase(ctx, c, nil, r)
	} else {
		// The answer of another case did not serve after all; its own, if it is
		// public, serves again.
		var own hearback.ID
		if c.Answer != 0 {
			a, aerr := s.Store.Answer(ctx, c.Answer)
			if aerr != nil {
				return nil, aerr
			}
			if a.State == hearback.AnswerPublished {
				own = a.ID
			}
		}
		err = s.Store.ServeCase(ctx, c, own, r)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// resume ends the pause of c, if there is one, by the calendar of its desk.
func (s *Cases) resume(ctx context.Context, c *hearback.Case, at time.Time) error {
	if !c.Paused() {
		return nil
	}
	desks, err := s.Store.Desks(ctx)
	if err != nil {
		return err
	}
	return Resume(c, Find(desks, c.Desk), at)
}

// dropDraft gives up the draft of c's answer, and returns the answer if it had
// one.
func (s *Cases) dropDraft(ctx context.Context, c *hearback.Case, by hearback.Actor, at time.Time, p pub) (*hearback.Answer, error) {
	if c.Answer == 0 {
		return nil, nil
	}
	a, err := s.Store.Answer(ctx, c.Answer)
	if err != nil {
		return nil, err
	}
	d := a.Draft()
	if d == nil {
		return nil, nil
	}
	p["dropped_answer"], p["dropped_rev"] = a.ID.String(), d.N
	return a, a.Drop(by, at)
}

// moved is what the public reads of a move: never the note.
func moved(c *hearback.Case, from hearback.CaseState) pub {
	p := pub{"case": c.ID.String(), "from": string(from), "to": string(c.State), "desk": c.Desk}
	if c.Reason != "" {
		p["reason"] = string(c.Reason)
	}
	return p
}

// cited is what the public reads of a piece of evidence.
func cited(e hearback.Evidence) pub {
	p := pub{"evidence": e.ID.String(), "primary": e.Primary}
	if u, err := url.Parse(e.URL); err == nil && u.Hostname() != "" {
		p["host"] = strings.ToLower(u.Hostname())
	}
	if e.Hash != "" {
		p["sha256"] = e.Hash
	}
	return p
}

func replyTier(t hearback.Tier) error {
	if t.Rank() > hearback.P4.Rank() {
		return fmt.Errorf("%w: %.20q is not a tier of a case; use P1, P2, P3 or P4", hearback.ErrInvalid, t)
	}
	return nil
}

func Find(desks []hearback.Desk, slug string) hearback.Desk {
	if i := slices.IndexFunc(desks, func(d hearback.Desk) bool { return d.Slug == slug }); i >= 0 {
		return desks[i]
	}
	return hearback.Desk{}
}
