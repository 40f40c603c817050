package feed

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/microcosm-cc/bluemonday"
	"github.com/mmcdole/gofeed"
	xhtml "golang.org/x/net/html"

	"example.org/hearback/internal/source"
	"example.org/hearback/internal/source/charset"
	"example.org/hearback/internal/source/when"
)

// Limits of one feed.
const (
	MaxBody  = 8 << 20 // bytes, unpacked
	MaxItems = 2000    // the first ones are taken: feeds put the newest there
	maxDepth = 256     // elements within elements
	maxText  = 64 << 10
	maxField = 1 << 10
)

// A Parsed is a feed taken apart.
type Parsed struct {
	Title string
	Items []source.Raw
	Left  int // items beyond MaxItems, which were left alone
}

// A Parser turns the bytes of a feed into items. It may be used by many
// goroutines.
type Parser struct{ strict *bluemonday.Policy }

// NewParser returns a Parser.
func NewParser() *Parser { return &Parser{strict: bluemonday.StrictPolicy()} }

// Parse reads RSS 0.9 to 2.0, RDF, Atom or JSON Feed in any character set.
// declared is the set that the server stated, or "". Its error is a
// *source.Fault.
func (p *Parser) Parse(body []byte, declared string) (parsed *Parsed, err error) {
	// What is read here was written by strangers, and the parsers underneath
	// by others: a mistake of theirs must cost one feed, not the service.
	defer func() {
		if x := recover(); x != nil {
			parsed, err = nil, &source.Fault{Sentence: "This feed cannot be read: it makes the parser fail.", Err: fmt.Errorf("feed parser: %T", x)}
		}
	}()
	if len(body) > MaxBody {
		return nil, fault("This feed is larger than %d MiB, which is the most that is read. Ask for a shorter one.", MaxBody>>20)
	}
	text, _ := charset.UTF8(body, declared, xmlEncoding(body))
	text = bytes.TrimLeft(text, " \t\r\n\x00")
	switch {
	case len(text) == 0:
		return nil, fault("The address answers with nothing at all.")
	case text[0] == '<':
		if text, err = strip(text); err != nil {
			return nil, err
		}
	case text[0] == '{':
		if err := shallow(text); err != nil {
			return nil, err
		}
	default:
		return nil, fault("What this address gives is no feed: it is neither XML nor JSON.")
	}
	f, err := gofeed.NewParser().Parse(bytes.NewReader(text))
	if err != nil {
		// The parser's own words may quote the feed, and are logged nowhere.
		return nil, fault("%s", broken(err))
	}
	parsed = &Parsed{Title: cut(p.Text(f.Title), maxField)}
	lang := baseLang(f.Language)
	for _, it := range f.Items {
		if len(parsed.Items) == MaxItems {
			parsed.Left = len(f.Items) - MaxItems
			break
		}
		if it == nil {
			continue
		}
		if raw := p.item(it, lang); raw.Text != "" {
			parsed.Items = append(parsed.Items, raw)
		}
	}
	return parsed, nil
}

func fault(format string, args ...any) *source.Fault {
	return &source.Fault{Sentence: fmt.Sprintf(format, args...)}
}

// broken says what is wrong with XML or JSON that cannot be parsed. The words
// of the parser are not for operators, but the line is.
func broken(err error) string {
	if m := lineOf.FindStringSubmatch(err.Error()); m != nil {
		return fmt.Sprintf("This feed is broken at line %s: it is no well-formed XML. Ask the site to mend it.", m[1])
	}
	if err == gofeed.ErrFeedTypeNotDetected {
		return "What this address gives is no feed: it is XML, but neither RSS nor Atom."
	}
	return "This feed is broken: it breaks off, or is no well-formed feed. Ask the site to mend it."
}

var (
	lineOf   = regexp.MustCompile(`line (\d+)`)
	encoding = regexp.MustCompile(`^[^<]{0,8}<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']`)
)

// xmlEncoding returns the character set that XML says it is in, or "".
func xmlEncoding(b []byte) string {
	if m := encoding.FindSubmatch(b[:min(len(b), 400)]); m != nil {
		return string(m[1])
	}
	return ""
}

