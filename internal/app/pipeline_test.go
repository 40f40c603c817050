package app

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"example.org/hearback"
	"example.org/hearback/internal/cluster"
	"example.org/hearback/internal/deident"
	"example.org/hearback/internal/source"
	"example.org/hearback/internal/web/office"
)

// An instance is a small service under test, with a clock of its own.
type instance struct {
	*App
	t   *testing.T
	dir string
	at  *atomic.Int64 // the time of its clock
	src hearback.ID
}

var morning = time.Date(2026, 3, 18, 9, 0, 0, 0, time.UTC)

// begin starts an instance that listens for water, in a new directory.
func begin(t *testing.T) *instance {
	t.Helper()
	in := &instance{t: t, dir: t.TempDir(), at: &atomic.Int64{}}
	in.set(morning)
	in.open()
	ctx := t.Context()
	src, _, err := in.Registry.Add(ctx, Operator(), hearback.Source{Slug: "street", Kind: hearback.Table, Title: "Street", Reason: "A test.", Basis: "test"})
	if err != nil {
		t.Fatal(err)
	}
	in.src = src.ID
	if _, err := in.Topics.Add(ctx, Operator(), hearback.Topic{Name: "Water", Query: "water OR 自来水", Reason: "A test."}); err != nil {
		t.Fatal(err)
	}
	if err := in.Reload(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Stop(); err != nil {
			t.Error(err)
		}
	})
	return in
}

func (in *instance) set(at time.Time) { in.at.Store(at.UnixNano()) }

// open opens the instance and lets messages in.
func (in *instance) open() {
	in.t.Helper()
	c := Defaults()
	c.Data = in.dir
	a, err := New(in.t.Context(), c, Options{Now: func() time.Time { return time.Unix(0, in.at.Load()).UTC() }, Log: slog.New(slog.DiscardHandler), Version: "test"})
	if err != nil {
		in.t.Fatal(err)
	}
	a.StartPipeline(in.t.Context())
	in.App = a
}

// again stops the instance and opens it as after a restart.
func (in *instance) again() {
	in.t.Helper()
	if err := in.Stop(); err != nil {
		in.t.Fatal(err)
	}
	in.open()
}

func (in *instance) take(items ...source.Raw) hearback.Tally {
	in.t.Helper()
	y, err := in.Pipeline.Take(in.t.Context(), in.src, items, nil)
	if err != nil {
		in.t.Fatal(err)
	}
	return y
}

func (in *instance) say(post, account, text string) source.Raw {
	return source.Raw{Post: post, Account: account, Text: text, At: time.Unix(0, in.at.Load())}
}

// message returns the message of a post, or nil.
func (in *instance) message(post string) *hearback.Message {
	in.t.Helper()
	ctx := in.t.Context()
	hash, err := in.Pipeline.postHash(in.src, post)
	if err != nil {
		in.t.Fatal(err)
	}
	p, err := in.Store.Post(ctx, in.src, hash)
	if errors.Is(err, hearback.ErrNotFound) || err == nil && p.Message == 0 {
		return nil
	}
	if err != nil {
		in.t.Fatal(err)
	}
	list, err := in.Store.Messages(ctx, []hearback.ID{p.Message})
	if err != nil {
		in.t.Fatal(err)
	}
	if len(list) == 0 {
		return nil
	}
	return &list[0]
}

func (in *instance) concernOf(post string) *hearback.Concern {
	in.t.Helper()
	m := in.message(post)
	if m == nil {
		in.t.Fatalf("%s was not kept", post)
	}
	c, err := in.Store.Concern(in.t.Context(), m.Concern)
	if err != nil {
		in.t.Fatal(err)
	}
	return c
}

// records returns what the log holds of a type.
func (in *instance) records(typ hearback.RecordType) (list []string) {
	in.t.Helper()
	entries, err := in.Store.Entries(in.t.Context(), 0, 1000)
	if err != nil {
		in.t.Fatal(err)
	}
	for _, e := range entries {
		if bytes.Contains(e.Leaf, []byte(`"type":"`+string(typ)+`"`)) {
			list = append(list, string(e.Leaf))
		}
	}
	return list
}

// find looks for a string in every file of the instance.
func (in *instance) find(what string) (files []string) {
	in.t.Helper()
	err := filepath.WalkDir(in.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(what)) {
			files = append(files, filepath.Base(path))
		}
		return err
	})
	if err != nil {
		in.t.Fatal(err)
	}
	return files
}

