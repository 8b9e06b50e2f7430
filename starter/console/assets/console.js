// What pages cannot do alone: keys, dialogs, local times. Everything here is
// also a link or a form.
"use strict";

for (const time of document.querySelectorAll("time[datetime]")) {
  const at = new Date(time.dateTime);
  time.title = at.toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" });
}

for (const link of document.querySelectorAll("[data-dialog]")) {
  const dialog = document.getElementById(link.dataset.dialog);
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || !dialog.showModal) return;
    event.preventDefault();
    dialog.showModal();
  });
}

// A form that was sent waits for its answer; coming back makes it ready again.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  setTimeout(() => setButtons(event.target, true));
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) setButtons(form, false);
});
function setButtons(form, disabled) {
  for (const button of form.querySelectorAll("button")) button.disabled = disabled;
}

document.addEventListener("click", (event) => {
  const menu = document.querySelector(".menu[open]");
  if (menu && !menu.contains(event.target)) menu.open = false;
});

const keys = {
  "/": () => document.getElementById("find")?.focus(),
  "j": () => step(1),
  "k": () => step(-1),
  "a": () => document.querySelector('[data-key="a"]')?.click(),
  "e": () => document.getElementById("evidence")?.focus(),
  "?": showKeys,
};

function step(by) {
  const rows = [...document.querySelectorAll(".cases .open")];
  if (rows.length === 0) return;
  const next = rows.indexOf(document.activeElement) + by;
  rows[Math.min(Math.max(next, 0), rows.length - 1)].focus();
}

function showKeys() {
  const list = document.getElementById("keys");
  if (!list) return;
  list.open = true;
  list.querySelector("summary").focus();
}

document.addEventListener("keydown", (event) => {
  const busy = event.target.closest("input, textarea, select, dialog");
  if (busy || event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});
