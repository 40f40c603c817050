package evidence

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"

	"example.org/hearback"
)

// An Archived is a copy of a document as it was when it was relied on.
type Archived struct {
	Hash string // SHA-256 of Body in hex
	At   time.Time
	URL  string // where it was taken from, or "" if it was sent along
	Type string // media type as it was sent
	Text string // the words in it, as far as they can be read
	Body []byte
}

// Limits of a copy.
const (
	MaxArchive = 8_000_000 // bytes; less than the client reads at most
	maxWords   = 200 << 10 // bytes of text that are kept
)

// An Archiver takes copies of pages.
type Archiver struct {
	Client  *http.Client // one that does not reach private networks
	Now     func() time.Time
	Explain func(err error, host string) string // says why a page could not be read
}

// Take takes a copy of the page at an address. Its errors are sentences for
// whoever asked for it.
func (a Archiver) Take(ctx context.Context, address string) (Archived, error) {
	u, err := url.Parse(address)
	if err != nil {
		return Archived{}, fmt.Errorf("%w: %.60q is not a web address; use one that begins with https:// or http://", hearback.ErrInvalid, address)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return Archived{}, fmt.Errorf("%w: %.60q is not a web address; use one that begins with https:// or http://", hearback.ErrInvalid, address)
	}
	req.Header.Set("Accept", "text/html,application/xhtml+xml,application/pdf,text/plain,*/*;q=0.5")
	resp, err := a.Client.Do(req)
	if err != nil {
		return Archived{}, fmt.Errorf("%w: no copy was taken: %s. Check the address, or add the evidence without a copy", hearback.ErrInvalid, strings.TrimSuffix(a.Explain(err, u.Host), "."))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return Archived{}, fmt.Errorf("%w: the page answered %d, so no copy was taken; check the address, or add the evidence without a copy", hearback.ErrInvalid, resp.StatusCode)
	}
	if resp.ContentLength > MaxArchive {
		return Archived{}, tooLarge()
	}
	x, err := Read(resp.Body, resp.Header.Get("Content-Type"), address, a.Now())
	if err != nil && !strings.HasPrefix(err.Error(), hearback.ErrInvalid.Error()) {
		return x, fmt.Errorf("%w: no copy was taken: %s. Check the address, or add the evidence without a copy", hearback.ErrInvalid, strings.TrimSuffix(a.Explain(err, u.Host), "."))
	}
	return x, err
}

func tooLarge() error {
	return fmt.Errorf("%w: the page is larger than %d MB, too large for a copy; add the evidence without one, or send along the part that matters", hearback.ErrInvalid, MaxArchive/1_000_000)
}

// Read makes a copy of a document.
func Read(r io.Reader, mediaType, address string, at time.Time) (Archived, error) {
	body, err := io.ReadAll(io.LimitReader(r, MaxArchive+1))
	switch {
	case len(body) > MaxArchive:
		return Archived{}, tooLarge()
	case err != nil:
		return Archived{}, fmt.Errorf("read the document: %w", err)
	case len(body) == 0:
		return Archived{}, fmt.Errorf("%w: the document is empty", hearback.ErrInvalid)
	}
	if len(mediaType) > 200 || strings.ContainsFunc(mediaType, unicode.IsControl) || !utf8.ValidString(mediaType) {
		mediaType = "application/octet-stream"
	}
	sum := sha256.Sum256(body)
	return Archived{Hash: hex.EncodeToString(sum[:]), At: at.UTC().Truncate(time.Microsecond), URL: address, Type: mediaType, Text: Words(body, mediaType), Body: body}, nil
}

// Words returns the words of a page or a plain text, one block a line; "" for
// anything else. It reads tags one by one and builds no tree, so depth costs
// nothing.
func Words(body []byte, mediaType string) string {
	kind, _, err := mime.ParseMediaType(mediaType)
	if err != nil || kind == "application/octet-stream" {
		kind, _, _ = mime.ParseMediaType(http.DetectContentType(body))
	}
	page := kind == "text/html" || kind == "application/xhtml+xml"
	if !page && !strings.HasPrefix(kind, "text/") {
		return ""
	}
	r, err := charset.NewReader(bytes.NewReader(body), mediaType)
	if err != nil {
		r = bytes.NewReader(body)
	}
	var out strings.Builder
	if !page {
		b, _ := io.ReadAll(io.LimitReader(r, maxWords))
		out.Write(b)
	} else {
		readPage(html.NewTokenizer(r), &out)
	}
	var b strings.Builder
	for line := range strings.Lines(strings.ToValidUTF8(out.String(), "\uFFFD")) {
		if line = strings.Join(strings.FieldsFunc(line, unreadable), " "); line != "" && b.Len()+len(line) < maxWords {
			b.WriteString(line)
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func unreadable(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || r == '\u202d' || r == '\u202e'
}

// silent are the elements whose text nobody reads, and blocks those that begin
// a line.
const (
	silent = " script style noscript template svg iframe object "
	blocks = " p div br li ul ol tr td th table h1 h2 h3 h4 h5 h6 section article header footer main nav aside blockquote pre dt dd figure figcaption hr "
)

func readPage(z *html.Tokenizer, out *strings.Builder) {
	z.SetMaxBuf(1 << 20)
	skip := ""
	depth := 0
	for out.Len() < maxWords {
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.TextToken:
			if skip == "" {
				out.Write(z.Text())
			}
		case html.StartTagToken:
			name, _ := z.TagName()
			tag := string(name)
			switch {
			case skip == tag:
				depth++
			case skip == "" && tag == "title":
			case skip == "" && strings.Contains(silent, " "+tag+" "):
				skip, depth = tag, 1
			case skip == "" && strings.Contains(blocks, " "+tag+" "):
				out.WriteByte('\n')
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			tag := string(name)
			switch {
			case skip == tag:
				if depth--; depth == 0 {
					skip = ""
				}
			case skip == "" && (tag == "title" || strings.Contains(blocks, " "+tag+" ")):
				out.WriteByte('\n')
			}
		case html.SelfClosingTagToken:
			if skip == "" {
				out.WriteByte('\n')
			}
		}
	}
}
