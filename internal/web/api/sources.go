package api

import (
	"bytes"
	"fmt"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/web/office"
)

// apiSource is a source as it is set. It holds nothing that changes by itself,
// so its version is its ETag.
type apiSource struct {
	ID        hearback.ID          `json:"id"`
	Slug      string               `json:"slug"`
	Kind      hearback.SourceKind  `json:"kind"`
	Title     string               `json:"title"`
	URL       string               `json:"url,omitempty"`
	Reason    string               `json:"reason" doc:"Why it is listened to; public."`
	Basis     string               `json:"basis" doc:"Legal basis; public."`
	Days      float64              `json:"days" doc:"How long the text of its messages is kept."`
	All       bool                 `json:"all" doc:"Keep every message, whether or not a topic asks for it."`
	Lang      string               `json:"lang,omitempty"`
	Area      string               `json:"area,omitempty"`
	Minutes   float64              `json:"minutes,omitempty" doc:"For a feed: the usual time between two looks."`
	Weight    float64              `json:"weight,omitempty" doc:"Of one voice in heat; 1 if not there."`
	Audience  int64                `json:"audience,omitempty" doc:"People it reaches, as the office declares."`
	State     hearback.SourceState `json:"state"`
	Added     time.Time            `json:"added"`
	TokenEnds time.Time            `json:"token_ends,omitempty" doc:"For a webhook: when its token stops working."`
	Version   int                  `json:"version"`
}

func (s apiSource) version() string { return fmt.Sprint(s.Version) }

// apiSourceMade is a source that was just added.
type apiSourceMade struct {
	apiSource
	Token string `json:"token,omitempty" doc:"For a webhook: its bearer token, given once."`
	Post  string `json:"post,omitempty" doc:"For a webhook: where it is posted to."`
}

func (s apiSourceMade) where() string { return "/api/v1/sources/" + s.ID.String() }

func viewSource(s *hearback.Source) apiSource {
	return apiSource{s.ID, s.Slug, s.Kind, s.Title, s.URL, s.Reason, s.Basis, s.Retention.Hours() / 24, s.All, s.Lang, s.Area, s.Every.Minutes(), s.Weight, s.Audience, s.State, s.Added, s.TokenEnds, s.Version}
}

// apiHealth is how a source is doing.
type apiHealth struct {
	Source      hearback.ID `json:"source"`
	State       string      `json:"state" doc:"fine, unwell, waiting (nothing came yet) or off."`
	Say         string      `json:"say"`
	LastTry     time.Time   `json:"last_try,omitempty"`
	LastSuccess time.Time   `json:"last_success,omitempty"`
	LastMessage time.Time   `json:"last_message,omitempty"`
	NextTry     time.Time   `json:"next_try,omitempty"`
	PerHour     float64     `json:"per_hour"`
	Day         apiTally    `json:"day" doc:"What became of the messages of the last 24 hours."`
}

// apiTally counts what became of messages. received is the sum of the others.
type apiTally struct {
	Received int64 `json:"received"`
	Kept     int64 `json:"kept"`
	Copies   int64 `json:"copies"`
	Dropped  int64 `json:"dropped" doc:"Matched no topic: counted and forgotten."`
	Repeats  int64 `json:"repeats"`
	Edited   int64 `json:"edited"`
	Deleted  int64 `json:"deleted" doc:"Deletions honoured."`
	Refused  int64 `json:"refused" doc:"Could not be read or de-identified: forgotten."`
}

func viewHealth(r office.SourceRow) apiHealth {
	state := map[string]string{"done": "fine", "bad": "unwell", "open": "waiting", "off": "off"}[r.Class]
	h := r.Health
	return apiHealth{r.ID, state, r.Say, h.LastTry, h.LastSuccess, h.LastMessage, h.NextTry, h.PerHour, apiTally(r.Tally)}
}

// apiSourceRow is one line of the list of sources.
type apiSourceRow struct {
	Source apiSource `json:"source"`
	Health apiHealth `json:"health"`
}

