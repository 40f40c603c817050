package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/cluster"
	"example.org/hearback/internal/deident"
	"example.org/hearback/internal/place"
	"example.org/hearback/internal/score"
	"example.org/hearback/internal/source"
	"example.org/hearback/internal/store"
	"example.org/hearback/internal/text"
	"example.org/hearback/internal/topic"
)

// A Pipeline takes messages in. Read this file from top to bottom to follow
// one message: Take → prepare (mask, read, does a topic ask for it?) → admit
// (seen before? which concern?) → commit. What comes after, the scores, alerts
// and outcomes, works on counts and is in steps.go.
type Pipeline struct {
	store *store.DB
	text  *text.Analyzer
	place *place.Gazetteer
	ids   *hearback.IDs
	now   func() time.Time
	log   *slog.Logger

	listening atomic.Pointer[listening] // what is listened to; replaced whole
	keys      atomic.Pointer[keys]
	jobs      chan *job
	asks      chan ask // run between batches by the one owner
	looks     chan ask // run between messages: they change nothing
	ready     chan struct{}
	workers   chan struct{}            // one token for each processor
	waiting   *waiting                 // items between Take and commit
	stored    func([]hearback.Message) // is told what was committed; may be nil

	memory // of the one goroutine that groups
}

// keys are what turns posts and speakers into numbers that lead nowhere.
type keys struct {
	post   []byte
	window window
}

// listening is what the operator decided to listen to.
type listening struct {
	sources map[hearback.ID]hearback.Source
	topics  *topic.Set
}

// memory is what grouping needs at hand. Only Run touches it.
type memory struct {
	group    *cluster.Grouper
	concerns *recent[living]
	posts    seen
	stale    bool // a commit failed: what is in memory is ahead of the store
}

// living is a concern that messages may still join, with the voices of the open
// window and what its last naming found.
type living struct {
	hearback.Concern
	voices *score.Sketch // nil if none was heard yet
	Named  int64         // its messages when it was last named
	Looked int64         // its messages when a split was last looked for
}

// maxBatch is from how many messages on a batch is committed without taking
// more in: large batches touch each page of the store once for many messages.
const maxBatch = 20000

// maxWaiting is how many items may be between Take and commit: one batch being
// committed and one being prepared. Whoever brings more waits.
const maxWaiting = 2 * maxBatch

// A job is what one Take hands to the owner.
type job struct {
	src    hearback.Source
	items  []prepared
	cursor []byte
	tally  hearback.Tally
	done   chan error
}

// prepared is an item that is masked and read, before it is grouped.
type prepared struct {
	deident.Item
	doc  text.Doc
	sig  []byte
	keep bool // a topic asks for it, or its source keeps all
	fail bool // it could not be masked: it is counted and forgotten

	unread int64 // no item, but so many that its source could not read
}

var _ source.Sink = (*Pipeline)(nil)

// Take takes in what a source read. It returns once everything is committed.
func (p *Pipeline) Take(ctx context.Context, src hearback.ID, items []source.Raw, cursor []byte) (hearback.Tally, error) {
	l := p.listening.Load()
	s, ok := l.sources[src]
	if !ok || s.State != hearback.SourceActive {
		return hearback.Tally{}, fmt.Errorf("%w: the source is not active; resume it first", hearback.ErrRefused)
	}
	if err := p.waiting.enter(ctx, len(items)); err != nil {
		return hearback.Tally{}, err
	}
	defer p.waiting.leave(len(items))
	j := &job{src: s, cursor: cursor, items: make([]prepared, len(items)), done: make(chan error, 1)}
	p.prepareAll(l, j, items)
	select {
	case p.jobs <- j:
	case <-ctx.Done():
		return hearback.Tally{}, ctx.Err()
	}
	// From here on the job may be committed, so its end is waited for.
	if err := <-j.done; err != nil {
		return hearback.Tally{}, err
	}
	return j.tally, nil
}

// prepareAll prepares items, side by side when there are many of them.
func (p *Pipeline) prepareAll(l *listening, j *job, items []source.Raw) {
	now := p.now()
	k := p.keys.Load()
	dk := deident.Keys{Window: k.window.Key, Post: k.post}
	const chunk = 256
	var wg sync.WaitGroup
	for from := 0; from < len(items); from += chunk {
		part := items[from:min(from+chunk, len(items))]
		out := j.items[from : from+len(part)]
		p.workers <- struct{}{}
		wg.Go(func() {
			for i := range part {
				out[i] = p.prepare(l, &j.src, &part[i], dk, now)
			}
			<-p.workers
		})
	}
	wg.Wait()
}

