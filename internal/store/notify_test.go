package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/notify"
	"example.org/hearback/internal/store"
)

func TestNoticesWithTheirCauses(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		due := func(at time.Time) (list []notify.Notice) {
			t.Helper()
			list, err := db.DueNotices(ctx, at, 10)
			must(err)
			return list
		}
		alerts := []hearback.Alert{
			{ID: 11, Concern: 7, Kind: hearback.AlertHarm, At: start},
			{ID: 12, Concern: 7, Kind: hearback.AlertDeadline, Stat: .8, Case: 5, At: start},
			{ID: 13, Concern: 7, Kind: hearback.AlertDeadline, Stat: 1.2, Case: 5, At: start},
			{ID: 14, Source: 3, Kind: hearback.AlertSilent, At: start},
		}
		must(db.AddAlerts(ctx, alerts, nil))
		if err := db.AddAlerts(ctx, []hearback.Alert{{ID: 15, Concern: 7, Kind: hearback.AlertNovel, At: start}, alerts[0]}, nil); err == nil {
			t.Fatal("an alert was written twice")
		}
		actor := hearback.Actor{ID: 5, Number: 2, Role: "officer"}
		must(db.AppendRecords(ctx,
			hearback.Record{Type: hearback.CaseOpened, At: start, Actor: actor, Subject: "case:5"},
			hearback.Record{Type: hearback.CaseMoved, At: start, Actor: actor, Subject: "case:5", Pub: map[string]any{"from": "open", "to": "routed"}},
			hearback.Record{Type: hearback.CaseMoved, At: start, Actor: actor, Subject: "case:5", Pub: map[string]any{"from_desk": "front"}},
			hearback.Record{Type: hearback.AnswerSubmitted, At: start, Actor: actor, Subject: "answer:6"},
			hearback.Record{Type: hearback.AnswerApproved, At: start, Actor: actor, Subject: "answer:6"},
		))
		bad := hearback.Record{Type: hearback.CaseOpened, At: start, Actor: actor, Subject: "case:9", Pub: map[string]any{"x": 1.5}}
		if err := db.AppendRecords(ctx, bad); err == nil {
			t.Fatal("a record with a float was accepted")
		}
		var got []string
		for _, n := range due(start) {
			got = append(got, string(n.Kind)+" "+n.Subject)
			if !n.At.Equal(start) {
				t.Errorf("%s was made at %s, want %s", n.Subject, n.At, start)
			}
		}
		want := []string{"alert alert:b", "deadline alert:c", "overdue alert:d", "source alert:e", "case case:5", "case case:5", "review answer:6"}
		if len(got) != len(want) {
			t.Fatalf("notices %q, want %q: those of what was kept", got, want)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("notice %d is %q, want %q", i, got[i], want[i])
			}
		}
		// A source that fails is told of later, unless it is back by then.
		must(db.AddSource(ctx, &hearback.Source{ID: 3, Slug: "news", Kind: hearback.Feed, State: hearback.SourceActive}))
		for _, fault := range []string{"It is down.", "It is still down.", "", "It is down again."} {
			must(db.NoteTry(ctx, 3, start, fault, time.Time{}))
		}
		if n := len(due(start.Add(time.Minute))); n != len(want) {
			t.Errorf("%d notices a minute after a failure, want %d", n, len(want))
		}
		list := due(start.Add(time.Hour))
		if n := list[len(list)-1]; len(list) != len(want)+1 || n.Subject != "source:3" || n.Why != "It is down again." {
			t.Errorf("%d notices an hour after, the last %+v; want %d", len(list), n, len(want)+1)
		}
		if f, err := db.SourceFault(ctx, 3); err != nil || f != "It is down again." {
			t.Errorf("SourceFault = %q, %v", f, err)
		}
		if _, err := db.SourceFault(ctx, 4); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("SourceFault of no source: %v, want ErrNotFound", err)
		}
	})
}

