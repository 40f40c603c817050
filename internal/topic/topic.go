// Package topic reads public saved queries and finds which of them a message
// matches. What matches no topic is never stored, so a topic decides what the
// office hears: its words are public and it has no secret parts.
//
// A query is made of words and "phrases" in any language, AND, OR, NOT in
// capitals (or 且, 或, 非), and parentheses. Words side by side must all occur. A * at the end
// of a word stands for any ending. Words match in every inflection, Chinese
// matches in simplified and traditional characters alike, and wherever its
// characters stand side by side, however the text around them is cut into
// words.
//
// It does not rank, and it does not know what a topic is for.
package topic

import "slices"

// Limits of one query.
const (
	MaxQuery = 2000 // characters
	MaxTerms = 200  // words and phrases
	MaxDepth = 32   // parentheses and NOT inside one another
)

// A Query is a query that was understood.
type Query struct {
	src   string
	root  *node
	terms []term
}

// A term is one word or phrase of a query.
type term struct {
	text   string // as written, without quotes and star
	shown  string // as written
	prefix bool
}

type operator uint8

const (
	opTerm operator = iota
	opAnd
	opOr
	opNot
)

// A node is a part of a query: a term, or an operator over its kids.
type node struct {
	op   operator
	term int // of Query.terms
	kids []*node
}

// String returns the query as it was written.
func (q *Query) String() string { return q.src }

// Explain returns what the query listens for: its words and phrases as they
// were written, in order, each once. [Set.Explain] tells which of them a
// message matched.
func (q *Query) Explain() []string {
	var all []string
	for _, t := range q.terms {
		if !slices.Contains(all, t.shown) {
			all = append(all, t.shown)
		}
	}
	return all
}

// eval returns the value of the query when is tells which terms occur.
func (n *node) eval(is func(term int) bool) bool {
	switch n.op {
	case opAnd:
		for _, k := range n.kids {
			if !k.eval(is) {
				return false
			}
		}
		return true
	case opOr:
		for _, k := range n.kids {
			if k.eval(is) {
				return true
			}
		}
		return false
	case opNot:
		return !n.kids[0].eval(is)
	}
	return is(n.term)
}

// reasons appends the terms that make n true.
func (n *node) reasons(is func(term int) bool, to []int) []int {
	if n.op == opNot || !n.eval(is) {
		return to
	}
	if n.op == opTerm {
		return append(to, n.term)
	}
	for _, k := range n.kids {
		to = k.reasons(is, to)
	}
	return to
}
