package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/deident"
	"example.org/hearback/internal/source"
	"example.org/hearback/internal/source/feed"
	"example.org/hearback/internal/source/table"
	"example.org/hearback/internal/web/office"
)

// sampleSize is how many items a preview shows.
const sampleSize = 5

// intake reads places on demand. What it shows is de-identified first.
type intake struct{ a *App }

var _ office.Intake = intake{}

// TryFeed reads a feed once and keeps nothing.
func (in intake) TryFeed(ctx context.Context, address string) (office.FeedTrial, error) {
	poll, err := feed.New(in.a.client, in.a.now).Poll(ctx, hearback.Source{Kind: hearback.Feed, URL: address}, nil)
	if err != nil {
		var fault *source.Fault
		if errors.As(err, &fault) {
			return office.FeedTrial{}, fmt.Errorf("%w: %v", hearback.ErrInvalid, err)
		}
		return office.FeedTrial{}, err
	}
	t := office.FeedTrial{URL: address, Title: poll.Title, Items: len(poll.Items)}
	if poll.Moved != "" {
		t.URL = poll.Moved
	}
	var times []time.Time
	for i, it := range poll.Items {
		if i < sampleSize {
			masked, _ := deident.Text(it.Text)
			t.Sample = append(t.Sample, short(masked))
		}
		if !it.At.IsZero() {
			times = append(times, it.At)
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	if n := len(times); n > 0 {
		t.Newest = times[n-1]
		if n > 1 {
			t.Every = times[n-1].Sub(times[0]) / time.Duration(n-1)
		}
	}
	return t, nil
}

// openTable opens an uploaded table under a mapping: the one given, or the one
// saved with the source, or a guess.
func (in intake) openTable(ctx context.Context, src hearback.ID, name string, r io.Reader, size int64, mapping string) (f *table.File, saved bool, err error) {
	s, err := in.a.Store.Source(ctx, src)
	if err != nil {
		return nil, false, err
	}
	o := table.Options{Name: name, Size: size, Zone: in.a.zone.String()}
	switch {
	case mapping != "":
		if o.Mapping, err = in.chosen(name, r, size, mapping); err != nil {
			return nil, false, err
		}
		if seeker, ok := r.(io.Seeker); ok {
			if _, err := seeker.Seek(0, io.SeekStart); err != nil {
				return nil, false, err
			}
		}
	case s.Mapping != "":
		if o.Mapping, err = table.ParseMapping(s.Mapping); err != nil {
			return nil, false, err
		}
		saved = true
	}
	f, err = table.Open(r, o)
	return f, saved, err
}

// chosen turns what a form says, field → column, into a mapping. What the form
// does not ask for stays as it is guessed.
func (in intake) chosen(name string, r io.Reader, size int64, mapping string) (*table.Mapping, error) {
	var form map[string]string
	if err := json.Unmarshal([]byte(mapping), &form); err != nil {
		return table.ParseMapping(mapping)
	}
	guess, err := table.Open(r, table.Options{Name: name, Size: size, Zone: in.a.zone.String()})
	if err != nil {
		return nil, err
	}
	defer guess.Close()
	m := guess.Mapping
	if text, ok := form["text"]; ok {
		m.Text = nil
		if text != "" {
			m.Text = []string{text}
		}
	}
	for field, to := range map[string]*string{"id": &m.ID, "time": &m.Time, "lang": &m.Lang, "area": &m.Area, "account": &m.Account} {
		if column, ok := form[field]; ok {
			*to = column
		}
	}
	return &m, nil
}

// PreviewTable looks at an uploaded table and keeps nothing.
func (in intake) PreviewTable(ctx context.Context, src hearback.ID, name string, data []byte, mapping string) (office.TablePreview, error) {
	f, saved, err := in.openTable(ctx, src, name, bytes.NewReader(data), int64(len(data)), mapping)
	if err != nil {
		return office.TablePreview{}, err
	}
	defer f.Close()
	m := f.Mapping
	p := office.TablePreview{Columns: f.Columns, Saved: saved, Mapping: map[string]string{
		"text": strings.Join(m.Text, ", "), "id": m.ID, "time": m.Time, "lang": m.Lang, "area": m.Area, "account": m.Account,
	}}
	if len(m.Text) == 0 {
		p.Fault = "No column looks like the text of messages. Choose it below."
		return p, nil
	}
	look := &looking{}
	rep, err := f.Import(ctx, look, src, nil, nil)
	p.Rows, p.Usable, p.Sample = int(rep.Rows), int(rep.Rows-rep.Faulty), look.sample
	if errors.Is(err, hearback.ErrInvalid) {
		p.Fault, err = err.Error(), nil
	}
	if rep.Faulty > 0 && len(rep.Faults) > 0 && p.Fault == "" {
		p.Fault = fmt.Sprintf("%d rows cannot be read; the first is in line %d: %s", rep.Faulty, rep.Faults[0].Line, rep.Faults[0].Error)
	}
	return p, err
}

// looking takes rows in and keeps only a de-identified sample.
type looking struct{ sample []hearback.Message }

func (l *looking) Take(_ context.Context, _ hearback.ID, items []source.Raw, _ []byte) (hearback.Tally, error) {
	for _, it := range items {
		if len(l.sample) == sampleSize {
			break
		}
		if it.Unread > 0 {
			continue
		}
		masked, kinds := deident.Text(it.Text)
		l.sample = append(l.sample, hearback.Message{At: it.At, Text: masked, Lang: it.Lang, Area: it.Area, Masked: kinds})
	}
	return hearback.Tally{Received: int64(len(items))}, nil
}

// ImportTable takes a table in through the pipeline and saves the mapping with
// the source.
func (in intake) ImportTable(ctx context.Context, by hearback.Actor, src hearback.ID, name string, data []byte, mapping string) (hearback.Tally, error) {
	rep, err := in.a.ImportTable(ctx, by, src, name, bytes.NewReader(data), int64(len(data)), mapping)
	return rep.Tally, err
}

// ImportTable takes a table in through the pipeline, going on where an import
// of the same file was broken off, and saves the mapping with the source.
// mapping is JSON of field → column, or "" for the saved or guessed one.
func (a *App) ImportTable(ctx context.Context, by hearback.Actor, src hearback.ID, name string, r io.Reader, size int64, mapping string) (table.Report, error) {
	f, _, err := intake{a}.openTable(ctx, src, name, r, size, mapping)
	if err != nil {
		return table.Report{}, err
	}
	defer f.Close()
	s, err := a.Store.Source(ctx, src)
	if err != nil {
		return table.Report{}, err
	}
	if s.Mapping != f.Mapping.String() {
		s.Mapping = f.Mapping.String()
		if _, err := a.Registry.Change(ctx, by, *s); err != nil {
			return table.Report{}, err
		}
		if err := a.Reload(ctx); err != nil {
			return table.Report{}, err
		}
	}
	stored, err := a.Store.Cursor(ctx, src)
	if err != nil {
		return table.Report{}, err
	}
	rep, err := f.Import(ctx, a.Pipeline, src, stored, nil)
	fault := ""
	if err != nil {
		fault = "The table was not read to its end."
	}
	return rep, errors.Join(err, a.Store.NoteTry(context.WithoutCancel(ctx), src, a.now(), fault, time.Time{}))
}

// ImportOPML adds the feeds of a list and says what became of each.
func (in intake) ImportOPML(ctx context.Context, by hearback.Actor, list []byte, reason, basis string) ([]office.OPMLResult, error) {
	entries, _, err := feed.ReadOPML(bytes.NewReader(list))
	if err != nil {
		return nil, err
	}
	have, err := in.a.Store.Sources(ctx)
	if err != nil {
		return nil, err
	}
	var results []office.OPMLResult
	for _, e := range entries {
		r := office.OPMLResult{Title: e.Title, URL: e.URL}
		if slices.ContainsFunc(have, func(s hearback.Source) bool { return s.URL == e.URL && s.State != hearback.SourceRemoved }) {
			r.Fault = "It is a source already."
			results = append(results, r)
			continue
		}
		_, _, err := in.a.Registry.Add(ctx, by, hearback.Source{
			Slug: slugOf(e, have), Kind: hearback.Feed, Title: e.Title, URL: e.URL, Reason: reason, Basis: basis,
		})
		switch {
		case errors.Is(err, hearback.ErrInvalid) || errors.Is(err, hearback.ErrConflict) || errors.Is(err, hearback.ErrRefused):
			r.Fault = err.Error()
		case err != nil:
			return results, err
		}
		results = append(results, r)
		have = append(have, hearback.Source{Slug: slugOf(e, have), URL: e.URL})
	}
	return results, in.a.Reload(ctx)
}

// slugOf makes a short name that is free: from the title, or from the host.
func slugOf(e feed.Entry, have []hearback.Source) string {
	keep := func(s string) string {
		s = strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
				return r
			}
			return '-'
		}, strings.ToLower(s))
		for strings.Contains(s, "--") {
			s = strings.ReplaceAll(s, "--", "-")
		}
		return strings.Trim(s[:min(len(s), 40)], "-")
	}
	base := keep(e.Title)
	if len(base) < 3 {
		_, rest, _ := strings.Cut(e.URL, "://")
		host, _, _ := strings.Cut(rest, "/")
		base = keep(host)
	}
	for n := 1; ; n++ {
		slug := base
		if n > 1 {
			slug = fmt.Sprintf("%s-%d", base, n)
		}
		if !slices.ContainsFunc(have, func(s hearback.Source) bool { return s.Slug == slug }) {
			return slug
		}
	}
}

