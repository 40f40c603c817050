package deident

import "unicode"

// A cell is one character of the text as the rules see it: width, case and
// look-alike forms are folded, and characters without width are left out, so
// that １３８, 138 and 1<zero width space>38 are the same to every rule.
type cell struct {
	r   rune  // folded
	f   flags //
	off int32 // where its bytes begin in the text
}

type flags uint16

const (
	fDigit  flags = 1 << iota // an ASCII digit after folding
	fNum                      // a Chinese digit: 〇 to 九, 幺, 壹 to 玖
	fAlpha                    // an ASCII letter after folding
	fLetter                   // any other letter that is not Han, or a mark on one
	fUpper                    // it was upper case
	fHan
	fSpace
	fKey   // a word that the rules know begins with it
	fSur   // a Chinese surname, or the first character of one
	fProv  // begins a Chinese number plate
	fStop  // never part of a Chinese name of a person or a place: 我, 的, 在, …
	fUnit  // closes a part of a Chinese address: 栋, 室, 号, …
	fBreak // a line break: no number goes across it
	fTitle // a Chinese title begins with it: 先生, 女士, …
)

const fWord = fAlpha | fLetter | fDigit // what a word in a spaced script is made of

type folded struct {
	r rune
	f flags
}

const hanLo, hanHi = 0x4E00, 0x9FFF

var (
	ascii = makeASCII()
	han   = makeHan()
)

func makeASCII() (t [128]folded) {
	for r := range rune(128) {
		t[r].r = r
		switch {
		case '0' <= r && r <= '9':
			t[r].f = fDigit
		case 'a' <= r && r <= 'z':
			t[r].f = fAlpha
		case 'A' <= r && r <= 'Z':
			t[r] = folded{r + 'a' - 'A', fAlpha | fUpper}
		case r == ' ' || r == '\t':
			t[r] = folded{' ', fSpace}
		case r == '\n' || r == '\r' || r == '\v' || r == '\f':
			t[r] = folded{'\n', fSpace | fBreak}
		}
	}
	return t
}

func makeHan() *[hanHi - hanLo + 1]flags {
	t := new([hanHi - hanLo + 1]flags)
	for i := range t {
		t[i] = fHan
	}
	set := func(f flags, chars string) {
		for _, r := range chars {
			if hanLo <= r && r <= hanHi {
				t[r-hanLo] |= f
			}
		}
	}
	set(fNum, "零一二三四五六七八九幺两壹贰叁肆伍陆柒捌玖貳參陸兩")
	set(fSur, surnames)
	for _, s := range longSurnames {
		set(fSur, string([]rune(s)[:1]))
	}
	set(fProv, provinces)
	set(fStop, stops)
	set(fUnit, "栋幢棟室号號弄座房单單")
	for _, k := range hanKeys {
		set(fKey, string([]rune(k.word)[:1]))
	}
	for _, s := range titles {
		set(fTitle, string([]rune(s)[:1]))
	}
	return t
}

// hanDigit returns the value of a Chinese digit.
func hanDigit(r rune) byte {
	switch r {
	case '零', '〇':
		return '0'
	case '一', '幺', '壹':
		return '1'
	case '二', '两', '兩', '贰', '貳':
		return '2'
	case '三', '叁', '參':
		return '3'
	case '四', '肆':
		return '4'
	case '五', '伍':
		return '5'
	case '六', '陆', '陸':
		return '6'
	case '七', '柒':
		return '7'
	case '八', '捌':
		return '8'
	case '九', '玖':
		return '9'
	}
	return 0
}

// fold returns what the rules see for r, and whether they see it at all.
func fold(r rune) (rune, flags, bool) {
	switch {
	case r < 128:
		return ascii[r].r, ascii[r].f, true
	case hanLo <= r && r <= hanHi:
		return r, han[r-hanLo], true
	}
	return foldRare(r)
}

func foldRare(r rune) (rune, flags, bool) {
	switch {
	case 0xFF01 <= r && r <= 0xFF5E: // full width
		a := ascii[r-0xFEE0]
		return a.r, a.f, true
	case r == '〇':
		return r, fHan | fNum, true
	case r == 0x3000, r == 0xA0, 0x2000 <= r && r <= 0x200A, r == 0x202F, r == 0x205F:
		return ' ', fSpace, true
	case r == 0x85, r == 0x2028, r == 0x2029:
		return '\n', fSpace | fBreak, true
	case 0x200B <= r && r <= 0x200F, 0x202A <= r && r <= 0x202E, 0x2060 <= r && r <= 0x206F, r == 0xFEFF, r == 0xAD,
		0xFE00 <= r && r <= 0xFE0F, r == 0x20E3, r == 0x180E, 0xE0000 <= r && r <= 0xE0FFF:
		return 0, 0, false
	case 0x2010 <= r && r <= 0x2015, r == 0x2212, r == 0xFE58, r == 0xFE63, r == 0x2E3A:
		return '-', 0, true
	case r == 0xB7, r == 0x2022, r == 0x30FB, r == 0x2027, r == 0x2219, r == 0xFF65:
		return '·', 0, true
	case r == 0x2018, r == 0x2019, r == 0x2BC:
		return '\'', 0, true
	case r == 0xFE6B: // small @
		return '@', 0, true
	case 0x2460 <= r && r <= 0x2468: // ①
		return r - 0x2460 + '1', fDigit, true
	case 0x2776 <= r && r <= 0x277E: // ❶
		return r - 0x2776 + '1', fDigit, true
	case r == 0x24EA:
		return '0', fDigit, true
	case 0x2080 <= r && r <= 0x2089:
		return r - 0x2080 + '0', fDigit, true
	case r == 0x2070 || 0x2074 <= r && r <= 0x2079:
		return r - 0x2070 + '0', fDigit, true
	case r == 0xB9:
		return '1', fDigit, true
	case r == 0xB2 || r == 0xB3:
		return r - 0xB0 + '0', fDigit, true
	case 0x1D400 <= r && r <= 0x1D6A3: // letters for formulae, used as a disguise
		return 'a' + (r-0x1D400)%26, fAlpha, true
	case 0x1D7CE <= r && r <= 0x1D7FF:
		return '0' + (r-0x1D7CE)%10, fDigit, true
	case unicode.Is(unicode.Nd, r):
		return '0' + digitValue(r), fDigit, true
	case unicode.Is(unicode.Han, r):
		return r, fHan, true
	case unicode.IsUpper(r):
		return unicode.ToLower(r), fLetter | fUpper, true
	case unicode.IsLetter(r), unicode.IsMark(r):
		return r, fLetter, true
	case unicode.IsSpace(r):
		return ' ', fSpace, true
	}
	return r, 0, true
}

// digitValue returns the value of a decimal digit of any script: Unicode keeps
// ten in a row, from zero.
func digitValue(r rune) rune {
	for _, t := range unicode.Nd.R16 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return (r - rune(t.Lo)) % 10
		}
	}
	for _, t := range unicode.Nd.R32 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return (r - rune(t.Lo)) % 10
		}
	}
	return 0
}
