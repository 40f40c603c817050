// Package api is the interface for programs, and the server for assistants.
// Every operation is one line of the table in routes.go; its handler, its
// address and the document that describes it are all made from that line. An
// assistant gets the reading ones of them as its tools (Model Context
// Protocol), with less: see mcp.go.
//
// It decides nothing. Who asks and what they may do was found out before a
// request comes here, and what the lists hold and how things are said is in
// package office, where the pages take it from as well.
package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/web/office"
)

// An API is the interface for programs of one office.
type API struct {
	o   office.Options
	ops []operation
	doc []byte // that describes them
}

// New makes the interface for programs. It fails if its document cannot be
// written.
func New(o office.Options) (*API, error) {
	a := &API{o: o, ops: operations()}
	var err error
	a.doc, err = openAPI(a.ops, o.Version, o.ConsoleURL)
	return a, err
}

// A Route is one address of the interface, and what whoever asks must be
// allowed to do; "" for one that is open. Serve leaves the writing of what it
// returns to [Problem].
type Route struct {
	Pattern string
	May     access.Action
	Serve   func(c *office.Caller, w http.ResponseWriter, r *http.Request) error
}

// Routes lists every address.
func (a *API) Routes() (list []Route) {
	add := func(pattern string, may access.Action, do func(*request) error) {
		list = append(list, Route{pattern, may, func(c *office.Caller, w http.ResponseWriter, r *http.Request) error {
			return do(&request{API: a, Caller: c, w: w, r: r})
		}})
	}
	for i := range a.ops {
		add(a.ops[i].pattern, a.ops[i].may, a.ops[i].serve)
	}
	add("/api/v1/", "", (*request).noOperation)
	add("/mcp", access.ViewConsole, (*request).mcp)
	return list
}

// A request is one request of a program under way.
type request struct {
	*API
	*office.Caller
	w     http.ResponseWriter
	r     *http.Request
	match string // the version that an edit knows
}

func (q *request) ctx() context.Context { return q.r.Context() }

func (q *request) id() (hearback.ID, error) { return office.ID(q.r) }

// An operation is one line of the table of the API. The handler and the
// document are both made from it.
type operation struct {
	pattern string
	may     access.Action
	name    string
	summary string
	in, out reflect.Type
	do      func(q *request, in any) (any, error)
}

// op makes an operation from a function: what it takes and gives are the types
// of the function.
func op[In, Out any](pattern string, may access.Action, name, summary string, do func(*request, In) (Out, error)) operation {
	return operation{pattern, may, name, summary, reflect.TypeFor[In](), reflect.TypeFor[Out](),
		func(q *request, in any) (any, error) { return do(q, in.(In)) }}
}

// nothing is what an operation takes that needs nothing but its address.
type nothing struct{}

// A versioned value is edited, and names the version that an edit must know.
type versioned interface{ version() string }

// made is a thing that did not exist before.
type made interface{ where() string }

// file is an answer that is not JSON.
type file struct {
	media, name string
	body        []byte
}

func (o *operation) method() string { m, _, _ := strings.Cut(o.pattern, " "); return m }

func (o *operation) path() string { _, p, _ := strings.Cut(o.pattern, " "); return p }

// at reports whether an address is one of the operation.
func (o *operation) at(path string) bool {
	want, have := strings.Split(o.path(), "/"), strings.Split(path, "/")
	return slices.EqualFunc(want, have, func(w, h string) bool { return w == h || strings.HasPrefix(w, "{") && h != "" })
}

// noOperation answers what no operation does: it says which methods an address
// takes, or that there is no such address.
func (q *request) noOperation() error {
	var allow []string
	for i := range q.ops {
		o := &q.ops[i]
		if !o.at(q.r.URL.Path) || slices.Contains(allow, o.method()) {
			continue
		}
		if allow = append(allow, o.method()); o.method() == http.MethodGet {
			allow = append(allow, http.MethodHead)
		}
	}
	if len(allow) == 0 {
		return hearback.ErrNotFound
	}
	q.w.Header().Set("Allow", strings.Join(allow, ", "))
	return errMethod
}

// Limits on what a program may send.
const (
	maxBody  = office.MaxForm
	maxDepth = 12
)

// A reply is an answer as it is sent, and kept for when the act is sent again.
type reply struct {
	Status   int
	Media    string
	Location string
	Tag      string
	File     string
	Body     []byte
}

func (o *operation) serve(q *request) error {
	h := q.w.Header()
	h.Add("Vary", "Accept-Language")
	h.Add("Vary", "Authorization")
	if o.method() == http.MethodGet {
		in, err := o.query(q.r.URL.Query())
		if err != nil {
			return err
		}
		r, err := o.run(q, in)
		if err != nil {
			return err
		}
		q.send(r)
		return nil
	}
	if q.Token == nil && !q.o.Drill {
		return errOnlyTokens
	}
	body, err := q.body()
	if err != nil {
		return err
	}
	in, err := o.decode(body)
	if err != nil {
		return err
	}
	if o.method() == http.MethodPut {
		if q.match = q.r.Header.Get("If-Match"); q.match == "" {
			return errNoVersion
		}
	}
	if o.method() == http.MethodPost && len(q.r.Header.Values("Idempotency-Key")) > 0 {
		return q.keyed(body, func() (reply, error) { return o.run(q, in) })
	}
	r, err := o.run(q, in)
	if err != nil {
		return err
	}
	q.send(r)
	return nil
}