// prepare is the first half of a message's way: it is masked, read, and kept
// only if somebody said in public that they listen for it. Nothing has been
// written yet, and what is not kept never will be.
func (p *Pipeline) prepare(l *listening, src *hearback.Source, raw *source.Raw, k deident.Keys, now time.Time) prepared {
	if raw.Unread > 0 {
		return prepared{unread: raw.Unread}
	}
	item, err := deident.Clean(*src, *raw, k, now)
	if err != nil {
		return prepared{fail: true}
	}
	it := prepared{Item: item}
	if it.Deleted {
		return it
	}
	it.doc = p.text.Analyze(it.Message.Text, it.Message.Lang)
	it.keep = src.All || len(l.topics.Match(&it.doc)) > 0
	if !it.keep {
		return prepared{Item: deident.Item{Post: it.Post, Digest: it.Digest}}
	}
	it.Message.Lang = it.doc.Lang
	it.Message.Kind = p.text.Kind(it.Message.Text, &it.doc)
	if it.Message.Area == "" {
		it.Message.Area = place.Area(p.place.Match(it.Message.Text, &it.doc))
	}
	it.sig = p.group.Sign(&it.doc)
	return it
}

// Run is the second half: one goroutine groups and commits, so that messages
// are grouped in one order and a concern has one writer.
func (p *Pipeline) Run(ctx context.Context) error {
	stopping := errors.New("the service is stopping: send this again when it is back")
	err := p.load(ctx)
	close(p.ready)
	if ctx.Err() != nil {
		p.refuse(stopping)
		return nil
	}
	if err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			p.refuse(stopping)
			return nil
		case q := <-p.asks:
			q.done <- q.do(p.group)
		case q := <-p.looks:
			q.done <- q.do(p.group)
		case j := <-p.jobs:
			p.commit(context.WithoutCancel(ctx), p.gather(j))
		}
	}
}

// loaded reports whether the reading of what was grouped before is over.
func (p *Pipeline) loaded() bool {
	select {
	case <-p.ready:
		return true
	default:
		return false
	}
}

// gather takes the jobs that wait already, up to the size of a batch: under
// load commits grow, and without load nothing waits.
func (p *Pipeline) gather(j *job) []*job {
	jobs, n := []*job{j}, len(j.items)
	for n < maxBatch {
		select {
		case j := <-p.jobs:
			jobs, n = append(jobs, j), n+len(j.items)
		default:
			return jobs
		}
	}
	return jobs
}

// refuse answers every job that waits.
func (p *Pipeline) refuse(err error) {
	for {
		select {
		case j := <-p.jobs:
			j.done <- err
		default:
			return
		}
	}
}

// refuseAll answers everything with err until ctx ends, so that nobody waits
// for a pipeline that cannot run.
func (p *Pipeline) refuseAll(ctx context.Context, err error) {
	for {
		select {
		case j := <-p.jobs:
			j.done <- err
		case ask := <-p.asks:
			ask.done <- err
		case ask := <-p.looks:
			ask.done <- err
		case <-ctx.Done():
			p.refuse(err)
			return
		}
	}
}

// commit groups the items of some jobs and writes everything that follows from
// them in one transaction.
func (p *Pipeline) commit(ctx context.Context, jobs []*job) {
	err := p.tryCommit(ctx, jobs)
	if err != nil {
		// What is in memory has gone ahead of the store: read it again before
		// anything else is taken in.
		p.stale = true
		p.log.Error("messages were not taken in", slog.Any("err", err))
		err = fmt.Errorf("the messages could not be stored and were not taken in; send them again later: %w", err)
	}
	for _, j := range jobs {
		j.done <- err
	}
}

func (p *Pipeline) tryCommit(ctx context.Context, jobs []*job) error {
	if err := p.fresh(ctx); err != nil {
		return err
	}
	n := 0
	for _, j := range jobs {
		n += len(j.items)
	}
	b := newBuild(p.now(), n)
	for _, j := range jobs {
		for i := range j.items {
			if err := p.admit(ctx, b, j, &j.items[i]); err != nil {
				return err
			}
			p.letLook()
			j.items[i] = prepared{} // its terms are most of what a batch weighs
		}
		b.batch.Sources = append(b.batch.Sources, store.SourceBatch{
			Source: j.src.ID, Cursor: j.cursor, Bucket: b.now.Truncate(time.Hour), Tally: j.tally, Newest: b.newest[j.src.ID],
		})
	}
	whole := p.finish(b)
	taken := make(chan error, 1)
	go func() { taken <- p.store.Take(ctx, whole) }()
	for {
		select {
		case q := <-p.looks:
			q.done <- q.do(p.group)
		case err := <-taken:
			if err == nil {
				p.tell(whole)
			}
			return err
		}
	}
}

// tell lets the search know what is stored now.
func (p *Pipeline) tell(b *store.Batch) {
	if p.stored == nil {
		return
	}
	list := make([]hearback.Message, 0, len(b.New)+len(b.Edits))
	for i := range b.New {
		list = append(list, b.New[i].Message)
	}
	for i := range b.Edits {
		list = append(list, b.Edits[i].Message)
	}
	p.stored(list)
}

