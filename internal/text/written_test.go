package text_test

import (
	"slices"
	"testing"
)

func TestPieces(t *testing.T) {
	a := analyzer()
	for _, tt := range []struct {
		in   string
		want []string
	}{
		{"The school's vaccines, 14 buses!", []string{"the", "school", "vaccines", "14", "buses"}},
		{"自来水能喝吗", []string{"自来水", "能", "喝", "吗"}},
		{"青禾站停电了", []string{"青", "禾", "站", "停电", "了"}},
		{"학교에서 물이", []string{"학교", "물이"}},
		{"", nil},
	} {
		d := a.Analyze(tt.in, "")
		var got []string
		for _, p := range a.Pieces(&d) {
			got = append(got, p.Written)
			if d.Norm[p.Begin:p.End()] != p.Written {
				t.Errorf("%q: %q is not at %d", tt.in, p.Written, p.Begin)
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("Pieces(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestWritten(t *testing.T) {
	a := analyzer()
	d := a.Analyze("Are the vaccines at school safe?", "en")
	for _, tt := range [][2]string{{"vaccin", "vaccines"}, {"school", "school"}, {"measl", "measl"}} {
		if got := a.Written(&d, tt[0]); got != tt[1] {
			t.Errorf("Written(%q) = %q, want %q", tt[0], got, tt[1])
		}
	}
	for _, tt := range []struct{ in, phrase, want string }{
		{"Join the WhatsApp group", "whatsapp group", "WhatsApp group"},
		{"今天自來水停了", "自来水", "自來水"},
		{"今天自来水停了", "自来水", "自来水"},
		{"He hears them", "he", "He"},
		{"nothing here", "he", ""},
	} {
		if got, ok := a.AsTyped(tt.in, tt.phrase); got != tt.want || ok != (tt.want != "") {
			t.Errorf("AsTyped(%q, %q) = %q, want %q", tt.in, tt.phrase, got, tt.want)
		}
	}
}

func FuzzPieces(f *testing.F) {
	a := analyzer()
	f.Add("The school's vaccines U.S.A. 14路 自來水停了 3.5km", "en")
	f.Add("ワクチンの接種 학교에서 ก็", "")
	f.Fuzz(func(t *testing.T, s, lang string) {
		d := a.Analyze(s, lang)
		for _, p := range a.Pieces(&d) {
			if p.Written == "" || p.Begin < 0 || p.End() > len(d.Norm) {
				t.Fatalf("%q: piece %q at %d of %q", s, p.Written, p.Begin, d.Norm)
			}
			if got := a.Written(&d, p.Text); got == "" {
				t.Errorf("%q: nothing stands for %q", s, p.Text)
			}
			a.AsTyped(s, p.Written)
		}
	})
}
