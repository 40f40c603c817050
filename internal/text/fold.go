package text

import "strings"

// Fold returns s as two ways of writing the same thing compare equal: NFKC,
// half width, simplified Chinese, lower case. Unlike [Doc.Norm] it leaves
// nothing out.
func (a *Analyzer) Fold(s string) string {
	return strings.Map(func(r rune) rune {
		if 0xFF01 <= r && r <= 0xFF5E {
			r -= 0xFEE0
		}
		return lower(r)
	}, a.prepare(s, false))
}
