package deident

// wordAt returns the letters at i in lower case, as many as a key word has,
// and the cell after the last letter. The bytes are valid until the next call.
func (s *scan) wordAt(i int) ([]byte, int) {
	w := s.word[:0]
	for i < len(s.cells) && s.cells[i].f&(fAlpha|fLetter) != 0 {
		if len(w) < len(s.word) && s.cells[i].f&fAlpha != 0 {
			w = append(w, byte(s.cells[i].r))
		} else if len(w) < len(s.word) {
			w = append(w, '?')
		}
		i++
	}
	return w, i
}

// latin looks at a word that begins at i. It returns the cell to go on from.
func (s *scan) latin(i int) int {
	if s.is(i-1, fAlpha|fLetter) && i > s.floor() {
		_, j := s.wordAt(i)
		return j
	}
	afterDigit := s.is(i-1, fDigit)
	w, j := s.wordAt(i)
	if s.at {
		if e := s.mail(i, j); e > 0 {
			return e
		}
	}
	if c := j; !s.is(c, fHan) {
		for c < len(s.cells) && c-i < 64 && mailByte(&s.cells[c]) {
			c++
		}
		switch s.r(c) {
		case ' ', '(', '[', '{', '<':
			if e := s.spelt(i, c); e > 0 {
				return e
			}
		}
	}
	switch s.r(j) {
	case ':':
		if s.r(j+1) == '/' && (s.r(j+2) == '/' || s.r(j+2) == '\\') && len(w) >= 3 {
			return s.url(i, j+3)
		}
		switch string(w) {
		case "mailto", "xmpp", "sip", "acct":
			if e := s.chunk(j + 1); e > j+1 {
				return s.add(i, e, mEmail)
			}
		}
		if e := s.token(i); e > 0 {
			return e
		}
	case '.', '-', '_', '+':
		if s.dot && !afterDigit {
			if e := s.domain(i); e > 0 {
				return e
			}
		}
		if e := s.token(i); e > 0 {
			return e
		}
	default:
		if s.is(j, fDigit) && !afterDigit {
			if s.dot {
				if e := s.domain(i); e > 0 {
					return e
				}
			}
			if e := s.token(i); e > 0 {
				return e
			}
		}
	}
	if s.is(j, fDigit|fAlpha|fLetter) && !s.is(j, fDigit) || len(w) > 14 {
		return j
	}
	w, j = s.wordAt(i) // the calls above use the same buffer
	if r, ok := latinKeys[string(w)]; ok && !afterDigit {
		if e := s.announce(r, i, j); e > 0 {
			return e
		}
	}
	return j
}

// letters is latin for a word that begins with a letter outside ASCII.
func (s *scan) letters(i int) int {
	_, j := s.wordAt(i)
	if e := s.mail(i, j); e > 0 {
		return e
	}
	return j
}

func mailByte(c *cell) bool {
	if c.f&fWord != 0 {
		return true
	}
	switch c.r {
	case '.', '_', '-', '+', '%', '\'':
		return true
	}
	return false
}

// maxAtom bounds how far one mail address, handle or token is followed.
const maxAtom = 254

// mail masks a mail address whose local part begins at i.
func (s *scan) mail(i, j int) int {
	for j < len(s.cells) && j-i < maxAtom && mailByte(&s.cells[j]) {
		j++
	}
	k := j
	if s.r(j) == ' ' {
		k = j + 1
	}
	if s.r(k) != '@' || s.r(j-1) == '.' {
		return 0 // in "seen..@li" the full stops close a sentence
	}
	// li @ example.org is an address, rooms @ 8 is not.
	d := s.spaces(k + 1)
	e := s.hostEnd(d)
	if (k > j || d > k+1) && s.tld(d, e) == 0 || k > j && d == k+1 { // via @li.example
		return 0
	}
	if e == d || s.glued(i, j, e) {
		return 0
	}
	return s.add(i, e, mEmail)
}

