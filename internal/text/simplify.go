package text

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A simplifier turns traditional Chinese into simplified, by phrase first and
// then by character, after OpenCC's tables. It does in a pass over the runes
// what the library does with many small strings.
type simplifier struct {
	chars    map[rune]rune
	definite [0x9FFF + 1 - 0x3400]bool // characters that occur in traditional text only
	taiwan   phrases
	phrases  phrases
}

// phrases are replacements by first character, longest first.
type phrases map[rune][]phrase

type phrase struct{ from, to []rune }

func parseSimplifier(chars, ts, tw string, dict *hanDict) (*simplifier, error) {
	c := &simplifier{chars: map[rune]rune{}, taiwan: phrases{}, phrases: phrases{}}
	for line := range strings.Lines(chars) {
		from, to, ok := pair(line)
		if !ok || len(from) != 1 || len(to) != 1 {
			return nil, fmt.Errorf("line %q is not two characters", line)
		}
		if from[0] == to[0] {
			continue
		}
		c.chars[from[0]] = to[0]
		// 著, 乾 and a few more live on in simplified words: alone they
		// prove nothing.
		if i := int(from[0]) - 0x3400; i >= 0 && i < len(c.definite) && !dict.simple[i] {
			c.definite[i] = true
		}
	}
	for _, t := range []struct {
		lines string
		into  phrases
	}{{ts, c.phrases}, {tw, c.taiwan}} {
		for line := range strings.Lines(t.lines) {
			from, to, ok := pair(line)
			if !ok {
				return nil, fmt.Errorf("line %q is not two words", line)
			}
			t.into.add(phrase{from, to})
		}
	}
	return c, nil
}

// pair reads "from<TAB>to1 to2 …" and takes the first.
func pair(line string) (from, to []rune, ok bool) {
	a, b, ok := strings.Cut(strings.TrimSpace(line), "\t")
	b, _, _ = strings.Cut(b, " ")
	return []rune(a), []rune(b), ok && a != "" && b != ""
}

func (p phrases) add(x phrase) {
	list := p[x.from[0]]
	i := 0
	for i < len(list) && len(list[i].from) >= len(x.from) {
		i++
	}
	p[x.from[0]] = append(list[:i:i], append([]phrase{x}, list[i:]...)...)
}

// match returns the longest phrase that s begins with.
func (p phrases) match(s []rune) (phrase, bool) {
next:
	for _, x := range p[s[0]] {
		if len(x.from) > len(s) {
			continue
		}
		for i, r := range x.from {
			if s[i] != r {
				continue next
			}
		}
		return x, true
	}
	return phrase{}, false
}

// traditional reports whether r proves a text to be in traditional characters.
func (c *simplifier) traditional(r rune) bool {
	i := int(r) - 0x3400
	return i >= 0 && i < len(c.definite) && c.definite[i]
}

// simplify returns s in simplified characters.
func (c *simplifier) simplify(s string) string {
	in := make([]rune, 0, len(s)/2)
	for _, r := range s {
		in = append(in, r)
	}
	// Taiwan's words first, into traditional characters; then the characters.
	mid := make([]rune, 0, len(in)+8)
	for i := 0; i < len(in); {
		if in[i] >= 0x80 {
			if x, ok := c.taiwan.match(in[i:]); ok {
				mid = append(mid, x.to...)
				i += len(x.from)
				continue
			}
		}
		mid = append(mid, in[i])
		i++
	}
	out := make([]byte, 0, len(s)+16)
	for i := 0; i < len(mid); {
		r := mid[i]
		if !isHan(r) {
			out = utf8.AppendRune(out, r)
			i++
			continue
		}
		if x, ok := c.phrases.match(mid[i:]); ok {
			for _, r := range x.to {
				out = utf8.AppendRune(out, r)
			}
			i += len(x.from)
			continue
		}
		if to, ok := c.chars[r]; ok {
			r = to
		}
		out = utf8.AppendRune(out, r)
		i++
	}
	return string(out)
}
