package place

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// foldName returns a name as names are compared: in small letters, without
// dots and apostrophes, with hyphens as spaces, and Arabic letters without
// their variants.
func foldName(s string) string { return string(appendFold(nil, s)) }

func appendFold(dst []byte, s string) []byte {
	begin := len(dst)
	i := 0
	for ; i < len(s); i++ { // most words are plain
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c < 'a' || c > 'z' {
			break
		}
		dst = append(dst, c)
	}
	for _, r := range s[i:] {
		if r = foldRune(r); r == 0 || r == ' ' && (len(dst) == begin || dst[len(dst)-1] == ' ') {
			continue
		}
		dst = utf8.AppendRune(dst, r)
	}
	if len(dst) > begin && dst[len(dst)-1] == ' ' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// foldsTo reports whether a name folds to key, or to key without spaces if key
// has none (#puertorico).
func foldsTo[K string | []byte](name string, key K) bool {
	k, gap, joined := 0, false, false
	for _, r := range name {
		if r = foldRune(r); r == 0 {
			continue
		}
		if r == ' ' {
			gap = k > 0
			continue
		}
		if gap && k < len(key) {
			if key[k] == ' ' {
				k++
			} else {
				joined = true
			}
		}
		gap = false
		if k >= len(key) {
			return false
		}
		if r < utf8.RuneSelf {
			if key[k] != byte(r) {
				return false
			}
			k++
			continue
		}
		x, n := utf8.DecodeRuneInString(string(key[k:min(k+utf8.UTFMax, len(key))]))
		if x != r {
			return false
		}
		k += n
	}
	if joined {
		for i := range len(key) {
			if key[i] == ' ' {
				return false
			}
		}
	}
	return k == len(key)
}

// foldRune returns a character as it is compared, or 0 if it does not count.
func foldRune(r rune) rune {
	switch {
	case 'A' <= r && r <= 'Z':
		return r + 'a' - 'A'
	case r < utf8.RuneSelf:
		switch r {
		case '.', '\'', '(', ')', '`':
			return 0
		case '-', '_', '\t', '/', ',':
			return ' '
		}
		return r
	case r == '’' || r == 'ʼ' || r == '·' || r == 0x0640 || 0x064B <= r && r <= 0x0652: // marks of Arabic
		return 0
	case r == 'أ' || r == 'إ' || r == 'آ' || r == 'ٱ':
		return 'ا'
	case r == 'ة':
		return 'ه'
	case r == 'ى':
		return 'ي'
	case r == '–' || r == '—' || r == '\u00a0' || r == '－':
		return ' '
	}
	if p := plain(r); p != 0 {
		return p
	}
	return unicode.ToLower(r)
}

// plain returns the ASCII letter that people write who have no key for r.
func plain(r rune) rune {
	if r < 0xC0 || r > 0x17F {
		return 0
	}
	const to = "aaaaaaaceeeeiiiidnooooo*ouuuuyts" + // from U+00C0
		"aaaaaaaceeeeiiiidnooooo*ouuuuyty" +
		"aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll" +
		"lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs"
	if c := to[r-0xC0]; c != '*' {
		return rune(c)
	}
	return 0
}

func isHan(r rune) bool { return 0x3400 <= r && r <= 0x9FFF || 0x20000 <= r && r < 0x2F800 }

func isArabic(r rune) bool {
	return 0x0620 <= r && r <= 0x0652 || r == 0x0640 || 0x0671 <= r && r <= 0x06D3
}

func hasHan(s string) bool { return strings.IndexFunc(s, isHan) >= 0 }

// isWord reports whether s has a letter.
func isWord(s string) bool { return strings.IndexFunc(s, unicode.IsLetter) >= 0 }
