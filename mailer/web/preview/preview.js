// Follows the files: reloads when one changes, and finds the old place again. Frames
// that show the same message scroll together.
"use strict";

const frames = [...document.querySelectorAll("iframe")];
const state = document.getElementById("state");
const KEPT = `preview ${location.search}`;

const inside = (frame) => frame.contentDocument?.scrollingElement ?? null;

function share(frame) {
  const page = inside(frame);
  const room = page ? page.scrollHeight - page.clientHeight : 0;
  return room > 0 ? page.scrollTop / room : 0;
}

function move(frame, to) {
  const page = inside(frame);
  if (page) page.scrollTop = to * (page.scrollHeight - page.clientHeight);
}

let place = Number(sessionStorage.getItem(KEPT)) || 0;
for (const frame of frames) {
  frame.addEventListener("load", () => move(frame, place));
}

function together() {
  const led = frames.find((frame) => Math.abs(share(frame) - (frame.place ?? place)) > 0.002);
  if (led) {
    place = share(led);
    sessionStorage.setItem(KEPT, String(place));
    for (const frame of frames) {
      if (frame !== led) move(frame, place);
      frame.place = share(frame);
    }
  }
}

async function follow() {
  const since = encodeURIComponent(document.body.dataset.stamp);
  for (;;) {
    try {
      const answer = await fetch(`/changed?since=${since}`, { cache: "no-store" });
      if (answer.status === 200) {
        location.reload();
        return;
      }
      state.textContent = "Follows your edits.";
      state.classList.remove("lost");
    } catch {
      state.textContent = "The preview has stopped. Start it again: mailer preview --serve";
      state.classList.add("lost");
      await new Promise((resolve) => setTimeout(resolve, 1500));
    }
  }
}

// The list of messages scrolls by itself: what one looks at stands in its middle.
const chosen = document.querySelector("nav [aria-current]");
const list = document.querySelector("nav");
if (chosen) {
  const off = chosen.getBoundingClientRect().top - list.getBoundingClientRect().top;
  list.scrollTop += off - list.clientHeight / 2;
}

addEventListener("load", () => {
  for (const frame of frames) move(frame, place);
  setInterval(together, 120);
  follow();
});
