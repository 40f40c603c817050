package text

import (
	"strings"
	"unicode/utf8"
)

// A cue is what one word or phrase speaks for. Bits, as phrases may speak for
// several things.
type cue uint32

const (
	cueThanks cue = 1 << iota
	cueNeed
	cueSuggestion
	cueComplaint
	cueReport   // states something as known, or as heard
	cueAsk      // opens a question: who, is, est-ce que, 请问
	cueSoft     // asks politely, or after a source: please, confirm
	cueHarsh    // abuse and blame: behind it a question is seldom one
	cueFiller   // may stand before a question: so, and, ok
	cueInvert   // "will i": verb before pronoun, wherever it stands
	cueBelief   // "do you think", "you realise": an opinion in a question's form
	cueOpen     // leaves it open how things are: or, yet, still
	cueWish     // wishes people well
	cueEffect   // asks for effect: supposed to, because, imagine
	cueAskOther // opens a question in a language other than English
)

// cueLines hold the phrases of up to four words, by what they speak for.
// English first; other languages by their commonest.
const cueLines = `
thanks | thank you, thanks, thank u, thx, ty, many thanks, much appreciated, appreciate it, i appreciate, we appreciate, grateful, kudos, well done, good job, great job, great work, good work, keep up the, bravo, props to, hats off
thanks | gracias, muchas gracias, agradezco, agradecemos, felicitaciones, merci, merci beaucoup, je remercie, nous remercions, bravo, obrigado, obrigada, agradeço, parabéns, grazie, ringrazio, danke, vielen dank, спасибо, благодарю, شكرا, شكراً, جزاكم الله, نشكر, terima kasih, salamat, asante, teşekkürler, teşekkür ederim, ありがとう, 감사합니다, cảm ơn
need | i need, we need, need help, needs help, need a, need water, need food, need shelter, need medicine, need blankets, need supplies, need rescue, need to be rescued, need assistance, needed urgently, urgently need, urgently needed, in need of, in urgent need, desperate for, desperately need, please help, pls help, plz help, help us, help me, help needed, send help, sos, please send, rescue us, rescue me, trapped, stranded, stuck on the roof, looking for a, looking for my, running out of, ran out of, have no food, have no water, no food or water, require assistance, volunteers needed, blood needed, donations needed, is missing, are missing, went missing, request for, requesting, we request, i request
need | necesito, necesitamos, se necesita, se necesitan, ayuda, ayuda urgente, por favor ayuda, ayúdenme, ayúdennos, auxilio, estamos atrapados, besoin, besoin de, au secours, aidez nous, aidez-nous, à l'aide, preciso de, precisamos de, precisamos, socorro, ajuda, ajudem, ho bisogno, abbiamo bisogno, bisogno di, aiuto, aiutateci, wir brauchen, ich brauche, hilfe, нужна помощь, нужно, помогите, нам нужен, нам нужна, нужны, نحتاج, محتاجين, محتاج, أحتاج, احتاج, ساعدونا, ساعدوني, نناشد, أغيثونا, butuh, tolong, kailangan namin, tulong, tunahitaji, yardım edin, ihtiyacımız var
suggestion | suggest, suggestion, i suggest, we suggest, suggesting, recommend, i recommend, propose, i propose, proposal, it would be better, it would be good, it would be great, it would be nice, it would help, would be better, would be nice, would be great, would be good, would be helpful, should be, should have a, should not be, should also, should at least, should consider, they should, we should, you should, city should, government should, council should, authorities should, should add, should put, should make, should open, should build, should provide, ought to, please consider, please add, please make, consider adding, consider making, how about, what about adding, why not just, why don't you, why don't they, why don't we, why dont they, could you please, i wish, we wish, i hope you, we hope you, it's time to, idea for, better to, better if, instead of
suggestion | sugiero, sugerencia, propongo, propuesta, deberían, debería, debieran, sería mejor, sería bueno, recomiendo, ojalá, je suggère, je propose, suggestion, proposition, il faudrait, devrait, devraient, vous devriez, ce serait mieux, ce serait bien, sugiro, sugestão, proponho, deveria, deveriam, seria bom, seria melhor, poderiam, suggerisco, propongo, proposta, dovrebbe, dovrebbero, bisognerebbe, sarebbe meglio, sarebbe bello, vorschlag, ich schlage vor, sollte, sollten, man könnte, предлагаю, предложение, следует, надо бы, лучше бы, أقترح, اقترح, نقترح, اقتراح, يجب, ينبغي, من الأفضل, sebaiknya, saran, mungkahi, pendekeza
complaint | complain, complaint, complaining, not working, doesn't work, does not work, don't work, isn't working, won't work, stopped working, broken, broke down, broken down, out of order, no water, no power, no electricity, no signal, no service, no answer, no reply, no response, no heating, no hot water, no one answers, nobody answers, no one picks, nobody picks, never answers, never picks, never came, never arrived, never comes, still no, still not, still waiting, still haven't, still hasn't, waiting for hours, waiting for days, for days, for weeks, for months, for hours, every night, every day this week, again and again, hung up on, ignored, ignoring, nobody cares, no one cares, nobody helps, unacceptable, outrageous, disgraceful, disgusting, filthy, dirty, stinks, smells, smelly, stench, leaking, leak, leaks, overflowing, blocked, clogged, pothole, potholes, unsafe road, noise, noisy, loud music, too loud, keeps us awake, garbage, trash, litter, rubbish, rats, delay, delayed, delays, cancelled without, overcharged, overpriced, rip off, scam, cheated, corrupt, corruption, rude, unfair, unjust, terrible, awful, horrible, worst, useless, incompetent, negligence, neglect, failed to, fails to, failure to, refuse to, refused to, refuses to, turned away, not been collected, hasn't been, haven't been, has not been, have not been, has not come, not come yet, not arrived, poor service, bad service, poor quality, fed up, sick of, tired of, how long must, can't even, cannot even, can't get, cannot get, can't reach, can not get, outage, blackout, shameful, shame on, disappointed, disappointing, damaged my, ruined my, freezing, mould, mold, no pickup, piling up, sold out, closed without
complaint | queja, quejas, denuncio, reclamo, no funciona, no hay agua, no hay luz, sin agua, sin luz, sin respuesta, nadie contesta, nadie responde, nunca, todavía no, aún no, vergüenza, roto, rota, basura, mal servicio, pésimo, ruido, plainte, ne marche pas, ne fonctionne pas, en panne, pas d'eau, pas d'électricité, sans eau, personne ne répond, toujours pas, inadmissible, scandaleux, honte, bruit, ordures, poubelles, reclamação, não funciona, sem água, sem luz, sem resposta, ninguém atende, ninguém responde, ainda não, vergonha, lixo, barulho, quebrado, buraco, péssimo, reclamo, non funziona, senza acqua, senza luce, nessuno risponde, non risponde nessuno, ancora non, vergogna, guasto, guasta, rumore, spazzatura, buche, beschwerde, funktioniert nicht, kaputt, kein wasser, kein strom, niemand, lärm, müll, жалоба, жалуюсь, не работает, нет воды, нет света, нет электричества, никто не, до сих пор, безобразие, мусор, шум, سيئة, سيئ, شكوى, أشتكي, لا يعمل, لا تعمل, لا يوجد ماء, لا توجد مياه, لا توجد كهرباء, انقطاع, مقطوعة, لا أحد يرد, لا احد يرد, قمامة, نفايات, ضوضاء, rusak, mati lampu, sampah, tidak ada air, bozuk, çalışmıyor, su yok
report | they say, people say, people are saying, i heard, i hear, we heard, heard that, someone told me, told me that, rumour, rumours, rumor, rumors, apparently, allegedly, reportedly, according to, reports that, it is said, confirmed, breaking, sources say, the truth is, in fact, causes, cause, cures, kills, prevents, dicen que, según, se dice, il paraît, selon, on dit que, dizem que, segundo, si dice, secondo, dicono che, говорят, يقولون, يقال, سمعت, سمعنا, حسب, katanya
ask | what, what's, whats, who, who's, whos, whose, whom, where, where's, wheres, when, when's, which, why, why's, how, how's, hows, how come, is, are, was, were, am, did, do, does, can, could, has, have, had, will, would, should, shall, may, might, must, isn't, aren't, don't, didn't, doesn't, wasn't, weren't, can't, couldn't, won't, wouldn't, hasn't, haven't, shouldn't, ain't, isnt, arent, dont, didnt, doesnt, wasnt, cant, couldnt, wont, wouldnt, hasnt, havent, shouldnt, any, nearest, closest, anyone know, does anyone, anybody know, wondering if, wonder if, is it true
ask2 | quién, quien, quiénes, qué, cuál, cuáles, cuándo, cuando, cuánto, cuánta, cuántos, cuánta, dónde, donde, adónde, cómo, como, por qué, porqué, alguien sabe, es verdad que, es cierto que, se puede, puedo, hay que, qui, quoi, quel, quelle, quels, quelles, quand, où, comment, pourquoi, combien, est-ce, est ce que, est-ce que, qu'est-ce, y a-t-il, peut-on, puis-je, quelqu'un sait, quem, qual, quais, quando, quanto, quantos, onde, por que, porque, alguém sabe, é verdade que, posso, chi, cosa, che cosa, quale, quali, quanti, dove, come, perché, perchè, è vero che, qualcuno sa, si può, wer, was, wo, wann, warum, wie, welche, welcher, welches, wieso, weiß jemand, stimmt es, кто, что, где, когда, почему, зачем, как, сколько, какой, какая, какие, куда, правда ли, هل, متى, أين, اين, وين, كيف, لماذا, ليش, لمذا, ما هي, ما هو, ماذا, كم, من هو, أي, ما, apa, apakah, kapan, dimana, di mana, bagaimana, kenapa, mengapa, siapa, berapa, ano, saan, kailan, bakit, paano, sino, nini, wapi, lini, kwa nini, nerede, ne zaman, nasıl, neden, niçin, kim, kaç, hangi
soft | please, pls, plz, sorry, hi, hello, hey, curious, clarify, explain, wondering, wonder, source, sources, confirm, confirmed, confirmation, verify, verified, evidence, proof, link, official, update, updates, reports, any news, any word, any idea, any info, any information, any details, any chance, anyone know, does anyone, can anyone, can someone, can you, could you, would you, have you, do you know, did you, are you sure, how do you know, is it true, is this true, true or
harsh | fuck, fucking, fucked, shit, bullshit, stupid, idiot, idiots, moron, morons, dumb, crap, damn, wtf, lol, lmao, smh, disgusting, disgrace, racist, racists, bastard, bastards, asshole, pathetic, ridiculous, shame, clown, hypocrite, hypocrites, bigot, coward, scum, evil, liar, liars, stfu
filler | so, and, but, ok, okay, wait, um, uh, well, also, then, just, wow, oh, omg, hmm, yes, no, yeah, please, pls, sorry, hi, hey, hello, hola, bonjour, olá, ciao, por favor, s'il vous plaît, good morning, good evening, dear sir, dear team, buenos días, bom dia, buongiorno, مرحبا, السلام عليكم, لو سمحت, لو سمحتم, من فضلك
invert | will i, will we, will they, will it, will he, will she, will there, can i, can we, can they, can it, should i, should we, should they, do i, do we, do you, do they, does it, does he, does she, did they, did it, did you, did he, is there, is it, are there, are they, are we, am i, could i, could we, could it, could they, would i, would it, would they, has it, has there, have they, have there, would you, can you, could you, have you, are you, what is, what are, what does, what do, what if, how long, how many, how much, how do, how does, how can, how will, how is, how are, why do, why does, why is, why are, where can, where is, where do, which is, which are, why did, what can, what should, what will
belief | do you think, do you believe, do you really, do you realise, do you realize, you think, you believe, you mean, you realise, you realize, you want, you expect, dont you think, don't you think, are you saying, so you, don't u think, dont u think, how dare
wish | pray, praying, prayers, pray for, thoughts are with, our thoughts, my thoughts, condolences, stay safe, be safe, keep safe, stay strong, rest in peace, r.i.p, heart goes out, hearts go out, god bless, happy birthday, good luck, get well, congratulations, merry christmas, happy new year
open | or, yet, still, is this, is that, is it, was that, was it, was this
effect | supposed, because, imagine, should, would, even, like, always, never, justify, justifies, justified, wonder why, since when, who cares, in what world, kind of person, how dare
`

