// Package wire reads messages in the JSON form that webhooks and JSONL files
// share: one object a message, with id, text, time, lang, area, account and
// deleted. It is lenient about types (an id may be a number) and ignores
// fields it does not know. It stores and sends nothing.
package wire

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"example.org/hearback/internal/source"
	"example.org/hearback/internal/source/when"
)

// Limits of one message.
const (
	MaxText    = 256 << 10 // bytes of text
	MaxField   = 1 << 10   // bytes of any other field
	maxColumns = 200       // fields of an object that are looked at
)

// A LineError says what is wrong with one message, by the line it begins on.
type LineError struct {
	Line  int    `json:"line"`
	Error string `json:"error"` // a sentence
}

// item is a message as decoded, before its fields are checked.
type item struct {
	id, text, lang, area, account string
	at                            time.Time
	deleted                       bool
	hasText                       bool
}

// raw checks the fields that have to do with each other.
func (it *item) raw() (source.Raw, string) {
	if it.deleted {
		if it.id == "" {
			return source.Raw{}, `A deletion needs the "id" of the post that is gone.`
		}
		return source.Raw{Post: it.id, At: it.at, Deleted: true}, ""
	}
	if !it.hasText {
		return source.Raw{}, `The message has no "text".`
	}
	if strings.TrimSpace(it.text) == "" {
		return source.Raw{}, `The "text" is empty.`
	}
	return source.Raw{Post: it.id, Account: it.account, At: it.at, Text: it.text, Lang: it.lang, Area: it.area}, ""
}

// plain checks a field that holds text.
func plain(name, s string) string {
	most := MaxField
	if name == "text" {
		most = MaxText
	}
	if len(s) > most {
		return fmt.Sprintf("The %q has %d bytes, and %d are the most; shorten it, or send it in parts.", name, len(s), most)
	}
	if !utf8.ValidString(s) {
		return fmt.Sprintf("The %q is not UTF-8.", name)
	}
	return ""
}

// Sentence makes a sentence of an error that wraps one of package hearback:
// it begins with a capital letter and ends with a full stop.
func Sentence(err error) string {
	s := err.Error()
	if _, rest, ok := strings.Cut(s, ": "); ok && strings.HasPrefix(s, "not valid: ") {
		s = rest
	}
	if s == "" {
		return s
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

func parseTime(s string) (time.Time, string) {
	t, err := when.Parse(s, when.Options{})
	if err != nil {
		return t, Sentence(err)
	}
	return t, ""
}

func epoch(n float64) (time.Time, string) {
	t, err := when.Epoch(n)
	if err != nil {
		return t, Sentence(err)
	}
	return t, ""
}
