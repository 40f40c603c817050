package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/web/office"
)

// TestSavedViews keeps a filter under a name, for oneself and for a desk, and
// deletes it again.
func TestSavedViews(t *testing.T) {
	w := newWorld(t)
	w.waiting(3)
	opt := w.options()
	lin := w.join(opt, "Lin", access.Listener)
	omar := w.join(opt, "Omar", access.Listener)
	look := w.join(opt, "Look", access.Auditor)
	query := "kind=question&q=street+1"
	for _, v := range [][2]string{{"Street one", ""}, {"Water's", "water"}} { // the first is the one that is shown as chosen
		name := v[0]
		rec := lin.post("/account/views", "name", name, "desk", v[1], "query", query+"&evil=1&after=9_9_9")
		if at := rec.Header().Get("Location"); rec.Code != http.StatusSeeOther || !strings.Contains(at, "view=all") || strings.Contains(at, "evil") || strings.Contains(at, "after") {
			t.Fatalf("%s: %d to %q", name, rec.Code, at)
		}
	}
	body := checkPage(t, "concerns", lin.get("/concerns?"+query))
	if !strings.Contains(checkPage(t, "concerns", lin.get("/concerns?kind=question")), `name="query" value="kind=question&amp;view=triage"`) {
		t.Error("the form does not keep the filters of the list")
	}
	for _, want := range []string{"Street one", "Water&#39;s", `aria-current="page">Street one <span class="n">1</span>`, "Delete this view"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not hold %q", want)
		}
	}
	if body := checkPage(t, "concerns", omar.get("/concerns")); strings.Contains(body, "Street one") || !strings.Contains(body, "Water&#39;s") || !strings.Contains(body, "Save this view") {
		t.Error("a colleague sees what is not shared, or misses what is")
	}
	if rec := look.post("/account/views", "name", "For all", "desk", "water", "query", query); rec.Code != http.StatusForbidden {
		t.Errorf("an auditor shares a view: %d", rec.Code)
	}
	for _, bad := range []string{"", strings.Repeat("x", 61)} {
		if rec := lin.post("/account/views", "name", bad, "query", query); rec.Code != http.StatusUnprocessableEntity {
			t.Errorf("name %.10q: %d", bad, rec.Code)
		}
	}
	list, err := w.db.SavedViews(context.Background(), w.account("lin@office.example").ID, nil)
	w.must(err)
	if len(list) != 2 {
		t.Fatalf("%d views", len(list))
	}
	for _, v := range list {
		if rec := omar.post("/account/views/" + v.ID.String() + "/drop"); rec.Code != http.StatusNotFound {
			t.Errorf("somebody else deletes %s: %d", v.Name, rec.Code)
		}
		if rec := lin.post("/account/views/" + v.ID.String() + "/drop"); rec.Code != http.StatusSeeOther {
			t.Errorf("%s is not deleted: %d", v.Name, rec.Code)
		}
	}
}

// TestUndo mutes concerns and takes it back with the form that the next page
// shows.
func TestUndo(t *testing.T) {
	w := newWorld(t)
	w.waiting(3)
	br := w.join(w.options(), "Lin", access.Listener)
	ctx := context.Background()
	list, _, err := w.db.ConcernList(ctx, office.ConcernFilter{View: "triage", Limit: 2})
	w.must(err)
	a, b := list[0].ID, list[1].ID
	rec := br.post("/concerns", "act", "mute", "id", a.String(), "id", b.String(), "reason", "known", "back", "/concerns?view=triage")
	body := checkPage(t, "concerns", br.get(rec.Header().Get("Location")))
	if !strings.Contains(body, `value="unmute" data-undo`) {
		t.Fatalf("no way back:\n%s", body)
	}
	u, err := url.Parse(rec.Header().Get("Location"))
	w.must(err)
	br.post("/concerns", "act", "unmute", "id", a.String(), "id", b.String(), "reason", "Undone right after", "back", u.Path)
	for _, id := range []hearback.ID{a, b} {
		if c, err := w.db.Concern(ctx, id); err != nil || c.State != hearback.Open {
			t.Errorf("%s is %s (%v)", id, c.State, err)
		}
	}
	for _, bad := range []string{"unmute", "unmute.", "unmute.!", "delete." + a.String(), "unmute" + strings.Repeat("."+a.String(), 41)} {
		if body := checkPage(t, "concerns", br.get("/concerns?done=bulk_mute&undo="+bad)); strings.Contains(body, "data-undo") {
			t.Errorf("%.40s has a way back", bad)
		}
	}
	// A single one, from its page.
	rec = br.post("/concerns/"+a.String()+"/mute", "reason", "known")
	if body := checkPage(t, "concern", br.get(rec.Header().Get("Location"))); !strings.Contains(body, `value="unmute" data-undo`) {
		t.Error("no way back on the page of a concern")
	}
}

