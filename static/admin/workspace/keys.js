/* Keyboard shortcuts: one table, which the sheet (?) and the palette (Ctrl+K) show. Silent while somebody types. */
import { openPalette } from "./palette.js";
import { openSheet } from "./sheet.js";

const rows = () => [...document.querySelectorAll("[data-row]")];
const here = () => document.querySelector("[data-row].is-here");

const step = (by) => {
  const all = rows();
  if (!all.length) {
    document.querySelector(by > 0 ? '[data-go="next"]' : '[data-go="previous"]')?.click();
    return;
  }
  const place = all.indexOf(here()) + by;
  const beyond = here() && !all[place] && document.querySelector(`.ws-paging [rel="${by > 0 ? "next" : "prev"}"]`);
  if (beyond) {
    beyond.click();
    return;
  }
  const next = all[Math.min(all.length - 1, Math.max(0, place))];
  all.forEach((row) => row.classList.remove("is-here"));
  next.classList.add("is-here");
  next.querySelector("[data-open]").focus();
};

const press = (name) => () => document.querySelector(`[data-key="${name}"]`)?.click();

/* Each: key, what it does, and the page it is for (both without one). */
export const SHORTCUTS = [
  ["j", "Next ticket", () => step(1)],
  ["k", "Previous ticket", () => step(-1)],
  ["x", "Tick the ticket", () => here()?.querySelector('input[name="ids"]').click(), "queue"],
  ["/", "Search", () => document.querySelector("[data-search]")?.focus(), "queue"],
  ["r", "Reply", press("reply"), "ticket"],
  ["n", "Write a note", press("note"), "ticket"],
  ["a", "Assign to me", press("mine"), "ticket"],
  ["e", "Resolve", press("resolve"), "ticket"],
  ["c", "New ticket", press("new"), "queue"],
  ["u", "Back to the queue", press("back"), "ticket"],
  ["?", "This list", openSheet],
];

const isTyping = (target) => target.closest('input:not([type="checkbox"]):not([type="radio"]), textarea, select, [contenteditable], dialog');

export const listen = (root) => {
  const page = root.querySelector("[data-page]")?.dataset.page;
  const known = SHORTCUTS.filter(([, , , where]) => !where || where === page);
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      event.stopImmediatePropagation();
      openPalette(known);
      return;
    }
    if (root.dataset.shortcuts === "off" || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const found = known.find(([key]) => key === event.key);
    if (!found) return;
    event.preventDefault();
    found[2](known);
  }, true);
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-sheet]")) openSheet(known);
    if (event.target.closest("[data-palette]")) openPalette(known);
  });
};
