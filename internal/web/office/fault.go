package office

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"example.org/hearback"
	"example.org/hearback/internal/access"
)

// A Fault is a class of errors with a status of its own, beside the four of
// package hearback.
type Fault struct {
	Status int
	Class  string
}

func (f *Fault) Error() string { return f.Class }

// NotAllowed says which act the person's roles do not allow.
type NotAllowed struct {
	Action access.Action
	Asleep bool // the role is there and waits for a second factor
}

func (e NotAllowed) Error() string { return "refused: not allowed to " + string(e.Action) }

// Is makes it one of [hearback.ErrRefused].
func (e NotAllowed) Is(target error) bool { return target == hearback.ErrRefused }

// Say says in the language of the reader what went wrong.
func (q *Caller) Say(err error) string {
	var roles NotAllowed
	var locked access.Locked
	var scoped NotScoped
	switch {
	case errors.As(err, &scoped):
		return q.T("error.scope", q.Locale.Label("scope", scoped.Scope))
	case errors.As(err, &roles) && roles.Asleep:
		return q.T("error.asleep")
	case errors.As(err, &roles):
		var who []string
		for _, r := range access.Who(roles.Action) {
			who = append(who, q.Locale.Label("role", r))
		}
		return q.T("error.roles", q.Locale.List(who))
	case errors.As(err, &locked) && locked.Program:
		return q.T("error.429.say")
	case errors.As(err, &locked):
		return q.T("error.locked", locked.Wait)
	}
	status := StatusOf(err)
	general := q.T(fmt.Sprintf("error.%d.say", status))
	if status == http.StatusInternalServerError || status == http.StatusRequestEntityTooLarge {
		return general
	}
	said := plainWords(err)
	if said == "" {
		return general
	}
	if s, ok := q.Locale.Translate(said); ok {
		return Upper(s) + q.T("stop")
	}
	if q.Locale.Lang != "en" { // better in the wrong language than not at all
		return general + q.T("error.original", said)
	}
	return Upper(said) + "."
}

// plainWords returns what an error says to people: what stands after its
// class.
func plainWords(err error) string {
	s := err.Error()
	classes := []error{hearback.ErrRefused, hearback.ErrInvalid, hearback.ErrConflict, hearback.ErrNotFound}
	if own := (*Fault)(nil); errors.As(err, &own) {
		classes = append(classes, own)
	}
	for _, class := range classes {
		if !errors.Is(err, class) {
			continue
		}
		if _, after, found := strings.Cut(s, class.Error()+": "); found {
			return strings.TrimSuffix(after, ".")
		}
	}
	return ""
}

// Upper begins a sentence with a capital letter.
func Upper(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// StatusOf is the one place where an error becomes a status.
func StatusOf(err error) int {
	var large *http.MaxBytesError
	var locked access.Locked
	var own *Fault
	switch {
	case errors.As(err, &locked) && locked.Program:
		return http.StatusTooManyRequests
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge
	case errors.As(err, &own):
		return own.Status
	case errors.Is(err, hearback.ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, hearback.ErrRefused):
		return http.StatusForbidden
	case errors.Is(err, hearback.ErrConflict):
		return http.StatusConflict
	case errors.Is(err, hearback.ErrInvalid):
		return http.StatusUnprocessableEntity
	default:
		return http.StatusInternalServerError
	}
}

// NotScoped says which scope a token lacks.
type NotScoped struct{ Scope access.Scope }

func (e NotScoped) Error() string { return "refused: the token has not the scope " + string(e.Scope) }

// Is makes it one of [hearback.ErrRefused].
func (e NotScoped) Is(target error) bool { return target == hearback.ErrRefused }
