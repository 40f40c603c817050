package drill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/app"
	"example.org/hearback/internal/source"
	"example.org/hearback/internal/web/office"
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
	At     time.Duration // when it was decided, after the start; negative if it was not
	Came   time.Duration // when it came true, late or not; negative if it did not
	Seen   Seen
}

// Seen is what was seen of what an expectation is about. Its zero value says
// that there was no message yet.
type Seen struct {
	Voices   int64
	Share    float64 // of its messages that are together
	Langs    []string
	Alert    hearback.AlertKind // of the alert that was raised
	HasCase  bool
	State    hearback.CaseState
	HasClock bool
	Due      time.Time
}

// note writes what was seen for the table of results.
func (e *Expect) note(s Seen) string {
	switch {
	case s.Voices == 0:
		return "no message yet"
	case e.What == "concern":
		return fmt.Sprintf("%d voices, %.0f%% together, %s", s.Voices, 100*s.Share, strings.Join(s.Langs, "+"))
	case e.What == "alert" && s.Alert == "":
		return fmt.Sprintf("%d voices, no alert", s.Voices)
	case e.What == "alert":
		return string(s.Alert)
	case !s.HasCase:
		return "no case"
	case e.What == "case":
		return string(s.State)
	case !s.HasClock:
		return "no such clock"
	}
	return "due " + s.Due.UTC().Format("2 Jan 15:04") + " UTC"
}

// tick is how far the clock moves at a time.
const tick = time.Minute

// A Player plays one script into one instance. It is also the room of the
// drill, which people look at meanwhile: [Player.Drill].
type Player struct {
	App    *app.App
	Script *Script
	Clock  *Clock
	// Wait lets real time pass for one tick of the drill; nil lets none pass.
	Wait func(ctx context.Context, tick time.Duration) error
	// Pace is what people change the speed with; nil if nobody can. A drill
	// that runs beside people has Pace.Wait as its Wait.
	Pace *Pace

	sources map[string]hearback.ID
	down    map[string]time.Duration // source → when its outage ends
	held    map[string][]source.Raw  // posts that wait for the end of an outage
	posts   map[string][]*postRef    // concern of the script → its posts so far
	results []Result
	room    atomic.Pointer[office.DrillState] // as the room shows it
}

// postRef names a post that was sent.
type postRef struct {
	source hearback.ID
	post   string
	lang   string
	kept   hearback.ID // the message it became, 0 until that is known
}

// The people of a drill. They are invented, like everything in it.
var (
	officer   = hearback.Actor{ID: 1, Role: "officer", Number: 1}
	reviewer1 = hearback.Actor{ID: 2, Role: "reviewer", Number: 1}
	reviewer2 = hearback.Actor{ID: 3, Role: "reviewer", Number: 2}
)