// glued reports whether i to j is a word that somebody wrote right before a
// handle, as in RT@li, rather than the local part of an address. e is where
// the handle or address ends.
func (s *scan) glued(i, j, e int) bool {
	host := j
	for k := j; k < e; k++ {
		if s.r(k) == '.' {
			return false // a domain
		}
		if s.r(k) == '@' {
			host = k + 1
		}
	}
	switch string(s.lower(host, e)) {
	case "qq", "gmail", "hotmail", "outlook", "yahoo", "163", "126", "139", "189", "sina", "foxmail", "icloud", "live":
		return false
	}
	if j-i <= 3 {
		return true
	}
	for k := i; k < j; k++ {
		if s.cells[k].f&(fAlpha|fLetter) == 0 {
			return false // li88, li.hua
		}
	}
	return true
}

// hostEnd returns the end of a host name at i.
func (s *scan) hostEnd(i int) int {
	j := i
	for j < len(s.cells) && j-i < maxAtom {
		c := &s.cells[j]
		if c.f&fWord != 0 || (c.r == '.' || c.r == '-' || c.r == '_') && s.is(j+1, fWord) {
			j++
			continue
		}
		break
	}
	return j
}

// tld returns where the last label of the host lo to hi begins if it is a
// known top-level domain, or 0.
func (s *scan) tld(lo, hi int) int {
	k := hi
	for k > lo && s.r(k-1) != '.' {
		k--
	}
	if k == lo || hi-k > 6 {
		return 0
	}
	var b [6]byte
	for i := k; i < hi; i++ {
		if s.cells[i].f&fAlpha == 0 {
			return 0
		}
		b[i-k] = byte(s.cells[i].r)
	}
	if !has(domains, string(b[:hi-k])) {
		return 0
	}
	return k
}

// atSign masks what an @ at i makes of its surroundings.
func (s *scan) atSign(i int) int {
	// A local part that was taken for something else, such as a number.
	lo := i
	for lo > 0 && i-lo < 64 && mailByte(&s.cells[lo-1]) && (s.cells[lo-1].f&fLetter == 0) {
		lo--
	}
	j := i + 1
	for s.r(j) == '@' {
		j++
	}
	for lo < i && !s.is(lo, fWord) {
		lo++
	}
	if lo < i && s.r(i-1) != '.' {
		if e := s.hostEnd(j); e > j && !s.glued(lo, i, e) {
			return s.add(lo, e, mEmail)
		}
	}
	e := s.handleEnd(j)
	if e == j {
		return j
	}
	for s.r(e) == '@' { // @name@server
		h := s.handleEnd(e + 1)
		if h == e+1 {
			e = h
			break
		}
		e = h
	}
	return s.add(i, e, mHandle)
}

// handleEnd returns the end of a handle at i: at a space or a sign, and after
// 16 Chinese characters, because Chinese goes on without a space.
func (s *scan) handleEnd(i int) int {
	j, hans := i, 0
	for j < len(s.cells) && j-i < maxAtom {
		c := &s.cells[j]
		switch {
		case c.f&fHan != 0:
			if hans++; hans > 16 {
				return j
			}
		case c.f&fWord != 0, c.r == '_':
		case (c.r == '.' || c.r == '-' || c.r == '·') && j > i && s.is(j+1, fWord|fHan):
		default:
			return j
		}
		j++
	}
	return j
}

// url masks a link with its scheme: all but the host goes.
func (s *scan) url(i, h int) int {
	end := s.urlEnd(h)
	// user:password@host
	for k := h; k < end && s.r(k) != '/' && s.r(k) != '?' && s.r(k) != '#'; k++ {
		if s.r(k) == '@' {
			h = k + 1
		}
	}
	e := s.hostEnd(h)
	if e > end {
		e = end
	}
	return s.link(i, h, e, end)
}

// urlEnd returns the end of a link: paths go on to a space, to a sign that
// closes a sentence in Chinese, or to the first character outside ASCII that
// is not escaped, unless it stands inside the path.
func (s *scan) urlEnd(i int) int {
	j := i
	path := false
	for j < len(s.cells) {
		c := &s.cells[j]
		if c.f&fSpace != 0 {
			break
		}
		switch c.r {
		case '/', '?', '=':
			path = true
		case '"', '<', '>', '“', '”', '，', '。', '、', '）', '》', '】', '」', '！', '？', '；', '|':
			return j
		case '[':
			if s.skipToken(j) > 0 {
				return j
			}
		}
		if c.f&fHan != 0 && !(path && (s.r(j-1) == '/' || s.r(j-1) == '=' || s.is(j-1, fHan) && s.inPath(j))) {
			break
		}
		if int(c.off) < len(s.text) && s.text[c.off] >= 0x80 && c.f == 0 {
			break // full-width signs close a link
		}
		j++
	}
	for j > i {
		switch s.r(j - 1) {
		case '.', ',', ';', '!', '\'', ')', ']', ':':
			j--
			continue
		}
		break
	}
	return j
}

