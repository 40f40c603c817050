package web_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/store"
	"example.org/hearback/internal/web/office"
)

// waiting fills an office with concerns that wait for triage.
func (w *world) waiting(n int) {
	w.t.Helper()
	ctx := context.Background()
	w.must(w.desks.Add(ctx, officer, hearback.Desk{Slug: "front", Name: "Front desk", Country: "CN", Zone: "Asia/Shanghai", Off: []time.Weekday{0, 6}}, "first desk"))
	w.must(w.desks.Add(ctx, officer, hearback.Desk{Slug: "water", Name: "Water", Keywords: []string{"tap water"}}, "second desk"))
	var b store.Batch
	for i := range n {
		id := w.id()
		c := &hearback.Concern{ID: id, Theme: id, Title: fmt.Sprintf("Tap water in street %d", i), Phrases: []string{"tap water", "street"}, First: w.Now(), Last: w.Now(), Messages: 40, Voices: 30,
			Langs: map[string]int64{"en": 40}, Kinds: map[hearback.Kind]int64{hearback.Question: 30}}
		b.Concerns = append(b.Concerns, c)
	}
	w.must(w.db.Take(ctx, &b))
}

// TestBulk triages two thousand concerns: five hundred become cases in one
// act, after one question, each with its entry in the log.
func TestBulk(t *testing.T) {
	w := newWorld(t)
	w.waiting(2000)
	br := w.join(w.options(), "Lin", access.Listener, access.Officer)
	ctx := context.Background()
	count := func(f office.CaseFilter) int {
		f.Limit = 5000
		list, err := w.db.CaseList(ctx, f)
		w.must(err)
		return len(list)
	}
	size, err := w.db.LogSize(ctx)
	w.must(err)

	rec := br.post("/concerns", "act", "case", "whole", "1", "back", "/concerns?view=triage")
	body := checkPage(t, "sure", rec)
	if rec.Code != http.StatusOK || !strings.Contains(body, "This opens 500 cases") || count(office.CaseFilter{}) != 0 {
		t.Fatalf("before the question is answered: %d, %d cases\n%s", rec.Code, count(office.CaseFilter{}), body)
	}
	rec = br.post("/concerns", "act", "case", "whole", "1", "back", "/concerns?view=triage", "sure", "1")
	if rec.Code != http.StatusSeeOther || !strings.Contains(rec.Header().Get("Location"), "/concerns?view=triage") {
		t.Fatalf("%d to %q", rec.Code, rec.Header().Get("Location"))
	}
	if got := count(office.CaseFilter{Desk: "water"}); got != 500 {
		t.Errorf("%d cases at the desk they look like, want 500", got)
	}
	now, err := w.db.LogSize(ctx)
	w.must(err)
	if now != size+500 {
		t.Errorf("%d entries, want 500: one for each case", now-size)
	}

	// The cases of the list go to another desk, are taken on and paused; one of
	// them is an emergency, which does not wait.
	all, err := w.db.CaseList(ctx, office.CaseFilter{Limit: 5000})
	w.must(err)
	_, err = w.cases.SetTier(ctx, officer, all[0].ID, hearback.P1, "danger to life")
	w.must(err)
	for _, act := range []string{"route", "ack", "pause"} {
		rec = br.post("/cases", "act", act, "to", "front", "reason", "the laboratory", "whole", "1", "back", "/cases?view=open", "sure", "1")
		want := "done=bulk_" + act
		if act == "pause" {
			want = "done=some_pause"
		}
		if rec.Code != http.StatusSeeOther || !strings.Contains(rec.Header().Get("Location"), want) {
			t.Errorf("%s: %d to %q", act, rec.Code, rec.Header().Get("Location"))
		}
	}
	all, err = w.db.CaseList(ctx, office.CaseFilter{Limit: 5000})
	w.must(err)
	paused := 0
	for i := range all {
		if all[i].Desk != "front" || all[i].Acked().IsZero() {
			t.Fatalf("case %s: at %s, taken on %s", all[i].ID, all[i].Desk, all[i].Acked())
		}
		if all[i].Paused() {
			paused++
		}
	}
	if paused != 499 {
		t.Errorf("%d paused, want all but the emergency", paused)
	}

	// Ticked ones, without a question while they are few.
	rec = br.post("/cases", "act", "resume", "id", all[5].ID.String(), "back", "/cases")
	if c, err := w.db.Case(ctx, all[5].ID); err != nil || c.Paused() || rec.Code != http.StatusSeeOther {
		t.Errorf("resumed %v, %v, %d", c, err, rec.Code)
	}
	for _, bad := range [][]string{{"act", "ack"}, {"act", "burn", "id", all[5].ID.String()}, {"act", "ack", "id", "!"}, {"act", "route", "to", "nowhere", "id", all[5].ID.String()}} {
		if rec := br.post("/cases", bad...); rec.Code < 400 {
			t.Errorf("%v = %d", bad, rec.Code)
		}
	}
	auditor := w.join(w.options(), "Aud", access.Auditor)
	if rec := auditor.post("/cases", "act", "ack", "id", all[5].ID.String()); rec.Code != http.StatusForbidden {
		t.Errorf("an auditor takes a case on: %d", rec.Code)
	}
}

