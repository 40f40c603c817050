package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/desk"
	"example.org/hearback/internal/text"
	"example.org/hearback/internal/web/office"
)

// apiConcern is one line of a list of concerns.
type apiConcern struct {
	ID       hearback.ID           `json:"id"`
	Title    quote                 `json:"title"`
	Titled   bool                  `json:"titled" doc:"An officer wrote the title; otherwise it was drafted from messages."`
	Lang     string                `json:"lang,omitempty" doc:"Of the title, if it is known."`
	Phrases  []quote               `json:"phrases"`
	State    hearback.ConcernState `json:"state"`
	Into     hearback.ID           `json:"into,omitempty" doc:"The concern that it is a part of now."`
	Theme    hearback.ID           `json:"theme"`
	First    time.Time             `json:"first"`
	Last     time.Time             `json:"last"`
	Messages voices                `json:"messages" doc:"With copies."`
	Voices   voices                `json:"voices" doc:"Distinct voices, each counted once in its window."`
	Tier     hearback.Tier         `json:"tier,omitempty"`
	Priority float64               `json:"priority"`
	Low      float64               `json:"low"`
	High     float64               `json:"high"`
	Grade    string                `json:"grade,omitempty" doc:"A to D: how much the numbers can be trusted."`
	Why      string                `json:"why" inside:"" doc:"Why now, in one sentence."`
	Case     hearback.ID           `json:"case,omitempty" doc:"Its newest case."`
	Answer   hearback.ID           `json:"answer,omitempty" doc:"The published answer that serves it."`
	TriageBy time.Time             `json:"triage_by,omitzero" doc:"By when somebody must have opened a case for it, muted it, merged it or let an answer serve it."`
	Version  int                   `json:"version"`
}

func (q *request) viewConcern(c *hearback.Concern) apiConcern {
	l := q.Label(c)
	v := apiConcern{ID: c.ID, Title: quote(q.ConcernTitle(c)), Titled: c.Titled, Lang: l.Lang, State: c.State, Into: c.Into, Theme: c.Theme, First: c.First, Last: c.Last,
		Messages: voices(c.Messages), Voices: voices(c.Voices), Tier: c.Score.Tier, Priority: c.Score.Priority, Low: c.Score.Low, High: c.Score.High, Grade: c.Score.Grade,
		Why: q.WhyNow(c.Score), Case: c.Case, Answer: c.Answer, TriageBy: desk.TriageBy(c), Version: c.Version}
	for _, p := range text.Spare(l.Phrases) {
		v.Phrases = append(v.Phrases, quote(p))
	}
	return v
}

// apiPart is one part of a priority.
type apiPart struct {
	Name  string    `json:"name"`
	Known bool      `json:"known" doc:"A part without data is not known, and never counted as zero."`
	Value float64   `json:"value"`
	Terms []apiTerm `json:"terms" inside:""`
}

// apiTerm is one input of a formula.
type apiTerm struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit,omitempty"`
}

// apiConcernFull is one concern with its parts.
type apiConcernFull struct {
	apiConcern
	Rules     string          `json:"rules,omitempty" doc:"Version of the formulae."`
	Matrix    hearback.Tier   `json:"matrix,omitempty" doc:"The tier that harm and spread make; a person may have set another."`
	Spread    float64         `json:"spread"`
	Parts     []apiPart       `json:"parts"`
	Flags     []string        `json:"flags"`
	Copies    voices          `json:"copies"`
	Kinds     breakdown       `json:"kinds" doc:"Messages by what they ask for."`
	Langs     breakdown       `json:"langs"`
	Areas     breakdown       `json:"areas" doc:"Under an empty name: those that name no place."`
	Ratings   []apiHarmRating `json:"ratings" doc:"Others' ratings are kept from whoever must rate second until they have."`
	RateAgain bool            `json:"rate_again" doc:"A second person must rate its harm."`
	Desk      string          `json:"desk,omitempty" doc:"The desk that it looks like."`
	DeskWhy   quote           `json:"desk_why,omitempty"`
	Console   string          `json:"console" doc:"Its page for people."`
}

