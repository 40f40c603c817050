// Package locale says things in the language of whoever reads: every sentence of
// the pages and of the interface for programs, and how numbers and times are
// written. The sentences stand in the JSON files beside it.
package locale

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/language"

	"example.org/hearback"
)

//go:embed *.json
var files embed.FS

// A Locale is one language of the pages: every sentence, and how numbers and
// times are written.
type Locale struct {
	Lang  string // "en" or "zh"
	HTML  string // for the lang attribute
	words map[string]phrase
	Zone  *time.Location
	Now   func() time.Time
	areas func(area, lang string) string // names of areas; nil leaves them as they are
	owns  map[string]string              // what the program itself wrote into the store → key
	said  func() []sentence              // what packages say when they refuse; compiled when first asked for
}

// A phrase is a sentence with places {0}, {1} … and, where the language needs
// it, a form for one thing. In the file it is a string or {"one", "other"}.
type phrase struct{ one, other string }

func (p *phrase) UnmarshalJSON(b []byte) error {
	var forms struct{ One, Other string }
	if err := json.Unmarshal(b, &forms); err == nil {
		p.one, p.other = forms.One, forms.Other
		return nil
	}
	return json.Unmarshal(b, &p.other)
}

// Place returns the name of an area for the reader.
func (l *Locale) Place(area string) string {
	if l.areas == nil {
		return area
	}
	return l.areas(area, l.Lang)
}

// Langs are the languages of the pages, the fallback first.
var Langs = []string{"en", "zh"}

// Load reads every language. Times are those of zone, and areas names an area for
// readers of a language; nil leaves it as it is.
func Load(zone *time.Location, now func() time.Time, areas func(area, lang string) string) (map[string]*Locale, error) {
	all := map[string]*Locale{}
	for _, lang := range Langs {
		b, err := files.ReadFile(lang + ".json")
		if err != nil {
			return nil, err
		}
		l := &Locale{Lang: lang, HTML: map[string]string{"en": "en", "zh": "zh-Hans"}[lang], Zone: zone, Now: now, areas: areas}
		if err := json.Unmarshal(b, &l.words); err != nil {
			return nil, fmt.Errorf("locale %s: %w", lang, err)
		}
		all[lang] = l
	}
	owns := map[string]string{}
	for key, p := range all["en"].words {
		if strings.HasPrefix(key, "own.") {
			owns[p.other] = key
		}
	}
	en := all["en"].words
	said := sync.OnceValue(func() []sentence { return sentences(en) })
	for _, l := range all {
		l.owns, l.said = owns, said
	}
	return all, nil
}

// Own says what the program itself wrote into the store, such as the name of
// the source behind the form for questions, in this language. What people wrote
// stays as it is.
func (l *Locale) Own(said string) string {
	if key := l.owns[said]; key != "" {
		return l.T(key)
	}
	return said
}

// Of chooses the language of a page: what the address asks for, what the
// account or the cookie says, what the browser prefers.
func Of(r *http.Request, account string) string {
	if q := r.URL.Query().Get("lang"); slices.Contains(Langs, q) {
		return q
	}
	if c, err := r.Cookie("hb_lang"); err == nil && slices.Contains(Langs, c.Value) {
		return c.Value
	}
	if slices.Contains(Langs, account) {
		return account
	}
	tags, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil {
		return Langs[0]
	}
	for _, tag := range tags {
		base, _ := tag.Base()
		if slices.Contains(Langs, base.String()) {
			return base.String()
		}
	}
	return Langs[0]
}

// Other returns the language that the switch offers.
func (l *Locale) Other() string {
	if l.Lang == "zh" {
		return "en"
	}
	return "zh"
}

// Has reports whether there is a sentence for key.
func (l *Locale) Has(key string) bool {
	_, ok := l.words[key]
	return ok
}

// T returns a sentence with its places filled. Whole numbers are written the
// way of the language; the first decides between one and many.
func (l *Locale) T(key string, args ...any) string {
	p, ok := l.words[key]
	if !ok {
		return key
	}
	s := p.other
	for _, a := range args {
		if n, ok := whole(a); ok {
			if n == 1 && p.one != "" {
				s = p.one
			}
			break
		}
	}
	for i, a := range args {
		s = strings.ReplaceAll(s, "{"+strconv.Itoa(i)+"}", l.Word(a))
	}
	return s
}

func whole(a any) (int64, bool) {
	switch a := a.(type) {
	case int:
		return int64(a), true
	case int64:
		return a, true
	}
	return 0, false
}

// Word writes a value inside a sentence.
func (l *Locale) Word(a any) string {
	switch a := a.(type) {
	case string:
		return a
	case int:
		return l.Num(int64(a))
	case int64:
		return l.Num(a)
	case float64:
		return l.Dec(a)
	case time.Duration:
		return l.Dur(a)
	case time.Time:
		return l.When(a)
	case hearback.Actor:
		return l.Actor(a)
	default:
		return fmt.Sprint(a)
	}
}

// Num writes a whole number with separators.
func (l *Locale) Num(n int64) string {
	s := strconv.FormatInt(n, 10)
	neg := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(s, "-")
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	if neg {
		return l.Minus() + s
	}
	return s
}

// Dec writes a number with at most one decimal.
func (l *Locale) Dec(f float64) string {
	if f < 0 {
		return l.Minus() + l.Dec(-f)
	}
	if f >= 10 || f == float64(int64(f)) {
		return l.Num(int64(f + .5))
	}
	return strconv.FormatFloat(f, 'f', 1, 64)
}

