package deident

// A group is a run of digits, with what stands between it and the one before.
type group struct {
	lo, hi int  // cells
	sep    rune // 0 for the first; ' ', '-', '.', '(' for any parenthesis, ',', ':', '/', '*', …
	gap    int  // how many cells the separator has
	spaced bool // the separator holds a space
}

func (g group) n() int { return g.hi - g.lo }

// maxGroups bounds how many groups are looked at together. What follows is
// looked at next.
const maxGroups = 40

// digit returns the digit in cell i, or 0 if there is none.
func (s *scan) digit(i int) byte {
	switch c := s.cells[i]; {
	case c.f&fDigit != 0:
		return byte(c.r)
	case c.f&fNum != 0:
		return hanDigit(c.r)
	}
	return 0
}

func separator(r rune) bool {
	switch r {
	case ' ', '-', '.', '(', ')', ',', ':', '/', '*', '·', '_', '~', '#', 'x', '—', '"', '\'':
		return true
	}
	return false
}

// readGroups reads the digits at i and those that may belong to them.
func (s *scan) readGroups(i int) {
	s.groups = s.groups[:0]
	n := len(s.cells)
	var g group
	for len(s.groups) < maxGroups {
		g.lo = i
		for i < n && s.cells[i].f&(fDigit|fNum) != 0 {
			// 一 between Western digits is a dash drawn by hand.
			if s.cells[i].r == '一' && i > g.lo && s.is(i-1, fDigit) && s.is(i+1, fDigit) {
				break
			}
			i++
		}
		g.hi = i
		s.groups = append(s.groups, g)
		g = group{}
		j := i
		for j < n && j-i < 8 && (separator(s.cells[j].r) || s.cells[j].r == '一' && j == i) && s.cells[j].f&fBreak == 0 {
			r := s.cells[j].r
			switch {
			case r == 'x':
				if !s.is(j+1, fDigit) && s.r(j+1) != 'x' { // 138xxxx5678 hides digits as 138****5678 does
					j = n
					continue
				}
				r = '*'
			case r == ' ':
				g.spaced = true
				if g.sep == 0 {
					g.sep = ' '
				}
			case r == ')':
				r = '('
			case r == '一':
				r = '-'
			}
			if r != ' ' && g.sep != '*' && (g.sep == 0 || g.sep == ' ' || r == '*') {
				g.sep = r
			}
			j++
		}
		g.gap = j - i
		if j >= n || j == i || s.cells[j].f&(fDigit|fNum) == 0 || g.sep != '*' && g.gap > 3 {
			return
		}
		i = j
	}
}

// number looks at the digits at i (after an optional plus or parenthesis).
// It returns the cell after what it has dealt with.
func (s *scan) number(i int) int {
	start, plus := i, false
	for s.r(i) == '+' || s.r(i) == '(' {
		plus = plus || s.r(i) == '+'
		i++
	}
	s.readGroups(i)
	gs := s.groups
	for k := 0; k < len(gs); {
		if n := s.keepGroups(gs[k:], k == 0 && plus); n > 0 {
			if n == 1 && gs[k].n() <= 4 { // 811 Redfern Street is not the number to call before digging
				if e := s.numberInWords(gs[k], k, start); e > gs[k].hi {
					return e
				}
			}
			k += n
			continue
		}
		lo := gs[k].lo
		if k == 0 {
			lo = start
		}
		if n, kind := s.maskGroups(gs[k:], k == 0 && plus); n > 0 {
			hi := gs[k+n-1].hi
			switch kind {
			case mPhone:
				lo, hi = s.phoneSpan(lo, hi)
				if e := s.extension(hi); e > hi {
					return s.add(lo, e, kind)
				}
			case mID:
				if s.r(hi) == 'x' && !s.is(hi+1, fWord) {
					hi++
				}
			case mPlace:
				return s.add(s.signed(gs[k].lo), s.coordEnd(hi), kind)
			case mIP:
				if s.r(hi) == '/' && s.is(hi+1, fDigit) { // a prefix length
					hi++
					for s.is(hi, fDigit) {
						hi++
					}
				}
			}
			s.add(lo, hi, kind)
			k += n
			if k < len(gs) && hi > gs[k].lo {
				return hi
			}
			continue
		}
		if e := s.numberInWords(gs[k], k, start); e > gs[k].hi {
			return e
		}
		k++
	}
	return gs[len(gs)-1].hi
}

