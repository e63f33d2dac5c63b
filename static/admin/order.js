/* Lists in an order that people choose: <ol data-order="/address/"> with <li data-key>, dragged by their handles.
   The buttons beside the handle do the same without a mouse, and without this script. */
(() => {
  const token = () => document.querySelector("[name=csrfmiddlewaretoken]").value;
  let dragged = null;
  let before = [];

  const keys = (list) => [...list.querySelectorAll(":scope > [data-key]")].map((row) => row.dataset.key);

  /* Rows with the same data-part are moved among each other, and past no others. */
  const partOf = (row) => [...row.parentElement.children].filter((other) => other.dataset.part === row.dataset.part);

  const send = async (list) => {
    const said = document.querySelector("[data-order-said]");
    const body = new URLSearchParams();
    keys(list).forEach((key) => body.append("key", key));
    const headers = { "X-CSRFToken": token() };
    const answer = await fetch(list.dataset.order, { method: "POST", body, headers }).catch(() => null);
    if (!answer || !answer.ok) {
      location.reload();
      return;
    }
    said.textContent = "The new order is saved.";
    list.querySelectorAll(":scope > [data-key]").forEach((row, place) => {
      const [up, down] = row.querySelectorAll(".hd-order__moves button");
      const part = partOf(row);
      if (up) up.disabled = part[0] === row;
      if (down) down.disabled = part.at(-1) === row;
      const number = row.querySelector("[data-place]");
      if (number) number.textContent = place + 1;
    });
  };

  document.addEventListener("pointerdown", (event) => {
    const handle = event.target.closest(".hd-order__handle");
    if (!handle || event.button) return;
    event.preventDefault();
    dragged = handle.closest("[data-key]");
    before = keys(dragged.parentElement);
    dragged.classList.add("hd-order__row--dragged");
    for (const row of dragged.parentElement.children) {
      row.classList.toggle("hd-order__row--elsewhere", row.dataset.part !== dragged.dataset.part);
    }
    handle.setPointerCapture(event.pointerId);
  });

  document.addEventListener("pointermove", (event) => {
    if (!dragged) return;
    const list = dragged.parentElement;
    const others = partOf(dragged).filter((row) => row !== dragged);
    if (!others.length) return;
    const next = others.find((row) => {
      const box = row.getBoundingClientRect();
      return event.clientY < box.top + box.height / 2;
    }) ?? others.at(-1).nextElementSibling;
    if (next !== dragged && next !== dragged.nextElementSibling) list.insertBefore(dragged, next);
  });

  const drop = () => {
    if (!dragged) return;
    const list = dragged.parentElement;
    dragged.classList.remove("hd-order__row--dragged");
    for (const row of list.children) row.classList.remove("hd-order__row--elsewhere");
    dragged = null;
    if (keys(list).join() !== before.join()) send(list);
  };
  document.addEventListener("pointerup", drop);
  document.addEventListener("pointercancel", drop);
})();
