package notify_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/notify"
)

var update = flag.Bool("update", false, "write testdata/texts.txt anew")

// TestTexts holds every text in both languages. No text that somebody posted
// is in any of them, nor a title that was drafted from such, nor a small count.
func TestTexts(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	for _, lang := range notify.Langs() {
		o.channel(notify.Office, func(c *notify.Channel) {
			c.Name, c.Lang, c.Zone, c.Digest = lang, lang, "Asia/Shanghai", "20:00"
		})
	}
	var b strings.Builder
	show := func(name string, list []notify.Message) {
		t.Helper()
		if len(list) != 2 {
			t.Fatalf("%s: %d messages, want one in each language", name, len(list))
		}
		if list[0].Lang != "en" {
			list[0], list[1] = list[1], list[0]
		}
		for _, m := range list {
			fmt.Fprintf(&b, "-- %s, %s --\n%s\n\n%s\n", name, m.Lang, m.Subject, m.Body)
			if s := m.Subject + m.Body; strings.Contains(s, spoken) || strings.Contains(s, "mother") || strings.Contains(s, "<no value>") {
				t.Errorf("%s:\n%s\n%s", name, m.Subject, m.Body)
			}
			if !strings.HasPrefix(m.Link, "https://console.test/") || !strings.Contains(m.Body, m.Link) {
				t.Errorf("%s: the link %q is not in\n%s", name, m.Link, m.Body)
			}
		}
	}
	var harm hearback.ID
	for _, kind := range []hearback.AlertKind{
		hearback.AlertHarm, hearback.AlertRising, hearback.AlertSlowBurn, hearback.AlertNovel, hearback.AlertRecurring, hearback.AlertSpreading, hearback.AlertVoid, hearback.AlertNoEffect,
	} {
		id := o.raise(kind, nil)
		if kind == hearback.AlertHarm {
			harm = id
		}
		show(string(kind), o.pass(0))
	}
	show("harm again", o.pass(time.Hour))
	o.ack(harm)
	o.raise(hearback.AlertNovel, func(a *hearback.Alert) { a.Observed, a.Expected, a.Unless, a.Window = 5, 0, 4, 40*time.Minute })
	show("novel and small", o.pass(0))
	k, err := o.cases.Open(ctx, officer, concern, "", hearback.P2, "")
	o.must(err)
	show("case not routed", o.pass(0))
	_, err = o.cases.Route(ctx, officer, k.ID, "water", "")
	o.must(err)
	show("case", o.pass(0))
	k, err = o.db.Case(ctx, k.ID)
	o.must(err)
	for _, share := range []float64{.8, 1} {
		o.raise(hearback.AlertDeadline, func(a *hearback.Alert) {
			a.Stat, a.Case, a.Clock, a.Due, a.Words = share, k.ID, k.Next().Kind, k.Next().Due, nil
		})
		show(fmt.Sprintf("deadline at %.0f %%", 100*share), o.pass(0))
	}
	show("overdue again", o.pass(time.Hour))
	_, err = o.cases.Acknowledge(ctx, officer, k.ID)
	o.must(err)
	_, err = o.cases.AddEvidence(ctx, officer, k.ID, hearback.Evidence{Title: "Measurements", URL: "https://example.org/m", Primary: true})
	o.must(err)
	x, err := o.answers.Draft(ctx, officer, k.ID, []hearback.Text{{Lang: "en", Title: "The water is safe", Lead: "It is safe.", Do: "Let it run.", Known: "We measured.", Going: "It is brown.", Next: "Tomorrow."}}, "", 0)
	o.must(err)
	_, err = o.answers.Submit(ctx, officer, x.ID)
	o.must(err)
	show("review", o.pass(0))
	o.must(o.db.AddSource(ctx, &hearback.Source{ID: 31, Slug: "news", Kind: hearback.Feed, Title: "City news", State: hearback.SourceActive, Reason: "A test.", Basis: "test"}))
	o.raise(hearback.AlertSilent, func(a *hearback.Alert) { a.Concern, a.Source, a.Words = 0, 31, nil })
	show("source silent", o.pass(0))
	o.must(o.db.NoteTry(ctx, 31, o.Now(), "City news did not answer in time.", time.Time{}))
	show("source fails", o.pass(30*time.Minute))
	for _, kind := range []hearback.AlertKind{hearback.AlertRising, hearback.AlertRising, hearback.AlertVoid} {
		o.raise(kind, func(a *hearback.Alert) { a.Digest = true })
	}
	o.pass(0)
	show("digest", o.pass(24*time.Hour))
	list, err := o.Channels(ctx, notify.Office)
	o.must(err)
	for _, c := range list {
		o.must(o.Test(ctx, notify.Office, c.ID))
	}
	show("test", o.post.take())

	const file = "testdata/texts.txt"
	if *update {
		o.must(os.MkdirAll("testdata", 0o755))
		o.must(os.WriteFile(file, []byte(b.String()), 0o644))
	}
	want, err := os.ReadFile(file)
	o.must(err)
	got := strings.Split(b.String(), "\n")
	for i, line := range strings.Split(string(want), "\n") {
		if i >= len(got) || got[i] != line {
			t.Fatalf("%s:%d says %q, not this; read what changed and run: go test ./internal/notify -run Texts -update\n%s", file, i+1, line, b.String())
		}
	}
}
