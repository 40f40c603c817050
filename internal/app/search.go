package app

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"example.org/hearback"
	"example.org/hearback/internal/hash"
	"example.org/hearback/internal/store"
	"example.org/hearback/internal/text"
	"example.org/hearback/internal/web/office"
)

// The search for words in messages. Messages are cut into blocks of some
// hundreds in the order they came in, and for each block a filter in memory
// knows which words and which pairs of characters stand in it. A search asks
// the filters, newest block first, and reads only the blocks that say "maybe";
// what it reads it compares word by word, so that it finds what a reader of
// all messages would find. Nothing of this is on disk: what is deleted or
// forgotten leaves no trace here that would outlive the process.
const (
	blockMessages = 256
	blockBits     = 12 << 13 // 12 KiB: about 1 in 200 blocks is read for nothing
	blockHashes   = 4
	// searchBlocks is how many blocks one search reads at most; it then says how
	// far back it looked.
	searchBlocks = 48
	// searchKept bounds the memory of filters: the newest two million messages.
	searchKept = 2_000_000 / blockMessages
	// wordPrefix is how many letters of a word a filter knows.
	wordPrefix = 6
)

// A block is a run of messages and the filter of what stands in them.
type block struct {
	low, high hearback.ID
	n         int
	bits      []uint64
}

func (b *block) add(gram uint64) {
	for i := range uint64(blockHashes) {
		at := (gram + i*(gram>>32|1)) % blockBits
		b.bits[at/64] |= 1 << (at % 64)
	}
}

func (b *block) may(gram uint64) bool {
	for i := range uint64(blockHashes) {
		at := (gram + i*(gram>>32|1)) % blockBits
		if b.bits[at/64]&(1<<(at%64)) == 0 {
			return false
		}
	}
	return true
}

// A searcher finds words in messages.
type searcher struct {
	text *text.Analyzer
	mu   sync.RWMutex
	// blocks are in the order of their ids, the oldest first.
	blocks []*block
	before hearback.ID // what is older has not been read yet; 0 once all has
	late   []noted     // edits of messages that have not been read yet
}

// noted is a message and its words.
type noted struct {
	id   hearback.ID
	text string
}

// dense reports whether a character belongs to a script without spaces between
// words.
func dense(r rune) bool {
	return r >= 0x0E00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

func wordly(r rune) bool {
	return r < utf8.RuneSelf && (r >= 'a' && r <= 'z' || r >= '0' && r <= '9') || r >= utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r))
}

// gramOf hashes some characters: FNV-1a over runes, then mixed.
func gramOf(runes ...rune) uint64 {
	h := uint64(14695981039346656037)
	for _, r := range runes {
		h = (h ^ uint64(r)) * 1099511628211
	}
	return hash.Step(h)
}

// grams calls f for everything that a filter knows about a folded text.
func grams(s string, f func(uint64)) {
	var last rune // dense, or 0
	var word [wordPrefix]rune
	n := 0
	for _, r := range s {
		switch {
		case dense(r):
			f(gramOf(r))
			if last != 0 {
				f(gramOf(last, r))
			}
			last, n = r, 0
			continue
		case wordly(r):
			if n < wordPrefix {
				word[n] = r
				f(gramOf(word[:n+1]...))
			}
			n++
		default:
			n = 0
		}
		last = 0
	}
}

// A query is what somebody looks for: every part must occur, a part of a
// dense script anywhere, a word at the beginning of a word.
type query struct {
	dense, words []string
	grams        []uint64
}

func parseQuery(folded string) (q query) {
	var part []rune
	isDense := false
	flush := func() {
		if len(part) == 0 {
			return
		}
		switch {
		case !isDense:
			q.words = append(q.words, string(part))
			q.grams = append(q.grams, gramOf(part[:min(len(part), wordPrefix)]...))
		case len(part) == 1:
			q.dense, q.grams = append(q.dense, string(part)), append(q.grams, gramOf(part[0]))
		default:
			q.dense = append(q.dense, string(part))
			for i := range len(part) - 1 {
				q.grams = append(q.grams, gramOf(part[i], part[i+1]))
			}
		}
		part = part[:0]
	}
	for _, r := range folded {
		d := dense(r)
		if !d && !wordly(r) {
			flush()
			continue
		}
		if d != isDense {
			flush()
		}
		isDense = d
		part = append(part, r)
	}
	flush()
	return q
}

// matches reports whether every part of the query occurs in a folded text.
func (q *query) matches(s string) bool {
	for _, p := range q.dense {
		if !strings.Contains(s, p) {
			return false
		}
	}
	for _, w := range q.words {
		if !beginsWord(s, w) {
			return false
		}
	}
	return true
}

func beginsWord(s, w string) bool {
	for from := 0; ; {
		i := strings.Index(s[from:], w)
		if i < 0 {
			return false
		}
		at := from + i
		before, _ := utf8.DecodeLastRuneInString(s[:at])
		if at == 0 || !wordly(before) || dense(before) {
			return true
		}
		from = at + len(w)
	}
}

