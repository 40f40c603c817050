package web_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
)

// TestHelped: readers say whether an answer helped and why not; only counts are
// kept, and they are shown as counts of people are.
func TestHelped(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	b := w.public(w.options())
	at := "/answers/" + o.answer.String()
	read := func(path string) string { return b.get(path).Body.String() }
	if page := read(at); !strings.Contains(page, "Did this answer your question?") || strings.Contains(page, "Yes: ") {
		t.Error("the question is missing, or an answer to it is shown before there is one")
	}
	rec := b.post(at+"/helped", "h", "no", "text", "zh")
	to := rec.Header().Get("Location")
	if rec.Code != http.StatusSeeOther || !strings.Contains(to, "why=no") || !strings.Contains(to, "text=zh") || len(rec.Result().Cookies()) > 0 {
		t.Fatalf("no: %d to %q with cookies %v", rec.Code, to, rec.Result().Cookies())
	}
	if page := read(at + "?why=no"); !strings.Contains(page, `value="missing"`) {
		t.Error("nobody asks why")
	}
	b.post(at+"/helped", "h", "no", "reason", "missing")
	list, err := w.db.Feedback(t.Context(), o.answer)
	if err != nil || len(list) != 1 || list[0].Reason != "missing" || list[0].N != 1 {
		t.Errorf("Feedback = %+v, %v", list, err)
	}
	if page := read(at); !strings.Contains(page, "No: ") || strings.Contains(page, "No: 1") {
		t.Error("one reader is shown, or nothing")
	}
	for name, form := range map[string][]string{"nothing": nil, "another word": {"h", "perhaps"}, "another reason": {"h", "no", "reason", "<b>"}, "a reason for yes": {"h", "yes", "reason", "missing"}} {
		if rec := b.post(at+"/helped", form...); rec.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", name, rec.Code)
		}
	}
	if rec := b.post("/answers/"+o.draft.String()+"/helped", "h", "yes"); rec.Code != http.StatusNotFound {
		t.Errorf("a draft: %d", rec.Code)
	}
	if rec := b.post("/answers/"+o.gone.String()+"/helped", "h", "yes"); rec.Code < 400 {
		t.Errorf("a withdrawn answer: %d", rec.Code)
	}
	yes := func() (n int64) {
		list, err := w.db.Feedback(t.Context(), o.answer)
		w.must(err)
		for _, f := range list {
			if f.Said == hearback.SaidYes {
				n += f.N
			}
		}
		return n
	}
	before := yes()
	for range 3 { // pressed three times
		if rec := b.post(at+"/helped", "h", "yes"); rec.Code != http.StatusSeeOther {
			t.Errorf("pressed again = %d", rec.Code)
		}
	}
	if n := yes() - before; n != 1 {
		t.Errorf("pressed three times it counts %d times", n)
	}
	slow := 0
	for range 30 {
		w.pass(11 * time.Second)
		if rec := b.post(at+"/helped", "h", "yes"); rec.Code == http.StatusTooManyRequests {
			slow++
		}
	}
	if slow == 0 {
		t.Error("one network may vote without end")
	}
}

// TestNearFile: what a question is compared with while it is typed is the same
// file for everybody, and holds nothing that is not public.
func TestNearFile(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	rec := w.public(w.options()).get("/ask/answers.json?q=typed")
	var rows []struct{ T, W, L, U string }
	if err := json.Unmarshal(rec.Body.Bytes(), &rows); err != nil || len(rows) == 0 {
		t.Fatalf("%v: %s", err, rec.Body)
	}
	for _, r := range rows {
		if !strings.HasPrefix(r.U, "/answers/") || strings.Contains(r.U, o.draft.String()) || strings.Contains(r.U, o.gone.String()) || r.T == "" {
			t.Errorf("row %+v", r)
		}
	}
}
