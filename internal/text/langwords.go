package text

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// langWords are frequent words of each language, chosen to tell near
// neighbours apart and to name languages that the model knows badly or not at
// all. A word that several languages share counts less for each.
const langWords = `
af die nie het is van en wat hulle ek vir sy ons sal jy kan met om te was deur ook hierdie daar baie moet wees geen word tot maar aan op by nog toe hy haar hom onder oor hoe waar dit ’n
bs šta ko sedmica sedmice također uopće neko evropski evropske porodica prije vrijeme gdje bih bosne bosni hercegovine hercegovini sarajevo sarajevu općina historija lahko hiljada hiljade uslov kazao nije koji koja koje da se bi su ili kao što biti januara februara marta aprila maja juna jula augusta septembra oktobra novembra decembra miliona nego zemlja svih bio jedna također
ca amb els les dels que una per però més això aquest aquesta són també molt fins ha han hi com va ser dels seva seu i és d'un l' al del són anys any fer tot tots sense sobre entre des cap
ceb ang sa nga mga usa kini siya niini alang apan kaayo dili ug ni si kay naa
cs je se že na to ale jsem jako který která jsou byl bylo bude nebo také už jen podle když jejich proti před své ve při kde může mají není
cy yn y a ar i yr mae o'r ei wedi am gan i'r hyn oedd bod nad sydd gyda bydd hefyd eu roedd
da ikke jeg en det fra blev hvad de vi hvordan nogen kun noget mere været efter hun et af også mellem skal til være uden der har med på som han men meget mig os dem kunne ville deres hvor hvis gennem selv år hermed endnu hende hendes gang ind op ud fik blevet gør sig altså danske dansk danmark både alle bliver havde når nye denne dette disse siger
de der die das und ist nicht ein eine zu den von mit auf für sich auch es dem wird sind werden aus bei nach wie noch nur über wenn hat ich er sie
en the of and to in is that it for was on with as at this are be by from have not but they you we will has an or what who how why can do does
eo la de kaj estas al en por kun ne mi li ĝi ili tiu kiu ankaŭ sed pri el estis oni kiel nur tio ĉi iu
es el la de que en los del las por con para una su al lo como más pero sus le ya este sí porque esta entre cuando muy sin sobre también me hasta hay donde es son fue
et ja on ei ta et see oli kui ka mis ning aga oma veel siis nii kes seda pole välja või eesti tema
eu eta da ez bat du zen dute izan dira baina ere bere hau dela egin
fi ja on ei se että oli hän mutta ovat kun myös niin mitä kuin joka ole olla vain nyt jos tai sen tämä
fr le la les de des et est une du que qui dans pour pas sur avec plus ce il au sont par ne se cette ou mais nous vous ont été aux ses leur
ga an na agus ar is le a go bhí sé tá i sin do ag ach nach mar raibh siad seo bhfuil níl chun leis sa dá mé faoi gur baile contae ceantar é mór síad é sí iad ann anseo éireann déanamh roimh thar ó idir féin nua ní ba
gl o a os as do da dos das que non unha para por máis pero tamén moi está foi ao coa polo pola son seu súa nos nas
ha da na a ta ya cikin don wannan su ne ba kuma ce yana shi an sun wani domin
hr što tko tijekom tjedan tjedna također uopće netko europski europske europska prije vrijeme gdje uvjet uvjeti tisuća tisuće hrvatske hrvatska hrvatskoj glede nije koji koja koje da se bi su ili kao biti sveučilište obitelj županije zagrebu vlak tijek mjeseca rekao godine nakon svibnja lipnja srpnja kolovoza rujna listopada studenoga prosinca siječnja veljače ožujka travnja milijuna jedna nego znanosti zemlja svih brži bio
ht li yo nan pou ki ak pa sa nou te ap gen mwen fè ou men tout
hu a az és nem hogy is egy ez meg csak volt van azt már mint még ki ha de azonban lesz pedig aki vagy után
id karena bisa uang bahwa kantor mobil dari adalah yang tidak dengan untuk dalam ini itu pada akan telah sudah saat tersebut serta bagi juga anda mereka oleh hingga dapat menjadi seperti lebih tahun kata di ke ia beberapa usai warga pihak jika namun selasa senin rabu jumat pukul persen sejumlah apabila jabatan kalau nggak gak ga saya kita kami adanya yaitu merupakan sedangkan
ig na nke ndi ya bu ka ga nwere onye dị ihe nọ ha mmadụ otu n'ime maka
is og að er í á sem ekki það var um en við með til hann af fyrir hefur þetta eru ég voru verið
it il di che la e in un per è non una sono del con si da come le dei nel alla anche più ma ha della gli lo questo delle ai
jv ing lan iku kang saka karo ora wis dadi marang kanggo uga ana
la et in est non cum ad quod ut sunt ex qui esse quae sed ab enim eius etiam hoc atque nec si autem ac per fuit quam erat quid deus rex eo nomen pro usu hominis quia ipse toto urbs sive vel ubi inter post anno annis rex regis
lb an de den ass net eng si mat fir och et op dat vun déi huet
lg mu ku nga nti ne okuva ya abantu ba bwe naye era ebya oba ate okubeera omu ekyo wano gavumenti be bye kya okukola lwa olw'okuba abo
ln na ya ba te mpe oyo kasi bato wana
lt ir kad yra į ne su tai buvo bet ar iš kaip jau dar tik apie savo už nuo jo po bus
lv un ir ka ar no par bet kas arī tas uz pēc kā tika savu bija lai nav tikai vai jau gada
mg ny sy dia tsy ho fa izay amin' ary hoe misy toy teo
mi te ki o i he ka ko nga ngā kei hei tēnei ōna kua nā tana tōna rātou mō ai kāore e rawa hoki whakaaro iwi tangata mahi katoa puta mai taua
ms kerana boleh wang bahawa pejabat kereta daripada ialah yang tidak dengan untuk dalam ini itu pada akan telah sudah ketika tersebut serta bagi juga anda mereka oleh sehingga dapat menjadi seperti lebih tahun kata di ke beliau iaitu syarikat kerajaan negeri turut berkata mempunyai manakala masa perlu mahu beberapa ahad isnin polis hospital sebuah seorang pelbagai selepas sebanyak katanya mangsa apabila baginda jawatan manakala supaya kenaan adakah nak tak macam saya kita kami
mt li ta il u ma fil tal biex kien minn huwa għal dan kienet mill jew din dwar
nb ikke jeg en det fra ble hva de vi hvordan noen bare noe mer vært etter hun et av skal også mellom uten til være der har med på som han men meg oss dem kunne ville deres hvor hvis gjennom selv mye nå får år må enda norske norsk norge dere gjøre gjør langt begge alle blir hadde når nye denne dette disse sier slik flere veldig
nl het een de van en is niet zijn wordt ik voor dat deze ook hebben naar bij maar wel geen wij zij je uit meer kunnen heeft aan met op te door over hij om nog dan er ze werd
nn ikkje eg ein det frå vart kva dei me korleis nokon berre noko meir vore skal mellom ho eit av til vere der har med på som han men meg oss kunne ville deira kor viss gjennom sjølv mykje også etter eller får desse no då år dette norske norsk noreg vanleg nokre heile saman fødd gjeld vert vart begge alle blir hadde når nye denne dette seier slik fleire vore desse kjem
ny ndi wa ya kuti mu pa anthu iwo koma chifukwa
om fi kan akka irraa keessa jira haa waan yoo isaa
pl nie w na z do się to jest że i o jak ale za co od po są tym przez ze był już tylko dla by tego czy może który jego
pt o a de que e do da em um para com não uma os no se na por mais as dos como mas ao das seu sua ou quando muito nos já também pelo pela até é são foi
ro și de în a la cu nu pe o este să mai din care că un pentru sunt au fost ale ce le se dar după sau prin fi
rw mu ku na ya wa ba ko muri iyi ubwo abantu kuko cyane kandi nta avuga
sk je sa že na to ale som ako ktorý ktorá sú bol bolo bude alebo tiež už len podľa keď ich proti pred svoje vo pri kde môže majú nie bola ktoré aj čo si
sl je se da na to ne sem kot ki so bil bilo bo ali tudi že le po ko jih pred svoje pri kjer lahko imajo ni bila za pa iz smo še
sn ndi kuti mu pa iye ne ku vanhu asi nokuti uye zvakare kana chete izvi kwete vose ava vakati zvinhu munhu zvino ari ake ndiye
so waa iyo oo ku ka ayaa uu ay waxaa in ee si lagu dalka kale soomaaliya la ah wuxuu aan waxay maxaa kuwa uga inay isku jira marka sidii kasta halkaas lahaa markii doonaa dadka laga aad ayuu inuu badan
sq dhe të në një për me është që nga si nuk ka do më e i së janë ku por kjo
sr šta ko nedelja nedelje takođe uopšte neko evropski porodica pre svet vreme gde uslov srbije srbija beograd beogradu deo reč mesto uvek nije koji koja koje da se bi su ili kao što biti januara februara marta aprila maja juna jula avgusta septembra oktobra novembra decembra miliona nego zemlja svih bio jedna
st ba ho ke le ka ya ha hore sa tsa ea e o se bo bana motho batho hae joalo mme kapa empa eo tsena ena bona lona hae ka
su anu jeung teu dina nu téh aya ieu ka ti kana keur
sv inte jag och en det från blev vad de vi hur någon bara något mer varit efter hon ett av också mellan ska är att som för till med på han men mig oss dem kunde skulle deras var om genom själv mycket nu får år den
sw ya na wa kwa ni katika za la kuwa hiyo huo hii watu yake huu lakini pia hata cha baada sana ambayo alisema kama wake hayo
tk we bu bilen üçin bolan hem öz ýa
tl ang ng sa na mga ay si ni at ito para hindi niya siya may kung rin lang ko mo po ako ka nila naman pa din
tn go le ba mo ke fa ka ya e o a ga bo se tsa di gore batho rona yo mme kgotsa fela jaaka tse teng nna wena lefatshe ne motho jalo
tr ve bir bu için de da ile çok olarak daha ne gibi var kadar olan değil ama en o ise sonra mi diye
ts na ku ka hi va xi ya leswi loko ni leswaku kumbe hikuva vanhu swa ri nga wa tani eka exikarhi hinkwavo munhu laha n'wana endla
uz va bir bu uchun bilan ham o'z deb edi bo'lgan yil
vi là và của không có được cho một người trong với các đã này những để khi đến tôi ở về
wo ci ak la mu bi yi di ñu nekk am
xh ukuba kwaye kunye into abantu ngoko kodwa ukuze yokuba nje loo ngo kuba le xa kwi okanye umntu kananjalo phi yintoni ngaphezu apha naye bonke
yo ti ni àti ati awọn àwọn si sí ń kò wọn fún fun náà naa bí gbogbo o ó mo jẹ wa wá lati láti pe pé tí ní ló kan sì ṣe bá a rẹ yìí yii awon ile omo oba orile orile-ede ede aare tele larin tun
sr је су се у и да за од са који која које на није што као али из по био била
mk е се и да за од со кои која кој на не што како но во го ја ги беше сите
bg е се и да за от с които която който на не че как но в го я ги беше всички това са са ще
ru и в не на что с как по но это из за к от он она они его все был для так же или
uk і в не на що з як по але це із за до від він вона вони його був для так та або й у
be і ў не на што з як па але гэта за да ад ён яна яны яго быў для так ці
mn нь энэ байна юм гэж тэр бол ба болон их хүн ч
kk және бұл бір үшін деп мен да де болып ол еді
ky жана бул бир үчүн деп да болуп ал эле менен
tg ва дар аз ба ки ин бо барои аст
zu ukuthi futhi kanye into abantu kodwa ukuze nje lo ngo uma noma umuntu kakhulu lapho khona ngoba kule ngenxa konke bonke yini lokhu leli ngesikhathi
`

