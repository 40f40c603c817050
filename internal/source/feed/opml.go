package feed

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/source"
	"example.org/hearback/internal/source/charset"
)

// MaxFeeds is how many feeds a list may hold.
const MaxFeeds = 10_000

// An Entry is one feed of a list.
type Entry struct {
	Title string
	URL   string
	Page  string // the site that the feed belongs to, or ""
	Group string // names of the folders it stands in, joined with " / "
}

// ReadOPML reads a list of feeds. Entries whose address cannot be read from
// are left out and counted; so is what stands in the list twice. Its error
// wraps [hearback.ErrInvalid].
func ReadOPML(r io.Reader) (list []Entry, left int, err error) {
	bad := func(format string, args ...any) ([]Entry, int, error) {
		return nil, 0, fmt.Errorf("%w: "+format, append([]any{hearback.ErrInvalid}, args...)...)
	}
	body, err := io.ReadAll(io.LimitReader(r, MaxBody+1))
	if err != nil {
		return nil, 0, err
	}
	if len(body) > MaxBody {
		return bad("the list is larger than %d MiB; split it", MaxBody>>20)
	}
	text, _ := charset.UTF8(body, xmlEncoding(body))
	text = bytes.TrimLeft(text, " \t\r\n\x00")
	if len(text) == 0 || text[0] != '<' {
		return bad("this is no OPML file: it is no XML")
	}
	if text, err = strip(text); err != nil {
		return bad("this is no OPML file that can be read: it is a web page, declares entities, or is nested too deeply")
	}
	if name := tagName(text); !strings.EqualFold(name, "opml") {
		return bad("this is no OPML file: its first element is <%s>", name)
	}
	dec := xml.NewDecoder(bytes.NewReader(text))
	dec.Strict = false
	var groups []string
	seen := map[string]bool{}
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			var syntax *xml.SyntaxError
			if errors.As(err, &syntax) {
				return bad("the list is broken at line %d", syntax.Line)
			}
			return bad("the list is broken: it breaks off, or is no well-formed XML")
		}
		switch t := tok.(type) {
		case xml.StartElement:
			if !strings.EqualFold(t.Name.Local, "outline") {
				continue
			}
			a := map[string]string{}
			for _, x := range t.Attr {
				a[strings.ToLower(x.Name.Local)] = strings.TrimSpace(x.Value)
			}
			title := a["title"]
			if title == "" {
				title = a["text"]
			}
			title = cut(tidy(title), 200)
			groups = append(groups, title)
			address := a["xmlurl"]
			if address == "" {
				continue
			}
			if source.CheckURL(address) != nil || len(address) > 2000 || seen[address] {
				left++
				continue
			}
			seen[address] = true
			if len(list) == MaxFeeds {
				return bad("the list holds more than %d feeds; split it", MaxFeeds)
			}
			e := Entry{Title: title, URL: address, Group: strings.Join(compact(groups[:len(groups)-1]), " / ")}
			if source.CheckURL(a["htmlurl"]) == nil {
				e.Page = a["htmlurl"]
			}
			if e.Title == "" {
				e.Title = source.PublicURL(address)
			}
			list = append(list, e)
		case xml.EndElement:
			if strings.EqualFold(t.Name.Local, "outline") && len(groups) > 0 {
				groups = groups[:len(groups)-1]
			}
		}
	}
	return list, left, nil
}

func compact(names []string) (out []string) {
	for _, n := range names {
		if n != "" {
			out = append(out, n)
		}
	}
	return out
}

type opmlOutline struct {
	Type string `xml:"type,attr"`
	Text string `xml:"text,attr"`
	URL  string `xml:"xmlUrl,attr"`
}

type opmlDoc struct {
	XMLName xml.Name      `xml:"opml"`
	Version string        `xml:"version,attr"`
	Title   string        `xml:"head>title"`
	Made    string        `xml:"head>dateCreated"`
	Feeds   []opmlOutline `xml:"body>outline"`
}

// WriteOPML writes the feeds among sources that are not removed, as a list
// that other readers can import. Names and passwords in addresses are left
// out: such lists are passed on.
func WriteOPML(w io.Writer, title string, sources []hearback.Source, now time.Time) error {
	doc := opmlDoc{Version: "2.0", Title: title, Made: now.UTC().Format(time.RFC1123Z)}
	for _, s := range sources {
		if s.Kind == hearback.Feed && s.State != hearback.SourceRemoved {
			doc.Feeds = append(doc.Feeds, opmlOutline{Type: "rss", Text: s.Title, URL: source.WithoutPassword(s.URL)})
		}
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(doc); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
