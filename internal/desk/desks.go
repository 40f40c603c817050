package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"example.org/hearback"
)

// A DeskStore keeps desks. Package store implements it.
type DeskStore interface {
	// Desks returns every desk, removed ones too, in the order of their slugs.
	Desks(ctx context.Context) ([]hearback.Desk, error)

	// SaveDesks writes desks, new ones with version 0, in the order given, with
	// the record of the act. It returns [hearback.ErrConflict] if a stored
	// version is another or if not exactly one desk would be the fallback; then
	// nothing is written.
	SaveDesks(ctx context.Context, desks []hearback.Desk, r hearback.Record) error

	// OpenCases counts the cases a desk has that are neither published nor
	// closed.
	OpenCases(ctx context.Context, desk string) (int, error)

	// Setting returns the value of a setting, or "" if it was never set.
	Setting(ctx context.Context, name string) (string, error)

	// Together runs f, and what it writes with its context, in one transaction.
	Together(ctx context.Context, f func(ctx context.Context) error) error

	// SetSetting changes a setting, with the records that tell of it.
	SetSetting(ctx context.Context, name, value string, rs ...hearback.Record) error
}

// Desks keeps the list of desks. Exactly one of them is the fallback, which
// takes what no other desk takes; the first one added is it until another one
// is named.
type Desks struct {
	Store   DeskStore
	Now     func() time.Time
	Leak    func(string) bool                                                           // as in [Cases]
	Allowed func(ctx context.Context, by hearback.Actor, act hearback.RecordType) error // as in [Cases]
}

// List returns the desks that take cases.
func (s *Desks) List(ctx context.Context) ([]hearback.Desk, error) {
	list, err := s.Store.Desks(ctx)
	return slices.DeleteFunc(list, func(d hearback.Desk) bool { return d.Removed }), err
}

// Add adds a desk. The slug of a removed desk may be used again.
func (s *Desks) Add(ctx context.Context, by hearback.Actor, d hearback.Desk, reason string) error {
	list, err := s.Store.Desks(ctx)
	if err != nil {
		return err
	}
	old := Find(list, d.Slug)
	if old.Slug != "" && !old.Removed {
		return fmt.Errorf("%w: there is a desk %q already", hearback.ErrRefused, d.Slug)
	}
	d.Version, d.Removed = old.Version, false
	return s.save(ctx, by, list, d, "added", reason)
}

// Change changes a desk. Making it the fallback takes that from the desk that
// was; the fallback cannot just stop being it.
func (s *Desks) Change(ctx context.Context, by hearback.Actor, d hearback.Desk, reason string) error {
	list, err := s.Store.Desks(ctx)
	if err != nil {
		return err
	}
	old := Find(list, d.Slug)
	if old.Slug == "" || old.Removed {
		return fmt.Errorf("desk %.40q: %w", d.Slug, hearback.ErrNotFound)
	}
	if old.Version != d.Version {
		return fmt.Errorf("desk %s: %w; read it again", d.Slug, hearback.ErrConflict)
	}
	if old.Fallback && !d.Fallback {
		return fmt.Errorf("%w: one desk must take what no other takes; make another desk the fallback instead", hearback.ErrRefused)
	}
	d.Removed = false
	return s.save(ctx, by, list, d, "changed", reason)
}

// Remove takes a desk off the list. Its published and closed cases keep it;
// others must be routed elsewhere first.
func (s *Desks) Remove(ctx context.Context, by hearback.Actor, slug, reason string) error {
	list, err := s.Store.Desks(ctx)
	if err != nil {
		return err
	}
	d := Find(list, slug)
	if d.Slug == "" || d.Removed {
		return fmt.Errorf("desk %.40q: %w", slug, hearback.ErrNotFound)
	}
	if d.Fallback {
		return fmt.Errorf("%w: desk %s takes what no other takes; make another desk the fallback first", hearback.ErrRefused, slug)
	}
	n, err := s.Store.OpenCases(ctx, slug)
	if err != nil {
		return err
	}
	if n > 0 {
		return fmt.Errorf("%w: desk %s still has %d open cases; route them to another desk first", hearback.ErrRefused, slug, n)
	}
	d.Removed = true
	return s.save(ctx, by, list, d, "removed", reason)
}

