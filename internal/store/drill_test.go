package store_test

import (
	"context"
	"errors"
	"testing"

	"example.org/hearback"
	"example.org/hearback/internal/store"
)

func TestObservations(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		by := hearback.Actor{Role: "evaluator", Number: 5}
		strength := hearback.Observation{ID: 1, Objective: "listen", Text: "Found within the hour. 很快。", By: by, At: start}
		gap := hearback.Observation{ID: 2, Objective: "answer", Improve: true, Text: "No holding statement.", By: by, At: start}
		for _, o := range []hearback.Observation{strength, gap} {
			if err := db.AddObservation(ctx, o, 2); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.AddObservation(ctx, gap, 2); !errors.Is(err, hearback.ErrInvalid) {
			t.Errorf("a third of two: %v", err)
		}
		gap.Version, gap.Action, gap.Desk, gap.Due = 1, "Keep a template ready.", "water", "2026-08-01"
		if err := db.ChangeObservation(ctx, gap); err != nil {
			t.Fatal(err)
		}
		if err := db.ChangeObservation(ctx, gap); !errors.Is(err, hearback.ErrConflict) {
			t.Errorf("written from an old version: %v", err)
		}
		strength.Version, gap.Version = 1, 2
		list, err := db.Observations(ctx)
		if err != nil || len(list) != 2 || list[0] != strength || list[1] != gap {
			t.Errorf("Observations() = %+v, %v; want %+v and %+v", list, err, strength, gap)
		}
		if err := db.DropObservation(ctx, 1); err != nil {
			t.Error(err)
		}
		for _, err := range []error{db.DropObservation(ctx, 1), db.ChangeObservation(ctx, strength)} {
			if !errors.Is(err, hearback.ErrNotFound) {
				t.Errorf("one that is gone: %v", err)
			}
		}
		for _, rating := range []hearback.DrillRating{hearback.DrillUnable, hearback.DrillSome} {
			if err := db.RateObjective(ctx, hearback.Rated{Objective: "listen", Rating: rating, By: by, At: start}); err != nil {
				t.Fatal(err)
			}
		}
		rated, err := db.RatedObjectives(ctx)
		if want := (hearback.Rated{Objective: "listen", Rating: hearback.DrillSome, By: by, At: start}); err != nil || len(rated) != 1 || rated[0] != want {
			t.Errorf("RatedObjectives() = %+v, %v; want %+v alone", rated, err, want)
		}
	})
}