// run does the operation and makes its answer.
func (o *operation) run(q *request, in any) (reply, error) {
	out, err := o.do(q, in)
	if err != nil {
		if o.method() == http.MethodPut && errors.Is(err, hearback.ErrConflict) {
			err = errChanged
		}
		return reply{}, err
	}
	if f, ok := out.(file); ok {
		return reply{Status: http.StatusOK, Media: f.media, File: f.name, Body: f.body, Tag: tagOf(f.body)}, nil
	}
	r := reply{Status: http.StatusOK, Media: "application/json"}
	if r.Body, err = encodeAPI(out, false); err != nil {
		return reply{}, fmt.Errorf("%s: %w", o.name, err)
	}
	r.Body = append(r.Body, '\n')
	if m, ok := out.(made); ok && o.method() == http.MethodPost {
		r.Status, r.Location = http.StatusCreated, m.where()
	}
	if v, ok := out.(versioned); ok {
		r.Tag = `"` + v.version() + `"`
	} else if o.method() == http.MethodGet {
		r.Tag = tagOf(r.Body)
	}
	return r, nil
}

func tagOf(b []byte) string {
	sum := sha256.Sum256(b)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
}

// send writes an answer, or says that the caller has it already.
func (q *request) send(r reply) {
	h := q.w.Header()
	h.Set("Content-Type", r.Media)
	h.Set("Content-Language", q.Locale.HTML)
	for name, v := range map[string]string{"Location": r.Location, "ETag": r.Tag} {
		if v != "" {
			h.Set(name, v)
		}
	}
	if r.File != "" {
		h.Set("Content-Disposition", `attachment; filename="`+r.File+`"`)
	}
	if r.Tag != "" && (q.r.Method == http.MethodGet || q.r.Method == http.MethodHead) && hasTag(q.r.Header.Values("If-None-Match"), r.Tag) {
		h.Del("Content-Type")
		q.w.WriteHeader(http.StatusNotModified)
		return
	}
	q.w.WriteHeader(r.Status)
	if q.r.Method != http.MethodHead {
		_, _ = q.w.Write(r.Body)
	}
}

// hasTag reports whether a list of tags of a header has one, or is "*".
func hasTag(values []string, tag string) bool {
	for _, v := range values {
		for t := range strings.SplitSeq(v, ",") {
			if t = strings.TrimPrefix(strings.TrimSpace(t), "W/"); t == tag || t == "*" {
				return true
			}
		}
	}
	return false
}

// edits returns nil if the caller knows the version that they edit. A weak tag
// says too little for that.
func (q *request) edits(v versioned) error {
	if strings.Contains(q.match, "W/") || !hasTag([]string{q.match}, `"`+v.version()+`"`) {
		return errChanged
	}
	return nil
}

// body reads what a program sent.
func (q *request) body() ([]byte, error) {
	b, err := io.ReadAll(q.r.Body)
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return nil, err
		}
		return nil, malformed("it broke off; send it again")
	}
	media, _, err := mime.ParseMediaType(q.r.Header.Get("Content-Type"))
	if len(b) > 0 && (err != nil || media != "application/json") {
		return nil, errMediaType
	}
	return b, nil
}

// decode reads the body of an operation. What the schema does not know, or
// needs and does not find, is refused by name.
func (o *operation) decode(body []byte) (any, error) {
	in := reflect.New(o.in)
	want := fields(o.in)
	if len(bytes.TrimSpace(body)) == 0 {
		body = []byte("{}")
	}
	if !utf8.Valid(body) {
		return nil, malformed("it is not UTF-8")
	}
	if depth(body) > maxDepth {
		return nil, malformed("it is nested too deeply")
	}
	have := map[string]json.RawMessage{}
	if err := json.Unmarshal(body, &have); err != nil || have == nil {
		return nil, malformed("it must be one JSON object")
	}
	for name := range have {
		if !slices.ContainsFunc(want, func(f field) bool { return f.name == name }) {
			return nil, fmt.Errorf("%w: there is no field %.60q here", hearback.ErrInvalid, name)
		}
	}
	for _, f := range want {
		if raw, ok := have[f.name]; !f.optional && (!ok || string(raw) == "null") {
			return nil, fmt.Errorf("%w: the field %q is needed", hearback.ErrInvalid, f.name)
		}
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(in.Interface()); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return nil, fmt.Errorf("%w: the field %q cannot be a %s", hearback.ErrInvalid, wrong.Field, wrong.Value)
		}
		if errors.Is(err, hearback.ErrInvalid) {
			return nil, err
		}
		return nil, fmt.Errorf("%w: a field in the body is not as the document says", hearback.ErrInvalid)
	}
	return in.Elem().Interface(), o.allowed(in.Elem())
}

