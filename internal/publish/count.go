package publish

import (
	"strconv"
	"strings"
)

// Floor is the fewest people that a number shown outside the console may
// speak of.
const Floor = 10

// Public returns a count of people as it may be shown outside the console.
// Under [Floor] it is withheld, none at all included, so that nobody can tell
// whether one neighbour spoke; above, it is rounded to 5, and from 100 to 10.
// Every number that leaves goes through it, through [Counts] or [Grid].
func Public(n int64) (text string, withheld bool) {
	c := cell(n)
	return c.String(), c.Withheld
}

// Rounded returns a count of people as a number that may be shown outside the
// console, 0 if it is withheld: for formats that have no way to say so.
func Rounded(n int64) int64 { return cell(n).N }

// A Cell is a count that may be shown.
type Cell struct {
	N        int64 // rounded; 0 if withheld
	Withheld bool
}

// String returns the count with its thousands grouped, or "<10".
func (c Cell) String() string {
	if c.Withheld {
		return "<" + strconv.Itoa(Floor)
	}
	return group(c.N)
}

func cell(n int64) Cell {
	switch {
	case n < Floor:
		return Cell{Withheld: true}
	case n < 100:
		return Cell{N: (n + 2) / 5 * 5}
	}
	return Cell{N: (n + 5) / 10 * 10}
}

// group writes a number with a comma between thousands.
func group(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	var parts []string
	for len(s) > 3 {
		parts = append([]string{s[len(s)-3:]}, parts...)
		s = s[:len(s)-3]
	}
	return sign + strings.Join(append([]string{s}, parts...), ",")
}

// Counts returns the parts of a whole, and the whole, so that no withheld part
// can be found by taking the others from the whole: if one part is withheld,
// or those withheld come to less than [Floor] together, the next smallest is
// withheld too. Where even that does not help, the whole is.
func Counts(parts []int64) (cells []Cell, total Cell) {
	hide := make([]bool, len(parts))
	var sum int64
	for i, n := range parts {
		hide[i] = n < Floor
		sum += n
	}
	all := sum < Floor
	for !all && exposed(parts, hide) {
		i := smallest(parts, hide)
		if i < 0 {
			all = true
			break
		}
		hide[i] = true
	}
	cells = make([]Cell, len(parts))
	for i, n := range parts {
		cells[i] = shown(n, hide[i])
	}
	return cells, shown(sum, all)
}

func shown(n int64, hide bool) Cell {
	if hide {
		return Cell{Withheld: true}
	}
	return cell(n)
}

// exposed reports whether the withheld parts of a line could be told from its
// whole: there is only one, or they come to less than Floor.
func exposed(parts []int64, hide []bool) bool {
	n, sum := 0, int64(0)
	for i, h := range hide {
		if h {
			n++
			sum += parts[i]
		}
	}
	return n == 1 || n > 1 && sum < Floor
}

// smallest returns the index of the smallest part still shown, or -1.
func smallest(parts []int64, hide []bool) int {
	best := -1
	for i, n := range parts {
		if !hide[i] && (best < 0 || n < parts[best]) {
			best = i
		}
	}
	return best
}

// Grid does for a table what [Counts] does for a line, along rows and columns
// both, totals included. rows must all have the same length. The result has
// one row and one column more than the table: the totals.
func Grid(rows [][]int64) [][]Cell {
	if len(rows) == 0 || len(rows[0]) == 0 {
		return nil
	}
	h, w := len(rows)+1, len(rows[0])+1
	n, hide := make([][]int64, h), make([][]bool, h)
	for y := range n {
		n[y], hide[y] = make([]int64, w), make([]bool, w)
	}
	for y, row := range rows {
		for x, v := range row[:w-1] {
			n[y][x] = v
			n[y][w-1] += v
			n[h-1][x] += v
			n[h-1][w-1] += v
		}
	}
	for y := range n {
		for x := range n[y] {
			hide[y][x] = n[y][x] < Floor
		}
	}
	// Each line of the table, its total at the end, as places in it.
	type place struct{ y, x int }
	var lines [][]place
	for y := range h {
		var line []place
		for x := range w {
			line = append(line, place{y, x})
		}
		lines = append(lines, line)
	}
	for x := range w {
		var line []place
		for y := range h {
			line = append(line, place{y, x})
		}
		lines = append(lines, line)
	}
	// Every round withholds one more place, so this ends.
	for more := true; more; {
		more = false
		for _, line := range lines {
			vals, hid := make([]int64, len(line)), make([]bool, len(line))
			for i, p := range line {
				vals[i], hid[i] = n[p.y][p.x], hide[p.y][p.x]
			}
			last := len(line) - 1
			// With the total shown, the parts must not come out of it; with the
			// total withheld, it must not come out of the parts.
			bad := !hid[last] && exposed(vals[:last], hid[:last])
			if hid[last] {
				bad = smallest(vals[:last], hid[:last]) >= 0 && !anyOf(hid[:last])
			}
			if !bad {
				continue
			}
			i := smallest(vals[:last], hid[:last])
			if i < 0 {
				i = last
			}
			hide[line[i].y][line[i].x], more = true, true
		}
	}
	out := make([][]Cell, h)
	for y := range out {
		out[y] = make([]Cell, w)
		for x := range out[y] {
			out[y][x] = shown(n[y][x], hide[y][x])
		}
	}
	return out
}

func anyOf(list []bool) bool {
	for _, x := range list {
		if x {
			return true
		}
	}
	return false
}