func TestEditIsNoNewVoice(t *testing.T) {
	in := begin(t)
	in.take(in.say("p1", "a1", "Is the tap water safe to drink today?"))
	before := in.concernOf("p1")
	if y := in.take(in.say("p1", "a2", "The tap water turned brown, is it poison?")); y != (hearback.Tally{Received: 1, Edited: 1}) {
		t.Errorf("an edit was counted as %+v", y)
	}
	m, after := in.message("p1"), in.concernOf("p1")
	if m == nil || m.Text != "The tap water turned brown, is it poison?" {
		t.Errorf("after the edit the message is %+v", m)
	}
	if after.ID != before.ID || after.Voices != before.Voices || after.Messages != before.Messages || before.Voices != 1 {
		t.Errorf("the edit changed the concern from %+v to %+v", before, after)
	}
	if got := in.take(in.say("p1", "a1", "The tap water turned brown, is it poison?")); got.Repeats != 1 {
		t.Errorf("the edited words again were counted as %+v", got)
	}

	// Both in one batch: what was never stored leaves nothing.
	in.take(in.say("p2", "a1", "Where is the water truck this morning?"), in.say("p2", "a1", "Where is the water truck on Sunday?"))
	if m := in.message("p2"); m == nil || m.Text != "Where is the water truck on Sunday?" {
		t.Errorf("edited within a batch, the message is %+v", m)
	}
	// An edit away from every topic takes the words away.
	if y := in.take(in.say("p1", "a1", "Never mind.")); y.Edited != 1 || in.message("p1") != nil {
		t.Errorf("edited to something nobody listens for: %+v, %+v", y, in.message("p1"))
	}
}

func TestDeletion(t *testing.T) {
	in := begin(t)
	in.take(in.say("p1", "a1", "Is the tap water safe to drink today?"), in.say("p2", "a2", "Water comes in at our gate"))
	voices := in.concernOf("p1").Voices
	id, concern := in.message("p1").ID, in.message("p1").Concern
	if y := in.take(source.Raw{Post: "p1", Deleted: true}, source.Raw{Post: "unknown", Deleted: true}); y != (hearback.Tally{Received: 2, Deleted: 2}) {
		t.Errorf("deletions were counted as %+v", y)
	}
	list, err := in.Store.Messages(t.Context(), []hearback.ID{id})
	if err != nil || len(list) > 0 && list[0].Text != "" {
		t.Errorf("after the deletion the message is %+v, %v", list, err)
	}
	hash, err := in.Pipeline.postHash(in.src, "p1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := in.Store.Post(t.Context(), in.src, hash); !errors.Is(err, hearback.ErrNotFound) {
		t.Errorf("the way to the post is still there: %v", err)
	}
	if rs := in.records(hearback.DeletionHonoured); len(rs) != 1 || !strings.Contains(rs[0], `"pub":{"count":1}`) || strings.Contains(rs[0], "p1") {
		t.Errorf("the log says of the deletion: %q", rs)
	}
	if c, err := in.Store.Concern(t.Context(), concern); err != nil || c.Voices != voices {
		t.Errorf("the counts of a closed sum changed: %+v, %v", c, err)
	}
	if in.message("p2") == nil {
		t.Error("another message is gone too")
	}
}

// TestDeletedWordsAreGone: not one byte of them stays on the disk, not even in
// what the store keeps for later use.
func TestDeletedWordsAreGone(t *testing.T) {
	in := begin(t)
	in.take(in.say("p0", "a0", "The school gives out water until noon"), in.say("p1", "a1", "Is the tap water near the quagga safe?"))
	if c := in.concernOf("p1"); c.Messages != 1 {
		t.Fatalf("the concern is %+v", c)
	}
	id := in.message("p1").Concern
	in.take(source.Raw{Post: "p1", Deleted: true})
	if c, err := in.Store.Concern(t.Context(), id); err != nil || strings.Contains(c.Title, "quagga") {
		t.Errorf("the title of the concern is %q, %v", c.Title, err)
	}
	in.again() // the log of writes is folded into the store
	if files := in.find("the quagga safe"); len(files) > 0 {
		t.Errorf("the deleted words are still in %s", files)
	}
}

