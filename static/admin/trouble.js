/* What a part of a page asked for and did not get is said, and the part stays as it is. A session that has ended answers
   with the page for signing in, which would otherwise stand in its place. */
(() => {
  const ENDED = "Your session has ended. What you typed stays when you save now: sign in, and save it again.";
  const AWAY = "The server cannot be reached. What you typed is still here, try again.";
  const WRONG = "That did not work. What you typed is still here, try again.";
  const EXPIRED = "You have signed in or out elsewhere since you opened this page. What you typed stays when you save now.";

  const OUT = "Your session has ended. Log in again to go on here; a text that you have begun is kept.";

  const ELSEWHERE = "You have signed in or out elsewhere since you opened this page. Reload it to go on; a text that you have begun is kept.";

  const link = (text) => Object.assign(document.createElement("a"), { className: "hd-button hd-button--small hd-button--primary", href: location.pathname + location.search, textContent: text });
  const say = (words, ...more) => {
    document.querySelector(".hd-trouble")?.remove();
    const close = Object.assign(document.createElement("button"), { type: "button", className: "hd-button hd-button--small", textContent: "Close" });
    const told = Object.assign(document.createElement("div"), { className: "hd-notice hd-notice--red hd-trouble" });
    const text = document.createElement("p");
    text.setAttribute("role", "alert");
    close.addEventListener("click", () => told.remove());
    told.append(text, ...more, close);
    document.body.append(told);
    text.textContent = words;
  };

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!new URL(event.detail.xhr.responseURL || location.href).pathname.endsWith("/login/")) return;
    event.detail.shouldSwap = false;
    say(ENDED);
  });
  document.addEventListener("htmx:responseError", (event) => say(event.detail.xhr.status === 403 ? EXPIRED : WRONG));
  document.addEventListener("htmx:sendError", () => say(AWAY));
  document.addEventListener("htmx:afterSwap", () => document.querySelector(".hd-trouble")?.remove());

  /* Parts that ask now and then learn that nobody is signed in any more: said once, before anything is lost by it. */
  let isSaid = false;
  document.addEventListener("hd:signed-out", ({ detail }) => {
    if (isSaid) return;
    isSaid = true;
    const isForm = document.querySelector("main form [name=signed_by]") && !document.querySelector('[data-page="ticket"]');
    if (detail === "elsewhere") say(ELSEWHERE, link("Reload"));
    else if (isForm) say(ENDED);  // sending it is what keeps it
    else say(OUT, link("Log in"));
  });
})();
