package text

import (
	"slices"
	"strings"
	"unicode"
)

// Spare returns words for showing, in the order given, without those that say
// again what another one says: parts of a longer word (来水 beside 自来水), and
// pairs of Chinese characters that only bridge two words of the list (校停
// beside 学校 and 停课) or hold a particle. What compares texts needs all views of a Chinese
// sentence; who reads a list needs each thing once.
func Spare(words []string) []string {
	var list []string
	for i, w := range words {
		if w == "" || slices.Contains(words[:i], w) || bridges(w, words) || trails(w) {
			continue
		}
		if slices.ContainsFunc(words, func(x string) bool { return len(x) > len(w) && partOf(w, x) && !bridges(x, words) }) {
			continue
		}
		list = append(list, w)
	}
	if len(list) == 0 { // better a poor word than none
		return words
	}
	return list
}

// trailers are Chinese characters that end or begin a pair by chance: 喝吗 of
// 能喝吗, 的自 of 干净的自来水.
const trailers = "吗呢吧啊呀么的了着"

// trails reports whether w is a pair of characters that a particle is half of.
func trails(w string) bool {
	r := []rune(w)
	return len(r) == 2 && allHan(w) && (strings.ContainsRune(trailers, r[0]) || strings.ContainsRune(trailers, r[1]))
}

// partOf reports whether w stands in x as a part that says nothing more: any
// part of a Chinese word, whole words of a phrase otherwise.
func partOf(w, x string) bool {
	if allHan(w) {
		return strings.Contains(x, w)
	}
	return strings.Contains(" "+x+" ", " "+w+" ")
}

func allHan(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return !unicode.Is(unicode.Han, r) }) < 0
}

func bridges(w string, words []string) bool {
	r := []rune(w)
	if len(r) != 2 || !allHan(w) {
		return false
	}
	left, right := false, false
	for _, x := range words {
		if x == w || !allHan(x) {
			continue
		}
		left = left || strings.HasSuffix(x, string(r[0]))
		right = right || strings.HasPrefix(x, string(r[1]))
	}
	return left && right
}
