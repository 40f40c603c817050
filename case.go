package hearback

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// A Case is a concern that somebody must reply to: one desk owns it, and its
// tier sets the deadlines.
type Case struct {
	ID        ID
	Concern   ID
	Desk      string   // slug of the desk that owns it, and leads
	With      []string // slugs of desks that help it
	Declined  []Declined
	Tier      Tier
	State     CaseState
	Reason    CaseReason // why it is closed, while State is CaseClosed
	Opened    time.Time
	OpenedBy  Actor
	Since     time.Time  // when its clocks started: opened, reopened or its answer withdrawn
	Deadlines []Deadline // of every round, in order; those of earlier rounds are met or stopped
	Pauses    []Pause
	Acks      []Ack // who took it on, and when, oldest first
	Evidence  []Evidence
	Verdict   Verdict
	Rulings   []Ruling   // the verdicts that were given, oldest first
	Estimates []Estimate // what people thought before they saw each other's
	Dissents  []Dissent
	Playbook  *Following // the playbook that it follows, or nil
	Answer    ID         // its answer, or 0
	Past      []ID       // its withdrawn answers, oldest first
	Existing  ID         // the published answer of another case that serves it, or 0
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
	CaseClosed    CaseState = "closed"    // nothing more is due, for a stated reason
)

// CaseStates lists the states in the usual order.
func CaseStates() []CaseState {
	return []CaseState{CaseOpen, CaseRouted, CaseVerifying, CaseDrafting, CaseReview, CasePublished, CaseClosed}
}

// OpenCaseStates lists the states of a case in which something is due or may
// be: all but closed.
func OpenCaseStates() []CaseState {
	return slices.DeleteFunc(CaseStates(), func(s CaseState) bool { return s == CaseClosed })
}

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

// caseMoves are the only moves between states. Besides them only
// [Case.Withdraw] and [Case.Discard] change a state.
var caseMoves = map[CaseState][]CaseState{
	CaseOpen:      {CaseRouted, CaseClosed},
	CaseRouted:    {CaseRouted, CaseVerifying, CaseDrafting, CaseClosed},
	CaseVerifying: {CaseRouted, CaseVerifying, CaseDrafting, CaseClosed},
	CaseDrafting:  {CaseRouted, CaseVerifying, CaseReview, CaseClosed},
	CaseReview:    {CaseDrafting, CasePublished, CaseClosed},
	CasePublished: {CaseVerifying, CaseDrafting, CaseClosed}, // facts changed, or a correction is drafted
	CaseClosed:    {CaseRouted},                              // reopened
}

// A Step is one move in the history of a case.
type Step struct {
	At   time.Time
	By   Actor
	From CaseState
	To   CaseState
	Note string // stays in the office: never on the public log
}

// MaxNote is the longest note or reason an act takes, in characters.
const MaxNote = 2000

// CheckNote returns [ErrInvalid] if a note cannot be kept.
func CheckNote(note string) error {
	if utf8.RuneCountInString(note) > MaxNote {
		return fmt.Errorf("%w: the note has more than %d characters; shorten it", ErrInvalid, MaxNote)
	}
	return checkPlain("the note", note)
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
	if err := CheckNote(note); err != nil {
		return err
	}
	c.step(to, by, at, note)
	if to == CaseRouted {
		c.Reason, c.Existing = "", 0
	}
	return nil
}

// Route gives c to a desk, which meets the clock of routing.
func (c *Case) Route(desk string, by Actor, at time.Time, note string) error {
	if c.State == CaseClosed {
		return fmt.Errorf("%w: this case is closed; reopen it first", ErrRefused)
	}
	if err := c.Move(CaseRouted, by, at, note); err != nil {
		return err
	}
	if i := slices.Index(c.With, desk); i >= 0 { // the one that helped leads now
		c.With = slices.Delete(slices.Clone(c.With), i, i+1)
	}
	c.Desk = desk
	c.meet(DeadlineRoute, at)
	return nil
}

// Refusal says why a desk does not take a case.
type Refusal string

