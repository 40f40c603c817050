package web

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/web/api"
	"example.org/hearback/internal/web/locale"
	"example.org/hearback/internal/web/office"
)

// A route is one line of the table below. may is what the person must be
// allowed to do; open pages need nobody.
type route struct {
	pattern string
	may     access.Action
	do      func(*request) error
}

// open marks the pages that one may see without signing in.
const open access.Action = ""

// consoleRoutes is every address of the console, and who may use it. Those of
// its interface for programs are in api/routes.go.
var consoleRoutes = []route{
	{"GET /setup", open, (*request).setupPage},
	{"POST /setup", open, (*request).setup},
	{"GET /invite", open, (*request).invitePage},
	{"POST /invite", open, (*request).invite},
	{"GET /password", open, (*request).passwordPage},
	{"POST /password", open, (*request).password},
	{"GET /signin", open, (*request).signInPage},
	{"POST /signin", open, (*request).signIn},
	{"GET /signin/second", open, (*request).secondPage},
	{"POST /signin/second", open, (*request).second},
	{"GET /signin/sso", open, (*request).toSSO},
	{"GET /signin/sso/back", open, (*request).fromSSO},
	{"POST /signin/passkey/ask", open, (*request).askKey},
	{"POST /signin/passkey", open, (*request).signInKey},
	{"POST /signout", open, (*request).signOut},
	{"POST /act", open, (*request).act}, // drills only

	{"GET /{$}", access.ViewConsole, (*request).today},
	{"GET /live", access.ViewConsole, (*request).live},
	{"GET /search", access.ViewConsole, (*request).search},
	{"GET /help", access.ViewConsole, (*request).help},

	{"GET /heat", access.ViewConsole, (*request).heatPage},
	{"GET /heat.svg", access.ViewConsole, (*request).heatFile},
	{"GET /heat.csv", access.ViewConsole, (*request).heatFile},
	{"GET /concerns", access.ViewConsole, (*request).concerns},
	{"POST /concerns", access.ViewConsole, (*request).bulk}, // each act asks for itself
	{"POST /account/views", access.ViewConsole, (*request).saveView},
	{"POST /account/views/{id}/drop", access.ViewConsole, (*request).dropView},
	{"GET /concerns/{id}", access.ViewConsole, (*request).concern},
	{"GET /concerns/{id}/timeline.svg", access.ViewConsole, (*request).timelineFile},
	{"GET /concerns/{id}/timeline.csv", access.ViewConsole, (*request).timelineFile},
	{"GET /concerns/{id}/map.svg", access.ViewConsole, (*request).mapFile},
	{"GET /concerns/{id}/map.csv", access.ViewConsole, (*request).mapFile},
	{"POST /concerns/{id}/mute", access.Triage, (*request).mute},
	{"POST /concerns/{id}/tier", access.Triage, (*request).concernTier},
	{"POST /concerns/{id}/title", access.Triage, (*request).retitle},
	{"POST /concerns/{id}/harm", access.RateHarm, (*request).rateHarm},
	{"POST /concerns/{id}/case", access.OpenCase, (*request).openCase},
	{"POST /concerns/{id}/merge", access.Triage, (*request).merge},
	{"POST /concerns/{id}/proposal", access.Triage, (*request).proposal},
	{"POST /concerns/{id}/undo", access.Triage, (*request).undo},

	{"GET /cases", access.ViewConsole, (*request).cases},
	{"POST /cases", access.Route, (*request).bulkCases},
	{"GET /cases/{id}", access.ViewConsole, (*request).caseView},
	{"POST /cases/{id}/playbook", access.Route, (*request).usePlaybook},
	{"POST /cases/{id}/tick", access.CheckEvidence, (*request).tickStep},
	{"GET /playbooks", access.ViewConsole, (*request).playbooks},
	{"POST /playbooks", access.ManageDesks, (*request).addPlaybook},
	{"GET /playbooks/{slug}", access.ViewConsole, (*request).playbook},
	{"POST /playbooks/{slug}", access.ManageDesks, (*request).changePlaybook},
	{"POST /cases/{id}/decline", access.Route, (*request).declineCase},
	{"POST /cases/{id}/share", access.Route, (*request).shareCase},
	{"POST /cases/{id}/ack", access.Route, (*request).ackCase},
	{"POST /cases/{id}/brief", access.Route, (*request).briefCase},
	{"POST /cases/{id}/route", access.Route, (*request).routeCase},
	{"POST /cases/{id}/check", access.CheckEvidence, (*request).startChecking},
	{"POST /cases/{id}/evidence", access.CheckEvidence, (*request).addEvidence},
	{"POST /cases/{id}/retract", access.CheckEvidence, (*request).retractEvidence},
	{"GET /cases/{id}/copy/{hash}", access.ViewConsole, (*request).copyPage},
	{"GET /cases/{id}/copy/{hash}/file", access.ViewConsole, (*request).copyFile},
	{"POST /cases/{id}/estimate", access.CheckEvidence, (*request).estimate},
	{"POST /cases/{id}/dissent", access.CheckEvidence, (*request).dissent},
	{"POST /cases/{id}/verdict", access.CheckEvidence, (*request).setVerdict},
	{"POST /cases/{id}/tier", access.Route, (*request).setTier},
	{"POST /cases/{id}/pause", access.Route, (*request).pauseCase},
	{"POST /cases/{id}/resume", access.Route, (*request).resumeCase},
	{"POST /cases/{id}/close", access.Route, (*request).closeCase},
	{"POST /cases/{id}/send", access.Route, (*request).sendCase},
	{"POST /cases/{id}/reopen", access.Route, (*request).reopenCase},
	{"GET /cases/{id}/draft", access.Draft, (*request).draftPage},
	{"POST /cases/{id}/draft", access.Draft, (*request).draft},

	{"GET /answers", access.ViewConsole, (*request).answers},
	{"GET /answers/{id}", access.ViewConsole, (*request).review},
	{"POST /answers/{id}/submit", access.Submit, (*request).submit},
	{"POST /answers/{id}/approve", access.Approve, (*request).approve},
	{"POST /answers/{id}/return", access.Approve, (*request).sendBack},
	{"POST /answers/{id}/publish", access.Publish, (*request).publish},
	{"POST /answers/{id}/urgent", access.Publish, (*request).publishUrgent},
	{"POST /answers/{id}/ratify", access.Approve, (*request).ratify},
	{"POST /answers/{id}/recheck", access.Draft, (*request).recheck},
	{"POST /answers/{id}/until", access.Draft, (*request).setUntil},
	{"POST /answers/{id}/drop", access.Draft, (*request).dropDraft},
	{"POST /answers/{id}/withdraw", access.Withdraw, (*request).withdraw},
	{"GET /results", access.ViewConsole, (*request).results},
	{"GET /calibration", access.ViewConsole, (*request).calibration},
	{"GET /scoring", access.ViewConsole, (*request).scoring},

	{"GET /drill", access.ViewConsole, (*request).drillPage},
	{"POST /drill/pace", access.RunDrill, (*request).drillPace},
	{"POST /drill/ratings", access.Evaluate, (*request).rateObjective},
	{"POST /drill/observations", access.Evaluate, (*request).observe},
	{"POST /drill/observations/{id}", access.Evaluate, (*request).changeObservation},
	{"GET /drill/sheet", access.ViewConsole, (*request).drillSheet},
	{"GET /drill/sheet.csv", access.ViewConsole, (*request).drillCSV},
	{"GET /drill/sheet.json", access.ViewConsole, (*request).drillJSON},

	{"GET /alerts", access.ViewConsole, (*request).alerts},
	{"POST /alerts/{id}/verdict", access.Triage, (*request).alertVerdict},
	{"POST /alerts/crisis", access.Triage, (*request).setCrisis},
	{"POST /alerts/sample", access.Triage, (*request).judgeSample},
	{"POST /alerts/{id}/ack", access.Triage, (*request).ackAlert},

	{"GET /sources", access.ViewConsole, (*request).sources},
	{"GET /sources/new", access.ManageSources, (*request).newSource},
	{"POST /sources", access.ManageSources, (*request).addSource},
	{"POST /sources/try", access.ManageSources, (*request).tryFeed},
	{"POST /sources/opml", access.ManageSources, (*request).importOPML},
	{"GET /sources/opml", access.Export, (*request).exportOPML},
	{"GET /sources/{id}", access.ViewConsole, (*request).source},
	{"POST /sources/{id}", access.ManageSources, (*request).changeSource},
	{"POST /sources/{id}/pause", access.ManageSources, (*request).pauseSource},
	{"POST /sources/{id}/resume", access.ManageSources, (*request).resumeSource},
	{"POST /sources/{id}/remove", access.ManageSources, (*request).removeSource},
	{"POST /sources/{id}/token", access.ManageSources, (*request).newToken},
	{"GET /sources/{id}/table", access.ManageSources, (*request).tablePage},
	{"POST /sources/{id}/table", access.ManageSources, (*request).table},

	{"GET /topics", access.ViewConsole, (*request).topics},
	{"POST /topics", access.ManageTopics, (*request).addTopic},
	{"GET /topics/{id}", access.ViewConsole, (*request).topic},
	{"POST /topics/{id}", access.ManageTopics, (*request).changeTopic},
	{"POST /topics/{id}/remove", access.ManageTopics, (*request).removeTopic},

	{"GET /desks", access.ViewConsole, (*request).desks},
	{"POST /desks", access.ManageDesks, (*request).addDesk},
	{"POST /desks/routing", access.ManageDesks, (*request).setRouting},
	{"GET /desks/{slug}/handover", access.ViewConsole, (*request).handover},
	{"POST /desks/{slug}", access.ManageDesks, (*request).changeDesk},
	{"POST /desks/{slug}/channels", access.ManageDesks, (*request).addDeskChannel},
	{"POST /desks/{slug}/channels/{id}", access.ManageDesks, (*request).deskChannel},

	{"GET /log", access.ViewLog, (*request).logPage},
	{"GET /log/entry/{seq}", access.ViewLog, (*request).entryPage},

	{"GET /accounts", access.ViewConsole, (*request).accounts},
	{"POST /accounts/invite", access.ManageAccounts, (*request).inviteSomebody},
	{"POST /accounts/link/{id}/cancel", access.ManageAccounts, (*request).cancelLink},
	{"POST /accounts/{id}/role", access.ManageAccounts, (*request).changeRole},
	{"POST /accounts/{id}/desks", access.ManageAccounts, (*request).changeDesks},
	{"POST /accounts/{id}/reset", access.ManageAccounts, (*request).resetAccount},
	{"POST /accounts/{id}/second", access.ManageAccounts, (*request).forgetFactors},
	{"POST /accounts/{id}/disable", access.ManageAccounts, (*request).disableAccount},
	{"POST /accounts/{id}/enable", access.ManageAccounts, (*request).enableAccount},

	{"GET /account", access.ViewConsole, (*request).ownAccount},
	{"POST /account/password", access.ViewConsole, (*request).changePassword},
	{"POST /account/display", access.ViewConsole, (*request).display},
	{"POST /account/keys", access.ViewConsole, (*request).setKeys},
	{"POST /account/session", access.ViewConsole, (*request).endSession},
	{"GET /account/second", access.ViewConsole, (*request).factors},
	{"POST /account/second", access.ViewConsole, (*request).addCode},
	{"POST /account/recovery", access.ViewConsole, (*request).newRecovery},
	{"POST /account/factor/{id}/remove", access.ViewConsole, (*request).removeFactor},
	{"POST /account/passkey/ask", access.ViewConsole, (*request).askNewKey},
	{"POST /account/passkey", access.ViewConsole, (*request).addKey},
	{"GET /account/tokens", access.ViewConsole, (*request).tokens},
	{"POST /account/tokens", access.ViewConsole, (*request).newAPIToken},
	{"POST /account/tokens/{id}/end", access.ViewConsole, (*request).endAPIToken},
	{"GET /security", access.ViewSecurity, (*request).security},

	{"POST /account/channels", access.ViewConsole, (*request).addOwnChannel},
	{"POST /account/channels/{id}", access.ViewConsole, (*request).ownChannel},

	{"GET /notifications", access.ViewConsole, (*request).notifications},
	{"POST /notifications", access.ChangeSettings, (*request).addOfficeChannel},
	{"POST /receivers", access.ChangeSettings, (*request).addReceiver},
	{"POST /receivers/{id}", access.ChangeSettings, (*request).receiver},
	{"POST /notifications/{id}", access.ChangeSettings, (*request).officeChannel},
	{"POST /notifications/{id}/retry", access.ChangeSettings, (*request).retryDelivery},

	{"GET /settings", access.ViewConsole, (*request).settings},
	{"POST /settings", access.ChangeSettings, (*request).changeSettings},
	{"POST /settings/estimates", access.ChangeSettings, (*request).setEstimates},
}

