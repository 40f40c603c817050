package web_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/web/office"
)

// TestPlaybookFlow: a case is offered the playbook it looks like, follows it,
// ticks its steps, and its holding statement goes to review in one step, in
// both languages.
func TestPlaybookFlow(t *testing.T) {
	w := newWorld(t)
	w.waiting(1)
	ctx, o := context.Background(), w.options()
	lin, admin := w.join(o, "Lin", access.Officer), w.join(o, "Ada", access.Administrator)
	list, _, err := w.db.ConcernList(ctx, office.ConcernFilter{View: "all"})
	w.must(err)
	c, err := w.cases.Open(ctx, officer, list[0].ID, "water", hearback.P2, "")
	w.must(err)
	at := "/cases/" + c.ID.String()
	if body := checkPage(t, "case", lin.get(at)); !strings.Contains(body, `<option value="water" selected>`) {
		t.Error("the playbook for water is not offered")
	}
	for _, form := range [][]string{{at + "/playbook", "playbook", "water"}, {at + "/tick", "step", "2", "done", "1"}} {
		if rec := lin.post(form[0], form[1:]...); rec.Code != http.StatusSeeOther {
			t.Errorf("%v: %d %s", form, rec.Code, rec.Body)
		}
	}
	if rec := lin.post(at+"/tick", "step", "77", "done", "1"); rec.Code != http.StatusUnprocessableEntity {
		t.Errorf("a step that is not there: %d", rec.Code)
	}
	if body := checkPage(t, "case", lin.get(at)); !strings.Contains(body, "Step 2 is not done after all") || !strings.Contains(body, "Laboratory report") {
		t.Error("the case does not show its playbook")
	}
	body := checkPage(t, "draft", lin.get(at+"/draft?holding=1"))
	if !strings.Contains(body, "boil water for one minute") || !strings.Contains(body, "煮沸一分钟") || !strings.Contains(body, `<option value="not_yet_known" selected>`) {
		t.Error("the draft does not hold the holding statement in both languages")
	}
	for path, want := range map[string]string{"/playbooks?lang=en": "Payment scam", "/playbooks/violence": "没有人遭到袭击", "/playbooks/power?lang=zh": "停电"} {
		if body := checkPage(t, path, admin.get(path)); !strings.Contains(body, want) {
			t.Errorf("%s lacks %q", path, want)
		}
	}
	for _, tt := range []struct {
		path string
		form []string
		want int
	}{
		{"/playbooks", []string{"slug", "bus", "text", "name: Buses\nstep: Ask"}, http.StatusSeeOther},
		{"/playbooks/bus", []string{"version", "0", "text", "name: Buses\nstep: Ask"}, http.StatusConflict},
		{"/playbooks/bus", []string{"version", "1", "text", "name Buses"}, http.StatusUnprocessableEntity},
		{"/playbooks/bus", []string{"version", "1", "act", "remove"}, http.StatusSeeOther},
		{"/playbooks/nosuch", []string{"version", "0", "act", "remove"}, http.StatusNotFound},
	} {
		if rec := admin.post(tt.path, tt.form...); rec.Code != tt.want {
			t.Errorf("%s %v: %d, want %d", tt.path, tt.form, rec.Code, tt.want)
		}
	}
	if rec := lin.post("/playbooks", "slug", "x", "text", "name: x"); rec.Code != http.StatusForbidden {
		t.Errorf("an officer adds a playbook: %d", rec.Code)
	}
	if rec := admin.get("/playbooks/bus"); rec.Code != http.StatusNotFound {
		t.Errorf("a playbook that was taken away: %d", rec.Code)
	}
}

