package desk_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/desk"
)

// steps are the numbers of the steps that have come for the running clock of a
// kind.
func steps(c *hearback.Case, kind hearback.DeadlineKind, d hearback.Desk, now time.Time) string {
	var list []int
	for _, k := range c.Deadlines {
		if k.Kind == kind {
			for _, s := range desk.Escalated(c, k, d, now) {
				list = append(list, s.N)
			}
		}
	}
	return fmt.Sprint(list)
}

func TestChain(t *testing.T) {
	chain := []hearback.Escalation{{To: "shift"}, {After: 30 * time.Minute, To: "desk"}, {After: 2 * time.Hour, To: "#7"}}
	d := hearback.Desk{Slug: "water", Chain: chain}
	c := &hearback.Case{Tier: hearback.P2, State: hearback.CaseRouted, Since: start, Deadlines: desk.Clocks(hearback.P2, start, d)}
	due := start.Add(24 * time.Hour) // of the answer
	expect := func(after time.Duration, want string) {
		t.Helper()
		if got := steps(c, hearback.DeadlineAnswer, d, due.Add(after)); got != want {
			t.Errorf("%s after it ran out: steps %s, want %s", after, got, want)
		}
	}
	expect(-time.Second, "[]")
	expect(0, "[1]")
	expect(29*time.Minute, "[1]")
	expect(30*time.Minute, "[1 2]")
	expect(3*time.Hour, "[1 2 3]")
	// Who took it on before it ran out is told that it did.
	if err := c.Acknowledge(lin, due.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	expect(time.Minute, "[1]")
	// Who takes it on afterwards stops the chain at once.
	if err := c.Acknowledge(lin, due.Add(10*time.Minute)); err != nil {
		t.Fatal(err)
	}
	expect(10*time.Minute, "[]")
	expect(24*time.Hour, "[]")
	if len(c.Acks) != 2 {
		t.Errorf("%d acknowledgements are kept, want both", len(c.Acks))
	}
	// A new round begins a new chain.
	again := due.Add(48 * time.Hour)
	c.Restart(again, desk.Clocks(hearback.P2, again, d))
	if got := steps(c, hearback.DeadlineAnswer, d, again.Add(25*time.Hour)); got != "[1 2]" {
		t.Errorf("in the next round: steps %s, want [1 2]", got)
	}
	// Nobody waits for a paused case, nor for one that is closed.
	if err := c.Pause(lin, again, "the laboratory"); err != nil {
		t.Fatal(err)
	}
	if got := steps(c, hearback.DeadlineAnswer, d, again.Add(25*time.Hour)); got != "[]" {
		t.Errorf("of a paused case: steps %s", got)
	}

	// An emergency is not left alone until its time is over.
	p1 := &hearback.Case{Tier: hearback.P1, State: hearback.CaseRouted, Since: start, Deadlines: desk.Clocks(hearback.P1, start, d)}
	if got := steps(p1, hearback.DeadlineHolding, d, start.Add(59*time.Minute)); got != "[]" {
		t.Errorf("before half of the time: steps %s", got)
	}
	if got := steps(p1, hearback.DeadlineHolding, d, start.Add(90*time.Minute)); got != "[1 2]" {
		t.Errorf("of an emergency after half of its time: steps %s, want [1 2]", got)
	}
	p1.State = hearback.CaseClosed
	if err := p1.Acknowledge(lin, start); err == nil {
		t.Error("a closed case was taken on")
	}
}

// TestAcknowledge: one act, one entry, and the alerts about the clocks of the
// case are over, those that were raised from an older reading too.
// TestBrief: in a P2 case those who lead the office are told within 12 hours; the
// clock is met once, ends with the full answer, and is nothing the public waits
// for.
func TestBrief(t *testing.T) {
	o := newOffice(t, "front")
	c := o.must(o.cases.Open(o.ctx, lin, 100, "front", hearback.P2, ""))
	clock := func(c *hearback.Case) (k hearback.Deadline) {
		for _, d := range c.Deadlines {
			if d.Kind == hearback.DeadlineBrief {
				k = d
			}
		}
		return k
	}
	if k := clock(c); k.Due.Sub(c.Since) != 12*time.Hour || !k.Running() {
		t.Errorf("the clock is %+v", k)
	}
	for _, d := range c.Outward() {
		if d.Kind == hearback.DeadlineBrief {
			t.Error("the public waits for the briefing")
		}
	}
	o.now = o.now.Add(time.Hour)
	c = o.must(o.cases.Brief(o.ctx, lin, c.ID, "the director, by telephone"))
	if k := clock(c); !k.Met.Equal(o.now) {
		t.Errorf("after the briefing the clock is %+v", k)
	}
	if typ, pub := o.last(); typ != "case.briefed" || len(pub) != 1 || pub["case"] != c.ID.String() {
		t.Errorf("record %s %v", typ, pub)
	}
	if note := c.Steps[len(c.Steps)-1].Note; note != "the director, by telephone" {
		t.Errorf("the note is %q", note)
	}
	if _, err := o.cases.Brief(o.ctx, lin, c.ID, ""); !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("told twice: %v", err)
	}
	p3 := o.must(o.cases.Open(o.ctx, lin, 200, "front", hearback.P3, ""))
	if _, err := o.cases.Brief(o.ctx, lin, p3.ID, ""); !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("a P3 case: %v", err)
	}
	p3 = o.must(o.cases.SetTier(o.ctx, lin, p3.ID, hearback.P2, "it rises"))
	if k := clock(p3); !k.Running() || k.Due.Sub(p3.Since) != 12*time.Hour {
		t.Errorf("after the tier rose the clock is %+v", k)
	}
	p3 = o.must(o.cases.SetTier(o.ctx, lin, p3.ID, hearback.P4, "it cools"))
	if k := clock(p3); k.Running() {
		t.Errorf("after the tier fell the clock is %+v", k)
	}
}

