package web_test

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/web/office"
)

// TestUrgent: in an emergency one approval is enough, the page says so, and
// the other approval follows, bound to the text that is public.
func TestUrgent(t *testing.T) {
	w := newWorld(t)
	w.waiting(1)
	ctx, o := context.Background(), w.options()
	lin, omar, ada := w.join(o, "Lin", access.Officer), w.join(o, "Omar", access.Reviewer), w.join(o, "Ada", access.Reviewer)
	list, _, err := w.db.ConcernList(ctx, office.ConcernFilter{View: "all"})
	w.must(err)
	c, err := w.cases.Open(ctx, officer, list[0].ID, "front", hearback.P2, "")
	w.must(err)
	texts := []hearback.Text{{Lang: "en", Title: "Do not drink the tap water", Lead: "It is poisoned."}}
	a, err := w.answers.Draft(ctx, officer, c.ID, texts, "", 0)
	w.must(err)
	_, err = w.answers.Submit(ctx, officer, a.ID)
	w.must(err)
	a, err = w.answers.Approve(ctx, second, a.ID, a.Draft().Hash(), "")
	w.must(err)
	at := "/answers/" + a.ID.String()
	if rec := lin.post(at+"/urgent", "reason", "People are ill."); rec.Code != http.StatusForbidden || !strings.Contains(rec.Body.String(), "P1") {
		t.Errorf("no emergency: %d", rec.Code)
	}
	_, err = w.cases.SetTier(ctx, officer, c.ID, hearback.P1, "danger to life")
	w.must(err)
	if body := checkPage(t, "review", lin.get(at)); !strings.Contains(body, "Publish in an emergency") {
		t.Error("the page does not offer the way of emergencies")
	}
	if rec := lin.post(at+"/urgent", "reason", ""); rec.Code != http.StatusUnprocessableEntity {
		t.Errorf("without a reason: %d", rec.Code)
	}
	if rec := lin.post(at+"/urgent", "reason", "People are ill."); rec.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	public := w.public(o)
	if body := checkPage(t, "public", public.get(at)); !strings.Contains(body, "Published in an emergency with one approval") || !strings.Contains(body, "People are ill.") {
		t.Error("the public page does not say that it went out with one approval")
	}
	hash := regexp.MustCompile(`name="hash" value="([0-9a-f]{64})"`).FindStringSubmatch(checkPage(t, "review", omar.get(at)))
	if hash == nil {
		t.Fatal("the page does not offer to approve afterwards")
	}
	if rec := omar.post(at+"/ratify", "hash", strings.Repeat("0", 64)); rec.Code != http.StatusConflict {
		t.Errorf("an approval of another text: %d", rec.Code)
	}
	if rec := omar.post(at+"/ratify", "hash", hash[1]); rec.Code != http.StatusSeeOther {
		t.Errorf("ratified: %d %s", rec.Code, rec.Body)
	}
	if rec := ada.post(at+"/ratify", "hash", hash[1]); rec.Code != http.StatusForbidden {
		t.Errorf("ratified once more: %d", rec.Code)
	}
	w.pass(60e9)
	if body := w.public(o).get(at).Body.String(); !strings.Contains(body, "reviewed by a second person") {
		t.Error("the public page does not say that it was reviewed")
	}
	if rec := lin.post(at+"/recheck", "days", "0"); rec.Code != http.StatusUnprocessableEntity {
		t.Errorf("look again in no days: %d", rec.Code)
	}
	if rec := lin.post(at+"/recheck", "days", "7"); rec.Code != http.StatusSeeOther {
		t.Errorf("look again in a week: %d", rec.Code)
	}
}

// TestEscapingAtDesks puts markup into every text that desks write.
func TestEscapingAtDesks(t *testing.T) {
	w := newWorld(t)
	w.waiting(1)
	const attack = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>{{.}}</title></textarea>`
	ctx, o := context.Background(), w.options()
	all := w.join(o, "Everything", access.Roles()...)
	list, _, err := w.db.ConcernList(ctx, office.ConcernFilter{View: "all"})
	w.must(err)
	c, err := w.cases.Open(ctx, officer, list[0].ID, "front", hearback.P3, attack)
	w.must(err)
	at := "/cases/" + c.ID.String()
	for _, form := range [][]string{
		{at + "/share", "with", "water", "note", attack}, {at + "/decline", "why", "conflict", "desk", "water", "reason", attack},
		{at + "/estimate", "verdict", "true", "sure", "5", "note", attack}, {at + "/evidence", "title", attack, "note", attack, "primary", "1"},
		{at + "/verdict", "verdict", "false", "note", attack}, {at + "/dissent", "verdict", "true", "reason", attack},
		{at + "/pause", "reason", attack}, {"/desks/routing", "rules", "# " + attack + "\nword=" + strings.ReplaceAll(attack, " ", "_") + " -> water"},
	} {
		if rec := all.post(form[0], form[1:]...); rec.Code != http.StatusSeeOther {
			t.Errorf("%s: %d %.300s", form[0], rec.Code, regexp.MustCompile(`(?s)<main.*`).FindString(rec.Body.String()))
		}
	}
	seen := 0
	for _, path := range []string{at, "/desks", "/desks?try=" + "%3Cscript%3Ealert(1)%3C/script%3E", "/desks/water/handover", "/log", "/cases"} {
		body := all.get(path).Body.String()
		for _, bad := range []string{"<script>alert", "<img src=x"} {
			if strings.Contains(body, bad) {
				t.Errorf("%s holds %q", path, bad)
			}
		}
		seen += strings.Count(body, "alert(1)")
	}
	if seen < 10 {
		t.Errorf("the attack was seen %d times; does the test still reach the pages?", seen)
	}
}
