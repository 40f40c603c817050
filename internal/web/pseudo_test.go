package web_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"example.org/hearback/internal/access"
	"example.org/hearback/internal/web"
)

// Every sentence of the pages is put between marks, as a third language would
// be. What stands outside them and is no data was written into a page or the
// program, where nobody can translate it.
func TestPseudoLocale(t *testing.T) {
	w := newWorld(t)
	o := w.fill(func(s string) string { return "⟦" + s + "⟧" })
	opt := w.options()
	real := w.join(opt, "Everything", access.Roles()...)
	pagesC, pagesP := paths(o)
	quiet := regexp.MustCompile(`(?s)<(script|style|code|pre|kbd|textarea|title)[^>]*>.*?</(script|style|code|pre|kbd|textarea|title)>|<[^>]+>`)
	marked := regexp.MustCompile(`⟦[^⟦⟧]*⟧`)
	words := regexp.MustCompile(`[A-Za-z]{3,}(?:[ ,]+[A-Za-z]{3,})+`)
	// What people of this world say, and what playbooks say in both languages.
	var data strings.Builder
	for _, pattern := range []string{"web_test.go", "pages_test.go", "../desk/playbooks/*"} {
		files, err := filepath.Glob(pattern)
		w.must(err)
		if len(files) == 0 {
			t.Fatalf("there is no %s", pattern)
		}
		for _, file := range files {
			b, err := os.ReadFile(file)
			w.must(err)
			data.Write(b)
		}
	}
	n := 0
	for _, console := range []bool{true, false} {
		h, err := web.Pseudo(opt, console)
		w.must(err)
		b, pages := &browser{t, h, "http://public.test", "en", map[string]string{}}, pagesP
		if console {
			b, pages = &browser{t, h, "http://console.test", "en", real.cookie}, pagesC
		}
		for _, path := range pages {
			rec := b.do(httptest.NewRequest("GET", b.base+path, nil))
			if !strings.HasPrefix(rec.Header().Get("Content-Type"), "text/html") {
				continue
			}
			n++
			body := rec.Body.String()
			if !strings.Contains(body, "⟦") {
				t.Errorf("%s says nothing", path)
			}
			left := quiet.ReplaceAllString(body, "\n")
			for was := ""; was != left; { // sentences hold other sentences
				was, left = left, marked.ReplaceAllString(left, "\n")
			}
			for _, w := range words.FindAllString(left, -1) {
				if w != "JSON Feed" && !strings.Contains(data.String(), w) {
					t.Errorf("%s says %q in no language", path, w)
				}
			}
		}
	}
	if n < 50 {
		t.Errorf("looked at %d pages", n)
	}
	t.Logf("%d pages", n)
}