// publicRoutes is every address of the public site. Nobody signs in there.
var publicRoutes = []route{
	{"GET /{$}", open, (*request).publicHome},
	{"GET /answers", open, (*request).publicAnswers},
	{"GET /answers/{id}", open, (*request).publicAnswer},
	{"GET /answers/{id}/data", open, (*request).answerData},
	{"GET /answers/{id}/cap", open, (*request).answerCAP},
	{"GET /answers/{id}/aloud", open, (*request).answerAloud},
	{"GET /answers/{id}/sms", open, (*request).answerSMS},
	{"GET /answers/{id}/print", open, (*request).answerSheet},
	{"POST /answers/{id}/helped", open, (*request).sayHelped},
	{"GET /data/{file}", open, (*request).openData},
	{"GET /questions", open, (*request).publicQuestions},
	{"GET /sources", open, (*request).publicSources},
	{"GET /accountability", open, (*request).accountability},
	{"GET /calibration", open, (*request).calibration},
	{"GET /scoring", open, (*request).scoring},
	{"GET /log", open, (*request).logPage},
	{"GET /log/entry/{seq}", open, (*request).entryPage},
	{"GET /ask", open, (*request).askPage},
	{"POST /ask", open, (*request).ask},
	{"GET /ask/answers.json", open, (*request).near},
	{"GET /feeds", open, (*request).feeds},
	{"GET /feed.atom", open, (*request).feedAtom},
	{"GET /feed.json", open, (*request).feedJSON},
	{"GET /follow", open, (*request).followPage},
	{"POST /follow", open, (*request).follow},
	{"GET /follow/confirm", open, (*request).confirmPage},
	{"POST /follow/confirm", open, (*request).confirm},
	{"GET /follow/change", open, (*request).changePage},
	{"POST /follow/change", open, (*request).change},
	{"GET /follow/leave", open, (*request).leavePage},
	{"POST /follow/leave", open, (*request).leave},
	{"GET /privacy", open, (*request).privacy},
	{"GET /accessibility", open, (*request).accessibility},
	{"GET /robots.txt", open, (*request).robots},
}