// numberInWords finds what a number begins, rather than is: a street address,
// an address in numbers only, degrees and minutes.
func (s *scan) numberInWords(g group, k, start int) int {
	if e := s.englishStreet(g); e > 0 {
		return e
	}
	if k == 0 {
		if e := s.estateNumbers(); e > 0 {
			return e
		}
	}
	if e := s.degrees(g); e > 0 {
		return e
	}
	if k == len(s.groups)-1 {
		// 3f2a9c0e-…: a number that runs into letters may be a token.
		if s.is(g.hi, fAlpha) || s.r(g.hi) == ':' || s.r(g.hi) == '-' && s.is(g.hi+1, fAlpha) {
			return s.token(g.lo)
		}
	}
	return 0
}

// num returns the value of a short group.
func (s *scan) num(g group) int {
	v := 0
	for i := g.lo; i < g.hi && i < g.lo+9; i++ {
		v = v*10 + int(s.digit(i)-'0')
	}
	return v
}

func (s *scan) year(g group) bool {
	if g.n() != 4 {
		return false
	}
	v := s.num(g)
	return 1900 <= v && v <= 2099
}

// keepGroups returns how many groups, from the first, are a date, a time, a
// price, a decimal or a public number: nobody's.
func (s *scan) keepGroups(gs []group, plus bool) int {
	g := gs[0]
	sep := func(i int) rune {
		if i >= len(gs) {
			return 0
		}
		return gs[i].sep
	}
	if !plus {
		if n := s.hotline(gs); n > 0 {
			return n
		}
	}
	// 2026-11-23, 2026.11.23, 2026/11, and then perhaps 09:30.
	if s.year(g) && len(gs) > 1 && gs[1].n() <= 2 && !gs[1].spaced && (sep(1) == '-' || sep(1) == '.' || sep(1) == '/') && in(s.num(gs[1]), 1, 12) {
		if sep(2) == sep(1) && gs[2].n() <= 2 && in(s.num(gs[2]), 1, 31) {
			return 3 + s.clock(gs[3:])
		}
		if sep(2) != sep(1) {
			return 2
		}
	}
	// 23/11/2026, 11-23-26.
	if g.n() <= 2 && len(gs) > 2 && gs[1].n() <= 2 && sep(1) == sep(2) && (sep(1) == '/' || sep(1) == '-' || sep(1) == '.') && !gs[1].spaced && !gs[2].spaced &&
		in(s.num(g), 1, 31) && in(s.num(gs[1]), 1, 31) && (s.year(gs[2]) || gs[2].n() == 2) && sep(3) != sep(1) {
		return 3 + s.clock(gs[3:])
	}
	if n := s.clock(gs); n > 0 {
		return n
	}
	// 2019-2020, 2024 2025.
	if s.year(g) {
		n := 1
		for n < len(gs) && s.year(gs[n]) {
			n++
		}
		if n > 1 && (n == len(gs) || gs[n].sep != '-') {
			return n
		}
	}
	// 1,234,567.
	if g.n() <= 3 && sep(1) == ',' && gs[1].gap == 1 && gs[1].n() == 3 {
		n := 1
		for n < len(gs) && gs[n].sep == ',' && gs[n].gap == 1 && gs[n].n() == 3 {
			n++
		}
		if n < len(gs) && gs[n].sep == '.' && gs[n].gap == 1 {
			n++
		}
		return n
	}
	// Amounts with their currency before them.
	switch s.r(s.before(g.lo)) {
	case '¥', '$', '€', '£', '￥', '₹', '₩', '₽':
		if g.n() <= 9 && !(g.n() == 3 && sep(1) == '-') {
			n := 1
			if sep(1) == '.' && gs[1].gap == 1 {
				n++
			}
			return n
		}
	}
	// 36.5, 0.123: not 415.555.2671 and not 39.904211.
	if sep(1) == '.' && gs[1].gap == 1 && sep(2) != '.' && gs[1].n() <= 4 && g.n() <= 6 && !s.coordinates(gs) {
		if !(s.coordTo > g.lo && gs[1].n() >= 2) {
			return 2
		}
	}
	// 20261123, 20261123093000: a date that lost its dashes.
	if len(gs) == 1 || gs[1].sep != '-' && gs[1].sep != '.' {
		if s.compactDate(g) && !(s.phoneTo > g.lo && g.n() == 8 && !s.birthYear(g)) {
			return 1
		}
	}
	return 0
}

