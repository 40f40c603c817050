// Package charset finds out which character set bytes are in, and turns them
// into UTF-8. It trusts the bytes more than what is said about them: feeds
// and spreadsheets are often wrong about themselves. It never fails; what no
// character set explains becomes U+FFFD.
package charset

import (
	"bytes"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	xunicode "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// sampleSize is how many bytes a guess is made from.
const sampleSize = 256 << 10

// A Guess is a character set and how it was found.
type Guess struct {
	Name string // "utf-8", "gb18030", …, as the WHATWG names it
	enc  encoding.Encoding
}

var (
	utf8Guess = Guess{Name: "utf-8"}
	gbGuess   = Guess{"gb18030", simplifiedchinese.GB18030}
	big5Guess = Guess{"big5", traditionalchinese.Big5}
)

// Detect guesses the character set of a text from its first bytes and from
// what is declared about it, first declaration first. whole says that sample
// is all there is: otherwise its last character may be cut.
func Detect(sample []byte, whole bool, declared ...string) Guess {
	switch {
	case bytes.HasPrefix(sample, []byte("\xef\xbb\xbf")):
		return utf8Guess
	case bytes.HasPrefix(sample, []byte("\xff\xfe")):
		return Guess{"utf-16le", xunicode.UTF16(xunicode.LittleEndian, xunicode.UseBOM)}
	case bytes.HasPrefix(sample, []byte("\xfe\xff")):
		return Guess{"utf-16be", xunicode.UTF16(xunicode.BigEndian, xunicode.UseBOM)}
	}
	if g, ok := utf16(sample); ok {
		return g
	}
	// Seven-bit sets look like UTF-8, and say so with their escapes only.
	if bytes.IndexByte(sample, 0x1b) >= 0 || bytes.Contains(sample, []byte("~{")) {
		for _, label := range declared {
			if g, ok := lookup(label); ok && (g.Name == "iso-2022-jp" || g.Name == "hz-gb-2312") {
				return g
			}
		}
	}
	if validUTF8(sample, whole) {
		return utf8Guess
	}
	for _, label := range declared {
		if g, ok := lookup(label); ok && g.enc != nil && g.strange(sample, whole) == 0 {
			return g
		}
	}
	// Nothing that was said fits: the set with the fewest strange characters.
	best, least := Guess{}, 1<<62
	if g, ok := lookup("windows-1252"); ok {
		// Every byte is a letter there, so it always fits: it has to be as
		// good as a set that could have failed and did not.
		best, least = g, g.strange(sample, whole)
	}
	for _, g := range []Guess{gbGuess, big5Guess} {
		if n := g.strange(sample, whole); n < least || n == least && g.Name == "gb18030" {
			best, least = g, n
		}
	}
	// UTF-8 with a few broken bytes is still UTF-8.
	if n := utf8Guess.strange(sample, whole); n <= least {
		return utf8Guess
	}
	return best
}

// lookup finds a set by the label a text declares. Simplified Chinese sets
// are read as their superset.
func lookup(label string) (Guess, bool) {
	label = strings.Trim(strings.TrimSpace(label), `"'`)
	e, name := charset.Lookup(label)
	if e == nil {
		return Guess{}, false
	}
	switch name {
	case "utf-8":
		return utf8Guess, true
	case "gbk":
		return gbGuess, true
	case "replacement", "x-user-defined":
		return Guess{}, false
	}
	return Guess{name, e}, true
}

// utf16 recognises UTF-16 without a mark by its zero bytes: plain text has
// none in any other set.
func utf16(sample []byte) (Guess, bool) {
	n := min(len(sample), 4096) &^ 1
	if n < 8 {
		return Guess{}, false
	}
	var even, odd int
	for i := 0; i < n; i += 2 {
		if sample[i] == 0 {
			even++
		}
		if sample[i+1] == 0 {
			odd++
		}
	}
	// Separators, digits and line ends are below U+0100 in every language.
	switch {
	case odd > 0 && even == 0 && odd*20 >= n/2:
		return Guess{"utf-16le", xunicode.UTF16(xunicode.LittleEndian, xunicode.IgnoreBOM)}, true
	case even > 0 && odd == 0 && even*20 >= n/2:
		return Guess{"utf-16be", xunicode.UTF16(xunicode.BigEndian, xunicode.IgnoreBOM)}, true
	}
	return Guess{}, false
}

func validUTF8(b []byte, whole bool) bool {
	if utf8.Valid(b) {
		return true
	}
	if whole {
		return false
	}
	// A character cut at the end of the sample is no fault.
	for i := len(b) - 1; i >= 0 && i >= len(b)-utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			return !utf8.FullRune(b[i:]) && utf8.Valid(b[:i])
		}
	}
	return false
}

