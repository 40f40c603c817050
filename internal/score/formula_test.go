package score_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"example.org/hearback/internal/score"
)

// TestFormulaeAreVersioned: what is published is what the notes say, and no
// constant changes without a new version of the rules.
func TestFormulaeAreVersioned(t *testing.T) {
	list := score.Formulae()
	if got, want := list[0].Text, "H = 100 s(0.8 (log₂(1 + A) − 4) + 0.5 (E − 3))"; got != want {
		t.Errorf("heat is %s, want %s", got, want)
	}
	var b strings.Builder
	for _, f := range list {
		fmt.Fprintln(&b, f.Name, f.Text, f.Constants)
	}
	fmt.Fprint(&b, score.Matrix())
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte(b.String())))[:16]
	if want := (map[string]string{"score/3": "1b2f84aedead54d1"})[score.Rules]; sum != want {
		t.Errorf("the formulae of %s come to %s, and were %q: give changed rules a new version, and add it here\n%s", score.Rules, sum, want, &b)
	}
}
