package forecast

import (
	"context"
	"fmt"
	"time"

	"example.org/hearback"
)

// A Store keeps forecasts from before the fact until they are scored, and
// what was learned from them. Package store implements it.
type Store interface {
	// SaveForecasts writes forecasts that are not there yet. One that is, for
	// the same concern, moment and target, stays as it was made.
	SaveForecasts(ctx context.Context, list []Forecast) error

	// DueForecasts returns forecasts that are not scored and whose time is
	// over at now, those due first at the front, at most limit.
	DueForecasts(ctx context.Context, now time.Time, limit int) ([]Forecast, error)

	// ScoreForecasts writes what came of forecasts, adds their scores to the
	// sums of the days they were due, and writes the state of the Forecaster
	// that learned from them, together.
	ScoreForecasts(ctx context.Context, list []Forecast, state []byte) error

	// ForecasterState returns the state written last, or
	// [hearback.ErrNotFound].
	ForecasterState(ctx context.Context) ([]byte, error)
}

// settleAtOnce is how many forecasts are scored in one transaction.
const settleAtOnce = 2000

// Settle scores every forecast that is due at now. came returns the voices of
// a concern from a time to another, and false if a source was down in between:
// such a forecast is neither right nor wrong. It returns how many it settled.
func (f *Forecaster) Settle(ctx context.Context, s Store, now time.Time, came func(concern hearback.ID, from, to time.Time) (float64, bool)) (n int, err error) {
	for {
		list, err := s.DueForecasts(ctx, now, settleAtOnce)
		if err != nil {
			return n, fmt.Errorf("read forecasts that are due: %w", err)
		}
		if len(list) == 0 {
			return n, nil
		}
		for i := range list {
			fc := &list[i]
			from, to := fc.Target.Span()
			voices, ok := came(fc.Concern, fc.Made.Add(time.Duration(from)*time.Hour), fc.Made.Add(time.Duration(to)*time.Hour))
			if ok {
				f.Learn(fc, voices, now)
			}
			fc.Scored, fc.Down = now, !ok
		}
		state, err := f.MarshalBinary()
		if err != nil {
			return n, err
		}
		if err := s.ScoreForecasts(ctx, list, state); err != nil {
			return n, fmt.Errorf("write the scores of forecasts: %w", err)
		}
		n += len(list)
	}
}
