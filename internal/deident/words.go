package deident

import "strings"

// The word lists. They are short on purpose: a rule that needs a long list to
// be right is a rule that is wrong for the next town.

// hotlines are numbers that belong to everybody. Numbers of fewer than seven
// digits are never taken for somebody's telephone; they are listed because a
// word such as "call" before a number makes the rules eager.
var hotlines = strings.Fields(`
	110 112 113 114 117 118 119 120 122 12110 12119 12122 12123 12202 12301 12305 12306 12309 12310 12312
	12313 12314 12315 12316 12317 12318 12319 12320 12321 12325 12328 12329 12330 12331 12333 12335 12336
	12337 12338 12339 12340 12341 12345 12348 12349 12350 12351 12355 12356 12358 12360 12361 12363 12365
	12366 12367 12368 12369 12370 12371 12377 12378 12379 12380 12381 12385 12386 12388 12389 12393 12395
	12396 12398 95598 95533 95566 95588 96110 96315
	911 999 988 311 211 411 511 611 711 811 000 111 101 102 103 105 108 116 116117 116000 116111 116123 115 15 17 18
	1339 1555 1669 1345 1919 1823 1825`)

const surnames = "" +
	"王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤常温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章" +
	"鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师仇栾隋商刁沙荣巫寇桑郎甄丛仲" +
	"虞敖巩明佘池查麻苑迟邝萧傅丰匡宣贲郁杭洪诸嵇滑裘荆羊於惠芮羿储汲邴糜巴弓牧隗宓蓬郗班仰秋伊钭厉祖韶郜蓟薄印宿怀邰鄂索赖蔺屠阴胥闻莘贡劳逄扶堵宰郦雍璩濮寿扈冀浦阎茹习鱼容慎戈衡弘禄阙沃蔚越隆厍晁勾融乜鞠巢蒯竺权逯桓仉帅缑亢郈琴佴伯墨哈谯笪張劉" +
	"陳楊黃趙吳孫馬羅鄭謝許韓馮鄧葉蘇呂盧鐘鍾譚陸範賈韋鄒龍賀顧龔萬錢嚴湯溫龐顏莊聶魯歐關蘭紀單塗穀駱藍蔣閆喬齊畢費衛應閔鄔邊師叢鞏遲鄺簡車項連蕭賴厲閻"

var longSurnames = strings.Fields("欧阳 歐陽 司马 司馬 上官 诸葛 諸葛 东方 東方 皇甫 尉迟 公孙 公孫 慕容 司徒 令狐 夏侯 长孙 宇文 端木 独孤 南宫 南宮 西门 西門")

const provinces = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使滬雲遼魯蘇贛陝閩貴粵寧瓊"

// stops are characters that end a name of a person or a place to their left or
// right when Chinese is written without spaces.
const stops = "我你您他她它们們的是在了吗嗎呢吧啊呀哦嘛和与與跟及或就都也还還又很不没沒有到去来來从從给給把被让讓请請问問说說看想要会會能这這那哪什么麼怎为為住今昨于於至往由对對向等因所以但而果已经經将將位址叫做作需求帮幫查找送寄打联聯系系个個"