func (s *Desks) save(ctx context.Context, by hearback.Actor, list []hearback.Desk, d hearback.Desk, act, reason string) error {
	if err := s.allow(ctx, by, hearback.DeskChanged); err != nil {
		return err
	}
	d.Name, d.NameZH = strings.TrimSpace(d.Name), strings.TrimSpace(d.NameZH)
	d.Keywords = keywords(d.Keywords)
	if err := checkDesk(d); err != nil {
		return err
	}
	for _, x := range append([]string{d.Name, d.NameZH}, d.Keywords...) {
		if _, err := Public(s.Leak, "what is said of a desk", x); err != nil {
			return err
		}
	}
	reason, err := Public(s.Leak, "the reason", reason)
	if err != nil {
		return err
	}
	p := pub{
		"act": act, "desk": d.Slug, "name": d.Name, "name_zh": d.NameZH, "keywords": d.Keywords,
		"zone": d.Zone, "holidays": d.Holidays, "off": days(d.Off),
		"country": d.Country, "workdays": d.Workdays,
		// Who is on duty when stays in the office.
		"shifts": len(d.Shifts), "chain": len(d.Chain),
	}
	if reason != "" {
		p["reason"] = reason
	}
	var out []hearback.Desk
	if i := slices.IndexFunc(list, func(x hearback.Desk) bool { return x.Fallback && !x.Removed }); i < 0 {
		d.Fallback = true
	} else if other := list[i]; d.Fallback && other.Slug != d.Slug {
		other.Fallback = false
		p["fallback_from"] = other.Slug
		out = append(out, other) // written first: there are never two
	}
	p["fallback"] = d.Fallback
	return s.Store.SaveDesks(ctx, append(out, d), hearback.Record{
		Type: hearback.DeskChanged, At: s.Now().UTC().Truncate(time.Microsecond), Actor: by, Subject: "desk:" + d.Slug, Pub: p,
	})
}

// allow refuses acts of the program and what Allowed refuses.
func (s *Desks) allow(ctx context.Context, by hearback.Actor, act hearback.RecordType) error {
	if !by.Person() {
		return fmt.Errorf("%w: a person must decide this", hearback.ErrRefused)
	}
	if s.Allowed == nil {
		return nil
	}
	return s.Allowed(ctx, by, act)
}

// Limits of a desk.
const (
	maxName     = 100
	maxKeywords = 200
	maxKeyword  = 60
	maxHolidays = 200
)