func (q *request) apiSources(in paging) (out page[apiSourceRow], err error) {
	rows, err := q.SourceRows(q.ctx(), q.o.Now().Add(-24*time.Hour))
	if err != nil {
		return out, err
	}
	return cut(rows, in, func(r *office.SourceRow) string { return r.ID.String() }, func(rows []office.SourceRow) (out []apiSourceRow, err error) {
		for i := range rows {
			out = append(out, apiSourceRow{viewSource(&rows[i].Source), viewHealth(rows[i])})
		}
		return out, nil
	})
}

func (q *request) sourceNow() (v apiSource, err error) {
	id, err := q.id()
	if err != nil {
		return v, err
	}
	s, err := q.o.Store.Source(q.ctx(), id)
	if err != nil {
		return v, err
	}
	return viewSource(s), nil
}

func (q *request) apiSource(nothing) (apiSource, error) { return q.sourceNow() }

func (q *request) apiSourceHealth(nothing) (v apiHealth, err error) {
	s, err := q.sourceNow()
	if err != nil {
		return v, err
	}
	rows, err := q.SourceRows(q.ctx(), q.o.Now().Add(-24*time.Hour))
	for _, r := range rows {
		if r.ID == s.ID {
			return viewHealth(r), err
		}
	}
	return apiHealth{Source: s.ID, State: "off", Say: q.T("health.removed")}, err
}

// sourceBody is what may be set on a source.
type sourceBody struct {
	Title    string  `json:"title"`
	URL      string  `json:"url,omitempty" doc:"Of a feed."`
	Reason   string  `json:"reason" doc:"Why it is listened to; public."`
	Basis    string  `json:"basis" doc:"Legal basis; public."`
	Days     float64 `json:"days,omitempty" doc:"How long the text of its messages is kept."`
	All      bool    `json:"all,omitempty" doc:"Keep every message, whether or not a topic asks for it."`
	Lang     string  `json:"lang,omitempty"`
	Area     string  `json:"area,omitempty"`
	Minutes  int     `json:"minutes,omitempty" doc:"For a feed: the usual time between two looks."`
	Weight   float64 `json:"weight,omitempty"`
	Audience int64   `json:"audience,omitempty"`
}

type newSourceBody struct {
	Slug string              `json:"slug" doc:"Short name: lower-case letters, digits, hyphens."`
	Kind hearback.SourceKind `json:"kind"`
	sourceBody
}

// onto sets on a source what was sent.
func (b sourceBody) onto(s hearback.Source) (hearback.Source, error) {
	if b.Days < 0 || b.Days > 10000 || b.Minutes < 0 || b.Minutes > 1e6 {
		return s, fmt.Errorf("%w: the field %q is not as the document says", hearback.ErrInvalid, "days")
	}
	s.Title, s.Reason, s.Basis, s.All, s.Lang, s.Area, s.Weight, s.Audience = b.Title, b.Reason, b.Basis, b.All, b.Lang, b.Area, b.Weight, b.Audience
	if s.Kind == hearback.Feed {
		s.URL, s.Every = b.URL, time.Duration(b.Minutes)*time.Minute
	}
	s.Retention = time.Duration(b.Days * float64(24*time.Hour)).Round(time.Hour)
	return s, nil
}

func (q *request) apiAddSource(in newSourceBody) (v apiSourceMade, err error) {
	if in.Kind == hearback.Replay {
		return v, fmt.Errorf("%w: choose a kind of source", hearback.ErrInvalid)
	}
	s, err := in.onto(hearback.Source{Slug: in.Slug, Kind: in.Kind, State: hearback.SourceActive})
	if err != nil {
		return v, err
	}
	added, token, err := q.o.Sources.Add(q.ctx(), q.By(access.ManageSources), s)
	if err != nil {
		return v, err
	}
	return q.madeSource(added, token), nil
}

