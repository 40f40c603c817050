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
