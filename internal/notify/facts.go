package notify

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"example.org/hearback"
)

// facts are what a notice is about as it stands now.
type facts struct {
	kind   Kind
	over   string // why nobody needs to be told any more, in a sentence; "" if somebody does
	urgent bool
	again  bool // told again until somebody says that they look after it
	late   bool // for the digest only: over the budget of alerts, or in the first days
	rank   float64
	desk   string        // whose it is; "" if no desk has it
	triage bool          // no desk has it, so it is also for the desk that takes what no other takes
	to     []string      // of a deadline: who is told, "#7" or "desk:water"; empty for the desk
	nots   []hearback.ID // accounts that wrote what is in review, and may not approve it

	tier   hearback.Tier
	matter string // the concern, without words of a message
	alert  *hearback.Alert
	clock  hearback.DeadlineKind
	due    time.Time
	out    *Outward // for receivers outside
	source string   // title
	why    string   // fault of the source
	page   string   // path in the console
	ack    string   // path of the page with the button that stops repeats
}

// look finds out what a notice is about, and whether it still matters. What is
// not there any more does not.
func (s *Service) look(ctx context.Context, kind Kind, subject string) (f facts, err error) {
	f.kind = kind
	what, id, err := about(subject)
	if err != nil {
		return f, err
	}
	switch what {
	case "alert":
		err = s.lookAlert(ctx, &f, id)
	case "case":
		err = s.lookCase(ctx, &f, id)
	case "answer":
		if kind.Outward() {
			err = s.lookOutward(ctx, &f, id)
			break
		}
		err = s.lookAnswer(ctx, &f, id)
	case "source":
		err = s.lookSource(ctx, &f, id)
	default:
		f.over = "It is about nothing that can be told."
	}
	if errors.Is(err, hearback.ErrNotFound) {
		f.over, err = "What it was about is not there any more.", nil
	}
	return f, err
}

func (s *Service) lookAlert(ctx context.Context, f *facts, id hearback.ID) error {
	a, err := s.Store.Alert(ctx, id)
	if err != nil {
		return err
	}
	f.alert, f.late, f.ack = a, a.Digest, "/alerts?view=open#alert-"+id.String()
	switch {
	case !a.Acked.IsZero():
		f.over = "Somebody acknowledged the alert."
	case a.Verdict != hearback.AlertOpen:
		f.over = "Somebody judged the alert."
	}
	switch {
	case a.Kind == hearback.AlertDeadline:
		if err := s.lookCase(ctx, f, a.Case); err != nil {
			return err
		}
		f.clock, f.due, f.urgent = a.Clock, a.Due, f.tier == hearback.P1
		f.again, f.to = f.kind == Overdue, a.To
		return nil
	case a.Source != 0:
		src, err := s.Store.Source(ctx, a.Source)
		if err != nil {
			return err
		}
		f.source, f.page = src.Title, "/sources/"+a.Source.String()
		if src.State != hearback.SourceActive && f.over == "" {
			f.over = "The source is not listened to any more."
		}
		return nil
	}
	c, err := s.concern(ctx, f, a.Concern)
	if err != nil {
		return err
	}
	f.page, f.urgent = "/concerns/"+c.ID.String(), a.Kind == hearback.AlertHarm
	f.again, f.triage = f.urgent, true
	if c.Case != 0 {
		k, err := s.Store.Case(ctx, c.Case)
		if err != nil {
			return err
		}
		if k.State != hearback.CaseClosed {
			f.desk, f.triage = k.Desk, false
			switch {
			case f.over != "":
			case k.Opened.After(a.At):
				f.over = "A case was opened."
			case k.Acked().After(a.At):
				f.over = "Somebody looks after it."
			}
		}
	}
	return nil
}

// concern names the matter of f.
func (s *Service) concern(ctx context.Context, f *facts, id hearback.ID) (*hearback.Concern, error) {
	c, err := s.Store.Concern(ctx, id)
	if err != nil {
		return nil, err
	}
	f.matter, f.rank, f.tier = matter(c), c.Score.High, c.Score.Tier
	if c.State == hearback.Muted && f.over == "" {
		f.over = "The concern was muted."
	}
	return c, nil
}

