package hearback

import (
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Evidence is something a desk relied on.
type Evidence struct {
	ID        ID
	URL       string // where it is, if it is public
	Title     string
	Note      string // what it shows; stays in the office
	Hash      string // SHA-256 of the archived copy in hex, or ""
	Primary   bool   // it is the origin, not a report of it
	Added     time.Time
	By        Actor
	Retracted time.Time // when it turned out not to hold; zero while it does
	Why       string    // why it was retracted; stays in the office
}

// Check returns [ErrInvalid] if e cannot be kept.
func (e Evidence) Check() error {
	if strings.TrimSpace(e.Title) == "" {
		return fmt.Errorf("%w: give the evidence a title", ErrInvalid)
	}
	if utf8.RuneCountInString(e.Title) > MaxTitle {
		return fmt.Errorf("%w: the title of the evidence has more than %d characters", ErrInvalid, MaxTitle)
	}
	if err := checkPlain("the title of the evidence", e.Title); err != nil {
		return err
	}
	if err := CheckNote(e.Note); err != nil {
		return err
	}
	if e.URL != "" {
		u, err := url.Parse(e.URL)
		if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" || u.User != nil || len(e.URL) > 2000 {
			return fmt.Errorf("%w: %.60q is not a web address; use one that begins with https:// or http://", ErrInvalid, e.URL)
		}
	}
	if e.Hash != "" {
		if b, err := hex.DecodeString(e.Hash); err != nil || len(b) != 32 || strings.ToLower(e.Hash) != e.Hash {
			return fmt.Errorf("%w: the hash of the copy must be a SHA-256 in 64 lower-case hexadecimal digits", ErrInvalid)
		}
	}
	return nil
}

// origin says where e comes from, for telling independent evidence from the
// same thing twice: its host, or its title if it is not on the web.
func (e Evidence) origin() string {
	if u, err := url.Parse(e.URL); err == nil && e.URL != "" {
		return strings.TrimSuffix(strings.TrimPrefix(strings.ToLower(u.Hostname()), "www."), ".")
	}
	return "title:" + strings.Join(strings.Fields(strings.ToLower(e.Title)), " ")
}

// Independent counts the pieces of evidence that hold and do not repeat each
// other: two from one web host, or two identical copies, are one.
func Independent(list []Evidence) int {
	// A piece ties its origin to its hash; what is tied together is one.
	group := map[string]string{}
	find := func(k string) string {
		for group[k] != k {
			k = group[k]
		}
		return k
	}
	for _, e := range list {
		if !e.Retracted.IsZero() {
			continue
		}
		keys := []string{e.origin()}
		if e.Hash != "" {
			keys = append(keys, "hash:"+e.Hash)
		}
		for _, k := range keys {
			if group[k] == "" {
				group[k] = k
			}
			group[find(k)] = find(keys[0])
		}
	}
	n := 0
	for k, to := range group {
		if k == to {
			n++
		}
	}
	return n
}

// Supports returns [ErrRefused] unless the evidence allows the verdict: one
// primary source, or two that are independent. That a thing cannot be
// verified, or is not yet known, may always be said.
func Supports(v Verdict, list []Evidence) error {
	if !slices.Contains(Verdicts(), v) {
		return fmt.Errorf("%w: %.40q is not a verdict", ErrInvalid, v)
	}
	if v == Unverifiable || v == NotYetKnown {
		return nil
	}
	primary := slices.ContainsFunc(list, func(e Evidence) bool { return e.Primary && e.Retracted.IsZero() })
	if !primary && Independent(list) < 2 {
		return fmt.Errorf("%w: this verdict needs one primary source, or two that are independent of each other; add evidence, or say that it cannot be verified or is not yet known", ErrRefused)
	}
	return nil
}

// An Estimate is what one person thinks the evidence shows, given before they
// saw what others think.
type Estimate struct {
	By      Actor
	At      time.Time
	Verdict Verdict
	Sure    int    // how sure, in percent
	Note    string // stays in the office
}

// A Ruling is one verdict that was given, with what people had estimated by
// then. It is never overwritten.
type Ruling struct {
	By      Actor
	At      time.Time
	Verdict Verdict // "" when evidence was retracted and none is supported
	For     int     // estimates that agreed
	Of      int     // estimates that there were
}

// A Dissent says that somebody holds another verdict to be right. It stays
// beside the one that was given.
type Dissent struct {
	By      Actor
	At      time.Time
	Against Verdict
	For     Verdict
	Reason  string // stays in the office
}

// Limits of what a case keeps of its verdict.
const (
	MaxEstimates = 50
	MaxDissents  = 50
)

// Estimate keeps what by thinks before the others are shown to them. Each
// person estimates once in a round; a new verdict or reopened case begins one.
func (c *Case) Estimate(e Estimate) error {
	switch {
	case !e.By.Person():
		return fmt.Errorf("%w: a verdict is given by a person", ErrRefused)
	case c.State == CaseClosed:
		return fmt.Errorf("%w: this case is closed; reopen it first", ErrRefused)
	case !slices.Contains(Verdicts(), e.Verdict):
		return fmt.Errorf("%w: %.40q is not a verdict", ErrInvalid, e.Verdict)
	case e.Sure < 0 || e.Sure > 100:
		return fmt.Errorf("%w: how sure you are is 0 to 100 percent", ErrInvalid)
	case c.Estimated(e.By.ID):
		return fmt.Errorf("%w: you have given your estimate; it stands as you gave it before you saw the others", ErrRefused)
	case len(c.Estimates) >= MaxEstimates:
		return fmt.Errorf("%w: a case keeps at most %d estimates", ErrRefused, MaxEstimates)
	}
	if err := CheckNote(e.Note); err != nil {
		return err
	}
	c.Estimates = append(c.Estimates, e)
	return nil
}

