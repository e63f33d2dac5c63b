/* Forms beside a ticket and within its conversation save without leaving the page: what a text in progress, or a file chosen, would not survive.
   What somebody has typed meanwhile, in this form or another, is put into the parts that come anew. */
import { element } from "./dom.js";
import { onceSettled, unsettled } from "../settled.js";
import { restored, typedIn } from "./typed.js";

const PARTS = ["ws-side", "ws-head", "ws-timeline", "ws-messages"];

/* Where whoever was at a field goes on. One that finds people would offer them anew: the next one, then. */
const back = (field) => (field?.closest("[data-find]")
  ? [...field.form.elements].slice([...field.form.elements].indexOf(field) + 1).find(({ type }) => type !== "hidden") : field);

/* Where whoever is at a control without an id goes on: at the same one, or at the heading of its section. */
const placeOf = (control) => {
  const section = control.closest("section[id]")?.id, { name, value, textContent } = control;
  return () => {
    const part = document.getElementById(section);
    const same = [...(part?.querySelectorAll("button, input, select, textarea, summary, a") || [])]
      .find((each) => !control.id && each.tagName === control.tagName && each.name === name && each.value === value && each.textContent === textContent);
    same?.focus();
    const heading = part?.querySelector("h2");
    if (document.activeElement !== document.body || !heading) return;
    heading.tabIndex = -1;
    heading.focus();
  };
};

export const saves = (ticket) => {
  const side = () => [document.getElementById("ws-side"), document.getElementById("ws-head")];

  /* `sent` says what stood in the fields of a form when it left. */
  const replace = (html, sent = new Map()) => {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    if (!fresh.getElementById("ws-side")) return null;
    const typed = typedIn(side(), sent);
    const focus = document.activeElement?.id, goOn = placeOf(document.activeElement || document.body);
    const scrolled = document.getElementById("ws-side").scrollTop;
    const open = [...document.querySelectorAll("#ws-side details[open] > summary")].map((summary) => summary.textContent);
    for (const id of PARTS) {
      const now = document.getElementById(id), next = fresh.getElementById(id);
      if (now && next) now.replaceWith(document.adoptNode(next));
    }
    document.querySelectorAll("#ws-side details > summary").forEach((summary) => {
      if (open.includes(summary.textContent)) summary.parentElement.open = true;
    });
    const again = restored(side(), typed);
    document.getElementById("ws-side").scrollTop = scrolled;
    if (focus) back(document.getElementById(focus))?.focus();
    if (document.activeElement === document.body) goOn();
    document.querySelector("[data-said]").textContent = document.querySelector("#ws-messages p") ? "" : "Saved.";
    for (const field of again) {
      field.dataset.again = "";
      if (field !== document.activeElement) save(field);
    }
    return fresh;
  };

  /* One after the other: each answer has the state that the next one starts from. */
  let line = Promise.resolve();
  const trouble = (words, ...buttons) => {
    document.querySelector("[data-said]").textContent = "";
    document.getElementById("ws-messages").replaceChildren(element("p", { className: "hd-notice hd-notice--red" }, words, ...buttons));
  };
  /* What did not get through goes once more when asked to, or when the browser says that it is connected again. */
  const unsaved = new Map();
  const saveAgain = () => {
    const forms = [...unsaved];
    unsaved.clear();
    forms.filter(([form]) => form.isConnected).forEach(([form, submitter]) => send(form, submitter));
  };
  const failed = (words, form, submitter) => {
    unsaved.set(form, submitter);
    const button = element("button", { type: "button", className: "hd-button hd-button--small", textContent: "Try again" });
    button.addEventListener("click", saveAgain);
    trouble(words, button);
  };
  window.addEventListener("online", saveAgain);
  const onItsWay = new Map();
  const send = (form, submitter) => {
    const body = new FormData(form, submitter), action = form.action, sent = typedIn([form], null);
    line = line.then(async () => {
      ticket.querySelector("#ws-side").setAttribute("aria-busy", "true");
      try {
        /* Whoever goes on at once does not lose it on the way; browsers keep no more than 64 KB alive. */
        const keepalive = [...body.values()].reduce((sum, value) => sum + (value.length ?? 0), 0) < 15_000;
        const answer = await fetch(action, { method: "POST", body, keepalive, headers: { "HX-Request": "true" } });
        const address = new URL(answer.url);
        const left = answer.redirected && address.pathname !== location.pathname;
        /* Signing in leads to the ticket: the form's own address takes no visits. */
        if (left) location.href = address.pathname.endsWith("/login/") ? ticket.dataset.address : answer.url;
        else if (answer.status === 404) location.href = ticket.dataset.address;
        else if (answer.status === 403) trouble("What you changed is not saved yet. Reload the page: it is offered there again.");
        else if (!answer.ok) failed("The server could not save what you changed. ", form, submitter);
        else if (!replace(await answer.text(), sent)) location.href = ticket.dataset.address;
      } catch {
        failed("The server cannot be reached. What you changed is not saved yet. ", form, submitter);
      }
      if (onItsWay.get(form) === submitter) onItsWay.delete(form);
      ticket.querySelector("#ws-side")?.removeAttribute("aria-busy");
    });
  };
  const save = (field) => {
    delete field.dataset.again;
    const form = field.closest("form[data-saves]");
    if (form) send(form);
  };

  const isOurs = (form, button) => form.closest("#ws-side, #ws-head, #ws-timeline") && !form.action.endsWith("/delete/") && !button?.matches("[data-leaves]");
  ticket.addEventListener("submit", (event) => {
    if (event.defaultPrevented || !isOurs(event.target, event.submitter)) return;
    event.preventDefault();
    if (onItsWay.has(event.target) && onItsWay.get(event.target) === event.submitter) return;
    onItsWay.set(event.target, event.submitter);
    send(event.target, event.submitter);
  });
  ticket.addEventListener("change", (event) => {
    /* A field that finds people knows whom it means, or that it means nobody, once it has been left. */
    if (event.target.closest("[data-find]")) setTimeout(save, 0, event.target);
    else if (!onceSettled(event.target, () => save(event.target)) && event.target.closest("form[data-saves]")) {
      document.querySelector("[data-said]").textContent = "Saved once you leave the field, or press Enter.";
    }
  });
  window.addEventListener("pagehide", () => {
    for (const form of new Set(unsettled().map((field) => field.closest("form[data-saves]")))) {
      if (form) navigator.sendBeacon(form.action, new FormData(form));
    }
  });
  ticket.addEventListener("focusout", (event) => { if (event.target.matches("[data-again]")) save(event.target); });

  return { replace };
};
