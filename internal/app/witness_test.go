package app

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

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
