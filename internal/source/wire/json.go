package wire

// This is the only file that knows github.com/go-json-experiment/json: it is
// three times as fast here as encoding/json, and will be left for the standard
// library's second version when that is no experiment any more.

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"example.org/hearback/internal/source"
)

// A Decoder reads messages from a body that is one object, an array of
// objects, or objects one after another, one a line or not. A message that
// cannot be read is reported and passed over.
type Decoder struct {
	body  []byte
	dec   *jsontext.Decoder
	base  int // offset of what dec reads, in body
	line  int // of offset seen
	seen  int
	array bool
	begun bool
	intrn map[string]string
}

// NewDecoder returns a Decoder of body, which must stay unchanged.
func NewDecoder(body []byte) *Decoder {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	d := &Decoder{body: body, line: 1, intrn: map[string]string{}}
	d.reset(0)
	return d
}

func (d *Decoder) reset(base int) {
	d.base = base
	// A message whose fields come twice takes the last: what would be gained
	// by refusing it is not worth looking names up in a table.
	d.dec = jsontext.NewDecoder(bytes.NewBuffer(d.body[base:]), jsontext.AllowDuplicateNames(true))
}

// lineAt returns the line of an offset that is not before the last one asked.
func (d *Decoder) lineAt(offset int) int {
	offset = min(max(offset, d.seen), len(d.body))
	d.line += bytes.Count(d.body[d.seen:offset], []byte{'\n'})
	d.seen = offset
	return d.line
}

// start returns the offset at which the next value begins.
func (d *Decoder) start() int {
	i := d.base + int(d.dec.InputOffset())
	for i < len(d.body) && strings.IndexByte(" \t\r\n,", d.body[i]) >= 0 {
		i++
	}
	return i
}

// Next returns the next message, or what is wrong with it. It returns io.EOF
// after the last.
func (d *Decoder) Next() (source.Raw, *LineError, error) {
	if !d.begun {
		d.begun = true
		if d.dec.PeekKind() == '[' {
			d.array = true
			d.dec.ReadToken()
		}
	}
	from := d.start()
	if d.array && d.dec.StackDepth() == 1 && d.dec.PeekKind() == ']' {
		d.dec.ReadToken()
		d.array = false
		from = d.start()
		if from < len(d.body) {
			d.skipTo(len(d.body))
			return source.Raw{}, &LineError{d.lineAt(from), "There is something after the end of the array."}, nil
		}
	}
	if from >= len(d.body) {
		if d.array {
			d.array = false
			return source.Raw{}, &LineError{d.lineAt(from), "The array is not closed: the end of the body is missing."}, nil
		}
		return source.Raw{}, nil, io.EOF
	}
	var it item
	bad, err := d.object(&it)
	if err != nil {
		le := &LineError{d.lineAt(from), d.broken(err)}
		d.resync(from)
		return source.Raw{}, le, nil
	}
	if bad == "" {
		var raw source.Raw
		if raw, bad = it.raw(); bad == "" {
			return raw, nil, nil
		}
	}
	return source.Raw{}, &LineError{d.lineAt(from), bad}, nil
}

// resync goes on with the line after a message that is no JSON. Within an
// array what follows cannot be told apart from its inside, unless every
// element has a line of its own.
func (d *Decoder) resync(from int) {
	at := d.base + int(d.dec.InputOffset())
	// A string that was never closed runs on over lines; the message began
	// before that, and the next begins after the end of its first line.
	at = min(max(at, from), len(d.body))
	nl := bytes.IndexByte(d.body[at:], '\n')
	if nl < 0 {
		d.skipTo(len(d.body))
		d.array = false
		return
	}
	next := at + nl + 1
	if d.array {
		rest := bytes.TrimLeft(d.body[next:], " \t\r\n,")
		if len(rest) == 0 || rest[0] != '{' {
			next = len(d.body)
		} else {
			next = len(d.body) - len(rest)
		}
		d.array = false
	}
	d.skipTo(next)
}

// skipTo goes on at an offset, outside any array.
func (d *Decoder) skipTo(offset int) { d.reset(offset) }

// broken says what is wrong with text that is no JSON.
func (d *Decoder) broken(err error) string {
	var syntax *jsontext.SyntacticError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "The message is cut off: it is no complete JSON."
	case errors.As(err, &syntax) && strings.Contains(syntax.Error(), "UTF-8"):
		return "The message is not UTF-8, which JSON has to be."
	case errors.As(err, &syntax) && strings.Contains(syntax.Error(), "depth"):
		return "The message is nested too deeply."
	case errors.As(err, &syntax):
		return fmt.Sprintf("The message is no JSON after its first %d bytes.", max(0, d.base+int(syntax.ByteOffset)-d.seen))
	}
	return "The message is no JSON."
}

