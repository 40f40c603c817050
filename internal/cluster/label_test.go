package cluster_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"example.org/hearback"
	"example.org/hearback/internal/cluster"
)

// said groups texts, reads them, and returns how rare their words are.
func (s *stream) said(texts ...string) ([]cluster.Said, map[uint64]float32) {
	var list []cluster.Said
	rare := map[uint64]float32{}
	for _, x := range texts {
		m := hearback.Message{ID: s.id(), Text: x}
		y := cluster.Read(s.a, &m)
		s.g.Add(m.ID, s.at, y.Doc.Lang, &y.Doc, s.g.Sign(&y.Doc))
		for _, p := range y.Pieces {
			rare[p.Hash] = 0
		}
		list = append(list, y)
	}
	s.g.Rarity(rare)
	return list, rare
}

func TestName(t *testing.T) {
	for _, tt := range []struct {
		name   string
		texts  []string
		langs  []string   // of the labels
		has    [][]string // of the phrases of each
		hasNot []string
		title  string // of the first
	}{
		{"words as people wrote them", []string{
			"Are the measles vaccines safe for babies?",
			"Measles vaccines for babies, are they safe",
			"My clinic has no measles vaccines left for babies",
			"Who pays for measles vaccines?",
			"Hello all, are the measles vaccines safe for small babies or not",
		}, []string{"en"}, [][]string{{"measles vaccines", "babies"}}, []string{"measl", "vaccin", "babi", "the"}, "Are the measles vaccines safe for babies?"},
		{"as most people wrote them", []string{
			"The WhatsApp group says school is off", "whatsapp group says the school is closed", "Is the WhatsApp group right about school?", "A WhatsApp group says no school tomorrow",
		}, []string{"en"}, [][]string{{"WhatsApp group"}}, []string{"whatsapp group"}, ""},
		{"Chinese words and phrases", []string{
			"今天自来水浑浊能喝吗", "自来水浑浊，孩子能喝吗？", "我家自来水浑浊两天了", "河东自来水浑浊有人管吗",
		}, []string{"zh"}, [][]string{{"自来水浑浊"}}, []string{"来水", "水浑", "吗", "水"}, ""},
		{"a name that no dictionary has", []string{
			"青禾镇停水了", "青禾镇为什么停水", "青禾镇停水到几点", "听说青禾镇停水",
		}, []string{"zh"}, [][]string{{"停水"}}, []string{"禾镇", "青", "禾"}, ""},
		{"traditional characters as written", []string{
			"今天自來水混濁能喝嗎", "自來水混濁，孩子能喝嗎？", "我家自來水混濁兩天了", "河東自來水混濁有人管嗎",
		}, []string{"zh"}, [][]string{{"自來水混濁"}}, nil, ""},
		{"a label for each language of the readers", []string{
			"Is the tap water safe to drink?", "The tap water is brown, is it safe", "tap water smells", "Can we drink the tap water?", "自来水能喝吗", "自来水发黄",
		}, []string{"en", "zh"}, [][]string{{"tap water"}, {"自来水能喝"}}, nil, ""},
		{"another language only", []string{
			"¿El agua del grifo es segura para beber?", "El agua del grifo sale marrón hoy", "¿Puedo beber agua del grifo en la escuela?",
		}, []string{"es"}, [][]string{{"agua del grifo"}}, []string{"del", "la"}, ""},
		{"nothing", nil, nil, nil, nil, ""},
		{"no words", []string{"???", "😀"}, []string{"und"}, [][]string{nil}, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			st := newStream(t)
			st.add("My bus is late again", "When do the shops open on Sunday?", "图书馆几点开门", "公交车又晚点了")
			said, rare := st.said(tt.texts...)
			labels := cluster.Name(st.a, said, rare, nil, "en", "zh")
			var langs []string
			for i, l := range labels {
				langs = append(langs, l.Lang)
				for _, want := range tt.has[min(i, len(tt.has)-1)] {
					if !slices.Contains(l.Phrases, want) {
						t.Errorf("%s: %q lacks %q", l.Lang, l.Phrases, want)
					}
				}
				for _, not := range tt.hasNot {
					if slices.Contains(l.Phrases, not) {
						t.Errorf("%s: %q has %q", l.Lang, l.Phrases, not)
					}
				}
			}
			if !slices.Equal(langs, tt.langs) {
				t.Errorf("labels in %v, want %v", langs, tt.langs)
			}
			if tt.title != "" && labels[0].Title != tt.title {
				t.Errorf("the most central message is %q, want %q", labels[0].Title, tt.title)
			}
			slices.Reverse(said)
			if again := cluster.Name(st.a, said, rare, nil, "en", "zh"); len(again) > 0 && !slices.Equal(again[0].Phrases, labels[0].Phrases) {
				t.Errorf("in another order: %q, not %q", again[0].Phrases, labels[0].Phrases)
			}
		})
	}
}

// A message that was the most central one stays so: titles do not jump.
func TestNameKeepsTitle(t *testing.T) {
	st := newStream(t)
	said, rare := st.said("Is the tap water safe?", "Is the tap water safe to drink in the east?", "Tap water safe?")
	want := said[2].ID
	if got := cluster.Name(st.a, said, rare, []hearback.ID{want})[0]; got.Medoid != want || got.Title != "Tap water safe?" {
		t.Errorf("%+v, want the title of %s", got, want)
	}
}

func FuzzName(f *testing.F) {
	st := newStream(f)
	f.Add("Is the tap water safe?\n自来水能喝吗\nthe tap water's brown")
	f.Add("\xff\n\x00\n停停停停停停\naaaa aaaa aaaa")
	f.Fuzz(func(t *testing.T, s string) {
		var said []cluster.Said
		rare := map[uint64]float32{}
		for i, x := range strings.SplitN(s, "\n", 50) {
			m := cluster.Read(st.a, &hearback.Message{ID: hearback.ID(i + 1), Text: strings.ToValidUTF8(x, "")})
			for _, p := range m.Pieces {
				rare[p.Hash] = 1
			}
			said = append(said, m)
		}
		for _, l := range cluster.Name(st.a, said, rare, nil, "en", "zh") {
			if len(l.Phrases) > 5 || l.Medoid == 0 {
				t.Errorf("%+v", l)
			}
			for _, p := range l.Phrases {
				if p == "" || !utf8.ValidString(p) {
					t.Errorf("phrase %q", p)
				}
			}
		}
	})
}
