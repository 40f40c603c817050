package translog_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/translog"
)

// answered is a log with a published answer among other entries.
type answered struct {
	dir   string
	key   translog.Key
	store *memory
	log   *translog.Log
	index int64
	doc   []byte // canonical JSON of the answer
	texts []hearback.Text
}

func answer(t testing.TB) *answered {
	t.Helper()
	w := &answered{dir: filepath.Join(t.TempDir(), "log"), key: key(t), store: &memory{}}
	w.store.grow(t, 300, "before")
	w.texts = []hearback.Text{
		{Lang: "en", Title: "Tap water is safe <to drink> & \"clean\"", Lead: "Boil it for one minute.\nLet it cool.", Do: "Boil.\nCool.\nDrink within a day.", Known: "Six of six samples.", Going: "Some say boiling makes it worse.", Why: "It doesn’t. 7 \\u003c 8.", Next: "Saturday 12:00\u2028or sooner.", Verdict: "false"},
		{Lang: "zh", Title: "自来水烧开后可以饮用", Lead: "烧开一分钟，放凉即可。", Do: "烧开。\n放凉。", Next: "周六 12:00 再作说明。"},
	}
	a := &hearback.Answer{ID: 77, Revisions: []hearback.Revision{{N: 1, Texts: w.texts, Published: start}}}
	var err error
	if w.doc, err = a.Canonical(&a.Revisions[0]); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(w.doc)
	w.index = w.store.add(t, hearback.Record{Type: hearback.AnswerOut, At: start, Actor: hearback.Actor{Role: "officer", Number: 3},
		Subject: "answer:25", Pub: map[string]any{"sha256": hex.EncodeToString(sum[:]), "rev": 1}})
	w.store.grow(t, 500, "after")
	w.log = mustOpen(t, w.dir, w.key, w.store)
	publish(t, w.log)
	return w
}

