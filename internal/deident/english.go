package deident

// The ways a name may be announced in English.
type naming int

const (
	nameTold  naming = iota // my name is …: whatever comes
	nameTitle               // Ms …
	nameSign                // Regards, …
	nameSeen                // this is …: only what is known for a name
	nameIAm                 // I am …: what is known for a name, or looks like two parts of one
)

// name masks the name at i, if there is one.
func (s *scan) name(i int, how naming) int {
	e, n := i, 0
	sure := how == nameTold || how == nameTitle
	seen, lowered := how == nameSeen || how == nameIAm, false
	for n < 4 {
		start := e
		if n > 0 {
			start = s.spaces(e)
			if start == e {
				break
			}
		}
		if !s.is(start, fAlpha|fLetter) {
			break
		}
		end := s.nameWord(start)
		w := s.lower(start, end)
		capital := s.is(start, fUpper)
		if n == 0 && how != nameTitle {
			if t, k := s.title(start, end); t {
				if k2 := s.name(k, nameTitle); k2 > 0 {
					return k2
				}
				return 0
			}
		}
		known := has(givenNames, string(w)) && (capital || !has(commonNames, string(w)))
		family := has(familyNames, string(w)) || has(pinyinFamilies, string(w))
		if has(notNames, string(w)) && !(capital && (known || family)) {
			break
		}
		switch {
		case n == 0:
			if !capital {
				lowered = true
				if how == nameTitle || how == nameSign || seen && !known {
					return 0
				}
			}
			if seen && has(notNameStart, string(w)) {
				return 0
			}
			sure = sure || known || family && how == nameSign
			if seen && family && !known && !s.nextCapital(end) {
				sure = sure || s.clauseEnds(end) && !s.is(end, fWord)
			}
			if seen && s.nextCapital(end) && end-start > 1 {
				sure = sure || has(pinyinFamilies, string(w))
			}
			if how == nameIAm && capital && !s.is(start+1, fUpper) && s.match(s.spaces(end), "from ") > 0 {
				sure = true // I am Roberto from block 4
			}
		case !capital && !(lowered && (family || known)):
			goto out
		default:
			sure = sure || family && how != nameTitle || known
		}
		if s.r(end) == '.' && end-start == 1 { // an initial
			end++
		}
		e = end
		n++
		if how == nameTitle && n == 2 || n == 3 {
			break
		}
	}
out:
	if how == nameSign && n > 0 {
		sure = sure || s.clauseEnds(e)
	}
	if how == nameIAm && n == 2 && !lowered {
		sure = sure || s.clauseEnds(e)
	}
	if n == 0 || !sure {
		return 0
	}
	return s.add(i, e, mName)
}

// title reports whether the word start to end is a title before a name, and
// where the name begins.
func (s *scan) title(start, end int) (bool, int) {
	switch string(s.lower(start, end)) {
	case "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "sir", "madam", "rev", "nurse", "sister":
	default:
		return false, 0
	}
	k := end
	if s.r(k) == '.' {
		k++
	}
	j := s.spaces(k)
	return s.is(j, fUpper), j
}

func (s *scan) nextCapital(i int) bool { return s.is(s.spaces(i), fUpper) }

// clauseEnds reports whether a clause ends at i.
func (s *scan) clauseEnds(i int) bool {
	j := s.spaces(i)
	if j >= len(s.cells) || s.is(j, fBreak) {
		return true
	}
	switch s.r(j) {
	case '.', ',', '!', ';', ')', '-', '，', '。', '！', '|':
		return true
	}
	return false
}

// nameWord returns the end of one word of a name, with O'Brien and Jean-Luc.
func (s *scan) nameWord(i int) int {
	for i < len(s.cells) {
		if s.is(i, fAlpha|fLetter) || (s.r(i) == '\'' || s.r(i) == '-') && s.is(i+1, fAlpha|fLetter) && !(s.r(i) == '\'' && s.r(i+1) == 's' && !s.is(i+2, fAlpha)) {
			i++
			continue
		}
		break
	}
	return i
}

