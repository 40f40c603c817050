package deident

// Break makes m panic with a value that quotes a text, as a mistake in a rule
// might.
func Break(m *Masker, quote string) {
	m.pass = func(*scan) { panic("index out of range near " + quote) }
}
