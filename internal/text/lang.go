package text

// decide names the language of a text: by script where that settles it, else
// by the model, with what the source states as a vote.
func (a *Analyzer) decide(s, norm, stated string) (string, float64) {
	return a.Lang(s)
}

// Lang names the language of s and how sure that is.
func (a *Analyzer) Lang(s string) (string, float64) {
	var h langSum
	a.lid.sumOf(&h, s, 400)
	l, _, p, _ := a.lid.best(&h, nil)
	return l, p
}
