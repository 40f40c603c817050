// Passkeys: asks the device and sends its answer with the form. Without this
// script, or at another address, the form stays hidden and the page says why.

const bytes = (s) => Uint8Array.from(atob(s.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const text = (b) => btoa(String.fromCharCode(...new Uint8Array(b))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const keys = (list) => list?.map((k) => ({ ...k, id: bytes(k.id) }));

// create and get ask the device; what comes back is plain JSON.
async function create(o) {
  const c = await navigator.credentials.create({ publicKey: {
    ...o, challenge: bytes(o.challenge), user: { ...o.user, id: bytes(o.user.id) }, excludeCredentials: keys(o.excludeCredentials),
  } });
  return {
    id: c.id, rawId: text(c.rawId), type: c.type, authenticatorAttachment: c.authenticatorAttachment ?? undefined, clientExtensionResults: {},
    response: { clientDataJSON: text(c.response.clientDataJSON), attestationObject: text(c.response.attestationObject), transports: c.response.getTransports?.() ?? [] },
  };
}

async function get(o) {
  const c = await navigator.credentials.get({ publicKey: { ...o, challenge: bytes(o.challenge), allowCredentials: keys(o.allowCredentials) } });
  const r = c.response;
  return {
    id: c.id, rawId: text(c.rawId), type: c.type, authenticatorAttachment: c.authenticatorAttachment ?? undefined, clientExtensionResults: {},
    response: { clientDataJSON: text(r.clientDataJSON), authenticatorData: text(r.authenticatorData), signature: text(r.signature), userHandle: r.userHandle ? text(r.userHandle) : undefined },
  };
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const box = form.closest("[data-origin]");
  const say = box.querySelector("[data-say]");
  const here = box.dataset.origin === location.origin && "PublicKeyCredential" in window && window.isSecureContext;
  form.hidden = !here;
  say.hidden = here || !say.textContent.trim();
  if (!here) continue;
  // One way in stands first: the passkey, where there is one.
  if (form.dataset.kind === "use") for (const b of document.querySelectorAll('form[action="/signin"] .btn.go')) b.classList.remove("go");
  let done = false;
  form.addEventListener("submit", async (e) => {
    if (done) return;
    e.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    say.hidden = true;
    try {
      const r = await fetch(form.dataset.passkey, { method: "POST" });
      if (!r.ok) throw new Error(String(r.status));
      const { attempt, options } = await r.json();
      const answer = await (form.dataset.kind === "new" ? create(options) : get(options));
      form.elements.namedItem("attempt").value = attempt;
      form.elements.namedItem("answer").value = JSON.stringify(answer);
      done = true;
      form.submit();
    } catch (err) {
      // The person closed the window of the device, or it has no passkey.
      say.textContent = err.name === "InvalidStateError" ? say.dataset.known : say.dataset.none;
      say.hidden = false;
      button.disabled = false;
    }
  });
}
