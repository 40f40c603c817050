package translog

import (
	_ "embed"
	"encoding/json"
	"fmt"
)

//go:embed verify.js
var script string

// Script returns the verifier for the reader's browser: an ES module without
// dependencies that exports verifyPage, verifyBundle and fingerprint. It makes
// the checks of [VerifyPage] and says them in the same sentences.
func Script() ([]byte, error) {
	type pair struct {
		EN string `json:"en"`
		ZH string `json:"zh"`
	}
	table := map[string]map[CheckState]pair{}
	for id, s := range sentences {
		table[id] = map[CheckState]pair{CheckOK: {s.ok, s.okZH}, CheckFailed: {s.failed, s.failedZH}, CheckNot: {s.not, s.notZH}}
	}
	b, err := json.Marshal(table)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "const sentences = %s;\n\n%s", b, script), nil
}
