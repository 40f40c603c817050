// Saves steps on the console: keys, and counts that change in place. Every
// act here is also a link or a button in the page, and works without this.

const body = document.body;

// On a small screen the links are a strip: the one of this page is in it.
document.querySelector(".rail [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// Keys act on the row with focus, and never while something is being typed.
const rows = () => [...document.querySelectorAll("li.row")];
let here = -1;
let before = "";
let anchor = false; // the row where Shift began to select

function stand(row) {
  for (const r of rows()) {
    r.classList.toggle("focus", r === row);
    if (r === row) r.setAttribute("aria-current", "true");
    else r.removeAttribute("aria-current");
  }
  here = rows().indexOf(row);
}

function move(step, select) {
  const list = rows();
  if (!list.length) return;
  if (select && list[here] && !anchor) tick(list[here], true);
  anchor = select;
  const row = list[Math.min(Math.max(here + step, 0), list.length - 1)];
  stand(row);
  row.querySelector("h2 a").focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
  if (select) tick(row, true);
}

// Whoever comes to a row by other ways stands on it, too.
document.addEventListener("focusin", (e) => {
  const row = e.target.closest?.("li.row");
  if (row) stand(row);
});

const picked = () => document.querySelectorAll("li.row .pick input:checked");

function tick(row, on) {
  const box = row.querySelector(".pick input");
  if (!box) return;
  box.checked = on ?? !box.checked;
  count(row);
}

// The bar says how many are selected.
function count(row) {
  row?.classList.toggle("picked", row.querySelector(".pick input")?.checked);
  const say = document.querySelector(".bulk [data-picked]");
  if (!say) return;
  say.dataset.none ??= say.textContent;
  const n = picked().length;
  say.textContent = n ? say.dataset.picked.replace("{0}", n) : say.dataset.none;
}

document.addEventListener("change", (e) => {
  const row = e.target.closest?.("li.row");
  if (row) count(row);
});

function open(id) {
  const el = document.getElementById(id);
  if (!el) return false;
  if (el.tagName === "DETAILS") el.open = true;
  const on = el.querySelector("select, textarea, input:not([type=hidden]), button, a") ?? el;
  if (on === el) el.tabIndex = -1;
  on.focus({ preventScroll: true });
  el.scrollIntoView({ block: "center" });
  return true;
}

// A form that the page before asked for stands open; whoever works with keys
// is in it at once.
const asked = new URLSearchParams(location.search).get("do");
if (asked) {
  const begin = () => open("merge-look") || open(`do-${asked}`);
  begin();
  // Going to the place that the address names takes the focus away again.
  addEventListener("load", () => setTimeout(() => { if (document.activeElement === body) begin(); }, 50));
}

const goTo = { t: "/", c: "/concerns", k: "/cases", a: "/answers", s: "/sources", l: "/log" };

// act presses a button of the bar for the rows that are selected.
function act(value) {
  const button = document.querySelector(`.bulk button[value="${value}"]`);
  if (!button || !picked().length) return false;
  const reason = document.getElementById("breason");
  if (/mute|merge/.test(value) && reason && !reason.value) reason.focus(); // it asks why; Enter there does it
  else button.click();
  pending = button;
  return true;
}
let pending; // the button that Enter in the field for the reason presses
document.getElementById("breason")?.addEventListener("keydown", (e) => {
  if (e.key !== "Enter") return;
  e.preventDefault();
  pending?.click();
});

const at = (row, to) => { location.assign(row.dataset.url + to); return true; };
const press = (selector) => { const el = document.querySelector(selector); el?.click(); return !!el; };
const row = () => rows()[here];
const acts = {
  next: () => (move(1), true),
  previous: () => (move(-1), true),
  open: () => row() && at(row(), ""),
  select: () => row() && (tick(row()), true),
  merge: () => act("merge") || open("do-merge") || (row() && at(row(), "?do=merge#do-merge")),
  split: () => open("do-split") || (row() && at(row(), "?do=split#do-split")),
  case: () => act("case") || open("do-case") || press(".page-head a[href^='/cases/']") || (row() && (row().dataset.case ? (location.assign(row().dataset.case), true) : at(row(), "?do=case#do-case"))),
  assign: () => (picked().length ? open("bdesk") || (document.getElementById("bdesk")?.focus(), true) : open("do-route") || open("do-case") || (row() && (row().dataset.case ? (location.assign(`${row().dataset.case}?do=route#do-route`), true) : at(row(), "?do=case#do-case")))),
  mute: () => act("mute") || act("unmute") || open("do-mute") || (row() && at(row(), "?do=mute#do-mute")),
  harm: () => open("do-harm") || (row() && at(row(), "?do=harm#do-harm")),
  why: () => open("parts") || (row() && at(row(), "#parts")),
  revise: () => press('a[href$="/draft"]'),
  undo: () => press("[data-undo]") || press('form[action$="/undo"] button'),
  search: () => (document.getElementById("q")?.focus(), true),
  go: () => { before = "g"; setTimeout(() => { before = ""; }, 1200); return true; },
  help: () => (location.assign("/help#keys"), true),
};

// Which key does what; whoever looks may have chosen others.
const keyOf = { next: "j", previous: "k", open: "o", select: "x", merge: "m", split: "s", case: "c", assign: "a", mute: "u", harm: "h", why: "w", revise: "r", undo: "z", search: "/", go: "g", help: "?" };
for (const one of (body.dataset.keymap ?? "").split("-").filter(Boolean)) {
  const [name, code] = one.split(".");
  keyOf[name] = String.fromCodePoint(parseInt(code, 16));
  for (const k of document.querySelectorAll(`kbd[data-key="${name}"]`)) k.textContent = keyOf[name];
}
const actOf = Object.fromEntries(Object.entries(keyOf).map(([name, k]) => [k, name]));

function key(e) {
  if (body.dataset.nokeys || e.ctrlKey || e.metaKey || e.altKey || e.isComposing) return;
  const on = e.target;
  if (on.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]")) {
    if (e.key === "Escape") on.blur();
    return;
  }
  if (before) {
    before = "";
    if (goTo[e.key]) {
      e.preventDefault();
      location.assign(goTo[e.key]);
    }
    return;
  }
  let done = false;
  const name = actOf[e.key] ?? actOf[e.key.toLowerCase()];
  if (e.key === "Escape") {
    for (const d of document.querySelectorAll("details.act[open]")) d.open = false;
    for (const r of rows()) tick(r, false);
    done = true;
  } else if (!actOf[e.key] && e.shiftKey && (name === "next" || name === "previous")) {
    move(name === "next" ? 1 : -1, true);
    done = true;
  } else if (e.key === " " && !on.closest("a, button, summary, label, input")) {
    done = press("[data-pause]"); // of a drill
  } else if (actOf[e.key]) {
    done = acts[name]();
  }
  if (done) e.preventDefault();
}
document.addEventListener("keydown", key);

