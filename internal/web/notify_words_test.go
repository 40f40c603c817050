package web

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestNoticeFaults: every sentence that says why something was refused, could
// not be delivered or was not needed is said in Chinese as well.
func TestNoticeFaults(t *testing.T) {
	all := locales(t)
	said := regexp.MustCompile(`"((?:[A-Z]|%s )[^"\n]*\.)"|Errorf\("%w: ([^"]+)", hearback\.Err`)
	verb := regexp.MustCompile(`%[.\d]*[a-zA-Z]`)
	var files []string
	for _, dir := range []string{"../notify", "../notify/mail", "../notify/webhook"} {
		more, err := filepath.Glob(dir + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, more...)
	}
	n := 0
	for _, file := range append(files, "../store/notify.go") {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range said.FindAllStringSubmatch(string(b), -1) {
			s := verb.ReplaceAllString(m[1]+m[2], "7")
			n++
			if _, ok := all["zh"].Translate(strings.TrimSuffix(s, ".")); !ok {
				t.Errorf("%s says %q, which is not in the locale files as fault.note_…", filepath.Base(file), s)
			}
		}
	}
	if n < 45 {
		t.Errorf("only %d sentences were found; does the pattern still fit?", n)
	}
}
