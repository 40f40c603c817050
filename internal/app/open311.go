package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/desk"
	"example.org/hearback/internal/publish"
	"example.org/hearback/internal/publish/open311"
	"example.org/hearback/internal/source"
	"example.org/hearback/internal/store"
)

// counter is what others see of the office through Open311.
type counter struct{ a *App }

var _ open311.Desk = counter{}

// Services implements [open311.Desk].
func (c counter) Services(ctx context.Context) (list []open311.Service, err error) {
	desks, err := c.a.Store.Desks(ctx)
	for _, d := range desks {
		if !d.Removed {
			list = append(list, open311.Service{Code: d.Slug, Name: d.Name, Description: strings.Join([]string{d.Name, d.NameZH}, " · "), Type: "realtime", Keywords: strings.Join(d.Keywords, ","), Group: c.a.Config.Office.Name})
		}
	}
	return list, err
}

// Take implements [open311.Desk]: a report goes the way of every message.
func (c counter) Take(ctx context.Context, text string) (string, error) {
	src, err := c.a.Store.SourceBySlug(ctx, askSlug)
	if err != nil {
		return "", err
	}
	id := c.a.ids.Next(c.a.now()).String()
	_, err = c.a.Pipeline.Take(ctx, src.ID, []source.Raw{{Post: id, At: c.a.now(), Text: text}}, nil)
	return id, err
}

// Find implements [open311.Desk]. The number of a report leads to the case of
// its concern for as long as its text is kept.
func (c counter) Find(ctx context.Context, id string) (open311.Request, error) {
	n, err := hearback.ParseID(id)
	if err != nil {
		return open311.Request{}, hearback.ErrNotFound
	}
	x, err := c.a.Store.Case(ctx, n)
	if err == nil {
		return c.request(ctx, x, id)
	}
	if !errors.Is(err, hearback.ErrNotFound) {
		return open311.Request{}, err
	}
	src, err := c.a.Store.SourceBySlug(ctx, askSlug)
	if err != nil {
		return open311.Request{}, err
	}
	concern, err := c.a.Where(ctx, src.ID, id)
	if err != nil {
		return open311.Request{}, err
	}
	if x, err = c.a.CaseOf(ctx, concern); errors.Is(err, hearback.ErrNotFound) {
		return open311.Request{ID: id, Status: "open", Notes: "It was read. No desk has taken it on yet."}, nil
	} else if err != nil {
		return open311.Request{}, err
	}
	return c.request(ctx, x, id)
}

// Cases implements [open311.Desk]: the cases that are not closed, and those that
// a published answer closed.
func (c counter) Cases(ctx context.Context) (list []open311.Request, err error) {
	waiting := slices.DeleteFunc(hearback.CaseStates(), func(s hearback.CaseState) bool { return s == hearback.CaseClosed })
	for _, states := range [][]hearback.CaseState{waiting, {hearback.CaseClosed}} {
		cases, err := c.a.Store.Cases(ctx, store.CaseFilter{States: states, Limit: 200})
		if err != nil {
			return nil, err
		}
		for i := range cases {
			x, err := c.request(ctx, &cases[i], cases[i].ID.String())
			if err != nil {
				return nil, err
			}
			if cases[i].State != hearback.CaseClosed || x.Notes != "" {
				list = append(list, x)
			}
		}
	}
	return list, nil
}

// About implements [open311.Desk].
func (c counter) About() open311.About {
	s := c.a.publicSite()
	return open311.About{URL: s.Base, Contact: c.a.Config.Office.Name + ", " + s.Base, Since: s.Started.In(c.a.zone)}
}

// request says of a case what its public row says.
func (c counter) request(ctx context.Context, x *hearback.Case, id string) (open311.Request, error) {
	r := open311.Request{ID: id, Status: "open", ServiceCode: x.Desk, ServiceName: x.Desk, Agency: c.a.Config.Office.Name, Requested: open311.Datetime{Time: x.Opened.In(c.a.zone)}, Updated: open311.Datetime{Time: x.Opened.In(c.a.zone)}}
	concern, err := c.a.Store.Concern(ctx, x.Concern)
	if err != nil {
		return r, err
	}
	if concern.Titled {
		r.Description = concern.Title // only what a person wrote is shown
	}
	outward := hearback.Case{Deadlines: x.Outward()}
	if d := outward.Next(); d != nil {
		r.Expected = open311.Datetime{Time: d.Due.In(c.a.zone)}
	}
	if n := len(x.Steps); n > 0 {
		r.Updated = open311.Datetime{Time: x.Steps[n-1].At.In(c.a.zone)}
	}
	for _, answer := range []hearback.ID{x.Answer, x.Existing} {
		a, err := c.a.Store.Answer(ctx, answer)
		if err == nil && a.State == hearback.AnswerPublished {
			r.Notes = a.Current().Texts[0].Title + " " + c.a.publicSite().URL(a, "")
			if !a.Current().Holding() {
				r.Status = "closed"
			}
		}
	}
	if x.State == hearback.CaseClosed {
		r.Status = "closed"
	}
	return r, nil
}

