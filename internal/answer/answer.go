// Package answer takes an answer from its first draft through review by other
// people to publication, and later to correction or withdrawal. The rules of
// who may approve what stand in the root package ([hearback.Answer]); here
// they are applied to stored answers, each act in one transaction with its
// entry in the public log. It renders nothing: that is package publish.
package answer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/desk"
)

// A Store keeps answers. Package store implements it.
type Store interface {
	// Answer returns [hearback.ErrNotFound] if there is no such answer.
	Answer(ctx context.Context, id hearback.ID) (*hearback.Answer, error)

	// Case returns [hearback.ErrNotFound] if there is no such case.
	Case(ctx context.Context, id hearback.ID) (*hearback.Case, error)

	// CaseByConcern returns the newest case of a concern, or
	// [hearback.ErrNotFound] if it never had one.
	CaseByConcern(ctx context.Context, concern hearback.ID) (*hearback.Case, error)

	// Concern returns [hearback.ErrNotFound] if there is no such concern.
	Concern(ctx context.Context, id hearback.ID) (*hearback.Concern, error)

	// Desks returns every desk, removed ones too.
	Desks(ctx context.Context) ([]hearback.Desk, error)

	// SaveAnswer writes a, which is new if its version is 0, and c unless it is
	// nil, with the record of the act, and raises their versions. It returns
	// [hearback.ErrConflict] if a stored version is another; then nothing is
	// written.
	SaveAnswer(ctx context.Context, a *hearback.Answer, c *hearback.Case, r hearback.Record) error

	// PublishAnswer does what SaveAnswer does, sets Record of the newest
	// published revision to the index of r in the log, and makes a the answer
	// that serves the concern of c.
	PublishAnswer(ctx context.Context, a *hearback.Answer, c *hearback.Case, r hearback.Record) error

	// WithdrawAnswer does what SaveAnswer does, sets Record of the withdrawal
	// to the index of r in the log, and leaves no concern served by a.
	WithdrawAnswer(ctx context.Context, a *hearback.Answer, c *hearback.Case, r hearback.Record) error

	// Setting returns the value of a setting, or "" if it was never set.
	Setting(ctx context.Context, name string) (string, error)

	// SetSetting changes a setting, with the records that tell of it.
	SetSetting(ctx context.Context, name, value string, rs ...hearback.Record) error
}

// Answers does what people decide about answers. All fields are set before its
// first use and left alone afterwards; it may be used by many goroutines.
type Answers struct {
	Store  Store
	Now    func() time.Time // a drill sets it to the replayed time
	NextID func() hearback.ID

	// Reviewers returns how many approvals an answer needs. Nil reads the
	// setting that [Answers.SetReviewers] writes.
	Reviewers func(ctx context.Context) (int, error)

	// Leak reports whether a text holds personal data; such a text does not go
	// to the public log. Nil is [desk.Leaks].
	Leak func(string) bool

	// Allowed is asked right before an act is written, with the type of its
	// record, and returns [hearback.ErrRefused] if by may not do it (any
	// more). At publication it is asked again for everybody who approved, so
	// that the approval of somebody whose role was taken away lapses. Nil
	// allows everything: the caller has asked already.
	Allowed func(ctx context.Context, by hearback.Actor, act hearback.RecordType) error
}