func TestDeliveries(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(db.AddAlerts(ctx, []hearback.Alert{{ID: 11, Concern: 7, Kind: hearback.AlertHarm, At: start}, {ID: 12, Concern: 8, Kind: hearback.AlertNovel, At: start}}, nil))
		notices, err := db.DueNotices(ctx, start, 1)
		must(err)
		make := func(id hearback.ID, s notify.State, subject string) notify.Delivery {
			return notify.Delivery{ID: id, Notice: notices[0].ID, Channel: 1, Kind: notify.Alert, Subject: subject, State: s, Due: start, Made: start.Add(time.Duration(id) * time.Second), Text: notify.Text{Subject: "今晚会开闸吗"}}
		}
		must(db.Spread(ctx, notices[0].ID, []notify.Delivery{make(1, notify.Waiting, "alert:b"), make(2, notify.Held, "alert:b"), make(3, notify.Held, "alert:c"), make(4, notify.Waiting, "alert:c")}))
		if err := db.Spread(ctx, notices[0].ID, nil); !errors.Is(err, hearback.ErrConflict) {
			t.Errorf("spread twice: %v, want ErrConflict", err)
		}
		states := func() string {
			t.Helper()
			s := ""
			for id := hearback.ID(1); id <= 9; id++ {
				d, err := db.Delivery(ctx, id)
				if errors.Is(err, hearback.ErrNotFound) {
					continue
				}
				must(err)
				s += id.String() + string(d.State)[:2] + " "
			}
			return s
		}
		check := func(what, want string) {
			t.Helper()
			if got := states(); got != want {
				t.Errorf("%s: %s, want %s", what, got, want)
			}
		}
		check("spread", "1wa 2he 3he 4wa ")
		// Acknowledged: what waits and what is held about it stops at once.
		a, err := db.Alert(ctx, 11)
		must(err)
		a.Acked = start
		must(db.SetAlert(ctx, a))
		check("acknowledged", "1st 2st 3he 4wa ")
		// What was stopped while it was sent stays sent, and is not repeated.
		d, again := make(1, notify.Sent, "alert:b"), make(5, notify.Waiting, "alert:b")
		must(db.SaveDelivery(ctx, &d, &again))
		d = make(2, notify.Failed, "alert:b")
		must(db.SaveDelivery(ctx, &d, &again))
		check("sent meanwhile", "1se 2st 3he 4wa ")
		digest := notify.Delivery{ID: 6, Channel: 1, Kind: notify.Digest, State: notify.Waiting, Due: start, Made: start.Add(6 * time.Second)}
		must(db.Bundle(ctx, &digest, []hearback.ID{2, 3}))
		check("bundled", "1se 2st 3bu 4wa 6wa ")
		empty := digest
		empty.ID = 7
		must(db.Bundle(ctx, &empty, []hearback.ID{2, 3}))
		check("bundled again", "1se 2st 3bu 4wa 6wa ")
		if list, err := db.DueDeliveries(ctx, notify.Waiting, start, 10); err != nil || len(list) != 2 || list[0].ID != 4 || list[0].Text.Subject != "今晚会开闸吗" {
			t.Errorf("due: %+v, %v", list, err)
		}
		if list, err := db.DueDeliveries(ctx, notify.Waiting, start.Add(-time.Second), 10); err != nil || len(list) != 0 {
			t.Errorf("due too early: %+v, %v", list, err)
		}
		list, err := db.Deliveries(ctx, notify.DeliveryFilter{States: []notify.State{notify.Sent, notify.Bundled}, Channel: 1, Since: start})
		if err != nil || len(list) != 2 || list[0].ID != 3 {
			t.Errorf("a filtered list: %+v, %v", list, err)
		}
		if list, err := db.Deliveries(ctx, notify.DeliveryFilter{Kind: notify.Digest, Limit: 1}); err != nil || len(list) != 1 {
			t.Errorf("digests: %+v, %v", list, err)
		}
		// An opinion ends it as well.
		a, err = db.Alert(ctx, 12)
		must(err)
		a.Verdict = hearback.AlertNoise
		must(db.JudgeAlert(ctx, a, nil))
		check("judged", "1se 2st 3bu 4st 6wa ")
		must(db.ForgetNotices(ctx, start.Add(time.Hour)))
		check("forgotten", "6wa ")
	})
}

func TestChannels(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		c := &notify.Channel{ID: 1, Owner: notify.OfDesk("water"), Way: notify.Mail, Name: "供水值班", Shown: "d…@linmere.example", Sealed: []byte{0, 1, 255}, Modes: map[notify.Kind]notify.Mode{notify.Alert: notify.Now}}
		r := hearback.Record{Type: hearback.ChannelChanged, At: start, Actor: hearback.Actor{ID: 5, Number: 2, Role: "administrator"}, Subject: "channel:1"}
		if err := db.PutChannel(ctx, c, r); err != nil || c.Version != 1 {
			t.Fatalf("PutChannel: %v, version %d", err, c.Version)
		}
		old := *c
		c.Paused = true
		if err := db.PutChannel(ctx, c); err != nil {
			t.Fatal(err)
		}
		if err := db.PutChannel(ctx, &old); !errors.Is(err, hearback.ErrConflict) {
			t.Errorf("PutChannel of an old version: %v, want ErrConflict", err)
		}
		got, err := db.Channel(ctx, 1)
		if err != nil || !got.Paused || got.Name != "供水值班" || string(got.Sealed) != string(c.Sealed) || got.Version != 2 || got.Modes[notify.Alert] != notify.Now {
			t.Errorf("Channel = %+v, %v", got, err)
		}
		for owner, want := range map[notify.Owner]int{"": 1, notify.OfDesk("water"): 1, notify.Office: 0} {
			if list, err := db.Channels(ctx, owner); err != nil || len(list) != want {
				t.Errorf("Channels(%q) = %d, %v, want %d", owner, len(list), err, want)
			}
		}
		d := &notify.Delivery{ID: 2, Channel: 1, State: notify.Waiting, Due: start, Made: start}
		if err := db.SaveDelivery(ctx, d, nil); err != nil {
			t.Fatal(err)
		}
		if err := db.DropChannel(ctx, 1, "The channel was removed.", r); err != nil {
			t.Fatal(err)
		}
		if d, err := db.Delivery(ctx, 2); err != nil || d.State != notify.Stopped {
			t.Errorf("what waited for it: %+v, %v", d, err)
		}
		if err := db.DropChannel(ctx, 1, ""); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("DropChannel of none: %v, want ErrNotFound", err)
		}
	})
}
