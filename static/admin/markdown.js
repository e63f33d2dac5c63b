/* The buttons above a Markdown text: they set marks around what is selected, or before its lines. */
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-mark], [data-line], [data-link]");
  const field = button && document.querySelector(".hd-editor textarea");
  if (!field) return;
  const { selectionStart: from, selectionEnd: to, value } = field;
  const chosen = value.slice(from, to);
  field.focus();
  if (button.dataset.mark) {
    const mark = button.dataset.mark;
    field.setRangeText(`${mark}${chosen}${mark}`, from, to, "end");
    if (!chosen) field.setSelectionRange(from + mark.length, from + mark.length);
  } else if (button.dataset.line) {
    const begin = value.lastIndexOf("\n", from - 1) + 1;
    const lines = value.slice(begin, to).split("\n").map((line) => button.dataset.line + line);
    field.setRangeText(lines.join("\n"), begin, to, "end");
  } else {
    field.setRangeText(`[${chosen || "text"}](https://)`, from, to, "end");
    const end = field.selectionEnd - 1;
    field.setSelectionRange(end, end);
  }
  field.dispatchEvent(new Event("input", { bubbles: true }));
});