// open311 is the server, or nil if the office takes no reports that way.
func (a *App) open311() http.Handler {
	if !a.Config.Open311.Serve || a.opt.Drill {
		return nil
	}
	return (&open311.Server{Desk: counter{a}}).Handler()
}

// client311 returns how to reach the city's desk behind one of ours.
func (a *App) client311(slug string) (open311.Client, OpenDesk, bool) {
	for _, d := range a.Config.Open311.Desks {
		if d.Desk == slug {
			return open311.Client{URL: d.URL, Key: d.Key, Jurisdiction: d.Jurisdiction, HTTP: a.client}, d, true
		}
	}
	return open311.Client{}, OpenDesk{}, false
}

// SentTo reports whether a case can be sent to a city's own desk, and what was
// sent already, or nil.
func (a *App) SentTo(ctx context.Context, c *hearback.Case) (can bool, sent *open311.Sent, err error) {
	s, err := a.Store.SentCase(ctx, c.ID)
	switch {
	case err == nil:
		return false, &s, nil
	case !errors.Is(err, hearback.ErrNotFound):
		return false, nil, err
	}
	_, _, can = a.client311(c.Desk)
	return can, nil, nil
}

// SendCase sends a case to the city's own desk, in words that an officer wrote:
// never those of a message.
func (a *App) SendCase(ctx context.Context, by hearback.Actor, id hearback.ID, text string) error {
	c, err := a.Store.Case(ctx, id)
	if err != nil {
		return err
	}
	_, to, ok := a.client311(c.Desk)
	if !ok {
		return fmt.Errorf("%w: this desk has no city desk behind it; set one in open311.desks", hearback.ErrRefused)
	}
	text, err = desk.Public(leaks, "what is sent", text)
	if err != nil {
		return err
	}
	if n := len([]rune(text)); n < 4 || n > 2000 {
		return fmt.Errorf("%w: say in 4 to 2000 characters what the city's desk should do", hearback.ErrInvalid)
	}
	now := a.now()
	s := open311.Sent{Case: id, Desk: c.Desk, Said: text, Status: open311.Waiting, At: now}
	d := publish.Delivery{ID: a.ids.Next(now), Kind: "open311", Target: []byte(c.Desk), Body: []byte(id.String()), Made: now, Due: now}
	host, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(to.URL, "https://"), "http://"), "/")
	err = a.Store.SendCase(ctx, s, d, hearback.Record{Type: hearback.CaseSent, At: now, Actor: by, Subject: "case:" + id.String(), Pub: map[string]any{"to": host, "text": text}})
	if err == nil {
		a.kickSpread()
	}
	return err
}

// deliverCase files the report of a case.
func (a *App) deliverCase(ctx context.Context, d publish.Delivery) error {
	id, err := hearback.ParseID(string(d.Body))
	if err != nil {
		return goneError{err}
	}
	s, err := a.Store.SentCase(ctx, id)
	if err != nil {
		return err
	}
	client, to, ok := a.client311(string(d.Target))
	if !ok || s.Status != open311.Waiting {
		return goneError{fmt.Errorf("%w: the city's desk is not set any more, or has the case", hearback.ErrNotFound)}
	}
	s.Asked = a.now()
	s.Request, s.Token, err = client.Send(ctx, to.Service, s.Said, to.Address, to.Attributes)
	if errors.Is(err, hearback.ErrRefused) || errors.Is(err, hearback.ErrNotFound) || errors.Is(err, hearback.ErrInvalid) {
		s.Status, s.Note = open311.Refused, cut(err.Error()+missing311(ctx, client, to), 600)
		return a.Store.SaveSent(ctx, s)
	}
	if err != nil {
		return err
	}
	s.Status = "open"
	return a.Store.SaveSent(ctx, s)
}

// missing311 names what a city's desk asks for and the settings do not give, so
// that whoever reads the refusal knows what to set; "" if that is not it.
func missing311(ctx context.Context, client open311.Client, to OpenDesk) string {
	asked, err := client.Definition(ctx, to.Service)
	if err != nil {
		return "" // the desk's own words stand
	}
	var missing []string
	for _, x := range asked {
		if x.Required && to.Attributes[x.Code] == "" {
			missing = append(missing, fmt.Sprintf("%s (%s)", x.Code, x.Description))
		}
	}
	if len(missing) == 0 {
		return ""
	}
	return "; the desk asks for " + strings.Join(missing, ", ") + ": set attributes of the desk in open311.desks"
}