// apiHarmRating is what one person found that a concern could do.
type apiHarmRating struct {
	At         time.Time `json:"at"`
	Own        bool      `json:"own" doc:"It is by whoever asks."`
	Severity   int       `json:"severity"`
	Believable int       `json:"believable"`
	Immediate  int       `json:"immediate"`
	Call       int       `json:"call"`
	Vulnerable int       `json:"vulnerable"`
	Reason     string    `json:"reason,omitempty"`
}

func (q *request) fullConcern(id hearback.ID) (v apiConcernFull, err error) {
	c, err := q.o.Store.Concern(q.ctx(), id)
	if err != nil {
		return v, err
	}
	v = apiConcernFull{apiConcern: q.viewConcern(c), Rules: c.Score.Rules, Matrix: c.Score.Matrix, Spread: c.Score.Spread, Flags: c.Score.Flags,
		Copies: voices(c.Copies), Kinds: breakdown{}, Langs: c.Langs, Areas: c.Areas, Console: q.o.ConsoleURL + "/concerns/" + id.String()}
	for k, n := range c.Kinds {
		v.Kinds[string(k)] = n
	}
	for _, p := range []struct {
		name string
		part hearback.Part
	}{{"heat", c.Score.Heat}, {"reach", c.Score.Reach}, {"persistence", c.Score.Persistence}, {"harm", c.Score.Harm}} {
		part := apiPart{Name: p.name, Known: p.part.Known, Value: p.part.Value}
		for _, t := range p.part.Terms {
			part.Terms = append(part.Terms, apiTerm{t.Name, t.Value, t.Unit})
		}
		v.Parts = append(v.Parts, part)
	}
	if q.o.Concerns != nil {
		ratings, err := q.o.Concerns.HarmRatings(q.ctx(), id)
		if err != nil {
			return v, err
		}
		harm := q.Harm(ratings)
		v.RateAgain = harm.Second
		for _, r := range ratings {
			if own := r.By == q.Account.ID; own || !harm.Hidden() {
				v.Ratings = append(v.Ratings, apiHarmRating{r.At, own, r.Severity, r.Believable, r.Immediate, r.CallToAction, r.Vulnerable, r.Reason})
			}
		}
	}
	desk, why, err := q.SuggestDesk(q.ctx(), c, nil)
	v.Desk, v.DeskWhy = desk, quote(why)
	return v, err
}

type concernQuery struct {
	paging
	View   string        `json:"view,omitempty" doc:"triage (open, no case), case, void (asked and not answered), muted, or all."`
	Tier   hearback.Tier `json:"tier,omitempty"`
	Speech string        `json:"speech,omitempty" doc:"Language that people speak of it in."`
	Area   string        `json:"area,omitempty"`
	Source hearback.ID   `json:"source,omitempty"`
	Theme  hearback.ID   `json:"theme,omitempty"`
	Q      string        `json:"q,omitempty" doc:"Words in its title or its phrases."`
	Since  string        `json:"since,omitempty" doc:"today: first heard since midnight."`
	Is     string        `json:"is,omitempty" doc:"rising (an alert of the last 24 hours said so) or unhelped (an alert said that its answer does not help)."`
	Small  bool          `json:"small,omitempty" doc:"Also those with fewer than five voices."`
}

func (q *request) apiConcerns(in concernQuery) (out page[apiConcern], err error) {
	n, err := in.size()
	if err != nil {
		return out, err
	}
	if err := cmp.Or(oneOf("view", in.View, office.ConcernViews()...), oneOf("since", in.Since, "today"), oneOf("is", in.Is, "rising", "unhelped")); err != nil {
		return out, err
	}
	// The filter is the one of the page.
	v := url.Values{"view": {in.View}, "tier": {string(in.Tier)}, "speech": {in.Speech}, "area": {in.Area}, "q": {in.Q}, "since": {in.Since}, "is": {in.Is}, "after": {in.After}}
	if in.Small {
		v.Set("small", "1")
	}
	if in.Source != 0 {
		v.Set("source", in.Source.String())
	}
	f, _ := q.ConcernFilter(v)
	f.Limit, f.Theme = n, in.Theme
	if in.Theme != 0 && in.View == "" {
		f.View = ""
	}
	rows, next, err := q.o.Store.ConcernList(q.ctx(), f)
	for i := range rows {
		out.Items = append(out.Items, q.viewConcern(&rows[i]))
	}
	out.Next = next
	return out, err
}