// notName are two-character beginnings of everyday words that start with a
// surname, for "我是…", which introduces trades and towns more often than people.
var notName = set(`高中 高三 高二 高一 高级 高龄 高烧 高危 高校 高层 高新 武汉 武警 武昌 武侯 黄码 黄冈 黄浦 黄石 黄埔 严重 严格 金融 金牛 金山 金华 白领 白血 白云 白天
	方便 方庄 常州 常住 常年 常熟 温州 温江 江苏 江西 江南 江北 江岸 江汉 江门 江湖 安徽 安全 安徽 安心 安阳 马上 马来 马路 石家 石景 成都 成年 成人 成华 车主 车间 车祸 于是 万分 万一 万州 任何
	毛利 牛奶 花钱 华人 华裔 华侨 华为 华东 华南 连云 连续 连夜 曾经 米粉 明星 关心 关于 关注 包工 包车 包头 左右 平民 平时 平台 南京 南方 南山 单身 单位 单亲 单元 单独 周边 周围 周末 周一 周二
	周三 周四 周五 路人 路过 明白 明天 全家 全职 全村 全体 全部 全程 时候 时间 古城 文科 文盲 文员 文化 何时 程序 余杭 余姚 苏州 苏北 郑州 徐州 徐汇 杨浦 杨树 朱雀 孔雀 沙坪 沙区 双流 兰州 吉林 吉祥 海淀 广东
	夏天 夏季 秦皇 秦淮 雷雨 段子 龙岗 龙华 龙泉 史上 温度 康复 施工 向阳 向上 汤山 樊城 葛洲 易烊 易怒 易感 乔迁 庄河 庄稼 章丘 鲁迅 申请 申通 甘肃 甘愿 祝福 祝大 宁波 宁夏 宁愿 尚未 符合 舒服 梅州 童年 季节 谷歌
	盛夏 曲阜 游客 游戏 管理 管道 蒙古 华中 房东 房主 房客 屈服 解放 解除 阳性 阳光 阳过 农民 农村 农业 司机 卓越 简单 项目 连着 麦当 景区 党员 宫颈 费用 冷静 席地 卫生 米饭 宗教 桂林 应届 应该 边境 师生 师范 师傅 仇人 商人 商户 商家
	荣幸 明显 池州 查询 查过 麻烦 迟到 何必 柳州 何方 林业 林区 梁平 谢谢 谢邀 宋朝 唐山 许多 许昌 邓州 曹县 彭州 田里 董事 于此 叶县 丁克 姚安 卢湾 姜堰 钟点 陆续 陆军 汪汪 范围 石油 夏令 付费 付款 孟加 熊猫 邱县 侯马 陶瓷 黎明 贺州
	顾客 龚滩 邵阳 钱塘 戴着 莫名 孔子 常来 康巴 文山 伍家 耿直 关键 焦虑 包括 毕业 成功 辛苦 荣县 桑拿 巫山 马鞍 马尾 高速 高铁 高考 石化 方言 方圆 白人 白班 金属 黄种 黄牛 江阴 时常 全国 全市 全日 全是 房地 车友 车站 管家 解封 冷链 冷库 文艺 文职 安保 安置 安康 宁德 宁可 常客`)

// placeEnds close the name of an estate, a building or a street, longest first.
var placeEnds = strings.Fields(`
	小区 小區 社区 社區 花园 花園 家园 家園 新村 公寓 大厦 大廈 广场 廣場 胡同 大道 大街 庄园 莊園 山庄 山莊 别墅 別墅 宿舍 家属院 家屬院 公馆 公館 新城 雅苑 嘉园 佳苑 名邸 国际 中心
	路 街 巷 弄 里 苑 园 園 府 庭 湾 灣 坊 轩 軒 居 阁 閣 村 庄 莊 屯 寨 城 邨 郡 墅 邸 院 楼 樓 道`)

// notPlace are words that end like a place and are none.
var notPlace = set(`公里 家里 那里 这里 哪里 城里 夜里 心里 手里 村里 镇里 店里 院里 屋里 楼里 厂里 校里 里里 知道 味道 频道 渠道 街道 报道 管道 隧道 通道 车道 人道 跑道 医院 法院 学院 全村 全城 县城 进城 出城 整村 政府 法庭 家庭 开庭 邻居 定居 分居
	公园 学园 校园 幼儿园 动物园 植物园 乐园 果园 田园 餐厅 同城 这楼 那楼 上楼 下楼 高楼 大楼 整楼 马路 道路 公路 铁路 一路 网路 走路 修路 上街 逛街 出院 住院 入院 国际 疾控中心 服务中心 中心`)

// admin ends the name of a district, which is not masked: walking left from an
// address stops after it.
const admin = "省市县縣镇鎮乡鄉州旗盟"

var titles = strings.Fields("老师傅 老師傅 先生 女士 小姐 同学 同學 师傅 師傅 阿姨 大爷 大爺 大妈 大媽 老师 老師 医生 醫生 太太 奶奶 爷爷 叔叔 大姐 大哥")

