package cluster_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/data"
	"example.org/hearback/internal/cluster"
	"example.org/hearback/internal/text"
	"example.org/hearback/internal/text/lexvec"
)

var start = time.Date(2026, 3, 18, 9, 0, 0, 0, time.UTC)

// A stream groups texts one after another.
type stream struct {
	a    *text.Analyzer
	g    *cluster.Grouper
	next hearback.ID
	at   time.Time
}

func newStream(t testing.TB) *stream {
	t.Helper()
	a, err := text.New()
	if err != nil {
		t.Fatal(err)
	}
	s := &stream{a: a, at: start}
	v, err := lexvec.Load(data.LexVec())
	if err != nil {
		t.Fatal(err)
	}
	s.g = cluster.New(cluster.Options{NextID: s.id, Vectors: v, Explain: true})
	return s
}

func (s *stream) id() hearback.ID { s.next++; return s.next }

func (s *stream) add(texts ...string) (list []cluster.Assignment) {
	for _, x := range texts {
		d := s.a.Analyze(x, "")
		s.at = s.at.Add(time.Second)
		list = append(list, s.g.Add(s.id(), s.at, d.Lang, &d, s.g.Sign(&d)))
	}
	return list
}

func TestGroups(t *testing.T) {
	for _, tt := range []struct {
		name, a, b string
		same, copy bool
	}{
		{"a copy", "Is the tap water safe to drink after the flood?", "is the tap water safe to drink after the flood", true, true},
		{"a paraphrase", "Is the tap water safe to drink after the flood?", "Can we drink the tap water after the flood, is it safe?", true, false},
		{"another bus", "Where does bus 14 stop near the hospital?", "Where does bus 15 stop near the hospital?", false, false},
		{"another matter", "Is the tap water safe to drink?", "When is the school closed for the holidays?", false, false},
		{"中文转述", "洪水过后自来水还能喝吗", "请问洪水之后自来水能喝吗", true, false},
		{"中文复制", "紧急！化工厂毒水已经流进东湖水库，转给家人", "紧急!化工厂毒水已经流进东湖水库,转给家人", true, true},
		{"别的线路", "14路公交今天绕行吗，医院站停不停", "15路公交今天绕行吗，医院站停不停", false, false},
		{"否定", "明天全市的学校停课三天请转告家人", "明天全市的学校不停课三天请转告家人", false, false},
		{"a denial", "The water from the north plant is safe to drink today", "The water from the north plant is not safe to drink today", false, false},
		{"another school", "Is Lincoln High School closed tomorrow because of the flood?", "Is Garden High School closed tomorrow because of the flood?", false, false},
		{"same school", "Is Lincoln High School closed tomorrow because of the flood?", "Will Lincoln High School be closed tomorrow, the flood is near", true, false},
		{"别的学校", "请问实验小学明天停课吗", "请问光明小学明天停课吗", false, false},
		{"no number", "Where does bus 14 stop near the hospital?", "Where does the bus stop near the hospital?", true, false},
		{"两种语言", "Is the tap water safe to drink after the flood?", "洪水过后自来水还能喝吗", true, false},
		{"两种语言，另一件事", "Is the tap water safe to drink after the flood?", "公园路路灯坏了", false, false},
		{"nothing", "", "", false, false},
		{"only signs", "😡😡😡", "!!!", false, false},
	} {
		s := newStream(t)
		got := s.add(tt.a, tt.b)
		if same := got[0].Concern == got[1].Concern; same != tt.same {
			t.Errorf("%s: together %t, want %t (%v)", tt.name, same, tt.same, got[1].Why)
		}
		if copied := got[1].CopyOf != 0; copied != tt.copy {
			t.Errorf("%s: a copy %t, want %t", tt.name, copied, tt.copy)
		}
	}
}

// sentences makes n messages about m things, half of them in Chinese.
func sentences(seed uint64, n, m int) (list []string) {
	r := rand.New(rand.NewPCG(seed, 9))
	word := func(i int) string {
		if i%2 == 0 {
			return fmt.Sprintf("%c%c%c", 'a'+i%26, 'a'+i/26%26, 'a'+i/676%26) + strings.Repeat("x", 2+i%3)
		}
		return string([]rune{rune(0x4e00 + i*7%2000), rune(0x4e00 + i*13%2000)})
	}
	for range n {
		topic := r.IntN(m)
		var w []string
		for range 6 {
			w = append(w, word(topic*10+r.IntN(6)))
		}
		w = append(w, word(100000+r.IntN(5000)))
		list = append(list, strings.Join(w, " "))
	}
	return list
}

func TestDeterministic(t *testing.T) {
	x, y := newStream(t), newStream(t)
	texts := sentences(1, 800, 40)
	a, b := x.add(texts...), y.add(texts...)
	for i := range a {
		if a[i].Concern != b[i].Concern || a[i].CopyOf != b[i].CopyOf || a[i].Theme != b[i].Theme {
			t.Fatalf("message %d: %v, then %v", i, a[i], b[i])
		}
	}
}

// TestRestart groups half, stores, loads and groups the rest: the same as
// without the break.
func TestRestart(t *testing.T) {
	texts := sentences(2, 1000, 50)
	whole := newStream(t)
	want := whole.add(texts...)

	first := newStream(t)
	got := first.add(texts[:500]...)
	states := first.g.Changed()
	for extra := 0; states[0] == nil && extra < 1; extra++ {
		t.Log("the term statistics were not due")
	}
	second := newStream(t)
	second.next, second.at = first.next, first.at
	if err := second.g.Load(maps.All(states)); err != nil {
		t.Fatal(err)
	}
	at := start
	var id hearback.ID
	for i, x := range texts[:500] {
		at = at.Add(time.Second)
		d := second.a.Analyze(x, "")
		id++
		if got[i].New {
			id++
		}
		if got[i].CopyOf == 0 {
			second.g.Restore(hearback.ID(i+1), got[i].Concern, at, second.g.Sign(&d))
		}
	}
	got = append(got, second.add(texts[500:]...)...)
	for i := range want {
		if (got[i].CopyOf != 0) != (want[i].CopyOf != 0) {
			t.Errorf("message %d: copy %t after a restart, %t without", i, got[i].CopyOf != 0, want[i].CopyOf != 0)
		}
		if states[0] != nil && got[i].Concern != want[i].Concern {
			t.Fatalf("message %d: concern %s after a restart, %s without", i, got[i].Concern, want[i].Concern)
		}
	}
}

