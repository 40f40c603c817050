package web

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"example.org/hearback"
	"example.org/hearback/internal/access"
)

var (
	errTwice       = fmt.Errorf("%w: the two passwords are not the same", hearback.ErrInvalid)
	errPanic       = errors.New("a page panicked")
	errForeign     = fmt.Errorf("%w: this was begun in another browser, or too long ago; begin again", hearback.ErrRefused)
	errFormTwice   = fmt.Errorf("%w: this form was sent before; look whether it was done, and open its page anew before you send it again", hearback.ErrConflict)
	errCrossOrigin = fmt.Errorf("%w: this form was sent from another site; open the page here and send it again", hearback.ErrRefused)
)

// notAllowed says which act the person's roles do not allow.
type notAllowed struct {
	action access.Action
	asleep bool // the role is there and waits for a second factor
}

func (e notAllowed) Error() string        { return "refused: not allowed to " + string(e.action) }
func (e notAllowed) Is(target error) bool { return target == hearback.ErrRefused }

// readable turns the faults of a form that cannot be read into ours.
func readable(err error) error {
	var large *http.MaxBytesError
	if err == nil || errors.As(err, &large) {
		return err
	}
	return fmt.Errorf("%w: the form cannot be read; send it again", hearback.ErrInvalid)
}

// A sentence is what another package says when it refuses, and the key under
// which it stands in the locale files. %s and %d stand for anything.
type sentence struct {
	key     string
	pattern *regexp.Regexp
}

// sentences are compiled from the English locale file: there a key that begins
// with "fault." holds the words exactly as the program says them, so that
// every other language can say the same.
func sentences(en *locale) []sentence {
	var list []sentence
	for key, p := range en.words {
		if !strings.HasPrefix(key, "fault.") {
			continue
		}
		pattern := regexp.QuoteMeta(p.other)
		for i := range 4 {
			pattern = strings.ReplaceAll(pattern, fmt.Sprintf(`\{%d\}`, i), `(.*)`)
		}
		list = append(list, sentence{key, regexp.MustCompile(`(?is)^` + pattern + `$`)})
	}
	slices.SortFunc(list, func(a, b sentence) int { // the most words first
		return len(b.pattern.String()) - len(a.pattern.String())
	})
	return list
}

// fault says in the language of the reader what went wrong.
func (q *request) fault(err error) string {
	var roles notAllowed
	var locked access.Locked
	var scoped notScoped
	switch {
	case errors.As(err, &scoped):
		return q.t("error.scope", q.l.label("scope", scoped.scope))
	case errors.As(err, &roles) && roles.asleep:
		return q.t("error.asleep")
	case errors.As(err, &roles):
		var who []string
		for _, r := range access.Who(roles.action) {
			who = append(who, q.l.label("role", r))
		}
		return q.t("error.roles", q.l.list(who))
	case errors.As(err, &locked) && locked.Program:
		return q.t("error.429.say")
	case errors.As(err, &locked):
		return q.t("error.locked", locked.Wait)
	}
	status := statusOf(err)
	general := q.t(fmt.Sprintf("error.%d.say", status))
	if status == http.StatusInternalServerError || status == http.StatusRequestEntityTooLarge {
		return general
	}
	said := plainWords(err)
	if said == "" {
		return general
	}
	if s, ok := q.translated(said); ok {
		return upper(s) + q.t("stop")
	}
	if q.l.lang != "en" { // better in the wrong language than not at all
		return general + q.t("error.original", said)
	}
	return upper(said) + "."
}

// translated says a known sentence in the language of the reader.
func (q *request) translated(said string) (string, bool) {
	for _, s := range q.faults {
		m := s.pattern.FindStringSubmatch(said)
		if m == nil {
			continue
		}
		args := make([]any, len(m)-1)
		for i, a := range m[1:] {
			args[i] = q.argument(a)
			if inner, ok := q.translated(a); ok && s.key == "fault.query" {
				args[i] = inner
			}
		}
		return q.t(s.key, args...), true
	}
	return "", false
}

// argument says a word inside a sentence in the language of the reader, if it
// is one of ours.
func (q *request) argument(a string) string {
	for _, kind := range []string{"casestate.", "role.", "answerstate.", "lang.", "sourcestate.", "sourcekind."} {
		if q.l.has(kind + a) {
			return q.t(kind + a)
		}
	}
	return a
}

// plainWords returns what an error says to people: what stands after its
// class.
func plainWords(err error) string {
	s := err.Error()
	for _, class := range []error{hearback.ErrRefused, hearback.ErrInvalid, hearback.ErrConflict, hearback.ErrNotFound, errMalformed} {
		if !errors.Is(err, class) {
			continue
		}
		if _, after, found := strings.Cut(s, class.Error()+": "); found {
			return strings.TrimSuffix(after, ".")
		}
	}
	return ""
}

func upper(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}
