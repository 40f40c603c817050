// Package access knows who works here and what each of them may do: accounts,
// roles, one-time links, passwords and sessions. It holds the only table of
// permissions; every screen, command and interface asks [May].
//
// It knows nothing about the people who are listened to, and it does not apply
// the two-person rule: that is a rule about one answer, kept with the answer,
// which compares the account in the [hearback.Actor] that [Account.Actor] gives.
package access

import (
	"fmt"
	"slices"
	"time"

	"example.org/hearback"
)

// A Role is a set of actions that one person may hold. A person may hold
// several.
type Role string

// The roles.
const (
	Listener      Role = "listener"      // triages what comes in
	Analyst       Role = "analyst"       // tends sources, topics and groups
	Officer       Role = "officer"       // works on cases of a desk and writes answers
	Reviewer      Role = "reviewer"      // approves answers that others wrote
	Evaluator     Role = "evaluator"     // judges whether answers helped
	Administrator Role = "administrator" // accounts, settings and backups
	Auditor       Role = "auditor"       // reads everything, changes nothing
)

// Roles lists every role in the order screens show them.
func Roles() []Role {
	return []Role{Listener, Analyst, Officer, Reviewer, Evaluator, Administrator, Auditor}
}

// An Action is something that only some roles may do.
type Action string

// The actions.
const (
	ViewConsole    Action = "view console"
	Triage         Action = "triage" // mute, merge, split, acknowledge an alert, give a verdict on it
	OpenCase       Action = "open case"
	Route          Action = "route" // to a desk; also closing and reopening
	CheckEvidence  Action = "check evidence"
	Draft          Action = "draft"
	Submit         Action = "submit"
	Approve        Action = "approve" // and return to the author
	Publish        Action = "publish" // what has its approvals
	Withdraw       Action = "withdraw"
	RateHarm       Action = "rate harm"
	ManageSources  Action = "manage sources"
	ManageTopics   Action = "manage topics"
	ManageDesks    Action = "manage desks"
	ManageAccounts Action = "manage accounts"
	ChangeSettings Action = "change settings"
	Export         Action = "export"
	Backup         Action = "backup"
	ViewLog        Action = "view log"          // the log as the console shows it; the public one is open to all
	Evaluate       Action = "evaluate"          // rate what was practised in a drill, and note what was seen
	RunDrill       Action = "run drill"         // its speed and its end; and see what is still to come
	ViewSecurity   Action = "view security log" // who signed in, and who was refused
)

// Actions lists every action.
func Actions() []Action {
	return []Action{
		ViewConsole, Triage, OpenCase, Route, CheckEvidence, Draft, Submit, Approve, Publish, Withdraw,
		RateHarm, ManageSources, ManageTopics, ManageDesks, ManageAccounts, ChangeSettings, Export, Backup,
		ViewLog, Evaluate, RunDrill, ViewSecurity,
	}
}

// allowed is the table: what is not in it is refused. The administrator may
// not write, approve, publish or withdraw, because whoever makes accounts
// could otherwise be both of the two people that an answer needs; one who also
// does that work is given the role for it, and the public log shows it.
var allowed = map[Role][]Action{
	Listener:      {ViewConsole, ViewLog, Triage, OpenCase, Route, RateHarm},
	Analyst:       {ViewConsole, ViewLog, Triage, OpenCase, Route, RateHarm, ManageSources, ManageTopics, Export},
	Officer:       {ViewConsole, ViewLog, OpenCase, Route, CheckEvidence, Draft, Submit, Publish, Withdraw},
	Reviewer:      {ViewConsole, ViewLog, RateHarm, CheckEvidence, Approve, Publish, Withdraw},
	Evaluator:     {ViewConsole, ViewLog, Evaluate, RunDrill, Export},
	Administrator: {ViewConsole, ViewLog, ManageSources, ManageTopics, ManageDesks, ManageAccounts, ChangeSettings, Export, Backup, RunDrill, ViewSecurity},
	Auditor:       {ViewConsole, ViewLog, ViewSecurity},
}

// May reports whether somebody with these roles may do a.
func May(roles []Role, a Action) bool {
	return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(allowed[r], a) })
}

// An Account is one member of staff.
type Account struct {
	ID      hearback.ID
	Number  int      // what the public log shows in place of a name; never given twice
	Login   string   // lower case; often an e-mail address
	Name    string   // for colleagues; never in the log
	Lang    string   // "en" or "zh": what the console speaks to them
	Roles   []Role   // in the order of [Roles]
	Asleep  []Role   `json:"-"` // roles that need a second factor, in a session that has none: they only let look
	Only    []Action `json:"-"` // when a token acts: the most that it may do; nil otherwise
	Desks   []string // slugs of the desks they work for; empty means every desk
	State   State
	Since   time.Time
	Hash    string `json:"-"` // of the password
	Version int
}

// State says whether an account may be used.
type State string

// The states of an account.
const (
	Active   State = "active"
	Disabled State = "disabled" // kept, because the log still names its number
)

// May reports whether the account is active and its roles allow a.
func (a *Account) May(x Action) bool {
	if a == nil || a.State != Active || a.Only != nil && !slices.Contains(a.Only, x) {
		return false
	}
	return May(a.Roles, x) || len(a.Asleep) > 0 && (x == ViewConsole || x == ViewLog)
}

// Actor returns a as the log shows whoever does x: with the first of its roles
// that allows x. It does not ask whether any does; [Account.Do] does both.
func (a *Account) Actor(x Action) hearback.Actor {
	by := hearback.Actor{ID: a.ID, Number: a.Number, Role: "staff"}
	for _, r := range a.Roles {
		if slices.Contains(allowed[r], x) {
			by.Role = string(r)
			break
		}
	}
	return by
}

// Do returns the actor for x, or [hearback.ErrRefused] with the roles that
// would be needed.
func (a *Account) Do(x Action) (hearback.Actor, error) {
	if a == nil {
		return hearback.Actor{}, fmt.Errorf("%w: sign in first", hearback.ErrRefused)
	}
	if !a.May(x) {
		if a.Sleeps(x) {
			return hearback.Actor{}, fmt.Errorf("%w: your role for this waits for a second factor; set one up under Your account", hearback.ErrRefused)
		}
		return hearback.Actor{}, fmt.Errorf("%w: to %s you need one of the roles %v; an administrator can give it", hearback.ErrRefused, x, Who(x))
	}
	return a.Actor(x), nil
}

// Sleeps reports whether the account could do x if its session had a second
// factor.
func (a *Account) Sleeps(x Action) bool {
	return a != nil && a.State == Active && !a.May(x) && May(a.Asleep, x)
}

// Look returns the account as one that only looks: what it may do on a case of
// a desk that is not its own.
func (a *Account) Look() *Account {
	l := *a
	l.Only = []Action{ViewConsole, ViewLog}
	return &l
}

// Serves reports whether the account works for a desk.
func (a *Account) Serves(desk string) bool {
	return len(a.Desks) == 0 || slices.Contains(a.Desks, desk)
}

// Who lists the roles that may do x.
func Who(x Action) (roles []Role) {
	for _, r := range Roles() {
		if slices.Contains(allowed[r], x) {
			roles = append(roles, r)
		}
	}
	return roles
}