// TestAreaFromWords holds that a message whose source gives no area counts for
// the one that its words name, that an edit changes it, and that no more than
// the area is kept.
func TestAreaFromWords(t *testing.T) {
	in := begin(t)
	in.take(in.say("p1", "a1", "郑州市金水区经三路的自来水安全吗 water"), in.say("p2", "a2", "鼓楼区停水了吗 water"),
		source.Raw{Post: "p3", Text: "Houston has no tap water", Area: "Ward 3", At: time.Unix(0, in.at.Load())})
	for post, want := range map[string]string{"p1": "cn/河南省/郑州市/金水区", "p2": "", "p3": "Ward 3"} {
		if got := in.message(post); got == nil || got.Area != want {
			t.Errorf("%s has area %+v, want %q", post, got, want)
		}
		if got := in.concernOf(post).Areas; got[want] == 0 {
			t.Errorf("the concern of %s counts areas %v, want one of %q", post, got, want)
		}
	}
	in.take(in.say("p1", "a1", "这里的自来水安全吗 water"))
	if got := in.message("p1"); got == nil || got.Area != "" {
		t.Errorf("after the edit that took the place out, the area is %+v", got)
	}
}

func TestRepeatAddsNothing(t *testing.T) {
	in := begin(t)
	one := in.say("p1", "a1", "Is the tap water safe to drink today?")
	in.take(one)
	before := in.concernOf("p1")
	counts, err := in.Store.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if y := in.take(one, one, one); y != (hearback.Tally{Received: 3, Repeats: 3}) {
		t.Errorf("repeats were counted as %+v", y)
	}
	in.again()
	if y := in.take(one); y.Repeats != 1 {
		t.Errorf("after a restart a repeat was counted as %+v", y)
	}
	if after := in.concernOf("p1"); after.Messages != before.Messages || after.Voices != before.Voices {
		t.Errorf("repeats changed the concern from %+v to %+v", before, after)
	}
	after, err := in.Store.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"message", "post", "concern", "roll", "area_hour"} {
		if counts[table] != after[table] || counts[table] != 1 {
			t.Errorf("table %s has %d rows, had %d, want 1", table, after[table], counts[table])
		}
	}
}

// TestDroppedLeavesNoTrace: what no topic asks for is counted, and known again
// by a keyed hash; nothing of it is anywhere else.
func TestDroppedLeavesNoTrace(t *testing.T) {
	in := begin(t)
	dropped := in.say("post-quagga-1", "account-quagga-2", "The quagga concert was wonderful tonight")
	dropped.Area = "Quagga Hill"
	if y := in.take(dropped); y != (hearback.Tally{Received: 1, Dropped: 1}) {
		t.Errorf("counted as %+v", y)
	}
	counts, err := in.Store.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"message", "concern", "roll", "area_hour", "grouping"} {
		if n, ok := counts[table]; n != 0 || !ok {
			t.Errorf("table %s has %d rows (%t)", table, n, ok)
		}
	}
	for _, what := range []string{"quagga", "Quagga", "concert"} {
		if files := in.find(what); len(files) > 0 {
			t.Errorf("%q is in %s", what, files)
		}
	}
	if y := in.take(dropped); y.Repeats != 1 {
		t.Errorf("sent again it is counted as %+v", y)
	}
	// Edited into what a topic asks for, it is a new message.
	if y := in.take(in.say("post-quagga-1", "account-quagga-2", "No water after the concert")); y.Kept != 1 || in.message("post-quagga-1") == nil {
		t.Errorf("edited into a topic it is counted as %+v", y)
	}
}

