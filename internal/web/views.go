package web

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"sync"
	"time"

	"example.org/hearback/internal/access"
	"example.org/hearback/internal/web/office"
)

// viewCounts keeps how many concerns a filter lets through, so that tabs do
// not read every list each time a page is shown.
type viewCounts struct {
	mu   sync.Mutex
	list map[string]*office.Cached[int64]
}

// countedUpTo is where counting the rows of a saved view ends.
const countedUpTo = 100

func (c *viewCounts) get(key string, f func() (int64, error)) (int64, error) {
	c.mu.Lock()
	if c.list == nil || len(c.list) > 2000 {
		c.list = map[string]*office.Cached[int64]{}
	}
	one := c.list[key]
	if one == nil {
		one = &office.Cached[int64]{}
		c.list[key] = one
	}
	c.mu.Unlock()
	return one.Get(20*time.Second, f)
}

// viewTabs adds the saved views to the tabs of the list, and says which one
// this list is.
func (q *request) viewTabs(p *concernsPage, keep url.Values) error {
	list, err := q.o.Store.SavedViews(q.ctx(), q.Account.ID, q.Account.Desks)
	if err != nil {
		return err
	}
	own := maps.Clone(keep)
	own.Set("view", p.View) // which one it is if the address does not say
	p.Asked = own.Encode()
	for _, d := range p.Desks {
		if q.Account.Serves(d.Value) && q.may(access.Triage) {
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
		f, _ := q.ConcernFilter(values)
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
				p.Saved, p.Drop = &v, v.Account == q.Account.ID || q.may(access.ManageDesks)
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
func (q *request) givenViews(desks []option) (list []office.SavedView) {
	for _, d := range desks {
		if slices.Contains(q.Account.Desks, d.Value) && len(list) < mostOwnDesks {
			v := office.SavedView{Name: d.Label, Query: url.Values{"view": {"case"}, "desk": {d.Value}}.Encode()}
			if len(q.Account.Desks) == 1 {
				v.Name = q.t("view.mine")
			}
			list = append(list, v)
		}
	}
	for _, is := range []string{"rising", "unhelped"} {
		list = append(list, office.SavedView{Name: q.t("view." + is), Query: url.Values{"is": {is}, "view": {""}}.Encode()})
	}
	return list
}

// saveView keeps the filters of a list under a name.
func (q *request) saveView() error {
	v, err := q.KeepView(q.ctx(), q.form("name"), q.form("desk"), q.form("query"))
	if err != nil {
		return err
	}
	return q.see("/concerns?"+v.Query, "view_saved")
}

// dropView deletes a view.
func (q *request) dropView() error {
	id, err := q.id()
	if err == nil {
		err = q.LoseView(q.ctx(), id)
	}
	if err != nil {
		return err
	}
	return q.see("/concerns", "view_dropped")
}
