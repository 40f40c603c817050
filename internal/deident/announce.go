package deident

// announce deals with a key word, cells i to j, of role r. It returns 0 if
// the word announced nothing.
func (s *scan) announce(r role, i, j int) int {
	switch r {
	case rPhone:
		s.phoneTo = j + 24
	case rAccount:
		s.phoneTo = j + 12
		return s.account(i, j)
	case rID:
		return s.record(j, mID)
	case rCard:
		return s.record(j, mCard)
	case rPlate:
		return s.plateAfter(j)
	case rCoord:
		s.coordTo = j + 24
	case rAddress:
		s.addressTo = j + 30
	case rStreet:
		s.addressTo = j + 40
		return s.flat(i, j)
	case rBox:
		return s.poBox(i, j)
	case rPostcode:
		return s.postcode(s.filler(j, false))
	case rMr:
		k := j
		if s.r(k) == '.' {
			k++
		}
		k = s.spaces(k)
		if k > j && s.is(k, fUpper) {
			return s.name(k, nameTitle)
		}
	case rSign:
		k := j
		for s.r(k) == ',' || s.is(k, fSpace) || s.r(k) == '-' {
			k++
		}
		if e := s.match(k, "yours"); e > 0 {
			k += e
			for s.r(k) == ',' || s.is(k, fSpace) {
				k++
			}
		}
		if k > j && s.is(k, fUpper) && (s.r(j) == ',' || s.is(j, fBreak)) {
			return s.name(k, nameSign)
		}
	case rI:
		return s.iAm(i, j)
	case rMy:
		return s.myName(i, j)
	case rCall:
		if k := s.spaces(j); k > j && s.is(k, fUpper) && s.selfBefore(i) {
			return s.name(k, nameTold)
		}
	case rThis:
		k := s.spaces(j)
		if e := s.match(k, "is "); e > 0 && s.is(k+e, fUpper) {
			return s.name(k+e, nameSeen)
		}
	case rSlashUser:
		if s.r(j) == '/' && s.r(i-1) != '/' && !s.is(i-1, fWord) {
			if e := s.handleEnd(j + 1); e > j+2 {
				return s.add(i, e, mHandle)
			}
		}
	}
	if r == rPhone && s.match(s.spaces(j), "me ") > 0 && s.match(i, "call") > 0 {
		// "call me Sam" is a name, "call me on 555…" is a number.
		k := s.spaces(s.spaces(j) + 2)
		if s.is(k, fUpper) {
			return s.name(k, nameTold)
		}
	}
	return 0
}

// selfBefore reports whether "called" or "named" at i is said of oneself.
func (s *scan) selfBefore(i int) bool {
	j := s.before(i)
	if s.r(j) != 'm' {
		return false
	}
	switch s.r(j - 1) {
	case '\'':
		return s.r(j-2) == 'i' && !s.is(j-3, fWord)
	case 'a', 'i': // am, im
		return !s.is(j-2, fWord)
	}
	return false
}

// filler steps over the words between a key word and what it announces; with
// wide also over words as in "WeChat me at".
func (s *scan) filler(i int, wide bool) int {
	for limit := i + 24; i < limit; {
		if s.is(i, fAlpha) {
			w, j := s.wordAt(i)
			switch string(w) {
			case "no", "nr", "num", "number", "id", "is", "my", "code", "card", "s", "account", "acc", "acct", "security", "record", "insurance", "registration", "username", "name", "handle", "group", "user", "licence", "license", "plate", "ref", "reference":
				i = j
				continue
			case "me", "on", "at", "add", "to":
				if wide {
					i = j
					continue
				}
			}
			return i
		}
		switch r := s.r(i); {
		case s.is(i, fSpace) && !s.is(i, fBreak), r == ':', r == '=', r == '#', r == '-', r == '.', r == '(', r == '\'', r == '"', r == '"', r == '“', r == '「', r == '【', r == '|', r == '/', r == '>', r == '→', r == '，', r == ',':
			i++
		case r == '号' || r == '號' || r == '码' || r == '碼' || r == '是' || r == '为' || r == '為' || r == '我' || r == '的' || r == '加' || r == '群' || r == '名' || r == '也' || r == '同' || r == '搜' || r == '添':
			i++
		case r >= 0x2190 && i < len(s.cells) && s.cells[i].f == 0: // V❤：
			i++
		default:
			return i
		}
	}
	return i
}

