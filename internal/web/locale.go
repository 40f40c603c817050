package web

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"

	"example.org/hearback"
)

//go:embed locale/*.json
var localeFiles embed.FS

// A locale is one language of the pages: every sentence, and how numbers and
// times are written.
type locale struct {
	lang  string // "en" or "zh"
	html  string // for the lang attribute
	words map[string]phrase
	zone  *time.Location
	now   func() time.Time
	areas func(area, lang string) string // names of areas; nil leaves them as they are
	owns  map[string]string              // what the program itself wrote into the store → key
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

// place returns the name of an area for the reader.
func (l *locale) place(area string) string {
	if l.areas == nil {
		return area
	}
	return l.areas(area, l.lang)
}

// langs are the languages of the pages, the fallback first.
var langs = []string{"en", "zh"}

func loadLocales(zone *time.Location, now func() time.Time, areas func(area, lang string) string) (map[string]*locale, error) {
	all := map[string]*locale{}
	for _, lang := range langs {
		b, err := localeFiles.ReadFile("locale/" + lang + ".json")
		if err != nil {
			return nil, err
		}
		l := &locale{lang: lang, html: map[string]string{"en": "en", "zh": "zh-Hans"}[lang], zone: zone, now: now, areas: areas}
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
	for _, l := range all {
		l.owns = owns
	}
	return all, nil
}

// own says what the program itself wrote into the store, such as the name of
// the source behind the form for questions, in this language. What people wrote
// stays as it is.
func (l *locale) own(said string) string {
	if key := l.owns[said]; key != "" {
		return l.t(key)
	}
	return said
}

// langOf chooses the language of a page: what the address asks for, what the
// account or the cookie says, what the browser prefers.
func langOf(r *http.Request, account string) string {
	if q := r.URL.Query().Get("lang"); slices.Contains(langs, q) {
		return q
	}
	if c, err := r.Cookie("hb_lang"); err == nil && slices.Contains(langs, c.Value) {
		return c.Value
	}
	if slices.Contains(langs, account) {
		return account
	}
	tags, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil {
		return langs[0]
	}
	for _, tag := range tags {
		base, _ := tag.Base()
		if slices.Contains(langs, base.String()) {
			return base.String()
		}
	}
	return langs[0]
}

// other returns the language that the switch offers.
func (l *locale) other() string {
	if l.lang == "zh" {
		return "en"
	}
	return "zh"
}

// has reports whether there is a sentence for key.
func (l *locale) has(key string) bool {
	_, ok := l.words[key]
	return ok
}

// t returns a sentence with its places filled. Whole numbers are written the
// way of the language; the first decides between one and many.
func (l *locale) t(key string, args ...any) string {
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
		s = strings.ReplaceAll(s, "{"+strconv.Itoa(i)+"}", l.word(a))
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

func (l *locale) word(a any) string {
	switch a := a.(type) {
	case string:
		return a
	case int:
		return l.num(int64(a))
	case int64:
		return l.num(a)
	case float64:
		return l.dec(a)
	case time.Duration:
		return l.dur(a)
	case time.Time:
		return l.when(a)
	case hearback.Actor:
		return l.actor(a)
	default:
		return fmt.Sprint(a)
	}
}

// num writes a whole number with separators.
func (l *locale) num(n int64) string {
	s := strconv.FormatInt(n, 10)
	neg := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(s, "-")
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	if neg {
		return l.minus() + s
	}
	return s
}

// dec writes a number with at most one decimal.
func (l *locale) dec(f float64) string {
	if f < 0 {
		return l.minus() + l.dec(-f)
	}
	if f >= 10 || f == float64(int64(f)) {
		return l.num(int64(f + .5))
	}
	return strconv.FormatFloat(f, 'f', 1, 64)
}

// dec2 writes a share or a similarity with two decimals.
func (l *locale) dec2(f float64) string { return strconv.FormatFloat(f, 'f', 2, 64) }

func (l *locale) minus() string {
	if l.lang == "en" {
		return "−"
	}
	return "-"
}

// dur writes a length of time with its two largest units.
func (l *locale) dur(d time.Duration) string {
	if d < 0 {
		d = -d
	}
	d = d.Round(time.Minute)
	days, hours, minutes := int(d/(24*time.Hour)), int(d/time.Hour)%24, int(d/time.Minute)%60
	part := func(n int, unit string) string { return l.t("time."+unit, n) }
	switch {
	case days >= 3 || days > 0 && hours == 0:
		return part(days, "d")
	case days > 0:
		return part(days*24+hours, "h")
	case hours > 0 && minutes > 0:
		return part(hours, "h") + l.t("time.join") + part(minutes, "min")
	case hours > 0:
		return part(hours, "h")
	default:
		return part(minutes, "min")
	}
}

// span says how long something is kept, in words: whole days in full.
func (l *locale) span(d time.Duration) string {
	if days := d / (24 * time.Hour); days > 0 && d%(24*time.Hour) == 0 {
		return l.t("time.days", int(days))
	}
	return l.dur(d)
}

// ago says how long ago a time was.
func (l *locale) ago(t time.Time) string {
	if d := l.now().Sub(t); d >= time.Minute {
		return l.t("time.ago", l.dur(d))
	}
	return l.t("time.just_now")
}

// when writes a moment: the clock alone today, with the day otherwise.
func (l *locale) when(t time.Time) string {
	if t.IsZero() {
		return l.t("time.never")
	}
	t = t.In(l.zone)
	if now := l.now().In(l.zone); t.Year() == now.Year() && t.YearDay() == now.YearDay() {
		return t.Format("15:04")
	}
	return l.day(t) + " " + t.Format("15:04")
}

// moment writes a date with its time, today as well: for what is read later.
func (l *locale) moment(t time.Time) string {
	if t.IsZero() {
		return l.t("time.never")
	}
	return l.day(t) + " " + l.clock(t)
}

// clock writes the time of day.
func (l *locale) clock(t time.Time) string { return t.In(l.zone).Format("15:04") }

// day writes a date, with the year when it is not this one.
func (l *locale) day(t time.Time) string {
	if t.IsZero() {
		return l.t("time.never")
	}
	t = t.In(l.zone)
	year := t.Year() != l.now().In(l.zone).Year()
	switch {
	case l.lang == "zh" && year:
		return t.Format("2006年1月2日")
	case l.lang == "zh":
		return t.Format("1月2日")
	case year:
		return t.Format("2 January 2006")
	default:
		return t.Format("2 January")
	}
}

// weekday writes a date with the day of the week.
func (l *locale) weekday(t time.Time) string {
	t = t.In(l.zone)
	name := l.t("day." + strconv.Itoa(int(t.Weekday())))
	if l.lang == "zh" {
		return t.Format("1月2日 ") + name
	}
	return name + t.Format(" 2 January")
}

// shortDay writes a date for the foot of a chart.
func (l *locale) shortDay(t time.Time) string {
	t = t.In(l.zone)
	if l.lang == "zh" {
		return t.Format("2日 ") + l.t("wd."+strconv.Itoa(int(t.Weekday())))
	}
	return l.t("wd."+strconv.Itoa(int(t.Weekday()))) + t.Format(" 2")
}

// stamp writes a moment as an element that machines can read.
func (l *locale) stamp(t time.Time) template.HTML {
	if t.IsZero() {
		return template.HTML(template.HTMLEscapeString(l.when(t)))
	}
	return template.HTML(`<time datetime="` + t.UTC().Format(time.RFC3339) + `">` + template.HTMLEscapeString(l.when(t)) + `</time>`)
}

// actor writes who did something: a role and a number, never a name.
func (l *locale) actor(a hearback.Actor) string {
	role := a.Role
	if l.has("role." + role) {
		role = l.t("role." + role)
	}
	if a.Number == 0 {
		return role
	}
	return l.t("actor", role, strconv.Itoa(a.Number))
}

// actorText does the same for an actor as the log writes it: "reviewer#7".
func (l *locale) actorText(s string) string {
	role, number, _ := strings.Cut(s, "#")
	n, _ := strconv.Atoi(number)
	return l.actor(hearback.Actor{Role: role, Number: n})
}

// langName names a language in the language of the page.
func (l *locale) langName(code string) string {
	if l.has("lang." + code) {
		return l.t("lang." + code)
	}
	return code
}

// area names a coarse area; messages that name none have one of their own.
func (l *locale) area(a string) string {
	if a == "" {
		return l.t("area.none")
	}
	return a
}

// list joins words as the language does.
func (l *locale) list(words []string) string { return strings.Join(words, l.t("list.sep")) }

// clause joins short facts with a separator that reads well in the language.
func (l *locale) label(kind string, v any) string {
	key := kind + "." + fmt.Sprint(v)
	if l.has(key) {
		return l.t(key)
	}
	return fmt.Sprint(v)
}
