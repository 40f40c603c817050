package web

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/answer"
	"example.org/hearback/internal/evidence"
	"example.org/hearback/internal/web/locale"
	"example.org/hearback/internal/web/office"
)

func locales(t *testing.T) map[string]*locale.Locale {
	t.Helper()
	all, err := locale.Load(time.UTC, time.Now, nil)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestKeys: every sentence that the pages ask for is there.
func TestKeys(t *testing.T) {
	en := locales(t)["en"]
	want := map[string]string{}
	direct := regexp.MustCompile(`\bt "([^"]+)"|\.[tT]\("([^"]+)"`)
	files, _ := filepath.Glob("templates/*.html")
	code, _ := filepath.Glob("*.go")
	shared, _ := filepath.Glob("*/*.go")
	for _, file := range slices.Concat(files, code, shared) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range direct.FindAllStringSubmatch(string(b), -1) {
			if key := m[1] + m[2]; !strings.HasSuffix(key, ".") {
				want[key] = file
			}
		}
		for _, m := range regexp.MustCompile(`(?:see\([^\n"]*(?:"[^"\n]*"[^\n"]*)*, |Act\((?:access\.\w+, )?)"([a-z_]+)"`).FindAllStringSubmatch(string(b), -1) {
			want["done."+m[1]] = file
		}
	}
	add := func(prefix string, list ...string) {
		for _, s := range list {
			want[prefix+s] = prefix
		}
	}
	for _, x := range hearback.Verdicts() {
		add("verdict.", string(x))
		add("verdict.say.", string(x))
	}
	for _, x := range hearback.Tiers() {
		add("tier.", string(x))
		if x != hearback.Watch {
			add("acc.promise.", string(x))
		}
	}
	for _, x := range hearback.CaseStates() {
		add("casestate.", string(x))
		add("pub.state.", string(x))
	}
	for _, x := range hearback.CaseReasons() {
		add("closereason.", string(x))
	}
	for _, x := range hearback.Refusals() {
		add("refusal.", string(x))
	}
	for _, x := range hearback.Kinds() {
		add("kind.", string(x))
	}
	for _, x := range access.Roles() {
		add("role.", string(x))
		add("role.say.", string(x))
	}
	for _, x := range access.EventKinds() {
		add("event.", string(x))
	}
	for _, x := range access.Scopes() {
		add("scope.", string(x))
	}
	for _, x := range access.Actions() {
		add("may.", string(x))
	}
	add("factor.", "code", "passkey", "recovery", "password", "sso")
	for _, x := range evidence.Checks(&hearback.Case{}) {
		add("", x.Key)
	}
	add("", answer.WarnMyth, answer.WarnRumour, answer.WarnQuestion, answer.WarnNext, answer.WarnNextTime, answer.WarnDo, answer.WarnKnown, answer.WarnWhy, answer.WarnUneven, answer.WarnInstead, answer.WarnLong, answer.WarnLang, answer.WarnLeak)
	add("deadline.", "route", "holding", "answer")
	add("pub.deadline.", "route", "holding", "answer")
	add("answerstate.", "draft", "published", "withdrawn")
	add("sourcekind.", "feed", "table", "webhook", "ask", "drill")
	add("source.about.", "feed", "table", "webhook", "ask")
	add("sourcestate.", "active", "paused", "removed")
	add("alertverdict.", "worth", "known", "noise", "merge")
	add("alertkind.", "harm", "rising", "slow_burn", "novel", "recurring", "spreading", "void", "not_helped", "deadline", "silent")
	add("part.", "heat", "reach", "persistence", "harm", "title", "lead", "do", "known", "going", "why", "next")
	add("part.say.", "heat", "reach", "persistence", "harm")
	add("mark.", "alert", "answer", "correction")
	add("view.", "triage", "case", "void", "muted", "all")
	add("caseview.", "open", "late", "review", "published", "closed")
	add("answerview.", "all", "draft", "published", "withdrawn")
	add("alertview.", "open", "digest", "all")
	add("loggroup.", "", "answer", "case", "concern", "source", "topic", "role", "privacy")
	add("results.level.", "0", "1", "2", "3")
	add("harm.scale.", "0", "1", "2", "3", "4")
	add("harm.severity.", "0", "1", "2", "3", "4")
	add("harm.", "believable", "immediate", "call", "vulnerable")
	add("table.field.", tableFields...)
	add("table.hint.", tableFields...)
	add("drill.as.", drillActors...)
	for _, o := range office.UsualObjectives() {
		add("drill.objective.", o.Name)
		add("drill.item.", o.Items...)
	}
	for _, r := range hearback.DrillRatings() {
		add("drill.rating.", string(r))
	}
	add("drill.points.", "waits", "rated", "absent")
	add("drill.step.", "find", "open", "answer")
	for _, what := range []string{"concern", "concern_in", "alert", "alert_of", "case", "case_state", "deadline", "deadline_missed"} {
		add("drill.expect.", what, "no_"+what)
	}
	add("fresh.", "invite", "password")
	add("link.", "first", "invite", "password")
	add("day.", "0", "1", "2", "3", "4", "5", "6")
	add("wd.", "0", "1", "2", "3", "4", "5", "6")
	add("time.", "d", "h", "min")
	add("mask.", "phone", "email", "handle", "id", "card", "plate", "address", "place", "name", "ip", "withheld")
	add("flag.", "loud_few", "copied", "one_source", "unrated")
	for _, status := range []string{"403", "404", "409", "413", "422", "429", "500"} {
		add("error.", status, status+".say")
	}
	for _, act := range []string{"mute", "unmute", "merge", "case", "ack", "route", "pause", "resume"} {
		add("done.bulk_", act)
		add("done.some_", act)
		add("sure.", act)
	}
	add("done.", "evidence_added", "evidence_no_copy")
	add("spark.", "title", "messages")
	add("filter.", "tier", "speech", "area", "source", "q")
	add("act.", "added", "changed", "removed", "password", "second factor")
	for _, k := range recordKeys(t) {
		add("pub.", k)
	}
	records, err := os.ReadFile("../../record.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`RecordType = "([^"]+)"`).FindAllStringSubmatch(string(records), -1) {
		add("rec.", m[1])
	}
	for key, where := range want {
		if key != "done.reason" && !strings.HasSuffix(key, "_") && !en.Has(key) {
			t.Errorf("%s: there is no sentence %q", where, key)
		}
	}
}

// recordKeys are what records of the public log say openly, as the code that
// writes them names it.
func recordKeys(t *testing.T) (keys []string) {
	t.Helper()
	var files []string
	for _, pattern := range []string{"../*/*.go", "../*/*/*.go", "../../*.go"} {
		more, _ := filepath.Glob(pattern)
		files = append(files, more...)
	}
	open := regexp.MustCompile(`(?:Pub: map\[string\]any|\bpub)\{((?:[^{}]|\{[^{}]*\})*)\}`)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range open.FindAllStringSubmatch(string(b), -1) {
			for _, k := range regexp.MustCompile(`"([a-z_]+)":`).FindAllStringSubmatch(m[1], -1) {
				keys = append(keys, k[1])
			}
		}
	}
	slices.Sort(keys)
	if keys = slices.Compact(keys); len(keys) < 40 {
		t.Fatalf("found %d keys; is the pattern still right?", len(keys))
	}
	return keys
}

// TestFaults: what the domain says when it refuses can be said in both
// languages.
func TestFaults(t *testing.T) {
	zh := locales(t)["zh"]
	var files []string
	for _, dir := range []string{"../..", "../desk", "../answer", "../access", "../evidence", ".", "office", "api"} {
		more, _ := filepath.Glob(dir + "/*.go")
		files = append(files, more...)
	}
	said := regexp.MustCompile(`Errorf\("%w: ([^"]+)", hearback\.Err|Errorf\("%w: ([^"]+)", Err`)
	verb := regexp.MustCompile(`%[.\d]*[a-zA-Z]`)
	n := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range said.FindAllStringSubmatch(string(b), -1) {
			s := verb.ReplaceAllString(m[1]+m[2], "X")
			if s == "X" || strings.HasPrefix(s, "record X") || strings.HasPrefix(s, "a record cannot") || strings.HasPrefix(s, "to X you need") || strings.HasPrefix(s, "the setting X") {
				continue // never reaches a page in these words
			}
			n++
			if _, ok := zh.Translate(s); !ok {
				t.Logf("%s: %q is said only in English", file, s)
				if strings.HasPrefix(file, "../../") && !strings.HasPrefix(file, "../../internal") || !strings.HasPrefix(file, "..") {
					t.Errorf("%s: %q has no sentence in the locale files", file, s)
				}
			}
		}
	}
	if n < 50 {
		t.Fatalf("found %d sentences; is the pattern still right?", n)
	}
}

// TestTemplates: every page can be put together, in every language, though it
// is done when the page is first shown.
func TestTemplates(t *testing.T) {
	s, err := newServer(Options{}, true)
	if err != nil {
		t.Fatal(err)
	}
	for lang, pages := range s.pages {
		if len(pages) < 50 {
			t.Errorf("%s has %d pages", lang, len(pages))
		}
		for name, maker := range pages {
			if page, err := maker(); err != nil || page.Lookup("main") == nil {
				t.Errorf("%s in %s: %v", name, lang, err)
			}
		}
	}
}

func TestMarked(t *testing.T) {
	l := writer{locales(t)["en"]}
	if got, want := string(l.marked(`call [phone] [x] a[b <b>`)), `call <span class="masked">phone</span> [x] a[b &lt;b&gt;`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDiff(t *testing.T) {
	for _, tt := range []struct{ old, now, want string }{
		{"boil for three minutes now", "boil for one minute now", "boil for <del>three minutes </del> <ins>one minute </ins>now"},
		{"", "new", "<ins>new</ins>"},
		{"煮沸三分钟", "煮沸一分钟", "煮沸<del>三</del> <ins>一</ins>分钟"},
		{"same", "same", "same"},
		{"<b>", "<i>", "<del>&lt;b&gt;</del> <ins>&lt;i&gt;</ins>"},
	} {
		if got := string(diff(tt.old, tt.now)); got != tt.want {
			t.Errorf("diff(%q, %q) = %q, want %q", tt.old, tt.now, got, tt.want)
		}
	}
}

func TestChoose(t *testing.T) {
	m := func(id int64, lang string, kind hearback.Kind, text string, copyOf int64) hearback.Message {
		return hearback.Message{ID: hearback.ID(id), Lang: lang, Kind: kind, Text: text, CopyOf: hearback.ID(copyOf)}
	}
	got := choose([]hearback.Message{m(1, "en", hearback.Question, "a", 0), m(2, "en", hearback.Question, "b", 0), m(3, "en", hearback.Question, "a", 1), m(4, "zh", hearback.Claim, "c", 0), m(5, "en", hearback.Claim, "d", 0), m(6, "en", hearback.Question, "b", 0)}, 2, 3)
	var ids []hearback.ID
	for _, x := range got {
		ids = append(ids, x.ID)
	}
	if want := []hearback.ID{2, 4, 1}; !slices.Equal(ids, want) {
		t.Errorf("choose = %v, want %v: the most central first, then what is new, no copies and no text twice", ids, want)
	}
}

func TestUsual(t *testing.T) {
	at := func(h int, v float64) hearback.Point {
		return hearback.Point{At: time.Date(2026, 3, 10, h, 0, 0, 0, time.UTC), Voices: v}
	}
	first := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	if got := usual([]hearback.Point{at(9, 1), at(33, 5), at(57, 3)}, []hearback.Point{at(81, 9)}, first); !slices.Equal(got, []float64{3}) {
		t.Errorf("usual = %v, want the median, 3", got)
	}
	if got := usual([]hearback.Point{at(9, 1), at(33, 5)}, []hearback.Point{at(81, 9)}, first); got != nil {
		t.Errorf("usual = %v from two days, want nothing", got)
	}
}

func TestLocal(t *testing.T) {
	for _, tt := range []struct{ to, want string }{
		{"/concerns?view=all", "/concerns?view=all"}, {"", "/"}, {"https://evil.example/", "/"}, {"//evil.example", "/"}, {"/\\evil.example", "/"}, {"concerns", "/"}, {"javascript:alert(1)", "/"},
	} {
		if got := local(tt.to); got != tt.want {
			t.Errorf("local(%q) = %q, want %q", tt.to, got, tt.want)
		}
	}
}

// TestSourceFaults: every sentence that says why a source could not be read is
// said in Chinese as well.
func TestSourceFaults(t *testing.T) {
	all := locales(t)
	q := &office.Caller{Locale: all["zh"]}
	literal := regexp.MustCompile(`(?:fault|Sprintf|Refusal\{)\(?(?:fmt\.Sprintf\()?"((?:[A-Z]|%s )[^"\\]*\.)"|Sentence: "([^"]*)"|return "(This feed[^"]*|What this[^"]*)"`)
	n := 0
	for _, dir := range []string{"feed/feed.go", "feed/parse.go", "safedial/safedial.go", "scheduler.go"} {
		b, err := os.ReadFile(filepath.Join("..", "source", dir))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range literal.FindAllStringSubmatch(string(b), -1) {
			said := m[1] + m[2] + m[3]
			for _, verb := range []string{"%s", "%d", "%q"} {
				said = strings.ReplaceAll(said, verb, "7")
			}
			n++
			if _, ok := q.Locale.Translate(strings.TrimSuffix(said, ".")); !ok {
				t.Errorf("%s says %q, which is not in the locale files as fault.src_…", dir, said)
			}
		}
	}
	if n < 30 {
		t.Errorf("only %d sentences were found; does the pattern still fit?", n)
	}
	if got := q.SourceFault("127.0.0.1 sends more than 8 MiB, which is the most that is read. Ask for a shorter feed."); got != "127.0.0.1发来的内容超过8 MiB，即可读上限。请联系网站提供较短的订阅源。" {
		t.Errorf("in Chinese: %q", got)
	}
}