// Console returns the handler of the console.
func Console(o Options) (http.Handler, error) { return site(o, true, consoleRoutes) }

// Public returns the handler of the public site. It keeps no session, and
// sets no cookie but the one for the language, when somebody chooses one.
func Public(o Options) (http.Handler, error) { return site(o, false, publicRoutes) }

func site(o Options, console bool, table []route) (http.Handler, error) {
	s, err := newServer(o, console)
	if err != nil {
		return nil, err
	}
	return s.site(table)
}

// site puts a server behind its addresses.
func (s *server) site(table []route) (http.Handler, error) {
	o, console := s.o, s.console
	mux := http.NewServeMux()
	for _, rt := range table {
		mux.Handle(rt.pattern, s.handle(rt))
	}
	if console {
		programs, err := api.New(o.Options)
		if err != nil {
			return nil, err
		}
		for _, rt := range programs.Routes() {
			mux.Handle(rt.Pattern, s.handle(route{rt.Pattern, rt.May, func(q *request) error { return rt.Serve(q.Caller, q.w, q.r) }}))
		}
	}
	mux.Handle("GET /static/{hash}/{file}", s.assets)
	if !console && o.Entries != nil {
		mux.Handle("GET /log/", o.Entries.Handler())
	}
	if !console && o.Fediverse != nil {
		for _, under := range []string{"/ap/", "/.well-known/webfinger", "/.well-known/nodeinfo", "/nodeinfo/2.1"} {
			mux.Handle(under, o.Fediverse)
		}
	}
	if !console && o.Open311 != nil {
		mux.Handle("/open311/", s.bounded(s.reports, o.Open311))
	}
	mux.Handle("/", s.handle(route{may: open, do: func(q *request) error { return hearback.ErrNotFound }}))
	cross := http.NewCrossOriginProtection()
	if !console {
		// The button of a mail program comes from elsewhere (RFC 8058); what it may
		// do is in the link, and nobody is signed in here.
		cross.AddInsecureBypassPattern("POST /follow/leave")
	}
	cross.SetDenyHandler(s.handle(route{may: open, do: func(q *request) error { return errCrossOrigin }}))
	return s.headers(cross.Handler(mux)), nil
}

