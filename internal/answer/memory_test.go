package answer_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"example.org/hearback"
)

// memory is a store in memory with the contracts of package store, for tests
// that act a hundred thousand times. It keeps and hands out copies, so that
// nobody shares memory with it.
type memory struct {
	mu       sync.Mutex
	concerns map[hearback.ID]hearback.Concern
	cases    map[hearback.ID]hearback.Case
	answers  map[hearback.ID]hearback.Answer
	desks    []hearback.Desk
	settings map[string]string
	log      []hearback.Record

	// before, if set, runs once before the next write: somebody else is faster.
	before func()
}

func newMemory() *memory {
	return &memory{
		concerns: map[hearback.ID]hearback.Concern{}, cases: map[hearback.ID]hearback.Case{}, answers: map[hearback.ID]hearback.Answer{},
		settings: map[string]string{},
	}
}

func (m *memory) write(r []hearback.Record, f func() error) error {
	if hook := m.before; hook != nil {
		m.before = nil
		hook()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range r {
		if _, err := r[i].Leaf(int64(len(m.log) + i)); err != nil {
			return err
		}
	}
	if err := f(); err != nil {
		return err
	}
	m.log = append(m.log, r...)
	return nil
}

func (m *memory) LogSize(context.Context) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return int64(len(m.log)), nil
}

func (m *memory) last() hearback.Record { return m.log[len(m.log)-1] }

func (m *memory) Concern(_ context.Context, id hearback.ID) (*hearback.Concern, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.concerns[id]
	if !ok {
		return nil, fmt.Errorf("concern %s: %w", id, hearback.ErrNotFound)
	}
	return &c, nil
}

func copyCase(c hearback.Case) *hearback.Case {
	c.Acks, c.Declined, c.With = slices.Clone(c.Acks), slices.Clone(c.Declined), slices.Clone(c.With)
	if c.Playbook != nil {
		f := *c.Playbook
		f.Done = slices.Clone(f.Done)
		c.Playbook = &f
	}
	c.Estimates, c.Dissents, c.Rulings = slices.Clone(c.Estimates), slices.Clone(c.Dissents), slices.Clone(c.Rulings)
	c.Deadlines, c.Pauses, c.Evidence = slices.Clone(c.Deadlines), slices.Clone(c.Pauses), slices.Clone(c.Evidence)
	c.Past, c.Steps = slices.Clone(c.Past), slices.Clone(c.Steps)
	return &c
}

func copyAnswer(a hearback.Answer) *hearback.Answer {
	a.Revisions = slices.Clone(a.Revisions)
	for i := range a.Revisions {
		r := &a.Revisions[i]
		r.Writers, r.Texts, r.Approvals = slices.Clone(r.Writers), slices.Clone(r.Texts), slices.Clone(r.Approvals)
		if r.Urgent != nil {
			u := *r.Urgent
			r.Urgent = &u
		}
	}
	if a.Withdrawn != nil {
		w := *a.Withdrawn
		a.Withdrawn = &w
	}
	return &a
}

func (m *memory) Case(_ context.Context, id hearback.ID) (*hearback.Case, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.cases[id]
	if !ok {
		return nil, fmt.Errorf("case %s: %w", id, hearback.ErrNotFound)
	}
	return copyCase(c), nil
}

func (m *memory) CaseByConcern(ctx context.Context, concern hearback.ID) (*hearback.Case, error) {
	k, err := m.Concern(ctx, concern)
	if err != nil || k.Case == 0 {
		return nil, hearback.ErrNotFound
	}
	return m.Case(ctx, k.Case)
}

func (m *memory) Answer(_ context.Context, id hearback.ID) (*hearback.Answer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, ok := m.answers[id]
	if !ok {
		return nil, fmt.Errorf("answer %s: %w", id, hearback.ErrNotFound)
	}
	return copyAnswer(a), nil
}

func (m *memory) AddCase(_ context.Context, c *hearback.Case, before hearback.ID, r hearback.Record) error {
	return m.write([]hearback.Record{r}, func() error {
		k := m.concerns[c.Concern]
		if k.Case != before {
			return hearback.ErrConflict
		}
		k.Case = c.ID
		m.concerns[c.Concern] = k
		c.Version = 1
		m.cases[c.ID] = *copyCase(*c)
		return nil
	})
}

// reply writes c and a if neither has changed meanwhile; then is run first.
func (m *memory) reply(c *hearback.Case, a *hearback.Answer, r hearback.Record, then func()) error {
	return m.write([]hearback.Record{r}, func() error {
		if c != nil && m.cases[c.ID].Version != c.Version || a != nil && m.answers[a.ID].Version != a.Version {
			return hearback.ErrConflict
		}
		if then != nil {
			then()
		}
		if c != nil {
			c.Version++
			m.cases[c.ID] = *copyCase(*c)
		}
		if a != nil {
			a.Version++
			m.answers[a.ID] = *copyAnswer(*a)
		}
		return nil
	})
}

func (m *memory) serve(concern, answer hearback.ID) {
	k := m.concerns[concern]
	k.Answer = answer
	m.concerns[concern] = k
}

func (m *memory) SaveCase(_ context.Context, c *hearback.Case, a *hearback.Answer, r hearback.Record) error {
	return m.reply(c, a, r, nil)
}

func (m *memory) AckCase(_ context.Context, c *hearback.Case, r hearback.Record) error {
	return m.reply(c, nil, r, nil)
}

func (m *memory) ServeCase(_ context.Context, c *hearback.Case, answer hearback.ID, r hearback.Record) error {
	return m.reply(c, nil, r, func() { m.serve(c.Concern, answer) })
}

func (m *memory) SaveAnswer(_ context.Context, a *hearback.Answer, c *hearback.Case, r hearback.Record) error {
	return m.reply(c, a, r, nil)
}

func (m *memory) PublishAnswer(_ context.Context, a *hearback.Answer, c *hearback.Case, r hearback.Record) error {
	return m.reply(c, a, r, func() {
		a.Current().Record = int64(len(m.log))
		m.serve(c.Concern, a.ID)
	})
}

func (m *memory) WithdrawAnswer(_ context.Context, a *hearback.Answer, c *hearback.Case, r hearback.Record) error {
	return m.reply(c, a, r, func() {
		a.Withdrawn.Record = int64(len(m.log))
		for id, k := range m.concerns {
			if k.Answer == a.ID {
				m.serve(id, 0)
			}
		}
	})
}

func (m *memory) Desks(context.Context) ([]hearback.Desk, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.SortedFunc(slices.Values(m.desks), func(a, b hearback.Desk) int { return cmp.Compare(a.Slug, b.Slug) }), nil
}

func (m *memory) Setting(_ context.Context, name string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.settings[name], nil
}

func (m *memory) SetSetting(_ context.Context, name, value string, rs ...hearback.Record) error {
	return m.write(rs, func() error {
		m.settings[name] = value
		return nil
	})
}