func (q *request) madeSource(s *hearback.Source, token string) apiSourceMade {
	v := apiSourceMade{apiSource: viewSource(s), Token: token}
	if s.Kind == hearback.Webhook {
		v.Post = q.o.ConsoleURL + "/ingest/" + s.Slug
	}
	return v
}

func (q *request) apiChangeSource(in sourceBody) (v apiSource, err error) {
	if v, err = q.sourceNow(); err != nil {
		return v, err
	}
	if err := q.edits(v); err != nil {
		return v, err
	}
	old, err := q.o.Store.Source(q.ctx(), v.ID)
	if err != nil {
		return v, err
	}
	s, err := in.onto(*old)
	if err != nil {
		return v, err
	}
	s.Version = v.Version
	changed, err := q.o.Sources.Change(q.ctx(), q.By(access.ManageSources), s)
	if err != nil {
		return v, err
	}
	return viewSource(changed), nil
}

func (q *request) apiPauseSource(in reasonBody) (v apiSource, err error) {
	id, err := q.id()
	if err == nil {
		_, err = q.o.Sources.Pause(q.ctx(), q.By(access.ManageSources), id, in.Reason)
	}
	if err != nil {
		return v, err
	}
	return q.sourceNow()
}

func (q *request) apiResumeSource(in reasonBody) (v apiSource, err error) {
	id, err := q.id()
	if err == nil {
		_, err = q.o.Sources.Resume(q.ctx(), q.By(access.ManageSources), id, in.Reason)
	}
	if err != nil {
		return v, err
	}
	return q.sourceNow()
}

func (q *request) apiRemoveSource(in reasonBody) (v apiSource, err error) {
	id, err := q.id()
	if err == nil {
		_, err = q.o.Sources.Remove(q.ctx(), q.By(access.ManageSources), id, in.Reason)
	}
	if err != nil {
		return v, err
	}
	return q.sourceNow()
}

// apiToken is the new token of a webhook.
type apiToken struct {
	Token string `json:"token" doc:"Given once; the old one no longer works."`
}

func (q *request) apiNewToken(nothing) (v apiToken, err error) {
	id, err := q.id()
	if err != nil {
		return v, err
	}
	v.Token, err = q.o.Sources.NewToken(q.ctx(), q.By(access.ManageSources), id, time.Time{})
	return v, err
}

type tryBody struct {
	URL string `json:"url"`
}

// apiTrial is what one look at a feed found.
type apiTrial struct {
	URL     string    `json:"url" doc:"Where it was found: a page may have named its feed."`
	Title   string    `json:"title"`
	Items   int       `json:"items"`
	Newest  time.Time `json:"newest,omitempty"`
	Minutes float64   `json:"minutes,omitempty" doc:"The usual time between items."`
	Sample  []quote   `json:"sample"`
}

func (q *request) apiTryFeed(in tryBody) (v apiTrial, err error) {
	if q.o.Intake == nil {
		return v, office.ErrNoIntake
	}
	t, err := q.o.Intake.TryFeed(q.ctx(), in.URL)
	return apiTrial{t.URL, t.Title, t.Items, t.Newest, t.Every.Minutes(), quotes(t.Sample)}, err
}

type opmlBody struct {
	OPML   string `json:"opml" doc:"The list, as XML."`
	Reason string `json:"reason" doc:"Why these are listened to; public."`
	Basis  string `json:"basis" doc:"Legal basis; public."`
}

type apiImported struct {
	Title string `json:"title"`
	URL   string `json:"url"`
	Fault string `json:"fault,omitempty" doc:"Why it was not added."`
}

type apiImport struct {
	Items []apiImported `json:"items"`
}

func (q *request) apiImportOPML(in opmlBody) (out apiImport, err error) {
	if q.o.Intake == nil {
		return out, office.ErrNoIntake
	}
	list, err := q.o.Intake.ImportOPML(q.ctx(), q.By(access.ManageSources), []byte(in.OPML), in.Reason, in.Basis)
	for _, r := range list {
		out.Items = append(out.Items, apiImported(r))
	}
	return out, err
}

