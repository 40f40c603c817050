// Passkeys with a virtual authenticator: made, used in place of password and
// second factor, refused where they must be, and taken away.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, Person, serve } from './lib.mjs';

const word = 'several unrelated words 7';
let s, browser, p, device, base, broken = '';

before(async () => {
  [s, browser] = await Promise.all([serve(), launch()]);
  base = s.console.replace('127.0.0.1', 'localhost');
});
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

// plug gives a browser a device that knows its owner.
async function plug(person) {
  const cdp = await person.context.newCDPSession(person.page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
  return {
    keys: async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
    owner: (is) => cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: is }),
  };
}

step('an administrator makes a passkey as the second factor', async () => {
  p = await Person.at(browser, base, { locale: 'en-GB', javaScriptEnabled: true });
  device = await plug(p);
  await p.go(s.link.replace('127.0.0.1', 'localhost'));
  await p.send('form[action="/setup"]', { name: 'Chen Wei', login: 'chen', password: word, again: word, lang: 'en' });
  await p.shot('passkey-new');
  await p.send('form[action="/account/passkey"]', { name: 'Work laptop' });
  assert.equal(await p.page.locator('.codes code').count(), 10);
  assert.equal((await device.keys()).length, 1);
  await p.go('/sources/new');
  await p.go('/account/second');
  assert.match(await p.text(), /Work laptop/);
  for (const lang of ['zh', 'en']) {
    await p.page.setViewportSize(lang === 'zh' ? { width: 360, height: 740 } : { width: 1280, height: 800 });
    await p.go(`/account/second?lang=${lang}`);
    await p.shot(`passkey-have-${lang}`);
  }
});

step('one device holds one passkey of a person', async () => {
  await p.page.locator('#kname').fill('Again');
  await p.page.locator('form[action="/account/passkey"] button').click();
  await p.page.locator('[data-say]', { hasText: 'has a passkey of yours already' }).waitFor();
});

step('it opens the console without password or code', async () => {
  await p.go('/account');
  await p.send('form[action="/signout"]');
  await p.go('/alerts');
  await p.shot('passkey-signin');
  await p.send('form[action="/signin/passkey"]');
  assert.match(p.page.url(), /\/alerts/);
  await p.go('/sources/new');
  const [key] = await device.keys();
  assert.ok(key.signCount > 0);
});

step('after the password it stands in for the code', async () => {
  await p.go('/account');
  await p.send('form[action="/signout"]');
  await p.go('/signin?to=/topics');
  await p.send('form[action="/signin"]', { login: 'chen', password: word });
  assert.match(p.page.url(), /\/signin\/second/);
  await p.shot('passkey-second');
  await p.send('form[action="/signin/passkey"]');
  assert.match(p.page.url(), /\/topics/);
});

step('a device that did not check its owner opens nothing', async () => {
  await p.go('/account');
  await p.send('form[action="/signout"]');
  await device.owner(false);
  await p.go('/signin');
  await p.page.locator('form[action="/signin/passkey"] button').click();
  await p.page.locator('[data-say]', { hasText: 'The device gave no passkey' }).waitFor();
  await device.owner(true);
});

step('an answer counts once', async () => {
  await p.go('/signin');
  const sent = p.page.waitForRequest((r) => r.method() === 'POST' && r.url().endsWith('/signin/passkey'));
  await p.send('form[action="/signin/passkey"]');
  const body = (await sent).postData();
  const again = await fetch(`${base}/signin/passkey`, { method: 'POST', redirect: 'manual', headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body });
  assert.equal(again.status, 403);
  assert.match(await again.text(), /sent twice/);
});

step('at another address it is not offered, and the page says where it works', async () => {
  const other = await Person.at(browser, s.console, { locale: 'en-GB', javaScriptEnabled: true });
  await other.go('/signin');
  assert.equal(await other.page.locator('form[action="/signin/passkey"]').isVisible(), false);
});

step('taken away, it opens nothing, and the roles sleep', async () => {
  await p.go('/account/second');
  await p.send('form[action$="/remove"]');
  await p.go('/sources/new', 403);
  await p.go('/account');
  await p.send('form[action="/signout"]');
  await p.go('/signin');
  await p.page.locator('form[action="/signin/passkey"] button').click();
  await p.page.locator('main [role=alert]', { hasText: 'The passkey was not accepted' }).waitFor();
  assert.deepEqual(p.faults.filter((f) => !/403/.test(f)), []);
});