func in(v, lo, hi int) bool { return lo <= v && v <= hi }

// before returns the cell before lo that is not a space.
func (s *scan) before(lo int) int {
	lo--
	for s.is(lo, fSpace) {
		lo--
	}
	return lo
}

// clock returns how many groups are a time of day.
func (s *scan) clock(gs []group) int {
	if len(gs) < 2 || gs[1].sep != ':' || gs[1].spaced || gs[0].n() > 2 || gs[1].n() != 2 || s.num(gs[0]) > 24 || s.num(gs[1]) > 59 {
		return 0
	}
	if len(gs) > 2 && gs[2].sep == ':' {
		if gs[2].n() == 2 && s.num(gs[2]) <= 59 {
			return 3
		}
		return 0
	}
	return 2
}

func (s *scan) birthYear(g group) bool {
	return in(s.num(group{lo: g.lo, hi: g.lo + 4}), 1900, 2099)
}

// compactDate reports whether g is year, month and day, perhaps with a time.
func (s *scan) compactDate(g group) bool {
	if g.n() != 8 && g.n() != 12 && g.n() != 14 || !s.birthYear(g) {
		return false
	}
	two := func(at int) int { return s.num(group{lo: g.lo + at, hi: g.lo + at + 2}) }
	if !in(two(4), 1, 12) || !in(two(6), 1, 31) {
		return false
	}
	return g.n() == 8 || two(8) < 24 && two(10) < 60 && (g.n() == 12 || two(12) < 60)
}

// hotline returns how many groups are a number on the list of public ones.
func (s *scan) hotline(gs []group) int {
	var buf [16]byte
	n, best := 0, 0
	for k, g := range gs {
		if k > 0 && !soft(g.sep) {
			break
		}
		if n+g.n() > len(buf) {
			break
		}
		for i := g.lo; i < g.hi; i++ {
			buf[n] = s.digit(i)
			n++
		}
		if _, ok := s.keep[string(buf[:n])]; ok && (k > 0 && n >= 7 || k == 0 && (len(gs) == 1 || gs[1].spaced || !soft(gs[1].sep))) {
			best = k + 1
		}
		if k > 4 {
			break
		}
	}
	if best == 1 && gs[0].n() <= 3 {
		// 110 alone is the police; in 110 1234 5678 it is the head of a number.
		if n, _ := s.maskGroups(gs, false); n > 1 {
			return 0
		}
	}
	return best
}

// soft reports whether people write sep inside one number.
func soft(sep rune) bool {
	switch sep {
	case ' ', '-', '.', '(', '·', '_', '—':
		return true
	}
	return false
}

// maxDigits is the longest number that is looked at as one: a bank card has 19.
const maxDigits = 20

// maskGroups returns how many groups, from the first, are somebody's number,
// and of what kind. It prefers the longest.
func (s *scan) maskGroups(gs []group, plus bool) (int, mark) {
	g := gs[0]
	if n := s.ipv4(gs); n > 0 {
		return n, mIP
	}
	if s.coordinates(gs) {
		if len(gs) >= 4 && gs[3].sep == '.' && gs[2].gap <= 3 && (gs[2].sep == ',' || gs[2].sep == ' ' || gs[2].sep == '/' || gs[2].sep == '-' || gs[2].sep == ':') && gs[3].n() >= 2 {
			return 4, mPlace
		}
		return 2, mPlace
	}
	// 138****5678, 1101**********1234: the writer hid the middle; the rest still tells.
	if len(gs) > 1 && gs[1].sep == '*' && gs[1].gap >= 2 && gs[0].n() >= 2 && gs[1].n() >= 2 && g.n()+gs[1].gap+gs[1].n() >= 7 {
		if g.n()+gs[1].gap+gs[1].n() > 13 {
			return 2, mID
		}
		return 2, mPhone
	}
	var d digits
	limit := 0
	for k := range gs {
		if k > 0 && !soft(gs[k].sep) || d.n+gs[k].n() > maxDigits && k > 0 {
			break
		}
		limit = k + 1
		for i := gs[k].lo; i < gs[k].hi && d.n < len(d.b); i++ {
			d.b[d.n] = s.digit(i)
			d.n++
		}
	}
	for k := limit; k > 0; k-- {
		d.n = 0
		for _, g := range gs[:k] {
			d.n += g.n()
		}
		if d.n <= len(d.b) || k == 1 {
			if kind := s.shape(gs[:k], gs[k:], d, plus); kind != 0 {
				return k, kind
			}
		}
	}
	return 0, 0
}

