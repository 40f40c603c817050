package web_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/notify"
	"example.org/hearback/internal/web/office"
)

// A counted service counts how often acts reached the service, and may make one fail.
type counted struct {
	concerns
	mu    sync.Mutex
	n     int
	fault error
}

func (c *counted) Mute(ctx context.Context, by hearback.Actor, id hearback.ID, on bool, reason string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	if c.fault != nil {
		return c.fault
	}
	return c.concerns.Mute(ctx, by, id, on, reason)
}

// TestAPIKeys: an act with a key is done once, and the same request gets the
// first answer again for a day, whatever that was, after a restart too.
func TestAPIKeys(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	opt := w.officeOptions()
	acts := &counted{concerns: concerns{w}}
	opt.Concerns = acts
	b := w.join(opt, "Everything", access.Roles()...)
	p := w.program(opt, b, access.Scopes()...)
	path := "/api/v1/concerns/" + o.pension.String() + "/mute"
	in := map[string]any{"muted": true, "reason": "Known."}

	first := p.call("POST", path, in, "Idempotency-Key", "one")
	if first.Code != http.StatusOK || acts.n != 1 {
		t.Fatalf("first = %d %s", first.Code, first.Body)
	}
	w.must(concerns{w}.Retitle(context.Background(), listener, o.pension, "Changed meanwhile"))
	restarted := &program{w.console(opt), w, p.token}
	for _, p := range []*program{p, restarted} {
		again := p.call("POST", path, in, "Idempotency-Key", "one")
		if again.Code != first.Code || !bytes.Equal(again.Body.Bytes(), first.Body.Bytes()) || again.Header().Get("Idempotency-Replayed") != "true" || acts.n != 1 {
			t.Errorf("again = %d %s after %d acts, want the first answer", again.Code, again.Body, acts.n)
		}
	}
	if rec := p.call("POST", path, map[string]any{"muted": false, "reason": "Known."}, "Idempotency-Key", "one"); rec.Code != 422 || problem(rec) != "key-reused" || acts.n != 1 {
		t.Errorf("the key with another body = %d %s", rec.Code, rec.Body)
	}
	if rec := p.call("POST", "/api/v1/concerns/"+o.water.String()+"/mute", in, "Idempotency-Key", "one"); problem(rec) != "key-reused" || acts.n != 1 {
		t.Errorf("the key at another address = %d %s", rec.Code, rec.Body)
	}
	// Keys of one account are nothing to another.
	other := w.program(opt, w.join(opt, "Listener", access.Listener), access.Scopes()...)
	if rec := other.call("POST", path, in, "Idempotency-Key", "one"); rec.Code != 200 || rec.Header().Get("Idempotency-Replayed") != "" || acts.n != 2 {
		t.Errorf("the key of another account = %d %s", rec.Code, rec.Body)
	}
	// What was refused stays refused under its key.
	refused := map[string]any{"muted": true, "reason": ""}
	no := p.call("POST", path, refused, "Idempotency-Key", "two")
	if again := p.call("POST", path, refused, "Idempotency-Key", "two"); no.Code != 422 || again.Code != 422 || !bytes.Equal(no.Body.Bytes(), again.Body.Bytes()) || acts.n != 3 {
		t.Errorf("refused = %d, again %d after %d acts", no.Code, again.Code, acts.n)
	}
	// What failed in the middle may have been done: it is not done again.
	acts.fault = errors.New("the disk is full")
	if rec := p.call("POST", path, in, "Idempotency-Key", "three"); rec.Code != 500 || strings.Contains(rec.Body.String(), "disk") {
		t.Errorf("failed = %d %s", rec.Code, rec.Body)
	}
	acts.fault = nil
	if rec := p.call("POST", path, in, "Idempotency-Key", "three"); rec.Code != 409 || problem(rec) != "unknown-outcome" || acts.n != 4 {
		t.Errorf("after a failure = %d %s, %d acts", rec.Code, rec.Body, acts.n)
	}
	for _, bad := range []string{" ", "a b", "ключ", strings.Repeat("x", 201)} {
		if rec := p.call("POST", path, in, "Idempotency-Key", bad); rec.Code != 422 || acts.n != 4 {
			t.Errorf("the key %q = %d", bad, rec.Code)
		}
	}
	// Many at once are one act.
	w.pass(time.Minute)
	var wait sync.WaitGroup
	codes := make([]int, 6)
	for i := range codes {
		q := &program{w.console(opt), w, p.token}
		wait.Go(func() { codes[i] = q.call("POST", path, in, "Idempotency-Key", "four").Code })
	}
	wait.Wait()
	for _, code := range codes {
		if code != 200 && code != 409 {
			t.Errorf("at once = %v", codes)
		}
	}
	if acts.n != 5 {
		t.Errorf("%d acts, want 5", acts.n)
	}
	// Nothing of an answer lies open in the store.
	hook := map[string]any{"slug": "board", "kind": "webhook", "title": "Board", "reason": "Public.", "basis": "public task"}
	made := p.call("POST", "/api/v1/sources", hook, "Idempotency-Key", "five")
	token := body(t, made)["token"].(string)
	if again := p.call("POST", "/api/v1/sources", hook, "Idempotency-Key", "five"); again.Code != 201 || body(t, again)["token"] != token || again.Header().Get("Location") != made.Header().Get("Location") {
		t.Errorf("a token that was lost on the way = %d %s", again.Code, again.Body)
	}
	if n := w.search(token); n != 0 {
		t.Errorf("the store holds the token of a webhook %d times", n)
	}
	w.pass(24 * time.Hour)
	if rec := p.call("POST", path, in, "Idempotency-Key", "one"); rec.Code != 200 || rec.Header().Get("Idempotency-Replayed") != "" {
		t.Errorf("after a day = %d", rec.Code)
	}
}

