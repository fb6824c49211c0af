/* Asks before a page is left on which something was typed that is not kept yet. */
(() => {
  "use strict";
  const sheet = document.querySelector("form[data-asks]");
  if (!sheet) return;

  const typed = () => new URLSearchParams(new FormData(sheet)).toString();
  const kept = typed();
  let sent = false;

  sheet.addEventListener("submit", () => {
    sent = true;
  });
  // Back again by the browser's own button.
  window.addEventListener("pageshow", () => {
    sent = false;
  });
  window.addEventListener("beforeunload", (leaving) => {
    if (!sent && ("unsaved" in sheet.dataset || typed() !== kept)) leaving.preventDefault();
  });
})();