// object reads one object. bad is what is wrong with a message that is JSON.
func (d *Decoder) object(it *item) (bad string, err error) {
	kind := d.dec.PeekKind()
	if kind != '{' {
		// PeekKind hides the error that reading shows.
		if err := d.dec.SkipValue(); err != nil {
			// At the top level a closing bracket or the like stops the decoder
			// for ever, and InputOffset with it.
			return "", err
		}
		return fmt.Sprintf("A message must be a JSON object such as {\"text\":\"…\"}, not %s.", kindName(kind)), nil
	}
	if _, err := d.dec.ReadToken(); err != nil {
		return "", err
	}
	note := func(s string) {
		if bad == "" {
			bad = s
		}
	}
	for {
		tok, err := d.dec.ReadToken()
		if err != nil {
			return "", err
		}
		if tok.Kind() == '}' {
			return bad, nil
		}
		f := fieldOf(tok)
		if f == fNone {
			if err := d.dec.SkipValue(); err != nil {
				return "", err
			}
			continue
		}
		switch kind := d.dec.PeekKind(); kind {
		case '{', '[':
			if err := d.dec.SkipValue(); err != nil {
				return "", err
			}
			note(fmt.Sprintf("The %q is %s, and must be %s.", f, kindName(kind), f.wants()))
			continue
		}
		val, err := d.dec.ReadToken()
		if err != nil {
			return "", err
		}
		if f == fText {
			it.hasText = val.Kind() != 'n'
		}
		if s := d.set(it, f, val); s != "" {
			note(s)
		}
	}
}

type field int

const (
	fNone field = iota
	fID
	fText
	fTime
	fLang
	fArea
	fAccount
	fDeleted
)

// String returns the name of a field.
func (f field) String() string {
	return [...]string{"", "id", "text", "time", "lang", "area", "account", "deleted"}[f]
}

func (f field) wants() string {
	switch f {
	case fTime:
		return "text or a number"
	case fDeleted:
		return "true or false"
	}
	return "text"
}

func fieldOf(tok jsontext.Token) field {
	switch tok.String() {
	case "id":
		return fID
	case "text":
		return fText
	case "time":
		return fTime
	case "lang":
		return fLang
	case "area":
		return fArea
	case "account":
		return fAccount
	case "deleted":
		return fDeleted
	}
	return fNone
}

func kindName(k jsontext.Kind) string {
	switch k {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "text"
	case '0':
		return "a number"
	case 'n':
		return "null"
	}
	return "true or false"
}

// set takes a value into a field, whatever its type, if it can be understood.
func (d *Decoder) set(it *item, f field, val jsontext.Token) string {
	kind := val.Kind()
	if kind == 'n' {
		return ""
	}
	if f == fDeleted {
		switch s := val.String(); s {
		case "true", "1":
			it.deleted = true
		case "false", "0", "":
		default:
			return `The "deleted" must be true or false.`
		}
		return ""
	}
	if kind == 't' || kind == 'f' {
		return fmt.Sprintf("The %q is true or false, and must be %s.", f, f.wants())
	}
	var bad string
	if f == fTime {
		if kind == '0' {
			n, err := strconv.ParseFloat(val.String(), 64)
			if err != nil {
				return `The "time" is no number that can be read.`
			}
			it.at, bad = epoch(n)
		} else if s := val.String(); s != "" {
			it.at, bad = parseTime(s)
		}
		return bad
	}
	s := val.String()
	if bad = plain(f.String(), s); bad != "" {
		return bad
	}
	switch f {
	case fID:
		it.id = s
	case fText:
		it.text = s
	case fLang:
		it.lang = d.intern(s)
	case fArea:
		it.area = d.intern(s)
	case fAccount:
		it.account = s
	}
	return ""
}

// intern keeps one copy of words that come again and again.
func (d *Decoder) intern(s string) string {
	if t, ok := d.intrn[s]; ok {
		return t
	}
	if len(d.intrn) < 1000 {
		d.intrn[s] = s
	}
	return s
}

// A Pair is one field of an object. The name of a field of an object within
// the object is joined with a dot: "user.id".
type Pair struct{ Name, Value string }

// Pairs reads one line that holds a JSON object and returns its fields whose
// values are text, numbers or truth values. The error is a sentence.
func Pairs(line []byte, into []Pair) ([]Pair, error) {
	into = into[:0]
	dec := jsontext.NewDecoder(bytes.NewBuffer(line), jsontext.AllowDuplicateNames(true))
	fault := func(err error) error {
		d := Decoder{body: line}
		return errors.New(d.broken(err))
	}
	if k := dec.PeekKind(); k != '{' {
		if err := dec.SkipValue(); err != nil {
			return nil, fault(err)
		}
		return nil, fmt.Errorf("A message must be a JSON object such as {\"text\":\"…\"}, not %s.", kindName(k)) //nolint:staticcheck // it is shown as it stands
	}
	prefix := ""
	for {
		tok, err := dec.ReadToken()
		if err != nil {
			return nil, fault(err)
		}
		switch tok.Kind() {
		case '{':
			continue
		case '}':
			if dec.StackDepth() == 0 {
				if _, err := dec.ReadToken(); err != io.EOF {
					return nil, errors.New("There is something after the end of the object.") //nolint:staticcheck // as above
				}
				return into, nil
			}
			prefix = ""
			continue
		}
		name := prefix + tok.String()
		switch k := dec.PeekKind(); {
		case k == '{' && dec.StackDepth() == 1:
			prefix = name + "."
		case k == '{', k == '[':
			err = dec.SkipValue()
		default:
			var val jsontext.Token
			if val, err = dec.ReadToken(); err == nil && val.Kind() != 'n' && len(into) < maxColumns {
				into = append(into, Pair{name, val.String()})
			}
		}
		if err != nil {
			return nil, fault(err)
		}
	}
}