// bounded lets each network send a few times, and read as often as it likes.
func (s *server) bounded(t *throttle, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && !t.take(s.o.Now(), address(r)) {
			http.Error(w, "many reports came from this network; wait a little", http.StatusTooManyRequests)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// policy is what a page may load and do. Nothing comes from elsewhere, and
// nothing in a page runs that is not a file of ours.
const policy = "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'"

func (s *server) headers(next http.Handler) http.Handler {
	base := s.o.PublicURL
	if s.console {
		base = s.o.ConsoleURL
	}
	https := strings.HasPrefix(base, "https://")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
		if https {
			h.Set("Strict-Transport-Security", "max-age=63072000")
		}
		next.ServeHTTP(w, r)
	})
}

// Limits on what a browser may send.
const (
	maxUpload = 32 << 20
)

// handle is where every request begins: language, limits, who is asking, and
// whether they may.
func (s *server) handle(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := &request{server: s, Caller: &office.Caller{Office: s.office}, w: w, r: r}
		q.speak(locale.Of(r, ""))
		defer func() {
			if v := recover(); v != nil {
				if v == http.ErrAbortHandler {
					panic(v)
				}
				s.o.Log.ErrorContext(r.Context(), "a page panicked", slog.String("component", "web"), slog.String("path", r.URL.Path), slog.Any("panic", v))
				q.fail(errPanic)
			}
		}()
		if s.console {
			w.Header().Set("Cache-Control", "no-store")
		} else {
			w.Header().Set("Cache-Control", "public, max-age=20")
			w.Header().Set("Vary", "Accept-Language, Cookie")
		}
		limit := int64(office.MaxForm)
		if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") && s.console {
			limit = maxUpload
		}
		if limit == maxUpload {
			q.begun = &head{r: r.Body}
			r.Body = q.begun
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		if err := q.identify(); err != nil {
			q.fail(err)
			return
		}
		q.chooseLang()
		if rt.may != open && q.Account == nil {
			if r.Method == http.MethodGet && r.URL.Path == "/live" {
				w.WriteHeader(http.StatusNoContent) // tells the browser to stop asking
				return
			}
			if q.isAPI() {
				api.NoToken(q.Caller, w, r)
				return
			}
			if r.Method == http.MethodPost {
				q.signedOut()
				return
			}
			to := "/signin"
			if r.Method == http.MethodGet && r.URL.Path != "/" {
				to += "?to=" + url.QueryEscape(r.URL.RequestURI())
			}
			http.Redirect(w, r, to, http.StatusSeeOther)
			return
		}
		err := q.parseForm()
		if err == nil && rt.may != open && !q.Account.May(rt.may) {
			err = q.Refuse(q.ctx(), rt.may)
		}
		if err == nil && s.console {
			err = q.KeepToDesks(r, rt.pattern, rt.may)
		}
		if err == nil {
			err = q.once(rt.do)
		}
		if err != nil {
			q.fail(err)
		} else if r.Method == http.MethodPost || r.Method == http.MethodPut {
			s.counts.Forget()
			s.office.Forget()
		}
	})
}

