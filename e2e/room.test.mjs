// The room of a drill: who sees what, its pace, what an evaluator writes, and
// the after-action sheet. The evaluator works by keyboard alone.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { crawl, report } from './crawl.mjs';
import { launch, Person, root, serve, until } from './lib.mjs';

let s, browser, p;

before(async () => {
  [s, browser] = await Promise.all([serve({ drill: 'school', speed: '1440' }), launch()]);
  p = await Person.at(browser, s.drill, { javaScriptEnabled: true, locale: 'en-GB' });
});
after(async () => {
  await browser?.close();
  await s?.stop();
});

let broken = '';
function step(name, does, timeout = 75_000) {
  test(name, { timeout }, async (t) => {
    assert.equal(broken, '', 'an earlier step failed');
    try { await does(t); } catch (e) {
      broken = name;
      throw e;
    }
  });
}

const key = async (name = 'Enter') => {
  await Promise.all([p.page.waitForNavigation(), p.page.keyboard.press(name)]);
  const alert = p.page.locator('main [role=alert]').first();
  if (await alert.count()) throw new Error(`${p.page.url()}: ${await alert.innerText()}`);
};
const said = 'The rumour was found before the hotline rang.';
const gap = 'Nobody said when the next word would come.';
const plan = 'Keep a holding statement ready for storms.';

step('people who practise see how time stands, and not what is hidden', async () => {
  await p.go('/drill');
  const page = await p.text();
  assert.match(page, /A rumour that schools close/);
  assert.match(page, /What is hidden is shown when the drill ends/);
  assert.doesNotMatch(page, /Do all schools close tomorrow\?|Score so far|Coming/);
  assert.equal(await p.page.locator('form[action^="/drill"]').count(), 0);
});

step('the evaluator sees it, in place while it changes', async () => {
  await p.tab('button[name=as][value=evaluator]');
  await key();
  assert.match(await p.text(), /1 concern is hidden among \d+ messages; seed 8/);
  const clock = () => p.page.locator('[data-drill=clock]').innerText();
  const first = await clock();
  const url = p.page.url();
  await until('the clock of the open page', 20, async () => (await clock()) !== first);
  assert.equal(p.page.url(), url, 'nobody loaded it again');
});

step('the space bar stops the clock and lets it go on, and a button sets the speed', async () => {
  await p.go('/drill');
  await key(' ');
  assert.match(await p.text(), /The clock stands/);
  const at = await p.page.locator('[data-drill=clock]').innerText();
  await p.go('/drill');
  assert.equal(await p.page.locator('[data-drill=clock]').innerText(), at);
  await p.tab('button[name=speed][value="720"]');
  await key();
  assert.match(await p.text(), /Runs 720 times as fast as life/);
  await p.tab('[data-pause]');
  await key();
  await p.tab('[data-pause]');
  await key();
  assert.match(await p.text(), /Runs 720 times/);
});

step('an alert and an expectation that came true stand in the room', async () => {
  await until('the rumour', 60, async () => {
    await p.go('/drill');
    return /An alert about “Do all schools close tomorrow\?”[\s\S]*met at/.test(await p.text());
  });
  assert.equal(await p.page.locator('figure svg .al').count(), 1, 'the picture has the alert');
});

step('observations and ratings, by keyboard', async () => {
  await p.tab('#ob-new');
  await p.page.keyboard.insertText(said);
  await p.tab('form[action="/drill/observations"] .btn.go');
  await key();
  assert.match(await p.text(), /The observation is kept/);
  await p.tab('#ob-new');
  await p.page.keyboard.insertText(gap);
  await p.tab('[name=sort]');
  await p.page.keyboard.press('ArrowRight');
  await p.tab('form[action="/drill/observations"] summary');
  await p.page.keyboard.press('Enter');
  await p.tab('#oa-new');
  await p.page.keyboard.insertText(plan);
  await p.tab('#od-new');
  await p.page.keyboard.type('School');
  await p.tab('#ou-new');
  await p.page.keyboard.type('10012026');
  await p.tab('form[action="/drill/observations"] .btn.go');
  await key();
  assert.match(await p.text(), /done by 1 October/);
  await p.tab('[name=rating]');
  await p.page.keyboard.type('Performed with some');
  await p.page.keyboard.press('Tab');
  await key();
  assert.equal(await p.page.locator('[name=rating]').first().inputValue(), 'some_difficulty');
});

for (const [lang, who] of [['en', 'evaluator'], ['zh', 'evaluator'], ['zh', 'officer']]) {
  step(`the room is accessible, fits and speaks one language: ${lang}, ${who}`, async (t) => {
    const quoted = `${readFileSync(join(root, 'drills', 'school.txtar'))} ${said} ${gap} ${plan} hearback drill`;
    const v = await Person.at(browser, s.drill, { javaScriptEnabled: true, locale: 'en-GB' });
    await v.go('/drill?lang=en');
    await v.press(who, 'button');
    const list = [await crawl(browser, s.drill, { room: '/drill', sheet: '/drill/sheet' }, { lang, site: `drill-${who}`, quoted, state: await v.context.storageState() })];
    await v.context.close();
    t.diagnostic(report(list));
    assert.deepEqual(list[0].bad, [], list[0].bad.join('\n'));
  }, 150_000);
}

step('the end opens the key to everybody, and the sheet has it all', async () => {
  await p.go('/drill?lang=en');
  await p.page.locator('details.act summary').focus();
  await p.page.keyboard.press('Enter');
  await p.tab('button[value=end]');
  await key();
  await until('the end', 20, async () => {
    await p.go('/drill');
    return /It ended on/.test(await p.text());
  });
  await p.tab('button[name=as][value=officer]');
  await key();
  assert.match(await p.text(), /Do all schools close tomorrow\?[\s\S]*By points alone/);
  assert.match(await p.text(), new RegExp(said));
  assert.equal(await p.page.locator('form[action^="/drill"]').count(), 0, 'an officer only reads');
  await p.press('After-action sheet');
  for (const x of [said, gap, plan, 'School desk', '1 October', 'Performed with some difficulty', 'bottleneck']) assert.ok((await p.text()).includes(x), x);
  const sheet = await (await p.context.request.get(`${s.drill}/drill/sheet.json`)).json();
  assert.equal(sheet.ended, true);
  assert.equal(sheet.observations.length, 2);
  assert.match(await (await p.context.request.get(`${s.drill}/drill/sheet.csv`)).text(), /expectation,An alert about “Do all schools close tomorrow\?”,met/);
  if (process.env.SHOTS) {
    await p.page.emulateMedia({ media: 'print' });
    await p.shot('room-sheet-print');
  }
});

step('the sheet outlives the drill', async () => {
  await p.context.close(); // its open page would say that the service is gone
  s.keep = true;
  assert.equal(await s.stop(), 0);
  const at = join(s.dir, 'data', 'drill-sheets');
  const [file] = readdirSync(at);
  assert.equal(JSON.parse(readFileSync(join(at, file), 'utf8')).observations[1].text, gap);
  rmSync(s.dir, { recursive: true });
});

test('nothing failed on the way', () => {
  assert.deepEqual(p.faults, []);
  assert.doesNotMatch(s.said, /level=ERROR/);
});
