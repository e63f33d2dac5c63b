"""What axe-core finds wrong with a page, for whoever reads it with a screen reader or a keyboard."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.browser import WIDE

PHONE = (360, 740)
AXE = (Path(__file__).parent / "vendor/axe.min.js").read_text()
# What the size of the screen and its colours decide.
BY_SIGHT = ("color-contrast", "target-size", "scrollable-region-focusable")

# Fields whose edge has less than three times the light of its ground, or the other way round (WCAG 1.4.11, for which
# axe-core has no rule). Those without an edge are known by their label and value.
FAINT_EDGES = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const known = {};
  const seen = (colour) => known[colour] ??= painted(colour);
  const painted = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const light = ([...colours]) => colours.slice(0, 3).map((part) => part / 255)
    .map((part) => (part <= .03928 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4))
    .reduce((sum, part, index) => sum + part * [.2126, .7152, .0722][index], .05);
  const ground = (node) => {
    for (let at = node.parentElement; at; at = at.parentElement) {
      const colour = seen(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255];
  };
  const fields = document.querySelectorAll("input:not([type=hidden]), select, textarea, .select2-selection");
  return [...fields].filter((field) => {
    const { borderTopWidth, borderTopColor } = getComputedStyle(field);
    if (!field.checkVisibility() || !parseFloat(borderTopWidth) || !seen(borderTopColor)[3]) return false;
    const [one, other] = [light(seen(borderTopColor)), light(ground(field))];
    return Math.max(one, other) / Math.min(one, other) < 3;
  }).map((field) => `faint edge: ${field.outerHTML.slice(0, 120)}`);
}"""

COPY = "/admin/copy"  # the address of copies of pages
# A page as it is shown, as HTML: what was typed and chosen is written into its fields. Of scripts only the one goes
# along that fits lists to the width of the screen.
SHOWN = """(outside) => {
  const copy = document.documentElement.cloneNode(true);
  const fields = [...copy.querySelectorAll("input, textarea, option")];
  document.querySelectorAll("input, textarea, option").forEach((field, index) => {
    if (field.matches("[type=checkbox], [type=radio]")) fields[index].toggleAttribute("checked", field.checked);
    else if (field.matches("input:not([type=file])")) fields[index].setAttribute("value", field.value);
    else if (field.matches("textarea")) fields[index].textContent = field.value;
    else if (field.matches("option")) fields[index].toggleAttribute("selected", field.selected);
  });
  copy.querySelectorAll("script:not([src*=simplebar])").forEach((script) => script.remove());
  copy.querySelectorAll("[data-simplebar]").forEach((part) => { part.dataset.simplebar = ""; });
  if (outside) copy.querySelectorAll(outside).forEach((part) => part.replaceChildren());
  return `<!doctype html>${copy.outerHTML}`;
}"""
# Writes a page into the document of the one before, and waits until it has loaded.
WRITE = """async (html) => {
  document.open();
  document.write(html);
  const loaded = new Promise((done, late) => {
    addEventListener("load", done, { once: true });
    setTimeout(late, 10_000, new Error("This page never ends loading"));
  });
  document.close();
  await loaded;
}"""
# What is wrong, as sentences: that is little to carry, where all that axe-core knows of a page is much.
FOUND = """async ([context, options, but]) => {
  if (!window.axe) return null;
  const { violations } = await axe.run(context, options);
  return violations.filter(({ impact }) => ["moderate", "serious", "critical"].includes(impact))
    .filter(({ id }) => !but.includes(id)).flatMap(({ id, nodes }) => nodes.slice(0, 3)
      .map(({ html, any }) => `${id}: ${html.slice(0, 120)} ${any[0]?.message ?? ""}`));
}"""


def serious(
    page: Page, *, but: Iterable[str] = (), only: Sequence[str] = (), touched: bool = False, outside: str = ""
) -> list[str]:
    """What axe-core calls moderate or worse, after the rules of WCAG 2.2 AA and its best practices.

    `only` these rules, if any are given: what changes with the colours needs no other. Where pages are `touched`, what
    is pressed has to have room for a finger. `outside` of a part that was looked at with another page.
    """
    context = {"include": [["html"]], "exclude": [[outside]] if outside else []}
    options: dict[str, Any] = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": touched}}}
    if only:
        options["runOnly"] = {"type": "rule", "values": list(only)}
    asked = [context, options, list(but)]
    found: list[str] | None = page.evaluate(FOUND, asked)
    if found is None:  # the first look into this document
        page.evaluate(AXE)
        found = page.evaluate(FOUND, asked)
    assert found is not None
    return found


def sized(page: Page, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})


def looked_at(page: Page, path: str = "", *, outside: str = "#nav-sidebar") -> list[str]:
    """What is wrong with an admin page, on a wide screen and dark on a phone, but for what is `outside`.

    That is seen in a copy of the page, in a document that stays: there axe-core is compiled, and runs twice as fast.
    """
    if path:
        page.goto(path)
    page.locator("select.admin-autocomplete:not(.select2-hidden-accessible)").wait_for(state="detached")
    copy = copy_of(page, outside)
    looks = [at_a_desk, in_the_dark_on_a_phone]
    # The next page begins at the size at which this one ended.
    if copy.viewport_size == {"width": PHONE[0], "height": PHONE[1]}:
        looks.reverse()
    return [f"{path or page.url} {problem}" for look in looks for problem in look(copy, outside)]


def at_a_desk(copy: Page, outside: str) -> list[str]:
    sized(copy, WIDE)
    copy.evaluate("document.documentElement.classList.remove('dark')")
    found = serious(copy, but=["landmark-unique"], outside=outside)  # the scrolling parts of a list are unfold's
    return [*found, *copy.evaluate(FAINT_EDGES)]


def in_the_dark_on_a_phone(copy: Page, outside: str) -> list[str]:
    sized(copy, PHONE)
    copy.evaluate("document.documentElement.classList.add('dark')")
    found = [*serious(copy, only=BY_SIGHT, outside=outside), *copy.evaluate(FAINT_EDGES)]
    if copy.evaluate("document.documentElement.scrollWidth > innerWidth + 1"):
        found.append("wider than its screen")
    return [f"dark on a phone: {problem}" for problem in found]


def copy_of(page: Page, outside: str) -> Page:
    """What a page shows now, written into a document of the same site that stays open."""
    context = page.context
    copy = next((other for other in context.pages if other.url.endswith(COPY)), None)
    if copy is None:
        copy = context.new_page()
        address = page.url.partition("/admin")[0] + COPY
        copy.route(address, lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
        copy.goto(address)
        copy.unroute(address)
    copy.evaluate(WRITE, page.evaluate(SHOWN, outside))
    return copy
