package hearback

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
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
	Revisions []Revision // in order; the last one may be a draft. Numbers are never reused.
	Withdrawn *Withdrawal
	Recheck   time.Time // when somebody must look again; zero if never
	Until     time.Time // until when it is valid; zero if it has no end
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
	N         int     // 1, 2, …
	Author    Actor   // who wrote these Texts
	Writers   []Actor // everybody who wrote a draft of this revision; none of them may approve it
	Texts     []Text  // one for each language, the office's first language first
	Reason    string  // why the published text had to change; "" for the first
	At        time.Time
	Submitted time.Time  // when it was sent to review; zero while it is edited
	Approvals []Approval // of exactly these Texts
	Published time.Time  // zero until it is public
	Record    int64      // index of its entry in the public log, from 0; valid once Published
	Urgent    *Urgent    // set if it went out in an emergency, with one approval
	Dropped   time.Time  // when its draft was given up; zero if it was not
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

// An Urgent says that a revision went out in an emergency with one approval,
// and whether the others have followed.
type Urgent struct {
	By       Actor
	At       time.Time
	Reason   string    // public
	Due      time.Time // when the other approvals must be there
	Reviewed time.Time // when they were; zero until then
}

// UrgentReview is how soon an answer that went out in an emergency must have
// the approvals that it lacked.
const UrgentReview = 24 * time.Hour

// PublishUrgent makes the draft public with one approval, for a reason, where
// reviewers would be needed. It is marked so for ever and must be reviewed
// afterwards.
func (a *Answer) PublishUrgent(reviewers int, reason string, by Actor, at time.Time) error {
	switch {
	case !a.Ready(1):
		return fmt.Errorf("%w: even in an emergency an answer needs one approval of its exact text", ErrRefused)
	case reviewers <= 1:
		return fmt.Errorf("%w: this office asks for one approval anyway; publish it the ordinary way", ErrRefused)
	case strings.TrimSpace(reason) == "":
		return fmt.Errorf("%w: say why it cannot wait for the second approval; the reason is public", ErrInvalid)
	}
	d := a.Draft()
	if err := a.Publish(1, at); err != nil {
		return err
	}
	if len(d.Valid()) < reviewers {
		d.Urgent = &Urgent{By: by, At: at, Reason: reason, Due: at.Add(UrgentReview)}
	}
	return nil
}

// Unreviewed reports whether the published text went out in an emergency and
// still lacks approvals.
func (a *Answer) Unreviewed() bool {
	r := a.Current()
	return a.State == AnswerPublished && r != nil && r.Urgent != nil && r.Urgent.Reviewed.IsZero()
}

// Expired reports whether the answer is public and the time is over for which
// it is valid. It is not withdrawn by that: its page says so and stays.
func (a *Answer) Expired(now time.Time) bool {
	return a.State == AnswerPublished && !a.Until.IsZero() && !now.Before(a.Until)
}

// MayRatify returns nil if by may add the approval that the published text
// lacks, or why not.
func (a *Answer) MayRatify(by Actor) error {
	r := a.Current()
	switch {
	case !a.Unreviewed():
		return fmt.Errorf("%w: this answer has its approvals", ErrRefused)
	case !by.Person():
		return fmt.Errorf("%w: an answer is approved by a person", ErrRefused)
	case r.wrote(by.ID):
		return fmt.Errorf("%w: you wrote in this answer, so you cannot approve it", ErrRefused)
	case slices.ContainsFunc(r.Approvals, func(x Approval) bool { return x.By.ID == by.ID }):
		return fmt.Errorf("%w: you have approved this text already", ErrRefused)
	}
	return nil
}

// Ratify adds an approval of the published text whose hash is given, which
// went out in an emergency. It returns [ErrConflict] if the text is another.
func (a *Answer) Ratify(hash string, reviewers int, by Actor, at time.Time, note string) error {
	if err := a.MayRatify(by); err != nil {
		return err
	}
	r := a.Current()
	if r.Hash() != hash {
		return fmt.Errorf("%w: the text is not the one you read; read it again", ErrConflict)
	}
	if err := CheckNote(note); err != nil {
		return err
	}
	r.Approvals = append(r.Approvals, Approval{By: by, At: at, Hash: hash, Note: note})
	if len(r.Valid()) >= reviewers {
		r.Urgent.Reviewed = at
	}
	return nil
}

// A Withdrawal says why an answer is no longer given.
type Withdrawal struct {
	By     Actor
	At     time.Time
	Reason string
	Record int64
}

