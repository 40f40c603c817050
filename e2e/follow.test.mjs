// Following by e-mail, with JavaScript off: a letter with a link, a
// confirmation, an answer that arrives, and leaving with one click. The mail
// server is a sink of ours that speaks STARTTLS.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, TLSSocket } from 'node:tls';
import { after, before, test } from 'node:test';
import { free, launch, Person, serve, until } from './lib.mjs';

const dir = mkdtempSync(join(tmpdir(), 'hearback-sink-'));
const got = []; // { to, head, text }
let s, browser, sink, reader;

before(async () => {
  const r = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', join(dir, 'key.pem'), '-out', join(dir, 'cert.pem')], { encoding: 'utf8' });
  assert.equal(r.status, 0, r.stderr);
  const secure = createSecureContext({ key: readFileSync(join(dir, 'key.pem')), cert: readFileSync(join(dir, 'cert.pem')) });
  sink = createServer((c) => talk(c, secure));
  await new Promise((done) => sink.listen(0, 'localhost', done));
  const port = await free();
  const more = ['--network-allow', 'localhost', '--mail-server', `localhost:${sink.address().port}`, '--mail-from', 'desk@linmere.example', '--mail-follow', 'true', '--public-url', 'https://answers.linmere.example', '--public-listen', `127.0.0.1:${port}`];
  [s, browser] = await Promise.all([serve({ more, env: { SSL_CERT_FILE: join(dir, 'cert.pem') } }), launch()]);
  s.public = `http://127.0.0.1:${port}`; // behind a proxy of the office
  reader = await Person.at(browser, s.public, { locale: 'en-GB' });
});
after(async () => {
  await browser?.close();
  await s?.stop();
  sink?.close();
  rmSync(dir, { recursive: true, force: true });
});

// talk is as much of SMTP as a sender needs.
function talk(socket, secure) {
  let c = socket, rest = '', to = '', data = null;
  const say = (line) => c.write(`${line}\r\n`);
  const read = (b) => {
    rest += b.toString('latin1');
    for (let i; (i = rest.indexOf('\r\n')) >= 0;) {
      const line = rest.slice(0, i);
      rest = rest.slice(i + 2);
      if (data !== null) {
        if (line !== '.') { data += `${line.replace(/^\.\./, '.')}\n`; continue; }
        keep(to, data);
        data = null;
        say('250 taken');
        continue;
      }
      const verb = line.split(' ')[0].toUpperCase();
      if (verb === 'EHLO') { c.write(c === socket ? '250-sink\r\n250-STARTTLS\r\n250 8BITMIME\r\n' : '250-sink\r\n250 8BITMIME\r\n'); continue; }
      if (verb === 'STARTTLS') {
        say('220 go on');
        socket.removeAllListeners('data');
        c = new TLSSocket(socket, { isServer: true, secureContext: secure });
        c.on('data', read).on('error', () => {});
        continue;
      }
      if (verb === 'RCPT') to = /<(.*)>/.exec(line)[1];
      if (verb === 'DATA') { data = ''; say('354 go on'); continue; }
      say(verb === 'QUIT' ? '221 bye' : '250 ok');
    }
  };
  c.on('data', read).on('error', () => {});
  say('220 sink');
}

// plain undoes quoted-printable.
const plain = (t) => Buffer.from(t.replace(/=\n/g, '').replace(/=([0-9A-F]{2})/g, (_, h) => String.fromCharCode(parseInt(h, 16))), 'latin1').toString('utf8');

function keep(to, raw) {
  const at = raw.indexOf('\n\n');
  got.push({ to, head: raw.slice(0, at).replace(/\n[ \t]+/g, ' '), text: plain(raw.slice(at)) });
}

const letter = (n) => until(`letter ${n}`, 30, async () => got[n - 1]);

test('an address is confirmed, changed, and deleted with one click', { timeout: 90_000 }, async () => {
  await reader.go('/feeds');
  await reader.press('Send me a letter to confirm');
  assert.match(await reader.text(), /Nobody in the office sees the address/);
  await reader.shot('follow');
  await reader.send('form[action="/follow"]', { email: 'wei@example.org', all: '1', letters: 'zh' });
  const known = await reader.text();
  assert.match(known, /If this address can get mail, a letter with a link is on its way/);

  const first = await letter(1);
  assert.equal(first.to, 'wei@example.org');
  assert.match(first.text, /请在24小时内打开以下页面并点击按钮/);
  assert.doesNotMatch(first.head, /List-Unsubscribe/i);
  const confirm = /https:\/\/answers\.linmere\.example(\/follow\/confirm\?k=\S+)/.exec(first.text)[1];
  await reader.go(confirm);
  assert.match(await reader.text(), /全部答复/);
  await reader.shot('follow-confirm');
  await reader.send('form[action="/follow/confirm"]');
  assert.match(await reader.text(), /已确认。从现在起，您会收到邮件。/);
  await reader.shot('follow-yours');
  const page = new URL(reader.page.url());
  await reader.send('form[action="/follow/change"]', { letters: 'en' }, '.btn.go');
  await reader.go(confirm, 404); // once

  // A link used up says so, and the form says the same for an address that is
  // known and one that is not.
  await reader.go('/follow?lang=en');
  for (const email of ['wei@example.org', 'nobody@example.org']) {
    await reader.go('/follow');
    await reader.send('form[action="/follow"]', { email, all: '1', letters: 'zh' });
    assert.equal(await reader.text(), known);
  }
  await letter(3);

  const leave = `/follow/leave${page.search}`;
  await reader.go(leave);
  await reader.shot('follow-leave');
  const r = await fetch(new URL(leave, s.public), { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'List-Unsubscribe=One-Click' });
  assert.equal(r.status, 200);
  await reader.go(`/follow/change${page.search}`);
  assert.match(await reader.text(), /Your address is not here|您的地址已不在此处/);
  // What was asked meanwhile is gone with it.
  await reader.go(/\.example(\/follow\/confirm\?k=\S+)/.exec(got[1].text)[1], 404);
  assert.deepEqual(reader.faults.filter((f) => !/404/.test(f)), []);
});
