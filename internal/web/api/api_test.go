package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"example.org/hearback"
	"example.org/hearback/internal/web/office"
)

// The table as a whole: names and addresses are one operation's, reading never
// needs more than the sight of a thing, and every kind of problem has its own
// name.
func TestTable(t *testing.T) {
	names, patterns := map[string]bool{}, map[string]bool{}
	for _, o := range operations() {
		if names[o.name] || patterns[o.pattern] {
			t.Errorf("%s at %s stands there twice", o.name, o.pattern)
		}
		names[o.name], patterns[o.pattern] = true, true
		if !strings.HasPrefix(o.path(), "/api/v1/") || o.summary == "" || o.may == "" {
			t.Errorf("%s at %s (%q) for %q", o.name, o.pattern, o.summary, o.may)
		}
	}
	for _, tool := range toolOps {
		if !names[tool[1]] {
			t.Errorf("the tool %s stands on %s, which is no operation", tool[0], tool[1])
		}
	}
	for i, k := range problemKinds {
		if slices.ContainsFunc(problemKinds[:i], func(x problemKind) bool { return x.Name == k.Name }) {
			t.Errorf("two kinds of problem are called %s", k.Name)
		}
	}
}

func TestProblemOf(t *testing.T) {
	for _, tt := range []struct {
		err    error
		kind   string
		status int
	}{
		{hearback.ErrNotFound, "not-found", http.StatusNotFound},
		{fmt.Errorf("case x: %w", hearback.ErrConflict), "conflict", http.StatusConflict},
		{hearback.ErrInvalid, "invalid", http.StatusUnprocessableEntity},
		{hearback.ErrRefused, "refused", http.StatusForbidden},
		{office.NotAllowed{Action: "triage"}, "role", http.StatusForbidden},
		{office.NotScoped{Scope: "triage"}, "scope", http.StatusForbidden},
		{errUnknown, "unknown-outcome", http.StatusConflict},
		{errKeyReused, "key-reused", http.StatusUnprocessableEntity},
		{malformed("it is not UTF-8"), "malformed", http.StatusBadRequest},
		{errMediaType, "media-type", http.StatusUnsupportedMediaType},
		{errChanged, "changed", http.StatusPreconditionFailed},
		{errMethod, "method", http.StatusMethodNotAllowed},
		{errNoVersion, "version-needed", http.StatusPreconditionRequired},
		{&http.MaxBytesError{}, "too-large", http.StatusRequestEntityTooLarge},
		{errors.New("the disk is full"), "internal", http.StatusInternalServerError},
	} {
		if kind, status := problemOf(tt.err), office.StatusOf(tt.err); kind != tt.kind || status != tt.status {
			t.Errorf("%v is %s, %d; want %s, %d", tt.err, kind, status, tt.kind, tt.status)
		}
	}
}

// A thing of which an assistant gets less than a program.
type said struct {
	Text   quote     `json:"text"`
	Heard  voices    `json:"heard"`
	Langs  breakdown `json:"langs"`
	Why    string    `json:"why" inside:""`
	Parent *said     `json:"parent,omitempty"`
}

func TestEncode(t *testing.T) {
	v := said{"Is it <safe>?", 1234, breakdown{"en": 1200, "zh": 3, "ur": 31}, "rule 7", &said{Heard: 4}}
	for assistant, want := range map[bool]string{
		false: `{"text":"Is it <safe>?","heard":1234,"langs":{"en":1200,"ur":31,"zh":3},"why":"rule 7","parent":{"text":"","heard":4,"langs":{},"why":""}}`,
		true:  `{"text":{"untrusted_public_text":"Is it <safe>?"},"heard":"1,230","langs":{"en":"1,200","ur":"<10","zh":"<10"},"parent":{"text":{"untrusted_public_text":""},"heard":"<10","langs":{}}}`,
	} {
		b, err := encodeAPI(v, assistant)
		got := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(string(b))
		if err != nil || got != want {
			t.Errorf("for an assistant %t: %s, %v; want %s", assistant, got, err, want)
		}
	}
}

