// Package webhook takes messages that other systems post to us. It answers
// only after what it took is on disk, so that a sender who got no answer can
// send the same again: messages with an id are never taken twice. It keeps
// nothing itself.
package webhook

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/time/rate"

	"example.org/hearback"
	"example.org/hearback/internal/source"
	"example.org/hearback/internal/source/wire"
)

// Limits of one request.
const (
	MaxBody     = 8 << 20 // bytes, decoded
	maxErrors   = 100     // shown; the rest are counted
	defaultRate = 20      // requests a second from one source
)

// A Store finds the source that a request names.
type Store interface {
	// SourceBySlug returns [hearback.ErrNotFound] if there is none.
	SourceBySlug(ctx context.Context, slug string) (*hearback.Source, error)
}

// A Handler serves POST /ingest/{source}.
type Handler struct {
	Store Store
	Sink  source.Sink
	Now   func() time.Time
	Log   *slog.Logger

	// Rate is how many requests a second one source may make, with twice as
	// many at once; 0 means 20.
	Rate float64

	mu     sync.Mutex
	limits map[hearback.ID]*rate.Limiter
}

// A Reply is what the sender is told of the messages it sent. Received is the
// sum of the counts after it.
type Reply struct {
	Received int64            `json:"received"`
	Kept     int64            `json:"kept"`
	Copies   int64            `json:"copies"`
	Dropped  int64            `json:"dropped"`
	Repeats  int64            `json:"repeats"`
	Edited   int64            `json:"edited"`
	Deleted  int64            `json:"deleted"`
	Refused  int64            `json:"refused"`
	Errors   []wire.LineError `json:"errors"`
}

// ServeHTTP takes the messages in the body. The name of the source is the
// path value "source", or the last part of the path.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	zh := prefersChinese(r.Header.Get("Accept-Language"))
	reply, err := h.take(w, r)
	if err != nil {
		var p *problem
		if !errors.As(err, &p) {
			// What failed is ours, and the sender can only try again.
			if r.Context().Err() == nil {
				h.Log.ErrorContext(r.Context(), "messages could not be taken in", slog.Any("err", err))
			}
			p = refuse(http.StatusServiceUnavailable, pStore)
			p.after = 30 * time.Second
		}
		p.write(w, zh)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusAccepted)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(reply) // the sender is gone; what it sent is safe
}

// take checks the request, decodes it and commits what it holds.
func (h *Handler) take(w http.ResponseWriter, r *http.Request) (*Reply, error) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return nil, refuse(http.StatusMethodNotAllowed, pMethod)
	}
	src, err := h.admit(r)
	if err != nil {
		return nil, err
	}
	if err := checkType(r.Header); err != nil {
		return nil, err
	}
	body, err := readBody(w, r)
	if err != nil {
		return nil, err
	}
	reply := &Reply{Errors: []wire.LineError{}}
	dec := wire.NewDecoder(body)
	// One a line, but no more than lines of some length can be.
	items := make([]source.Raw, 0, min(bytes.Count(body, []byte{'\n'})+1, len(body)/64+1))
	unread := int64(0)
	for {
		raw, bad, err := dec.Next()
		if err == io.EOF {
			break
		}
		if bad != nil {
			if len(reply.Errors) < maxErrors {
				reply.Errors = append(reply.Errors, *bad)
			}
			unread++
			continue
		}
		items = append(items, raw)
	}
	if unread > 0 {
		items = append(items, source.Raw{Unread: unread}) // counted with its source, like all that came
	}
	if len(items) > 0 {
		// All in one piece: a sender who is told to send again must not find
		// half of it taken already, since messages may have no id.
		y, err := h.Sink.Take(r.Context(), src.ID, items, nil)
		if err != nil {
			return nil, err
		}
		reply.add(y)
	}
	if reply.Received == 0 {
		return nil, refuse(http.StatusBadRequest, pEmpty)
	}
	if reply.Refused == reply.Received && len(reply.Errors) == int(reply.Received) {
		p := refuse(http.StatusBadRequest, pNone)
		p.errors = reply.Errors
		return nil, p
	}
	return reply, nil
}

func (r *Reply) add(y hearback.Tally) {
	r.Received += y.Received
	r.Kept += y.Kept
	r.Copies += y.Copies
	r.Dropped += y.Dropped
	r.Repeats += y.Repeats
	r.Edited += y.Edited
	r.Deleted += y.Deleted
	r.Refused += y.Refused
}

