package web_test

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/store"
)

// spoke lets voices be heard about a concern of its own, by the area that they
// name, so many in each of the hours before the start, the newest first.
func (w *world) spoke(title string, theme hearback.ID, voices map[string][]int64) hearback.ID {
	w.t.Helper()
	c := &hearback.Concern{ID: w.id(), Theme: theme, Title: title, Phrases: []string{"tram"}, First: start.Add(-20 * time.Hour), Last: start, Voices: 40, Messages: 40}
	if theme == 0 {
		c.Theme = c.ID
	}
	b := store.Batch{Concerns: []*hearback.Concern{c}}
	sums := map[int]int64{}
	for area, list := range voices {
		for i, n := range list {
			sums[i] += n
			b.Areas = append(b.Areas, store.AreaHour{Hour: start.Add(-time.Duration(i) * time.Hour).Truncate(time.Hour), Area: area, Messages: n, Voices: n})
		}
	}
	for i, n := range sums {
		b.Rolls = append(b.Rolls, store.Roll{Bucket: start.Add(-time.Duration(i) * time.Hour).Truncate(time.Hour), Concern: c.ID, Source: 1, Messages: n, Voices: n})
	}
	w.must(w.db.Take(context.Background(), &b))
	return c.ID
}

func TestHeatPage(t *testing.T) {
	w := newWorld(t)
	heard := store.Batch{}
	for i := range 10 { // nothing was received before
		heard.Sources = append(heard.Sources, store.SourceBatch{Source: 1, Bucket: start.Add(-time.Duration(i) * time.Hour).Truncate(time.Hour), Newest: start, Tally: hearback.Tally{Received: 5, Kept: 5}})
	}
	w.must(w.db.Take(context.Background(), &heard))
	tram := w.spoke("Does the tram run?", 0, map[string][]int64{"Harbour": {3, 41, 7}})
	w.spoke("Is the tram full?", tram, map[string][]int64{"Harbour": {0, 1000}})
	w.spoke("Where is the form?", 0, map[string][]int64{"Old Town": {2}, "": {10, 0, 0, 0, 0, 0, 0, 0, 0, 1}})
	b := w.join(w.options(), "Lin", access.Listener)

	body := checkPage(t, "/heat", b.get("/heat"))
	want := func(body string, list ...string) {
		t.Helper()
		for _, s := range list {
			if !strings.Contains(body, s) {
				t.Errorf("the page does not hold %q", s)
			}
		}
	}
	// What names the harbour counts there, whichever concern it is in, and so
	// does the little of a concern that names another place.
	want(body, "<b>Harbour · 1,051 voices, most in the hour from", "with 1,041.", `class="chart matrix wide"`, `class="chart matrix narrow"`, `aria-labelledby="heattext"`, `id="heattext"`, "No place named", `href="/concerns?view=all&amp;area=Harbour"`, `href="/concerns?view=all&amp;area=Old&#43;Town"`, "Old Town · 2 voices", `href="/heat?by=area&amp;hours=48"`)
	// Ten hours were listened to, and fourteen are hatched: one stretch a row
	// in each of the two drawings.
	want(body, "In 14 hours nothing came in")
	if n := strings.Count(body, `class="gap"`); n != 6 {
		t.Errorf("%d stretches are hatched, want one in each of three rows, twice", n)
	}
	if n := len(regexp.MustCompile(`<tr><th scope="row">`).FindAllString(body, -1)); n != 25 {
		t.Errorf("the table has %d rows, want the sum and 24 hours", n)
	}
	body = checkPage(t, "/heat", b.get("/heat?by=theme&hours=48"))
	want(body, `href="/concerns/`+tram.String()+`"`, "and 1 more", "In 38 hours nothing came in", `<b>Does the tram run? · 1,051 voices`)
	if n := len(regexp.MustCompile(`<tr><th scope="row">`).FindAllString(body, -1)); n != 49 {
		t.Errorf("the table has %d rows, want the sum and 48 hours", n)
	}
	for _, page := range []string{"/", "/concerns"} {
		want(b.get(page).Body.String(), `href="/heat"`)
	}
	want(b.get("/heat?lang=zh").Body.String(), " · 1,051个声音")
}

func TestHeatPageOfNothing(t *testing.T) {
	w := newWorld(t)
	b := w.join(w.options(), "Lin", access.Listener)
	if body := checkPage(t, "/heat", b.get("/heat")); !strings.Contains(body, "Nobody was heard in the last 24 hours") || strings.Contains(body, "<svg class=\"chart") {
		t.Error("a picture is drawn of nothing")
	}
}

// TestHandover says first what the next shift has to know.
func TestHandover(t *testing.T) {
	w := newWorld(t)
	w.fill(plain)
	b := w.join(w.options(), "Lin", access.Listener)
	body := checkPage(t, "hand-over", b.get("/desks/water/handover"))
	for _, want := range []string{"2 cases are open. 1 is late. 2 have been taken on by nobody.", `href="/alerts">`, "wait for a look", `href="/sources">1 source is silent`, "3 h late", " left</span>"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not hold %q", want)
		}
	}
	w.pass(9 * time.Hour)
	if body := b.get("/desks/water/handover").Body.String(); !strings.Contains(body, "2 are late.") {
		t.Error("the page does not say that both cases are late")
	}
}

// TestPicturesAsFiles: what people wrote runs in no table program, and a
// picture of nothing is not found.
func TestPicturesAsFiles(t *testing.T) {
	empty := newWorld(t)
	if rec := empty.join(empty.options(), "Lin", access.Listener).get("/heat.csv"); rec.Code != http.StatusNotFound {
		t.Errorf("a matrix of nothing: %d", rec.Code)
	}
	w := newWorld(t)
	b := w.join(w.options(), "Lin", access.Listener)
	id := w.spoke("=HYPERLINK(1) tram", 0, map[string][]int64{"Harbour": {3, 41, 7}})
	for path, want := range map[string]string{
		"/heat.csv?by=theme&hours=48":                       "'=HYPERLINK(1) tram,so far,3",
		"/heat.csv":                                         ",Harbour,counted,41",
		"/heat.svg?by=theme":                                "=HYPERLINK(1) tram",
		"/concerns/" + id.String() + "/timeline.csv":        "start,end,what,voices,usual,low,high\n",
		"/concerns/" + id.String() + "/timeline.svg?by=day": `xmlns="http://www.w3.org/2000/svg"`,
	} {
		rec := b.get(path)
		if body := rec.Body.String(); rec.Code != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d, and it does not hold %q: %.300s", path, rec.Code, want, body)
		}
		if got := rec.Header().Get("Content-Disposition"); !strings.HasPrefix(got, `attachment; filename="`) {
			t.Errorf("%s: Content-Disposition is %q", path, got)
		}
	}
	if rec := b.get("/concerns/" + id.String() + "/map.svg"); rec.Code != http.StatusNotFound {
		t.Errorf("a map without a layer: %d", rec.Code)
	}
}
