// What the pages of the policy cannot do alone: both sides of the editor stay in
// step while one types, and rules are dragged. All of it is also a button.
"use strict";

// pageOf is the page that the server answers with.
const pageOf = async (answer) => new DOMParser().parseFromString(await answer.text(), "text/html");

(() => {
  const form = document.querySelector("form[data-live]");
  if (!form) return;
  let timer, asked = 0;
  const edited = new Set(); // sides that the other one does not know of yet

  // sync asks the server for the other side and takes over what changed. The part
  // that is being typed in stays as it is.
  async function sync(act, typing) {
    const turn = ++asked;
    const body = new URLSearchParams(new FormData(form));
    body.set("do", act);
    let answer;
    try {
      answer = await fetch(form.action, { method: "POST", body, redirect: "error" });
    } catch {
      return; // the buttons still work
    }
    const page = await pageOf(answer);
    if (turn !== asked || !page.querySelector("form[data-live]")) return;
    const focused = document.activeElement?.id;
    for (const part of form.querySelectorAll("[data-part]")) {
      const fresh = page.querySelector(`[data-part="${part.dataset.part}"]`);
      if (!fresh) continue;
      if (!typing || !edited.has(part.dataset.part)) part.replaceChildren(...fresh.childNodes);
      else if (part.dataset.part === "form") form.elements.base.value = fresh.querySelector("[name=base]").value;
    }
    const refused = page.querySelector("[data-part=problem] .bad");
    if (act !== "add" && !refused && form.elements.base.value === form.elements.text.value) edited.clear();
    say();
    if (act === "add") [...form.querySelectorAll(".condition select:first-child")].at(-1)?.focus();
    else if (act.startsWith("drop")) document.getElementById("add")?.focus();
    else if (focused) document.getElementById(focused)?.focus();
  }

  // say tells who cannot see the check and the effect what they say now.
  function say() {
    const said = form.querySelector("[data-said]"), now = [...form.querySelectorAll("[data-say]")].map((e) => e.textContent.trim().replace(/\s+/g, " ")).join(" ");
    if (said.textContent !== now) said.textContent = now;
  }

  form.addEventListener("input", (event) => {
    clearTimeout(timer);
    asked++; // an answer that is under way knows nothing of this
    const side = event.target.closest("[data-part=form], [data-part=text]")?.dataset.part;
    if (side) edited.add(side);
    const act = edited.size === 1 ? [...edited][0] : "try"; // of two, neither is to win unasked
    const typing = event.target.matches("input:not([type=checkbox]), textarea");
    timer = setTimeout(() => sync(act, typing), typing ? 400 : 0);
  });

  form.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.type !== "submit" || button.value === "keep") return;
    event.preventDefault();
    clearTimeout(timer);
    sync(button.value, false);
  });
})();

// Words of the vocabulary that fit what is being typed, as buttons below the text.
document.addEventListener("input", (event) => {
  const text = event.target, box = text.parentElement?.querySelector(".suggest");
  if (!box || !text.matches("textarea")) return;
  const end = text.selectionStart, word = text.value.slice(0, end).match(/[a-z][\w.]+$/i)?.[0].toLowerCase();
  const words = word ? [...document.querySelectorAll("#vocabulary option")] : [];
  const fit = words.filter((option) => option.value !== word && option.value.includes(word)).slice(0, 6);
  box.replaceChildren(...fit.map((option) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = option.value;
    button.title = option.textContent;
    button.addEventListener("click", () => {
      text.setRangeText(option.value, end - word.length, end, "end");
      text.focus();
      text.dispatchEvent(new Event("input", { bubbles: true }));
    });
    return button;
  }));
  box.hidden = fit.length === 0;
});

(() => {
  const table = document.querySelector("table.rules[data-draft]");
  if (!table) return;
  let dragged;
  const rowAt = (event) => event.target.closest("tr[data-rule]");
  const clear = () => table.querySelectorAll(".above, .below").forEach((row) => row.classList.remove("above", "below"));

  function move(rule, place) {
    const form = document.createElement("form");
    form.method = "post";
    form.action = table.dataset.draft;
    for (const [name, value] of Object.entries({ revision: table.dataset.revision, rule, place, do: "move" })) {
      const input = document.createElement("input");
      input.type = "hidden";
      input.name = name;
      input.value = value;
      form.append(input);
    }
    document.body.append(form);
    form.submit();
  }

  table.addEventListener("dragstart", (event) => {
    dragged = rowAt(event);
    if (!dragged) return;
    dragged.classList.add("dragged");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.rule);
  });
  table.addEventListener("dragend", () => {
    dragged?.classList.remove("dragged");
    clear();
    dragged = undefined;
  });
  table.addEventListener("dragover", (event) => {
    const row = rowAt(event);
    if (!dragged || !row || row === dragged) return;
    event.preventDefault();
    clear();
    row.classList.add(Number(row.dataset.place) < Number(dragged.dataset.place) ? "above" : "below");
  });
  table.addEventListener("drop", (event) => {
    const row = rowAt(event);
    if (!dragged || !row || row === dragged) return;
    event.preventDefault();
    move(dragged.dataset.rule, row.dataset.place);
  });
})();

// A backtest that runs shows how far it is; what one types meanwhile stays.
(() => {
  const part = document.querySelector("[data-again]");
  if (!part) return;
  async function again() {
    try {
      const fresh = (await pageOf(await fetch(location.href))).querySelector("[data-again]");
      if (!fresh) return location.reload();
      part.replaceChildren(...fresh.childNodes);
    } catch {
      // The server may be back the next time.
    }
    setTimeout(again, 2000);
  }
  setTimeout(again, 2000);
})();

// Problems lead to their line of the text.
document.addEventListener("click", (event) => {
  const link = event.target.closest('.problems a[href="#text"]'), text = document.getElementById("text");
  const line = Number(link?.textContent.match(/\d+/)?.[0]);
  if (!text || !line) return;
  event.preventDefault();
  const lines = text.value.split("\n"), from = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
  text.focus();
  text.setSelectionRange(from, from + (lines[line - 1] ?? "").length);
  text.scrollTop = (line - 3) * 18;
});
