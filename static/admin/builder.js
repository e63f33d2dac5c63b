/* Selects that change the rows of a form, once they are final: <select data-reshape hx-trigger="settled">. */
import { onceSettled } from "./settled.js";

document.addEventListener("change", (event) => {
  const select = event.target.closest("[data-reshape]");
  if (!select) return;
  onceSettled(select, () => { if (select.isConnected) select.dispatchEvent(new Event("settled")); });
});