// strip takes off everything before the root element: comments, the
// declaration of a character set that no longer holds, the document type. It
// refuses XML that is built to hurt: entities of its own, which can expand to
// gigabytes, and nesting without end.
func strip(b []byte) ([]byte, error) {
	root, depth := -1, 0
	for i := 0; i < len(b); {
		lt := bytes.IndexByte(b[i:], '<')
		if lt < 0 {
			break
		}
		i += lt
		rest := b[i:]
		switch {
		case bytes.HasPrefix(rest, []byte("<!--")):
			i += after(rest, "-->")
		case bytes.HasPrefix(rest, []byte("<![CDATA[")):
			i += after(rest, "]]>")
		case bytes.HasPrefix(rest, []byte("<?")):
			i += after(rest, "?>")
		case len(rest) > 1 && rest[1] == '!':
			end := doctype(rest)
			if generalEntity.Match(rest[:end]) {
				return nil, fault("This feed declares entities of its own, which could grow without end, so it is not read. Ask the site for a plain feed.")
			}
			if root >= 0 {
				end = 2 // a declaration inside the document is none
			}
			i += end
		case len(rest) > 1 && rest[1] == '/':
			depth = max(0, depth-1)
			i += 2
		case len(rest) > 1 && (rest[1] >= 0x80 || rest[1] == '_' || rest[1] == ':' || rest[1]|0x20 >= 'a' && rest[1]|0x20 <= 'z'):
			if root < 0 {
				root = i
				if name := tagName(rest); strings.EqualFold(name, "html") {
					return nil, webPage(b)
				}
			}
			end, closed := tag(rest)
			if !closed && !void[strings.ToLower(tagName(rest))] {
				if depth++; depth > maxDepth {
					return nil, fault("This feed is nested more than %d levels deep, so it is not read. Ask the site to mend it.", maxDepth)
				}
			}
			i += end
		default:
			i++
		}
	}
	if root < 0 {
		return nil, fault("What this address gives is no feed: it holds no element.")
	}
	return b[root:], nil
}

// generalEntity finds declarations of entities. Parameter entities (with %)
// are only used inside the document type, which is never expanded.
var generalEntity = regexp.MustCompile(`<!ENTITY\s+[^%\s]`)

// void are HTML elements without an end, which broken feeds leave unescaped.
var void = map[string]bool{"br": true, "hr": true, "img": true, "input": true, "meta": true, "wbr": true}

func after(b []byte, end string) int {
	if i := bytes.Index(b, []byte(end)); i >= 0 {
		return i + len(end)
	}
	return len(b)
}

// doctype returns the length of a <!DOCTYPE …> with its inner part.
func doctype(b []byte) int {
	open := false
	for i, c := range b {
		switch {
		case c == '[':
			open = true
		case c == ']':
			open = false
		case c == '>' && !open:
			return i + 1
		}
	}
	return len(b)
}

func tagName(b []byte) string {
	n := 1
	for n < len(b) && n < 64 && !bytes.ContainsRune([]byte(" \t\r\n/>"), rune(b[n])) {
		n++
	}
	return string(b[1:n])
}

// tag returns the length of a start tag, and whether it closes itself.
func tag(b []byte) (n int, closed bool) {
	var quote byte
	for i := 1; i < len(b); i++ {
		switch c := b[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i + 1, b[i-1] == '/'
		case c == '<':
			return i, false // a broken tag: the next begins here
		}
	}
	return len(b), false
}

// shallow refuses JSON that is nested without end.
func shallow(b []byte) error {
	depth, in := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case in && c == '\\':
			i++
		case c == '"':
			in = !in
		case in:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return fault("This feed is nested more than %d levels deep, so it is not read. Ask the site to mend it.", maxDepth)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

// webPage says that an address is a page, and which feed the page names.
func webPage(b []byte) error {
	z := xhtml.NewTokenizer(bytes.NewReader(b[:min(len(b), 256<<10)]))
	for {
		switch z.Next() {
		case xhtml.ErrorToken:
			return fault("This address is a web page, not a feed, and the page names no feed.")
		case xhtml.StartTagToken, xhtml.SelfClosingTagToken:
			t := z.Token()
			if t.Data != "link" {
				continue
			}
			a := map[string]string{}
			for _, x := range t.Attr {
				a[x.Key] = x.Val
			}
			switch strings.ToLower(a["type"]) {
			case "application/rss+xml", "application/atom+xml", "application/feed+json":
				if href := a["href"]; href != "" && strings.Contains(strings.ToLower(a["rel"]), "alternate") && len(href) < 500 {
					return fault("This address is a web page, not a feed. The page names this feed: %s", strings.ToValidUTF8(href, "\uFFFD"))
				}
			}
		}
	}
}

// item turns one entry into a Raw. A corrected entry keeps its Post, so that
// the new words replace the old ones.
func (p *Parser) item(it *gofeed.Item, lang string) source.Raw {
	title, body := p.Text(it.Title), p.Text(it.Content)
	if d := p.Text(it.Description); len(d) > len(body) {
		body = d
	}
	text := body
	if title != "" && !strings.HasPrefix(body, strings.TrimRight(title, "….")) {
		text = strings.TrimSpace(title + "\n" + body)
	}
	raw := source.Raw{Text: cut(text, maxText), Lang: lang, At: said(it), Account: account(it)}
	if dc := it.DublinCoreExt; dc != nil && len(dc.Language) > 0 {
		if l := baseLang(dc.Language[0]); l != "" {
			raw.Lang = l
		}
	}
	switch {
	case strings.TrimSpace(it.GUID) != "":
		raw.Post = strings.TrimSpace(it.GUID)
	case strings.TrimSpace(it.Link) != "":
		raw.Post = strings.TrimSpace(it.Link)
	default:
		raw.Post = hash("words", it.Published, raw.Text)
	}
	if len(raw.Post) > maxField || !utf8.ValidString(raw.Post) {
		raw.Post = hash("id", raw.Post)
	}
	return raw
}

func hash(parts ...string) string {
	h := sha256.New()
	for _, s := range parts {
		fmt.Fprintf(h, "%d:%s", len(s), s)
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil)[:16])
}

