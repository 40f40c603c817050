package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/evidence"
	"example.org/hearback/internal/notify"
	"example.org/hearback/internal/web"
	"example.org/hearback/internal/web/office"
)

// A program asks with a token.
type program struct {
	*browser
	w     *world
	token string
}

// program makes a token for whoever is signed in.
func (w *world) program(o web.Options, b *browser, scopes ...access.Scope) *program {
	w.t.Helper()
	form := []string{"name", "Program", "days", "30"}
	for _, s := range scopes {
		form = append(form, "scope", string(s))
	}
	rec := b.post("/account/tokens", form...)
	token := regexp.MustCompile(`hb_[0-9a-z]+_[0-9a-z]{40}`).FindString(rec.Body.String())
	if token == "" {
		w.t.Fatalf("making a token = %d %s", rec.Code, rec.Body)
	}
	// A handler of its own would be a service of its own; the browser's will do.
	return &program{&browser{w.t, b.h, b.base, "en", map[string]string{}}, w, token}
}

// call sends JSON; header lists names and values.
func (p *program) call(method, path string, body any, header ...string) *httptest.ResponseRecorder {
	p.t.Helper()
	p.w.pass(time.Second) // no program asks faster than its limit allows
	var b []byte
	switch body := body.(type) {
	case nil:
	case string:
		b = []byte(body)
	default:
		var err error
		if b, err = json.Marshal(body); err != nil {
			p.t.Fatal(err)
		}
	}
	r := httptest.NewRequest(method, p.base+path, bytes.NewReader(b))
	if p.token != "" {
		r.Header.Set("Authorization", "Bearer "+p.token)
	}
	if len(b) > 0 {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return p.do(r)
}

// fields reads an answer.
func body(t testing.TB, rec *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	m := map[string]any{}
	if err := json.Unmarshal(rec.Body.Bytes(), &m); err != nil {
		t.Fatalf("%v: %s", err, rec.Body)
	}
	return m
}

// problem returns the kind of problem that an answer is, or "".
func problem(rec *httptest.ResponseRecorder) string {
	if rec.Header().Get("Content-Type") != "application/problem+json" {
		return ""
	}
	var p struct{ Type string }
	if json.Unmarshal(rec.Body.Bytes(), &p) != nil {
		return "unreadable"
	}
	return strings.TrimPrefix(p.Type, "https://example.org/hearback/problems/")
}

// apiLines reads the table of the API from its source.
func apiLines(t testing.TB) (lines []line) {
	t.Helper()
	b, err := os.ReadFile("api/routes.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`op\("(GET|POST|PUT) ([^"]+)", access\.(\w+),`).FindAllStringSubmatch(string(b), -1) {
		may, known := actionNames[m[3]]
		if !known {
			t.Fatalf("%s %s asks for access.%s, which the test does not know", m[1], m[2], m[3])
		}
		lines = append(lines, line{m[1], m[2], may})
	}
	if n := strings.Count(string(b), "\t\top("); n != len(lines) || n < 90 {
		t.Fatalf("found %d of %d operations; is the pattern still right?", len(lines), n)
	}
	return lines
}

// A document is what the service says of its API.
type document struct {
	raw   any
	paths map[string]map[string]any
	check *jsonschema.Compiler
}

func apiDocument(t *testing.T, p *program) document {
	t.Helper()
	rec := p.call("GET", "/api/v1/openapi.json", nil)
	if rec.Code != http.StatusOK || rec.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("the document = %d %s", rec.Code, rec.Body)
	}
	raw, err := jsonschema.UnmarshalJSON(bytes.NewReader(rec.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	d := document{raw: raw, paths: map[string]map[string]any{}, check: jsonschema.NewCompiler()}
	for path, item := range raw.(map[string]any)["paths"].(map[string]any) {
		d.paths[path] = item.(map[string]any)
	}
	d.check.AssertFormat()
	if err := d.check.AddResource("http://console.test/openapi.json", raw); err != nil {
		t.Fatal(err)
	}
	return d
}

// schema compiles the schema at a place in the document.
func (d document) schema(t *testing.T, keys ...string) *jsonschema.Schema {
	t.Helper()
	esc := strings.NewReplacer("~", "~0", "/", "~1")
	for i := range keys {
		keys[i] = esc.Replace(keys[i])
	}
	s, err := d.check.Compile("http://console.test/openapi.json#/" + strings.Join(keys, "/"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// holds fails unless an answer is as the document says.
func (d document) holds(t *testing.T, method, pattern string, rec *httptest.ResponseRecorder) {
	t.Helper()
	op, _ := d.paths[pattern][strings.ToLower(method)].(map[string]any)
	if op == nil {
		t.Fatalf("%s %s is not in the document", method, pattern)
	}
	media, _, _ := strings.Cut(rec.Header().Get("Content-Type"), ";")
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(rec.Body.Bytes()))
	if rec.Code >= 400 {
		if media != "application/problem+json" {
			t.Errorf("%s %s = %d %s, want a problem", method, pattern, rec.Code, media)
		}
		err = errors.Join(err, d.schema(t, "components", "schemas", "Problem").Validate(v))
	} else {
		code := fmt.Sprint(rec.Code)
		said, _ := op["responses"].(map[string]any)[code].(map[string]any)
		if said == nil {
			t.Fatalf("%s %s = %d, which is not in the document", method, pattern, rec.Code)
		}
		for name := range said["headers"].(map[string]any) {
			if rec.Header().Get(name) == "" {
				t.Errorf("%s %s has no %s", method, pattern, name)
			}
		}
		if said["content"].(map[string]any)[media] == nil {
			t.Errorf("%s %s answers with %s, which is not in the document", method, pattern, media)
		}
		if media != "application/json" {
			return
		}
		err = errors.Join(err, d.schema(t, "paths", pattern, strings.ToLower(method), "responses", code, "content", media, "schema").Validate(v))
	}
	if err != nil {
		t.Errorf("%s %s: %v\n%.2000s", method, pattern, err, rec.Body)
	}
}

// outside stands in for what an office has outside itself.
type outside struct{}

func (outside) TryFeed(context.Context, string) (office.FeedTrial, error) {
	return office.FeedTrial{URL: "https://paper.example/feed", Title: "Paper", Items: 3, Newest: start, Every: time.Hour, Sample: []string{"Water is back"}}, nil
}

func (outside) PreviewTable(context.Context, hearback.ID, string, []byte, string) (office.TablePreview, error) {
	return office.TablePreview{}, nil
}

func (outside) ImportTable(context.Context, hearback.Actor, hearback.ID, string, []byte, string) (hearback.Tally, error) {
	return hearback.Tally{}, nil
}

func (outside) ImportOPML(context.Context, hearback.Actor, []byte, string, string) ([]office.OPMLResult, error) {
	return []office.OPMLResult{{Title: "Paper", URL: "https://paper.example/feed"}, {Title: "Other", URL: "ftp://x", Fault: "not a web address"}}, nil
}

func (outside) ExportOPML(_ context.Context, w io.Writer) error {
	_, err := io.WriteString(w, "<opml/>")
	return err
}

// undoable are concerns of which one was merged.
type undoable struct{ concerns }

func (undoable) Undo(context.Context, hearback.Actor, hearback.ID, string) error { return nil }

// officeOptions are the options of an office in which everything can be done.
func (w *world) officeOptions() web.Options {
	o := w.options()
	o.Intake, o.Concerns = outside{}, undoable{concerns{w}}
	o.SendCase = func(context.Context, hearback.Actor, hearback.ID, string) error { return nil }
	o.Archive = func(_ context.Context, url string) (evidence.Archived, error) {
		return evidence.Archived{URL: url, Hash: strings.Repeat("ab", 32), Type: "text/html", Body: []byte("x"), At: w.Now()}, nil
	}
	o.Match = func(context.Context, string, string, int) []office.Match {
		return []office.Match{{Answer: 5, Title: "Boil it", Score: 9, Same: true, Shared: []string{"water"}}}
	}
	o.FindMessages = func(ctx context.Context, words string, before hearback.ID, limit int) (office.Found, error) {
		c, err := w.db.Concern(ctx, firstConcern(w))
		if err != nil || before != 0 {
			return office.Found{}, err
		}
		list, err := w.db.Messages(ctx, c.Recent)
		return office.Found{Messages: list[:1], More: list[0].ID}, err
	}
	return o
}

// TestAPI calls every operation of the document for real, as an office works,
// and holds every answer against what the document says of it.
func TestAPI(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	opt := w.officeOptions()
	all := w.program(opt, w.join(opt, "Everything", access.Roles()...), access.Scopes()...)
	one := w.program(opt, w.join(opt, "One", access.Reviewer), access.Scopes()...)
	two := w.program(opt, w.join(opt, "Two", access.Reviewer), access.Scopes()...)
	doc := apiDocument(t, all)
	week := start.AddDate(0, 0, -2).Truncate(24 * time.Hour)
	w.must(w.db.AddSample(context.Background(), week, 31, []hearback.ID{o.pension}))

	called := map[string]bool{}
	do := func(p *program, want int, method, pattern, path string, in any, header ...string) map[string]any {
		t.Helper()
		rec := p.call(method, path, in, header...)
		if rec.Code != want {
			t.Fatalf("%s %s = %d %s, want %d", method, path, rec.Code, rec.Body, want)
		}
		pattern = "/api/v1" + pattern
		doc.holds(t, method, pattern, rec)
		called[method+" "+pattern] = true
		if rec.Header().Get("Content-Type") != "application/json" {
			return nil
		}
		return body(t, rec)
	}
	get := func(pattern, path string) map[string]any {
		t.Helper()
		return do(all, 200, "GET", pattern, "/api/v1"+path, nil)
	}
	id := func(pattern string, id hearback.ID) string {
		return "/api/v1" + strings.NewReplacer("{id}", id.String()).Replace(pattern)
	}
	post := func(pattern string, of hearback.ID, in any) map[string]any {
		t.Helper()
		return do(all, 200, "POST", pattern, id(pattern, of), in)
	}
	put := func(pattern, path string, in any) map[string]any {
		t.Helper()
		rec := all.call("GET", "/api/v1"+path, nil)
		return do(all, 200, "PUT", pattern, "/api/v1"+path, in, "If-Match", rec.Header().Get("ETag"))
	}
	parse := func(v any) hearback.ID {
		t.Helper()
		x, err := hearback.ParseID(v.(string))
		w.must(err)
		return x
	}
	type m map[string]any

	// Reading.
	get("/openapi.json", "/openapi.json")
	if me := get("/me", "/me"); len(me["scopes"].([]any)) != 7 || len(me["asleep"].([]any)) != 0 {
		t.Errorf("me = %v", me)
	}
	if v := get("/today", "/today"); v["answered"] != 1.0 || v["measured"] != 1.0 {
		t.Errorf("today = %v", v)
	}
	if v := get("/search", "/search?q=water"); len(v["concerns"].([]any)) == 0 || len(v["answers"].([]any)) != 1 || len(v["messages"].([]any)) != 1 {
		t.Errorf("search = %v", v)
	} else if v := get("/search", "/search?q=water&before="+v["before"].(string)); len(v["messages"].([]any))+len(v["concerns"].([]any)) != 0 {
		t.Errorf("search before = %v", v)
	}
	get("/concerns", "/concerns?view=all&speech=en&area=Riverside&q=water&small=true&source="+o.feed.String())
	if v := get("/concerns", "/concerns?tier=P3"); len(v["items"].([]any)) != 1 {
		t.Errorf("concerns of P3 = %v", v)
	}
	get("/concerns/{id}", "/concerns/"+o.water.String())
	if v := get("/concerns/{id}/messages", "/concerns/"+o.water.String()+"/messages?limit=3"); len(v["items"].([]any)) != 3 {
		t.Errorf("messages = %v", v)
	}
	if v := get("/concerns/{id}/series", "/concerns/"+o.water.String()+"/series?hours=24"); len(v["items"].([]any)) != 25 || v["items"].([]any)[24].(map[string]any)["so_far"] != true || v["items"].([]any)[23].(map[string]any)["so_far"] != false {
		t.Errorf("series has %d points", len(v["items"].([]any)))
	}
	get("/concerns/{id}/nearest", "/concerns/"+o.water.String()+"/nearest")
	if v := get("/proposals", "/proposals?concern="+firstConcern(w).String()); len(v["items"].([]any)) != 2 {
		t.Errorf("proposals = %v", v)
	}
	c, err := w.db.Concern(context.Background(), o.pension)
	w.must(err)
	c.Theme = o.dam
	w.must(w.db.SetConcern(context.Background(), c))
	if v := get("/themes", "/themes"); len(v["items"].([]any)) != 1 {
		t.Errorf("themes = %v", v)
	}

	// Concerns.
	if v := post("/concerns/{id}/mute", o.pension, m{"muted": true, "reason": "Known."}); v["state"] != "muted" {
		t.Errorf("muted = %v", v["state"])
	}
	post("/concerns/{id}/mute", o.pension, m{"muted": false, "reason": "Back."})
	if v := post("/concerns/{id}/tier", o.pension, m{"tier": "P2", "reason": "Many are old."}); v["tier"] != "P2" {
		t.Errorf("tier = %v", v["tier"])
	}
	if v := post("/concerns/{id}/title", o.pension, m{"title": "养老金何时到账？"}); v["title"] != "养老金何时到账？" || v["titled"] != true {
		t.Errorf("title = %v", v["title"])
	}
	if v := post("/concerns/{id}/harm", o.pension, m{"severity": 2, "believable": 1, "immediate": 1, "call": 0, "vulnerable": 3, "reason": "Rent."}); len(v["ratings"].([]any)) != 1 {
		t.Errorf("ratings = %v", v["ratings"])
	}
	post("/concerns/{id}/proposal", firstConcern(w), m{"key": "p1", "accept": false, "reason": "Two things."})
	if v := post("/concerns/{id}/merge", o.water, m{"from": o.bus, "reason": "The same."}); v["id"] != o.water.String() {
		t.Errorf("merged = %v", v)
	}
	post("/concerns/{id}/undo", o.water, m{"reason": "Not the same."})
	bulk := do(all, 200, "POST", "/concerns/bulk", "/api/v1/concerns/bulk", m{"act": "mute", "ids": []string{o.pension.String(), "zzz"}, "reason": "Known."})["items"].([]any)
	if a, b := bulk[0].(map[string]any), bulk[1].(map[string]any); a["done"] != true || b["done"] != false || b["problem"].(map[string]any)["status"] != 404.0 {
		t.Errorf("bulk = %v", bulk)
	}
	do(all, 200, "POST", "/concerns/bulk", "/api/v1/concerns/bulk", m{"act": "unmute", "ids": []string{o.pension.String()}, "reason": "Back."})
	do(all, 422, "POST", "/concerns/bulk", "/api/v1/concerns/bulk", m{"act": "mute", "ids": make([]hearback.ID, 501), "reason": "Known."})
	view := do(all, 200, "POST", "/views", "/api/v1/views", m{"name": "Urgent", "query": "view=case&tier=P2&nonsense=1"})["items"].([]any)[0].(map[string]any)
	if view["query"] != "tier=P2&view=case" || view["own"] != true {
		t.Errorf("view = %v", view)
	}
	get("/views", "/views")
	if x := post("/views/{id}/remove", parse(view["id"]), nil); len(x["items"].([]any)) != 0 {
		t.Errorf("views = %v", x)
	}

	// A case, from its opening to a published answer.
	kase := parse(do(all, 201, "POST", "/concerns/{id}/case", id("/concerns/{id}/case", o.pension), m{"desk": "front", "note": "Many ask."})["id"])
	if v := get("/cases", "/cases?view=open&desk=front"); len(v["items"].([]any)) != 1 {
		t.Errorf("cases of the front desk = %v", v)
	}
	get("/cases/{id}", "/cases/"+o.waterCase.String())
	if v := post("/cases/{id}/route", kase, m{"desk": "water", "note": "Yours."}); v["desk"] != "water" || v["state"] != "routed" {
		t.Errorf("routed = %v", v)
	}
	post("/cases/{id}/ack", kase, nil)
	post("/cases/{id}/brief", kase, m{"note": "The director, by telephone."})
	post("/cases/{id}/share", kase, m{"with": []string{"front"}})
	if v := post("/cases/{id}/decline", kase, m{"why": "not_ours", "desk": "front", "reason": "Not water."}); v["desk"] != "front" {
		t.Errorf("declined = %v", v)
	}
	post("/cases/{id}/tier", kase, m{"tier": "P3", "reason": "No emergency."})
	if v := post("/cases/{id}/pause", kase, m{"reason": "The bank answers tomorrow."}); v["paused"] != true {
		t.Errorf("paused = %v", v)
	}
	post("/cases/{id}/resume", kase, nil)
	for _, act := range []string{"pause", "resume"} {
		if x := do(all, 200, "POST", "/cases/bulk", "/api/v1/cases/bulk", m{"act": act, "ids": []hearback.ID{kase}, "note": "Tomorrow."})["items"].([]any); x[0].(map[string]any)["done"] != true {
			t.Errorf("bulk %s = %v", act, x)
		}
	}
	post("/cases/{id}/send", kase, m{"text": "Please look."})
	post("/cases/{id}/playbook", kase, m{"playbook": "water"})
	if v := post("/cases/{id}/tick", kase, m{"step": 1, "done": true}); len(v["following"].(map[string]any)["ticks"].([]any)) != 1 {
		t.Errorf("ticked = %v", v)
	}
	post("/cases/{id}/check", kase, m{})
	e := post("/cases/{id}/evidence", kase, m{"title": "Notice of the fund", "url": "https://fund.example/notice", "primary": true, "copy": true})["evidence"].([]any)[0].(map[string]any)
	if e["hash"] != strings.Repeat("ab", 32) {
		t.Errorf("evidence = %v", e)
	}
	if v := post("/cases/{id}/estimate", kase, m{"verdict": "true", "sure": 80}); len(v["estimates"].([]any)) != 1 {
		t.Errorf("estimates = %v", v)
	}
	if v := post("/cases/{id}/verdict", kase, m{"verdict": "true"}); v["verdict"] != "true" {
		t.Errorf("verdict = %v", v)
	}
	post("/cases/{id}/dissent", kase, m{"verdict": "mostly_true", "reason": "Two branches are late."})
	if v := post("/cases/{id}/retract", kase, m{"evidence": e["id"], "reason": "It was for February."}); v["verdict"] != nil {
		t.Errorf("a verdict stands on retracted evidence: %v", v["verdict"])
	}
	post("/cases/{id}/evidence", kase, m{"title": "New notice", "primary": true})
	post("/cases/{id}/verdict", kase, m{"verdict": "true"})
	draft := "/cases/" + kase.String() + "/draft"
	if v := get("/cases/{id}/draft", draft); v["state"] != "none" || v["version"] != 0.0 {
		t.Errorf("no draft = %v", v)
	}
	v := put("/cases/{id}/draft", draft, m{"texts": []m{{"lang": "zh", "title": "养老金周五到账", "lead": "本月养老金于周五发放。", "verdict": "true"}}})
	answer := parse(v["answer"])
	if v["state"] != "draft" {
		t.Errorf("draft = %v", v)
	}
	post("/answers/{id}/submit", answer, nil)
	do(one, 200, "POST", "/answers/{id}/return", id("/answers/{id}/return", answer), m{"note": "Which Friday?"})
	v = put("/cases/{id}/draft", draft, m{"texts": []m{{"lang": "zh", "title": "养老金3月20日到账", "lead": "本月养老金于3月20日发放。", "verdict": "true"}}})
	post("/answers/{id}/submit", answer, nil)
	if x := do(one, 200, "POST", "/answers/{id}/approve", id("/answers/{id}/approve", answer), m{"hash": v["hash"]}); x["ready"] != false {
		t.Error("one approval is enough")
	}
	if x := do(two, 200, "POST", "/answers/{id}/approve", id("/answers/{id}/approve", answer), m{"hash": v["hash"], "note": "Called the fund."}); x["ready"] != true {
		t.Error("two approvals are not enough")
	}
	if x := post("/answers/{id}/publish", answer, nil); x["state"] != "published" || x["public"] != "http://public.test/answers/"+answer.String() {
		t.Errorf("published = %v", x)
	}
	post("/answers/{id}/recheck", answer, m{"days": 30})
	if x := post("/answers/{id}/until", answer, m{"until": start.AddDate(0, 1, 0)}); x["until"] != start.AddDate(0, 1, 0).UTC().Format(time.RFC3339) {
		t.Errorf("until = %v", x["until"])
	}
	if x := post("/answers/{id}/until", answer, m{}); x["until"] != nil {
		t.Errorf("until nothing = %v", x["until"])
	}
	get("/answers", "/answers?view=published&limit=1")
	get("/answers/{id}", "/answers/"+o.answer.String())
	get("/outcomes", "/outcomes")
	get("/calibration", "/calibration")
	put("/cases/{id}/draft", draft, m{"texts": []m{{"lang": "zh", "title": "养老金3月21日到账", "lead": "x", "verdict": "true"}}, "reason": "The bank moved it."})
	post("/answers/{id}/drop", answer, m{"note": "It did not."})
	ready := get("/cases/{id}/prepared", "/cases/"+kase.String()+"/prepared")["items"].([]any)
	rec := all.call("GET", "/api/v1"+draft, nil)
	title := ready[0].(map[string]any)["texts"].([]any)[1].(map[string]any)["lead"].(string)
	if x := do(all, 200, "PUT", "/cases/{id}/draft/prepared", "/api/v1"+draft+"/prepared", m{"n": 1, "reason": "More is known."}, "If-Match", rec.Header().Get("ETag")); !strings.Contains(fmt.Sprint(x["texts"]), title) {
		t.Errorf("prepared = %v, want %q in it", x, title)
	}
	post("/answers/{id}/drop", answer, m{"note": "Not yet."})
	if x := post("/cases/{id}/close", kase, m{"why": "answered"}); x["state"] != "closed" {
		t.Errorf("closed = %v", x)
	}
	post("/cases/{id}/reopen", kase, m{"note": "Asked again."})
	if x := post("/answers/{id}/urgent", o.draft, m{"reason": "Tonight."}); x["urgent"] != true {
		t.Errorf("urgent = %v", x)
	}
	dam, err := w.db.Answer(context.Background(), o.draft)
	w.must(err)
	if x := do(one, 200, "POST", "/answers/{id}/ratify", id("/answers/{id}/ratify", o.draft), m{"hash": dam.Current().Hash()}); x["urgent"] != false {
		t.Errorf("ratified = %v", x)
	}
	if x := post("/answers/{id}/withdraw", o.answer, m{"reason": "It no longer holds."}); x["state"] != "withdrawn" {
		t.Errorf("withdrawn = %v", x)
	}

	// Alerts.
	get("/alerts", "/alerts?view=all&limit=200")
	if x := post("/alerts/{id}/verdict", o.alert, m{"verdict": "worth"}); x["verdict"] != "worth" {
		t.Errorf("judged = %v", x)
	}
	post("/alerts/{id}/ack", o.alert, nil)
	get("/samples", "/samples")
	do(all, 200, "POST", "/samples", "/api/v1/samples", m{"week": week.Format(time.DateOnly), "concern": o.pension, "finding": "missed"})

	// Sources and topics.
	get("/sources", "/sources")
	get("/sources.opml", "/sources.opml")
	get("/sources/{id}", "/sources/"+o.feed.String())
	if x := get("/sources/{id}/health", "/sources/"+o.feed.String()+"/health"); x["state"] != "unwell" && x["state"] != "fine" && x["state"] != "waiting" {
		t.Errorf("health = %v", x)
	}
	v = do(all, 201, "POST", "/sources", "/api/v1/sources", m{"slug": "board", "kind": "webhook", "title": "Notice board", "reason": "Public.", "basis": "public task", "days": 20})
	hook := parse(v["id"])
	if v["token"] == nil || v["post"] != "http://console.test/ingest/board" {
		t.Errorf("source = %v", v)
	}
	do(all, 200, "POST", "/sources/try", "/api/v1/sources/try", m{"url": "https://paper.example"})
	do(all, 200, "POST", "/sources/opml", "/api/v1/sources/opml", m{"opml": "<opml/>", "reason": "Public.", "basis": "public task"})
	if x := put("/sources/{id}", "/sources/"+hook.String(), m{"title": "Board", "reason": "Public.", "basis": "public task", "days": 10}); x["title"] != "Board" || x["days"] != 10.0 {
		t.Errorf("changed = %v", x)
	}
	post("/sources/{id}/token", hook, nil)
	post("/sources/{id}/pause", hook, m{"reason": "Quiet."})
	post("/sources/{id}/resume", hook, m{"reason": "Loud."})
	if x := post("/sources/{id}/remove", hook, m{"reason": "Gone."}); x["state"] != "removed" {
		t.Errorf("removed = %v", x)
	}
	get("/topics", "/topics")
	get("/topics/{id}", "/topics/"+o.topic.String())
	topic := parse(do(all, 201, "POST", "/topics", "/api/v1/topics", m{"name": "Pensions", "query": "养老金", "reason": "Asked."})["id"])
	if x := do(all, 200, "POST", "/topics/try", "/api/v1/topics/try", m{"query": "养老金", "text": "三月的养老金怎么还没到？"}); x["keeps"] != true {
		t.Errorf("try = %v", x)
	}
	put("/topics/{id}", "/topics/"+topic.String(), m{"name": "Pensions", "query": "养老金 OR pension", "reason": "Asked."})
	post("/topics/{id}/remove", topic, m{"reason": "Over."})

	// Desks.
	get("/desks", "/desks")
	get("/desks/{slug}", "/desks/water")
	do(all, 201, "POST", "/desks", "/api/v1/desks", m{"slug": "roads", "name": "Roads", "off": []int{0, 6}, "keywords": []string{"bus"}, "reason": "New."})
	put("/desks/{slug}", "/desks/roads", m{"name": "Roads and buses", "name_zh": "道路公交", "zone": "Asia/Shanghai", "reason": "Better."})
	do(all, 200, "POST", "/desks/{slug}/remove", "/api/v1/desks/roads/remove", m{"reason": "Merged."})
	get("/routing", "/routing")
	put("/routing", "/routing", m{"rules": "word=bus -> front\n", "reason": "Buses."})
	get("/playbooks", "/playbooks")
	get("/playbooks/{slug}", "/playbooks/water")
	book := get("/playbooks/{slug}", "/playbooks/water")["text"]
	put("/playbooks/{slug}", "/playbooks/water", m{"text": book.(string) + "\n", "reason": "Tidy."})
	do(all, 200, "POST", "/playbooks/{slug}/remove", "/api/v1/playbooks/water/remove", m{"reason": "Own one."})

	// The log and the rest.
	get("/log", "/log?limit=5&type=answer")
	get("/log", "/log?about=case:"+kase.String())
	get("/log/{seq}", "/log/0")
	get("/settings", "/settings")
	if x := put("/settings", "/settings", m{"reviewers": 1, "reason": "We are two."}); x["reviewers"] != 1.0 {
		t.Errorf("settings = %v", x)
	}
	get("/security", "/security")
	if x := put("/settings/estimates", "/settings/estimates", m{"tiers": m{"P1": 2}, "reason": "Two see more."}); x["tiers"].(map[string]any)["P1"] != 2.0 {
		t.Errorf("estimates = %v", x)
	}
	get("/settings/estimates", "/settings/estimates")
	get("/crisis", "/crisis")
	if x := do(all, 200, "POST", "/crisis", "/api/v1/crisis", m{"hours": 6, "reason": "The river rises."}); x["until"] == nil {
		t.Errorf("crisis = %v", x)
	}
	do(all, 422, "POST", "/crisis", "/api/v1/crisis", m{"hours": 169, "reason": "Long."})
	get("/witnesses", "/witnesses")
	box := &mailbox{}
	w.notices.Senders = map[notify.Way]notify.Sender{notify.Webhook: box}
	made := do(all, 201, "POST", "/receivers", "/api/v1/receivers", m{"name": "Newsroom", "to": "https://paper.example/in?key=hidden", "areas": []string{"Riverside"}})
	secret, _ := made["secret"].(string)
	if secret == "" {
		t.Errorf("receiver = %v, want a secret", made)
	}
	receiver := parse(made["id"])
	put("/receivers/{id}", "/receivers/"+receiver.String(), m{"name": "Newsroom of the paper", "answers": "zh"})
	for _, path := range []string{"/receivers", "/receivers/" + receiver.String()} {
		if rec := all.call("GET", "/api/v1"+path, nil); rec.Code != 200 || strings.Contains(rec.Body.String(), secret) || strings.Contains(rec.Body.String(), "hidden") {
			t.Errorf("%s = %d %s", path, rec.Code, rec.Body)
		}
	}
	get("/receivers", "/receivers")
	get("/receivers/{id}", "/receivers/"+receiver.String())
	if x := post("/receivers/{id}/test", receiver, nil); x["arrived"] != true || len(box.got) != 1 {
		t.Errorf("test = %v, %d came", x, len(box.got))
	}
	if x := post("/receivers/{id}/pause", receiver, m{"paused": true}); x["paused"] != true {
		t.Errorf("paused = %v", x)
	}
	if x := post("/receivers/{id}/remove", receiver, nil); len(x["items"].([]any)) != 0 {
		t.Errorf("receivers = %v", x)
	}
	for _, tt := range []struct{ method, path, allow string }{{"DELETE", "/api/v1/topics", "GET, HEAD, POST"}, {"GET", "/api/v1/answers/" + answer.String() + "/publish", "POST"}, {"PATCH", "/api/v1/settings", "GET, HEAD, PUT"}} {
		if rec := all.call(tt.method, tt.path, nil); rec.Code != 405 || problem(rec) != "method" || rec.Header().Get("Allow") != tt.allow {
			t.Errorf("%s %s = %d %s, Allow %q", tt.method, tt.path, rec.Code, rec.Body, rec.Header().Get("Allow"))
		}
	}
	if rec := all.call("DELETE", "/api/v1/nowhere", nil); rec.Code != 404 || problem(rec) != "not-found" {
		t.Errorf("nowhere = %d %s", rec.Code, rec.Body)
	}

	// Nothing stands in the document that was not called, and nothing is
	// served that does not stand in it.
	said := map[string]bool{}
	for path, item := range doc.paths {
		for method := range item {
			said[strings.ToUpper(method)+" "+path] = true
		}
	}
	// The room of a drill, where nobody needs a token.
	_, inDrill := w.room()
	evaluator := &program{as(w.console(inDrill), "evaluator"), w, ""}
	if sheet := do(evaluator, 200, "GET", "/drill", "/api/v1/drill", nil); sheet["key"] != true || len(sheet["expectations"].([]any)) != 5 {
		t.Errorf("the drill is %v", sheet)
	}
	do(evaluator, 200, "POST", "/drill/pace", "/api/v1/drill/pace", map[string]any{"act": "pause"})
	do(evaluator, 200, "POST", "/drill/ratings", "/api/v1/drill/ratings", map[string]any{"objective": "listen", "rating": "performed"})
	saw := map[string]any{"objective": "listen", "improve": true, "text": "Nobody was on duty."}
	do(evaluator, 200, "POST", "/drill/observations", "/api/v1/drill/observations", saw)
	noted := do(evaluator, 200, "GET", "/drill", "/api/v1/drill", nil)["observations"].([]any)
	observation := "/api/v1/drill/observations/" + noted[0].(map[string]any)["id"].(string)
	saw["action"], saw["desk"], saw["due"], saw["version"] = "Write a roster.", "water", "2026-08-01", 1
	do(evaluator, 200, "POST", "/drill/observations/{id}", observation, saw)
	if rec := evaluator.call("POST", observation, saw); rec.Code != http.StatusConflict {
		t.Errorf("an old version of an observation = %d", rec.Code)
	}
	if rec := (&program{as(w.console(inDrill), "officer"), w, ""}).call("POST", "/api/v1/drill/observations", saw); rec.Code != http.StatusForbidden {
		t.Errorf("an officer observes = %d", rec.Code)
	}
	do(evaluator, 200, "POST", "/drill/observations/{id}/remove", observation+"/remove", nil)

	for k := range said {
		if !called[k] {
			t.Errorf("%s stands in the document and was not called", k)
		}
	}
	lines := apiLines(t)
	for _, l := range lines {
		if !said[l.method+" "+l.path] {
			t.Errorf("%s %s is served and does not stand in the document", l.method, l.path)
		}
	}
	for _, l := range consoleLines(t) {
		if strings.HasPrefix(l.path, "/api/") {
			t.Errorf("%s %s is served beside the table of the API", l.method, l.path)
		}
	}
	if len(said) != len(lines) {
		t.Errorf("%d operations are in the document, %d are served", len(said), len(lines))
	}
	t.Logf("%d operations called", len(called))
}

func firstConcern(w *world) hearback.ID {
	list, _, err := w.db.ConcernList(context.Background(), office.ConcernFilter{View: "all"})
	w.must(err)
	return list[0].ID
}

// TestAPIRoles holds role × operation over HTTP, and scope × operation: a token
// does what its scopes name and its owner may, and never more.
func TestAPIRoles(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	opt := w.officeOptions()
	w.join(opt, "First", access.Administrator)
	lines := apiLines(t)
	allowed, denied := 0, 0
	for _, role := range access.Roles() {
		p := w.program(opt, w.join(opt, string(role), role), access.Scopes()...)
		for _, l := range lines {
			rec := p.call(l.method, l.fill(o.bus), nil)
			if rec.Code >= 500 {
				t.Errorf("%s %s for the %s = %d", l.method, l.path, role, rec.Code)
			}
			want := slices.Contains(access.Who(l.may), role)
			if got := problem(rec) != "role"; got != want {
				t.Errorf("%s %s for the %s: allowed %t, want %t (%d %s)", l.method, l.path, role, got, want, rec.Code, rec.Body)
			}
			if want {
				allowed++
			} else {
				denied++
			}
		}
	}
	t.Logf("%d roles at %d operations: %d pairs allowed, %d refused", len(access.Roles()), len(lines), allowed, denied)
	everybody := w.join(opt, "Everything", access.Roles()...)
	programs := map[access.Scope]*program{} // made at once: later the session would be asked for its password
	for _, scope := range access.Scopes() {
		programs[scope] = w.program(opt, everybody, scope)
	}
	for scope, p := range programs {
		for _, l := range lines {
			rec := p.call(l.method, l.fill(o.bus), nil)
			if got, want := problem(rec) != "scope", access.ScopeOf(l.may) == scope; got != want || rec.Code >= 500 {
				t.Errorf("%s %s with the scope %s: allowed %t, want %t (%d %s)", l.method, l.path, scope, got, want, rec.Code, rec.Body)
			}
		}
	}
	// Without anything, and with the session of a browser.
	nobody := &program{w.console(opt), w, ""}
	for _, l := range lines {
		if rec := nobody.call(l.method, l.fill(o.bus), nil); rec.Code != http.StatusUnauthorized || problem(rec) != "token" {
			t.Errorf("%s %s for nobody = %d", l.method, l.path, rec.Code)
		}
		session := &program{everybody, w, ""}
		rec := session.call(l.method, l.fill(o.bus), nil)
		if reads := l.method == "GET"; reads && (problem(rec) == "refused" || problem(rec) == "token") || !reads && problem(rec) != "refused" {
			t.Errorf("%s %s with a session = %d %s", l.method, l.path, rec.Code, rec.Body)
		}
	}
	// People act on the cases of their desks only.
	p := w.program(opt, w.join(opt, "Front", access.Officer, access.Listener, access.Reviewer), access.Scopes()...)
	w.must(w.accounts.SetDesks(context.Background(), w.account("first@office.example"), w.account("front@office.example").ID, []string{"front"}))
	n := 0
	for _, l := range lines {
		id := o.damCase
		switch {
		case strings.HasPrefix(l.path, "/api/v1/answers/{id}"):
			id = o.draft
		case !strings.HasPrefix(l.path, "/api/v1/cases/{id}"):
			continue
		}
		n++
		rec := p.call(l.method, l.fill(id), nil)
		if got, want := strings.Contains(rec.Body.String(), "with the desk water"), l.may != access.ViewConsole; got != want || want && rec.Code != http.StatusForbidden {
			t.Errorf("%s %s for another desk: refused %t, want %t (%d)", l.method, l.path, got, want, rec.Code)
		}
	}
	if n < 30 {
		t.Errorf("found %d operations on cases and answers", n)
	}
}
