/* On wide windows the sidebar is full or a rail of icons, as it was left; where nobody has chosen yet, the pages of
   agents begin with the rail unless the window has room for both. */
(() => {
  const KEY = "sidebarDesktopOpen";
  const { body } = document;
  const roomy = matchMedia("(min-width: 1600px)");
  const chosen = () => localStorage.getItem(KEY);

  const show = () => {
    const full = chosen() === null ? roomy.matches || !body.matches(".hd-work") : chosen() === "1";
    body.dataset.sidebar = full ? "full" : "rail";
    document.getElementById("hd-sidebar")?.setAttribute("aria-expanded", full);
  };

  show();
  roomy.addEventListener("change", show);
  document.addEventListener("DOMContentLoaded", show);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#hd-sidebar")) return;
    localStorage.setItem(KEY, body.dataset.sidebar === "full" ? "0" : "1");
    show();
  });
})();
