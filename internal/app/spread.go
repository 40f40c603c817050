package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/answer"
	"example.org/hearback/internal/match"
	"example.org/hearback/internal/notify"
	"example.org/hearback/internal/publish"
	"example.org/hearback/internal/web/office"
)

// liveAnswers makes what the public sees follow at once when an answer goes
// out, is corrected or is withdrawn.
type liveAnswers struct {
	*answer.Answers
	a *App
}

var _ office.Answers = liveAnswers{}

func (l liveAnswers) Publish(ctx context.Context, by hearback.Actor, id hearback.ID) (*hearback.Answer, error) {
	if err := l.a.confirmed(ctx); err != nil {
		return nil, fmt.Errorf("answer %s: %w", id, err)
	}
	x, err := l.Answers.Publish(ctx, by, id)
	return x, l.after(ctx, err)
}

func (l liveAnswers) PublishUrgent(ctx context.Context, by hearback.Actor, id hearback.ID, reason string) (*hearback.Answer, error) {
	x, err := l.Answers.PublishUrgent(ctx, by, id, reason)
	return x, l.after(ctx, err)
}

func (l liveAnswers) Withdraw(ctx context.Context, by hearback.Actor, id hearback.ID, reason string) (*hearback.Answer, error) {
	x, err := l.Answers.Withdraw(ctx, by, id, reason)
	return x, l.after(ctx, err)
}

func (l liveAnswers) after(ctx context.Context, err error) error {
	if err != nil {
		return err
	}
	l.a.Log.Kick()
	if err := l.a.finder.load(ctx, l.a); err != nil {
		return err
	}
	l.a.kickSpread()
	return nil
}

func (a *App) kickSpread() {
	select {
	case a.spreading <- struct{}{}:
	default:
	}
}

// spreadEvery is how often the log is looked at for what must go out, besides
// when somebody publishes.
const spreadEvery = 20 * time.Second