// Draft writes the texts of the answer of a case: its first draft, an edit of
// the draft, or the draft of a correction, which needs a reason that the
// public will read. version is that of the answer the writer started from, 0
// if there was none; it returns [hearback.ErrConflict] if somebody else has
// written since. An edit of a draft in review takes it out of review and
// clears its approvals.
func (s *Answers) Draft(ctx context.Context, by hearback.Actor, caseID hearback.ID, texts []hearback.Text, reason string, version int) (*hearback.Answer, error) {
	if err := s.allow(ctx, by, hearback.AnswerDrafted); err != nil {
		return nil, err
	}
	reason, err := desk.Public(s.Leak, "the reason of a correction", reason)
	if err != nil {
		return nil, err
	}
	c, err := s.Store.Case(ctx, caseID)
	if err != nil {
		return nil, err
	}
	a := &hearback.Answer{Case: c.ID, Concern: c.Concern}
	if c.Answer != 0 {
		if a, err = s.Store.Answer(ctx, c.Answer); err != nil {
			return nil, err
		}
	}
	if a.Version != version {
		return nil, fmt.Errorf("answer of case %s: %w while you wrote; compare your text with theirs", caseID, hearback.ErrConflict)
	}
	at := s.now()
	if err := a.Write(texts, reason, by, at); err != nil {
		return nil, fmt.Errorf("answer of case %s: %w", caseID, err)
	}
	switch c.State {
	case hearback.CaseOpen:
		return nil, fmt.Errorf("case %s: %w: route the case to a desk before an answer is written", caseID, hearback.ErrRefused)
	case hearback.CaseClosed:
		return nil, fmt.Errorf("case %s: %w: this case is closed; reopen it first", caseID, hearback.ErrRefused)
	}
	save := c
	if a.ID == 0 {
		a.ID = s.NextID()
		c.Answer = a.ID
	} else if c.State == hearback.CaseDrafting {
		save = nil
	}
	if c.State != hearback.CaseDrafting {
		if err := c.Move(hearback.CaseDrafting, by, at, ""); err != nil {
			return nil, fmt.Errorf("case %s: %w", caseID, err)
		}
	}
	d := a.Draft()
	r := recordOf(hearback.AnswerDrafted, a, by, at, pub{"case": c.ID.String(), "rev": d.N, "langs": d.Langs()})
	if err := s.Store.SaveAnswer(ctx, a, save, r); err != nil {
		return nil, err
	}
	return a, nil
}

// Submit sends the draft to review.
func (s *Answers) Submit(ctx context.Context, by hearback.Actor, id hearback.ID) (*hearback.Answer, error) {
	return s.change(ctx, by, id, hearback.AnswerSubmitted, func(a *hearback.Answer, c *hearback.Case, at time.Time) (pub, error) {
		if err := a.Submit(by, at); err != nil {
			return nil, err
		}
		if err := rests(a.Draft(), c); err != nil {
			return nil, err
		}
		// The facts may have been checked again since the draft was written.
		if c.State == hearback.CaseRouted || c.State == hearback.CaseVerifying {
			if err := c.Move(hearback.CaseDrafting, by, at, ""); err != nil {
				return nil, err
			}
		}
		if err := c.Move(hearback.CaseReview, by, at, ""); err != nil {
			return nil, err
		}
		return pub{"rev": a.Draft().N, "text": a.Draft().Hash()}, nil
	})
}

// Approve adds by's approval of the draft whose text has this hash
// ([hearback.Revision.Hash]). The note, if any, goes to the public log. It
// returns [hearback.ErrConflict] if the text is another by now.
func (s *Answers) Approve(ctx context.Context, by hearback.Actor, id hearback.ID, hash, note string) (*hearback.Answer, error) {
	if err := s.allow(ctx, by, hearback.AnswerApproved); err != nil {
		return nil, err
	}
	note, err := desk.Public(s.Leak, "the note", note)
	if err != nil {
		return nil, err
	}
	// Reviewers often approve at the same moment. What one of them vouches for
	// is named by its hash, so the loser may try again.
	for try := 0; ; try++ {
		a, err := s.Store.Answer(ctx, id)
		if err != nil {
			return nil, err
		}
		at := s.now()
		if err := a.Approve(hash, by, at, note); err != nil {
			return nil, fmt.Errorf("answer %s: %w", id, err)
		}
		p := pub{"rev": a.Draft().N, "text": hash}
		if note != "" {
			p["note"] = note
		}
		err = s.Store.SaveAnswer(ctx, a, nil, recordOf(hearback.AnswerApproved, a, by, at, p))
		if err == nil {
			return a, nil
		}
		if !errors.Is(err, hearback.ErrConflict) || try == approveTries {
			return nil, err
		}
	}
}

// approveTries is how often an approval is tried again when somebody else
// changed the answer meanwhile.
const approveTries = 8

