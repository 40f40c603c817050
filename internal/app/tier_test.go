package app

import (
	"slices"
	"testing"

	"example.org/hearback"
)

// TestTierHolds holds that scoring again raises the tier of a concern and of
// its case, with a record, that neither falls by itself, and that what a person
// set stays until the numbers rise.
func TestTierHolds(t *testing.T) {
	s := newStreet(t)
	ctx := t.Context()
	const asks = "Is the tap water safe to drink?" // too short for an echo
	s.hears(s.src, 6, "", "en", asks)
	s.pass(1, nil)
	id := s.concernOf("p1").ID
	tier := func() hearback.Score {
		t.Helper()
		c, err := s.Store.Concern(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		return c.Score
	}
	rate := func(by hearback.Actor, severity int) {
		t.Helper()
		err := (concerns{s.App}).RateHarm(ctx, by, hearback.HarmRating{Concern: id, Severity: severity, Believable: 3, Immediate: 2, Vulnerable: 3, Reason: "Children drink it."})
		if err != nil {
			t.Fatal(err)
		}
	}
	rate(hearback.Actor{ID: 7, Role: "triage", Number: 1}, 2)
	low := tier()
	k, err := s.Cases.Open(ctx, Operator(), id, "", hearback.P4, "A test.")
	if err != nil {
		t.Fatal(err)
	}
	caseTier := func() hearback.Tier {
		t.Helper()
		k, err := s.Store.Case(ctx, k.ID)
		if err != nil {
			t.Fatal(err)
		}
		return k.Tier
	}
	s.pass(1, func() { s.hears(s.src, 60, "", "en", asks); s.hears(s.forum, 30, "", "en", asks) })
	high := tier()
	if high.Tier.Rank() >= low.Tier.Rank() || high.Tier != high.Matrix {
		t.Fatalf("ninety voices took the tier from %s to %s (matrix %s), want it to rise", low.Tier, high.Tier, high.Matrix)
	}
	if got := caseTier(); got != high.Tier {
		t.Errorf("the case stands at %s, its concern at %s", got, high.Tier)
	}
	n := len(s.records(hearback.TierChanged))
	if n != 1 {
		t.Errorf("%d records of a tier, want one of the case", n)
	}
	s.pass(72, nil)
	cool := tier()
	if cool.Matrix.Rank() <= high.Matrix.Rank() || cool.Tier != high.Tier || caseTier() != high.Tier {
		t.Errorf("three days of silence: matrix %s, tier %s, case %s; want a lower matrix and %s still", cool.Matrix, cool.Tier, caseTier(), high.Tier)
	}
	person := hearback.Actor{ID: 7, Role: "triage", Number: 1}
	if err := (concerns{s.App}).SetTier(ctx, person, id, hearback.Watch, ""); err == nil {
		t.Error("a tier was lowered without a reason")
	}
	if err := (concerns{s.App}).SetTier(ctx, person, id, hearback.Watch, "The pipe is mended."); err != nil {
		t.Fatal(err)
	}
	s.again()
	s.pass(1, nil)
	if got := tier().Tier; got != hearback.Watch {
		t.Errorf("an hour after a person lowered it the tier is %s", got)
	}
	if got := len(s.records(hearback.TierChanged)); got != n+1 {
		t.Errorf("%d records of a tier after a person lowered it, want %d", got, n+1)
	}
	s.pass(1, func() { s.hears(s.src, 120, "", "en", asks); s.hears(s.forum, 60, "", "en", asks) })
	if got := tier(); got.Tier != got.Matrix || got.Tier.Rank() >= hearback.Watch.Rank() {
		t.Errorf("it came back: tier %s, matrix %s; want it to rise again", got.Tier, got.Matrix)
	}
}

// TestCoverage: areas and languages of the office that nothing came from are
// flagged on a concern.
func TestCoverage(t *testing.T) {
	places := PlacesConfig{Langs: []string{"en", "vi"}, Areas: []AreaConfig{{Name: "Old Town"}, {Name: "North Harbour"}, {Name: "Hilltop"}}}
	got := unreached(places, map[string]bool{"en": true, "": true, "Old Town": true, "cn/滨城/North Harbour": true})
	if len(got) != 2 || got[0] != (hearback.Place{What: "area", Name: "Hilltop"}) || got[1] != (hearback.Place{What: "lang", Name: "vi"}) {
		t.Errorf("%+v, want Hilltop and vi", got)
	}
	s := newStreet(t)
	s.Config.Places = places
	s.hears(s.src, 6, "Old Town", "en", "Is the tap water in the old quarter safe to drink? Can I give it to the children?")
	s.pass(2, nil)
	if c := s.concernOf("p1"); len(c.Score.Unreached) != 3 || !slices.Contains(c.Score.Flags, "coverage") {
		t.Errorf("flags %v, unreached %+v; want both areas and the language that nothing came from", c.Score.Flags, c.Score.Unreached)
	}
}
