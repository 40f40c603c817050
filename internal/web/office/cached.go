package office

import (
	"sync"
	"time"
)

// Cached keeps a value for a while, so that pages may ask for it often.
type Cached[T any] struct {
	mu     sync.Mutex
	at     time.Time
	have   bool
	making bool // somebody makes a new one while others read the old
	round  int  // of forget
	v      T
}

// Get returns the value, made anew by f if it is older than age. Where it is
// not much older the reader gets the old one at once and f runs beside, so f
// must not end with the request. A failure keeps the old value.
func (c *Cached[T]) Get(age time.Duration, f func() (T, error)) (T, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	switch {
	case c.have && now.Sub(c.at) <= age:
	case c.have && now.Sub(c.at) <= 10*age:
		if !c.making {
			c.making = true
			go c.renew(f, c.round)
		}
	default:
		v, err := f()
		if err != nil {
			return c.v, err
		}
		c.v, c.at, c.have = v, now, true
	}
	return c.v, nil
}

// renew makes the value anew. It is of no use if it was forgotten meanwhile:
// f may have looked before what was done.
func (c *Cached[T]) renew(f func() (T, error), round int) {
	now := time.Now()
	v, err := f()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.making = false
	if err == nil && round == c.round {
		c.v, c.at = v, now
	}
}

// Forget makes the next reader look again: something was just done.
func (c *Cached[T]) Forget() {
	c.mu.Lock()
	c.have = false
	c.round++
	c.mu.Unlock()
}
