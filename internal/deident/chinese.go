package deident

// chinese looks at a Han character that some rule knows. It returns the cell
// to go on from, or 0.
func (s *scan) chinese(i int) int {
	c := &s.cells[i]
	if c.f&fProv != 0 {
		if e := s.plateEnd(i); e > 0 {
			return s.add(i, e, mPlate)
		}
	}
	if c.f&fNum != 0 && (s.is(i+1, fNum|fDigit) || separator(s.r(i+1)) && s.is(i+2, fNum)) && !s.is(i-1, fNum) {
		if e := s.number(i); e > i+1 {
			return e
		}
	}
	if c.f&fUnit != 0 {
		if e := s.address(i); e > 0 {
			return e
		}
	}
	if c.f&fTitle != 0 {
		if e := s.titled(i); e > 0 {
			return e
		}
	}
	if c.f&fKey != 0 {
		for _, k := range hanByFirst[c.r] {
			if n := s.matchRunes(i, k.runes); n > 0 {
				if e := s.announceHan(k.role, i, i+n); e > 0 {
					return e
				}
				break
			}
		}
	}
	return 0
}

func (s *scan) announceHan(r role, i, j int) int {
	switch r {
	case rPhone:
		s.phoneTo = j + 16
	case rAccount:
		s.phoneTo = j + 12
		if j-i == 1 && !s.is(j, fAlpha|fDigit) && s.r(j) != ':' {
			return 0 // 微 and 薇 alone announce only what stands right after them
		}
		return s.account(i, j)
	case rID:
		return s.record(j, mID)
	case rCourt:
		return s.court(j)
	case rCard:
		return s.record(j, mCard)
	case rPlate:
		return s.plateAfter(j)
	case rAddress:
		s.addressTo = j + 24
	case rCoord:
		s.coordTo = j + 24
	case rName:
		return s.chineseName(s.nameGap(j), true)
	case rLabel:
		k := s.nameGap(j)
		if k == j {
			// 联系人周敏：… but not 患者高烧…
			if n := s.surname(k); n > 0 && j-i > 1 && !has(notName, string([]rune{s.r(k), s.r(k + 1)})) {
				if g := s.given(k + n); g > k+n && s.clauseOver(g) {
					return s.add(k, g, mName)
				}
			}
			return 0
		}
		if e := s.chineseName(k, false); e > 0 {
			return e
		}
		if s.is(k, fUpper) {
			return s.name(k, nameTold)
		}
	case rIAm:
		k := s.nameGap(j)
		if s.is(k, fUpper) {
			return s.name(k, nameSeen)
		}
		return s.selfIntroduction(k)
	case rFamily:
		// 我姓李: one character, and perhaps 名… after it.
		n := s.surname(j)
		if n == 0 || j-i == 1 && (s.r(j+n) != '名' || s.is(i-1, fHan) && s.r(i-1) != '我') {
			return 0
		}
		if j-i > 1 && s.is(j+n, fHan) && !s.is(j+n, fStop) && s.r(j+n) != '名' {
			return 0
		}
		e := s.add(j, j+n, mName)
		if s.r(e) == '名' {
			k := e + 1
			for s.r(k) == '字' || s.r(k) == '叫' || s.r(k) == '是' {
				k++
			}
			if g := s.given(k); g > k {
				return s.add(k, g, mName)
			}
		}
		return e
	}
	return 0
}

// nameGap steps over what stands between a label and a name.
func (s *scan) nameGap(i int) int {
	for limit := i + 6; i < limit; i++ {
		switch r := s.r(i); {
		case r == ':' || r == ' ' || r == '是' || r == '叫' || r == '-' || r == '“' || r == '「' || r == '"' || r == '【' || r == '=' || r == '，' && false:
		default:
			return i
		}
	}
	return i
}

// surname returns how many cells of a surname stand at i.
func (s *scan) surname(i int) int {
	if !s.is(i, fSur) {
		return 0
	}
	for _, l := range longSurnames {
		if n := s.match(i, l); n > 0 {
			return n
		}
	}
	if !s.single(i) {
		return 0
	}
	return 1
}

