// What the scenarios share: the program as an operator starts it, a browser,
// and a person in it.
import { createHmac } from 'node:crypto';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const shots = join(root, 'e2e', 'shots');
const program = join(root, 'bin', 'hearback');

// free returns a port nobody listens on.
export function free() {
  return new Promise((done, fail) => {
    const s = createServer().on('error', fail).listen(0, '127.0.0.1', () => {
      const { port } = s.address();
      s.close(() => done(port));
    });
  });
}

// hearback runs one command of the program to its end.
export function hearback(...args) {
  const r = spawnSync(program, args, { encoding: 'utf8', timeout: 30_000 });
  return { status: r.status, out: r.stdout + r.stderr };
}

// serve starts the service with a drill beside it and reads its addresses.
export async function serve({ drill = '', speed = '', more = [], env = {} } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'hearback-e2e-'));
  const args = ['serve', '--data', join(dir, 'data'), '--console-listen', '127.0.0.1:0', '--public-listen', '127.0.0.1:0', '--alerts-shadow', '0s', ...more];
  const s = { dir, said: '' };
  if (drill) {
    s.drillPublic = `http://127.0.0.1:${await free()}`;
    args.push('--drill-file', drill, '--drill-listen', `127.0.0.1:${await free()}`, '--drill-public', s.drillPublic.slice(7));
    if (speed) args.push('--drill-speed', speed);
  }
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  const ended = new Promise((done) => child.once('exit', done));
  child.stderr.on('data', (b) => { s.said += b; });
  s.started = Date.now();
  let out = '';
  await new Promise((done, fail) => {
    child.stdout.on('data', (b) => {
      out += b;
      if (out.includes('Ctrl-C')) done();
    });
    child.once('exit', (code) => fail(new Error(`hearback ended with ${code}:\n${out}${s.said}`)));
  });
  const find = (re) => re.exec(out)?.[1];
  s.console = find(/^Console +(\S+)/m);
  s.public = find(/^Public site +(\S+)/m);
  s.link = find(/(http\S+\/setup\?token=\S+)/);
  s.drill = find(/everything in it is invented:\s+(\S+)/);
  s.stop = async () => {
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), 20_000);
    s.code = await ended;
    clearTimeout(late);
    if (!s.keep) rmSync(dir, { recursive: true, force: true });
    return s.code;
  };
  return s;
}

export function launch() {
  mkdirSync(shots, { recursive: true });
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

// code is what an authenticator shows for a secret, some periods of thirty
// seconds from now.
export function code(secret, later = 0) {
  const bits = [...secret.replaceAll(' ', '')].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later));
  const sum = createHmac('sha1', key).update(step).digest();
  return String((sum.readUInt32BE(sum[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

// A Person is somebody at a browser of their own.
export class Person {
  static async at(browser, base, options = {}) {
    const p = new Person();
    p.base = base;
    p.faults = [];
    p.context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 1280, height: 800 }, ...options });
    p.context.setDefaultTimeout(15_000);
    p.page = await p.context.newPage();
    p.page.on('console', (m) => { if (m.type() === 'error' || /Content.Security.Policy|TrustedScript/i.test(m.text())) p.faults.push(`${p.page.url()}: ${m.text()}`); });
    p.page.on('pageerror', (e) => p.faults.push(`${p.page.url()}: ${e}`));
    p.page.on('response', (r) => { if (r.status() >= 500) p.faults.push(`${r.url()}: ${r.status()}`); });
    return p;
  }

  // go opens a page, and fails if it is not the one expected.
  async go(path, status = 200) {
    const r = await this.page.goto(new URL(path, this.base).href);
    if (r.status() !== status) throw new Error(`${path}: ${r.status()}, want ${status}\n${await this.text()}`);
    return r;
  }

  text() { return this.page.locator('body').innerText(); }

  // send fills the form that matches and presses its button, opening the
  // fold that holds it first, as a person has to.
  async send(form, fields = {}, button = 'button') {
    const f = this.page.locator(form).first();
    const fold = this.page.locator(`details:not([open]):has(${form})`).first();
    if (!(await f.locator(button).first().isVisible()) && await fold.count()) await fold.locator('summary').first().click();
    for (const [name, value] of Object.entries(fields)) {
      const values = Array.isArray(value) ? value : [value];
      for (const v of values) {
        const one = f.locator(`[name="${name}"]`).first();
        const kind = await one.evaluate((e) => e.type);
        if (kind === 'checkbox' && v === '') await one.uncheck();
        else if (kind === 'checkbox' || kind === 'radio') await f.locator(`[name="${name}"][value="${v}"]`).check();
        else if (kind === 'select-one') await one.selectOption(String(v));
        else await one.fill(String(v));
      }
    }
    await Promise.all([this.page.waitForNavigation(), f.locator(button).first().click()]);
    const alert = this.page.locator('main [role=alert]').first();
    if (await alert.count()) throw new Error(`${form}: ${await alert.innerText()}`);
  }

  // join follows a one-time link, and sets up the second factor where the
  // roles need one.
  async join(link, fields) {
    await this.go(link);
    await this.send(`form[action="${new URL(link).pathname}"]`, fields);
    if (/\/account\/second/.test(this.page.url())) await this.enrol();
  }

  // enrol sets up an authenticator and keeps its secret and recovery codes.
  async enrol() {
    await this.go('/account/second');
    this.secret = await this.page.locator('[name=secret]').inputValue();
    await this.send('form[action="/account/second"]', { code: code(this.secret) });
    this.recovery = await this.page.locator('.codes code').allInnerTexts();
    if (this.recovery.length !== 10) throw new Error(`recovery codes: ${this.recovery}`);
    await this.press(/I have kept them|已妥善保存/);
  }

  // press follows a link or button by its words.
  async press(name, kind = 'link') {
    await Promise.all([this.page.waitForNavigation(), this.page.getByRole(kind, { name }).first().click()]);
  }

  // tab goes on with Tab until what matches has the focus, which must be seen.
  async tab(selector) {
    for (let i = 0; i < 400; i++) {
      await this.page.keyboard.press('Tab');
      const at = await this.page.evaluate((want) => {
        const e = document.activeElement;
        if (!e?.matches(want)) return null;
        const c = getComputedStyle(e);
        return { seen: c.outlineStyle !== 'none' || c.boxShadow !== 'none', box: e.getBoundingClientRect().toJSON(), high: innerHeight };
      }, selector);
      if (!at) continue;
      if (!at.seen) throw new Error(`${selector}: the focus cannot be seen`);
      if (at.box.bottom <= 0 || at.box.top >= at.high) throw new Error(`${selector}: the focus is off the screen`);
      return;
    }
    throw new Error(`Tab never comes to ${selector} on ${this.page.url()}`);
  }

  shot(name, full = true) { return this.page.screenshot({ path: join(shots, `${name}.png`), fullPage: full }); }
}

// until asks again and again for something that takes its time.
export async function until(what, seconds, ask) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const v = await ask();
    if (v) return v;
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await new Promise((done) => setTimeout(done, 400));
  }
}
