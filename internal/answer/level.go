package answer

import (
	"math"
	"strings"
	"unicode"

	"example.org/hearback"
)

// A Level says how hard a text is to read. It is a formula and no reader: it
// shows where to look, and a list of short sentences of rare words escapes it.
type Level struct {
	Lang  string
	Grade int // for English: the school year whose pupils read it, by Flesch and Kincaid (1975)
	Pause int // for Chinese: characters between two marks of punctuation, on average
	Hard  bool
}

// What is harder than this is no plain language: public services write for the
// ninth school year at the most, many for the seventh. For Chinese there is no
// formula that is agreed on, and the length between pauses is what is read aloud
// badly. (Proposed.)
const (
	hardGrade  = 10
	hardPause  = 18
	leastWords = 30 // fewer say nothing about a text
	leastHan   = 60
)

// LevelOf returns how hard a text is, its title included; false for one that is
// too short, and for a language that there is no formula for.
func LevelOf(t *hearback.Text) (Level, bool) {
	l := Level{Lang: t.Lang}
	all := strings.Join(append([]string{t.Title}, t.Parts()...), "\n")
	switch base(t.Lang) {
	case "en":
		words, sentences, syllables := 0, 0, 0
		for _, s := range sentencesOf(all) {
			n := 0
			for _, w := range strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' && r != '’' }) {
				n++
				syllables += syllablesOf(w)
			}
			if n > 0 {
				words, sentences = words+n, sentences+1
			}
		}
		if words < leastWords {
			return l, false
		}
		grade := .39*float64(words)/float64(sentences) + 11.8*float64(syllables)/float64(words) - 15.59
		l.Grade = max(1, int(math.Round(grade)))
		l.Hard = l.Grade >= hardGrade
	case "zh":
		han, pauses := 0, 0
		for _, s := range strings.FieldsFunc(all, func(r rune) bool { return unicode.IsPunct(r) || r == '\n' }) {
			n := 0
			for _, r := range s {
				if unicode.Is(unicode.Han, r) {
					n++
				}
			}
			if n > 0 {
				han, pauses = han+n, pauses+1
			}
		}
		if han < leastHan {
			return l, false
		}
		l.Pause = int(math.Round(float64(han) / float64(pauses)))
		l.Hard = l.Pause >= hardPause
	default:
		return l, false
	}
	return l, true
}

// sentencesOf divides a text. A dot inside a number or an address ends nothing.
func sentencesOf(s string) (list []string) {
	from, rs := 0, []rune(s)
	for i, r := range rs {
		end := r == '\n' || strings.ContainsRune("!?;:", r) || r == '.' && (i+1 == len(rs) || unicode.IsSpace(rs[i+1]))
		if end {
			list = append(list, string(rs[from:i]))
			from = i + 1
		}
	}
	return append(list, string(rs[from:]))
}

// syllablesOf counts the syllables of an English word: groups of vowels, less a
// silent e at its end.
func syllablesOf(word string) int {
	w := strings.ToLower(word)
	n, in := 0, false
	for _, r := range w {
		vowel := strings.ContainsRune("aeiouy", r)
		if vowel && !in {
			n++
		}
		in = vowel
	}
	if n > 1 && strings.HasSuffix(w, "e") && !strings.HasSuffix(w, "le") && !strings.HasSuffix(w, "ee") {
		n--
	}
	if n > 1 && strings.HasSuffix(w, "ed") && !strings.HasSuffix(w, "ted") && !strings.HasSuffix(w, "ded") {
		n--
	}
	return max(n, 1)
}
