package web

import (
	"net/http"
	"strconv"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/web/office"
)

type topicsPage struct {
	frame
	List   []topicRow
	One    *hearback.Topic // the topic of this page, or what was typed
	New    bool
	Manage bool
	Test   string // the sentence to test with
	Tested bool
	Keeps  bool
	Bad    string // why the query cannot be read
	Log    []office.EntryRow
	All    int // sources that keep everything
}

type topicRow struct {
	hearback.Topic
	Record int64
}

func (q *request) topicsPage(one *hearback.Topic) (*topicsPage, error) {
	p := &topicsPage{frame: q.frame(q.t("nav.topics"), "topics"), One: one, New: one == nil || one.ID == 0, Manage: q.may(access.ManageTopics)}
	if one == nil {
		p.One = &hearback.Topic{}
	} else if one.ID != 0 {
		p.frame.Title = one.Name
		entries, err := q.o.Store.EntriesAbout(q.ctx(), "topic:"+one.ID.String(), 50)
		if err != nil {
			return nil, err
		}
		p.Log = q.EntryRows(entries)
	}
	list, err := q.o.Store.Topics(q.ctx())
	if err != nil {
		return nil, err
	}
	for _, t := range list {
		if t.State == hearback.TopicRemoved {
			continue
		}
		r := topicRow{Topic: t}
		if r.Record, err = q.firstRecord("topic:" + t.ID.String()); err != nil {
			return nil, err
		}
		p.List = append(p.List, r)
	}
	sources, err := q.o.Store.Sources(q.ctx())
	for _, s := range sources {
		if s.All && s.State == hearback.SourceActive {
			p.All++
		}
	}
	return p, err
}

func (q *request) topics() error {
	p, err := q.topicsPage(nil)
	if err != nil {
		return err
	}
	return q.page("topics", p)
}

func (q *request) topic() error {
	id, err := q.id()
	if err != nil {
		return err
	}
	t, err := q.o.Store.Topic(q.ctx(), id)
	if err != nil {
		return err
	}
	p, err := q.topicsPage(t)
	if err != nil {
		return err
	}
	return q.page("topics", p)
}

// topicTest shows the form again with what the query makes of a sentence.
func (q *request) topicTest(t hearback.Topic, fault error) error {
	p, err := q.topicsPage(&t)
	if err != nil {
		return err
	}
	status := http.StatusOK
	p.Test = q.form("text")
	if q.o.TestTopic != nil && t.Query != "" {
		keeps, err := q.o.TestTopic(q.ctx(), t.Query, p.Test)
		if err != nil {
			p.Bad = q.Say(err)
		} else {
			p.Tested, p.Keeps = p.Test != "", keeps
		}
	}
	if fault != nil {
		if status = office.StatusOf(fault); status == http.StatusInternalServerError {
			return fault
		}
		p.Fault = q.Say(fault)
	}
	return q.render(status, "console", "topics", p)
}

func (q *request) addTopic() error {
	t := hearback.Topic{Name: q.form("name"), Query: q.form("query"), Reason: q.form("reason")}
	if q.form("act") == "test" {
		return q.topicTest(t, nil)
	}
	added, err := q.o.Topics.Add(q.ctx(), q.by(access.ManageTopics), t)
	if err != nil {
		return q.topicTest(t, err)
	}
	return q.see("/topics/"+added.ID.String(), "topic_added")
}

func (q *request) changeTopic() error {
	id, err := q.id()
	if err != nil {
		return err
	}
	old, err := q.o.Store.Topic(q.ctx(), id)
	if err != nil {
		return err
	}
	t := *old
	t.Name, t.Query, t.Reason = q.form("name"), q.form("query"), q.form("reason")
	t.Version, _ = strconv.Atoi(q.form("version"))
	if q.form("act") == "test" {
		return q.topicTest(t, nil)
	}
	if _, err := q.o.Topics.Change(q.ctx(), q.by(access.ManageTopics), t); err != nil {
		return q.topicTest(t, err)
	}
	return q.see("/topics/"+id.String(), "saved")
}

func (q *request) removeTopic() error {
	id, err := q.id()
	if err == nil {
		err = q.o.Topics.Remove(q.ctx(), q.by(access.ManageTopics), id, q.form("reason"))
	}
	if err != nil {
		return err
	}
	return q.see("/topics", "topic_removed")
}
