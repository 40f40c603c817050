// Package match finds published answers that a message or a concern may be
// asking for, also when one is Chinese and the other English. It only ever
// proposes: a person decides, and nothing is answered by itself.
//
// First the answers are found that share the rarest words and pieces of words
// with a query (BM25), and those whose meaning is most alike (vectors and
// glosses of package lexvec, over every answer). Then these few are compared
// with it feature by feature. The weighed sum of the features competes with
// that of the other candidates and with "none of these", which makes it a
// chance; a match carries its features and the words that met, so that it can
// be shown why.
package match

import (
	"cmp"

	"example.org/hearback/internal/text"
	"example.org/hearback/internal/text/lexvec"
)

// Options tunes an [Index]. Zero values mean the defaults.
type Options struct {
	Suggest float64 // score from which a match is worth showing; default DefaultSuggest
	Same    float64 // score from which it is probably the same; default DefaultSame
}

// An Answer is what can be found: its claim, its title and other ways to put
// them; and, with less weight, what it says.
type Answer struct {
	ID      string
	Group   string // answers of one group do not compete: one answer in several languages; default ID
	Claim   string
	Title   string
	Aliases []string
	Text    string
	Lang    string
}

// New returns an empty index. The vectors let it find answers in another
// language, and other words for the same thing.
func New(a *text.Analyzer, v *lexvec.Vectors, o Options) *Index {
	o.Suggest, o.Same = cmp.Or(o.Suggest, DefaultSuggest), cmp.Or(o.Same, DefaultSame)
	ix := &Index{text: a, vec: v, opt: o, place: map[string]uint32{}}
	for i := range ix.view {
		ix.view[i].ids = map[uint64]uint32{}
	}
	ix.light, ix.office = ix.lightRows(), ix.officeGlosses()
	return ix
}
