package text

import (
	"slices"
	"strings"
	"unicode/utf8"

	"example.org/hearback"
)

// Kind sorts a message by what it asks of the office. d is what Analyze made
// of s. It goes by wording alone, which the lists in kindcues.go hold, and
// never by what a message thinks of anybody. A message that asks is a question
// before it is anything else, unless it is one in form only.
func (a *Analyzer) Kind(s string, d *Doc) hearback.Kind {
	if len(d.Terms) == 0 {
		return hearback.Other
	}
	s = clip(s, 8000)
	norm := clip(d.Norm, 8000)
	if han := hanLetters(norm); 4*han >= len(norm)-3*han && d.Lang != "ja" {
		return a.chineseKind(s, norm, han)
	}
	m := a.survey(norm)
	switch {
	case m.question(s, d.Lang):
		return hearback.Question
	case m.all&cueThanks != 0 && m.all&(cueComplaint|cueHarsh) == 0:
		return hearback.Thanks
	case m.all&cueNeed != 0:
		return hearback.Need
	case m.all&cueWish != 0 && m.all&cueReport == 0:
		return hearback.Other // "so terrible, praying for them" complains of nothing
	case m.all&cueSuggestion != 0 && m.all&cueComplaint == 0:
		return hearback.Suggestion
	case m.all&cueComplaint != 0:
		return hearback.Complaint
	case m.all&cueReport != 0 || m.words >= 6:
		return hearback.Claim
	}
	return hearback.Other
}

func hanLetters(s string) int {
	n := 0
	for _, r := range s {
		if isHan(r) {
			n++
		}
	}
	return n
}

// marked is what survey finds in a text of a spaced script.
type marked struct {
	all       cue        // over the whole text
	sentences []sentence // at most 16
	words     int
}

type sentence struct {
	words    int
	end      rune // the sign it ends with, or 0
	first    cue  // what its first words say, after fillers
	second   string
	head     string
	all      cue
	negative bool // opens with "isn't", "why not" and the like
	comma    bool
	tag      bool // ends with "right", "huh" and the like, which want no answer
}

// survey cuts a normalised text into sentences and looks its phrases up.
func (a *Analyzer) survey(norm string) marked {
	var m marked
	var from, to [4]int // of the last words, newest last
	n := 0              // words in from and to that run on
	cur := sentence{}
	opening := true
	flush := func(end rune) {
		if cur.words > 0 && len(m.sentences) < 16 {
			cur.end = end
			m.sentences = append(m.sentences, cur)
		} else if cur.words == 0 && end == '?' && len(m.sentences) > 0 {
			m.sentences[len(m.sentences)-1].end = '?' // "really!?"
		}
		cur, n, opening = sentence{}, 0, true
	}
	for i := 0; i < len(norm); {
		r, k := utf8.DecodeRuneInString(norm[i:])
		if c := classOf(r); c == other {
			switch r {
			case '.':
				if i+1 < len(norm) && norm[i+1] != ' ' && classOf(rune(norm[i+1])) != other {
					break // 3.5, example.org
				}
				flush('.')
			case '!', '?', '؟', '。', '¿', '¡', '\n', '।', '…':
				if r == '؟' {
					r = '?'
				}
				flush(r)
			case ',', '،', ':', ';':
				cur.comma = true
				n = 0
			case ' ':
			default:
				n = 0
			}
			i += k
			continue
		}
		j := i
		for j < len(norm) {
			r, k := utf8.DecodeRuneInString(norm[j:])
			if classOf(r) == other && !(r == '\'' || r == '-') {
				break
			}
			j += k
		}
		w := strings.Trim(norm[i:j], "'-")
		if w == "" {
			i = j
			continue
		}
		i0 := i + strings.Index(norm[i:j], w)
		copy(from[:], from[1:])
		copy(to[:], to[1:])
		from[3], to[3] = i0, i0+len(w)
		n = min(n+1, 4)
		m.words++
		cur.words++
		var one cue
		tail, ends := a.cues.tails[w]
		if !ends {
			tail = -1
		}
		for k := range n {
			if k > tail {
				break
			}
			c := a.cues.of[norm[from[3-k]:to[3]]]
			cur.all |= c &^ (cueAsk | cueAskOther | cueFiller)
			if k == 0 {
				one = c
			} else if c&(cueAsk|cueAskOther) != 0 && cur.words == k+1 && k > 0 {
				cur.all |= cueInvert // a phrase that asks opens the sentence
			}
		}
		m.all |= cur.all
		cur.tag = cur.words > 2 && (w == "right" || w == "huh" || w == "eh" || w == "yeah" || w == "no")
		switch {
		case opening && one&cueFiller != 0 && cur.words < 6 && one&(cueAsk|cueAskOther) == 0:
		case opening:
			cur.first, cur.head, opening = one, w, false
			cur.negative = strings.HasSuffix(w, "n't") || w == "isnt" || w == "dont" || w == "didnt" || w == "cant" || w == "why"
		case cur.second == "":
			cur.second = w
		}
		i = j
	}
	flush(0)
	for _, x := range m.sentences {
		m.all |= x.all
	}
	return m
}