// TestAPIVersions: who has an answer already is told so, and nobody overwrites
// what somebody else changed.
func TestAPIVersions(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	opt := w.officeOptions()
	p := w.program(opt, w.join(opt, "Everything", access.Roles()...), access.Scopes()...)
	for _, path := range []string{"/concerns", "/concerns/" + o.water.String(), "/cases/" + o.damCase.String(), "/topics/" + o.topic.String(), "/openapi.json"} {
		rec := p.call("GET", "/api/v1"+path, nil)
		tag := rec.Header().Get("ETag")
		for _, have := range []string{tag, `"x", W/` + tag, "*"} {
			if rec := p.call("GET", "/api/v1"+path, nil, "If-None-Match", have); rec.Code != http.StatusNotModified || rec.Body.Len() != 0 || rec.Header().Get("ETag") != tag {
				t.Errorf("%s with %s = %d", path, have, rec.Code)
			}
		}
		if rec := p.call("GET", "/api/v1"+path, nil, "If-None-Match", `"x"`); rec.Code != http.StatusOK {
			t.Errorf("%s with another tag = %d", path, rec.Code)
		}
	}
	path := "/api/v1/topics/" + o.topic.String()
	tag := p.call("GET", path, nil).Header().Get("ETag")
	change := func(name, match string) (int, string) {
		t.Helper()
		var header []string
		if match != "" {
			header = []string{"If-Match", match}
		}
		rec := p.call("PUT", path, map[string]any{"name": name, "query": "flood", "reason": "The river."}, header...)
		return rec.Code, problem(rec)
	}
	if code, kind := change("Nobody", ""); code != 428 || kind != "version-needed" {
		t.Errorf("without If-Match = %d %s", code, kind)
	}
	if code, kind := change("Nobody", "W/"+tag); code != 412 || kind != "changed" {
		t.Errorf("with a weak tag = %d %s", code, kind)
	}
	if code, _ := change("First", tag); code != 200 {
		t.Errorf("with If-Match = %d", code)
	}
	if code, kind := change("Second", tag); code != 412 || kind != "changed" {
		t.Errorf("with an old If-Match = %d %s", code, kind)
	}
	if name := body(t, p.call("GET", path, nil))["name"]; name != "First" {
		t.Errorf("the topic is %v", name)
	}
	if code, _ := change("Whatever it is", "*"); code != 200 {
		t.Errorf("with * = %d", code)
	}
}

