package topic

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"example.org/hearback"
)

// Parse reads a query. The error says at which character it went wrong and
// what would be accepted there.
func Parse(query string) (*Query, error) {
	if !utf8.ValidString(query) {
		return nil, fmt.Errorf("%w: the query is not text (UTF-8)", hearback.ErrInvalid)
	}
	if n := utf8.RuneCountInString(query); n > MaxQuery {
		return nil, fmt.Errorf("%w: the query has %d characters; the most is %d", hearback.ErrInvalid, n, MaxQuery)
	}
	p := parser{src: []rune(query), q: &Query{src: query}}
	if err := p.next(); err != nil {
		return nil, err
	}
	if p.tok.kind == tokEnd {
		return nil, fmt.Errorf("%w: the query is empty; write the words to listen for, such as 停水 OR \"no water\"", hearback.ErrInvalid)
	}
	root, err := p.or(0)
	if err != nil {
		return nil, err
	}
	if p.tok.kind == tokClose {
		return nil, p.errorf(p.tok.at, "this ) closes nothing; take it away or write a ( before it")
	}
	if root.eval(func(int) bool { return false }) {
		return nil, fmt.Errorf("%w: this query would match every message that lacks its words; say what it should listen for, and use NOT only to leave something out, such as: water NOT sparkling", hearback.ErrInvalid)
	}
	p.q.root = root
	return p.q, nil
}

type tokKind uint8

const (
	tokEnd tokKind = iota
	tokTerm
	tokAnd
	tokOr
	tokNot
	tokOpen
	tokClose
)

type token struct {
	kind tokKind
	at   int // character where it begins, from 0
	term term
	word string // as written
}

type parser struct {
	src []rune
	pos int
	tok token
	q   *Query
}

func (p *parser) errorf(at int, format string, args ...any) error {
	return fmt.Errorf("%w: at character %d: %s", hearback.ErrInvalid, at+1, fmt.Sprintf(format, args...))
}

// or reads: and { OR and }.
func (p *parser) or(depth int) (*node, error) {
	return p.list(opOr, depth, p.and, func() (bool, error) {
		if p.tok.kind != tokOr {
			return false, nil
		}
		return true, p.next()
	})
}

// and reads: unary { [AND] unary }.
func (p *parser) and(depth int) (*node, error) {
	return p.list(opAnd, depth, p.unary, func() (bool, error) {
		switch p.tok.kind {
		case tokAnd:
			return true, p.next()
		case tokTerm, tokNot, tokOpen:
			return true, nil
		}
		return false, nil
	})
}

func (p *parser) list(op operator, depth int, part func(int) (*node, error), more func() (bool, error)) (*node, error) {
	first, err := part(depth)
	if err != nil {
		return nil, err
	}
	kids := []*node{first}
	for {
		ok, err := more()
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		k, err := part(depth)
		if err != nil {
			return nil, err
		}
		kids = append(kids, k)
	}
	if len(kids) == 1 {
		return first, nil
	}
	return &node{op: op, kids: kids}, nil
}

// unary reads: NOT unary | ( or ) | term.
func (p *parser) unary(depth int) (*node, error) {
	t := p.tok
	if depth >= MaxDepth && (t.kind == tokNot || t.kind == tokOpen) {
		return nil, p.errorf(t.at, "more than %d parentheses and NOTs lie inside one another; write the query more simply", MaxDepth)
	}
	switch t.kind {
	case tokNot:
		if err := p.next(); err != nil {
			return nil, err
		}
		k, err := p.unary(depth + 1)
		if err != nil {
			return nil, err
		}
		return &node{op: opNot, kids: []*node{k}}, nil
	case tokOpen:
		if err := p.next(); err != nil {
			return nil, err
		}
		if p.tok.kind == tokClose {
			return nil, p.errorf(t.at, "there is nothing between ( and ); write a word there or take them away")
		}
		n, err := p.or(depth + 1)
		if err != nil {
			return nil, err
		}
		if p.tok.kind != tokClose {
			return nil, p.errorf(t.at, "this ( is never closed; write a ) where it should end")
		}
		return n, p.next()
	case tokTerm:
		if len(p.q.terms) == MaxTerms {
			return nil, p.errorf(t.at, "the query has more than %d words and phrases; split it into two topics", MaxTerms)
		}
		p.q.terms = append(p.q.terms, t.term)
		return &node{op: opTerm, term: len(p.q.terms) - 1}, p.next()
	case tokClose:
		return nil, p.errorf(t.at, "expected a word, a \"phrase\", NOT or ( but found )")
	case tokEnd:
		return nil, p.errorf(t.at, "the query ends where a word, a \"phrase\", NOT or ( was expected")
	}
	return nil, p.errorf(t.at, "expected a word, a \"phrase\", NOT or ( but found %s", t.word)
}

