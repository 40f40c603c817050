package publish

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html"
	"io"
	"net/url"
	"strings"

	"example.org/hearback"
)

// Paths of the feeds below [Site.Base]; ?lang= asks for one language.
const (
	AtomPath = "/feed.atom"
	JSONPath = "/feed.json"
)

// A Selection says which answers a feed holds; empty fields ask for nothing.
// Whoever makes the feed picks the answers for Area and Topic; the language is
// picked here.
type Selection struct {
	Lang  string
	Area  string // an area and all within it
	Topic string // id of a topic
	Label string // of area or topic, for the title
}

// FeedURL returns the address of a feed: what its readers subscribe to, and what
// a hub is told of.
func (s Site) FeedURL(path string, sel Selection) string {
	q := url.Values{}
	for _, x := range [][2]string{{"lang", sel.Lang}, {"area", sel.Area}, {"topic", sel.Topic}} {
		if x[1] != "" {
			q.Set(x[0], x[1])
		}
	}
	if len(q) == 0 {
		return s.Base + path
	}
	return s.Base + path + "?" + q.Encode()
}

type atomFeed struct {
	XMLName   xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Lang      string      `xml:"xml:lang,attr,omitempty"`
	ID        string      `xml:"id"`
	Title     string      `xml:"title"`
	Updated   string      `xml:"updated"`
	Author    atomPerson  `xml:"author"`
	Links     []atomLink  `xml:"link"`
	Generator string      `xml:"generator"`
	Entries   []atomEntry `xml:"entry"`
}

type atomPerson struct {
	Name string `xml:"name"`
}

type atomLink struct {
	Rel      string `xml:"rel,attr"`
	Type     string `xml:"type,attr,omitempty"`
	HrefLang string `xml:"hreflang,attr,omitempty"`
	Href     string `xml:"href,attr"`
}

type atomEntry struct {
	Lang      string         `xml:"xml:lang,attr"`
	ID        string         `xml:"id"`
	Title     string         `xml:"title"`
	Published string         `xml:"published"`
	Updated   string         `xml:"updated"`
	Links     []atomLink     `xml:"link"`
	Category  []atomCategory `xml:"category"`
	Summary   string         `xml:"summary"`
	Content   atomText       `xml:"content"`
}

type atomCategory struct {
	Term  string `xml:"term,attr"`
	Label string `xml:"label,attr"`
}

type atomText struct {
	Type string `xml:"type,attr"`
	Text string `xml:",chardata"`
}

// Atom writes answers as an Atom 1.0 feed (RFC 4287), in one language or, with
// none in sel, in every language, one entry for each. An entry keeps its id for
// ever; a correction and a withdrawal change its updated time, and a withdrawn
// answer keeps an entry that says so and why.
func Atom(w io.Writer, s Site, sel Selection, answers []hearback.Answer) error {
	lang, list := sel.Lang, entries(answers, sel.Lang)
	f := atomFeed{
		Lang: lang, ID: s.FeedURL(AtomPath, sel), Title: s.titleOf(sel), Updated: stamp(s.updated(list)),
		Author: atomPerson{s.office(lang)}, Generator: "Hearback",
		Links: []atomLink{
			{Rel: "self", Type: "application/atom+xml", Href: s.FeedURL(AtomPath, sel)},
			{Rel: "alternate", Type: "text/html", HrefLang: lang, Href: s.home(lang)},
		},
	}
	if s.Hub != "" {
		f.Links = append(f.Links, atomLink{Rel: "hub", Href: s.Hub})
	}
	for _, e := range list {
		words, sections := wordsOf(e.lang), s.sections(e)
		x := atomEntry{
			Lang: e.lang, ID: s.entryID(e.a, e.lang), Title: e.title(words), Published: stamp(e.first), Updated: stamp(e.updated),
			Links:   []atomLink{{Rel: "alternate", Type: "text/html", HrefLang: e.lang, Href: s.URL(e.a, e.lang)}},
			Summary: summary(e, sections), Content: atomText{"html", body(sections)},
		}
		if e.text != nil && e.text.Verdict != "" && !e.withdrawn {
			x.Category = []atomCategory{{string(e.text.Verdict), words.verdicts[e.text.Verdict]}}
		}
		f.Entries = append(f.Entries, x)
	}
	var b bytes.Buffer // nothing is written of a feed that cannot be made
	b.WriteString(xml.Header)
	enc := xml.NewEncoder(&b)
	enc.Indent("", " ")
	if err := enc.Encode(f); err != nil {
		return fmt.Errorf("atom feed: %w", err)
	}
	b.WriteByte('\n')
	_, err := b.WriteTo(w)
	return err
}

type jsonFeed struct {
	Version  string       `json:"version"`
	Title    string       `json:"title"`
	Home     string       `json:"home_page_url"`
	Feed     string       `json:"feed_url"`
	Language string       `json:"language,omitempty"`
	Authors  []jsonAuthor `json:"authors"`
	Hubs     []jsonHub    `json:"hubs,omitempty"`
	Items    []jsonItem   `json:"items"`
}

