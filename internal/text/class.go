package text

import "unicode"

// class sorts characters for cutting.
type class uint8

const (
	other  class = iota // punctuation, symbols, space: parts words
	letter              // of a script written with spaces, and its marks
	digit
	han
	kana
	hangul
	dense // other scripts written without spaces: Thai, Lao, Khmer, Burmese, Tibetan
	mark  // combining marks, in any script
)

// asciiClass holds the class of each ASCII character.
var asciiClass = func() (t [128]class) {
	for c := range t {
		switch {
		case '0' <= c && c <= '9':
			t[c] = digit
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
			t[c] = letter
		}
	}
	return t
}()

func classOf(r rune) class {
	switch {
	case r < 0x80:
		return asciiClass[r]
	case r < 0x0E00:
		return general(r)
	case r < 0x1100:
		if r < 0x1000 || r < 0x10A0 { // Thai, Lao, Tibetan; Burmese
			if c := general(r); c == letter {
				return dense
			} else {
				return c
			}
		}
		return general(r)
	case r < 0x1200, 0xAC00 <= r && r < 0xD7A4, 0x3131 <= r && r < 0x318F:
		return hangul
	case 0x1780 <= r && r < 0x1800, 0xAA60 <= r && r < 0xAA80: // Khmer; more Burmese
		if c := general(r); c == letter {
			return dense
		} else {
			return c
		}
	case 0x3040 <= r && r < 0x3100 && r != '・' && r != '゠', 0x31F0 <= r && r < 0x3200, 0xFF66 <= r && r < 0xFFA0:
		return kana
	case isHan(r):
		return han
	}
	return general(r)
}

func isHan(r rune) bool {
	return 0x4E00 <= r && r <= 0x9FFF || 0x3400 <= r && r <= 0x4DBF ||
		0x20000 <= r && r <= 0x323AF || 0xF900 <= r && r <= 0xFAFF || r == '々' || r == '〇'
}

// general classes a character by its Unicode category.
func general(r rune) class {
	switch {
	case unicode.IsLetter(r):
		return letter
	case unicode.IsDigit(r):
		return digit
	case unicode.IsMark(r):
		return mark
	}
	return other
}

// invisible reports whether r is a character that shows nothing and parts
// nothing: joiners, directional marks, variation selectors, tags.
func invisible(r rune) bool {
	switch {
	case r < 0x80:
		return false
	case r == 0x00AD, r == 0x034F, r == 0x061C, r == 0x115F, r == 0x1160, r == 0x17B4, r == 0x17B5, r == 0x3164, r == 0xFEFF, r == 0xFFA0:
		return true
	case 0x180B <= r && r <= 0x180F, 0x200B <= r && r <= 0x200F, 0x202A <= r && r <= 0x202E, 0x2060 <= r && r <= 0x206F:
		return true
	case 0xFE00 <= r && r <= 0xFE0F, r == 0x20E3, 0xE0000 <= r && r <= 0xE0FFF, r == 0x0640: // 0x0640: the Arabic stroke that only stretches a word
		return true
	}
	return false
}
