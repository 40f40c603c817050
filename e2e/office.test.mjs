// An office from its first minute to a withdrawn answer, with JavaScript off.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { hearback, launch, Person, serve, until } from './lib.mjs';

const word = 'correct horse battery 9 ';
let s, browser, admin, officer, one, two, reader, token, caseAt, answerAt;

before(async () => {
  [s, browser] = await Promise.all([serve(), launch()]);
  reader = await Person.at(browser, s.public, { locale: 'en-GB' });
});
after(async () => {
  await browser?.close();
  await s?.stop();
});

// step runs one test, and none after one that failed: each needs the last.
let broken = '';
function step(name, does) {
  test(name, { timeout: 60_000 }, async () => {
    assert.equal(broken, '', 'an earlier step failed');
    try { await does(); } catch (e) {
      broken = name;
      throw e;
    }
  });
}

async function join_(link, name) {
  const p = await Person.at(browser, s.console, { locale: 'en-GB' });
  await p.join(link, { name, login: name.toLowerCase().replaceAll(' ', '-'), password: word + name, again: word + name, lang: 'en' });
  return p;
}

step('the one-time link makes the first administrator, once', async () => {
  admin = await join_(s.link, 'First Administrator');
  assert.match(await admin.text(), /Help/);
  const late = await Person.at(browser, s.console);
  await late.go(s.link, 404);
  await late.context.close();
});

step('a webhook source shows its token once', async () => {
  await admin.go('/sources/new?kind=webhook');
  await admin.send('form[action="/sources"]', { title: 'Town forum', slug: 'forum', reason: 'People ask us there.', basis: 'Public task', days: '30' }, '.btn.go');
  token = /hb_[A-Za-z0-9_-]+/.exec(await admin.text())?.[0];
  assert.ok(token, 'the page shows the token');
  await admin.page.goto(admin.page.url());
  assert.doesNotMatch(await admin.text(), /hb_[A-Za-z0-9_-]{12}/);
});

step('a topic says what is listened for', async () => {
  await admin.go('/topics');
  await admin.send('form[action="/topics"]', { name: 'Water and buses', query: 'water OR 水 OR bus OR 公交', reason: 'We owe answers about both.' }, 'button[value=save]');
  assert.equal(await admin.page.locator('#query').inputValue(), 'water OR 水 OR bus OR 公交');
});

const pick = (list, i) => list[i % list.length];
// messages are sixty, about tap water and about bus 14, none like another.
function messages() {
  const list = [];
  const street = ['Mill Street', 'Harbour Road', 'North Gate', 'Elm Lane', 'Castle Hill', 'Station Square', 'River Bank'];
  const jie = ['磨坊街', '港口路', '北门', '榆树巷', '城堡山', '车站广场', '河岸'];
  const water = ['Is the tap water on %s safe to drink after the flood?', 'Can we drink the tap water again on %s, or must we boil it?', 'The tap water on %s looks brown since the flood. Safe to drink?', 'Does anybody know whether tap water is safe to drink on %s?', 'Should my mother on %s boil tap water before she drinks it?'];
  const shui = ['洪水之后%s的自来水能喝吗？', '%s的自来水发黄，还能不能喝？', '请问%s的自来水需要烧开再喝吗？', '%s这边自来水安全吗，孩子能喝吗？', '有人知道%s自来水什么时候可以放心喝吗？'];
  const bus = ['Bus 14 did not stop at %s this morning, is it diverted?', 'Where does bus 14 stop now that %s is closed?', 'Waited an hour for bus 14 at %s, does it still run?', 'Is there a detour of bus 14 round %s today?', 'Why does bus 14 skip %s?'];
  const che = ['14路公交今天早上没有停%s，是绕行了吗？', '%s封路，14路公交现在停在哪里？', '在%s等14路公交等了一个小时，还开吗？', '14路公交今天绕行%s吗？', '14路公交为什么不停%s了？'];
  for (let i = 0; i < 15; i++) {
    for (const [texts, places, lang] of [[water, street, 'en'], [shui, jie, 'zh'], [bus, street, 'en'], [che, jie, 'zh']]) {
      list.push({ id: `m${list.length}`, text: pick(texts, i).replace('%s', pick(places, i + Math.floor(i / 5))), lang, author: `a${list.length}`, time: new Date(Date.now() - (60 - list.length) * 60_000).toISOString() });
    }
  }
  return list;
}