// strange counts what a text in set g would hardly hold: bytes that mean
// nothing, control characters, private and rare characters.
func (g Guess) strange(sample []byte, whole bool) int {
	text, _ := g.decode(sample)
	if !whole && len(text) > 8 {
		text = text[:len(text)-8]
	}
	n, cjk, latin := 0, 0, 0
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		i += size
		switch {
		case r == utf8.RuneError:
			n += 4
		case r < 0x80:
			if r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\f' {
				n += 2
			}
		case r < 0xa0, r >= 0xe000 && r < 0xf900, r > 0x2ffff:
			n += 4 // C1 controls, private use, far planes
		case r >= 0x4e00 && r < 0xa000, r >= 0x3000 && r < 0x3100, r >= 0xff00 && r < 0xffef:
			cjk++
		case unicode.Is(unicode.Latin, r):
			latin++
			if i < len(text) && text[i] >= 0x80 {
				// Two accented letters side by side are rare in any language
				// that is written in windows-1252, and are what two bytes of
				// Chinese look like there.
				n++
			}
		case g.Name == "windows-1252":
			n++ // ¤, §, ¿ and the like
		case r >= 0x3400 && r < 0x4e00, unicode.Is(unicode.Han, r):
			n += 2 // rare Han: what a wrong guess between Chinese sets looks like
		}
	}
	return n
}

// decode turns b into UTF-8 without a mark.
func (g Guess) decode(b []byte) ([]byte, error) {
	if g.enc == nil {
		return bytes.ToValidUTF8(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), []byte("\uFFFD")), nil
	}
	out, err := g.enc.NewDecoder().Bytes(b)
	return bytes.TrimPrefix(out, []byte("\xef\xbb\xbf")), err
}

// UTF8 returns b as UTF-8 and the name of the set it was in.
func UTF8(b []byte, declared ...string) ([]byte, string) {
	sample, whole := b, true
	if len(b) > sampleSize {
		sample, whole = b[:sampleSize], false
	}
	g := Detect(sample, whole, declared...)
	if g.enc == nil && !whole && !utf8.Valid(b) {
		// The start may be all ASCII: look at the part that is not.
		if g2 := Detect(b[firstHigh(b):], true, declared...); g2.enc != nil {
			g = g2
		}
	}
	out, err := g.decode(b)
	if err != nil {
		out, _ = utf8Guess.decode(b)
		return out, "utf-8"
	}
	return out, g.Name
}

func firstHigh(b []byte) int {
	for i, c := range b {
		if c >= 0x80 {
			return i
		}
	}
	return len(b)
}

// NewReader returns a reader of r as UTF-8, and the name of the set it is in.
// It reads a sample ahead. err is what reading the sample failed with.
func NewReader(r io.Reader, declared ...string) (out io.Reader, name string, err error) {
	sample := make([]byte, sampleSize)
	n, err := io.ReadFull(r, sample)
	whole := err == io.EOF || err == io.ErrUnexpectedEOF
	if err != nil && !whole {
		return nil, "", err
	}
	g := Detect(sample[:n], whole, declared...)
	out = io.MultiReader(bytes.NewReader(sample[:n]), r)
	if g.enc != nil {
		return transform.NewReader(out, g.enc.NewDecoder()), g.Name, nil
	}
	return transform.NewReader(out, xunicode.UTF8BOM.NewDecoder()), g.Name, nil
}
