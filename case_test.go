package hearback_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
)

// TestCaseMoves goes through every pair of states: the state machine is this
// table.
func TestCaseMoves(t *testing.T) {
	allowed := map[hearback.CaseState]string{
		"open":      "routed",
		"routed":    "routed verifying drafting",
		"verifying": "routed verifying drafting",
		"drafting":  "routed verifying review",
		"review":    "drafting",
		"published": "verifying drafting",
		"closed":    "routed",
	}
	for _, from := range hearback.CaseStates() {
		for _, to := range hearback.CaseStates() {
			c := &hearback.Case{State: from, Reason: "acted", Existing: 4}
			err := c.Move(to, lin, t0, "why")
			if want := slices.Contains(strings.Fields(allowed[from]), string(to)); want != (err == nil) {
				t.Errorf("Move from %s to %s: %v, want allowed %t", from, to, err, want)
			}
			switch {
			case err != nil:
				if !errors.Is(err, hearback.ErrRefused) || c.State != from || c.Steps != nil {
					t.Errorf("Move from %s to %s: %v, and changed the case", from, to, err)
				}
			case len(c.Steps) != 1 || c.Steps[0] != (hearback.Step{At: t0, By: lin, From: from, To: to, Note: "why"}):
				t.Errorf("Move from %s to %s left the history %v", from, to, c.Steps)
			case to == hearback.CaseRouted && (c.Reason != "" || c.Existing != 0):
				t.Errorf("a case that is open again still has the reason %q", c.Reason)
			}
		}
	}
	c := &hearback.Case{State: hearback.CaseOpen}
	if err := c.Move(hearback.CaseRouted, lin, t0, strings.Repeat("长", hearback.MaxNote+1)); !errors.Is(err, hearback.ErrInvalid) {
		t.Errorf("a long note: %v, want ErrInvalid", err)
	}
}

func TestCaseClose(t *testing.T) {
	for _, tt := range []struct {
		name     string
		state    hearback.CaseState
		existing hearback.ID
		why      hearback.CaseReason
		note     string
		err      error
	}{
		{"answered", hearback.CasePublished, 0, hearback.ClosedAnswered, "", nil},
		{"answered without an answer", hearback.CaseDrafting, 0, hearback.ClosedAnswered, "", hearback.ErrRefused},
		{"answered while a correction is in review", hearback.CaseReview, 0, hearback.ClosedAnswered, "", hearback.ErrRefused},
		{"acted", hearback.CaseRouted, 0, hearback.ClosedActed, "the pipe is mended", nil},
		{"acted, in review", hearback.CaseReview, 0, hearback.ClosedActed, "the pipe is mended", nil},
		{"without a note", hearback.CaseRouted, 0, hearback.ClosedActed, "  ", hearback.ErrInvalid},
		{"a reason of one's own", hearback.CaseRouted, 0, "political", "note", hearback.ErrInvalid},
		{"closed already", hearback.CaseClosed, 0, hearback.ClosedActed, "note", hearback.ErrRefused},
		{"by an answer not named", hearback.CaseRouted, 0, hearback.ClosedByExisting, "note", hearback.ErrInvalid},
		{"by an answer", hearback.CaseRouted, 9, hearback.ClosedByExisting, "note", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &hearback.Case{State: tt.state, Existing: tt.existing, Deadlines: []hearback.Deadline{{Kind: hearback.DeadlineAnswer, Due: t0}}}
			at := t0.Add(time.Hour)
			if err := c.Close(tt.why, lin, at, tt.note); !errors.Is(err, tt.err) {
				t.Errorf("Close = %v, want %v", err, tt.err)
			}
			if closed := c.State == hearback.CaseClosed && c.Reason == tt.why && c.Deadlines[0].Stopped.Equal(at); closed != (tt.err == nil) {
				t.Errorf("after Close: %+v", c)
			}
			if tt.err == nil && (c.Late(at.Add(time.Hour)) || !c.Deadlines[0].Late(at)) {
				t.Error("a closed case has no clock that runs, and its clock was missed")
			}
		})
	}
}

// inReview returns a case in review and its answer, which has two approvals.
func inReview(t *testing.T) (*hearback.Case, *hearback.Answer) {
	t.Helper()
	a := &hearback.Answer{ID: 5, Case: 6}
	if err := play(t, a, "lin writes x", "lin submits", "omar approves", "ada approves"); err != nil {
		t.Fatal(err)
	}
	c := &hearback.Case{ID: 6, Answer: 5, State: hearback.CaseReview, Tier: hearback.P2, Since: t0, Deadlines: []hearback.Deadline{
		{Kind: hearback.DeadlineRoute, Due: t0.Add(time.Hour), Met: t0},
		{Kind: hearback.DeadlineHolding, Due: t0.Add(2 * time.Hour)},
		{Kind: hearback.DeadlineAnswer, Due: t0.Add(5 * time.Hour)},
	}}
	return c, a
}

