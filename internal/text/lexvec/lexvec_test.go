package lexvec_test

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"example.org/hearback/data"
	"example.org/hearback/internal/text"
	"example.org/hearback/internal/text/lexvec"
)

var analyzer = sync.OnceValue(func() *text.Analyzer {
	a, err := text.New()
	if err != nil {
		panic(err)
	}
	return a
})

var vectors = sync.OnceValue(func() *lexvec.Vectors {
	v, err := lexvec.Load(data.LexVec())
	if err != nil {
		panic(err)
	}
	return v
})

// concerns reads 40 concerns, each in two English and two Chinese wordings,
// written for this test.
func concerns(t testing.TB) (columns [4][]lexvec.Sketch) {
	t.Helper()
	b, err := os.ReadFile("testdata/concerns.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		for i, s := range strings.Split(strings.TrimSpace(line), "\t") {
			d := analyzer().Analyze(s, "")
			columns[i] = append(columns[i], vectors().Sketch(&d))
		}
	}
	return columns
}

// TestConcerns holds how often the paraphrase of a concern in the other
// language is the most similar of 40, or among the three most similar.
func TestConcerns(t *testing.T) {
	columns := concerns(t)
	names := []string{"en1", "en2", "zh1", "zh2"}
	retrieve := func(from, to int) (at1, at3 float64) {
		for i := range columns[from] {
			rank := 0
			own := vectors().Similarity(&columns[from][i], &columns[to][i])
			for j := range columns[to] {
				if j != i && vectors().Similarity(&columns[from][i], &columns[to][j]) >= own {
					rank++
				}
			}
			if rank == 0 {
				at1++
			}
			if rank < 3 {
				at3++
			}
		}
		n := float64(len(columns[from]))
		return at1 / n, at3 / n
	}
	var mean1, mean3 float64
	for _, pair := range [][2]int{{0, 3}, {3, 0}, {2, 1}, {1, 2}} {
		at1, at3 := retrieve(pair[0], pair[1])
		t.Logf("%s to %s: first %.3f, first three %.3f", names[pair[0]], names[pair[1]], at1, at3)
		mean1 += at1 / 4
		mean3 += at3 / 4
	}
	t.Logf("across languages: first %.3f, first three %.3f", mean1, mean3)
	if mean1 < .72 || mean3 < .87 {
		t.Errorf("across languages first %.3f and first three %.3f, want at least .72 and .87", mean1, mean3)
	}
	for _, pair := range [][2]int{{0, 1}, {2, 3}, {0, 2}} {
		at1, at3 := retrieve(pair[0], pair[1])
		t.Logf("%s to %s: first %.3f, first three %.3f", names[pair[0]], names[pair[1]], at1, at3)
	}
	// The threshold that one wrong pair in a hundred passes, for callers who
	// have to choose one.
	for _, pair := range [][2]int{{0, 1}, {2, 3}, {0, 3}, {2, 1}} {
		var wrong, right []float64
		for i := range columns[0] {
			for j := range columns[0] {
				s := vectors().Similarity(&columns[pair[0]][i], &columns[pair[1]][j])
				if i == j {
					right = append(right, s)
				} else {
					wrong = append(wrong, s)
				}
			}
		}
		slices.Sort(wrong)
		at := wrong[len(wrong)*99/100]
		n := 0
		for _, s := range right {
			if s > at {
				n++
			}
		}
		t.Logf("%s and %s: above %.3f stand 1 in 100 wrong pairs and %.2f of the right", names[pair[0]], names[pair[1]], at, float64(n)/40)
	}
}