// admit finds the source and checks that the sender may post to it.
func (h *Handler) admit(r *http.Request) (*hearback.Source, error) {
	slug := r.PathValue("source")
	if slug == "" {
		slug = r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	}
	src, err := h.Store.SourceBySlug(r.Context(), slug)
	if errors.Is(err, hearback.ErrNotFound) || err == nil && (src.Kind != hearback.Webhook || src.State == hearback.SourceRemoved) {
		return nil, refuse(http.StatusNotFound, pSource)
	}
	if err != nil {
		return nil, err
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "bearer") || token == "" {
		return nil, refuse(http.StatusUnauthorized, pToken)
	}
	switch source.CheckToken(src, strings.TrimSpace(token), h.Now()) {
	case source.TokenWrong:
		return nil, refuse(http.StatusUnauthorized, pWrong)
	case source.TokenExpired:
		return nil, refuse(http.StatusUnauthorized, pExpired)
	case source.TokenOther:
		return nil, refuse(http.StatusForbidden, pOther)
	}
	if src.State != hearback.SourceActive {
		return nil, refuse(http.StatusForbidden, pPaused)
	}
	if after := h.wait(src.ID); after > 0 {
		p := refuse(http.StatusTooManyRequests, pRate)
		p.after = after
		return nil, p
	}
	return src, nil
}

// wait returns how long a source has to wait, 0 if it need not.
func (h *Handler) wait(id hearback.ID) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.limits == nil {
		h.limits = map[hearback.ID]*rate.Limiter{} // grows only with sources
	}
	l := h.limits[id]
	if l == nil {
		each := h.Rate
		if each <= 0 {
			each = defaultRate
		}
		l = rate.NewLimiter(rate.Limit(each), max(1, int(2*each)))
		h.limits[id] = l
	}
	now := h.Now()
	res := l.ReserveN(now, 1)
	after := res.DelayFrom(now)
	if after > 0 {
		res.CancelAt(now)
	}
	return after
}

// checkType refuses what is no JSON. A request that does not say is taken.
func checkType(header http.Header) error {
	if ct := header.Get("Content-Type"); ct != "" {
		t, params, err := mime.ParseMediaType(ct)
		if err != nil {
			return refuse(http.StatusUnsupportedMediaType, pType)
		}
		switch t {
		case "application/json", "application/jsonl", "application/x-ndjson", "application/ndjson",
			"application/json-lines", "application/jsonlines", "application/x-jsonlines", "text/json", "text/plain":
		default:
			return refuse(http.StatusUnsupportedMediaType, pType)
		}
		if cs := params["charset"]; cs != "" && !strings.EqualFold(cs, "utf-8") && !strings.EqualFold(cs, "us-ascii") {
			return refuse(http.StatusUnsupportedMediaType, pCharset)
		}
	}
	switch strings.ToLower(header.Get("Content-Encoding")) {
	case "", "identity", "gzip":
		return nil
	}
	return refuse(http.StatusUnsupportedMediaType, pEncoding)
}

// readBody reads the body, decoded, up to the limit.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength > MaxBody {
		return nil, refuse(http.StatusRequestEntityTooLarge, pLarge)
	}
	in := io.Reader(http.MaxBytesReader(w, r.Body, MaxBody))
	zipped := strings.EqualFold(r.Header.Get("Content-Encoding"), "gzip")
	if zipped {
		zr, err := gzip.NewReader(in)
		if err != nil {
			return nil, refuse(http.StatusBadRequest, pGzip)
		}
		in = zr
	}
	var b bytes.Buffer
	if !zipped && r.ContentLength > 0 {
		b.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	n, err := io.Copy(&b, io.LimitReader(in, MaxBody+1))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large), n > MaxBody:
		return nil, refuse(http.StatusRequestEntityTooLarge, pLarge)
	case err != nil && zipped:
		return nil, refuse(http.StatusBadRequest, pGzip)
	case err != nil:
		return nil, refuse(http.StatusBadRequest, pCut)
	}
	return b.Bytes(), nil
}

// A problem is an error as RFC 9457 has it.
type problem struct {
	status int
	text   sentence
	after  time.Duration
	errors []wire.LineError
}

