/* Whoever chooses with the keyboard passes other values on the way: a list or a date counts once it has been left, or
   Enter was pressed. A mouse chooses once. */

const PASSES = "select, input[type=date], input[type=datetime-local]";
const waiting = new Map();
let key = "", at = 0;

const done = (field) => {
  const act = waiting.get(field);
  waiting.delete(field);
  act?.();
};

document.addEventListener("keydown", (event) => {
  if (!event.target.matches?.(PASSES)) return;
  key = event.key;
  at = Date.now();
  if (key !== "Enter" || !waiting.has(event.target)) return;
  event.preventDefault();
  done(event.target);
}, true);
document.addEventListener("focusout", (event) => done(event.target));

/* Does what a change asks for, at once or when it is final; says whether that was at once. */
export const onceSettled = (field, act) => {
  const isPassing = field.matches(PASSES) && key !== "Enter" && Date.now() - at < 250;
  waiting.delete(field);
  if (isPassing) waiting.set(field, act);
  else act();
  return !isPassing;
};

/* What is still waited for when the page goes. */
export const unsettled = () => [...waiting.keys()];
