package deident_test

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"example.org/hearback"
	"example.org/hearback/internal/deident"
	"example.org/hearback/internal/source"
)

var (
	keys = deident.Keys{Window: []byte("window key of thirty-two bytes.."), Post: []byte("post key of thirty-two bytes, too")}
	noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	src  = hearback.Source{ID: 7, Kind: hearback.Feed, Lang: "zh", Area: "Riverside"}
)

func clean(t *testing.T, src hearback.Source, raw source.Raw, k deident.Keys) deident.Item {
	t.Helper()
	it, err := deident.Clean(src, raw, k, noon)
	if err != nil {
		t.Fatal(err)
	}
	return it
}

func TestClean(t *testing.T) {
	raw := source.Raw{Post: "p1", Account: "lihua", At: noon.Add(-time.Hour), Text: " 停水了，电话13812345678\xff ", Lang: "zh-Hant-TW", Area: "Old Town"}
	it := clean(t, src, raw, keys)
	m := it.Message
	if m.Text != "停水了，电话[phone]\uFFFD" || strings.Join(m.Masked, " ") != "phone" {
		t.Errorf("text is %q, masked %v", m.Text, m.Masked)
	}
	if m.Source != 7 || !m.At.Equal(raw.At) || !m.Seen.Equal(noon) || m.Lang != "zh" || m.Area != "Old Town" {
		t.Errorf("message is %+v", m)
	}
	if it.Post == 0 || it.Digest == 0 || it.Voice == 0 || it.Deleted {
		t.Errorf("item is %+v", it)
	}
	for _, tt := range []struct {
		name                string
		change              func(*hearback.Source, *source.Raw, *deident.Keys)
		post, digest, voice bool // whether it must stay the same
	}{
		{"again", func(*hearback.Source, *source.Raw, *deident.Keys) {}, true, true, true},
		{"other words", func(_ *hearback.Source, r *source.Raw, _ *deident.Keys) { r.Text = "来水了" }, true, false, true},
		{"another post of the account", func(_ *hearback.Source, r *source.Raw, _ *deident.Keys) { r.Post = "p2" }, false, true, true},
		{"another account", func(_ *hearback.Source, r *source.Raw, _ *deident.Keys) { r.Account = "lihu" }, true, true, false},
		{"the next day", func(_ *hearback.Source, r *source.Raw, _ *deident.Keys) { r.At = r.At.Add(-24 * time.Hour) }, true, true, false},
		{"another source", func(s *hearback.Source, _ *source.Raw, _ *deident.Keys) { s.ID = 8 }, false, false, false},
		{"another window", func(_ *hearback.Source, _ *source.Raw, k *deident.Keys) {
			k.Window = []byte("another window key of 32 bytes..")
		}, true, true, false},
		{"another post key", func(_ *hearback.Source, _ *source.Raw, k *deident.Keys) {
			k.Post = []byte("another post key of 32 bytes....")
		}, false, false, true},
		{"only the number changed", func(_ *hearback.Source, r *source.Raw, _ *deident.Keys) {
			r.Text = strings.Replace(r.Text, "138", "139", 1)
		}, true, true, true},
	} {
		s, r, k := src, raw, keys
		tt.change(&s, &r, &k)
		got := clean(t, s, r, k)
		if (got.Post == it.Post) != tt.post || (got.Digest == it.Digest) != tt.digest || (got.Voice == it.Voice) != tt.voice {
			t.Errorf("%s: post, digest, voice equal: %t %t %t, want %t %t %t", tt.name, got.Post == it.Post, got.Digest == it.Digest, got.Voice == it.Voice, tt.post, tt.digest, tt.voice)
		}
	}
}

func TestCleanWithoutIDs(t *testing.T) {
	a := clean(t, src, source.Raw{Post: "p1", Text: "hello"}, keys)
	b := clean(t, src, source.Raw{Post: "p2", Text: "hello"}, keys)
	if a.Voice == b.Voice {
		t.Error("two posts without accounts count as one voice")
	}
	c := clean(t, src, source.Raw{Text: "hello"}, keys)
	d := clean(t, src, source.Raw{Text: "hello"}, keys)
	if c.Post != 0 || c.Voice == 0 || c.Voice != d.Voice {
		t.Errorf("without ids: %+v and %+v", c, d)
	}
}

func TestCleanLimits(t *testing.T) {
	if it := clean(t, src, source.Raw{At: noon.Add(25 * time.Hour), Text: "x"}, keys); !it.Message.At.Equal(noon) {
		t.Errorf("a message from the future is dated %v", it.Message.At)
	}
	if it := clean(t, src, source.Raw{At: time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), Text: "x"}, keys); !it.Message.At.Equal(noon) {
		t.Errorf("a message of 1970 is dated %v", it.Message.At)
	}
	if it := clean(t, src, source.Raw{Text: "x", Area: "12 Park Road, flat 3", Lang: "call 13812345678"}, keys); it.Message.Area != "Riverside" || it.Message.Lang != "zh" {
		t.Errorf("area is %q, language %q", it.Message.Area, it.Message.Lang)
	}
	// A number across the cut is masked whole.
	for at := deident.MaxText - 14; at < deident.MaxText+4; at++ {
		it := clean(t, src, source.Raw{Text: strings.Repeat("水", at-1) + " 13812345678 " + strings.Repeat("水", 600)}, keys)
		if n := utf8.RuneCountInString(it.Message.Text); n > deident.MaxText {
			t.Errorf("a text has %d characters", n)
		}
		if strings.ContainsAny(it.Message.Text, "0123456789[") && !strings.Contains(it.Message.Text, "[phone]") {
			t.Errorf("cut at %d: the text ends with %q", at, it.Message.Text[len(it.Message.Text)-30:])
		}
	}
	it := clean(t, src, source.Raw{Post: "p", Account: "a", Text: "secret", Deleted: true}, keys)
	if !it.Deleted || it.Post == 0 || it.Message.Text != "" || it.Voice != 0 {
		t.Errorf("a deletion became %+v", it)
	}
}

func TestCleanFailsClosed(t *testing.T) {
	if _, err := deident.Clean(src, source.Raw{Text: "x"}, deident.Keys{Window: keys.Window}, noon); !errors.Is(err, hearback.ErrInvalid) {
		t.Errorf("without a key the error is %v", err)
	}
	m := deident.New(deident.Options{})
	deident.Break(m, "13812345678")
	_, err := m.Clean(src, source.Raw{Text: "电话13812345678"}, keys, noon)
	if !errors.Is(err, hearback.ErrRefused) || strings.Contains(err.Error(), "138") {
		t.Errorf("a panic in the masker gave %v", err)
	}
	if got, kinds := m.Text("电话13812345678"); got != deident.Withheld || len(kinds) != 1 {
		t.Errorf("a panic in the masker gave %q, %v", got, kinds)
	}
}
