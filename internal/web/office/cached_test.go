package office

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestCached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c Cached[int]
		made := 0
		hold := make(chan bool, 1)
		next := func() (int, error) { made++; v := made; <-hold; return v, nil }
		read := func(want int, why string) {
			t.Helper()
			if got, err := c.Get(time.Second, next); got != want || err != nil {
				t.Errorf("%s: %d, %v, want %d", why, got, err, want)
			}
		}
		hold <- true
		read(1, "the first")
		read(1, "while it is new")
		time.Sleep(2 * time.Second)
		read(1, "old, while a new one is made")
		read(1, "old, and only one makes it")
		hold <- true
		synctest.Wait()
		read(2, "after it was made")
		time.Sleep(2 * time.Second)
		read(2, "old again")
		synctest.Wait()
		c.Forget()
		hold <- true
		synctest.Wait()
		hold <- true
		read(4, "forgotten while it was made")
		time.Sleep(time.Minute)
		hold <- true
		read(5, "much too old")
	})
}
