// The console by keyboard alone, and without JavaScript: triage, merge with a
// look at what it does, undo, saved views, search in two scripts.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { launch, Person, serve, until } from './lib.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let s, browser, p;

before(async () => {
  [s, browser] = await Promise.all([serve({ drill: 'water' }), launch()]);
  p = await Person.at(browser, s.drill, { javaScriptEnabled: true, locale: 'en-GB' });
  await until('some concerns', 90, async () => {
    await p.go('/concerns?view=all&small=1');
    return (await p.page.locator('.rows > li').count()) >= 3;
  });
});
after(async () => {
  await browser?.close();
  await s?.stop();
});

const key = async (...keys) => { for (const k of keys) await p.page.keyboard.press(k); };
const moved = async (...keys) => { await Promise.all([p.page.waitForNavigation(), key(...keys)]); };
const path = () => new URL(p.page.url()).pathname;

test('a concern is found, opened and muted with keys alone, and z takes it back', { timeout: 60_000 }, async () => {
  await p.go('/concerns?view=all&small=1');
  await key('j', 'j', 'k');
  assert.equal(await p.page.locator('li.row[aria-current=true]').count(), 1);
  const first = await p.page.locator('li.row').first().getAttribute('data-url');
  assert.equal(await p.page.locator('li.row[aria-current=true]').getAttribute('data-url'), first);
  await key('x');
  assert.match(await p.page.locator('.bulk b').innerText(), /1 selected/);
  await key('Shift+J');
  assert.match(await p.page.locator('.bulk b').innerText(), /2 selected/);
  await key('Escape');
  assert.equal(await p.page.locator('.pick input:checked').count(), 0);
  await key('k', 'x', 'u'); // it asks why
  await p.page.keyboard.type('Known, and looked after.');
  await moved('Enter');
  assert.match(await p.text(), /Muted until resolved/);
  await moved('z');
  assert.match(await p.text(), /No longer muted/);
  await key('j');
  await moved('o');
  assert.match(path(), /^\/concerns\/\w+$/);
  await key('w');
  assert.ok(await p.page.evaluate(() => document.activeElement.closest('#parts') !== null), 'w goes to what the priority is made of');
  await key('s');
  assert.ok(await p.page.evaluate(() => document.activeElement.closest('#do-split') !== null), 's goes to the split, or to the words that none is proposed');
});

test('two concerns are looked at side by side, merged and taken apart', { timeout: 60_000 }, async () => {
  await p.go('/concerns?view=all&small=1');
  const ids = await p.page.locator('li.row').evaluateAll((l) => l.map((r) => r.dataset.id));
  await p.go(`/concerns/${ids[0]}`);
  await key('m');
  await p.page.keyboard.type(ids[1]);
  await moved('Enter');
  assert.match(await p.page.locator('#merge-look').innerText(), /Preview/);
  await p.page.locator('#merge-look textarea').focus();
  await p.page.keyboard.type('The same matter.');
  await key('Tab');
  await moved('Enter');
  assert.match(await p.text(), /Merged/);
  await moved('z');
  assert.match(await p.text(), /Undone|taken back/i);
});

