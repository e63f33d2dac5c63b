"""What a browser would send: the fields of a form, as they stand in its page."""

from html.parser import HTMLParser
from typing import Any


class Fields(HTMLParser):
    """`Fields.of(page, "person_form")`: name to values, without the buttons."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self.form, self.is_inside = form, False
        self.found: dict[str, list[str]] = {}
        self.name, self.is_text = "", False
        self.options: list[tuple[str, bool]] = []

    @classmethod
    def of(cls, page: str, form: str) -> dict[str, list[str]]:
        reader = cls(form)
        reader.feed(page)
        return reader.found

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        given = {key: value or "" for key, value in attrs}
        if tag == "form":
            self.is_inside = given.get("id") == self.form
        if not self.is_inside or "disabled" in given:
            return
        kind = given.get("type", "text")
        if tag == "input" and "name" in given and kind not in ("submit", "button", "file"):
            if kind not in ("checkbox", "radio") or "checked" in given:
                self.found.setdefault(given["name"], []).append(given.get("value", "on" if kind == "checkbox" else ""))
        elif tag == "textarea":
            self.name, self.is_text = given.get("name", ""), True
            self.found.setdefault(self.name, []).append("")
        elif tag == "select":
            self.name, self.options = given.get("name", ""), []
        elif tag == "option":
            self.options.append((given.get("value", ""), "selected" in given))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.is_inside = False
        elif tag == "textarea":
            self.is_text = False
        elif tag == "select" and self.is_inside and self.name:
            chosen = [value for value, is_chosen in self.options if is_chosen]
            self.found.setdefault(self.name, []).extend(chosen or [self.options[0][0]] if self.options else [])
            self.name = ""

    def handle_data(self, data: str) -> None:
        if self.is_text and self.is_inside:
            self.found[self.name][-1] += data.removeprefix("\n") if not self.found[self.name][-1] else data
