/* Writing an answer: the draft is kept while one types, "/" finds canned responses, and nothing is sent twice. */
import { element } from "./dom.js";

const PAUSE = 1200;
const STALE = "Reload the page, your text is kept";  // the form is of a session that has ended

export const composer = (ticket, page) => {
  const form = ticket.querySelector("[data-composer]");
  const text = form.querySelector("[data-text]");
  const state = form.querySelector("[data-draft-state]");
  let waiting = null, kept = text.value, typedAt = 0, sent = false, keeping = null;

  const grow = () => {
    text.style.height = "auto";
    text.style.height = `${Math.min(text.scrollHeight + 2, window.innerHeight * 0.5)}px`;
  };

  /* A copy in the browser, for when the server cannot be reached or wants to be signed in to first. */
  const copy = `draft ${ticket.dataset.person} ${ticket.dataset.draft}`;
  const again = sessionStorage.getItem(copy);
  if (again === text.value) sessionStorage.removeItem(copy);
  else if (again) {
    const other = text.value;  // what the server has
    text.value = again;
    state.textContent = "Your text is here again ";
    if (other.trim() && !again.includes(other.trim())) {
      const both = element("button", { type: "button", className: "hd-button hd-button--small hd-button--quiet", textContent: "Add the draft on the server" });
      both.addEventListener("click", () => {
        text.value = `${other}\n\n${text.value}`;
        text.dispatchEvent(new Event("input", { bubbles: true }));
        text.focus();
      });
      state.after(both);
      form.addEventListener("input", () => both.remove(), { once: true });
    }
  }

  const keep = () => {
    clearTimeout(waiting);
    waiting = null;
    if (text.value === kept || sent) return keeping;
    keeping = post().finally(() => { keeping = null; });
    return keeping;
  };
  const post = async () => {
    const now = text.value;
    const body = new FormData(form);
    body.delete("files");
    try {
      const answer = await fetch(ticket.dataset.draft, { method: "POST", body, keepalive: true });
      if (answer.redirected || !answer.ok) throw new Error(String(answer.status));
      kept = now;
      if (text.value === now) sessionStorage.removeItem(copy);
      state.textContent = now.trim() ? "Draft kept" : "";
    } catch (problem) {
      state.textContent = problem.message === "403" ? STALE : "Kept in this browser only";
    }
  };

  text.addEventListener("input", () => {
    typedAt = Date.now();
    sessionStorage.setItem(copy, text.value);
    grow();
    state.textContent = "";
    clearTimeout(waiting);
    waiting = setTimeout(keep, PAUSE);
    suggest();
  });
  form.addEventListener("change", (event) => {
    if (event.target.name === "kind") {
      kept = null;
      text.focus();
    }
  });
  document.addEventListener("visibilitychange", () => { if (document.hidden) keep(); });
  window.addEventListener("pagehide", keep);
  /* Whoever logs out in the middle of a word finds it in their draft: on the way out the session would have ended before. */
  document.addEventListener("submit", async (event) => {
    const leaving = event.target;
    if (leaving.id !== "logout-form" || text.value === kept) return;
    event.preventDefault();
    await Promise.race([keep(), new Promise((done) => { setTimeout(done, 2000); })]);
    leaving.submit();
  });
  if (text.value) form.classList.add("is-open");
  grow();
  text.addEventListener("focus", () => {
    form.classList.add("is-open");
    const isAtEnd = window.innerHeight + window.scrollY > document.documentElement.scrollHeight - 160;  // the field has grown by now
    if (isAtEnd) requestAnimationFrame(() => window.scrollTo({ top: document.documentElement.scrollHeight }));
  });
  /* What was said last stands right above the answer. */
  window.addEventListener("load", () => setTimeout(() => { history.scrollRestoration = "auto"; }, 300));
  const notSaved = ticket.querySelector(".ws-unsaved");
  const isOutOfSight = notSaved && getComputedStyle(notSaved.closest(".ws-head")).position !== "sticky";
  if (isOutOfSight) notSaved.scrollIntoView({ block: "center" });
  else if (!location.hash || location.hash === "#latest") ticket.querySelector("#latest")?.scrollIntoView({ block: "end" });

  /* Files that go along, by name. */
  const files = form.querySelector("[data-files]");
  const chosen = form.querySelector("[data-chosen]");
  const name = () => {
    chosen.replaceChildren(...[...files.files].map((file) => element("span", { className: "ws-chip", textContent: file.name })));
    if (files.files.length) {
      const none = element("button", { type: "button", className: "hd-button hd-button--small hd-button--quiet", textContent: "No files" });
      none.addEventListener("click", () => { files.value = ""; name(); text.focus(); });
      chosen.append(none);
    }
  };
  /* Caught before it reaches the field, where unfold would write the path into a text beside it, and there is none. */
  form.addEventListener("change", (event) => {
    if (event.target !== files) return;
    event.stopPropagation();
    name();
  }, true);

  text.addEventListener("paste", (event) => {
    const pasted = [...event.clipboardData.files];
    if (!pasted.length) return;
    event.preventDefault();
    const all = new DataTransfer();
    [...files.files, ...pasted].forEach((file) => all.items.add(file));
    files.files = all.files;
    name();
  });

  /* Sending: once, and after a draft that is on its way. What is refused is shown here, so that files stay chosen. */
  const idle = (isIdle) => {
    sent = !isIdle;
    form.querySelectorAll("button").forEach((button) => { button.disabled = !isIdle; });
  };
  const refused = (html) => {
    const fresh = page.replace(html);
    if (!fresh) return false;
    const now = form.querySelector("#ws-newer"), next = fresh.getElementById("ws-newer");
    now.replaceChildren(...next.childNodes);
    now.hidden = next.hidden;
    form.elements.seen.value = fresh.querySelector('[name="seen"]').value;
    ticket.querySelector(".ws-message.is-new")?.scrollIntoView({ block: "center" });
    return true;
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (sent) return;
    const body = new FormData(form, event.submitter);
    idle(false);
    state.textContent = "Sending…";
    let problem = "Not sent, but kept. Try again.";
    try {
      if (keeping) await Promise.race([keeping, new Promise((done) => { setTimeout(done, 2000); })]);
      const answer = await fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true" } });
      if (answer.redirected) location.href = ticket.dataset.address;  // signed out meanwhile
      else if (answer.ok) {
        const { to } = await answer.json();
        sessionStorage.removeItem(copy);
        if (to.split("#")[0] === location.pathname + location.search) {
          history.scrollRestoration = "manual";  // on to the message that was sent, not to where its writer was
          history.replaceState(null, "", to);
          location.reload();
        } else location.href = to;
      } else if (refused(await answer.text())) problem = "";
      else if (answer.status === 403) {
        sessionStorage.setItem(copy, text.value);
        problem = STALE;
      } else if (answer.status === 404) form.submit();  // the ticket is gone: a page with the text to be copied
      else throw new Error(String(answer.status));
      if (answer.ok || answer.status === 404) return;
    } catch { /* said below */ }
    idle(true);
    state.textContent = problem;
    text.focus();
  });
  window.addEventListener("pageshow", () => idle(true));
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit(form.querySelector("[data-send]"));
    }
  });

  /* Canned responses: a slash and letters before the cursor, or the button. */
  const list = form.querySelector("#ws-canned");
  let found = [], at = 0, asked = 0;
  const slash = () => text.value.slice(0, text.selectionStart).match(/(?:^|\s)(\/[\w-]{0,40})$/)?.[1];
  const close = () => { list.hidden = true; found = []; text.removeAttribute("aria-activedescendant"); };
  const mark = () => {
    [...list.children].forEach((item, index) => item.setAttribute("aria-selected", index === at));
    if (list.children[at]) text.setAttribute("aria-activedescendant", list.children[at].id);
    list.children[at]?.scrollIntoView({ block: "nearest" });
  };
  const take = (entry) => {
    const end = text.selectionStart;
    const start = end - (slash()?.length || 0);
    text.setRangeText(entry.text, start, end, "end");
    close();
    text.focus();
    text.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const offer = async (words) => {
    const mine = ++asked;
    try {
      const answer = await fetch(`${ticket.dataset.canned}?q=${encodeURIComponent(words)}`, { headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected || mine !== asked) return;
      found = (await answer.json()).responses;
    } catch { return; }
    at = 0;
    list.replaceChildren(...found.map((entry, index) => {
      const item = element("li", { id: `ws-canned-${index}`, role: "option" },
        element("strong", { textContent: entry.title }), element("kbd", { textContent: entry.shortcut ? `/${entry.shortcut.replace(/^\//, "")}` : "" }),
        element("small", { textContent: entry.text.slice(0, 140) }));
      item.addEventListener("mousedown", (event) => { event.preventDefault(); take(entry); });
      return item;
    }));
    if (!found.length) list.replaceChildren(element("li", { textContent: "No canned response fits. They live under Settings.", className: "hd-faint" }));
    list.hidden = false;
    mark();
  };
  const suggest = () => {
    const words = slash();
    if (words === undefined) { asked++; close(); } else offer(words);
  };
  text.addEventListener("keydown", (event) => {
    if (list.hidden || !found.length) return;
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) at = (at + by + found.length) % found.length;
    else if (event.key === "Enter" || event.key === "Tab") take(found[at]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
    mark();
  });
  form.querySelector("[data-canned-open]").addEventListener("click", () => { text.focus(); offer(""); });
  text.addEventListener("blur", () => setTimeout(close, 150));

  return { isTyping: () => Date.now() - typedAt < 8000, keep };
};