type jsonAuthor struct {
	Name string `json:"name"`
	URL  string `json:"url,omitempty"`
}

type jsonHub struct {
	Type string `json:"type"`
	URL  string `json:"url"`
}

type jsonItem struct {
	ID        string   `json:"id"`
	URL       string   `json:"url"`
	Title     string   `json:"title"`
	Summary   string   `json:"summary"`
	HTML      string   `json:"content_html"`
	Text      string   `json:"content_text"`
	Published string   `json:"date_published"`
	Modified  string   `json:"date_modified"`
	Language  string   `json:"language"`
	Tags      []string `json:"tags,omitempty"`
	Ours      jsonOurs `json:"_hearback"`
}

// jsonOurs is our extension of JSON Feed: where the words stand in the public
// log.
type jsonOurs struct {
	About     string `json:"about"`
	Answer    string `json:"answer"`
	Revision  int    `json:"revision"`
	Record    int64  `json:"record"`
	SHA256    string `json:"sha256"`
	Verdict   string `json:"verdict,omitempty"`
	Withdrawn bool   `json:"withdrawn,omitempty"`
}

// JSONFeed writes answers as a JSON Feed 1.1, with the same entries, ids and
// times as [Atom].
func JSONFeed(w io.Writer, s Site, sel Selection, answers []hearback.Answer) error {
	lang, list := sel.Lang, entries(answers, sel.Lang)
	f := jsonFeed{
		Version: "https://jsonfeed.org/version/1.1", Title: s.titleOf(sel), Home: s.home(lang), Feed: s.FeedURL(JSONPath, sel),
		Language: lang, Authors: []jsonAuthor{{s.office(lang), s.Base}}, Items: []jsonItem{},
	}
	if s.Hub != "" {
		f.Hubs = []jsonHub{{"WebSub", s.Hub}}
	}
	for _, e := range list {
		sum, err := Hash(e.a, e.rev)
		if err != nil {
			return fmt.Errorf("json feed: %w", err)
		}
		words, sections := wordsOf(e.lang), s.sections(e)
		x := jsonItem{
			ID: s.entryID(e.a, e.lang), URL: s.URL(e.a, e.lang), Title: e.title(words), Summary: summary(e, sections),
			HTML: body(sections), Text: lines(sections),
			Published: stamp(e.first), Modified: stamp(e.updated), Language: e.lang,
			Ours: jsonOurs{About: s.Base + "/log", Answer: e.a.ID.String(), Revision: e.rev.N, Record: e.rev.Record, SHA256: sum, Withdrawn: e.withdrawn},
		}
		if e.withdrawn {
			x.Ours.Record = e.a.Withdrawn.Record
		} else if v := e.rev.Verdict(); v != "" {
			x.Ours.Verdict, x.Tags = string(v), []string{words.verdicts[v]}
		}
		f.Items = append(f.Items, x)
	}
	b, err := json.MarshalIndent(f, "", " ")
	if err != nil {
		return fmt.Errorf("json feed: %w", err)
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

func (s Site) home(lang string) string {
	if lang == "" {
		return s.Base + "/"
	}
	return s.Base + "/?lang=" + url.QueryEscape(lang)
}

// titleOf is the title of a feed: the site, and what of it.
func (s Site) titleOf(sel Selection) string {
	if sel.Label == "" {
		return s.feedTitle(sel.Lang)
	}
	return s.feedTitle(sel.Lang) + wordsOf(sel.Lang).colon + sel.Label
}

// feedTitle and office never are empty: both formats ask for them.
func (s Site) feedTitle(lang string) string {
	if t := in(s.Name, lang); t != "" {
		return t
	}
	return "Hearback"
}

func (s Site) office(lang string) string {
	if o := in(s.Office, lang); o != "" {
		return o
	}
	return s.feedTitle(lang)
}

// summary is the lead, or the sentence that stands in its place.
func summary(e entry, sections []section) string {
	if e.text != nil && !e.withdrawn {
		return e.text.Lead
	}
	return sections[0].body
}

// body writes sections as HTML. Nothing an officer typed is markup.
func body(sections []section) string {
	var b strings.Builder
	for _, s := range sections {
		if s.head != "" {
			b.WriteString("<h2>" + html.EscapeString(s.head) + "</h2>\n")
		}
		for p := range strings.SplitSeq(s.body, "\n\n") {
			if p = strings.TrimSpace(p); p != "" {
				b.WriteString("<p>" + strings.ReplaceAll(html.EscapeString(p), "\n", "<br>\n") + "</p>\n")
			}
		}
	}
	return b.String()
}

// lines writes sections as plain text.
func lines(sections []section) string {
	var b strings.Builder
	for i, s := range sections {
		if i > 0 {
			b.WriteString("\n")
		}
		if s.head != "" {
			b.WriteString(s.head + "\n")
		}
		b.WriteString(s.body + "\n")
	}
	return b.String()
}