// question reports whether a text asks for information. Where it has question
// marks, that is weighed: marks are as often put behind reproaches and jokes.
// The weights are rounded from a logistic regression over short public
// replies. What answers nobody is an argument less often than a reply is.
func (m *marked) question(s, lang string) bool {
	last := -1
	asked := 0
	for i, x := range m.sentences {
		if x.end == '?' {
			last = i
			asked++
		}
	}
	english := lang == "en" || lang == "und"
	if last < 0 {
		if reply, _ := mentions(s); reply && english && m.words > 12 && m.all&cueSoft == 0 {
			return false // long replies without a mark argue
		}
		for i := range m.sentences {
			if m.sentences[i].asksUnmarked(english, len(m.sentences) == 1) {
				return m.all&cueHarsh == 0
			}
		}
		return false
	}
	if !english {
		return true
	}
	q := m.sentences[last]
	score := 0.2
	add := func(is bool, weight float64) {
		if is {
			score += weight
		}
	}
	switch {
	case m.words <= 3:
		score += 1.1
	case m.words <= 7:
		score += 0.6
	case m.words <= 14, m.words > 20:
		score += 0.2
	}
	add(len(m.sentences) == 1, 0.8)
	add(asked > 1, 0.6)
	first, others := mentions(s)
	switch goesOn := last < len(m.sentences)-1; {
	case !first && others == 0:
		score += 0.7
		add(goesOn, -0.3)
	case goesOn:
		score -= 0.9 // asked for effect
	}
	switch q.head {
	case "where", "when", "which", "any", "whose", "where's", "wheres":
		score += 0.7
	}
	add(m.all&cueSoft != 0, 0.8)
	add(m.all&cueOpen != 0, 0.4)
	add(q.negative && q.head != "why", 0.4)
	add(m.all&cueBelief != 0, -0.7)
	add(m.all&cueHarsh != 0, -0.9)
	add(q.all&cueEffect != 0, -0.7)
	add(q.tag, -0.9)
	add(strings.Contains(s, "!"), -0.4)
	add(strings.Contains(s, "..") || strings.Contains(s, "…"), -0.8)
	add(strings.ContainsAny(s, "\"“”"), -0.8)
	add(strings.Contains(s, "#"), -0.5)
	add(strings.Contains(s, "<url>") || strings.Contains(s, "://"), -0.3)
	add(shouts(s), -0.7)
	add(first && others > 0, -0.4)  // an argument among several
	add(!first && others > 0, -1.0) // passes on what somebody else wrote
	return score > 0
}

// mentions reports whether a text begins with a mention, which makes it a
// reply, and how many others it has.
func mentions(s string) (first bool, others int) {
	n := strings.Count(s, "@") + strings.Count(s, "[handle]") - strings.Count(s, "[email]")
	t := strings.TrimLeft(s, ". ")
	if strings.HasPrefix(t, "@") || strings.HasPrefix(t, "[handle]") {
		return true, n - 1
	}
	return false, n
}

