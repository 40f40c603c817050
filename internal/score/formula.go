package score

import (
	"fmt"
	"strconv"

	"example.org/hearback"
)

// A Formula is one formula of the score as people read it, with the constants
// that are in force.
type Formula struct {
	Name      string    // of the part
	Text      string    // in signs that all languages share
	Constants []float64 // that an explanation of the formula needs besides
}

// Formulae lists the formulae of these [Rules], made from the constants that
// scores are computed with, so that what is published is what runs. The chance
// behind the persistence is for package forecast to say.
func Formulae() []Formula {
	n := func(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
	return []Formula{
		{"heat", fmt.Sprintf("H = 100 s(%s (log₂(1 + A) − %s) + %s (E − %s))", n(heatVoices), n(heatBase), n(heatSigma), n(sigmaBase)),
			[]float64{halfLife, 100 * sourceCap, sourceFree, sigmaLow, sigmaHigh}},
		{"reach", fmt.Sprintf("R = 100 s(%s (log₁₀(1 + N) − %s) + %s (S − %s) + %s (G − %s))", n(reachPeople), n(reachBase), n(reachSources), n(sourcesBase), n(reachAreas), n(areasBase)),
			[]float64{100 * viewShare}},
		{"harm", fmt.Sprintf("D = 100 × X/%s × (%s + %s × M/%s)", n(anchors), n(harmBase), n(harmMods), n(anchors)),
			[]float64{unratedHarm, guessFrom, secondHarm, secondApart}},
		{"spread", fmt.Sprintf("L = %s H + %s R + %s P", n(weightHeat), n(weightReach), n(weightPersistence)), nil},
		{"priority", "√(D × L)", nil},
		{"grade", "", []float64{gradeVoices, gradeFew}},
	}
}

// Matrix returns the tier by harm (rows) and spread (columns), in steps of 25
// from 0.
func Matrix() [4][4]hearback.Tier { return matrix }