// TestFill reads lists of every length in pages of every size, with all, some
// and none of their rows in the view.
func TestFill(t *testing.T) {
	for _, n := range []int{0, 1, pageScan - 1, pageScan, pageScan + 1, 3*pageScan + 7} {
		for _, every := range []int{1, 3, pageScan + 1, n + 2} {
			read := func(after hearback.ID, limit int) (rows []hearback.ID, err error) {
				if after > hearback.ID(n) {
					return nil, hearback.ErrNotFound
				}
				for id := after + 1; id <= hearback.ID(n) && len(rows) < limit; id++ {
					rows = append(rows, id)
				}
				return rows, nil
			}
			shows := func(id *hearback.ID) bool { return int(*id)%every == 0 }
			var want []hearback.ID
			for id := hearback.ID(1); id <= hearback.ID(n); id++ {
				if shows(&id) {
					want = append(want, id)
				}
			}
			for _, size := range []int{1, 50, pageRowsMax} {
				var got []hearback.ID
				for p := (paging{Limit: size}); ; {
					out, err := fill(p, read, shows, func(id *hearback.ID) hearback.ID { return *id }, func(rows []hearback.ID) ([]hearback.ID, error) { return rows, nil })
					if err != nil {
						t.Fatal(err)
					}
					if got = append(got, out.Items...); out.Next == "" {
						break
					}
					if len(out.Items) != size {
						t.Fatalf("a page of %d in the middle, want %d", len(out.Items), size)
					}
					p.After = out.Next
				}
				if !slices.Equal(got, want) {
					t.Errorf("%d rows, every %d, by %d: %d came, want %d", n, every, size, len(got), len(want))
				}
			}
		}
	}
	gone := paging{After: "zzzzzz"}
	_, err := fill(gone, func(hearback.ID, int) ([]int, error) { return nil, hearback.ErrNotFound }, func(*int) bool { return true }, func(*int) hearback.ID { return 0 }, func(rows []int) ([]int, error) { return rows, nil })
	if !errors.Is(err, hearback.ErrInvalid) {
		t.Errorf("after a row that is gone: %v, want ErrInvalid", err)
	}
}

// FuzzDecode: whatever is sent as a body, what is taken in is what the schema
// says: it can be written again and read as the same.
func FuzzDecode(f *testing.F) {
	ops := operations()
	for _, s := range []string{"", "{}", "null", "[]", `{"reason":"Known.","muted":true}`, `{"tier":"P2","reason":"很多老人。"}`, `{"tier":"P9","reason":"x"}`, `{"ids":["a","b"],"act":"case"}`,
		`{"texts":[{"lang":"zh","title":"一","lead":"二"}]}`, `{"reason":{"reason":[1e999]}}`, strings.Repeat(`{"a":`, 50), `{"reason":"\ud800","muted":1}`, "{\"reason\":\"\xff\"}"} {
		f.Add(uint(len(s)), []byte(s))
	}
	f.Fuzz(func(t *testing.T, n uint, body []byte) {
		o := ops[n%uint(len(ops))]
		in, err := o.decode(body)
		if err != nil {
			if !errors.Is(err, hearback.ErrInvalid) && !errors.Is(err, errMalformed) {
				t.Fatalf("%s: %v is no fault of whoever sent it", o.name, err)
			}
			return
		}
		if reflect.TypeOf(in) != o.in {
			t.Fatalf("%s takes %s, got %T", o.name, o.in, in)
		}
		b, err := json.Marshal(in)
		if err != nil {
			t.Fatalf("%s: %v", o.name, err)
		}
		again, err := o.decode(b)
		if err != nil || !reflect.DeepEqual(in, again) {
			t.Fatalf("%s: %s is read as %+v, %v, want %+v", o.name, b, again, err, in)
		}
	})
}
