// Pictures: the time series with and without JavaScript, by mouse and by keys,
// in both themes, on paper and as files; the map and the matrix beside it.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch, Person, serve, until } from './lib.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let s, browser, p, at, mapAt, dir;

// An invented town: the areas that the drill speaks of, and some it does not.
const areas = {
  Millbrook: [[0, 0], [3, 0], [3.4, 2], [2, 3], [0, 2.4]], 'Old Town': [[3, 0], [6, 0.4], [6.2, 2.2], [3.4, 2]],
  Eastbank: [[0, 2.4], [2, 3], [3.4, 2], [6.2, 2.2], [6, 5], [3, 5.4], [0, 5]], 'Ferry Island': [[4, 6], [4.6, 6], [4.6, 6.4], [4, 6.4]], Hilltop: [[6, 0.4], [8, 0], [8, 5], [6, 5], [6.2, 2.2]],
};
const layer = { type: 'FeatureCollection', features: Object.entries(areas).map(([name, ring]) => ({ type: 'Feature', properties: { name }, geometry: { type: 'Polygon', coordinates: [[...ring, ring[0]].map(([x, y]) => [10 + x / 50, 50 - y / 80])] } })) };

before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'hearback-map-'));
  writeFileSync(join(dir, 'areas.geojson'), JSON.stringify(layer));
  [s, browser] = await Promise.all([serve({ drill: 'water', speed: '1200', more: ['--places-map', join(dir, 'areas.geojson'), '--places-areas', '[{name = "Millbrook", aliases = ["磨溪"]}, {name = "Old Town", aliases = ["老城"]}, {name = "Eastbank", aliases = ["东岸"]}, {name = "Ferry Island", aliases = ["渡口岛"]}, {name = "Hilltop", aliases = ["山顶"]}]'] }), launch()]);
  p = await Person.at(browser, s.drill, { javaScriptEnabled: true, locale: 'en-GB' });
  await p.page.addInitScript(() => {
    globalThis.broken = [];
    document.addEventListener('securitypolicyviolation', (e) => globalThis.broken.push(`${e.violatedDirective} ${e.blockedURI} ${e.sample}`));
  });
  at = await until('a concern of some hours', 120, async () => {
    await p.go('/concerns?view=all&small=1');
    const urls = await p.page.locator('li.row').evaluateAll((l) => l.map((r) => r.dataset.url));
    if (!urls.length) return '';
    await p.go(urls[0]);
    return (await p.page.locator('.legend [class=al]').count()) > 0 && urls[0];
  });
});
after(async () => {
  await browser?.close();
  await s?.stop();
  if (dir) rmSync(dir, { recursive: true, force: true });
});

const chart = () => p.page.locator('.plot-at');
const said = () => p.page.locator('.plot-say output').innerText();
const key = async (...keys) => { for (const k of keys) await p.page.keyboard.press(k); };
const seen = (selector) => p.page.locator(selector).first().isVisible();

test('the chart stands in for the picture of the server, and says the same', { timeout: 60_000 }, async () => {
  await p.go(at);
  assert.ok(await seen('.plot-at canvas'));
  assert.equal(await seen('figure.plot > svg.wide'), false);
  await chart().focus();
  await key('End');
  assert.match(await said(), /so far, not over yet/);
  assert.equal(await p.page.locator('.plot-say output').getAttribute('aria-live'), 'polite');
  // Every point says what its row of the table says.
  const rows = await p.page.locator('figure.plot tbody tr').evaluateAll((l) => l.map((r) => [r.cells[0].textContent, r.cells[1].textContent]));
  assert.ok(rows.length > 6, `${rows.length} rows`);
  for (const [when, what] of rows) {
    const one = await said();
    assert.ok(one.startsWith(when), `${one} is not about ${when}`);
    assert.ok(one.includes(/^\d+/.exec(what)?.[0] ?? what), `${one} does not say ${what}`);
    await key('ArrowLeft');
  }
  await p.go('/concerns');
  assert.equal(await p.page.locator('script[src*="uPlot"]').count(), 0, 'a page without a chart loads no library for it');
});

