package drill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/app"
	"example.org/hearback/internal/source"
)

// A Clock is the simulated time of a drill. It may be read by many goroutines.
type Clock struct{ us atomic.Int64 }

// NewClock returns a clock that stands at t.
func NewClock(t time.Time) *Clock {
	c := &Clock{}
	c.set(t)
	return c
}

// Now returns the simulated time.
func (c *Clock) Now() time.Time { return time.UnixMicro(c.us.Load()).UTC() }

func (c *Clock) set(t time.Time) { c.us.Store(t.UnixMicro()) }

// A Result says whether an expectation came true, and when.
type Result struct {
	Expect Expect
	OK     bool
	At     time.Duration // when it was decided, after the start
	Note   string        // what was seen
}

// tick is how far the clock moves at a time.
const tick = time.Minute

// A Player plays one script into one instance.
type Player struct {
	App    *app.App
	Script *Script
	Clock  *Clock
	// Wait lets real time pass for one tick of the drill; nil lets none pass.
	Wait func(ctx context.Context, tick time.Duration) error

	sources map[string]hearback.ID
	down    map[string]time.Duration // source → when its outage ends
	held    map[string][]source.Raw  // posts that wait for the end of an outage
	posts   map[string][]postRef     // concern of the script → its posts so far
	results []Result
}

// postRef names a post that was sent.
type postRef struct {
	source hearback.ID
	post   string
	lang   string
}

// The people of a drill. They are invented, like everything in it.
var (
	officer   = hearback.Actor{ID: 1, Role: "officer", Number: 1}
	reviewer1 = hearback.Actor{ID: 2, Role: "reviewer", Number: 2}
	reviewer2 = hearback.Actor{ID: 3, Role: "reviewer", Number: 3}
)