func TestCasePublish(t *testing.T) {
	at := t0.Add(time.Hour)
	c, a := inReview(t)
	if err := c.Publish(a, lin, at); !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("Publish before its answer: %v, want ErrRefused", err)
	}
	if err := a.Publish(2, at); err != nil {
		t.Fatal(err)
	}
	other := *a
	other.ID = 7
	if err := c.Publish(&other, lin, at); !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("Publish with another answer of the case: %v, want ErrRefused", err)
	}
	if err := c.Publish(a, lin, at); err != nil || c.State != hearback.CasePublished {
		t.Fatalf("Publish = %v, state %s", err, c.State)
	}
	if c.Next() != nil || !c.Deadlines[2].Met.Equal(at) || !c.Deadlines[0].Met.Equal(t0) {
		t.Errorf("clocks after Publish: %+v", c.Deadlines)
	}
	if err := c.Publish(a, lin, at); !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("Publish twice: %v, want ErrRefused", err)
	}
}

func TestHoldingStatement(t *testing.T) {
	a := &hearback.Answer{ID: 5, Case: 6}
	list := texts("x")
	for i := range list {
		list[i].Verdict = hearback.NotYetKnown
	}
	if err := a.Write(list, "", lin, t0); err != nil {
		t.Fatal(err)
	}
	if err := play(t, a, "lin submits", "omar approves", "ada approves", "lin publishes"); err != nil {
		t.Fatal(err)
	}
	c, _ := inReview(t)
	if err := c.Publish(a, lin, t0.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if n := c.Next(); n == nil || n.Kind != hearback.DeadlineAnswer {
		t.Errorf("after a holding statement the next clock is %+v, want the answer's", n)
	}
}

func TestCaseWithdrawAndDiscard(t *testing.T) {
	at := t0.Add(time.Hour)
	published := func(t *testing.T) (*hearback.Case, *hearback.Answer) {
		c, a := inReview(t)
		if err := errors.Join(a.Publish(2, at), c.Publish(a, lin, at)); err != nil {
			t.Fatal(err)
		}
		return c, a
	}
	c, a := published(t)
	if err := c.Withdraw(a, true, lin, at, ""); !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("Withdraw of a published answer: %v, want ErrRefused", err)
	}
	if err := a.Withdraw("wrong sample", lin, at); err != nil {
		t.Fatal(err)
	}
	steps := len(c.Steps)
	if err := c.Withdraw(a, true, lin, at, ""); err != nil || c.State != hearback.CaseRouted || c.Answer != 0 || !slices.Equal(c.Past, []hearback.ID{5}) || len(c.Steps) != steps+1 {
		t.Errorf("Withdraw = %v, case %+v", err, c)
	}
	if err := c.Withdraw(a, true, lin, at, ""); !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("Withdraw twice: %v, want ErrRefused", err)
	}

	c, a = published(t)
	if err := errors.Join(c.Close(hearback.ClosedAnswered, lin, at, ""), a.Withdraw("w", lin, at), c.Withdraw(a, false, lin, at, "")); err != nil || c.State != hearback.CaseClosed || c.Answer != 0 {
		t.Errorf("Withdraw without reopening = %v, case %+v", err, c)
	}

	c, a = published(t)
	if err := errors.Join(c.Move(hearback.CaseDrafting, lin, at, ""), a.Write(texts("z"), "r", lin, at)); err != nil {
		t.Fatal(err)
	}
	if err := c.Discard(a, lin, at, ""); !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("Discard with a draft: %v, want ErrRefused", err)
	}
	if err := errors.Join(a.Drop(lin, at), c.Discard(a, lin, at, "")); err != nil || c.State != hearback.CasePublished {
		t.Errorf("Discard of a correction = %v, state %s, want published", err, c.State)
	}
	c, a = inReview(t)
	if err := errors.Join(a.Drop(lin, at), c.Discard(a, lin, at, "")); err != nil || c.State != hearback.CaseRouted {
		t.Errorf("Discard of a first draft = %v, state %s, want routed", err, c.State)
	}
}

