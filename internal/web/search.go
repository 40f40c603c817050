package web

import (
	"fmt"
	"html/template"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"example.org/hearback"
	"example.org/hearback/internal/web/office"
)

type searchPage struct {
	frame
	Text    string
	Rows    []concernRow
	Matches []office.Match
	More    string
	Said    []saidRow
	Older   string // address of messages further back
	Newest  string // address of the newest ones, if these are not
	Loading bool
}

// A saidRow is a message that a search found.
type saidRow struct {
	hearback.Message
	Source    string
	HTML      template.HTML
	About     string // the concern it belongs to
	AboutLang string
}

// search looks for a text among messages, concerns and published answers.
func (q *request) search() error {
	v := q.r.URL.Query()
	text := office.ShortenTo(strings.TrimSpace(v.Get("q")), 200)
	p := &searchPage{frame: q.frame(q.t("search.title"), ""), Text: text}
	p.Query = text
	if text == "" {
		return q.page("search", p)
	}
	var before hearback.ID
	if s := v.Get("before"); s != "" {
		var err error
		if before, err = hearback.ParseID(s); err != nil {
			return fmt.Errorf("%w: this page of the list is not there; begin again", hearback.ErrInvalid)
		}
		p.Newest = "/search?" + url.Values{"q": {text}}.Encode()
	} else {
		list, next, err := q.o.Store.ConcernList(q.ctx(), office.ConcernFilter{View: "all", Text: text, Limit: 10})
		if err != nil {
			return err
		}
		if p.Rows, err = q.concernRows(list); err != nil {
			return err
		}
		if next != "" {
			p.More = "/concerns?" + url.Values{"view": {"all"}, "q": {text}}.Encode()
		}
		if q.o.Match != nil {
			p.Matches = q.o.Match(q.ctx(), text, q.l.Lang, 5)
		}
	}
	if q.o.FindMessages != nil {
		if err := q.searchMessages(p, before); err != nil {
			return err
		}
	}
	return q.page("search", p)
}

func (q *request) searchMessages(p *searchPage, before hearback.ID) error {
	found, err := q.o.FindMessages(q.ctx(), p.Text, before, office.MessagesAtOnce)
	if err != nil {
		return err
	}
	p.Loading = found.Loading
	if found.More != 0 {
		p.Older = "/search?" + url.Values{"q": {p.Text}, "before": {found.More.String()}}.Encode()
	}
	sources, err := q.o.Store.Sources(q.ctx())
	if err != nil {
		return err
	}
	concerns := map[hearback.ID]*hearback.Concern{}
	words := strings.Fields(p.Text)
	for _, m := range found.Messages {
		r := saidRow{Message: m, Source: sourceTitle(sources, m.Source), HTML: q.l.marking(m.Text, words)}
		if m.Concern != 0 {
			c := concerns[m.Concern]
			if c == nil {
				if c, err = q.o.Store.Concern(q.ctx(), m.Concern); err != nil {
					return err
				}
				concerns[m.Concern] = c
			}
			r.About, r.AboutLang = q.ConcernTitle(c), q.TitleLang(c)
		}
		p.Said = append(p.Said, r)
	}
	return nil
}

// marking shows the text of a message like marked, with some words marked.
func (l *writer) marking(s string, words []string) template.HTML {
	low := strings.ToLower(s)
	if len(low) != len(s) { // a letter that is longer in lower case: places would not fit
		return l.marked(s)
	}
	hit := make([]bool, len(s))
	for _, w := range words {
		if w = strings.ToLower(w); w == "" {
			continue
		}
		for from := 0; ; {
			i := strings.Index(low[from:], w)
			if i < 0 {
				break
			}
			at := from + i
			if startsWord(low, at) {
				for k := range len(w) {
					hit[at+k] = true
				}
			}
			from = at + len(w)
		}
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		j := i
		for j < len(s) && hit[j] == hit[i] {
			j++
		}
		part := string(l.marked(s[i:j]))
		if hit[i] {
			part = "<mark>" + part + "</mark>"
		}
		b.WriteString(part)
		i = j
	}
	return template.HTML(b.String())
}

// startsWord reports whether a word of a script with spaces begins at a place,
// or anything at all in one without.
func startsWord(s string, at int) bool {
	first, _ := utf8.DecodeRuneInString(s[at:])
	last, _ := utf8.DecodeLastRuneInString(s[:at])
	return at == 0 || first >= 0x2e80 || last >= 0x2e80 || !unicode.IsLetter(last) && !unicode.IsDigit(last)
}
