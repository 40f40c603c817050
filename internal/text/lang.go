package text

import (
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	langBytes     = 400  // how much of a text is looked at
	sureEnough    = 0.5  // below this a language is not stated
	fewWords      = 3    // and below so many words, unless very sure
	verySure      = 0.9  //
	statedBonus   = 2.0  // nats in favour of what the source states
	scriptSure    = 0.99 // what a script of one language gives
	landslideSure = 0.97 // what function words alone give
	floorProb     = 2e-4 // what the model gives languages it does not expect
)

// script is a writing system, or a group of languages that share one.
type script uint8

const (
	noScript script = iota
	latin
	cyrillic
	arabicScript
	devanagari
	bengali
	hebrew
	ethiopic
	oneLang // Han, Hangul, Thai and others: see scriptLang
)

// scriptLangs are the languages the model may name in a script; others are
// for Latin.
var scriptLangs = [...]string{
	cyrillic:     "ru uk be bg mk sr kk ky mn tg tt ba cv ce os sah",
	arabicScript: "ar fa ur ps ckb ug sd",
	devanagari:   "hi mr ne sa",
	bengali:      "bn as",
	hebrew:       "he yi",
	ethiopic:     "am",
}

// latinLangs are those with many speakers or readers. The model knows more,
// mostly small neighbours of these, which short texts fall to by chance.
const latinLangs = "af ast az br bs ca ceb cs cy da de en eo es et eu fi fr fy ga gd gl gn ha hr ht hu id ig is it jv ku la lb lt lv " +
	"lg ln mg mi ms mt nb nl nn ny oc om pl pt qu ro rw sk sl sn so sq sr st su sv sw tk tl tn tr ts uz vi wo xh yo zu"

// sameAs are labels of the model that are known here by another name.
var sameAs = map[string]string{
	"no": "nb", "sh": "bs", "arz": "ar", "pnb": "ur", "azb": "fa", "als": "de", "bar": "de", "nds": "de", "wuu": "zh", "yue": "zh", "bh": "hi", "mai": "hi", "gom": "mr",
}

// langGuide holds what Lang needs beside the model.
type langGuide struct {
	words   map[string]langMark
	letters map[rune]langMark
	japan   [(0x9FFF + 1 - 0x4E00) / 64]uint64 // a bit for each of shinjitai
	names   []string                           // of the model's labels, after sameAs
	scripts [][]bool                           // by script, by label: whether it may be
	allowed [][]string                         // by script: the languages
}

func newLangGuide(m *langModel) *langGuide {
	g := &langGuide{names: make([]string, len(m.labels)), scripts: make([][]bool, oneLang), allowed: make([][]string, oneLang)}
	g.words, g.letters = newLangMarks()
	for _, r := range shinjitai {
		g.japan[(r-0x4E00)/64] |= 1 << (r % 64)
	}
	for i, l := range m.labels {
		g.names[i] = l
		if to, ok := sameAs[l]; ok {
			g.names[i] = to
		}
	}
	for sc := latin; sc < oneLang; sc++ {
		langs := latinLangs
		if int(sc) < len(scriptLangs) && scriptLangs[sc] != "" {
			langs = scriptLangs[sc]
		}
		g.allowed[sc] = strings.Fields(langs)
		g.scripts[sc] = make([]bool, len(m.tree))
		for i, name := range g.names {
			for _, l := range g.allowed[sc] {
				g.scripts[sc][i] = g.scripts[sc][i] || l == name
			}
		}
		m.above(g.scripts[sc])
	}
	return g
}

// scriptOf returns the script of a letter and, where a script has one
// language, that language.
func scriptOf(r rune) (script, string) {
	switch {
	case r < 0x80:
		if r|0x20 >= 'a' && r|0x20 <= 'z' {
			return latin, ""
		}
		return noScript, ""
	case r < 0x0250:
		if r >= 0xC0 && r != '×' && r != '÷' {
			return latin, ""
		}
		return noScript, ""
	case r < 0x0370:
		return noScript, ""
	case r < 0x0400:
		return oneLang, "el"
	case r < 0x0530:
		return cyrillic, ""
	case r < 0x0590:
		return oneLang, "hy"
	case r < 0x0600:
		return hebrew, ""
	case r < 0x0700 || 0x0750 <= r && r < 0x0780 || 0xFB50 <= r && r < 0xFE00 || 0xFE70 <= r && r < 0xFEFF:
		return arabicScript, ""
	case 0x0780 <= r && r < 0x07C0:
		return oneLang, "dv"
	case 0x0900 <= r && r < 0x0980:
		return devanagari, ""
	case 0x0980 <= r && r < 0x0A00:
		return bengali, ""
	case 0x0A00 <= r && r < 0x0E00:
		return oneLang, [...]string{"pa", "gu", "or", "ta", "te", "kn", "ml", "si"}[(r-0x0A00)/0x80]
	case 0x0E00 <= r && r < 0x0E80:
		return oneLang, "th"
	case 0x0E80 <= r && r < 0x0F00:
		return oneLang, "lo"
	case 0x0F00 <= r && r < 0x1000:
		return oneLang, "bo"
	case 0x1000 <= r && r < 0x10A0:
		return oneLang, "my"
	case 0x10A0 <= r && r < 0x1100:
		return oneLang, "ka"
	case 0x1100 <= r && r < 0x1200 || 0xAC00 <= r && r < 0xD7A4 || 0x3130 <= r && r < 0x3190:
		return oneLang, "ko"
	case 0x1200 <= r && r < 0x13A0:
		return ethiopic, ""
	case 0x1780 <= r && r < 0x1800:
		return oneLang, "km"
	case 0x1E00 <= r && r < 0x1F00:
		return latin, ""
	case 0x1F00 <= r && r < 0x2000:
		return oneLang, "el"
	case 0x3040 <= r && r < 0x3100 && r != '・' && r != 'ー' && r != '゠' || 0x31F0 <= r && r < 0x3200:
		return oneLang, "ja"
	case isHan(r):
		return oneLang, "zh"
	}
	return noScript, ""
}