func (q *request) apiConcern(nothing) (v apiConcernFull, err error) {
	id, err := q.id()
	if err != nil {
		return v, err
	}
	return q.fullConcern(id)
}

// apiMessage is one message.
type apiMessage struct {
	ID     hearback.ID   `json:"id"`
	At     time.Time     `json:"at"`
	Source hearback.ID   `json:"source"`
	Text   quote         `json:"text"`
	Lang   string        `json:"lang"`
	Kind   hearback.Kind `json:"kind,omitempty"`
	Area   string        `json:"area,omitempty"`
	Masked []string      `json:"masked" doc:"Kinds of things masked in the text."`
	CopyOf hearback.ID   `json:"copy_of,omitempty"`
	Why    quote         `json:"why,omitempty" doc:"Why it stands in its concern."`
}

func viewMessage(m hearback.Message) apiMessage {
	return apiMessage{ID: m.ID, At: m.At, Source: m.Source, Text: quote(m.Text), Lang: m.Lang, Kind: m.Kind, Area: m.Area, Masked: m.Masked, CopyOf: m.CopyOf}
}

type apiMessages struct {
	Items     []apiMessage `json:"items"`
	Forgotten bool         `json:"forgotten" doc:"There was text, and its time has passed."`
}

type messageQuery struct {
	Limit int `json:"limit,omitempty" doc:"How many of the newest, 50 at most."`
}

func (q *request) apiMessages(in messageQuery) (out apiMessages, err error) {
	id, err := q.id()
	if err != nil {
		return out, err
	}
	c, err := q.o.Store.Concern(q.ctx(), id)
	if err != nil {
		return out, err
	}
	if in.Limit < 0 || in.Limit > hearback.RecentMessages {
		return out, fmt.Errorf("%w: the field %q is not as the document says", hearback.ErrInvalid, "limit")
	}
	ids := office.RecentOf(c)
	if in.Limit > 0 {
		ids = ids[:min(in.Limit, len(ids))]
	}
	list, err := q.o.Store.Messages(q.ctx(), ids)
	for _, m := range list {
		v := viewMessage(m)
		v.Why = quote(q.Belongs(q.ctx(), c, m))
		out.Items = append(out.Items, v)
	}
	out.Forgotten = len(list) == 0 && c.Messages > 0
	return out, err
}

type apiPoint struct {
	At      time.Time `json:"at"`
	Voices  float64   `json:"voices"`
	Missing bool      `json:"missing" doc:"No source sent anything: not zero."`
	SoFar   bool      `json:"so_far" doc:"The hour is not over: the count is no fall."`
}

type apiSeries struct {
	Items []apiPoint `json:"items" doc:"One for every hour, oldest first."`
}

type seriesQuery struct {
	Hours int `json:"hours,omitempty" doc:"How far back, 72 unless said, 720 at most."`
}

func (q *request) apiSeries(in seriesQuery) (out apiSeries, err error) {
	id, err := q.id()
	if err != nil {
		return out, err
	}
	if in.Hours == 0 {
		in.Hours = 72
	}
	if in.Hours < 1 || in.Hours > 720 {
		return out, fmt.Errorf("%w: the field %q is not as the document says", hearback.ErrInvalid, "hours")
	}
	if _, err := q.o.Store.Concern(q.ctx(), id); err != nil {
		return out, err
	}
	now := q.o.Now()
	list, err := q.o.Store.Hourly(q.ctx(), id, now.Truncate(time.Hour).Add(-time.Duration(in.Hours)*time.Hour), now)
	for _, p := range list {
		out.Items = append(out.Items, apiPoint{p.At, p.Voices, p.Missing, p.At.Add(time.Hour).After(now)})
	}
	return out, err
}