// allowed refuses values that their type does not have.
func (o *operation) allowed(v reflect.Value) error {
	for _, f := range fields(v.Type()) {
		x := v.FieldByIndex(f.index)
		for x.Kind() == reflect.Pointer && !x.IsNil() {
			x = x.Elem()
		}
		if values := enums[x.Type()]; values != nil && !(f.optional && x.IsZero()) && !slices.Contains(values, x.String()) {
			return fmt.Errorf("%w: the field %q is one of %s", hearback.ErrInvalid, f.name, strings.Join(values, ", "))
		}
	}
	return nil
}

// depth is how deeply brackets are nested in JSON.
func depth(b []byte) (most int) {
	now, inside := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case inside && c == '\\':
			i++
		case c == '"':
			inside = !inside
		case inside:
		case c == '{' || c == '[':
			now++
			most = max(most, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return most
}

// query reads what an operation takes from an address.
func (o *operation) query(v url.Values) (any, error) {
	in := reflect.New(o.in).Elem()
	want := fields(o.in)
	for name := range v {
		if !slices.ContainsFunc(want, func(f field) bool { return f.name == name }) {
			return nil, fmt.Errorf("%w: there is no field %.60q here", hearback.ErrInvalid, name)
		}
	}
	for _, f := range want {
		s := v.Get(f.name)
		if s == "" {
			if !f.optional {
				return nil, fmt.Errorf("%w: the field %q is needed", hearback.ErrInvalid, f.name)
			}
			continue
		}
		if err := setField(in.FieldByIndex(f.index), s); err != nil {
			return nil, fmt.Errorf("%w: the field %q is not as the document says", hearback.ErrInvalid, f.name)
		}
	}
	return in.Interface(), o.allowed(in)
}

// setField reads one field of an address.
func setField(v reflect.Value, s string) error {
	if u, ok := v.Addr().Interface().(interface{ UnmarshalText([]byte) error }); ok {
		return u.UnmarshalText([]byte(s))
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
	case reflect.Bool:
		b, err := strconv.ParseBool(s)
		v.SetBool(b)
		return err
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(s, 10, 64)
		v.SetInt(n)
		return err
	default:
		panic(fmt.Sprintf("an address cannot hold a %s", v.Type()))
	}
	return nil
}

// paging is what every list takes.
type paging struct {
	After string `json:"after,omitempty" doc:"Where to go on: next of the page before."`
	Limit int    `json:"limit,omitempty" doc:"How many, 50 unless said, 200 at most."`
}

const (
	pageRows    = 50
	pageRowsMax = 200
	apiRows     = 10_000 // of a list that is cut into pages here
	pageScan    = 200    // rows read at once to fill a page with those that a view shows
)

func (p paging) size() (int, error) {
	if p.Limit < 0 || p.Limit > pageRowsMax {
		return 0, fmt.Errorf("%w: the field %q is not as the document says", hearback.ErrInvalid, "limit")
	}
	if p.Limit == 0 {
		return pageRows, nil
	}
	return p.Limit, nil
}

// A page of a list.
type page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty" doc:"Give it as after to read on; not there on the last page."`
}

// fill reads one page of a list in the order of the store: rows after the one
// named that a view shows, until there are enough.
func fill[R, T any](p paging, read func(after hearback.ID, limit int) ([]R, error), shows func(*R) bool, id func(*R) hearback.ID, view func([]R) ([]T, error)) (out page[T], err error) {
	n, err := p.size()
	if err != nil {
		return out, err
	}
	gone := fmt.Errorf("%w: this page of the list is not there; begin again", hearback.ErrInvalid)
	var after hearback.ID
	if p.After != "" {
		if after, err = hearback.ParseID(p.After); err != nil {
			return out, gone
		}
	}
	var rows []R
	for {
		list, err := read(after, pageScan)
		if errors.Is(err, hearback.ErrNotFound) {
			return out, gone
		}
		if err != nil {
			return out, err
		}
		for i := range list {
			if !shows(&list[i]) {
				continue
			}
			if len(rows) == n { // and so there is a next page
				out.Next = id(&rows[n-1]).String()
				out.Items, err = view(rows)
				return out, err
			}
			rows = append(rows, list[i])
		}
		if len(list) < pageScan {
			out.Items, err = view(rows)
			return out, err
		}
		after = id(&list[len(list)-1])
	}
}

// cut takes one page out of a list: what stands after the row named.
func cut[R, T any](rows []R, p paging, key func(*R) string, view func([]R) ([]T, error)) (out page[T], err error) {
	n, err := p.size()
	if err != nil {
		return out, err
	}
	if p.After != "" {
		i := slices.IndexFunc(rows, func(r R) bool { return key(&r) == p.After })
		if i < 0 {
			return out, fmt.Errorf("%w: this page of the list is not there; begin again", hearback.ErrInvalid)
		}
		rows = rows[i+1:]
	}
	if len(rows) > n {
		rows = rows[:n]
		out.Next = key(&rows[n-1])
	}
	out.Items, err = view(rows)
	return out, err
}