// runSpread tells the world what was published, until ctx ends.
func (a *App) runSpread(ctx context.Context) {
	tick := time.NewTicker(spreadEvery)
	defer tick.Stop()
	for {
		if err := a.greet(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("a neighbouring office does not answer", slog.String("component", "fediverse"), slog.Any("err", err))
		}
		if err := a.spread(ctx); err != nil && ctx.Err() == nil {
			a.log.Error("what was published could not be sent on and will be tried again", slog.String("component", "spread"), slog.Any("err", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-a.spreading:
		case <-tick.C:
		}
	}
}

// spread reads the acts that the log has gained, keeps what must be sent
// because of them, and sends what is due. The log is what makes sure that
// nothing is forgotten when the service is killed between an act and its
// sending, and that nothing is sent on twice.
func (a *App) spread(ctx context.Context) error {
	a.spreadMu.Lock()
	defer a.spreadMu.Unlock()
	from, err := a.Store.SpreadTo(ctx)
	if err != nil {
		return err
	}
	for {
		list, err := a.Store.Entries(ctx, from, 500)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			break
		}
		var out []publish.Delivery
		var told []hearback.ID
		for _, e := range list {
			id, ok := strings.CutPrefix(e.Subject, "answer:")
			n, err := hearback.ParseID(id)
			if !ok || err != nil || !slices.Contains([]hearback.RecordType{hearback.AnswerOut, hearback.AnswerCorrected, hearback.AnswerRetracted}, e.Type) {
				continue
			}
			x, err := a.Store.Answer(ctx, n)
			if err != nil {
				return err
			}
			more, err := a.letters(ctx, x, e.Seq)
			if err != nil {
				return err
			}
			out = append(out, more...)
			if slices.Contains(told, n) {
				continue // machines are told how it stands now, once
			}
			told = append(told, n)
			more, err = a.tell(ctx, x)
			if err != nil {
				return err
			}
			out = append(out, more...)
		}
		to := list[len(list)-1].Seq + 1
		if err := a.Store.SpreadActs(ctx, from, to, out); err != nil {
			return err
		}
		from = to
	}
	a.kickLetters()
	return a.sendDue(ctx, false)
}

// tell returns what must be sent because an answer changed for the public.
func (a *App) tell(ctx context.Context, x *hearback.Answer) (list []publish.Delivery, err error) {
	add := func(kind string, target, body []byte) {
		now := a.now()
		list = append(list, publish.Delivery{ID: a.ids.Next(now), Kind: kind, Target: target, Body: body, Made: now, Due: now})
	}
	if hub := a.Config.Publish.Hub; hub != "" {
		for _, u := range a.feedURLs(x) {
			add("websub", []byte(hub), []byte(u))
		}
	}
	if a.fediverse != nil {
		more, err := a.fediverse.Tell(ctx, x)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	return list, nil
}

// feedURLs lists the feeds that an answer stands in.
func (a *App) feedURLs(x *hearback.Answer) (list []string) {
	f := a.finder.facets(x.ID)
	site := a.publicSite()
	for _, lang := range []string{"en", "zh"} {
		sels := []publish.Selection{{Lang: lang}}
		for _, area := range f.areas {
			sels = append(sels, publish.Selection{Lang: lang, Area: area})
		}
		for _, t := range f.topics {
			sels = append(sels, publish.Selection{Lang: lang, Topic: t.String()})
		}
		for _, s := range sels {
			list = append(list, site.FeedURL(publish.AtomPath, s), site.FeedURL(publish.JSONPath, s))
		}
	}
	return list
}

// sendDue tries every delivery that is due, once: letters, or all else.
func (a *App) sendDue(ctx context.Context, letters bool) error {
	var post notify.Line // open until the last letter is sent
	if letters {
		a.postMu.Lock()
		defer a.postMu.Unlock()
		if a.follow != nil {
			post = notify.OpenLine(a.follow.Mail)
			defer post.Close()
		}
	}
	for {
		due, err := a.Store.DueOutgoing(ctx, letters, a.now(), 50)
		if err != nil || len(due) == 0 {
			return err
		}
		for _, d := range due {
			err := a.deliver(ctx, d, post)
			var gone goneError
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case err == nil:
				err = a.Store.Sent(ctx, d.ID)
			case errors.As(err, &gone) || d.Tries+1 >= publish.Tries:
				// Never the target in the log of the program: it may be an address.
				a.log.Warn("a delivery is given up", slog.String("component", "spread"), slog.String("kind", d.Kind), slog.Any("err", err))
				err = a.Store.Sent(ctx, d.ID)
			default:
				var f *notify.Fault
				wait := publish.Wait(d.Tries + 1)
				if errors.As(err, &f) {
					wait = max(wait, min(f.After, 24*time.Hour))
				}
				err = a.Store.SendAgain(ctx, d.ID, a.now().Add(wait))
				if err == nil && letters && f != nil && f.Away {
					return nil // the others would fail the same way; they keep their tries
				}
			}
			if err != nil {
				return err
			}
		}
	}
}

// A goneError says that trying again is no use.
type goneError struct{ error }

// deliver sends one delivery, a letter by post.
func (a *App) deliver(ctx context.Context, d publish.Delivery, post notify.Line) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	switch d.Kind {
	case "websub":
		form := url.Values{"hub.mode": {"publish"}, "hub.url": {string(d.Body)}}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, string(d.Target), strings.NewReader(form.Encode()))
		if err != nil {
			return goneError{err}
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return a.post(req)
	case "open311":
		return a.deliverCase(ctx, d)
	case publish.Letter:
		if !a.Config.Mail.Follow {
			return goneError{fmt.Errorf("%w: the office sends no letters any more", hearback.ErrNotFound)}
		}
		var f *notify.Fault
		err := a.follow.Deliver(ctx, d, post)
		if errors.As(err, &f) && f.Final {
			return goneError{err}
		}
		return err
	case "activity":
		if a.fediverse == nil {
			return goneError{fmt.Errorf("%w: the office has no actor any more", hearback.ErrNotFound)}
		}
		return a.fediverse.Deliver(ctx, d, a.post)
	}
	return goneError{fmt.Errorf("%w: nobody knows how to send a delivery of the kind %q", hearback.ErrInvalid, d.Kind)}
}

// post sends a request and expects nothing but success.
func (a *App) post(req *http.Request) error {
	res, err := a.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, 64<<10) // so that the connection can be used again
	switch {
	case res.StatusCode < 300:
		return nil
	case res.StatusCode == http.StatusGone || res.StatusCode == http.StatusNotFound:
		return goneError{fmt.Errorf("%w: the other side answers %s", hearback.ErrNotFound, res.Status)}
	}
	if res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden {
		return fmt.Errorf("%w: the other side answers %s", hearback.ErrRefused, res.Status)
	}
	return fmt.Errorf("the other side answers %s", res.Status)
}

// facets are the feeds that an answer stands in besides that of its language.
type facets struct {
	areas  []string
	topics []hearback.ID
}