func checkDesk(d hearback.Desk) error {
	switch {
	case !hearback.ValidSlug(d.Slug):
		return fmt.Errorf("%w: %.40q cannot name a desk; use small letters, digits and hyphens", hearback.ErrInvalid, d.Slug)
	case d.Name == "" && d.NameZH == "":
		return fmt.Errorf("%w: give the desk a name", hearback.ErrInvalid)
	case utf8.RuneCountInString(d.Name) > maxName || utf8.RuneCountInString(d.NameZH) > maxName:
		return fmt.Errorf("%w: the name of a desk has at most %d characters", hearback.ErrInvalid, maxName)
	case len(d.Keywords) > maxKeywords:
		return fmt.Errorf("%w: a desk has at most %d keywords", hearback.ErrInvalid, maxKeywords)
	case len(d.Holidays) > maxHolidays || len(d.Workdays) > maxHolidays:
		return fmt.Errorf("%w: a desk has at most %d holidays and as many days of work", hearback.ErrInvalid, maxHolidays)
	}
	for _, w := range d.Keywords {
		if utf8.RuneCountInString(w) > maxKeyword {
			return fmt.Errorf("%w: the keyword %.40q is too long", hearback.ErrInvalid, w)
		}
	}
	if _, err := time.LoadLocation(d.Zone); err != nil || d.Zone == "Local" {
		return fmt.Errorf("%w: %.40q is not a time zone; use a name such as Asia/Shanghai or Europe/London", hearback.ErrInvalid, d.Zone)
	}
	off := map[time.Weekday]bool{}
	for _, day := range d.Off {
		if day < time.Sunday || day > time.Saturday {
			return fmt.Errorf("%w: %d is not a day of the week", hearback.ErrInvalid, day)
		}
		off[day] = true
	}
	if len(off) > 6 {
		return fmt.Errorf("%w: a desk works on at least one day of the week", hearback.ErrInvalid)
	}
	if d.Country != "" && !slices.Contains(Countries(), d.Country) {
		return fmt.Errorf("%w: the holidays of %.20q are not known; choose a country of the list, or none and write the days yourself", hearback.ErrInvalid, d.Country)
	}
	if err := checkDuty(d); err != nil {
		return err
	}
	for _, h := range slices.Concat(d.Holidays, d.Workdays) {
		if _, err := time.Parse(time.DateOnly, h); err != nil {
			return fmt.Errorf("%w: %.20q is not a day; write it as 2026-10-01", hearback.ErrInvalid, h)
		}
	}
	return nil
}

func days(list []time.Weekday) []any {
	out := []any{}
	for _, d := range list {
		out = append(out, int(d))
	}
	return out
}

// keywords tidies a list of keywords: no blanks, no repeats.
func keywords(list []string) []string {
	out := []string{}
	for _, w := range list {
		if w = fold(w); w != "" && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

func fold(s string) string { return strings.Join(strings.Fields(strings.ToLower(s)), " ") }

// A Suggestion is a desk that a concern looks like, and the words it was told
// by.
type Suggestion struct {
	Desk  hearback.Desk
	Words []string // its keywords that occur, in the order of the desk's list
}

// Suggest returns the desks whose keywords occur in the texts, the one with
// most of them first. If there is none it returns the fallback, with no words:
// somebody always owns a case.
func Suggest(desks []hearback.Desk, texts ...string) []Suggestion {
	hay := make([]string, len(texts))
	for i, t := range texts {
		hay[i] = fold(t)
	}
	var list []Suggestion
	var last hearback.Desk
	for _, d := range desks {
		if d.Removed {
			continue
		}
		if d.Fallback {
			last = d
		}
		var words []string
		for _, w := range keywords(d.Keywords) {
			if slices.ContainsFunc(hay, func(t string) bool { return occurs(t, w) }) {
				words = append(words, w)
			}
		}
		if words != nil {
			list = append(list, Suggestion{d, words})
		}
	}
	slices.SortStableFunc(list, func(a, b Suggestion) int { return len(b.Words) - len(a.Words) })
	if list == nil && last.Slug != "" {
		list = append(list, Suggestion{Desk: last})
	}
	return list
}

// occurs reports whether the word stands in the text: as a whole word where
// words have spaces between them, anywhere in Chinese and the like. A word
// that ends in * also stands for its continuations.
func occurs(text, word string) bool {
	word, open := strings.CutSuffix(word, "*")
	if word == "" {
		return false
	}
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return false
		}
		i += from
		end := i + len(word)
		before, _ := utf8.DecodeLastRuneInString(text[:i])
		first, size := utf8.DecodeRuneInString(word)
		last, _ := utf8.DecodeLastRuneInString(word)
		after, _ := utf8.DecodeRuneInString(text[end:])
		if !joined(before, first) && (open || !joined(last, after)) {
			return true
		}
		from = i + size
	}
}

// joined reports whether two neighbours are letters of one word.
func joined(a, b rune) bool {
	letter := func(r rune) bool {
		return (unicode.IsLetter(r) || unicode.IsDigit(r)) && r != utf8.RuneError &&
			!unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Khmer, unicode.Lao, unicode.Myanmar)
	}
	return letter(a) && letter(b)
}