step('sixty messages about two things become concerns in two languages', async () => {
  const list = messages();
  assert.equal(list.length, 60);
  for (let i = 0; i < list.length; i += 20) {
    const r = await fetch(`${s.console}/ingest/forum`, { method: 'POST', headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/x-ndjson' }, body: list.slice(i, i + 20).map((m) => JSON.stringify(m)).join('\n') });
    assert.ok(r.ok, `${r.status} ${await r.text()}`);
  }
  const wrong = await fetch(`${s.console}/ingest/forum`, { method: 'POST', headers: { Authorization: 'Bearer hb_wrong' }, body: '{"text":"water"}' });
  assert.equal(wrong.status, 401);
  const titles = await until('concerns about water and buses', 20, async () => {
    await admin.go('/concerns?view=all&small=1');
    const t = await admin.page.locator('.rows h2').allInnerTexts();
    return /water|自来水/i.test(t) && /bus|公交/i.test(t) && t;
  });
  // Twenty ways of saying it; how well they are grouped is measured elsewhere.
  assert.ok(titles.length < 20, `two things became ${titles.length} concerns: ${titles.join(' | ')}`);
});

step('people are invited by link and join in their own browsers', async () => {
  const invite = async (name, ...roles) => {
    await admin.go('/accounts');
    await admin.send('form[action="/accounts/invite"]', { role: roles, note: name });
    return join_(/http\S+\/invite\?token=\S+/.exec(await admin.text())[0], name);
  };
  officer = await invite('Officer', 'officer', 'listener');
  one = await invite('Reviewer One', 'officer', 'reviewer');
  two = await invite('Reviewer Two', 'officer', 'reviewer');
});

const id = (page) => /\/(?:cases|answers)\/([0-9a-z]+)/.exec(page.url())[1];

async function openCase(words) {
  await officer.go('/concerns?view=all&small=1');
  const row = officer.page.locator('.rows h2 a').filter({ hasText: words }).first();
  await Promise.all([officer.page.waitForNavigation(), row.click()]);
  assert.match(await officer.text(), /Why now/);
  await officer.press(/Open (a )?case/);
  const fields = { tier: 'P3' };
  if (await officer.page.locator('#do-case [name=title]').count()) fields.title = 'What people ask in public';
  await officer.send('form[action$="/case"]', fields);
  if (!/\/cases\//.test(officer.page.url())) await officer.press(/case/i);
  return `/cases/${id(officer.page)}`;
}

step('an officer opens a case, adds evidence and a verdict', async () => {
  caseAt = await openCase(/water|自来水/i);
  await officer.send('form[action$="/evidence"]', { title: 'Laboratory report of the water works', url: 'https://example.org/report', note: 'All eight samples were clean.', primary: '1', copy: '' });
  await officer.go(caseAt);
  await officer.send('form[action$="/verdict"]', { verdict: 'true', note: 'The laboratory confirms it.' });
  assert.match(await officer.text(), /Laboratory report/);
});

const en = { 'title-en': 'Tap water is safe to drink again', 'lead-en': 'Tap water is safe to drink in every street since Monday 08:00. The laboratory found eight clean samples of eight.', 'do-en': 'Let the tap run for two minutes.\nThen use it as before.', 'next-en': 'We say more tomorrow at 12:00.' };
const zh = { 'title-zh': '自来水已恢复饮用安全', 'lead-zh': '自周一8时起，各街道自来水均可放心饮用。实验室检测八份样品，全部合格。', 'do-zh': '打开水龙头放水两分钟。\n之后照常使用。', 'next-zh': '明天12时再作说明。' };

step('the draft has both languages and goes to review', async () => {
  await officer.go(`${caseAt}/draft`);
  for (const add of ['zh', 'en']) {
    const link = officer.page.locator(`a[href$="/draft?add=${add}"]`);
    if (!(await officer.page.locator(`[name=title-${add}]`).count()) && await link.count()) await Promise.all([officer.page.waitForNavigation(), link.click()]);
  }
  await officer.send('form[action$="/draft"]', { ...en, ...zh, verdict: 'true' }, 'button[value=submit]');
  await officer.go(caseAt);
  answerAt = await officer.page.locator('a[href^="/answers/"]').first().getAttribute('href');
  await officer.go(answerAt);
  assert.equal(await officer.page.locator('form[action$="/approve"]').count(), 0, 'the author may not approve');
});

step('two others approve, and only then can it be published', async () => {
  const early = await Person.at(browser, s.public);
  await early.go(answerAt, 404);
  await early.context.close();
  await one.go(answerAt);
  await one.send('form[action$="/approve"]', { note: 'The report says so.' });
  await one.go(answerAt);
  assert.equal(await one.page.locator('form[action$="/approve"]').count(), 0, 'nobody approves twice');
  assert.equal(await one.page.locator('form[action$="/publish"]').count(), 0, 'one is not enough');
  await two.go(answerAt);
  await two.send('form[action$="/approve"]');
  await officer.go(answerAt);
  await officer.send('form[action$="/publish"]');
});

async function proven() {
  return until('the proof on the public page', 20, async () => {
    await new Promise((done) => setTimeout(done, 300));
    const html = await (await fetch(`${s.public}${answerAt}`, { headers: { 'Accept-Language': 'en' } })).text();
    return html.includes('id="hearback-proof"') && html;
  });
}

step('the public reads it in both languages and in both feeds', async () => {
  await proven();
  await reader.go('/');
  assert.match(await reader.text(), /Tap water is safe to drink again/);
  await reader.press('Tap water is safe to drink again');
  assert.match(await reader.text(), /eight clean samples of eight/);
  await reader.go(`${answerAt}?lang=zh`);
  assert.match(await reader.text(), /自来水已恢复饮用安全/);
  await reader.go(`${answerAt}?lang=en`);
  for (const [path, kind] of [['/feed.atom', 'atom+xml'], ['/feed.json', 'json']]) {
    for (const [lang, want] of [['en', 'Tap water is safe to drink again'], ['zh', '自来水已恢复饮用安全']]) {
      const r = await fetch(`${s.public}${path}?lang=${lang}`);
      assert.match(r.headers.get('content-type'), new RegExp(kind.replace('+', '\\+')));
      assert.ok((await r.text()).includes(want), `${path} in ${lang}`);
    }
  }
});

step('the saved page verifies, and not after one word is changed', async () => {
  const html = await proven();
  const file = join(s.dir, 'answer.html');
  writeFileSync(file, html);
  let r = hearback('verify', file);
  assert.equal(r.status, 0, r.out);
  const cut = html.indexOf('id="hearback-proof"');
  const forged = html.slice(0, cut).replaceAll('eight clean samples', 'seven clean samples') + html.slice(cut);
  assert.notEqual(forged, html);
  writeFileSync(file, forged);
  r = hearback('verify', file);
  assert.notEqual(r.status, 0, `a forged page passed:\n${r.out}`);
  // As the browser itself saves it: its own serialisation of the page.
  await reader.go(`${answerAt}?lang=zh`);
  writeFileSync(file, await reader.page.content());
  r = hearback('verify', '--lang', 'zh', file);
  assert.equal(r.status, 0, r.out);
  // One visible word, and nothing of the summary in the head or of the proof.
  const saved = readFileSync(file, 'utf8');
  const lie = saved.replace(/(data-part="lead">[^<]*)八份样品/, '$1七份样品');
  assert.notEqual(lie, saved);
  writeFileSync(file, lie);
  assert.notEqual(hearback('verify', file).status, 0);
});

step('somebody who types a question sees the answer, and nothing leaves the browser', async () => {
  const asks = await Person.at(browser, s.public, { javaScriptEnabled: true, locale: 'en-GB' });
  await asks.go('/ask');
  const sent = [];
  asks.page.on('request', (r) => sent.push(`${r.method()} ${new URL(r.url()).pathname}${new URL(r.url()).search} ${r.postData() ?? ''}`));
  await asks.page.locator('#text').pressSequentially('Can I drink the tap water again?', { delay: 5 });
  const near = asks.page.locator('#near li a').first();
  await near.waitFor();
  assert.match(await near.innerText(), /Tap water is safe/);
  assert.ok((await near.getAttribute('href')).startsWith(answerAt));
  await asks.page.locator('#text').fill('自来水现在可以喝了吗');
  await asks.page.locator('#near li a').filter({ hasText: /自来水|Tap water/ }).first().waitFor();
  await asks.page.locator('#text').fill('When does the library open on Sunday?');
  await asks.page.locator('#near').waitFor({ state: 'hidden' });
  assert.deepEqual([...new Set(sent)].filter((r) => !r.startsWith('GET /static/')), ['GET /ask/answers.json ']);
  if (process.env.SHOTS) {
    await asks.page.locator('#text').fill('Can I drink the tap water again?');
    await near.waitFor();
    await asks.shot('ask-near');
  }
  assert.deepEqual(asks.faults, []);
  await asks.context.close();
});

step('a reader says that it helped only in part, and why, without scripts', async () => {
  await reader.go(`${answerAt}?lang=en`);
  const b = reader.page.locator('#helped button[value=part]');
  await Promise.all([reader.page.waitForNavigation(), b.click()]);
  await reader.send('#helped form.whyform', { reason: 'missing' });
  assert.match(await reader.text(), /Counted|已计入/); // the page may be in the language read last
  await officer.go(answerAt);
  assert.match(await officer.text(), /In part.*Something is missing/s);
});

step('a correction says what changed and why', async () => {
  await officer.go(`${caseAt}/draft`);
  await officer.send('form[action$="/draft"]', { reason: 'One more street was tested.', 'lead-en': 'Tap water is safe to drink in every street since Monday 09:30. The laboratory found nine clean samples of nine.' }, 'button[value=submit]');
  for (const p of [one, two]) {
    await p.go(answerAt);
    await p.send('form[action$="/approve"]');
  }
  await officer.go(answerAt);
  await officer.send('form[action$="/publish"]');
  await until('the correction', 25, async () => {
    await reader.go(`${answerAt}?lang=en`);
    return /nine clean samples of nine/.test(await reader.text());
  });
  const banner = await reader.page.locator('.note.warn').first().innerText();
  assert.match(banner, /Corrected/i);
  assert.match(banner, /One more street was tested/);
  assert.equal(await reader.page.locator('#rev + ol > li').count(), 2);
});

step('a withdrawn answer leaves a page that says so', async () => {
  await officer.go(answerAt);
  await officer.send('form[action$="/withdraw"]', { reason: 'A pipe broke after the samples were taken.' });
  const r = await until('the withdrawal', 25, async () => {
    const res = await reader.page.goto(`${s.public}${answerAt}?lang=en`);
    return res.status() === 410 && res;
  });
  assert.equal(r.status(), 410);
  assert.match(await reader.text(), /A pipe broke after the samples were taken/);
  assert.doesNotMatch(await reader.text(), /nine clean samples/);
});

test('nothing failed on the way', () => {
  const faults = [admin, officer, one, two, reader].flatMap((p) => p?.faults ?? []).filter((f) => !/status of 4(04|10)/.test(f));
  assert.deepEqual(faults, []);
  assert.doesNotMatch(s.said, /level=ERROR/);
});
