/* The list of shortcuts. */
import { dialog, element } from "./dom.js";

export const openSheet = (known) => {
  if (document.querySelector(".ws-sheet")) return;
  const list = element("dl", { className: "ws-sheet__list" });
  for (const [key, text] of [...known.map(([key, text]) => [key, text]), ["Ctrl K", "Go anywhere"]]) {
    list.append(element("dt", {}, element("kbd", { textContent: key })), element("dd", { textContent: text }));
  }
  const close = element("button", { type: "button", className: "hd-button", textContent: "Close" });
  const made = dialog("hd-dialog ws-sheet", "Keyboard shortcuts",
    element("h2", { textContent: "Keyboard shortcuts" }), list,
    element("p", { className: "hd-faint", textContent: "They rest while you type, and can be switched off on the home page." }), close);
  close.addEventListener("click", () => made.close());
  close.focus();
};