// hanCues are the same for Chinese, matched anywhere.
const hanCues = `
thanks | 感谢, 谢谢, 多谢, 致谢, 表扬, 点赞, 辛苦了, 好样的, 感恩
need | 求助, 急需, 求救, 救命, 救援, 请求, 急求, 需要帮助, 需要救援, 被困, 求帮助, 帮帮我, 帮帮我们, 救救, 求转发, 寻人, 走失, 失联, 缺水, 断粮, 没吃的, 需要物资, 需要药, 紧缺, 告急, 申请, 恳请, 恳求, 要求解决, 请尽快, 需要喷药, 需要转移
suggestion | 建议, 希望能, 希望政府, 希望有关, 希望相关, 希望增加, 希望, 盼望, 期盼, 提议, 应该, 应当, 最好能, 最好是, 不如, 何不, 倡议, 呼吁, 能不能增加, 可否增设, 增设, 请加快, 请加强
complaint | 没有热水, 没有暖气, 没水, 没电, 没网, 没人理, 却只, 却不, 物业不管, 态度差, 推三阻四, 投诉, 举报, 反映, 反应, 控诉, 曝光, 扰民, 噪音, 噪声, 吵得, 太吵, 没人管, 无人管, 没有人管, 不作为, 推诿, 踢皮球, 打不通, 没人接, 无人接听, 一直没, 一直不, 还没, 还没有, 迟迟, 至今, 拖欠, 欠薪, 乱收费, 违规, 违法, 违建, 乱停, 乱扔, 堵塞, 漏水, 停水, 停电, 断电, 断水, 故障, 坏了, 损坏, 不亮, 不热, 不开, 用不了, 取不了, 买不到, 加不到, 卖光, 太慢, 太差, 太贵, 太麻烦, 恶劣, 臭味, 恶臭, 污染, 垃圾成堆, 堆成山, 脏乱差, 脏乱, 欺骗, 诈骗, 坑人, 黑心, 不公平, 不公, 不合理, 不退, 拒绝, 拒不, 骗, 气愤, 愤怒, 失望, 无语, 忍无可忍, 受不了, 质量问题, 涨价, 翻倍, 偷工减料, 扣发, 克扣, 瘫痪, 难闻, 有异味, 问题严重, 冻死, 坑, 黑漆漆, 没到账, 没有到账, 没领到
report | 听说, 据说, 网传, 有人说, 都说, 传言, 谣言, 据悉, 据报道, 消息称, 爆料, 证实, 通报, 预防, 能治, 会导致, 致癌, 导致
ask | 吗, 么, 呢, 什么, 怎么, 怎样, 怎么样, 如何, 为什么, 为何, 为啥, 咋, 啥, 哪里, 哪儿, 哪个, 哪些, 哪家, 哪天, 哪种, 谁, 几点, 几时, 几天, 几号, 几岁, 几个, 几次, 多少, 多久, 多长, 多大, 何时, 何处, 何地, 是否, 能否, 可否, 是不是, 能不能, 会不会, 有没有, 可不可以, 要不要, 该不该, 对不对, 行不行, 好不好, 还是, 请问, 请教, 咨询, 想问, 问一下, 求问, 询问, 求解, 有谁知道, 谁知道, 真的假的, 真假, 是真的吗, 算不算, 属不属于
soft | 请问, 请教, 求问, 咨询, 想问, 问一下, 是否, 能否, 可否, 真的吗, 是真的
harsh | 凭什么, 难道, 岂有此理, 无耻, 垃圾政府, 混蛋, 王八, 傻逼, 他妈, 脑残, 谁信, 怎么好意思, 有什么用
`