// A build is a batch under way.
type build struct {
	now      time.Time
	batch    store.Batch
	posts    map[postKey]*post
	concerns map[hearback.ID]*living
	sketches map[hearback.ID]*score.Sketch
	rolls    map[rollKey]*store.Roll
	areas    map[areaKey]*store.AreaHour
	newest   map[hearback.ID]time.Time
	gone     int64
}

// areaKey is an hour, in microseconds, and an area.
type areaKey struct {
	hour int64
	area string
}

type postKey struct {
	src  hearback.ID
	hash uint64
}

// post is a post of this batch, with the place of its message in the batch.
type post struct {
	store.Post
	fresh int  // index in batch.New, or -1
	dirty bool // it differs from what is stored
}

type rollKey struct {
	bucket       int64
	concern, src hearback.ID
}

// newBuild begins a batch of about n items.
func newBuild(now time.Time, n int) *build {
	return &build{
		now: now, batch: store.Batch{New: make([]store.NewMessage, 0, n)}, posts: make(map[postKey]*post, n), concerns: map[hearback.ID]*living{},
		sketches: map[hearback.ID]*score.Sketch{}, rolls: map[rollKey]*store.Roll{}, areas: map[areaKey]*store.AreaHour{}, newest: map[hearback.ID]time.Time{},
	}
}

// admit decides what becomes of one item, and counts it exactly once.
func (p *Pipeline) admit(ctx context.Context, b *build, j *job, it *prepared) error {
	if it.unread > 0 {
		j.tally.Received += it.unread
		j.tally.Refused += it.unread
		return nil
	}
	j.tally.Received++
	if it.fail {
		j.tally.Refused++
		return nil
	}
	old, err := p.find(ctx, b, j.src.ID, it.Post)
	if err != nil {
		return err
	}
	switch {
	case it.Deleted:
		j.tally.Deleted++
		if old != nil {
			return p.forget(ctx, b, old)
		}
		return nil
	case old != nil && old.Digest == it.Digest:
		j.tally.Repeats++
		return nil
	case old != nil && old.Message != 0:
		j.tally.Edited++
		if !it.keep {
			return p.forget(ctx, b, old)
		}
		if err := p.unsay(ctx, b, old, false); err != nil {
			return err
		}
		p.edit(b, old, it)
		return nil
	case !it.keep:
		j.tally.Dropped++
		b.remember(j.src.ID, it, 0, -1)
		return nil
	}
	copied, err := p.admitNew(ctx, b, j, it)
	if copied {
		j.tally.Copies++
	} else {
		j.tally.Kept++
	}
	return err
}