type apiNear struct {
	Concern hearback.ID `json:"concern"`
	Title   quote       `json:"title"`
	Score   float64     `json:"score"`
	Shared  []quote     `json:"shared"`
	Kept    string      `json:"kept,omitempty" doc:"What keeps them apart: number, place or negation."`
}

type apiNearest struct {
	Items   []apiNear `json:"items"`
	Loading bool      `json:"loading" doc:"The service has just started and does not know yet."`
}

func quotes(words []string) (out []quote) {
	for _, w := range words {
		out = append(out, quote(w))
	}
	return out
}

func (q *request) apiNearest(nothing) (out apiNearest, err error) {
	id, err := q.id()
	if err != nil || q.o.Concerns == nil {
		return out, err
	}
	list, err := q.o.Concerns.Nearest(q.ctx(), id, 5)
	if errors.Is(err, office.ErrLoading) {
		return apiNearest{Loading: true}, nil
	}
	for _, n := range list {
		c, cerr := q.o.Store.Concern(q.ctx(), n.Concern)
		if cerr != nil {
			return out, cerr
		}
		out.Items = append(out.Items, apiNear{n.Concern, quote(q.ConcernTitle(c)), n.Score, quotes(n.Shared), n.Kept})
	}
	return out, err
}

type apiSide struct {
	Messages voices  `json:"messages"`
	Words    []quote `json:"words"`
	Said     []quote `json:"said"`
}

type apiProposal struct {
	Key     string      `json:"key"`
	Kind    string      `json:"kind" doc:"merge or split."`
	Concern hearback.ID `json:"concern"`
	Other   hearback.ID `json:"other,omitempty" doc:"For a merge: what would become a part."`
	Title   quote       `json:"title"`
	Voices  voices      `json:"voices"`
	Score   float64     `json:"score"`
	Shared  []quote     `json:"shared"`
	Apart   []quote     `json:"apart"`
	Why     string      `json:"why,omitempty" doc:"For a split: words, number, place or language."`
	Here    *apiSide    `json:"here,omitempty"`
	There   *apiSide    `json:"there,omitempty"`
}

type apiProposals struct {
	Items   []apiProposal `json:"items"`
	Loading bool          `json:"loading" doc:"The service has just started and does not know yet."`
}

func viewSide(s office.Side) *apiSide {
	v := &apiSide{Messages: voices(s.Messages), Words: quotes(s.Words)}
	for _, m := range s.Said {
		v.Said = append(v.Said, quote(m.Text))
	}
	return v
}

type proposalQuery struct {
	Concern hearback.ID `json:"concern,omitempty" doc:"Only those for one concern."`
}

func (q *request) apiProposals(in proposalQuery) (out apiProposals, err error) {
	if q.o.Concerns == nil {
		return out, nil
	}
	list, err := q.o.Concerns.Proposals(q.ctx(), in.Concern)
	if errors.Is(err, office.ErrLoading) {
		return apiProposals{Loading: true}, nil
	}
	for _, p := range list {
		v := apiProposal{Key: p.Key, Kind: p.Kind, Concern: p.Concern, Other: p.Other, Title: quote(p.Title), Voices: voices(p.Voices), Score: p.Score, Shared: quotes(p.Shared), Apart: quotes(p.Apart), Why: p.Why}
		if p.Kind == "split" {
			v.Here, v.There = viewSide(p.Here), viewSide(p.There)
		}
		out.Items = append(out.Items, v)
	}
	return out, err
}

type apiTheme struct {
	ID       hearback.ID   `json:"id"`
	Concerns int64         `json:"concerns"`
	Voices   voices        `json:"voices"`
	Tier     hearback.Tier `json:"tier,omitempty" doc:"Of the most urgent one."`
	Last     time.Time     `json:"last"`
	Leading  []apiConcern  `json:"leading" doc:"The most urgent ones, three at most; list_concerns gives all."`
}

