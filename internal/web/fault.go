package web

import (
	"errors"
	"fmt"
	"net/http"

	"example.org/hearback"
)

var (
	errTwice       = fmt.Errorf("%w: the two passwords are not the same", hearback.ErrInvalid)
	errPanic       = errors.New("a page panicked")
	errForeign     = fmt.Errorf("%w: this was begun in another browser, or too long ago; begin again", hearback.ErrRefused)
	errFormTwice   = fmt.Errorf("%w: this form was sent before; look whether it was done, and open its page anew before you send it again", hearback.ErrConflict)
	errCrossOrigin = fmt.Errorf("%w: this form was sent from another site; open the page here and send it again", hearback.ErrRefused)
)

// readable turns the faults of a form that cannot be read into ours.
func readable(err error) error {
	var large *http.MaxBytesError
	if err == nil || errors.As(err, &large) {
		return err
	}
	return fmt.Errorf("%w: the form cannot be read; send it again", hearback.ErrInvalid)
}
