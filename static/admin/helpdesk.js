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
    const words = button.querySelector(".hd-button__text") || button;
    ask(button.dataset.confirm, words.textContent.trim(), () => {
      button.dataset.confirmed = "yes";
      button.click();
      delete button.dataset.confirmed;
    });
  });

  /* <div data-reloads-at="/list/">: the page answers a form and must not be sent again; reloading leads there. */
  document.addEventListener("DOMContentLoaded", () => {
    const answer = document.querySelector("[data-reloads-at]");
    if (answer) history.replaceState(null, "", answer.dataset.reloadsAt);
  });

  /* Fields that search while one types say whose they are: select2 gives them no name. */
  const name = (select, label) => {
    label.id ||= `${select.id}-label`;
    for (const part of select.parentElement.querySelectorAll(".select2-selection, .select2-selection__rendered")) {
      const own = part.matches(".select2-selection") ? part.getAttribute("aria-labelledby") : "";
      part.setAttribute("aria-labelledby", `${label.id} ${own ?? ""}`.trim());
    }
  };
  document.addEventListener("DOMContentLoaded", () => {
    for (const select of document.querySelectorAll("select.admin-autocomplete")) {
      const [label] = select.labels;
      const made = new MutationObserver(() => name(select, label));
      if (label) made.observe(select.parentElement, { childList: true });
    }
  });
  document.addEventListener("focusin", (event) => {
    if (event.target.matches(".select2-search__field")) event.target.setAttribute("aria-label", "Search");
  });

  /* The page is hidden until Alpine is there, and what is hidden takes no focus. Where something was not accepted,
     whoever typed it goes on at the first of it, and sees it, however far down it is. */
  document.addEventListener("alpine:initialized", () => setTimeout(() => {
    const wrong = document.querySelector("main [aria-invalid=true], #builder .hd-error");
    if (wrong) {
      wrong.focus();
      wrong.scrollIntoView({ block: "center" });
    } else if (document.activeElement === document.body) document.querySelector("[autofocus]")?.focus();
  }));

  /* What was done is told on the next page. Readers of the screen speak of what comes into a page, not of what came with
     it: it comes once more, too fast to be seen. */
  document.addEventListener("DOMContentLoaded", () => setTimeout(() => {
    for (const part of document.querySelectorAll("main [role=status]:not([data-draft-state])")) {
      const told = [...part.childNodes];
      if (!part.textContent.trim()) continue;
      part.style.minHeight = `${part.offsetHeight}px`;
      part.replaceChildren();
      requestAnimationFrame(() => requestAnimationFrame(() => {
        if (!part.hasChildNodes()) part.append(...told); // otherwise there is newer already
        part.style.minHeight = "";
      }));
    }
  }, 500));

  /* A form that is on its way is not sent a second time by a second click. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (Date.now() - (form.sentAt ?? 0) < 3000) event.preventDefault();
    else form.sentAt = Date.now();
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
