// What forms can do beyond being sent: tabs within one form, Ctrl+S, a question before what was typed is lost.
// Every form works without this file.

const mainForm = () => document.querySelector("main form.sheet");

// The tabs of one form. Without scripts the address says which part is shown (`:target`).

function showPanel(panel, keepAddress) {
  const link = document.querySelector(`.tabs a[href="#${CSS.escape(panel.id)}"]`);
  if (!link) return;
  document.querySelectorAll(".tabbed .panel").forEach((each) => each.classList.toggle("current", each === panel));
  document.querySelectorAll(".tabs a").forEach((each) => each.removeAttribute("aria-current"));
  link.setAttribute("aria-current", "page");
  link.scrollIntoView({ block: "nearest", inline: "center" });
  oneStop();
  if (!keepAddress) history.replaceState(history.state, "", link.dataset.panel);
}

function showTarget(hash) {
  const target = hash.length > 1 && document.getElementById(decodeURIComponent(hash.slice(1)));
  const panel = target && target.closest(".tabbed .panel");
  if (panel) showPanel(panel, target !== panel);
  if (target && target !== panel) {
    target.closest("details.group")?.setAttribute("open", "");
    const place = target.closest(".field, tr") ?? target;
    place.scrollIntoView({ block: "center" });
    place.classList.remove("found-here");
    requestAnimationFrame(() => place.classList.add("found-here"));
  }
}

document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = event.target.closest('main a[href^="#"]');
  if (!link) return;
  const target = document.getElementById(decodeURIComponent(link.hash.slice(1)));
  if (!target || !target.closest(".tabbed")) return;
  event.preventDefault();
  showTarget(link.hash);
  if (target.matches("input, select, textarea")) target.focus();
});
addEventListener("hashchange", () => showTarget(location.hash));

// The matrix of rights is one stop of the Tab key; arrows move in it, letters set a mark.

const cells = () => [...document.querySelectorAll(".rights select")].filter((cell) => cell.offsetParent);
let stop = "";

function oneStop() {
  const shown = cells();
  const first = shown.find((cell) => cell.id === stop) ?? shown[0];
  document.querySelectorAll(".rights select").forEach((cell) => (cell.tabIndex = cell === first ? 0 : -1));
}

function moveTo(cell) {
  if (!cell) return;
  stop = cell.id;
  oneStop();
  cell.focus();
}

function mark(cell, value) {
  cell.value = value;
  cell.dispatchEvent(new Event("input", { bubbles: true }));
  cell.dispatchEvent(new Event("change", { bubbles: true }));
}

document.addEventListener("keydown", (event) => {
  const cell = event.target.closest?.(".rights select");
  if (!cell || event.ctrlKey || event.metaKey || event.altKey) return;
  const row = cells().filter((each) => each.closest("tr") === cell.closest("tr"));
  const column = cells().filter((each) => each.closest("td").cellIndex === cell.closest("td").cellIndex);
  const deeds = {
    ArrowLeft: () => moveTo(row[row.indexOf(cell) - 1]),
    ArrowRight: () => moveTo(row[row.indexOf(cell) + 1]),
    ArrowUp: () => moveTo(column[column.indexOf(cell) - 1]),
    ArrowDown: () => moveTo(column[column.indexOf(cell) + 1]),
    g: () => mark(cell, "grant"),
    d: () => mark(cell, "deny"),
    Delete: () => mark(cell, ""),
    Backspace: () => mark(cell, ""),
  };
  if (!deeds[event.key]) return;
  event.preventDefault();
  event.stopPropagation();
  deeds[event.key]();
}, true);
document.addEventListener("focusin", (event) => event.target.closest?.(".rights") && (stop = event.target.id));
document.addEventListener("change", (event) => event.target.closest(".rights-options") && oneStop());
// At once: who presses Tab before a preview has settled must not end up in the next cell.
document.addEventListener("htmx:afterSwap", oneStop);
document.addEventListener("htmx:afterSettle", oneStop);

// A remark beside the ranges offers what was meant.

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-correct]");
  if (!button) return;
  event.preventDefault();
  const field = document.getElementById("id_remote_ip_ranges");
  const lines = field.value.split("\n").map((line) => (line.trim() === button.dataset.correct ? button.dataset.better : line));
  field.value = lines.filter((line) => line.trim()).join("\n");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
});

// A form begins at its first field, unless something else is to be read first.

function beginAtFirstField() {
  const form = mainForm();
  const elsewhere = location.hash || document.querySelector("[data-error-summary]") || document.activeElement !== document.body;
  if (!form || form.method !== "post" || elsewhere || !matchMedia("(hover: hover)").matches) return;
  const fields = form.querySelectorAll("input:not([type=hidden]):not([type=radio]:not(:checked)):not(:disabled), textarea:not(:disabled), select:not(:disabled)");
  [...fields].find((field) => field.offsetParent && !field.closest(".rights"))?.focus({ preventScroll: true });
}

// Ctrl+S saves from anywhere; it removes nothing.

document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "s" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  const form = document.activeElement?.closest?.("main form.sheet") ?? mainForm();
  const button = form?.querySelector("[data-save], .buttons .btn-primary");
  if (!button) return;
  event.preventDefault();
  form.requestSubmit(button);
});

// What is typed and not saved: the browser asks before it is lost.

let unsaved = false;
document.addEventListener("input", (event) => {
  const form = event.target.closest("main form.sheet");
  if (form && form.method === "post" && event.target.name) unsaved = true;
});
document.addEventListener("submit", (event) => {
  if (event.target.matches("main form.sheet") && event.submitter?.formTarget !== "_blank") unsaved = false;
});
addEventListener("beforeunload", (event) => unsaved && event.preventDefault());

// A part of the page that finds the session ended would load the page anew, and with it the sign-in. Saving goes the same
// way and takes what was entered along.
document.addEventListener("htmx:beforeOnLoad", (event) => {
  if (!unsaved || !event.detail.xhr.getResponseHeader("HX-Refresh")) return;
  event.preventDefault();
  const place = document.getElementById("messages");
  if (!place || place.querySelector("[data-ended]")) return;
  const message = Object.assign(document.createElement("div"), { className: "message tone-warning" });
  message.dataset.ended = "";
  message.textContent = document.body.dataset.wordsEnded;
  place.append(message);
});

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll(".tabbed").forEach((form) => form.classList.add("scripted"));
  showTarget(location.hash);
  oneStop();
  beginAtFirstField();
});