func TestAcknowledge(t *testing.T) {
	o := newOffice(t, "front")
	c := o.must(o.cases.Open(o.ctx, lin, 100, "front", hearback.P1, ""))
	other := o.must(o.cases.Open(o.ctx, lin, 200, "front", hearback.P1, ""))
	mark := func(id hearback.ID, c *hearback.Case, step int) hearback.Alert {
		return hearback.Alert{ID: id, Concern: c.Concern, Kind: hearback.AlertDeadline, At: o.now, Case: c.ID, Clock: hearback.DeadlineAnswer, Step: step, To: []string{"desk:front"}}
	}
	if err := o.db.AddAlerts(o.ctx, []hearback.Alert{mark(1, c, 0), mark(2, c, 1), mark(3, other, 1)}, nil); err != nil {
		t.Fatal(err)
	}
	size, _ := o.db.LogSize(o.ctx)
	stale := mark(4, c, 2)
	o.now = o.now.Add(time.Minute)
	c = o.must(o.cases.Acknowledge(o.ctx, lin, c.ID))
	if typ, pub := o.last(); typ != "case.acknowledged" || pub["case"] != c.ID.String() {
		t.Errorf("record %s %v", typ, pub)
	}
	if now, _ := o.db.LogSize(o.ctx); now != size+1 {
		t.Errorf("the act made %d entries, want 1", now-size)
	}
	// The chain was looked at before, and is written after.
	if err := o.db.AddAlerts(o.ctx, []hearback.Alert{stale}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := o.db.Alert(o.ctx, 4); err == nil {
		t.Error("a step of the chain was told after the case had been taken on")
	}
	for id, want := range map[hearback.ID]bool{1: true, 2: true, 3: false} {
		a, err := o.db.Alert(o.ctx, id)
		if err != nil || !a.Acked.IsZero() != want {
			t.Errorf("alert %s: acknowledged %t, want %t (%v)", id, !a.Acked.IsZero(), want, err)
		}
	}
	o.must(o.cases.Close(o.ctx, lin, c.ID, hearback.ClosedActed, "mended"))
	o.wants(o.cases.Acknowledge(o.ctx, lin, c.ID))(hearback.ErrRefused)
	o.wants(o.cases.Acknowledge(o.ctx, hearback.System, other.ID))(hearback.ErrRefused)
}
