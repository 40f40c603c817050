package web

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
)

// viewCounts keeps how many concerns a filter lets through, so that tabs do
// not read every list each time a page is shown.
type viewCounts struct {
	mu   sync.Mutex
	list map[string]*cached[int64]
}

// countedUpTo is where counting the rows of a saved view ends.
const countedUpTo = 100

func (c *viewCounts) get(key string, f func() (int64, error)) (int64, error) {
	c.mu.Lock()
	if c.list == nil || len(c.list) > 2000 {
		c.list = map[string]*cached[int64]{}
	}
	one := c.list[key]
	if one == nil {
		one = &cached[int64]{}
		c.list[key] = one
	}
	c.mu.Unlock()
	return one.get(20*time.Second, f)
}

// viewTabs adds the saved views to the tabs of the list, and says which one
// this list is.
func (q *request) viewTabs(p *concernsPage, keep url.Values) error {
	list, err := q.o.Store.SavedViews(q.ctx(), q.account.ID, q.account.Desks)
	if err != nil {
		return err
	}
	own := maps.Clone(keep)
	own.Set("view", p.View) // which one it is if the address does not say
	p.Asked = own.Encode()
	for _, d := range p.Desks {
		if q.account.Serves(d.Value) && q.may(access.Triage) {
			p.Serves = append(p.Serves, d)
		}
	}
	views := len(p.Tabs)
	given := q.givenViews(p.Desks)
	for i, v := range append(given, list...) {
		values, err := url.ParseQuery(v.Query)
		if err != nil {
			continue // nothing that SaveView writes
		}
		f, _ := q.concernFilter(values)
		ctx := context.WithoutCancel(q.ctx())
		n, err := q.views.get(v.Query, func() (int64, error) {
			f.Limit = countedUpTo
			rows, _, err := q.o.Store.ConcernList(ctx, f)
			return int64(len(rows)), err
		})
		if err != nil {
			return err
		}
		t := tab{Label: v.Name, URL: "/concerns?" + v.Query, Count: n, More: n == countedUpTo, On: v.Query == p.Asked && !slices.ContainsFunc(p.Tabs[views:], func(t tab) bool { return t.On }), Shared: v.Desk != ""}
		if t.On {
			if i >= len(given) {
				p.Saved, p.Drop = &v, v.Account == q.account.ID || q.may(access.ManageDesks)
			}
			for i := range p.Tabs {
				p.Tabs[i].On = false
			}
		}
		p.Tabs = append(p.Tabs, t)
	}
	return nil
}

// mostOwnDesks is how many desks of an account have a tab of their own.
const mostOwnDesks = 3

// givenViews are the views that nobody has to save: the cases of the desks that
// somebody works for, what rises, and answers that do not help.
func (q *request) givenViews(desks []option) (list []SavedView) {
	for _, d := range desks {
		if slices.Contains(q.account.Desks, d.Value) && len(list) < mostOwnDesks {
			v := SavedView{Name: d.Label, Query: url.Values{"view": {"case"}, "desk": {d.Value}}.Encode()}
			if len(q.account.Desks) == 1 {
				v.Name = q.t("view.mine")
			}
			list = append(list, v)
		}
	}
	for _, is := range []string{"rising", "unhelped"} {
		list = append(list, SavedView{Name: q.t("view." + is), Query: url.Values{"is": {is}, "view": {""}}.Encode()})
	}
	return list
}

// saveView keeps the filters of a list under a name.
func (q *request) saveView() error {
	v, err := q.keepView(q.form("name"), q.form("desk"), q.form("query"))
	if err != nil {
		return err
	}
	return q.see("/concerns?"+v.Query, "view_saved")
}

func (q *request) keepView(name, slug, query string) (SavedView, error) {
	v := SavedView{Account: q.account.ID, Desk: slug, Name: strings.Join(strings.Fields(strings.ToValidUTF8(name, "")), " "), Since: q.o.Now()}
	switch {
	case v.Name == "":
		return v, fmt.Errorf("%w: a view needs a name", hearback.ErrInvalid)
	case len([]rune(v.Name)) > 60:
		return v, fmt.Errorf("%w: a name has at most 60 characters", hearback.ErrInvalid)
	}
	asked, err := url.ParseQuery(query)
	if err != nil {
		return v, fmt.Errorf("%w: this list is not there; begin again", hearback.ErrInvalid)
	}
	f, keep := q.concernFilter(asked)
	keep.Set("view", f.View)
	for name, values := range keep {
		if keep.Set(name, shortenTo(values[0], 200)); !slices.Contains(filterNames, name) {
			keep.Del(name)
		}
	}
	v.Query = keep.Encode()
	if v.Desk != "" && !q.may(access.Triage) {
		return v, q.refuse(access.Triage)
	}
	if v.Desk != "" {
		desks, err := q.liveDesks()
		if err != nil {
			return v, err
		}
		if !q.account.Serves(v.Desk) || !slices.ContainsFunc(desks, func(d hearback.Desk) bool { return d.Slug == v.Desk }) {
			return v, fmt.Errorf("%w: a view can be shared with a desk that you work for", hearback.ErrInvalid)
		}
	}
	return v, q.o.Store.SaveView(q.ctx(), v)
}

// dropView deletes a view. One that a desk shares may be deleted by whoever
// made it and by those who look after desks.
func (q *request) dropView() error {
	if err := q.loseView(); err != nil {
		return err
	}
	return q.see("/concerns", "view_dropped")
}

func (q *request) loseView() error {
	id, err := q.id()
	if err != nil {
		return err
	}
	list, err := q.o.Store.SavedViews(q.ctx(), q.account.ID, q.account.Desks)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(v SavedView) bool { return v.ID == id })
	if i < 0 || list[i].Account != q.account.ID && !q.may(access.ManageDesks) {
		return fmt.Errorf("saved view %s: %w", id, hearback.ErrNotFound)
	}
	return q.o.Store.DropView(q.ctx(), id, list[i].Account)
}
