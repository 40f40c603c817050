// Checks, in the reader's own browser, that an answer page says what the public
// log says. It needs no library and no server: SHA-256 and Ed25519 come from
// WebCrypto. It is served in front of a table "sentences", made from the same
// source as the sentences of the command line.

const utf8 = new TextEncoder();
const fromBase64 = (s) => Uint8Array.from(atob(s), (c) => c.charCodeAt(0));
const hex = (b) => Array.from(b, (x) => x.toString(16).padStart(2, "0")).join("");
const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", concat(...parts)));
const same = (a, b) => a.length === b.length && a.every((x, i) => x === b[i]);

function concat(...parts) {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}

// RFC 6962: a leaf is hashed with 0 before it, a node with 1.
const leafHash = (leaf) => sha256(Uint8Array.of(0), leaf);
const nodeHash = (left, right) => sha256(Uint8Array.of(1), left, right);

// included returns whether a leaf is entry index of the tree of size entries
// with this root. Numbers stay below 2^53.
async function included(leaf, index, size, proof, root) {
  if (!(index >= 0 && index < size)) return false;
  let hash = await leafHash(leaf);
  let node = index;
  let last = size - 1;
  for (const sibling of proof) {
    if (sibling.length !== 32 || last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = await nodeHash(sibling, hash);
      while (node % 2 === 0 && node !== 0) {
        node = Math.floor(node / 2);
        last = Math.floor(last / 2);
      }
    } else {
      hash = await nodeHash(hash, sibling);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && same(hash, root);
}

// fingerprint writes a key for people to compare.
export async function fingerprint(vkey) {
  const sum = hex((await sha256(utf8.encode(vkey))).slice(0, 16));
  return sum.match(/.{4}/g).join(" ");
}

// openCheckpoint returns what vkey signed: origin, size and root; or null.
async function openCheckpoint(note, vkey) {
  const f = vkey.split("+");
  const raw = fromBase64(f.slice(2).join("+"));
  const id = (await sha256(utf8.encode(f[0] + "\n"), raw)).slice(0, 4);
  if (f.length < 3 || raw.length !== 33 || raw[0] !== 1 || hex(id) !== f[1]) return null;
  const cut = note.lastIndexOf("\n\n");
  if (cut < 0) return null;
  const text = note.slice(0, cut + 1);
  const lines = text.split("\n");
  if (lines[0] !== f[0] || !/^(0|[1-9][0-9]{0,14})$/.test(lines[1])) return null;
  const key = await crypto.subtle.importKey("raw", raw.slice(1), { name: "Ed25519" }, false, ["verify"]);
  for (const line of note.slice(cut + 2).split("\n")) {
    const sig = line.match(/^\u2014 (\S+) (\S+)$/);
    if (!sig || sig[1] !== f[0]) continue;
    const b = fromBase64(sig[2]);
    if (!same(b.slice(0, 4), id)) continue;
    if (!(await crypto.subtle.verify({ name: "Ed25519" }, key, b.slice(4), utf8.encode(text)))) return null;
    return { origin: lines[0], size: Number(lines[1]), root: fromBase64(lines[2]) };
  }
  return null;
}

// vouches returns whether the entry holds the SHA-256 of the answer. JSON may
// write <, >, & and two line separators plainly or escaped; either names the
// same answer.
async function vouches(entry, answer) {
  const plain = JSON.stringify(answer);
  const lines = plain.replace(/[\u2028\u2029]/g, (c) => "\\u" + c.charCodeAt(0).toString(16));
  const escaped = lines.replace(/[<>&]/g, (c) => "\\u00" + c.charCodeAt(0).toString(16));
  for (const form of [plain, lines, escaped]) {
    if (hex(await sha256(utf8.encode(form))) === entry.pub?.sha256) return true;
  }
  return false;
}

// say makes one line of a report.
function say(id, state, ...args) {
  const s = sentences[id];
  const fill = (text) => {
    let i = 0;
    return text.replace(/%[ds]/g, () => String(args[i++]));
  };
  return { id, state, en: fill(s[state].en), zh: fill(s[state].zh) };
}

const held = (ok) => (ok ? "ok" : "failed");

// verifyBundle checks the text of a proof. options.key is a verifier key the
// reader has from elsewhere. It throws if the text is no proof.
export async function verifyBundle(text, options = {}) {
  const x = JSON.parse(text);
  if (x?.v !== 1 || !Array.isArray(x.proof) || x.proof.length > 64) throw new Error("not a proof of version 1");
  const checks = [];
  const leaf = fromBase64(x.leaf);
  let entry = {};
  try {
    entry = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(leaf));
  } catch {
    // The check below says it.
  }
  checks.push(say("entry", held(entry.v === 1 && entry.seq === x.index), x.index));

  if (x.answer === undefined) {
    checks.push(say("answer", "not checked"));
  } else {
    const said = entry.type === "answer.published" || entry.type === "answer.corrected";
    checks.push(say("answer", held(said && Array.isArray(x.answer.texts) && (await vouches(entry, x.answer)))));
  }

  const vkey = options.key || x.vkey;
  const print = await fingerprint(vkey);
  let point = null;
  try {
    point = await openCheckpoint(x.checkpoint, vkey);
  } catch {
    // A key or signature that cannot be read does not hold.
  }
  checks.push(say("signature", held(point !== null && point.origin === x.origin), print));
  checks.push(say("key", options.key ? held(x.vkey === options.key) : "not checked", print));
  const there = point !== null && (await included(leaf, x.index, point.size, x.proof.map(fromBase64), point.root));
  checks.push(say("proof", held(there), x.index, point ? point.size : 0));
  checks.push(say("witness", "not checked"), say("now", "not checked"), say("later", "not checked"));
  return { ok: checks.every((c) => c.state !== "failed"), checks, entry, index: x.index, size: point?.size ?? 0, fingerprint: print, texts: x.answer?.texts ?? [] };
}

const hiddenTags = new Set(["SCRIPT", "STYLE", "TEMPLATE", "HEAD", "NOSCRIPT", "TEXTAREA", "SELECT", "IFRAME", "OBJECT", "SVG", "MATH", "DEL", "S"]);
const inlineTags = new Set(["A", "ABBR", "B", "BDI", "BDO", "CITE", "CODE", "DATA", "DFN", "EM", "FONT", "I", "INS", "KBD", "MARK", "Q", "SMALL", "SPAN", "STRONG", "SUB", "SUP", "TIME", "U", "VAR", "WBR"]);

// seen returns the text of a node as a reader sees it.
function seen(node) {
  if (node.nodeType === 3) return node.data;
  if (node.nodeType === 1) {
    if (hiddenTags.has(node.tagName.toUpperCase()) || node.hasAttribute("hidden")) return "";
    const style = node.ownerDocument.defaultView?.getComputedStyle(node);
    if (style && (style.display === "none" || style.visibility === "hidden" || style.opacity === "0")) return "";
  } else if (node.nodeType !== 9 && node.nodeType !== 11) {
    return "";
  }
  let text = "";
  for (const child of node.childNodes) text += seen(child);
  return node.nodeType === 1 && inlineTags.has(node.tagName.toUpperCase()) ? text : " " + text + " ";
}

const words = (s) => s.split(/[\s\u0085\u00a0]+/u).filter(Boolean).join(" ");
const parts = ["title", "lead", "do", "known", "going", "why", "next"];

// shows returns what is wrong with the page for each text, the best first.
function shows(root, texts) {
  const marked = Array.from(root.querySelectorAll("[data-part]"), (e) => [e.getAttribute("data-part"), words(seen(e))]);
  const all = marked.length ? "" : words(seen(root));
  const found = texts.map((text) => {
    const want = new Map(parts.map((p) => [p, words(String(text[p] ?? ""))]).filter(([, w]) => w));
    const count = want.size;
    let faults = [];
    if (marked.length) {
      for (const [part, got] of marked) {
        if (want.get(part) !== got) faults.push(part);
        want.delete(part);
      }
      faults = faults.concat(Array.from(want.keys()));
    } else {
      faults = Array.from(want.keys()).filter((p) => !all.includes(want.get(p)));
    }
    if (count === 0) faults.push("title");
    return { lang: text.lang, faults, score: faults.length ? count - faults.length : Infinity };
  });
  return found.sort((a, b) => b.score - a.score)[0];
}

// verifyPage checks the proof in a document, and that its visible words are the
// words in the proof.
export async function verifyPage(doc = document, options = {}) {
  const blocks = doc.querySelectorAll('script[type="application/json"][id="hearback-proof"]');
  if (blocks.length === 0) throw new Error("the page carries no proof");
  const report = await verifyBundle(blocks[0].textContent, options);
  report.checks.push(say("block", held(blocks.length === 1), blocks.length));
  if (report.texts.length === 0) {
    report.checks.push(say("page", "not checked"));
  } else {
    const best = shows(doc.body, report.texts);
    report.lang = best.lang;
    report.checks.push(say("page", held(best.faults.length === 0), best.faults.join(", ") || best.lang));
  }
  report.checks.push(say("beside", "not checked"));
  report.ok = report.checks.every((c) => c.state !== "failed");
  return report;
}