// inPath reports whether the Chinese characters before j began right after a
// slash or an equals sign, so that they are part of a link.
func (s *scan) inPath(j int) bool {
	for j--; s.is(j, fHan); j-- {
	}
	return s.r(j) == '/' || s.r(j) == '='
}

// link replaces cells i to end by the host lo to hi.
func (s *scan) link(i, lo, hi, end int) int {
	s.add(i, max(end, hi), mLink)
	sp := &s.spans[len(s.spans)-1]
	sp.host = [2]int{s.public(lo, hi), hi}
	return sp.hi
}

// public returns where the part of a host begins that many people share.
func (s *scan) public(lo, hi int) int {
	for _, h := range userHosts {
		k := hi - len(h)
		if k-1 >= lo && s.r(k-1) == '.' && s.match(k, h) > 0 {
			return k
		}
	}
	return lo
}

// domain masks a link without a scheme: weibo.com/u/123.
func (s *scan) domain(i int) int {
	e := s.hostEnd(i)
	if s.tld(i, e) == 0 && !(s.match(i, "www.") > 0) {
		return 0
	}
	switch s.r(e) {
	case '/', '?', ':', '#':
		end := s.urlEnd(e)
		if end > e && (s.r(e) != ':' || s.is(e+1, fDigit)) {
			return s.link(i, i, e, end)
		}
	case '@':
		return 0
	}
	if lo := s.public(i, e); lo > i {
		return s.link(i, i, e, e)
	}
	return e
}

// spelt masks addresses written to hide from machines: li (at) example dot org.
func (s *scan) spelt(i, j int) int {
	lo := i
	for lo > s.floor() && mailByte(&s.cells[lo-1]) {
		lo--
	}
	k, sure := s.at2(j, "at", '@')
	if k == 0 {
		return 0
	}
	dots := 0 // written as a word
	labels := 0
	for from := k; labels < 6; {
		_, e := s.wordDigits(from)
		if e == from {
			break // the full stop closed the sentence
		}
		k = e
		labels++
		if from, _ = s.at2(k, "dot", '.'); from == 0 {
			break
		}
		if s.r(k) != '.' {
			dots++
		} else if !s.is(from, fAlpha|fDigit) || from > k+1 {
			break // the end of a sentence
		}
	}
	if labels < 2 || !sure && dots < labels-1 {
		return 0 // look at example.org
	}
	// The last label says whether it was one.
	b := k
	for b > lo && s.is(b-1, fAlpha) {
		b--
	}
	w, _ := s.wordAt(b)
	if !has(domains, string(w)) || !sure && len(w) < 2 {
		return 0
	}
	return s.add(lo, k, mEmail)
}

// at2 reads " at ", "(at)", "[dot]", "@" or "." at i and returns the cell
// after it, and whether it stood in brackets.
func (s *scan) at2(i int, word string, sign rune) (int, bool) {
	j := s.spaces(i)
	bracket := false
	switch s.r(j) {
	case '(', '[', '{', '<':
		bracket = true
		j = s.spaces(j + 1)
	case sign:
		return s.spaces(j + 1), true
	}
	n := s.match(j, word)
	if n == 0 {
		return 0, false
	}
	j += n
	if bracket {
		j = s.spaces(j)
		switch s.r(j) {
		case ')', ']', '}', '>':
			return s.spaces(j + 1), true
		}
		return 0, false
	}
	if k := s.spaces(j); k > j {
		return k, false
	}
	return 0, false
}

func (s *scan) wordDigits(i int) (int, int) {
	j := i
	for s.is(j, fAlpha|fDigit) || s.r(j) == '-' && s.is(j+1, fAlpha|fDigit) {
		j++
	}
	return i, j
}

