// What the pages can do beyond links and forms: the reader's time zone, keyboard, selection, theme, copying.
// Every page works without this file.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const typing = (element) => element.matches("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");

// The page brings the words in the reader's language, in data-words-… of its body.
const words = (name, number) => document.body.dataset[`words${name}`].replace("%d", number);

// Times in the reader's zone, which the server learns by a cookie and writes itself from then on; UTC stays on hover.

const timeZone = document.documentElement.dataset.zone || Intl.DateTimeFormat().resolvedOptions().timeZone;
const zoneCookie = `zone=${encodeURIComponent(timeZone)}`;
const zoneIsKnown = document.documentElement.dataset.zone || document.cookie.split("; ").includes(zoneCookie);
if (!zoneIsKnown) document.cookie = `${zoneCookie}; path=/; max-age=31536000; samesite=lax`;
const clock = new Intl.DateTimeFormat("sv", { dateStyle: "short", timeStyle: "medium", timeZone }); // 2027-01-31 17:00:00

function ago(moment) {
  const minutes = Math.floor((Date.now() - moment) / 60000);
  if (minutes < 1) return words("Now");
  if (minutes < 60) return words("Minutes", minutes);
  if (minutes < 48 * 60) return words("Hours", Math.floor(minutes / 60));
  return words("Days", Math.floor(minutes / 1440));
}

function writeTimes(root = document) {
  if (zoneIsKnown) return;
  for (const time of all("time[datetime]:not([data-ago])", root)) {
    const moment = new Date(time.dateTime);
    if (!isNaN(moment)) time.textContent = clock.format(moment);
  }
}

// Keyboard. Who speaks or types with aids can turn the single keys off (WCAG 2.1.4).

const keysOff = () => localStorage.getItem("keys") === "off";

function pressed(key) {
  const target = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!target) return false;
  target.matches("input") ? (target.focus(), target.select()) : target.click();
  return true;
}

// `g`, then the key of a feature.
let going = 0;
function go(key) {
  const link = Date.now() - going < 1500 && document.querySelector(`[data-go="${CSS.escape(key)}"]`);
  going = 0;
  if (link) location.assign(link.href);
  return Boolean(link);
}

function nextTab(step) {
  const tabs = all(".tabs a, .tabs button");
  const at = tabs.findIndex((tab) => tab.hasAttribute("aria-current"));
  if (at < 0 || !tabs[at + step]) return false;
  tabs[at + step].click();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") return closeMenus(event) || closeDetails();
  if (event.ctrlKey || event.metaKey || event.altKey || keysOff() || typing(event.target) || document.querySelector("dialog[open]")) return;
  if (event.key.length === 1 && go(event.key)) return event.preventDefault();
  const deeds = {
    g: () => (going = Date.now()),
    "[": () => nextTab(-1),
    "]": () => nextTab(1),
    e: () => pressed("e") || (document.querySelector("#toolbar [name=verb][value=edit]:enabled")?.click() ?? false),
    j: () => moveBy(1),
    k: () => moveBy(-1),
    x: () => currentRow()?.querySelector("input[name=pk]")?.click(),
    "?": () => document.getElementById("keys")?.showModal(),
    Enter: () => {
      const row = event.target.matches("body, main, .row-link") && currentRow();
      if (!row || !row.dataset.open || !row.contains(document.activeElement) && document.activeElement !== document.body) return false;
      location.assign(row.dataset.open);
    },
  };
  const deed = deeds[event.key];
  const done = deed ? deed() !== false : event.key.length === 1 && pressed(event.key);
  if (done) event.preventDefault();
});

