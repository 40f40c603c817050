package text_test

import (
	"strings"
	"testing"

	"example.org/hearback"
)

// kindTable holds sentences of every kind, written for this test, as people
// write to offices and about them: one kind a paragraph.
const kindTable = `
question
Is the water safe? My baby drinks it.
Hello, our street has had no power since noon. When will it be back? We have an old man here.
Are the schools open tomorrow? The radio says yes and the website says no.
My bus pass ran out in March. Where can I renew it?
so is the school open or not?
what time does the vaccination bus come to the market
Have the results of the water test been published?
Sorry, which form is the right one for a second child?
Will the ferry run tomorrow?
@cityoffice @mayor how many people were on the train?
怎么查自己的医保余额
请教一下，二手房过户要多少钱？
周末办事大厅上班吗
暴雨预警解除了没有？
我想问一下学区是怎么划分的
东湖公园晚上几点关门
Is the tap water safe to drink again?
When will the power be back on in Hill Street?
where can I get a flu shot this weekend
how do i renew my bus pass
Which school is open as a shelter tonight?
Does anyone know if the bridge is open?
@cityoffice is this confirmed?
@cityoffice any source for that?
@cityoffice link please?
@cityoffice really? Who said so?
Can you tell me what the number of the night clinic is?
Do I need an appointment for the vaccine?
Is it true that the dam has a crack?
who do I call about a fallen tree
What are the opening hours of the library on Sunday?
Hi, are dogs allowed in the new park?
any news about line 4
Could you please explain how the new fee is worked out?
Has the boil water notice been lifted?
我们小区什么时候恢复供水？
自来水现在能直接喝吗
请问社保卡在哪里补办
外地牌照可以进城吗？
听说明天停课，是真的吗
有谁知道最近的发热门诊在哪
办居住证需要哪些材料
咨询公积金贷款的条件
地铁3号线几点收班
孩子发烧了应该挂哪个科
这个消息有没有官方来源？
核酸检测是否收费
请问老年卡怎么年审
今年的义务教育招生什么时候开始？
这水有没有问题啊？
疫苗打完多久可以喝酒

claim
The company told us the gas is safe, in fact two people fainted.
Someone told me that the second dose will cost money.
都说这次台风会正面登陆我们市
听同事说下个月公交要涨到三元
People are saying the reservoir wall will burst tonight.
I heard that the vaccine causes infertility in young women.
The mayor has sold the park to a hotel group according to my neighbour.
My cousin says the tap water in the north contains lead now.
They say the school on Mill Road will close in the summer.
Drinking vinegar kills the virus within ten minutes.
The new masts spread the illness, everybody on our street knows it.
Reportedly the bridge was closed because of two cracks in the pillar.
The flood is rising and it has reached the second step of the station.
Apparently the old hospital will move to the east side next year.
网传明天全城封路
听说东边的水库要决堤了
据说新疫苗会导致不孕
有人说自来水里检出了超标的铅
群里都说下周开始限电
喝白酒可以预防新冠病毒
我邻居说那家医院下个月搬走
据悉三号桥出现了两条裂缝
朋友圈传言超市的盐已经卖到五十元一包
昨天夜里河水已经漫过了车站的台阶

complaint
Still no answer to my letter after six weeks.
The new clinic refuses to treat people without an appointment.
My mother has been waiting for hours and was turned away.
The playground is full of broken glass and rats.
好几天没有热水了，物业不管
隔壁装修噪音太大，根本没法休息
医院排队三小时，窗口却只开一个
幼儿园伙食质量问题严重
The hotline never picks up, I have called since Monday.
Garbage has not been collected for two weeks in our street.
The street lamps on Oak Lane are still not working.
Nobody answers the phone at the housing office.
The bus was late again and it is filthy inside.
The construction site keeps us awake every night.
No hot water in our building for days.
There is a huge pothole in front of the school and nobody cares.
I was overcharged by the parking machine and your staff were rude.
Your website is broken and I can't get my form in.
This is unacceptable, my refund is delayed for the third month.
The lift in block 7 broke down again.
投诉楼下烧烤店油烟扰民
小区垃圾两周没人清运，臭味难闻
工地半夜施工，吵得老人睡不着
12345打不通，打了一上午没人接
路灯坏了三个月一直没人修
物业乱收费，态度恶劣
公交车又晚点了，等了一个小时还没来
公司拖欠工资半年，至今不给
楼道堆满杂物，物业不作为
凭什么停车费又涨价？
河道污染严重，没有人管
反映城东市场占道经营问题
热水器用的是假货，商家拒不退款

need
We have no food and no water on the second floor.
Volunteers needed to fill sandbags at the river.
我们需要救援，水位还在上涨
急求A型血，联系市中心医院
We need drinking water and blankets at the north school.
My grandmother is trapped on the third floor, please send help.
Urgently need insulin for a child in Lake Village.
We are stranded on the roof with two babies.
The shelter is running out of food and nappies.
Blood donations needed at City Hospital today.
Please help us, the water is coming in.
Looking for my father, he went missing near the market.
We request a generator for the clinic, our patients have no power.
急需饮用水和棉被，我们在三中
老人被困在三楼，请求救援
求助：孩子发烧，没有退烧药
我们村已经断粮两天，需要物资
恳请派医生到青山村
寻人，我父亲昨天在市场附近走失
救命，水已经进屋了
请求尽快安排车辆转移老人
安置点婴儿奶粉告急

suggestion
They should at least put a bin at the bus stop.
It would be great to have the notice in Somali too.
I propose that the council puts up lights at the ford.
希望能在医院门口设一个公交站
何不把废弃厂房改造成停车场
建议对老旧小区加装电梯给予补贴
The city should add more buses on line 5.
It would be better to open the clinic on Saturday as well.
Please consider a crossing in front of the school.
I suggest putting the forms online.
Why not just plant trees along the ring road.
You could post the water tests every week, it would help everybody.
We propose a second bin for glass in the park.
How about adding night trains on Fridays.
建议在公园路口增设红绿灯
希望政府多建几个停车场
希望图书馆周末延长开放时间
应该在学校门口安排交警
最好能把办事表格放到网上
提议把老厂房改成社区活动中心
建议公交5路增加班次
呼吁完善盲道建设
能不能增加夜班公交，建议考虑一下

thanks
Thanks a lot, that helped.
Well done to the night crew of the water works.
感谢12345帮我追回了押金
谢谢老师们的付出
Thank you for fixing the lamps so fast!
Thanks to the firefighters who saved our house.
Much appreciated, the answer was clear.
Great job by the clinic staff today.
Kudos to the people who cleaned the river.
Many thanks, my pass arrived this morning.
I appreciate the quick reply of the housing office.
We are grateful to the volunteers of the shelter.
感谢社区工作人员的辛苦付出
谢谢你们这么快就修好了路灯
表扬3路公交司机拾金不昧
多谢，问题已经解决了
给医护人员点赞
辛苦了，值班的同志们
感谢消防员救了我们一家

other
See you tomorrow
Nice sunset at the harbour
收到
周末愉快
ok
lol
Good morning
What a beautiful evening!
Praying for everyone in the valley.
Stay safe everybody.
haha yes
😡😡
Happy birthday!
哈哈
早上好
好的
今天好冷
晚安
`

