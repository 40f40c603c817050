package office

import (
	"context"
	"fmt"
	"slices"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/desk"
)

// A CaseRow is one line of a list of cases.
type CaseRow struct {
	Case      hearback.Case
	Title     string
	TitleLang string // if it is not that of the page
	Desk      string
	Next      *hearback.Deadline
	Late      bool
	Soon      bool // the last fifth of its clock has begun
	Left      time.Duration
	Class     string
	State     string
	Tick      bool // it can be ticked for an act on many
}

// CaseRows adds to cases what a line of the list shows.
func (q *Caller) CaseRows(ctx context.Context, list []hearback.Case) ([]CaseRow, error) {
	desks, err := q.DeskNames(ctx)
	if err != nil {
		return nil, err
	}
	now := q.o.Now()
	all, err := q.o.Store.Desks(ctx)
	if err != nil {
		return nil, err
	}
	rows := make([]CaseRow, len(list))
	for i, c := range list {
		r := CaseRow{Case: c, Desk: desks[c.Desk], Next: c.Next(), Late: c.Late(now), Class: StateClass(c.State), State: q.caseState(&c)}
		if r.Desk == "" {
			r.Desk = c.Desk
		}
		concern, err := q.o.Store.Concern(ctx, c.Concern)
		if err != nil {
			return nil, err
		}
		r.Title, r.TitleLang = q.ConcernTitle(concern), q.TitleLang(concern)
		if r.Next != nil {
			at := now
			if c.Paused() {
				at = c.Pauses[len(c.Pauses)-1].From
			}
			r.Left = r.Next.Due.Sub(at)
			r.Soon = !r.Late && desk.Read(&c, *r.Next, desk.Find(all, c.Desk), now).Share() > .8
		}
		rows[i] = r
	}
	return rows, nil
}

// caseState says where a case stands, and why if it is closed.
func (q *Caller) caseState(c *hearback.Case) string {
	switch {
	case c.State == hearback.CaseClosed:
		return q.T("case.closed_because", q.Locale.Label("closereason", c.Reason))
	case c.Paused():
		return q.T("case.paused")
	}
	return q.Locale.Label("casestate", c.State)
}

// StateClass is the shape that stands before the name of a state.
func StateClass(s any) string {
	switch s {
	case hearback.CaseOpen, hearback.AnswerDraft:
		return "open"
	case hearback.CasePublished, hearback.AnswerPublished:
		return "done"
	case hearback.CaseClosed:
		return "off"
	case hearback.AnswerWithdrawn:
		return "bad"
	default:
		return "busy"
	}
}

// CaseViews are the views of the list.
func CaseViews() []string { return []string{"open", "late", "review", "published", "closed"} }

// InView reports whether a view shows a case.
func InView(view string, r CaseRow) bool {
	switch view {
	case "late":
		return r.Late
	case "review":
		return r.Case.State == hearback.CaseReview
	case "published":
		return r.Case.State == hearback.CasePublished
	case "open":
		return r.Case.State != hearback.CasePublished || r.Late
	}
	return true
}

// A CaseDeed is what one does to many cases at once.
type CaseDeed func(ctx context.Context, by hearback.Actor, id hearback.ID) error

// CaseActs are these acts by their names. People who work for some desks act on
// the cases of these.
func (q *Caller) CaseActs(to, note string) map[string]CaseDeed {
	acts := map[string]CaseDeed{
		"ack": func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
			_, err := q.o.Cases.Acknowledge(ctx, by, id)
			return err
		},
		"route": func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
			_, err := q.o.Cases.Route(ctx, by, id, to, note)
			return err
		},
		"pause": func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
			_, err := q.o.Cases.Pause(ctx, by, id, note)
			return err
		},
		"resume": func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
			_, err := q.o.Cases.Resume(ctx, by, id)
			return err
		},
	}
	for name, do := range acts {
		acts[name] = func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
			c, err := q.o.Store.Case(ctx, id)
			if err != nil {
				return err
			}
			if !q.Account.Serves(c.Desk) {
				return otherDesk(c.Desk)
			}
			return do(ctx, by, id)
		}
	}
	return acts
}

// NamedDesks finds the desks that the rules of routing name to help with a case
// and that do not help yet, and the slugs of all that would help then.
func (q *Caller) NamedDesks(ctx context.Context, c *hearback.Case, concern *hearback.Concern, desks []hearback.Desk) (names, slugs []string, err error) {
	_, tree, err := q.o.Desks.Routing(ctx)
	if err != nil {
		return nil, nil, err
	}
	facts := desk.FactsOf(concern)
	facts.Tier = c.Tier
	way := desk.Follow(tree, facts, desks)
	slugs = slices.Clone(c.With)
	for _, slug := range way.With {
		i := slices.IndexFunc(desks, func(d hearback.Desk) bool { return d.Slug == slug })
		if i >= 0 && slug != c.Desk && !slices.Contains(slugs, slug) {
			names, slugs = append(names, q.DeskName(desks[i])), append(slugs, slug)
		}
	}
	return names, slugs, nil
}

// CloseOne closes a case: for a reason, or because an answer serves it.
func (q *Caller) CloseOne(ctx context.Context, by hearback.Actor, id, existing hearback.ID, why hearback.CaseReason, note string) error {
	if existing != 0 {
		_, err := q.o.Cases.CloseByExisting(ctx, by, id, existing, note)
		return err
	}
	_, err := q.o.Cases.Close(ctx, by, id, why, note)
	return err
}

// What pages and programs are told in the same words.
var (
	ErrCaseClosed = fmt.Errorf("%w: this case is closed; reopen it first", hearback.ErrRefused)
	ErrReadyGone  = fmt.Errorf("%w: this prepared answer is not in the playbook any more", hearback.ErrNotFound)
	ErrNoCopies   = fmt.Errorf("%w: no copies are taken here; add the evidence without one", hearback.ErrRefused)
)

// otherDesk refuses an act on a case of a desk that somebody does not work for.
func otherDesk(slug string) error {
	return fmt.Errorf("%w: this case is with the desk %s, and your account works for others; an administrator can change that", hearback.ErrRefused, slug)
}
