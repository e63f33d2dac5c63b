/* The list of tickets: all at once, how many are ticked, and numbers that stay true. */

const EVERY = 45_000;

export const queue = (page) => {
  if (!page) return;
  /* Where the views are a strip, the one shown is in sight. */
  const strip = document.querySelector(".ws-views"), here = strip?.querySelector("[aria-current]");
  const show = () => { strip.scrollLeft += here.getBoundingClientRect().left - strip.getBoundingClientRect().left - 16; };
  if (here) {
    show();
    document.fonts.ready.then(show);  // until then the names of icons take more room than the icons
  }
  /* An address that can be read and kept says what was filled in, and no more. */
  document.getElementById("ws-tools")?.addEventListener("formdata", ({ formData }) => {
    for (const name of new Set(formData.keys())) {
      const given = formData.getAll(name).filter(Boolean);
      formData.delete(name);
      given.forEach((value) => formData.append(name, value));
    }
  });
  const all = page.querySelector("[data-all]");
  const boxes = [...page.querySelectorAll('input[name="ids"]')];
  const said = page.querySelector("[data-selected]");
  const tell = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    if (said) said.textContent = `${ticked} selected`;
    if (all) {
      all.checked = ticked > 0 && ticked === boxes.length;
      all.indeterminate = ticked > 0 && ticked < boxes.length;
    }
  };
  all?.addEventListener("change", () => {
    boxes.forEach((box) => { box.checked = all.checked; });
    tell();
  });
  let last = null;
  page.addEventListener("click", (event) => {
    const box = event.target.closest('input[name="ids"]');
    if (!box) return;
    if (event.shiftKey && last) {
      const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
      boxes.slice(from, to + 1).forEach((each) => { each.checked = box.checked; });
    }
    last = box;
  });
  page.addEventListener("change", tell);
  tell();

  /* What a line cuts off is told below the mouse. */
  page.addEventListener("mouseover", ({ target }) => {
    if (target.matches(".ws-table *, .ws-views__name") && target.scrollWidth > target.clientWidth) target.title = target.textContent.trim();
  });

  const changed = page.querySelector("[data-changed]");
  const refresh = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(page.dataset.counts, { headers: { Accept: "application/json" } });
      if (answer.redirected) document.dispatchEvent(new Event("hd:signed-out"));
      if (!answer.ok || answer.redirected) return;
      for (const [name, number] of Object.entries(await answer.json())) {
        const shown = page.querySelector(`[data-count="${name}"]`);
        if (!shown) continue;
        /* Rows stay where they are while somebody reads; that there are others is said. */
        if (shown.textContent && shown.textContent !== number && shown.closest("[aria-current]") && changed) changed.hidden = false;
        shown.textContent = number;
        shown.classList.toggle("is-none", number === "0");
      }
    } catch { /* the next one will do */ }
  };
  /* Saved views have no number yet. */
  if (page.querySelector("[data-count]:empty")) refresh();
  setInterval(refresh, EVERY);
  document.addEventListener("visibilitychange", refresh);
};
