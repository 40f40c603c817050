package web

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/desk"
	"example.org/hearback/internal/web/office"
)

type settingsPage struct {
	frame
	Needed    int
	Blind     []blindRow
	MaxBlind  int
	Retention time.Duration
	Window    time.Duration
	Office    string
	OfficeZH  string
	Zone      string
	Console   string
	Public    string
	PerDay    int
	Sources   []hearback.Source
	MayChange bool
}

// A blindRow is how many estimates a verdict of a tier asks for.
type blindRow struct {
	Tier hearback.Tier
	N    int
}

// setEstimates changes how many blind estimates a verdict asks for.
func (q *request) setEstimates() error {
	need := map[hearback.Tier]int{}
	for _, tier := range hearback.Tiers()[:4] {
		n, err := strconv.Atoi(q.form("blind_" + string(tier)))
		if err != nil {
			return fmt.Errorf("%w: the number of estimates must be a number", hearback.ErrInvalid)
		}
		need[tier] = n
	}
	if err := q.o.Desks.SetEstimates(q.ctx(), q.by(access.ChangeSettings), need, q.form("reason")); err != nil {
		return err
	}
	return q.see("/settings", "saved")
}

func (q *request) settings() error {
	p := &settingsPage{frame: q.frame(q.t("nav.settings"), "settings"), Retention: q.o.Retention, Window: q.o.Window,
		Office: q.o.Office, OfficeZH: q.o.OfficeZH, Zone: q.o.Zone.String(), Console: q.o.ConsoleURL, Public: q.o.PublicURL,
		PerDay: q.o.AlertsPerDay, MayChange: q.may(access.ChangeSettings)}
	var err error
	if p.Needed, err = q.o.Answers.Needed(q.ctx()); err != nil {
		return err
	}
	blind, err := q.o.Desks.Estimates(q.ctx())
	if err != nil {
		return err
	}
	for _, tier := range hearback.Tiers()[:4] {
		p.Blind = append(p.Blind, blindRow{tier, blind[tier]})
	}
	p.MaxBlind = desk.MaxBlind
	list, err := q.Named(q.ctx())
	for _, s := range list {
		if s.State != hearback.SourceRemoved {
			p.Sources = append(p.Sources, s)
		}
	}
	if err != nil {
		return err
	}
	return q.page("settings", p)
}

func (q *request) changeSettings() error {
	n, err := strconv.Atoi(q.form("reviewers"))
	if err != nil {
		return fmt.Errorf("%w: the number of reviewers must be a number", hearback.ErrInvalid)
	}
	if err := q.o.Answers.SetReviewers(q.ctx(), q.by(access.ChangeSettings), n, q.form("reason")); err != nil {
		return err
	}
	return q.see("/settings", "saved")
}

type helpPage struct {
	frame
	Keys    []keyRow
	Version string
	Words   []string
	Public  string
	Steps   []helpStep
}

// A helpStep is one thing a new office does first, and whether it is done.
type helpStep struct {
	Key, URL string
	Done     bool
}

// help is also where the first administrator begins: it says what is there
// already and what comes next.
func (q *request) help() error {
	p := &helpPage{frame: q.frame(q.t("nav.help"), "help"), Keys: q.keyRows(), Version: q.o.Version, Public: q.o.PublicURL,
		Words: []string{"source", "topic", "message", "voice", "concern", "theme", "heat", "reach", "persistence", "harm", "priority", "tier", "case", "desk", "deadline", "evidence", "verdict", "answer", "correction", "withdrawal", "outcome", "record", "drill", "void"}}
	sources, err := q.o.Store.Sources(q.ctx())
	if err != nil {
		return err
	}
	topics, err := q.o.Store.Topics(q.ctx())
	if err != nil {
		return err
	}
	desks, err := q.LiveDesks(q.ctx())
	if err != nil {
		return err
	}
	answers, err := q.o.Store.AnswerList(q.ctx(), office.AnswerFilter{Public: true, Limit: 1})
	if err != nil {
		return err
	}
	p.Steps = []helpStep{{"desks", "/desks", len(desks) > 0}, {"topics", "/topics", len(topics) > 0}, {"sources", "/sources/new", len(sources) > 0}, {"people", "/accounts", false}, {"answer", "/concerns", len(answers) > 0}}
	if !q.o.Drill {
		if list, err := q.o.Accounts.List(q.ctx(), q.Account); err == nil {
			reviewers := 0
			for _, a := range list {
				if a.May(access.Approve) {
					reviewers++
				}
			}
			p.Steps[3].Done = reviewers >= 2
		}
	} else {
		p.Steps[3].Done = true
	}
	return q.page("help", p)
}

func trim(s string) string { return strings.TrimSpace(s) }
