package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/notify/follow"
	"example.org/hearback/internal/publish"
	"example.org/hearback/internal/store"
)

func TestFollow(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		none := func(_ any, err error) {
			t.Helper()
			if !errors.Is(err, hearback.ErrNotFound) {
				t.Errorf("%v, want %v", err, hearback.ErrNotFound)
			}
		}
		letter := func(id int64, to string) publish.Delivery {
			return publish.Delivery{ID: hearback.ID(id), Kind: publish.Letter, Target: []byte(to), Body: []byte{1}, Made: start, Due: start}
		}
		ask := follow.Ask{Mark: []byte("m1"), Token: []byte("t1"), Sealed: []byte{0, 1}, First: start, At: start, N: 1}
		must(db.PutFollowAsk(ctx, ask, letter(1, "m1")))
		ask.Token, ask.At, ask.N = []byte("t2"), start.Add(time.Minute), 2
		must(db.PutFollowAsk(ctx, ask, letter(2, "m1")))
		none(db.FollowAskBy(ctx, []byte("t1")))
		for _, read := range []func() (*follow.Ask, error){
			func() (*follow.Ask, error) { return db.FollowAsk(ctx, []byte("m1")) }, func() (*follow.Ask, error) { return db.FollowAskBy(ctx, []byte("t2")) },
		} {
			if a, err := read(); err != nil || a.N != 2 || !a.First.Equal(start) || !a.At.Equal(ask.At) || string(a.Sealed) != "\x00\x01" {
				t.Errorf("asked: %+v, %v", a, err)
			}
		}
		// A letter that cannot be kept leaves nothing that was asked.
		if err := db.PutFollowAsk(ctx, follow.Ask{Mark: []byte("m9"), Token: []byte("t9"), Sealed: []byte{1}}, letter(1, "m9")); err == nil {
			t.Error("a letter with the id of another was kept")
		}
		none(db.FollowAsk(ctx, []byte("m9")))

		f := follow.Follow{ID: 10, Mark: []byte("m1"), Sealed: []byte{2}, Since: start, Wish: follow.Wish{Lang: "zh", Topics: []hearback.ID{7}, Areas: []string{"cn/河南省"}, Cases: []hearback.ID{8}}}
		must(db.ConfirmFollow(ctx, f))
		if err := db.ConfirmFollow(ctx, f); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("confirmed twice: %v", err)
		}
		none(db.FollowAsk(ctx, []byte("m1")))
		got, err := db.Follow(ctx, 10)
		if err != nil || fmt.Sprint(*got) != fmt.Sprint(f) {
			t.Errorf("Follow = %+v, %v, want %+v", got, err, f)
		}
		// Whoever confirms anew keeps the row and since when.
		must(db.PutFollowAsk(ctx, ask, letter(3, "m1")))
		must(db.ConfirmFollow(ctx, follow.Follow{ID: 11, Mark: []byte("m1"), Sealed: []byte{3}, Since: start.Add(time.Hour), Wish: follow.Wish{Lang: "en", All: true}}))
		if got, err := db.FollowBy(ctx, []byte("m1")); err != nil || got.ID != 10 || !got.Since.Equal(start) || !got.Wish.All || got.Wish.Lang != "en" || got.Sealed[0] != 3 {
			t.Errorf("FollowBy = %+v, %v", got, err)
		}
		must(db.PutFollowAsk(ctx, follow.Ask{Mark: []byte("m2"), Token: []byte("x"), Sealed: []byte{1}, First: start, At: start, N: 1}, letter(4, "m2")))
		must(db.ConfirmFollow(ctx, follow.Follow{ID: 12, Mark: []byte("m2"), Sealed: []byte{4}, Since: start, Wish: follow.Wish{Lang: "en", All: true}}))
		if n, err := db.CountFollows(ctx); n != 2 || err != nil {
			t.Errorf("CountFollows = %d, %v", n, err)
		}
		if list, err := db.Follows(ctx, 10, 5); err != nil || len(list) != 1 || list[0].ID != 12 {
			t.Errorf("Follows = %+v, %v", list, err)
		}
		must(db.PutWish(ctx, 12, follow.Wish{Lang: "zh", Cases: []hearback.ID{5}}))
		none(nil, db.PutWish(ctx, 99, follow.Wish{Lang: "zh", All: true}))
		if got, _ := db.Follow(ctx, 12); got == nil || got.Wish.All || got.Wish.Lang != "zh" || len(got.Wish.Cases) != 1 {
			t.Errorf("after PutWish: %+v", got)
		}

		// Who leaves takes along what was asked and what was to be sent.
		must(db.PutFollowAsk(ctx, ask, letter(5, "m1")))
		must(db.SendLater(ctx, letter(6, hearback.ID(10).String()), letter(7, hearback.ID(12).String())))
		must(db.DropFollow(ctx, 10))
		must(db.DropFollow(ctx, 10))
		none(db.Follow(ctx, 10))
		none(db.FollowAsk(ctx, []byte("m1")))
		list, err := db.DueOutgoing(ctx, true, start, 20)
		var ids []hearback.ID
		for _, d := range list {
			ids = append(ids, d.ID)
		}
		if err != nil || fmt.Sprint(ids) != fmt.Sprint([]hearback.ID{4, 7}) {
			t.Errorf("letters that wait: %v, %v", ids, err)
		}
		must(db.PutFollowAsk(ctx, ask, letter(8, "m1")))
		must(db.ForgetFollowAsks(ctx, ask.At))
		if _, err := db.FollowAsk(ctx, []byte("m1")); err != nil {
			t.Errorf("forgotten too early: %v", err)
		}
		must(db.ForgetFollowAsks(ctx, ask.At.Add(1)))
		must(db.ForgetFollowAsks(ctx, ask.At.Add(time.Second)))
		none(db.FollowAsk(ctx, []byte("m1")))
	})
}
