// Notices that leave the console: a webhook is set, tested, and tried again
// after it was down, with JavaScript off.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { launch, Person, serve, until } from './lib.mjs';

const word = 'correct horse battery 9';
const got = [];
let s, browser, admin, hook, answer = 204;

before(async () => {
  hook = createServer((q, r) => {
    let body = '';
    q.on('data', (b) => { body += b; }).on('end', () => {
      got.push({ url: q.url, headers: q.headers, body });
      r.writeHead(answer);
      r.end();
    });
  });
  await new Promise((done) => hook.listen(0, '127.0.0.1', done));
  [s, browser] = await Promise.all([serve({ more: ['--network-allow', '127.0.0.1'] }), launch()]);
  admin = await Person.at(browser, s.console, { locale: 'en-GB' });
});
after(async () => {
  await browser?.close();
  await s?.stop();
  hook?.close();
});

const press = async (name) => {
  await Promise.all([admin.page.waitForNavigation(), admin.page.getByRole('button', { name }).first().click()]);
};

test('a webhook is set, signed with a secret that is shown once, tested and tried again', { timeout: 60_000 }, async () => {
  await admin.join(s.link, { name: 'First', login: 'first', password: word, again: word, lang: 'en' });
  await admin.go('/notifications');
  await admin.send('form[action="/notifications"]', { name: 'Duty room', way: 'webhook', to: `http://127.0.0.1:${hook.address().port}/T0PS3CRET`, lang: 'zh', quiet_from: '22:00', quiet_to: '07:00' }, '.btn.go');
  const secret = /whsec_[A-Za-z0-9+/=]+/.exec(await admin.text())?.[0];
  assert.ok(secret, 'the secret is shown');
  await admin.go('/notifications');
  assert.doesNotMatch(await admin.page.content(), /whsec_|T0PS3CRET/);

  await press('Send a test');
  assert.match(await admin.text(), /The test was taken/);
  const { headers, body } = got.at(-1);
  const sum = createHmac('sha256', Buffer.from(secret.slice(6), 'base64')).update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`).digest('base64');
  assert.equal(headers['webhook-signature'], `v1,${sum}`);
  assert.match(JSON.parse(body).data.subject, /测试/);

  answer = 410;
  await new Promise((done) => setTimeout(done, 10_500)); // one test in ten seconds
  await press('Send a test');
  assert.match(await admin.text(), /127\.0\.0\.1 knows no such address \(it answered 410\)\. Check the address\./);
  await admin.go('/notifications?view=failed');
  assert.match(await admin.text(), /given up/);
  answer = 204;
  const first = got.at(-1).headers['webhook-id'];
  await press('Try again');
  await until('the delivery that was given up', 20, async () => got.length === 3);
  assert.equal(got.at(-1).headers['webhook-id'], first, 'the same key at every try');
  await admin.go('/notifications?view=failed');
  assert.doesNotMatch(await admin.text(), /given up/);
  assert.deepEqual(admin.faults, []);
});