test('a stretch is looked at by keys and by mouse, and all is shown again', { timeout: 60_000 }, async () => {
  await p.go(at);
  await chart().focus();
  await key('End', 'ArrowLeft', '+');
  assert.match(await said(), /^Shown: .+ to .+\.$/);
  const reset = p.page.getByRole('button', { name: 'Show all' });
  assert.ok(await reset.isVisible());
  await key('Home');
  assert.ok(await reset.isVisible(), 'the stretch follows the cursor');
  await key('Escape');
  await until('all', 5, async () => !(await reset.isVisible()));
  assert.match(await said(), /Point at the chart/);
  const box = await chart().boundingBox();
  await p.page.mouse.move(box.x + box.width * 0.3, box.y + 120);
  assert.doesNotMatch(await said(), /Point at the chart/);
  await p.page.mouse.down();
  await p.page.mouse.move(box.x + box.width * 0.7, box.y + 130, { steps: 6 });
  await p.page.mouse.up();
  await until('a stretch', 5, () => reset.isVisible());
  await reset.focus();
  await key('Enter');
  await until('all', 5, async () => !(await reset.isVisible()));
  assert.ok(await chart().evaluate((e) => e === document.activeElement), 'who pressed the button is not left nowhere');
  await key('Tab');
  assert.ok(!(await chart().evaluate((e) => e.contains(document.activeElement))), 'the keyboard gets out');
});

// lit counts the pixels of the canvas that have the colour of a token.
const lit = (token) => p.page.evaluate((name) => {
  const canvas = document.querySelector('.plot-at canvas');
  const one = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d');
  one.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  one.fillRect(0, 0, 1, 1);
  const [r, g, b] = one.getImageData(0, 0, 1, 1).data;
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let n = 0;
  for (let i = 0; i < data.length; i += 4) if (data[i + 3] === 255 && Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - b) < 6) n++;
  return n;
}, token);

test('its colours are those of the theme, it fits its column, and paper gets the picture', { timeout: 60_000 }, async () => {
  await p.go(at);
  for (const colorScheme of ['light', 'dark', 'light']) {
    await p.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await until(`the line in ${colorScheme}`, 5, async () => (await lit('--d-voices')) > 40);
    assert.ok((await lit('--cinnabar')) > 20, `alerts in ${colorScheme}`);
  }
  for (const width of [320, 1440, 900]) {
    await p.page.setViewportSize({ width, height: 800 });
    await until(`${width} px`, 5, () => p.page.evaluate(() => Math.abs(document.querySelector('.plot-at canvas').getBoundingClientRect().width - document.querySelector('.plot-at').clientWidth) < 2));
  }
  await p.page.setViewportSize({ width: 1280, height: 800 });
  await p.page.emulateMedia({ media: 'print' });
  assert.ok(await seen('figure.plot > svg.wide'));
  assert.equal(await seen('.plot-live'), false);
  await p.page.emulateMedia({ media: 'screen' });
  assert.deepEqual(await p.page.evaluate(() => globalThis.broken), []);
});

test('the map says where people speak, where few do and where nobody listens', { timeout: 150_000 }, async () => {
  mapAt = await until('a concern with a map', 120, async () => {
    await p.go('/concerns?view=all&small=1');
    for (const url of await p.page.locator('li.row').evaluateAll((l) => l.map((r) => r.dataset.url))) {
      await p.go(url);
      if (await p.page.locator('svg.map').count()) return url;
    }
    return '';
  });
  const map = p.page.locator('figure:has(svg.map)');
  assert.match(await map.innerText(), /Most come from Millbrook: \d+ messages/);
  assert.match(await p.page.locator('#maptext').innerText(), /^Messages by area: Millbrook \d+\..* No source brings anything from: .*Ferry Island/);
  assert.ok(await p.page.locator('svg.map.wide path.unheard').count() > 0);
  await map.locator('summary').click();
  await Promise.all([p.page.waitForNavigation(), map.getByRole('link', { name: 'Millbrook' }).click()]);
  assert.ok(await p.page.locator('li.row').count() > 0, 'the table leads to the concerns of the area');
});