func refuse(status int, text sentence) *problem { return &problem{status: status, text: text} }

// Error returns the sentence in English.
func (p *problem) Error() string { return p.text.en }

func (p *problem) write(w http.ResponseWriter, zh bool) {
	doc := map[string]any{
		"type": "about:blank", "title": http.StatusText(p.status), "status": p.status, "detail": p.text.in(zh),
	}
	if len(p.errors) > 0 {
		doc["errors"] = p.errors
	}
	lang := "en"
	if zh {
		lang = "zh"
	}
	head := w.Header()
	head.Set("Content-Type", "application/problem+json")
	head.Set("Content-Language", lang)
	head.Set("Cache-Control", "no-store")
	head.Add("Vary", "Accept-Language")
	if p.status == http.StatusUnauthorized {
		head.Set("WWW-Authenticate", `Bearer realm="hearback"`)
	}
	if p.after > 0 {
		head.Set("Retry-After", strconv.FormatInt(int64((p.after+time.Second-1)/time.Second), 10))
	}
	w.WriteHeader(p.status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(doc)
}

// A sentence is what is wrong, in both languages.
type sentence struct{ en, zh string }

func (s sentence) in(zh bool) string {
	if zh {
		return s.zh
	}
	return s.en
}

var (
	pMethod   = sentence{"Messages are posted: send a POST request.", "请用 POST 方法发送消息。"}
	pSource   = sentence{"There is no webhook source with this name. Check the last part of the address.", "没有这个名称的 Webhook 来源，请核对网址的最后一段。"}
	pToken    = sentence{"The request has no token. Send it in the header “Authorization: Bearer hb_…”.", "请求没有带令牌，请放在请求头“Authorization: Bearer hb_…”里。"}
	pWrong    = sentence{"The token is wrong, or has been replaced. Ask the administrator for a new one.", "令牌不对，或已被更换，请向管理员索取新令牌。"}
	pExpired  = sentence{"The token has expired. Ask the administrator for a new one.", "令牌已过期，请向管理员索取新令牌。"}
	pOther    = sentence{"This token belongs to another source. Use the token of the source in the address.", "这个令牌属于另一个来源，请使用网址所指来源的令牌。"}
	pPaused   = sentence{"This source is paused, so nothing is taken in. Send again after it has been resumed.", "该来源已暂停接收，恢复之后请重新发送。"}
	pRate     = sentence{"Too many requests. Put more messages into each, and wait as long as Retry-After says.", "请求过于频繁。请在每次请求中多放几条消息，并按 Retry-After 的时间等待。"}
	pType     = sentence{"The body must be JSON: set Content-Type to application/json or application/x-ndjson.", "正文必须是 JSON：请把 Content-Type 设为 application/json 或 application/x-ndjson。"}
	pCharset  = sentence{"JSON has to be UTF-8. Convert the body before you send it.", "JSON 必须用 UTF-8 编码，请先转换再发送。"}
	pEncoding = sentence{"Only gzip is understood as Content-Encoding.", "Content-Encoding 只支持 gzip。"}
	pLarge    = sentence{fmt.Sprintf("The body is larger than %d MiB once it is unpacked. Send it in several requests.", MaxBody>>20), fmt.Sprintf("正文解压后超过 %d MiB，请分几次发送。", MaxBody>>20)}
	pGzip     = sentence{"The body says that it is gzip, and cannot be unpacked.", "正文声明为 gzip，但无法解压。"}
	pCut      = sentence{"The body broke off before its end. Send it again.", "正文没有传完就中断了，请重新发送。"}
	pEmpty    = sentence{"The body holds no message.", "正文里没有消息。"}
	pNone     = sentence{"None of the messages could be read; “errors” says why, by line.", "没有一条消息可以读取，各行原因见 errors。"}
	pStore    = sentence{"The messages could not be stored just now. Nothing is lost if you send them again.", "消息暂时无法保存，请稍后重新发送，不会丢失。"}
)

var languages = language.NewMatcher([]language.Tag{language.English, language.Chinese})

func prefersChinese(accept string) bool {
	if len(accept) > 500 {
		return false
	}
	tags, _, err := language.ParseAcceptLanguage(accept)
	if err != nil || len(tags) == 0 {
		return false
	}
	_, i, _ := languages.Match(tags...)
	return i == 1
}