// single reports whether the character at i is a surname by itself.
func (s *scan) single(i int) bool {
	switch s.r(i) {
	case '上', '诸', '諸', '东', '皇', '尉', '公', '慕', '令', '长', '宇', '端', '独', '西', '歐':
		return s.r(i) == '歐'
	}
	return true
}

// nameChar reports whether cell i can stand in a given name.
func (s *scan) nameChar(i int) bool {
	return s.is(i, fHan) && !inNameStops(s.r(i)) && !s.namePair(i)
}

// namePair reports whether a word begins at i that goes on after a name.
func (s *scan) namePair(i int) bool {
	return s.is(i+1, fHan) && has(nameStopPairs, string([]rune{s.r(i), s.r(i + 1)}))
}

var nameStopSet = func() map[rune]struct{} {
	m := map[rune]struct{}{}
	for _, r := range nameStops {
		m[r] = struct{}{}
	}
	return m
}()

func inNameStops(r rune) bool { _, ok := nameStopSet[r]; return ok }

// given returns the end of a given name of one or two characters at i.
func (s *scan) given(i int) int {
	j := i
	for j-i < 2 && s.nameChar(j) {
		j++
	}
	return j
}

// clauseOver reports whether a Chinese clause ends at i.
func (s *scan) clauseOver(i int) bool {
	return i >= len(s.cells) || s.cells[i].f&^(fSpace|fBreak|fUpper) == 0
}

// chineseName masks the name at i. sure says that whatever comes is a name:
// without a surname it is then masked to the end of the clause, if that is near.
func (s *scan) chineseName(i int, sure bool) int {
	if sure && s.is(i, fUpper) {
		return s.name(i, nameTold)
	}
	// Names of several parts: 艾力·买买提.
	e := i
	for s.is(e, fHan) && e-i < 14 || s.r(e) == '·' && s.is(e+1, fHan) && e > i {
		e++
	}
	if s.has(i, e, '·') {
		for e > i && s.is(e-1, fStop) {
			e--
		}
		return s.add(i, e, mName)
	}
	if n := s.surname(i); n > 0 {
		if g := s.given(i + n); g > i+n {
			return s.add(i, g, mName)
		}
		if sure || s.clauseOver(i+n) {
			return s.add(i, i+n, mName)
		}
		return 0
	}
	if !sure {
		return 0
	}
	// A nickname, or a surname that the list lacks.
	e = i
	for s.is(e, fHan) && !s.is(e, fStop) && e-i < 5 {
		e++
	}
	switch s.r(i) {
	case '小', '阿', '老', '大':
		if e-i >= 2 && !inNameStops(s.r(i+1)) {
			return s.add(i, min(e, i+3), mName)
		}
	}
	if in(e-i, 2, 4) && s.clauseOver(e) && !verbs(s.r(i)) {
		return s.add(i, e, mName)
	}
	return 0
}

// verbs reports whether r begins what one can order (叫) rather than be called.
func verbs(r rune) bool {
	switch r {
	case '了', '不', '救', '外', '出', '醒', '人', '网', '滴', '家', '物', '停', '苦', '过', '代', '板', '天', '号', '保', '跑':
		return true
	}
	return false
}

// selfIntroduction masks the name after 我是, where trades and towns are more
// usual than names: it must begin with a surname, be short, and end a clause
// or stand before a word that goes on about oneself.
func (s *scan) selfIntroduction(i int) int {
	n := s.surname(i)
	if n == 0 || i+1 < len(s.cells) && has(notName, string([]rune{s.r(i), s.r(i + 1)})) {
		return 0
	}
	if t := s.titleAt(i + n); t > 0 {
		return s.add(i, i+n, mName)
	}
	e := s.given(i + n)
	if e == i+n {
		return 0
	}
	if s.titleAt(e) > 0 {
		return s.add(i, e, mName)
	}
	if !s.clauseOver(e) {
		switch s.r(e) {
		case '今', '住', '来', '來', '家', '想', '要', '电', '電', '手', '身', '我', '请', '請', '你', '本', '有':
		default:
			return 0
		}
	} else {
		// 我是高中生 was refused above; 我是王府井人 and 我是车主 are here.
		switch s.r(e - 1) {
		case '人', '员', '者', '户', '民', '工', '师', '生', '主':
			if e-i-n == 1 || s.r(e-1) == '人' || s.r(e-1) == '户' || s.r(e-1) == '者' || s.r(e-1) == '员' {
				return 0
			}
		}
	}
	return s.add(i, e, mName)
}