type digits struct {
	b [24]byte
	n int
}

// shape says what kind of somebody's number the groups gs, whose digits are d,
// are together.
func (s *scan) shape(gs, rest []group, d digits, plus bool) mark {
	n, last := d.n, gs[len(gs)-1]
	if n < 7 {
		return 0
	}
	whole := len(gs) == 1
	// single: spelt out digit by digit. tidy: in a few groups, as people
	// group one number, not a list of several.
	single := len(gs) == n
	tidy := len(gs) <= 5 || single || n >= 11 && 2*len(gs) >= n && mostlySingle(gs)
	b := d.b[:min(n, len(d.b))]
	lens := func(want ...int) bool {
		if len(want) != len(gs) {
			return false
		}
		for i, w := range want {
			if gs[i].n() != w {
				return false
			}
		}
		return true
	}

	if plus {
		max := 15
		switch {
		case b[0] == '1':
			max = 11
		case n > 2 && b[0] == '8' && b[1] == '6':
			max = 14
		}
		if n <= max && n >= 8 && len(gs) <= 8 || plus && single && n <= max {
			return mPhone
		}
	}
	if !tidy {
		return 0
	}

	// Identity numbers.
	tail := s.r(last.hi) == 'x' && !s.is(last.hi+1, fWord)
	if n == 18 && (chineseID(b, 0) || whole && plausibleBirth(b[6:14])) || n == 17 && tail && (chineseID(b, 'x') || whole) {
		return mID
	}
	if n == 18 && lens(6, 8, 4) && plausibleBirth(b[6:14]) || n == 17 && tail && lens(6, 8, 3) {
		return mID
	}
	if lens(3, 2, 4) && gs[1].sep == gs[2].sep && !s.unitAfter(last.hi) { // as in the United States
		return mID
	}

	// Cards.
	if in(n, 13, 19) && luhn(b) && (whole && n >= 14 || fours(gs) || lens(4, 6, 5) || single || lens(6, n-6)) {
		return mCard
	}
	if in(n, 16, 19) && fours(gs) && len(gs) >= 4 && !s.years(gs) {
		return mCard
	}

	// Telephones.
	m := b
	if n >= 13 && m[0] == '8' && m[1] == '6' {
		m = m[2:]
	} else if n >= 15 && m[0] == '0' && m[1] == '0' && m[2] == '8' && m[3] == '6' {
		m = m[4:]
	}
	if len(m) == 11 && m[0] == '1' && m[1] >= '3' && (whole || !s.unitAfter(last.hi) || len(gs) <= 3) {
		return mPhone
	}
	if len(m) < n && in(len(m), 9, 12) && (m[0] != '1') {
		return mPhone // 86 and an area code
	}
	unit := s.unitAfter(last.hi)
	if b[0] == '0' && (gs[0].n() >= 2 || single) && in(n, 9, 12) && !unit && !(whole && zeros(b)) {
		return mPhone // a national number of almost any country, with its trunk prefix
	}
	if b[0] == '0' && b[1] == '0' && in(n, 11, 17) && gs[0].n() >= 2 && !unit {
		return mPhone // an international number, dialled
	}
	uniform := true
	for _, g := range gs[1:] {
		uniform = uniform && g.sep == gs[1].sep || g.sep == '(' || gs[1].sep == '('
	}
	if !unit && len(gs) > 1 {
		switch {
		case lens(3, 3, 4) || lens(4, 3, 3) || lens(1, 3, 3, 4) || lens(1, 3, 4, 3):
			return mPhone
		case lens(3, 7), lens(6, 4):
			if n == 10 && b[0] >= '2' && b[3] >= '2' {
				return mPhone
			}
		case lens(5, 5):
			if b[0] >= '6' || gs[1].sep == '-' {
				return mPhone
			}
		case lens(3, 3, 3) && uniform && b[0] >= '5', lens(3, 4, 4), lens(2, 4, 4), lens(3, 8), lens(4, 8), lens(4, 7):
			if n >= 11 || b[0] != '1' {
				return mPhone
			}
		case lens(4, 4):
			if b[0] >= '2' && !s.years(gs) && !(zeros(b[2:4]) && zeros(b[6:8])) && (gs[1].sep == '-' || gs[1].sep == ' ' || gs[1].sep == '.') && (b[0] != '2' || b[1] != '0') {
				return mPhone
			}
		case lens(3, 4):
			if gs[1].sep == '-' && b[0] >= '2' && !zeros(b[5:7]) && !s.is(s.before(gs[0].lo), fAlpha) {
				return mPhone
			}
		case single && n == 10 && b[0] >= '2' && b[3] >= '2':
			return mPhone
		}
	}
	if s.phoneTo > gs[0].lo && in(n, 7, 12) && !unit && !s.years(gs) && (whole || len(gs) <= 4 && gs[0].n() >= 2 && (last.n() >= 3 || n >= 9 && last.n() >= 2)) {
		return mPhone
	}

	// A bare number of nine digits or more counts nothing: it names something.
	if whole && n >= 9 && !unit && !zeros(b[len(b)-5:]) && !counting(b) && !s.compactDate(gs[0]) {
		if (n == 10 || n == 11) && b[0] != '0' {
			return mPhone
		}
		if in(n, 13, 19) && luhn(b) {
			return mCard
		}
		return mID
	}
	return 0
}

