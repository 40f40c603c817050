// Single sign-on against a small provider of our own, in the browser.
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { launch, Person, serve } from './lib.mjs';

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const b64 = (v) => Buffer.from(typeof v === 'string' ? v : JSON.stringify(v)).toString('base64url');
let s, browser, provider, issuer, who, asked;

// The provider lets in whoever "who" is, at once.
before(async () => {
  provider = createServer(async (req, res) => {
    const u = new URL(req.url, issuer);
    const say = (v, status = 200) => res.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(v));
    if (u.pathname === '/.well-known/openid-configuration') return say({ issuer, authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/keys`, id_token_signing_alg_values_supported: ['RS256'] });
    if (u.pathname === '/keys') return say({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: '1', alg: 'RS256', use: 'sig' }] });
    if (u.pathname === '/auth') {
      asked = u.searchParams;
      return res.writeHead(303, { Location: `${asked.get('redirect_uri')}?code=good&state=${encodeURIComponent(asked.get('state'))}` }).end();
    }
    let body = '';
    for await (const b of req) body += b;
    const form = new URLSearchParams(body);
    if (form.get('code') !== 'good' || createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url') !== asked.get('code_challenge')) return say({ error: 'invalid_grant' }, 400);
    const now = Math.floor(Date.now() / 1000);
    const token = `${b64({ alg: 'RS256', kid: '1' })}.${b64({ iss: issuer, aud: 'hearback', iat: now, exp: now + 300, nonce: asked.get('nonce'), ...who })}`;
    say({ access_token: 'x', token_type: 'Bearer', id_token: `${token}.${sign('sha256', Buffer.from(token), privateKey).toString('base64url')}` });
  });
  await new Promise((done) => provider.listen(0, '127.0.0.1', done));
  issuer = `http://127.0.0.1:${provider.address().port}`;
  [s, browser] = await Promise.all([serve({ more: ['--sso-issuer', issuer, '--sso-client', 'hearback', '--sso-name', 'City account', '--sso-roles', 'press:officer,admins:administrator'] }), launch()]);
});
after(async () => {
  await browser?.close();
  await s?.stop();
  provider.close();
});

test('an officer comes in by single sign-on, with the role of their group', async () => {
  who = { sub: 'u-1', name: 'Wei Lin', preferred_username: 'wei', groups: ['press', 'football'] };
  const p = await Person.at(browser, s.console, { locale: 'en-GB' });
  await p.go('/topics');
  await p.shot('sso-signin');
  await p.press('Use City account');
  assert.match(p.page.url(), /\/topics$/);
  await p.go('/account');
  assert.match(await p.text(), /Wei Lin[\s\S]*Officer/);
  await p.go('/settings');
  await p.shot('sso-in');
});

test('an administrator is asked for a second factor unless the service did', async () => {
  who = { sub: 'u-2', name: 'Chen', preferred_username: 'chen', groups: ['admins'] };
  const p = await Person.at(browser, s.console, { locale: 'en-GB' });
  await p.go('/signin');
  await p.press('Use City account');
  assert.match(await p.text(), /waits for a second factor/);
  await p.go('/sources/new', 403);
  who = { ...who, amr: ['pwd', 'mfa'] };
  await p.go('/account');
  await p.send('form[action="/signout"]');
  await p.go('/signin');
  await p.press('Use City account');
  await p.go('/sources/new');
});

test('nobody without a group comes in, and nobody by the link of another', async () => {
  who = { sub: 'u-3', name: 'Nobody', preferred_username: 'nobody', groups: ['football'] };
  const p = await Person.at(browser, s.console, { locale: 'en-GB' });
  await p.go('/signin');
  await p.press('Use City account');
  assert.match(await p.text(), /no group that has a role here/);
  await p.shot('sso-no-group');
  const other = await Person.at(browser, s.console, { locale: 'zh-CN' });
  await other.go(`/signin/sso/back?code=good&state=${asked.get('state')}`, 403);
  assert.match(await other.text(), /在另一个浏览器中开始/);
});