// Dec2 writes a share or a similarity with two decimals.
func (l *Locale) Dec2(f float64) string { return strconv.FormatFloat(f, 'f', 2, 64) }

// Minus is the sign before a negative number.
func (l *Locale) Minus() string {
	if l.Lang == "en" {
		return "−"
	}
	return "-"
}

// Dur writes a length of time with its two largest units.
func (l *Locale) Dur(d time.Duration) string {
	if d < 0 {
		d = -d
	}
	d = d.Round(time.Minute)
	days, hours, minutes := int(d/(24*time.Hour)), int(d/time.Hour)%24, int(d/time.Minute)%60
	part := func(n int, unit string) string { return l.T("time."+unit, n) }
	switch {
	case days >= 3 || days > 0 && hours == 0:
		return part(days, "d")
	case days > 0:
		return part(days*24+hours, "h")
	case hours > 0 && minutes > 0:
		return part(hours, "h") + l.T("time.join") + part(minutes, "min")
	case hours > 0:
		return part(hours, "h")
	default:
		return part(minutes, "min")
	}
}

// Span says how long something is kept, in words: whole days in full.
func (l *Locale) Span(d time.Duration) string {
	if days := d / (24 * time.Hour); days > 0 && d%(24*time.Hour) == 0 {
		return l.T("time.days", int(days))
	}
	return l.Dur(d)
}

// Ago says how long ago a time was.
func (l *Locale) Ago(t time.Time) string {
	if d := l.Now().Sub(t); d >= time.Minute {
		return l.T("time.ago", l.Dur(d))
	}
	return l.T("time.just_now")
}

// When writes a moment: the clock alone today, with the day otherwise.
func (l *Locale) When(t time.Time) string {
	if t.IsZero() {
		return l.T("time.never")
	}
	t = t.In(l.Zone)
	if now := l.Now().In(l.Zone); t.Year() == now.Year() && t.YearDay() == now.YearDay() {
		return t.Format("15:04")
	}
	return l.Day(t) + " " + t.Format("15:04")
}

// Moment writes a date with its time, today as well: for what is read later.
func (l *Locale) Moment(t time.Time) string {
	if t.IsZero() {
		return l.T("time.never")
	}
	return l.Day(t) + " " + l.Clock(t)
}

// Clock writes the time of day.
func (l *Locale) Clock(t time.Time) string { return t.In(l.Zone).Format("15:04") }

// Day writes a date, with the year when it is not this one.
func (l *Locale) Day(t time.Time) string {
	if t.IsZero() {
		return l.T("time.never")
	}
	t = t.In(l.Zone)
	year := t.Year() != l.Now().In(l.Zone).Year()
	switch {
	case l.Lang == "zh" && year:
		return t.Format("2006年1月2日")
	case l.Lang == "zh":
		return t.Format("1月2日")
	case year:
		return t.Format("2 January 2006")
	default:
		return t.Format("2 January")
	}
}

// Weekday writes a date with the day of the week.
func (l *Locale) Weekday(t time.Time) string {
	t = t.In(l.Zone)
	name := l.T("day." + strconv.Itoa(int(t.Weekday())))
	if l.Lang == "zh" {
		return t.Format("1月2日 ") + name
	}
	return name + t.Format(" 2 January")
}

// ShortDay writes a date for the foot of a chart.
func (l *Locale) ShortDay(t time.Time) string {
	t = t.In(l.Zone)
	if l.Lang == "zh" {
		return t.Format("2日 ") + l.T("wd."+strconv.Itoa(int(t.Weekday())))
	}
	return l.T("wd."+strconv.Itoa(int(t.Weekday()))) + t.Format(" 2")
}

// Stamp writes a moment as an element that machines can read.
func (l *Locale) Stamp(t time.Time) template.HTML {
	if t.IsZero() {
		return template.HTML(template.HTMLEscapeString(l.When(t)))
	}
	return template.HTML(`<time datetime="` + t.UTC().Format(time.RFC3339) + `">` + template.HTMLEscapeString(l.When(t)) + `</time>`)
}

// Actor writes who did something: a role and a number, never a name.
func (l *Locale) Actor(a hearback.Actor) string {
	role := a.Role
	if l.Has("role." + role) {
		role = l.T("role." + role)
	}
	if a.Number == 0 {
		return role
	}
	return l.T("actor", role, strconv.Itoa(a.Number))
}

// ActorText does the same for an actor as the log writes it: "reviewer#7".
func (l *Locale) ActorText(s string) string {
	role, number, _ := strings.Cut(s, "#")
	n, _ := strconv.Atoi(number)
	return l.Actor(hearback.Actor{Role: role, Number: n})
}

// LangName names a language in the language of the page.
func (l *Locale) LangName(code string) string {
	if l.Has("lang." + code) {
		return l.T("lang." + code)
	}
	return code
}

// Area names a coarse area; messages that name none have one of their own.
func (l *Locale) Area(a string) string {
	if a == "" {
		return l.T("area.none")
	}
	return a
}

// List joins words as the language does.
func (l *Locale) List(words []string) string { return strings.Join(words, l.T("list.sep")) }

// Label is the word for a value of a kind, or the value if there is none.
func (l *Locale) Label(kind string, v any) string {
	key := kind + "." + fmt.Sprint(v)
	if l.Has(key) {
		return l.T(key)
	}
	return fmt.Sprint(v)
}
