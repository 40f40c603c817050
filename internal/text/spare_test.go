package text_test

import (
	"slices"
	"strings"
	"testing"

	"example.org/hearback/internal/text"
)

func TestSpare(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"来水 自来水 自来 bus", "自来水 bus"},
		{"学校 校停 停课", "学校 停课"},
		{"停水 水费", "停水 水费"},
		{"water tap water", "water tap"},
		{"电 停电", "停电"},
		{"自来水 能喝 喝吗", "自来水 能喝"},
		{"喝吗", "喝吗"},
		{"", ""},
	} {
		if got := text.Spare(strings.Fields(tt.in)); !slices.Equal(got, strings.Fields(tt.want)) {
			t.Errorf("Spare(%s) = %v, want %s", tt.in, got, tt.want)
		}
	}
	if got := text.Spare([]string{"tap water", "water"}); !slices.Equal(got, []string{"tap water"}) {
		t.Errorf("a word of a phrase stays beside it: %v", got)
	}
}
