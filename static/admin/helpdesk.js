/* On every admin page: questions before a button acts, and buttons that copy. No handler stands in the pages. */
(() => {
  const element = (tag, properties, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };

  /* <button data-confirm="Sure?">: asks first; the keyboard works as in any dialog, Escape means no. */
  const ask = (question, words, yes) => {
    const dialog = element("dialog", { className: "hd-dialog" });
    const act = element("button", { type: "button", className: "hd-button hd-button--danger", textContent: words });
    const leave = element("button", { type: "button", className: "hd-button", textContent: "Cancel" });
    act.addEventListener("click", () => { dialog.close(); yes(); });
    leave.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    const said = element("p", { textContent: question, id: "hd-question" });
    dialog.setAttribute("aria-labelledby", said.id);
    dialog.append(said, element("div", { className: "hd-row" }, leave, act));
    document.body.append(dialog);
    dialog.showModal();
    leave.focus();
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-confirm]");
    if (!button || !button.dataset.confirm || button.dataset.confirmed) return;
    event.preventDefault();
    ask(button.dataset.confirm, button.textContent.trim().replace(/^[a-z_]+\s+(?=[A-Z])/, ""), () => {
      button.dataset.confirmed = "yes";
      button.click();
      delete button.dataset.confirmed;
    });
  });

  /* <button data-copy="#id">: copies the text or the value of that element, and says so. */
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-copy]");
    if (!button) return;
    const source = document.querySelector(button.dataset.copy);
    const label = button.querySelector(".hd-button__text") || button;
    const before = label.textContent;
    try {
      await navigator.clipboard.writeText(source.value ?? source.textContent);
      label.textContent = "Copied";
    } catch {
      if (source.select) source.select();
      label.textContent = "Press Ctrl+C";
    }
    setTimeout(() => { label.textContent = before; }, 2000);
  });
})();
