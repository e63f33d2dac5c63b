/* Whoever goes away from a form that is begun and not sent is asked first: one that was sent and refused is begun. */

export const leaving = (form) => {
  if (!form) return;
  let isBegun = "begun" in form.dataset;
  const begin = () => { isBegun = true; };
  form.addEventListener("input", begin);
  /* Caught before it reaches the field, where unfold would write the path into a text beside it, and there is none. */
  form.addEventListener("change", (event) => {
    if (event.target.type !== "file") return;
    event.stopPropagation();
    begin();
  }, true);
  /* Heard last, when it is known whether anybody has kept it from being sent. */
  window.addEventListener("submit", (event) => {
    if (event.target === form && !event.defaultPrevented) isBegun = false;
  });
  window.addEventListener("beforeunload", (event) => { if (isBegun) event.preventDefault(); });
};
