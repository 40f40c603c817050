package translog

import (
	"context"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// An edge is the right edge of a tree: at each level of tiles, the hashes of
// the tile that is not full yet. It is all that is needed to append and to
// compute the root.
type edge struct {
	size   int64
	levels [][]tlog.Hash
}

// add appends the hash of a leaf. It calls full, which may be nil, with every
// tile that this completes; full must not keep hashes.
func (e *edge) add(h tlog.Hash, full func(level int, n int64, hashes []tlog.Hash) error) error {
	e.size++
	for level := 0; ; level++ {
		if level == len(e.levels) {
			e.levels = append(e.levels, make([]tlog.Hash, 0, tileWidth))
		}
		e.levels[level] = append(e.levels[level], h)
		tile := e.levels[level]
		if len(tile) < tileWidth {
			return nil
		}
		if full != nil {
			if err := full(level, e.size>>(tileHeight*(level+1))-1, tile); err != nil {
				return err
			}
		}
		h = subtree(tile)
		e.levels[level] = tile[:0]
	}
}

// root returns the root of the tree, as RFC 6962 defines it.
func (e *edge) root() tlog.Hash {
	if e.size == 0 {
		h, _ := tlog.TreeHash(0, nil)
		return h
	}
	var acc tlog.Hash
	some := false
	// From the right: level 0 holds the last leaves, and in each level the
	// perfect subtrees get smaller to the right.
	for _, tile := range e.levels {
		for rest := len(tile); rest > 0; {
			width := rest & -rest // the last, smallest one
			h := subtree(tile[rest-width : rest])
			if some {
				h = tlog.NodeHash(h, acc)
			}
			acc, some = h, true
			rest -= width
		}
	}
	return acc
}

// subtree returns the root over a power of two of hashes.
func subtree(hashes []tlog.Hash) tlog.Hash {
	var buf [tileWidth]tlog.Hash
	row := buf[:copy(buf[:], hashes)]
	for len(row) > 1 {
		for i := range len(row) / 2 {
			row[i] = tlog.NodeHash(row[2*i], row[2*i+1])
		}
		row = row[:len(row)/2]
	}
	return row[0]
}

// clone returns a copy that shares nothing with e.
func (e *edge) clone() edge {
	c := edge{size: e.size, levels: make([][]tlog.Hash, len(e.levels))}
	for i, tile := range e.levels {
		c.levels[i] = append(make([]tlog.Hash, 0, tileWidth), tile...)
	}
	return c
}

// loadEdge reads the right edge of a log of size entries from its tiles.
func loadEdge(ctx context.Context, f Files, size int64) (edge, error) {
	e := edge{size: size}
	for level := 0; size>>(tileHeight*level) > 0; level++ {
		count := size >> (tileHeight * level)
		tile := make([]tlog.Hash, 0, tileWidth)
		if w := int(count % tileWidth); w > 0 {
			hashes, err := readTile(ctx, f, level, count/tileWidth, w)
			if err != nil {
				return e, err
			}
			tile = slices.Concat(tile, hashes)
			tile = slices.Grow(tile, tileWidth-len(tile))
		}
		e.levels = append(e.levels, tile)
	}
	return e, nil
}
