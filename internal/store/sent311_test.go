package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/publish"
	"example.org/hearback/internal/publish/open311"
	"example.org/hearback/internal/store"
)

func TestSentCases(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		s := open311.Sent{Case: 7, Desk: "roads", Said: "请看桥", Status: open311.Waiting, At: start}
		d := publish.Delivery{ID: 1, Kind: "open311", Target: []byte("roads"), Body: []byte("7"), Made: start, Due: start}
		r := hearback.Record{Type: hearback.CaseSent, At: start, Actor: hearback.System, Subject: "case:7"}
		if err := db.SendCase(ctx, s, d, r); err != nil {
			t.Fatal(err)
		}
		d.ID = 2
		if err := db.SendCase(ctx, s, d, r); !errors.Is(err, hearback.ErrConflict) {
			t.Errorf("sent twice: %v", err)
		}
		if n, _ := db.LogSize(ctx); n != 1 {
			t.Errorf("%d entries, want one for one act", n)
		}
		if list, err := db.SentToAsk(ctx, start.Add(time.Hour), 9); err != nil || len(list) != 0 {
			t.Errorf("to ask about before the desk has it: %v, %v", list, err)
		}
		s.Token, s.Status, s.Asked = "t", "open", start
		if err := db.SaveSent(ctx, s); err != nil {
			t.Fatal(err)
		}
		if list, err := db.SentToAsk(ctx, start.Add(time.Hour), 9); err != nil || len(list) != 1 || list[0].Said != "请看桥" || !list[0].At.Equal(start) {
			t.Errorf("to ask about: %+v, %v", list, err)
		}
		s.Status, s.Request = open311.Closed, "638344"
		if err := db.SaveSent(ctx, s, hearback.Record{Type: hearback.CaseHeard, At: start, Actor: hearback.System, Subject: "case:7"}); err != nil {
			t.Fatal(err)
		}
		if list, _ := db.SentToAsk(ctx, start.Add(time.Hour), 9); len(list) != 0 {
			t.Errorf("a closed one is asked about: %v", list)
		}
		if got, err := db.SentCase(ctx, 7); err != nil || got.Request != "638344" {
			t.Errorf("SentCase = %+v, %v", got, err)
		}
		if _, err := db.SentCase(ctx, 8); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("SentCase of another = %v", err)
		}
	})
}
