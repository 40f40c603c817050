// Shows the nearest answers while somebody types a question. The answers come
// once, as one file that is the same for everybody; what is typed is compared
// here and is not sent until the button is pressed.

const field = document.getElementById("text");
const box = document.getElementById("near");
const list = box?.querySelector("ol");
const common = new Set("the and for are was were has have had not but you your our can does did with this that from will would should what when where which who why how there here they them its it's about any all get got been being just still after before into out over".split(" "));
let answers, weights, wait;

// terms cuts a text as the index does: words without their endings, and pairs
// of Chinese characters.
function terms(text) {
  const found = new Set();
  for (const word of text.normalize("NFKC").toLowerCase().match(/\p{Script=Han}+|[\p{L}\p{N}]+/gu) ?? []) {
    if (/\p{Script=Han}/u.test(word)) {
      const chars = Array.from(word);
      for (let i = 0; i + 1 < chars.length; i++) found.add(chars[i] + chars[i + 1]);
    } else if ((word.length > 2 || /\d/.test(word)) && !common.has(word)) {
      found.add(word.replace(/(ing|ed|es|s)$/, "").slice(0, 7));
    }
  }
  return found;
}

async function load() {
  if (answers) return;
  answers = [];
  try {
    const res = await fetch(box.dataset.from);
    const rows = res.ok ? await res.json() : [];
    const seen = new Map();
    for (const row of rows) {
      row.title = terms(row.t);
      row.all = terms(row.t + " " + row.w);
      for (const t of row.all) seen.set(t, (seen.get(t) ?? 0) + 1);
    }
    weights = (t) => Math.log(1 + rows.length / (seen.get(t) ?? 1));
    answers = rows;
    show();
  } catch {
    answers = undefined; // tried again at the next letter
  }
}

// nearest are the answers that share enough of the weight of what was typed.
function nearest(text) {
  const asked = Array.from(terms(text));
  if (!weights || asked.length === 0) return [];
  const whole = asked.reduce((sum, t) => sum + weights(t), 0);
  const lang = document.documentElement.lang.slice(0, 2);
  const best = new Map();
  for (const row of answers) {
    const shared = asked.filter((t) => row.all.has(t));
    const score = shared.reduce((sum, t) => sum + weights(t) * (row.title.has(t) ? 1 : 0.6), 0) / whole + (row.l.startsWith(lang) ? 0.02 : 0);
    const page = row.u.split("?")[0];
    if (score > 0.34 && shared.length >= Math.min(2, asked.length) && !(best.get(page)?.score > score)) best.set(page, { row, score });
  }
  return Array.from(best.values()).sort((a, b) => b.score - a.score).slice(0, 3);
}

function show() {
  const found = nearest(field.value);
  list.replaceChildren(...found.map(({ row }) => {
    const li = document.createElement("li");
    const a = document.createElement("a");
    a.href = row.u;
    a.lang = row.l;
    a.textContent = row.t;
    li.append(a);
    return li;
  }));
  box.hidden = found.length === 0;
}

if (field && list) {
  field.addEventListener("focus", load);
  field.addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(() => (answers?.length ? show() : load()), 250);
  });
}
