package publish

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"example.org/hearback"
)

// maxClaim is how long claimReviewed should be at most, in characters.
const maxClaim = 75

// ClaimReview returns the answer in a language as schema.org ClaimReview, for
// a data block in its page, or nil if it rates no claim: it has no verdict,
// says only that the facts are not yet known, does not say what is going
// round, or was withdrawn. The rating is in words; we publish no scale of
// numbers. The JSON is safe inside a script element.
func ClaimReview(s Site, a *hearback.Answer, lang string) ([]byte, error) {
	r := a.Current()
	if r == nil || a.State != hearback.AnswerPublished {
		return nil, nil
	}
	t := r.Text(lang)
	if t == nil || t.Verdict == "" || r.Holding() || t.Going == "" {
		return nil, nil
	}
	org := map[string]any{"@type": "Organization", "name": s.office(lang), "url": s.Base}
	doc := map[string]any{
		"@context": "https://schema.org", "@type": "ClaimReview",
		"url": s.URL(a, t.Lang), "inLanguage": t.Lang, "name": t.Title,
		"claimReviewed": shorten(sentence(t.Going), maxClaim),
		"datePublished": stamp(a.Public()[0].Published), "dateModified": stamp(r.Published),
		"author": org, "publisher": org,
		"itemReviewed": map[string]any{"@type": "Claim", "name": shorten(sentence(t.Going), maxClaim)},
		"reviewRating": map[string]any{"@type": "Rating", "alternateName": Verdict(t.Verdict, t.Lang)},
		"reviewBody":   t.Lead,
	}
	if !a.Until.IsZero() {
		doc["expires"] = stamp(a.Until)
	}
	b, err := json.Marshal(doc) // escapes <, > and &
	if err != nil {
		return nil, fmt.Errorf("claim review of answer %s: %w", a.ID, err)
	}
	return b, nil
}

// sentence returns the first sentence of a text.
func sentence(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	for i, r := range s {
		end := i + utf8.RuneLen(r)
		switch {
		case strings.ContainsRune("。！？", r):
			return s[:end]
		// A full stop ends a sentence before a space: 3.5 and example.org go on.
		case strings.ContainsRune(".!?", r) && (end == len(s) || s[end] == ' '):
			return s[:end]
		}
	}
	return s
}

// shorten cuts s to n characters, at a space if there is one near, and marks
// the cut.
func shorten(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	runes = runes[:n-1]
	for i := len(runes) - 1; i > len(runes)*2/3; i-- {
		if unicode.IsSpace(runes[i]) {
			runes = runes[:i]
			break
		}
	}
	return strings.TrimRightFunc(string(runes), unicode.IsSpace) + "…"
}

// Plain returns the answer in a language as plain text, for reading aloud,
// printing and mail: what the page says, then where it is and how it stands in
// the public log. It returns [hearback.ErrNotFound] if the answer is not public
// in this language.
func Plain(s Site, a *hearback.Answer, lang string) (string, error) {
	for _, e := range entries([]hearback.Answer{*a}, lang) {
		w := wordsOf(e.lang)
		title := e.title(w)
		sum, err := Hash(e.a, e.rev)
		if err != nil {
			return "", err
		}
		record := e.rev.Record
		if e.withdrawn {
			record = e.a.Withdrawn.Record
		}
		return fmt.Sprintf("%s\n%s\n%s, %s\n\n%s\n%s\n%s\nSHA-256 %s\n",
			title, strings.Repeat("=", min(width(title), 72)), s.office(lang), w.date(e.updated, s.Zone),
			lines(s.sections(e)), s.URL(e.a, e.lang), fmt.Sprintf(w.log, group(record)), sum), nil
	}
	return "", fmt.Errorf("answer %s in %.40q: %w", a.ID, lang, hearback.ErrNotFound)
}

// A Part is a piece of an answer with its heading, which may be "".
type Part struct{ Head, Body string }

