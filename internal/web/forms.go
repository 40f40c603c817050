package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/publish"
	"example.org/hearback/internal/web/office"
)

// This file serves what is published in other forms than pages.

type feedsPage struct {
	frame
	Base   string
	Feeds  []feedRow
	Topics []feedRow
	Areas  []feedRow
	Hub    string
	Acct   string // as one types it into Mastodon

	Contact string
}

type feedRow struct{ Label, Atom, JSON string }

// feeds lists every feed, that of all answers first.
func (q *request) feeds() error {
	p := &feedsPage{frame: q.frame(q.t("pub.feeds"), ""), Base: q.o.PublicURL, Hub: q.o.Hub, Contact: q.o.Contact}
	site := publish.Site{}
	row := func(label string, sel publish.Selection) feedRow {
		return feedRow{label, site.FeedURL(publish.AtomPath, sel), site.FeedURL(publish.JSONPath, sel)}
	}
	for _, lang := range []string{q.l.Lang, q.l.Other()} {
		p.Feeds = append(p.Feeds, row(q.t("feeds.all", q.l.LangName(lang)), publish.Selection{Lang: lang}))
	}
	if _, host, ok := strings.Cut(q.o.PublicURL, "://"); ok && q.o.Fediverse != nil {
		p.Acct = "@" + q.o.FediverseName + "@" + host
	}
	topics, err := q.o.Store.Topics(q.ctx())
	if err != nil {
		return err
	}
	for _, t := range topics {
		if t.State == hearback.TopicActive {
			p.Topics = append(p.Topics, row(t.Name, publish.Selection{Lang: q.l.Lang, Topic: t.ID.String()}))
		}
	}
	if q.o.FeedAreas != nil {
		for _, area := range q.o.FeedAreas() {
			p.Areas = append(p.Areas, row(q.l.Place(area), publish.Selection{Lang: q.l.Lang, Area: area}))
		}
	}
	return q.page("pub_feeds", p)
}

func (q *request) feedAtom() error { return q.feed("atom", publish.AtomPath, "application/atom+xml") }
func (q *request) feedJSON() error { return q.feed("json", publish.JSONPath, "application/feed+json") }

// feed writes the feed that the address asks for.
func (q *request) feed(format, path, kind string) error {
	if q.o.Feed == nil {
		return hearback.ErrNotFound
	}
	v := q.r.URL.Query()
	sel := publish.Selection{Lang: q.l.Lang, Area: office.ShortenTo(v.Get("area"), 200), Topic: v.Get("topic")}
	if sel.Topic != "" {
		id, err := hearback.ParseID(sel.Topic)
		if err != nil {
			return fmt.Errorf("%w: %s", hearback.ErrNotFound, q.r.URL.Path)
		}
		t, err := q.o.Store.Topic(q.ctx(), id)
		if err != nil {
			return err
		}
		sel.Topic, sel.Label = id.String(), t.Name
	}
	if sel.Area != "" {
		if q.o.FindArea != nil {
			sel.Area = q.o.FindArea(sel.Area)
		}
		sel.Label = strings.Trim(sel.Label+" · "+q.l.Place(sel.Area), " ·")
	}
	var b bytes.Buffer
	if err := q.o.Feed(q.ctx(), &b, format, sel); err != nil {
		return err
	}
	// Discovery for readers that look at the headers only.
	links := fmt.Sprintf("<%s>; rel=\"self\"", publish.Site{Base: q.o.PublicURL}.FeedURL(path, publish.Selection{Lang: sel.Lang, Area: sel.Area, Topic: sel.Topic}))
	if q.o.Hub != "" {
		links += fmt.Sprintf(", <%s>; rel=\"hub\"", q.o.Hub)
	}
	q.w.Header().Set("Link", links)
	q.w.Header().Set("Cache-Control", "public, max-age=60")
	return q.data(kind+"; charset=utf-8", b.Bytes())
}

// data writes what is no page. Scripts of other sites may read it: it is public
// and nobody is signed in.
func (q *request) data(kind string, b []byte) error {
	q.w.Header().Set("Content-Type", kind)
	q.w.Header().Set("Access-Control-Allow-Origin", "*")
	q.w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
	_, err := q.w.Write(b)
	return err
}

// json writes v as data.
func (q *request) json(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return q.data("application/json; charset=utf-8", b)
}

