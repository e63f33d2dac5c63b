/* <button data-insert="{{customer.name}}">: puts its text into the field that has data-insert-target, at the cursor. */
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-insert]");
  const field = button && document.querySelector("[data-insert-target]");
  if (!field) return;
  field.focus();
  field.setRangeText(button.dataset.insert, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
});