// titleAt returns the length of a title at i.
func (s *scan) titleAt(i int) int {
	if !s.is(i, fTitle) {
		return 0
	}
	for _, t := range titlesByFirst[s.r(i)] {
		if n := s.matchRunes(i, t); n > 0 {
			return n
		}
	}
	return 0
}

// titled masks the full name before a private title at i: 陈晓明先生. A surname
// alone (李女士) stays: that is how newspapers leave names out.
func (s *scan) titled(i int) int {
	n := s.titleAt(i)
	if n == 0 {
		return 0
	}
	var b [3]rune
	word := b[:0]
	for k := i; k < i+n; k++ {
		word = append(word, s.r(k))
	}
	if !has(privateTitles, string(word)) {
		return 0
	}
	floor := s.floor()
	for _, back := range [...]int{4, 3, 2} { // 欧阳娜娜, 陈晓明, 李娜
		lo := i - back
		if lo < floor {
			continue
		}
		m := s.surname(lo)
		if m == 0 || m == 1 && back == 4 || back-m < 1 || back-m > 2 {
			continue
		}
		ok := true
		for k := lo + m; k < i; k++ {
			ok = ok && s.nameChar(k)
		}
		if ok && back == 2 && s.is(i-1, fSur) && !s.clauseBefore(lo) {
			continue // 和李先生: the surname is the second
		}
		if ok && !has(notName, string([]rune{s.r(lo), s.r(lo + 1)})) {
			s.add(lo, i, mName)
			return i + n
		}
	}
	return 0
}

func (s *scan) clauseBefore(i int) bool {
	return i == 0 || !s.is(i-1, fHan|fWord) || s.is(i-1, fStop)
}

// plateEnd returns the end of a Chinese number plate at i: 京A·12345,
// 沪AD12345 (new energy), 粤Z1234港.
func (s *scan) plateEnd(i int) int {
	j := i + 1
	if s.r(j) == ' ' && s.is(j+1, fAlpha) {
		j++
	}
	if !s.is(j, fAlpha) || s.r(j) == 'i' {
		return 0
	}
	j++
	if r := s.r(j); r == '·' || r == '.' || r == '-' || r == ' ' || r == '*' {
		j++
	}
	n, ds := 0, 0
	for n < 6 && s.is(j, fAlpha|fDigit) {
		if s.is(j, fDigit) {
			ds++
		}
		j++
		n++
		if n < 6 && s.r(j) == ' ' && s.is(j+1, fDigit|fUpper) && n < 5 {
			j++
		}
	}
	if s.is(j, fAlpha|fDigit) {
		return 0
	}
	if n == 4 {
		switch s.r(j) {
		case '挂', '掛', '学', '學', '警', '港', '澳', '使', '领', '領':
			n++
			j++
		}
	}
	if n < 5 || ds < 2 {
		return 0
	}
	return j
}

// court masks a docket such as （2026）京0105民初12345号.
func (s *scan) court(j int) int {
	k := s.filler(j, false)
	for e := k; e < len(s.cells) && e-k < 36; e++ {
		switch {
		case s.is(e, fHan|fDigit|fAlpha), s.r(e) == '(', s.r(e) == ')', s.r(e) == '〔', s.r(e) == '〕', s.r(e) == '[', s.r(e) == ']', s.r(e) == '-':
			if s.r(e) == '号' || s.r(e) == '號' {
				lo := k
				if s.r(lo-1) == '(' {
					lo--
				}
				return s.add(lo, e+1, mID)
			}
		default:
			return s.record(j, mID)
		}
	}
	return 0
}

