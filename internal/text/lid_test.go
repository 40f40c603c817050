package text

import (
	"strings"
	"testing"

	"github.com/longbridgeapp/opencc"

	"example.org/hearback/data"
)

func FuzzParseLangModel(f *testing.F) {
	good := data.LangID()
	f.Add([]byte(good[:2000]), 0, byte(0))
	f.Add([]byte("停水 no model"), 3, byte(7))
	f.Fuzz(func(t *testing.T, b []byte, at int, x byte) {
		// Damage the head of the true model, and parse what is left of it.
		head := []byte(good[:min(len(good), 4096)])
		for i := range min(len(b), 64) {
			head[(uint(at)+uint(i))%uint(len(head))] ^= b[i] ^ x
		}
		for _, s := range []string{string(b), string(head), string(head) + good[len(head):]} {
			if m, err := parseLangModel(s); err == nil {
				var h langSum
				m.sumOf(&h, "is the water safe 停水")
				m.probabilities(&h, nil, nil)
			}
		}
	})
}

// TestProbabilities holds that the model is read whole: a wrong tree, table or
// order of rows does not sum to one and name French.
func TestProbabilities(t *testing.T) {
	m, err := parseLangModel(data.LangID())
	if err != nil {
		t.Fatal(err)
	}
	if len(m.labels) != 176 || m.dim != 16 {
		t.Fatalf("model has %d labels of %d dimensions, want 176 of 16", len(m.labels), m.dim)
	}
	var h langSum
	m.sumOf(&h, "la station d'épuration a explosé cette nuit")
	sum := float32(0)
	best, at := float32(0), 0
	for i, p := range m.probabilities(&h, nil, nil) {
		sum += p
		if p > best {
			best, at = p, i
		}
	}
	if m.labels[at] != "fr" || best < 0.9 {
		t.Errorf("best label %s %.3f, want fr", m.labels[at], best)
	}
	if sum < 0.99 || sum > 1.001 {
		t.Errorf("probabilities sum to %.4f, want 1", sum)
	}
}

// TestSimplify compares with the library whose tables are used.
func TestSimplify(t *testing.T) {
	lib, err := opencc.New("t2s")
	if err != nil {
		t.Fatal(err)
	}
	a, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{
		"洪水過後自來水還能喝嗎", "頭髮和發展", "裡面的後來", "聽說打了疫苗以後女的懷不上孩子，是真的嗎？", "乾淨的水和乾隆皇帝", "瞭解一目瞭然", "臺灣著名的製造業", "請問臺北市何時恢復供電 123 abc",
		strings.Repeat("颱風來襲，學校是否停課？", 30),
	} {
		want, err := lib.Convert(s)
		if err != nil {
			t.Fatal(err)
		}
		// Taiwan's words come on top of the library's t2s.
		c := *a.conv
		c.taiwan = nil
		if got := c.simplify(s); got != want {
			t.Errorf("simplify(%q) = %q, want %q", s, got, want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, s := range []string{"", "停水", "停水\t", "停水\tx\n", "停水\t-1\n", "\t5\n"} {
		if s == "" {
			continue
		}
		if _, err := parseHanDict(s, ""); err == nil {
			t.Errorf("parseHanDict(%q) gives no error", s)
		}
	}
	if _, err := parseSimplifier("漢\n", "", "", new(hanDict)); err == nil {
		t.Error("parseSimplifier takes a line without a pair")
	}
}
