// Makes days.txt; README.md says from what. Run in a folder where
// date-holidays and chinese-days are installed: node make.mjs > days.txt
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import path from "node:path";
const require = createRequire(path.join(process.cwd(), "x.js"));
const Holidays = require("date-holidays");
const [from, to] = [2024, 2035];

const pad = n => String(n).padStart(2, "0");

// The days of a public holiday: the date it is listed under, and those after
// it for as many whole days as it lasts.
function days(h) {
  const [y, m, d] = h.date.slice(0, 10).split("-").map(Number);
  const n = Math.max(1, Math.round((h.end - h.start) / 86400e3));
  const list = [];
  for (let i = 0; i < n; i++) {
    const x = new Date(Date.UTC(y, m - 1, d + i));
    list.push([x.getUTCFullYear(), pad(x.getUTCMonth() + 1) + pad(x.getUTCDate())]);
  }
  return list;
}

const china = {};
for (let y = from; y <= to; y++) {
  let file;
  try {
    file = JSON.parse(readFileSync(`node_modules/chinese-days/dist/years/${y}.json`, "utf8"));
  } catch {
    continue; // not announced yet
  }
  china[y] = [
    ...Object.keys(file.holidays).map(d => [d.slice(5, 7) + d.slice(8), "-"]),
    ...Object.keys(file.workdays).map(d => [d.slice(5, 7) + d.slice(8), "+"]),
  ];
}

const lines = [];
for (const code of Object.keys(new Holidays().getCountries()).sort()) {
  const h = new Holidays(code);
  const years = {}, springs = {};
  for (let y = from - 1; y <= to + 1; y++) {
    for (const x of h.getHolidays(y) ?? []) {
      // Half days, and days that only some people have, begin at noon.
      if (x.type !== "public" || x.end - x.start < 23 * 3600e3) continue;
      const list = days(x);
      for (const [year, day] of list) (years[year] ??= new Set()).add(day);
      if (code === "CN" && /春节/.test(x.name)) springs[y] = list.at(-1)[1];
    }
  }
  for (let y = from; y <= to; y++) {
    let list = [...(years[y] ?? [])].map(d => [d, "-"]);
    let mark = "";
    if (code === "CN") {
      if (china[y]) list = china[y];
      else {
        // By law, without the days that are announced each autumn. Since 2025
        // the law also gives the third day of the new year and the 2nd of May.
        mark = "?";
        list = list.filter(([d]) => d !== "0601"); // for children
        const s = springs[y];
        const next = new Date(Date.UTC(y, +s.slice(0, 2) - 1, +s.slice(2) + 1));
        list.push([pad(next.getUTCMonth() + 1) + pad(next.getUTCDate()), "-"], ["0502", "-"]);
      }
    }
    if (!list.length) continue;
    list.sort((a, b) => (a[0] < b[0] ? -1 : 1));
    lines.push(`${code} ${y}${mark} ${list.map(([d, s]) => s + d).join(" ")}`);
  }
}
process.stdout.write(lines.join("\n") + "\n");
