package cluster

import (
	"strings"

	"example.org/hearback/internal/text"
)

// common are words that stand in many messages whatever they are about, with
// the share of messages they are assumed to stand in before any was seen.
const common = `the:.5 a:.4 an:.2 is:.4 are:.3 be:.2 was:.2 were:.1 been:.1 am:.1 i:.3 you:.3 he:.1 she:.1 it:.3 we:.2 they:.2 me:.1 my:.2 your:.2 his:.1 her:.1 its:.1 our:.1 their:.1
this:.2 that:.2 these:.1 those:.1 there:.1 here:.1 of:.4 to:.4 in:.4 on:.3 at:.2 for:.3 with:.2 from:.2 by:.2 as:.1 about:.1 into:.1 over:.1 after:.1 before:.1 up:.1 out:.1 off:.1 down:.1
and:.3 or:.2 but:.1 if:.1 so:.1 because:.1 than:.1 then:.1 do:.2 doe:.1 did:.1 don:.1 have:.2 has:.1 had:.1 can:.2 could:.1 will:.2 would:.1 should:.1 may:.1 must:.1 not:.2 no:.2
what:.2 when:.2 where:.2 who:.1 why:.1 how:.2 which:.1 all:.1 any:.1 some:.1 more:.1 just:.1 now:.1 get:.1 go:.1 say:.1 one:.1 new:.1 still:.1 also:.1 only:.1 very:.1 like:.1 know:.1 rt:.2 via:.1 amp:.1
的:.6 了:.5 是:.4 在:.4 我:.3 有:.3 不:.3 吗:.3 什么:.2 怎么:.2 可以:.2 没有:.2 我们:.2 你们:.1 他们:.1 这个:.1 那个:.1 就是:.1 还是:.1 一个:.1 请问:.2 现在:.1 已经:.1 因为:.1 所以:.1 如果:.1 但是:.1 知道:.1 有没有:.1 是不是:.1 能不能:.1 会不会:.1 为什么:.1 时候:.1 到底:.1 有点:.1 一下:.1 大家:.1 真的:.1 好像:.1 一直:.1 这么:.1 那么:.1 这样:.1 有人:.1 觉得:.1 的话:.1`

// CommonWords returns the hashes of the terms that say nothing by themselves,
// for whoever shows words to people.
func CommonWords() map[uint64]float32 { return stopWords() }

// stopWords returns the shares by the hash of the term.
func stopWords() map[uint64]float32 {
	m := map[uint64]float32{}
	for _, f := range strings.Fields(common) {
		word, share, _ := strings.Cut(f, ":.")
		p := float32(share[0]-'0') / 10
		for _, k := range []text.TermKind{text.Word, text.Han, text.Bigram} {
			m[text.Hash(k, word)] = p
		}
	}
	return m
}