func TestKindTable(t *testing.T) {
	var want hearback.Kind
	right, all := map[hearback.Kind]int{}, map[hearback.Kind]int{}
	han, latin := 0, 0
	for block := range strings.SplitSeq(strings.TrimSpace(kindTable), "\n\n") {
		for i, s := range strings.Split(strings.TrimSpace(block), "\n") {
			if i == 0 {
				want = hearback.Kind(s)
				continue
			}
			if strings.ContainsFunc(s, func(r rune) bool { return r >= 0x4E00 && r < 0xA000 }) {
				han++
			} else {
				latin++
			}
			d := analyzer().Analyze(s, "")
			got := analyzer().Kind(s, &d)
			all[want]++
			if got == want {
				right[want]++
				continue
			}
			t.Errorf("Kind(%q) = %s, want %s", s, got, want)
		}
	}
	t.Logf("right %v of %v; %d Chinese, %d others", right, all, han, latin)
}

// TestKindOdd holds that odd texts are sorted too, always alike, and that a
// very long one is no work.
func TestKindOdd(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     hearback.Kind
	}{
		{"nothing", "", hearback.Other},
		{"only marks", "?!?!?!", hearback.Other},
		{"only signs that are not seen", "\u200b\u200d\ufeff", hearback.Other},
		{"only emoji", "🙏🙏", hearback.Other},
		{"not UTF-8", "\xff\xfe\x00", hearback.Other},
		{"only a mention", "@cityoffice", hearback.Other},
		{"100 kB of one word", strings.Repeat("water ", 17_000), hearback.Claim},
		{"100 kB of marks", strings.Repeat("?", 100_000), hearback.Other},
		{"100 kB of one character", strings.Repeat("水", 34_000), hearback.Other},
		{"100 kB of Chinese", strings.Repeat("河水漫过了车站的台阶。", 3_100), hearback.Claim},
		{"a question before 100 kB", "Is the water safe? " + strings.Repeat("Yes it is. ", 9000), hearback.Question},
		{"full width", "Ｗｈｅｎ ｗｉｌｌ ｔｈｅ ｐｏｗｅｒ ｂｅ ｂａｃｋ？", hearback.Question},
		{"traditional", "請問什麼時候恢復供水", hearback.Question},
		{"two languages", "请问 Hill Street 什么时候来电", hearback.Question},
	} {
		d := analyzer().Analyze(tt.in, "")
		got := analyzer().Kind(tt.in, &d)
		if got != tt.want {
			t.Errorf("%s: Kind = %s, want %s", tt.name, got, tt.want)
		}
		if again := analyzer().Kind(tt.in, &d); again != got {
			t.Errorf("%s: Kind = %s, then %s", tt.name, got, again)
		}
	}
}
