// From triage to a public answer by keyboard alone: nothing here is clicked.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, Person, serve, until } from './lib.mjs';

let s, browser, p, concernAt, answerAt, broken = '';

before(async () => {
  [s, browser] = await Promise.all([serve({ drill: 'water' }), launch()]);
  p = await Person.at(browser, s.drill, { javaScriptEnabled: true, locale: 'en-GB' });
});
after(async () => {
  await browser?.close();
  await s?.stop();
});

function step(name, does) {
  test(name, { timeout: 75_000 }, async () => {
    assert.equal(broken, '', 'an earlier step failed');
    try { await does(); } catch (e) {
      broken = name;
      throw e;
    }
  });
}

const tab = (selector) => p.tab(selector);
async function press(key = 'Enter') {
  await Promise.all([p.page.waitForNavigation().catch(async (e) => { throw new Error(`${key} on ${p.page.url()}: ${e.message}\n${await p.text()}`); }), p.page.keyboard.press(key)]);
  const alert = p.page.locator('main [role=alert]').first();
  if (await alert.count()) throw new Error(`${p.page.url()}: ${await alert.innerText()}`);
}
async function write(selector, text) {
  await tab(selector);
  await p.page.keyboard.insertText(text);
}
async function goto(letter) {
  await p.page.keyboard.press('g');
  await press(letter);
}
async function as(who) {
  await tab(`button[name=as][value=${who}]`);
  await press();
}

step('g c and j find the first concern, Enter opens it', async () => {
  await p.go('/');
  await until('the first concerns', 60, async () => {
    await goto('c');
    return (await p.page.locator('.rows > li').count()) >= 1;
  });
  await p.page.keyboard.press('j');
  await press();
  concernAt = new URL(p.page.url()).pathname;
  assert.match(concernAt, /^\/concerns\/.+/);
});

step('c opens a case', async () => {
  await p.page.keyboard.press('c');
  assert.ok(await p.page.evaluate(() => document.activeElement.closest('#do-case') !== null), 'the form has the focus');
  if (await p.page.locator('#do-case [name=title]').count()) {
    if (!await p.page.evaluate(() => document.activeElement.name === 'title')) await tab('#do-case [name=title]');
    await p.page.keyboard.insertText('Can we drink the tap water?');
  }
  await tab('#do-case form button');
  await press();
  if (!/\/cases\//.test(p.page.url())) {
    await tab('a[href^="/cases/"]:not(.rail a)');
    await press();
  }
  assert.match(p.page.url(), /\/cases\/.+/);
});

step('evidence, a verdict and a draft', async () => {
  await tab('#do-evidence > summary');
  await p.page.keyboard.press('Enter');
  await write('#do-evidence [name=title]', 'Samples of Tuesday morning');
  await write('#do-evidence [name=note]', 'Twelve of twelve are clean.');
  await tab('#do-evidence [name=primary]');
  await p.page.keyboard.press('Space');
  await tab('#do-evidence button');
  await press();
  await tab('#do-verdict > summary');
  await p.page.keyboard.press('Enter');
  await tab('#do-verdict [name=verdict]');
  await p.page.keyboard.press('ArrowDown');
  await tab('#do-verdict button');
  await press();
  await press('r');
  assert.match(p.page.url(), /\/draft$/);
  await write('[name=title-en]', 'Tap water is safe in every district');
  await write('[name=lead-en]', 'Tap water is safe to drink in every district.');
  await write('[name=title-zh]', '各区自来水均可放心饮用');
  await write('[name=lead-zh]', '各区自来水均可放心饮用。');
  await tab('button[value=submit]');
  await press();
  answerAt = new URL(p.page.url()).pathname;
  assert.match(answerAt, /^\/answers\/.+/);
});

step('two reviewers approve it, and it is published', async () => {
  for (const who of ['reviewer1', 'reviewer2']) {
    await as(who);
    await goto('a');
    await tab(`a[href="${answerAt}"]`);
    await press();
    await tab('form[action$="/approve"] button');
    await press();
  }
  await tab('form[action$="/publish"] button');
  await press();
  await until('the public page', 25, async () => (await (await fetch(s.drillPublic + answerAt, { headers: { 'Accept-Language': 'en' } })).text()).includes('Tap water is safe to drink in every district.'));
  assert.deepEqual(p.faults, []);
});
