package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/translog"
	"example.org/hearback/internal/web/office"
)

// witnessTimeout is how long one round of questions to witnesses may take: one
// that hangs must not keep the others from being asked again.
const witnessTimeout = time.Minute

// askWitnesses has witnesses confirm the log, again and again. The service goes
// on without them; pages say since when nobody confirmed.
func (a *App) askWitnesses(ctx context.Context) {
	tick := time.NewTicker(a.Config.Witness.Every)
	defer tick.Stop()
	for {
		if err := a.confirm(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("a witness did not confirm the public log", slog.String("component", "witness"), slog.Any("err", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// confirm asks every witness once.
func (a *App) confirm(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, witnessTimeout)
	defer cancel()
	var list []translog.WitnessClient
	for _, w := range a.Config.Witness.Ask {
		list = append(list, translog.WitnessClient{URL: w.URL, VKey: w.Key, Client: a.client})
	}
	return a.Log.Confirm(ctx, list)
}

// confirmNow is how long a publication waits for witnesses.
const confirmNow = 10 * time.Second

// confirmed refuses an ordinary publication while fewer witnesses confirm the
// log than the office asks for. Those that are late are asked once more.
func (a *App) confirmed(ctx context.Context) error {
	need := a.Config.Witness.Need
	if need == 0 || a.opt.Drill || a.freshWitnesses() >= need {
		return nil
	}
	asking, cancel := context.WithTimeout(ctx, confirmNow)
	defer cancel()
	if err := a.confirm(asking); err != nil {
		a.log.Warn("a witness did not confirm the public log", slog.String("component", "witness"), slog.Any("err", err))
	}
	if n := a.freshWitnesses(); n < need {
		return fmt.Errorf("%w: %d of the %d witnesses that must confirm the public log do so now; see the page of the log, or publish in an emergency", hearback.ErrRefused, n, need)
	}
	return nil
}

// freshWitnesses counts those that confirmed the log of late.
func (a *App) freshWitnesses() (n int) {
	for _, w := range a.witnesses() {
		if !w.Stale {
			n++
		}
	}
	return n
}

// confirmations counts the witnesses that confirmed a state of the log which
// holds an entry.
func (a *App) confirmations(index int64) (n int) {
	for _, w := range a.witnesses() {
		if w.Size > index {
			n++
		}
	}
	return n
}

// witnesses says what each witness confirmed last.
func (a *App) witnesses() (list []office.Witness) {
	have := a.Log.Confirmations()
	for _, w := range a.Config.Witness.Ask {
		v, err := translog.NewWitnessVerifier(w.Key)
		if err != nil {
			continue // Check has looked at it
		}
		c := have[w.Key]
		list = append(list, office.Witness{Name: v.Name(), Size: c.Size, At: c.At, Stale: a.now().Sub(c.At) > a.Config.Witness.Stale})
	}
	return list
}
