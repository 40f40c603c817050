package internal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"example.org/hearback"
)

// What Hearback must never become is held here. Each rule reads what the
// program is made of (schema, words of the code, routes, forms) and fails on a
// breach. A change that needs to weaken a rule is not a change of this test.
var never = []struct {
	rule  string
	words *regexp.Regexp
}{
	{"no person as a unit", regexp.MustCompile(`(?i)(author|avatar|handle|username|screen_?name|follower|profile|watch_?list|person_?id|user_?id|speaker_?id|influencer|social_?graph|blacklist)`)},
	{"no suppression", regexp.MustCompile(`(?i)(take_?down|demote|shadow_?ban|\bban(s|ned|_user)?\b|report_?to_?(platform|police|employer)|remove_?post|block_?(user|account|post)|censor|punish)`)},
	{"no covert voice", regexp.MustCompile(`(?i)(persona\b|sock_?puppet|bulk_?repl|auto_?reply|post_?as\b|fake_?account|astroturf)`)},
	{"no scoring of opinion", regexp.MustCompile(`(?i)(sentiment|stance|loyal|political|polarity|opinion_?score|attitude)`)},
}

// innocent are words that hold one of the forbidden ones and mean another
// thing, each with its reason.
var innocent = strings.NewReplacer(
	"PublishedHandler", "", "handler", "", "Handler", "", "HandleFunc", "", "Handle", "", // net/http
	"authorise", "", "Authorise", "", "authoriz", "", "Authoriz", "", "authority", "", "Authority", "", // rights of the office's own people
	"Instance", "", "instance", "", "Distance", "", "distance", "", // one installation of the program
)

func breach(t *testing.T, where, s string) {
	t.Helper()
	s = innocent.Replace(s)
	for _, n := range never {
		if w := n.words.FindString(s); w != "" {
			t.Errorf("%s: %q breaks the rule: %s", where, w, n.rule)
		}
	}
}

// TestNeverSchema: no table or column could hold a person who spoke, a mark
// against one, or a score of an opinion.
func TestNeverSchema(t *testing.T) {
	files, _ := filepath.Glob("store/migrations/*.sql")
	if len(files) < 2 {
		t.Fatal("the schema was not found")
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(b), "\n") {
			line, _, _ = strings.Cut(line, "--")
			for _, word := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t(),;", r) }) {
				breach(t, file+":"+strconv.Itoa(i+1), word)
			}
		}
	}
}

// TestNeverMessage: a message has nowhere to put who said it.
func TestNeverMessage(t *testing.T) {
	want := "ID Source At Seen Text Lang Kind Area Masked CopyOf Concern"
	var got []string
	for f := range reflect.TypeFor[hearback.Message]().Fields() {
		got = append(got, f.Name)
	}
	if s := strings.Join(got, " "); s != want {
		t.Errorf("fields of Message are %s, want %s: a new field must say nothing about a person", s, want)
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[hearback.Concern](), reflect.TypeFor[hearback.Alert](), reflect.TypeFor[hearback.Source](), reflect.TypeFor[hearback.Outcome](), reflect.TypeFor[hearback.Case]()} {
		for f := range typ.Fields() {
			breach(t, typ.Name()+"."+f.Name, f.Name)
		}
	}
}

// TestNeverNames: no exported name offers what the rules forbid.
func TestNeverNames(t *testing.T) {
	files, _ := filepath.Glob("../*.go")
	one, _ := filepath.Glob("*/*.go")
	two, _ := filepath.Glob("*/*/*.go")
	for _, file := range append(append(files, one...), two...) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() {
					breach(t, file, d.Name.Name)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.TypeSpec:
						if s.Name.IsExported() {
							breach(t, file, s.Name.Name)
						}
					case *ast.ValueSpec:
						for _, n := range s.Names {
							if n.IsExported() {
								breach(t, file, n.Name)
							}
						}
					}
				}
			}
		}
	}
}

// TestNeverRoutes: no page and no form does what the rules forbid.
func TestNeverRoutes(t *testing.T) {
	for file, least := range map[string]int{"web/routes.go": 100, "web/api/routes.go": 90} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		routes := regexp.MustCompile(`"(?:(?:GET|POST|PUT|DELETE|PATCH) )?(/[^" ]*)"`).FindAllStringSubmatch(string(b), -1)
		if len(routes) < least {
			t.Fatalf("found %d routes; is %s still where they are listed?", len(routes), file)
		}
		for _, r := range routes {
			breach(t, "route "+r[1], strings.ReplaceAll(r[1], "/", " "))
		}
		if file == "web/api/routes.go" { // names and summaries too: programs choose by them
			for _, m := range regexp.MustCompile(`"([a-z_]+)", "([^"]+)", \(\*request\)`).FindAllStringSubmatch(string(b), -1) {
				breach(t, "operation "+m[1], m[1]+" "+m[2])
			}
		}
	}
	// Nor does the API have a field for it.
	apis, _ := filepath.Glob("web/api/*.go")
	if len(apis) < 10 {
		t.Fatalf("found %d files of the API; is web/api still where they are?", len(apis))
	}
	name := regexp.MustCompile("`json:\"([^\",]+)")
	for _, file := range apis {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range name.FindAllStringSubmatch(string(b), -1) {
			breach(t, file+": field", m[1])
		}
	}
	forms, _ := filepath.Glob("web/templates/*.html")
	field := regexp.MustCompile(`name="([^"]+)"`)
	for _, file := range forms {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range field.FindAllStringSubmatch(string(b), -1) {
			breach(t, file+": field", m[1])
		}
	}
}

// TestNeverRaw: nothing that leaves the machine can see text before it is
// de-identified.
func TestNeverRaw(t *testing.T) {
	for _, outside := range []string{"web", "store", "publish", "translog", "measure", "alert", "answer", "desk"} {
		for _, reader := range rawReaders {
			if outside == reader {
				t.Errorf("package %s may see raw text", outside)
			}
		}
	}
}
