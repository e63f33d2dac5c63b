/* Fields that offer what a few letters find: <div data-find="/address/?of=agent"> around a text and a hidden input.
   data-free: the text itself is the value. data-many="name": several are chosen, each a chip with an input of that name. */
(() => {
  let open = null; // {box, list, active}
  let asked = 0;
  let timer = 0;

  const close = () => {
    if (!open) return;
    open.input.removeAttribute("aria-controls");
    open.input.removeAttribute("aria-activedescendant");
    open.input.setAttribute("aria-expanded", "false");
    open.list.remove();
    open = null;
  };

  const mark = (place) => {
    const rows = [...open.list.children];
    if (!rows.length) return;
    open.active = (place + rows.length) % rows.length;
    rows.forEach((row, at) => row.setAttribute("aria-selected", at === open.active));
    rows[open.active].scrollIntoView({ block: "nearest" });
    open.input.setAttribute("aria-activedescendant", rows[open.active].id);
  };

  /* <small data-found> after a field says whom it means. */
  const tell = (box, words = "") => {
    const said = box.parentElement.querySelector("[data-found]");
    if (said) said.textContent = words;
  };

  const choose = (row) => {
    const { box, input } = open;
    const hidden = box.querySelector("input[type=hidden]");
    if (box.dataset.many) {
      const chip = document.createElement("span");
      chip.className = "hd-chip";
      chip.textContent = row.dataset.text;
      const value = Object.assign(document.createElement("input"), { type: "hidden", name: box.dataset.many, value: row.dataset.id });
      const drop = Object.assign(document.createElement("button"), { type: "button", textContent: "×" });
      drop.dataset.drop = "";
      drop.setAttribute("aria-label", `Remove ${row.dataset.text}`);
      chip.append(value, drop);
      box.querySelector(".hd-find__chosen").append(chip);
      input.value = "";
    } else {
      input.value = row.dataset.text;
      input.dataset.chosen = row.dataset.text;
      tell(box, row.querySelector("small")?.textContent);
      if (hidden) hidden.value = row.dataset.id;
    }
    close();
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };

  const show = (box, input, found) => {
    const marked = open?.input === input ? open.list.children[open.active]?.dataset.id : undefined;
    close();
    const list = document.createElement("ul");
    list.className = "hd-find__list";
    list.id = "hd-found";
    list.setAttribute("role", "listbox");
    found.forEach((one, at) => {
      const row = document.createElement("li");
      row.id = `hd-found-${at}`;
      row.setAttribute("role", "option");
      row.dataset.id = one.id;
      row.dataset.text = one.text;
      row.textContent = one.text;
      if (one.hint) row.append(Object.assign(document.createElement("small"), { textContent: one.hint }));
      list.append(row);
    });
    if (!found.length && !("free" in box.dataset)) {
      const none = Object.assign(document.createElement("li"), { className: "hd-faint", textContent: "Nothing found" });
      none.setAttribute("role", "option");
      none.setAttribute("aria-disabled", "true");
      list.append(none);
    }
    if (!list.children.length) return;
    box.append(list);
    open = { box, input, list, active: -1 };
    input.setAttribute("aria-expanded", "true");
    input.setAttribute("aria-controls", list.id);
    const place = found.findIndex((one) => String(one.id) === marked);
    if (place >= 0) mark(place); // it was being chosen when the answer came
  };

  /* What was offered for fewer letters and no longer fits is not on offer while the answer is on its way. */
  const narrow = (text) => {
    const wanted = text.toLowerCase();
    for (const row of [...open.list.children]) {
      if (!row.textContent.toLowerCase().includes(wanted)) row.remove();
    }
    open.active = -1;
    open.input.removeAttribute("aria-activedescendant");
    if (!open.list.children.length) close();
    else [...open.list.children].forEach((row) => row.setAttribute("aria-selected", "false"));
  };

  const ask = (box, input, text) => {
    const mine = ++asked;
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const answer = await fetch(`${box.dataset.find}&q=${encodeURIComponent(text)}`).catch(() => null);
      if (answer?.redirected) document.dispatchEvent(new Event("hd:signed-out"));
      if (!answer?.ok || answer.redirected || mine !== asked || document.activeElement !== input) return;
      show(box, input, (await answer.json()).found);
    }, text ? 150 : 0);
  };

  const FIELDS = "[data-find] input:is([type=text], [type=email])";
  const boxOf = (target) => (target.matches?.(FIELDS) ? target.closest("[data-find]") : null);

  /* What it is has to be known when it is reached, before anything is offered. */
  const introduce = (input) => {
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    if (!input.hasAttribute("aria-expanded")) input.setAttribute("aria-expanded", "false");
  };
  document.querySelectorAll(FIELDS).forEach(introduce);

  document.addEventListener("focusin", (event) => {
    const box = boxOf(event.target);
    if (!box) { if (open && !open.box.contains(event.target)) close(); return; }
    introduce(event.target); // it may have come after the page
    event.target.dataset.chosen ??= event.target.value;
    event.target.select();
    ask(box, event.target, "");
  });

  document.addEventListener("input", (event) => {
    const box = boxOf(event.target);
    if (!box) return;
    const text = event.target.value.trim();
    tell(box);
    if (open?.input === event.target) narrow(text);
    ask(box, event.target, text);
  });

  document.addEventListener("keydown", (event) => {
    if (!open || event.target !== open.input) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      mark(open.active + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && open.list.children[open.active]?.dataset.id !== undefined) {
      event.preventDefault();
      choose(open.list.children[open.active]);
    } else if (event.key === "Escape") {
      event.preventDefault(); // what the field stands in stays open
      event.stopPropagation();
      close();
    }
  });

  document.addEventListener("mousedown", (event) => {
    const row = event.target.closest(".hd-find__list li[data-id]");
    if (row && open) { event.preventDefault(); choose(row); }
  });

  document.addEventListener("click", (event) => {
    const drop = event.target.closest("[data-drop]");
    if (drop) drop.closest(".hd-chip").remove();
  });

  /* What was typed and not chosen is no value: emptied, it means nothing; otherwise the last choice comes back. */
  document.addEventListener("focusout", (event) => {
    const box = boxOf(event.target);
    if (!box) return;
    close();
    if ("free" in box.dataset) return;
    const hidden = box.querySelector("input[type=hidden]");
    if (box.dataset.many) event.target.value = "";
    else if (!event.target.value.trim()) { hidden.value = ""; event.target.dataset.chosen = ""; }
    else event.target.value = event.target.dataset.chosen ?? "";
  });
})();