// said returns when an entry was published, or last changed if it does not
// say; zero if it says neither, or something impossible.
func said(it *gofeed.Item) time.Time {
	for _, t := range []*time.Time{it.PublishedParsed, it.UpdatedParsed} {
		if t != nil && t.Year() >= when.MinYear && t.Year() <= when.MaxYear {
			return t.UTC()
		}
	}
	for _, s := range []string{it.Published, it.Updated} {
		if s == "" {
			continue
		}
		if t, err := when.Parse(s, when.Options{}); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// account returns who the entry says wrote it. It is only used for counting
// voices, and only in memory.
func account(it *gofeed.Item) string {
	var names []string
	for _, a := range it.Authors {
		if a == nil {
			continue
		}
		if s := strings.TrimSpace(a.Email + " " + a.Name); s != "" {
			names = append(names, s)
		}
	}
	return cut(strings.Join(names, ", "), maxField)
}

// baseLang returns the base of a language tag: "zh" of "zh-CN".
func baseLang(tag string) string {
	tag = strings.ToLower(strings.TrimSpace(tag))
	if i := strings.IndexAny(tag, "-_"); i >= 0 {
		tag = tag[:i]
	}
	if len(tag) < 2 || len(tag) > 3 || strings.Trim(tag, "abcdefghijklmnopqrstuvwxyz") != "" {
		return ""
	}
	return tag
}

// block are elements that begin a new line. Without them the last word of one
// paragraph would run into the first of the next.
var block = map[string]bool{
	"p": true, "div": true, "br": true, "li": true, "ul": true, "ol": true, "tr": true, "table": true, "td": true, "th": true,
	"h1": true, "h2": true, "h3": true, "h4": true, "h5": true, "h6": true, "blockquote": true, "pre": true, "hr": true,
	"section": true, "article": true, "header": true, "footer": true, "dt": true, "dd": true, "figcaption": true,
}

// Text turns HTML into plain text: no markup, one line a paragraph.
func (p *Parser) Text(s string) string {
	if strings.ContainsAny(s, "<&") {
		if len(s) > 4*maxText {
			s = cut(s, 4*maxText)
		}
		if strings.Contains(s, "<") {
			s = p.strict.Sanitize(breaks(s))
		}
		s = html.UnescapeString(s)
	}
	return tidy(s)
}

// breaks puts a line break before every block element.
func breaks(s string) string {
	var b strings.Builder
	b.Grow(len(s) + len(s)/16)
	z := xhtml.NewTokenizer(strings.NewReader(s))
	for {
		t := z.Next()
		if t == xhtml.ErrorToken {
			return b.String()
		}
		raw := string(z.Raw()) // before TagName, which overwrites it
		if t == xhtml.StartTagToken || t == xhtml.EndTagToken || t == xhtml.SelfClosingTagToken {
			if name, _ := z.TagName(); block[string(name)] {
				b.WriteByte('\n')
			}
		}
		b.WriteString(raw)
	}
}

// tidy removes control characters and needless space: one space between
// words, no empty lines.
func tidy(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	space, line := false, false
	for _, r := range s {
		switch {
		case r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029':
			line = true
			continue
		case unicode.IsSpace(r):
			space = true
			continue
		case r < ' ' || r == 0x7f || r == '\u200b' || r == '\ufeff':
			continue
		}
		if b.Len() > 0 {
			if line {
				b.WriteByte('\n')
			} else if space {
				b.WriteByte(' ')
			}
		}
		space, line = false, false
		b.WriteRune(r)
	}
	return b.String()
}

// cut shortens s to at most n bytes, between characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