// askDesks asks the city's desks what became of what they were sent.
func (a *App) askDesks(ctx context.Context, now time.Time) error {
	list, err := a.Store.SentToAsk(ctx, now.Add(-askDesksEvery+time.Minute), 50)
	if err != nil {
		return err
	}
	updates := map[string][]open311.Update{} // by desk, each asked once
	for _, s := range list {
		client, _, ok := a.client311(s.Desk)
		if !ok {
			continue
		}
		if _, ok := updates[s.Desk]; !ok {
			// Desks without the extension say so, and then there are none.
			updates[s.Desk], _ = client.Updates(ctx, now.Add(-updatesFor), now)
		}
		was := s.Status
		s.Asked = now
		if s.Request == "" {
			if s.Request, err = client.Redeem(ctx, s.Token); err != nil || s.Request == "" {
				err = a.Store.SaveSent(ctx, s)
				if err != nil {
					return err
				}
				continue
			}
		}
		x, err := client.Status(ctx, s.Request)
		if err != nil {
			s.Note = cut(err.Error(), 300) // asked again at the next time
		} else {
			s.Status, s.Note = x.Status, cut(x.Notes, 1000)
			if u, ok := newest(updates[s.Desk], s.Request); ok && u.At.After(x.Updated.Time) {
				s.Status, s.Note = u.Status, cut(u.Description, 1000)
			} else if ok && s.Note == "" {
				s.Note = cut(u.Description, 1000)
			}
		}
		var rs []hearback.Record
		if s.Status != was {
			rs = append(rs, hearback.Record{Type: hearback.CaseHeard, At: now, Actor: hearback.System, Subject: "case:" + s.Case.String(), Pub: map[string]any{"from": was, "to": known311(s.Status)}})
		}
		if err := a.Store.SaveSent(ctx, s, rs...); err != nil {
			return err
		}
	}
	return nil
}

// newest returns the last thing that was said of a report with its state.
func newest(list []open311.Update, request string) (last open311.Update, ok bool) {
	for _, u := range list {
		if u.Request == request && u.Status != "" && (!ok || u.At.After(last.At.Time)) {
			last, ok = u, true
		}
	}
	return last, ok
}

// askDesksEvery is how often the city's desks are asked, and updatesFor how far
// back they are asked for updates.
const (
	askDesksEvery = time.Hour
	updatesFor    = 7 * 24 * time.Hour
)

// known311 keeps free text of others out of the public log.
func known311(status string) string {
	if slices.Contains([]string{"open", "closed", "acknowledged", "investigating", "planned", "action scheduled", "in progress", "fixed", "duplicate", "not councils responsibility", "no further action", "internal referral"}, strings.ReplaceAll(status, "_", " ")) {
		return status
	}
	return "other"
}

func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

// OpenDesk is a city's own desk behind one of ours.
type OpenDesk struct {
	Desk         string `toml:"desk"`
	URL          string `toml:"url"`
	Key          string `toml:"key"`
	Jurisdiction string `toml:"jurisdiction"`
	Service      string `toml:"service"`
	Address      string `toml:"address"`
	// Attributes are what the city's desk asks for in every report of the kind,
	// by its own codes.
	Attributes map[string]string `toml:"attributes"`
}

// Open311Config is about GeoReport v2.
type Open311Config struct {
	Serve bool       `toml:"serve" default:"false" help:"whether others may file reports and read what becomes of them by Open311 (GeoReport v2) under /open311/v2 of the public site"`
	Desks []OpenDesk `toml:"desks" help:"city desks that cases can be sent to by Open311: our desk, the address of their API, our key there, their service code, a place that their desk asks for, and attributes that it asks for" example:"[{desk = \"roads\", url = \"https://city.example/open311/v2\", key = \"k\", service = \"POT\", address = \"City Hall\"}]"`
}

func (d OpenDesk) toml() string {
	var parts []string
	for _, x := range [][2]string{{"desk", d.Desk}, {"url", d.URL}, {"key", d.Key}, {"jurisdiction", d.Jurisdiction}, {"service", d.Service}, {"address", d.Address}} {
		if x[1] != "" {
			parts = append(parts, x[0]+" = "+strconv.Quote(x[1]))
		}
	}
	if len(d.Attributes) > 0 {
		var list []string
		for _, code := range slices.Sorted(maps.Keys(d.Attributes)) {
			list = append(list, strconv.Quote(code)+" = "+strconv.Quote(d.Attributes[code]))
		}
		parts = append(parts, "attributes = {"+strings.Join(list, ", ")+"}")
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