// Return sends the draft in review back to its author. The note says what to
// change; it stays in the history of the case.
func (s *Answers) Return(ctx context.Context, by hearback.Actor, id hearback.ID, note string) (*hearback.Answer, error) {
	if strings.TrimSpace(note) == "" {
		return nil, fmt.Errorf("answer %s: %w: say what must change", id, hearback.ErrInvalid)
	}
	return s.change(ctx, by, id, hearback.AnswerReturned, func(a *hearback.Answer, c *hearback.Case, at time.Time) (pub, error) {
		if err := a.Return(by, at); err != nil {
			return nil, err
		}
		return pub{"rev": a.Draft().N}, c.Move(hearback.CaseDrafting, by, at, note)
	})
}

// Drop gives up the draft. It keeps its number and never becomes public; what
// is published stays published. The note stays in the history of the case.
func (s *Answers) Drop(ctx context.Context, by hearback.Actor, id hearback.ID, note string) (*hearback.Answer, error) {
	return s.change(ctx, by, id, hearback.AnswerDropped, func(a *hearback.Answer, c *hearback.Case, at time.Time) (pub, error) {
		d := a.Draft()
		if err := a.Drop(by, at); err != nil {
			return nil, err
		}
		return pub{"rev": d.N}, c.Discard(a, by, at, note)
	})
}

// Publish makes the draft public: the first answer, or a correction. It
// returns [hearback.ErrRefused] unless enough people who wrote none of it have
// approved exactly this text and may still do so, and the case supports what
// it says.
func (s *Answers) Publish(ctx context.Context, by hearback.Actor, id hearback.ID) (*hearback.Answer, error) {
	return s.publish(ctx, by, id, "")
}

// PublishUrgent makes the draft public with one approval, for a reason that
// goes to the public log and to the page. It returns [hearback.ErrRefused]
// unless the case is an emergency (P1). The approvals that it lacks must
// follow; see [Answers.Ratify].
func (s *Answers) PublishUrgent(ctx context.Context, by hearback.Actor, id hearback.ID, reason string) (*hearback.Answer, error) {
	reason, err := desk.Public(s.Leak, "the reason", reason)
	if err != nil {
		return nil, err
	}
	if reason == "" {
		return nil, fmt.Errorf("answer %s: %w: say why it cannot wait for the second approval; the reason is public", id, hearback.ErrInvalid)
	}
	return s.publish(ctx, by, id, reason)
}

// Ratify adds an approval of the published text, which went out in an
// emergency, by its hash.
func (s *Answers) Ratify(ctx context.Context, by hearback.Actor, id hearback.ID, hash, note string) (*hearback.Answer, error) {
	if err := s.allow(ctx, by, hearback.AnswerApproved); err != nil {
		return nil, err
	}
	note, err := desk.Public(s.Leak, "the note", note)
	if err != nil {
		return nil, err
	}
	need, err := s.Needed(ctx)
	if err != nil {
		return nil, err
	}
	a, err := s.Store.Answer(ctx, id)
	if err != nil {
		return nil, err
	}
	at := s.now()
	if err := a.Ratify(hash, need, by, at, note); err != nil {
		return nil, fmt.Errorf("answer %s: %w", id, err)
	}
	r := a.Current()
	p := pub{"rev": r.N, "text": hash, "approvals": len(r.Valid()), "complete": !a.Unreviewed()}
	if note != "" {
		p["note"] = note
	}
	if err := s.Store.SaveAnswer(ctx, a, nil, recordOf(hearback.AnswerRatified, a, by, at, p)); err != nil {
		return nil, err
	}
	return a, nil
}

