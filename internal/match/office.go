package match

import (
	"slices"
	"strings"

	"example.org/hearback/internal/text"
)

// officeHan are Chinese words of health, disasters and a city's services, each
// with the English words that people use for the same thing and the glosses of
// the pack of vectors leave out: there 隔离 is to separate and to isolate, but
// not quarantine. Only words for the same thing stand here, not what comes to
// mind with them, so that a match by one of them can be read as a translation.
const officeHan = `
隔离 quarantine
接种 jab shot
疫情 outbreak pandemic
确诊 diagnosed
拉肚子 diarrhoea
腹泻 diarrhoea
急诊 er
挂号 appointment
门诊 clinic
药店 chemist
报销 refund
避难所 shelter
安置 shelter resettle
救助 relief
救灾 relief
救援 rescue relief
赔偿 damages
发放 distribute
决堤 burst
积水 flooding waterlogged
内涝 flooding
暴雨 downpour
警报 siren
停电 outage blackout
断电 blackout
供电 power
暖气 radiator
下水道 drain
停课 cancelled
路灯 streetlight
公交 bus
地铁 metro
高铁 train
电动车 scooter
加油站 petrol
汽油 petrol gas fuel
垃圾 rubbish
基站 mast tower
扰民 disturbance nuisance
拆迁 demolition
电梯 lift
物业 management
小区 compound neighbourhood
租房 rental
户口 registration household
驾照 licence driving
低保 benefit
社保 security
公积金 provident
工资 salary
学区 catchment
幼儿园 preschool
食堂 canteen
诈骗 scam fraud
骗子 scammer
谣言 rumour
`

// officeGlosses returns the rows of these words, each with those of its English
// words.
func (ix *Index) officeGlosses() map[int32][]int32 {
	out := map[int32][]int32{}
	for line := range strings.Lines(officeHan) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		row := ix.vec.Row(text.Hash(text.Han, f[0]))
		if row < 0 {
			continue // another pack
		}
		d := ix.text.Analyze(strings.Join(f[1:], " "), "en")
		for i := range d.Terms {
			g := ix.vec.Row(d.Terms[i].Hash)
			if g >= 0 && !slices.Contains(out[row], g) && !ix.vec.Explains(row, g) {
				out[row] = append(out[row], g)
			}
		}
	}
	return out
}

// explains reports whether the word of row b is among the English words for
// that of row a.
func (ix *Index) explains(a, b int32) bool {
	return ix.vec.Explains(a, b) || slices.Contains(ix.office[a], b)
}
