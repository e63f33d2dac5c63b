/* Who else is at the ticket, and whether somebody wrote meanwhile: asked every ten seconds while the page is seen. */
import { element } from "./dom.js";

const EVERY = 10_000;

export const presence = (ticket, text) => {
  const form = ticket.querySelector("[data-composer]");
  const others = () => ticket.querySelector("#ws-present");
  const newer = form.querySelector("#ws-newer");
  const body = (more) => {
    const data = new FormData();
    for (const name of ["csrfmiddlewaretoken", "seen"]) data.append(name, form.elements[name].value);
    Object.entries(more).forEach(([name, value]) => data.append(name, value));
    return data;
  };
  const show = ({ others: people, newer: count }) => {
    const said = people.map(({ name, typing }) => {
      const one = element("span", { className: "ws-present__one" });
      one.append(element("bdi", { textContent: name }), typing ? " is typing" : " is here");
      return one;
    });
    if (others().textContent !== said.map((one) => one.textContent).join("")) others().replaceChildren(...said);
    if (count && newer.hidden) {
      const link = element("a", { className: "hd-button hd-button--small", href: `${ticket.dataset.address}#latest`, textContent: "Show" });
      link.addEventListener("click", async (event) => {
        event.preventDefault();
        await text.keep();
        location.reload();
      });
      newer.replaceChildren(element("span", { textContent: count === 1 ? "A new message has arrived." : `${count} new messages have arrived.` }), link);
      newer.hidden = false;
    }
  };
  const say = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(ticket.dataset.presence, { method: "POST", body: body({ typing: text.isTyping() ? "yes" : "" }) });
      if (answer.ok && !answer.redirected) show(await answer.json());
      else if (answer.status === 404) gone();
      else if (answer.status === 403) document.dispatchEvent(new CustomEvent("hd:signed-out", { detail: "elsewhere" }));
      else if (answer.redirected) document.dispatchEvent(new Event("hd:signed-out"));
    } catch { /* the next one will do */ }
  };
  const gone = () => {
    newer.replaceChildren(element("span", { textContent: "This ticket was deleted, or handed to others. Nothing more can be sent or saved here." }));
    newer.hidden = false;
    clearInterval(again);
  };
  say();
  const again = setInterval(say, EVERY);
  document.addEventListener("visibilitychange", say);
  window.addEventListener("pagehide", () => navigator.sendBeacon(ticket.dataset.presence, body({ leave: "yes" })));
};