// publish makes the draft public; with a reason it is urgent.
func (s *Answers) publish(ctx context.Context, by hearback.Actor, id hearback.ID, urgent string) (*hearback.Answer, error) {
	if err := s.allow(ctx, by, hearback.AnswerOut); err != nil {
		return nil, err
	}
	need, err := s.Needed(ctx)
	if err != nil {
		return nil, err
	}
	a, c, err := s.load(ctx, id)
	if err != nil {
		return nil, err
	}
	d, before := a.Draft(), a.Current()
	if d == nil {
		return nil, fmt.Errorf("answer %s: %w: there is no draft to publish", id, hearback.ErrRefused)
	}
	if err := rests(d, c); err != nil {
		return nil, fmt.Errorf("answer %s: %w", id, err)
	}
	enough := need
	if urgent != "" {
		enough = 1
		if c.Tier != hearback.P1 {
			return nil, fmt.Errorf("answer %s: %w: only an emergency (P1) is published with one approval; this case is %s", id, hearback.ErrRefused, c.Tier)
		}
	}
	reviews, err := s.reviews(ctx, d, enough)
	if err != nil {
		return nil, fmt.Errorf("answer %s: %w", id, err)
	}
	reason, err := desk.Public(s.Leak, "the reason of a correction", d.Reason)
	if err != nil {
		return nil, fmt.Errorf("answer %s: %w", id, err)
	}
	at, kind, p := s.now(), hearback.AnswerOut, pub{}
	if before != nil {
		kind = hearback.AnswerCorrected
		p["prev"], p["reason"] = before.Record, reason
	}
	if urgent != "" {
		err = a.PublishUrgent(need, urgent, by, at)
	} else {
		err = a.Publish(need, at)
	}
	if err != nil {
		return nil, fmt.Errorf("answer %s: %w", id, err)
	}
	if d.Urgent != nil {
		p["urgent"], p["review_by"] = urgent, d.Urgent.Due.Format(time.RFC3339)
	}
	desks, err := s.Store.Desks(ctx)
	if err != nil {
		return nil, err
	}
	if err := desk.Resume(c, owner(desks, c), at); err != nil {
		return nil, fmt.Errorf("answer %s: %w", id, err)
	}
	if err := c.Publish(a, by, at); err != nil {
		return nil, fmt.Errorf("answer %s: %w", id, err)
	}
	a.Recheck = at.Add(desk.Recheck(c.Tier))
	p["next"] = a.Recheck.Format(time.RFC3339)
	if !a.Until.After(at) {
		a.Until = time.Time{} // what is published now is not out of date
	}
	if !a.Until.IsZero() {
		p["until"] = a.Until.Format(time.RFC3339)
	}
	doc, err := a.Canonical(d)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(doc)
	p["rev"], p["langs"], p["url"] = d.N, d.Langs(), a.Path()
	p["sha256"], p["text"] = hex.EncodeToString(sum[:]), d.Hash()
	p["concern"], p["author"], p["reviews"] = a.Concern.String(), d.Author.String(), reviews
	if v := d.Verdict(); v != "" {
		p["verdict"] = string(v)
	}
	if err := s.Store.PublishAnswer(ctx, a, c, recordOf(kind, a, by, at, p)); err != nil {
		return nil, err
	}
	return a, nil
}

// Withdraw takes a published answer back. The reason is public. What was
// published stays in the history; its case goes back to its desk with new
// clocks, unless the concern has a newer case or another answer, and may get a
// new answer.
func (s *Answers) Withdraw(ctx context.Context, by hearback.Actor, id hearback.ID, reason string) (*hearback.Answer, error) {
	if err := s.allow(ctx, by, hearback.AnswerRetracted); err != nil {
		return nil, err
	}
	reason, err := desk.Public(s.Leak, "the reason", reason)
	if err != nil {
		return nil, err
	}
	a, c, err := s.load(ctx, id)
	if err != nil {
		return nil, err
	}
	at := s.now()
	if err := a.Withdraw(reason, by, at); err != nil {
		return nil, fmt.Errorf("answer %s: %w", id, err)
	}
	newest, err := s.Store.CaseByConcern(ctx, c.Concern)
	if err != nil {
		return nil, err
	}
	reopen := newest.ID == c.ID && c.Existing == 0
	if err := c.Withdraw(a, reopen, by, at, ""); err != nil {
		return nil, fmt.Errorf("answer %s: %w", id, err)
	}
	if reopen {
		desks, err := s.Store.Desks(ctx)
		if err != nil {
			return nil, err
		}
		desk.Start(c, at, owner(desks, c))
	}
	last := a.Current()
	r := recordOf(hearback.AnswerRetracted, a, by, at, pub{
		"rev": last.N, "prev": last.Record, "reason": reason, "url": a.Path(), "reopened": reopen,
	})
	if err := s.Store.WithdrawAnswer(ctx, a, c, r); err != nil {
		return nil, err
	}
	return a, nil
}

