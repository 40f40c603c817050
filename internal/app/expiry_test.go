package app

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/notify"
)

// TestExpiry: an answer that is valid until a time says so, then that it is out
// of date; it leaves the latest answers and what is offered to who asks, its
// desk is told a day before, and it is not withdrawn. A correction renews it.
func TestExpiry(t *testing.T) {
	a, clock := serving(t, nil)
	ctx := t.Context()
	box := &postbox{}
	a.Notify.Senders[notify.Webhook] = box
	add := func(name string, owner notify.Owner) {
		t.Helper()
		if _, _, err := a.Notify.Put(ctx, Operator(), notify.Channel{Owner: owner, Way: notify.Webhook, Name: name, Lang: "en", Modes: map[notify.Kind]notify.Mode{notify.Expiry: notify.Now}}, "https://"+name+".example/", ""); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.PutDesk(ctx, Operator(), hearback.Desk{Slug: "roads", Name: "Roads"}); err != nil {
		t.Fatal(err)
	}
	add("front", notify.OfDesk("front"))
	add("roads", notify.OfDesk("roads"))
	x := say(t, a, "Is the tap water safe to drink after the flood?", water...)
	until := clock.Now().Add(50 * time.Hour)
	if _, err := a.Answers.SetUntil(ctx, officer, x.ID, clock.Now().Add(-time.Hour)); !errors.Is(err, hearback.ErrInvalid) {
		t.Errorf("valid until the past: %v", err)
	}
	if _, err := a.Answers.SetUntil(ctx, officer, x.ID, until); err != nil {
		t.Fatal(err)
	}
	told := func(want ...string) {
		t.Helper()
		if err := a.Notify.Tick(ctx); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range box.take() {
			got = append(got, m.to+" "+m.Subject)
		}
		if strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("told %q, want %q", got, want)
		}
	}
	page := func(path, holds string, want bool) {
		t.Helper()
		if body, _ := get(t, a, path, 200); strings.Contains(main(body), holds) != want {
			t.Errorf("%s holds %q: %t, want %t", path, holds, !want, want)
		}
	}
	told()
	page(x.Path()+"?lang=en", "Valid until ", true)
	page(x.Path()+"?lang=en", "Out of date", false)
	page("/?lang=en", water[0].Title, true)

	// Moved: what was to be told at the old time is not.
	until = until.Add(10 * time.Hour)
	if _, err := a.Answers.SetUntil(ctx, officer, x.ID, until); err != nil {
		t.Fatal(err)
	}
	clock.pass(27 * time.Hour)
	told()
	clock.pass(10 * time.Hour)
	told("https://front.example/ Out of date 20 Mar 21:00: " + mustConcern(t, a, x))

	clock.pass(24 * time.Hour)
	page(x.Path()+"?lang=en", "Out of date since ", true)
	page(x.Path()+"?lang=zh", "过期。</b>", true)
	page(x.Path()+"?lang=en", water[0].Lead, true)
	page("/?lang=en", water[0].Title, false)
	page("/answers?lang=en", "out of date", true)
	if body, _ := get(t, a, "/ask/answers.json", 200); strings.Contains(body, water[0].Title) {
		t.Error("an answer that is out of date is offered to who asks")
	}
	if x = mustAnswer(t, a, x.ID); x.State != hearback.AnswerPublished || x.Withdrawn != nil {
		t.Errorf("it is %s", x.State)
	}
	entries, err := a.Store.EntriesAbout(ctx, "answer:"+x.ID.String(), 1)
	if err != nil || len(entries) != 1 || entries[0].Type != hearback.AnswerExpires || !strings.Contains(string(entries[0].Leaf), until.Format(time.RFC3339)) {
		t.Errorf("the log has %+v, %v", entries, err)
	}

	a.Answers.Reviewers = func(context.Context) (int, error) { return 1, nil }
	correct(t, a, x, "Measured again.", water[0])
	if x = mustAnswer(t, a, x.ID); !x.Until.IsZero() {
		t.Errorf("after a correction it is valid until %s", x.Until)
	}
	page(x.Path()+"?lang=en", "Out of date since", false)
	page("/?lang=en", water[0].Title, true)
}

// TestRecheck: whoever answers for a published answer is told when it must be
// looked at again, and not if somebody did in the meantime.
func TestRecheck(t *testing.T) {
	a, clock := serving(t, nil)
	ctx := t.Context()
	box := &postbox{}
	a.Notify.Senders[notify.Webhook] = box
	if _, _, err := a.Notify.Put(ctx, Operator(), notify.Channel{Owner: notify.OfDesk("front"), Way: notify.Webhook, Name: "front", Lang: "zh", Modes: map[notify.Kind]notify.Mode{notify.Recheck: notify.Now}}, "https://front.example/", ""); err != nil {
		t.Fatal(err)
	}
	x := say(t, a, "Is the tap water safe to drink after the flood?", water...)
	told := func(want int) {
		t.Helper()
		if err := a.Notify.Tick(ctx); err != nil {
			t.Fatal(err)
		}
		got := box.take()
		if len(got) != want {
			t.Fatalf("%d letters, want %d", len(got), want)
		}
		for _, m := range got {
			if !strings.HasPrefix(m.Subject, "请复查：") || !strings.Contains(m.Body, "/answers/"+x.ID.String()) {
				t.Errorf("the letter is %q, %q", m.Subject, m.Text)
			}
		}
	}
	told(0)
	if x.Recheck.IsZero() {
		t.Fatal("nobody must look at the answer again")
	}
	clock.pass(x.Recheck.Sub(clock.Now()) - time.Hour)
	told(0)
	next := clock.Now().Add(48 * time.Hour)
	if _, err := a.Answers.Rechecked(ctx, officer, x.ID, next); err != nil {
		t.Fatal(err)
	}
	clock.pass(2 * time.Hour)
	told(0)
	clock.pass(47 * time.Hour)
	told(1)
	told(0)
}

// mustConcern is how a notice names what an answer is about.
func mustConcern(t *testing.T, a *App, x *hearback.Answer) string {
	t.Helper()
	c, err := a.Store.Concern(t.Context(), x.Concern)
	if err != nil {
		t.Fatal(err)
	}
	if c.Titled {
		return c.Title
	}
	if len(c.Phrases) > 0 {
		return strings.Join(c.Phrases[:min(3, len(c.Phrases))], " · ")
	}
	return c.ID.String()
}
