/* What is left until a deadline, kept true while the page is open: <time data-due datetime="…">. */

export const span = (minutes) => {
  const days = Math.floor(minutes / 1440), hours = Math.floor(minutes / 60) % 24, rest = minutes % 60;
  if (days) return hours && days < 10 ? `${days} d ${hours} h` : `${days} d`;
  if (hours) return rest ? `${hours} h ${rest} min` : `${hours} h`;
  return `${rest} min`;
};

const seconds = (left) => `${Math.floor(left / 60)}:${String(Math.floor(left % 60)).padStart(2, "0")}`;

const show = (time) => {
  const left = (new Date(time.dateTime) - Date.now()) / 1000;
  const state = left < 0 ? "late" : left < 3600 ? "soon" : "fine";
  const text = left < 0 ? `${span(Math.floor(-left / 60))} late`
    : time.dataset.due === "live" && left < 3600 ? seconds(left)
    : `${span(Math.floor(left / 60))} left`;
  if (time.textContent !== text) time.textContent = text;
  time.classList.remove("is-late", "is-soon", "is-fine");
  time.classList.add(`is-${state}`);
};

/* A running timer: <output data-timer="start">. */
const run = (output) => {
  const passed = Math.max(0, (Date.now() - new Date(output.dataset.timer)) / 1000);
  const hours = Math.floor(passed / 3600);
  output.textContent = `${hours ? `${hours}:` : ""}${String(Math.floor(passed / 60) % 60).padStart(2, "0")}:${String(Math.floor(passed % 60)).padStart(2, "0")}`;
};

export const countDown = () => {
  const tick = () => {
    if (document.hidden) return;
    document.querySelectorAll("time[data-due]").forEach(show);
    document.querySelectorAll("[data-timer]").forEach(run);
  };
  tick();
  setInterval(tick, 1000);
};
