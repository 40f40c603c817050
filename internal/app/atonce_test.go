package app

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/hearback"
)

// drafted is an answer whose correction is in review, with enough approvals if
// approved is set.
func drafted(t *testing.T, a *App, x *hearback.Answer, approved bool) *hearback.Answer {
	t.Helper()
	ctx := t.Context()
	now := mustAnswer(t, a, x.ID)
	now, err := a.Answers.Draft(ctx, officer, x.Case, water[:1], "Measured again.", now.Version)
	if err == nil {
		now, err = a.Answers.Submit(ctx, officer, x.ID)
	}
	for _, who := range []hearback.Actor{reviewer1, reviewer2} {
		if err == nil && approved {
			now, err = a.Answers.Approve(ctx, who, x.ID, now.Draft().Hash(), "")
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return now
}

// history checks that everything public has its approvals of exactly its text
// and one entry of the log, and that no approval is of another text.
func history(t *testing.T, a *App, id hearback.ID) *hearback.Answer {
	t.Helper()
	x := mustAnswer(t, a, id)
	entries, err := a.Store.EntriesAbout(t.Context(), "answer:"+id.String(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	out := 0
	for _, e := range entries {
		if e.Type == hearback.AnswerOut || e.Type == hearback.AnswerCorrected {
			out++
		}
	}
	if n := len(x.Public()); n != out {
		t.Errorf("%d revisions are public, and the log has %d publications", n, out)
	}
	seen := map[int64]bool{}
	for _, r := range x.Revisions {
		for _, ap := range r.Approvals {
			if ap.Hash != r.Hash() {
				t.Errorf("revision %d keeps an approval of another text", r.N)
			}
		}
		if !r.Published.IsZero() && (len(r.Valid()) < hearback.Reviewers || seen[r.Record]) {
			t.Errorf("revision %d is public with %d approvals, in record %d", r.N, len(r.Valid()), r.Record)
		}
		seen[r.Record] = true
	}
	return x
}

// expected fails for any error that is not a clear refusal.
func expected(t *testing.T, what string, err error) {
	if err != nil && !errors.Is(err, hearback.ErrConflict) && !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("%s: %v", what, err)
	}
}

// TestApproveDifferentTexts: while a writer changes the text in review, one
// reviewer approves what was there and the other what is there now. Approvals
// of two texts never add up to a publication.
func TestApproveDifferentTexts(t *testing.T) {
	a, _ := serving(t, nil)
	ctx := t.Context()
	x := say(t, a, "Is the tap water safe to drink after the flood?", water...)
	for range 15 {
		before := drafted(t, a, x, false)
		old := before.Draft().Hash()
		texts := append([]hearback.Text(nil), water[:1]...)
		texts[0].Lead = "Boil it for one minute."
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := a.Answers.Approve(ctx, reviewer1, x.ID, old, "")
			expected(t, "approve the old text", err)
		})
		wg.Go(func() {
			now, err := a.Answers.Draft(ctx, officer, x.Case, texts, "Boil it after all.", before.Version)
			if expected(t, "edit", err); err != nil {
				return
			}
			if _, err = a.Answers.Submit(ctx, officer, x.ID); err != nil {
				expected(t, "submit", err)
				return
			}
			_, err = a.Answers.Approve(ctx, reviewer2, x.ID, now.Draft().Hash(), "")
			expected(t, "approve the new text", err)
		})
		wg.Wait()
		if _, err := a.Answers.Publish(ctx, officer, x.ID); !errors.Is(err, hearback.ErrRefused) {
			t.Fatalf("published with one approval of each of two texts: %v", err)
		}
		now := history(t, a, x.ID)
		if len(now.Draft().Valid()) > 1 || len(now.Public()) != 1 {
			t.Fatalf("%d approvals, %d public", len(now.Draft().Valid()), len(now.Public()))
		}
		if _, err := a.Answers.Drop(ctx, officer, x.ID, ""); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCorrectedWhilePublished: one publishes a correction while its writer
// saves another text. Either goes out whole, with its approvals, or not at all.
func TestCorrectedWhilePublished(t *testing.T) {
	a, _ := serving(t, nil)
	ctx := t.Context()
	x := say(t, a, "Is the tap water safe to drink after the flood?", water...)
	published, edited := 0, 0
	for i := range 20 {
		before := drafted(t, a, x, true)
		approved := before.Draft().Hash()
		texts := append([]hearback.Text(nil), water[:1]...)
		texts[0].Lead = "Boil it for one minute."
		var wg sync.WaitGroup
		var outErr, editErr error
		publish := func() { _, outErr = a.Answers.Publish(ctx, officer, x.ID) }
		edit := func() {
			_, editErr = a.Answers.Draft(ctx, officer, x.Case, texts, "Boil it after all.", before.Version)
		}
		if i%2 == 0 { // whoever starts later wins as well, now and then
			publish, edit = edit, publish
		}
		wg.Go(publish)
		wg.Go(edit)
		wg.Wait()
		expected(t, "publish", outErr)
		expected(t, "edit", editErr)
		now := history(t, a, x.ID)
		switch {
		case outErr == nil:
			published++
			if editErr == nil {
				t.Fatal("a text was saved over one that went out")
			}
			if now.Current().Hash() != approved {
				t.Fatal("another text went out than was approved")
			}
		case editErr == nil:
			edited++
			if len(now.Draft().Valid()) != 0 {
				t.Fatal("an edited text kept its approvals")
			}
			if _, err := a.Answers.Drop(ctx, officer, x.ID, ""); err != nil {
				t.Fatal(err)
			}
		default:
			t.Fatalf("neither was done: %v, %v", outErr, editErr)
		}
	}
	t.Logf("%d published, %d edited", published, edited)
}

// TestFullDiskBeforeTile: the disk is full between an act and its tiles. The
// act stands with its entry, its page says that the proof comes, nothing more is
// signed until the service is started again, and then the log is published and
// audits as if nothing had been.
func TestFullDiskBeforeTile(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("there is no /dev/full here")
	}
	ctx := t.Context()
	clock := &officeClock{now: time.Date(2026, 3, 18, 9, 0, 0, 0, time.UTC)}
	c := Defaults()
	c.Data, c.Office.Zone = t.TempDir(), "UTC"
	c.Console.Listen, c.Public.Listen = "127.0.0.1:0", "127.0.0.1:0"
	start := func() *App {
		t.Helper()
		a, err := New(ctx, c, Options{Now: clock.Now, Log: slog.New(slog.DiscardHandler), Version: "test"})
		if err == nil {
			err = a.Start(ctx)
		}
		if err != nil {
			t.Fatal(err)
		}
		a.Cases.Allowed, a.Answers.Allowed = nil, nil
		return a
	}
	a := start()
	if err := a.Log.Publish(ctx); err != nil {
		t.Fatal(err)
	}
	before := a.Log.Size()
	// Whatever is written for the checkpoint meets a device without room.
	block := a.dir.file("log", "checkpoint.tmp")
	if err := os.Symlink("/dev/full", block); err != nil {
		t.Fatal(err)
	}
	x := say(t, a, "Is the tap water safe to drink after the flood?", water...)
	if err := a.Log.Publish(ctx); err == nil || !strings.Contains(err.Error(), "no space left on device") {
		t.Fatalf("published on a full disk: %v", err)
	}
	if n, err := a.Store.LogSize(ctx); err != nil || n <= before || x.Current().Record < before || a.Log.Size() != before {
		t.Errorf("%d entries in the store, %d published of which %d were before, record %d, %v", n, a.Log.Size(), before, x.Current().Record, err)
	}
	page, _ := get(t, a, x.Path()+"?lang=en", 200)
	if !strings.Contains(page, water[0].Title) || strings.Contains(page, `id="hearback-proof"`) {
		t.Error("the page of the answer is not served, or claims a proof that is not there")
	}
	history(t, a, x.ID)
	if err := a.Stop(); err == nil || !strings.Contains(err.Error(), "no space left on device") {
		t.Errorf("the service stops without a word about the log: %v", err)
	}
	if err := os.Remove(block); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	a = start()
	t.Cleanup(func() {
		if err := a.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := a.Log.Publish(ctx); err != nil {
		t.Fatal(err)
	}
	if page, _ = get(t, a, x.Path()+"?lang=en", 200); !strings.Contains(page, `id="hearback-proof"`) {
		t.Error("with room again the page has no proof")
	}
	r, err := a.Log.Audit(ctx, nil)
	if err != nil || r.Checkpoint.Size != a.Log.Size() || r.Checkpoint.Size <= before {
		t.Errorf("the audit says %+v, %v", r, err)
	}
	history(t, a, x.ID)
}
