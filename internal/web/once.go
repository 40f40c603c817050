package web

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"example.org/hearback/internal/web/office"
)

// onceField is the hidden field that tells one showing of a form from another.
// What is sent twice from one showing, word for word, is done once: the second
// gets the answer of the first. What was changed, or comes from a page that was
// opened anew, is another act.
const onceField = "once"

// numbered gives every form of a page that changes something a number of its
// own. It does so in the page as it is sent, so that no form can be forgotten.
func numbered(page []byte) []byte {
	const begin, change = "<form", `method="post"`
	var out bytes.Buffer
	for {
		before, after, found := bytes.Cut(page, []byte(begin))
		out.Write(before)
		if !found {
			return out.Bytes()
		}
		tag, rest, _ := bytes.Cut(after, []byte(">")) // templates escape it in values
		out.WriteString(begin)
		out.Write(tag)
		out.WriteByte('>')
		if bytes.Contains(tag, []byte(change)) {
			fmt.Fprintf(&out, `<input type="hidden" name=%q value=%q>`, onceField, rand.Text())
		}
		page = rest
	}
}

// forms remembers what was answered to the forms of the last minutes; the store
// remembers for longer that they came.
type forms struct {
	mu    sync.Mutex
	m     map[[32]byte]*taken
	order [][32]byte
}

// taken is one form: under way until done is closed, and what was answered.
type taken struct {
	at     time.Time
	done   chan struct{}
	failed bool
	status int
	header http.Header
	body   []byte
}

// How many forms are remembered, for how long, and how long a page may be to be
// shown again: it may hold what is shown once. And for how long the store knows
// that a form came.
const (
	formLife    = 24 * time.Hour
	answerLife  = 10 * time.Minute
	maxForms    = 2000
	maxFormPage = 64 << 10
)

// begin returns what is known of a form, and whether it is new.
func (f *forms) begin(key [32]byte, now time.Time) (*taken, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.order) > 0 && (len(f.order) >= maxForms || now.Sub(f.m[f.order[0]].at) >= answerLife) {
		delete(f.m, f.order[0])
		f.order = f.order[1:]
	}
	if x := f.m[key]; x != nil {
		return x, false
	}
	if f.m == nil {
		f.m = map[[32]byte]*taken{}
	}
	x := &taken{at: now, done: make(chan struct{}), failed: true}
	f.m[key], f.order = x, append(f.order, key)
	return x, true
}

// end says what became of a form. One that failed may be sent again.
func (f *forms) end(key [32]byte, x *taken) {
	f.mu.Lock()
	if x.failed && f.m[key] == x {
		delete(f.m, key)
		f.order = slices.DeleteFunc(f.order, func(k [32]byte) bool { return k == key })
	}
	f.mu.Unlock()
	close(x.done)
}

// once does what a form asks for, and for the same form sent again returns the
// first answer. At the door nothing is remembered: what opens it works once, or
// is a password, and whoever could send it again must not get the session of
// somebody else.
func (q *request) once(do func(*request) error) error {
	number := ""
	if q.r.Method == http.MethodPost && q.Account != nil {
		number = q.r.PostForm.Get(onceField)
	}
	if number == "" || len(number) > 100 {
		return do(q) // of a program, or of a page of an older one
	}
	key, err := q.formKey(number)
	if err != nil {
		return err
	}
	for {
		x, first := q.taken.begin(key, q.o.Now())
		if first {
			return q.firstTime(key, x, do)
		}
		select {
		case <-x.done:
		case <-q.ctx().Done():
			return q.ctx().Err()
		}
		if !x.failed {
			for name, values := range x.header {
				q.w.Header()[name] = values
			}
			q.w.WriteHeader(x.status)
			_, err := q.w.Write(x.body)
			return err
		}
	}
}

// firstTime does what a form asks for, unless it came before a restart. Then
// its sender is led where they were led before.
func (q *request) firstTime(key [32]byte, x *taken, do func(*request) error) error {
	defer q.taken.end(key, x)
	ctx, now := context.WithoutCancel(q.ctx()), q.o.Now()
	act := office.ActKey{Key: key[:], Request: key[:], Since: now}
	old, err := q.o.Store.ClaimKey(ctx, act, now.Add(-formLife))
	switch {
	case err != nil:
		return err
	case old != nil && len(old.Answer) > 0:
		return q.see(string(old.Answer), "")
	case old != nil:
		return errFormTwice
	}
	answer := &recorder{ResponseWriter: q.w}
	q.w = answer
	defer func() {
		q.w = answer.ResponseWriter
		var err error
		if act.Status, act.Answer = x.status, []byte(answer.Header().Get("Location")); x.failed {
			err = q.o.Store.FreeKey(ctx, key[:])
		} else {
			err = q.o.Store.KeepAct(ctx, act)
		}
		if err != nil {
			q.o.Log.WarnContext(ctx, "a form is not known to be taken in", slog.String("component", "web"), slog.Any("err", err))
		}
	}()
	if err := do(q); err != nil {
		return err
	}
	if answer.status < http.StatusBadRequest {
		x.failed, x.status, x.header, x.body = false, cmp.Or(answer.status, http.StatusOK), answer.Header().Clone(), answer.body.Bytes()
		if answer.long {
			x.status, x.body, x.header = http.StatusSeeOther, nil, http.Header{"Location": {q.back()}}
		}
	}
	return nil
}

// formKey names one showing of one form with what was typed into it, for
// whoever is signed in.
func (q *request) formKey(number string) (key [32]byte, err error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %q", number, q.r.URL.Path)
	if q.Account != nil {
		fmt.Fprintf(sum, " %d", q.Account.ID)
	}
	fmt.Fprintf(sum, " %q", q.r.PostForm.Encode())
	if q.r.MultipartForm != nil {
		for name, list := range q.r.MultipartForm.File {
			for _, h := range list {
				f, err := h.Open()
				if err != nil {
					return key, err
				}
				fmt.Fprintf(sum, " %q %q ", name, h.Filename)
				_, err = io.Copy(sum, f)
				if f.Close(); err != nil {
					return key, err
				}
			}
		}
	}
	sum.Sum(key[:0])
	return key, nil
}

// A recorder keeps what is answered while it is sent.
type recorder struct {
	http.ResponseWriter
	status int
	long   bool
	body   bytes.Buffer
}

// WriteHeader implements [http.ResponseWriter].
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	if r.long = r.long || r.body.Len()+len(b) > maxFormPage; !r.long {
		r.body.Write(b)
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap is for [http.ResponseController].
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// recent knows for a little while what came from where, so that a button
// pressed twice on the public site, where pages are the same for everybody, is
// taken once. It keeps hashes, in memory.
type recent struct {
	mu sync.Mutex
	m  map[[32]byte]time.Time
}

// How long the same question, and the same word on an answer, from one network
// are one.
const (
	recentAsk  = 10 * time.Minute
	recentVote = 10 * time.Second
	maxRecent  = 5000
)

// again reports whether the same came within a time, and otherwise remembers
// it until forget is called.
func (r *recent) again(now time.Time, within time.Duration, parts ...string) (again bool, forget func()) {
	key := sha256.Sum256(fmt.Appendf(nil, "%q", parts))
	r.mu.Lock()
	defer r.mu.Unlock()
	if at, ok := r.m[key]; ok && now.Sub(at) < within && !now.Before(at) {
		return true, nil
	}
	if r.m == nil || len(r.m) >= maxRecent {
		r.m = map[[32]byte]time.Time{}
	}
	r.m[key] = now
	return false, func() {
		r.mu.Lock()
		delete(r.m, key)
		r.mu.Unlock()
	}
}