// asksUnmarked reports whether a sentence without a question mark asks. People
// type questions into search boxes and chats without one.
func (x *sentence) asksUnmarked(english, only bool) bool {
	if x.end == '!' || x.words < 2 || x.words > 40 {
		return false
	}
	if !english {
		return x.first&cueAskOther != 0 && x.words >= 3 && x.end != '.'
	}
	if x.end != 0 {
		return x.end == '.' && x.all&(cueSoft|cueInvert) == cueSoft|cueInvert && x.first&cueAsk != 0 && x.words <= 20
	}
	if x.first&cueAsk == 0 {
		switch x.second {
		case "what", "which", "whom", "whose": // at what age, for whom
			if x.head == "in" || x.head == "at" || x.head == "for" || x.head == "by" || x.head == "to" || x.head == "with" || x.head == "on" || x.head == "from" {
				return true
			}
		}
		return only && x.all&cueInvert != 0 && x.all&cueBelief == 0
	}
	switch x.head {
	case "what", "how":
		// "what a mess", "how sad"
		return x.second != "a" && x.second != "an" && !slices.Contains(exclaimed, x.second)
	case "when", "who", "which", "where", "whom", "whose":
		// "when you lie, people leave" states
		if x.second == "cares" || x.second == "knew" || x.second == "knows" {
			return false
		}
		return !x.comma && (x.all&cueInvert != 0 || x.words <= 14)
	case "why", "what's", "whats", "who's", "whos", "where's", "wheres", "how's", "hows", "when's":
		return true
	case "any":
		return x.words <= 12 && x.second != "way"
	case "do", "have", "had", "may", "must", "might", "don't", "dont", "can't", "cant", "won't", "wont", "ain't":
		// commands and short forms without a subject
		switch x.second {
		case "i", "we", "you", "they", "he", "she", "it", "people", "any", "the", "there", "masks", "all", "children", "kids":
			return x.head == "do" || x.head == "have" || x.head == "may"
		}
		return x.head == "do" && x.second != "not" && x.words >= 4
	}
	switch x.second {
	case "not", "be", "been", "never", "to", "also", "always", "just", "only", "still", "now", "on", "in", "at", "like", "get", "make", "go",
		"going", "very", "so", "too", "more", "really", "probably", "definitely", "good", "bad", "nice", "great", "glad", "sad", "sick", "sure":
		return false
	}
	return only && x.words >= 3
}

// exclaimed are the words that make "how …" an exclamation.
var exclaimed = []string{
	"amazing", "awful", "beautiful", "convenient", "cool", "cruel", "cute", "dare", "disgusting", "dumb", "exciting", "funny", "great",
	"horrible", "horrific", "interesting", "ironic", "lovely", "nice", "pathetic", "ridiculous", "rude", "sad", "scary", "shameful",
	"shocking", "silly", "strange", "stupid", "sweet", "terrible", "tragic", "true", "typical", "weird", "wonderful",
}

// shouts reports whether two words or more are in capitals.
func shouts(s string) bool {
	run, words := 0, 0
	for i := 0; i <= len(s); i++ {
		if i < len(s) && 'A' <= s[i] && s[i] <= 'Z' {
			run++
			continue
		}
		if run >= 4 && (i == len(s) || s[i]|0x20 < 'a' || s[i]|0x20 > 'z') {
			words++
		}
		run = 0
	}
	return words >= 2
}

