// The drill: the tour of the README, and every main page looked at by axe in
// two languages, two themes and two widths.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { crawl, report } from './crawl.mjs';
import { hearback, launch, Person, root, serve, until } from './lib.mjs';

const words = {};
let s, browser, p, concernAt, caseAt, answerAt, draftAt;

before(async () => {
  [s, browser] = await Promise.all([serve({ drill: 'water' }), launch()]);
  p = await Person.at(browser, s.drill, { javaScriptEnabled: true, locale: 'en-GB' });
});
after(async () => {
  await browser?.close();
  await s?.stop();
});

let broken = '';
function step(name, does) {
  test(name, { timeout: 75_000 }, async () => {
    assert.equal(broken, '', 'an earlier step failed');
    try { await does(); } catch (e) {
      broken = name;
      throw e;
    }
  });
}

const act = (name) => p.press(name, 'button');

step('concerns form within a minute, under a band that says it is a drill', async () => {
  await p.go('/');
  assert.match(await p.page.locator('.drillmark').innerText(), /DRILL/i);
  await until('the first concerns', 60, async () => {
    await p.go('/concerns');
    return (await p.page.locator('.rows > li').count()) >= 1;
  });
  assert.ok(Date.now() - s.started < 60_000, 'within a minute of the start');
});