test('a case is opened from the list, and g goes where one wants', { timeout: 60_000 }, async () => {
  await p.go('/concerns?view=all&small=1');
  await key('j', 'j');
  await moved('c');
  await until('the form has the focus', 5, () => p.page.evaluate(() => document.activeElement.closest('#do-case') !== null));
  await p.page.locator('#do-case button').focus();
  await moved('Enter');
  assert.match(path(), /^\/cases\//);
  for (const [to, at] of [['t', '/'], ['k', '/cases'], ['s', '/sources'], ['l', '/log'], ['c', '/concerns']]) {
    await moved('g', to);
    assert.equal(path(), at);
  }
  await moved('?');
  assert.equal(path(), '/help');
});

test('keys that were changed act, and the usual ones do not', { timeout: 60_000 }, async () => {
  await p.go('/account');
  await p.page.fill('[name=key_next]', 'n');
  await Promise.all([p.page.waitForNavigation(), p.page.locator('form[action="/account/keys"] .go').click()]);
  await p.go('/concerns?view=all&small=1');
  await key('j');
  assert.equal(await p.page.locator('li.row[aria-current=true]').count(), 0);
  await key('n');
  assert.equal(await p.page.locator('li.row[aria-current=true]').count(), 1);
  await p.go('/account');
  await Promise.all([p.page.waitForNavigation(), p.page.locator('[name=usual]').click()]);
});

test('what comes in changes numbers in place and moves nothing', { timeout: 60_000 }, async () => {
  await p.go('/concerns?view=all&small=1');
  await key('j');
  const was = await p.page.evaluate(() => document.activeElement.href);
  const ids = await p.page.locator('li.row').evaluateAll((l) => l.map((r) => r.dataset.id));
  // A row that this page has not shown yet, as a new concern would be.
  await p.page.evaluate(() => { const r = document.querySelectorAll('li.row')[1]; r.querySelector('[data-cell=day]').textContent = '0'; });
  await until('the number', 12, () => p.page.evaluate(() => document.querySelectorAll('li.row')[1].querySelector('[data-cell=day]').textContent !== '0'));
  assert.deepEqual((await p.page.locator('li.row').evaluateAll((l) => l.map((r) => r.dataset.id))).slice(0, ids.length), ids);
  assert.equal(await p.page.evaluate(() => document.activeElement.href), was);
});

test('the same without JavaScript: filter, saved view, merge, undo, search', { timeout: 60_000 }, async () => {
  const q = await Person.at(browser, s.drill, { locale: 'en-GB' });
  await q.go('/concerns?view=all&small=1&kind=question');
  await q.send('form[action="/account/views"]', { name: 'Questions' });
  assert.match(await q.page.locator('.tabs [aria-current]').innerText(), /Questions/);
  const row = q.page.locator('li.row').first();
  const id = await row.getAttribute('data-id');
  await row.locator('input').check();
  await q.page.locator('#breason').fill('Known.');
  await Promise.all([q.page.waitForNavigation(), q.page.locator('.bulk button[value=mute]').click()]);
  await Promise.all([q.page.waitForNavigation(), q.page.locator('[data-undo]').click()]);
  assert.match(await q.text(), /No longer muted/);
  await q.send('form[action$="/drop"]');
  assert.doesNotMatch(await q.page.locator('.tabs').innerText(), /Questions\s+\d/);
  for (const words of ['水', '自来', 'water', 'wat', 'tap water']) {
    await q.go('/search');
    await q.page.fill('#q', words);
    await Promise.all([q.page.waitForNavigation(), q.page.locator('#q').press('Enter')]);
    assert.ok(await q.page.locator('.excerpts > li').count() > 0, `${words}: no message`);
    assert.ok(await q.page.locator('.excerpts mark').count() > 0, `${words}: nothing is marked`);
  }
  await q.go(`/concerns/${id}`);
  assert.match(await q.text(), /Why now/);
  await q.context.close();
});

const tags = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'];
for (const lang of ['en', 'zh']) {
  test(`what is new here is accessible and fits, in ${lang}`, { timeout: 120_000 }, async () => {
    const bad = [];
    await p.go('/concerns?view=all&small=1&lang=en');
    const ids = await p.page.locator('li.row').evaluateAll((l) => l.map((r) => r.dataset.id));
    const pages = { list: '/concerns?view=all&small=1', concern: `/concerns/${ids[0]}`, merge: `/concerns/${ids[0]}?do=merge&other=${ids[1]}`, search: `/search?q=${encodeURIComponent(lang === 'zh' ? '自来' : 'water')}`, account: '/account', help: '/help', today: '/' };
    for (const [name, to] of Object.entries(pages)) {
      await p.go(`${to}${to.includes('?') ? '&' : '?'}lang=${lang}`);
      await p.page.evaluate(axe);
      for (const [width, theme] of [[1440, 'light'], [1440, 'dark'], [320, 'dark'], [320, 'light']]) {
        await p.page.setViewportSize({ width, height: width < 500 ? 640 : 900 });
        await p.page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
        const wide = await p.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (wide > 0) bad.push(`${name} ${width}: ${wide} px too wide`);
        const said = await p.page.evaluate(async (values) => {
          const found = await globalThis.axe.run(document, { runOnly: { type: 'tag', values }, resultTypes: ['violations'] });
          return found.violations.map((x) => `${x.id}: ${x.nodes.slice(0, 3).map((e) => e.target.join(' ')).join('; ')}`);
        }, tags);
        for (const one of said) bad.push(`${name} ${theme} ${width}: ${one}`);
        if (process.env.SHOTS && (width === 1440) === (theme === (lang === 'en' ? 'light' : 'dark'))) await p.shot(`console-${lang}-${theme}-${width}-${name}`);
      }
    }
    await p.page.setViewportSize({ width: 1280, height: 800 });
    assert.deepEqual(bad, [], bad.join('\n'));
  });
}

test('nothing failed on the way', () => {
  assert.deepEqual(p.faults, []);
  assert.doesNotMatch(s.said, /level=ERROR/);
});