// TestCommonWords loads statistics in which every word is common.
func TestCommonWords(t *testing.T) {
	s := newStream(t)
	for i := range 400 {
		s.add(fmt.Sprintf("water tower river bridge %d", i))
	}
	states := s.g.Changed()
	if states[0] == nil {
		t.Fatal("the term statistics were not due")
	}
	if err := newStream(t).g.Load(maps.All(states)); err != nil {
		t.Error(err)
	}
}

func TestMergeUndo(t *testing.T) {
	s := newStream(t)
	got := s.add("The tap water in Millbrook is brown and smells", "Street lights are broken on Park Road", "Park Road is dark, the street lights are broken")
	water, lights := got[0].Concern, got[1].Concern
	if err := s.g.Merge(water, lights); err != nil {
		t.Fatal(err)
	}
	if x := s.add("Still dark: street lights broken on Park Road since Monday"); x[0].Concern != water {
		t.Errorf("after the merge a message joined %s, want %s", x[0].Concern, water)
	}
	if err := s.g.Merge(lights, water); err == nil {
		t.Error("a merged concern could take another in")
	}
	if err := s.g.Undo(water); err != nil {
		t.Fatal(err)
	}
	if x := s.add("Street lights broken on Park Road, when are they mended?"); x[0].Concern != lights {
		t.Errorf("after the undo a message joined %s, want %s", x[0].Concern, lights)
	}
	if err := s.g.Undo(water); err == nil {
		t.Error("the same merge was taken back twice")
	}
}

// TestFlood feeds many small concerns and many copies: memory and time stay
// bounded, which the limit of the test run enforces.
func TestFlood(t *testing.T) {
	s := newStream(t)
	for i := range 70_000 {
		s.add(fmt.Sprintf("word%d thing%d place%d", i, i*3, i*7))
		if i%5000 == 0 {
			s.g.Changed()
		}
	}
	first := s.add("Everybody says the same thing about the bridge today")[0]
	for range 10_000 {
		if x := s.add("Everybody says the same thing about the bridge today")[0]; x.Concern != first.Concern || x.CopyOf == 0 {
			t.Fatalf("a copy was not taken for one: %v", x)
		}
	}
	s.add(strings.Repeat("water flood bridge ", 6000))
}

func TestCentral(t *testing.T) {
	s := newStream(t)
	got := s.add("Is the tap water safe to drink?", "Is the tap water safe to drink after the flood?", "Nobody says if the tap water is safe to drink")
	if medoid := s.g.Central(got[0].Concern); medoid == 0 {
		t.Error("a concern of three messages has no central one")
	}
	if medoid := s.g.Central(1 << 40); medoid != 0 {
		t.Errorf("a concern that is not there has the central message %s", medoid)
	}
}

func FuzzLoad(f *testing.F) {
	s := newStream(f)
	s.add("Is the tap water safe? bus 14", "自来水还能喝吗")
	for _, b := range s.g.Changed() {
		f.Add(b)
	}
	f.Add([]byte{1, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		g := cluster.New(cluster.Options{NextID: func() hearback.ID { return 9 }})
		_ = g.Load(maps.All(map[hearback.ID][]byte{5: b}))
		_ = g.Load(maps.All(map[hearback.ID][]byte{0: b}))
		g.Nearest(5, 3)
		g.Changed()
	})
}

// TestUnrelated groups messages alone and with others between them that have
// nothing to do with them: the same are together.
func TestUnrelated(t *testing.T) {
	about := []string{
		"Is the tap water safe to drink after the flood?", "Street lights are broken on Park Road",
		"After the flood, is the tap water safe to drink?", "洪水过后自来水还能喝吗", "Park Road is dark, the street lights are broken",
		"请问洪水之后自来水能喝吗", "The street lights on Park Road are still broken", "Is it safe to drink the tap water after the flood",
	}
	pairs := func(between int) (list []bool) {
		s := newStream(t)
		other := sentences(7, between*len(about), 30)
		var got []hearback.ID
		for i, x := range about {
			s.add(other[i*between : (i+1)*between]...)
			got = append(got, s.add(x)[0].Concern)
		}
		for i := range got {
			for k := range i {
				list = append(list, got[i] == got[k])
			}
		}
		return list
	}
	alone := pairs(0)
	for _, n := range []int{1, 7, 40} {
		if got := pairs(n); !slices.Equal(got, alone) {
			t.Errorf("with %d others between them: %v, alone %v", n, got, alone)
		}
	}
}

// TestDragged repeats one word in ever new company to pull a concern away from
// what it is about: it still finds its own.
func TestDragged(t *testing.T) {
	s := newStream(t)
	water := s.add("The tap water in Millbrook is brown and smells of metal", "Brown tap water in Millbrook, it smells of metal")[1].Concern
	for i := range 500 {
		s.add(fmt.Sprintf("water water water buy%d cheap%d now%d", i, i*3, i*7))
	}
	if got := s.add("In Millbrook the tap water is brown and smells of metal again")[0].Concern; got != water {
		t.Errorf("the message joined %s, want %s", got, water)
	}
}
