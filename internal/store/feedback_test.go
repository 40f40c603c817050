package store_test

import (
	"context"
	"fmt"
	"testing"

	"example.org/hearback"
	"example.org/hearback/internal/store"
)

func TestFeedback(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		for _, x := range []struct {
			rev    int
			said   hearback.Said
			reason hearback.FeedbackReason
		}{{1, "yes", ""}, {1, "no", ""}, {1, "no", ""}, {1, "no", "unclear"}, {1, "no", "unclear"}, {1, "no", "unclear"}, {2, "part", ""}, {2, "part", "missing"}, {2, "yes", ""}} {
			if err := db.CountFeedback(ctx, 5, x.rev, x.said, x.reason); err != nil {
				t.Fatal(err)
			}
		}
		got, err := db.Feedback(ctx, 5)
		// Two said no; the third reason belongs to nobody.
		want := "[{2 part missing 1} {2 yes  1} {1 no unclear 2} {1 yes  1}]"
		if s := fmt.Sprint(got); err != nil || s != want {
			t.Errorf("Feedback = %s, %v, want %s", s, err, want)
		}
		if got, err := db.Feedback(ctx, 6); err != nil || got != nil {
			t.Errorf("Feedback of another answer = %v, %v", got, err)
		}
	})
}