// within reports whether an answer belongs into a selection.
func (f facets) within(sel publish.Selection) bool {
	if sel.Topic != "" {
		id, err := hearback.ParseID(sel.Topic)
		if err != nil || !slices.Contains(f.topics, id) {
			return false
		}
	}
	return sel.Area == "" || slices.ContainsFunc(f.areas, func(area string) bool { return area == sel.Area || strings.HasPrefix(area, sel.Area+"/") })
}

// facetsOf finds what an answer is about: the topics whose queries would keep
// its words, and the areas where its concern was heard from enough people to be
// named in public.
func (a *App) facetsOf(ctx context.Context, x *hearback.Answer) (f facets, err error) {
	rev := x.Current()
	if rev == nil {
		return f, nil
	}
	f.topics = a.topicsOf(rev)
	c, err := a.Store.Concern(ctx, x.Concern)
	if errors.Is(err, hearback.ErrNotFound) {
		return f, nil
	}
	if err != nil {
		return f, err
	}
	for area, n := range c.Areas {
		if _, withheld := publish.Public(n); area != "" && !withheld {
			f.areas = append(f.areas, area)
		}
	}
	slices.Sort(f.areas)
	return f, nil
}

// topicsOf lists the topics whose queries would keep the words of a revision.
func (a *App) topicsOf(rev *hearback.Revision) (list []hearback.ID) {
	topics := a.Pipeline.listening.Load().topics
	if topics == nil {
		return nil
	}
	for _, t := range rev.Texts {
		doc := a.text.Analyze(t.Title+"\n"+strings.Join(t.Parts(), "\n"), t.Lang)
		for _, id := range topics.Match(&doc) {
			if !slices.Contains(list, id) {
				list = append(list, id)
			}
		}
	}
	return list
}

// facets returns what is known of an answer.
func (f *finder) facets(id hearback.ID) facets {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.about[id]
}

// feedSize is how many answers a feed holds: readers fetch it often.
const feedSize = 200

// feed writes one feed.
func (a *App) feed(ctx context.Context, w io.Writer, format string, sel publish.Selection) error {
	list, err := a.Published(ctx)
	if err != nil {
		return err
	}
	if sel.Area != "" || sel.Topic != "" {
		list = slices.DeleteFunc(list, func(x hearback.Answer) bool { return !a.finder.facets(x.ID).within(sel) })
	}
	list = list[:min(len(list), feedSize)]
	if format == "json" {
		return publish.JSONFeed(w, a.publicSite(), sel, list)
	}
	return publish.Atom(w, a.publicSite(), sel, list)
}

// feedAreas lists the areas that published answers are about.
func (a *App) feedAreas() (list []string) {
	a.finder.mu.RLock()
	defer a.finder.mu.RUnlock()
	for _, f := range a.finder.about {
		for _, area := range f.areas {
			if !slices.Contains(list, area) {
				list = append(list, area)
			}
		}
	}
	slices.Sort(list)
	return list
}

// capMessage writes the newest message about an answer for warning systems.
func (a *App) capMessage(ctx context.Context, w io.Writer, x *hearback.Answer, message int) error {
	c, err := a.Store.Case(ctx, x.Case)
	if err != nil {
		return err
	}
	site := a.publicSite()
	areas := a.finder.facets(x.ID).areas
	return publish.CAP(w, site, x, publish.CAPOptions{Status: site.CAP, Tier: c.Tier, Message: message, Areas: func(lang string) (names []string) {
		for _, area := range areas {
			names = append(names, a.place.Name(area, lang))
		}
		return names
	}})
}

// openData writes what is published, or what waits, as data for others.
func (a *App) openData(ctx context.Context, w io.Writer, what, format string, questions []publish.Question) error {
	if what == "questions" {
		if format == "json" {
			return publish.QuestionsJSON(w, questions)
		}
		return publish.QuestionsCSV(w, questions)
	}
	list, err := a.Published(ctx)
	if err != nil {
		return err
	}
	var fault error
	voices := func(id hearback.ID) int64 {
		c, err := a.Store.Concern(ctx, id)
		if err != nil {
			if !errors.Is(err, hearback.ErrNotFound) {
				fault = err
			}
			return 0
		}
		return c.Voices
	}
	write := publish.AnswersCSV
	if format == "json" {
		write = publish.AnswersJSON
	}
	return errors.Join(write(w, a.publicSite(), list, voices), fault)
}

// A finder keeps the index of published answers, and what each is about.
type finder struct {
	mu     sync.RWMutex
	index  *match.Index
	titles map[string]string
	about  map[hearback.ID]facets
}