// unitLen returns the length of the unit of an address at i and how telling
// it is: 3 names a building for sure, 2 a room if its number is long, 1 needs
// company, 0 is none.
func (s *scan) unitLen(i int) (n, weight int) {
	next := s.r(i + 1)
	switch s.r(i) {
	case '栋', '幢', '棟':
		if next == '楼' || next == '樓' {
			return 2, 3
		}
		return 1, 3
	case '号', '號':
		switch next {
		case '楼', '樓', '院':
			return 2, 3
		case '线', '線', '码', '碼', '召', '称', '稱', '令', '口', '门', '台', '窗', '车', '種', '种', '文', '机', '病':
			return 0, 0
		}
		return 1, 1
	case '单', '單':
		if next == '元' {
			return 2, 1
		}
	case '室':
		return 1, 2
	case '房':
		if next == '间' || next == '間' {
			return 2, 2
		}
		return 1, 2
	case '弄':
		return 1, 1
	case '座', '层', '層', '楼', '樓', '户', '戶', '门', '門', '组', '組', '队', '社':
		return 1, 1
	}
	return 0, 0
}

// numberBefore returns where the number of an address that ends before i
// begins, or i.
func (s *scan) numberBefore(i, floor int) int {
	lo := i
	for lo > floor && i-lo < 8 {
		c := &s.cells[lo-1]
		if c.f&(fDigit|fNum) != 0 || c.r == '十' || c.r == '百' || c.f&fAlpha != 0 && !s.is(lo-2, fAlpha) || (c.r == '-' || c.r == '#') && lo < i && s.is(lo-2, fDigit|fAlpha) {
			lo--
			continue
		}
		break
	}
	if lo < i && (s.r(lo) == '-' || s.r(lo) == '#') {
		lo++
	}
	if lo < i && (s.r(lo-1) == '第' || s.r(lo-1) == '#') && lo-1 >= floor {
		lo--
	}
	return lo
}

// address masks the Chinese address around the unit at i, whose number stands
// before it: 幸福小区3栋2单元501室, 人民路12号. The name of the estate or street
// goes with it; the district before it stays. An estate or a street without a
// number is nobody's address and is left alone.
func (s *scan) address(i int) int {
	ul, weight := s.unitLen(i)
	if ul == 0 {
		return 0
	}
	floor := s.floor()
	lo := s.numberBefore(i, floor)
	if lo == i {
		return 0
	}
	digits := i - lo
	switch {
	case s.r(i) == '室' || s.r(i) == '房':
		// 3室2厅 is a size.
		if digits < 3 {
			weight = 1
		}
		if k := i + ul; s.is(k, fNum|fDigit) && (s.r(k+1) == '厅' || s.r(k+1) == '廳' || s.r(k+1) == '卫') {
			return 0
		}
	case s.r(i) == '号' || s.r(i) == '號':
		if s.r(s.before(lo)) == '月' || ul == 1 && digits > 5 {
			return 0
		}
	}
	parts, named := 1, false
	// To the left: other parts, then a name.
	for {
		p := lo
		for p > floor && (s.r(p-1) == ' ' || s.r(p-1) == '-') && !s.is(p-1, fBreak) {
			p--
		}
		if p == floor {
			break
		}
		if r := s.r(p - 1); (r == '期' || r == '区') && p-1 > floor && s.is(p-2, fDigit|fNum) { // 2期15栋
			if b := s.numberBefore(p-1, floor); b < p-1 {
				lo = b
				continue
			}
		}
		if n := s.unitEndingAt(p); n > 0 {
			if b := s.numberBefore(p-n, floor); b < p-n && !(s.r(p-n) == '号' && s.r(b-1) == '月') {
				lo = b
				parts++
				continue
			}
		}
		if b := s.placeBefore(p, floor); b < p {
			lo, named = b, true
		}
		break
	}
	hi := i + ul
	// To the right: other parts, and a bare number for the room.
	for {
		p := hi
		for (s.r(p) == ' ' || s.r(p) == '-' || s.r(p) == '的') && !s.is(p, fBreak) {
			p++
		}
		q := p
		for q-p < 8 && (s.is(q, fDigit|fNum) || s.r(q) == '十' || s.is(q, fAlpha) && !s.is(q+1, fAlpha) || s.r(q) == '-' && s.is(q+1, fDigit)) {
			q++
		}
		if q == p {
			break
		}
		if n, w := s.unitLen(q); n > 0 || w > 0 {
			hi = q + n
			parts++
			continue
		}
		switch s.r(q) {
		case '层', '層', '楼', '樓', '户', '戶', '门', '門', '组', '組':
			hi = q + 1
			parts++
			continue
		}
		if in(q-p, 3, 5) && (s.is(p, fDigit) || s.is(p+1, fNum) && s.is(p+2, fNum)) && !s.unitAfter(q) && !s.is(q, fDigit) {
			hi = q
			parts++
		}
		break
	}
	if parts == 1 && !named && weight < 3 && !(weight == 2 && digits >= 3) && s.addressTo <= lo {
		return 0
	}
	if weight == 1 && parts == 1 && !named && (s.r(i) == '座' || s.r(i) == '弄') {
		return 0
	}
	return s.add(lo, hi, mAddress)
}

