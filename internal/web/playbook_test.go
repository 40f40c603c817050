package web_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/web"
)

// TestPlaybookFlow: a case is offered the playbook it looks like, follows it,
// ticks its steps, and its holding statement goes to review in one step, in
// both languages.
func TestPlaybookFlow(t *testing.T) {
	w := newWorld(t)
	w.waiting(1)
	ctx, o := context.Background(), w.options()
	lin, admin := w.join(o, "Lin", access.Officer), w.join(o, "Ada", access.Administrator)
	list, _, err := w.db.ConcernList(ctx, web.ConcernFilter{View: "all"})
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