// shinjitai are characters as only Japanese writes them.
const shinjitai = "駅図発対売読気広検県単続験経円働込峠匂栃辻雫榊凪竜両労厳囲圧壱実応悪悩拝挿捜揺摂撃斉暦桟権歓歩歯渋渓渇滝犠獣瑠畳疎稲穂穏竃粋絵継総縁縄聴脳臓薬蛍覚観譲賛軽辺逓遅醸釈鉄鉱銭関闘陥険隠隣雑霊頼顕髄髪鶏黒黙齢"

// Lang names the language of s and how sure that is. It always answers with
// its best guess; "und" only where there is nothing to go by.
func (a *Analyzer) Lang(s string) (string, float64) {
	sc := a.pool.Get().(*scratch)
	defer a.pool.Put(sc)
	s = clip(s, 4*langBytes)
	sc.norm = a.normalise(sc.norm[:0], s, japanese(s, ""))
	l, p, _ := a.guess(string(sc.norm), "")
	return l, p
}

// decide names the language of an analysed text for its terms. What the
// source states is believed when the text itself does not say.
func (a *Analyzer) decide(norm, stated string) (string, float64) {
	stated = baseLang(stated)
	l, p, words := a.guess(norm, stated)
	if l == "und" {
		return l, 0
	}
	if p >= verySure || p >= sureEnough && words >= fewWords || l == stated {
		return l, p
	}
	if a.guide.neighbours(l, stated) {
		return stated, min(p, sureEnough)
	}
	return "und", p
}

// neighbours reports whether two languages are written in one script.
func (g *langGuide) neighbours(a, b string) bool {
	for _, langs := range g.allowed {
		if slices.Contains(langs, a) && slices.Contains(langs, b) {
			return true
		}
	}
	return false
}

