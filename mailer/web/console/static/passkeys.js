/* Passkeys: asks the server what to ask for, the browser for it, and sends the form. */
(() => {
  "use strict";
  if (!window.PublicKeyCredential) return;

  const bytes = (words) =>
    Uint8Array.from(
      atob(words.replace(/-/g, "+").replace(/_/g, "/")),
      (letter) => letter.charCodeAt(0),
    );
  const words = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replace(/\+/g, "-")
      .replace(/\//g, "_")
      .replace(/=+$/, "");
  const described = (list) =>
    (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  const asks = {
    get: (asked) =>
      navigator.credentials.get({
        publicKey: {
          ...asked,
          challenge: bytes(asked.challenge),
          allowCredentials: described(asked.allowCredentials),
        },
      }),
    create: (asked) =>
      navigator.credentials.create({
        publicKey: {
          ...asked,
          challenge: bytes(asked.challenge),
          user: { ...asked.user, id: bytes(asked.user.id) },
          excludeCredentials: described(asked.excludeCredentials),
        },
      }),
  };

  const answered = (made) => {
    const response = {};
    for (const name of [
      "clientDataJSON",
      "attestationObject",
      "authenticatorData",
      "signature",
      "userHandle",
    ]) {
      if (made.response[name]) response[name] = words(made.response[name]);
    }
    if (made.response.getTransports) {
      response.transports = made.response.getTransports();
    }
    return JSON.stringify({
      id: made.id,
      rawId: words(made.rawId),
      type: made.type,
      clientExtensionResults: {},
      response,
    });
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const wrong = form.querySelector(".wrong");
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      wrong.hidden = true;
      try {
        const said = await fetch(form.dataset.ask, {
          method: "POST",
          body: new URLSearchParams({ csrf: form.elements.csrf.value }),
        });
        if (!said.ok) throw new Error(said.status);
        const made = await asks[form.dataset.passkey](await said.json());
        form.elements.answer.value = answered(made);
        HTMLFormElement.prototype.submit.call(form);
      } catch {
        wrong.hidden = false;
      }
    });
  }
})();