// parseForm reads the form, if there is one, so that a body that is too long
// is said to be so.
func (q *request) parseForm() error {
	if q.r.Method != http.MethodPost || q.isAPI() {
		return nil
	}
	if strings.HasPrefix(q.r.Header.Get("Content-Type"), "multipart/form-data") {
		// What is uploaded stays in memory: it has not been de-identified.
		err := readable(q.r.ParseMultipartForm(maxUpload + 1<<20))
		var large *http.MaxBytesError
		if errors.As(err, &large) && q.begun != nil {
			q.r.PostForm = q.begun.fields(q.r.Header.Get("Content-Type"))
			q.begun.drain()
		}
		return err
	}
	return readable(q.r.ParseForm())
}

// chooseLang settles the language and keeps a choice made in the address.
func (q *request) chooseLang() {
	if q.isAPI() && q.r.Header.Get("Accept-Language") != "" {
		return // what a program asks for stands above what its owner likes to read
	}
	own := ""
	if q.Account != nil {
		own = q.Account.Lang
	}
	lang := locale.Of(q.r, own)
	q.speak(lang)
	if q.r.Method == http.MethodGet && q.r.URL.Query().Get("lang") == lang && !q.isAPI() && !strings.HasPrefix(q.r.URL.Path, "/feed.") {
		q.cookie("hb_lang", lang, 365*24*time.Hour)
	}
}

