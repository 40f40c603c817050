package alert

import (
	"context"

	"example.org/hearback"
)

// A Store keeps alerts, what people said of them, and the states of detectors.
// Package store implements it.
type Store interface {
	// AddAlerts writes new alerts, and the states of the detectors that raised
	// them, together.
	AddAlerts(ctx context.Context, list []hearback.Alert, detectors map[hearback.ID][]byte) error

	// Detectors calls f with the stored state of every detector.
	Detectors(ctx context.Context, f func(concern hearback.ID, state []byte) error) error

	// Alert returns [hearback.ErrNotFound] if there is no such alert.
	Alert(ctx context.Context, id hearback.ID) (*hearback.Alert, error)

	// JudgeAlert writes what a person said of an alert, the settings that
	// changes, and the records that tell of it, together. It returns
	// [hearback.ErrConflict] if the stored version is not a.Version.
	JudgeAlert(ctx context.Context, a *hearback.Alert, settings map[string]string, rs ...hearback.Record) error
}
