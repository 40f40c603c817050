// Looks at pages in every dress: two languages, two themes, two widths. What
// is held of each page is the same for both sites.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Person } from './lib.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

// All rules run in one theme of each width; in the other only the one that sees
// colours.
const tags = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'];
const looks = [[1440, 'light', true], [1440, 'dark', false], [320, 'dark', true], [320, 'light', false]];
const kept = new Set((process.env.LOOKS ?? 'en-light-1440,zh-dark-1440,zh-light-320').split(','));

// foreign finds what is not in the language of the page, outside what is marked
// as another language and what is quoted: every run of Han, or of three Latin
// words.
function foreign([lang, quoted]) {
  const other = lang === 'zh' ? /[A-Za-z]{2,}(?:[ ,’'-]+[A-Za-z]{2,}){2,}/g : /\p{Script=Han}+/gu;
  const skip = 'script, style, code, pre, kbd, .code, textarea, [translate=no], [lang]:not(html), a[href^="/concerns/"], input[type=checkbox], form[action$="/merge"] option'; // a concern is called what people called it
  const found = [];
  const say = (where, text) => {
    for (const [run] of text.matchAll(other)) if (!quoted.includes(run.toLowerCase())) found.push(`${where}: ${run} in: ${text.trim().slice(0, 90)}`);
  };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const at = walk.currentNode.parentElement;
    if (!at.closest(skip)) say(at.tagName.toLowerCase(), walk.currentNode.data);
  }
  for (const e of document.querySelectorAll('[title], [aria-label], [placeholder], [alt], [data-l]')) {
    if (e.closest(skip)) continue;
    for (const name of ['title', 'aria-label', 'placeholder', 'alt', 'data-l']) say(`@${name}`, e.getAttribute(name) ?? '');
  }
  say('title', document.title);
  return found;
}

// crawl looks at pages, name → path or [path, status], and returns what it
// found wrong and what it measured. quoted is what people said and what the
// office typed: it stands on pages of every language.
export async function crawl(browser, base, pages, { lang, site, state, quoted = '', budget = { bytes: 200_000, requests: 10 } }) {
  const bad = [];
  const seen = { looks: 0, pages: 0, bytes: 0, paint: [] };
  const v = await Person.at(browser, base, { javaScriptEnabled: true, locale: lang === 'zh' ? 'zh-CN' : 'en-GB', reducedMotion: 'reduce', storageState: state });
  await v.page.addInitScript(() => {
    globalThis.broken = [];
    document.addEventListener('securitypolicyviolation', (e) => globalThis.broken.push(`${e.violatedDirective} ${e.blockedURI} ${e.sample}`));
  });
  const expected = new Set();
  for (const [name, at] of Object.entries(pages)) {
    const [path, status] = Array.isArray(at) ? at : [at, 200];
    const url = new URL(path, base);
    url.searchParams.set('lang', lang);
    if (status >= 400) expected.add(url.href);
    await v.page.setViewportSize({ width: 1440, height: 900 });
    await v.page.emulateMedia({ colorScheme: 'light' });
    const r = await v.page.goto(url.href);
    if (r.status() !== status) bad.push(`${site} ${name}: ${r.status()}, want ${status}`);
    seen.pages++;
    const m = await v.page.evaluate(async () => {
      const paint = performance.getEntriesByType('paint').find((e) => e.name === 'first-contentful-paint')?.startTime ?? 0;
      const files = performance.getEntriesByType('resource').filter((e) => e.name.includes('/static/'));
      const nav = performance.getEntriesByType('navigation')[0];
      return { paint, requests: files.length + 1, bytes: nav.decodedBodySize + files.reduce((n, e) => n + e.decodedBodySize, 0) };
    });
    if (m.paint) seen.paint.push([Math.round(m.paint), name]);
    seen.bytes = Math.max(seen.bytes, m.bytes);
    if (m.bytes > budget.bytes || m.requests > budget.requests) bad.push(`${site} ${name}: ${m.bytes} bytes in ${m.requests} requests, want at most ${budget.bytes} in ${budget.requests}`);
    for (const s of await v.page.evaluate(foreign, [lang, quoted.toLowerCase()])) bad.push(`${lang} ${site} ${name}: not in the language of the page: ${s}`);
    const turned = await v.page.evaluate(() => [...document.querySelectorAll(':is([lang=ar], [lang=fa], [lang=he], [lang=ur])')].filter((e) => getComputedStyle(e).direction !== 'rtl').map((e) => e.outerHTML.slice(0, 90)));
    for (const one of turned) bad.push(`${lang} ${site} ${name}: set left to right: ${one}`);
    if (m.paint > 3000) bad.push(`${site} ${name}: first contentful paint after ${Math.round(m.paint)} ms`); // under 500 on a quiet machine
    await v.page.evaluate(axe);
    for (const [width, theme, all] of looks) {
      const look = `${lang}-${theme}-${width}`;
      await v.page.setViewportSize({ width, height: width < 500 ? 640 : 900 });
      await v.page.emulateMedia({ colorScheme: theme });
      const wide = await v.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (wide > 0) bad.push(`${look} ${site} ${name}: ${wide} px too wide`);
      const said = await v.page.evaluate(async (o) => {
        const got = await globalThis.axe.run(document, { ...o, resultTypes: ['violations'] });
        return got.violations.map((x) => `${x.id}: ${x.nodes.slice(0, 3).map((e) => `${e.target.join(' ')} (${e.any[0]?.message ?? e.failureSummary})`).join('; ')}`);
      }, all ? { runOnly: { type: 'tag', values: tags } } : { runOnly: { type: 'rule', values: ['color-contrast'] } });
      for (const one of said) bad.push(`${look} ${site} ${name}: ${one}`);
      seen.looks++;
      if (process.env.SHOTS && kept.has(look)) await v.shot(`${look}-${site}-${name}`);
    }
    for (const one of await v.page.evaluate(() => globalThis.broken)) bad.push(`${site} ${name}: against the content policy: ${one}`);
  }
  bad.push(...v.faults.filter((f) => ![...expected].some((e) => f.startsWith(e) && /status of 4\d\d/.test(f))));
  await v.context.close();
  return { bad, ...seen };
}

// report says in one line what crawls measured.
export function report(list) {
  const sum = (name) => list.reduce((n, x) => n + x[name], 0);
  const paint = list.flatMap((x) => x.paint).sort((a, b) => a[0] - b[0]);
  const mid = paint[Math.floor(paint.length / 2)] ?? [0, ''];
  const last = paint.at(-1) ?? [0, ''];
  return `${sum('pages')} pages, ${sum('looks')} looks; first contentful paint median ${mid[0]} ms, slowest ${last[0]} ms (${last[1]}); heaviest page with its files ${Math.max(...list.map((x) => x.bytes))} bytes`;
}
