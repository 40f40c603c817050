package source

import (
	"context"
	"fmt"
	"strings"
	"time"

	"example.org/hearback"
)

// Topics adds, changes and removes topics. Each act is an entry of the public
// log, written with it, with the whole query: nothing is listened for in
// secret.
type Topics struct {
	Store  TopicStore
	Now    func() time.Time
	NextID func() hearback.ID

	// Check reports what is wrong with a query, as a sentence: the parser of
	// package topic, which comes after this one in the flow.
	Check func(query string) error
}

// Add adds a topic and returns it as stored.
func (ts *Topics) Add(ctx context.Context, by hearback.Actor, t hearback.Topic) (*hearback.Topic, error) {
	now := ts.Now()
	t.ID, t.State, t.Added, t.Version = ts.NextID(), hearback.TopicActive, now, 1
	if err := ts.check(&t); err != nil {
		return nil, err
	}
	err := ts.Store.AddTopic(ctx, &t, topicRecord(hearback.TopicAdded, now, by, &t, map[string]any{
		"name": t.Name, "query": t.Query, "reason": t.Reason,
	}))
	if err != nil {
		return nil, fmt.Errorf("add topic %q: %w", t.Name, err)
	}
	return &t, nil
}

// Change changes name, query and reason of a topic. t.Version is the version
// that the change was based on.
func (ts *Topics) Change(ctx context.Context, by hearback.Actor, t hearback.Topic) (*hearback.Topic, error) {
	old, err := ts.live(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	if old.Version != t.Version {
		return nil, fmt.Errorf("%w: topic %q was changed since this page was loaded; load it again", hearback.ErrConflict, old.Name)
	}
	t.State, t.Added = old.State, old.Added
	if err := ts.check(&t); err != nil {
		return nil, err
	}
	if t == *old {
		return old, nil
	}
	p := map[string]any{"name": t.Name, "query": t.Query, "reason": t.Reason}
	if old.Query != t.Query {
		p["was"] = old.Query
	}
	if err := ts.Store.ChangeTopic(ctx, &t, topicRecord(hearback.TopicChanged, ts.Now(), by, &t, p)); err != nil {
		return nil, fmt.Errorf("change topic %q: %w", t.Name, err)
	}
	return &t, nil
}

// Remove ends a topic: it is kept for the record and keeps no messages any
// more.
func (ts *Topics) Remove(ctx context.Context, by hearback.Actor, id hearback.ID, reason string) error {
	t, err := ts.live(ctx, id)
	if err != nil {
		return err
	}
	if err := checkReason(reason); err != nil {
		return err
	}
	rec := topicRecord(hearback.TopicRemovedRec, ts.Now(), by, t, map[string]any{
		"name": t.Name, "query": t.Query, "reason": reason,
	})
	if err := ts.Store.RemoveTopic(ctx, t, rec); err != nil {
		return fmt.Errorf("remove topic %q: %w", t.Name, err)
	}
	return nil
}

func (ts *Topics) live(ctx context.Context, id hearback.ID) (*hearback.Topic, error) {
	t, err := ts.Store.Topic(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("topic %s: %w", id, err)
	}
	if t.State == hearback.TopicRemoved {
		return nil, fmt.Errorf("%w: topic %q was removed; add a new one instead", hearback.ErrRefused, t.Name)
	}
	return t, nil
}

func (ts *Topics) check(t *hearback.Topic) error {
	t.Name, t.Query, t.Reason = strings.TrimSpace(t.Name), strings.TrimSpace(t.Query), strings.TrimSpace(t.Reason)
	if t.Name == "" {
		return fmt.Errorf("%w: the topic needs a name", hearback.ErrInvalid)
	}
	if t.Query == "" {
		return fmt.Errorf("%w: the topic needs words to listen for", hearback.ErrInvalid)
	}
	if err := checkReason(t.Reason); err != nil {
		return err
	}
	if err := checkText("name", t.Name, 200); err != nil {
		return err
	}
	if err := checkText("query", t.Query, 8000); err != nil {
		return err
	}
	if ts.Check != nil {
		return ts.Check(t.Query)
	}
	return nil
}

func topicRecord(t hearback.RecordType, at time.Time, by hearback.Actor, topic *hearback.Topic, p map[string]any) hearback.Record {
	return hearback.Record{Type: t, At: at, Actor: by, Subject: "topic:" + topic.ID.String(), Pub: p}
}