// closers maps what opens a phrase to what closes it. People type whichever
// quotes their keyboard gives them, and mix them.
var closers = map[rune]string{
	'"': "\"”“", '“': "”\"“", '”': "”\"“", '„': "“”\"", '«': "»", '»': "«»", '「': "」", '『': "』", '＂': "＂\"",
}

// next reads the next token into p.tok.
func (p *parser) next() error {
	for p.pos < len(p.src) && gap(p.src[p.pos]) {
		p.pos++
	}
	at := p.pos
	p.tok = token{at: at}
	if at == len(p.src) {
		return nil
	}
	switch r := p.src[at]; r {
	case '(', '（':
		p.pos++
		p.tok.kind, p.tok.word = tokOpen, "("
		return nil
	case ')', '）':
		p.pos++
		p.tok.kind, p.tok.word = tokClose, ")"
		return nil
	default:
		if ends, ok := closers[r]; ok {
			return p.phrase(ends)
		}
	}
	for p.pos < len(p.src) {
		r := p.src[p.pos]
		if _, quote := closers[r]; gap(r) || quote || r == '(' || r == ')' || r == '（' || r == '）' {
			break
		}
		p.pos++
	}
	w := string(p.src[at:p.pos])
	p.tok.word = w
	switch w {
	case "AND", "且", "与", "與":
		p.tok.kind = tokAnd
		return nil
	case "OR", "或":
		p.tok.kind = tokOr
		return nil
	case "NOT", "非":
		p.tok.kind = tokNot
		return nil
	}
	switch strings.ToUpper(w) {
	case "AND", "OR", "NOT":
		return p.errorf(at, "write %s in capitals if it joins words, or \"%s\" in quotes if it is to be looked for", strings.ToUpper(w), w)
	}
	p.tok.kind = tokTerm
	t, err := p.term(at, w)
	p.tok.term = t
	return err
}

// phrase reads a phrase in quotes, which any character of ends closes.
func (p *parser) phrase(ends string) error {
	at := p.pos
	p.pos++
	for p.pos < len(p.src) && !strings.ContainsRune(ends, p.src[p.pos]) {
		p.pos++
	}
	if p.pos == len(p.src) {
		return p.errorf(at, "this quote is never closed; write a second one where the phrase should end")
	}
	w := string(p.src[at+1 : p.pos])
	p.pos++
	p.tok.kind, p.tok.word = tokTerm, w
	if strings.ContainsAny(w, "*＊") {
		return p.errorf(at, "a * cannot stand inside quotes; it ends a single word, such as flood*")
	}
	t, err := p.term(at, w)
	t.shown = "\"" + strings.Join(strings.Fields(w), " ") + "\""
	p.tok.term = t
	return err
}

// term checks a word or phrase.
func (p *parser) term(at int, w string) (term, error) {
	t := term{text: w, shown: w}
	if cut := strings.TrimRight(w, "*＊"); cut != w {
		t.text, t.prefix = cut, true
		if utf8.RuneCountInString(cut) < 2 {
			return t, p.errorf(at, "at least two letters must stand before the *")
		}
		if i := strings.IndexFunc(cut, func(r rune) bool { return !letter(r) }); i >= 0 {
			return t, p.errorf(at, "before a * only letters and digits may stand; %q has others", cut)
		}
		t.shown = cut + "*"
	}
	switch {
	case strings.ContainsAny(t.text, "*＊"):
		return t, p.errorf(at, "a * may only stand at the end of a word, such as flood*")
	case len(w) > 1 && (w[0] == '-' || w[0] == '!') && letter([]rune(w)[1]):
		return t, p.errorf(at, "to leave out a word write NOT %s", strings.TrimLeft(w, "-!"))
	case strings.ContainsAny(t.text, "@＠") || strings.Contains(t.text, "://"):
		return t, p.errorf(at, "handles and addresses are masked before topics are matched, so that nobody can be listened for; write words instead")
	case strings.ContainsAny(t.text, "[]{}<>"):
		return t, p.errorf(at, "a word cannot hold brackets other than ( and ), which group words")
	case strings.IndexFunc(t.text, letter) < 0:
		return t, p.errorf(at, "expected a word with letters or digits but found %q", strings.TrimSpace(w))
	}
	return t, nil
}

// gap reports whether r parts words: spaces, and the commas that people put
// between words of a list.
func gap(r rune) bool {
	switch r {
	case ',', '，', '、', '\u200b', '\ufeff':
		return true
	}
	return unicode.IsSpace(r)
}

func letter(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }
