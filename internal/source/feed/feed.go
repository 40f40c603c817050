// Package feed reads RSS, RDF, Atom and JSON feeds, politely: it asks only for
// what is new, comes no more often than it is told to, and says who it is. It
// also reads and writes lists of feeds (OPML). It does not decide when to look
// (the scheduler of package source does) and stores nothing.
package feed

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/source"
	"example.org/hearback/internal/source/safedial"
)

var _ source.Poller = (*Reader)(nil)

// maxWait is the longest that a site can ask us to stay away.
const maxWait = 24 * time.Hour

// A Reader looks at feeds. It may be used by many goroutines.
type Reader struct {
	client *http.Client
	parser *Parser
	now    func() time.Time
}

// New returns a Reader that reads with client, which package safedial made.
func New(client *http.Client, now func() time.Time) *Reader {
	return &Reader{client: client, parser: NewParser(), now: now}
}

// A cursor is what a feed told us at the last look. It holds no ids of posts:
// which of them are new is for the store to say, which keeps keyed hashes.
type cursor struct {
	For      string `json:"for"` // hash of the address that the rest belongs to
	ETag     string `json:"etag,omitempty"`
	Modified string `json:"modified,omitempty"`
	Body     string `json:"body,omitempty"` // hash of the body, for servers that know neither
}

// Poll looks at one feed. Its error is a *source.Fault.
func (r *Reader) Poll(ctx context.Context, src hearback.Source, stored []byte) (*source.Poll, error) {
	var cur cursor
	if len(stored) > 0 {
		_ = json.Unmarshal(stored, &cur) // an unknown form is no cursor: read it all
	}
	address := hashText(src.URL)
	if cur.For != address {
		cur = cursor{For: address}
	}
	u, err := url.Parse(src.URL)
	if err != nil {
		return nil, fault("The address of this feed cannot be read. Correct it.")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, src.URL, nil)
	if err != nil {
		return nil, fault("The address of this feed cannot be read. Correct it.")
	}
	req.Header.Set("Accept", "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, application/xml;q=0.9, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1")
	if cur.ETag != "" {
		req.Header.Set("If-None-Match", cur.ETag)
	}
	if cur.Modified != "" {
		req.Header.Set("If-Modified-Since", cur.Modified)
	}
	// The statuses on the way say whether the feed has moved for good.
	hops, forGood := 0, true
	client := *r.client
	check := client.CheckRedirect
	client.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		hops++
		if req.Response == nil || req.Response.StatusCode != http.StatusMovedPermanently && req.Response.StatusCode != http.StatusPermanentRedirect {
			forGood = false
		}
		if check != nil {
			return check(req, via)
		}
		if hops > 5 {
			return errors.New("too many redirects")
		}
		return nil
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, &source.Fault{Sentence: safedial.Explain(err, u.Hostname()), Err: redact(err)}
	}
	defer resp.Body.Close()
	final := resp.Request.URL
	p := &source.Poll{Every: maxAge(resp.Header)}
	if hops > 0 && forGood && u.User == nil && !(u.Scheme == "https" && final.Scheme != "https") {
		p.Moved = final.String()
	}
	switch {
	case resp.StatusCode == http.StatusNotModified:
		p.Unchanged = true
		p.Cursor = stored
		return p, nil
	case resp.StatusCode != http.StatusOK:
		return nil, r.refused(resp, u.Hostname())
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, MaxBody+1))
	if err != nil {
		return nil, &source.Fault{Sentence: safedial.Explain(err, u.Hostname()), Err: redact(err)}
	}
	if body, err = unzip(body); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	next := cursor{For: address, ETag: short(resp.Header.Get("ETag")), Modified: short(resp.Header.Get("Last-Modified")), Body: hex.EncodeToString(sum[:16])}
	if p.Moved != "" {
		next.For = hashText(p.Moved)
	}
	if p.Cursor, err = json.Marshal(next); err != nil {
		return nil, err
	}
	if next.Body == cur.Body {
		p.Unchanged = true
		return p, nil
	}
	_, params, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	parsed, err := r.parser.Parse(body, params["charset"])
	if err != nil {
		return nil, err
	}
	p.Title, p.Items = parsed.Title, parsed.Items
	if parsed.Left > 0 {
		p.Note = fmt.Sprintf("The feed holds %d entries; the first %d were read.", len(parsed.Items)+parsed.Left, MaxItems)
	}
	return p, nil
}

