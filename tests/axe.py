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
    if found is None:  # the first page of this browser that is looked at
        page.context.add_init_script(AXE)  # those to come have it at once, compiled
        page.evaluate(AXE)
        found = page.evaluate(FOUND, asked)
    assert found is not None
    return found


def sized(page: Page, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})


def looked_at(page: Page, path: str = "", *, outside: str = "#nav-sidebar") -> list[str]:
    """What is wrong with an admin page, on a wide screen and dark on a phone, but for what is `outside`."""
    if path:
        page.goto(path)
    page.locator("select.admin-autocomplete:not(.select2-hidden-accessible)").wait_for(state="detached")
    found = serious(page, but=["landmark-unique"], outside=outside)  # the scrolling parts of a list are unfold's
    found += page.evaluate(FAINT_EDGES)
    sized(page, PHONE)
    page.evaluate("document.documentElement.classList.add('dark')")
    found += [
        f"dark on a phone: {problem}"
        for problem in [*serious(page, only=BY_SIGHT, outside=outside), *page.evaluate(FAINT_EDGES)]
    ]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth + 1"):
        found.append("wider than a phone")
    sized(page, WIDE)
    return [f"{path or page.url} {problem}" for problem in found]
