package score

import (
	_ "embed"
	"slices"
	"strings"
	"unicode"
)

//go:embed lexicon.txt
var lexiconText string

// A Suggestion is what words in the messages of a concern may mean for its
// harm. It is shown beside the form with the words it rests on, and never
// becomes a rating by itself: words do not tell whether a thing is true, denied
// or asked about.
type Suggestion struct {
	Severity                            int                 // 0 to 4, by the gravest word that more than one message holds, or the only message
	Immediate, CallToAction, Vulnerable int                 // 0 to 4, by the share of messages with such words
	Words                               map[string][]string // by item: "severity", "immediate", "call", "vulnerable"; most frequent first
}

// An entry is one word of the lexicon.
type entry struct {
	item   string
	anchor int
	word   string
	prefix bool
	spaced bool // has letters with spaces between words: matched from the beginning of a word
}

// lexicon is read once; it is never changed.
var lexicon = func() (list []entry) {
	for line := range strings.Lines(lexiconText) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		head, words, _ := strings.Cut(line, ":")
		fields := strings.Fields(head)
		for w := range strings.SplitSeq(words, ",") {
			e := entry{item: fields[0], anchor: int(fields[1][0] - '0'), word: strings.TrimSpace(w), spaced: fields[2] == "en"}
			e.word, e.prefix = strings.CutSuffix(e.word, "*")
			list = append(list, e)
		}
	}
	return list
}()

// suggestTexts is how many messages are looked at.
const suggestTexts = 200

// Suggest looks for words that bear on harm in the texts of a concern, which
// have been de-identified. Chinese may be simplified or not; the lexicon is
// simplified, so normalised text finds more.
func Suggest(texts []string) Suggestion {
	s := Suggestion{Words: map[string][]string{}}
	texts = texts[:min(len(texts), suggestTexts)]
	if len(texts) == 0 {
		return s
	}
	found := make([]int, len(lexicon))      // messages that hold each entry
	written := make([]string, len(lexicon)) // how the first of them writes it
	items := map[string]int{}
	for _, text := range texts {
		text = plainText(text)
		here := map[string]bool{}
		for i, e := range lexicon {
			if word := e.in(text); word != "" {
				if found[i]++; found[i] == 1 {
					written[i] = word
				}
				here[e.item] = true
			}
		}
		for item := range here {
			items[item]++
		}
	}
	order := make([]int, len(lexicon))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return found[b] - found[a] })
	need := min(2, len(texts))
	for _, i := range order {
		e := lexicon[i]
		if found[i] == 0 {
			break
		}
		if w := s.Words[e.item]; len(w) < 8 && !slices.Contains(w, written[i]) {
			s.Words[e.item] = append(w, written[i])
		}
		if e.item == "severity" && found[i] >= need {
			s.Severity = max(s.Severity, e.anchor)
		}
	}
	share := func(item string) int {
		switch n := float64(items[item]) / float64(len(texts)); {
		case n == 0:
			return 0
		case n < 0.1:
			return 1
		case n < 0.3:
			return 2
		case n < 0.6:
			return 3
		}
		return 4
	}
	s.Immediate, s.CallToAction, s.Vulnerable = share("immediate"), share("call"), share("vulnerable")
	return s
}

// plainText lowers letters and turns everything that is neither letter nor
// digit into single spaces, with one at either end.
func plainText(text string) string {
	var b strings.Builder
	b.WriteByte(' ')
	space := true
	for _, r := range text {
		switch {
		case r == '\'' || r == '’':
			b.WriteByte('\'')
			space = false
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(unicode.ToLower(r))
			space = false
		case !space:
			b.WriteByte(' ')
			space = true
		}
	}
	if !space {
		b.WriteByte(' ')
	}
	return b.String()
}

// in returns the word of a text that the entry meets, or "".
func (e entry) in(text string) string {
	switch {
	case !e.spaced:
		if strings.Contains(text, e.word) {
			return e.word
		}
	case e.prefix:
		if _, rest, ok := strings.Cut(text, " "+e.word); ok {
			end, _, _ := strings.Cut(rest, " ")
			return e.word + end
		}
	case strings.Contains(text, " "+e.word+" "):
		return e.word
	}
	return ""
}
