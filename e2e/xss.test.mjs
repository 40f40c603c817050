// Two hundred and more attempts to run script, through every text input and
// every kind of source, with the pages opened in a browser that would run it.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { code, launch, Person, serve, until } from './lib.mjs';

// corpus is every way out of a place in a page, with every way to run.
function corpus() {
  const out = ['', '">', "'>", '</title>', '</textarea>', '</script>', '-->', '</style>', '"', "' ", ']]>', '&quot;>'];
  const run = [
    '<script>hit()</script>', '<img src=x onerror=hit()>', '<svg onload=hit()>', '<svg><script>hit()</script></svg>', '<body onload=hit()>', '<details open ontoggle=hit()>',
    '<iframe srcdoc="<script>parent.hit()</script>">', '<iframe src="javascript:parent.hit()">', '<a href="javascript:hit()" autofocus onfocus=hit()>x</a>', '<input autofocus onfocus=hit()>',
    '<video><source onerror=hit()></video>', '<audio src=x onerror=hit()>', '<object data="javascript:hit()">', '<embed src="javascript:hit()">', '<math><mtext><img src=x onerror=hit()></mtext></math>',
    '<form action="javascript:hit()"><button autofocus>x</button></form>', '<base href="//evil.example/">', '<link rel=stylesheet href="//evil.example/x.css">', '<meta http-equiv=refresh content="0;url=javascript:hit()">', '<style>@import "//evil.example/x"</style>',
  ];
  const list = out.flatMap((o) => run.map((r) => o + r));
  list.push(' onmouseover=hit() x=', ' autofocus onfocus=hit() x="', 'javascript:hit()', 'JaVaScRiPt:hit()', 'data:text/html,<script>hit()</script>', '{{.}}{{hit}}', '${hit()}', '\u2028hit()//', '<ſcript>hit()</ſcript>', '\u003cscript\u003ehit()', '<scr\u0000ipt>hit()</scr\u0000ipt>', '＜script＞hit()＜/script＞', '%3Cscript%3Ehit()%3C/script%3E', '&lt;script&gt;hit()&lt;/script&gt;', '<<script>hit()//<</script>', '<img src=x:x onerror\n=hit()>', '<svg/onload=hit()>', '<x onclick=hit() tabindex=1 autofocus onfocus=hit()>');
  return list;
}
const payloads = corpus();

let s, browser, feed, p, sent = 0, hits = [];
const blocked = [];

before(async () => {
  assert.ok(payloads.length >= 200 && new Set(payloads).size === payloads.length);
  const x = (t) => t.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\u0000', '');
  feed = createServer((req, res) => res.writeHead(200, { 'Content-Type': 'application/atom+xml' }).end(`<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>${x(payloads[1])}</title><id>f</id><updated>2026-01-01T00:00:00Z</updated>${payloads.map((t, i) => `<entry><id>e${i}</id><title type="html">${x(`water ${t}`)}</title><content type="html">${x(t)}</content><updated>${new Date(Date.now() - i * 1000).toISOString()}</updated></entry>`).join('')}</feed>`));
  await new Promise((done) => feed.listen(0, '127.0.0.1', done));
  [s, browser] = await Promise.all([serve({ more: ['--network-allow', '127.0.0.1', '--office-name', 'Office <script>hit()</script>'] }), launch()]);
});
after(async () => {
  await browser?.close();
  await s?.stop();
  feed?.close();
});

// watched opens a browser that runs script and tells when one ran that is not
// ours, or when the policy had to stop one.
async function watched(base) {
  const w = await Person.at(browser, base, { locale: 'en-GB', javaScriptEnabled: true });
  await w.context.exposeFunction('hit', () => hits.push(w.page.url()));
  await w.context.exposeFunction('stopped', (v) => blocked.push(v));
  await w.context.addInitScript(() => addEventListener('securitypolicyviolation', (e) => window.stopped(`${location.pathname}: ${e.violatedDirective} ${e.blockedURI} ${e.sample}`)));
  w.page.on('dialog', (d) => { hits.push(d.message()); d.dismiss(); });
  return w;
}

// post sends a form with the session of the page, faster than by hand.
const post = (path, form) => p.page.request.post(new URL(path, s.console).href, { form, headers: { 'Sec-Fetch-Site': 'same-origin' }, maxRedirects: 0, failOnStatusCode: false });

