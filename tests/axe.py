"""What axe-core finds wrong with a page, for whoever reads it with a screen reader or a keyboard."""

from collections.abc import Iterable
from pathlib import Path

from playwright.sync_api import Page

AXE = Path(__file__).parent / "vendor/axe.min.js"


def serious(page: Page, *, but: Iterable[str] = ()) -> list[str]:
    """What axe-core calls serious or critical, after the rules of WCAG 2.2 AA and its best practices."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{violation['id']}: {node['html'][:120]} {node['any'][0]['message'] if node['any'] else ''}"
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical", "moderate") and violation["id"] not in but
        for node in violation["nodes"][:3]
    ]
