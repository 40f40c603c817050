package translog

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"example.org/hearback"
)

// Tiles are 256 wide, as C2SP tlog-tiles has it.
const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

// bundleLevel is the level of the tiles that hold entries instead of hashes.
const bundleLevel = -1

// tilePath returns the C2SP path of a tile: that of the checksum database of
// Go without the height, and with "entries" for "data".
func tilePath(level int, n int64, width int) string {
	p := tlog.Tile{H: tileHeight, L: level, N: n, W: width}.Path()
	p = strings.TrimPrefix(p, "tile/8/")
	if rest, ok := strings.CutPrefix(p, "data/"); ok {
		return "tile/entries/" + rest
	}
	return "tile/" + p
}

// parseTilePath is the inverse of tilePath.
func parseTilePath(p string) (tlog.Tile, error) {
	rest, ok := strings.CutPrefix(p, "tile/")
	if !ok || len(p) > 100 || strings.HasPrefix(rest, "data/") {
		return tlog.Tile{}, fmt.Errorf("%w: there is no tile %.40q", hearback.ErrNotFound, p)
	}
	if r, ok := strings.CutPrefix(rest, "entries/"); ok {
		rest = "data/" + r
	}
	t, err := tlog.ParseTilePath("tile/8/" + rest)
	// Six levels hold 2⁴⁸ entries.
	if err != nil || t.L > 5 {
		return tlog.Tile{}, fmt.Errorf("%w: there is no tile %.40q", hearback.ErrNotFound, p)
	}
	return t, nil
}

// covered reports whether a log of size entries has tile t.
func covered(t tlog.Tile, size int64) bool {
	have := size >> (tileHeight * max(t.L, 0))
	return t.N < 1<<40 && t.N*tileWidth+int64(t.W) <= have
}

// Files is where the files of a log are read: "checkpoint", "tile/0/000". A
// file that is not there is [fs.ErrNotExist].
type Files interface {
	ReadFile(ctx context.Context, name string) ([]byte, error)
}

// Dir is a log in a directory.
type Dir string

// ReadFile implements [Files].
func (d Dir) ReadFile(_ context.Context, name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(string(d), filepath.FromSlash(name)))
}

// Remote is a log on the web.
type Remote struct {
	Client *http.Client
	URL    string // of the directory that holds "checkpoint"
}

// maxTile is the longest file of a log: 256 entries of the longest kind.
const maxTile = tileWidth * (2 + hearback.MaxLeaf)

// ReadFile implements [Files].
func (r Remote) ReadFile(ctx context.Context, name string) ([]byte, error) {
	return fetch(ctx, r.Client, strings.TrimSuffix(r.URL, "/")+"/"+name, maxTile)
}

// absent says that a server has nothing at an address; it is [fs.ErrNotExist].
type absent struct{ url, status string }

func (a absent) Error() string        { return a.url + " answers " + a.status }
func (a absent) Is(target error) bool { return target == fs.ErrNotExist }

// fetch reads a page of at most limit bytes, decoded.
func fetch(ctx context.Context, client *http.Client, url string, limit int64) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %.200q is not a web address", hearback.ErrInvalid, url)
	}
	if client == nil {
		return nil, errors.New("no HTTP client was given")
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", url, err)
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusGone:
		return nil, absent{url, res.Status}
	case res.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%s answers %s", url, res.Status)
	}
	b, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", url, err)
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%w: %s has more than %d bytes", hearback.ErrInvalid, url, limit)
	}
	return b, nil
}

// readTile reads a hash tile, or the beginning of a wider one if that width is
// gone: partial tiles go when the full tile is there.
func readTile(ctx context.Context, f Files, level int, n int64, width int) ([]tlog.Hash, error) {
	data, err := readAny(ctx, f, level, n, width)
	if err != nil {
		return nil, err
	}
	if len(data) < width*tlog.HashSize || len(data)%tlog.HashSize != 0 || len(data) > tileWidth*tlog.HashSize {
		return nil, fmt.Errorf("%w: %s has %d bytes", ErrDamaged, tilePath(level, n, width), len(data))
	}
	hashes := make([]tlog.Hash, width)
	for i := range hashes {
		copy(hashes[i][:], data[i*tlog.HashSize:])
	}
	return hashes, nil
}

// readBundle reads width entries from a bundle in the same way.
func readBundle(ctx context.Context, f Files, n int64, width int) ([][]byte, error) {
	data, err := readAny(ctx, f, bundleLevel, n, width)
	if err != nil {
		return nil, err
	}
	var leaves [][]byte
	for rest := data; len(leaves) < width; {
		if len(rest) < 2 || len(rest)-2 < int(binary.BigEndian.Uint16(rest)) {
			return nil, fmt.Errorf("%w: %s ends in entry %d", ErrDamaged, tilePath(bundleLevel, n, width), n*tileWidth+int64(len(leaves)))
		}
		end := 2 + int(binary.BigEndian.Uint16(rest))
		leaves = append(leaves, rest[2:end:end])
		rest = rest[end:]
	}
	return leaves, nil
}

func readAny(ctx context.Context, f Files, level int, n int64, width int) ([]byte, error) {
	name := tilePath(level, n, width)
	data, err := f.ReadFile(ctx, name)
	if errors.Is(err, fs.ErrNotExist) && width < tileWidth {
		data, err = f.ReadFile(ctx, tilePath(level, n, tileWidth))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s is lost", ErrDamaged, name)
	}
	return data, err
}

// appendEntry adds a leaf to the text of a bundle.
func appendEntry(bundle, leaf []byte) []byte {
	return append(binary.BigEndian.AppendUint16(bundle, uint16(len(leaf))), leaf...)
}

// hashReader returns the hashes of a tree from tiles. What it returns has been
// checked against the root.
func hashReader(ctx context.Context, f Files, c Checkpoint) tlog.HashReader {
	return tlog.TileHashReader(tlog.Tree{N: c.Size, Hash: c.Root}, tileReader{ctx, f})
}

// tileReader is [Files] for package tlog, whose interface takes no context.
type tileReader struct {
	ctx context.Context
	f   Files
}

func (tileReader) Height() int                     { return tileHeight }
func (tileReader) SaveTiles([]tlog.Tile, [][]byte) {}

func (r tileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var list [][]byte
	for _, t := range tiles {
		hashes, err := readTile(r.ctx, r.f, t.L, t.N, t.W)
		if err != nil {
			return nil, err
		}
		list = append(list, hashBytes(hashes))
	}
	return list, nil
}

func hashBytes(hashes []tlog.Hash) []byte {
	b := make([]byte, 0, len(hashes)*tlog.HashSize)
	for _, h := range hashes {
		b = append(b, h[:]...)
	}
	return b
}
