package web

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// doorCookie is set by the sign-in page, to see whether cookies come back.
const doorCookie = "hb_door"

// cookiesOff reports whether this browser came from our sign-in page, which
// set a cookie, and brings none. Without one nobody could stay signed in.
func (q *request) cookiesOff() bool {
	ref, err := url.Parse(q.r.Referer())
	return err == nil && ref.Host == q.r.Host && ref.Path == "/signin" && len(q.r.Cookies()) == 0
}

// typed lists what somebody typed into a form that was not taken, so that
// nothing is lost. Secrets are not shown again.
func (q *request) typed() (list []kept) {
	for name, values := range q.r.PostForm {
		if secretField(name) || name == onceField {
			continue
		}
		for _, v := range values {
			if v = strings.TrimSpace(strings.ReplaceAll(v, "\r\n", "\n")); v != "" && (len(v) > 30 || strings.ContainsAny(v, " \n") || slices.Contains(plainFields, name)) {
				list = append(list, kept{name, v})
			}
		}
	}
	slices.SortFunc(list, func(a, b kept) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// plainFields are fields of one word that somebody may have typed.
var plainFields = []string{"title", "reason", "note", "text", "query", "name", "url", "basis"}

func secretField(name string) bool {
	return slices.Contains([]string{"password", "again", "old", "token", "code", "secret", "attempt", "answer"}, name)
}

// A head keeps what a body began with while it is read, so that what was typed
// into a form is not lost because the file below it is too large. Files stand
// last in our forms.
type head struct {
	r    io.ReadCloser
	kept bytes.Buffer
}

// Limits of what is kept of an upload that is too large, and of how much more
// of it is read so that a browser gets to read our answer.
const (
	maxHead  = 256 << 10
	maxDrain = 256 << 20
)

func (h *head) Read(p []byte) (int, error) {
	n, err := h.r.Read(p)
	if room := maxHead - h.kept.Len(); room > 0 {
		h.kept.Write(p[:min(n, room)])
	}
	return n, err
}

func (h *head) Close() error { return h.r.Close() }

// drain reads what still comes and forgets it.
func (h *head) drain() { _, _ = io.CopyN(io.Discard, h.r, maxDrain) }

// fields reads the fields that stand before the first file.
func (h *head) fields(kind string) url.Values {
	v := url.Values{}
	_, params, err := mime.ParseMediaType(kind)
	if err != nil {
		return v
	}
	parts := multipart.NewReader(&h.kept, params["boundary"])
	for {
		p, err := parts.NextPart()
		if err != nil || p.FileName() != "" {
			return v
		}
		b, err := io.ReadAll(p)
		if err != nil {
			return v
		}
		v.Add(p.FormName(), string(b))
	}
}

type signedOutPage struct {
	frame
	Action string
	Kept   []kept // what is shown: text that was typed
	Fields []kept // the whole form, to send it again
}

// signedOut answers a form that comes after the session has ended. It keeps
// what was typed in the page, so that it can be sent again once its writer has
// signed in, in another tab. A form with a file or a secret cannot be kept.
func (q *request) signedOut() {
	if err := q.parseForm(); err != nil {
		q.fail(err)
		return
	}
	p := &signedOutPage{frame: q.frame(q.t("signedout.title"), ""), Action: q.r.URL.RequestURI(), Kept: q.typed()}
	if len(p.Kept) == 0 || q.r.MultipartForm != nil {
		http.Redirect(q.w, q.r, "/signin", http.StatusSeeOther)
		return
	}
	for name, values := range q.r.PostForm {
		if secretField(name) || name == onceField {
			continue
		}
		for _, v := range values {
			p.Fields = append(p.Fields, kept{name, v})
		}
	}
	slices.SortStableFunc(p.Fields, func(a, b kept) int { return strings.Compare(a.Name, b.Name) })
	if err := q.render(http.StatusUnauthorized, "gate", "signedout", p); err != nil {
		q.fail(err)
	}
}
