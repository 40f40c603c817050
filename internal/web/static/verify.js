// The button "Verify here" of an answer page. The checks themselves are in
// proof.js, which is the verifier of the public log; nothing is sent.

const box = document.getElementById("verify");
if (box && crypto.subtle) {
  box.hidden = false;
  box.querySelector("button").addEventListener("click", run);
}

async function run() {
  const say = box.querySelector("[role=status]");
  const list = box.querySelector("ul");
  const lang = document.documentElement.lang.startsWith("zh") ? "zh" : "en";
  list.replaceChildren();
  let report;
  try {
    const { verifyPage } = await import("./proof.js"); // only when it is asked for
    report = await verifyPage(document);
  } catch (err) {
    say.textContent = err.name === "NotSupportedError" ? box.dataset.cannot : box.dataset.bad;
    return;
  }
  for (const check of report.checks) {
    if (check.state === "not checked") continue;
    const li = document.createElement("li");
    li.className = check.state === "ok" ? "ok" : "no";
    const sign = document.createElement("b");
    sign.textContent = check.state === "ok" ? "✓" : "✗";
    const what = document.createElement("span");
    what.textContent = check[lang];
    li.append(sign, what);
    list.append(li);
  }
  say.textContent = report.ok ? box.dataset.ok : box.dataset.bad;
}
