/* The week of business hours: intervals come and go, and the bars show what the times say. */
(() => {
  const minutes = (text) => (/^\d\d:\d\d/.test(text) ? Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5)) : null);

  const draw = (week) => {
    const bars = {};
    week.querySelectorAll("[data-day]").forEach((day) => {
      const starts = day.querySelectorAll("input[name$=start]");
      const ends = day.querySelectorAll("input[name$=end]");
      const number = Number(day.dataset.day);
      starts.forEach((start, at) => {
        const from = minutes(start.value);
        const to = minutes(ends[at].value);
        if (from === null || to === null) return;
        const pieces = to > from ? [[number, from, to]] : [[number, from, 1440], [(number + 1) % 7, 0, to]];
        pieces.forEach(([on, begin, end]) => (bars[on] ??= []).push([begin, end]));
      });
    });
    week.querySelectorAll("[data-day]").forEach((day) => {
      day.querySelector(".hd-week__bar").replaceChildren(...(bars[day.dataset.day] || []).map(([begin, end]) => {
        const bar = document.createElementNS("http://www.w3.org/2000/svg", "rect");
        bar.setAttribute("x", begin / 14.4);
        bar.setAttribute("width", (end - begin) / 14.4);
        bar.setAttribute("height", 1);
        return bar;
      }));
    });
  };

  document.addEventListener("click", (event) => {
    const remove = event.target.closest("[data-week] [data-remove], [data-holidays] [data-remove]");
    const add = event.target.closest("[data-week] [data-add]");
    const holiday = event.target.closest("[data-add-holiday]");
    if (remove) {
      const day = remove.closest("[data-day]");
      const next = remove.closest(".hd-week__times, [data-holidays]").querySelector("[data-add], [data-add-holiday]");
      remove.parentElement.remove();
      next.focus();
      if (day) {
        day.querySelector("[data-closed]").hidden = day.querySelectorAll("input").length > 0;
        draw(day.closest("[data-week]"));
      }
    } else if (add) {
      const day = add.closest("[data-day]");
      const isFirst = !day.querySelectorAll("input").length;
      day.querySelector("[data-closed]").hidden = true;
      const row = day.querySelector("template").content.firstElementChild.cloneNode(true);
      const [start, end] = row.querySelectorAll("input");
      if (isFirst) {
        start.value = "09:00";
        end.value = "17:00";
      }
      add.before(row);
      start.focus();
      draw(day.closest("[data-week]"));
    } else if (holiday) {
      const box = holiday.closest("[data-holidays]");
      box.querySelector("[data-closed]")?.remove();
      const row = box.querySelector("template").content.firstElementChild.cloneNode(true);
      holiday.parentElement.before(row);
      row.querySelector("input").focus();
    }
  });

  document.addEventListener("input", (event) => {
    const week = event.target.closest("[data-week]");
    if (week) draw(week);
  });
})();