func (q *request) apiExportOPML(nothing) (file, error) {
	if q.o.Intake == nil {
		return file{}, office.ErrNoIntake
	}
	var b bytes.Buffer
	err := q.o.Intake.ExportOPML(q.ctx(), &b)
	return file{"text/x-opml; charset=utf-8", "sources.opml", b.Bytes()}, err
}

// apiTopic is a public saved query.
type apiTopic struct {
	ID      hearback.ID         `json:"id"`
	Name    string              `json:"name"`
	Query   string              `json:"query"`
	Reason  string              `json:"reason"`
	State   hearback.TopicState `json:"state"`
	Added   time.Time           `json:"added"`
	Version int                 `json:"version"`
}

func (t apiTopic) version() string { return fmt.Sprint(t.Version) }

// apiTopicMade is a topic that was just added.
type apiTopicMade struct{ apiTopic }

func (t apiTopicMade) where() string { return "/api/v1/topics/" + t.ID.String() }

func viewTopic(t *hearback.Topic) apiTopic {
	return apiTopic{t.ID, t.Name, t.Query, t.Reason, t.State, t.Added, t.Version}
}

func (q *request) apiTopics(in paging) (out page[apiTopic], err error) {
	list, err := q.o.Store.Topics(q.ctx())
	if err != nil {
		return out, err
	}
	return cut(list, in, func(t *hearback.Topic) string { return t.ID.String() }, func(list []hearback.Topic) (out []apiTopic, err error) {
		for i := range list {
			out = append(out, viewTopic(&list[i]))
		}
		return out, nil
	})
}

func (q *request) topicNow() (v apiTopic, err error) {
	id, err := q.id()
	if err != nil {
		return v, err
	}
	t, err := q.o.Store.Topic(q.ctx(), id)
	if err != nil {
		return v, err
	}
	return viewTopic(t), nil
}

func (q *request) apiTopic(nothing) (apiTopic, error) { return q.topicNow() }

type topicBody struct {
	Name   string `json:"name"`
	Query  string `json:"query"`
	Reason string `json:"reason" doc:"Why it is listened for; public."`
}

func (q *request) apiAddTopic(in topicBody) (v apiTopicMade, err error) {
	t, err := q.o.Topics.Add(q.ctx(), q.By(access.ManageTopics), hearback.Topic{Name: in.Name, Query: in.Query, Reason: in.Reason})
	if err != nil {
		return v, err
	}
	return apiTopicMade{viewTopic(t)}, nil
}

func (q *request) apiChangeTopic(in topicBody) (v apiTopic, err error) {
	if v, err = q.topicNow(); err != nil {
		return v, err
	}
	if err := q.edits(v); err != nil {
		return v, err
	}
	t, err := q.o.Topics.Change(q.ctx(), q.By(access.ManageTopics), hearback.Topic{ID: v.ID, Name: in.Name, Query: in.Query, Reason: in.Reason, State: v.State, Added: v.Added, Version: v.Version})
	if err != nil {
		return v, err
	}
	return viewTopic(t), nil
}

func (q *request) apiRemoveTopic(in reasonBody) (v apiTopic, err error) {
	id, err := q.id()
	if err == nil {
		err = q.o.Topics.Remove(q.ctx(), q.By(access.ManageTopics), id, in.Reason)
	}
	if err != nil {
		return v, err
	}
	return q.topicNow()
}

type tryTopicBody struct {
	Query string `json:"query"`
	Text  string `json:"text"`
}

type apiKeeps struct {
	Keeps bool `json:"keeps"`
}

func (q *request) apiTryTopic(in tryTopicBody) (v apiKeeps, err error) {
	if q.o.TestTopic == nil {
		return v, hearback.ErrNotFound
	}
	v.Keeps, err = q.o.TestTopic(q.ctx(), in.Query, in.Text)
	return v, err
}
