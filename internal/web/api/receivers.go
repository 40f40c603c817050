package api

import (
	"errors"
	"fmt"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/notify"
)

// apiReceiver is somebody outside who is told of answers.
type apiReceiver struct {
	ID      hearback.ID   `json:"id"`
	Name    string        `json:"name"`
	To      string        `json:"to" doc:"As much of its address as pages show."`
	Topics  []hearback.ID `json:"topics" doc:"It is told of answers to one of these."`
	Areas   []string      `json:"areas" doc:"Or of answers for one of these; with neither, of all."`
	Answers string        `json:"answers,omitempty" doc:"Only of those given in this language."`
	Paused  bool          `json:"paused"`
	Version int           `json:"version"`
}

func (r apiReceiver) version() string { return fmt.Sprint(r.Version) }

// apiReceiverMade is one that was just added, with the secret made for it.
type apiReceiverMade struct {
	apiReceiver
	Secret string `json:"secret,omitempty" doc:"Signs what is sent; shown this once, if none was given."`
}

func (r apiReceiverMade) where() string { return "/api/v1/receivers/" + r.ID.String() }

type apiReceivers struct {
	Items []apiReceiver `json:"items"`
}

func (q *request) outside() ([]notify.Channel, error) {
	if q.Notices() == nil {
		return nil, hearback.ErrNotFound
	}
	return q.o.Notices.Channels(q.ctx(), notify.Outside)
}

func viewReceiver(c notify.Channel) apiReceiver {
	return apiReceiver{c.ID, c.Name, c.Shown, c.Wants.Topics, c.Wants.Areas, c.Wants.Lang, c.Paused, c.Version}
}

func (q *request) receiverNow(id hearback.ID) (apiReceiver, error) {
	list, err := q.outside()
	if err != nil {
		return apiReceiver{}, err
	}
	for _, c := range list {
		if c.ID == id {
			return viewReceiver(c), nil
		}
	}
	return apiReceiver{}, fmt.Errorf("receiver %s: %w", id, hearback.ErrNotFound)
}

func (q *request) apiReceivers(nothing) (out apiReceivers, err error) {
	list, err := q.outside()
	for _, c := range list {
		out.Items = append(out.Items, viewReceiver(c))
	}
	return out, err
}

func (q *request) apiReceiver(nothing) (v apiReceiver, err error) {
	id, err := q.id()
	if err != nil {
		return v, err
	}
	return q.receiverNow(id)
}

type receiverBody struct {
	Name    string        `json:"name"`
	To      string        `json:"to,omitempty" doc:"Where it is told; of a change, only if it moves."`
	Secret  string        `json:"secret,omitempty" doc:"Signs what is sent; one is made if a new receiver has none."`
	Topics  []hearback.ID `json:"topics,omitempty"`
	Areas   []string      `json:"areas,omitempty"`
	Answers string        `json:"answers,omitempty" doc:"en or zh."`
}

func (q *request) put(id hearback.ID, in receiverBody, version int) (_ hearback.ID, secret string, err error) {
	c := notify.Channel{ID: id, Owner: notify.Outside, Way: notify.Webhook, Name: in.Name, Lang: q.Locale.Lang, Version: version,
		Wants: notify.Wants{Topics: in.Topics, Areas: in.Areas, Lang: in.Answers}}
	return q.o.Notices.Put(q.ctx(), q.By(access.ChangeSettings), c, in.To, in.Secret)
}

func (q *request) apiAddReceiver(in receiverBody) (v apiReceiverMade, err error) {
	if q.Notices() == nil {
		return v, hearback.ErrNotFound
	}
	id, secret, err := q.put(0, in, 0)
	if err != nil {
		return v, err
	}
	v.Secret = secret
	v.apiReceiver, err = q.receiverNow(id)
	return v, err
}

func (q *request) apiChangeReceiver(in receiverBody) (v apiReceiver, err error) {
	if v, err = q.apiReceiver(nothing{}); err != nil {
		return v, err
	}
	if err := q.edits(v); err != nil {
		return v, err
	}
	if _, _, err := q.put(v.ID, in, v.Version); err != nil {
		return v, err
	}
	return q.receiverNow(v.ID)
}

type pausedBody struct {
	Paused bool `json:"paused" doc:"false ends it."`
}

func (q *request) apiPauseReceiver(in pausedBody) (v apiReceiver, err error) {
	if v, err = q.apiReceiver(nothing{}); err != nil {
		return v, err
	}
	if err := q.o.Notices.Pause(q.ctx(), q.By(access.ChangeSettings), notify.Outside, v.ID, in.Paused); err != nil {
		return v, err
	}
	return q.receiverNow(v.ID)
}

func (q *request) apiRemoveReceiver(nothing) (out apiReceivers, err error) {
	v, err := q.apiReceiver(nothing{})
	if err != nil {
		return out, err
	}
	if err := q.o.Notices.Remove(q.ctx(), q.By(access.ChangeSettings), notify.Outside, v.ID); err != nil {
		return out, err
	}
	return q.apiReceivers(nothing{})
}

// apiTested is what came of a test.
type apiTested struct {
	Arrived bool   `json:"arrived"`
	Fault   string `json:"fault,omitempty" doc:"Why it did not."`
}

func (q *request) apiTestReceiver(nothing) (out apiTested, err error) {
	v, err := q.apiReceiver(nothing{})
	if err != nil {
		return out, err
	}
	err = q.o.Notices.Test(q.ctx(), notify.Outside, v.ID)
	var f *notify.Fault
	if errors.As(err, &f) {
		return apiTested{Fault: q.SourceFault(f.Sentence)}, nil
	}
	return apiTested{Arrived: err == nil}, err
}