// TestBulkByAPI: each of many gets its own answer, in the order asked for, and
// what is done is what the console does: cases with the desk they look like or
// the one named, concerns in one, cases to another desk.
func TestBulkByAPI(t *testing.T) {
	w := newWorld(t)
	w.waiting(6)
	ctx := context.Background()
	opt := w.options()
	p := w.program(opt, w.join(opt, "Lin", access.Listener, access.Officer), access.ScopeRead, access.ScopeTriage)
	list, _, err := w.db.ConcernList(ctx, office.ConcernFilter{View: "triage", Limit: 10})
	w.must(err)
	id := func(i int) string { return list[i].ID.String() }
	bulk := func(kind string, in map[string]any) (each []map[string]any) {
		t.Helper()
		rec := p.call("POST", "/api/v1/"+kind+"/bulk", in)
		if rec.Code != http.StatusOK {
			t.Fatalf("%v = %d %s", in, rec.Code, rec.Body)
		}
		for i, x := range body(t, rec)["items"].([]any) {
			each = append(each, x.(map[string]any))
			if asked := fmt.Sprint(in["ids"].([]string)[i]); each[i]["id"] != asked {
				t.Errorf("%v: row %d is of %v, want %s", in, i, each[i]["id"], asked)
			}
		}
		return each
	}
	size := func() int64 { n, err := w.db.LogSize(ctx); w.must(err); return n }

	// Cases: one cannot have two, and the others are opened all the same.
	before := size()
	each := bulk("concerns", map[string]any{"act": "case", "ids": []string{id(0), id(1)}, "reason": "Many ask."})
	each = append(each, bulk("concerns", map[string]any{"act": "case", "ids": []string{id(2), id(0), "zzz"}, "desk": "front"})...)
	for i, want := range []float64{0, 0, 0, http.StatusForbidden, http.StatusNotFound} {
		problem, _ := each[i]["problem"].(map[string]any)
		if done := each[i]["done"] == true; done != (want == 0) || !done && problem["status"] != want {
			t.Errorf("case %d = %v, want problem %v", i, each[i], want)
		}
	}
	cases := map[hearback.ID]hearback.Case{}
	all, err := w.db.CaseList(ctx, office.CaseFilter{Limit: 10})
	w.must(err)
	for _, c := range all {
		cases[c.Concern] = c
	}
	if len(all) != 3 || cases[list[0].ID].Desk != "water" || cases[list[2].ID].Desk != "front" || size() != before+3 {
		t.Errorf("%d cases, at %q and %q, %d entries; want 3, water, front, 3", len(all), cases[list[0].ID].Desk, cases[list[2].ID].Desk, size()-before)
	}

	// Merging into the first.
	if each = bulk("concerns", map[string]any{"act": "merge", "ids": []string{id(3), id(4), id(5)}, "reason": "The same."}); len(each) != 3 {
		t.Errorf("merged = %v", each)
	}
	for i, x := range each {
		if x["done"] != true {
			t.Errorf("merging %d = %v", i, x)
		}
		if c, err := w.db.Concern(ctx, list[3+i].ID); err != nil || i > 0 && (c.State != hearback.Merged || c.Into != list[3].ID) || i == 0 && c.State != hearback.Open {
			t.Errorf("concern %d is %s in %s, %v", i, c.State, c.Into, err)
		}
	}

	// Cases to another desk, to none, and from one that is not ours.
	kase := func(i int) string { return cases[list[i].ID].ID.String() }
	for _, x := range bulk("cases", map[string]any{"act": "route", "ids": []string{kase(0), kase(1)}, "desk": "front", "note": "Yours."}) {
		if c, err := w.db.Case(ctx, parseID(t, x["id"])); err != nil || x["done"] != true || c.Desk != "front" {
			t.Errorf("routed %v: at %s, %v", x, c.Desk, err)
		}
	}
	for _, desk := range []string{"", "nowhere"} {
		rec := p.call("POST", "/api/v1/cases/bulk", map[string]any{"act": "route", "ids": []string{kase(0)}, "desk": desk})
		if rec.Code == http.StatusOK && body(t, rec)["items"].([]any)[0].(map[string]any)["done"] == true || rec.Code >= 500 {
			t.Errorf("routing to %q = %d %s", desk, rec.Code, rec.Body)
		}
	}
	w.must(w.accounts.SetDesks(ctx, w.account("first@office.example"), w.account("lin@office.example").ID, []string{"water"}))
	rec := p.call("POST", "/api/v1/cases/bulk", map[string]any{"act": "route", "ids": []string{kase(2)}, "desk": "water"})
	if c, err := w.db.Case(ctx, parseID(t, kase(2))); err != nil || c.Desk != "front" || rec.Code >= 500 {
		t.Errorf("a case of another desk went to %s, %v (%d)", c.Desk, err, rec.Code)
	}
	// Once for each id, and a thing to do.
	for _, in := range []map[string]any{{"act": "merge", "ids": []string{id(0)}}, {"act": "case", "ids": []string{id(0), id(0)}}, {"act": "burn", "ids": []string{id(0)}}, {"act": "case", "ids": []string{}}} {
		if rec := p.call("POST", "/api/v1/concerns/bulk", in); rec.Code != 422 {
			t.Errorf("%v = %d", in, rec.Code)
		}
	}
}

