package locale

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A Sentence is what another package says when it refuses, and the key under
// which it stands in the locale files. %s and %d stand for anything.
type sentence struct {
	key     string
	pattern *regexp.Regexp
}

// sentences are compiled from the English locale file: there a key that begins
// with "fault." holds the words exactly as the program says them, so that
// every other language can say the same.
func sentences(en map[string]phrase) []sentence {
	var list []sentence
	for key, p := range en {
		if !strings.HasPrefix(key, "fault.") {
			continue
		}
		pattern := regexp.QuoteMeta(p.other)
		for i := range 4 {
			pattern = strings.ReplaceAll(pattern, fmt.Sprintf(`\{%d\}`, i), `(.*)`)
		}
		list = append(list, sentence{key, regexp.MustCompile(`(?is)^` + pattern + `$`)})
	}
	slices.SortFunc(list, func(a, b sentence) int { // the most words first
		return len(b.pattern.String()) - len(a.pattern.String())
	})
	return list
}

// Translate says in this language what another package said in English when it
// refused, if that is known.
func (l *Locale) Translate(said string) (string, bool) {
	for _, s := range l.said() {
		m := s.pattern.FindStringSubmatch(said)
		if m == nil {
			continue
		}
		args := make([]any, len(m)-1)
		for i, a := range m[1:] {
			args[i] = l.argument(a)
			if inner, ok := l.Translate(a); ok && s.key == "fault.query" {
				args[i] = inner
			}
		}
		return l.T(s.key, args...), true
	}
	return "", false
}

// argument says a word inside a sentence in this language, if it is one of ours.
func (l *Locale) argument(a string) string {
	for _, kind := range []string{"casestate.", "role.", "answerstate.", "lang.", "sourcestate.", "sourcekind."} {
		if l.Has(kind + a) {
			return l.T(kind + a)
		}
	}
	return a
}

// Map replaces every sentence of this language by what f makes of it.
func (l *Locale) Map(f func(string) string) {
	l.said() // what others say stays as it is
	for key, p := range l.words {
		l.words[key] = phrase{f(p.one), f(p.other)}
	}
}