func (w *answered) bundle(t testing.TB) []byte {
	t.Helper()
	b, err := w.log.Bundle(t.Context(), w.index, w.doc)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var pageTemplate = template.Must(template.New("").Funcs(template.FuncMap{
	"lines": func(s string) []string { return strings.Split(s, "\n") },
	"raw":   func(b []byte) template.JS { return template.JS(b) },
}).Parse(`<!doctype html><html lang="{{.T.Lang}}"><head><meta charset="utf-8"><title>{{.T.Title}}</title><style>p { color: red }</style></head>
<body><nav>Public log</nav><main><article><h1{{if .Parts}} data-part="title"{{end}}>{{.T.Title}}</h1>
<p class="lead"{{if .Parts}} data-part="lead"{{end}}>{{range lines .T.Lead}}{{.}}<br>{{end}}</p>
{{with .T.Do}}<ol{{if $.Parts}} data-part="do"{{end}}>{{range lines .}}<li><span>{{.}}</span></li>{{end}}</ol>{{end}}
{{with .T.Known}}<p{{if $.Parts}} data-part="known"{{end}}>{{.}}</p>{{end}}
{{with .T.Going}}<p{{if $.Parts}} data-part="going"{{end}}>{{.}}</p>{{end}}
{{with .T.Why}}<p{{if $.Parts}} data-part="why"{{end}}>{{.}}</p>{{end}}
{{with .T.Next}}<p{{if $.Parts}} data-part="next"{{end}}>{{.}}</p>{{end}}
</article></main><script type="application/json" id="hearback-proof">{{raw .Bundle}}</script></body></html>`))

func (w *answered) page(t testing.TB, lang int, parts bool) []byte {
	t.Helper()
	var b bytes.Buffer
	err := pageTemplate.Execute(&b, map[string]any{"T": w.texts[lang], "Parts": parts, "Bundle": w.bundle(t)})
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// states lists the checks of a report that are in a state.
func states(r translog.Report, s translog.CheckState) string {
	var ids []string
	for _, c := range r.Checks {
		if c.State == s {
			ids = append(ids, c.ID)
		}
		if strings.Contains(c.EN+c.ZH, "%!") || c.EN == "" || c.ZH == "" {
			ids = append(ids, "BAD SENTENCE "+c.EN+c.ZH)
		}
	}
	return strings.Join(ids, " ")
}

func TestVerifyBundle(t *testing.T) {
	w := answer(t)
	b := w.bundle(t)
	if bytes.ContainsAny(b, "<>&") {
		t.Error("a bundle cannot stand in a page as it is")
	}
	change := func(f func(m map[string]any)) []byte {
		var m map[string]any
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		f(m)
		out, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	other := answer(t)
	otherKey := func() string {
		k, err := translog.LoadOrCreateKey(filepath.Join(t.TempDir(), "k"), origin)
		if err != nil {
			t.Fatal(err)
		}
		return k.VKey()
	}()
	for _, tt := range []struct {
		name   string
		b      []byte
		o      translog.VerifyOptions
		failed string
		not    string
	}{
		{"whole, key from the bundle", b, translog.VerifyOptions{}, "", "key witness now later"},
		{"whole, key pinned", b, translog.VerifyOptions{Key: w.key.VKey()}, "", "witness now later"},
		{"another key pinned", b, translog.VerifyOptions{Key: otherKey}, "signature key proof", "later"},
		{"a witness that did not confirm", b, translog.VerifyOptions{Key: w.key.VKey(), Witnesses: []string{"nonsense"}}, "witness", "now later"},
		{"answer edited", bytes.Replace(b, []byte("one minute"), []byte("two minute"), 1), translog.VerifyOptions{}, "answer", "key witness now later"},
		{"answer taken away", change(func(m map[string]any) { delete(m, "answer") }), translog.VerifyOptions{}, "", "answer key witness now later"},
		{"answer of another kind", change(func(m map[string]any) { m["answer"] = 7 }), translog.VerifyOptions{}, "answer", "key witness now later"},
		{"other entry", change(func(m map[string]any) { m["index"] = 3 }), translog.VerifyOptions{}, "entry proof", "key witness now later"},
		{"index past the end", change(func(m map[string]any) { m["index"] = 1 << 40 }), translog.VerifyOptions{}, "entry proof", "key witness now later"},
		{"leaf edited", change(func(m map[string]any) {
			leaf, _ := base64.StdEncoding.DecodeString(m["leaf"].(string))
			m["leaf"] = bytes.Replace(leaf, []byte("officer#3"), []byte("officer#4"), 1)
		}), translog.VerifyOptions{}, "proof", "key witness now later"},
		{"proof cut", change(func(m map[string]any) { m["proof"] = m["proof"].([]any)[1:] }), translog.VerifyOptions{}, "proof", "key witness now later"},
		{"proof of wrong length", change(func(m map[string]any) { m["proof"] = []string{"AA=="} }), translog.VerifyOptions{}, "proof", "key witness now later"},
		{"checkpoint edited", change(func(m map[string]any) { m["checkpoint"] = strings.Replace(m["checkpoint"].(string), "801", "802", 1) }), translog.VerifyOptions{}, "signature proof", "key later"},
		{"checkpoint of another log", change(func(m map[string]any) { m["checkpoint"] = string(other.log.Checkpoint()) }), translog.VerifyOptions{}, "signature proof", "key later"},
		{"origin edited", change(func(m map[string]any) { m["origin"] = "city.example.org/hearback" }), translog.VerifyOptions{}, "signature", "key witness now later"},
		{"own key, own log", other.bundle(t), translog.VerifyOptions{Key: w.key.VKey()}, "signature key proof", "later"},
	} {
		r, err := translog.VerifyBundle(tt.b, tt.o)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if failed, not := states(r, translog.CheckFailed), states(r, translog.CheckNot); failed != tt.failed || not != tt.not || r.OK() != (tt.failed == "") {
			t.Errorf("%s: failed %q, not checked %q, OK %t; want %q, %q", tt.name, failed, not, r.OK(), tt.failed, tt.not)
		}
	}
	for _, bad := range []string{"", "{}", "null", "[]", `{"v":2}`, "<html>", string(b[:len(b)/2]), `{"v":1,"index":-1}`, `{"v":1,"checkpoint":"` + strings.Repeat("x", 70<<10) + `"}`} {
		if _, err := translog.VerifyBundle([]byte(bad), translog.VerifyOptions{}); !errors.Is(err, hearback.ErrInvalid) {
			t.Errorf("VerifyBundle(%.30q) = %v, want %v", bad, err, hearback.ErrInvalid)
		}
	}
}

func TestBundle(t *testing.T) {
	w := answer(t)
	b, err := w.log.Bundle(t.Context(), 5, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := translog.VerifyBundle(b, translog.VerifyOptions{Key: w.key.VKey()})
	if err != nil || !r.OK() || r.Type != hearback.CaseOpened || r.Index != 5 || r.Size != 801 || r.Actor != "listener#6" || r.Subject != "case:5" || !r.At.Equal(start.Add(5*time.Second)) {
		t.Errorf("proof of another entry: %+v, %v", r, err)
	}
	w.store.grow(t, 1, "not published")
	for _, tt := range []struct {
		name  string
		index int64
		doc   []byte
		want  error
	}{
		{"not published yet", 801, nil, translog.ErrPending},
		{"negative", -1, nil, hearback.ErrNotFound},
		{"other words", w.index, []byte(`{"texts":[]}`), hearback.ErrInvalid},
		{"entry of another kind", 4, w.doc, hearback.ErrInvalid},
	} {
		if _, err := w.log.Bundle(t.Context(), tt.index, tt.doc); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	w.store.list[9].Leaf = bytes.Replace(w.store.list[9].Leaf, []byte("before"), []byte("befoul"), 1)
	if _, err := w.log.Bundle(t.Context(), 9, nil); !errors.Is(err, translog.ErrFork) {
		t.Errorf("edited entry: %v, want %v", err, translog.ErrFork)
	}
	edit(t, filepath.Join(w.dir, "tile/0/000"))
	if _, err := w.log.Bundle(t.Context(), 7, nil); !errors.Is(err, translog.ErrDamaged) {
		t.Errorf("edited tile: %v, want %v", err, translog.ErrDamaged)
	}
	// An approval holds the same SHA-256; it is no publication.
	sum := sha256.Sum256(w.doc)
	v := answer(t)
	i := v.store.add(t, hearback.Record{Type: hearback.AnswerApproved, At: start, Subject: "answer:25", Pub: map[string]any{"sha256": hex.EncodeToString(sum[:])}})
	publish(t, v.log)
	if b, err = v.log.Bundle(t.Context(), i, v.doc); err != nil {
		t.Fatal(err)
	}
	if r, _ := translog.VerifyBundle(b, translog.VerifyOptions{}); states(r, translog.CheckFailed) != "answer" {
		t.Errorf("an approval passes as a publication: %+v", r.Checks)
	}
}

func TestVerifyPage(t *testing.T) {
	w := answer(t)
	o := translog.VerifyOptions{Key: w.key.VKey()}
	plain, marked, zh := w.page(t, 0, false), w.page(t, 0, true), w.page(t, 1, true)
	replace := func(b []byte, from, to string) []byte {
		t.Helper()
		if !bytes.Contains(b, []byte(from)) {
			t.Fatalf("the page has no %q", from)
		}
		return bytes.Replace(b, []byte(from), []byte(to), 1)
	}
	proof := func(b []byte) string {
		return string(b[bytes.Index(b, []byte("<script")) : bytes.Index(b, []byte("</script>"))+9])
	}
	for _, tt := range []struct {
		name   string
		page   []byte
		lang   string
		failed string
	}{
		{"whole", plain, "en", ""},
		{"whole, parts marked", marked, "en", ""},
		{"whole, Chinese", zh, "zh", ""},
		{"title changed", replace(plain, "<h1>Tap water is safe", "<h1>Tap water is not safe"), "en", "page"},
		{"word taken out", replace(plain, "Six of six samples.", "Six samples."), "en", "page"},
		{"Chinese word changed", replace(zh, "烧开一分钟", "烧开三分钟"), "zh", "page"},
		{"sentence added to a marked part", replace(marked, "Six of six samples.", "Six of six samples. Pay here."), "en", "page"},
		{"second marked part", replace(marked, "</article>", `<p data-part="do">Send money.</p></article>`), "en", "page"},
		{"marked part that the answer has not", replace(zh, "</article>", `<p data-part="why">因为</p></article>`), "zh", "page"},
		{"marked parts in each other", replace(marked, "Six of six samples.", `Six <b data-part="do">of <i data-part="why">six</i></b> samples.`), "en", "page"},
		{"marked part lost", replace(marked, `<p data-part="known">Six of six samples.</p>`, ""), "en", "page"},
		{"answer hidden", replace(plain, "<article>", "<article hidden>"), "en", "page"},
		{"answer in a comment", replace(replace(plain, "<article>", "<!--"), "</article>", "-->"), "en", "page"},
		{"answer struck out", replace(replace(plain, "<h1>", "<h1><del>"), "</h1>", "</del></h1>"), "en", "page"},
		{"words only in the title of the window", replace(plain, "<h1>Tap", "<h1>Tip"), "en", "page"},
		{"words in inline elements", replace(plain, "Six of six", "S<b>ix</b> <i>of</i>  six"), "en", ""},
		{"two proofs", replace(plain, "</body>", proof(plain)+"</body>"), "en", "block"},
		{"proof in the head", replace(replace(plain, proof(plain), ""), "</head>", proof(plain)+"</head>"), "en", ""},
		{"answer edited in page and proof", bytes.ReplaceAll(plain, []byte("one minute"), []byte("two minutes")), "en", "answer"},
	} {
		r, err := translog.VerifyPage(tt.page, o)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if failed := states(r, translog.CheckFailed); failed != tt.failed || r.Lang != tt.lang {
			t.Errorf("%s: failed %q in %q, want %q in %q\n%s", tt.name, failed, r.Lang, tt.failed, tt.lang, r.Text("en"))
		}
	}
	for _, bad := range []string{"", "<p>no proof", `<script id="hearback-proof" type="application/json"></script>`, `<script id="hearback-proof">{"v":1}</script>`,
		`<script id="hearback-proof" type="application/json">{"v":3}</script>`, strings.Repeat("<div>", 600) + string(plain)} {
		if _, err := translog.VerifyPage([]byte(bad), o); !errors.Is(err, hearback.ErrInvalid) {
			t.Errorf("VerifyPage(%.40q) = %v, want %v", bad, err, hearback.ErrInvalid)
		}
	}
	// A report speaks both languages and says what it does not know.
	r, err := translog.VerifyPage(plain, translog.VerifyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for lang, want := range map[string][]string{
		"en": {"Verified.", "no witness has confirmed", "comes from the proof itself", w.key.Fingerprint(), "corrects or withdraws"},
		"zh": {"验证通过", "没有见证方确认", "密钥取自证明本身", w.key.Fingerprint(), "更正或撤回"},
	} {
		for _, s := range want {
			if !strings.Contains(r.Text(lang), s) {
				t.Errorf("the report does not say %q:\n%s", s, r.Text(lang))
			}
		}
	}
	// An answer whose server is gone is checked from its file.
	file := filepath.Join(t.TempDir(), "answer.html")
	if err := os.WriteFile(file, marked, 0o644); err != nil {
		t.Fatal(err)
	}
	if r, err := translog.Verify(t.Context(), file, o); err != nil || !r.OK() {
		t.Errorf("Verify(file) = %v, %v", r.OK(), err)
	}
	if err := os.WriteFile(file, w.bundle(t), 0o644); err != nil {
		t.Fatal(err)
	}
	if r, err := translog.VerifyFile(file, o); err != nil || !r.OK() || states(r, translog.CheckNot) != "witness now later" {
		t.Errorf("VerifyFile(bundle) = %v, %v", r, err)
	}
}

func TestVerifyURL(t *testing.T) {
	w := answer(t)
	page := w.page(t, 1, true)
	kept := w.log.Checkpoint()
	log := w.log
	mux := http.NewServeMux()
	mux.HandleFunc("/log/", func(rw http.ResponseWriter, r *http.Request) { log.Handler().ServeHTTP(rw, r) })
	mux.HandleFunc("/answers/25", func(rw http.ResponseWriter, _ *http.Request) { rw.Write(page) })
	mux.HandleFunc("/big", func(rw http.ResponseWriter, _ *http.Request) {
		for range 200 {
			rw.Write(make([]byte, 1<<16))
		}
	})
	srv := httptest.NewServer(mux)
	defer srv.Close()
	o := translog.VerifyOptions{Key: w.key.VKey(), Kept: kept, Client: srv.Client()}
	w.store.grow(t, 400, "later")
	publish(t, w.log)
	r, err := translog.Verify(t.Context(), srv.URL+"/answers/25", o)
	if err != nil || !r.OK() || states(r, translog.CheckNot) != "witness later beside" {
		t.Fatalf("Verify = %s, %v", r.Text("en"), err)
	}

	// The office rewrites its history with its own key: the old page shows it.
	forged := &memory{}
	forged.grow(t, 2000, "forged")
	log = mustOpen(t, filepath.Join(t.TempDir(), "forged"), w.key, forged)
	publish(t, log)
	if r, err = translog.Verify(t.Context(), srv.URL+"/answers/25", o); err != nil || states(r, translog.CheckFailed) != "now kept" {
		t.Errorf("after a rewrite: failed %q, %v, want \"now kept\"", states(r, translog.CheckFailed), err)
	}
	for _, bad := range []string{"/big", "/nothing"} {
		if _, err := translog.VerifyURL(t.Context(), srv.Client(), srv.URL+bad, o); err == nil {
			t.Errorf("VerifyURL(%s) found nothing wrong", bad)
		}
	}
	if _, err := translog.VerifyURL(t.Context(), srv.Client(), "file:///etc/passwd", o); !errors.Is(err, hearback.ErrInvalid) {
		t.Errorf("VerifyURL(file:) = %v", err)
	}
}

func FuzzVerifyPage(f *testing.F) {
	w := answer(f)
	f.Add(w.page(f, 0, true))
	f.Add(w.page(f, 1, false))
	f.Add(w.bundle(f))
	f.Add([]byte(`<p data-part=do>水<b data-part=why>x<i data-part=do></i>y</b></p>`))
	f.Add([]byte(`<script type="application/json" id="hearback-proof">{"v":1,"answer":{"texts":[{"title":"水"}]}}</script>`))
	o := translog.VerifyOptions{Key: w.key.VKey()}
	whole := string(w.doc)
	f.Fuzz(func(t *testing.T, page []byte) {
		r, err := translog.VerifyPage(page, o)
		if err == nil && r.OK() && r.Index == w.index && r.Lang != "" && !bytes.Contains(page, []byte("sha256")) {
			// What passes carries the signed checkpoint and the words.
			if !bytes.Contains(page, []byte("hearback-proof")) || whole == "" {
				t.Errorf("%q passes", page)
			}
		}
		b, err := translog.VerifyBundle(page, o)
		if err == nil && b.OK() && b.VKey != w.key.VKey() {
			t.Errorf("%q passes with the key %s", page, b.VKey)
		}
		for _, lang := range []string{"en", "zh"} {
			if s := r.Text(lang); strings.Contains(s, "%!") {
				t.Errorf("report says %s", s)
			}
		}
	})
}

func FuzzParseCheckpoint(f *testing.F) {
	_, k, _, l := logOf(f, 3)
	f.Add(l.Checkpoint())
	f.Add([]byte("日志\n3\nAAAA\n\n— x y\n"))
	f.Add([]byte(fmt.Sprintf("%s\n03\n%s\n", origin, strings.Repeat("A", 43)+"=")))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := translog.ParseCheckpoint(b, k.VKey())
		if err == nil && (c.Size < 0 || c.Origin != origin || !bytes.HasPrefix(b, []byte(fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, c.Root)))) {
			t.Errorf("ParseCheckpoint(%q) = %+v", b, c)
		}
	})
}
