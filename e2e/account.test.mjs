// The way in: second factor, recovery, sessions; and how those pages look.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { code, launch, Person, serve } from './lib.mjs';

const word = 'several unrelated words 7';
let s, browser, admin, broken = '';

before(async () => { [s, browser] = await Promise.all([serve(), launch()]); });
after(async () => {
  await browser?.close();
  await s?.stop();
});

function step(name, does) {
  test(name, { timeout: 60_000 }, async () => {
    assert.equal(broken, '', 'an earlier step failed');
    try { await does(); } catch (e) {
      broken = name;
      throw e;
    }
  });
}

// looks takes a page in every dress: languages, themes, phone and desk.
async function looks(person, path, name) {
  for (const lang of ['en', 'zh']) {
    for (const [size, viewport] of [['wide', { width: 1280, height: 800 }], ['phone', { width: 360, height: 740 }]]) {
      await person.page.setViewportSize(viewport);
      await person.page.emulateMedia({ colorScheme: size === 'wide' ? 'light' : 'dark' });
      await person.go(`${path}${path.includes('?') ? '&' : '?'}lang=${lang}`);
      await person.shot(`${name}-${lang}-${size}`);
      const over = await person.page.locator('html').evaluate((e) => e.scrollWidth - e.clientWidth).catch(() => 0);
      assert.ok(over <= 0, `${name} in ${lang} at ${viewport.width}: ${over} px too wide`);
    }
  }
  await person.page.setViewportSize({ width: 1280, height: 800 });
  await person.go(`${path}${path.includes('?') ? '&' : '?'}lang=en`);
}

step('the first administrator sets up the second factor', async () => {
  admin = await Person.at(browser, s.console, { locale: 'en-GB' });
  await admin.go(s.link);
  await admin.send('form[action="/setup"]', { name: 'Chen Wei', login: 'chen', password: word, again: word, lang: 'en' });
  assert.match(admin.page.url(), /\/account\/second\?first=1/);
  await looks(admin, '/account/second?first=1', 'second-new');
  await admin.go('/settings');
  assert.match(await admin.text(), /waits for a second factor/);
  await admin.go('/sources/new', 403);
  await admin.shot('second-needed');
  await admin.go('/account/second');
  admin.secret = await admin.page.locator('[name=secret]').inputValue();
  admin.used = code(admin.secret);
  await admin.send('form[action="/account/second"]', { code: admin.used });
  admin.recovery = await admin.page.locator('.codes code').allInnerTexts();
  assert.equal(admin.recovery.length, 10);
  await admin.shot('second-recovery');
  await admin.go('/sources/new');
  await looks(admin, '/account/second', 'second-have');
});

step('signing in asks for a code, and takes each once', async () => {
  await admin.go('/account');
  await admin.send('form[action="/signout"]');
  const p = await Person.at(browser, s.console, { locale: 'en-GB' });
  await p.go('/alerts');
  await p.send('form[action="/signin"]', { login: 'chen', password: word });
  assert.match(p.page.url(), /\/signin\/second/);
  await looks(p, '/signin/second', 'signin-second');
  await assert.rejects(p.send('form[action="/signin/second"]', { code: admin.used }), /used already/);
  await p.shot('signin-second-used');
  await p.send('form[action="/signin/second"]', { code: code(admin.secret, 1) });
  await p.go('/sources/new');
  admin.page = p.page;
});

step('a recovery code opens another browser, and its session can be ended', async () => {
  const other = await Person.at(browser, s.console, { locale: 'en-GB' });
  await other.go('/signin');
  await other.send('form[action="/signin"]', { login: 'chen', password: word });
  await other.send('form[action="/signin/second"]', { code: admin.recovery[0] });
  await other.go('/account');
  await admin.go('/account');
  assert.equal(await admin.page.locator('form[action="/account/session"] button:not([value=others])').count(), 1);
  await looks(admin, '/account', 'account');
  await admin.send('form[action="/account/session"]', {}, 'button:not([value=others])');
  await other.page.goto(`${s.console}/account`);
  assert.match(other.page.url(), /\/signin/);
  await looks(admin, '/security', 'security');
  await looks(admin, '/accounts', 'accounts');
});
