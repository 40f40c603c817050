package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/store"
	"example.org/hearback/internal/suggest"
)

// When desks are learned from past decisions.
const (
	learnEvery   = 15 * time.Minute
	enoughCases  = 40   // with fewer, the words of the desks say more
	mostCases    = 5000 // of which is learned
	relearn      = 24 * time.Hour
	mostLearned  = 50 // new decisions at once; more than that and all is learned again
	wordsBecause = 4  // words that are shown
)

// A learner suggests desks as officers chose them before. It only ever
// suggests: the choice stays with whoever routes the case.
type learner struct {
	mu      sync.RWMutex
	model   *suggest.Model // nil while there are too few decisions
	decided map[hearback.ID]string
	at      time.Time // when all was last learned
}

// learn learns what has been decided since it was last called: the desks of
// the cases that somebody has routed.
func (a *App) learn(ctx context.Context, now time.Time) error {
	l := &a.learner
	cases, err := a.Store.Cases(ctx, store.CaseFilter{States: hearback.CaseStates()[1:], Limit: mostCases})
	if err != nil {
		return fmt.Errorf("read the cases: %w", err)
	}
	if len(cases) < enoughCases {
		return nil
	}
	var all, fresh []hearback.Case
	for _, c := range cases {
		if c.Reason == hearback.ClosedNoConcern {
			continue
		}
		all = append(all, c)
		if l.decided[c.ID] != c.Desk {
			fresh = append(fresh, c)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	whole := l.model == nil || len(fresh) > mostLearned || now.Sub(l.at) >= relearn
	if whole {
		fresh = all
	}
	var rows []suggest.Example
	for _, c := range fresh {
		concern, err := a.Store.Concern(ctx, c.Concern)
		if errors.Is(err, hearback.ErrNotFound) {
			continue
		} else if err != nil {
			return err
		}
		rows = append(rows, suggest.Example{Text: strings.Join(append([]string{concern.Title}, concern.Phrases...), "\n"), Label: c.Desk})
	}
	decided := make(map[hearback.ID]string, len(all))
	for _, c := range all {
		decided[c.ID] = c.Desk
	}
	if whole {
		m, err := suggest.Train(a.text, a.vectors, rows)
		if errors.Is(err, hearback.ErrInvalid) {
			return nil // all went to one desk: nothing to learn yet
		} else if err != nil {
			return err
		}
		l.mu.Lock()
		l.model, l.decided, l.at = m, decided, now
		l.mu.Unlock()
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.decided = decided
	for _, r := range rows {
		if err := l.model.Learn(r); err != nil {
			return err
		}
	}
	return nil
}

// suggestDesk names the desk that past decisions speak for, how sure that is,
// and the words it rests on; nothing while there is too little to learn from.
func (a *App) suggestDesk(_ context.Context, s, lang string) (slug string, p float64, words []string) {
	l := &a.learner
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.model == nil {
		return "", 0, nil
	}
	got := l.model.Predict(s, lang)
	for _, r := range l.model.Why(s, lang, got.Label, wordsBecause) {
		words = append(words, r.Word)
	}
	return got.Label, got.P, words
}
