"""What axe-core finds wrong with a page, for whoever reads it with a screen reader or a keyboard."""

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = Path(__file__).parent / "vendor/axe.min.js"
# What the size of the screen and its colours decide.
BY_SIGHT = ("color-contrast", "target-size", "scrollable-region-focusable")


@cache
def program() -> str:
    return AXE.read_text()


def serious(page: Page, *, but: Iterable[str] = (), only: Sequence[str] = (), outside: str = "") -> list[str]:
    """What axe-core calls serious or critical, after the rules of WCAG 2.2 AA and its best practices.

    `only` these rules, if any are given: what changes with the colours needs no other. `outside` of a part that was
    looked at with another page.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(program())
    context = {"include": [["html"]], "exclude": [[outside]] if outside else []}
    options: dict[str, Any] = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
    if only:
        options["runOnly"] = {"type": "rule", "values": list(only)}
    found = page.evaluate("([context, options]) => axe.run(context, options)", [context, options])
    return [
        f"{violation['id']}: {node['html'][:120]} {node['any'][0]['message'] if node['any'] else ''}"
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical", "moderate") and violation["id"] not in but
        for node in violation["nodes"][:3]
    ]
