package office

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/answer"
)

// A ReadyAnswer is an answer that the playbook of a case has prepared.
type ReadyAnswer struct {
	N     int // from 1
	Title string
	Lang  string
	Texts []hearback.Text
}

// Ready lists the answers that the playbook of a case has prepared.
func (q *Caller) Ready(ctx context.Context, c *hearback.Case) (list []ReadyAnswer, err error) {
	if c.Playbook == nil {
		return nil, nil
	}
	book, err := q.o.Desks.Playbook(ctx, c.Playbook.Slug)
	if errors.Is(err, hearback.ErrNotFound) {
		return nil, nil // it was removed since
	}
	if err != nil {
		return nil, err
	}
	// Each is written in both languages, one after the other; if one is missing
	// somewhere nobody can tell which belong together.
	mine, theirs := book.Answers[q.Locale.Lang], book.Answers[q.Locale.Other()]
	paired := len(mine) == len(theirs)
	for i, t := range mine {
		x := ReadyAnswer{Title: t.Title, Lang: t.Lang, Texts: []hearback.Text{t}}
		if paired {
			x.Texts = append(x.Texts, theirs[i])
		}
		list = append(list, x)
	}
	if !paired {
		for _, t := range theirs {
			list = append(list, ReadyAnswer{Title: t.Title, Lang: t.Lang, Texts: []hearback.Text{t}})
		}
	}
	for i := range list {
		list[i].N = i + 1
	}
	return list, nil
}

// PutIn puts prepared texts into those of a draft. A part that says something
// already gets the prepared words below it.
func PutIn(typed, prepared []hearback.Text) []hearback.Text {
	for _, t := range prepared {
		i := slices.IndexFunc(typed, func(x hearback.Text) bool { return x.Lang == t.Lang })
		if i < 0 {
			typed = append(typed, hearback.Text{Lang: t.Lang})
			i = len(typed) - 1
		}
		x := &typed[i]
		if x.Title == "" {
			x.Title = t.Title
		}
		for _, part := range []struct {
			to   *string
			from string
		}{{&x.Lead, t.Lead}, {&x.Do, t.Do}, {&x.Known, t.Known}, {&x.Going, t.Going}, {&x.Why, t.Why}, {&x.Next, t.Next}} {
			if !strings.Contains(*part.to, part.from) {
				*part.to = strings.TrimSpace(*part.to + "\n\n" + part.from)
			}
		}
	}
	return typed
}

// An AnswerRow is one line of a list of answers.
type AnswerRow struct {
	hearback.Answer
	Title     string
	TitleLang string
	State     string
	Class     string
	Changed   time.Time
	Record    int64
	Case      hearback.ID
	Due       time.Time
}

// TextOf returns the text of a revision in the language of the reader, or
// in the first one that it has.
func (q *Caller) TextOf(r *hearback.Revision) *hearback.Text {
	if r == nil || len(r.Texts) == 0 {
		return &hearback.Text{}
	}
	if t := r.Text(q.Locale.Lang); t != nil {
		return t
	}
	return &r.Texts[0]
}

// AnswerRow adds to an answer what a line of the list shows.
func (q *Caller) AnswerRow(a hearback.Answer) AnswerRow {
	r := AnswerRow{Answer: a, Case: a.Case, Changed: a.Changed(), Record: -1, Class: StateClass(a.State), State: q.Locale.Label("answerstate", a.State)}
	rev := a.Draft()
	if rev != nil {
		r.Changed = rev.At
		r.State, r.Class = q.T("answerstate.drafting"), "open"
		if !rev.Submitted.IsZero() {
			r.State, r.Class = q.T("answerstate.review"), "busy"
		}
		if a.State == hearback.AnswerPublished {
			r.State = q.T("answerstate.correcting", r.State)
		}
	} else {
		rev = a.Current()
	}
	if cur := a.Current(); cur != nil {
		r.Record = cur.Record
	}
	if a.Expired(q.o.Now()) {
		r.State, r.Class = q.T("answerstate.expired", r.State), "warn"
	}
	t := q.TextOf(rev)
	r.Title, r.TitleLang = t.Title, t.Lang
	if r.Title == "" {
		r.Title = q.T("answer.untitled")
	}
	return r
}

// AnswerViews are the views of the list.
func AnswerViews() []string { return []string{"all", "draft", "published", "withdrawn"} }

// InAnswers reports whether a view shows an answer.
func InAnswers(view string, a *hearback.Answer) bool {
	switch view {
	case "draft":
		return a.Draft() != nil
	case "published":
		return a.State == hearback.AnswerPublished
	case "withdrawn":
		return a.State == hearback.AnswerWithdrawn
	}
	return true
}

// Warnings says in words what the plain checks found.
func (q *Caller) Warnings(found []answer.Warning) []string {
	var list []string
	for _, w := range found {
		s := q.T(w.Key, w.Word, w.Asked, q.Locale.LangName(w.Lang))
		if w.Lang != "" && w.Key != answer.WarnLang {
			s = q.T("answer.warn.in", q.Locale.LangName(w.Lang), s)
		}
		list = append(list, s)
	}
	return list
}

// OutcomeText is the sentence that the claim level of an outcome allows.
func (q *Caller) OutcomeText(o *hearback.Outcome) string {
	if o == nil {
		return q.T("outcome.none")
	}
	text := o.Text
	if q.Locale.Lang == "zh" && o.TextZH != "" {
		text = o.TextZH
	}
	switch {
	case text == "":
		return q.T("outcome.measuring", o.Window)
	case !o.Complete: // when they end is said in the time of the office
		return text + q.T("outcome.ends", q.Locale.Moment(o.Ends()))
	}
	return text
}

// RecheckIn says that a published answer still stands, and when to look again.
func (q *Caller) RecheckIn(ctx context.Context, by hearback.Actor, id hearback.ID, days int) error {
	if days < 1 || days > 366 {
		return fmt.Errorf("%w: look again within 1 to 366 days", hearback.ErrInvalid)
	}
	_, err := q.o.Answers.Rechecked(ctx, by, id, q.o.Now().Add(time.Duration(days)*24*time.Hour))
	return err
}
