package app

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"example.org/hearback"
)

// TestLearnsDesks holds that desks are suggested as officers chose them, with
// the words that say so, that a later choice is learned too, and that nothing
// is said while there is little to go by. Nothing is ever routed by itself.
func TestLearnsDesks(t *testing.T) {
	in := begin(t)
	ctx := t.Context()
	for _, slug := range []string{"pipes", "buses", "parks"} {
		if err := in.PutDesk(ctx, Operator(), hearback.Desk{Slug: slug, Name: slug, NameZH: slug}); err != nil {
			t.Fatal(err)
		}
	}
	decide := func(n int, text, slug string) {
		t.Helper()
		post := fmt.Sprint(slug, n)
		in.take(in.say(post, post, fmt.Sprintf(text, 100+n)))
		c, err := in.Cases.Open(ctx, Operator(), in.concernOf(post).ID, "", hearback.P4, "A test.")
		if err != nil {
			t.Fatal(err)
		}
		if slug == "" {
			return
		}
		if _, err := in.Cases.Route(ctx, Operator(), c.ID, slug, "A test."); err != nil {
			t.Fatal(err)
		}
		// Closed, so that the next case may be about the same concern.
		if _, err := in.Cases.Close(ctx, Operator(), c.ID, hearback.ClosedActed, "A test."); err != nil {
			t.Fatal(err)
		}
	}
	const (
		pipe = "Brown tap water from the pipe in house %d"
		bus  = "Water drips on the passengers of bus line %d"
		park = "The pond in park %d has green water and dead ducks"
	)
	learn := func() {
		t.Helper()
		in.set(in.now().Add(learnEvery))
		if err := in.learn(ctx, in.now()); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 19 {
		decide(n, pipe, "pipes")
		decide(n, bus, "buses")
	}
	learn()
	if slug, p, words := in.suggestDesk(ctx, "water on the bus", "en"); slug != "" || p != 0 || words != nil {
		t.Errorf("suggestDesk() = %s, %.2f, %v after 38 decisions, want nothing", slug, p, words)
	}
	for n := 20; n < 24; n++ {
		decide(n, pipe, "pipes")
		decide(n, bus, "buses")
	}
	learn()
	for _, tt := range []struct{ text, desk, word string }{
		{"Water drips in the bus", "buses", "bus"},
		{"The tap water is brown", "pipes", "tap"},
	} {
		slug, p, words := in.suggestDesk(ctx, tt.text, "en")
		if slug != tt.desk || p < .5 || !slices.Contains(words, tt.word) {
			t.Errorf("suggestDesk(%q) = %s, %.2f, %v; want %s for %q", tt.text, slug, p, words, tt.desk, tt.word)
		}
	}
	for n := range 6 {
		decide(n, park, "parks")
	}
	learn()
	if slug, _, words := in.suggestDesk(ctx, "dead ducks in the pond of the park", "en"); slug != "parks" {
		t.Errorf("suggestDesk() = %s for %v after six decisions for a new desk, want parks", slug, words)
	}
	// A case that nobody routed stays so.
	decide(50, bus, "")
	in.set(in.now().Add(time.Hour))
	if err := in.Step(ctx); err != nil {
		t.Fatal(err)
	}
	c, err := in.Store.CaseByConcern(ctx, in.concernOf("50").ID)
	if err != nil || c.State != hearback.CaseOpen {
		t.Errorf("the case that nobody routed is %v (%v)", c, err)
	}
}
