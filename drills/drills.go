// Package drills holds the drills that come with the program: invented crises
// to learn with, and the acceptance tests of the whole loop.
package drills

import (
	"embed"
	"strings"
)

// Files holds the built-in drills.
//
//go:embed *.txtar
var Files embed.FS

// Names returns the names of the built-in drills.
func Names() []string {
	var names []string
	entries, err := Files.ReadDir(".")
	if err != nil {
		panic(err) // an embedded directory can be read
	}
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".txtar"))
	}
	return names
}
