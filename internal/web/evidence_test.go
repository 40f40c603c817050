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
	"example.org/hearback/internal/web/office"
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
	list, _, err := w.db.ConcernList(context.Background(), office.ConcernFilter{View: "all"})
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
	list, _, err := w.db.ConcernList(context.Background(), office.ConcernFilter{View: "all"})
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

// TestEvidenceTooLarge: a document that is larger than the limit is refused in
// words, and what was typed above it is on the page that says so; so is a page
// of ten megabytes, and the case stays as it was.
func TestEvidenceTooLarge(t *testing.T) {
	w := newWorld(t)
	w.waiting(1)
	lin := w.join(w.options(), "Lin", access.Officer)
	list, _, err := w.db.ConcernList(context.Background(), office.ConcernFilter{View: "all"})
	w.must(err)
	c, err := w.cases.Open(context.Background(), officer, list[0].ID, "front", hearback.P3, "")
	w.must(err)
	at := "/cases/" + c.ID.String()
	size, err := w.db.LogSize(context.Background())
	w.must(err)
	for _, tt := range []struct{ mb, want int }{{10, http.StatusUnprocessableEntity}, {40, http.StatusRequestEntityTooLarge}} {
		rec := lin.upload(at+"/evidence", bytes.Repeat([]byte("<p>a page "), tt.mb<<20/10), "title", "Protocol of <b>all</b> samples", "note", "Taken on Monday.\nRead page 7.", "url", "https://water.example/protocol")
		if rec.Code != tt.want {
			t.Errorf("%d MB: %d, want %d", tt.mb, rec.Code, tt.want)
		}
		body := checkPage(t, fmt.Sprintf("%d MB", tt.mb), rec)
		for _, want := range []string{"Protocol of &lt;b&gt;all&lt;/b&gt; samples", "Taken on Monday.\nRead page 7.", "https://water.example/protocol"} {
			if !strings.Contains(body, want) {
				t.Errorf("%d MB: the page lost %q", tt.mb, want)
			}
		}
	}
	if c, err = w.db.Case(context.Background(), c.ID); err != nil || len(c.Evidence) != 0 {
		t.Errorf("the case has %+v, %v", c.Evidence, err)
	}
	if n, err := w.db.LogSize(context.Background()); n != size || err != nil {
		t.Errorf("the log grew to %d from %d, %v", n, size, err)
	}
}

// TestEstimatesNeeded: an office may ask for estimates before a verdict on cases
// of a tier; until they are there the verdict is refused, and the log has the
// setting with its reason.
func TestEstimatesNeeded(t *testing.T) {
	w := newWorld(t)
	w.waiting(1)
	ctx, o := context.Background(), w.options()
	lin, ada := w.join(o, "Lin", access.Officer), w.join(o, "Ada", access.Administrator)
	eva := w.join(o, "Eva", access.Officer)
	list, _, err := w.db.ConcernList(ctx, office.ConcernFilter{View: "all"})
	w.must(err)
	w.cases.Blind = w.desks.Estimates
	c, err := w.cases.Open(ctx, officer, list[0].ID, "front", hearback.P2, "")
	w.must(err)
	at := "/cases/" + c.ID.String()
	set := func(p2 string) int {
		return ada.post("/settings/estimates", "blind_P1", "0", "blind_P2", p2, "blind_P3", "0", "blind_P4", "0", "reason", "Two see more than one.").Code
	}
	for p2, want := range map[string]int{"6": http.StatusUnprocessableEntity, "-1": http.StatusUnprocessableEntity, "many": http.StatusUnprocessableEntity} {
		if got := set(p2); got != want {
			t.Errorf("%s estimates: %d, want %d", p2, got, want)
		}
	}
	if got := set("2"); got != http.StatusSeeOther {
		t.Fatalf("2 estimates: %d", got)
	}
	verdict := func(want int) {
		t.Helper()
		if rec := lin.post(at+"/verdict", "verdict", "not_yet_known"); rec.Code != want {
			t.Errorf("verdict: %d, want %d\n%s", rec.Code, want, rec.Body)
		}
	}
	if body := checkPage(t, "case", lin.get(at)); !strings.Contains(body, "asks for 2 blind estimates first; there are 0") {
		t.Error("the page of the case does not say what is asked for")
	}
	verdict(http.StatusForbidden)
	for _, who := range []*browser{lin, eva} {
		verdict(http.StatusForbidden)
		if rec := who.post(at+"/estimate", "verdict", "not_yet_known", "sure", "60"); rec.Code != http.StatusSeeOther {
			t.Fatalf("estimate: %d %s", rec.Code, rec.Body)
		}
	}
	verdict(http.StatusSeeOther)
	entries, err := w.db.EntriesAbout(ctx, "setting:desk.estimates", 5)
	if err != nil || len(entries) != 1 || !strings.Contains(string(entries[0].Leaf), `"P2":2`) || !strings.Contains(string(entries[0].Leaf), "Two see more") {
		t.Errorf("the log has %+v, %v", entries, err)
	}
}