// matter names a concern outside the console: by the title that an officer
// wrote, or by its phrases. A title that was drafted from messages is their
// words, and stays inside.
func matter(c *hearback.Concern) string {
	if c.Titled {
		return OneLine(c.Title, 120)
	}
	if len(c.Phrases) > 0 {
		return OneLine(strings.Join(c.Phrases[:min(3, len(c.Phrases))], " · "), 120)
	}
	return c.ID.String()
}

func (s *Service) lookCase(ctx context.Context, f *facts, id hearback.ID) error {
	k, err := s.Store.Case(ctx, id)
	if err != nil {
		return err
	}
	muted := f.over
	if _, err := s.concern(ctx, f, k.Concern); err != nil {
		return err
	}
	f.over = muted // a case is answered whether or not its concern may raise alerts
	f.tier, f.desk, f.page, f.urgent = k.Tier, k.Desk, "/cases/"+id.String(), k.Tier == hearback.P1
	if f.ack != "" {
		f.ack = f.page // its page has the button
	}
	switch {
	case f.over != "":
	case k.State == hearback.CaseClosed:
		f.over = "The case is closed."
	case f.alert != nil && !slices.ContainsFunc(k.Deadlines, func(d hearback.Deadline) bool {
		return d.Kind == f.alert.Clock && d.Running() && d.Due.Equal(f.alert.Due)
	}):
		f.over = "The clock was met, moved or stopped."
	case f.alert != nil && k.Paused():
		f.over = "The clocks of the case stand still."
	}
	if f.alert == nil {
		if d := k.Next(); d != nil {
			f.clock, f.due = d.Kind, d.Due
		}
	}
	return nil
}

func (s *Service) lookAnswer(ctx context.Context, f *facts, id hearback.ID) error {
	a, err := s.Store.Answer(ctx, id)
	if err != nil {
		return err
	}
	if err := s.lookCase(ctx, f, a.Case); err != nil {
		return err
	}
	f.page = "/answers/" + id.String()
	if f.kind == Expiry {
		// A case that is closed has an answer that may go out of date all the same.
		f.over, f.clock, f.due = "", "", a.Until
		switch {
		case a.State != hearback.AnswerPublished:
			f.over = "The answer is not public."
		case a.Until.IsZero() || a.Until.Sub(s.now()) > expiryNotice:
			f.over = "The answer is valid for longer."
		}
		return nil
	}
	if f.kind == Recheck {
		f.over, f.clock, f.due = "", "", a.Recheck
		switch {
		case a.State != hearback.AnswerPublished:
			f.over = "The answer is not public."
		case a.Recheck.IsZero() || a.Recheck.After(s.now()):
			f.over = "Somebody looked at the answer already."
		}
		return nil
	}
	d := a.Draft()
	if d == nil || d.Submitted.IsZero() {
		f.over = "The answer is not in review any more."
		return nil
	}
	for _, w := range d.Writers {
		f.nots = append(f.nots, w.ID)
	}
	return nil
}

// lookOutward looks at an answer as the public sees it.
func (s *Service) lookOutward(ctx context.Context, f *facts, id hearback.ID) error {
	if s.Outward == nil {
		f.over = "Nobody outside is told of answers."
		return nil
	}
	a, err := s.Store.Answer(ctx, id)
	if err != nil {
		return err
	}
	switch {
	case a.Current() == nil:
		f.over = "The answer is not public."
	case f.kind != Withdrawn && a.Withdrawn != nil:
		f.over = "The answer was withdrawn since; that is told by itself."
	case f.kind == Published && len(a.Public()) > 1:
		f.over = "The answer was corrected since; that is told by itself."
	}
	if f.over != "" {
		return nil
	}
	o, err := s.Outward(ctx, a)
	f.out, f.page = &o, "/answers/"+id.String()
	return err
}

func (s *Service) lookSource(ctx context.Context, f *facts, id hearback.ID) error {
	src, err := s.Store.Source(ctx, id)
	if err != nil {
		return err
	}
	if f.why, err = s.Store.SourceFault(ctx, id); err != nil {
		return err
	}
	f.source, f.page = src.Title, "/sources/"+id.String()
	switch {
	case src.Kind != hearback.Feed:
		f.over = "Nothing is read from the source by itself." // whoever sent it a table was told
	case f.why == "":
		f.over = "The source can be read again."
	case src.State == hearback.SourceRemoved:
		f.over = "The source is not listened to any more."
	}
	return nil
}

// OneLine returns s on one line, at most n characters long.
func OneLine(s string, n int) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