func parseID(t *testing.T, v any) hearback.ID {
	t.Helper()
	id, err := hearback.ParseID(fmt.Sprint(v))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// TestTriageClock: how long a concern may wait for triage is shown with it, in the
// list and on the first screen, until it has a case.
func TestTriageClock(t *testing.T) {
	w := newWorld(t)
	w.must(w.desks.Add(context.Background(), officer, hearback.Desk{Slug: "front", Name: "Front desk"}, "first desk"))
	var b store.Batch
	for i, waits := range []time.Duration{10 * time.Minute, 2 * time.Hour} {
		id := w.id()
		b.Concerns = append(b.Concerns, &hearback.Concern{ID: id, Theme: id, State: hearback.Open, Title: fmt.Sprintf("Tap water in street %d", i), First: w.Now(), Last: w.Now(), Messages: 40, Voices: 30,
			Langs: map[string]int64{"en": 40}, Kinds: map[hearback.Kind]int64{hearback.Question: 30},
			Score: hearback.Score{At: w.Now(), Rules: "score/2", Tier: hearback.P2, Matrix: hearback.P2, Since: w.Now().Add(-waits), Priority: 50}})
	}
	w.must(w.db.Take(context.Background(), &b))
	scores := map[hearback.ID]hearback.Score{}
	for _, c := range b.Concerns {
		scores[c.ID] = c.Score
	}
	w.must(w.db.SaveScores(context.Background(), scores))
	br := w.join(w.options(), "Lin", access.Listener, access.Officer)
	list := checkPage(t, "concerns", br.get("/concerns"))
	if strings.Count(list, "Triage is late") != 1 || strings.Count(list, `<p class="desk small">Triage `) != 1 {
		t.Errorf("the list shows\n%s", list)
	}
	if today := checkPage(t, "today", br.get("/")); !strings.Contains(today, "One concern waits longer for triage than its tier allows.") {
		t.Errorf("the first screen is\n%.3000s", today)
	}
	if page := checkPage(t, "concern", br.get("/concerns/"+b.Concerns[1].ID.String())); !strings.Contains(page, `<dt>Triage</dt><dd class="over">`) {
		t.Errorf("the concern shows\n%.3000s", page)
	}
	_, err := w.cases.Open(context.Background(), officer, b.Concerns[1].ID, "front", hearback.P2, "")
	w.must(err)
	if list := checkPage(t, "concerns", br.get("/concerns?view=all")); strings.Contains(list, "Triage is late") {
		t.Error("the clock of triage runs on after a case was opened")
	}
}

// BenchmarkBulk does each act over 500 of 2,000 rows, which takes less than a
// second. Merging is measured where it is done, in package app.
func BenchmarkBulk(b *testing.B) {
	for _, act := range []string{"case", "route", "ack", "pause", "resume", "mute"} {
		b.Run(act, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				w := newWorld(b)
				w.waiting(2000)
				br := w.join(w.options(), "Lin", access.Listener, access.Officer)
				do := func(act string) {
					b.Helper()
					to, back := "/cases", "/cases?view=open"
					if act == "case" || act == "mute" {
						to, back = "/concerns", "/concerns?view=triage"
					}
					if rec := br.post(to, "act", act, "to", "front", "reason", "the laboratory", "whole", "1", "back", back, "sure", "1"); rec.Code != http.StatusSeeOther || strings.Contains(rec.Header().Get("Location"), "done=some") {
						b.Fatalf("%s: %d to %q", act, rec.Code, rec.Header().Get("Location"))
					}
				}
				before := map[string][]string{"route": {"case"}, "ack": {"case"}, "pause": {"case", "ack"}, "resume": {"case", "ack", "pause"}}
				for _, first := range before[act] {
					do(first)
				}
				b.StartTimer()
				do(act)
			}
		})
	}
}

