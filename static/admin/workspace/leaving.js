/* Whoever goes away from a form that is begun and not sent is asked first. */

export const leaving = (form) => {
  if (!form) return;
  let isBegun = false;
  const begin = () => { isBegun = true; };
  form.addEventListener("input", begin);
  /* Caught before it reaches the field, where unfold would write the path into a text beside it, and there is none. */
  form.addEventListener("change", (event) => {
    if (event.target.type !== "file") return;
    event.stopPropagation();
    begin();
  }, true);
  document.addEventListener("submit", () => { isBegun = false; });
  window.addEventListener("beforeunload", (event) => { if (isBegun) event.preventDefault(); });
};
