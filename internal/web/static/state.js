// Says how this page stands: the connection was lost, the session ended, or
// the service was renewed since the page was opened. Nothing that was typed is
// touched, and nothing here stands in the way of a form.

const box = document.getElementById("state");
const ours = document.body.dataset.version;
const wait = 3000; // a connection that comes back sooner is not worth a word
let stream, soon, again, since;

function say(what, at = since) {
  for (const p of box.children) p.hidden = p.dataset.say !== what;
  const time = box.querySelector(`[data-say="${what}"] time`);
  if (time && at) time.textContent = at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  box.hidden = !what;
}

// A session that nobody uses ends; that is said a while before.
const warn = 10 * 60_000;
let ending;
function watch() {
  const left = Number(document.body.dataset.ends) * 1000;
  if (!left) return;
  clearTimeout(ending);
  ending = setTimeout(() => say("ending", new Date(Date.now() + Math.min(left, warn))), Math.min(Math.max(left - warn, 0), 2 ** 31 - 1));
}

const dot = document.querySelector(".foot .live");
const wasOld = dot?.classList.contains("stale");

function lost() {
  dot?.classList.add("stale");
  since ??= new Date();
  soon ??= setTimeout(() => say("lost"), wait);
}

function back(version) {
  clearTimeout(soon);
  clearInterval(again);
  soon = again = since = undefined;
  dot?.classList.toggle("stale", wasOld);
  say(version && version !== ours ? "renewed" : "");
}

// ask finds out why a stream ended for good, and goes on asking.
async function ask() {
  const stop = new AbortController();
  const late = setTimeout(() => stop.abort(), 8000);
  try {
    const r = await fetch(document.body.dataset.live, { signal: stop.signal, headers: { Accept: "text/event-stream" } });
    if (r.status === 204) {
      clearInterval(again);
      clearTimeout(soon);
      say("out");
    } else if (r.ok && stream?.readyState === EventSource.CLOSED) {
      clearInterval(again);
      clearTimeout(soon);
      say("again"); // the counts move again once the page is loaded anew
    } else if (r.ok) {
      back(ours);
    }
  } catch { /* still not there */ } finally {
    clearTimeout(late);
    stop.abort();
  }
}

if (box) {
  watch();
  box.querySelector('[data-say="ending"] button').addEventListener("click", async () => {
    const r = await fetch("/help", { redirect: "manual" }).catch(() => null);
    say(r?.ok ? "" : "out");
    if (r?.ok) watch();
  });
  addEventListener("hb-stream", (event) => {
    stream = event.detail;
    stream.addEventListener("message", (e) => back(JSON.parse(e.data).version));
    stream.addEventListener("error", () => {
      lost();
      if (stream.readyState === EventSource.CLOSED) {
        ask();
        again ??= setInterval(ask, 15_000);
      }
    });
  });
  addEventListener("offline", lost);
  addEventListener("online", ask);
}