// SetUntil says until when an answer is valid, or with the zero time that it
// has no end. Its page says so, and that it is out of date from then on; it is
// not withdrawn by that. A draft keeps it for when it is published.
func (s *Answers) SetUntil(ctx context.Context, by hearback.Actor, id hearback.ID, until time.Time) (*hearback.Answer, error) {
	if err := s.allow(ctx, by, hearback.AnswerExpires); err != nil {
		return nil, err
	}
	a, err := s.Store.Answer(ctx, id)
	if err != nil {
		return nil, err
	}
	at := s.now()
	switch {
	case a.State == hearback.AnswerWithdrawn:
		return nil, fmt.Errorf("answer %s: %w: this answer was withdrawn", id, hearback.ErrRefused)
	case !until.IsZero() && (!until.After(at) || until.Sub(at) > maxValid):
		return nil, fmt.Errorf("answer %s: %w: an answer is valid until a time within the next ten years; correct or withdraw one that does not hold", id, hearback.ErrInvalid)
	}
	p := pub{}
	if a.Until = until.UTC().Truncate(time.Microsecond); !until.IsZero() {
		p["until"] = a.Until.Format(time.RFC3339)
	}
	if cur := a.Current(); cur != nil {
		p["rev"] = cur.N
	}
	if err := s.Store.SaveAnswer(ctx, a, nil, recordOf(hearback.AnswerExpires, a, by, at, p)); err != nil {
		return nil, err
	}
	return a, nil
}

// maxValid is the longest that an answer may be said to be valid.
const maxValid = 10 * 366 * 24 * time.Hour

// Rechecked says that somebody looked at a published answer again and found
// that it stands, and when the next look is due; the zero time is never.
func (s *Answers) Rechecked(ctx context.Context, by hearback.Actor, id hearback.ID, next time.Time) (*hearback.Answer, error) {
	if err := s.allow(ctx, by, hearback.AnswerRechecked); err != nil {
		return nil, err
	}
	a, err := s.Store.Answer(ctx, id)
	if err != nil {
		return nil, err
	}
	at := s.now()
	if a.State != hearback.AnswerPublished {
		return nil, fmt.Errorf("answer %s: %w: only a published answer is looked at again", id, hearback.ErrRefused)
	}
	if !next.IsZero() && !next.After(at) {
		return nil, fmt.Errorf("answer %s: %w: the next look must be in the future", id, hearback.ErrInvalid)
	}
	p := pub{"rev": a.Current().N}
	if a.Recheck = next.UTC().Truncate(time.Microsecond); !next.IsZero() {
		p["next"] = a.Recheck.Format(time.RFC3339)
	}
	if err := s.Store.SaveAnswer(ctx, a, nil, recordOf(hearback.AnswerRechecked, a, by, at, p)); err != nil {
		return nil, err
	}
	return a, nil
}

// setting is the name of the setting that holds how many approvals an answer
// needs.
const setting = "reviewers"

// MaxReviewers is the largest number of approvals an office may ask for.
const MaxReviewers = 9

