package app

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/cluster"
	"example.org/hearback/internal/desk"
	"example.org/hearback/internal/store"
)

// How often the steps are taken.
const (
	labelEvery  = 5 * time.Minute
	scoreEvery  = 5 * time.Minute
	forgetEvery = 6 * time.Hour
	sweepEvery  = time.Hour
	clocksEvery = time.Minute // the shortest clock has an hour, and is told of at half of it
)

// steps is what happens by the clock, and when each last did.
type steps struct {
	mu   sync.Mutex
	last map[string]time.Time
	judge
}

// Step does what is due at the time of the clock: it closes the window of
// voices, names concerns, scores them, raises alerts, measures answers, and
// forgets what has been kept long enough. The service calls it every few
// seconds, a drill at every tick.
func (a *App) Step(ctx context.Context) error {
	a.steps.mu.Lock()
	defer a.steps.mu.Unlock()
	now := a.now()
	for _, s := range []struct {
		name  string
		every time.Duration
		do    func(context.Context, time.Time) error
	}{
		{"close the window of voices", 0, a.rollWindow},
		{"name concerns", labelEvery, a.label},
		{"look back", 0, a.lookBack},
		{"look for splits", splitEvery, a.proposeSplits},
		{"score concerns", scoreEvery, a.score},
		{"raise alerts", 0, a.alert},
		{"watch the clocks", clocksEvery, a.watchClocks},
		{"draw the sample of the week", 0, a.drawSample},
		{"score and make forecasts", 0, a.foresee},
		{"measure answers", store.Bucket, a.measure},
		{"learn from decisions", learnEvery, a.learn},
		{"forget old messages", forgetEvery, a.forget},
		{"destroy what opens old commitments", forgetEvery, func(ctx context.Context, now time.Time) error {
			_, err := a.Store.DestroyCommitments(ctx, now.Add(-a.Config.Privacy.Prove), now)
			return err
		}},
		{"ask the city's desks", askDesksEvery, a.askDesks},
		{"forget who did not confirm", sweepEvery, func(ctx context.Context, _ time.Time) error {
			if a.follow == nil {
				return nil
			}
			return a.follow.Forget(ctx)
		}},
		{"end old sessions", sweepEvery, func(ctx context.Context, _ time.Time) error { return a.Accounts.Sweep(ctx) }},
	} {
		if s.every > 0 && now.Sub(a.steps.last[s.name]) < s.every {
			continue
		}
		if err := s.do(ctx, now); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		a.steps.last[s.name] = now
	}
	return nil
}

// rollWindow ends the window of voices when its time is over: the key is
// destroyed first, then the sketches that were made with it.
func (a *App) rollWindow(ctx context.Context, now time.Time) error {
	k := a.Pipeline.keys.Load()
	if now.Sub(k.window.Start) < a.Config.Privacy.Window && !now.Before(k.window.Start.Add(-time.Hour)) {
		return nil
	}
	w, err := a.dir.newWindow(now)
	if err != nil {
		return err
	}
	return a.Pipeline.rollWindow(ctx, w, hearback.Record{
		Type: hearback.WindowRolled, At: now, Actor: hearback.System, Subject: "window",
		Pub: map[string]any{"began": k.window.Start.Format(time.RFC3339), "ended": now.UTC().Format(time.RFC3339)},
	})
}

// rollWindow counts voices with the key of a new window from now on, and
// forgets the sketches of the old one.
func (p *Pipeline) rollWindow(ctx context.Context, w window, r hearback.Record) error {
	return p.Ask(ctx, func(*cluster.Grouper) error {
		p.keys.Store(&keys{p.keys.Load().post, w})
		if err := p.store.CloseWindow(ctx, r); err != nil {
			p.stale = true
			return err
		}
		for _, c := range p.concerns.all() {
			c.voices = nil
		}
		return p.store.SetSetting(ctx, "privacy.window", w.Start.Format(time.RFC3339))
	})
}

// forget removes the text of messages that have been kept as long as their
// source says, with a record of how many, and old notices.
func (a *App) forget(ctx context.Context, now time.Time) error {
	sources, err := a.Store.Sources(ctx)
	if err != nil {
		return err
	}
	for _, s := range sources {
		_, err := a.Store.Forget(ctx, s.ID, now.Add(-s.Retention))
		if err != nil {
			return err
		}
	}
	return a.Notify.Forget(ctx)
}

// Kept returns the message that a post became, or [hearback.ErrNotFound] if it
// was not kept.
func (a *App) Kept(ctx context.Context, src hearback.ID, post string) (hearback.ID, error) {
	hash, err := a.Pipeline.postHash(src, post)
	if err != nil {
		return 0, err
	}
	p, err := a.Store.Post(ctx, src, hash)
	if err != nil {
		return 0, err
	}
	return p.Message, nil
}