var titlesByFirst = func() map[rune][][]rune {
	m := map[rune][][]rune{}
	for _, t := range titles { // 老师傅 stands before 老师
		r := []rune(t)
		m[r[0]] = append(m[r[0]], r)
	}
	return m
}()

// privateTitles are those that also mask a name which nobody introduces.
var privateTitles = set("老师傅 老師傅 先生 女士 同学 同學 师傅 師傅 阿姨 大爷 大爺 大妈 大媽 太太 奶奶 爷爷 叔叔 大姐 大哥")

// A role says what a key word announces.
type role uint8

const (
	rPhone     role = iota + 1 // a telephone number
	rAccount                   // an account in a messenger or network
	rID                        // a number that names a person or a person's thing
	rCourt                     // a case number of a court
	rCard                      // a bank account
	rPlate                     // a number plate
	rName                      // a name: whatever comes is one, unless it plainly is not
	rLabel                     // a name, if a colon or the like stands between
	rIAm                       // a name, if it looks like one
	rFamily                    // a family name
	rAddress                   // an address
	rCoord                     // coordinates
	rStreet                    // flat, apartment
	rBox                       // P.O. box
	rMr                        // a title before a name
	rSign                      // a closing formula before a signature
	rI                         // I
	rMy                        // my
	rCall                      // call (me)
	rThis                      // this (is)
	rSlashUser                 // u/, r/… of link aggregators
	rPostcode                  // postcode
)

type hanKey struct {
	word  string
	runes []rune
	role  role
}

func keys(r role, words string) []hanKey {
	var k []hanKey
	for _, w := range strings.Fields(words) {
		k = append(k, hanKey{w, []rune(w), r})
	}
	return k
}

var hanKeys = concat(
	keys(rPhone, "电话 電話 手机 手機 座机 座機 热线 熱線 号码 號碼 致电 致電 来电 來電 固话 固話 短信 拨打 撥打 联系方式 聯繫方式 联系 聯繫"),
	keys(rAccount, "微信 微❤信 微♥信 微信号 微信號 薇信 威信 微 薇 加v 抖音 抖音号 快手号 小红书号 小红书 微博 微博号 支付宝 支付宝账号 扣扣 企鹅 企鹅号 昵称 暱稱 用户名 用戶名 账号 帳號 账户名 游戏id 陌陌 钉钉 钉钉号 脸书 推特 电报 電報 群号 群號 b站 公众号id"),
	keys(rID, "身份证 身份證 身份证号 身份證號 证件 證件 证件号 护照 護照 护照号 通行证 通行證 回乡证 军官证 居住证 驾驶证 驾照 社保号 社保卡 社保 医保号 医保卡 医保 病历 病歷 病历号 病案号 住院号 门诊号 就诊卡 就诊号 登记号 诊疗卡 检查号 工单 工单号 工單 案件编号 受理编号 编号 編號 订单 订单号 訂單 快递单号 单号 單號 运单号 学号 學號 工号 工號 员工号 车架号 发动机号 户号 戶號 水表号 电表号 燃气号 用户编号 客户编号 会员号 会员卡 保单号 准考证号 准考证 残疾证 流水号 健康码 设备号"),
	keys(rCourt, "案号 案號"),
	keys(rCard, "银行卡 銀行卡 卡号 卡號 银行账号 銀行帳號 收款账号 开户账号 储蓄卡 信用卡 账户 帳戶 打款到 对公账户"),
	keys(rPlate, "车牌 車牌 车牌号 車牌號 牌照 车号"),
	keys(rName, "我叫 我名叫 我的名字叫 我的名字是 名字叫 名字是 全名 本名 真名 网名 小名 大名叫 名叫"),
	keys(rLabel, "姓名 名字 联系人 聯繫人 聯絡人 联络人 投诉人 投訴人 反映人 举报人 求助人 申请人 收件人 收货人 收款人 户主 戶主 患者 病人 家属 署名 落款 业主 乘客 当事人 敬上 此致敬礼 当事人姓名 负责人"),
	keys(rIAm, "我是 我係 本人 叫我 请叫我 這是我 这是 这里是 這是 俺是 咱是"),
	keys(rFamily, "我姓 免贵姓 免貴姓 本人姓 姓"),
	keys(rAddress, "住址 地址 家住 住在 我住 住 定位 门牌 門牌 送到 寄到"),
	keys(rCoord, "经度 經度 纬度 緯度 坐标 座標 北纬 北緯 东经 東經 经纬度"),
)

