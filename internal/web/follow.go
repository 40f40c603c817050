package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/notify"
	"example.org/hearback/internal/notify/follow"
	"example.org/hearback/internal/web/office"
)

// A followForm is the form in which one says what to be told of.
type followForm struct {
	frame
	Key    string // of a letter; "" for somebody new
	Email  string
	Wish   follow.Wish
	Topics []choice
	Areas  []choice
	Cases  []choice
	In     []choice // languages that an answer must be given in
	Langs  []string
	Hours  int
}

// A choice is one box to tick.
type choice struct {
	Value, Label string
	On           bool
}

// private keeps a page that a letter led to out of every cache.
func (q *request) private() { q.w.Header().Set("Cache-Control", "no-store") }

// followForm makes the form, with the boxes of w ticked. What somebody follows
// already stays among the choices when it is not offered any more.
func (q *request) followForm(title string, w follow.Wish) (*followForm, error) {
	p := &followForm{frame: q.frame(title, ""), Wish: w, Langs: notify.Langs(), Hours: int(follow.Confirm.Hours())}
	topics, err := q.o.Store.Topics(q.ctx())
	if err != nil {
		return nil, err
	}
	for _, t := range topics {
		if on := slices.Contains(w.Topics, t.ID); on || t.State == hearback.TopicActive {
			p.Topics = append(p.Topics, choice{t.ID.String(), t.Name, on})
		}
	}
	areas := slices.Clone(w.Areas)
	if q.o.FeedAreas != nil {
		areas = append(areas, q.o.FeedAreas()...)
	}
	slices.Sort(areas)
	for _, area := range slices.Compact(areas) {
		p.Areas = append(p.Areas, choice{area, q.l.Place(area), slices.Contains(w.Areas, area)})
	}
	for _, lang := range notify.Langs() {
		p.In = append(p.In, choice{lang, q.l.LangName(lang), slices.Contains(w.In, lang)})
	}
	for _, id := range w.Cases {
		label, err := q.questionTitle(id)
		if err != nil {
			return nil, err
		}
		p.Cases = append(p.Cases, choice{id.String(), label, true})
	}
	return p, nil
}

// questionTitle names a case in public: by its answer, or as the board of open
// questions does.
func (q *request) questionTitle(id hearback.ID) (string, error) {
	c, err := q.o.Store.Case(q.ctx(), id)
	if err != nil {
		return "", err
	}
	if c.Answer != 0 {
		a, err := q.o.Store.Answer(q.ctx(), c.Answer)
		if err != nil {
			return "", err
		}
		if rev := a.Current(); rev != nil {
			return q.TextOf(rev).Title, nil
		}
	}
	concern, err := q.o.Store.Concern(q.ctx(), c.Concern)
	if err != nil {
		return "", err
	}
	return q.publicTitle(concern), nil
}

// readWish reads the form. Areas are taken only as they are offered, or were
// chosen before.
func (q *request) readWish(had *follow.Wish) follow.Wish {
	w := follow.Wish{Lang: q.form("letters"), All: q.form("all") == "1", In: q.r.PostForm["in"]}
	ids := func(name string) (list []hearback.ID) {
		for _, v := range q.r.PostForm[name] {
			if id, err := hearback.ParseID(v); err == nil {
				list = append(list, id)
			}
		}
		return list
	}
	w.Topics, w.Cases = ids("topic"), ids("case")
	for _, area := range q.r.PostForm["area"] {
		if q.o.FeedAreas != nil && slices.Contains(q.o.FeedAreas(), area) || had != nil && slices.Contains(had.Areas, area) {
			w.Areas = append(w.Areas, area)
		}
	}
	return w
}

// known returns [hearback.ErrNotFound] if a wish names what is not there, or
// not public.
func (q *request) known(w follow.Wish) error {
	topics, err := q.o.Store.Topics(q.ctx())
	if err != nil {
		return err
	}
	for _, id := range w.Topics {
		if !slices.ContainsFunc(topics, func(t hearback.Topic) bool { return t.ID == id }) {
			return fmt.Errorf("topic %s: %w", id, hearback.ErrNotFound)
		}
	}
	for _, id := range w.Cases {
		if _, err := q.questionTitle(id); err != nil {
			return err
		}
	}
	return nil
}

// followPage is the form for somebody new. A link from a question or an answer
// names it.
func (q *request) followPage() error {
	if q.o.Follow == nil || !q.o.FollowOpen {
		return hearback.ErrNotFound
	}
	w := follow.Wish{Lang: q.l.Lang}
	if v := q.r.URL.Query().Get("case"); v != "" {
		id, err := hearback.ParseID(v)
		if err != nil {
			return fmt.Errorf("%w: %s", hearback.ErrNotFound, q.r.URL.Path)
		}
		w.Cases = append(w.Cases, id)
	}
	p, err := q.followForm(q.t("follow.title"), w)
	if err != nil {
		return err
	}
	return q.page("pub_follow", p)
}

