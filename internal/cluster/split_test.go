package cluster_test

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"example.org/hearback"
	"example.org/hearback/data"
	"example.org/hearback/internal/cluster"
	"example.org/hearback/internal/text/lexvec"
)

func TestBisect(t *testing.T) {
	v, err := lexvec.Load(data.LexVec())
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		texts []string // the first half is one thing, the second the other
		why   string   // "" if they are one thing
	}{
		{"two things", []string{
			"when is the water back on in our street", "no water in the street, when is it back", "water off since morning in the street", "is the water back on in the street soon",
			"how do I get a refund on the bill", "bill too high, who gives a refund", "refund of the high bill: where to apply", "where to apply for a refund on the bill",
		}, cluster.CutWords},
		{"two things in Chinese", []string{
			"河东小区停水到几点", "小区停水多久恢复供水", "停水一天了何时恢复供水", "小区为什么停水没有通知",
			"水费怎么这么高", "水费太高能不能退费", "退费在哪里申请，水费多收了", "申请水费退费要什么材料",
		}, cluster.CutWords},
		{"two numbers", []string{
			"bus 14 is late again this morning", "why is bus 14 late every morning", "bus 14 late again", "bus 14 was late this morning too",
			"bus 15 is late again this morning", "why is bus 15 late every morning", "bus 15 late again", "bus 15 was late this morning too",
		}, cluster.CutNumber},
		{"two places", []string{
			"is Lincoln School closed tomorrow", "will Lincoln School be closed because of snow", "Lincoln School closed or open tomorrow?", "snow: is Lincoln School closed",
			"is Garden School closed tomorrow", "will Garden School be closed because of snow", "Garden School closed or open tomorrow?", "snow: is Garden School closed",
		}, cluster.CutPlace},
		{"two languages that say different things", []string{
			"when does the library open on Sunday", "library opening hours on Sunday please", "is the library open on Sunday", "Sunday hours of the library?",
			"幼儿园疫苗接种安全吗", "孩子在幼儿园打疫苗安全吗", "疫苗接种对孩子安全吗", "幼儿园孩子要打疫苗吗",
		}, cluster.CutLang},
		{"one thing", []string{
			"is the tap water safe to drink", "tap water safe to drink after the flood?", "can we drink the tap water after the flood", "the tap water, is it safe after the flood",
			"is it safe to drink tap water now", "drink tap water after the flood: safe?", "after the flood is tap water safe", "is the tap water safe for babies to drink",
		}, ""},
		{"one thing in two languages", []string{
			"is the tap water safe to drink", "tap water safe to drink after the flood?", "can we drink the tap water after the flood", "the tap water, is it safe after the flood",
			"自来水能喝吗", "洪水后自来水饮用安全吗", "洪水之后的自来水安全吗", "自来水现在安全吗能不能喝",
		}, ""},
		{"a stray is not half of a concern", []string{
			"is the tap water safe to drink", "tap water safe to drink after the flood?", "can we drink the tap water after the flood", "the tap water, is it safe after the flood",
			"is it safe to drink tap water now", "drink tap water after the flood: safe?", "after the flood is tap water safe", "lost cat near the station, please call",
		}, ""},
		{"too few", []string{"bus 14 is late", "bus 14 late", "bus 15 is late", "bus 15 late"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			st := newStream(t)
			st.add("My neighbour's dog barks all night", "When do the shops open?", "图书馆几点开门", "公交车又晚点了")
			said, rare := st.said(tt.texts...)
			c := cluster.Bisect(st.a, v, said, rare)
			if tt.why == "" {
				if c != nil {
					t.Fatalf("cut by %s: %q and %q", c.Why, c.HereWords, c.ThereWords)
				}
				return
			}
			if c == nil || c.Why != tt.why {
				t.Fatalf("%+v, want a cut by %s", c, tt.why)
			}
			half := said[len(said)/2].ID
			first := func(id hearback.ID) bool { return id < half }
			if slices.IndexFunc(c.Here, first) >= 0 == (slices.IndexFunc(c.There, first) >= 0) || len(c.Here) != len(c.There) {
				t.Errorf("here %v, there %v: want the halves apart", c.Here, c.There)
			}
			if c.Why == cluster.CutWords && (len(c.HereWords) == 0 || len(c.ThereWords) == 0) {
				t.Errorf("no words tell the sides apart: %+v", c)
			}
			for range 5 {
				rand.New(rand.NewPCG(1, uint64(len(said)))).Shuffle(len(said), func(i, j int) { said[i], said[j] = said[j], said[i] })
				if again := cluster.Bisect(st.a, v, said, rare); !reflect.DeepEqual(again, c) {
					t.Fatalf("in another order %+v, not %+v", again, c)
				}
			}
		})
	}
}

// TestSplitRefused tells why a concern cannot be split.
func TestSplitRefused(t *testing.T) {
	st := newStream(t)
	as := st.add("Is the tap water safe?", "When does the library open on Sunday?")
	a, b := as[0].Concern, as[1].Concern
	d := st.a.Analyze("Is the tap water safe?", "")
	if _, err := st.g.Split(a, st.at, nil); !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("no messages: %v", err)
	}
	if _, err := st.g.Split(a+b, st.at, []cluster.Moved{{ID: 1, Doc: d}}); !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("no such concern: %v", err)
	}
	if err := st.g.Merge(a, b); err != nil {
		t.Fatal(err)
	}
	if _, err := st.g.Split(b, st.at, []cluster.Moved{{ID: 1, Doc: d}}); !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("a part: %v", err)
	}
	if err := st.g.Unmerge(b, a); !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("not merged this way: %v", err)
	}
	if err := st.g.Unmerge(a, b); err != nil {
		t.Error(err)
	}
	part, err := st.g.Split(b, st.at, []cluster.Moved{{ID: 1, Doc: d}})
	if err != nil || part == a || part == b || part == 0 {
		t.Errorf("split off as %s, %v, want a new id", part, err)
	}
}

func FuzzBisect(f *testing.F) {
	st := newStream(f)
	v, err := lexvec.Load(data.LexVec())
	if err != nil {
		f.Fatal(err)
	}
	f.Add("bus 14 late\nbus 14 is late\nlate bus 14\n14 bus late\nbus 15 late\nbus 15 is late\nlate bus 15\n15 bus late")
	f.Add("停水\n停水了\n\xff\n\n停电\n停电了\n😀\n1\n2\n3")
	f.Fuzz(func(t *testing.T, s string) {
		var said []cluster.Said
		rare := map[uint64]float32{}
		for i, x := range strings.SplitN(s, "\n", 80) {
			m := cluster.Read(st.a, &hearback.Message{ID: hearback.ID(i + 1), Text: x})
			for _, p := range m.Pieces {
				rare[p.Hash] = 1
			}
			said = append(said, m)
		}
		c := cluster.Bisect(st.a, v, said, rare)
		if c == nil {
			return
		}
		all := slices.Concat(c.Here, c.There)
		slices.Sort(all)
		if len(slices.Compact(all)) != len(c.Here)+len(c.There) || len(c.There) > len(c.Here) || len(c.There) < 4 || len(all) > cluster.MaxCut {
			t.Errorf("%+v", c)
		}
	})
}
