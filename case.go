package hearback

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Case is a concern that somebody must reply to: one desk owns it, and its
// tier sets the deadlines.
type Case struct {
	ID        ID
	Concern   ID
	Desk      string // slug of the desk that owns it
	Tier      Tier
	State     CaseState
	Reason    CaseReason // why it is closed, while State is CaseClosed
	Opened    time.Time
	OpenedBy  Actor
	Deadlines []Deadline
	Evidence  []Evidence
	Verdict   Verdict
	Answer    ID // its answer, or 0
	Steps     []Step
	Version   int // counts writes
}

// CaseState says where a case stands.
type CaseState string

// The states of a case, in the usual order.
const (
	CaseOpen      CaseState = "open"      // somebody decided that it needs a reply
	CaseRouted    CaseState = "routed"    // a desk owns it
	CaseVerifying CaseState = "verifying" // facts are being checked
	CaseDrafting  CaseState = "drafting"  // an answer is being written
	CaseReview    CaseState = "review"    // the answer waits for approvals
	CasePublished CaseState = "published" // the answer is out, and is being measured
	CaseClosed    CaseState = "closed"    //
)

// CaseReason says why a case was closed.
type CaseReason string

// The reasons to close a case.
const (
	ClosedAnswered   CaseReason = "answered"
	ClosedByExisting CaseReason = "answered_by_existing"
	ClosedActed      CaseReason = "acted" // the cause was removed
	ClosedNoConcern  CaseReason = "not_a_concern"
	ClosedUnresolved CaseReason = "unresolved"
)

// CaseReasons lists the reasons to close a case.
func CaseReasons() []CaseReason {
	return []CaseReason{ClosedAnswered, ClosedByExisting, ClosedActed, ClosedNoConcern, ClosedUnresolved}
}

// caseMoves are the only moves between states.
var caseMoves = map[CaseState][]CaseState{
	CaseOpen:      {CaseRouted, CaseClosed},
	CaseRouted:    {CaseRouted, CaseVerifying, CaseDrafting, CaseClosed},
	CaseVerifying: {CaseRouted, CaseVerifying, CaseDrafting, CaseClosed},
	CaseDrafting:  {CaseRouted, CaseVerifying, CaseReview, CaseClosed},
	CaseReview:    {CaseDrafting, CasePublished, CaseClosed},
	CasePublished: {CaseDrafting, CaseClosed}, // a correction is drafted
	CaseClosed:    {CaseRouted},               // reopened
}

// A Step is one move in the history of a case.
type Step struct {
	At   time.Time
	By   Actor
	From CaseState
	To   CaseState
	Note string
}

// Move takes c to state to and remembers who did it and why. It returns
// [ErrRefused] for a move that the state machine does not know, and for one
// out of review into publication, which only [Case.Publish] makes.
func (c *Case) Move(to CaseState, by Actor, at time.Time, note string) error {
	if !slices.Contains(caseMoves[c.State], to) {
		return fmt.Errorf("%w: a case that is %s cannot become %s", ErrRefused, c.State, to)
	}
	if to == CaseClosed || to == CasePublished {
		return fmt.Errorf("%w: use Close or Publish to make a case %s", ErrRefused, to)
	}
	c.step(to, by, at, note)
	if to == CaseRouted {
		c.Reason = ""
	}
	return nil
}

// Close ends c for a stated reason. It returns [ErrRefused] if c is closed
// already, or would count as answered without a published answer.
func (c *Case) Close(why CaseReason, by Actor, at time.Time, note string) error {
	if !slices.Contains(CaseReasons(), why) {
		return fmt.Errorf("%w: %.40q is not a reason to close a case", ErrInvalid, why)
	}
	if !slices.Contains(caseMoves[c.State], CaseClosed) {
		return fmt.Errorf("%w: this case is %s", ErrRefused, c.State)
	}
	if why == ClosedAnswered && c.State != CasePublished {
		return fmt.Errorf("%w: no answer has been published for this case", ErrRefused)
	}
	if strings.TrimSpace(note) == "" && why != ClosedAnswered {
		return fmt.Errorf("%w: say why the case is closed", ErrInvalid)
	}
	c.step(CaseClosed, by, at, note)
	c.Reason = why
	return nil
}

// Publish moves c to published because its answer a went out. It returns
// [ErrRefused] unless a belongs to c and is published.
func (c *Case) Publish(a *Answer, by Actor, at time.Time) error {
	if a.Case != c.ID || a.State != AnswerPublished {
		return fmt.Errorf("%w: the answer is not published", ErrRefused)
	}
	if c.State != CaseReview {
		return fmt.Errorf("%w: a case that is %s cannot become %s", ErrRefused, c.State, CasePublished)
	}
	c.step(CasePublished, by, at, "")
	for i := range c.Deadlines {
		if d := &c.Deadlines[i]; d.Kind == DeadlineAnswer && d.Met.IsZero() {
			d.Met = at
		}
	}
	return nil
}

func (c *Case) step(to CaseState, by Actor, at time.Time, note string) {
	c.Steps = append(c.Steps, Step{At: at, By: by, From: c.State, To: to, Note: note})
	c.State = to
}

// A Deadline is one clock of a case.
type Deadline struct {
	Kind DeadlineKind
	Due  time.Time
	Met  time.Time // zero while it is not met
}

// Late reports whether the deadline was missed, or is being missed at now.
func (d Deadline) Late(now time.Time) bool {
	if !d.Met.IsZero() {
		return d.Met.After(d.Due)
	}
	return now.After(d.Due)
}

// DeadlineKind says what must be done by a deadline.
type DeadlineKind string

// The clocks of a case.
const (
	DeadlineRoute   DeadlineKind = "route"
	DeadlineHolding DeadlineKind = "holding"
	DeadlineAnswer  DeadlineKind = "answer"
)

// Evidence is something a desk relied on.
type Evidence struct {
	ID      ID
	URL     string // where it is, if it is public
	Title   string
	Note    string // what it shows
	Hash    string // SHA-256 of the archived copy in hex, or ""
	Primary bool   // it is the origin, not a report of it
	Added   time.Time
	By      Actor
}

// Verdict is what the evidence shows about what is going round.
type Verdict string

// The nine verdicts.
const (
	True         Verdict = "true"
	TrueWarning  Verdict = "true_warning"
	MostlyTrue   Verdict = "mostly_true"
	PartlyTrue   Verdict = "partly_true"
	OutOfDate    Verdict = "out_of_date"
	Misleading   Verdict = "misleading"
	False        Verdict = "false"
	Unverifiable Verdict = "unverifiable"
	NotYetKnown  Verdict = "not_yet_known"
)

// Verdicts lists the nine verdicts in the order screens show them.
func Verdicts() []Verdict {
	return []Verdict{True, TrueWarning, MostlyTrue, PartlyTrue, OutOfDate, Misleading, False, Unverifiable, NotYetKnown}
}

// A Desk owns cases about some subjects.
type Desk struct {
	Slug     string
	Name     string // as the public reads it
	NameZH   string
	Keywords []string // words that suggest this desk
	Fallback bool     // takes what no other desk takes; exactly one desk has it
	Removed  bool
	Version  int
}