// TestAPIPages: lists are read page by page, each row once.
func TestAPIPages(t *testing.T) {
	w := newWorld(t)
	w.fill(plain)
	opt := w.officeOptions()
	p := w.program(opt, w.join(opt, "Everything", access.Roles()...), access.Scopes()...)
	for _, list := range []string{"concerns?view=all", "cases?view=open", "answers?view=all", "alerts?view=all", "sources?x", "topics?x", "desks?x", "playbooks?x", "outcomes?x", "log?x"} {
		list = strings.TrimSuffix(list, "?x")
		sep := "?"
		if strings.Contains(list, "?") {
			sep = "&"
		}
		seen, after := map[string]bool{}, ""
		for n := 0; ; n++ {
			v := body(t, p.call("GET", "/api/v1/"+list+sep+"limit=1"+after, nil))
			items := v["items"].([]any)
			for _, x := range items {
				if key := fmt.Sprint(x); seen[key] {
					t.Errorf("%s: %.100s twice", list, key)
				} else {
					seen[key] = true
				}
			}
			if v["next"] == nil || n > 300 {
				break
			}
			if len(items) != 1 {
				t.Errorf("%s: a page of %d", list, len(items))
			}
			after = "&after=" + v["next"].(string)
		}
		all := body(t, p.call("GET", "/api/v1/"+list+sep+"limit=200", nil))["items"].([]any)
		if len(all) != len(seen) || len(all) == 0 {
			t.Errorf("%s: %d rows page by page, %d at once", list, len(seen), len(all))
		}
		for _, bad := range []string{"limit=201", "limit=-1", "limit=x", "after=nobody"} {
			if rec := p.call("GET", "/api/v1/"+list+sep+bad, nil); rec.Code != 422 {
				t.Errorf("%s with %s = %d", list, bad, rec.Code)
			}
		}
	}
}

// TestAPIFills: a page of a view is full though the rows it leaves out stand
// between those it shows, and more of them than are read at once.
func TestAPIFills(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	opt := w.officeOptions()
	p := w.program(opt, w.join(opt, "Everything", access.Roles()...), access.Scopes()...)
	var alerts []hearback.Alert
	for i := range 500 {
		alerts = append(alerts, hearback.Alert{ID: w.id(), Concern: o.bus, Kind: hearback.AlertNovel, At: w.Now().Add(-time.Duration(i) * time.Minute), Digest: i%250 != 0})
	}
	w.must(w.db.AddAlerts(context.Background(), alerts, nil))
	first := body(t, p.call("GET", "/api/v1/alerts?view=open&limit=1&concern="+o.bus.String(), nil))
	second := body(t, p.call("GET", fmt.Sprintf("/api/v1/alerts?view=open&limit=1&concern=%s&after=%s", o.bus, first["next"]), nil))
	for i, v := range []map[string]any{first, second} {
		items := v["items"].([]any)
		if len(items) != 1 || items[0].(map[string]any)["id"] != alerts[i*250].ID.String() {
			t.Errorf("page %d = %v, want alert %s", i+1, items, alerts[i*250].ID)
		}
	}
	if digest := body(t, p.call("GET", "/api/v1/alerts?view=digest&limit=200&concern="+o.bus.String(), nil)); len(digest["items"].([]any)) != 200 || digest["next"] == nil {
		t.Errorf("the digest = %d rows", len(digest["items"].([]any)))
	}
}

// TestAPIIs: the list of concerns has the filters of the console's list.
func TestAPIIs(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	opt := w.officeOptions()
	p := w.program(opt, w.join(opt, "Everything", access.Roles()...), access.ScopeRead)
	w.must(w.db.AddAlerts(context.Background(), []hearback.Alert{
		{ID: w.id(), Concern: o.bus, Kind: hearback.AlertRising, At: w.Now().Add(-time.Hour)},
		{ID: w.id(), Concern: o.pension, Kind: hearback.AlertRising, At: w.Now().Add(-30 * time.Hour)},
		{ID: w.id(), Concern: o.pension, Kind: hearback.AlertNoEffect, At: w.Now().Add(-time.Hour)},
	}, nil))
	list := func(query string) (ids []string) {
		for _, x := range body(t, p.call("GET", "/api/v1/concerns?"+query, nil))["items"].([]any) {
			ids = append(ids, x.(map[string]any)["id"].(string))
		}
		return ids
	}
	all, rising := list("view=all"), list("is=rising")
	if !slices.Contains(rising, o.bus.String()) || slices.Contains(rising, o.pension.String()) || len(rising) >= len(all) {
		t.Errorf("rising = %v of %v, want %s and not %s", rising, all, o.bus, o.pension)
	}
	if unhelped := list("is=unhelped"); slices.Contains(unhelped, o.bus.String()) || len(unhelped) >= len(all) {
		t.Errorf("unhelped = %v of %v", unhelped, all)
	}
	if rec := p.call("GET", "/api/v1/concerns?is=falling", nil); rec.Code != 422 {
		t.Errorf("is=falling = %d", rec.Code)
	}
}

