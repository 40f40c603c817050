package app

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/notify"
	"example.org/hearback/internal/notify/follow"
	"example.org/hearback/internal/publish"
)

// A postbox is a mail server that keeps what it is given.
type postbox struct {
	mu    sync.Mutex
	fault error
	tries int // since fault was set
	got   []posted
}

type posted struct {
	to string
	notify.Message
}

// String leaves out the page, which says what the text says.
func (p posted) String() string { return p.to + ": " + p.Subject + "\n" + p.Body }

func (p *postbox) Send(_ context.Context, to notify.Address, m notify.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tries++
	if p.fault != nil {
		return p.fault
	}
	p.got = append(p.got, posted{to.To, m})
	return nil
}

// take returns what came since.
func (p *postbox) take() []posted {
	p.mu.Lock()
	defer p.mu.Unlock()
	got := p.got
	p.got = nil
	return got
}

// A reader is somebody at the public site.
type reader struct {
	t      *testing.T
	a      *App
	client *http.Client
}

func (r reader) post(path string, want int, form url.Values) string {
	r.t.Helper()
	res, err := r.client.PostForm(r.a.PublicURL()+path, form)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != want {
		r.t.Fatalf("POST %s: %s, %v, want %d\n%.900s", path, res.Status, err, want, main(string(b)))
	}
	return string(b)
}

func main(page string) string {
	if _, after, ok := strings.Cut(page, "<main"); ok {
		return after
	}
	return page
}

// following is an office that tells residents by e-mail, into a postbox.
func following(t *testing.T) (*App, *officeClock, *postbox, reader) {
	t.Helper()
	a, clock := serving(t, func(c *Config) {
		c.Mail.Server, c.Mail.From, c.Mail.Follow = "smtp.example.org:587", "desk@example.org", true
	})
	box := &postbox{}
	a.follow.Mail = box
	jar, _ := cookiejar.New(nil)
	return a, clock, box, reader{t, a, &http.Client{Jar: jar}}
}

// mail does what the loops do: it reads the log and sends what is due.
func (r reader) mail() {
	r.t.Helper()
	if err := errors.Join(r.a.spread(r.t.Context()), r.a.sendDue(r.t.Context(), true)); err != nil {
		r.t.Fatal(err)
	}
}

var linkIn = regexp.MustCompile(`/follow/(confirm|change|leave)\?k=([^&\s]+)`)

// link returns the key of a link of a letter.
func link(t *testing.T, m posted, to string) string {
	t.Helper()
	for _, x := range linkIn.FindAllStringSubmatch(m.Body, -1) {
		if x[1] == to {
			k, err := url.QueryUnescape(x[2])
			if err != nil {
				t.Fatal(err)
			}
			return k
		}
	}
	t.Fatalf("no link to %s in:\n%s", to, m.Body)
	return ""
}

// join follows and confirms, and returns the key of the letters.
func (r reader) join(box *postbox, email string, form url.Values) string {
	r.t.Helper()
	form.Set("email", email)
	r.post("/follow", 200, form)
	r.mail()
	got := box.take()
	if len(got) != 1 || got[0].to != email {
		r.t.Fatalf("letters to confirm: %s", got)
	}
	body := r.post("/follow/confirm", 200, url.Values{"k": {link(r.t, got[0], "confirm")}})
	m := regexp.MustCompile(`name="k" value="([^"]+)"`).FindStringSubmatch(body)
	if m == nil {
		r.t.Fatalf("no key on the page: %.900s", main(body))
	}
	return m[1]
}