func TestRoute(t *testing.T) {
	c := &hearback.Case{State: hearback.CaseOpen, Deadlines: []hearback.Deadline{{Kind: hearback.DeadlineRoute, Due: t0}}}
	if err := c.Route("water", lin, t0, ""); err != nil || c.Desk != "water" || c.Deadlines[0].Met.IsZero() {
		t.Errorf("Route = %v, case %+v", err, c)
	}
	met := c.Deadlines[0].Met
	if err := c.Route("health", lin, t0.Add(time.Hour), ""); err != nil || !c.Deadlines[0].Met.Equal(met) {
		t.Errorf("Route again = %v, and moved the clock to %v", err, c.Deadlines[0].Met)
	}
	c.State = hearback.CaseClosed
	if err := c.Route("water", lin, t0, ""); !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("Route of a closed case: %v, want ErrRefused", err)
	}
}

func TestPause(t *testing.T) {
	c := &hearback.Case{State: hearback.CaseRouted, Tier: hearback.P2, Deadlines: []hearback.Deadline{
		{Kind: hearback.DeadlineHolding, Due: t0.Add(-time.Minute)}, // missed before the pause
		{Kind: hearback.DeadlineAnswer, Due: t0.Add(time.Hour)},
	}}
	if err := c.Pause(lin, t0, ""); !errors.Is(err, hearback.ErrInvalid) {
		t.Errorf("Pause without a reason: %v, want ErrInvalid", err)
	}
	if err := c.Pause(lin, t0, "the laboratory"); err != nil {
		t.Fatal(err)
	}
	if err := c.Pause(lin, t0, "again"); !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("Pause twice: %v, want ErrRefused", err)
	}
	if err := c.Resume(t0.Add(3 * time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := c.Resume(t0.Add(3 * time.Hour)); !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("Resume twice: %v, want ErrRefused", err)
	}
	if d := c.Deadlines; !d[0].Due.Equal(t0.Add(-time.Minute)) || !d[1].Due.Equal(t0.Add(4*time.Hour)) || d[1].Paused != 3*time.Hour {
		t.Errorf("clocks after the pause: %+v", d)
	}
	c.Deadlines = c.Deadlines[1:]
	if err := c.Pause(lin, t0.Add(3*time.Hour), "the laboratory"); err != nil {
		t.Fatal(err)
	}
	if c.Late(t0.Add(100 * time.Hour)) {
		t.Error("a paused case became late")
	}
	if err := c.Close(hearback.ClosedActed, lin, t0.Add(5*time.Hour), "mended"); err != nil || c.Paused() {
		t.Errorf("Close of a paused case = %v, paused %t", err, c.Paused())
	}
	for _, c := range []*hearback.Case{{Tier: hearback.P1, State: hearback.CaseRouted}, {Tier: hearback.P2, State: hearback.CaseClosed}} {
		if err := c.Pause(lin, t0, "wait"); !errors.Is(err, hearback.ErrRefused) {
			t.Errorf("Pause of %s, %s: %v, want ErrRefused", c.Tier, c.State, err)
		}
	}
}

func TestDeadline(t *testing.T) {
	due := t0.Add(time.Hour)
	for _, tt := range []struct {
		name string
		d    hearback.Deadline
		now  time.Time
		late bool
	}{
		{"before", hearback.Deadline{Due: due}, t0, false},
		{"on the dot", hearback.Deadline{Due: due}, due, false},
		{"after", hearback.Deadline{Due: due}, due.Add(1), true},
		{"met in time", hearback.Deadline{Due: due, Met: t0}, due.Add(time.Hour), false},
		{"met late", hearback.Deadline{Due: due, Met: due.Add(1)}, due.Add(time.Hour), true},
		{"stopped in time", hearback.Deadline{Due: due, Stopped: t0}, due.Add(time.Hour), false},
		{"stopped late", hearback.Deadline{Due: due, Stopped: due.Add(1)}, t0, true},
	} {
		if got := tt.d.Late(tt.now); got != tt.late {
			t.Errorf("%s: Late = %t, want %t", tt.name, got, tt.late)
		}
	}
}

func TestCaseSurvivesJSON(t *testing.T) {
	c, a := inReview(t)
	c.Evidence = []hearback.Evidence{{ID: 3, Title: "样品 <1>", URL: "https://example.org/a?b=1&c=2"}}
	for _, v := range []any{c, a} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var back any = &hearback.Case{}
		if _, ok := v.(*hearback.Answer); ok {
			back = &hearback.Answer{}
		}
		if err := json.Unmarshal(b, back); err != nil {
			t.Fatal(err)
		}
		if again, _ := json.Marshal(back); string(again) != string(b) {
			t.Errorf("a round trip gave\n%s, was\n%s", again, b)
		}
	}
}
