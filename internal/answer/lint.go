package answer

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"example.org/hearback"
)

// A Warning is something a plain check found in an answer. It stops nothing:
// people decide. Key names its sentence in the locale files.
type Warning struct {
	Key   string
	Lang  string // of the text it is about
	Word  string // what it was told by, if anything
	Asked int64  // for a missing language: how many messages were in it; else a measure
}

// The keys of warnings.
const (
	WarnMyth     = "answer.warn.myth"      // the title repeats what is going round
	WarnRumour   = "answer.warn.rumour"    // the title speaks of a rumour; it should state the fact
	WarnQuestion = "answer.warn.question"  // the title asks; it should answer
	WarnNext     = "answer.warn.next"      // it does not say when more will be said
	WarnNextTime = "answer.warn.next_time" // the next update has no time
	WarnDo       = "answer.warn.do"        // it does not say what to do
	WarnKnown    = "answer.warn.known"     // it does not say how we know
	WarnWhy      = "answer.warn.why"       // it rates what is going round without saying why
	WarnInstead  = "answer.warn.instead"   // it says what is wrong without saying what is so instead
	WarnLong     = "answer.warn.long"      // a sentence is hard to read
	WarnLevel    = "answer.warn.level"     // all of it is, by [LevelOf]; in English, Asked is the school year
	WarnPause    = "answer.warn.pause"     // the same in Chinese; Asked is the characters between pauses
	WarnUneven   = "answer.warn.uneven"    // a part is there in another language, not in this one
	WarnLang     = "answer.warn.lang"      // people asked in a language it is not given in
	WarnLeak     = "answer.warn.leak"      // it seems to hold personal data
)

// Check returns what the plain checks find in the draft of an answer, or in
// what is published if there is no draft.
func (s *Answers) Check(ctx context.Context, id hearback.ID) ([]Warning, error) {
	a, err := s.Store.Answer(ctx, id)
	if err != nil {
		return nil, err
	}
	r := a.Draft()
	if r == nil {
		r = a.Current()
	}
	if r == nil {
		return nil, nil
	}
	c, err := s.Store.Concern(ctx, a.Concern)
	if err != nil {
		return nil, err
	}
	return Lint(r, c.Langs, s.Leak), nil
}

// Lint returns what the plain checks find in a revision. asked counts the
// messages of its concern by language; leak may be nil.
func Lint(r *hearback.Revision, asked map[string]int64, leak func(string) bool) []Warning {
	var list []Warning
	warn := func(key, lang, word string) { list = append(list, Warning{Key: key, Lang: lang, Word: word}) }
	for i := range r.Texts {
		t := &r.Texts[i]
		if w := myth(t); w != "" {
			warn(WarnMyth, t.Lang, w)
		}
		if w := rumour(t.Title); w != "" {
			warn(WarnRumour, t.Lang, w)
		}
		if strings.ContainsAny(t.Title, "?？؟") {
			warn(WarnQuestion, t.Lang, "")
		}
		switch {
		case t.Next == "":
			warn(WarnNext, t.Lang, "")
		case !strings.ContainsFunc(t.Next, unicode.IsDigit) && !strings.ContainsFunc(t.Next, hanDigit):
			warn(WarnNextTime, t.Lang, "")
		}
		if t.Verdict != "" && !r.Holding() && t.Why == "" {
			warn(WarnWhy, t.Lang, "")
		}
		for _, part := range append(t.Parts(), t.Title) {
			if s := longest(part); s != "" {
				warn(WarnLong, t.Lang, s)
				break
			}
		}
		if l, ok := LevelOf(t); ok && l.Hard {
			key := WarnLevel
			if l.Pause > 0 {
				key = WarnPause
			}
			list = append(list, Warning{Key: key, Lang: t.Lang, Asked: int64(l.Grade + l.Pause)})
		}
		for j, name := range []string{"lead", "do", "known", "going", "why", "next"} {
			if t.Parts()[j] == "" && slices.ContainsFunc(r.Texts, func(o hearback.Text) bool { return o.Parts()[j] != "" }) {
				warn(WarnUneven, t.Lang, name)
			}
		}
		if leak != nil && leak(strings.Join(append(t.Parts(), t.Title), "\n")) {
			warn(WarnLeak, t.Lang, "")
		}
	}
	// What no language says is one warning, not one for each.
	none := func(part func(t *hearback.Text) string) bool {
		for i := range r.Texts {
			if part(&r.Texts[i]) != "" {
				return false
			}
		}
		return true
	}
	if none(func(t *hearback.Text) string { return t.Do }) {
		warn(WarnDo, "", "")
	}
	if none(func(t *hearback.Text) string { return t.Known }) {
		if wrong(r.Verdict()) {
			warn(WarnInstead, "", "")
		} else {
			warn(WarnKnown, "", "")
		}
	}
	return append(list, missing(r, asked)...)
}