// Hash returns the SHA-256, in hex, of the revision's number, texts and reason
// as JSON: what reviewers approve. It does not depend on who wrote them.
func (r *Revision) Hash() string {
	b, err := json.Marshal(struct {
		N      int    `json:"n"`
		Texts  []Text `json:"texts"`
		Reason string `json:"reason"`
	}{r.N, r.Texts, r.Reason})
	if err != nil {
		panic(err) // strings and an int always marshal
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Verdict returns what the revision says of what is going round, or "" if it
// rates nothing. Every language says the same.
func (r *Revision) Verdict() Verdict {
	if len(r.Texts) == 0 {
		return ""
	}
	return r.Texts[0].Verdict
}

// Holding reports whether the revision only says that the facts are not yet
// known: a holding statement, which does not count as the full answer.
func (r *Revision) Holding() bool { return r.Verdict() == NotYetKnown }

// Text returns the text in a language, or nil.
func (r *Revision) Text(lang string) *Text {
	for i := range r.Texts {
		if strings.EqualFold(r.Texts[i].Lang, lang) {
			return &r.Texts[i]
		}
	}
	return nil
}

// Langs returns the languages of the revision in order.
func (r *Revision) Langs() []string {
	langs := make([]string, len(r.Texts))
	for i, t := range r.Texts {
		langs[i] = t.Lang
	}
	return langs
}

// wrote reports whether the account had a hand in the revision.
func (r *Revision) wrote(id ID) bool {
	return r.Author.ID == id || slices.ContainsFunc(r.Writers, func(w Actor) bool { return w.ID == id })
}

// Valid returns the approvals that count: of exactly these texts, by distinct
// people who wrote none of them.
func (r *Revision) Valid() []Approval {
	var list []Approval
	hash, seen := r.Hash(), map[ID]bool{}
	for _, x := range r.Approvals {
		if x.Hash == hash && x.By.Person() && !r.wrote(x.By.ID) && !seen[x.By.ID] {
			seen[x.By.ID] = true
			list = append(list, x)
		}
	}
	return list
}

// Path is the path of the answer's public page, for ever.
func (a *Answer) Path() string { return "/answers/" + a.ID.String() }

// Current returns the newest published revision, or nil. A withdrawn answer
// still has one: what was withdrawn.
func (a *Answer) Current() *Revision {
	for i := len(a.Revisions) - 1; i >= 0; i-- {
		if !a.Revisions[i].Published.IsZero() {
			return &a.Revisions[i]
		}
	}
	return nil
}

// Public returns the published revisions, oldest first.
func (a *Answer) Public() []Revision {
	var list []Revision
	for _, r := range a.Revisions {
		if !r.Published.IsZero() {
			list = append(list, r)
		}
	}
	return list
}

// Changed returns when the public last saw something new of the answer: its
// first publication, a correction or its withdrawal; zero if it is not public.
func (a *Answer) Changed() time.Time {
	switch r := a.Current(); {
	case a.Withdrawn != nil:
		return a.Withdrawn.At
	case r != nil:
		return r.Published
	}
	return time.Time{}
}

// Draft returns the revision being worked on, or nil.
func (a *Answer) Draft() *Revision {
	n := len(a.Revisions)
	if n == 0 || a.State == AnswerWithdrawn {
		return nil
	}
	if r := &a.Revisions[n-1]; r.Published.IsZero() && r.Dropped.IsZero() {
		return r
	}
	return nil
}

// MaxRevisions is how many revisions an answer keeps; a matter that needs more
// needs a new answer.
const MaxRevisions = 500

// Write sets the texts of the draft, starting a new revision if there is none
// under way. An edit clears every approval, and whoever wrote any draft of a
// revision never approves it. After publication a new revision is a correction
// and needs a reason. It returns [ErrRefused] if the answer is withdrawn and
// [ErrInvalid] if the texts cannot be used.
func (a *Answer) Write(texts []Text, reason string, by Actor, at time.Time) error {
	if a.State == AnswerWithdrawn {
		return fmt.Errorf("%w: this answer was withdrawn; draft a new one for the case", ErrRefused)
	}
	if !by.Person() {
		return fmt.Errorf("%w: an answer is written by a person", ErrRefused)
	}
	texts, reason = tidyTexts(texts), tidy(reason)
	if err := checkTexts(texts); err != nil {
		return err
	}
	if err := CheckNote(reason); err != nil {
		return err
	}
	switch {
	case a.State == AnswerPublished && reason == "":
		return fmt.Errorf("%w: say why the published answer is corrected", ErrInvalid)
	case a.State != AnswerPublished:
		reason = "" // nothing is corrected yet
	}
	r := a.Draft()
	if r == nil {
		if len(a.Revisions) >= MaxRevisions {
			return fmt.Errorf("%w: an answer keeps at most %d revisions; draft a new answer", ErrRefused, MaxRevisions)
		}
		a.Revisions = append(a.Revisions, Revision{N: len(a.Revisions) + 1})
		r = &a.Revisions[len(a.Revisions)-1]
	}
	if !slices.ContainsFunc(r.Writers, func(w Actor) bool { return w.ID == by.ID }) {
		r.Writers = append(r.Writers, by)
	}
	r.Author, r.Texts, r.Reason, r.At = by, texts, reason, at
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
	r.Submitted, r.Approvals = at, nil
	return nil
}

// MayApprove returns nil if by may approve the draft as it stands, or why not:
// it is not in review, by is not a person, wrote some of it, or approved it
// already.
func (a *Answer) MayApprove(by Actor) error {
	r := a.Draft()
	switch {
	case a.State == AnswerWithdrawn:
		return fmt.Errorf("%w: this answer was withdrawn", ErrRefused)
	case r == nil || r.Submitted.IsZero():
		return fmt.Errorf("%w: this answer is not in review", ErrRefused)
	case !by.Person():
		return fmt.Errorf("%w: an answer is approved by a person", ErrRefused)
	case r.wrote(by.ID):
		return fmt.Errorf("%w: you wrote in this answer, so you cannot approve it", ErrRefused)
	case slices.ContainsFunc(r.Approvals, func(x Approval) bool { return x.By.ID == by.ID }):
		return fmt.Errorf("%w: you have approved this text already", ErrRefused)
	}
	return nil
}

// Approve adds by's approval of the text whose hash is given. It returns
// [ErrRefused] if by wrote in it or has approved it, and [ErrConflict] if the
// text has changed since by read it.
func (a *Answer) Approve(hash string, by Actor, at time.Time, note string) error {
	if r := a.Draft(); r != nil && !r.Submitted.IsZero() && r.Hash() != hash {
		return fmt.Errorf("%w: the text is not the one you read; read it again", ErrConflict)
	}
	if err := a.MayApprove(by); err != nil {
		return err
	}
	if err := CheckNote(note); err != nil {
		return err
	}
	r := a.Draft()
	r.Approvals = append(r.Approvals, Approval{By: by, At: at, Hash: hash, Note: note})
	return nil
}

// Return sends the draft back to its author with a reason. Approvals are
// cleared; the reason stays in the case's history.
func (a *Answer) Return(by Actor, at time.Time) error {
	r := a.Draft()
	if r == nil || r.Submitted.IsZero() {
		return fmt.Errorf("%w: this answer is not in review", ErrRefused)
	}
	r.Submitted, r.Approvals = time.Time{}, nil
	return nil
}

// Drop gives up the draft. It stays in Revisions with its number, and never
// becomes public.
func (a *Answer) Drop(by Actor, at time.Time) error {
	r := a.Draft()
	if r == nil {
		return fmt.Errorf("%w: there is no draft to give up", ErrRefused)
	}
	r.Submitted, r.Approvals, r.Dropped = time.Time{}, nil, at
	return nil
}

// Ready reports whether the draft has the approvals it needs.
func (a *Answer) Ready(reviewers int) bool {
	r := a.Draft()
	return r != nil && !r.Submitted.IsZero() && len(r.Valid()) >= max(reviewers, 1)
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

// Withdraw takes a published answer back, for a reason the public reads. What
// was published stays in Revisions; a correction under way is given up.
func (a *Answer) Withdraw(reason string, by Actor, at time.Time) error {
	if a.State != AnswerPublished {
		return fmt.Errorf("%w: only a published answer can be withdrawn", ErrRefused)
	}
	if !by.Person() {
		return fmt.Errorf("%w: an answer is withdrawn by a person", ErrRefused)
	}
	reason = tidy(reason)
	if reason == "" {
		return fmt.Errorf("%w: say why the answer is withdrawn; the public will read it", ErrInvalid)
	}
	if err := CheckNote(reason); err != nil {
		return err
	}
	if a.Draft() != nil {
		if err := a.Drop(by, at); err != nil {
			return err
		}
	}
	a.State = AnswerWithdrawn
	a.Withdrawn = &Withdrawal{By: by, At: at, Reason: reason}
	return nil
}

// Limits on the texts of an answer, in characters.
const (
	MaxTitle = 200
	MaxPart  = 8000
	MaxLangs = 40
)

// Parts returns the parts of t in reading order, without the title: lead, do,
// known, going, why, next.
func (t *Text) Parts() []string { return []string{t.Lead, t.Do, t.Known, t.Going, t.Why, t.Next} }

func checkTexts(texts []Text) error {
	if len(texts) == 0 {
		return fmt.Errorf("%w: an answer needs at least one language", ErrInvalid)
	}
	if len(texts) > MaxLangs {
		return fmt.Errorf("%w: an answer has at most %d languages", ErrInvalid, MaxLangs)
	}
	seen := map[string]bool{}
	for _, t := range texts {
		lang := strings.ToLower(t.Lang)
		switch {
		case !ValidLang(t.Lang):
			return fmt.Errorf("%w: %.40q is not a language tag; use one such as en or zh", ErrInvalid, t.Lang)
		case seen[lang]:
			return fmt.Errorf("%w: each language may stand once (%s)", ErrInvalid, t.Lang)
		case t.Title == "":
			return fmt.Errorf("%w: the answer has no title (%s)", ErrInvalid, t.Lang)
		case t.Lead == "":
			return fmt.Errorf("%w: the answer has no lead (%s)", ErrInvalid, t.Lang)
		case utf8.RuneCountInString(t.Title) > MaxTitle:
			return fmt.Errorf("%w: the title has more than %d characters (%s)", ErrInvalid, MaxTitle, t.Lang)
		case strings.Contains(t.Title, "\n"):
			return fmt.Errorf("%w: the title must stand on one line (%s)", ErrInvalid, t.Lang)
		case t.Verdict != "" && !slices.Contains(Verdicts(), t.Verdict):
			return fmt.Errorf("%w: %.40q is not a verdict", ErrInvalid, t.Verdict)
		case t.Verdict != texts[0].Verdict:
			return fmt.Errorf("%w: the verdict must be the same in every language (%s)", ErrInvalid, t.Lang)
		}
		for _, part := range append(t.Parts(), t.Title) {
			if utf8.RuneCountInString(part) > MaxPart {
				return fmt.Errorf("%w: a part of the answer has more than %d characters (%s)", ErrInvalid, MaxPart, t.Lang)
			}
			if err := checkPlain("the answer", part); err != nil {
				return err
			}
		}
		seen[lang] = true
	}
	return nil
}

// ValidLang reports whether s has the form of a BCP 47 language tag. It does
// not know which languages there are.
func ValidLang(s string) bool {
	if len(s) < 2 || len(s) > 35 {
		return false
	}
	for i, part := range strings.Split(s, "-") {
		if len(part) < 1 || len(part) > 8 || i == 0 && len(part) == 1 {
			return false
		}
		for _, r := range []byte(strings.ToLower(part)) {
			if (r < 'a' || r > 'z') && (i == 0 || r < '0' || r > '9') {
				return false
			}
		}
	}
	return true
}

// tidy makes every line end "\n", which it is not in what a browser sends, and
// takes spaces away at both ends, so that the same words have the same hash.
func tidy(s string) string {
	return strings.TrimSpace(lineEnds.Replace(s))
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n")

func tidyTexts(texts []Text) []Text {
	texts = slices.Clone(texts)
	for i := range texts {
		t := &texts[i]
		for _, s := range []*string{&t.Lang, &t.Title, &t.Lead, &t.Do, &t.Known, &t.Going, &t.Why, &t.Next} {
			*s = tidy(*s)
		}
	}
	return texts
}

// checkPlain returns [ErrInvalid] for text that would not be read as it is
// stored: broken UTF-8, control characters, and the two marks that turn the
// order of letters round.
func checkPlain(what, s string) error {
	if !utf8.ValidString(s) {
		return fmt.Errorf("%w: %s is not UTF-8", ErrInvalid, what)
	}
	for _, r := range s {
		if unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' || r == '\u202d' || r == '\u202e' {
			return fmt.Errorf("%w: %s holds the invisible character %U; remove it", ErrInvalid, what, r)
		}
	}
	return nil
}

// Canonical returns the published words of revision r of a as JSON with one
// form only: sorted keys, no needless escapes or spaces, in the manner of
// RFC 8785. Its SHA-256 stands in the public log, and public pages carry it.
// Parts without words are left out.
func (a *Answer) Canonical(r *Revision) ([]byte, error) {
	texts := make([]any, len(r.Texts))
	for i, t := range r.Texts {
		m := map[string]any{"lang": t.Lang}
		for key, s := range map[string]string{
			"title": t.Title, "lead": t.Lead, "do": t.Do, "known": t.Known,
			"going": t.Going, "why": t.Why, "next": t.Next, "verdict": string(t.Verdict),
		} {
			if s != "" {
				m[key] = s
			}
		}
		texts[i] = m
	}
	doc := map[string]any{
		"v": 1, "answer": a.ID.String(), "rev": r.N, "texts": texts,
		"published": r.Published.UTC().Format("2006-01-02T15:04:05.000000Z"),
	}
	if r.Reason != "" {
		doc["reason"] = r.Reason
	}
	if r.Urgent != nil {
		doc["urgent"] = r.Urgent.Reason
	}
	if err := plain(doc); err != nil {
		return nil, fmt.Errorf("answer %s: %w", a.ID, err)
	}
	return canonical(doc)
}
