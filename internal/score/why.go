package score

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// why says in a sentence what makes the concern worth a look now.
func why(in Input) (en, zh string) {
	day := int(min(math.Round(max(in.Day, 0)), 1e9))
	en, zh = number(day)+" voices in the last 24 hours", "过去24小时"+number(day)+"个声音"
	if day == 1 {
		en = "1 voice in the last 24 hours"
	}
	hours := int(in.Rising.Hours())
	switch {
	case in.At.Sub(in.First) < 24*time.Hour:
		en += ", first heard today"
		zh += "，今天首次出现"
	case in.Usual >= 1 && in.Day >= usualTimes*in.Usual:
		times := strconv.FormatFloat(math.Round(in.Day/in.Usual*2)/2, 'f', -1, 64)
		en += ", about " + times + " times the usual"
		zh += "，约为平时的" + times + "倍"
	case in.Usual >= 1 && in.Day <= in.Usual/2:
		en += ", less than half the usual"
		zh += "，不到平时的一半"
	case hours >= 2:
		en += ", rising for " + strconv.Itoa(hours) + " h"
		zh += "，已上升" + strconv.Itoa(hours) + "小时"
	}
	if in.Langs >= 2 {
		en += ", in " + spelled(in.Langs) + " languages"
		zh += "，涉及" + strconv.Itoa(in.Langs) + "种语言"
	}
	share := func(n int64) string { return strconv.Itoa(int(math.Round(100 * float64(n) / float64(in.Messages)))) }
	if in.Messages > 0 && float64(in.Questions) >= voidShare*float64(in.Messages) {
		en += "; " + share(in.Questions) + "% are questions"
		zh += "；" + share(in.Questions) + "%是提问"
	}
	if in.Messages >= flagMessages && float64(in.Copies) >= copiedShare*float64(in.Messages) {
		en += "; " + share(in.Copies) + "% are copies"
		zh += "；" + share(in.Copies) + "%是复制"
	}
	if !in.Answered {
		en += "; no answer yet"
		zh += "；尚无答复"
	}
	return en + ".", zh + "。"
}

// spelled writes small numbers as words, as sentences do.
func spelled(n int) string {
	words := [...]string{2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine"}
	if n < len(words) && words[n] != "" {
		return words[n]
	}
	return strconv.Itoa(n)
}

// number writes a count with separators: 1,320.
func number(n int) string {
	s := strconv.Itoa(n)
	var b strings.Builder
	for i, c := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(c)
	}
	return b.String()
}
