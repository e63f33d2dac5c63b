/* What stands in the fields of some parts of the page, for when these are exchanged for what the server says anew. */

const FIELDS = 'input:not([type="hidden"]):not([type="file"]), textarea, select';
const isTick = (field) => field.type === "checkbox" || field.type === "radio";
const state = (field) => (isTick(field) ? field.checked : field.value);

/* As the page came. */
const original = (field) => {
  if (isTick(field)) return field.defaultChecked;
  if (field.tagName !== "SELECT") return field.defaultValue;
  return ([...field.options].find((option) => option.defaultSelected) || field.options[0])?.value ?? "";
};

const fields = (parts) => parts.flatMap((part) => [...part.querySelectorAll(FIELDS)]).filter((field) => !field.closest("[data-find]:not([data-free])"));

/* A field is known by its id, or by its place among those of its name in a section. */
const key = (field) => {
  if (field.id) return field.id;
  const part = field.closest("[id]:not(form)");
  return `${part?.id} ${field.name} ${[...(part || document).querySelectorAll(FIELDS)].filter(({ name }) => name === field.name).indexOf(field)}`;
};

/* What differs from `known`, or from how the page came; with null, everything. */
export const typedIn = (parts, known) => new Map(fields(parts)
  .filter((field) => known === null || state(field) !== (known.has(key(field)) ? known.get(key(field)) : original(field)))
  .map((field) => [key(field), state(field)]));

/* Puts it there again, and says which fields that were. */
export const restored = (parts, typed) => fields(parts).filter((field) => {
  const value = typed.get(key(field));
  if (value === undefined || value === state(field)) return false;
  if (isTick(field)) field.checked = value; else field.value = value;
  return true;
});