// round returns the estimates since the last ruling.
func (c *Case) round() []Estimate {
	if len(c.Rulings) == 0 {
		return c.Estimates
	}
	last := c.Rulings[len(c.Rulings)-1].At
	i := slices.IndexFunc(c.Estimates, func(e Estimate) bool { return e.At.After(last) })
	if i < 0 {
		return nil
	}
	return c.Estimates[i:]
}

// Estimated reports whether an account has given its estimate in this round.
func (c *Case) Estimated(id ID) bool {
	return slices.ContainsFunc(c.round(), func(e Estimate) bool { return e.By.ID == id })
}

// Waiting returns how many estimates of this round there are, and Visible
// those that an account may see: all of earlier rounds, and of this one once
// it has given its own.
func (c *Case) Waiting() int { return len(c.round()) }

// Visible returns the estimates that an account may see; see [Case.Waiting].
func (c *Case) Visible(id ID) []Estimate {
	if c.Estimated(id) {
		return c.Estimates
	}
	return c.Estimates[:len(c.Estimates)-len(c.round())]
}

// Dissent keeps that by holds another verdict to be right.
func (c *Case) Dissent(d Dissent) error {
	switch {
	case !d.By.Person():
		return fmt.Errorf("%w: a verdict is given by a person", ErrRefused)
	case c.Verdict == "":
		return fmt.Errorf("%w: there is no verdict to disagree with yet", ErrRefused)
	case !slices.Contains(Verdicts(), d.For):
		return fmt.Errorf("%w: %.40q is not a verdict", ErrInvalid, d.For)
	case d.For == c.Verdict:
		return fmt.Errorf("%w: this is the verdict already", ErrRefused)
	case strings.TrimSpace(d.Reason) == "":
		return fmt.Errorf("%w: say why you hold another verdict to be right", ErrInvalid)
	case len(c.Dissents) >= MaxDissents:
		return fmt.Errorf("%w: a case keeps at most %d dissents", ErrRefused, MaxDissents)
	}
	if err := CheckNote(d.Reason); err != nil {
		return err
	}
	d.Against = c.Verdict
	c.Dissents = append(c.Dissents, d)
	return nil
}

// rule notes a verdict in the history of c.
func (c *Case) rule(v Verdict, by Actor, at time.Time) {
	r := Ruling{By: by, At: at, Verdict: v}
	for _, e := range c.round() {
		r.Of++
		if e.Verdict == v {
			r.For++
		}
	}
	if len(c.Rulings) == MaxRulings {
		c.Rulings = slices.Delete(c.Rulings, 1, 2) // the first and the newest tell most; the log has all
	}
	c.Rulings = append(c.Rulings, r)
	c.Verdict = v
}

// MaxRulings is how many verdicts a case keeps.
const MaxRulings = 200

// MaxEvidence is how many pieces of evidence a case keeps.
const MaxEvidence = 200

// AddEvidence adds e to what c relies on.
func (c *Case) AddEvidence(e Evidence) error {
	if err := e.Check(); err != nil {
		return err
	}
	switch {
	case c.State == CaseClosed:
		return fmt.Errorf("%w: this case is closed; reopen it first", ErrRefused)
	case len(c.Evidence) >= MaxEvidence:
		return fmt.Errorf("%w: a case keeps at most %d pieces of evidence", ErrRefused, MaxEvidence)
	}
	c.Evidence = append(c.Evidence, e)
	return nil
}

// Retract marks a piece of evidence as not holding, for a reason. It stays in
// the history. A verdict that the rest does not support is taken back.
func (c *Case) Retract(id ID, at time.Time, why string) error {
	if strings.TrimSpace(why) == "" {
		return fmt.Errorf("%w: say why the evidence does not hold", ErrInvalid)
	}
	if err := CheckNote(why); err != nil {
		return err
	}
	i := slices.IndexFunc(c.Evidence, func(e Evidence) bool { return e.ID == id })
	if i < 0 {
		return fmt.Errorf("evidence %s: %w", id, ErrNotFound)
	}
	if !c.Evidence[i].Retracted.IsZero() {
		return fmt.Errorf("%w: this evidence was retracted already", ErrRefused)
	}
	c.Evidence[i].Retracted, c.Evidence[i].Why = at, why
	if c.Verdict != "" && Supports(c.Verdict, c.Evidence) != nil {
		c.rule("", System, at)
	}
	return nil
}

// SetVerdict says what the evidence shows. It returns [ErrRefused] if the
// evidence does not allow it.
func (c *Case) SetVerdict(v Verdict, by Actor, at time.Time) error {
	switch {
	case !by.Person():
		return fmt.Errorf("%w: a verdict is given by a person", ErrRefused)
	case c.State == CaseClosed:
		return fmt.Errorf("%w: this case is closed; reopen it first", ErrRefused)
	}
	if err := Supports(v, c.Evidence); err != nil {
		return err
	}
	c.rule(v, by, at)
	return nil
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