// ExportOPML writes the feeds that are not removed as an OPML list.
func (in intake) ExportOPML(ctx context.Context, w io.Writer) error {
	list, err := in.a.Store.Sources(ctx)
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(s hearback.Source) bool { return s.Kind != hearback.Feed || s.State == hearback.SourceRemoved })
	return feed.WriteOPML(w, in.a.Config.Office.Name, list, in.a.now())
}

// liveSources changes the sources and makes the pipeline hear of it.
type liveSources struct {
	*source.Registry
	reload func(context.Context) error
}

var _ office.Sources = liveSources{}

func (l liveSources) Add(ctx context.Context, by hearback.Actor, s hearback.Source) (*hearback.Source, string, error) {
	added, token, err := l.Registry.Add(ctx, by, s)
	return added, token, l.after(ctx, err)
}

func (l liveSources) Change(ctx context.Context, by hearback.Actor, s hearback.Source) (*hearback.Source, error) {
	x, err := l.Registry.Change(ctx, by, s)
	return x, l.after(ctx, err)
}

func (l liveSources) Pause(ctx context.Context, by hearback.Actor, id hearback.ID, reason string) (*hearback.Source, error) {
	x, err := l.Registry.Pause(ctx, by, id, reason)
	return x, l.after(ctx, err)
}