// The reasons of a desk not to take a case.
const (
	NotOurs  Refusal = "not_ours" // another office or desk is responsible
	Conflict Refusal = "conflict" // the desk is itself what the case is about
)

// Refusals lists the reasons of a desk not to take a case.
func Refusals() []Refusal { return []Refusal{NotOurs, Conflict} }

// A Declined is one time that a desk did not take a case.
type Declined struct {
	Desk   string
	Why    Refusal
	To     string // the desk that has it instead
	Reason string // stays in the office
	By     Actor
	At     time.Time
}

// MaxDeclined is how often a case is declined before the fallback desk alone
// decides where it goes.
const MaxDeclined = 20

// Decline takes c from its desk, which does not take it, to another one.
// fallback says that the other one is the fallback desk.
func (c *Case) Decline(why Refusal, to string, fallback bool, by Actor, at time.Time, reason string) error {
	switch {
	case !slices.Contains([]CaseState{CaseRouted, CaseVerifying, CaseDrafting}, c.State):
		return fmt.Errorf("%w: a case that is %s is not declined; hand it over", ErrRefused, c.State)
	case c.Desk == to:
		return fmt.Errorf("%w: this desk has the case; name another one, so that somebody owns it", ErrRefused)
	case len(c.Declined) >= MaxDeclined:
		return fmt.Errorf("%w: this case was declined %d times; hand it over and settle it between the desks", ErrRefused, MaxDeclined)
	case !fallback && slices.ContainsFunc(c.Declined, func(d Declined) bool { return d.Desk == to && !d.At.Before(c.Since) }):
		return fmt.Errorf("%w: that desk has declined this case already; leave it to the fallback desk", ErrRefused)
	}
	if err := CheckNote(reason); err != nil {
		return err
	}
	c.Declined = append(c.Declined, Declined{Desk: c.Desk, Why: why, To: to, Reason: reason, By: by, At: at})
	return c.Route(to, by, at, reason)
}

// MaxDesks is how many desks help with one case.
const MaxDesks = 4

// Share sets the desks that help with c.
func (c *Case) Share(with []string, by Actor, at time.Time, note string) error {
	list := []string{}
	for _, s := range with {
		if s != c.Desk && !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	switch {
	case c.State == CaseClosed:
		return fmt.Errorf("%w: this case is closed; reopen it first", ErrRefused)
	case len(list) > MaxDesks:
		return fmt.Errorf("%w: at most %d desks help with one case", ErrInvalid, MaxDesks)
	case slices.Equal(list, c.With):
		return fmt.Errorf("%w: these desks have the case already", ErrRefused)
	}
	if err := c.Remark(by, at, note); err != nil {
		return err
	}
	c.With = list
	return nil
}

// A Following is how far a case has come with a playbook.
type Following struct {
	Slug    string
	Version int
	Steps   int    // how many the checklist has
	Done    []Tick // one for each time a step was done or taken back, in order
}

// A Tick says that a step of a checklist was done, or was not after all.
type Tick struct {
	Step int // from 1
	Done bool
	By   Actor
	At   time.Time
}

// MaxTicks is how many ticks a case keeps.
const MaxTicks = 500

// Ticked returns the newest tick of a step, or nil if there is none.
func (f *Following) Ticked(step int) *Tick {
	for i := len(f.Done) - 1; i >= 0; i-- {
		if f.Done[i].Step == step {
			return &f.Done[i]
		}
	}
	return nil
}

// Follow begins to follow a version of a playbook. Ticks are kept only for the
// same version: another one may have other steps.
func (c *Case) Follow(slug string, version, steps int) error {
	switch {
	case c.State == CaseClosed:
		return fmt.Errorf("%w: this case is closed; reopen it first", ErrRefused)
	case c.Playbook != nil && c.Playbook.Slug == slug && c.Playbook.Version == version:
		return fmt.Errorf("%w: the case follows this playbook already", ErrRefused)
	}
	c.Playbook = &Following{Slug: slug, Version: version, Steps: steps}
	return nil
}

// Tick says that a step of the playbook is done, or is not after all.
func (c *Case) Tick(step int, done bool, by Actor, at time.Time) error {
	f := c.Playbook
	switch {
	case c.State == CaseClosed:
		return fmt.Errorf("%w: this case is closed; reopen it first", ErrRefused)
	case f == nil:
		return fmt.Errorf("%w: the case follows no playbook yet", ErrRefused)
	case step < 1 || step > f.Steps:
		return fmt.Errorf("%w: the playbook has no step %d", ErrInvalid, step)
	case len(f.Done) >= MaxTicks:
		return fmt.Errorf("%w: a case keeps at most %d ticks", ErrRefused, MaxTicks)
	}
	if t := f.Ticked(step); (t != nil && t.Done) == done {
		return fmt.Errorf("%w: this step is marked so already", ErrRefused)
	}
	f.Done = append(f.Done, Tick{Step: step, Done: done, By: by, At: at})
	return nil
}

// Close ends c for a stated reason and stops its clocks. It returns
// [ErrRefused] if c is closed already, or would count as answered without a
// published answer.
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
	if why == ClosedByExisting && c.Existing == 0 {
		return fmt.Errorf("%w: name the published answer that serves this concern", ErrInvalid)
	}
	if strings.TrimSpace(note) == "" && why != ClosedAnswered {
		return fmt.Errorf("%w: say why the case is closed", ErrInvalid)
	}
	if err := CheckNote(note); err != nil {
		return err
	}
	c.unpause(at)
	c.step(CaseClosed, by, at, note)
	c.Reason = why
	if why != ClosedByExisting {
		c.Existing = 0
	}
	for i := range c.Deadlines {
		if d := &c.Deadlines[i]; d.Running() {
			d.Stopped = at
		}
	}
	return nil
}

