// Package data holds the data files that are built into the program. Each
// folder has its own LICENSE and README: where the file comes from, under
// which terms, and the command that made it. They are data with licences of
// their own, apart from the licence of the code.
//
// Everything here is read-only.
package data

import _ "embed" // the files below

var (
	//go:embed langid/lid.176.ftz
	langID string
	//go:embed hanwords/words.txt
	hanWords string
	//go:embed cedict/words.txt
	cedictWords string
	//go:embed opencc/TSCharacters.txt
	tsCharacters string
	//go:embed opencc/TSPhrases.txt
	tsPhrases string
	//go:embed opencc/TWPhrasesRev.txt
	twPhrases string
	//go:embed passwords/passwords.txt
	passwords string
)

// LangID returns the fastText language identification model lid.176.ftz.
func LangID() string { return langID }

// HanWords returns Chinese words with how often they occur, one "word<TAB>n"
// a line.
func HanWords() string { return hanWords }

// CedictWords returns the simplified headwords of CC-CEDICT that HanWords
// lacks, one a line.
func CedictWords() string { return cedictWords }

// Simplify returns OpenCC's tables from traditional to simplified Chinese:
// characters, phrases, and words that differ between Taiwan and the mainland
// (both sides in traditional characters).
func Simplify() (characters, phrases, taiwan string) { return tsCharacters, tsPhrases, twPhrases }

//go:embed lexvec/lexvec.bin
var lexVec []byte

// LexVec returns the bilingual word vectors that package lexvec loads. It must
// not be changed.
func LexVec() []byte { return lexVec }

var (
	//go:embed places/places.txt
	places string
	//go:embed places/ordinary.txt
	placeWords string
)

// Places returns the gazetteer, one area a line, an area after the one it lies
// in; places/README.md names the columns. PlaceWords returns names of places
// that are ordinary words too, one a line.
func Places() string     { return places }
func PlaceWords() string { return placeWords } // see [Places]

// Passwords returns the commonest passwords of published breaches, in lower
// case, one a line.
func Passwords() string { return passwords }

//go:embed holidays/days.txt
var holidays string

// Holidays returns public holidays, one country and year a line, in the order
// of countries; holidays/README.md tells the form.
func Holidays() string { return holidays }