func mostlySingle(gs []group) bool {
	one := 0
	for _, g := range gs {
		if g.n() == 1 {
			one++
		}
	}
	return 3*one >= 2*len(gs)
}

func (s *scan) years(gs []group) bool {
	for _, g := range gs {
		if !s.year(g) {
			return false
		}
	}
	return true
}

func fours(gs []group) bool {
	for i, g := range gs {
		if g.n() != 4 && (i < len(gs)-1 || g.n() > 4 && (i < 3 || g.n() > 7)) {
			return false
		}
	}
	return len(gs) > 2
}

func zeros(b []byte) bool {
	for _, c := range b {
		if c != '0' {
			return false
		}
	}
	return true
}

// counting reports whether b is 123456789 or the like.
func counting(b []byte) bool {
	for i := 1; i < len(b); i++ {
		if b[i] != b[i-1]+1 && !(b[i] == '0' && b[i-1] == '9') {
			return false
		}
	}
	return true
}

func luhn(b []byte) bool {
	sum := 0
	for i := range b {
		v := int(b[len(b)-1-i] - '0')
		if i%2 == 1 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return sum%10 == 0 && !zeros(b)
}

// chineseID checks GB 11643: 17 digits and a check character.
func chineseID(b []byte, check byte) bool {
	weights := [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	if check == 0 {
		check = b[17]
	}
	sum := 0
	for i, w := range weights {
		sum += w * int(b[i]-'0')
	}
	return "10x98765432"[sum%11] == check && plausibleBirth(b[6:14])
}

func plausibleBirth(b []byte) bool {
	v := func(lo, hi int) int {
		n := 0
		for _, c := range b[lo:hi] {
			n = n*10 + int(c-'0')
		}
		return n
	}
	return in(v(0, 4), 1900, 2099) && in(v(4, 6), 1, 12) && in(v(6, 8), 1, 31)
}

// unitAfter reports whether what follows cell i says that the number counts
// something.
func (s *scan) unitAfter(i int) bool {
	i = s.spaces(i)
	switch {
	case s.is(i, fHan):
		r := s.r(i)
		if r == '户' && (s.r(i+1) == '主' || s.r(i+1) == '名') || r == '点' && s.r(i+1) == '击' {
			return false
		}
		return isUnit(r)
	case s.is(i, fAlpha):
		w, _ := s.wordAt(i)
		_, ok := units[string(w)]
		return ok
	}
	return s.r(i) == '%' || s.r(i) == '℃' || s.r(i) == '‰' || s.r(i) == '°' && !s.is(i+1, fDigit)
}

var hanUnitSet = func() map[rune]struct{} {
	m := map[rune]struct{}{}
	for _, r := range hanUnits {
		m[r] = struct{}{}
	}
	return m
}()

func isUnit(r rune) bool { _, ok := hanUnitSet[r]; return ok }

// ipv4 returns 4 if the first four groups are an address of the internet.
func (s *scan) ipv4(gs []group) int {
	if len(gs) < 4 {
		return 0
	}
	for i := range 4 {
		if gs[i].n() > 3 || s.num(gs[i]) > 255 || i > 0 && (gs[i].sep != '.' || gs[i].gap != 1) {
			return 0
		}
	}
	if len(gs) > 4 && gs[4].sep == '.' && gs[4].gap == 1 {
		return 0
	}
	return 4
}

// coordinates reports whether gs begins with a decimal so fine that it can
// only be a place.
func (s *scan) coordinates(gs []group) bool {
	if len(gs) < 2 || gs[1].sep != '.' || gs[1].gap != 1 || gs[0].n() > 3 || s.num(gs[0]) > 180 || gs[0].n() > 1 && s.r(gs[0].lo) == '0' {
		return false
	}
	if len(gs) > 2 && gs[2].sep == '.' && gs[2].gap == 1 {
		return false
	}
	frac := gs[1].n()
	if frac >= 5 && !s.unitAfter(gs[1].hi) || s.coordTo > gs[0].lo && frac >= 2 {
		return true
	}
	if frac < 3 {
		return false
	}
	k := gs[1].hi
	if s.r(k) == ' ' && s.is(k+1, fUpper) {
		k++
	}
	switch s.r(k) {
	case '°', 'n', 's', 'e', 'w':
		if !s.is(k+1, fAlpha) && !s.unitAfter(gs[1].hi) {
			return true
		}
	}
	return len(gs) >= 4 && gs[3].sep == '.' && gs[3].gap == 1 && gs[2].gap <= 3 && gs[3].n() >= 3 && s.num(gs[2]) <= 180 &&
		(gs[2].sep == ',' || gs[2].sep == ' ' && frac >= 4 || gs[2].sep == '/')
}

// signed moves lo over a minus sign.
func (s *scan) signed(lo int) int {
	if s.r(lo-1) == '-' && lo-1 >= s.floor() {
		return lo - 1
	}
	return lo
}

// coordEnd moves hi over a degree sign and a letter for the direction.
func (s *scan) coordEnd(hi int) int {
	if s.r(hi) == '°' {
		hi++
	}
	if s.r(hi) == ' ' && s.is(hi+1, fUpper) && !s.is(hi+2, fAlpha) {
		switch s.r(hi + 1) {
		case 'n', 's', 'e', 'w':
			hi++
		}
	}
	switch s.r(hi) {
	case 'n', 's', 'e', 'w':
		if !s.is(hi+1, fAlpha) {
			hi++
		}
	}
	return hi
}

// degrees finds 39°54'15"N.
func (s *scan) degrees(g group) int {
	if g.n() > 3 || s.r(g.hi) != '°' && s.r(g.hi) != '度' || !s.is(s.spaces(g.hi+1), fDigit) {
		return 0
	}
	i, minutes, sure := g.hi+1, false, s.r(g.hi) == '°' || s.coordTo > g.lo
	for ; i < len(s.cells) && i < g.hi+24; i++ {
		switch r := s.r(i); {
		case r == '\'' || r == '′' || r == '分':
			minutes = true
		case r == '"' || r == '″' || r == '秒':
			sure = true
		case s.is(i, fDigit), r == '.', r == ' ' && !s.is(i, fBreak):
		default:
			goto out
		}
	}
out:
	if !minutes || !sure {
		return 0
	}
	for s.r(i-1) == ' ' {
		i--
	}
	return s.add(g.lo, s.coordEnd(i), mPlace)
}

// phoneSpan takes in the parentheses and the plus around a number.
func (s *scan) phoneSpan(lo, hi int) (int, int) {
	open, closed := false, false
	for i := lo; i < hi; i++ {
		open = open || s.r(i) == '('
		closed = closed || s.r(i) == ')'
	}
	switch {
	case open && !closed:
		if s.r(hi) == ')' {
			return lo, hi + 1
		}
		for s.r(lo) == '(' {
			lo++
		}
	case closed && !open && s.r(lo-1) == '(' && lo-1 >= s.floor():
		lo--
	}
	return lo, hi
}

// extension returns the end of an extension after a telephone number.
func (s *scan) extension(i int) int {
	j := s.spaces(i)
	n := 0
	for _, w := range [...]string{"转", "轉", "分机", "分機", "extension", "ext.", "ext", "x", "#", "-", ",,"} {
		if n = s.match(j, w); n > 0 {
			break
		}
	}
	if n == 0 {
		return i
	}
	j = s.spaces(j + n)
	k := j
	for s.is(k, fDigit) && k-j < 6 {
		k++
	}
	if k-j < 2 || s.is(k, fWord) {
		return i
	}
	return k
}