// answerCAP is an answer for warning systems.
func (q *request) answerCAP() error {
	a, err := q.answerInPath()
	if err != nil {
		return err
	}
	if q.o.CAP == nil {
		return fmt.Errorf("%w: %s", hearback.ErrNotFound, q.r.URL.Path)
	}
	message := 0
	if m := q.r.URL.Query().Get("message"); m != "" {
		if message, err = strconv.Atoi(m); err != nil || message < 1 {
			return fmt.Errorf("%w: %s", hearback.ErrNotFound, q.r.URL.Path)
		}
	}
	var b bytes.Buffer
	if err := q.o.CAP(q.ctx(), &b, a, message); err != nil {
		return err
	}
	return q.data("application/cap+xml; charset=utf-8", b.Bytes())
}

// textOf is the text of an answer that the address asks for, in the language of
// the reader if it names none.
func (q *request) textOf(a *hearback.Answer) *hearback.Text {
	rev := a.Current()
	if t := rev.Text(q.r.URL.Query().Get("text")); t != nil {
		return t
	}
	return q.TextOf(rev)
}

// answerAloud is an answer to be read out, and answerSMS one for a text
// message.
func (q *request) answerAloud() error {
	a, err := q.answerInPath()
	if err != nil {
		return err
	}
	if q.o.Aloud == nil {
		return hearback.ErrNotFound
	}
	withdrawn, at := "", a.Current().Published
	if a.Withdrawn != nil {
		withdrawn, at = a.Withdrawn.Reason, a.Withdrawn.At
	}
	return q.data("text/plain; charset=utf-8", []byte(q.o.Aloud(*q.textOf(a), at, withdrawn)))
}

func (q *request) answerSMS() error {
	a, err := q.answerInPath()
	if err != nil {
		return err
	}
	if a.Withdrawn != nil {
		return fmt.Errorf("%w: this answer was withdrawn", hearback.ErrNotFound)
	}
	sms, _, _ := publish.SMS(*q.textOf(a), q.o.PublicURL+a.Path())
	return q.data("text/plain; charset=utf-8", []byte(sms+"\n"))
}

type sheet struct {
	frame
	A       *hearback.Answer
	Rev     *hearback.Revision
	Address string
	Hash    string
}

// answerSheet is an answer for a notice board: every language on paper, with
// where to check it.
func (q *request) answerSheet() error {
	a, err := q.answerInPath()
	if err != nil {
		return err
	}
	if a.Withdrawn != nil {
		return q.see(a.Path(), "") // what no longer holds is not printed
	}
	rev := a.Current()
	p := &sheet{frame: q.frame(q.TextOf(rev).Title, ""), A: a, Rev: rev, Address: q.o.PublicURL + a.Path()}
	if p.Hash, err = publish.Hash(a, rev); err != nil {
		return err
	}
	return q.render(http.StatusOK, "sheet", "pub_sheet", p)
}

// openData serves /data/answers.csv and the like.
func (q *request) openData() error {
	what, format, _ := strings.Cut(q.r.PathValue("file"), ".")
	if q.o.Data == nil || !slices.Contains([]string{"answers", "questions"}, what) || !slices.Contains([]string{"csv", "json"}, format) {
		return fmt.Errorf("%w: %s", hearback.ErrNotFound, q.r.URL.Path)
	}
	var list []publish.Question
	if what == "questions" {
		open, _, err := q.questions(1000)
		if err != nil {
			return err
		}
		for _, x := range open {
			d := publish.Question{ID: x.ID.String(), Title: x.Title, Desk: x.Desk, Tier: string(x.Tier), State: string(x.Stage), Opened: x.Opened, Late: x.Late, Voices: x.Voices}
			if x.Next != nil && !x.Paused {
				d.Due = x.Next.Due
			}
			list = append(list, d)
		}
	}
	var b bytes.Buffer
	if err := q.o.Data(q.ctx(), &b, what, format, list); err != nil {
		return err
	}
	kind := "text/csv; charset=utf-8; header=present"
	if format == "json" {
		kind = "application/json; charset=utf-8"
	}
	q.w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", fmt.Sprintf("%s-%s.%s", what, q.o.Now().Format(time.DateOnly), format)))
	return q.data(kind, b.Bytes())
}