var hanByFirst = func() map[rune][]hanKey {
	m := map[rune][]hanKey{}
	for _, k := range hanKeys {
		r := []rune(k.word)[0]
		m[r] = append(m[r], k)
	}
	for _, ks := range m { // longest first
		for i := range ks {
			for j := i; j > 0 && len(ks[j].word) > len(ks[j-1].word); j-- {
				ks[j], ks[j-1] = ks[j-1], ks[j]
			}
		}
	}
	return m
}()

var latinKeys = func() map[string]role {
	m := map[string]role{}
	add := func(r role, words string) {
		for _, w := range strings.Fields(words) {
			m[w] = r
		}
	}
	add(rPhone, "tel telephone phone ph mobile mob cell cellphone call ring text txt sms fax whatsapp viber dial number contact reach")
	add(rAccount, "wechat weixin wx vx vxin weibo qq telegram tg line skype discord instagram insta ig twitter snapchat snap tiktok facebook fb username handle userid uid kik threema signal douyin xhs alipay v steam psn github linkedin")
	add(rID, "passport id ssn nhs medicare medicaid mrn nric hkid nino sin licence license dl patient pnr ref reference order invoice tracking account case ticket registration permit visa policy imei vin serial badge student employee aadhaar pan cpf dni nie curp npi hospital record insurance membership voter taxpayer tfn abn claim docket file")
	add(rCard, "iban card acct sortcode debit credit")
	add(rPlate, "plate plates reg numberplate")
	add(rCoord, "lat latitude lon lng long longitude coords coordinates gps geo loc")
	add(rStreet, "flat apt apartment")
	add(rBox, "po p")
	add(rMr, "mr mrs ms mx mister")
	add(rSign, "regards sincerely yours cheers rgds signed")
	add(rI, "i im")
	add(rMy, "my name")
	add(rCall, "called named")
	add(rThis, "this")
	add(rSlashUser, "u user")
	add(rAddress, "live lives living address addr reside residing home house")
	add(rPostcode, "postcode postal zip")
	return m
}()

// streets end the name of a street; those after the bar only with capitals or
// an address before them.
var streets = set(`road rd street st avenue ave av lane ln drive dr close court ct crescent cres terrace terr boulevard blvd
	way place pl square sq grove gardens gdns highway hwy parkway pkwy row mews hill rise walk park circle cir trail alley quay wharf`)

// notStreet are words that stand between a number and "road" without making an
// address: 4 lane road, 10 minutes down the road.
var notStreet = set(`minute minutes min mins hour hours day days week weeks month months year years people persons men women kids children car cars bus buses
	truck trucks mile miles km kms metre metres meter meters m ft feet yards block blocks lane lanes way ways the a an on of in at to from by for and or near down up off along across
	is are was were am pm percent new old main major busy dead other more closed blocked broken local big small of's degrees dollars cents pounds
	times points shot shots trees dogs houses homes shops families residents patients cases deaths doses votes schools roads streets`)

var units = set(`sq acres acre percent mi miles people persons cases deaths doses votes views years year days hours minutes km kg mg ml mm cm kwh mwh gwh mah mb gb tb kb usd eur gbp rmb cny yuan dollars euros pounds
	followers users residents households tests tonnes tons litres liters gallons metres meters miles feet shares likes times rows items steps won yen rupees pesos million billion thousand hz mhz ghz bytes`)

const hanUnits = "元块塊万萬亿億人名个個件条條次年月日点點时時分秒天度℃%‰公里米吨噸斤克升户戶例岁歲层層页頁字票家台辆輛张張只隻支瓶盒粒片针劑剂美欧英镑円圆口頭头亩平方千百桶吊组倍场場周週"

