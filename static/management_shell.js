// The management shell's page: history with the arrow keys and Ctrl R, completion with Tab, output that outlives a reload.
// It works without this file.

const shell = document.querySelector("[data-shell]");
const box = shell.querySelector("#script");
const form = shell.querySelector("#shell-form");
const transcript = shell.querySelector("#transcript");
const list = shell.querySelector("#suggestions");

// Columns that fit, so that tables are not wider than the page.
function measure() {
  const probe = Object.assign(document.createElement("pre"), { textContent: "x".repeat(100) });
  probe.style.cssText = "position:absolute;visibility:hidden";
  transcript.append(probe);
  const style = getComputedStyle(transcript);
  const room = transcript.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  const columns = Math.floor((room * 100) / probe.getBoundingClientRect().width);
  probe.remove();
  for (const field of shell.querySelectorAll("input[name=columns]")) field.value = columns;
}

function put(text) {
  box.value = text;
  box.focus();
  box.setSelectionRange(text.length, text.length);
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

// History: the newest is first; position -1 is what is being typed.
const history = [...shell.querySelectorAll("[data-history] code")].map((code) => code.textContent);
let at = -1;
let draft = "";

function recall(step) {
  const next = at + step;
  if (next < -1 || next >= history.length) return;
  if (at === -1) draft = box.value;
  at = next;
  put(at === -1 ? draft : history[at]);
}

// Completion.
let candidates = [];
let chosen = -1;
let leave = false; // Esc lets Tab go on to the next field

function closeList() {
  list.hidden = true;
  candidates = [];
  chosen = -1;
  box.removeAttribute("aria-activedescendant");
}

function choose(index) {
  chosen = (index + candidates.length) % candidates.length;
  [...list.children].forEach((item, each) => item.setAttribute("aria-selected", each === chosen));
  list.children[chosen].scrollIntoView({ block: "nearest" });
  box.setAttribute("aria-activedescendant", list.children[chosen].id);
}

function accept(candidate) {
  if (candidate.whole) {
    closeList();
    put(candidate.text);
    return;
  }
  const end = box.selectionStart;
  box.setRangeText(candidate.text + " ", candidate.start, end, "end");
  closeList();
  box.focus();
}

// Ctrl R: what of the history holds the text in the box, the newest first.
function lookBack() {
  const wanted = box.value.trim().toLowerCase();
  candidates = history.filter((text) => text.toLowerCase().includes(wanted)).slice(0, 20)
    .map((text) => ({ text, start: 0, meaning: "", whole: true }));
  if (candidates.length) showList();
}

function showList() {
  list.replaceChildren(...candidates.map((candidate, index) => {
    const item = Object.assign(document.createElement("li"), { id: `suggestion-${index}` });
    item.setAttribute("role", "option");
    item.append(
      Object.assign(document.createElement("code"), { textContent: candidate.text }),
      Object.assign(document.createElement("span"), { textContent: candidate.meaning }),
    );
    item.addEventListener("mousedown", (event) => {
      event.preventDefault();
      accept(candidate);
    });
    return item;
  }));
  list.hidden = false;
  choose(0);
}

async function suggest() {
  const before = box.value.slice(0, box.selectionStart);
  const answer = await fetch(`${shell.dataset.completion}?${new URLSearchParams({ before })}`);
  if (!answer.ok || box.value.slice(0, box.selectionStart) !== before) return;
  candidates = await answer.json();
  if (candidates.length === 1) accept(candidates[0]);
  else if (candidates.length) showList();
}

const onFirstLine = () => !box.value.slice(0, box.selectionStart).includes("\n");
const onLastLine = () => !box.value.slice(box.selectionEnd).includes("\n");

function keyInList(event) {
  const deeds = {
    ArrowDown: () => choose(chosen + 1),
    ArrowUp: () => choose(chosen - 1),
    Tab: () => accept(candidates[chosen]),
    Enter: () => accept(candidates[chosen]),
    Escape: closeList,
  };
  if (!deeds[event.key]) return false;
  deeds[event.key]();
  event.preventDefault();
  event.stopPropagation();
  return true;
}

box.addEventListener("keydown", (event) => {
  if (event.isComposing || (!list.hidden && keyInList(event))) return;
  const plain = !event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey;
  const onlyCtrl = event.ctrlKey && !event.shiftKey && !event.altKey && !event.metaKey;
  if (event.key === "Enter" && !event.shiftKey && !event.altKey) form.requestSubmit();
  else if (event.key === "Tab" && plain && box.value.trim() && !leave) suggest();
  else if (event.key.toLowerCase() === "r" && onlyCtrl) lookBack();
  else if (event.key.toLowerCase() === "l" && onlyCtrl) clear();
  else if (event.key === "ArrowUp" && plain && onFirstLine()) recall(1);
  else if (event.key === "ArrowDown" && plain && onLastLine()) recall(-1);
  else {
    leave = event.key === "Escape" || (leave && event.key === "Shift");
    return;
  }
  event.preventDefault();
});
box.addEventListener("input", closeList);
box.addEventListener("blur", closeList);

shell.addEventListener("click", (event) => {
  const link = event.target.closest("[data-insert]");
  if (!link) return;
  event.preventDefault();
  link.closest("details")?.removeAttribute("open");
  put(link.textContent);
});

// What was said stays for as long as this tab and this session do; a question does not, for its answer would come too late.
const LONGEST_KEPT = 1_000_000;
const place = `shell-output-${shell.dataset.keptFor}`;

function clear() {
  transcript.replaceChildren();
  keep();
}

function keep() {
  const copy = transcript.cloneNode(true);
  copy.querySelectorAll(".shell-question, .shell-first").forEach((each) => each.remove());
  while (copy.innerHTML.length > LONGEST_KEPT) copy.firstElementChild.remove();
  for (const name of Object.keys(sessionStorage)) if (name.startsWith("shell-output-")) sessionStorage.removeItem(name);
  try {
    sessionStorage.setItem(place, copy.innerHTML);
  } catch {
    // The browser has no room for it: then it is gone after a reload.
  }
}

function restore() {
  const kept = sessionStorage.getItem(place);
  if (!kept?.trim() || transcript.querySelector(".shell-entry")) return;
  transcript.innerHTML = kept;
  transcript.scrollTop = transcript.scrollHeight;
}

form.addEventListener("htmx:configRequest", () => {
  const text = box.value.trim();
  if (text && history[0] !== text) history.unshift(text);
  at = -1;
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.target !== form || !event.detail.successful) return;
  put("");
});
document.addEventListener("htmx:afterSettle", () => {
  shell.querySelector("[data-first]")?.remove();
  measure();
  const last = transcript.querySelector(".shell-entry:last-child");
  if (last?.hasAttribute("data-cleared")) {
    last.removeAttribute("data-cleared");
    transcript.replaceChildren(last);
  }
  keep();
  const asks = last?.querySelector("[data-first-answer]");
  if (last) transcript.scrollTop = Math.min(last.offsetTop - transcript.offsetTop - 12, transcript.scrollHeight);
  if (asks) asks.focus();
  else if (document.activeElement === document.body) box.focus();
});

restore();
shell.querySelector("[data-keys-help]").hidden = false;
addEventListener("resize", measure);
document.fonts.ready.then(measure);
