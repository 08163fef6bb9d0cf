// Lists: rows, the details beside them, and rows that arrive while somebody reads. `all`, `typing` and `words` are of
// gatepost.js. Every list works without this file.

const rows = () => all("[data-list] tr[data-row]");
const currentRow = () => rows().find((row) => row.getAttribute("aria-current"));
const checked = () => all("[data-list] tbody input[name=pk]:checked");

function markRow(row) {
  rows().forEach((each) => each.toggleAttribute("aria-current", false));
  row.setAttribute("aria-current", "true");
  const form = document.getElementById("rows");
  let field = form.querySelector("[data-selected]");
  if (!field) {
    field = Object.assign(document.createElement("input"), { type: "hidden", name: "pk" });
    field.dataset.selected = "";
    form.append(field);
  }
  field.value = row.querySelector("input[name=pk]")?.value ?? "";
  field.disabled = checked().length > 0;
  offerVerbs();
}

function offerVerbs() {
  if (document.querySelector("[data-choose-all]:checked")) return all("[data-needs-row]").forEach((button) => (button.disabled = false));
  const count = checked().length || (document.querySelector("[data-selected]")?.value ? 1 : 0);
  for (const button of all("[data-needs-row]")) {
    button.disabled = count === 0 || (count > 1 && "oneOnly" in button.dataset);
  }
}

document.addEventListener("htmx:oobAfterSwap", offerVerbs);

function moveBy(step) {
  const list = rows();
  if (!list.length) return;
  const at = list.indexOf(currentRow());
  const next = list[Math.min(Math.max(at + step, 0), list.length - 1)];
  const link = next.querySelector(".row-link");
  link.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
  link.click();
}

document.addEventListener("click", (event) => {
  const row = event.target.closest("tr[data-row]");
  if (!row || !row.closest("[data-list]")) return;
  if (event.target.closest(".row-link")) return markRow(row);
  if (event.target.closest("a, button, input, label, summary") || getSelection().toString()) return;
  row.querySelector(".row-link")?.click();
});

document.addEventListener("dblclick", (event) => {
  const row = event.target.closest("[data-list] tr[data-open]");
  if (row && !event.target.closest("a, button, input")) location.assign(row.dataset.open);
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-keys-on]")) localStorage.setItem("keys", event.target.checked ? "on" : "off");
  if (event.target.matches("[data-check-all]")) {
    all("[data-list] tbody input[name=pk]").forEach((box) => (box.checked = event.target.checked));
  }
  if (event.target.closest("[data-list]")) {
    const field = document.querySelector("[data-selected]");
    if (field) field.disabled = checked().length > 0;
    offerVerbs();
  }
});

// The details: closed by their cross or by Escape, as wide as the reader made them.

function closeDetails() {
  const details = document.getElementById("details");
  if (!details?.firstElementChild?.matches(".details-head")) return;
  const link = details.querySelector("[data-close-details]");
  const row = currentRow();
  history.replaceState(history.state, "", link.href);
  details.replaceChildren();
  row?.removeAttribute("aria-current");
  document.querySelector("[data-selected]")?.remove();
  row?.querySelector(".row-link").focus({ preventScroll: true });
  offerVerbs();
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-close-details]") || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  closeDetails();
});

function setWidth(width) {
  const split = document.querySelector(".split");
  const wanted = Math.round(Math.min(Math.max(width, 280), split.clientWidth * 0.6));
  split.style.setProperty("--details-width", `${wanted}px`);
  localStorage.setItem("details-width", wanted);
  tellWidth(document.querySelector("[data-edge]"));
}

const widthNow = () => document.getElementById("details").offsetWidth;

// To screen readers, as a share of what there is.
const tellWidth = (edge) => edge.setAttribute("aria-valuenow", Math.round((widthNow() / document.querySelector(".split").clientWidth) * 100));