var domains = set(`com org net edu gov mil int info biz io co me app dev ai tv cc xyz top site online shop store club live news blog wiki tech cloud link space fun vip pro
	cn hk tw mo sg my jp kr in id th vn ph uk us ca au nz ie de fr es it nl be ch at se no dk fi pl cz pt gr ru ua tr br mx ar cl pe za ng ke gh eg ma sa ae il ir pk bd lk np eu social gle ly be fm gg to do`)

// userHosts give each user a host name of their own: only the rest is kept.
var userHosts = strings.Fields(`
	blogspot.com tumblr.com wordpress.com github.io gitlab.io substack.com bsky.social medium.com lofter.com livejournal.com typepad.com weebly.com wixsite.com
	neocities.org deviantart.com bandcamp.com carrd.co notion.site vercel.app netlify.app pages.dev web.app herokuapp.com itch.io myshopify.com blog.163.com hatenablog.com
	jimdo.com over-blog.com cnblogs.com diandian.com zcool.com.cn fandom.com tistory.com`)

var givenNames = set(`james john robert michael william david richard joseph thomas charles christopher daniel matthew anthony donald steven paul andrew joshua kenneth kevin brian george edward ronald timothy jason jeffrey ryan jacob gary nicholas
	eric jonathan stephen larry justin scott brandon benjamin samuel gregory patrick alexander raymond jack dennis jerry tyler aaron jose adam nathan henry douglas zachary peter kyle noah ethan jeremy walter christian keith roger terry sean gerald carl
	harold dylan arthur lawrence jordan jesse bryan billy bruce gabriel joe logan alan juan albert willie wayne randy vincent philip liam oliver lucas leo max simon martin mohammed muhammad mohamed ahmed ali omar hassan hussein ibrahim yusuf karim
	raj rahul amit arjun vijay sanjay ravi anil sunil suresh ramesh deepak kumar mary patricia jennifer linda elizabeth barbara susan jessica sarah karen lisa nancy betty sandra margaret ashley kimberly emily donna michelle carol amanda melissa
	deborah stephanie rebecca sharon laura cynthia dorothy amy kathleen angela shirley emma brenda pamela nicole anna samantha katherine christine helen debra rachel carolyn janet maria heather diane olivia julie joyce victoria ruth virginia lauren
	kelly christina joan evelyn judith andrea hannah megan cheryl jacqueline martha madison teresa gloria sara janice ann kathryn abigail sophia frances jean alice judy isabella julia denise amber doris danielle marilyn beverly charlotte natalie
	theresa diana brittany kayla alexis lori fatima aisha amina zainab khadija leila layla noor priya anjali pooja sunita anita lakshmi meera chloe ella lucy mia zoe ruby fiona claire jane kate katie molly tom tim ben sam dan dave steve mike bob bill
	nick matt chris tony andy greg jim ken ted ian neil ross craig stuart graham nigel trevor colin derek sophie lily eva nina elena irina olga natasha ivan dmitri sergei pedro carlos luis miguel jorge rosa carmen lucia sofia ana pierre marie
	roberto antonio marco giovanni hans pablo diego javier francisco fernando alejandro mateo camila valentina isabel beatriz francesca giulia anders lars erik ingrid sven tomasz piotr agnieszka katarzyna mehmet ayse mustafa emre
	hiroshi yuki kenji minh linh siti putri budi dewi rohan kavya neha imran bilal zara sana tariq samira yasmin chinedu thabo sipho lerato salma jamal malik abdul abdullah hamza khalid rania dina mona hala mariam ruth esther deborah naomi miriam joel isaac
	harry alfie freddie archie ellie poppy isla freya millie phoebe jasmine gemma hayley kirsty lorraine maureen doreen sheila eileen hilary gillian nadia leanne tracey sharon denise norma edna agnes beth josie callum ewan hamish angus rory niall siobhan aoife niamh
	amara chidi ngozi emeka kwame kofi ama adaeze oluwaseun tunde funmi wanjiru kamau otieno akinyi joao`)