// langLetters are letters that prove, or nearly, the languages they are given
// with. They are looked at in Latin and Cyrillic text.
var langLetters = map[rune]string{
	'ș': "ro", 'ț': "ro", 'ă': "ro vi", 'ß': "de", 'ł': "pl", 'ą': "pl lt", 'ę': "pl lt", 'ż': "pl mt", 'ź': "pl", 'ś': "pl",
	'ř': "cs", 'ě': "cs", 'ů': "cs", 'ľ': "sk", 'ĺ': "sk", 'ŕ': "sk", 'ô': "sk fr vi pt af", 'ő': "hu", 'ű': "hu", 'ā': "lv mi", 'ē': "lv mi",
	'ī': "lv mi", 'ū': "lv lt mi", 'ģ': "lv", 'ķ': "lv", 'ļ': "lv", 'ņ': "lv", 'ė': "lt", 'į': "lt", 'ų': "lt", 'õ': "et pt vi", 'ı': "tr az",
	'ğ': "tr az", 'ə': "az", 'ẹ': "yo vi", 'ọ': "yo vi ig", 'ṣ': "yo", 'ĉ': "eo", 'ĝ': "eo", 'ĥ': "eo", 'ĵ': "eo", 'ŝ': "eo", 'ŭ': "eo",
	'đ': "hr bs sr vi", 'ć': "hr bs sr pl", 'þ': "is", 'ð': "is fo", 'ñ': "es gl eu tl wo", 'ħ': "mt", 'ġ': "mt", 'ċ': "mt", 'œ': "fr", 'ã': "pt vi",
	'ẽ': "gn", 'ŵ': "cy", 'ŷ': "cy", 'ơ': "vi", 'ư': "vi", 'ø': "nb nn da", 'æ': "nb nn da is", 'å': "nb nn da sv fi",
	'і': "uk be kk", 'ї': "uk", 'є': "uk", 'ґ': "uk", 'ў': "be uz", 'ј': "sr mk", 'љ': "sr mk", 'њ': "sr mk", 'ћ': "sr", 'ђ': "sr", 'џ': "sr mk",
	'ќ': "mk", 'ѓ': "mk", 'ѕ': "mk", 'ө': "mn kk ky tt", 'ү': "mn kk ky tt", 'ң': "kk ky tt", 'қ': "kk tg uz", 'ғ': "kk tg uz", 'ә': "kk tt ba", 'ұ': "kk",
	'һ': "kk tt ba", 'ӣ': "tg", 'ӯ': "tg", 'ҷ': "tg", 'ҳ': "tg uz", 'ё': "ru be mn", 'ы': "ru be mn kk ky", 'э': "ru be mn", 'ъ': "bg ru",
}