// TestAPIViews: views are one's own, so a token that only reads keeps them; one
// that a desk shares is everybody's there, and needs the scope triage.
func TestAPIViews(t *testing.T) {
	w := newWorld(t)
	w.fill(plain)
	opt := w.officeOptions()
	b := w.join(opt, "Everything", access.Roles()...)
	reads, triages := w.program(opt, b, access.ScopeRead), w.program(opt, b, access.ScopeTriage, access.ScopeRead)
	own := body(t, reads.call("POST", "/api/v1/views", map[string]any{"name": "Mine", "query": "tier=P1"}))["items"].([]any)[0].(map[string]any)
	shared := map[string]any{"name": "Ours", "query": "tier=P1", "desk": "front"}
	if rec := reads.call("POST", "/api/v1/views", shared); rec.Code != 403 || problem(rec) != "scope" {
		t.Errorf("sharing a view with the scope read = %d %s", rec.Code, rec.Body)
	}
	both := body(t, triages.call("POST", "/api/v1/views", shared))["items"].([]any)
	ours := both[1].(map[string]any)
	if len(both) != 2 || ours["desk"] != "front" || ours["id"] == own["id"] {
		t.Errorf("views = %v", both)
	}
	if rec := reads.call("POST", "/api/v1/views/"+ours["id"].(string)+"/remove", nil); rec.Code != 403 || problem(rec) != "scope" {
		t.Errorf("removing a shared view with the scope read = %d %s", rec.Code, rec.Body)
	}
	if rec := reads.call("POST", "/api/v1/views/"+own["id"].(string)+"/remove", nil); rec.Code != 200 {
		t.Errorf("removing one's own = %d %s", rec.Code, rec.Body)
	}
	if left := body(t, triages.call("POST", "/api/v1/views/"+ours["id"].(string)+"/remove", nil))["items"].([]any); len(left) != 0 {
		t.Errorf("left are %v", left)
	}
}

// crowd adds another receiver whenever one is added, as somebody else would at
// the same moment.
type crowd struct{ office.Notices }

func (c crowd) Put(ctx context.Context, by hearback.Actor, x notify.Channel, to, secret string) (hearback.ID, string, error) {
	id, made, err := c.Notices.Put(ctx, by, x, to, secret)
	if err == nil {
		x.Name = "Another"
		_, _, err = c.Notices.Put(ctx, by, x, to, secret)
	}
	return id, made, err
}

// TestAPIReceiver: whoever adds a receiver is told of their own, and not of one
// that somebody adds at the same moment.
func TestAPIReceiver(t *testing.T) {
	w := newWorld(t)
	w.fill(plain)
	opt := w.officeOptions()
	opt.Notices = crowd{w.notices}
	p := w.program(opt, w.join(opt, "Everything", access.Roles()...), access.Scopes()...)
	made := body(t, p.call("POST", "/api/v1/receivers", map[string]any{"name": "Newsroom", "to": "https://paper.example/in"}))
	if made["name"] != "Newsroom" || body(t, p.call("GET", "/api/v1/receivers/"+made["id"].(string), nil))["name"] != "Newsroom" {
		t.Errorf("made %v, want the one asked for", made)
	}
}