// Where returns the concern that a post was grouped into, or
// [hearback.ErrNotFound] if it was not kept.
func (a *App) Where(ctx context.Context, src hearback.ID, post string) (hearback.ID, error) {
	message, err := a.Kept(ctx, src, post)
	if err != nil {
		return 0, err
	}
	return a.Home(ctx, message)
}

// Home returns the concern that a message is grouped into, or
// [hearback.ErrNotFound] if its text was forgotten.
func (a *App) Home(ctx context.Context, message hearback.ID) (hearback.ID, error) {
	list, err := a.Store.Messages(ctx, []hearback.ID{message})
	if err != nil {
		return 0, err
	}
	if len(list) == 0 {
		return 0, hearback.ErrNotFound
	}
	c, err := a.Store.Concern(ctx, list[0].Concern)
	for err == nil && c.Into != 0 {
		c, err = a.Store.Concern(ctx, c.Into)
	}
	if err != nil {
		return 0, err
	}
	return c.ID, nil
}

// NoteDrill puts the beginning or the end of a drill on its log.
func (a *App) NoteDrill(ctx context.Context, what hearback.RecordType, by hearback.Actor, title string, seed uint64) error {
	return a.Store.AppendRecords(ctx, hearback.Record{Type: what, At: a.now(), Actor: by, Subject: "drill", Pub: map[string]any{"title": title, "seed": strconv.FormatUint(seed, 10)}})
}

// NoteFault notes that a source could not be read, and why.
func (a *App) NoteFault(ctx context.Context, src hearback.ID, why string) error {
	return a.Store.NoteTry(ctx, src, a.now(), why, time.Time{})
}

// CaseOf returns the newest case of a concern.
func (a *App) CaseOf(ctx context.Context, concern hearback.ID) (*hearback.Case, error) {
	return a.Store.CaseByConcern(ctx, concern)
}

// Rehearse does in a drill what an office does with a concern: it opens a case
// if there is none, and has an answer drafted, approved by two others and
// published.
func (a *App) Rehearse(ctx context.Context, concern hearback.ID, desk string, tier hearback.Tier, texts []hearback.Text, author, first, second hearback.Actor) error {
	c, err := a.CaseOf(ctx, concern)
	if errors.Is(err, hearback.ErrNotFound) || err == nil && c.State == hearback.CaseClosed {
		c, err = a.Cases.Open(ctx, author, concern, desk, tier, "Opened by the drill.")
	}
	if err != nil {
		return fmt.Errorf("open a case: %w", err)
	}
	if c.State == hearback.CaseOpen {
		if c, err = a.Cases.Route(ctx, author, c.ID, desk, "The drill names the desk."); err != nil {
			return fmt.Errorf("route the case: %w", err)
		}
	}
	if err := a.rehearsePlaybook(ctx, c, author); err != nil {
		return fmt.Errorf("follow the playbook: %w", err)
	}
	if _, err := a.Cases.AddEvidence(ctx, author, c.ID, hearback.Evidence{Title: "Measurements of the drill", URL: "https://example.org/drill", Note: "Invented for the drill.", Primary: true}); err != nil {
		return fmt.Errorf("add evidence: %w", err)
	}
	if v := texts[0].Verdict; v != "" {
		if _, err := a.Cases.SetVerdict(ctx, author, c.ID, v, "What the drill's evidence shows."); err != nil {
			return fmt.Errorf("set the verdict: %w", err)
		}
	}
	x, err := a.Answers.Draft(ctx, author, c.ID, texts, "", 0)
	if err != nil {
		return fmt.Errorf("draft: %w", err)
	}
	if x, err = a.Answers.Submit(ctx, author, x.ID); err != nil {
		return fmt.Errorf("submit: %w", err)
	}
	for _, by := range []hearback.Actor{first, second} {
		if x, err = a.Answers.Approve(ctx, by, x.ID, x.Draft().Hash(), ""); err != nil {
			return fmt.Errorf("approve: %w", err)
		}
	}
	if _, err := a.Answers.Publish(ctx, second, x.ID); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	a.Log.Kick()
	return a.finder.load(ctx, a)
}

// rehearsePlaybook follows the playbook that a concern looks like, and marks
// its steps as done, as an office would.
func (a *App) rehearsePlaybook(ctx context.Context, c *hearback.Case, by hearback.Actor) error {
	list, err := a.Desks.Playbooks(ctx)
	if err != nil {
		return err
	}
	k, err := a.Store.Concern(ctx, c.Concern)
	if err != nil {
		return err
	}
	p := desk.SuggestPlaybook(list, append([]string{k.Title}, k.Phrases...)...)
	if p == nil || c.Playbook != nil {
		return nil
	}
	if _, err := a.Cases.UsePlaybook(ctx, by, c.ID, p); err != nil {
		return err
	}
	for i := range p.Steps {
		if _, err := a.Cases.TickStep(ctx, by, c.ID, i+1, true); err != nil {
			return err
		}
	}
	return nil
}
