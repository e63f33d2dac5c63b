/* Forms beside a ticket save without leaving the page: what a text in progress, or a file chosen, would not survive. */

const PARTS = ["ws-side", "ws-head", "ws-timeline", "ws-messages"];

export const saves = (ticket) => {
  const replace = (html) => {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    if (!fresh.getElementById("ws-side")) return false;
    const focus = document.activeElement?.id;
    const open = [...document.querySelectorAll("#ws-side details[open] > summary")].map((summary) => summary.textContent);
    for (const id of PARTS) {
      const now = document.getElementById(id), next = fresh.getElementById(id);
      if (now && next) now.replaceWith(document.adoptNode(next));
    }
    document.querySelectorAll("#ws-side details > summary").forEach((summary) => {
      if (open.includes(summary.textContent)) summary.parentElement.open = true;
    });
    document.querySelector("[data-said]").textContent = document.querySelector("#ws-messages p") ? "" : "Saved.";
    if (focus) document.getElementById(focus)?.focus();
    return true;
  };

  const send = async (form, submitter) => {
    const body = new FormData(form, submitter);
    ticket.querySelector("#ws-side").setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true" } });
      const address = new URL(answer.url);
      const left = answer.redirected && address.pathname !== location.pathname;
      if (left || !answer.ok || !replace(await answer.text())) location.href = left ? answer.url : location.href;
    } catch {
      form.submit();
    }
    ticket.querySelector("#ws-side")?.removeAttribute("aria-busy");
  };

  const isOurs = (form) => form.closest("#ws-side, #ws-head") && !form.action.endsWith("/delete/");
  ticket.addEventListener("submit", (event) => {
    if (event.defaultPrevented || !isOurs(event.target)) return;
    event.preventDefault();
    send(event.target, event.submitter);
  });
  ticket.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-saves]");
    if (form) send(form);
  });
};