// Play plays the drill to its end and returns the results in the order of the
// script.
func (p *Player) Play(ctx context.Context) ([]Result, error) {
	p.sources, p.down = map[string]hearback.ID{}, map[string]time.Duration{}
	p.held, p.posts = map[string][]source.Raw{}, map[string][]postRef{}
	for _, e := range p.Script.Expects {
		p.results = append(p.results, Result{Expect: e, At: -1})
	}
	p.Clock.set(p.Script.Start)
	if err := p.setUp(ctx); err != nil {
		return nil, fmt.Errorf("set up the drill: %w", err)
	}
	events := p.Script.Events
	for now := time.Duration(0); now <= p.Script.Length; now += tick {
		p.Clock.set(p.Script.Start.Add(now))
		n := 0
		for n < len(events) && events[n].At <= now {
			n++
		}
		if err := p.happen(ctx, now, events[:n]); err != nil {
			return nil, err
		}
		events = events[n:]
		if err := p.App.Step(ctx); err != nil {
			return nil, fmt.Errorf("at %s: %w", now, err)
		}
		if n > 0 || now%(10*tick) == 0 {
			if err := p.look(ctx, now); err != nil {
				return nil, err
			}
		}
		if p.Wait != nil {
			if err := p.Wait(ctx, tick); err != nil {
				return nil, err
			}
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return p.results, nil
}

func (p *Player) setUp(ctx context.Context) error {
	admin := hearback.Actor{ID: 4, Role: "administrator", Number: 4}
	for _, s := range p.Script.Sources {
		added, _, err := p.App.Registry.Add(ctx, admin, hearback.Source{
			Slug: s.Name, Kind: hearback.Replay, Title: s.Title, Reason: "Part of a drill: everything it says is invented.",
			Basis: "drill", Weight: s.Weight, Audience: s.Audience,
		})
		if err != nil {
			return err
		}
		p.sources[s.Name] = added.ID
	}
	for _, t := range p.Script.Topics {
		if _, err := p.App.Topics.Add(ctx, admin, hearback.Topic{Name: t.Name, Query: t.Query, Reason: "Part of a drill."}); err != nil {
			return err
		}
	}
	for _, d := range p.Script.Desks {
		if err := p.App.PutDesk(ctx, admin, d); err != nil {
			return err
		}
	}
	return p.App.Reload(ctx)
}

// happen lets everything due happen, posts of one source together.
func (p *Player) happen(ctx context.Context, now time.Duration, events []Event) error {
	for name, end := range p.down {
		if now >= end {
			delete(p.down, name)
		}
	}
	batch := map[string][]source.Raw{}
	for name, held := range p.held {
		if _, down := p.down[name]; !down {
			batch[name] = held
			delete(p.held, name)
		}
	}
	for _, e := range events {
		switch {
		case e.Outage != nil:
			p.down[e.Outage.Source] = e.At + e.Outage.For
			if err := p.App.NoteFault(ctx, p.sources[e.Outage.Source], "The source does not answer (an outage of the drill)."); err != nil {
				return err
			}
		case e.Post != nil:
			x := e.Post
			ref := postRef{p.sources[x.Source], fmt.Sprintf("%s-%d-%d", x.Source, e.Line, len(p.posts[x.Concern])), x.Lang}
			raw := source.Raw{Post: ref.post, Account: x.Voice, At: p.Script.Start.Add(e.At), Text: x.Text, Lang: x.Lang}
			p.posts[x.Concern] = append(p.posts[x.Concern], ref)
			if _, down := p.down[x.Source]; down {
				p.held[x.Source] = append(p.held[x.Source], raw)
			} else {
				batch[x.Source] = append(batch[x.Source], raw)
			}
		}
	}
	for _, s := range p.Script.Sources {
		if len(batch[s.Name]) == 0 {
			continue
		}
		if _, err := p.App.Pipeline.Take(ctx, p.sources[s.Name], batch[s.Name], nil); err != nil {
			return fmt.Errorf("post to %s: %w", s.Name, err)
		}
	}
	for _, e := range events {
		if e.Answer != nil {
			err := p.answer(ctx, e.Answer)
			if p.Wait != nil && (errors.Is(err, hearback.ErrConflict) || errors.Is(err, hearback.ErrRefused)) {
				continue // somebody at the console was faster
			}
			if err != nil {
				return fmt.Errorf("line %d: answer %s: %w", e.Line, e.Answer.Concern, err)
			}
		}
	}
	return nil
}

// home returns the concern that holds most of the posts about a name, how many
// of them it holds, and their languages.
func (p *Player) home(ctx context.Context, name string) (id hearback.ID, share float64, langs []string, err error) {
	count := map[hearback.ID]int{}
	spoken := map[hearback.ID]map[string]bool{}
	placed := 0
	for _, ref := range p.posts[name] {
		c, err := p.App.Where(ctx, ref.source, ref.post)
		if errors.Is(err, hearback.ErrNotFound) {
			continue
		}
		if err != nil {
			return 0, 0, nil, err
		}
		placed++
		count[c]++
		if spoken[c] == nil {
			spoken[c] = map[string]bool{}
		}
		spoken[c][ref.lang] = true
	}
	for c, n := range count {
		if n > count[id] || n == count[id] && c < id {
			id = c
		}
	}
	if id == 0 {
		return 0, 0, nil, nil
	}
	for l := range spoken[id] {
		langs = append(langs, l)
	}
	slices.Sort(langs)
	return id, float64(count[id]) / float64(placed), langs, nil
}

// answer does what an office does: it opens a case if there is none, drafts,
// has two others approve, and publishes.
func (p *Player) answer(ctx context.Context, a *Answer) error {
	concern, _, _, err := p.home(ctx, a.Concern)
	if err != nil {
		return err
	}
	if concern == 0 {
		return fmt.Errorf("%w: no message about it has been kept", hearback.ErrNotFound)
	}
	if p.Wait != nil { // people look on, and may have taken the case on themselves
		if c, err := p.App.CaseOf(ctx, concern); err == nil && c.Answer != 0 {
			return nil
		}
	}
	return p.App.Rehearse(ctx, concern, a.Desk, a.Tier, a.Texts, officer, reviewer1, reviewer2)
}

// look decides the expectations that can be decided.
func (p *Player) look(ctx context.Context, now time.Duration) error {
	for i := range p.results {
		r := &p.results[i]
		if r.At >= 0 {
			continue
		}
		ok, note, err := p.holds(ctx, &r.Expect)
		if err != nil {
			return fmt.Errorf("line %d: %w", r.Expect.Line, err)
		}
		last := now >= r.Expect.By
		switch {
		case r.Expect.Not && ok: // what should not be, is
			r.At, r.OK, r.Note = now, false, note
		case r.Expect.Not && last:
			r.At, r.OK, r.Note = now, true, note
		case !r.Expect.Not && (ok || last):
			r.At, r.OK, r.Note = now, ok, note
		}
	}
	return nil
}

// holds reports whether what e describes is the case now, and what was seen.
func (p *Player) holds(ctx context.Context, e *Expect) (ok bool, note string, err error) {
	id, share, langs, err := p.home(ctx, e.Concern)
	if err != nil || id == 0 {
		return false, "no message yet", err
	}
	c, err := p.App.Store.Concern(ctx, id)
	if err != nil {
		return false, "", err
	}
	switch e.What {
	case "concern":
		note = fmt.Sprintf("%d voices, %.0f%% together, %s", c.Voices, 100*share, strings.Join(langs, "+"))
		for _, l := range e.Langs {
			if !slices.Contains(langs, l) {
				return false, note, nil
			}
		}
		return c.Voices >= hearback.VisibleVoices && share >= e.Share, note, nil
	case "alert":
		alerts, err := p.App.AlertsOf(ctx, id)
		if err != nil {
			return false, "", err
		}
		for _, a := range alerts {
			if e.Kind == "" || a.Kind == e.Kind {
				return true, string(a.Kind), nil
			}
		}
		return false, fmt.Sprintf("%d voices, no alert", c.Voices), nil
	case "case", "deadline":
		kase, err := p.App.CaseOf(ctx, id)
		if errors.Is(err, hearback.ErrNotFound) {
			return false, "no case", nil
		}
		if err != nil {
			return false, "", err
		}
		if e.What == "case" {
			return e.State == "" || kase.State == e.State, string(kase.State), nil
		}
		for _, d := range kase.Deadlines {
			if d.Kind == e.Clock {
				late := d.Late(p.Clock.Now())
				return late == e.Missed && (e.Missed || !d.Met.IsZero()), "due " + d.Due.UTC().Format("2 Jan 15:04") + " UTC", nil
			}
		}
		return false, "no such clock", nil
	}
	return false, "", nil
}

// Write writes the results as a table and reports whether all expectations
// came true.
func Write(w io.Writer, results []Result) (bool, error) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\tline\texpected\tby\tdecided\tseen")
	all := true
	for _, r := range results {
		mark := "pass"
		if !r.OK {
			mark, all = "FAIL", false
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\t%s\n", mark, r.Expect.Line, r.Expect, clock(r.Expect.By), clock(r.At), r.Note)
	}
	return all, t.Flush()
}

// clock writes a time after the start as hours and minutes.
func clock(d time.Duration) string {
	return fmt.Sprintf("%d:%02d", int(d.Hours()), int(d.Minutes())%60)
}