var cueNames = map[string]cue{
	"thanks": cueThanks, "need": cueNeed, "suggestion": cueSuggestion, "complaint": cueComplaint, "report": cueReport, "ask": cueAsk, "ask2": cueAskOther,
	"soft": cueSoft, "harsh": cueHarsh, "filler": cueFiller, "invert": cueInvert, "belief": cueBelief, "wish": cueWish, "open": cueOpen, "effect": cueEffect,
}

// parseCues reads lines "name | phrase, phrase". A phrase with an apostrophe
// also stands without.
func parseCues(lines string) cues {
	t := cues{of: map[string]cue{}, tails: map[string]int{}, heads: map[rune]int{}}
	put := func(phrase string, c cue) {
		t.of[phrase] |= c
		words := strings.FieldsFunc(phrase, func(r rune) bool { return classOf(r) == other && r != '\'' && r != '-' })
		if len(words) > 0 {
			last := words[len(words)-1]
			t.tails[last] = max(t.tails[last], len(words)-1)
		}
		first, _ := utf8.DecodeRuneInString(phrase)
		t.heads[first] = max(t.heads[first], utf8.RuneCountInString(phrase))
	}
	for line := range strings.Lines(lines) {
		name, list, ok := strings.Cut(line, "|")
		if !ok {
			continue
		}
		c := cueNames[strings.TrimSpace(name)]
		for phrase := range strings.SplitSeq(list, ",") {
			phrase = strings.TrimSpace(phrase)
			put(phrase, c)
			if strings.Contains(phrase, "'") {
				put(strings.ReplaceAll(phrase, "'", ""), c)
			}
		}
	}
	return t
}

// cues are phrases with what they say. Most words of a text are in none, so
// what a phrase can end or begin with is looked at first.
type cues struct {
	of    map[string]cue
	tails map[string]int // last word → words before it, in the longest phrase
	heads map[rune]int   // first character → characters of the longest phrase
}