// cookie sets a cookie; "" with no age takes it away.
func (q *request) cookie(name, value string, age time.Duration) {
	base := q.o.PublicURL
	if q.console {
		base = q.o.ConsoleURL
	}
	c := &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: int(age / time.Second), Secure: strings.HasPrefix(base, "https://")}
	if age == 0 {
		c.MaxAge = -1
	}
	http.SetCookie(q.w, c)
}

// identify finds out who is asking. On the public site that is nobody.
func (q *request) identify() error {
	switch {
	case !q.console:
		return nil
	case q.o.Drill:
		q.acting = drillActors[0]
		if c, err := q.r.Cookie("hb_as"); err == nil && slices.Contains(drillActors, c.Value) {
			q.acting = c.Value
		}
		q.Account = drillAccount(q.acting, q.l.Lang)
		return nil
	}
	if q.isAPI() && q.r.Header.Get("Authorization") != "" {
		return q.bearer()
	}
	c, err := q.r.Cookie(office.SessionCookie)
	if err != nil || c.Value == "" {
		return nil
	}
	use := q.o.Accounts.Session
	if q.r.URL.Path == "/live" {
		use = q.o.Accounts.Watch
	}
	session, account, err := use(q.ctx(), c.Value)
	switch {
	case err == nil:
		q.session, q.Account = session, account
	case office.StatusOf(err) == http.StatusNotFound:
		q.cookie(office.SessionCookie, "", 0)
	default:
		return err
	}
	return nil
}

// address returns where a request came from.
func address(r *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	a, _ := netip.ParseAddr(host)
	return a
}

// drillActors are the people one may act as in a drill.
var drillActors = []string{"officer", "reviewer1", "reviewer2", "administrator", "evaluator"}

// drillAccount makes the account of one of them. They are the same in every
// drill, so that what they did keeps its author over a restart.
func drillAccount(as, lang string) *access.Account {
	n := slices.Index(drillActors, as) + 1
	a := &access.Account{ID: hearback.ID(n), Number: n, Login: as, Name: as, Lang: lang, State: access.Active}
	switch as {
	case "officer":
		a.Roles = []access.Role{access.Officer, access.Listener, access.Analyst}
	case "administrator":
		a.Roles = []access.Role{access.Administrator}
	case "evaluator":
		a.Number, a.Roles = 1, []access.Role{access.Evaluator}
	default:
		a.Number = n - 1
		a.Roles = []access.Role{access.Reviewer}
	}
	return a
}

// act changes whom one acts as in a drill.
func (q *request) act() error {
	as := q.form("as")
	if !q.o.Drill || !slices.Contains(drillActors, as) {
		return hearback.ErrNotFound
	}
	q.cookie("hb_as", as, 30*24*time.Hour)
	return q.see(local(q.form("back")), "")
}

// local returns an address of this site, or the first page for anything else.
func local(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\n\r") {
		return "/"
	}
	return to
}
