/* The little that modules need to make elements. */

export const element = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};

/* A dialog that is gone once it is closed. */
export const dialog = (className, title, ...children) => {
  const made = element("dialog", { className }, ...children);
  made.setAttribute("aria-label", title);
  made.addEventListener("close", () => made.remove());
  made.addEventListener("click", (event) => { if (event.target === made) made.close(); });
  document.body.append(made);
  made.showModal();
  return made;
};