// refused says what a status other than 200 means for the operator.
func (r *Reader) refused(resp *http.Response, host string) error {
	f := &source.Fault{After: r.retryAfter(resp.Header.Get("Retry-After"))}
	switch code := resp.StatusCode; {
	case code == http.StatusGone:
		f.Gone = true
		f.Sentence = fmt.Sprintf("%s says that this feed is gone for good (410). Remove the source, or give it a new address.", host)
	case code == http.StatusNotFound:
		f.Sentence = fmt.Sprintf("%s has nothing at this address (404). Check whether the feed has moved.", host)
	case code == http.StatusUnauthorized:
		f.Sentence = fmt.Sprintf("%s asks for a password (401). Only public feeds should be listened to.", host)
	case code == http.StatusForbidden:
		f.Sentence = fmt.Sprintf("%s does not let us read this feed (403). Ask the site whether it may be read.", host)
	case code == http.StatusTooManyRequests:
		f.Sentence = fmt.Sprintf("%s asks us to come less often (429).", host)
		f.After = max(f.After, time.Hour)
	case code >= 500:
		f.Sentence = fmt.Sprintf("%s has a fault of its own (%d). It will be tried again.", host, code)
	case code >= 300 && code < 400:
		f.Sentence = fmt.Sprintf("%s sends us on without saying where (%d). Check the address in a browser.", host, code)
	default:
		f.Sentence = fmt.Sprintf("%s answers with status %d instead of a feed. Check the address.", host, code)
	}
	return f
}

// retryAfter reads how long a site asks us to wait: seconds or a date.
func (r *Reader) retryAfter(s string) time.Duration {
	if s == "" {
		return 0
	}
	d := time.Duration(0)
	if n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64); err == nil {
		d = time.Duration(min(max(n, 0), int64(maxWait/time.Second))) * time.Second
	} else if t, err := http.ParseTime(s); err == nil {
		d = t.Sub(r.now())
	}
	return min(max(d, 0), maxWait)
}

// maxAge returns how long the answer may be kept: there is no sense in coming
// back earlier.
func maxAge(h http.Header) time.Duration {
	d := time.Duration(0)
	for part := range strings.SplitSeq(h.Get("Cache-Control"), ",") {
		name, val, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch strings.ToLower(name) {
		case "no-cache", "no-store":
			return 0
		case "max-age":
			if n, err := strconv.ParseInt(strings.Trim(val, `"`), 10, 64); err == nil && n > 0 {
				d = time.Duration(min(n, int64(maxWait/time.Second))) * time.Second
			}
		}
	}
	return d
}

// unzip unpacks feeds that are stored as .gz and sent without saying so.
func unzip(body []byte) ([]byte, error) {
	if !bytes.HasPrefix(body, []byte{0x1f, 0x8b}) {
		return body, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, fault("This feed is packed with gzip, and cannot be unpacked. Ask the site to mend it.")
	}
	out, err := io.ReadAll(io.LimitReader(z, MaxBody+1))
	if err != nil {
		return nil, fault("This feed is packed with gzip, and breaks off in the middle. Ask the site to mend it.")
	}
	return out, nil
}

func hashText(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:16])
}

// short drops validators that are too long to be kept.
func short(s string) string {
	if len(s) > maxField {
		return ""
	}
	return s
}

// redact takes the address off an error of net/http, which may hold a
// password or a key.
func redact(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