// find returns what is known about a post, or nil.
func (p *Pipeline) find(ctx context.Context, b *build, src hearback.ID, hash uint64) (*post, error) {
	if hash == 0 {
		return nil, nil
	}
	key := postKey{src, hash}
	if x := b.posts[key]; x != nil {
		return x, nil
	}
	if !p.posts.perhaps(hash ^ uint64(src)) {
		return nil, nil
	}
	x, err := p.store.Post(ctx, src, hash)
	if errors.Is(err, hearback.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	b.posts[key] = &post{x, -1, false}
	return b.posts[key], nil
}

// remember notes what became of a post.
func (b *build) remember(src hearback.ID, it *prepared, message hearback.ID, fresh int) {
	if it.Post != 0 {
		b.posts[postKey{src, it.Post}] = &post{store.Post{Source: src, Hash: it.Post, Message: message, Digest: it.Digest, Seen: b.now}, fresh, true}
	}
}

// edit puts new words in the place of old ones. The message stays in its
// concern: an edit is no new voice.
func (p *Pipeline) edit(b *build, old *post, it *prepared) {
	m := store.NewMessage{Message: it.Message, Sig: it.sig}
	m.ID = old.Message
	old.Digest, old.dirty = it.Digest, true
	if old.fresh >= 0 {
		fresh := &b.batch.New[old.fresh]
		fresh.Text, fresh.Kind, fresh.Lang, fresh.Area, fresh.Masked, fresh.Sig = m.Text, m.Kind, m.Lang, m.Area, m.Masked, m.Sig
		return
	}
	b.batch.Edits = append(b.batch.Edits, m)
}

// forget removes the text of a post and the way to it. Counts are integers of
// a closed sum and stay.
func (p *Pipeline) forget(ctx context.Context, b *build, old *post) error {
	b.gone++
	if old.Message != 0 {
		if err := p.unsay(ctx, b, old, true); err != nil {
			return err
		}
		b.batch.Gone = append(b.batch.Gone, old.Post)
	}
	delete(b.posts, postKey{old.Source, old.Hash})
	return nil
}

// unsay takes the words of a message out of the title that was drafted for its
// concern; the next naming drafts another. If the message is gone its id goes
// too.
func (p *Pipeline) unsay(ctx context.Context, b *build, old *post, gone bool) error {
	var id hearback.ID
	if old.fresh >= 0 {
		id = b.batch.New[old.fresh].Concern
	} else {
		list, err := p.store.Messages(ctx, []hearback.ID{old.Message})
		if err != nil || len(list) == 0 {
			return err
		}
		id = list[0].Concern
	}
	c, err := p.concern(ctx, b, id, false)
	if err != nil {
		return err
	}
	c.Title, c.Named = strings.Join(c.Phrases, " · "), 0
	if c.Title == "" {
		c.Title = "…"
	}
	for i := range c.Labels {
		if l := &c.Labels[i]; l.Medoid == old.Message || i == 0 {
			l.Title = ""
		}
	}
	if gone {
		c.Recent = slices.DeleteFunc(c.Recent, func(x hearback.ID) bool { return x == old.Message })
		if c.Medoid == old.Message {
			c.Medoid = 0
		}
	}
	return nil
}

// admitNew groups a message and adds it to every count it belongs to. It
// reports whether the message is a copy of another.
func (p *Pipeline) admitNew(ctx context.Context, b *build, j *job, it *prepared) (copied bool, err error) {
	m := &it.Message
	m.ID, m.Seen = p.ids.Next(b.now), b.now
	as := p.group.Add(m.ID, m.At, m.Lang, &it.doc, it.sig)
	m.Concern, m.CopyOf = as.Concern, as.CopyOf
	c, err := p.concern(ctx, b, as.Concern, as.New)
	if err != nil {
		return false, err
	}
	voices := b.hear(c, it.Voice)
	grow(&c.Concern, m, voices)
	c.Theme = as.Theme

	key := rollKey{m.At.Truncate(store.Bucket).UnixMicro(), as.Concern, j.src.ID}
	r := b.rolls[key]
	if r == nil {
		r = &store.Roll{Bucket: m.At.Truncate(store.Bucket), Concern: as.Concern, Source: j.src.ID}
		b.rolls[key] = r
	}
	r.Messages++
	r.Voices += voices
	if m.CopyOf != 0 && voices > 0 && it.doc.Words() >= echoWords {
		r.Echoes += voices - c.voices.Echo(uint64(m.CopyOf), it.Voice)
	}
	if m.Kind == hearback.Question {
		r.Questions++
	}
	b.heardFrom(m, voices)
	if m.CopyOf != 0 {
		r.Copies++
	}
	b.newest[j.src.ID] = m.Seen
	b.remember(j.src.ID, it, m.ID, len(b.batch.New))
	b.batch.New = append(b.batch.New, store.NewMessage{Message: *m, Sig: it.sig})
	return m.CopyOf != 0, nil
}

// finish gathers what the build touched into the batch.
func (p *Pipeline) finish(b *build) *store.Batch {
	t := &b.batch
	t.Posts = make([]store.Post, 0, len(b.posts))
	for key, x := range b.posts {
		if x.dirty {
			t.Posts = append(t.Posts, x.Post)
			p.posts.add(key.hash ^ uint64(key.src))
		}
	}
	t.Concerns = make([]*hearback.Concern, 0, len(b.concerns))
	for _, c := range b.concerns {
		t.Concerns = append(t.Concerns, &c.Concern)
	}
	t.Rolls = make([]store.Roll, 0, len(b.rolls))
	for _, r := range b.rolls {
		t.Rolls = append(t.Rolls, *r)
	}
	for _, a := range b.areas {
		t.Areas = append(t.Areas, *a)
	}
	t.Grouping = p.group.Changed()
	t.Sketches = map[hearback.ID][]byte{}
	for id, s := range b.sketches {
		state, err := s.MarshalBinary()
		if err == nil {
			t.Sketches[id] = state
		}
	}
	if b.gone > 0 {
		t.Records = append(t.Records, hearback.Record{
			Type: hearback.DeletionHonoured, At: b.now, Actor: hearback.System, Subject: "deletions", Pub: map[string]any{"count": b.gone},
		})
	}
	return t
}

// postHash returns the keyed hash of a post's id, as [deident.Clean] makes it.
func (p *Pipeline) postHash(src hearback.ID, post string) (uint64, error) {
	k := p.keys.Load()
	it, err := deident.Clean(hearback.Source{ID: src}, source.Raw{Post: post, Deleted: true}, deident.Keys{Window: k.window.Key, Post: k.post}, p.now())
	return it.Post, err
}

// newWorkers returns as many tokens as there are processors.
func newWorkers() chan struct{} { return make(chan struct{}, runtime.GOMAXPROCS(0)) }