func (q *request) apiThemes(in paging) (out page[apiTheme], err error) {
	rows, err := q.o.Store.ThemeList(q.ctx(), apiRows)
	if err != nil {
		return out, err
	}
	return cut(rows, in, func(t *office.Theme) string { return t.ID.String() }, func(rows []office.Theme) (list []apiTheme, err error) {
		for _, t := range rows {
			v := apiTheme{ID: t.ID, Concerns: t.Concerns, Voices: voices(t.Voices), Tier: t.Tier, Last: t.Last}
			lead, _, err := q.o.Store.ConcernList(q.ctx(), office.ConcernFilter{Theme: t.ID, Limit: 3})
			if err != nil {
				return nil, err
			}
			for i := range lead {
				v.Leading = append(v.Leading, q.viewConcern(&lead[i]))
			}
			list = append(list, v)
		}
		return list, nil
	})
}

type apiMatch struct {
	Answer hearback.ID `json:"answer"`
	Title  string      `json:"title"`
	Score  float64     `json:"score"`
	Same   bool        `json:"same" doc:"Probably the same question; otherwise only suggested."`
	Shared []string    `json:"shared"`
}

// apiSaid is a message that a search found.
type apiSaid struct {
	apiMessage
	Concern hearback.ID `json:"concern,omitempty"`
}

type apiSearch struct {
	Concerns []apiConcern `json:"concerns" doc:"Ten at most; list_concerns finds all."`
	Answers  []apiMatch   `json:"answers" doc:"Published ones that may serve, best first."`
	Messages []apiSaid    `json:"messages" doc:"Newest first."`
	Before   hearback.ID  `json:"before,omitempty" doc:"Give it to find older messages."`
	Loading  bool         `json:"loading" doc:"Older messages are not known to the search yet."`
}

type searchQuery struct {
	Q      string      `json:"q" doc:"A question, or words."`
	Before hearback.ID `json:"before,omitempty" doc:"Only messages before this one, and nothing else."`
}

func (q *request) apiSearch(in searchQuery) (out apiSearch, err error) {
	text := office.ShortenTo(strings.TrimSpace(in.Q), 200)
	if in.Before == 0 {
		rows, _, err := q.o.Store.ConcernList(q.ctx(), office.ConcernFilter{View: "all", Text: text, Limit: 10})
		if err != nil {
			return out, err
		}
		for i := range rows {
			out.Concerns = append(out.Concerns, q.viewConcern(&rows[i]))
		}
		if q.o.Match != nil {
			for _, m := range q.o.Match(q.ctx(), text, q.Locale.Lang, 5) {
				out.Answers = append(out.Answers, apiMatch{m.Answer, m.Title, m.Score, m.Same, m.Shared})
			}
		}
	}
	if q.o.FindMessages == nil {
		return out, nil
	}
	found, err := q.o.FindMessages(q.ctx(), text, in.Before, office.MessagesAtOnce)
	for _, m := range found.Messages {
		out.Messages = append(out.Messages, apiSaid{viewMessage(m), m.Concern})
	}
	out.Before, out.Loading = found.More, found.Loading
	return out, err
}

// actConcern runs an act on the concern in the path and gives what it is then.
func (q *request) actConcern(need access.Action, f func(ctx context.Context, by hearback.Actor, id hearback.ID) error) (v apiConcernFull, err error) {
	id, err := q.id()
	if err == nil {
		err = f(q.ctx(), q.By(need), id)
	}
	if err != nil {
		return v, err
	}
	return q.fullConcern(id)
}

type muteBody struct {
	Muted  bool   `json:"muted" doc:"false ends it."`
	Reason string `json:"reason" doc:"Public."`
}

func (q *request) apiMute(in muteBody) (apiConcernFull, error) {
	return q.actConcern(access.Triage, func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
		return q.o.Concerns.Mute(ctx, by, id, in.Muted, in.Reason)
	})
}

