/* The pages of agents work without any of this; each module makes one thing quicker. */
import { countDown } from "./clock.js";
import { composer } from "./composer.js";
import { listen } from "./keys.js";
import { leaving } from "./leaving.js";
import { load } from "./load.js";
import { menus } from "./menus.js";
import { presence } from "./presence.js";
import { queue } from "./queue.js";
import { saves } from "./saves.js";

document.documentElement.classList.add("has-script");
const root = document.querySelector("[data-workspace]");
if (root) {
  countDown();
  menus();
  load();
  leaving(root.querySelector('form[data-page="new"]'));
  queue(root.querySelector("[data-counts]"));
  const ticket = root.querySelector('[data-page="ticket"]');
  if (ticket) {
    /* What was refused is shown where it was sent to; going on from there begins at the ticket. */
    if (/\/(reply|change|do)\/$/.test(location.pathname)) history.replaceState(null, "", ticket.dataset.address);
    const text = composer(ticket, saves(ticket));
    presence(ticket, text);
  }
  listen(root);
}
