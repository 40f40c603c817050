package place

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"example.org/hearback/internal/text"
)

// A hit is a stretch of a text that is the name of one or more areas.
type hit struct {
	key        string
	start, end int     // in the normalised text for Han, in the text as written otherwise
	areas      []int32 // lines of the gazetteer
	own        int     // the operator's area, or -1
	han        bool
	arabic     bool
	lower      bool // written without a capital
	context    bool // a word before it leads to a place
	neighbour  bool // a capitalised word stands next to it, as in names of persons
	storm      bool // a storm is called so
	glued      bool // it runs straight on from the hit before, or after a comma
	suffix     bool // a word or character after it says what it is
	part       bool // a dictionary word goes beyond it
}

const (
	maxText = 32 << 10 // no more of a text is read
	maxHits = 64       // a text with more names lists places, and is about none
)

// scanHan finds names in Han characters in the normalised text.
func (g *Gazetteer) scanHan(hits []hit, d *text.Doc, sc *scratch) []hit {
	s := clip(d.Norm, maxText)
	for i := 0; i < len(s) && len(hits) < maxHits; {
		if s[i] < 0xE3 { // below Han
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		next, k := utf8.DecodeRuneInString(s[min(i+n, len(s)):])
		if !isHan(r) || !isHan(next) {
			i += n
			continue
		}
		reach := g.begins(s[i : i+n+k])
		if reach < 2 {
			i += n
			continue
		}
		var ends [32]int
		var hashes [32]uint64
		h64 := uint64(hashSeed)
		count := 0
		for j := i; j < len(s) && count < min(reach, len(ends)-1); count++ {
			r, n := utf8.DecodeRuneInString(s[j:])
			if !isHan(r) {
				break
			}
			h64 = hashOn(h64, s[j:j+n])
			j += n
			ends[count], hashes[count] = j, mix(h64)
		}
		h := hit{own: -1, han: true}
		for c := count - 1; c >= 1; c-- {
			from := len(sc.areas)
			sc.areas = g.lookupHash(sc.areas, s[i:ends[c]], hashes[c])
			areas := sc.areas[from:len(sc.areas):len(sc.areas)]
			if len(areas) == 0 {
				continue
			}
			if own := g.ownOf(areas); own >= 0 || h.areas == nil {
				h.start, h.end, h.areas, h.own = i, ends[c], areas, own
			}
			if h.own >= 0 {
				break
			}
		}
		if h.areas == nil {
			i += n
			continue
		}
		h.key = s[h.start:h.end]
		if h.own < 0 {
			g.lookAroundHan(s, d, &h)
		}
		h.glued = len(hits) > 0 && hits[len(hits)-1].end == h.start
		hits = append(hits, h)
		i = h.end
	}
	return hits
}

// ownOf returns the operator's area among lines, or -1.
func (g *Gazetteer) ownOf(lines []int32) int {
	for _, i := range lines {
		if i >= ownLine {
			return int(g.ownIndex[i-ownLine])
		}
	}
	return -1
}

var (
	hanStreets  = []string{"路", "街", "大道", "大街", "巷", "弄", "胡同", "东路", "西路", "南路", "北路", "中路", "东街", "西街", "南街", "北街"}
	hanDishes   = []string{"拉面", "小面", "烤鸭", "火锅", "烧烤", "炸鸡", "料理", "米线", "银行", "证券", "卫视", "啤酒", "羊肉串", "酒店", "大厦", "花园", "小区", "牌", "菜", "话", "语"}
	hanContexts = []string{"在", "到", "去", "来", "从", "于", "回", "住", "离开", "位于", "往", "赴", "抵达", "飞", "我们", "咱", "家住", "坐标", "现居"}
	hanSuffixes = []string{"州", "省", "市", "县", "邦", "区", "镇", "岛"}
)

// lookAroundHan sets what the characters around a hit say.
func (g *Gazetteer) lookAroundHan(s string, d *text.Doc, h *hit) {
	after, before := s[h.end:], s[:h.start]
	full := g.isFull(h)
	if !full && (begins(after, hanStreets) || begins(after, hanDishes)) {
		h.areas = nil
		return
	}
	h.suffix = begins(after, hanSuffixes)
	h.context = ends(before, hanContexts)
	// A dictionary word that the text was cut into and that goes beyond the
	// name on its left, or over its end, says that the name is none: 大连 in
	// 很大+连续. A word that begins with the name is less clear: 上海+人.
	for i := range d.Terms {
		t := &d.Terms[i]
		if t.Kind != text.Han || len(t.Text) < 6 {
			continue
		}
		lo := max(0, h.start-len(t.Text)+3)
		for at := lo; ; {
			k := strings.Index(s[at:min(len(s), h.end+len(t.Text))], t.Text)
			if k < 0 {
				break
			}
			from, to := at+k, at+k+len(t.Text)
			at = from + 3
			if to <= h.start || from >= h.end || from >= h.start && to <= h.end {
				continue
			}
			if from < h.start && to <= h.end || from > h.start && to > h.end {
				if !full {
					h.areas = nil
					return
				}
				continue
			}
			h.part = h.part || from < h.start || to > h.end
			if from < h.start && !full {
				h.areas = nil
				return
			}
		}
	}
}

// isFull reports whether a hit is the whole name of a division of China, which
// ends in what it is: 郑州市, not 郑州.
func (g *Gazetteer) isFull(h *hit) bool {
	if len(h.key) <= 6 {
		return false // 东区: too many things are called so
	}
	for _, i := range h.areas {
		if _, zh := g.names(i); g.chinese[i] && zh == h.key {
			return true
		}
	}
	return false
}

func begins(s string, list []string) bool {
	for _, x := range list {
		if strings.HasPrefix(s, x) {
			return true
		}
	}
	return false
}

func ends(s string, list []string) bool {
	for _, x := range list {
		if strings.HasSuffix(s, x) {
			return true
		}
	}
	return false
}

// A word is one word of a text in a script with spaces.
type word struct {
	start, end int
	sep        byte // what stands before: ' ', '-', ',', '#' inside or before a hashtag, 0 for anything else
	capital    bool
	upper      bool // capitals only, two or more
	arabic     bool
	tag        bool
}

// words takes a text apart. Addresses and mentions are left out.
func words(list []word, s string) (_ []word, lower bool) {
	list = list[:0]
	sep := byte(0)
	tag := false
	for i := 0; i < len(s); {
		c := s[i]
		r, n := rune(c), 1
		if c >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(s[i:])
		}
		if !letter(r) {
			switch {
			case c == '@' || c == ':' && strings.HasPrefix(s[i:], "://"):
				for i < len(s) && s[i] > ' ' && !(c == '@' && s[i] == ':') {
					i++
				}
				sep = 0
				continue
			case c == '#':
				sep, tag = '#', true
			case tag && c == '_':
				sep = ' '
			case c == ' ':
				if sep != ',' && sep != 0 || len(list) > 0 && list[len(list)-1].end == i {
					if sep != ',' {
						sep = ' '
					}
				}
				tag = false
			case c == '-' || r == '‑':
				sep = '-'
			case (c == ',' || r == '،' || r == '，') && len(list) > 0 && list[len(list)-1].end == i:
				sep = ','
			case c == '.' && len(list) > 0 && list[len(list)-1].end == i && i-list[len(list)-1].start <= 2:
				// "St. Louis"
			default:
				sep, tag = 0, false
			}
			i += n
			continue
		}
		w := word{start: i, sep: sep, capital: unicode.IsUpper(r), arabic: isArabic(r), tag: tag}
		ups, downs, apostrophe := 0, 0, -1
		for i < len(s) {
			r, n := rune(s[i]), 1
			if r >= utf8.RuneSelf {
				r, n = utf8.DecodeRuneInString(s[i:])
			}
			switch {
			case 'a' <= r && r <= 'z':
				downs++
			case 'A' <= r && r <= 'Z':
				if tag && downs > 0 {
					goto done // a new word of #KeralaFloods
				}
				ups++
			case (r == '\'' || r == '’') && i+n < len(s) && letterAt(s, i+n):
				apostrophe = i
			case r == '.' && ups > 0 && downs == 0 && i-w.start == 2*ups-1 && i+1 < len(s) && 'A' <= s[i+1] && s[i+1] <= 'Z':
			case letter(r):
				if isArabic(r) != w.arabic {
					goto done
				}
				if unicode.IsUpper(r) {
					ups++
				} else {
					downs++
				}
			default:
				goto done
			}
			i += n
		}
	done:
		w.end = i
		w.upper = ups > 1 && downs == 0
		lower = lower || downs > 1
		if apostrophe > w.start && i == apostrophe+1+apostropheLen(s[apostrophe:]) && s[i-1]|0x20 == 's' {
			w.end = apostrophe // Houston's
		}
		list = append(list, w)
		sep = 0
		if tag {
			sep = '#'
		}
	}
	return list, lower
}

// apostropheLen returns the length of the apostrophe that s begins with.
func apostropheLen(s string) int {
	if s[0] == '\'' {
		return 1
	}
	return len("’")
}

func letter(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
	}
	return r >= 0xC0 && r < 0x3000 && (unicode.IsLetter(r) || unicode.IsMark(r) || r == 0x0640)
}

func letterAt(s string, i int) bool {
	r, _ := utf8.DecodeRuneInString(s[i:])
	return letter(r)
}

// clip cuts s to at most n bytes, at a rune.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
