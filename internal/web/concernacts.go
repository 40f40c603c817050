package web

import (
	"strconv"
	"strings"

	"example.org/hearback"
	"example.org/hearback/internal/access"
)

// concernAct runs an act on the concern in the path and goes back to it.
func (q *request) concernAct(need access.Action, done string, f func(by hearback.Actor, id hearback.ID) error) error {
	id, err := q.id()
	if err == nil {
		err = f(q.by(need), id)
	}
	if err != nil {
		return err
	}
	return q.see("/concerns/"+id.String(), done)
}

func (q *request) mute() error {
	on := q.form("on") != "0"
	done := "muted"
	if !on {
		done = "unmuted"
	}
	id, err := q.id()
	if err == nil {
		err = q.o.Concerns.Mute(q.ctx(), q.by(access.Triage), id, on, q.form("reason"))
	}
	if err != nil {
		return err
	}
	act := "unmute"
	if on {
		act = "mute"
	}
	return q.seeUndo("/concerns/"+id.String(), done, act, []hearback.ID{id})
}

func (q *request) concernTier() error {
	return q.concernAct(access.Triage, "concern_tier", func(by hearback.Actor, id hearback.ID) error {
		return q.o.Concerns.SetTier(q.ctx(), by, id, hearback.Tier(q.form("tier")), q.form("reason"))
	})
}

func (q *request) retitle() error {
	return q.concernAct(access.Triage, "retitled", func(by hearback.Actor, id hearback.ID) error {
		return q.o.Concerns.Retitle(q.ctx(), by, id, q.form("title"))
	})
}

func (q *request) rateHarm() error {
	return q.concernAct(access.RateHarm, "rated", func(by hearback.Actor, id hearback.ID) error {
		n := func(name string) int {
			v, err := strconv.Atoi(q.form(name))
			if err != nil {
				return -1 // refused as out of range
			}
			return v
		}
		return q.o.Concerns.RateHarm(q.ctx(), by, hearback.HarmRating{
			Concern: id, By: by.ID, Severity: n("severity"), Believable: n("believable"), Immediate: n("immediate"),
			CallToAction: n("call"), Vulnerable: n("vulnerable"), Reason: q.form("reason"), At: q.o.Now(),
		})
	})
}

func (q *request) openCase() error {
	id, err := q.id()
	if err != nil {
		return err
	}
	tier := hearback.Tier(q.form("tier"))
	if tier != "" {
		if tier, err = hearback.ParseTier(string(tier)); err != nil {
			return err
		}
	}
	if err := q.OpenOne(q.ctx(), q.by(access.OpenCase), id, q.form("desk"), tier, q.form("note")); err != nil {
		return err
	}
	c, err := q.o.Store.Concern(q.ctx(), id)
	if err != nil {
		return err
	}
	if c.Case == 0 {
		return q.see("/concerns/"+id.String(), "case_opened")
	}
	return q.see("/cases/"+c.Case.String(), "case_opened")
}

func (q *request) merge() error {
	other, err := hearback.ParseID(strings.TrimPrefix(lastPart(q.form("other")), "#"))
	if err != nil {
		return err
	}
	return q.concernAct(access.Triage, "merged", func(by hearback.Actor, id hearback.ID) error {
		return q.MergeOne(q.ctx(), by, id, other, q.form("reason"))
	})
}

// lastPart lets one paste the address of a concern instead of its number.
func lastPart(s string) string {
	s, _, _ = strings.Cut(s, "?")
	return s[strings.LastIndexByte(s, '/')+1:]
}

func (q *request) proposal() error {
	accept := q.form("act") == "accept"
	done := "proposal_rejected"
	if accept {
		done = "proposal_accepted"
	}
	return q.concernAct(access.Triage, done, func(by hearback.Actor, _ hearback.ID) error {
		return q.o.Concerns.Decide(q.ctx(), by, q.form("key"), accept, q.form("reason"))
	})
}

func (q *request) undo() error {
	return q.concernAct(access.Triage, "undone", func(by hearback.Actor, id hearback.ID) error {
		return q.o.Concerns.Undo(q.ctx(), by, id, q.form("reason"))
	})
}