// Says whether there was something to close, or the focus was in a field of its own.
function closeMenus(event) {
  const busy = typing(event.target) || document.querySelector("[data-menu][open], .feature-pane.open, dialog[open]");
  all("[data-menu][open]").forEach((menu) => {
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  const pane = document.querySelector(".feature-pane.open");
  if (pane) {
    pane.classList.remove("open");
    document.querySelector("[data-pane-toggle]").focus();
  }
  if (event.target.matches("[data-key]")) event.target.blur();
  return busy;
}

document.addEventListener("click", (event) => {
  all("[data-menu][open]").forEach((menu) => menu.contains(event.target) || (menu.open = false));
  const toggle = event.target.closest("[data-pane-toggle]");
  const pane = document.querySelector(".feature-pane");
  if (toggle) {
    event.preventDefault();
    pane.classList.toggle("open");
    if (pane.classList.contains("open")) pane.querySelector("nav a").focus();
  } else if (pane?.classList.contains("open") && !pane.contains(event.target)) {
    pane.classList.remove("open");
  }
  if (event.target.closest("[data-keys]")) document.getElementById("keys").showModal();
});

// Theme, defaults, copying.

document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-theme-choice]");
  if (!form) return;
  event.preventDefault();
  const theme = event.submitter.value;
  document.documentElement.dataset.theme = theme;
  document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=lax`;
  all("button", form).forEach((button) => button.setAttribute("aria-pressed", button.value === theme));
  document.dispatchEvent(new Event("theme-changed"));
  fetch(form.action, { method: "POST", body: new FormData(form, event.submitter), redirect: "manual", keepalive: true }).catch(() => {});
});

document.addEventListener("click", (event) => {
  const back = event.target.closest("[data-default]");
  if (back) {
    const field = document.getElementById(back.dataset.for);
    if (field.type === "checkbox") field.checked = ["True", "true", "on"].includes(back.dataset.default);
    else field.value = back.dataset.default;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  }
  const copy = event.target.closest("[data-copy]");
  if (copy) copyText(copy);
});

async function copyText(button) {
  const code = button.parentElement.querySelector("code");
  const label = button.querySelector("span");
  const before = label.textContent;
  try {
    await navigator.clipboard.writeText(code.textContent);
    label.textContent = words("Copied");
  } catch {
    getSelection().selectAllChildren(code);
    label.textContent = words("Copy");
  }
  setTimeout(() => (label.textContent = before), 2000);
}

// What means nothing beside another choice is not asked for.

function valueOf(controls) {
  const [first] = controls;
  if (first.type === "checkbox") return first.checked ? "True" : "False";
  return first.type === "radio" ? controls.find((each) => each.checked)?.value : first.value;
}

function askWhereNeeded(root = document) {
  for (const field of all("[data-needs]", root)) {
    const controls = all(`[name="${CSS.escape(field.dataset.needs)}"]`, field.closest("form"));
    const met = controls.length && !controls[0].closest("[data-needs][hidden]") && field.dataset.needsOneOf.split(" ").includes(valueOf(controls));
    field.hidden = !met && !field.classList.contains("has-errors");
  }
  for (const group of all(".group", root)) {
    const fields = all(".field", group);
    if (fields.length) group.hidden = fields.every((field) => field.hidden);
  }
}
document.addEventListener("change", (event) => event.target.form && askWhereNeeded(event.target.form));

// After each load and each fragment.

// Where a table is a stack of cells, on a phone, each cell is called by its head.
function nameCells(root) {
  for (const table of all("main table:not(#rows table)", root)) {
    const heads = all("thead th", table).map((head) => head.textContent.trim());
    for (const cell of all("tbody td", table)) if (heads[cell.cellIndex]) cell.dataset.label = heads[cell.cellIndex];
  }
}

function prepare(root = document) {
  writeTimes(root);
  nameCells(root);
  askWhereNeeded(root);
  all("[data-copy], [data-default], [data-keys], [data-commands]", root).forEach((element) => (element.hidden = false));
  offerVerbs();
}

// Tabs that do not fit: the current one is in sight, and a faded edge tells that there are more.

function showCurrentTab(tabs) {
  const fade = () => {
    tabs.classList.toggle("more-before", tabs.scrollLeft > 2);
    tabs.classList.toggle("more-behind", tabs.scrollLeft + tabs.clientWidth < tabs.scrollWidth - 2);
  };
  const current = tabs.querySelector("[aria-current]");
  if (current) tabs.scrollLeft = current.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - current.offsetWidth) / 2;
  tabs.addEventListener("scroll", fade, { passive: true });
  addEventListener("resize", fade);
  fade();
}

// Groups of features that somebody has closed stay closed, unless the page is one of theirs.
function preparePane() {
  const closed = JSON.parse(localStorage.getItem("closed-groups") ?? "[]");
  for (const group of all("[data-group]")) {
    group.open = !closed.includes(group.dataset.group) || Boolean(group.querySelector("[aria-current]"));
    group.addEventListener("toggle", () => {
      const now = all("[data-group]:not([open])").map((each) => each.dataset.group);
      localStorage.setItem("closed-groups", JSON.stringify(now));
    });
  }
  document.querySelector(".feature-pane [aria-current]")?.scrollIntoView({ block: "nearest" });
}

// Minutes and seconds that are left.
function countDown() {
  for (const time of all("time[data-until]")) {
    const left = Math.max(0, Math.round((new Date(time.dataset.until) - Date.now()) / 1000));
    time.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  }
}

function start() {
  prepare();
  all("[data-keys-on]").forEach((box) => (box.checked = !keysOff()));
  const summary = document.querySelector("[data-error-summary]");
  (document.querySelector("main [aria-invalid=true]") ?? summary)?.focus();
  if (!summary) document.querySelector("main [autofocus]")?.focus();
  all(".tabs").forEach(showCurrentTab);
  preparePane();
  setInterval(countDown, 1000);
  setInterval(() => all("time[data-ago]").forEach((time) => (time.textContent = ago(new Date(time.dateTime)))), 15000);
}

document.addEventListener("htmx:afterSettle", (event) => prepare(event.detail.target));

// When the console does not answer, what is on the page may be old: say so until it answers again.
let leaving = false; // a request that the browser gives up because the page changes has not failed
addEventListener("beforeunload", () => {
  leaving = true;
  setTimeout(() => (leaving = false), 3000);
});

// A fragment that arrives while the page changes would push its address over the one that was asked for.
document.addEventListener("htmx:beforeOnLoad", (event) => leaving && event.preventDefault());

function tellLost() {
  const place = document.getElementById("messages");
  if (leaving || !place || place.querySelector("[data-lost]")) return;
  const message = Object.assign(document.createElement("div"), { className: "message tone-warning" });
  message.dataset.lost = "";
  message.textContent = words("Lost");
  place.append(message);
}
document.addEventListener("htmx:sendError", tellLost);
document.addEventListener("htmx:responseError", tellLost);
document.addEventListener("htmx:afterOnLoad", (event) => event.detail.successful && document.querySelector("[data-lost]")?.remove());

document.addEventListener("DOMContentLoaded", start);