function resizable(edge) {
  edge.hidden = false;
  const kept = Number(localStorage.getItem("details-width"));
  if (kept) document.querySelector(".split").style.setProperty("--details-width", `${kept}px`);
  tellWidth(edge);
  edge.addEventListener("focus", () => tellWidth(edge));
  const right = () => document.querySelector(".split").getBoundingClientRect().right;
  edge.addEventListener("pointerdown", (event) => edge.setPointerCapture(event.pointerId));
  edge.addEventListener("pointermove", (event) => edge.hasPointerCapture(event.pointerId) && setWidth(right() - event.clientX));
  edge.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: 24, ArrowRight: -24 }[event.key];
    if (!step) return;
    event.preventDefault();
    setWidth(widthNow() + step);
  });
}

// What is cut off is told on hover.

document.addEventListener("pointerover", (event) => {
  const cell = event.target.closest?.(".split-list td, .split-list th");
  if (!cell || cell.title || cell.querySelector("[title]")) return;
  if (cell.scrollWidth > cell.clientWidth) cell.title = cell.innerText.trim();
});

// A list that refreshes itself waits while somebody works in it, and keeps the row that was chosen. Where new rows would
// push those that somebody reads, it says how many there are.

document.addEventListener("htmx:beforeRequest", (event) => {
  const list = event.target.closest("[data-refreshes]");
  if (!list || event.target !== list) return;
  const reading = (list.contains(document.activeElement) && typing(document.activeElement)) || list.querySelector("details[open]");
  if (checked().length > 0 || reading || document.hidden) event.preventDefault();
});
document.addEventListener("htmx:configRequest", (event) => {
  if (event.target.matches("[data-refreshes]")) event.detail.path = location.pathname + location.search;
});

const scrolledBox = () => {
  const box = document.querySelector("[data-list] .table-scroll");
  return box && box.scrollHeight > box.clientHeight ? box : document.scrollingElement;
};
const addresses = (root) => all("tr[data-row] .row-link", root).map((link) => link.pathname);
let kept = { top: 0, focus: "" };

function arrivals(list, answer) {
  const known = new Set(addresses(list));
  const found = addresses(new DOMParser().parseFromString(answer, "text/html"));
  const old = found.findIndex((address) => known.has(address));
  return old < 0 ? found.length : old;
}

function offerArrivals(count) {
  const button = document.querySelector("[data-arrived]");
  button.querySelector("span").textContent = count === 1 ? button.dataset.one : button.dataset.more.replace("%d", count);
  button.hidden = count === 0;
}

document.addEventListener("htmx:beforeSwap", (event) => {
  const list = event.detail.target;
  if (list.id !== "list") return;
  const refreshed = event.detail.requestConfig?.elt === list;
  const top = refreshed ? scrolledBox().scrollTop : 0;
  const count = refreshed && top > 0 ? arrivals(list, event.detail.serverResponse) : 0;
  if (count) event.detail.shouldSwap = false;
  offerArrivals(count);
  const focus = document.activeElement?.closest?.("[data-list] tr")?.querySelector(".row-link");
  kept = { top, focus: refreshed && focus ? focus.pathname : "" };
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "list") return;
  if (kept.top) scrolledBox().scrollTop = kept.top;
  if (kept.focus) all("[data-list] .row-link").find((link) => link.pathname === kept.focus)?.focus({ preventScroll: true });
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-arrived]");
  if (!button) return;
  button.hidden = true;
  scrolledBox().scrollTop = 0;
  htmx.ajax("GET", location.pathname + location.search, { target: "#list", swap: "innerHTML" });
});

// A link to a file of what the list shows follows the filter as it is now.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-with-query]");
  if (link) link.search = location.search;
});

// Who comes back from a page of an object, or from what was done to it, finds the list scrolled as it was.
const listHere = () => document.querySelector("[data-list]") && document.querySelector("form.filters")?.action;
const placeOf = (list) => `scrolled ${list}${location.search}`;
addEventListener("pagehide", () => {
  if (listHere()) sessionStorage.setItem(placeOf(listHere()), scrolledBox().scrollTop);
});
function scrollBack() {
  const list = listHere();
  if (list && document.referrer.startsWith(list)) scrolledBox().scrollTop = sessionStorage.getItem(placeOf(list)) ?? 0;
}

document.addEventListener("DOMContentLoaded", () => {
  all("[data-edge]").forEach(resizable);
  scrollBack();
  currentRow()?.scrollIntoView({ block: "nearest" });
});
