// What goes wrong at somebody's desk, each said in words and with nothing lost:
// a slow network, a button pressed twice, two officers at one draft, a title
// that is far too long, a lost connection, a session that ended, a browser
// without cookies. Then every page of the office is looked at.
import assert from 'node:assert/strict';
import { connect, createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { crawl, report } from './crawl.mjs';
import { free, launch, Person, serve, until } from './lib.mjs';

const word = 'correct horse battery 9 ';
const said = [];
let s, browser, admin, officer, other, one, reader, token, caseAt, concernAt, sourceAt, answerAt, invited, broken = '';

before(async () => {
  [s, browser] = await Promise.all([serve({ more: ['--office-name-zh', '滨城信息台', '--office-name', 'Harbour Desk', '--network-contact', 'desk@harbour.example'] }), launch()]);
  reader = await Person.at(browser, s.public, { locale: 'en-GB' });
});
after(async () => {
  await browser?.close();
  await s?.stop();
});

function step(name, does, timeout = 60_000) {
  test(name, { timeout }, async (t) => {
    assert.equal(broken, '', 'an earlier step failed');
    try { await does(t); } catch (e) {
      broken = name;
      throw e;
    }
  });
}

async function join(link, name, options = {}) {
  const p = await Person.at(browser, s.console, { locale: 'en-GB', javaScriptEnabled: true, ...options });
  await p.join(link, { name, login: name.toLowerCase().replaceAll(' ', '-'), password: word + name, again: word + name, lang: 'en' });
  return p;
}

async function invite(name, ...roles) {
  await admin.go('/accounts');
  await admin.send('form[action="/accounts/invite"]', { role: roles, note: name });
  return /http\S+\/invite\?token=\S+/.exec(await admin.text())[0];
}

// wire is a way to a service that can be cut.
async function wire(to) {
  const { hostname, port } = new URL(to);
  const open = new Set();
  let whole = true;
  const server = createServer((c) => {
    if (!whole) return c.destroy();
    const up = connect(Number(port), hostname);
    for (const [a, b] of [[c, up], [up, c]]) {
      open.add(a);
      a.pipe(b);
      a.on('error', () => {}).on('close', () => { open.delete(a); b.destroy(); });
    }
  });
  await new Promise((done) => server.listen(0, hostname, done));
  const cut = () => {
    whole = false;
    for (const c of open) c.destroy();
  };
  return { base: `http://${hostname}:${server.address().port}`, cut, mend: () => { whole = true; }, end: () => { cut(); server.close(); } };
}

// begun is a connection that sends half a request and waits.
const begun = (base) => new Promise((done) => {
  const { hostname, port } = new URL(base);
  const at = Date.now();
  const c = connect(Number(port), hostname, () => c.write('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: '));
  c.on('data', () => {}).on('error', () => {}).on('close', () => done(Date.now() - at));
});
let slow;

step('an office with a source, a case and a draft', async () => {
  slow = Promise.all([begun(s.console), begun(s.public)]);
  admin = await join(s.link, 'First Administrator', { javaScriptEnabled: false });
  await admin.go('/sources/new?kind=webhook');
  await admin.send('form[action="/sources"]', { title: 'Town forum', slug: 'forum', reason: 'People ask us there.', basis: 'Public task', days: '30' }, '.btn.go');
  sourceAt = new URL(admin.page.url()).pathname;
  token = /hb_[A-Za-z0-9_-]+/.exec(await admin.text())[0];
  await admin.go('/topics');
  await admin.send('form[action="/topics"]', { name: 'Water', query: 'water OR 水', reason: 'We owe answers about it.' }, 'button[value=save]');
  const list = said;
  for (let i = 0; i < 24; i++) {
    const street = ['Mill Street', 'Harbour Road', 'North Gate', 'Elm Lane'][i % 4];
    list.push({ id: `m${i}`, author: `a${i}`, time: new Date(Date.now() - (40 - i) * 60_000).toISOString(), ...(i % 3 ? { lang: 'en', text: `Is the tap water on ${street} safe to drink after the flood, question ${i}?` } : i % 2 ? { lang: 'zh', text: `洪水之后港口路的自来水还能喝吗？问题${i}` } : { lang: 'ar', text: `هل مياه الصنبور water صالحة للشرب بعد الفيضان؟ ${i}` }) });
  }
  const r = await fetch(`${s.console}/ingest/forum`, { method: 'POST', headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/x-ndjson' }, body: list.map((m) => JSON.stringify(m)).join('\n') });
  assert.ok(r.ok, await r.text());
  officer = await join(await invite('Officer', 'officer', 'listener', 'analyst', 'evaluator'), 'Officer');
  other = await join(await invite('Other Officer', 'officer', 'listener'), 'Other Officer', { javaScriptEnabled: false });
  one = await join(await invite('Reviewer', 'reviewer', 'auditor'), 'Reviewer');
  invited = await invite('Nobody yet', 'listener');
  concernAt = await until('a concern', 20, async () => {
    await officer.go('/concerns?view=all&small=1');
    const a = officer.page.locator('.rows h2 a').filter({ hasText: /tap water/ }).first();
    return await a.count() && a.getAttribute('href');
  });
  await officer.go(concernAt);
  await officer.page.locator('a[href$="#do-case"]').first().click();
  const fields = { tier: 'P3' };
  if (await officer.page.locator('#do-case [name=title]').count()) fields.title = 'Is the tap water safe to drink?';
  await officer.send('#do-case form', fields);
  if (!/\/cases\//.test(officer.page.url())) await officer.press(/case/i);
  caseAt = new URL(officer.page.url()).pathname;
});

step('a form works before its scripts have come', async () => {
  await officer.page.route('**/static/**/*.js', async (route) => {
    await new Promise((done) => setTimeout(done, 5000));
    await route.continue().catch(() => {});
  });
  const at = Date.now();
  await officer.page.goto(s.console + caseAt, { waitUntil: 'commit' });
  await officer.page.locator('#do-verdict, form[action$="/check"]').first().waitFor({ state: 'attached' });
  await officer.page.locator('#do-evidence > summary').click();
  const form = officer.page.locator('form[action$="/evidence"]').first();
  await form.locator('[name=title]').fill('Laboratory report');
  await form.locator('[name=note]').fill('All eight samples were clean.');
  await Promise.all([officer.page.waitForURL(/done=evidence/, { waitUntil: 'commit' }), form.locator('button').click({ noWaitAfter: true })]);
  await officer.page.getByText('Laboratory report').first().waitFor();
  assert.ok(Date.now() - at < 4900, 'it waited for the scripts');
  await officer.page.unroute('**/static/**/*.js');
});

step('a button pressed twice on a slow network does its act once', async () => {
  await officer.go(caseAt);
  const form = officer.page.locator('form[action$="/evidence"]').first();
  if (!await form.isVisible()) await officer.page.locator('#do-evidence > summary').click();
  await form.locator('[name=title]').fill('Pressed twice');
  await form.locator('[name=note]').fill('The same words.');
  const sent = await form.evaluate(async (f) => {
    const post = () => fetch(f.action, { method: 'POST', body: new FormData(f) });
    const all = await Promise.all([post(), post(), post()]);
    return all.map((r) => r.status);
  });
  assert.deepEqual(sent, [200, 200, 200]);
  await officer.go(caseAt);
  assert.equal((await officer.page.locator('main').innerText()).split('Pressed twice').length - 1, 1);
});

const first = { verdict: 'true', 'title-en': 'Tap water is safe to drink', 'lead-en': 'Tap water is safe to drink in every street.' };

step('two officers write one draft, and neither loses a word', async () => {
  await officer.go(`${caseAt}/draft`);
  await officer.send('form[action$="/draft"]', first, 'button[value=save]');
  answerAt = new URL(officer.page.url()).pathname;
  await officer.go(`${caseAt}/draft`);
  await other.go(`${caseAt}/draft`);
  await officer.send('form[action$="/draft"]', { 'lead-en': 'Tap water is safe to drink in every street since Monday.' }, 'button[value=save]');
  await assert.rejects(other.send('form[action$="/draft"]', { 'lead-en': 'Boil the tap water for one minute first.', 'do-en': 'Keep it covered.' }, 'button[value=save]'), /Somebody else saved/);
  const text = await other.text();
  assert.match(text, /Two texts of one draft/);
  assert.match(await other.page.locator('article.draft').first().innerHTML(), /<del>[^<]*Monday[^<]*<\/del>/);
  assert.match(await other.page.locator('article.draft').first().innerHTML(), /<ins>[^<]*Boil[^<]*<\/ins>/);
  assert.equal(await other.page.locator('[name=lead-en]').inputValue(), 'Boil the tap water for one minute first.');
  await other.shot('two-officers');
  await other.send('form[action$="/draft"]', {}, 'button[value=save]'); // theirs now, knowingly
  await officer.go(`${caseAt}/draft`);
  assert.equal(await officer.page.locator('[name=do-en]').inputValue(), 'Keep it covered.');
});

step('a title of 5,000 characters is refused in words, and the page holds', async () => {
  await other.go(`${caseAt}/draft`);
  const field = other.page.locator('[name=title-en]');
  await other.page.setViewportSize({ width: 320, height: 640 });
  const long = 'Water'.repeat(1000);
  // Without the limit of the browser, as another program sends it.
  const html = await (await fetch(`${s.console}${caseAt}/draft`, { headers: { Cookie: (await other.context.cookies()).map((c) => `${c.name}=${c.value}`).join('; ') } })).text();
  const version = /name="version" value="(\d+)"/.exec(html)[1];
  assert.ok(Number(await field.getAttribute('maxlength')) < 5000);
  const r = await fetch(`${s.console}${caseAt}/draft`, { method: 'POST', headers: { Cookie: (await other.context.cookies()).map((c) => `${c.name}=${c.value}`).join('; '), 'Content-Type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams({ version, verdict: 'true', lang: 'en', 'title-en': long, 'lead-en': 'Typed with care.', act: 'save' }) });
  assert.equal(r.status, 422);
  const said = await r.text();
  assert.match(said, /Typed with care/);
  assert.match(said, /title[^<]{0,80}characters/i);
  await other.page.route('**/too-long', (route) => route.fulfill({ contentType: 'text/html', body: said }));
  await other.page.goto(`${s.console}/too-long`);
  assert.ok(await other.page.locator('html').evaluate((e) => e.scrollWidth <= e.clientWidth), 'a long title makes the page scroll sideways');
  await other.page.unroute('**/too-long');
  await other.page.setViewportSize({ width: 1280, height: 800 });
  // Where nothing limits what people write: a message.
  await reader.go('/ask');
  await reader.page.setViewportSize({ width: 320, height: 640 });
  await reader.page.locator('#text').evaluate((e) => e.removeAttribute('maxlength'));
  await reader.page.locator('#text').fill(long);
  await Promise.all([reader.page.waitForNavigation(), reader.page.locator('form[action="/ask"] button.go').click()]);
  assert.match(await reader.text(), /characters/);
  assert.equal((await reader.page.locator('#text').inputValue()).length, 5000);
  assert.ok(await reader.page.locator('html').evaluate((e) => e.scrollWidth <= e.clientWidth));
});

step('a lost connection is said, and forgotten when it is back', async () => {
  const way = await wire(s.console);
  const p = officer.page;
  await p.goto(`${way.base}/concerns`);
  await p.waitForTimeout(1500); // the stream is open
  const state = p.locator('#state');
  assert.ok(await state.isHidden());
  way.cut();
  await state.filter({ hasText: 'Not connected' }).waitFor({ state: 'visible' });
  await officer.shot('not-connected', false);
  way.mend();
  await state.waitFor({ state: 'hidden', timeout: 30_000 });
  await p.goto(`${s.console}/concerns`);
  way.end();
  // A tab from before an upgrade.
  await officer.page.route('**/concerns', async (route) => {
    const r = await route.fetch();
    await route.fulfill({ response: r, body: (await r.text()).replace(/data-version="[0-9a-f]+"/, 'data-version="0123"') });
  });
  await officer.go('/concerns');
  await state.filter({ hasText: 'The service was renewed' }).waitFor({ state: 'visible' });
  await officer.shot('renewed', false);
  await officer.page.unroute('**/concerns');
  // Its files still come, of today’s program.
  for (const file of ['console.css', 'console.js', 'state.js']) assert.equal((await fetch(`${s.console}/static/0123456789abcdef/${file}`)).status, 200, file);
  officer.faults = officer.faults.filter((f) => !/ERR_CONNECTION|ERR_SOCKET|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE|ERR_NETWORK/.test(f));
}, 90_000);

step('a session that nobody uses warns before it ends', async () => {
  const p = await officer.context.newPage();
  await p.clock.install();
  await p.goto(`${s.console}/help`);
  assert.ok(await p.locator('#state').isHidden());
  await p.clock.fastForward('11:51:00');
  await p.locator('#state').filter({ hasText: 'You will be signed out at' }).waitFor({ state: 'visible' });
  await p.getByRole('button', { name: 'Stay signed in' }).click();
  await p.locator('#state').waitFor({ state: 'hidden' });
  await p.close();
});

step('a session ends while somebody writes: the text can be sent again', async () => {
  await officer.go(`${caseAt}/draft`);
  const long = 'A sentence that took an hour. '.repeat(200).trim();
  await officer.page.locator('[name=known-en]').fill(long);
  const again = await Person.at(browser, s.console, { locale: 'en-GB' });
  await again.go('/signin');
  await again.send('form[action="/signin"]', { login: 'officer', password: word + 'Officer' });
  await again.go('/account');
  await again.send('form[action="/account/session"]:has(button[value=others])', {}, 'button[value=others]');
  await Promise.all([officer.page.waitForNavigation(), officer.page.locator('form[data-keep] button[value=save]').click()]);
  assert.match(await officer.text(), /nothing is lost/i);
  await officer.shot('signed-out');
  const tab = await officer.context.newPage();
  await tab.goto(`${s.console}/signin`);
  await tab.locator('[name=login]').fill('officer');
  await tab.locator('[name=password]').fill(word + 'Officer');
  await Promise.all([tab.waitForNavigation(), tab.locator('form[action="/signin"] button.go').click()]);
  await tab.close();
  await Promise.all([officer.page.waitForNavigation(), officer.page.locator('button.go').click()]);
  await officer.go(`${caseAt}/draft`);
  assert.equal(await officer.page.locator('[name=known-en]').inputValue(), long);
  officer.faults = officer.faults.filter((f) => !/status of 401/.test(f));
  await again.context.close();
});

step('a browser without cookies is told so', async () => {
  const p = await Person.at(browser, s.console, { locale: 'zh-CN' });
  await p.page.route('**/*', async (route) => {
    const headers = { ...route.request().headers() };
    delete headers.cookie;
    const r = await route.fetch({ headers, maxRedirects: 0 });
    const kept = { ...r.headers() };
    delete kept['set-cookie'];
    await route.fulfill({ response: r, headers: kept });
  });
  await p.go('/signin?lang=zh');
  await p.page.locator('[name=login]').fill('officer');
  await p.page.locator('[name=password]').fill(word + 'Officer');
  await p.context.clearCookies();
  await Promise.all([p.page.waitForNavigation(), p.page.locator('form[action="/signin"] button.go').click()]);
  assert.match(await p.text(), /Cookie/);
  await p.shot('no-cookies');
  await p.context.close();
});

step('whoever sends half a request is not waited for', async () => {
  for (const ms of await slow) assert.ok(ms > 5000 && ms < 20_000, `${ms} ms`);
});

for (const lang of ['en', 'zh']) {
  step(`every page of the office, in ${lang}`, async (t) => {
    const quoted = said.map((m) => m.text).join(' ') + '综合受理 Town forum People ask us there Public task Water OR 水 We owe answers about it First Administrator Other Officer Reviewer Nobody yet 洪水之后港口路的自来水还能喝吗 自来水 洪水 Laboratory report All eight samples were clean Pressed twice The same words Is the tap water on Mill Street safe to drink after the flood Tap water is safe to drink in every street since Monday Boil the tap water for one minute first Keep it covered Harbour Desk 滨城信息台 Is the tap water safe to drink? question';
    const pages = (list) => Object.fromEntries(list.map((x) => (Array.isArray(x) ? x : [x.slice(1).replaceAll(/[/?=&]/g, '-') || 'first', x])));
    const admins = pages(['/', '/account', '/account/second', '/account/tokens', '/accounts', '/security', '/settings', '/notifications', '/notifications?view=failed', '/desks', '/playbooks', '/playbooks/water', '/sources', '/sources/new', '/sources/new?kind=table', '/sources/new?kind=webhook', '/drill', ['source', sourceAt], '/topics', '/log', '/log/entry/1', '/help', ['lost', ['/cases/0', 404]]]);
    const officers = pages(['/', '/concerns', '/concerns?view=all&small=1', ['concern', concernAt], ['do-case', `${concernAt}?do=harm`], '/cases', ['case', caseAt], ['draft', `${caseAt}/draft`], ['draft-ar', `${caseAt}/draft?add=ar`], '/answers', ['review', answerAt], '/alerts', '/results', '/calibration', '/desks/front/handover', '/search?q=water', ['not-allowed', ['/security', 403]]]);
    const reviewers = pages([['review', answerAt], ['case', caseAt], '/account']);
    const doors = { signin: '/signin', invite: invited, 'bad-link': ['/invite?token=nonsense', 404], setup: ['/setup?token=nonsense', 404], password: ['/password?token=nonsense', 404] };
    const open = { home: '/', questions: '/questions', answers: '/answers', sources: '/sources', accountability: '/accountability', ask: '/ask', feeds: '/feeds', privacy: '/privacy', accessibility: '/accessibility', log: '/log', lost: ['/answers/0', 404] };
    const list = [];
    const look = async (site, base, which, p, budget) => list.push(await crawl(browser, base, which, { lang, site, quoted, state: await p?.context.storageState(), budget }));
    await Promise.all([
      (async () => {
        await look('admin', s.console, admins, admin);
        await look('door', s.console, doors);
      })(),
      (async () => {
        await look('officer', s.console, officers, officer);
        await look('reviewer', s.console, reviewers, one);
        await look('open', s.public, open, undefined, { bytes: 90_000, requests: 8 });
      })(),
    ]);
    t.diagnostic(report(list));
    const bad = list.flatMap((x) => x.bad);
    assert.deepEqual(bad, [], bad.join('\n'));
  }, 240_000);
}

step('the pages of following by e-mail', async (t) => {
  const port = await free();
  const f = await serve({ more: ['--public-listen', `127.0.0.1:${port}`, '--public-url', 'https://answers.harbour.example', '--mail-server', 'smtp.harbour.example:587', '--mail-from', 'desk@harbour.example', '--mail-follow', 'true'] });
  try {
    const pages = { follow: '/follow', home: '/', privacy: '/privacy', confirm: ['/follow/confirm?token=nonsense', 404], leave: ['/follow/leave?token=nonsense', 404], change: ['/follow/change?token=nonsense', 404] };
    const quoted = 'Our office';
    const list = await Promise.all(['en', 'zh'].map((lang) => crawl(browser, `http://127.0.0.1:${port}`, pages, { lang, site: 'follow', quoted, budget: { bytes: 90_000, requests: 8 } })));
    t.diagnostic(report(list));
    const bad = list.flatMap((x) => x.bad);
    assert.deepEqual(bad, [], bad.join('\n'));
  } finally {
    await f.stop();
  }
}, 120_000);

test('nothing failed on the way', () => {
  const faults = [admin, officer, other, one, reader].flatMap((p) => p?.faults ?? []).filter((f) => !/status of 4(04|09|22|03)/.test(f));
  assert.deepEqual(faults, []);
  assert.doesNotMatch(s.said, /level=ERROR/);
});