test('every kind of source brings them in', { timeout: 240_000 }, async () => {
  p = await watched(s.console);
  await p.go(s.link);
  await p.send('form[action="/setup"]', { name: 'Chen <img src=x onerror=hit()>', login: 'chen', password: 'several unrelated words 7', again: 'several unrelated words 7', lang: 'en' });
  const secret = await p.page.locator('[name=secret]').inputValue();
  await p.send('form[action="/account/second"]', { code: code(secret) });
  await p.go('/accounts');
  const id = /accounts\/([0-9a-z]+)\/role/.exec(await p.page.content())[1];
  for (const role of ['listener', 'analyst', 'officer', 'reviewer', 'evaluator', 'auditor']) await post(`/accounts/${id}/role`, { role, act: 'grant' });
  await post('/topics', { act: 'save', name: `Water ${payloads[0]}`, query: 'water OR 水', reason: payloads[1] });
  await p.go('/sources/new?kind=webhook');
  await p.send('form[action="/sources"]', { title: `Hook ${payloads[2]}`.slice(0, 90), slug: 'hook', reason: payloads[3], basis: payloads[4], days: '30' }, '.btn.go');
  const token = /hb_[A-Za-z0-9_-]+/.exec(await p.text())[0];
  const lines = payloads.map((t, i) => JSON.stringify({ id: `w${i}`, text: `water ${i % 40} ${t}`, account: `a${i}` })).join('\n');
  const took = await fetch(`${s.console}/ingest/hook`, { method: 'POST', headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/x-ndjson' }, body: lines });
  assert.equal(took.status, 202, await took.text());
  const made = await post('/sources', { kind: 'feed', title: `Feed ${payloads[5]}`.slice(0, 90), slug: 'feed', url: `http://127.0.0.1:${feed.address().port}/`, reason: 'x', basis: 'y', days: '30', minutes: '5', all: '1' });
  assert.equal(made.status(), 303, await made.text());
  const feedAt = new URL(made.headers().location, s.console).pathname;
  const table = await post('/sources', { kind: 'table', title: `Table ${payloads[6]}`.slice(0, 90), slug: 'table', reason: 'x', basis: 'y', days: '30', all: '1' });
  assert.equal(table.status(), 303, await table.text());
  const tableAt = new URL(table.headers().location, s.console).pathname.replace(/\/table$/, '');
  const csv = ['text,id', ...payloads.map((t, i) => `"water ${`${t}`.replaceAll('"', '""').replaceAll('\u0000', '')}",t${i}`)].join('\n');
  await p.go(`${tableAt}/table`);
  await p.page.locator('#file').setInputFiles({ name: `${payloads[21]}.csv`.replaceAll('/', '_'), mimeType: 'text/csv', buffer: Buffer.from(csv) });
  await Promise.all([p.page.waitForNavigation(), p.page.locator('button[value=upload]').click()]);
  await Promise.all([p.page.waitForNavigation(), p.page.locator('button[value=import]').click()]);
  assert.match(await p.page.locator('[data-received]').first().getAttribute('data-received'), /^[1-9]/);
  await until('the feed was read', 40, async () => {
    await p.go(feedAt);
    return /^[1-9]/.test(await p.page.locator('[data-received]').first().getAttribute('data-received').catch(() => '') ?? '');
  });
  await fetch(`${s.public}/ask`, { method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams({ text: `water ${payloads.slice(0, 20).join(' ')}`.slice(0, 900) }) });
  await until('concerns', 40, async () => {
    await p.go('/concerns?view=all&small=1');
    return (await p.page.locator('.rows h2').count()) > 3;
  });
});

// pages are all that one can reach by links, a few of each kind.
async function crawl(w, from, limit) {
  const seen = new Set(), pages = [], queue = [...from], kinds = new Map();
  while (queue.length && seen.size < limit) {
    const path = queue.shift();
    const kind = path.replace(/[0-9a-z]{10,}/g, '#').replace(/\?.*/, (q) => `?${[...new URLSearchParams(q).keys()].sort()}`);
    if (seen.has(path) || (kinds.get(kind) ?? 0) >= 3) continue;
    seen.add(path);
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    const r = await w.page.goto(new URL(path, w.base).href, { waitUntil: 'load' }).catch(() => null);
    if (!r || !/html/.test(r.headers()['content-type'] ?? '')) continue; // a file to download
    pages.push(path);
    assert.ok(r.status() < 500, `${path}: ${r.status()}`);
    queue.push(...await w.page.locator('a[href^="/"]').evaluateAll((list) => list.map((a) => a.getAttribute('href'))).then((l) => l.map((h) => h.replace(/#.*/, '')).filter((h) => h && !/^\/(signout|log\/entry)|opml|lang=/.test(h))));
  }
  return pages;
}

test('every text input takes them, and nothing runs', { timeout: 420_000 }, async () => {
  const forms = new Map();
  const places = await crawl(p, ['/', '/concerns?view=all&small=1', '/topics', '/sources', '/desks', '/accounts', '/account', '/account/second', '/account/tokens', '/settings', '/alerts', '/sources/new', '/sources/new?kind=feed'], 60);
  for (const path of places) {
    await p.page.goto(new URL(path, p.base).href);
    for (const f of await p.page.locator('form').evaluateAll((list) => list.map((f) => ({ action: f.getAttribute('action') ?? '', method: f.method, fields: [...f.elements].filter((e) => e.name).map((e) => ({ name: e.name, type: e.type, value: e.value, max: e.maxLength })) })))) {
      const key = `${f.method} ${f.action.replace(/[0-9a-z]{10,}/g, '#')} ${f.fields.map((x) => x.name)}`;
      if (!/signout|disable|password|second$|session|removeFactor|\/remove|lang|passkey/.test(f.action) && f.fields.some((x) => /text|search|url/.test(x.type))) forms.set(key, f);
    }
  }
  assert.ok(forms.size >= 15, `found ${forms.size} forms: ${[...forms.keys()]}`);
  let inputs = 0;
  for (const f of forms.values()) {
    const open = f.fields.filter((x) => /text|search|url/.test(x.type));
    inputs += open.length;
    for (let i = 0; i < payloads.length;) {
      let n = 1;
      const form = {};
      for (const x of f.fields) {
        if (!open.includes(x)) { if (!form[x.name] || x.type === 'hidden') form[x.name] = x.value; continue; }
        const room = Math.min(x.max > 0 ? x.max : 1500, 1500);
        let v = '', k = i;
        while (k < payloads.length && v.length + payloads[k].length + 1 <= room) v += `${payloads[k++]} `;
        form[x.name] = v || payloads[i].slice(0, room);
        n = Math.max(n, 1);
        x.took = k - i;
      }
      const least = Math.max(1, Math.min(...open.map((x) => x.took)));
      if (f.method === 'get') await p.page.request.get(new URL(`${f.action || '/concerns'}?${new URLSearchParams(form)}`, s.console).href, { failOnStatusCode: false });
      else assert.ok((await post(f.action, form)).status() < 500, f.action);
      sent += open.length;
      i += Math.max(least, Math.ceil(payloads.length / 12)); // at most a dozen rounds for each form
    }
  }
  // Everything is looked at once more, with whatever it holds now.
  const again = await crawl(p, ['/', '/concerns?view=all&small=1', `/search?q=${encodeURIComponent(payloads[1])}`, `/concerns?q=${encodeURIComponent(payloads[25])}&area=${encodeURIComponent(payloads[45])}`, `/signin?to=${encodeURIComponent(payloads[2])}`, '/topics', '/sources', '/desks', '/accounts', '/account', '/security', '/settings', '/alerts', '/log'], 110);
  const reader = await watched(s.public);
  const outside = await crawl(reader, ['/', '/ask', `/answers?q=${encodeURIComponent(payloads[1])}`, '/sources', '/questions', '/accountability', '/log', '/privacy', '/feeds'], 40);
  console.log(`${payloads.length} payloads, ${forms.size} forms with ${inputs} inputs, ${sent} values sent, ${again.length + outside.length} pages opened, ${hits.length} ran, ${blocked.length} stopped by the policy`);
  assert.deepEqual(hits, []);
  assert.deepEqual(blocked, []);
  // The watch works: one that is put into a page past everything is seen.
  await p.go('/topics');
  await p.shot('xss-topics');
  await p.page.evaluate(() => { const i = document.createElement('img'); i.setAttribute('onerror', 'hit()'); i.src = 'data:,'; document.body.append(i); }).catch(() => {}); // Trusted Types may stop it first
  await until('the control', 5, () => hits.length + blocked.length > 0);
});