// Needed returns how many approvals an answer needs.
func (s *Answers) Needed(ctx context.Context) (int, error) {
	if s.Reviewers != nil {
		n, err := s.Reviewers(ctx)
		return max(n, 1), err
	}
	v, err := s.Store.Setting(ctx, setting)
	if err != nil || v == "" {
		return hearback.Reviewers, err
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > MaxReviewers {
		return 0, fmt.Errorf("%w: the setting %q is %.20q; set it to a number from 1 to %d", hearback.ErrInvalid, setting, v, MaxReviewers)
	}
	return n, nil
}

// SetReviewers changes how many approvals an answer needs, for a reason that
// goes to the public log. One is the least: nobody publishes alone.
func (s *Answers) SetReviewers(ctx context.Context, by hearback.Actor, n int, reason string) error {
	if err := s.allow(ctx, by, hearback.ReviewersChanged); err != nil {
		return err
	}
	if n < 1 || n > MaxReviewers {
		return fmt.Errorf("%w: an answer needs from 1 to %d approvals besides its author", hearback.ErrInvalid, MaxReviewers)
	}
	reason, err := desk.Public(s.Leak, "the reason", reason)
	if err != nil {
		return err
	}
	if reason == "" {
		return fmt.Errorf("%w: say why the number of reviewers changes; the reason is public", hearback.ErrInvalid)
	}
	from, err := s.Needed(ctx)
	if err != nil && !errors.Is(err, hearback.ErrInvalid) {
		return err
	}
	return s.Store.SetSetting(ctx, setting, strconv.Itoa(n), hearback.Record{
		Type: hearback.ReviewersChanged, At: s.now(), Actor: by, Subject: "setting:" + setting,
		Pub: pub{"from": from, "to": n, "reason": reason},
	})
}

// reviews returns the reviewers, as the log shows them, whose approvals count
// and who may still approve.
func (s *Answers) reviews(ctx context.Context, d *hearback.Revision, need int) ([]string, error) {
	var list, lapsed []string
	for _, x := range d.Valid() {
		if s.Allowed != nil {
			if err := s.Allowed(ctx, x.By, hearback.AnswerApproved); errors.Is(err, hearback.ErrRefused) {
				lapsed = append(lapsed, x.By.String())
				continue
			} else if err != nil {
				return nil, err
			}
		}
		list = append(list, x.By.String())
	}
	if len(list) < need && lapsed != nil {
		return nil, fmt.Errorf("%w: %s may not approve answers any more, so the answer needs another approval", hearback.ErrRefused, strings.Join(lapsed, ", "))
	}
	return list, nil // whether they are enough is for Answer.Publish to say
}

// rests returns [hearback.ErrRefused] if a revision rates what is going round
// in another way than its case does: the verdict of the case is what rests on
// evidence. That something is not yet known may be said before there is one.
func rests(r *hearback.Revision, c *hearback.Case) error {
	v := r.Verdict()
	if v == "" || v == c.Verdict || v == hearback.NotYetKnown && c.Verdict == "" {
		return nil
	}
	if c.Verdict == "" {
		return fmt.Errorf("%w: the answer says %q, but the case has no verdict; set the verdict from the evidence first", hearback.ErrRefused, v)
	}
	return fmt.Errorf("%w: the answer says %q, but the verdict of the case is %q; make them agree", hearback.ErrRefused, v, c.Verdict)
}

// owner returns the desk of c, or the fallback if it was removed.
func owner(desks []hearback.Desk, c *hearback.Case) hearback.Desk {
	var last hearback.Desk
	for _, d := range desks {
		if d.Slug == c.Desk && !d.Removed {
			return d
		}
		if d.Fallback && !d.Removed {
			last = d
		}
	}
	if last.Slug != "" {
		c.Desk = last.Slug
	}
	return last
}

// now returns the time of an act, as exactly as the store keeps it.
func (s *Answers) now() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }

func (s *Answers) allow(ctx context.Context, by hearback.Actor, act hearback.RecordType) error {
	if !by.Person() {
		return fmt.Errorf("%w: a person must decide this", hearback.ErrRefused)
	}
	if s.Allowed == nil {
		return nil
	}
	return s.Allowed(ctx, by, act)
}

func (s *Answers) load(ctx context.Context, id hearback.ID) (*hearback.Answer, *hearback.Case, error) {
	a, err := s.Store.Answer(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	c, err := s.Store.Case(ctx, a.Case)
	return a, c, err
}

// change loads an answer and its case, lets f change them, and writes both
// with the record of the act.
func (s *Answers) change(ctx context.Context, by hearback.Actor, id hearback.ID, act hearback.RecordType, f func(a *hearback.Answer, c *hearback.Case, at time.Time) (pub, error)) (*hearback.Answer, error) {
	if err := s.allow(ctx, by, act); err != nil {
		return nil, fmt.Errorf("answer %s: %w", id, err)
	}
	a, c, err := s.load(ctx, id)
	if err != nil {
		return nil, err
	}
	at := s.now()
	p, err := f(a, c, at)
	if err != nil {
		return nil, fmt.Errorf("answer %s: %w", id, err)
	}
	if err := s.Store.SaveAnswer(ctx, a, c, recordOf(act, a, by, at, p)); err != nil {
		return nil, err
	}
	return a, nil
}

// pub is what the public reads of an act.
type pub = map[string]any

// recordOf returns the record of an act about a.
func recordOf(act hearback.RecordType, a *hearback.Answer, by hearback.Actor, at time.Time, p pub) hearback.Record {
	p["answer"] = a.ID.String()
	return hearback.Record{Type: act, At: at, Actor: by, Subject: "answer:" + a.ID.String(), Pub: p}
}
