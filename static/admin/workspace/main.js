/* The pages of agents work without any of this; each module makes one thing quicker. */
import { countDown } from "./clock.js";
import { listen } from "./keys.js";
import { menus } from "./menus.js";
import { queue } from "./queue.js";

document.documentElement.classList.add("has-script");
const root = document.querySelector("[data-workspace]");
if (root) {
  countDown();
  menus();
  queue(root.querySelector('[data-page="queue"]'));
  listen(root);
}
