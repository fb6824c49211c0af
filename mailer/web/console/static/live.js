/* Live progress: puts what the server tells of mailings under way into the page. */
(() => {
  "use strict";
  const home = document.querySelector("[data-live-at]");
  if (!home || !window.EventSource) return;

  const STALE = 15; // seconds
  const QUIET = 30; // seconds between two sentences to a screen reader
  const since = (moment) => (performance.now() - moment) / 1000;
  const language = document.documentElement.lang;
  const ago = new Intl.RelativeTimeFormat(language, { numeric: "always" });
  let source = null;
  let watched = "";
  let counted = performance.now();
  let spoken = -QUIET * 1000;

  const shown = () => [...document.querySelectorAll("[data-mailing]")];

  // Takes over what is new and leaves the rest, so that bars grow and focus stays.
  const renew = (before, after) => {
    for (const { name, value } of [...after.attributes]) {
      if (before.getAttribute(name) !== value) before.setAttribute(name, value);
    }
    if (after.querySelector("[data-live]")) {
      for (const part of after.querySelectorAll("[data-live]")) {
        const same = before.querySelector(`[data-live="${part.dataset.live}"]`);
        if (same) renew(same, part);
      }
    } else if (!after.namespaceURI.endsWith("/svg")) {
      if (before.innerHTML !== after.innerHTML) before.innerHTML = after.innerHTML;
    }
  };

  const say = (part) => {
    const said = document.querySelector("[data-said]");
    const bar = part.querySelector("[role=progressbar]");
    if (!said || !bar || since(spoken) < QUIET) return;
    said.textContent = bar.getAttribute("aria-valuetext");
    spoken = performance.now();
  };

  const tick = () => {
    const seconds = Math.round(since(counted));
    for (const one of document.querySelectorAll("[data-age]")) {
      const words = ago.format(-seconds, "second");
      one.textContent = one.dataset.words.replace("{ago}", words);
    }
    const note = document.querySelector("[data-stale]");
    if (!note) return;
    const words = note.querySelector("[data-stale-words]");
    note.hidden = !watched || seconds <= STALE;
    if (!note.hidden && !words.textContent) {
      words.textContent = note.dataset.words.replace("{n}", seconds);
    }
    if (note.hidden) words.textContent = "";
  };

  const turned = () => {
    close();
    // A whole page has other buttons now; a part of one asks for itself again.
    if ("liveWhole" in home.dataset) window.location.reload();
    else if (window.htmx) window.htmx.trigger("#running", "turned");
  };

  // What is said of the first few is no more true once the rest follows.
  const outgrown = (part) => {
    const few = document.querySelector("[data-turns-at]");
    const bar = part.querySelector("[role=progressbar]");
    return few && bar && Number(bar.getAttribute("aria-valuenow")) >= Number(few.dataset.turnsAt);
  };

  const close = () => {
    if (source) source.close();
    source = null;
    watched = "";
  };

  const open = () => {
    const numbers = shown().map((part) => part.dataset.mailing).join(",");
    if (numbers === watched) return;
    close();
    watched = numbers;
    if (!numbers) return;
    source = new EventSource(`${home.dataset.liveAt}&of=${numbers}`);
    source.addEventListener("progress", ({ data }) => {
      const { of, state, html, age } = JSON.parse(data);
      counted = performance.now() - age * 1000;
      const part = document.querySelector(`[data-mailing="${of}"]`);
      if (!part) return;
      if (part.dataset.state !== state) {
        turned();
        return;
      }
      const page = new DOMParser().parseFromString(html, "text/html");
      renew(part, page.querySelector("[data-mailing]"));
      if (outgrown(part)) {
        turned();
        return;
      }
      say(part);
      tick();
    });
    source.addEventListener("same", ({ data }) => {
      counted = performance.now() - JSON.parse(data).age * 1000;
    });
    source.addEventListener("over", turned);
    source.addEventListener("ended", () => window.location.reload());
  };

  open();
  window.setInterval(tick, 1000);
  document.addEventListener("htmx:afterSettle", open);
})();
