package follow

import (
	"context"
	"embed"
	htmltemplate "html/template"
	"net/url"
	"strings"
	"sync"
	"text/template"

	"example.org/hearback"
	"example.org/hearback/internal/notify"
	"example.org/hearback/internal/publish"
)

//go:embed templates/*
var templateFiles embed.FS

// A writer keeps the templates, once they are needed.
type writer struct {
	once  sync.Once
	plain map[string]*template.Template
	rich  map[string]*htmltemplate.Template
	err   error
}

func (w *writer) load() error {
	w.once.Do(func() {
		w.plain, w.rich = map[string]*template.Template{}, map[string]*htmltemplate.Template{}
		list := map[string]any{"list": func(lang string, s []string) string {
			return strings.Join(s, map[string]string{"en": ", ", "zh": "、"}[lang])
		}, "paragraphs": func(s string) []string { return strings.Split(s, "\n") }}
		for _, lang := range notify.Langs() {
			if w.plain[lang], w.err = template.New(lang).Funcs(list).ParseFS(templateFiles, "templates/"+lang+".txt"); w.err != nil {
				return
			}
			if w.rich[lang], w.err = htmltemplate.New(lang).Funcs(list).ParseFS(templateFiles, "templates/letter.html", "templates/"+lang+".html"); w.err != nil {
				return
			}
		}
	})
	return w.err
}

// A page is what the templates see.
type page struct {
	Lang, HTMLLang, TextLang string
	Office, Home             string
	Act                      string // published, corrected, withdrawn
	Title                    string
	Reason                   string
	Parts                    []publish.Part
	Other                    bool // the answer is not given in the reader's language
	URL                      string
	Change, Leave            string
	Confirm                  string
	Things                   []string
	Hours                    int
}

// begin starts a letter in a language.
func (s *Service) begin(lang string) page {
	site := s.Site()
	return page{Lang: lang, HTMLLang: map[string]string{"en": "en", "zh": "zh-Hans"}[lang], Office: site.Office[lang], Home: site.Base, Hours: int(Confirm.Hours())}
}

// letter writes what is new of an answer.
func (s *Service) letter(a *hearback.Answer, f *Follow) (notify.Message, error) {
	site, lang := s.Site(), f.Wish.Lang
	p := s.begin(lang)
	title, given, parts := publish.Parts(site, a, lang)
	p.TextLang, p.Title, p.Parts, p.Other = given, title, parts, !publish.Within(given, lang)
	p.URL = site.URL(a, lang)
	p.Act = "published"
	switch {
	case a.Withdrawn != nil:
		p.Act, p.Reason = "withdrawn", a.Withdrawn.Reason
	case len(a.Public()) > 1:
		p.Act, p.Reason = "corrected", a.Current().Reason
	}
	q := "?" + url.Values{"k": {s.key(f.ID)}, "lang": {lang}}.Encode()
	p.Change, p.Leave = site.Base+"/follow/change"+q, site.Base+"/follow/leave"+q
	m, err := s.fill(p, p.Act)
	m.Leave = p.Leave
	return m, err
}

// invitation writes the letter that asks for confirmation.
func (s *Service) invitation(ctx context.Context, w Wish, link string) (notify.Message, error) {
	p := s.begin(w.Lang)
	p.Act, p.TextLang = "confirm", p.HTMLLang
	things, err := s.Things(ctx, w)
	if err != nil {
		return notify.Message{}, err
	}
	p.Things = things
	p.Confirm = s.Site().Base + "/follow/confirm?" + url.Values{"k": {link}, "lang": {w.Lang}}.Encode()
	return s.fill(p, "confirm")
}

// fill writes subject, plain text and HTML.
func (s *Service) fill(p page, name string) (m notify.Message, err error) {
	if err := s.words.load(); err != nil {
		return m, err
	}
	var subject, body, rich strings.Builder
	plain := s.words.plain[p.Lang]
	if err := plain.ExecuteTemplate(&subject, name+".subject", p); err != nil {
		return m, err
	}
	if err := plain.ExecuteTemplate(&body, name+".body", p); err != nil {
		return m, err
	}
	if err := s.words.rich[p.Lang].ExecuteTemplate(&rich, "letter", p); err != nil {
		return m, err
	}
	m.Kind, m.Lang, m.HTML = publish.Letter, p.Lang, rich.String()
	m.Subject, m.Body, m.Link = notify.OneLine(subject.String(), 150), notify.Tidy(body.String()), p.URL
	return m, nil
}