// Publish moves c to published because its answer a went out. A holding
// statement ([Revision.Holding]) leaves the clock of the full answer running.
// It returns [ErrRefused] unless a is the answer of c and is published.
func (c *Case) Publish(a *Answer, by Actor, at time.Time) error {
	if a.Case != c.ID || c.Answer != a.ID || a.State != AnswerPublished || a.Draft() != nil {
		return fmt.Errorf("%w: the answer is not published", ErrRefused)
	}
	if c.State != CaseReview {
		return fmt.Errorf("%w: a case that is %s cannot become %s", ErrRefused, c.State, CasePublished)
	}
	c.unpause(at)
	c.step(CasePublished, by, at, "")
	c.meet(DeadlineRoute, at)
	c.meet(DeadlineHolding, at)
	if !a.Current().Holding() {
		c.meet(DeadlineAnswer, at)
		for i := range c.Deadlines { // whoever leads the office reads it like everybody
			if d := &c.Deadlines[i]; d.Kind == DeadlineBrief && d.Running() {
				d.Stopped = at
			}
		}
	}
	return nil
}

// Brief says that those who lead the office were told of c. It returns
// [ErrRefused] if no clock of that runs.
func (c *Case) Brief(by Actor, at time.Time, note string) error {
	if !slices.ContainsFunc(c.Deadlines, func(d Deadline) bool { return d.Kind == DeadlineBrief && d.Running() }) {
		return fmt.Errorf("%w: no briefing is due for this case", ErrRefused)
	}
	if err := c.Remark(by, at, note); err != nil {
		return err
	}
	c.meet(DeadlineBrief, at)
	return nil
}

// Outward returns the clocks that the public waits for: all but that of the
// briefing inside the office.
func (c *Case) Outward() []Deadline {
	return slices.DeleteFunc(slices.Clone(c.Deadlines), func(d Deadline) bool { return d.Kind == DeadlineBrief })
}

// Discard takes c back from the drafting or review of a revision that was
// dropped: to published if its answer a still is, otherwise to its desk.
func (c *Case) Discard(a *Answer, by Actor, at time.Time, note string) error {
	if a.Case != c.ID || c.Answer != a.ID || a.Draft() != nil {
		return fmt.Errorf("%w: the answer of this case still has a draft", ErrRefused)
	}
	if err := CheckNote(note); err != nil {
		return err
	}
	if c.State != CaseDrafting && c.State != CaseReview {
		return nil // it went elsewhere meanwhile, and stays there
	}
	to := CaseRouted
	if a.State == AnswerPublished {
		to = CasePublished
	}
	c.step(to, by, at, note)
	return nil
}