// Shares and counts above which a language that people asked in is missed.
const (
	askedMessages = 10
	askedShare    = 0.05
)

// missing warns of languages that people asked in and the answer is not given
// in: ten messages, or one in twenty of at least ten.
func missing(r *hearback.Revision, asked map[string]int64) []Warning {
	var total int64
	have := map[string]bool{}
	for _, n := range asked {
		total += n
	}
	for _, t := range r.Texts {
		have[base(t.Lang)] = true
	}
	var list []Warning
	for lang, n := range asked {
		enough := n >= askedMessages || total >= askedMessages && float64(n) >= askedShare*float64(total)
		if b := base(lang); b != "" && b != "und" && !have[b] && enough {
			list = append(list, Warning{Key: WarnLang, Lang: lang, Asked: n})
		}
	}
	slices.SortFunc(list, func(a, b Warning) int {
		if a.Asked != b.Asked {
			return int(b.Asked - a.Asked)
		}
		return strings.Compare(a.Lang, b.Lang)
	})
	return list
}

// base returns the language of a tag without script and region.
func base(lang string) string {
	b, _, _ := strings.Cut(strings.ToLower(lang), "-")
	return b
}

// myth returns words of what is going round if the title repeats it: at least
// three of them, and most of the title. What is true may stand in a title.
func myth(t *hearback.Text) string {
	switch t.Verdict {
	case hearback.True, hearback.TrueWarning, hearback.MostlyTrue:
		return ""
	}
	title, going := units(t.Title), units(t.Going)
	var both []string
	for _, w := range title {
		if slices.Contains(going, w) {
			both = append(both, w)
		}
	}
	if len(both) >= 3 && 10*len(both) >= 6*len(title) {
		return strings.Join(both, " ")
	}
	return ""
}

// units returns the distinct words of a text that carry meaning: words of four
// letters and more, and pairs of neighbouring Chinese characters.
func units(s string) []string {
	var list []string
	add := func(w string) {
		if !slices.Contains(list, w) {
			list = append(list, w)
		}
	}
	var word []rune
	var prev rune
	for _, r := range strings.ToLower(s) + " " {
		switch {
		case unicode.Is(unicode.Han, r):
			if prev != 0 {
				add(string([]rune{prev, r}))
			}
			prev = r
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			word, prev = append(word, r), 0
			continue
		default:
			prev = 0
		}
		if len(word) >= 4 {
			add(string(word))
		}
		word = word[:0]
	}
	return list
}

// rumour returns the word by which a title speaks about a rumour instead of
// stating the fact.
func rumour(title string) string {
	low := strings.ToLower(title)
	for _, w := range []string{"rumour", "rumor", "fake news", "hoax", "myth:", "debunk", "谣言", "辟谣", "网传", "传言", "不实信息"} {
		if strings.Contains(low, w) {
			return w
		}
	}
	return ""
}

// wrong reports whether a verdict says that what goes round is not so: then
// people need to hear what is.
func wrong(v hearback.Verdict) bool {
	return v == hearback.False || v == hearback.Misleading || v == hearback.PartlyTrue || v == hearback.OutOfDate
}

// Sentences that are longer are hard to read aloud or under stress: words where
// they have spaces between them, Han characters otherwise. (Proposed.)
const (
	mostWords = 28
	mostHan   = 60
)

// longest returns the beginning of the first sentence that is too long.
func longest(s string) string {
	for _, sentence := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(".!?。！？；;\n", r) }) {
		han := 0
		for _, r := range sentence {
			if unicode.Is(unicode.Han, r) {
				han++
			}
		}
		if han > mostHan || han == 0 && len(strings.Fields(sentence)) > mostWords {
			r := []rune(strings.TrimSpace(sentence))
			return string(r[:min(30, len(r))]) + "…"
		}
	}
	return ""
}

func hanDigit(r rune) bool { return strings.ContainsRune("一二三四五六七八九十两", r) }