// unitEndingAt returns the length of a unit that ends before p.
func (s *scan) unitEndingAt(p int) int {
	for _, n := range [...]int{2, 1} {
		if m, _ := s.unitLen(p - n); m == n && p-n >= 0 {
			return n
		}
	}
	return 0
}

// placeBefore returns where the name of an estate, building or street that
// ends before p begins, or p if there is none.
func (s *scan) placeBefore(p, floor int) int {
	for _, end := range placeEnds {
		n := runes(end)
		if p-n < floor || s.match(p-n, end) == 0 {
			continue
		}
		if has(notPlace, string([]rune{s.r(p - 2), s.r(p - 1)})) || n == 1 && p >= 3 && has(notPlace, string([]rune{s.r(p - 3), s.r(p - 2), s.r(p - 1)})) {
			return p
		}
		lo := p - n
		for lo > floor && p-n-lo < 8 {
			c := &s.cells[lo-1]
			if c.f&fHan == 0 && c.f&(fAlpha|fDigit) == 0 || c.f&fStop != 0 && !(c.r == '和' && s.r(lo) == '平') || isAdmin(c.r) || c.r == '区' && s.r(lo-2) != '小' && s.r(lo-2) != '社' || c.r == '區' {
				break
			}
			if c.r == '道' && s.r(lo-2) == '街' {
				break // the subdistrict, which stays
			}
			lo--
		}
		if lo == p-n && n == 1 {
			return p // 路 alone is no name
		}
		return lo
	}
	return p
}

func runes(s string) int {
	n := 0
	for range s {
		n++
	}
	return n
}

func isAdmin(r rune) bool {
	for _, a := range admin {
		if r == a {
			return true
		}
	}
	return false
}

// estateNumbers masks 幸福小区3-2-501: an estate with numbers only.
func (s *scan) estateNumbers() int {
	gs := s.groups
	if len(gs) < 2 || gs[0].n() > 3 || gs[1].n() > 4 || gs[1].sep != '-' && gs[1].sep != '#' && gs[1].sep != '/' {
		return 0
	}
	floor := s.floor()
	p := gs[0].lo
	b := s.placeBefore(p, floor)
	if b == p {
		return 0
	}
	n := 2
	for n < len(gs) && n < 4 && gs[n].sep == gs[1].sep && gs[n].n() <= 4 {
		n++
	}
	hi := gs[n-1].hi
	if s.r(hi) == '室' || s.r(hi) == '号' {
		hi++
	}
	return s.add(b, hi, mAddress)
}