// TestDuty: a desk gets its calendar, shifts and chain by the form, the case
// shows them, and whoever takes it on is shown.
func TestDuty(t *testing.T) {
	w := newWorld(t)
	w.waiting(1)
	o := w.options()
	admin, lin := w.join(o, "Ada", access.Administrator), w.join(o, "Lin", access.Officer, access.Listener)
	form := []string{"version", "1", "name", "Front desk", "fallback", "1", "zone", "Asia/Shanghai", "country", "CN", "off", "6", "off", "0", "workdays", "2026-10-05", "shifts", "Mon-Fri 08:00-24:00 #3\n", "chain", "0m shift\n30m desk:water\n"}
	if rec := admin.post("/desks/front", form...); rec.Code != http.StatusSeeOther {
		t.Fatalf("%d: %s", rec.Code, rec.Body)
	}
	form[1] = "2"
	bad := append([]string(nil), form...)
	bad[len(bad)-3] = "Mon-Fri 08:00 #3"
	if rec := admin.post("/desks/front", bad...); rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), "is not a time") {
		t.Errorf("a shift without an end: %d %s", rec.Code, rec.Body)
	}
	body := checkPage(t, "desks", admin.get("/desks"))
	for _, want := range []string{"account 3", "Mon,Tue,Wed,Thu,Fri 08:00-24:00 #3", "30m desk:water", "2026-10-05"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page of desks lacks %q", want)
		}
	}
	list, _, err := w.db.ConcernList(context.Background(), office.ConcernFilter{View: "all"})
	w.must(err)
	c, err := w.cases.Open(context.Background(), officer, list[0].ID, "front", hearback.P3, "")
	w.must(err)
	w.pass(time.Hour)
	body = checkPage(t, "case", lin.get("/cases/"+c.ID.String()))
	for _, want := range []string{"On duty: account 3", "Water", "It has run for 1 h", "Half of the time is over"} {
		if !strings.Contains(body, want) {
			t.Errorf("the case lacks %q", want)
		}
	}
	if rec := lin.post("/cases/" + c.ID.String() + "/ack"); rec.Code != http.StatusSeeOther {
		t.Errorf("taken on: %d", rec.Code)
	}
	if body := lin.get("/cases/" + c.ID.String()).Body.String(); !strings.Contains(body, "Taken on by Listener") {
		t.Error("the case does not say who took it on")
	}
}
