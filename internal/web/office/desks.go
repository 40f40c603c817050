package office

import (
	"context"
	"slices"
	"strings"

	"example.org/hearback"
	"example.org/hearback/internal/desk"
)

// Told names those whom a step of a chain tells.
func (q *Caller) Told(ctx context.Context, to []string) string {
	var list []string
	for _, s := range to {
		if slug, ok := strings.CutPrefix(s, "desk:"); ok {
			s = slug
			if d, err := q.DeskOf(ctx, slug); err == nil && d.Slug != "" {
				s = q.DeskName(d)
			}
		} else {
			s = q.T("staff.number", strings.TrimPrefix(s, "#"))
		}
		list = append(list, s)
	}
	return q.Locale.List(list)
}

// DeskOf returns the desk of that name, or an empty one.
func (q *Caller) DeskOf(ctx context.Context, slug string) (hearback.Desk, error) {
	all, err := q.o.Store.Desks(ctx)
	return desk.Find(all, slug), err
}

// LiveDesks returns the desks that take cases.
func (q *Caller) LiveDesks(ctx context.Context) ([]hearback.Desk, error) {
	all, err := q.o.Store.Desks(ctx)
	return slices.DeleteFunc(all, func(d hearback.Desk) bool { return d.Removed }), err
}

// DeskNames says how desks are called in the language of the reader.
// DeskName says how a desk is called in the language of the reader.
func (q *Caller) DeskNames(ctx context.Context) (map[string]string, error) {
	all, err := q.o.Store.Desks(ctx)
	names := map[string]string{"": q.T("desk.none")}
	for _, d := range all {
		names[d.Slug] = q.DeskName(d)
	}
	return names, err
}

func (q *Caller) DeskName(d hearback.Desk) string {
	if q.Locale.Lang == "zh" && d.NameZH != "" {
		return d.NameZH
	}
	if d.Name == "" {
		return d.Slug
	}
	return d.Name
}

// Notices is where channels are kept; nil in a drill, which sends nothing.
func (q *Caller) Notices() Notices {
	if q.o.Drill {
		return nil
	}
	return q.o.Notices
}
