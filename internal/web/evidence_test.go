package web_test

import (
	"bytes"
	"context"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/evidence"
	"example.org/hearback/internal/web"
)

// upload posts a form with a document.
func (b *browser) upload(path string, document []byte, kv ...string) *httptest.ResponseRecorder {
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	for i := 0; i < len(kv); i += 2 {
		m.WriteField(kv[i], kv[i+1])
	}
	if document != nil {
		f, _ := m.CreateFormFile("document", "notice.html")
		f.Write(document)
	}
	m.Close()
	r := httptest.NewRequest("POST", path, &body)
	r.Header.Set("Content-Type", m.FormDataContentType())
	return b.do(r)
}

// TestCopy: a page is archived with its hash, its words are shown as words,
// and the file is only ever given out to be kept.
func TestCopy(t *testing.T) {
	w := newWorld(t)
	w.waiting(1)
	o := w.options()
	page := `<script>alert(1)</script><h1>Tap water</h1><p>is <b>safe</b> "><img src=x onerror=alert(2)></p>`
	var asked []string
	o.Archive = func(_ context.Context, url string) (evidence.Archived, error) {
		asked = append(asked, url)
		if strings.Contains(url, "big") {
			return evidence.Archived{}, fmt.Errorf("%w: the page is larger than 8 MB, too large for a copy; add the evidence without one, or send along the part that matters", hearback.ErrInvalid)
		}
		return evidence.Read(strings.NewReader(page), "text/html", url, w.Now())
	}
	lin := w.join(o, "Lin", access.Officer)
	list, _, err := w.db.ConcernList(context.Background(), web.ConcernFilter{View: "all"})
	w.must(err)
	c, err := w.cases.Open(context.Background(), officer, list[0].ID, "front", hearback.P3, "")
	w.must(err)
	at := "/cases/" + c.ID.String()
	if rec := lin.upload(at+"/evidence", nil, "title", "Notice", "url", "https://water.example/n?utm_source=x", "copy", "1"); rec.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	c, err = w.db.Case(context.Background(), c.ID)
	w.must(err)
	e := c.Evidence[0]
	if len(asked) != 1 || asked[0] != "https://water.example/n" || e.Hash == "" {
		t.Fatalf("asked for %v, evidence %+v", asked, e)
	}
	body := checkPage(t, "copy", lin.get(at+"/copy/"+e.Hash))
	if !strings.Contains(body, "Tap water") || strings.Contains(body, "alert(1)") || !strings.Contains(body, e.Hash) {
		t.Errorf("the page of the copy: %s", body)
	}
	rec := lin.get(at + "/copy/" + e.Hash + "/file")
	if rec.Body.String() != page || rec.Header().Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(rec.Header().Get("Content-Disposition"), "attachment") || !strings.Contains(rec.Header().Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("the file: %v", rec.Header())
	}
	if rec := lin.get(at + "/copy/" + strings.Repeat("0", 64)); rec.Code != http.StatusNotFound {
		t.Errorf("a copy of another case: %d", rec.Code)
	}
	// A document of ten megabytes is refused and the case stays as it was.
	if rec := lin.upload(at+"/evidence", make([]byte, 10<<20), "title", "Big"); rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), "larger than 8 MB") {
		t.Errorf("a document of ten megabytes: %d", rec.Code)
	}
	if again, _ := w.db.Case(context.Background(), c.ID); again.Version != c.Version {
		t.Error("what was refused changed the case")
	}
	// What was typed about a page that cannot be copied is kept without a copy.
	rec = lin.upload(at+"/evidence", nil, "title", "Big", "url", "https://water.example/big", "copy", "1")
	if again, _ := w.db.Case(context.Background(), c.ID); rec.Code != http.StatusSeeOther || !strings.Contains(rec.Header().Get("Location"), "done=evidence_no_copy") || len(again.Evidence) != 2 || again.Evidence[1].Hash != "" {
		t.Errorf("a page of ten megabytes: %d to %s, evidence %+v", rec.Code, rec.Header().Get("Location"), again.Evidence)
	}
	if rec := lin.upload(at+"/evidence", []byte("Measured 0.4 mg"), "title", "Sheet", "primary", "1"); rec.Code != http.StatusSeeOther {
		t.Errorf("a document sent along: %d %s", rec.Code, rec.Body)
	}
}

// TestBlindEstimates: nobody sees what others think before giving their own.
func TestBlindEstimates(t *testing.T) {
	w := newWorld(t)
	w.waiting(1)
	o := w.options()
	lin, omar := w.join(o, "Lin", access.Officer), w.join(o, "Omar", access.Reviewer)
	list, _, err := w.db.ConcernList(context.Background(), web.ConcernFilter{View: "all"})
	w.must(err)
	c, err := w.cases.Open(context.Background(), officer, list[0].ID, "front", hearback.P3, "")
	w.must(err)
	at := "/cases/" + c.ID.String()
	if rec := lin.post(at+"/estimate", "verdict", "misleading", "sure", "85", "note", "seen at the plant"); rec.Code != http.StatusSeeOther {
		t.Fatal(rec.Code)
	}
	if body := omar.get(at).Body.String(); strings.Contains(body, "seen at the plant") || strings.Contains(body, "85% sure") || !strings.Contains(body, "hidden until you have given yours") {
		t.Error("omar sees the estimate of lin before he gave his")
	}
	if rec := omar.post(at+"/estimate", "verdict", "false", "sure", "lots"); rec.Code != http.StatusUnprocessableEntity {
		t.Errorf("sure of lots: %d", rec.Code)
	}
	omar.post(at+"/estimate", "verdict", "false", "sure", "60")
	if body := checkPage(t, "case", omar.get(at)); !strings.Contains(body, "85% sure") || !strings.Contains(body, "seen at the plant") {
		t.Error("omar does not see the estimate of lin after he gave his")
	}
}
