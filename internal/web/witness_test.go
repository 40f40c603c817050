package web_test

import (
	"strings"
	"testing"

	"example.org/hearback/internal/access"
	"example.org/hearback/internal/web/office"
)

// TestWitnessWarning: the console says on every page that fewer witnesses
// confirm the log than the office asks for, and the page of an answer how many
// confirmed its entry.
func TestWitnessWarning(t *testing.T) {
	w := newWorld(t)
	o := w.options()
	at := "/answers/" + w.fill(func(s string) string { return s }).answer.String()
	stale := true
	o.WitnessesNeed = 2
	o.Witnesses = func() []office.Witness { return []office.Witness{{Name: "a"}, {Name: "b", Stale: stale}} }
	confirmed := 1
	o.Confirmed = func(int64) int { return confirmed }
	lin := w.join(o, "Lin", access.Officer)
	const warning = "1 of the 2 witnesses that must confirm the public log did so of late."
	for _, path := range []string{"/", "/answers", "/cases"} {
		if body := checkPage(t, path, lin.get(path)); !strings.Contains(body, warning) {
			t.Errorf("%s does not warn", path)
		}
	}
	public := w.public(o)
	if body := checkPage(t, "answer", public.get(at)); !strings.Contains(body, "Not confirmed yet by the 2 witnesses that this office asks for; 1 did so far.") || strings.Contains(body, warning) {
		t.Error("the page of the answer does not say who confirmed it")
	}
	stale, confirmed = false, 2
	if body := checkPage(t, "/", lin.get("/")); strings.Contains(body, "witnesses that must confirm") {
		t.Error("the console warns while all confirm")
	}
	if body := checkPage(t, "answer", public.get(at)); !strings.Contains(body, "Confirmed by 2 of the 2 witnesses") {
		t.Error("the page of the answer does not say that it is confirmed")
	}
}
