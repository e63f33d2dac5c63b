/* The command palette: views, pages, what can be done here, and tickets by number or words. */
import { dialog, element } from "./dom.js";

/* Views stand in a template on every page; the sidebar has the other pages, with the name of an icon before theirs. */
const more = () => document.getElementById("hd-go");
const links = () => [...more().content.querySelectorAll("a"), ...document.querySelectorAll("#nav-sidebar a[href]")]
  .map((link) => {
    const copy = link.cloneNode(true);
    copy.querySelectorAll(".material-symbols-outlined").forEach((icon) => icon.remove());
    return { text: copy.textContent.trim().replace(/\s+/g, " "), go: () => { location.href = link.getAttribute("href"); } };
  })
  .filter(({ text }) => text);

const tickets = (typed) => {
  const words = typed.trim();
  if (!words) return [];
  const search = { text: `Search tickets for “${words}”`, go: () => { location.href = `${more().dataset.queue}?view=all&q=${encodeURIComponent(words)}`; } };
  const number = words.match(/^#?(\d+)$/)?.[1];
  return number ? [{ text: `Open ticket #${number}`, go: () => { location.href = `${more().dataset.queue}?q=${number}`; } }, search] : [search];
};

export const openPalette = (known = []) => {
  if (document.querySelector(".ws-palette")) return;
  const input = element("input", { type: "text", className: "ws-palette__input", placeholder: "Type a ticket number, a page or an action", autocomplete: "off" });
  const list = element("ul", { className: "ws-palette__list", id: "ws-palette-list", role: "listbox" });
  Object.entries({ role: "combobox", "aria-expanded": "true", "aria-controls": list.id, "aria-label": "Go to" }).forEach(([name, value]) => input.setAttribute(name, value));
  const made = dialog("hd-dialog ws-palette", "Command palette", input, list);
  const unique = new Map(links().map((entry) => [entry.text, entry]));
  const actions = known.filter(([key]) => !["j", "k", "/"].includes(key))
    .map(([key, text, act]) => ({ text, key, go: () => { made.close(); act(known); } }));
  const all = [...actions, ...unique.values()];
  let found = [], at = 0, met = [], asked = 0, waiting = null;
  const mark = () => {
    [...list.children].forEach((item, index) => item.setAttribute("aria-selected", index === at));
    input.setAttribute("aria-activedescendant", list.children[at]?.id || "");
    list.children[at]?.scrollIntoView({ block: "nearest" });
  };
  /* Tickets in which the words stand come a moment later, below what is there already. */
  const meet = () => {
    const words = input.value.trim(), mine = ++asked;
    clearTimeout(waiting);
    if (words.length < 3 || /^#?\d+$/.test(words)) return;
    waiting = setTimeout(async () => {
      const answer = await fetch(`${more().dataset.queue}find/?of=ticket&q=${encodeURIComponent(words)}`).catch(() => null);
      if (!answer?.ok || answer.redirected || mine !== asked) return;
      met = (await answer.json()).found.slice(0, 6)
        .map(({ id, text, hint }) => ({ typed: words, text: `${text} ${hint}`, go: () => { location.href = `${more().dataset.queue}${id}/`; } }));
      fill(true);
    }, 200);
  };
  const fill = (keep) => {
    const typed = input.value.toLowerCase();
    const fitting = all.filter(({ text }) => text.toLowerCase().includes(typed)).slice(0, 12);
    found = [...fitting, ...tickets(input.value), ...met.filter(({ typed: words }) => words === input.value.trim())];
    at = Math.min(keep ? at : 0, found.length - 1);
    list.replaceChildren(...found.map((entry, index) => {
      const item = element("li", { id: `ws-palette-${index}`, role: "option", textContent: entry.text });
      if (entry.key) item.append(element("kbd", { textContent: entry.key }));
      item.addEventListener("click", entry.go);
      item.addEventListener("mousemove", () => { if (at !== index) { at = index; mark(); } });
      return item;
    }));
    mark();
  };
  input.addEventListener("input", () => { fill(); meet(); });
  input.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) {
      event.preventDefault();
      at = (at + by + found.length) % Math.max(1, found.length);
      mark();
    } else if (event.key === "Enter") {
      event.preventDefault();
      found[at]?.go();
    }
  });
  fill();
  input.focus();
};