// iAm deals with "I am", "I'm", "Im" at i; j is after the I or Im.
func (s *scan) iAm(i, j int) int {
	k := j
	switch {
	case j-i == 2: // im
	case s.match(j, "'m ") > 0:
		k = j + 2
	case s.match(s.spaces(j), "am ") > 0 && s.spaces(j) > j:
		k = s.spaces(j) + 2
	default:
		return 0
	}
	k = s.spaces(k)
	if e := s.match(k, "called "); e > 0 {
		return s.name(k+e, nameTold)
	}
	if e := s.match(k, "named "); e > 0 {
		return s.name(k+e, nameTold)
	}
	if !s.is(k, fAlpha|fLetter) {
		return 0
	}
	return s.name(k, nameIAm)
}

// myName deals with "my name is", "name's", "full name:", "name: ".
func (s *scan) myName(i, j int) int {
	if s.match(i, "my") > 0 && j-i == 2 {
		return 0 // "name" follows and is looked at by itself
	}
	k := s.spaces(j)
	sure := s.ours(i)
	switch {
	case s.r(j) == '\'' && s.r(j+1) == 's' && s.r(j+2) == ' ':
		k = j + 3
	case s.match(k, "is ") > 0:
		k += 3
	case s.r(k) == ':':
		k++
		sure = true
	default:
		return 0
	}
	k = s.spaces(k)
	if !s.is(k, fAlpha|fLetter|fHan) {
		return 0
	}
	if s.is(k, fHan) {
		return s.chineseName(k, true)
	}
	if !sure {
		return s.name(k, nameSeen)
	}
	return s.name(k, nameTold)
}

// englishStreet masks 12 Park Road, flat 3; g is the house number.
func (s *scan) englishStreet(g group) int {
	if g.n() > 5 || !s.is(g.lo, fDigit) {
		return 0
	}
	i := g.hi
	if s.is(i, fAlpha) && !s.is(i+1, fWord) { // 12b
		i++
	}
	if s.r(i) == ',' { // 12, Park Road
		i++
	}
	if i = s.spaces(i); i == g.hi || !s.is(i, fAlpha|fDigit) {
		return 0
	}
	if e := i; s.is(i, fDigit) {
		for s.is(e, fDigit) {
			e++
		}
		if !s.is(e, fAlpha) { // 5th, but not 5
			return 0
		}
	}
	announced := s.addressTo > g.lo
	capitals := true
	for n := 0; n < 5; n++ {
		if !s.is(i, fAlpha|fLetter) && !(s.is(i, fDigit) && n == 0) {
			return 0
		}
		e := s.nameWord(i)
		if s.r(e) == '\'' && s.r(e+1) == 's' {
			e += 2 // Cobbler's Row
		}
		if s.is(i, fDigit) { // 350 5th Avenue
			for s.is(e, fWord) {
				e++
			}
		}
		w := s.lower(i, e)
		if n > 0 && has(streets, string(w)) {
			end := e
			if s.r(end) == '.' && e-i <= 4 && s.r(e-1) != 'd' {
				end++
			}
			next := s.flatAfter(end)
			if !capitals && !announced && next == end {
				return 0
			}
			if s.year(g) && !announced && next == end && !(string(w) == "street" || string(w) == "road" || string(w) == "avenue" || string(w) == "drive") || s.year(g) && s.match(s.before(g.lo)-1, "in") > 0 {
				return 0 // the 1933 Griffith Park fire
			}
			lo := s.flatBefore(g.lo)
			return s.add(lo, next, mAddress)
		}
		if has(notStreet, string(w)) {
			switch string(w) {
			case "new", "old", "main", "school", "local", "long":
				if n > 0 || !s.is(i, fUpper) && !announced {
					return 0
				}
			default:
				return 0
			}
		}
		capitals = capitals && s.is(i, fUpper|fDigit)
		j := s.spaces(e)
		if s.r(e) == '.' {
			j = s.spaces(e + 1)
		}
		if j == e {
			return 0
		}
		i = j
	}
	return 0
}