// follow sends a letter to the address. What it says is the same for every
// address.
func (q *request) follow() error {
	if q.o.Follow == nil || !q.o.FollowOpen {
		return hearback.ErrNotFound
	}
	w, email := q.readWish(nil), q.form("email")
	again := func(status int, say string) error {
		q.private()
		p, err := q.followForm(q.t("follow.title"), w)
		if err != nil {
			return err
		}
		p.Email, p.Fault = email, say
		return q.render(status, "public", "pub_follow", p)
	}
	if err := q.known(w); err != nil {
		return err
	}
	switch {
	case q.form("website") != "":
		return q.see("/follow", "follow") // a program filled in what people do not see
	case !q.follows.take(q.o.Now(), address(q.r)):
		return again(http.StatusTooManyRequests, q.t("follow.slow"))
	}
	if err := q.o.Follow.Ask(q.ctx(), email, w); err != nil {
		if office.StatusOf(err) == http.StatusInternalServerError {
			return err
		}
		return again(office.StatusOf(err), q.Say(err))
	}
	return q.see("/follow", "follow")
}

// A letterPage is a page that a letter leads to.
type letterPage struct {
	frame
	Key   string
	Wish  *follow.Wish
	Names []string
	Since time.Time
	Left  bool
}

// names lists what a wish asks for.
func (q *request) names(w *follow.Wish) ([]string, error) {
	f, err := q.followForm("", *w)
	if err != nil {
		return nil, err
	}
	var list []string
	if w.All {
		list = append(list, q.t("follow.all"))
	}
	for _, c := range slices.Concat(f.Topics, f.Areas, f.Cases) {
		if c.On {
			list = append(list, c.Label)
		}
	}
	for _, c := range f.In {
		if c.On {
			list = append(list, q.t("follow.only", c.Label))
		}
	}
	return list, nil
}

// letterKey is what the link of a letter carries.
func (q *request) letterKey() (string, error) {
	if q.o.Follow == nil {
		return "", fmt.Errorf("%w: %s", hearback.ErrNotFound, q.r.URL.Path)
	}
	q.private()
	// A mail program that presses the button sends the link as it is.
	return q.r.FormValue("k"), nil
}

// confirmPage asks once more: programs that look through mail open every link,
// and must not confirm anything by that.
func (q *request) confirmPage() error {
	key, err := q.letterKey()
	if err != nil {
		return err
	}
	w, err := q.o.Follow.Asked(q.ctx(), key)
	if err != nil {
		return err
	}
	p := &letterPage{frame: q.frame(q.t("follow.confirm"), ""), Key: key, Wish: &w}
	if p.Names, err = q.names(&w); err != nil {
		return err
	}
	return q.page("pub_confirm", p)
}

func (q *request) confirm() error {
	link, err := q.letterKey()
	if err != nil {
		return err
	}
	key, err := q.o.Follow.Confirm(q.ctx(), link)
	if err != nil {
		return err
	}
	return q.see("/follow/change?k="+url.QueryEscape(key), "following")
}

// wish reads whose letter a link comes from, and what is followed there: nil if
// they have left.
func (q *request) wish() (key string, w *follow.Wish, since time.Time, err error) {
	if key, err = q.letterKey(); err == nil {
		w, since, err = q.o.Follow.Wish(q.ctx(), key)
	}
	return key, w, since, err
}

// changePage shows what is followed, to be changed or ended.
func (q *request) changePage() error {
	key, w, since, err := q.wish()
	if err != nil {
		return err
	}
	if w == nil {
		return q.left(key)
	}
	p, err := q.followForm(q.t("follow.yours"), *w)
	if err != nil {
		return err
	}
	p.Key = key
	return q.page("pub_following", &followingPage{p, since})
}

type followingPage struct {
	*followForm
	Since time.Time
}

func (q *request) change() error {
	key, had, _, err := q.wish()
	if err != nil {
		return err
	}
	if had == nil {
		return q.left(key)
	}
	w := q.readWish(had)
	if err := q.known(w); err != nil {
		return err
	}
	if err := q.o.Follow.Change(q.ctx(), key, w); err != nil {
		return err
	}
	return q.see("/follow/change?k="+url.QueryEscape(key), "saved")
}

// leavePage asks once more, for the same reason as [request.confirmPage].
func (q *request) leavePage() error {
	key, w, since, err := q.wish()
	if err != nil {
		return err
	}
	if w == nil {
		return q.left(key)
	}
	p := &letterPage{frame: q.frame(q.t("follow.leave"), ""), Key: key, Wish: w, Since: since}
	if p.Names, err = q.names(w); err != nil {
		return err
	}
	return q.page("pub_leave", p)
}

// leave forgets the address at once, by our button or by that of a mail
// program.
func (q *request) leave() error {
	key, err := q.letterKey()
	if err != nil {
		return err
	}
	if err := q.o.Follow.Leave(q.ctx(), key); err != nil {
		return err
	}
	return q.left(key)
}

func (q *request) left(key string) error {
	return q.page("pub_leave", &letterPage{frame: q.frame(q.t("follow.left"), ""), Key: key, Left: true})
}

// followURL is where one asks to be told of a case.
func followURL(id hearback.ID) string { return "/follow?case=" + id.String() }
