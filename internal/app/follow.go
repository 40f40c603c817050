package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/notify"
	"example.org/hearback/internal/notify/follow"
	"example.org/hearback/internal/publish"
)

// openFollow makes what tells residents by e-mail, if the office wants that. An
// office that does not want it any more still lets those leave whom it told.
func (a *App) openFollow(ctx context.Context) error {
	if a.opt.Drill {
		return nil
	}
	if !a.Config.Mail.Follow {
		// Nobody is told who had not said yes by then, and no sweep comes by for
		// an office that tells nobody.
		if err := a.Store.ForgetFollowAsks(ctx, a.now().Add(follow.Confirm)); err != nil {
			return err
		}
	}
	n, err := a.Store.CountFollows(ctx)
	if err != nil || n == 0 && !a.Config.Mail.Follow {
		return err
	}
	key, err := a.dir.secret("follow.key")
	if err != nil {
		return err
	}
	a.follow = &follow.Service{
		Store: a.Store, Key: key, Now: a.now, NextID: func() hearback.ID { return a.ids.Next(a.now()) },
		Site: a.publicSite, Mail: a.Notify.Senders[notify.Mail], About: a.everAbout, Things: a.things, Kick: a.kickLetters,
	}
	return nil
}

func (a *App) kickLetters() {
	select {
	case a.posting <- struct{}{}:
	default:
	}
}

// runLetters sends letters until ctx ends, beside what goes to other programs.
func (a *App) runLetters(ctx context.Context) {
	tick := time.NewTicker(spreadEvery)
	defer tick.Stop()
	for {
		if err := a.sendDue(ctx, true); err != nil && ctx.Err() == nil {
			a.log.Error("letters could not be sent and will be tried again", slog.String("component", "follow"), slog.Any("err", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-a.posting:
		case <-tick.C:
		}
	}
}

// letters returns the letters that one entry of the log causes.
func (a *App) letters(ctx context.Context, x *hearback.Answer, seq int64) ([]publish.Delivery, error) {
	if !a.Config.Mail.Follow || a.follow == nil {
		return nil, nil
	}
	if x.Withdrawn != nil && x.Withdrawn.Record == seq {
		return a.follow.Tell(ctx, x, 0)
	}
	for _, r := range x.Public() {
		if r.Record == seq {
			return a.follow.Tell(ctx, x, r.N)
		}
	}
	return nil, nil
}

// everAbout says what an answer is about in any of its published revisions.
func (a *App) everAbout(ctx context.Context, x *hearback.Answer) (f follow.Facets, err error) {
	now, err := a.facetsOf(ctx, x)
	if err != nil {
		return f, err
	}
	f.Topics, f.Areas = now.topics, now.areas
	for _, r := range x.Public() {
		for _, lang := range r.Langs() {
			if !slices.Contains(f.Langs, lang) {
				f.Langs = append(f.Langs, lang)
			}
		}
		for _, id := range a.topicsOf(&r) {
			if !slices.Contains(f.Topics, id) {
				f.Topics = append(f.Topics, id)
			}
		}
	}
	return f, nil
}

// things names what a wish asks for.
func (a *App) things(ctx context.Context, w follow.Wish) (names []string, err error) {
	if w.All {
		names = append(names, map[string]string{"en": "all answers", "zh": "全部答复"}[w.Lang])
	}
	for _, id := range w.Topics {
		t, err := a.Store.Topic(ctx, id)
		if err != nil && !errors.Is(err, hearback.ErrNotFound) {
			return nil, err
		}
		if err == nil {
			names = append(names, t.Name)
		}
	}
	for _, area := range w.Areas {
		names = append(names, a.place.Name(area, w.Lang))
	}
	if n := len(w.Cases); n > 0 {
		names = append(names, map[string]string{"en": map[bool]string{true: "one question", false: fmt.Sprintf("%d questions", n)}[n == 1], "zh": fmt.Sprintf("%d个问题", n)}[w.Lang])
	}
	for _, lang := range w.In {
		names = append(names, map[string]map[string]string{"en": {"en": "only if given in English", "zh": "only if given in Chinese"}, "zh": {"en": "仅限有英文版的答复", "zh": "仅限有中文版的答复"}}[w.Lang][lang])
	}
	return names, nil
}
