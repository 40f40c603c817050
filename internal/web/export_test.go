package web

import (
	"net/http"
	"strings"
)

// Pseudo is one of the two sites with every sentence between marks.
func Pseudo(o Options, console bool) (http.Handler, error) {
	s, err := newServer(o, console)
	if err != nil {
		return nil, err
	}
	mark := func(s string) string {
		if strings.TrimSpace(s) == "" {
			return s
		}
		return "⟦" + s + "⟧"
	}
	for _, l := range s.locales {
		l.Map(mark)
	}
	if err := s.parse(); err != nil {
		return nil, err
	}
	table := publicRoutes
	if console {
		table = consoleRoutes
	}
	return s.site(table)
}