// account masks the account that a key word for a messenger announces: one
// with a digit or a sign in it, or any one after a colon or the like.
func (s *scan) account(i, j int) int {
	k := s.filler(j, true)
	if s.r(k) == '@' {
		return 0 // the handle rule takes it
	}
	told, id := false, false
	for c := j; c < k; c++ {
		switch s.r(c) {
		case ':', '=', '号', '號', '#', '❤', '♥':
			told = true
		}
		if s.r(c) == 'i' && s.r(c+1) == 'd' || s.match(c, "is ") > 0 && s.ours(i) {
			id = true
		}
	}
	e, letters, ds, signs := k, 0, 0, 0
	for e < len(s.cells) && e-k < 40 {
		c := &s.cells[e]
		switch {
		case c.f&fAlpha != 0:
			letters++
		case c.f&fDigit != 0:
			ds++
		case (c.r == '_' || c.r == '-' || c.r == '.') && s.is(e+1, fAlpha|fDigit):
			signs++
		case c.r == '_':
			signs++
		case c.r == ' ' && letters == 0 && ds > 0 && s.is(e+1, fDigit):
		default:
			goto out
		}
		e++
	}
out:
	n := letters + ds + signs
	one := s.is(i, fAlpha) && j-i == 1 // "v" alone is a letter of many uses
	switch {
	case n < 4 || e == k:
		return s.hanAccount(j, k, told)
	case letters == 0 && ds >= 5 && (told || k <= j+3 || !one):
		if s.unitAfter(e) && ds < 9 {
			return 0
		}
		return s.add(k, e, mHandle)
	case letters > 0 && (ds > 0 || s.has(k, e, '_')) && n >= 5 && (!one || told):
		return s.add(k, e, mHandle)
	case letters > 0 && n >= 4 && (told || id) && !has(notNames, string(s.lower(k, e))):
		return s.add(k, e, mHandle)
	}
	return 0
}

// hanAccount masks a Chinese account name after 昵称： and the like.
func (s *scan) hanAccount(j, k int, told bool) int {
	if !told || k == j || !s.is(k, fHan) {
		return 0
	}
	e := k
	for s.is(e, fHan|fWord) && e-k < 12 && !s.is(e, fStop) {
		e++
	}
	if e-k < 2 {
		return 0
	}
	return s.add(k, e, mHandle)
}

// ours reports whether the word at i is preceded by "my".
func (s *scan) ours(i int) bool {
	j := s.before(i)
	return s.r(j) == 'y' && s.r(j-1) == 'm' && !s.is(j-2, fAlpha)
}

func (s *scan) has(i, j int, r rune) bool {
	for ; i < j; i++ {
		if s.r(i) == r {
			return true
		}
	}
	return false
}

func (s *scan) lower(i, j int) []byte {
	b := s.word[:0]
	for ; i < j && len(b) < len(s.word); i++ {
		b = append(b, byte(s.r(i)))
	}
	return b
}

// record masks the number of a document or record that a key word ending
// before j announces. It needs a digit, and is at least four characters long.
func (s *scan) record(j int, kind mark) int {
	if s.is(j, fAlpha) && s.is(j-1, fAlpha) {
		return 0
	}
	k := s.filler(j, false)
	if e := s.iban(k); e > 0 && kind == mCard {
		return s.add(k, e, mCard)
	}
	e, letters, ds := k, 0, 0
	for e < len(s.cells) && e-k < 40 {
		c := &s.cells[e]
		switch {
		case c.f&fAlpha != 0:
			letters++
		case c.f&(fDigit|fNum) != 0:
			ds++
		case (c.r == '-' || c.r == '_' || c.r == '/' || c.r == '.') && s.is(e+1, fAlpha|fDigit):
		case c.r == '*' && ds > 0:
		case c.r == ' ' && s.is(e+1, fDigit) && ds > 0:
		default:
			goto out
		}
		e++
	}
out:
	if ds == 0 || ds+letters < 4 || s.unitAfter(e) && ds < 9 && letters == 0 {
		return 0
	}
	if letters == 0 {
		s.readGroups(k)
		if s.keepGroups(s.groups, false) > 0 {
			return 0 // a date, a time, a year, a public number
		}
		if ds < 5 && s.is(j-1, fAlpha) {
			return 0
		}
	} else if (ds < 3 && ds+letters < 6 || ds < 2) && s.is(j-1, fAlpha) {
		return 0 // a record at 11am
	}
	for s.r(e) == '(' && s.is(e+1, fAlpha|fDigit) && s.r(e+2) == ')' {
		e += 3
	}
	return s.add(k, e, kind)
}

// plateAfter masks a number plate of any country that a key word announces.
func (s *scan) plateAfter(j int) int {
	k := s.filler(j, false)
	if s.is(k, fProv) {
		if e := s.plateEnd(k); e > 0 {
			return s.add(k, e, mPlate)
		}
	}
	e, letters, ds := k, 0, 0
	for e < len(s.cells) && e-k < 10 {
		c := &s.cells[e]
		switch {
		case c.f&fAlpha != 0:
			letters++
		case c.f&fDigit != 0:
			ds++
		case (c.r == ' ' || c.r == '-') && e > k && s.is(e+1, fUpper|fDigit) && letters+ds < 7:
		default:
			goto out
		}
		e++
	}
out:
	if ds == 0 || !in(letters+ds, 4, 9) || letters == 0 && ds < 4 {
		return 0
	}
	return s.add(k, e, mPlate)
}
