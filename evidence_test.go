package hearback_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
)

func TestSupports(t *testing.T) {
	at := func(urls ...string) (list []hearback.Evidence) {
		for i, u := range urls {
			list = append(list, hearback.Evidence{ID: hearback.ID(i + 1), URL: u, Title: u})
		}
		return list
	}
	primary := hearback.Evidence{Title: "laboratory sheet", Primary: true}
	gone := primary
	gone.Retracted = t0
	h1, h2 := strings.Repeat("a", 64), strings.Repeat("b", 64)
	for _, tt := range []struct {
		name string
		list []hearback.Evidence
		n    int // independent pieces
		ok   bool
	}{
		{"nothing", nil, 0, false},
		{"one report", at("https://a.example/1"), 1, false},
		{"two reports on one site", at("https://a.example/1", "https://www.A.example/2"), 1, false},
		{"two sites", at("https://a.example/1", "https://b.example/1"), 2, true},
		{"one primary source", []hearback.Evidence{primary}, 1, true},
		{"a primary source that does not hold", []hearback.Evidence{gone}, 0, false},
		{"one report and one that does not hold", append(at("https://a.example/"), gone), 1, false},
		{"one paper under two titles", []hearback.Evidence{{Title: "Sheet", Hash: h1}, {Title: "The sheet", Hash: h1}}, 1, false},
		{"two papers", []hearback.Evidence{{Title: "Sheet", Hash: h1}, {Title: "Other", Hash: h2}}, 2, true},
		{"one title in two cases of letters", []hearback.Evidence{{Title: "A  Sheet"}, {Title: "a sheet"}}, 1, false},
		{"tied by a third", []hearback.Evidence{
			{URL: "https://a.example/1", Hash: h1}, {URL: "https://b.example/1", Hash: h2}, {URL: "https://a.example/2", Hash: h2},
		}, 1, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if n := hearback.Independent(tt.list); n != tt.n {
				t.Errorf("Independent = %d, want %d", n, tt.n)
			}
			for _, v := range hearback.Verdicts() {
				err := hearback.Supports(v, tt.list)
				free := v == hearback.Unverifiable || v == hearback.NotYetKnown
				if want := tt.ok || free; want != (err == nil) || err != nil && !errors.Is(err, hearback.ErrRefused) {
					t.Errorf("Supports(%s) = %v, want allowed %t", v, err, want)
				}
			}
		})
	}
	for _, v := range []hearback.Verdict{"", "loyal"} {
		if err := hearback.Supports(v, []hearback.Evidence{primary}); !errors.Is(err, hearback.ErrInvalid) {
			t.Errorf("Supports(%q) = %v, want ErrInvalid", v, err)
		}
	}
}

func TestEvidenceCheck(t *testing.T) {
	good := hearback.Evidence{Title: "化验单 <3 月>", URL: "https://lab.example/3", Hash: strings.Repeat("0f", 32), Note: "六个样品"}
	if err := good.Check(); err != nil {
		t.Errorf("Check = %v", err)
	}
	for name, change := range map[string]func(e *hearback.Evidence){
		"no title":     func(e *hearback.Evidence) { e.Title = " " },
		"a long title": func(e *hearback.Evidence) { e.Title = strings.Repeat("字", 201) },
		"a long note":  func(e *hearback.Evidence) { e.Note = strings.Repeat("字", 2001) },
		"a script":     func(e *hearback.Evidence) { e.URL = "javascript:alert(1)" },
		"a file":       func(e *hearback.Evidence) { e.URL = "file:///etc/passwd" },
		"no host":      func(e *hearback.Evidence) { e.URL = "https:///x" },
		"a password":   func(e *hearback.Evidence) { e.URL = "https://me:secret@lab.example/" },
		"not a URL":    func(e *hearback.Evidence) { e.URL = "https://%zz" },
		"a long URL":   func(e *hearback.Evidence) { e.URL = "https://lab.example/" + strings.Repeat("a", 2000) },
		"half a hash":  func(e *hearback.Evidence) { e.Hash = "0f" },
		"upper case":   func(e *hearback.Evidence) { e.Hash = strings.Repeat("0F", 32) },
		"a null":       func(e *hearback.Evidence) { e.Title = "a\x00" },
	} {
		e := good
		if change(&e); !errors.Is(e.Check(), hearback.ErrInvalid) {
			t.Errorf("%s: Check = %v, want ErrInvalid", name, e.Check())
		}
	}
}

func TestVerdictRestsOnEvidence(t *testing.T) {
	c := &hearback.Case{State: hearback.CaseVerifying}
	if err := c.SetVerdict(hearback.False, lin, time.Time{}); !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("SetVerdict without evidence: %v, want ErrRefused", err)
	}
	if err := c.AddEvidence(hearback.Evidence{ID: 1, Title: "sheet", Primary: true}); err != nil {
		t.Fatal(err)
	}
	if err := c.SetVerdict(hearback.False, hearback.System, time.Time{}); !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("SetVerdict by a machine: %v, want ErrRefused", err)
	}
	if err := c.SetVerdict(hearback.False, lin, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if err := c.Retract(2, t0, "misread"); !errors.Is(err, hearback.ErrNotFound) {
		t.Errorf("Retract of evidence that is not there: %v, want ErrNotFound", err)
	}
	if err := c.Retract(1, t0, " "); !errors.Is(err, hearback.ErrInvalid) {
		t.Errorf("Retract without a reason: %v, want ErrInvalid", err)
	}
	if err := c.Retract(1, t0, "misread"); err != nil || c.Verdict != "" || len(c.Evidence) != 1 {
		t.Errorf("Retract = %v, verdict %q, %d pieces; the verdict must go and the piece stay", err, c.Verdict, len(c.Evidence))
	}
	if err := c.Retract(1, t0, "misread"); !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("Retract twice: %v, want ErrRefused", err)
	}
	if err := c.SetVerdict(hearback.NotYetKnown, lin, time.Time{}); err != nil {
		t.Error(err)
	}
	c.State = hearback.CaseClosed
	if err := c.SetVerdict(hearback.Unverifiable, lin, time.Time{}); !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("SetVerdict in a closed case: %v, want ErrRefused", err)
	}
	if err := c.AddEvidence(hearback.Evidence{Title: "late"}); !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("AddEvidence to a closed case: %v, want ErrRefused", err)
	}
	c = &hearback.Case{Evidence: make([]hearback.Evidence, hearback.MaxEvidence)}
	if err := c.AddEvidence(hearback.Evidence{Title: "one more"}); !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("AddEvidence beyond the limit: %v, want ErrRefused", err)
	}
}
