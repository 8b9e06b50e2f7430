// What pages cannot do alone: keys, dialogs, local times. Everything here is
// also a link or a form.
"use strict";

for (const time of document.querySelectorAll("time[datetime]")) {
  const at = new Date(time.dateTime);
  time.title = at.toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" });
}

// The browser's own zone is offered first.
for (const button of document.querySelectorAll("[data-own-zone]")) {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!own || own === "UTC" || own === button.dataset.ownZone) continue;
  button.value = own;
  button.textContent = own + " (here)";
  button.hidden = false;
  document.getElementById("clock-zones").prepend(new Option("", own));
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
  for (const button of form.querySelectorAll(disabled ? "button:enabled" : "[data-sent]")) {
    button.disabled = disabled;
    button.toggleAttribute("data-sent", disabled);
  }
}

document.addEventListener("click", (event) => {
  const menu = document.querySelector(".menu[open]");
  if (menu && !menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  const menu = document.querySelector(".menu[open]");
  if (event.key !== "Escape" || !menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

const keys = {
  "/": () => document.getElementById("find")?.focus(),
  "j": () => step(1),
  "k": () => step(-1),
  "a": () => document.querySelector('[data-key="a"]')?.click(),
  "e": () => document.getElementById("evidence")?.focus(),
  "?": showKeys,
};

// Lists that j and k walk through: those of cases, and any with data-keys. Their
// lines lead on by a link of the class open.
function step(by) {
  const rows = [...document.querySelectorAll(".cases .open, [data-keys] .open")];
  if (rows.length === 0) return;
  const next = rows.indexOf(document.activeElement) + by;
  rows[Math.min(Math.max(next, 0), rows.length - 1)].focus();
}

// The list of keys at the foot of the page, where one need not look for it.
function showKeys() {
  const list = document.getElementById("keys");
  if (!list) return;
  const dialog = document.createElement("dialog");
  const title = document.createElement("h2");
  const close = document.createElement("button");
  title.id = "keys-title";
  title.textContent = list.querySelector("summary").textContent;
  close.textContent = "Close";
  close.addEventListener("click", () => dialog.close());
  dialog.setAttribute("aria-labelledby", title.id);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.append(title, list.querySelector("dl").cloneNode(true), close);
  document.body.append(dialog);
  dialog.showModal();
}

document.addEventListener("keydown", (event) => {
  const busy = event.target.closest("input, textarea, select, dialog");
  if (busy || event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});
