package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"example.org/hearback/internal/access"
)

// A person is somebody at a browser without JavaScript.
type person struct {
	t    *testing.T
	base string
	http *http.Client
}

func (s *server) person(t *testing.T) *person {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &person{t, s.console, &http.Client{Jar: jar, Timeout: 60 * time.Second}}
}

// get returns a page, and fails if it is not there.
func (p *person) get(path string) string {
	p.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = p.base + path
	}
	res, err := p.http.Get(path)
	return p.body(path, res, err)
}

func (p *person) body(path string, res *http.Response, err error) string {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if res.StatusCode >= 400 {
		p.t.Fatalf("%s: %s\n%s", path, res.Status, plain(string(b)))
	}
	return string(b)
}

// post sends a form and returns the page it leads to.
func (p *person) post(path string, form url.Values) string {
	p.t.Helper()
	return p.send(path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

func (p *person) send(path, kind string, body io.Reader) string {
	p.t.Helper()
	req, err := http.NewRequest("POST", p.base+path, body)
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := p.http.Do(req)
	return p.body(path, res, err)
}

// upload sends a file with a form.
func (p *person) upload(path, name string, data []byte, form map[string]string) string {
	p.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for k, v := range form {
		m.WriteField(k, v)
	}
	w, err := m.CreateFormFile("file", name)
	if err != nil {
		p.t.Fatal(err)
	}
	w.Write(data)
	m.Close()
	return p.send(path, m.FormDataContentType(), &b)
}

var tags = regexp.MustCompile(`<[^>]*>`)

// plain takes the tags out of a page.
func plain(page string) string {
	return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(page, " "))), " ")
}

// first returns the first match of a pattern in a page, and fails without one.
func first(t *testing.T, page, pattern string) string {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("nothing matches %s in:\n%s", pattern, plain(page))
	}
	return html.UnescapeString(m[len(m)-1])
}