// Withdraw takes away from c its answer a, which was withdrawn: c has no
// answer now and may get a new one. With reopen it goes back to its desk from
// whatever state it is in; the caller gives it new clocks. Without, it stays
// as it is, because a newer case has the concern.
func (c *Case) Withdraw(a *Answer, reopen bool, by Actor, at time.Time, note string) error {
	if a.Case != c.ID || c.Answer != a.ID || a.State != AnswerWithdrawn {
		return fmt.Errorf("%w: the answer of this case is not withdrawn", ErrRefused)
	}
	if err := CheckNote(note); err != nil {
		return err
	}
	c.Past = append(c.Past, a.ID)
	c.Answer = 0
	if reopen {
		c.unpause(at)
		c.step(CaseRouted, by, at, note)
		c.Reason, c.Existing = "", 0
	}
	return nil
}

// Restart starts the clocks of c anew at at. Clocks that still run are
// stopped; all of them stay in the history.
func (c *Case) Restart(at time.Time, clocks []Deadline) {
	for i := range c.Deadlines {
		if d := &c.Deadlines[i]; d.Running() {
			d.Stopped = at
		}
	}
	c.Since = at
	c.Deadlines = append(c.Deadlines, clocks...)
}

func (c *Case) step(to CaseState, by Actor, at time.Time, note string) {
	c.Steps = append(c.Steps, Step{At: at, By: by, From: c.State, To: to, Note: note})
	c.State = to
}

// Remark adds a note to the history of c without moving it; an empty note adds
// nothing.
func (c *Case) Remark(by Actor, at time.Time, note string) error {
	if strings.TrimSpace(note) == "" {
		return nil
	}
	if err := CheckNote(note); err != nil {
		return err
	}
	c.step(c.State, by, at, note)
	return nil
}

func (c *Case) meet(kind DeadlineKind, at time.Time) {
	for i := range c.Deadlines {
		if d := &c.Deadlines[i]; d.Kind == kind && d.Running() {
			d.Met = at
		}
	}
}

// A Pause is a time in which the clocks of a case stood still, because the
// office waited for something it cannot hasten. Both the clock without pauses
// and the one with them are shown.
type Pause struct {
	From   time.Time
	To     time.Time // zero while it lasts
	By     Actor
	Reason string
}

// An Ack says that somebody took a case on, so that nobody else need be told
// that its clock runs out.
type Ack struct {
	At time.Time
	By Actor
}

// Acked returns when somebody last took c on; zero if nobody did.
func (c *Case) Acked() time.Time {
	if len(c.Acks) == 0 {
		return time.Time{}
	}
	return c.Acks[len(c.Acks)-1].At
}

// Acknowledge says that by takes c on.
func (c *Case) Acknowledge(by Actor, at time.Time) error {
	if c.State == CaseClosed {
		return fmt.Errorf("%w: this case is closed", ErrRefused)
	}
	c.Acks = append(c.Acks, Ack{At: at, By: by})
	return nil
}

// Paused reports whether the clocks of c stand still.
func (c *Case) Paused() bool {
	return len(c.Pauses) > 0 && c.Pauses[len(c.Pauses)-1].To.IsZero()
}

// Pause stops the clocks of c for a reason. An emergency cannot wait, so a P1
// case cannot be paused.
func (c *Case) Pause(by Actor, at time.Time, reason string) error {
	switch {
	case c.Paused():
		return fmt.Errorf("%w: this case is paused already", ErrRefused)
	case c.Tier == P1:
		return fmt.Errorf("%w: the clocks of an emergency cannot be paused", ErrRefused)
	case c.State == CaseClosed:
		return fmt.Errorf("%w: this case is closed", ErrRefused)
	case strings.TrimSpace(reason) == "":
		return fmt.Errorf("%w: say what the case waits for", ErrInvalid)
	}
	if err := CheckNote(reason); err != nil {
		return err
	}
	c.Pauses = append(c.Pauses, Pause{From: at, By: by, Reason: reason})
	return nil
}