// TestKeys changes keys, and takes none twice.
func TestKeys(t *testing.T) {
	w := newWorld(t)
	br := w.join(w.options(), "Lin", access.Listener)
	if rec := br.post("/account/keys", "key_next", "n", "key_mute", ";"); rec.Code != http.StatusSeeOther {
		t.Fatalf("%d", rec.Code)
	}
	if body := checkPage(t, "account", br.get("/account")); !strings.Contains(body, `data-keymap="next.6e-mute.3b"`) || !strings.Contains(body, `name="key_next" value="n"`) {
		t.Error("the keys are not kept")
	}
	if body := checkPage(t, "help", br.get("/help")); !strings.Contains(body, "<kbd>n</kbd>") || strings.Contains(body, "<kbd>j</kbd>") {
		t.Error("the help page shows others")
	}
	for _, bad := range [][]string{{"key_next", "k"}, {"key_next", "nn"}, {"key_next", " \t"}} {
		if rec := br.post("/account/keys", bad...); bad[1] != " \t" && rec.Code != http.StatusUnprocessableEntity {
			t.Errorf("%q: %d", bad, rec.Code)
		}
	}
	br.post("/account/keys", "usual", "1", "key_next", "k")
	if body := checkPage(t, "account", br.get("/account")); strings.Contains(body, "data-keymap") {
		t.Error("the usual keys are not back")
	}
}

// TestLive reads what an open list is told: its rows as they stand, with what
// came since.
func TestLive(t *testing.T) {
	w := newWorld(t)
	w.waiting(2)
	br := w.join(w.options(), "Lin", access.Listener)
	body := checkPage(t, "concerns", br.get("/concerns"))
	_, at, _ := strings.Cut(body, `data-list="`)
	at, _, _ = strings.Cut(at, `"`)
	at = strings.ReplaceAll(at, "&amp;", "&")
	ctx, stop := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer stop()
	r := httptest.NewRequest("GET", at, nil).WithContext(ctx)
	rec := br.do(r)
	if got := rec.Header().Get("Content-Type"); got != "text/event-stream" {
		t.Fatalf("%d %s", rec.Code, got)
	}
	for _, want := range []string{"data: {", `"triage":"2"`, `"rows":[{"id":"`, `"day":"`, `"of":"of 30`} {
		if !strings.Contains(rec.Body.String(), want) {
			t.Errorf("it is not told %s:\n%s", want, rec.Body.String())
		}
	}
}

// TestGivenViews shows what nobody has to save: the cases of one's desk, what
// rises, and answers that do not help.
func TestGivenViews(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	b := w.join(w.options(), "Lin", access.Listener)
	rows := func(path string) []string {
		t.Helper()
		var ids []string
		for _, m := range regexp.MustCompile(`<h2[^>]*><a [^>]*href="/concerns/([^"?]+)"`).FindAllStringSubmatch(checkPage(t, path, b.get(path)), -1) {
			ids = append(ids, m[1])
		}
		return ids
	}
	if got := rows("/concerns?is=rising&view="); !slices.Equal(got, []string{o.water.String()}) {
		t.Errorf("rising: %v, want %v", got, o.water)
	}
	if got := rows("/concerns?is=unhelped&view="); !slices.Equal(got, []string{o.water.String()}) {
		t.Errorf("answers that do not help: %v, want %v", got, o.water)
	}
	body := b.get("/concerns?is=unhelped&view=").Body.String()
	if !strings.Contains(body, `href="/concerns?is=unhelped&amp;view=" aria-current="page">Answer not working <span class="n">1</span>`) || strings.Count(body, "aria-current") != 2 {
		t.Error("the tab of the view is not the one that is chosen")
	}
	if strings.Contains(body, "My desk") {
		t.Error("whoever works for all desks has one of their own")
	}
	// Once the answer is corrected it has to be measured anew.
	ctx := context.Background()
	a, err := w.db.Answer(ctx, o.answer)
	w.must(err)
	again, err := w.answers.Draft(ctx, officer, o.waterCase, texts(plain, "Boil tap water", "two minutes"), "Two minutes.", a.Version)
	w.must(err)
	w.out(again)
	if got := rows("/concerns?is=unhelped&view="); len(got) != 0 {
		t.Errorf("after a correction: %v", got)
	}
	desk := w.join(w.options(), "Dee", access.Listener)
	w.must(w.accounts.SetDesks(ctx, w.account("first@office.example"), w.account("dee@office.example").ID, []string{"water"}))
	body = desk.get("/concerns?desk=water&view=case").Body.String()
	if !strings.Contains(body, `href="/concerns?desk=water&amp;view=case" aria-current="page">My desk <span class="n">3</span>`) {
		t.Error("an account of one desk has no view of its cases")
	}
}