// chineseKind sorts Chinese text. Letters to a city's hotline begin with what
// they are ("投诉…", "咨询…") or end with it ("…的建议").
func (a *Analyzer) chineseKind(s, norm string, han int) hearback.Kind {
	var all cue
	suggested, complained := 0, 0 // where the first such word stands
	marked := strings.ContainsAny(s, "?？")
	runes := make([]int, 0, 64) // offsets of runes
	for i := range norm {
		runes = append(runes, i)
	}
	runes = append(runes, len(norm))
	for i := 0; i+1 < len(runes); i++ {
		r, _ := utf8.DecodeRuneInString(norm[runes[i]:])
		for k := 1; k <= a.hanCues.heads[r] && i+k < len(runes); k++ {
			c, ok := a.hanCues.of[norm[runes[i]:runes[i+k]]]
			if !ok {
				continue
			}
			if c&cueAsk != 0 && !a.asksHere(norm, runes, i, k) {
				c &^= cueAsk
			}
			if c&^all&cueSuggestion != 0 {
				suggested = i
			}
			if c&^all&cueComplaint != 0 {
				complained = i
			}
			all |= c
		}
	}
	starts := func(words ...string) bool {
		head := norm
		if i := strings.IndexFunc(head, isHan); i > 0 && i < 24 && !strings.ContainsAny(head[:i], "?.") {
			head = head[i:]
		}
		for _, w := range words {
			if strings.HasPrefix(head, w) || strings.HasSuffix(norm, "的"+w) {
				return true
			}
		}
		return false
	}
	switch {
	case starts("咨询", "请问", "请教", "想问", "求问"):
		return hearback.Question
	case starts("投诉", "举报", "反映", "控诉", "曝光"):
		return hearback.Complaint
	case starts("建议", "提议", "倡议", "呼吁"):
		return hearback.Suggestion
	case starts("请求", "求助", "恳请", "急需", "求救", "恳求", "救命"):
		if !marked {
			return hearback.Need
		}
	case starts("感谢", "表扬", "谢谢", "点赞"):
		if !marked {
			return hearback.Thanks
		}
	}
	if i := strings.Index(norm, "建议"); !marked && i >= 0 && len(norm)-i > len("建议考虑") && all&cueSoft == 0 && !strings.Contains(norm, "什么") {
		return hearback.Suggestion // "能不能…，建议…"
	}
	if (marked || all&cueAsk != 0) && (all&cueHarsh == 0 || all&cueSoft != 0) {
		return hearback.Question
	}
	switch {
	case all&cueThanks != 0 && all&cueComplaint == 0:
		return hearback.Thanks
	case all&cueNeed != 0 && all&cueSuggestion == 0:
		return hearback.Need
	case all&cueSuggestion != 0 && (all&cueComplaint == 0 || suggested <= complained):
		return hearback.Suggestion
	case all&(cueComplaint|cueHarsh) != 0:
		return hearback.Complaint
	case all&cueSuggestion != 0:
		return hearback.Suggestion
	case all&cueReport != 0 || han >= 8:
		return hearback.Claim
	}
	return hearback.Other
}

// asksHere reports whether the word that asks, at rune i and k runes long,
// asks where it stands. 呢, 么 and 还是 do at the end or with a mark only,
// 什么 not in 没什么, and 谁 and the like not behind 不管.
func (a *Analyzer) asksHere(norm string, runes []int, i, k int) bool {
	w := norm[runes[i]:runes[i+k]]
	rest := strings.TrimLeft(norm[runes[i+k]:], "啊呀的了")
	before := norm[:runes[i]]
	end := rest == "" || !isHanStart(rest)
	switch w {
	case "么":
		return end && !strings.HasSuffix(before, "什") && !strings.HasSuffix(before, "怎") && !strings.HasSuffix(before, "那") && !strings.HasSuffix(before, "这") && !strings.HasSuffix(before, "多") && !strings.HasSuffix(before, "要")
	case "吗", "呢":
		return end
	case "还是":
		return false
	case "几个", "几次", "几天", "几号", "几岁": // "a few", as in 多建几个, 好几天
		for _, p := range []string{"希望", "建议", "应该", "增加", "增设"} {
			if strings.Contains(before, p) {
				return false
			}
		}
		for _, p := range []string{"好", "这", "那", "前", "过", "了", "近", "隔", "没", "等"} {
			if strings.HasSuffix(before, p) {
				return false
			}
		}
	case "谁", "什么", "怎么", "哪里", "哪儿", "啥", "咋", "如何", "多少":
		for _, p := range []string{"没", "没有", "不管", "无论", "不论", "不知道", "任何", "没有任何", "知道是", "管他", "也不知"} {
			if strings.HasSuffix(before, p) {
				return false
			}
		}
		if strings.HasPrefix(rest, "都") || strings.HasPrefix(rest, "也") || w == "如何" && i == 0 && !end && len(rest) > 60 {
			return false
		}
	}
	return true
}

func isHanStart(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return isHan(r)
}