// Parts returns what the public reads of an answer in a language, or in the
// first that it is given in, in reading order, without what was corrected; and
// which language that is. A withdrawn answer has no parts.
func Parts(s Site, a *hearback.Answer, lang string) (title, given string, parts []Part) {
	rev := a.Current()
	e := entry{a: a, rev: rev, lang: rev.Texts[0].Lang, text: &rev.Texts[0]}
	for i := range rev.Texts {
		if Within(rev.Texts[i].Lang, lang) {
			e.lang, e.text = rev.Texts[i].Lang, &rev.Texts[i]
			break
		}
	}
	if a.Withdrawn != nil {
		return e.text.Title, e.lang, nil
	}
	said := *rev
	said.Reason = ""
	e.rev = &said
	for _, x := range s.sections(e) {
		parts = append(parts, Part{x.head, x.body})
	}
	return e.text.Title, e.lang, parts
}

// width counts the columns of a line in print: Chinese characters take two.
func width(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r >= 0x2e80 {
			n++
		}
	}
	return n
}

// Limits of one text message: in the 7-bit alphabet of GSM 03.38, and in
// UTF-16 as soon as one character is not in that.
const (
	smsGSM   = 160
	smsUTF16 = 70
)

// gsm is the basic alphabet of GSM 03.38; gsmTwo are the characters that take
// two places.
const (
	gsm    = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmTwo = "^{}\\[~]|€"
)

// plainer are characters that word processors put in and that would cost a
// message more than half its length.
var plainer = strings.NewReplacer("’", "'", "‘", "'", "“", `"`, "”", `"`, "–", "-", "—", "-", "…", "...", "\u00a0", " ", "−", "-")

// SMS returns a text as one text message: the fact, what to do, when more is
// said, and a link; what does not fit is left out in the order next, do. It
// also returns how much of the message is used: used of limit, 160 in the
// alphabet of GSM 03.38 and 70 otherwise. A title that does not fit beside the
// link is cut.
func SMS(t hearback.Text, link string) (sms string, used, limit int) {
	one := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	title, do, next := one(t.Title), sentence(t.Do), sentence(t.Next)
	han := strings.ContainsFunc(title+do+next, func(r rune) bool { return r >= 0x2e80 })
	if !han {
		title, do, next = plainer.Replace(title), plainer.Replace(do), plainer.Replace(next)
	}
	w := wordsOf(t.Lang)
	join := func(parts ...string) string {
		var b strings.Builder
		for i, p := range parts {
			if p == "" {
				continue
			}
			if i == 2 {
				p = w.next + w.colon + p
			}
			if b.Len() > 0 && !han {
				b.WriteByte(' ')
			}
			b.WriteString(p)
			// The fact is a title and may lack its full stop; a link never has one.
			if last, _ := utf8.DecodeLastRuneInString(p); i < 3 && !strings.ContainsRune(".!?。！？…", last) {
				if han {
					b.WriteString("。")
				} else {
					b.WriteByte('.')
				}
			}
		}
		return b.String()
	}
	for _, parts := range [][]string{{title, do, next, link}, {title, do, "", link}, {title, "", next, link}, {title, "", "", link}} {
		sms = join(parts...)
		if used, limit = smsLength(sms); used <= limit {
			return sms, used, limit
		}
	}
	for runes := []rune(title); len(runes) > 0; runes = runes[:len(runes)-1] {
		cut := "..."
		if han {
			cut = "…"
		}
		sms = join(strings.TrimRightFunc(string(runes), unicode.IsSpace)+cut, "", "", link)
		if used, limit = smsLength(sms); used <= limit {
			return sms, used, limit
		}
	}
	used, limit = smsLength(link)
	return link, used, limit
}

// smsLength returns how many places of how many a message takes.
func smsLength(s string) (used, limit int) {
	for _, r := range s {
		switch {
		case strings.ContainsRune(gsm, r):
			used++
		case strings.ContainsRune(gsmTwo, r):
			used += 2
		default:
			return len(utf16.Encode([]rune(s))), smsUTF16
		}
	}
	return used, smsGSM
}