func (l liveSources) Resume(ctx context.Context, by hearback.Actor, id hearback.ID, reason string) (*hearback.Source, error) {
	x, err := l.Registry.Resume(ctx, by, id, reason)
	return x, l.after(ctx, err)
}

func (l liveSources) Remove(ctx context.Context, by hearback.Actor, id hearback.ID, reason string) (*hearback.Source, error) {
	x, err := l.Registry.Remove(ctx, by, id, reason)
	return x, l.after(ctx, err)
}

func (l liveSources) after(ctx context.Context, err error) error {
	if err != nil {
		return err
	}
	return l.reload(ctx)
}

// liveTopics does the same for topics.
type liveTopics struct {
	*source.Topics
	reload func(context.Context) error
}

var _ office.Topics = liveTopics{}

func (l liveTopics) Add(ctx context.Context, by hearback.Actor, t hearback.Topic) (*hearback.Topic, error) {
	x, err := l.Topics.Add(ctx, by, t)
	if err != nil {
		return nil, err
	}
	return x, l.reload(ctx)
}

func (l liveTopics) Change(ctx context.Context, by hearback.Actor, t hearback.Topic) (*hearback.Topic, error) {
	x, err := l.Topics.Change(ctx, by, t)
	if err != nil {
		return nil, err
	}
	return x, l.reload(ctx)
}

func (l liveTopics) Remove(ctx context.Context, by hearback.Actor, id hearback.ID, reason string) error {
	if err := l.Topics.Remove(ctx, by, id, reason); err != nil {
		return err
	}
	return l.reload(ctx)
}