// TestFollowByMail: nothing before the confirmation, then an answer, its
// correction and its withdrawal, in the language that was chosen; and nothing
// after leaving, by the button of a mail program.
func TestFollowByMail(t *testing.T) {
	a, clock, box, r := following(t)
	x := say(t, a, "Is the tap water safe to drink after the flood?", water...)
	r.mail()
	if got := box.take(); len(got) != 0 {
		t.Fatalf("letters without anybody who follows: %s", got)
	}
	k := r.join(box, "Li.Na@Example.org", url.Values{"case": {x.Case.String()}, "letters": {"zh"}})

	// A correction. It was not told of the answer, which was there before.
	a.Answers.Reviewers = func(context.Context) (int, error) { return 1, nil }
	ctx := t.Context()
	texts := append([]hearback.Text(nil), water...)
	texts[1].Title, texts[1].Lead = "自来水须烧开后饮用", "一处水样不合格。\n请先烧开 <b>五</b> 分钟。"
	correct(t, a, x, "一处水样不合格。", texts...)
	r.mail()
	r.mail() // once
	got := box.take()
	if len(got) != 1 || got[0].to != "Li.Na@Example.org" || got[0].Subject != "更正：自来水须烧开后饮用" {
		t.Fatalf("after the correction: %s", got)
	}
	m := got[0]
	for _, want := range []string{"一处水样不合格", "放水两分钟后再用", a.PublicURL() + x.Path() + "?lang=zh", "/follow/leave?k="} {
		if !strings.Contains(m.Body, want) {
			t.Errorf("the letter has no %q:\n%s", want, m.Body)
		}
	}
	if strings.Contains(m.HTML, "<b>五</b>") || !strings.Contains(m.HTML, "&lt;b&gt;五&lt;/b&gt;") || strings.Contains(m.HTML, "<img") || strings.Contains(m.HTML, "<script") {
		t.Errorf("the page of the letter: %s", m.HTML)
	}
	if !strings.HasPrefix(m.Leave, a.PublicURL()+"/follow/leave?k=") || link(t, m, "leave") != k || link(t, m, "change") != k {
		t.Errorf("links are %q, %q", m.Leave, m.Body)
	}

	// The withdrawal, while the mail server is away, and then while it is not.
	box.fault = &notify.Fault{Sentence: "away"}
	if _, err := (liveAnswers{a.Answers, a}).Withdraw(ctx, reviewer1, x.ID, "重新检测中。"); err != nil {
		t.Fatal(err)
	}
	r.mail()
	box.mu.Lock()
	box.fault = nil
	box.mu.Unlock()
	r.mail()
	if got := box.take(); len(got) != 0 {
		t.Fatalf("tried again at once: %s", got)
	}
	clock.pass(2 * time.Minute)
	r.mail()
	if got = box.take(); len(got) != 1 || got[0].Subject != "撤回：自来水须烧开后饮用" || !strings.Contains(got[0].Body, "重新检测中。") || strings.Contains(got[0].Body, "放水") {
		t.Fatalf("after the withdrawal: %s", got)
	}

	// A letter on its way is not sent to whoever has left: RFC 8058, from another
	// site, without a cookie.
	if _, err := a.Store.Follow(ctx, mustFollow(t, a)); err != nil {
		t.Fatal(err)
	}
	box.fault = &notify.Fault{Sentence: "away"}
	pending, err := a.follow.Tell(ctx, mustAnswer(t, a, x.ID), 0)
	if err != nil || len(pending) != 1 {
		t.Fatalf("Tell = %+v, %v", pending, err)
	}
	if err := a.Store.SendLater(ctx, pending...); err != nil {
		t.Fatal(err)
	}
	req, _ := http.NewRequest(http.MethodPost, m.Leave, strings.NewReader("List-Unsubscribe=One-Click"))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	req.Header.Set("Origin", "https://mail.example")
	res, err := http.DefaultClient.Do(req)
	if err != nil || res.StatusCode != 200 {
		t.Fatalf("one click: %v, %v", res, err)
	}
	res.Body.Close()
	a.postMu.Lock() // a letter that was under way when they left has failed
	box.fault = nil
	a.postMu.Unlock()
	r.mail()
	if n, err := a.Store.CountFollows(ctx); n != 0 || err != nil || len(box.take()) != 0 {
		t.Errorf("after leaving: %d rows, %v", n, err)
	}
	if due, err := a.Store.DueOutgoing(ctx, true, clock.Now(), 9); err != nil || len(due) != 0 {
		t.Errorf("letters still wait: %v, %v", due, err)
	}
	// It says the same again, and of what it knows nothing.
	page := r.post("/follow/leave", 200, url.Values{"k": {k}})
	if !strings.Contains(page, "Your address is not here") {
		t.Errorf("left twice: %.900s", main(page))
	}
	r.post("/follow/leave", 404, url.Values{"k": {"00000000000.AAAA"}})
}

func mustFollow(t *testing.T, a *App) hearback.ID {
	t.Helper()
	list, err := a.Store.Follows(t.Context(), 0, 2)
	if err != nil || len(list) != 1 {
		t.Fatalf("Follows = %+v, %v", list, err)
	}
	return list[0].ID
}