// guess returns the likeliest language of a normalised text, how likely it
// is, and how many words spoke for it. Scripts without spaces count as many.
func (a *Analyzer) guess(norm, stated string) (lang string, p float64, words int) {
	norm = clip(norm, langBytes)
	var letters [oneLang]int
	var room [4]scriptCount
	single := room[:0]
	japan := 0
	for i := 0; i < len(norm); {
		r, n := rune(norm[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(norm[i:])
		}
		i += n
		sc, l := scriptOf(r)
		switch sc {
		case noScript:
		case oneLang:
			if k := r - 0x4E00; l == "zh" && k >= 0 && int(k/64) < len(a.guide.japan) && a.guide.japan[k/64]&(1<<(r%64)) != 0 {
				japan++
			}
			single = count(single, l)
		default:
			letters[sc]++
		}
	}
	best, weight := noScript, 0
	for sc := latin; sc < oneLang; sc++ {
		if letters[sc] > weight {
			best, weight = sc, letters[sc]
		}
	}
	alone, aloneWeight, all := "", 0, weight
	for _, x := range single {
		w := x.n
		switch x.lang {
		case "zh":
			w *= 4 // a character is most of a word
			if stated == "ja" || japan > 0 || a.japaneseKana(single, x.n) {
				continue
			}
		case "ja":
			w *= 3
			for _, y := range single {
				if y.lang == "zh" {
					if stated == "zh" || !a.japaneseKana(single, y.n) {
						w = 0
					} else {
						w += 4 * y.n
					}
				}
			}
		case "ko":
			w *= 2
		}
		all += w
		if w > aloneWeight {
			alone, aloneWeight = x.lang, w
		}
	}
	if aloneWeight == 0 && (japan > 0 || stated == "ja") {
		for _, x := range single {
			if x.lang == "zh" {
				alone, aloneWeight = "ja", 4*x.n
				all += aloneWeight
			}
		}
	}
	if aloneWeight > weight || aloneWeight > 0 && 2*aloneWeight > weight && alone != "el" {
		return alone, scriptSure * float64(aloneWeight) / float64(max(all, 1)), aloneWeight
	}
	if best == noScript {
		return "und", 0, 0
	}
	lang, p, words = a.model(norm, best, stated)
	return lang, p, words
}

type scriptCount struct {
	lang string
	n    int
}

func count(list []scriptCount, lang string) []scriptCount {
	for i := range list {
		if list[i].lang == lang {
			list[i].n++
			return list
		}
	}
	return append(list, scriptCount{lang, 1})
}

// japaneseKana reports whether there is kana enough beside n Han characters
// for Japanese.
func (a *Analyzer) japaneseKana(list []scriptCount, n int) bool {
	for _, x := range list {
		if x.lang == "ja" {
			return x.n >= 2 && 20*x.n >= n || 3*x.n >= n
		}
	}
	return false
}

// model asks the model, restricted to the languages of a script, and weighs
// in the words and letters of langWords and what the source states.
func (a *Analyzer) model(norm string, sc script, stated string) (string, float64, int) {
	g := a.guide
	var room [24]langVote
	votes, words := g.votes(room[:0], norm, sc)
	if lang, ok := landslide(votes, words, stated); ok {
		return lang, landslideSure, words
	}
	var h langSum
	a.lid.sumOf(&h, norm)
	if stated != "" {
		for _, l := range g.allowed[sc] {
			if l == stated {
				votes = vote(votes, l, statedBonus)
			}
		}
	}
	var space [352]float32 // as many nodes as lid.176 has
	probs := a.lid.probabilities(&h, space[:], g.scripts[sc])
	// The odds of a language are its probability times e to its votes.
	var odds [24]float64
	for k := range votes {
		odds[k] = math.Exp(votes[k].weight)
	}
	lang, top, sum := "und", 0.0, 0.0
	var seen [24]bool
	for i, q := range probs {
		if q < hardly || !g.scripts[sc][i] {
			continue
		}
		name := g.names[i]
		score := max(float64(q), floorProb)
		for k := range votes {
			if votes[k].lang == name {
				score *= odds[k]
				seen[k] = true
			}
		}
		sum += score
		if score > top {
			lang, top = name, score
		}
	}
	for k := range votes {
		if !seen[k] {
			score := floorProb * odds[k]
			sum += score
			if score > top {
				lang, top = votes[k].lang, score
			}
		}
	}
	if sum == 0 {
		return "und", 0, words
	}
	// Votes are no measured probabilities: they decide, but make nobody
	// surer than the model and they together can be.
	return lang, min(top/sum, 0.999), words
}

// landslide reports whether the words of a text leave no doubt about its
// language, so that the model need not be asked: it is most of the cost. They
// need say less where the source states the same.
func landslide(votes []langVote, words int, stated string) (string, bool) {
	var first, second langVote
	for _, v := range votes {
		if v.weight > first.weight {
			first, second = v, first
		} else if v.weight > second.weight {
			second = v
		}
	}
	least := 6.0
	if first.lang == stated {
		least = 3
	}
	return first.lang, float64(words) >= least && first.weight >= least && second.weight <= 0.4*first.weight
}

type langVote struct {
	lang   string
	weight float64
}

func vote(votes []langVote, lang string, w float64) []langVote {
	for i := range votes {
		if votes[i].lang == lang {
			votes[i].weight += w
			return votes
		}
	}
	if len(votes) == cap(votes) {
		return votes
	}
	return append(votes, langVote{lang, w})
}

// votes collects what the words and letters of a text say, and counts its
// words.
func (g *langGuide) votes(votes []langVote, norm string, sc script) ([]langVote, int) {
	words := 0
	start := -1
	for i := 0; i <= len(norm); {
		r, n := ' ', 1
		if i < len(norm) {
			if r = rune(norm[i]); r >= utf8.RuneSelf {
				r, n = utf8.DecodeRuneInString(norm[i:])
			}
		}
		if r >= utf8.RuneSelf {
			if m, ok := g.letters[r]; ok {
				for _, l := range m.langs {
					votes = vote(votes, l, m.weight)
				}
			}
		}
		in := r == '\'' || r >= utf8.RuneSelf && classOf(r) != other || r < utf8.RuneSelf && asciiClass[r] == letter
		if in && start < 0 {
			start = i
		}
		if !in && start >= 0 {
			words++
			if (sc == latin || sc == cyrillic) && i-start < 32 {
				if m, ok := g.words[norm[start:i]]; ok {
					for _, l := range m.langs {
						votes = vote(votes, l, m.weight)
					}
				}
			}
			start = -1
		}
		i += n
	}
	return votes, words
}