// TestAPITwoPeople: through the API as in the console, whoever wrote in an
// answer does not approve it, and a token and its owner are one person.
func TestAPITwoPeople(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	opt := w.officeOptions()
	writer := w.program(opt, w.join(opt, "Writer", access.Officer, access.Reviewer), access.Scopes()...)
	b := w.join(opt, "Reviewer", access.Reviewer)
	reviewer, again := w.program(opt, b, access.Scopes()...), w.program(opt, b, access.Scopes()...)
	draft := "/api/v1/cases/" + o.damCase.String() + "/draft"
	tag := writer.call("GET", draft, nil).Header().Get("ETag")
	rec := writer.call("PUT", draft, map[string]any{"texts": []map[string]any{{"lang": "en", "title": "The gates stay closed", "lead": "There is room.", "verdict": "not_yet_known"}}}, "If-Match", tag)
	if rec.Code != 200 {
		t.Fatalf("draft = %d %s", rec.Code, rec.Body)
	}
	hash := map[string]any{"hash": body(t, rec)["hash"]}
	at := "/api/v1/answers/" + o.draft.String()
	for _, step := range []struct {
		p    *program
		act  string
		in   any
		want int
		say  string
	}{
		{writer, "/publish", nil, 403, "2 approvals"},
		{writer, "/submit", nil, 200, ""},
		{writer, "/approve", hash, 403, "You wrote in this answer"},
		{writer, "/urgent", map[string]any{"reason": "Now."}, 403, "even in an emergency"},
		{reviewer, "/approve", map[string]any{"hash": "0"}, 409, "not the one you read"},
		{reviewer, "/approve", hash, 200, ""},
		{again, "/approve", hash, 403, "approved this text already"},
		{writer, "/publish", nil, 403, "2 approvals"},
	} {
		rec := step.p.call("POST", at+step.act, step.in)
		if rec.Code != step.want || !strings.Contains(strings.ToLower(rec.Body.String()), strings.ToLower(step.say)) {
			t.Errorf("%s = %d %s, want %d %s", step.act, rec.Code, rec.Body, step.want, step.say)
		}
	}
	if rec := b.post("/answers/"+o.draft.String()+"/approve", "hash", hash["hash"].(string)); rec.Code != http.StatusForbidden {
		t.Errorf("the owner of the token approves once more in the console: %d", rec.Code)
	}
	// The log shows whose act it was.
	if x, err := w.db.Answer(context.Background(), o.draft); err != nil || x.Draft().Approvals[0].By.Number != w.account("reviewer@office.example").Number || x.Draft().Approvals[0].By.Role != "reviewer" {
		t.Errorf("approved by %+v, %v", x.Draft().Approvals, err)
	}
}

