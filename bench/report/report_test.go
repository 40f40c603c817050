package report_test

import (
	"testing"

	"example.org/hearback/bench/report"
)

const (
	begin = "<!-- quality: begin, written by make bench-quality -->\n"
	end   = "<!-- quality: end -->\n"
)

func TestReplace(t *testing.T) {
	first := report.Replace("# Results\n\nBy hand.\n", "quality", "one\n")
	if want := "# Results\n\nBy hand.\n\n" + begin + "one\n" + end; first != want {
		t.Errorf("a file without marks becomes %q, want %q", first, want)
	}
	second := report.Replace(first+"\n## After\n", "quality", "two\n")
	if want := "# Results\n\nBy hand.\n\n" + begin + "two\n" + end + "\n## After\n"; second != want {
		t.Errorf("a file with marks becomes %q, want %q", second, want)
	}
}

func TestVerdict(t *testing.T) {
	for _, tt := range []struct {
		r    report.Row
		want string
	}{
		{report.Row{Bar: .8, Stretch: .9, Got: .79}, "**no**"},
		{report.Row{Bar: .8, Stretch: .9, Got: .8}, "yes"},
		{report.Row{Bar: .8, Stretch: .9, Got: .95}, "yes, and the stretch"},
		{report.Row{Bar: 2, Stretch: 1, Got: 2.5, AtMost: true}, "**no**"},
		{report.Row{Bar: 2, Stretch: 1, Got: 1.5, AtMost: true}, "yes"},
		{report.Row{Bar: 2, Stretch: 1, Got: 1, AtMost: true}, "yes, and the stretch"},
		{report.Row{Got: 1}, "–"},
		{report.Row{Bar: .8, Missing: true}, "–"},
	} {
		if got := tt.r.Cells()[5]; got != tt.want {
			t.Errorf("verdict of %+v = %s, want %s", tt.r, got, tt.want)
		}
	}
}