// commonNames are given names that are also everyday words: in lower case they
// are taken for the word.
var commonNames = set(`will mark grace hope faith joy may june april rose amber summer art bill frank grant jack max rich sue pat dean drew chase chance dawn eve ivy iris jade jean lance miles norm ray rob ruby skip sky sunny van violet wade pearl angel christian jordan virginia victoria
	madison charlotte mike carol ann ana rosa ama ross ken ted tom jerry gloria megan joe noor ali`)

var familyNames = set(`smith johnson williams brown jones garcia miller davis rodriguez martinez hernandez lopez gonzalez wilson anderson thomas taylor moore jackson martin lee perez thompson white harris sanchez clark ramirez lewis robinson walker young allen
	king wright scott torres nguyen hill flores green adams nelson baker hall rivera campbell mitchell carter roberts gomez phillips evans turner diaz parker cruz edwards collins reyes stewart morris morales murphy cook rogers gutierrez ortiz morgan
	cooper peterson bailey reed kelly howard ramos kim cox ward richardson watson brooks chavez wood james bennett gray mendoza ruiz hughes price alvarez castillo sanders patel myers long ross foster khan singh sharma gupta ahmed hussain begum shah
	kaur ali o'brien o'connor ryan walsh byrne murray macdonald mcdonald fraser okafor okonkwo adeyemi mwangi mensah dubois schmidt muller rossi silva santos costa pereira kowalski ivanov petrov
`)

var pinyinFamilies = set(`
	wang li zhang liu chen yang huang zhao wu zhou xu sun ma zhu hu guo he lin gao luo zheng liang xie song tang han feng deng cao peng zeng xiao tian dong yuan pan yu jiang cai du ye cheng su wei lu ding ren shen yao cui zhong tan fan jin shi liao jia xia fu fang bai zou meng xiong qin qiu
	chan wong cheung lau leung tsang ng kwok yip chow lam ho tse yeung chiu tam kwan`)

// notNames end or refuse a name in English.
var notNames = set(`a an the and or but i i'm im so not from in on at to for of with my your our his her their is am are was were be been being have has had do does did can could will would should
	very really just also still now here there this that it we you he she they who what when where why how if because since as by about after before going trying looking living writing calling asking wondering worried
	concerned sick tired angry happy sad sorry glad sure unsure afraid scared new old back ready done fine ok okay good bad well unable able only too all both no yes please thanks thank hello hi resident local student teacher doctor nurse
	mother father parent mum mom dad single pregnant disabled diabetic retired unemployed live work need want please help i've i'd i'll let's president minister mayor prime secretary speaker governor chairman chair senator council officer potus`)

// notNameStart are capitalised words that follow "I am" without being a name.
var notNameStart = set(`american british english chinese indian african european asian australian canadian irish scottish welsh french german italian spanish russian japanese korean muslim christian catholic jewish hindu buddhist covid
	south north east west new monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september october november december public city county state national breaking not very so too also urgent`)

// nameStops are characters that do not stand in a given name.
const nameStops = "我你您他她它们們的是在了吗嗎呢吧啊呀哦嘛跟及都也还還又很不没沒到去从從给給把被让讓请請问問说說要这這那哪什么麼为為住今昨因但而已叫岁歲"

// nameStopPairs are words whose first character does stand in given names.
var nameStopPairs = set(`先生 女士 小姐 老师 老師 医生 醫生 同学 同學 师傅 師傅 阿姨 来自 來自 电话 電話 手机 手機 家住 家在 家里 家裡 身份 现在 現在 现住 现年 刚刚 刚才 怀孕 感染 发烧 感冒
	咨询 諮詢 想问 想要 想请 有个 有事 有人 微信 反映 投诉 投訴 举报 求助 小区 小區 本人 联系 聯繫 男性 女性 对此 和我 和他 与我 工号 学号 性别 年龄 籍贯 今年 今天 来电 来问 求问 急求 前来 以及`)

func set(words string) map[string]struct{} {
	m := map[string]struct{}{}
	for _, w := range strings.Fields(words) {
		m[w] = struct{}{}
	}
	return m
}

func has(m map[string]struct{}, s string) bool { _, ok := m[s]; return ok }

func concat(lists ...[]hanKey) []hanKey {
	var all []hanKey
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}