// TestAPIProblems: what is wrong is said in a sentence, in the language that is
// asked for, with a kind that programs can tell apart.
func TestAPIProblems(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	opt := w.officeOptions()
	p := w.program(opt, w.join(opt, "Everything", access.Roles()...), access.Scopes()...)
	doc := apiDocument(t, p)
	mute := "/api/v1/concerns/" + o.water.String() + "/mute"
	for _, tt := range []struct {
		method, path string
		in           any
		header       []string
		code         int
		kind, en, zh string
	}{
		{"GET", "/api/v1/concerns/zzz", nil, nil, 404, "not-found", "nothing at this address", "此地址没有内容"},
		{"GET", "/api/v1/nothing", nil, nil, 404, "not-found", "nothing at this address", "此地址没有内容"},
		{"DELETE", "/api/v1/me", nil, nil, 405, "method", "", ""},
		{"GET", "/api/v1/concerns?colour=red", nil, nil, 422, "invalid", `There is no field "colour" here.`, `此处没有字段"colour"。`},
		{"GET", "/api/v1/concerns?view=secret", nil, nil, 422, "invalid", "one of triage, case", "只能是：triage"},
		{"GET", "/api/v1/search", nil, nil, 422, "invalid", `The field "q" is needed.`, `缺少字段"q"`},
		{"POST", mute, "{", nil, 400, "malformed", "It must be one JSON object.", "应为一个JSON对象。"},
		{"POST", mute, "[]", nil, 400, "malformed", "one JSON object", "JSON对象"},
		{"POST", mute, "null", nil, 400, "malformed", "one JSON object", "JSON对象"},
		{"POST", mute, `{"muted":true,"reason":"x"} {}`, nil, 400, "malformed", "one JSON object", "JSON对象"},
		{"POST", mute, "{\"reason\":\"\xff\"}", nil, 400, "malformed", "not UTF-8", "不是UTF-8"},
		{"POST", mute, strings.Repeat("[", 100_000), nil, 400, "malformed", "nested too deeply", "嵌套"},
		{"POST", mute, `{"reason":"x"}`, nil, 422, "invalid", `The field "muted" is needed.`, "缺少字段"},
		{"POST", mute, `{"muted":"yes","reason":"x"}`, nil, 422, "invalid", `The field "muted" cannot be a string.`, `不能是string`},
		{"POST", mute, `{"Muted":true,"muted":true,"reason":"x"}`, nil, 422, "invalid", "no field", "没有字段"},
		{"POST", mute, `{"muted":true,"reason":""}`, nil, 422, "invalid", "Say why", ""},
		{"POST", mute, "muted=1", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "media-type", "must be JSON", "须为JSON"},
		{"POST", mute, `{"reason":"` + strings.Repeat("x", 1<<20) + `"}`, nil, 413, "too-large", "larger than we take", "超过上限"},
		{"POST", "/api/v1/concerns/" + o.pension.String() + "/tier", `{"tier":"P9","reason":"x"}`, nil, 422, "invalid", "one of P1, P2", "只能是：P1"},
		{"POST", "/api/v1/cases/" + o.waterCase.String() + "/resume", "", nil, 403, "refused", "not paused", ""},
	} {
		for lang, say := range map[string]string{"en": tt.en, "zh-CN, en;q=0.5": tt.zh} {
			rec := p.call(tt.method, tt.path, tt.in, append([]string{"Accept-Language", lang}, tt.header...)...)
			if rec.Code != tt.code || problem(rec) != tt.kind || !strings.Contains(body(t, rec)["detail"].(string), say) {
				t.Errorf("%s %s %.40v (%s) = %d %s %s, want %d %s %s", tt.method, tt.path, tt.in, lang, rec.Code, problem(rec), rec.Body, tt.code, tt.kind, say)
			}
			v, err := unmarshal(rec)
			if err == nil {
				err = doc.schema(t, "components", "schemas", "Problem").Validate(v)
			}
			if err != nil {
				t.Errorf("%s %s: %v", tt.method, tt.path, err)
			}
		}
	}
	// A page of another site cannot act through a browser.
	rec := p.call("POST", mute, `{"muted":true,"reason":"x"}`, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")
	if rec.Code != http.StatusForbidden {
		t.Errorf("from another site = %d", rec.Code)
	}
}

func FuzzAPI(f *testing.F) {
	w := newWorld(f)
	o := w.fill(plain)
	opt := w.officeOptions()
	opt.Concerns = refusing{concerns{w}}
	p := w.program(opt, w.join(opt, "Everything", access.Roles()...), access.Scopes()...)
	lines := apiLines(f)
	f.Add(20, `{"muted":true,"reason":"已知"}`, "view=all&q=水")
	f.Add(30, `{"texts":[{"lang":"zh","title":"一","lead":"二","verdict":"true"}]}`, "limit=1&after=x")
	f.Add(3, "\x00", "%zz&&=")
	f.Add(40, strings.Repeat(`{"a":[`, 50), "limit=99999999999999999999")
	f.Fuzz(func(t *testing.T, n int, in, query string) {
		if n < 0 || strings.ContainsAny(query, " #\n\r\x00") || !validTarget(query) {
			return
		}
		l := lines[n%len(lines)]
		b := *p.browser
		b.t = t
		rec := (&program{&b, w, p.token}).call(l.method, l.fill(o.bus)+"?"+query, in, "If-Match", "*")
		if rec.Code >= 500 {
			t.Fatalf("%s %s?%s %q = %d %s", l.method, l.path, query, in, rec.Code, rec.Body)
		}
		if rec.Code >= 400 && problem(rec) == "" {
			t.Fatalf("%s %s = %d and no problem: %s", l.method, l.path, rec.Code, rec.Body)
		}
	})
}

// refusing are concerns that nobody changes.
type refusing struct{ concerns }

func (refusing) Merge(_ context.Context, _ hearback.Actor, _ hearback.ID, from []hearback.ID, _ string) ([]error, error) {
	return nil, hearback.ErrRefused
}

var _ office.Concerns = refusing{}

func validTarget(query string) bool {
	_, err := url.ParseRequestURI("/?" + query)
	return err == nil && strings.IndexFunc(query, func(r rune) bool { return r < ' ' || r == 0x7f }) < 0
}

func unmarshal(rec *httptest.ResponseRecorder) (any, error) {
	return jsonschema.UnmarshalJSON(bytes.NewReader(rec.Body.Bytes()))
}

// search counts how often a text lies in the files of the store.
func (w *world) search(text string) (n int) {
	w.t.Helper()
	b, err := os.ReadFile(w.path)
	w.must(err)
	wal, err := os.ReadFile(w.path + "-wal")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		w.t.Fatal(err)
	}
	return bytes.Count(append(b, wal...), []byte(text))
}
