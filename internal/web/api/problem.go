package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"example.org/hearback"
	"example.org/hearback/internal/web/office"
)

// problemBase is where the types of problems begin. They are names, for a
// program to tell one kind from another, and not addresses.
const problemBase = "https://example.org/hearback/problems/"

// A problemKind is one kind of problem: its name, and its status.
type problemKind struct {
	Name   string
	Status int
}

// problemKinds lists every kind that the API answers with.
var problemKinds = []problemKind{
	{"malformed", http.StatusBadRequest},
	{"token", http.StatusUnauthorized},
	{"role", http.StatusForbidden},    // the roles of the account do not allow it
	{"scope", http.StatusForbidden},   // the roles do, and the token does not
	{"refused", http.StatusForbidden}, // a rule forbids it
	{"not-found", http.StatusNotFound},
	{"method", http.StatusMethodNotAllowed},
	{"conflict", http.StatusConflict},
	{"unknown-outcome", http.StatusConflict}, // an act with this key was begun, and has no answer yet
	{"changed", http.StatusPreconditionFailed},
	{"too-large", http.StatusRequestEntityTooLarge},
	{"media-type", http.StatusUnsupportedMediaType},
	{"invalid", http.StatusUnprocessableEntity},
	{"key-reused", http.StatusUnprocessableEntity},
	{"version-needed", http.StatusPreconditionRequired},
	{"too-many", http.StatusTooManyRequests},
	{"internal", http.StatusInternalServerError},
}

// Faults that only programs meet.
var (
	errMalformed  = &office.Fault{Status: http.StatusBadRequest, Class: "the body cannot be read"}
	errMediaType  = &office.Fault{Status: http.StatusUnsupportedMediaType, Class: "the body is not JSON"}
	errChanged    = &office.Fault{Status: http.StatusPreconditionFailed, Class: "changed since it was read"}
	errMethod     = &office.Fault{Status: http.StatusMethodNotAllowed, Class: "this address takes other methods"}
	errNoVersion  = &office.Fault{Status: http.StatusPreconditionRequired, Class: "an edit needs the version that it edits"}
	errKeyReused  = fmt.Errorf("%w: this Idempotency-Key came before with another request; use a new key for each act", hearback.ErrInvalid)
	errKeyBad     = fmt.Errorf("%w: an Idempotency-Key has 1 to 200 visible characters", hearback.ErrInvalid)
	errUnknown    = fmt.Errorf("%w: an act with this Idempotency-Key was begun and has no answer yet; wait a moment, and if this stays so look whether it was done", hearback.ErrConflict)
	errOnlyTokens = fmt.Errorf("%w: a session of a browser may only read here; to act, use a token", hearback.ErrRefused)
)

// malformed says what cannot be read in what was sent.
func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errMalformed}, args...)...)
}

// problemOf names the kind of problem that an error is.
func problemOf(err error) string {
	var roles office.NotAllowed
	var scoped office.NotScoped
	switch {
	case errors.Is(err, errUnknown):
		return "unknown-outcome"
	case errors.Is(err, errKeyReused):
		return "key-reused"
	case errors.As(err, &scoped):
		return "scope"
	case errors.As(err, &roles):
		return "role"
	}
	status := office.StatusOf(err)
	if status == http.StatusForbidden {
		return "refused"
	}
	return problemFor(status)
}

// problemFor is the kind of problem that has a status.
func problemFor(status int) string {
	name := "internal"
	for i := len(problemKinds) - 1; i >= 0; i-- { // the first one with a status is the general one
		if problemKinds[i].Status == status {
			name = problemKinds[i].Name
		}
	}
	return name
}

// apiProblem is an error for a program (RFC 9457).
type apiProblem struct {
	Type   string `json:"type" doc:"Names the kind of problem; see the list in this document."`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail" doc:"A sentence in the language that Accept-Language asks for."`
}

func problemBody(c *office.Caller, kind string, status int, detail string) []byte {
	title := http.StatusText(status)
	if key := fmt.Sprintf("error.%d", status); c.Locale.Has(key) {
		title = c.T(key)
	}
	b, _ := json.Marshal(apiProblem{problemBase + kind, title, status, detail}) // strings and a number
	return append(b, '\n')
}

// Problem writes an error for a program.
func Problem(c *office.Caller, w http.ResponseWriter, r *http.Request, err error) {
	writeProblem(c, w, r, problemOf(err), office.StatusOf(err), c.Say(err))
}

// NoToken writes that a request came without a token.
func NoToken(c *office.Caller, w http.ResponseWriter, r *http.Request) {
	writeProblem(c, w, r, "token", http.StatusUnauthorized, c.T("error.token"))
}

func writeProblem(c *office.Caller, w http.ResponseWriter, r *http.Request, kind string, status int, detail string) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Content-Language", c.Locale.HTML)
	h.Set("Cache-Control", "no-store")
	if status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="hearback"`)
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(problemBody(c, kind, status, detail))
	}
}