// note lets the search know messages that were committed: new ones in the
// order of their ids, and old ones whose words changed.
func (s *searcher) note(list []hearback.Message) {
	for i := range list {
		s.noteOne(list[i].ID, s.text.Fold(list[i].Text))
	}
}

func (s *searcher) noteOne(id hearback.ID, folded string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id < s.before {
		s.late = append(s.late, noted{id, folded})
		return
	}
	s.put(id, folded)
	if extra := len(s.blocks) - searchKept; extra > 0 {
		s.blocks = slices.Delete(s.blocks, 0, extra)
	}
}

// put adds a message to the block that it belongs to, or to a new one after the
// newest when that is full.
func (s *searcher) put(id hearback.ID, folded string) {
	if b := s.blockFor(id); b != nil {
		grams(folded, b.add)
	}
}

func (s *searcher) blockFor(id hearback.ID) *block {
	i, _ := slices.BinarySearchFunc(s.blocks, id, func(b *block, id hearback.ID) int {
		if b.high < id {
			return -1
		}
		return 1
	})
	switch {
	case i < len(s.blocks) && id < s.blocks[i].low:
		return nil // edited, and too old to be searched
	case i < len(s.blocks):
		return s.blocks[i]
	case i > 0 && s.blocks[i-1].n < blockMessages:
		b := s.blocks[i-1]
		b.high, b.n = id, b.n+1
		return b
	}
	b := &block{low: id, high: id, n: 1, bits: make([]uint64, blockBits/64)}
	s.blocks = append(s.blocks, b)
	return b
}

// read fills the search with the messages that are stored already, newest
// first, in the background.
func (s *searcher) read(ctx context.Context, db *store.DB) error {
	const some = 16 * blockMessages
	before := s.before
	for done := before == 0; !done; {
		var list []noted
		err := db.Words(ctx, 0, before, some, func(id hearback.ID, text string) bool {
			list = append(list, noted{id, text})
			return true
		})
		if err != nil {
			return err
		}
		var older []*block
		for part := range slices.Chunk(list, blockMessages) {
			b := &block{low: part[len(part)-1].id, high: part[0].id, n: len(part), bits: make([]uint64, blockBits/64)}
			for i := range part {
				grams(s.text.Fold(part[i].text), b.add)
			}
			older = append(older, b)
		}
		slices.Reverse(older)
		s.mu.Lock()
		s.blocks = append(older, s.blocks...)
		done = len(list) < some || len(s.blocks) >= searchKept
		if before = 0; !done {
			before = list[some-1].id
		}
		s.before = before
		s.late = slices.DeleteFunc(s.late, func(m noted) bool {
			if m.id >= before && len(s.blocks) > 0 {
				s.put(m.id, m.text)
			}
			return m.id >= before
		})
		s.mu.Unlock()
	}
	return nil
}

// candidates returns the blocks that may hold what is looked for, newest
// first, of messages older than before.
func (s *searcher) candidates(q query, before hearback.ID) (list []block, unread hearback.ID) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, b := range slices.Backward(s.blocks) {
		if before != 0 && b.low >= before || slices.ContainsFunc(q.grams, func(g uint64) bool { return !b.may(g) }) {
			continue
		}
		if list = append(list, block{low: b.low, high: b.high}); len(list) > searchBlocks {
			break
		}
	}
	return list, s.before
}

// findMessages returns the newest messages that hold every word of a query,
// older than before unless that is 0.
func (a *App) findMessages(ctx context.Context, words string, before hearback.ID, limit int) (f office.Found, err error) {
	q := parseQuery(a.text.Fold(words))
	if len(q.grams) == 0 {
		return f, nil
	}
	list, unread := a.search.candidates(q, before)
	f.Loading = unread != 0
	var ids []hearback.ID
	for i, b := range list {
		if i == searchBlocks {
			f.More = b.high + 1 // so many were read for little
			break
		}
		high := b.high + 1
		if before != 0 {
			high = min(high, before)
		}
		err := a.Store.Words(ctx, b.low, high, 4*blockMessages, func(id hearback.ID, text string) bool {
			if q.matches(a.text.Fold(text)) {
				if len(ids) == limit {
					f.More = ids[limit-1]
					return false
				}
				ids = append(ids, id)
			}
			return true
		})
		if err != nil {
			return f, err
		}
		if f.More != 0 {
			break
		}
	}
	f.Messages, err = a.Store.Messages(ctx, ids)
	return f, err
}

// readAgain is how long the search waits when messages cannot be read.
const readAgain = time.Minute

// readWords makes the messages that are stored known to the search. Until that
// is done edits of them wait in memory, so it goes on where it stopped.
func (a *App) readWords(ctx context.Context) {
	for {
		err := a.search.read(ctx, a.Store)
		if err == nil || ctx.Err() != nil {
			return
		}
		a.log.Error("older messages cannot be searched yet; they will be read again in a minute", slog.Any("err", err))
		select {
		case <-ctx.Done():
			return
		case <-time.After(readAgain):
		}
	}
}
