package topic

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"example.org/hearback"
)

// Limits on a query.
const (
	MaxQuery = 2000 // characters
	MaxTerms = 200
	maxDepth = 32
)

// A Query is a parsed query.
type Query struct {
	root   *node
	leaves []leaf
}

// A leaf is a word or a phrase of a query.
type leaf struct {
	text   string
	prefix bool // it ended in *: any word that begins so
}

// A node is one operation. Exactly one kind is set.
type node struct {
	op   op
	kids []*node
	leaf int
}

type op uint8

const (
	opLeaf op = iota
	opAnd
	opOr
	opNot
)

// holds evaluates the query, given which leaves were found.
func (n *node) holds(found []bool) bool {
	switch n.op {
	case opLeaf:
		return found[n.leaf]
	case opNot:
		return !n.kids[0].holds(found)
	case opAnd:
		for _, k := range n.kids {
			if !k.holds(found) {
				return false
			}
		}
		return true
	default:
		for _, k := range n.kids {
			if k.holds(found) {
				return true
			}
		}
		return false
	}
}

// Parse reads a query: words and "phrases", joined by AND (or nothing), OR and
// NOT, with parentheses; a word may end in * for all words that begin so. Its
// error wraps [hearback.ErrInvalid] and says at which character what was
// expected.
func Parse(query string) (*Query, error) {
	if n := utf8.RuneCountInString(query); n > MaxQuery {
		return nil, fmt.Errorf("%w: the query has %d characters; %d are allowed", hearback.ErrInvalid, n, MaxQuery)
	}
	p := &parser{rest: strings.ToValidUTF8(query, " "), q: &Query{}}
	p.next()
	root, err := p.or(0)
	if err == nil && p.tok.kind != tokEnd {
		err = p.fail("the query is over here, but there is still %q; is an opening parenthesis missing?", p.tok.text)
	}
	if err != nil {
		return nil, err
	}
	p.q.root = root
	if root.holds(make([]bool, len(p.q.leaves))) {
		return nil, fmt.Errorf("%w: this query would keep every message that does not hold a word; name what it should hold, not only what it should not", hearback.ErrInvalid)
	}
	return p.q, nil
}

type tokKind uint8

const (
	tokEnd tokKind = iota
	tokWord
	tokPhrase
	tokAnd
	tokOr
	tokNot
	tokOpen
	tokClose
	tokBroken // a phrase without its end
)

type token struct {
	kind tokKind
	text string
	at   int // character, from 1
}

type parser struct {
	rest string
	at   int
	tok  token
	q    *Query
}

func (p *parser) fail(format string, args ...any) error {
	return fmt.Errorf("%w: at character %d: %s", hearback.ErrInvalid, p.tok.at, fmt.Sprintf(format, args...))
}

// quotes closes what each opening mark opens.
var quotes = map[rune]string{'"': `"`, '“': "”", '「': "」", '『': "』", '＂': "＂"}

// next reads the next token.
func (p *parser) next() {
	trimmed := strings.TrimLeftFunc(p.rest, func(r rune) bool { return unicode.IsSpace(r) || r == ',' || r == '，' || r == '、' })
	p.at += utf8.RuneCountInString(p.rest[:len(p.rest)-len(trimmed)])
	p.rest = trimmed
	if p.rest == "" {
		p.tok = token{tokEnd, "", p.at + 1}
		return
	}
	r, size := utf8.DecodeRuneInString(p.rest)
	take := func(kind tokKind, text string, used int) {
		p.tok = token{kind, text, p.at + 1}
		p.at += utf8.RuneCountInString(p.rest[:used])
		p.rest = p.rest[used:]
	}
	switch {
	case r == '(' || r == '（':
		take(tokOpen, "(", size)
	case r == ')' || r == '）':
		take(tokClose, ")", size)
	case quotes[r] != "":
		end := strings.Index(p.rest[size:], quotes[r])
		if end < 0 {
			take(tokBroken, p.rest[size:], len(p.rest))
			return
		}
		take(tokPhrase, p.rest[size:size+end], size+end+len(quotes[r]))
	default:
		n := strings.IndexFunc(p.rest, func(r rune) bool {
			return unicode.IsSpace(r) || strings.ContainsRune("()（）,，、", r) || quotes[r] != ""
		})
		if n < 0 {
			n = len(p.rest)
		}
		word := p.rest[:n]
		switch word {
		case "AND", "与", "且":
			take(tokAnd, word, n)
		case "OR", "或":
			take(tokOr, word, n)
		case "NOT", "非":
			take(tokNot, word, n)
		default:
			take(tokWord, word, n)
		}
	}
}

func (p *parser) or(depth int) (*node, error) {
	return p.list(depth, opOr, p.and, func() bool {
		if p.tok.kind == tokOr {
			p.next()
			return true
		}
		return false
	})
}

func (p *parser) and(depth int) (*node, error) {
	return p.list(depth, opAnd, p.not, func() bool {
		switch p.tok.kind {
		case tokAnd:
			p.next()
			return true
		case tokWord, tokPhrase, tokNot, tokOpen, tokBroken:
			return true // side by side means AND
		}
		return false
	})
}

func (p *parser) list(depth int, o op, part func(int) (*node, error), more func() bool) (*node, error) {
	first, err := part(depth)
	if err != nil {
		return nil, err
	}
	n := &node{op: o, kids: []*node{first}}
	for more() {
		kid, err := part(depth)
		if err != nil {
			return nil, err
		}
		n.kids = append(n.kids, kid)
	}
	if len(n.kids) == 1 {
		return first, nil
	}
	return n, nil
}

func (p *parser) not(depth int) (*node, error) {
	if depth > maxDepth {
		return nil, p.fail("parentheses and NOT stand more than %d deep", maxDepth)
	}
	switch t := p.tok; t.kind {
	case tokNot:
		p.next()
		kid, err := p.not(depth + 1)
		return &node{op: opNot, kids: []*node{kid}}, err
	case tokOpen:
		p.next()
		n, err := p.or(depth + 1)
		if err != nil {
			return nil, err
		}
		if p.tok.kind != tokClose {
			return nil, p.fail("a closing parenthesis is missing; it was opened at character %d", t.at)
		}
		p.next()
		return n, nil
	case tokWord, tokPhrase:
		l := leaf{text: t.text}
		if t.kind == tokWord {
			l.text, l.prefix = strings.CutSuffix(t.text, "*")
		}
		if strings.IndexFunc(l.text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) < 0 {
			return nil, p.fail("%q holds no letter and no number, so it cannot be looked for", t.text)
		}
		if l.prefix && utf8.RuneCountInString(l.text) < 2 {
			return nil, p.fail("write at least two letters before the *")
		}
		if len(p.q.leaves) == MaxTerms {
			return nil, p.fail("a query may have %d words at the most; make two topics of it", MaxTerms)
		}
		p.next()
		p.q.leaves = append(p.q.leaves, l)
		return &node{op: opLeaf, leaf: len(p.q.leaves) - 1}, nil
	case tokBroken:
		return nil, p.fail("the quotation mark is not closed")
	case tokClose:
		return nil, p.fail("a word is missing before the closing parenthesis")
	case tokEnd:
		return nil, p.fail("a word is missing at the end")
	default:
		return nil, p.fail("a word is missing before %s", t.text)
	}
}
