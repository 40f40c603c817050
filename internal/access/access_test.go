package access_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"example.org/hearback"
	"example.org/hearback/internal/access"
)

// matrix is who may do what, once more and the other way round: a change of
// the table must be made twice, on purpose. l listener, a analyst, o officer,
// r reviewer, e evaluator, A administrator, u auditor.
var matrix = map[access.Action]string{
	access.ViewConsole:    "laoreAu",
	access.ViewLog:        "laoreAu",
	access.Triage:         "la",
	access.OpenCase:       "lao",
	access.Route:          "lao",
	access.CheckEvidence:  "or",
	access.Draft:          "o",
	access.Submit:         "o",
	access.Approve:        "r",
	access.Publish:        "or",
	access.Withdraw:       "or",
	access.RateHarm:       "lar",
	access.ManageSources:  "aA",
	access.ManageTopics:   "aA",
	access.ManageDesks:    "A",
	access.ManageAccounts: "A",
	access.ChangeSettings: "A",
	access.Export:         "aeA",
	access.Backup:         "A",
	access.Evaluate:       "e",
	access.RunDrill:       "eA",
	access.ViewSecurity:   "Au",
}

var letters = map[access.Role]string{
	access.Listener: "l", access.Analyst: "a", access.Officer: "o", access.Reviewer: "r",
	access.Evaluator: "e", access.Administrator: "A", access.Auditor: "u",
}

func TestMay(t *testing.T) {
	if len(letters) != len(access.Roles()) || len(matrix) != len(access.Actions()) {
		t.Fatalf("the test knows %d roles and %d actions, the table %d and %d", len(letters), len(matrix), len(access.Roles()), len(access.Actions()))
	}
	for _, r := range access.Roles() {
		for _, x := range access.Actions() {
			want := strings.Contains(matrix[x], letters[r])
			if got := access.May([]access.Role{r}, x); got != want {
				t.Errorf("May(%s, %s) = %t, want %t", r, x, got, want)
			}
			if got := slices.Contains(access.Who(x), r); got != want {
				t.Errorf("Who(%s) has %s: %t, want %t", x, r, got, want)
			}
		}
	}
	for _, tt := range []struct {
		roles []access.Role
		x     access.Action
		want  bool
	}{
		{nil, access.ViewConsole, false},
		{[]access.Role{"emperor"}, access.ViewConsole, false},
		{[]access.Role{access.Officer}, "reign", false},
		{[]access.Role{access.Officer}, "", false},
		{[]access.Role{access.Auditor, access.Reviewer}, access.Approve, true},
	} {
		if got := access.May(tt.roles, tt.x); got != tt.want {
			t.Errorf("May(%v, %q) = %t, want %t", tt.roles, tt.x, got, tt.want)
		}
	}
}

func TestActor(t *testing.T) {
	a := &access.Account{ID: 9, Number: 4, State: access.Active, Roles: []access.Role{access.Listener, access.Officer, access.Reviewer}}
	for _, tt := range []struct {
		x    access.Action
		want string
	}{
		{access.Triage, "listener#4"},
		{access.Draft, "officer#4"},
		{access.Approve, "reviewer#4"},
	} {
		by, err := a.Do(tt.x)
		if err != nil || by.String() != tt.want || by.ID != 9 {
			t.Errorf("Do(%s) = %v, %v, want %s", tt.x, by, err, tt.want)
		}
	}
	if _, err := a.Do(access.ManageAccounts); !errors.Is(err, hearback.ErrRefused) || !strings.Contains(err.Error(), "administrator") {
		t.Errorf("Do = %v, want a refusal that names the role", err)
	}
	a.State = access.Disabled
	if _, err := a.Do(access.Triage); !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("a disabled account may triage: %v", err)
	}
	if !a.Serves("water") {
		t.Error("an account without desks serves all of them")
	}
	a.Desks = []string{"health"}
	if a.Serves("water") || !a.Serves("health") {
		t.Error("an account serves the wrong desk")
	}
}

func TestCheckPassword(t *testing.T) {
	for _, tt := range []struct {
		password string
		ok       bool
	}{
		{"tram lantern seven rivers", true},
		{"海边有七盏路灯和一只猫睡着", true},
		{"k7#pQz!m2Vx&", true},
		{"Köln bridges at dawn", true},
		{"correct horse battery staple", false},
		{"short", false},
		{"十一个汉字的密码不够长", false}, // eleven
		{strings.Repeat("ab cd ef gh ", 11), false},
		{strings.Repeat("a", 12), false},
		{"abcabcabcabc", false},
		{"123456789012", false},
		{"987654321098", false},
		{"20260318200318", false},
		{"Passw0rd2026!", false},
		{"P@ssw0rd!!!!", false},
		{"welcome-2026-03", false},
		{"QwertyUiop123", false},
		{"iloveyou12345", false},
		{"adminpassword1", false},
		{"woaini5201314", false},
		{"ｐａｓｓｗｏｒｄ１２３４", false},  // full width
		{"chen.wei12345", false}, // the login
		{"chen.wei and eleven quiet herons", true},
		{"\xff\xfe tram lantern seven", false},
	} {
		err := access.CheckPassword(tt.password, "chen.wei@example.org", "陈伟")
		if (err == nil) != tt.ok || err != nil && !errors.Is(err, hearback.ErrInvalid) {
			t.Errorf("CheckPassword(%q) = %v, want ok %t", tt.password, err, tt.ok)
		}
	}
}

func FuzzCheckPassword(f *testing.F) {
	f.Add("tram lantern seven rivers", "lin@example.org")
	f.Add("海边有七盏路灯和一只猫睡着", "林")
	f.Fuzz(func(t *testing.T, password, login string) {
		err := access.CheckPassword(password, login)
		n := utf8.RuneCountInString(password)
		if err == nil && (n < access.MinPassword || n > access.MaxPassword || !utf8.ValidString(password)) {
			t.Errorf("CheckPassword(%q) passes", password)
		}
		if err != nil && !errors.Is(err, hearback.ErrInvalid) {
			t.Errorf("CheckPassword(%q) = %v", password, err)
		}
	})
}
