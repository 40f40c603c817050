package office

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
)

// PageSize is how many rows a page of a list has.
const PageSize = 50

// ConcernViews are the views of the list.
func ConcernViews() []string { return []string{"triage", "case", "void", "muted", "all"} }

// filterNames are the filters that an address of the list may hold.
var filterNames = []string{"view", "tier", "kind", "desk", "speech", "area", "source", "q", "since", "is", "small"}

// ConcernFilter reads the filter out of the address.
func (q *Caller) ConcernFilter(v url.Values) (ConcernFilter, url.Values) {
	f := ConcernFilter{View: v.Get("view"), Lang: v.Get("speech"), Area: v.Get("area"), Text: v.Get("q"), Small: v.Get("small") == "1", After: v.Get("after"), Limit: PageSize}
	if !slices.Contains(ConcernViews(), f.View) {
		f.View = "triage"
		if f.Text != "" || v.Get("since") != "" {
			f.View = "all"
		}
	}
	if q.o.FindArea != nil && f.Area != "" {
		f.Area = q.o.FindArea(ShortenTo(f.Area, 200))
	}
	f.Tier, _ = hearback.ParseTier(v.Get("tier"))
	f.Source, _ = hearback.ParseID(v.Get("source"))
	if k := hearback.Kind(v.Get("kind")); slices.Contains(hearback.Kinds(), k) {
		f.Kind = k
	}
	f.Desk = ShortenTo(v.Get("desk"), 80)
	if v.Get("since") == "today" {
		f.Since = q.Midnight()
	}
	switch v.Get("is") {
	case "rising":
		f.Rising = q.o.Now().Add(-24 * time.Hour)
	case "unhelped":
		f.Failed = true
	}
	if (!f.Rising.IsZero() || f.Failed) && v.Get("view") == "" {
		f.View = "" // all that are open
	}
	f.Text = ShortenTo(f.Text, 200)
	keep := url.Values{}
	for _, name := range filterNames {
		if x := v.Get(name); x != "" {
			keep.Set(name, x)
		}
	}
	return f, keep
}

// MaxBulk is how many rows one act takes.
const MaxBulk = 500

// Each does one act to every row, all in one transaction. One that cannot be
// done does not keep the others from it.
func (q *Caller) Each(ctx context.Context, ids []hearback.ID, do func(ctx context.Context, id hearback.ID) error) (done int, last error) {
	err := q.o.Store.Together(ctx, func(ctx context.Context) error {
		for _, id := range ids {
			if err := do(ctx, id); err != nil {
				last = err
			} else {
				done++
			}
		}
		return ctx.Err()
	})
	if err != nil {
		return 0, err
	}
	return done, last
}

// KeepView keeps the filters of a list under a name, for the caller or for a
// desk of theirs.
func (q *Caller) KeepView(ctx context.Context, name, slug, query string) (SavedView, error) {
	v := SavedView{ID: q.o.NextID(), Account: q.Account.ID, Desk: slug, Name: strings.Join(strings.Fields(strings.ToValidUTF8(name, "")), " "), Since: q.o.Now()}
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
	f, keep := q.ConcernFilter(asked)
	keep.Set("view", f.View)
	for name, values := range keep {
		if keep.Set(name, ShortenTo(values[0], 200)); !slices.Contains(filterNames, name) {
			keep.Del(name)
		}
	}
	v.Query = keep.Encode()
	if v.Desk != "" && !q.May(access.Triage) {
		return v, q.Refuse(ctx, access.Triage)
	}
	if v.Desk != "" {
		desks, err := q.LiveDesks(ctx)
		if err != nil {
			return v, err
		}
		if !q.Account.Serves(v.Desk) || !slices.ContainsFunc(desks, func(d hearback.Desk) bool { return d.Slug == v.Desk }) {
			return v, fmt.Errorf("%w: a view can be shared with a desk that you work for", hearback.ErrInvalid)
		}
	}
	return v, q.o.Store.SaveView(ctx, v)
}

// LoseView deletes a view. One that a desk shares may be deleted by whoever
// made it and by those who look after desks.
func (q *Caller) LoseView(ctx context.Context, id hearback.ID) error {
	list, err := q.o.Store.SavedViews(ctx, q.Account.ID, q.Account.Desks)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(v SavedView) bool { return v.ID == id })
	if i < 0 || list[i].Account != q.Account.ID && !q.May(access.ManageDesks) {
		return fmt.Errorf("saved view %s: %w", id, hearback.ErrNotFound)
	}
	if list[i].Desk != "" && q.Token != nil && !q.May(access.Triage) { // it is not the caller's alone
		return q.Refuse(ctx, access.Triage)
	}
	return q.o.Store.DropView(ctx, id, list[i].Account)
}

// MessagesAtOnce is how many messages a search shows.
const MessagesAtOnce = 20