// A langMark is what one word or letter says: these languages, each so much.
type langMark struct {
	langs  []string
	weight float64
}

const (
	wordWeight   = 2.2 // nats, for a word of one language
	letterWeight = 2.5
)

func newLangMarks() (words map[string]langMark, letters map[rune]langMark) {
	words, letters = map[string]langMark{}, map[rune]langMark{}
	for line := range strings.Lines(langWords) {
		f := strings.Fields(line)
		for i := 1; i < len(f); i++ {
			w := words[f[i]]
			if len(w.langs) == 0 || w.langs[len(w.langs)-1] != f[0] {
				w.langs = append(w.langs, f[0])
			}
			words[f[i]] = w
		}
	}
	// People who leave out accents leave them out of these words as well.
	for _, k := range slices.Sorted(maps.Keys(words)) {
		if b := bare(k); b != k && len(words[b].langs) == 0 {
			words[b] = words[k]
		}
	}
	for k, w := range words {
		w.weight = wordWeight / float64(len(w.langs))
		if utf8.RuneCountInString(k) == 1 {
			w.weight /= 2
		}
		words[k] = w
	}
	for r, langs := range langLetters {
		l := strings.Fields(langs)
		letters[r] = langMark{l, letterWeight / float64(len(l))}
	}
	return words, letters
}
