package publish

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"example.org/hearback"
)

// Aloud returns an answer in one language as text to be read out: on the
// radio, by a loudspeaker van, by a telephone menu. It says who speaks and when
// first, then the answer in whole sentences; what cannot be spoken is written
// as words, and addresses of pages are left out. withdrawn is the reason of a
// withdrawal, or "".
func Aloud(s Site, t hearback.Text, at time.Time, withdrawn string) string {
	w := wordsOf(t.Lang)
	var b strings.Builder
	say := func(parts ...string) {
		for _, p := range parts {
			for line := range strings.Lines(p) {
				if line = speakable(line, w.zh); line != "" {
					b.WriteString(ended(line, w.zh) + "\n")
				}
			}
		}
	}
	intro := s.office(t.Lang) + ", " + w.date(at, s.Zone)
	if w.zh {
		intro = s.office(t.Lang) + "，" + w.date(at, s.Zone)
	}
	say(intro)
	if withdrawn != "" {
		say(w.withdrawn+w.colon+t.Title, withdrawn)
		return b.String()
	}
	say(t.Title, t.Lead)
	if t.Do != "" {
		say(w.do + strings.TrimSpace(w.colon))
		say(t.Do)
	}
	if t.Next != "" {
		say(w.next + w.colon + t.Next)
	}
	return b.String()
}

var (
	address = regexp.MustCompile(`https?://\S+`)
	percent = regexp.MustCompile(`(\d+(?:[.,]\d+)?)\s*[%％]`)
	clock   = regexp.MustCompile(`\b([01]?\d|2[0-3]):([0-5]\d)\b`)
	marks   = regexp.MustCompile(`^[\s•·*\-–—]+|[<>\[\]{}|_*#]+`)
)

var spokenEN = strings.NewReplacer("&", " and ", "+", " plus ", "°C", " degrees", " / ", " or ", "€", " euro ", "£", " pounds ", "…", ".", "’", "'")
var spokenZH = strings.NewReplacer("&", "和", "+", "加", "°C", "摄氏度", "℃", "摄氏度", "/", "或", "…", "。")

// speakable writes one line so that a voice can read it.
func speakable(s string, zh bool) string {
	s = address.ReplaceAllString(s, "")
	s = marks.ReplaceAllString(s, "")
	if zh {
		s = percent.ReplaceAllString(s, "百分之$1")
		s = clock.ReplaceAllStringFunc(s, func(m string) string {
			h, min, _ := strings.Cut(m, ":")
			h = strings.TrimPrefix(h, "0")
			if h == "" {
				h = "0"
			}
			if min == "00" {
				return h + "点"
			}
			return h + "点" + strings.TrimPrefix(min, "0") + "分"
		})
		s = spokenZH.Replace(s)
	} else {
		s = percent.ReplaceAllString(s, "$1 percent")
		s = clock.ReplaceAllStringFunc(s, func(m string) string {
			h, min, _ := strings.Cut(m, ":")
			n, _ := strconv.Atoi(h)
			if min == "00" {
				return strconv.Itoa(n) + " o'clock"
			}
			return strconv.Itoa(n) + " " + min
		})
		s = spokenEN.Replace(s)
	}
	s = strings.Join(strings.Fields(s), " ")
	return strings.NewReplacer(" .", ".", " ,", ",", "()", "", "（）", "").Replace(s)
}

// ended gives a line the full stop at which a voice pauses.
func ended(s string, zh bool) string {
	if last, _ := utf8.DecodeLastRuneInString(s); strings.ContainsRune(".!?。！？；：:", last) {
		return s
	}
	if zh {
		return s + "。"
	}
	return s + "."
}
