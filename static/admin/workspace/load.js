/* Parts of a page that may come a moment later: <section id="…" data-load="address"> takes the part of this id there.
   What stands in <details> and has data-load-open comes, each time anew, when they are opened. */

const HEAD = 130; // px that the head of a ticket takes

const fetchInto = async (part, address) => {
  part.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(address);
    const next = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(part.id);
    if (!answer.ok || !next) throw new Error(String(answer.status));
    part.replaceWith(document.adoptNode(next));
    return true;
  } catch {
    part.removeAttribute("aria-busy");
    return false;
  }
};

export const load = () => {
  document.querySelectorAll("[data-load]").forEach((part) => fetchInto(part, part.dataset.load));
  document.addEventListener("toggle", async ({ target }) => {
    const part = target.open && target.querySelector("[data-load-open]");
    if (!part) return;
    const box = target.lastElementChild;
    box.classList.remove("is-above");
    await fetchInto(part, part.dataset.loadOpen);
    const { bottom, height } = box.getBoundingClientRect();
    box.classList.toggle("is-above", bottom > innerHeight && target.getBoundingClientRect().top - height > HEAD);
    box.scrollIntoView({ block: "nearest" });
  }, true);
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-into]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (!await fetchInto(document.getElementById(link.dataset.into), link.href)) location.href = link.href;
  });
};