// The form for a draft keeps what is typed in this tab until it is saved.
const form = document.querySelector("form[data-keep]");
if (form) {
  const name = form.dataset.keep;
  const version = form.elements.version?.value;
  try {
    const kept = JSON.parse(sessionStorage.getItem(name) ?? "null");
    if (kept && kept.version === version) {
      for (const [k, v] of Object.entries(kept.fields)) {
        const el = form.elements.namedItem(k);
        if (el && "value" in el && el.type !== "hidden") el.value = v;
      }
    }
  } catch { /* nothing was kept */ }
  form.addEventListener("input", () => {
    const fields = {};
    for (const el of form.elements) if (el.name && el.type !== "hidden" && el.type !== "submit") fields[el.name] = el.value;
    try {
      sessionStorage.setItem(name, JSON.stringify({ version, fields }));
    } catch { /* no room: the form still works */ }
  });
  // What was typed is forgotten only when the page that comes next says that
  // it was saved: the session may have ended meanwhile.
  form.addEventListener("submit", () => { try { sessionStorage.setItem("hb-sent", name); } catch { /* it stays */ } });
}

if (document.querySelector(".page > .note.good[role=status]")) {
  const name = sessionStorage.getItem("hb-sent");
  if (name) sessionStorage.removeItem(name);
}
sessionStorage.removeItem("hb-sent");

// A form is sent once: a second press while the first is under way does
// nothing.
document.addEventListener("submit", (e) => {
  const f = e.target;
  if (e.defaultPrevented || f.method !== "post") return;
  if (f.dataset.sent && Date.now() - Number(f.dataset.sent) < 8000) e.preventDefault();
  else f.dataset.sent = String(Date.now());
});
addEventListener("pageshow", () => { for (const f of document.forms) delete f.dataset.sent; });

// Numbers change in place; nothing is moved. What is new waits behind a link.
if (body.dataset.live && "EventSource" in window) {
  const say = document.querySelector(".rail .live");
  const list = document.querySelector("[data-list]");
  const above = document.querySelector("[data-above]");
  const known = new Set(rows().map((r) => r.dataset.id));
  const put = (el, v) => {
    if (!el || v === undefined || el.textContent === v) return;
    el.textContent = v;
    el.classList.add("changed");
    setTimeout(() => el.classList.remove("changed"), 2000);
  };
  let stream;
  const take = (e) => {
    const news = JSON.parse(e.data);
    for (const el of document.querySelectorAll("[data-count]")) put(el, news.counts[el.dataset.count]);
    if (say) {
      say.textContent = news.last;
      say.classList.toggle("stale", news.stale);
    }
    for (const [name, v] of Object.entries(news.drill ?? {})) put(document.querySelector(`[data-drill="${name}"]`), v);
    const changed = document.querySelector("[data-fresh]");
    if (changed && news.room && !changed.firstChild && !list.dataset.list.endsWith(`=${news.room}`)) {
      const a = document.createElement("a");
      a.href = location.pathname;
      a.className = "live";
      a.textContent = changed.dataset.fresh;
      changed.append(a);
    }
    if (!list) return;
    let fresh = 0;
    for (const r of news.rows ?? []) {
      const row = known.has(r.id) && list.querySelector(`[data-id="${r.id}"]`);
      if (!row) fresh++;
      else for (const [name, v] of Object.entries(r.cells)) put(row.querySelector(`[data-cell="${name}"]`), v);
    }
    if (!above || String(fresh) === (above.dataset.n ?? "0")) return;
    above.dataset.n = fresh;
    above.replaceChildren();
    if (!fresh) return;
    const a = document.createElement("a");
    a.href = location.href;
    a.className = "live";
    a.textContent = above.dataset.above.replace("{0}", fresh);
    above.append(a);
  };
  const start = () => {
    stream = new EventSource(list?.dataset.list || body.dataset.live);
    dispatchEvent(new CustomEvent("hb-stream", { detail: stream })); // state.js watches it
    stream.onmessage = take;
    stream.onerror = () => {
      if (!say) return;
      say.textContent = say.dataset.lost;
      say.classList.add("stale");
    };
  };
  start();
  document.addEventListener("visibilitychange", () => {
    stream.close();
    if (!document.hidden) start();
  });
  addEventListener("pagehide", () => stream.close());
}

if (document.querySelector("form[data-passkey]")) import("./passkey.js");