// join follows a one-time link.
func (s *server) join(t *testing.T, link, login string) *person {
	t.Helper()
	p := s.person(t)
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	p.get(link)
	const word = "correct horse battery 9"
	p.post(u.Path, url.Values{"token": {u.Query().Get("token")}, "name": {login}, "login": {login}, "lang": {"en"}, "password": {word + login}, "again": {word + login}})
	if page := p.get("/account/second"); strings.Contains(page, "Reviewers and administrators need one") {
		secret := first(t, page, `name="secret" value="([A-Z2-7]{32})"`)
		code, err := access.Code(secret, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		p.post("/account/second", url.Values{"secret": {secret}, "code": {code}})
	}
	return p
}

// fate reads what became of the messages of a source from its page.
func (p *person) fate(path string) (fate map[string]int) {
	p.t.Helper()
	page := p.get(path)
	fate = map[string]int{}
	for _, m := range regexp.MustCompile(`data-(?:tally="([a-z]+)">(?:<b>)?|(received)=")([0-9,]+)`).FindAllStringSubmatch(page, -1) {
		n, err := strconv.Atoi(strings.ReplaceAll(m[3], ",", ""))
		if err != nil {
			p.t.Fatal(err)
		}
		fate[m[1]+m[2]] = n
	}
	return fate
}

// atom serves the news titles as feeds of at most 1,000 entries.
func atom(t *testing.T) (feeds *httptest.Server, pages, n int) {
	type entry struct {
		ID      string `xml:"id"`
		Title   string `xml:"title"`
		Updated string `xml:"updated"`
	}
	var parts [][]entry
	eachRow(t, "cluster-news-timed/stream.jsonl.gz", func(line []byte) {
		var row struct{ ID, Time, Text string }
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		if n%1000 == 0 {
			parts = append(parts, nil)
		}
		last := len(parts) - 1
		parts[last] = append(parts[last], entry{"urn:" + row.ID, row.Text, row.Time})
		n++
	})
	feeds = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i, err := strconv.Atoi(strings.Trim(r.URL.Path, "/"))
		if err != nil || i >= len(parts) {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/atom+xml")
		w.Header().Set("ETag", `"1"`)
		if r.Header.Get("If-None-Match") == `"1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		b, err := xml.Marshal(struct {
			XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
			ID      string   `xml:"id"`
			Title   string   `xml:"title"`
			Entries []entry  `xml:"entry"`
		}{ID: "urn:news", Title: "News", Entries: parts[i]})
		if err != nil {
			t.Error(err)
		}
		w.Write(b)
	}))
	t.Cleanup(feeds.Close)
	return feeds, len(parts), n
}

// TestLoop is the whole loop on real input: it starts the program as an
// operator does, feeds it through all three kinds of source, and follows one
// concern over HTTP to a public answer with a proof.
func TestLoop(t *testing.T) {
	feeds, pages, news := atom(t)
	bodies, crisis := crisisBodies(t, 2000, 1<<30)
	var sheet bytes.Buffer
	rows := csv.NewWriter(&sheet)
	rows.Write([]string{"编号", "时间", "主题"})
	hotline := 0
	eachRow(t, "hotline-zh/messages.jsonl.gz", func(line []byte) {
		var row struct{ ID, Time, Text string }
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		rows.Write([]string{row.ID, row.Time, row.Text})
		hotline++
	})
	rows.Flush()

	dir := t.TempDir()
	s := serve(t, filepath.Join(dir, "data"), "--network-allow", "127.0.0.1")
	defer func() {
		if s != nil {
			s.stop(t)
		}
	}()
	admin := s.join(t, s.link, "admin")

	// What is listened to, in public.
	admin.post("/topics", url.Values{"name": {"Crises"}, "query": {"fire OR wildfire OR flood OR quake OR earthquake OR explosion OR derailment OR victims"}, "reason": {"People in danger ask us what to do."}})
	page := admin.post("/sources", url.Values{"kind": {"webhook"}, "slug": {"crisis"}, "title": {"Crisis messages"}, "reason": {"A test of the loop."}, "basis": {"public task"}, "days": {"30"}})
	token := first(t, page, `hb_[A-Za-z0-9_-]+`)
	crisisPage := "/sources/" + first(t, page, `/sources/([0-9a-z]+)/token`)
	for i := range pages {
		admin.post("/sources", url.Values{"kind": {"feed"}, "slug": {"news-" + strconv.Itoa(i)}, "title": {"News " + strconv.Itoa(i)}, "url": {feeds.URL + "/" + strconv.Itoa(i)}, "reason": {"A test of the loop."}, "basis": {"public task"}, "days": {"30"}, "minutes": {"15"}, "all": {"1"}})
	}
	page = admin.post("/sources", url.Values{"kind": {"table"}, "slug": {"hotline"}, "title": {"Hotline"}, "reason": {"A test of the loop."}, "basis": {"public task"}, "days": {"30"}, "all": {"1"}})
	hotlinePage := "/sources/" + first(t, page, `/sources/([0-9a-z]+)/table`)
	admin.upload(hotlinePage+"/table", "hotline.csv", sheet.Bytes(), map[string]string{"act": "upload"})
	admin.post(hotlinePage+"/table", url.Values{"act": {"import"}})
	for _, b := range bodies {
		if _, err := send(s.console, token, b); err != nil {
			t.Fatal(err)
		}
	}

	// Every message is accounted for.
	account := func(where string, sent int, fate map[string]int) {
		t.Helper()
		if fate["received"] != sent || fate["kept"]+fate["copies"]+fate["dropped"]+fate["repeats"]+fate["refused"] != sent {
			t.Errorf("%s: %d were sent, and the page says %v", where, sent, fate)
		}
	}
	fate := admin.fate(crisisPage)
	account("webhook", crisis, fate)
	if fate["dropped"] == 0 || fate["kept"] == 0 || fate["copies"] == 0 {
		t.Errorf("webhook: want some kept, some dropped and some copies: %v", fate)
	}
	fate = admin.fate(hotlinePage)
	account("table", hotline, fate)
	list := admin.get("/sources")
	deadline, look := time.After(60*time.Second), time.NewTicker(500*time.Millisecond)
	defer look.Stop()
	for i := range pages {
		path := first(t, list, `href="(/sources/[0-9a-z]+)"[^>]*>News `+strconv.Itoa(i)+`<`)
		for {
			if fate = admin.fate(path); fate["received"] > 0 {
				break
			}
			select {
			case <-look.C:
			case <-deadline:
				t.Fatalf("feed %d was not read: %s", i, plain(admin.get(path)))
			}
		}
		account("feed", min(1000, news-1000*i), fate)
	}

	// Two people beside the author.
	invite := func(login string, roles ...string) *person {
		page := admin.post("/accounts/invite", url.Values{"role": roles, "lang": {"en"}, "note": {login}})
		return s.join(t, first(t, page, `http://[^<"]+/invite\?token=[A-Za-z0-9_%-]+`), login)
	}
	officer := invite("officer", "officer", "listener")
	one, two := invite("reviewer-one", "reviewer"), invite("reviewer-two", "reviewer")

	// A concern formed, and becomes a case.
	page = officer.get("/concerns")
	concern := first(t, page, `href="(/concerns/[0-9a-z]+)"`)
	if !strings.Contains(officer.get(concern), "Why now") {
		t.Error("the page of the concern does not say why now")
	}
	page = officer.post(concern+"/case", url.Values{"desk": {"front"}, "tier": {"P3"}, "note": {"Many ask."}})
	kase := first(t, page, `/cases/[0-9a-z]+`)
	officer.post(kase+"/evidence", url.Values{"title": {"Statement of the fire service"}, "url": {"https://example.org/statement"}, "note": {"It says what burnt."}, "primary": {"1"}})
	officer.post(kase+"/verdict", url.Values{"verdict": {"true"}, "note": {"The service confirms it."}})
	page = officer.post(kase+"/draft", url.Values{
		"lang": {"en", "zh"}, "act": {"submit"}, "verdict": {"true"}, "version": {"0"},
		"title-en": {"The fire is out and the road is open"}, "lead-en": {"The fire service put the fire out at 14:00. The road is open again. Nobody has to leave home."},
		"do-en": {"Keep windows shut until the evening."}, "next-en": {"We say more tomorrow at 12:00."},
		"title-zh": {"火已扑灭，道路恢复通行"}, "lead-zh": {"消防部门14时扑灭火情，道路已恢复通行，居民无需撤离。"}, "next-zh": {"明天12时再作说明。"},
	})
	answer := first(t, page, `/answers/([0-9a-z]+)/`)
	console := "/answers/" + answer

	// Nothing is public before two others have approved.
	public := &person{t, s.public, &http.Client{Timeout: 30 * time.Second}}
	if res, err := http.Get(s.public + console); err != nil || res.StatusCode != http.StatusNotFound {
		t.Errorf("before its approvals the answer is public: %v, %v", res.Status, err)
	}
	approve := func(p *person) {
		t.Helper()
		page := p.get(console)
		p.post(console+"/approve", url.Values{"hash": {first(t, page, `name="hash" value="([0-9a-f]+)"`)}})
	}
	approve(one)
	if req, _ := http.NewRequest("POST", s.console+console+"/publish", nil); req != nil {
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		res, err := one.http.Do(req)
		if err != nil || res.StatusCode < 400 {
			t.Errorf("one approval was enough to publish: %v, %v", res.Status, err)
		}
	}
	approve(two)
	officer.post(console+"/publish", url.Values{})

	// The public reads it, in both languages and in both feeds.
	var shown string
	for {
		shown = public.get(console)
		if strings.Contains(shown, `id="hearback-proof"`) {
			break
		}
		select {
		case <-look.C:
		case <-deadline:
			t.Fatal("the page of the answer does not carry a proof")
		}
	}
	for _, want := range []struct{ path, say string }{
		{console + "?lang=zh", "火已扑灭，道路恢复通行"}, {"/feed.atom", "The fire is out and the road is open"}, {"/feed.json", "The fire is out and the road is open"}, {"/", "The fire is out and the road is open"},
	} {
		if page := public.get(want.path); !strings.Contains(page, want.say) {
			t.Errorf("%s does not say %q", want.path, want.say)
		}
	}

	// Anybody can check it, also when the server is gone.
	saved := filepath.Join(dir, "answer.html")
	if err := os.WriteFile(saved, []byte(shown), 0o600); err != nil {
		t.Fatal(err)
	}
	file := built(t)
	if out, err := exec.Command(file, "verify", s.public+console).CombinedOutput(); err != nil {
		t.Errorf("verify the address: %v\n%s", err, out)
	}
	s.stop(t)
	s = nil
	if out, err := exec.Command(file, "verify", saved).CombinedOutput(); err != nil {
		t.Errorf("verify the saved page: %v\n%s", err, out)
	}
	// Whoever changes what people read cannot change the proof with it.
	visible, proof, ok := strings.Cut(shown, `id="hearback-proof"`)
	if !ok || !strings.Contains(visible, "The road is open again") {
		visible, proof = shown, ""
	}
	forged := strings.ReplaceAll(visible, "The road is open again", "The road stays closed") + `id="hearback-proof"` + proof
	if err := os.WriteFile(saved, []byte(forged), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(file, "verify", saved).CombinedOutput(); err == nil {
		t.Errorf("a page with other words passed:\n%s", out)
	}
}
