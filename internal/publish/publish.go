// Package publish gives answers the forms in which they go out: the canonical
// JSON whose hash stands in the public log, Atom and JSON Feed, ClaimReview,
// plain text, a text message, and open data. It also holds the one function
// through which every count passes before it is shown outside the console.
//
// It decides nothing and writes nothing to the store; what may be published is
// decided in package answer. Everything here is a pure function of its
// arguments.
package publish

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"
	"time"

	"example.org/hearback"
)

// A Site is the public face of an office, as far as what goes out names it.
type Site struct {
	Base    string            // where it is, for example "https://answers.example.org", without a slash at the end
	Name    map[string]string // of the site, by language
	Office  map[string]string // who answers, by language
	Hub     string            // address of a WebSub hub, or ""
	Started time.Time         // when the office began to answer: the time of an empty feed
	Zone    *time.Location    // for dates in words; nil is UTC
	CAP     CAPStatus         // whether and how messages go to warning systems; "" is off

	// Authority is the name that entry ids are made with; it must never change.
	// "" is the host of Base, which is right unless the site has moved.
	Authority string
}

// Canonical returns the published words of a revision as JSON with one form
// only: what is hashed into the log and embedded in pages. It is
// [hearback.Answer.Canonical].
func Canonical(a *hearback.Answer, rev *hearback.Revision) ([]byte, error) {
	return a.Canonical(rev)
}

// Hash returns the SHA-256 of the canonical JSON in hex, as the log has it.
func Hash(a *hearback.Answer, rev *hearback.Revision) (string, error) {
	b, err := Canonical(a, rev)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// URL returns the address of an answer's page in a language.
func (s Site) URL(a *hearback.Answer, lang string) string {
	u := s.Base + a.Path()
	if lang != "" {
		u += "?lang=" + url.QueryEscape(lang)
	}
	return u
}

// entryID returns the id of an answer in a language in every feed: a tag URI
// (RFC 4151), which stays when the text, the address or the title changes.
func (s Site) entryID(a *hearback.Answer, lang string) string {
	host := s.host()
	first := s.Started
	if list := a.Public(); len(list) > 0 {
		first = list[0].Published
	}
	return "tag:" + host + "," + first.UTC().Format(time.DateOnly) + ":answer/" + a.ID.String() + "/" + strings.ToLower(lang)
}

// in returns the value for a language, falling back to its base, to English
// and to any.
func in(m map[string]string, lang string) string {
	base, _, _ := strings.Cut(strings.ToLower(lang), "-")
	for _, k := range []string{lang, base, "en", "zh"} {
		if v := m[k]; v != "" {
			return v
		}
	}
	return ""
}

// An entry is one answer in one language as feeds and files show it.
type entry struct {
	a         *hearback.Answer
	rev       *hearback.Revision // the newest published one
	lang      string
	text      *hearback.Text // nil if the answer is not given in this language any more
	first     time.Time      // when it was first public in this language
	updated   time.Time
	withdrawn bool
}

// title returns the title of an entry: the fact, or that there is none any
// more.
func (e entry) title(w words) string {
	switch {
	case e.withdrawn:
		return w.withdrawn + w.colon + e.any().Title
	case e.text == nil:
		return w.moved + w.colon + e.any().Title
	}
	return e.text.Title
}

// any returns the text in the entry's language, or in the first one.
func (e entry) any() *hearback.Text {
	if e.text != nil {
		return e.text
	}
	for _, r := range e.a.Public() {
		if t := r.Text(e.lang); t != nil {
			return t
		}
	}
	return &e.rev.Texts[0]
}

// entries returns what the public sees of answers in a language and its kinds,
// or in every language if lang is "", in the order given. An answer that left a language
// keeps its entry there, which says so: readers may still hold the old text.
func entries(answers []hearback.Answer, lang string) []entry {
	var list []entry
	for i := range answers {
		a := &answers[i]
		rev := a.Current()
		if rev == nil {
			continue
		}
		firsts := map[string]time.Time{}
		var langs []string
		for _, r := range a.Public() {
			for _, t := range r.Texts {
				if _, ok := firsts[strings.ToLower(t.Lang)]; !ok {
					firsts[strings.ToLower(t.Lang)] = r.Published
					langs = append(langs, t.Lang)
				}
			}
		}
		for _, l := range langs {
			if lang == "" || Within(l, lang) {
				list = append(list, entry{
					a: a, rev: rev, lang: l, text: rev.Text(l), first: firsts[strings.ToLower(l)],
					updated: a.Changed(), withdrawn: a.State == hearback.AnswerWithdrawn,
				})
			}
		}
	}
	return list
}

// Within reports whether a tag is the language asked for or a kind of it:
// zh-Hans is within zh.
func Within(tag, lang string) bool {
	tag, lang = strings.ToLower(tag), strings.ToLower(lang)
	return tag == lang || strings.HasPrefix(tag, lang+"-")
}

// updated returns when a feed last changed.
func (s Site) updated(list []entry) time.Time {
	t := s.Started
	for _, e := range list {
		if e.updated.After(t) {
			t = e.updated
		}
	}
	return t.UTC()
}

// stamp writes a time for machines.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
