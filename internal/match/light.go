package match

import (
	"strings"

	"example.org/hearback/internal/text"
)

// lightHan are Chinese words that ask, point and hedge, and say little of what
// a text is about. They are counted as rare by the dictionaries, which count
// newspapers and novels, where nobody asks where to go.
const lightHan = `什么 怎么 怎样 怎么办 如何 为什么 哪里 哪儿 哪个 哪些 哪家 哪天 多少 多久 几点 何时 是否 是不是 有没有 能不能 会不会
	该不该 要不要 可不可以 可以 能够 应该 需要 还能 不能 不会 没有 真的 请问 听说 有人 据说 网传 都说 说是 知道 我们 你们 他们 人家 别人
	大家 自己 这个 那个 这里 那里 这边 那边 这么 那么 这样 那样 就是 还是 不是 一个 一直 现在 已经 因为 所以 如果 但是 时候 以后 之后 以前
	之前 到底 到处 附近 不了 才能 有的`

// lightSays is what is left of what they say.
const lightSays = 0.3

// lightRows returns the rows of these words.
func (ix *Index) lightRows() map[int32]bool {
	rows := map[int32]bool{}
	for _, w := range strings.Fields(lightHan) {
		if row := ix.vec.Row(text.Hash(text.Han, w)); row >= 0 {
			rows[row] = true
		}
	}
	return rows
}

// weight returns how much the word of a row says, from 0 to 1.
func (ix *Index) weight(row int32) float32 {
	w := ix.vec.Weight(row)
	if ix.light[row] {
		w *= lightSays
	}
	return w
}
