package deident_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"example.org/hearback/internal/deident"
	"example.org/hearback/internal/deident/canary"
)

// TestCanaries masks thousands of made-up secrets and finds none of them.
func TestCanaries(t *testing.T) {
	for seed := range uint64(3) {
		missed := map[string]int{}
		for _, s := range canary.Secrets(seed+1, 2000) {
			got, kinds := deident.Text(s.Sentence)
			if s.In(got) {
				if missed[s.Kind]++; missed[s.Kind] <= 6 {
					t.Errorf("%s %q is still in %q (was %q)", s.Kind, s.Text, got, s.Sentence)
				}
			}
			if len(kinds) == 0 || !slices.IsSorted(kinds) {
				t.Errorf("%q: kinds are %v", s.Sentence, kinds)
			}
		}
		for kind, n := range missed {
			t.Errorf("seed %d: missed %d of kind %s", seed+1, n, kind)
		}
	}
}

// TestSecretsAreFound keeps the measure honest: every secret is in its own
// sentence by the measure that must not find it afterwards.
func TestSecretsAreFound(t *testing.T) {
	seen := map[string]bool{}
	zh := 0
	for _, s := range canary.Secrets(1, 2000) {
		if !strings.Contains(s.Sentence, s.Text) || !s.In(s.Sentence) {
			t.Errorf("%s %q is not found in its own sentence %q", s.Kind, s.Text, s.Sentence)
		}
		for _, x := range []string{s.Text, s.Account, s.Post} {
			if seen[x] {
				t.Errorf("%q comes twice", x)
			}
			seen[x] = true
		}
		if strings.ContainsFunc(s.Sentence, func(r rune) bool { return 0x4e00 <= r && r <= 0x9fff }) {
			zh++
		}
	}
	if zh < 900 || zh > 1100 {
		t.Errorf("%d of 2000 are Chinese, want about half", zh)
	}
}

func check(t *testing.T, s string) {
	t.Helper()
	got, kinds := deident.Text(s)
	if !utf8.ValidString(got) {
		t.Fatalf("Text(%q) = %q, not UTF-8", s, got)
	}
	if again, more := deident.Text(got); again != got || len(more) > 0 {
		t.Fatalf("not idempotent: Text(%q) = %q, then %q (%v)", s, got, again, more)
	}
	if len(got) > 3*len(s)+16 {
		t.Fatalf("Text(%q) = %q, more than three times as long", s, got)
	}
	for i, r := range got {
		if r == '@' || r == '＠' {
			next, _ := utf8.DecodeRuneInString(got[i+utf8.RuneLen(r):])
			if next < utf8.RuneSelf && (next == '_' || '0' <= next && next <= '9' || 'a' <= next|0x20 && next|0x20 <= 'z') {
				t.Fatalf("Text(%q) = %q, which holds a handle", s, got)
			}
		}
	}
	if (got != s) != (len(kinds) > 0) && utf8.ValidString(s) {
		t.Fatalf("Text(%q) = %q, but says it masked %v", s, got, kinds)
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{
		"停水了吗? call +86 10 5555 0199 or li@example.org, via @li",
		"我叫王小明，手机138 1234 5678，住幸福小区3栋2单元501室",
		"my name is Ann Lee, 12 Park Road, flat 3, SSN 078-05-1120",
		"https://u:p@weibo.com/u/1?x=1 京A·12345 39.9042,116.4074",
		"li (at) example (dot) org [phone] wx_88 １３８１２３４５６７８",
		"@a@a@b.c 1.2.3.4 2001:db8::1 u/abc 138****5678 <b>",
	} {
		f.Add(s)
	}
	for _, s := range canary.Secrets(9, 60) {
		f.Add(s.Sentence)
	}
	f.Fuzz(check)
}

// FuzzRevealed checks that no surroundings bring a masked number back.
func FuzzRevealed(f *testing.F) {
	f.Add("电话：", "，谢谢")
	f.Add("call ", " now")
	f.Add("http://a.com/?p=", "&x=1")
	f.Fuzz(func(t *testing.T, before, after string) {
		const secret = "13812345678"
		if strings.ContainsAny(before+after, "0123456789") || strings.ContainsFunc(before+after, func(r rune) bool { return r > 0x7f }) {
			t.Skip() // other digits make another number of it
		}
		if got, _ := deident.Text(before + secret + after); strings.Contains(got, secret) {
			t.Errorf("Text(%q) = %q", before+secret+after, got)
		}
	})
}

func TestText(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{"拨打12345没人接", "拨打12345没人接"},
		{"我叫王小明，手机13812345678", "我叫[name]，手机[phone]"},
		{"住在朝阳区幸福家园小区3栋2单元501室", "住在朝阳区[address]"},
		{"call (415) 555-2671 now", "call [phone] now"},
		{"@a@b @c", "[handle] [handle]"},
		{"see https://example.org/a/b?c=d.", "see example.org."},
		{"a [phone] b", "a [phone] b"},
		{"<b>li@example.org</b>", "<b>[email]</b>"},
		{"my name is Sarah Jones, I live at 12 Park Road, flat 3", "my name is [name], I live at [address]"},
		{"京A12345", "[plate]"},
		{"bad \xff utf8 13812345678", "bad \uFFFD utf8 [phone]"},
	} {
		if got, _ := deident.Text(tt.in); got != tt.want {
			t.Errorf("Text(%q) = %q, want %q", tt.in, got, tt.want)
		}
		check(t, tt.in)
	}
}

func TestKeep(t *testing.T) {
	m := deident.New(deident.Options{Keep: []string{"400-820-8820", "0800 123 4567"}})
	for _, s := range []string{"拨打400-820-8820", "拨打4008208820", "拨打４００ ８２０ ８８２０", "call 0800 1234567 free"} {
		if got, kinds := m.Text(s); got != s || len(kinds) > 0 {
			t.Errorf("Text(%q) = %q, %v; the operator listed this number", s, got, kinds)
		}
		if got, _ := deident.Text(s); got == s {
			t.Errorf("Text(%q) kept a number nobody listed", s)
		}
	}
	if got, _ := m.Text("call 0800 1234568"); got != "call [phone]" {
		t.Errorf("a number next to a listed one came out as %q", got)
	}
}
