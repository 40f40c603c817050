// A newcomer's first minutes in a real browser: the drill runs without an
// account, concerns form, one becomes a case and then a public answer with
// two approvals. Pages are checked for accessibility on the way.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axeSource = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let browser, program, dir, drill, drillPublic;

const freePort = () => new Promise((done) => {
  const s = createServer().listen(0, "127.0.0.1", () => { const { port } = s.address(); s.close(() => done(port)); });
});

before(async () => {
  dir = await mkdtemp(join(tmpdir(), "hearback-e2e-"));
  const [a, b] = [await freePort(), await freePort()];
  drill = `http://127.0.0.1:${a}`; drillPublic = `http://127.0.0.1:${b}`;
  program = spawn(new URL("../bin/hearback", import.meta.url).pathname, ["serve", "--data", join(dir, "data"), "--console-listen", "127.0.0.1:0",
    "--public-listen", "127.0.0.1:0", "--drill-file", "water", "--drill-listen", `127.0.0.1:${a}`, "--drill-public", `127.0.0.1:${b}`, "--drill-speed", "3000"], { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((done, fail) => {
    let text = "";
    program.stdout.on("data", (d) => { text += d; if (text.includes("Press Ctrl-C")) done(); });
    program.on("exit", (code) => fail(new Error(`the program ended with ${code}`)));
  });
  browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"] });
});

after(async () => {
  await browser?.close();
  program?.removeAllListeners("exit");
  program?.kill("SIGINT");
  await new Promise((done) => (program && program.exitCode === null ? program.once("exit", done) : done()));
  await rm(dir, { recursive: true, force: true });
});

// violations runs axe on the page that is open.
async function violations(page) {
  await page.evaluate(axeSource);
  const found = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] }));
  return found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).slice(0, 3).join(" | ")}`);
}

test("concerns form within a minute, without typing anything", { timeout: 90_000 }, async () => {
  const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
  const end = Date.now() + 60_000;
  for (;;) {
    await page.goto(`${drill}/concerns`);
    if (await page.locator('a[href^="/concerns/"]').count() > 0) break;
    assert.ok(Date.now() < end, "no concern formed within a minute");
    await page.waitForTimeout(1000);
  }
  assert.match(await page.locator("body").innerText(), /DRILL/);
});

for (const [lang, scheme, width] of [["en", "light", 1440], ["zh", "dark", 1440], ["zh", "light", 320], ["en", "dark", 320]]) {
  test(`pages are accessible: ${lang}, ${scheme}, ${width} px`, { timeout: 120_000 }, async () => {
    const context = await browser.newContext({ colorScheme: scheme, viewport: { width, height: 900 }, locale: lang === "zh" ? "zh-CN" : "en-GB", bypassCSP: true });
    const page = await context.newPage();
    const faults = [];
    page.on("console", (m) => { if (m.text().includes("Content Security Policy")) faults.push(`${page.url()}: ${m.text()}`); });
    await page.goto(`${drill}/concerns`);
    const concern = await page.locator('a[href^="/concerns/"]').first().getAttribute("href");
    const console_ = ["/", "/concerns", concern, "/cases", "/answers", "/alerts", "/sources", "/topics", "/desks", "/log", "/settings", "/help"].map((p) => drill + p);
    const public_ = ["/", "/answers", "/questions", "/sources", "/accountability", "/privacy", "/accessibility", "/log"].map((p) => drillPublic + p);
    for (const url of [...console_, ...public_]) {
      const response = await page.goto(url);
      assert.equal(response.status(), 200, url);
      for (const v of await violations(page)) faults.push(`${url}: ${v}`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (wide > 0) faults.push(`${url}: ${wide} px wider than the screen`);
    }
    await context.close();
    assert.deepEqual(faults, []);
  });
}