func mustAnswer(t *testing.T, a *App, id hearback.ID) *hearback.Answer {
	t.Helper()
	x, err := a.Store.Answer(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestFollowChoice: topic, area and language decide what comes.
func TestFollowChoice(t *testing.T) {
	a, _, box, r := following(t)
	ctx := t.Context()
	topic, err := a.Topics.Add(ctx, Operator(), hearback.Topic{Name: "Drinking water", Query: `"tap water" OR 自来水`, Reason: "We owe answers about it."})
	if err == nil {
		err = a.Reload(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	r.join(box, "topic@example.org", url.Values{"topic": {topic.ID.String()}, "letters": {"en"}})
	all := r.join(box, "all@example.org", url.Values{"all": {"1"}, "letters": {"zh"}})
	say(t, a, "Is the tap water safe to drink after the flood?", water...)
	say(t, a, "Where does bus 14 stop while the bridge is closed?", hearback.Text{Lang: "en", Title: "Bus 14 stops at the market", Lead: "While the bridge is closed, bus 14 stops at the market.", Next: "Until Friday."})
	r.mail()
	subjects := map[string][]string{}
	var bus posted
	for _, m := range box.take() {
		subjects[m.to] = append(subjects[m.to], m.Subject)
		if strings.HasPrefix(m.Subject, "Bus") {
			bus = m
		}
	}
	if s := strings.Join(subjects["topic@example.org"], "|"); s != "The tap water is safe again" {
		t.Errorf("who follows a topic gets %q", s)
	}
	if s := strings.Join(subjects["all@example.org"], "|"); s != "自来水已恢复饮用安全|Bus 14 stops at the market" {
		t.Errorf("who follows all gets %q", s)
	}
	if !strings.Contains(bus.Body, "本答复暂无中文版本") {
		t.Errorf("nothing says that there is no text in Chinese:\n%s", bus.Body)
	}
	// A change counts at once.
	r.post("/follow/change", 200, url.Values{"k": {all}, "topic": {topic.ID.String()}, "letters": {"en"}})
	say(t, a, "Is the library open on Sunday?", hearback.Text{Lang: "en", Title: "The library is open on Sunday", Lead: "From ten to four.", Next: "Until June."})
	r.mail()
	if got := box.take(); len(got) != 0 {
		t.Errorf("after the change: %s", got)
	}
	// A language alone, and a language beside a topic: an answer in another one
	// is not told, and the one that was asked for is whatever its language.
	r.post("/follow/change", 200, url.Values{"k": {all}, "in": {"zh", "tlh"}, "letters": {"zh"}})
	page := r.post("/follow", 200, url.Values{"email": {"both@example.org"}, "topic": {topic.ID.String()}, "in": {"zh"}, "letters": {"en"}})
	if !strings.Contains(page, `name="in" value="zh"`) {
		t.Errorf("the form has no choice of the language of answers:\n%.900s", main(page))
	}
	r.mail()
	if got := box.take(); len(got) != 1 || !strings.Contains(got[0].Body, "Drinking water, only if given in Chinese.") {
		t.Errorf("the letter to confirm: %s", got)
	} else {
		r.post("/follow/confirm", 200, url.Values{"k": {link(t, got[0], "confirm")}})
	}
	say(t, a, "Is the swimming pool open in winter?", hearback.Text{Lang: "en", Title: "The pool is open all winter", Lead: "From eight to eight.", Next: "Until May."})
	say(t, a, "Does the tap water smell of chlorine today?", hearback.Text{Lang: "en", Title: "The tap water smells of chlorine until noon", Lead: "A pipe was cleaned.", Next: "Noon."})
	r.mail()
	for _, m := range box.take() {
		if m.to != "topic@example.org" {
			t.Errorf("an answer in English alone reaches %s", m)
		}
	}
	asked := say(t, a, "自来水今天为什么有一股漂白粉的味道？", hearback.Text{Lang: "zh-Hans", Title: "自来水中午前有漂白粉味", Lead: "管道刚刚清洗消毒。", Next: "中午十二点。"})
	r.mail()
	to := []string{}
	for _, m := range box.take() {
		to = append(to, m.to)
	}
	slices.Sort(to)
	if want := []string{"all@example.org", "both@example.org", "topic@example.org"}; !slices.Equal(to, want) {
		t.Errorf("an answer in Chinese reaches %q, want %q", to, want)
	}
	r.post("/follow/change", 200, url.Values{"k": {all}, "case": {asked.Case.String()}, "in": {"en"}, "letters": {"zh"}})
	a.Answers.Reviewers = func(context.Context) (int, error) { return 1, nil }
	correct(t, a, asked, "时间改为下午。", hearback.Text{Lang: "zh-Hans", Title: "自来水下午前有漂白粉味", Lead: "管道刚刚清洗消毒。", Next: "下午三点。"})
	r.mail()
	if got := box.take(); !slices.ContainsFunc(got, func(m posted) bool { return m.to == "all@example.org" }) {
		t.Errorf("a question that somebody follows is not told because of its language: %s", got)
	}
	r.post("/follow/change", 422, url.Values{"k": {all}, "in": {"tlh"}, "letters": {"en"}})
	r.post("/follow/change", 422, url.Values{"k": {all}, "letters": {"en"}})
	r.post("/follow", 422, url.Values{"email": {"x@example.org"}, "area": {"nowhere"}, "letters": {"en"}})
}

// TestFollowSaysNothing: pages are the same for every address, an address gets
// three letters a day at the most, links end, and nothing is readable on disk.
func TestFollowSaysNothing(t *testing.T) {
	a, clock, box, r := following(t)
	ctx := t.Context()
	form := func(email string) url.Values {
		return url.Values{"email": {email}, "all": {"1"}, "letters": {"en"}}
	}
	r.join(box, "known@example.org", form(""))
	clock.pass(11 * time.Minute)
	one, two := r.post("/follow", 200, form("KNOWN@example.org")), r.post("/follow", 200, form("fresh@example.org"))
	if one != two {
		t.Error("the page differs between an address that is known and one that is not")
	}
	r.mail()
	got := box.take()
	if len(got) != 2 || strings.Replace(got[0].Body, link(t, got[0], "confirm"), "", 1) != strings.Replace(got[1].Body, link(t, got[1], "confirm"), "", 1) {
		t.Errorf("letters differ: %s", got)
	}
	first := link(t, got[1], "confirm")

	// Three letters a day for one address, however often somebody asks.
	letters := 1
	for range 8 {
		clock.pass(11 * time.Minute)
		r.post("/follow", 200, form("fresh@example.org"))
		r.mail()
		letters += len(box.take())
	}
	if letters != 3 {
		t.Errorf("%d letters to one address within hours, want 3", letters)
	}
	r.post("/follow/confirm", 404, url.Values{"k": {first}}) // a newer one is there

	// And five in ten minutes for one visitor, whatever the address.
	clock.pass(25 * time.Hour)
	for i := range 6 {
		want := 200
		if i == 5 {
			want = 429
		}
		page := r.post("/follow", want, form(string(rune('a'+i))+"@example.org"))
		if want == 429 && !strings.Contains(page, `value="f@example.org"`) {
			t.Error("what was typed is lost")
		}
	}
	r.mail()
	last := box.take()
	if len(last) != 5 {
		t.Fatalf("%d letters", len(last))
	}
	// To open the link confirms nothing; programs that look through mail do that.
	late := link(t, last[0], "confirm")
	get(t, a, "/follow/confirm?k="+url.QueryEscape(late), 200)
	if n, _ := a.Store.CountFollows(ctx); n != 1 {
		t.Errorf("%d follow after a link was opened", n)
	}
	get(t, a, "/follow/confirm?k=AAAA", 404)
	clock.pass(24*time.Hour + time.Second)
	r.post("/follow/confirm", 404, url.Values{"k": {late}})
	if err := a.follow.Forget(ctx); err != nil {
		t.Fatal(err)
	}
	r.post("/follow", 422, form("no address"))
	r.post("/follow", 200, url.Values{"email": {"bot@example.org"}, "all": {"1"}, "letters": {"en"}, "website": {"x"}})
	r.mail()
	if got := box.take(); len(got) != 0 {
		t.Errorf("a program that fills in every field gets letters: %s", got)
	}

	// Nothing of an address is on disk, not even of who did not confirm.
	r.post("/follow", 200, form("waiting-to-confirm@example.org"))
	files, err := filepath.Glob(filepath.Join(a.Config.Data, "hearback.db*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no store: %v", err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []string{"known@", "KNOWN@", "fresh@", "waiting-to-confirm", "example.org"} {
			if bytes.Contains(b, []byte(s)) {
				t.Errorf("%s holds %q", filepath.Base(f), s)
			}
		}
	}
}

// TestFollowGone: who has no such address any more is forgotten with all that
// waits for it; a server that is away costs one letter a try, and refusals of
// another kind forget nobody.
func TestFollowGone(t *testing.T) {
	a, clock, box, r := following(t)
	r.join(box, "one@example.org", url.Values{"all": {"1"}, "letters": {"en"}})
	r.join(box, "two@example.org", url.Values{"all": {"1"}, "letters": {"en"}})
	count := func(want int64) {
		t.Helper()
		if n, err := a.Store.CountFollows(t.Context()); n != want || err != nil {
			t.Errorf("%d follow, %v, want %d", n, err, want)
		}
	}
	fail := func(f *notify.Fault) {
		box.mu.Lock()
		defer box.mu.Unlock()
		box.fault, box.tries = nil, 0
		if f != nil {
			box.fault = f
		}
	}
	fail(&notify.Fault{Sentence: "The server is away.", Away: true})
	x := say(t, a, "Is the tap water safe to drink after the flood?", water...)
	r.mail()
	if box.tries != 1 {
		t.Errorf("%d letters were tried while the server is away, want 1", box.tries)
	}
	fail(nil)
	clock.pass(2 * time.Minute)
	r.mail()
	if got := box.take(); len(got) != 2 {
		t.Errorf("when it is back: %s", got)
	}
	count(2)
	fail(&notify.Fault{Sentence: "It does not take mail from us.", Final: true})
	a.Answers.Reviewers = func(context.Context) (int, error) { return 1, nil }
	texts := append([]hearback.Text(nil), water...)
	texts[0].Lead = "Boil it for four minutes."
	correct(t, a, x, "Four minutes, not three.", texts...)
	r.mail()
	count(2)
	fail(&notify.Fault{Sentence: "There is no such address.", Final: true, Gone: true})
	if _, err := (liveAnswers{a.Answers, a}).Withdraw(t.Context(), reviewer1, x.ID, "It is tested again."); err != nil {
		t.Fatal(err)
	}
	r.mail()
	count(0)
	if due, err := a.Store.DueOutgoing(t.Context(), true, clock.Now().Add(48*time.Hour), 9); err != nil || len(due) != 0 {
		t.Errorf("letters still wait: %v, %v", due, err)
	}
}

// TestFollowClosed: an office that stops telling residents by e-mail forgets at
// its next start who had asked and not said yes, though nobody sweeps there.
func TestFollowClosed(t *testing.T) {
	ctx := t.Context()
	clock := &officeClock{now: time.Date(2026, 3, 18, 9, 0, 0, 0, time.UTC)}
	c := Defaults()
	c.Data, c.Office.Zone = t.TempDir(), "UTC"
	c.Console.Listen, c.Public.Listen = "127.0.0.1:0", "127.0.0.1:0"
	c.Mail.Server, c.Mail.From, c.Mail.Follow = "smtp.example.org:587", "desk@example.org", true
	start := func() *App {
		t.Helper()
		a, err := New(ctx, c, Options{Now: clock.Now, Log: slog.New(slog.DiscardHandler), Version: "test"})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	a := start()
	ask := follow.Ask{Mark: []byte("m"), Token: []byte("t"), Sealed: []byte{1}, First: clock.Now(), At: clock.Now(), N: 1}
	letter := publish.Delivery{ID: 1, Kind: publish.Letter, Target: ask.Mark, Body: []byte{1}, Made: clock.Now(), Due: clock.Now()}
	if err := a.Store.PutFollowAsk(ctx, ask, letter); err != nil {
		t.Fatal(err)
	}
	if err := a.Stop(); err != nil {
		t.Fatal(err)
	}
	a = start()
	if _, err := a.Store.FollowAsk(ctx, ask.Mark); err != nil {
		t.Errorf("a restart forgets who asked: %v", err)
	}
	if err := a.Stop(); err != nil {
		t.Fatal(err)
	}
	c.Mail.Follow = false
	a = start()
	if _, err := a.Store.FollowAsk(ctx, ask.Mark); !errors.Is(err, hearback.ErrNotFound) {
		t.Errorf("an office that tells nobody still keeps who asked: %v", err)
	}
	if err := a.Stop(); err != nil {
		t.Fatal(err)
	}
}