test('without JavaScript there are the picture, the table and the files', { timeout: 60_000 }, async () => {
  const q = await Person.at(browser, s.drill, { locale: 'en-GB' });
  await q.go(at);
  assert.ok(await q.page.locator('figure.plot > svg.wide').isVisible());
  assert.equal(await q.page.locator('canvas').count(), 0);
  await q.page.locator('figure.plot summary').click();
  assert.match(await q.page.locator('figure.plot table').innerText(), /so far/);
  await q.press('By day');
  assert.match(await q.page.locator('figure.plot').innerText(), /added up by day/);
  for (const path of [`${at}/timeline`, `${mapAt}/map`, '/heat']) {
    const [svg, csv] = await Promise.all(['svg', 'csv'].map((kind) => q.context.request.get(new URL(`${path}.${kind}`, s.drill).href)));
    assert.match(svg.headers()['content-disposition'], /^attachment; filename="[^"]+\.svg"$/);
    assert.match(csv.headers()['content-type'], /^text\/csv/);
    assert.ok((await csv.text()).split('\n').length > 3, `${path}.csv has rows`);
    const size = await p.page.evaluate(async (text) => {
      const img = new Image();
      img.src = `data:image/svg+xml,${encodeURIComponent(text)}`;
      await img.decode();
      return [img.naturalWidth, img.naturalHeight];
    }, await svg.text());
    assert.ok(size[0] > 400 && size[1] > 150, `${path}.svg is ${size}`);
  }
  await q.context.close();
});

const tags = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'];
for (const lang of ['en', 'zh']) {
  test(`pictures are accessible and fit, in ${lang}`, { timeout: 120_000 }, async () => {
    const bad = [];
    const pages = { concern: at, map: mapAt, days: `${at}?by=day`, heat: '/heat', themes: '/heat?by=theme&hours=48' };
    for (const [name, to] of Object.entries(pages)) {
      await p.page.setViewportSize({ width: 1440, height: 900 });
      await p.go(`${to}${to.includes('?') ? '&' : '?'}lang=${lang}`);
      await p.page.evaluate(axe);
      for (const d of await p.page.locator('figure details').all()) await d.evaluate((e) => { e.open = true; });
      for (const [width, theme] of [[1440, 'light'], [1440, 'dark'], [320, 'dark'], [320, 'light']]) {
        await p.page.setViewportSize({ width, height: width < 500 ? 640 : 900 });
        await p.page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
        if (await chart().count()) {
          await chart().focus();
          await key('ArrowLeft');
        }
        const wide = await p.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (wide > 0) bad.push(`${name} ${width}: ${wide} px too wide`);
        const found = await p.page.evaluate(async (values) => {
          const got = await globalThis.axe.run(document, { runOnly: { type: 'tag', values }, resultTypes: ['violations'] });
          return got.violations.map((x) => `${x.id}: ${x.nodes.slice(0, 3).map((e) => e.target.join(' ')).join('; ')}`);
        }, tags);
        for (const one of found) bad.push(`${name} ${theme} ${width}: ${one}`);
        if (process.env.SHOTS) await p.shot(`pictures-${lang}-${theme}-${width}-${name}`);
      }
      for (const one of await p.page.evaluate(() => globalThis.broken)) bad.push(`${name}: against the content policy: ${one}`);
    }
    assert.deepEqual(bad, [], bad.join('\n'));
  });
}

test('nothing failed on the way', () => {
  assert.deepEqual(p.faults, []);
  assert.doesNotMatch(s.said, /level=ERROR/);
});