// Play plays the drill to its end and returns the results in the order of the
// script.
func (p *Player) Play(ctx context.Context) ([]Result, error) {
	p.sources, p.down = map[string]hearback.ID{}, map[string]time.Duration{}
	p.held, p.posts = map[string][]source.Raw{}, map[string][]*postRef{}
	for _, e := range p.Script.Expects {
		p.results = append(p.results, Result{Expect: e, At: -1, Came: -1})
	}
	p.Clock.set(p.Script.Start)
	if err := p.setUp(ctx); err != nil {
		return nil, fmt.Errorf("set up the drill: %w", err)
	}
	events, now := p.Script.Events, time.Duration(0)
	for ; now <= p.Script.Length && !p.stopped(); now += tick {
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
		whole := now%(10*tick) == 0
		if n > 0 || whole {
			if err := p.look(ctx, now, whole); err != nil {
				return nil, err
			}
		}
		if p.Pace != nil && (whole || p.slow()) {
			if err := p.survey(ctx, now, false); err != nil {
				return nil, fmt.Errorf("at %s: look around: %w", now, err)
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
	if p.Pace != nil {
		now = min(now, p.Script.Length)
		if err := p.App.NoteDrill(ctx, hearback.DrillEnded, p.endedBy(), p.Script.Title, p.Script.Seed); err != nil {
			return nil, err
		}
		if err := p.survey(ctx, now, true); err != nil {
			return nil, fmt.Errorf("at the end: look around: %w", err)
		}
	}
	return p.results, nil
}

// stopped reports whether somebody ended the drill.
func (p *Player) stopped() bool { return p.Pace != nil && p.Pace.Ended() != nil }

func (p *Player) endedBy() hearback.Actor {
	if p.stopped() {
		return *p.Pace.Ended()
	}
	return hearback.System
}

// slow reports whether a tick takes so long that people would notice what the
// room does not show yet.
func (p *Player) slow() bool {
	speed, _ := p.Pace.Speed()
	return tick.Seconds() >= speed
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
	if p.Pace != nil {
		if err := p.App.NoteDrill(ctx, hearback.DrillStarted, hearback.System, p.Script.Title, p.Script.Seed); err != nil {
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
			ref := &postRef{source: p.sources[x.Source], post: fmt.Sprintf("%s-%d-%d", x.Source, e.Line, len(p.posts[x.Concern])), lang: x.Lang}
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

// A home is the concern that holds most of the messages about a name.
type home struct {
	id     hearback.ID // 0 while there is none
	share  float64     // of them that it holds
	langs  []string    // in which it holds them
	counts map[hearback.ID]int
}

// home looks where the posts about a name are now.
func (p *Player) home(ctx context.Context, name string) (home, error) {
	h := home{counts: map[hearback.ID]int{}}
	spoken := map[hearback.ID]map[string]bool{}
	placed := 0
	for _, ref := range p.posts[name] {
		if ref.kept == 0 {
			id, err := p.App.Kept(ctx, ref.source, ref.post)
			if errors.Is(err, hearback.ErrNotFound) {
				continue
			}
			if err != nil {
				return h, err
			}
			ref.kept = id
		}
		c, err := p.App.Home(ctx, ref.kept)
		if errors.Is(err, hearback.ErrNotFound) {
			continue
		}
		if err != nil {
			return h, err
		}
		placed++
		h.counts[c]++
		if spoken[c] == nil {
			spoken[c] = map[string]bool{}
		}
		spoken[c][ref.lang] = true
	}
	for c, n := range h.counts {
		if n > h.counts[h.id] || n == h.counts[h.id] && c < h.id {
			h.id = c
		}
	}
	if h.id == 0 {
		return h, nil
	}
	h.langs = slices.Sorted(maps.Keys(spoken[h.id]))
	h.share = float64(h.counts[h.id]) / float64(placed)
	return h, nil
}

// answer does what an office does: it opens a case if there is none, drafts,
// has two others approve, and publishes.
func (p *Player) answer(ctx context.Context, a *Answer) error {
	h, err := p.home(ctx, a.Concern)
	if err != nil {
		return err
	}
	concern := h.id
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

// look decides the expectations that can be decided; and if whole is set, sees
// whether one came true after its time.
func (p *Player) look(ctx context.Context, now time.Duration, whole bool) error {
	homes := map[string]home{}
	for i := range p.results {
		r := &p.results[i]
		late := r.At >= 0 && !r.OK && !r.Expect.Not && r.Came < 0 && whole && p.Pace != nil
		if r.At >= 0 && !late {
			continue
		}
		h, known := homes[r.Expect.Concern]
		if !known {
			var err error
			if h, err = p.home(ctx, r.Expect.Concern); err != nil {
				return fmt.Errorf("line %d: %w", r.Expect.Line, err)
			}
			homes[r.Expect.Concern] = h
		}
		ok, seen, err := p.holds(ctx, &r.Expect, h)
		if err != nil {
			return fmt.Errorf("line %d: %w", r.Expect.Line, err)
		}
		if ok {
			r.Came = now
		}
		if late {
			continue
		}
		last := now >= r.Expect.By
		switch {
		case r.Expect.Not && ok: // what should not be, is
			r.At, r.OK, r.Seen = now, false, seen
		case r.Expect.Not && last:
			r.At, r.OK, r.Seen = now, true, seen
		case !r.Expect.Not && (ok || last):
			r.At, r.OK, r.Seen = now, ok, seen
		}
	}
	return nil
}

// holds reports whether what e describes is the case now, and what was seen.
func (p *Player) holds(ctx context.Context, e *Expect, h home) (ok bool, seen Seen, err error) {
	if h.id == 0 {
		return false, seen, nil
	}
	c, err := p.App.Store.Concern(ctx, h.id)
	if err != nil {
		return false, seen, err
	}
	seen = Seen{Voices: c.Voices, Share: h.share, Langs: h.langs}
	switch e.What {
	case "concern":
		for _, l := range e.Langs {
			if !slices.Contains(h.langs, l) {
				return false, seen, nil
			}
		}
		return c.Voices >= hearback.VisibleVoices && h.share >= e.Share, seen, nil
	case "alert":
		alerts, err := p.App.AlertsOf(ctx, h.id)
		if err != nil {
			return false, seen, err
		}
		for _, a := range alerts {
			if e.Kind == "" || a.Kind == e.Kind {
				seen.Alert = a.Kind
				return true, seen, nil
			}
		}
		return false, seen, nil
	case "case", "deadline":
		kase, err := p.App.CaseOf(ctx, h.id)
		if errors.Is(err, hearback.ErrNotFound) {
			return false, seen, nil
		}
		if err != nil {
			return false, seen, err
		}
		seen.HasCase, seen.State = true, kase.State
		if e.What == "case" {
			return e.State == "" || kase.State == e.State, seen, nil
		}
		for _, d := range kase.Deadlines {
			if d.Kind == e.Clock {
				seen.HasClock, seen.Due = true, d.Due
				late := d.Late(p.Clock.Now())
				return late == e.Missed && (e.Missed || !d.Met.IsZero()), seen, nil
			}
		}
	}
	return false, seen, nil
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
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\t%s\n", mark, r.Expect.Line, r.Expect, clock(r.Expect.By), clock(r.At), r.Expect.note(r.Seen))
	}
	return all, t.Flush()
}

// clock writes a time after the start as hours and minutes.
func clock(d time.Duration) string {
	return fmt.Sprintf("%d:%02d", int(d.Hours()), int(d.Minutes())%60)
}
