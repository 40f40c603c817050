package publish_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"example.org/hearback"
	"example.org/hearback/internal/publish"
)

func TestPublic(t *testing.T) {
	for n, want := range map[int64]string{
		-5: "<10", 0: "<10", 1: "<10", 9: "<10", 10: "10", 12: "10", 13: "15", 97: "95", 98: "100", 99: "100", 100: "100", 104: "100", 105: "110",
		1324: "1,320", 1325: "1,330", 999_996: "1,000,000", 12_345_678: "12,345,680",
	} {
		got, withheld := publish.Public(n)
		if got != want || withheld != (n < 10) {
			t.Errorf("Public(%d) = %q, %t, want %q", n, got, withheld, want)
		}
	}
}

func TestCounts(t *testing.T) {
	for _, tt := range []struct {
		name  string
		parts []int64
		want  string
	}{
		{"all may be shown", []int64{120, 40, 35}, "120 40 35 of 200"},
		{"one may not, so two are not", []int64{120, 40, 3}, "120 <10 <10 of 160"},
		{"two may not", []int64{120, 7, 8}, "120 <10 <10 of 140"},
		{"two that come to little", []int64{120, 40, 2, 3}, "120 <10 <10 <10 of 170"},
		{"nobody in one", []int64{120, 40, 0}, "120 <10 <10 of 160"},
		{"too few in all", []int64{3, 4}, "<10 <10 of <10"},
		{"only one", []int64{7}, "<10 of <10"},
		{"one that may", []int64{70}, "70 of 70"},
		{"few, but enough together", []int64{6, 7}, "<10 <10 of 15"},
		{"none", nil, "of <10"},
	} {
		cells, total := publish.Counts(tt.parts)
		var got []string
		for _, c := range cells {
			got = append(got, c.String())
		}
		if s := strings.Join(append(got, "of", total.String()), " "); s != tt.want {
			t.Errorf("%s: Counts(%v) = %s, want %s", tt.name, tt.parts, s, tt.want)
		}
	}
}

// TestNobodyIsFound plays somebody who takes the shown parts from the shown
// whole: what is left never is one withheld part, nor fewer people than the
// floor. This holds for the true numbers, which rounding blurs further.
func TestNobodyIsFound(t *testing.T) {
	count := rapid.OneOf(rapid.Int64Range(0, 12), rapid.Int64Range(0, 12), rapid.Int64Range(0, 5000))
	left := func(t *rapid.T, parts []int64, cells []publish.Cell, total publish.Cell) {
		t.Helper()
		hidden, sum := 0, int64(0)
		for i, c := range cells {
			if c.Withheld {
				hidden++
				sum += parts[i]
			} else if parts[i] < publish.Floor {
				t.Fatalf("%v shows %d", parts, parts[i])
			}
		}
		if !total.Withheld && (hidden == 1 || hidden > 1 && sum < publish.Floor) {
			t.Fatalf("%v shows %v of %v: %d parts with %d people can be told", parts, cells, total, hidden, sum)
		}
		if total.Withheld && hidden == 0 && len(parts) > 0 {
			t.Fatalf("%v shows %v and withholds only the whole", parts, cells)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(count, 0, 8).Draw(t, "parts")
		cells, total := publish.Counts(parts)
		left(t, parts, cells, total)

		h, w := rapid.IntRange(1, 6).Draw(t, "rows"), rapid.IntRange(1, 6).Draw(t, "columns")
		rows := make([][]int64, h+1)
		for y := range rows {
			rows[y] = make([]int64, w+1)
		}
		var table [][]int64
		for y := range h {
			for x := range w {
				n := count.Draw(t, "n")
				rows[y][x] = n
				rows[y][w] += n
				rows[h][x] += n
				rows[h][w] += n
			}
			table = append(table, rows[y][:w])
		}
		grid := publish.Grid(table)
		for y := range h + 1 {
			left(t, rows[y][:w], grid[y][:w], grid[y][w])
		}
		for x := range w + 1 {
			var column []int64
			var cells []publish.Cell
			for y := range h {
				column, cells = append(column, rows[y][x]), append(cells, grid[y][x])
			}
			left(t, column, cells, grid[h][x])
		}
	})
}

func TestGridCSV(t *testing.T) {
	var b bytes.Buffer
	err := publish.GridCSV(&b, "area", []string{"question", "claim"}, []string{"Riverside", "=old town"}, [][]int64{{120, 44}, {61, 3}})
	// One withheld part of a row takes its neighbour with it, and so on.
	want := "area,question,claim,total\nRiverside,,,160\n'=old town,,,65\ntotal,180,45,230\n"
	if err != nil || b.String() != want {
		t.Errorf("GridCSV =\n%s%v, want\n%s", b.String(), err, want)
	}
	for _, bad := range []error{
		publish.GridCSV(&b, "", nil, []string{"a"}, nil),
		publish.GridCSV(&b, "", []string{"x"}, []string{"a"}, [][]int64{{1, 2}}),
	} {
		if !errors.Is(bad, hearback.ErrInvalid) {
			t.Errorf("a table that does not fit: %v, want ErrInvalid", bad)
		}
	}
	b.Reset()
	if err := publish.GridCSV(&b, "area", []string{"question"}, nil, nil); err != nil {
		t.Errorf("an empty table: %v", err)
	}
	if rows, err := csv.NewReader(&b).ReadAll(); err != nil || len(rows) != 1 {
		t.Errorf("an empty table is %v, %v", rows, err)
	}
}