// TestAccounting sends posts at random and adds up what became of them.
func TestAccounting(t *testing.T) {
	texts := []string{
		"Is the tap water safe to drink today?", "自来水还能喝吗，什么时候恢复", "No water on Mill Lane since Monday", "Water truck comes to the school at nine",
		"The concert was wonderful", "学校什么时候开学", "", "Is the tap water safe to drink today, please?",
	}
	for seed := range uint64(3) {
		in := begin(t)
		rng := rand.New(rand.NewPCG(seed, 7))
		var sum hearback.Tally
		sent := int64(0)
		for round := range 30 {
			var items []source.Raw
			for range 1 + rng.IntN(12) {
				it := in.say(fmt.Sprint("p", rng.IntN(40)), fmt.Sprint("a", rng.IntN(9)), texts[rng.IntN(len(texts))])
				if rng.IntN(20) == 0 {
					it.Post = ""
				}
				if it.Deleted = rng.IntN(9) == 0; it.Deleted {
					it.Text = ""
				}
				items = append(items, it)
			}
			sent += int64(len(items))
			y := in.take(items...)
			if y.Received != int64(len(items)) || y.Received != y.Kept+y.Copies+y.Dropped+y.Repeats+y.Edited+y.Deleted+y.Refused {
				t.Fatalf("seed %d, round %d: %d items were counted as %+v", seed, round, len(items), y)
			}
			sum = sum.Add(y)
			in.set(morning.Add(time.Duration(round) * 20 * time.Minute))
			if round == 15 {
				in.again()
			}
		}
		total, err := in.Store.Total(t.Context(), in.src)
		if err != nil {
			t.Fatal(err)
		}
		if total != sum || sum.Received != sent || sum.Kept == 0 || sum.Copies == 0 || sum.Dropped == 0 || sum.Repeats == 0 || sum.Edited == 0 || sum.Deleted == 0 {
			t.Errorf("seed %d: the store says %+v, the replies %+v, of %d", seed, total, sum, sent)
		}
		messages, copies := int64(0), int64(0)
		list, err := in.Store.ConcernsByID(t.Context(), 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list {
			messages, copies = messages+c.Messages, copies+c.Copies
			if c.Voices > c.Messages {
				t.Errorf("seed %d: a concern of %d messages has %d voices", seed, c.Messages, c.Voices)
			}
		}
		if messages != sum.Kept+sum.Copies || copies != sum.Copies {
			t.Errorf("seed %d: concerns hold %d messages with %d copies, of %+v", seed, messages, copies, sum)
		}
		rolled := int64(0)
		for _, c := range list {
			rolls, err := in.Store.Rolls(t.Context(), c.ID, morning.AddDate(-1, 0, 0))
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rolls {
				rolled += r.Messages
			}
		}
		if rolled != messages {
			t.Errorf("seed %d: the rollup counts %d messages, the concerns %d", seed, rolled, messages)
		}
	}
}

// TestFailedCommit makes the store refuse messages for a while.
func TestFailedCommit(t *testing.T) {
	in := begin(t)
	ctx := t.Context()
	in.take(in.say("p0", "a0", "Is the tap water safe to drink today?"))
	db, err := sql.Open("sqlite", filepath.Join(in.dir, "hearback.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "CREATE TRIGGER full BEFORE INSERT ON message BEGIN SELECT RAISE(ABORT, 'disk full'); END"); err != nil {
		t.Fatal(err)
	}
	batch := []source.Raw{in.say("p1", "a1", "Is the tap water safe to drink today?"), in.say("p2", "a2", "Where is the water truck this morning?")}
	for range 2 {
		y, err := in.Pipeline.Take(ctx, in.src, batch, []byte("cursor"))
		if err == nil || y != (hearback.Tally{}) || !strings.Contains(err.Error(), "send them again later") {
			t.Errorf("while the store refuses: %+v, %v", y, err)
		}
	}
	if in.message("p1") != nil {
		t.Error("part of a refused batch was stored")
	}
	if _, err := db.ExecContext(ctx, "DROP TRIGGER full"); err != nil {
		t.Fatal(err)
	}
	if y := in.take(batch...); y.Kept != 1 || y.Copies != 1 || y.Repeats != 0 {
		t.Errorf("once the store is back the batch is counted as %+v", y)
	}
	if c := in.concernOf("p0"); c.Messages != 2 || c.Voices != 2 || in.message("p1").Concern != c.ID {
		t.Errorf("the concern is %+v", c)
	}
	total, err := in.Store.Total(ctx, in.src)
	if err != nil || total != (hearback.Tally{Received: 3, Kept: 2, Copies: 1}) {
		t.Errorf("in the end %+v, %v", total, err)
	}
}

// TestWindowRoll: after a day the key by which speakers were told apart is
// nowhere any more, nor is what was made with it.
func TestWindowRoll(t *testing.T) {
	in := begin(t)
	ctx := t.Context()
	in.take(in.say("p1", "a1", "Is the tap water safe to drink today?"))
	if y := in.take(in.say("p2", "a1", "Is the tap water safe to drink today?")); y.Copies != 1 || in.concernOf("p1").Voices != 1 {
		t.Errorf("the same speaker twice: %+v, %d voices", y, in.concernOf("p1").Voices)
	}
	key := in.Pipeline.keys.Load().window.Key
	text := base64.StdEncoding.EncodeToString(key)
	if len(in.find(text)) != 1 {
		t.Fatalf("the key is in %s", in.find(text))
	}
	sketched := func() bool {
		b, err := in.Store.Sketch(ctx, in.concernOf("p1").ID)
		if err != nil {
			t.Fatal(err)
		}
		return len(b) > 0
	}
	if !sketched() {
		t.Error("no sketch before")
	}
	old, err := os.Open(filepath.Join(in.dir, "keys", "window.key")) // its bytes, whatever name they have later
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	in.set(morning.Add(24*time.Hour + time.Minute))
	if err := in.Step(ctx); err != nil {
		t.Fatal(err)
	}
	var left bytes.Buffer
	if _, err := left.ReadFrom(old); err != nil || strings.Trim(left.String(), "\x00") != "" {
		t.Errorf("the old file holds %q, %v", left.String(), err)
	}
	for _, what := range []string{text, string(key), fmt.Sprintf("%x", key)} {
		if files := in.find(what); len(files) > 0 {
			t.Errorf("the old key is in %s", files)
		}
	}
	if c := in.Pipeline.concerns.get(in.concernOf("p1").ID); sketched() || c == nil || c.voices != nil {
		t.Errorf("the sketch is left: in the store %v, in memory %+v", sketched(), c)
	}
	if rs := in.records(hearback.WindowRolled); len(rs) != 1 {
		t.Errorf("the log says of the window: %q", rs)
	}
	in.take(in.say("p3", "a1", "Is the tap water safe to drink today?"))
	if c := in.concernOf("p1"); c.Voices != 2 || c.ID != in.message("p3").Concern {
		t.Errorf("in a new window the concern has %d voices, want 2", c.Voices)
	}
	again := in.Pipeline.keys.Load().window
	in.again()
	if k := in.Pipeline.keys.Load().window; !bytes.Equal(k.Key, again.Key) || !sketched() {
		t.Error("a restart began another window")
	}
}

// unread opens an instance that has not read what it grouped.
func unread(t *testing.T) *App {
	t.Helper()
	c := Defaults()
	c.Data = t.TempDir()
	a, err := New(t.Context(), c, Options{Now: func() time.Time { return morning }, Log: slog.New(slog.DiscardHandler), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// TestStillReading: what pages ask the grouping for does not keep them waiting
// while a start reads it.
func TestStillReading(t *testing.T) {
	a := unread(t)
	if _, err := (concerns{a}).Nearest(t.Context(), 1, 5); !errors.Is(err, office.ErrLoading) {
		t.Errorf("nearest: %v, want ErrLoading", err)
	}
	if _, err := (concerns{a}).Proposals(t.Context(), 1); !errors.Is(err, office.ErrLoading) {
		t.Errorf("proposals: %v, want ErrLoading", err)
	}
	a.StartPipeline(t.Context())
	<-a.Pipeline.ready
	if near, err := (concerns{a}).Nearest(t.Context(), 1, 5); err != nil || len(near) != 0 {
		t.Errorf("once it is read: %v, %v", near, err)
	}
}

// TestStopWhileReading: a service that is stopped before it has read what it
// grouped has nothing to complain of.
func TestStopWhileReading(t *testing.T) {
	a := unread(t)
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := a.Pipeline.Run(stopped); err != nil {
		t.Errorf("Run = %v", err)
	}
	if !a.Pipeline.loaded() {
		t.Error("whoever waits for the reading waits for ever")
	}
}

func TestClockGoesBack(t *testing.T) {
	in := begin(t)
	last := hearback.ID(0)
	for i, back := range []time.Duration{0, -time.Hour, -48 * time.Hour, -365 * 24 * time.Hour, time.Second, -100 * 365 * 24 * time.Hour} {
		in.set(morning.Add(back))
		if i%2 == 1 {
			in.again()
		}
		if err := in.Step(t.Context()); err != nil {
			t.Errorf("%s: %v", back, err)
		}
		for j := range 3 {
			post := fmt.Sprint("p", i, "-", j)
			in.take(in.say(post, post, "Is the tap water safe to drink today?"))
			m := in.message(post)
			if m == nil || m.ID <= last {
				t.Fatalf("%s: the message is %+v, the last id %s", back, m, last)
			}
			last = m.ID
		}
	}
}

func TestOddInput(t *testing.T) {
	in := begin(t)
	for i, tt := range []struct {
		name string
		raw  source.Raw
		at   time.Time
		runs string // what the text begins with
	}{
		{"year 1", source.Raw{At: time.Time{}.Add(time.Hour), Text: "water in year one"}, morning, "water in year one"},
		{"year 9999", source.Raw{At: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), Text: "water for ever"}, morning, "water for ever"},
		{"no time", source.Raw{Text: "water at no time"}, morning, "water at no time"},
		{"1990", source.Raw{At: time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC), Text: "water long ago"}, time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC), "water long ago"},
		{"a megabyte", source.Raw{At: morning, Text: strings.Repeat("water 自来水 ", 1<<16)}, morning, "water 自来水 water"},
		{"a megabyte without a space", source.Raw{At: morning, Text: "water " + strings.Repeat("水", 350_000)}, morning, "water 水水"},
		{"not UTF-8", source.Raw{At: morning, Text: "water \xff\xfe\x00 here", Area: "\xff", Lang: "\xff\xff", Account: "\xff"}, morning, "water \uFFFD"},
		{"marks only", source.Raw{At: morning, Text: "water" + strings.Repeat("\u0301", 5000)}, morning, "water"},
		{"directions", source.Raw{At: morning, Text: "\u202ewater\u202c \u200b\u200f"}, morning, ""},
	} {
		tt.raw.Post = fmt.Sprint("odd-", i)
		y := in.take(tt.raw)
		if y.Received != 1 || y.Received != y.Kept+y.Copies+y.Dropped+y.Refused {
			t.Errorf("%s: counted as %+v", tt.name, y)
		}
		m := in.message(tt.raw.Post)
		if m == nil {
			if tt.name != "directions" && tt.name != "marks only" {
				t.Errorf("%s: not kept: %+v", tt.name, y)
			}
			continue
		}
		if !m.At.Equal(tt.at) || !strings.HasPrefix(m.Text, tt.runs) || !utf8.ValidString(m.Text+m.Area+m.Lang) || strings.ContainsRune(m.Text, 0) || utf8.RuneCountInString(m.Text) > deident.MaxText {
			t.Errorf("%s: said at %s, %d characters, %.40q, area %q", tt.name, m.At, utf8.RuneCountInString(m.Text), m.Text, m.Area)
		}
	}
	// A cancelled sender and a source that is not there change nothing.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	in.Pipeline.Take(ctx, in.src, nil, nil)
	if _, err := in.Pipeline.Take(t.Context(), 12345, []source.Raw{{Text: "water"}}, nil); !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("from no source: %v", err)
	}
	in.again()
	if y := in.take(in.say("after", "a", "water again")); y.Received != 1 || y.Kept+y.Copies != 1 {
		t.Errorf("afterwards %+v", y)
	}
}

// TestUnread: what its source could not read is counted with it, for good.
func TestUnread(t *testing.T) {
	in := begin(t)
	y := in.take(in.say("a", "one", "The water is brown"), source.Raw{Unread: 7})
	if y.Received != 8 || y.Kept != 1 || y.Refused != 7 {
		t.Errorf("took %+v, want one kept and seven refused", y)
	}
	if total, err := in.Store.Total(t.Context(), in.src); err != nil || total != y {
		t.Errorf("the store counts %+v, %v; want %+v", total, err, y)
	}
}

// TestLook holds that a page does not wait for the batch that is taken in.
func TestLook(t *testing.T) {
	in := begin(t)
	items := make([]source.Raw, 3000)
	for i := range items {
		odd := strings.Map(func(r rune) rune { return r - '0' + 'b' }, fmt.Sprint(i*7919+1, i*104729+1, i*1299709+1)) // words of its own
		items[i] = in.say(fmt.Sprint("m", i), fmt.Sprint("who", i), "water "+strings.ReplaceAll(odd, string(' '-'0'+'b'), " "))
	}
	done := make(chan error, 1)
	go func() {
		_, err := in.Pipeline.Take(t.Context(), in.src, items, nil)
		done <- err
	}()
	seen := map[int]bool{}
	for taken := false; !taken; {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			taken = true
		default:
		}
		if err := in.Pipeline.Look(t.Context(), func(*cluster.Grouper) error {
			seen[len(in.Pipeline.concerns.all())] = true
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) < 3 { // before the batch, after it, and while it was taken in
		t.Errorf("the looks saw %d states of a batch of %d messages", len(seen), len(items))
	}
}
