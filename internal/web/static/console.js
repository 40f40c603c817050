// Saves steps on the console: keys, and counts that change in place. Every
// act here is also a link or a button in the page, and works without this.

const body = document.body;

// Keys act on the row with focus, and never while something is being typed.
const rows = () => [...document.querySelectorAll("li.row")];
let here = -1;
let before = "";

function move(step, select) {
  const list = rows();
  if (!list.length) return;
  if (here >= 0 && list[here]) {
    list[here].classList.remove("focus");
    list[here].removeAttribute("aria-current");
  }
  here = Math.min(Math.max(here + step, 0), list.length - 1);
  const row = list[here];
  row.classList.add("focus");
  row.setAttribute("aria-current", "true");
  row.querySelector("h2 a").focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
  if (select) tick(row, true);
}

function tick(row, on) {
  const box = row.querySelector("input[type=checkbox]");
  if (!box) return;
  box.checked = on ?? !box.checked;
  row.classList.toggle("picked", box.checked);
}

document.addEventListener("change", (e) => {
  const row = e.target.closest?.("li.row");
  if (row) row.classList.toggle("picked", e.target.checked);
});

function open(id) {
  const el = document.getElementById(id);
  if (!el) return false;
  el.open = true;
  el.querySelector("select, textarea, input:not([type=hidden])")?.focus();
  el.scrollIntoView({ block: "center" });
  return true;
}

const go = { t: "/", c: "/concerns", k: "/cases", a: "/answers", s: "/sources", l: "/log" };

function act(value) {
  const button = document.querySelector(`.bulk button[value="${value}"]`);
  if (button && document.querySelector("li.row input:checked")) {
    button.click();
    return true;
  }
  return false;
}

function key(e) {
  if (body.dataset.nokeys || e.ctrlKey || e.metaKey || e.altKey) return;
  const on = e.target;
  if (on.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]")) {
    if (e.key === "Escape") on.blur();
    return;
  }
  if (before === "g") {
    before = "";
    if (go[e.key]) {
      e.preventDefault();
      location.assign(go[e.key]);
    }
    return;
  }
  const row = rows()[here];
  let done = true;
  switch (e.key) {
    case "j": move(1); break;
    case "k": move(-1); break;
    case "J": move(1, true); break;
    case "K": move(-1, true); break;
    case "o": if (row) location.assign(row.dataset.url); else done = false; break;
    case "x": if (row) tick(row); else done = false; break;
    case "c": done = act("case") || open("do-case") || (row ? (location.assign(row.dataset.url + "?do=case#do-case"), true) : false); break;
    case "u": done = act("mute") || act("unmute") || open("do-mute") || (row ? (location.assign(row.dataset.url + "?do=mute#do-mute"), true) : false); break;
    case "h": done = open("do-harm") || (row ? (location.assign(row.dataset.url + "?do=harm#do-harm"), true) : false); break;
    case "m": done = act("merge") || open("do-merge"); break;
    case "a": done = open("do-route"); break;
    case "r": {
      const link = document.querySelector('a[href$="/draft"]');
      if (link) location.assign(link.href); else done = false;
      break;
    }
    case "z": {
      const button = document.querySelector('form[action$="/undo"] button');
      if (button) button.click(); else done = false;
      break;
    }
    case "g": before = "g"; setTimeout(() => { before = ""; }, 1200); break;
    case "/": document.getElementById("q")?.focus(); break;
    case "?": location.assign("/help#keys"); break;
    case "Escape":
      for (const d of document.querySelectorAll("details.act[open]")) d.open = false;
      for (const r of rows()) tick(r, false);
      break;
    default: done = false;
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

// Counts in the rail change in place; nothing else moves.
if (body.dataset.live && "EventSource" in window) {
  let stream;
  const start = () => {
    stream = new EventSource(body.dataset.live);
    dispatchEvent(new CustomEvent("hb-stream", { detail: stream })); // state.js watches it
    stream.onmessage = (e) => {
      const counts = JSON.parse(e.data);
      for (const el of document.querySelectorAll("[data-count]")) {
        const v = counts[el.dataset.count];
        if (v !== undefined && el.textContent !== v) {
          el.textContent = v;
          el.classList.add("changed");
          setTimeout(() => el.classList.remove("changed"), 2000);
        }
      }
    };
  };
  start();
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) stream.close();
    else start();
  });
  addEventListener("pagehide", () => stream.close());
}

if (document.querySelector("form[data-passkey]")) import("./passkey.js");
