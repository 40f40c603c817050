package text

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// units are what stands against a number without a space and is a word of its
// own: 30mg, 10am. Anything else makes a code of the whole: 5g, 3d2.
var units = []string{
	"am", "bn", "cl", "cm", "d", "dl", "dpi", "ft", "gb", "ghz", "h", "ha", "hp", "hr", "hrs", "k", "kb", "kg", "kgs", "km", "kms",
	"kmh", "kv", "kw", "kwh", "l", "lb", "lbs", "m", "mb", "mcg", "mg", "mhz", "min", "mins", "ml", "mm", "mn", "mph", "mw",
	"nd", "oz", "pm", "rd", "s", "sec", "st", "th", "x", "yr", "yrs",
}

// number cuts a number written in digits.
func (c *cutter) number(i int) int {
	s := c.s
	c.afterName, c.ordinal = false, 0
	j := i
	for j < len(s) && (isDigit(s[j]) || (s[j] == '.' || s[j] == ',') && j+1 < len(s) && isDigit(s[j+1])) {
		j++
	}
	if j == i {
		_, n := utf8.DecodeRuneInString(s[i:])
		return i + n
	}
	raw := s[i:j]
	// Letters right behind.
	e := j
	for e < len(s) && s[e] < 0x80 && asciiClass[s[e]] == letter {
		e++
	}
	if e > j {
		if _, unit := slices.BinarySearch(units, s[j:e]); !unit || e < len(s) && isDigit(s[e]) {
			for e < len(s) && s[e] < 0x80 && asciiClass[s[e]] != other {
				e++
			}
			if e-i <= maxWord && !strings.ContainsAny(raw, ".,") {
				c.emit(Word, s[i:e], c.pos)
				c.wrote(i, s[i:e])
				c.pos++
				return e
			}
		}
	}
	if times, n := hanTimes(s[j:]); times > 1 {
		if v, err := strconv.ParseFloat(strings.ReplaceAll(raw, ",", ""), 64); err == nil && v < 1e9 {
			c.emit(Number, strconv.FormatFloat(v*times, 'f', -1, 64), c.pos)
			c.pos++
			_ = n // the characters stay, as characters
			return j
		}
	}
	if plain, ok := plainNumber(raw); ok {
		if c.digits(plain) {
			c.wrote(i, raw)
		}
		return j
	}
	for part := range strings.FieldsFuncSeq(raw, func(r rune) bool { return r == '.' || r == ',' }) {
		c.digits(part)
	}
	return j
}

