package measure

import (
	"context"

	"example.org/hearback"
)

// A Store keeps outcomes. Package store implements it.
type Store interface {
	// SaveOutcomes writes outcomes in place of earlier ones of the same
	// answers.
	SaveOutcomes(ctx context.Context, list []hearback.Outcome) error

	// OutcomeFor returns the newest outcome of an answer, or
	// [hearback.ErrNotFound].
	OutcomeFor(ctx context.Context, answer hearback.ID) (*hearback.Outcome, error)
}
