package hearback

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Reviewers is how many people other than the author must approve an answer.
// An office of two people sets it to one, and the setting is on the log.
const Reviewers = 2

// An Answer is a public reply to a [Concern]. What has been published stays in
// Revisions for ever; a correction adds one.
type Answer struct {
	ID        ID
	Case      ID
	Concern   ID
	State     AnswerState
	Revisions []Revision // in order; the last one may be a draft
	Withdrawn *Withdrawal
	Recheck   time.Time // when somebody must look again; zero if never
	Version   int       // counts writes
}

// AnswerState says where an answer stands.
type AnswerState string

// The states of an answer.
const (
	AnswerDraft     AnswerState = "draft"     // nothing is public yet
	AnswerPublished AnswerState = "published" // the newest published revision is public
	AnswerWithdrawn AnswerState = "withdrawn" // its page says so, and why
)

// A Revision is one wording of an answer, in every language it is given in.
type Revision struct {
	N         int // 1, 2, …
	Author    Actor
	Texts     []Text // one for each language, the office's first language first
	Reason    string // why the published text had to change; "" for the first
	At        time.Time
	Submitted time.Time  // when it was sent to review; zero while it is edited
	Approvals []Approval // of exactly these Texts
	Published time.Time  // zero until it is public
	Record    int64      // index of its entry in the public log, from 0; valid once Published
}

// A Text is an answer in one language: the fact first.
type Text struct {
	Lang    string
	Title   string // the fact, never the rumour
	Lead    string // the whole answer in three sentences
	Do      string // what to do
	Known   string // what we know, and how
	Going   string // what is going round, in our words
	Why     string // why that is wrong, or right
	Next    string // when we say more
	Verdict Verdict
}

// An Approval records that one reviewer vouched for a revision's texts.
type Approval struct {
	By   Actor
	At   time.Time
	Hash string // Revision.Hash of what was approved
	Note string
}

// A Withdrawal says why an answer is no longer given.
type Withdrawal struct {
	By     Actor
	At     time.Time
	Reason string
	Record int64
}

