/* Lists in an order that people choose: <ol data-order="/address/"> with <li data-key>, dragged by their handles.
   The buttons beside the handle do the same without a mouse, and without this script. */
(() => {
  const token = () => document.querySelector("[name=csrfmiddlewaretoken]").value;
  let dragged = null;
  let before = [];

  const keys = (list) => [...list.querySelectorAll(":scope > [data-key]")].map((row) => row.dataset.key);

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
    list.querySelectorAll(":scope > [data-key]").forEach((row, place, all) => {
      const [up, down] = row.querySelectorAll(".hd-order__moves button");
      if (up) up.disabled = place === 0;
      if (down) down.disabled = place === all.length - 1;
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
    handle.setPointerCapture(event.pointerId);
  });

  document.addEventListener("pointermove", (event) => {
    if (!dragged) return;
    const list = dragged.parentElement;
    const next = [...list.children].find((row) => {
      const box = row.getBoundingClientRect();
      return row !== dragged && event.clientY < box.top + box.height / 2;
    });
    if (next !== dragged.nextElementSibling) list.insertBefore(dragged, next || null);
  });

  const drop = () => {
    if (!dragged) return;
    const list = dragged.parentElement;
    dragged.classList.remove("hd-order__row--dragged");
    dragged = null;
    if (keys(list).join() !== before.join()) send(list);
  };
  document.addEventListener("pointerup", drop);
  document.addEventListener("pointercancel", drop);
})();