func (c *cutter) digits(s string) bool {
	if t := strings.TrimLeft(s, "0"); len(t) < len(s) {
		if t == "" || t[0] == '.' {
			t = s[len(s)-len(t)-1:]
		}
		s = t
	}
	if len(s) > maxNumber {
		return false
	}
	c.emit(Number, s, c.pos)
	c.pos++
	return true
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// plainNumber returns 1,234,567 as 1234567, and 3.50 or 3,5 as 3.5. It reports
// false for chains such as 2020.03.15.
func plainNumber(s string) (string, bool) {
	dots, commas := strings.Count(s, "."), strings.Count(s, ",")
	switch {
	case dots+commas == 0:
		return s, true
	case commas > 0 && dots <= 1 && grouped(s):
		s = strings.ReplaceAll(s, ",", "")
	case dots == 0 && commas == 1 && len(s)-strings.IndexByte(s, ',') <= 3:
		s = strings.Replace(s, ",", ".", 1)
	case dots != 1 || commas > 0:
		return "", false
	}
	if strings.IndexByte(s, '.') > 0 {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s, true
}

// grouped reports whether commas part s into groups of three.
func grouped(s string) bool {
	s, _, _ = strings.Cut(s, ".")
	for i, part := range strings.Split(s, ",") {
		if len(part) != 3 && (i > 0 || len(part) > 3) {
			return false
		}
	}
	return true
}

// hanTimes returns what the Han characters after a number multiply it by.
func hanTimes(s string) (float64, int) {
	switch {
	case strings.HasPrefix(s, "万亿"):
		return 1e12, 6
	case strings.HasPrefix(s, "亿"):
		return 1e8, 3
	case strings.HasPrefix(s, "万"):
		return 1e4, 3
	case strings.HasPrefix(s, "千") && !strings.HasPrefix(s, "千米") && !strings.HasPrefix(s, "千克") && !strings.HasPrefix(s, "千瓦"):
		return 1e3, 3
	case strings.HasPrefix(s, "百"):
		return 1e2, 3
	}
	return 1, 0
}

// numbered are the words that numbers follow or, as ordinals, go before.
var numbered = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(`area block booster building bus channel chapter class day district dose
		exit floor gate grade group highway house jab lane level line metro no number page part phase platform
		plant precinct quarter room round route sector section shot site stage station step street subway team
		term terminal tower tram trimester unit vaccination vaccine version wave week year zone`) {
		m[w], m[w+"s"] = true, true
	}
	return m
}()

var spelled = map[string]byte{
	"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
	"eleven": 11, "twelve": 12,
}

var ordinals = map[string]byte{
	"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10,
}

// spelt emits the number that an English word spells, where it counts or
// names something: "line two", "second dose". Elsewhere ("the two of us", "in
// a second") a word stays a word.
func (c *cutter) spelt(w string) {
	if c.code != stemEnglish {
		return
	}
	names := numbered[w]
	if c.ordinal > 0 && names {
		c.emit(Number, strconv.Itoa(int(c.ordinal)), c.pos-1)
	}
	if c.afterName {
		if v := spelled[w]; v > 0 {
			c.emit(Number, strconv.Itoa(int(v)), c.pos)
		}
	}
	c.afterName, c.ordinal = names, ordinals[w]
}

// counters are the characters that, behind a numeral, make it a number:
// 二号线, 三楼, 两针.
const counters = "号線线路楼栋幢层区环级期针剂单元年月日天周时点分秒块角元毛个名人位户例次回遍轮批辆台架艘座所家间张件条只头匹棵根支片粒颗瓶箱袋包吨斤克米里升度岁届版中小院医等排室厅门口站倍折成公平万亿"

// weakOne are counters behind which 一 is mostly no number: 一个, 一下, 一家.
const weakOne = "个下点些样定直般起边种家人位天时次回遍间张件条只片块分口门头支根台座辆名所公平成元里等小中"

// hanNumber emits the number written in Han numerals from k on, if it counts
// or names something, and returns where the numerals end.
func (c *cutter) hanNumber(runes []rune, offs []int32, k int) int {
	e := k
	for e < len(runes) && isNumeral(runes[e]) {
		e++
	}
	ordinal := k > 0 && runes[k-1] == '第'
	percent := k > 2 && runes[k-3] == '百' && runes[k-2] == '分' && runes[k-1] == '之'
	counted := e < len(runes) && strings.ContainsRune(counters, runes[e])
	if e == k+1 && counted {
		switch {
		case runes[k] == '一' && strings.ContainsRune(weakOne, runes[e]),
			hanUnit(runes[k]) >= 100,
			runes[k] == '十' && runes[e] == '分' && (e+1 == len(runes) || runes[e+1] != '钟'):
			counted = false
		}
	}
	if offs[k] > 0 && isDigit(c.s[offs[k]-1]) {
		counted = false // 3万: emitted with its digits
	}
	if ordinal || percent || counted {
		if v, ok := hanValue(runes[k:e]); ok {
			c.emit(Number, v, c.pos+int32(k))
		}
	}
	return e
}

func isNumeral(r rune) bool { return hanDigit(r) >= 0 || hanUnit(r) > 0 }

func hanDigit(r rune) int {
	switch r {
	case '零', '〇':
		return 0
	case '一':
		return 1
	case '二', '两':
		return 2
	case '三':
		return 3
	case '四':
		return 4
	case '五':
		return 5
	case '六':
		return 6
	case '七':
		return 7
	case '八':
		return 8
	case '九':
		return 9
	}
	return -1
}

func hanUnit(r rune) int64 {
	switch r {
	case '十':
		return 10
	case '百':
		return 100
	case '千':
		return 1000
	case '万':
		return 10_000
	case '亿':
		return 100_000_000
	}
	return 0
}

// hanValue returns the number that Han numerals write: 三十五, 两千, 一百二,
// 二〇二六.
func hanValue(runes []rune) (string, bool) {
	if len(runes) > 12 {
		return "", false
	}
	hasUnit := slices.ContainsFunc(runes, func(r rune) bool { return hanUnit(r) > 0 })
	if !hasUnit {
		b := make([]byte, len(runes))
		for i, r := range runes {
			b[i] = byte('0' + hanDigit(r))
		}
		t := strings.TrimLeft(string(b), "0")
		if t == "" {
			t = "0"
		}
		return t, true
	}
	var total, section, digit, lastUnit int64
	for _, r := range runes {
		if d := hanDigit(r); d >= 0 {
			if digit > 0 {
				return "", false // 三五十
			}
			digit = int64(d)
			if d == 0 {
				lastUnit = 10
			}
			continue
		}
		u := hanUnit(r)
		if u >= 10_000 {
			if section+digit == 0 {
				section = 1
			}
			total = (total + section + digit) * u
			section, digit = 0, 0
		} else {
			section += max(digit, 1) * u
			digit = 0
		}
		lastUnit = u
	}
	if digit > 0 && lastUnit >= 100 {
		digit *= lastUnit / 10 // 一百二 is 120
	}
	return strconv.FormatInt(total+section+digit, 10), true
}
