/* Menus made of <details data-menu>: one at a time, closed by Escape and by a click elsewhere. Notices go by a click. */
import { onceSettled } from "../settled.js";

export const menus = () => {
  const open = () => document.querySelectorAll("details[data-menu][open]");
  document.addEventListener("click", (event) => {
    open().forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("a")) event.target.closest("#ws-messages > p")?.remove();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    open().forEach((menu) => {
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  });
  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-submits]")) return;
    const { form, dataset } = event.target;
    onceSettled(event.target, () => form.requestSubmit(dataset.submits ? form.elements[dataset.submits] : null));
  });
};
