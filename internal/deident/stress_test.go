package deident_test

import (
	"strings"
	"testing"
	"time"
)

// TestLongTexts holds that no text makes the masker slow: the work may grow
// only in proportion to the text.
func TestLongTexts(t *testing.T) {
	for _, part := range []string{
		"a", "a.", "a-", "1", "1 ", "1.", "1-2 ", "(1", "一", "一 ", "@", "@a", "[", "[phone]", "[phone] ", "http://", "a.com/", "a.com/水", "水", "我叫", "我是李", "微信", "微信:", "QQ1234", "号", "1号", "1栋", "路1号",
		"name is A ", "I am Mr ", "12 Park ", "flat 1", "a at ", "x (at) y (dot) ", "::", "a:", "1:", "::1", "A1", "京A", "é", "é@", "°", "1°2'", "v❤", "*", "1*", "1****", "user/", "/u/", "李先生", "案号", "案号（", "mailto:a", "p.o. box ", "\u200b", "1\u200b", "\n",
	} {
		s := strings.Repeat(part, 200_000/len(part))
		took := func(s string) time.Duration {
			start := time.Now()
			check(t, s)
			return time.Since(start)
		}
		// A slow machine is no failure: what counts is that an eighth of the text
		// takes about an eighth of the time. Work that grows with the square would
		// take a sixty-fourth.
		if d := took(s); d > 2*time.Second && d > 30*took(s[:len(s)/8/len(part)*len(part)]) {
			t.Errorf("%q repeated to %d bytes took %v", part, len(s), d)
		} else if testing.Verbose() && d > 100*time.Millisecond {
			t.Logf("%q: %v", part, d)
		}
	}
}
