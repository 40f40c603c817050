package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/translog"
)

// TestWitnesses: a witness confirms the log of a running instance, its words
// are shown with their age, and when it is gone the instance goes on.
func TestWitnesses(t *testing.T) {
	now := time.Date(2026, 3, 18, 9, 0, 0, 0, time.UTC)
	c := Defaults()
	c.Data, c.Office.Zone, c.Network.Allow = t.TempDir(), "UTC", []string{"127.0.0.1"}
	c.Console.Listen, c.Public.Listen = "127.0.0.1:0", "127.0.0.1:0"
	a, err := New(t.Context(), c, Options{Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Stop() })
	if err := a.Log.Publish(t.Context()); err != nil {
		t.Fatal(err)
	}
	w, err := translog.OpenWitness(t.TempDir(), "newsroom.example.org/witness", []string{a.Log.Key().VKey()})
	if err != nil {
		t.Fatal(err)
	}
	w.Now = func() time.Time { return now }
	srv := httptest.NewServer(w.Handler())
	defer srv.Close()
	a.Config.Witness.Ask = []WitnessAt{{srv.URL, w.VKey()}}
	if err := a.Config.Check(); err != nil {
		t.Fatal(err)
	}

	if got := a.witnesses(); len(got) != 1 || !got[0].Stale || got[0].Size != 0 {
		t.Errorf("before it was asked: %+v", got)
	}
	if err := a.confirm(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := a.witnesses(); got[0].Stale || got[0].Size != a.Log.Size() || got[0].Name != "newsroom.example.org/witness" {
		t.Errorf("after it confirmed: %+v", got)
	}
	srv.Close()
	now = now.Add(25 * time.Hour)
	if err := a.confirm(context.Background()); err == nil || !strings.Contains(err.Error(), srv.URL) {
		t.Errorf("a witness that is gone: %v", err)
	}
	if got := a.witnesses(); !got[0].Stale || got[0].Size == 0 {
		t.Errorf("a day later: %+v", got)
	}
	if err := a.Log.Publish(t.Context()); err != nil {
		t.Errorf("without a witness the log stops: %v", err)
	}

	for key, bad := range map[string]WitnessAt{"not a web address": {"newsroom", w.VKey()}, "not the public key": {srv.URL, "key"}} {
		a.Config.Witness.Ask = []WitnessAt{bad}
		if err := a.Config.Check(); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

// TestWitnessesNeeded: where the office asks for witnesses, an answer goes out
// the ordinary way only while enough of them confirm the log; its page says how
// many confirmed its entry, and the console warns while they are too few.
func TestWitnessesNeeded(t *testing.T) {
	ws := make([]*translog.Witness, 2)
	var servers []*httptest.Server
	dirs := []string{t.TempDir(), t.TempDir()}
	down := make([]atomic.Bool, 2)
	for i := range ws {
		servers = append(servers, httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if down[i].Load() || ws[i] == nil {
				http.Error(w, "down", http.StatusBadGateway)
				return
			}
			ws[i].Handler().ServeHTTP(w, r)
		})))
		t.Cleanup(servers[i].Close)
	}
	a, clock := serving(t, nil)
	a.Config.Witness.Stale = time.Hour
	for i := range ws {
		w, err := translog.OpenWitness(dirs[i], fmt.Sprintf("w%d.example.org/witness", i), []string{a.Log.Key().VKey()})
		if err != nil {
			t.Fatal(err)
		}
		w.Now = clock.Now
		ws[i] = w
		a.Config.Witness.Ask = append(a.Config.Witness.Ask, WitnessAt{servers[i].URL, w.VKey()})
	}
	for need, ok := range map[int]bool{-1: false, 2: true, 3: false} {
		if a.Config.Witness.Need = need; (a.Config.Check() == nil) != ok {
			t.Errorf("need %d: %v", need, a.Config.Check())
		}
	}
	a.Config.Witness.Need = 0
	x := say(t, a, "Is the tap water safe to drink after the flood?", water...) // nobody is asked for yet
	a.Config.Witness.Need = 2
	ctx := t.Context()
	a.Answers.Reviewers = func(context.Context) (int, error) { return 1, nil }
	now, err := a.Answers.Draft(ctx, officer, x.Case, water[:1], "Measured again.", x.Version)
	if err == nil {
		_, err = a.Answers.Submit(ctx, officer, x.ID)
	}
	if err == nil {
		_, err = a.Answers.Approve(ctx, reviewer1, x.ID, now.Draft().Hash(), "")
	}
	if err == nil {
		err = a.Log.Publish(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	live := liveAnswers{a.Answers, a}
	down[1].Store(true)
	if _, err := live.Publish(ctx, reviewer1, x.ID); !errors.Is(err, hearback.ErrRefused) || !strings.Contains(err.Error(), "1 of the 2 witnesses") {
		t.Fatalf("published with one witness of two: %v", err)
	}
	if mustAnswer(t, a, x.ID).Draft() == nil {
		t.Fatal("the draft is gone")
	}
	down[1].Store(false)
	if _, err := live.Publish(ctx, reviewer1, x.ID); err != nil {
		t.Fatal(err)
	}
	x = mustAnswer(t, a, x.ID)
	if err := a.Log.Publish(ctx); err != nil {
		t.Fatal(err)
	}
	if n := a.confirmations(x.Current().Record); n != 0 {
		t.Errorf("%d witnesses confirmed what was published just now", n)
	}
	if err := a.confirm(ctx); err != nil {
		t.Fatal(err)
	}
	if n := a.confirmations(x.Current().Record); n != 2 {
		t.Errorf("%d witnesses confirmed it after they were asked", n)
	}
	// A withdrawal never waits, nor does a witness that is gone hold one up.
	down[0].Store(true)
	down[1].Store(true)
	clock.pass(2 * time.Hour)
	if a.freshWitnesses() != 0 {
		t.Errorf("%d witnesses are fresh two hours later", a.freshWitnesses())
	}
	if _, err := live.Withdraw(ctx, reviewer1, x.ID, "It was not so."); err != nil {
		t.Errorf("withdrawn without witnesses: %v", err)
	}
}
