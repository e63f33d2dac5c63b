// Makes pages of the portal quicker to use. Everything works without it.
"use strict";

// Answers while typing: <input data-suggest="/help/suggest" data-results="id of a live region">
for (const input of document.querySelectorAll("[data-suggest]")) {
  const results = document.getElementById(input.dataset.results);
  let timer, running, shown = "";
  const ask = async () => {
    const text = input.value.trim();
    if (text === shown) return;
    shown = text;
    running?.abort();
    if (text.length < 3) return results.replaceChildren();
    running = new AbortController();
    try {
      const address = `${input.dataset.suggest}${input.dataset.suggest.includes("?") ? "&" : "?"}q=${encodeURIComponent(text)}`;
      const answer = await fetch(address, { signal: running.signal });
      if (answer.ok && input.value.trim() === text) results.innerHTML = await answer.text();
    } catch { /* without the network the form still works */ }
  };
  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 180); });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && results.firstChild) { results.replaceChildren(); event.preventDefault(); }
    if (event.key === "ArrowDown" && results.querySelector("a")) { results.querySelector("a").focus(); event.preventDefault(); }
  });
  results.addEventListener("keydown", (event) => {
    const links = [...results.querySelectorAll("a")], at = links.indexOf(document.activeElement);
    if (at < 0 || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
    (event.key === "ArrowDown" ? links[at + 1] : at ? links[at - 1] : input)?.focus();
    event.preventDefault();
  });
}

// Files that are too large or too many are said before they travel.
for (const input of document.querySelectorAll("input[type=file][data-max]")) {
  input.addEventListener("change", () => {
    const files = [...input.files];
    const large = files.find((file) => file.size > Number(input.dataset.max));
    const many = files.length > Number(input.dataset.count || 99);
    input.setCustomValidity(large ? `${large.name}: ${input.dataset.tooLarge}` : many ? input.dataset.tooMany : "");
    input.reportValidity();
  });
}

// What was sent is not sent again by a second click.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  event.submitter?.setAttribute("aria-disabled", "true");
});
addEventListener("pageshow", (event) => {
  if (event.persisted) for (const form of document.forms) {
    delete form.dataset.sent;
    form.querySelector("[aria-disabled]")?.removeAttribute("aria-disabled");
  }
});

// Menus close when one looks elsewhere.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(".menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector(".menu[open]");
  if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
});

// A reader is taken to what is wrong.
document.getElementById("problems")?.focus();