// flatAfter takes in the flat, the postcode and the like after a street.
func (s *scan) flatAfter(end int) int {
	for range 3 {
		k := s.spaces(end)
		if s.r(k) == ',' {
			k = s.spaces(k + 1)
		}
		if s.r(k) == '#' && s.is(k+1, fDigit) {
			for k++; s.is(k, fAlpha|fDigit) || s.r(k) == '-'; k++ {
			}
			end = k
			continue
		}
		w, e := s.wordAt(k)
		switch string(w) {
		case "flat", "apt", "apartment", "unit", "suite", "ste", "room", "rm", "floor", "block", "bldg", "building":
			if s.r(e) == '.' {
				e++
			}
			e = s.spaces(e)
			if s.r(e) == '#' {
				e++
			}
			if m := s.match(e, "no."); m > 0 {
				e = s.spaces(e + m)
			}
			d := e
			for s.is(d, fAlpha|fDigit) || s.r(d) == '-' && s.is(d+1, fAlpha|fDigit) || s.r(d) == '/' && s.is(d+1, fDigit) {
				d++
			}
			if d > e && d-e <= 6 && (s.is(e, fDigit) || d-e == 1 || s.is(d-1, fDigit)) {
				end = d
				continue
			}
		}
		if e := s.ukPostcode(k); e > 0 {
			end = e
		}
		return end
	}
	return end
}

// flatBefore takes in "Flat 3, " before a house number.
func (s *scan) flatBefore(lo int) int {
	k := s.before(lo)
	if s.r(k) == ',' || s.r(k) == '/' || s.r(k) == '-' {
		k = s.before(k)
	}
	if len(s.spans) > 0 {
		if last := s.spans[len(s.spans)-1]; last.kind == mAddress && last.hi == k+1 {
			return last.lo
		}
	}
	e := k
	for s.is(k, fAlpha|fDigit) && e-k < 5 && k >= s.floor() {
		k--
	}
	if k == e || k < s.floor() || s.r(k) != ' ' && s.r(k) != '#' {
		return lo
	}
	b := s.before(k + 1)
	if s.r(b) == '#' {
		b = s.before(b)
	}
	for s.is(b, fAlpha) && b >= s.floor() {
		b--
	}
	w, _ := s.wordAt(b + 1)
	switch string(w) {
	case "flat", "apt", "apartment", "unit", "suite", "room":
		return b + 1
	}
	return lo
}

// flat masks "flat 3b" by itself.
func (s *scan) flat(i, j int) int {
	k := s.spaces(j)
	if s.r(j) == '.' {
		k = s.spaces(j + 1)
	}
	if s.r(k) == '#' {
		k++
	}
	if m := s.match(k, "no."); m > 0 {
		k = s.spaces(k + m)
	}
	e := k
	for s.is(e, fAlpha|fDigit) {
		e++
	}
	if e == k || e-k > 5 || !s.is(k, fDigit) && !s.is(e-1, fDigit) || s.unitAfter(e) || k == j && !s.is(j, fDigit) {
		return 0
	}
	return s.add(i, e, mAddress)
}

// poBox masks P.O. Box 123.
func (s *scan) poBox(i, j int) int {
	k := j
	if s.r(k) == '.' {
		k = s.spaces(k + 1)
		if s.r(k) == 'o' {
			k++
		}
		if s.r(k) == '.' {
			k++
		}
	}
	k = s.spaces(k)
	n := s.match(k, "box ")
	if n == 0 {
		return 0
	}
	e := s.spaces(k + n)
	d := e
	for s.is(d, fDigit) {
		d++
	}
	if d == e {
		return 0
	}
	return s.add(i, d, mAddress)
}

// postcode masks a postal code that was announced.
func (s *scan) postcode(i int) int {
	if e := s.ukPostcode(i); e > 0 {
		return s.add(i, e, mAddress)
	}
	return 0
}

// ukPostcode returns the end of a postcode such as SW1A 1AA at i: it names
// some fifteen households.
func (s *scan) ukPostcode(i int) int {
	j := i
	for s.is(j, fAlpha) && j-i < 3 {
		j++
	}
	if !in(j-i, 1, 2) || !s.is(j, fDigit) {
		return 0
	}
	j++
	if s.is(j, fDigit) || s.is(j, fAlpha) {
		j++
	}
	j = s.spaces(j)
	if s.is(j, fDigit) && s.is(j+1, fAlpha) && s.is(j+2, fAlpha) && !s.is(j+3, fWord) {
		return j + 3
	}
	return 0
}
