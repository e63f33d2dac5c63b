/* Ctrl+K goes anywhere from every page. Pages of agents, which have more shortcuts, listen for it themselves. */
(() => {
  const own = document.currentScript.src;
  document.addEventListener("keydown", async (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.key.toLowerCase() !== "k") return;
    if (document.querySelector("[data-workspace]") || !document.getElementById("hd-go")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const { openPalette } = await import(new URL("workspace/palette.js", own).href);
    openPalette();
  }, true);
})();