type tierBody struct {
	Tier   hearback.Tier `json:"tier"`
	Reason string        `json:"reason" doc:"Public."`
}

func (q *request) apiConcernTier(in tierBody) (apiConcernFull, error) {
	return q.actConcern(access.Triage, func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
		return q.o.Concerns.SetTier(ctx, by, id, in.Tier, in.Reason)
	})
}

type titleBody struct {
	Title string `json:"title" doc:"Public, once the concern is."`
}

func (q *request) apiRetitle(in titleBody) (apiConcernFull, error) {
	return q.actConcern(access.Triage, func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
		return q.o.Concerns.Retitle(ctx, by, id, strings.TrimSpace(in.Title))
	})
}

type harmBody struct {
	Severity   int    `json:"severity" doc:"0 none to 4 death, violence, loss of vital service."`
	Believable int    `json:"believable" doc:"0 to 4, like those that follow."`
	Immediate  int    `json:"immediate"`
	Call       int    `json:"call" doc:"It calls to action."`
	Vulnerable int    `json:"vulnerable"`
	Reason     string `json:"reason"`
}

func (q *request) apiRateHarm(in harmBody) (apiConcernFull, error) {
	return q.actConcern(access.RateHarm, func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
		return q.o.Concerns.RateHarm(ctx, by, hearback.HarmRating{Concern: id, By: by.ID, Severity: in.Severity, Believable: in.Believable,
			Immediate: in.Immediate, CallToAction: in.Call, Vulnerable: in.Vulnerable, Reason: in.Reason, At: q.o.Now()})
	})
}

type openCaseBody struct {
	Desk string        `json:"desk,omitempty" doc:"The one it looks like unless said."`
	Tier hearback.Tier `json:"tier,omitempty" doc:"That of its score unless said."`
	Note string        `json:"note,omitempty" doc:"Stays in the office."`
}

func (q *request) apiOpenCase(in openCaseBody) (v apiCaseMade, err error) {
	id, err := q.id()
	if err != nil {
		return v, err
	}
	if err := q.OpenOne(q.ctx(), q.By(access.OpenCase), id, in.Desk, in.Tier, in.Note); err != nil {
		return v, err
	}
	c, err := q.o.Store.Concern(q.ctx(), id)
	if err != nil {
		return v, err
	}
	v.apiCaseFull, err = q.fullCase(c.Case)
	return v, err
}

type mergeBody struct {
	From   hearback.ID `json:"from" doc:"The concern that becomes a part of this one."`
	Reason string      `json:"reason"`
}

func (q *request) apiMerge(in mergeBody) (apiConcernFull, error) {
	return q.actConcern(access.Triage, func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
		return q.MergeOne(ctx, by, id, in.From, in.Reason)
	})
}

type decideBody struct {
	Key    string `json:"key"`
	Accept bool   `json:"accept"`
	Reason string `json:"reason,omitempty"`
}

func (q *request) apiDecide(in decideBody) (apiConcernFull, error) {
	return q.actConcern(access.Triage, func(ctx context.Context, by hearback.Actor, _ hearback.ID) error {
		return q.o.Concerns.Decide(ctx, by, in.Key, in.Accept, in.Reason)
	})
}

type reasonBody struct {
	Reason string `json:"reason"`
}

type noteBody struct {
	Note string `json:"note,omitempty" doc:"Stays in the office."`
}

func (q *request) apiUndo(in reasonBody) (apiConcernFull, error) {
	return q.actConcern(access.Triage, func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
		return q.o.Concerns.Undo(ctx, by, id, in.Reason)
	})
}

// oneOf refuses a word that is none of those that a field may hold.
func oneOf(name, v string, values ...string) error {
	if v == "" || slices.Contains(values, v) {
		return nil
	}
	return fmt.Errorf("%w: the field %q is one of %s", hearback.ErrInvalid, name, strings.Join(values, ", "))
}