step('the officer opens the first concern and makes a case', async () => {
  await act('Officer');
  assert.equal(await p.page.getByRole('button', { name: 'Officer' }).getAttribute('aria-pressed'), 'true');
  await p.press('Concerns');
  const first = p.page.locator('.rows h2 a').first();
  await Promise.all([p.page.waitForNavigation(), first.click()]);
  concernAt = new URL(p.page.url()).pathname;
  assert.match(await p.text(), /Why now/);
  await p.press(/Open (a )?case/);
  const fields = { tier: 'P2' };
  if (await p.page.locator('#do-case [name=title]').count()) fields.title = 'Can we drink the tap water?';
  await p.send('#do-case form', fields);
  if (!/\/cases\//.test(p.page.url())) await p.press(/case/i);
  caseAt = new URL(p.page.url()).pathname;
  assert.equal(await p.page.locator('.clock').count(), 1, 'the case shows its clock');
});

step('the officer writes the answer and sends it to review', async () => {
  await p.send('form[action$="/evidence"]', { title: 'Samples of Tuesday morning', url: 'https://example.org/samples', note: 'Twelve of twelve are clean.', primary: '1' });
  await p.go(caseAt);
  await p.send('form[action$="/verdict"]', { verdict: 'true' });
  await p.go(`${caseAt}/draft`);
  Object.assign(words, { verdict: 'true', 'title-en': 'Tap water is safe in every district', 'lead-en': 'Tap water is safe to drink in every district. Twelve of twelve samples are clean.', 'do-en': 'Let the tap run for two minutes.\nThen use it as before.', 'next-en': 'We say more tomorrow at 12:00.', 'title-zh': '各区自来水均可放心饮用', 'lead-zh': '各区自来水均可放心饮用，十二份样品全部合格。', 'do-zh': '打开水龙头放水两分钟。\n之后照常使用。', 'next-zh': '明天12时再作说明。' });
  for (const add of ['zh', 'en']) {
    const link = p.page.locator(`a[href$="/draft?add=${add}"]`);
    if (!(await p.page.locator(`[name=title-${add}]`).count()) && await link.count()) await Promise.all([p.page.waitForNavigation(), link.click()]);
  }
  await p.send('form[action$="/draft"]', words, 'button[value=submit]');
  await p.go(caseAt);
  answerAt = await p.page.locator('.facts a[href^="/answers/"]').first().getAttribute('href');
});

step('two reviewers approve by the bar, and it is published', async () => {
  for (const as of ['Reviewer 1', 'Reviewer 2']) {
    await act(as);
    await p.press('Answers');
    await Promise.all([p.page.waitForNavigation(), p.page.locator(`a[href="${answerAt}"]`).first().click()]);
    await p.send('form[action$="/approve"]');
  }
  await p.send('form[action$="/publish"]');
  assert.ok((await p.page.content()).includes(s.drillPublic), 'the page gives the public address');
  const file = join(s.dir, 'drill.html');
  await until('the proof', 25, async () => {
    await new Promise((done) => setTimeout(done, 300));
    const html = await (await fetch(s.drillPublic + answerAt, { headers: { 'Accept-Language': 'en' } })).text();
    writeFileSync(file, html);
    return html.includes('id="hearback-proof"') && html.includes('Twelve of twelve');
  });
  const r = hearback('verify', file);
  assert.equal(r.status, 0, r.out);
  // One case stays in work, so that its draft and its review have a page.
  await act('Officer');
  await p.go('/concerns?view=all&small=1');
  const rows = p.page.locator('.rows h2 a');
  const others = [];
  for (const a of await rows.all()) others.push(await a.getAttribute('href'));
  await p.go(others.find((at) => at !== concernAt));
  await p.page.locator('a[href$="#do-case"]').first().click();
  const fields = { tier: 'P3' };
  if (await p.page.locator('#do-case [name=title]').count()) fields.title = 'Where does the bus stop?';
  await p.send('#do-case form', fields);
  if (!/\/cases\//.test(p.page.url())) await p.press(/case/i);
  draftAt = new URL(p.page.url()).pathname;
});

test('the page checks itself in the browser', { timeout: 30_000 }, async () => {
  assert.equal(broken, '', 'an earlier step failed');
  const r = await Person.at(browser, s.drillPublic, { javaScriptEnabled: true, locale: 'en-GB' });
  await r.go(answerAt);
  await r.page.locator('#verify button').click();
  const want = await r.page.locator('#verify').getAttribute('data-ok');
  await r.page.locator('#verify [role=status]').filter({ hasText: want }).waitFor();
  // One word that a reader sees is changed, by the server or on the way: the
  // check must fail. So must it when the proof is changed with it.
  const bad = await r.page.locator('#verify').getAttribute('data-bad');
  for (const [was, now] of [[/(data-part="lead">[^<]*)Twelve of twelve/, '$1Eleven of twelve'], [/Twelve of twelve/g, 'Eleven of twelve'], [/"index":(\d+)/, '"index":1$1'], [/data-part="lead"/, 'data-part="lead" hidden']]) {
    await r.page.route(`**${answerAt}*`, async (route) => {
      const answer = await route.fetch();
      const html = await answer.text();
      const forged = html.replace(was, now);
      assert.notEqual(forged, html, `${was} is on the page`);
      await route.fulfill({ response: answer, body: forged });
    });
    await r.go(answerAt);
    await r.page.locator('#verify button').click();
    await r.page.locator('#verify [role=status]').filter({ hasText: bad }).waitFor();
    await r.page.unroute(`**${answerAt}*`);
  }
  assert.deepEqual(r.faults, []);
  await r.context.close();
});

for (const lang of ['en', 'zh']) {
  test(`every page is accessible, fits and speaks one language, in ${lang}`, { timeout: 240_000 }, async (t) => {
    assert.equal(broken, '', 'an earlier step failed');
    const office = {
      first: '/', concerns: '/concerns', all: '/concerns?view=all&small=1', none: '/concerns?view=muted', heat: '/heat', themes: '/heat?by=theme&hours=48', concern: concernAt, cases: '/cases', case: draftAt, done: caseAt, draft: `${draftAt}/draft`, answers: '/answers', review: answerAt,
      alerts: '/alerts?view=all', results: '/results', calibration: '/calibration', scoring: '/scoring', sources: '/sources', topics: '/topics', log: '/log', entry: '/log/entry/0', desks: '/desks', playbooks: '/playbooks', settings: '/settings', accounts: '/accounts', help: '/help',
      search: '/search?q=water', 'search-none': '/search?q=zebra', lost: ['/nothing', 404], 'not-allowed': ['/security', 403],
    };
    const open = {
      home: '/', found: '/?q=water', 'found-none': '/?q=zebra', answers: '/answers', answer: answerAt, why: `${answerAt}?why=no`, counted: `${answerAt}?done=helped`, sheet: `${answerAt}/print`, feeds: '/feeds', questions: '/questions', sources: '/sources',
      accountability: '/accountability', calibration: '/calibration', scoring: '/scoring', log: '/log', entry: '/log/entry/0', ask: `${s.public}/ask`, asked: `${s.public}/ask?done=asked`, privacy: '/privacy', accessibility: '/accessibility', lost: ['/nothing', 404],
    };
    const quoted = `${readFileSync(join(root, 'drills', 'water.txtar'))} Can we drink the tap water? Where does the bus stop? ${Object.values(words).join(' ')} Samples of Tuesday morning Twelve of twelve are clean`;
    const list = await Promise.all([crawl(browser, s.drill, office, { lang, site: 'console', quoted }), crawl(browser, s.drillPublic, open, { lang, site: 'public', quoted, budget: { bytes: 90_000, requests: 8 } })]);
    t.diagnostic(report(list));
    const bad = list.flatMap((x) => x.bad);
    assert.deepEqual(bad, [], bad.join('\n'));
  });
}

test('nothing failed on the way', () => {
  assert.deepEqual(p.faults, []);
  assert.doesNotMatch(s.said, /level=ERROR/);
});
