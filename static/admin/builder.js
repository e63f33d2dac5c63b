/* Selects that change the rows of a form: <select data-reshape hx-trigger="settled">. A mouse chooses once; whoever
   chooses with the keyboard passes other options on the way, so we wait until they stop, or leave the field. */
(() => {
  const PAUSE = 600; // milliseconds
  let pressed = 0;
  const waiting = new WeakMap();

  const settle = (select) => {
    clearTimeout(waiting.get(select));
    waiting.delete(select);
    if (select.isConnected) select.dispatchEvent(new Event("settled"));
  };

  document.addEventListener("keydown", (event) => {
    if (event.target.matches?.("[data-reshape]")) pressed = Date.now();
  });
  document.addEventListener("change", (event) => {
    const select = event.target.closest("[data-reshape]");
    if (!select) return;
    clearTimeout(waiting.get(select));
    if (Date.now() - pressed > 200) settle(select);
    else waiting.set(select, setTimeout(() => settle(select), PAUSE));
  });
  document.addEventListener("focusout", (event) => {
    if (waiting.has(event.target)) settle(event.target);
  });
})();