// Resume starts the clocks of c again; what is due moves back by the pause.
func (c *Case) Resume(at time.Time) error {
	if !c.Paused() {
		return fmt.Errorf("%w: this case is not paused", ErrRefused)
	}
	c.unpause(at)
	return nil
}

func (c *Case) unpause(at time.Time) {
	if !c.Paused() {
		return
	}
	p := &c.Pauses[len(c.Pauses)-1]
	p.To = at
	for i := range c.Deadlines {
		// A clock that had run out before the pause stays missed.
		if d := &c.Deadlines[i]; d.Running() && d.Due.After(p.From) {
			d.Due = d.Due.Add(at.Sub(p.From))
			d.Paused += at.Sub(p.From)
		}
	}
}

// Next returns the running clock that ends first, or nil.
func (c *Case) Next() *Deadline {
	var next *Deadline
	for i := range c.Deadlines {
		if d := &c.Deadlines[i]; d.Running() && (next == nil || d.Due.Before(next.Due)) {
			next = d
		}
	}
	return next
}

// Late reports whether a running clock of c has run out at now. While c is
// paused its clocks stand where they stood.
func (c *Case) Late(now time.Time) bool {
	if c.Paused() {
		now = c.Pauses[len(c.Pauses)-1].From
	}
	d := c.Next()
	return d != nil && d.Late(now)
}

// A Deadline is one clock of a case.
type Deadline struct {
	Kind    DeadlineKind
	Due     time.Time
	Met     time.Time     // zero while it is not met
	Stopped time.Time     // when it ended without being met: closed, or started anew
	Paused  time.Duration // how far pauses have moved Due
}

// Running reports whether the clock is neither met nor stopped.
func (d Deadline) Running() bool { return d.Met.IsZero() && d.Stopped.IsZero() }

// Late reports whether the deadline was missed, or is being missed at now.
func (d Deadline) Late(now time.Time) bool {
	switch {
	case !d.Met.IsZero():
		return d.Met.After(d.Due)
	case !d.Stopped.IsZero():
		return d.Stopped.After(d.Due)
	}
	return now.After(d.Due)
}

// DeadlineKind says what must be done by a deadline.
type DeadlineKind string

// The clocks of a case.
const (
	DeadlineRoute   DeadlineKind = "route"
	DeadlineHolding DeadlineKind = "holding"
	DeadlineBrief   DeadlineKind = "brief" // those who lead the office are told
	DeadlineAnswer  DeadlineKind = "answer"
)

// A Desk owns cases about some subjects.
type Desk struct {
	Slug     string
	Name     string // as the public reads it
	NameZH   string
	Keywords []string // words that suggest this desk
	Fallback bool     // takes what no other desk takes; exactly one desk has it
	Removed  bool
	Zone     string         // IANA name of its time zone, for example "Asia/Shanghai"; "" is UTC
	Off      []time.Weekday // days of every week on which clocks of P3 and P4 stand still
	Holidays []string       // other such days, as 2026-10-01
	Country  string         // code of the country whose public holidays are such days too, or ""
	Workdays []string       // days on which they run all the same
	Shifts   []Shift        // who is on duty when; empty: whoever works for the desk
	Chain    []Escalation   // who is told when nobody takes on a clock that has run out
	Version  int
}

// A Shift is a time in which some of the staff are on duty, every week or on
// one day, in the time zone of the desk. Shifts of a day replace those of the
// week on that day.
type Shift struct {
	Days  []time.Weekday // of every week; empty if Date is set
	Date  string         // as 2026-10-01, or ""
	From  int            // minutes after midnight
	To    int            // minutes after midnight; at or before From: on the next day
	Staff []int          // numbers of accounts
}

// An Escalation is one step of a chain: who is told if nobody has taken on a
// case that long after its clock ran out.
type Escalation struct {
	After time.Duration
	To    string // "shift", "desk", "desk:slug" or "#7"
}