// Hash returns the SHA-256, in hex, of the revision's texts as canonical
// JSON: what reviewers approve, and what the public log keeps.
func (r *Revision) Hash() string {
	b, err := json.Marshal(struct {
		N     int    `json:"n"`
		Texts []Text `json:"texts"`
	}{r.N, r.Texts})
	if err != nil {
		panic(err) // strings and an int always marshal
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Current returns the newest published revision, or nil.
func (a *Answer) Current() *Revision {
	for i := len(a.Revisions) - 1; i >= 0; i-- {
		if !a.Revisions[i].Published.IsZero() {
			return &a.Revisions[i]
		}
	}
	return nil
}

// Draft returns the revision being worked on, or nil.
func (a *Answer) Draft() *Revision {
	if n := len(a.Revisions); n > 0 && a.Revisions[n-1].Published.IsZero() {
		return &a.Revisions[n-1]
	}
	return nil
}

// Write sets the texts of the draft, starting a new revision if there is none
// under way. An edit clears every approval. After publication a new revision
// is a correction and needs a reason. It returns [ErrRefused] if the answer
// is withdrawn and [ErrInvalid] if the texts cannot be used.
func (a *Answer) Write(texts []Text, reason string, by Actor, at time.Time) error {
	if a.State == AnswerWithdrawn {
		return fmt.Errorf("%w: this answer was withdrawn", ErrRefused)
	}
	if err := checkTexts(texts); err != nil {
		return err
	}
	if a.State == AnswerPublished && strings.TrimSpace(reason) == "" {
		return fmt.Errorf("%w: say why the published answer is corrected", ErrInvalid)
	}
	r := a.Draft()
	if r == nil {
		a.Revisions = append(a.Revisions, Revision{N: len(a.Revisions) + 1})
		r = &a.Revisions[len(a.Revisions)-1]
	}
	r.Author, r.Texts, r.Reason, r.At = by, slices.Clone(texts), reason, at
	r.Submitted, r.Approvals = time.Time{}, nil
	if a.State == "" {
		a.State = AnswerDraft
	}
	return nil
}

// Submit sends the draft to review.
func (a *Answer) Submit(by Actor, at time.Time) error {
	r := a.Draft()
	switch {
	case a.State == AnswerWithdrawn:
		return fmt.Errorf("%w: this answer was withdrawn", ErrRefused)
	case r == nil:
		return fmt.Errorf("%w: there is no draft to review", ErrRefused)
	case !r.Submitted.IsZero():
		return fmt.Errorf("%w: this draft is in review already", ErrRefused)
	}
	r.Submitted = at
	return nil
}

// Approve adds by's approval of the text whose hash is given. It returns
// [ErrRefused] if by wrote it or has approved it, and [ErrConflict] if the
// text has changed since by read it.
func (a *Answer) Approve(hash string, by Actor, at time.Time, note string) error {
	r := a.Draft()
	switch {
	case a.State == AnswerWithdrawn:
		return fmt.Errorf("%w: this answer was withdrawn", ErrRefused)
	case r == nil || r.Submitted.IsZero():
		return fmt.Errorf("%w: this answer is not in review", ErrRefused)
	case r.Hash() != hash:
		return fmt.Errorf("%w: the text is not the one you read; read it again", ErrConflict)
	case by.ID == r.Author.ID:
		return fmt.Errorf("%w: you wrote this answer, so you cannot approve it", ErrRefused)
	case slices.ContainsFunc(r.Approvals, func(x Approval) bool { return x.By.ID == by.ID }):
		return fmt.Errorf("%w: you have approved this text already", ErrRefused)
	}
	r.Approvals = append(r.Approvals, Approval{By: by, At: at, Hash: hash, Note: note})
	return nil
}

// Return sends the draft back to its author with a reason. Approvals are
// cleared; the reason stays in the case's history.
func (a *Answer) Return(by Actor, at time.Time) error {
	r := a.Draft()
	if a.State == AnswerWithdrawn || r == nil || r.Submitted.IsZero() {
		return fmt.Errorf("%w: this answer is not in review", ErrRefused)
	}
	r.Submitted, r.Approvals = time.Time{}, nil
	return nil
}

// Ready reports whether the draft has the approvals it needs.
func (a *Answer) Ready(reviewers int) bool {
	r := a.Draft()
	if r == nil || r.Submitted.IsZero() || a.State == AnswerWithdrawn {
		return false
	}
	n := 0
	for _, x := range r.Approvals {
		if x.Hash == r.Hash() && x.By.ID != r.Author.ID {
			n++
		}
	}
	return n >= max(reviewers, 1)
}

// Publish makes the draft public. reviewers is how many approvals the office
// asks for, at least one. It returns [ErrRefused] if they are not there.
func (a *Answer) Publish(reviewers int, at time.Time) error {
	if !a.Ready(reviewers) {
		return fmt.Errorf("%w: an answer needs %d approvals of its exact text before it is published", ErrRefused, max(reviewers, 1))
	}
	a.Draft().Published = at
	a.State = AnswerPublished
	return nil
}

// Withdraw takes a published answer back, for a reason the public reads.
func (a *Answer) Withdraw(reason string, by Actor, at time.Time) error {
	if a.State != AnswerPublished {
		return fmt.Errorf("%w: only a published answer can be withdrawn", ErrRefused)
	}
	if strings.TrimSpace(reason) == "" {
		return fmt.Errorf("%w: say why the answer is withdrawn; the public will read it", ErrInvalid)
	}
	a.State = AnswerWithdrawn
	a.Withdrawn = &Withdrawal{By: by, At: at, Reason: reason}
	return nil
}

// Limits on the texts of an answer, in characters.
const (
	MaxTitle = 200
	MaxPart  = 8000
)

func checkTexts(texts []Text) error {
	if len(texts) == 0 {
		return fmt.Errorf("%w: an answer needs at least one language", ErrInvalid)
	}
	seen := map[string]bool{}
	for _, t := range texts {
		switch {
		case t.Lang == "" || seen[t.Lang]:
			return fmt.Errorf("%w: each language may stand once", ErrInvalid)
		case strings.TrimSpace(t.Title) == "":
			return fmt.Errorf("%w: the answer has no title (%s)", ErrInvalid, t.Lang)
		case strings.TrimSpace(t.Lead) == "":
			return fmt.Errorf("%w: the answer has no lead (%s)", ErrInvalid, t.Lang)
		case len([]rune(t.Title)) > MaxTitle:
			return fmt.Errorf("%w: the title has more than %d characters (%s)", ErrInvalid, MaxTitle, t.Lang)
		case t.Verdict != "" && !slices.Contains(Verdicts(), t.Verdict):
			return fmt.Errorf("%w: %.40q is not a verdict", ErrInvalid, t.Verdict)
		}
		for _, part := range []string{t.Lead, t.Do, t.Known, t.Going, t.Why, t.Next} {
			if len([]rune(part)) > MaxPart {
				return fmt.Errorf("%w: a part of the answer has more than %d characters (%s)", ErrInvalid, MaxPart, t.Lang)
			}
		}
		seen[t.Lang] = true
	}
	return nil
}