// token masks a word of letters and digits that can only be the name of one
// thing: a passport number, an IBAN, a UUID, a hardware address, a long key.
func (s *scan) token(i int) int {
	j, letters, ds, hex, colons, dashes := i, 0, 0, true, 0, 0
	for j < len(s.cells) && j-i < maxAtom {
		c := &s.cells[j]
		switch {
		case c.f&fAlpha != 0:
			letters++
			hex = hex && c.r <= 'f'
		case c.f&fDigit != 0:
			ds++
		case c.r == ':' && (s.is(j+1, fAlpha|fDigit) || s.r(j+1) == ':' || s.r(j-1) == ':'):
			colons++
		case c.r == '-' && s.is(j+1, fAlpha|fDigit), c.r == '_' && s.is(j+1, fAlpha|fDigit):
			dashes++
		default:
			goto out
		}
		j++
	}
out:
	if ds == 0 {
		return 0
	}
	lead := 0
	for s.is(i+lead, fAlpha) {
		lead++
	}
	plain := colons == 0 && dashes == 0
	switch {
	case hex && colons == 5 && letters+ds == 12, hex && dashes == 5 && letters+ds == 12 && colons == 0:
		return s.add(i, j, mID) // a hardware address
	case hex && (colons == 7 || colons >= 2 && s.doubleColon(i, j)):
		return s.add(i, j, mIP)
	case hex && dashes == 4 && letters+ds == 32 && colons == 0:
		return s.add(i, j, mID)
	case plain && lead == letters && in(lead, 1, 2) && in(ds, 7, 9) && !s.is(i-1, fDigit):
		return s.add(i, j, mID) // E12345678: a passport, or Hong Kong and Taiwan identity cards
	case plain && lead == letters && in(lead, 1, 2) && ds == 6 && s.r(j) == '(' && (s.is(j+1, fDigit) || s.r(j+1) == 'a') && s.r(j+2) == ')':
		return s.add(i, j+3, mID)
	case plain && letters >= 2 && letters+ds >= 16 && (ds >= 8 || 3*s.turns(i, j) >= letters+ds):
		return s.add(i, j, mID) // not #MissUniverse2013
	case lead == 2 && s.is(i+2, fDigit) && s.is(i+3, fDigit):
		if e := s.iban(i); e > 0 {
			return s.add(i, e, mCard)
		}
	}
	return 0
}

// turns counts how often letters and digits take turns.
func (s *scan) turns(i, j int) int {
	n := 0
	for i++; i < j; i++ {
		if s.is(i, fDigit) != s.is(i-1, fDigit) {
			n++
		}
	}
	return n
}

func (s *scan) doubleColon(i, j int) bool {
	for ; i+1 < j; i++ {
		if s.r(i) == ':' && s.r(i+1) == ':' {
			return true
		}
	}
	return false
}

// iban returns the end of an international account number at i whose check
// digits are right.
func (s *scan) iban(i int) int {
	var b [34]byte
	n, j := 0, i
	for j < len(s.cells) {
		if s.is(j, fAlpha|fDigit) {
			if n == len(b) {
				return 0
			}
			b[n] = byte(s.r(j))
			n++
		} else if s.r(j) != ' ' || n%4 != 0 || !s.is(j+1, fAlpha|fDigit) {
			break
		}
		j++
	}
	for ; n >= 15; n-- {
		mod := 0
		for k := range n {
			switch c := b[(k+4)%n]; {
			case c >= 'a':
				mod = (mod*100 + int(c-'a') + 10) % 97
			default:
				mod = (mod*10 + int(c-'0')) % 97
			}
		}
		if mod == 1 {
			return j
		}
		for j--; s.r(j) == ' '; j-- {
		}
	}
	return 0
}

// colon finds an address of the internet that begins with its colons.
func (s *scan) colon(i int) int {
	if s.r(i+1) != ':' || s.is(i-1, fWord) || !s.is(i+2, fAlpha|fDigit) {
		return 0
	}
	return s.token(i)
}

// slash masks /u/name and u/name.
func (s *scan) slash(i int) int {
	if s.r(i+1) == 'u' && s.r(i+2) == '/' && !s.is(i-1, fWord) {
		if e := s.handleEnd(i + 3); e > i+4 {
			return s.add(i, e, mHandle)
		}
	}
	return 0
}

// chunk returns the end of a run without spaces.
func (s *scan) chunk(i int) int {
	for i < len(s.cells) && (mailByte(&s.cells[i]) || s.r(i) == '@' || s.r(i) == '/') {
		i++
	}
	return i
}

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