func TestEmbed(t *testing.T) {
	v := vectors()
	dst := make([]float32, v.Dim())
	for _, s := range []string{"洪水过后自来水还能喝吗", "Is the tap water safe?", "水", "地铁 line 2 停运"} {
		d := analyzer().Analyze(s, "")
		if !v.Embed(&d, dst) {
			t.Fatalf("Embed(%q) knows no word", s)
		}
		var n float64
		for _, x := range dst {
			n += float64(x) * float64(x)
		}
		if math.Abs(n-1) > 1e-4 {
			t.Errorf("Embed(%q) has length %v, want 1", s, math.Sqrt(n))
		}
	}
	for _, s := range []string{"", "12345", "😡", "zzqqx"} {
		d := analyzer().Analyze(s, "en")
		if v.Embed(&d, dst) {
			t.Errorf("Embed(%q) = true, want false", s)
		}
		if slices.ContainsFunc(dst, func(x float32) bool { return x != 0 }) {
			t.Errorf("Embed(%q) leaves numbers behind", s)
		}
	}
	if v.ID() != "lexvec:1/k256" {
		t.Errorf("ID = %q: a new space needs new thresholds", v.ID())
	}
}

func TestGloss(t *testing.T) {
	v, d := vectors(), analyzer().Analyze("疫苗", "zh")
	var got []uint64
	for _, x := range d.Terms {
		if x.Kind == text.Han {
			for row := range v.Glosses(v.Row(x.Hash)) {
				got = append(got, v.Hash(row))
			}
		}
	}
	if !slices.Contains(got, text.Hash(text.Word, "vaccin")) {
		t.Errorf("疫苗 has the glosses %x, want vaccin among them", got)
	}
	if g := slices.Collect(v.Glosses(v.Row(1))); g != nil {
		t.Errorf("an unknown term has the glosses %x", g)
	}
}

func TestMet(t *testing.T) {
	a := analyzer().Analyze("Is there a fuel shortage? Long lines at gas stations.", "")
	b := analyzer().Analyze("到处加不到汽油，加油站都要排队", "")
	var got []string
	for _, m := range vectors().Met(&a, &b, 5) {
		got = append(got, fmt.Sprintf("%s %s %s", m.A.Text, m.How, m.B.Text))
	}
	t.Log(got)
	if len(got) == 0 || !strings.Contains(strings.Join(got, ", "), "加油站") {
		t.Errorf("words that met: %q, want 加油站 among them", got)
	}
	for _, m := range vectors().Met(&a, &a, 3) {
		if m.How != "same" {
			t.Errorf("a text meets itself in %s and %s by %s", m.A.Text, m.B.Text, m.How)
		}
	}
}

func TestSimilarityIsSymmetric(t *testing.T) {
	columns := concerns(t)
	for i := range columns[0] {
		a, b := &columns[0][i], &columns[3][i]
		if x, y := vectors().Similarity(a, b), vectors().Similarity(b, a); math.Abs(x-y) > 1e-6 {
			t.Errorf("similarity %v one way and %v the other", x, y)
		}
		if x := vectors().Similarity(a, a); math.Abs(x-1) > 1e-4 {
			t.Errorf("similarity with itself = %v, want 1", x)
		}
	}
}

func TestDamaged(t *testing.T) {
	good := data.LexVec()
	bad := slices.Clone(good)
	bad[len(bad)/2] ^= 1
	for name, b := range map[string][]byte{"empty": nil, "other file": []byte("PK\x03\x04 not this one at all, not at all"), "short": good[:len(good)-100], "one bit": bad} {
		if _, err := lexvec.Load(b); err == nil {
			t.Errorf("%s: Load gives no error", name)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := lexvec.Load(data.LexVec()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEmbed(b *testing.B) {
	v := vectors()
	dst := make([]float32, v.Dim())
	d := analyzer().Analyze("听说打了疫苗以后女的怀不上孩子，是真的吗", "")
	b.ReportAllocs()
	for b.Loop() {
		v.Embed(&d, dst)
	}
}

func BenchmarkSketch(b *testing.B) {
	v := vectors()
	d := analyzer().Analyze("听说打了疫苗以后女的怀不上孩子，是真的吗", "")
	b.ReportAllocs()
	for b.Loop() {
		v.Sketch(&d)
	}
}