// TestPreparedAnswer: a prepared answer is put into the draft in both languages
// and saved by nobody; what was typed stays above it.
func TestPreparedAnswer(t *testing.T) {
	w := newWorld(t)
	w.waiting(1)
	ctx, o := context.Background(), w.options()
	lin := w.join(o, "Lin", access.Officer)
	list, _, err := w.db.ConcernList(ctx, office.ConcernFilter{View: "all"})
	w.must(err)
	c, err := w.cases.Open(ctx, officer, list[0].ID, "water", hearback.P2, "")
	w.must(err)
	at := "/cases/" + c.ID.String()
	if body := checkPage(t, "draft", lin.get(at+"/draft")); strings.Contains(body, `name="put"`) {
		t.Error("prepared answers are offered without a playbook")
	}
	if rec := lin.post(at+"/playbook", "playbook", "water"); rec.Code != http.StatusSeeOther {
		t.Fatalf("playbook: %d", rec.Code)
	}
	if body := checkPage(t, "draft", lin.get(at+"/draft")); !strings.Contains(body, `form="draft" formnovalidate name="put" value="1"`) || !strings.Contains(body, "The tap water in (area) may be drunk again") {
		t.Error("the prepared answer of the playbook is not offered")
	}
	rec := lin.post(at+"/draft", "put", "1", "version", "0", "lang", "en", "lang", "zh", "lang", "fr", "lead-en", "Mine <first>.", "title-fr", "À moi")
	body := checkPage(t, "draft with a prepared answer", rec)
	for _, want := range []string{`value="The tap water in (area) may be drunk again"`, `value="（区域）自来水可以恢复饮用"`, "Mine &lt;first&gt;.\n\nAll samples since (time)", "首次使用前，请打开各水龙头放水两分钟。", `value="À moi"`, "It is not saved yet."} {
		if !strings.Contains(body, want) {
			t.Errorf("the form lacks %q", want)
		}
	}
	if c, err = w.db.Case(ctx, c.ID); err != nil || c.Answer != 0 {
		t.Errorf("putting it in wrote an answer: %v, %v", c.Answer, err)
	}
	if rec := lin.post(at+"/draft", "put", "9", "lang", "en"); rec.Code != http.StatusNotFound {
		t.Errorf("a prepared answer that is not there: %d", rec.Code)
	}
}

// TestNamedDesks: desks that a rule names to help are offered on the page of
// the case, and added with one button beside those that help already.
func TestNamedDesks(t *testing.T) {
	w := newWorld(t)
	w.waiting(1)
	ctx, o := context.Background(), w.options()
	lin, admin := w.join(o, "Lin", access.Officer), w.join(o, "Ada", access.Administrator)
	for _, slug := range []string{"health", "school"} {
		if rec := admin.post("/desks", "slug", slug, "name", slug, "reason", "x"); rec.Code != http.StatusSeeOther {
			t.Fatalf("desk: %d %s", rec.Code, rec.Body)
		}
	}
	list, _, err := w.db.ConcernList(ctx, office.ConcernFilter{View: "all"})
	w.must(err)
	c, err := w.cases.Open(ctx, officer, list[0].ID, "water", hearback.P2, "")
	w.must(err)
	at := "/cases/" + c.ID.String()
	if body := checkPage(t, "case", lin.get(at)); strings.Contains(body, "to help with a case like this") {
		t.Error("desks are named without a rule")
	}
	if rec := admin.post("/desks/routing", "rules", "tier=P2 -> water + health", "text", "tier=P2 -> water + health", "reason", "x", "version", "0"); rec.Code != http.StatusSeeOther {
		t.Fatalf("routing: %d %s", rec.Code, rec.Body)
	}
	if rec := lin.post(at+"/share", "with", "school"); rec.Code != http.StatusSeeOther {
		t.Fatalf("share: %d", rec.Code)
	}
	body := checkPage(t, "case", lin.get(at))
	if !strings.Contains(body, "The rules of routing name health to help") {
		t.Fatal("the desk that the rule names is not offered")
	}
	for _, slug := range []string{"school", "health"} {
		if !strings.Contains(body, `<input type="hidden" name="with" value="`+slug+`">`) {
			t.Errorf("the button leaves out %s", slug)
		}
	}
	if rec := lin.post(at+"/share", "with", "school", "with", "health"); rec.Code != http.StatusSeeOther {
		t.Fatalf("share: %d", rec.Code)
	}
	if body := checkPage(t, "case", lin.get(at)); strings.Contains(body, "to help with a case like this") {
		t.Error("a desk that helps is offered again")
	}
}
