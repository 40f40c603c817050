package match

import (
	"strings"
	"testing"

	"example.org/hearback/data"
	"example.org/hearback/internal/text"
	"example.org/hearback/internal/text/lexvec"
)

// TestOffice holds that every line adds something to the shipped pack.
func TestOffice(t *testing.T) {
	a, err := text.New()
	if err != nil {
		t.Fatal(err)
	}
	v, err := lexvec.Load(data.LexVec())
	if err != nil {
		t.Fatal(err)
	}
	ix := New(a, v, Options{})
	for line := range strings.Lines(officeHan) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		if got, want := len(ix.office[v.Row(text.Hash(text.Han, f[0]))]), len(f)-1; got != want {
			t.Errorf("%s has %d English words beside its glosses, want %d: %v", f[0], got, want, f[1:])
		}
	}
	ix.Add(Answer{ID: "1", Claim: "出境旅客隔离多少天", Lang: "zh"})
	for _, m := range ix.Find("how long is the quarantine", "en", 1)[0].Met {
		if m.Query == "quarantine" && m.Answer == "隔离" && m.How == "gloss" {
			return
		}
	}
	t.Errorf("met %v, want quarantine as a gloss of 隔离", ix.Find("how long is the quarantine", "en", 1)[0].Met)
}
