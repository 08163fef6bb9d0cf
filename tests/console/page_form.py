"""A form of a page, as a browser sees it."""

from __future__ import annotations

from html.parser import HTMLParser


class Form(HTMLParser):
    """The form with the class `sheet`: the `names` of its controls, and what a browser sends of them as they stand."""

    def __init__(self, page: str):
        super().__init__()
        self.sent: dict[str, list[str]] = {}
        self.names: set[str] = set()
        self.inside, self.select, self.text = False, "", ""
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag in ("input", "textarea", "select") and "name" not in given:
            return  # no browser sends it
        if self.inside and tag in ("input", "textarea", "select"):
            self.names.add(given["name"])
        if tag == "form":
            self.inside = "sheet" in given.get("class", "").split()
        elif not self.inside:
            return
        elif tag == "textarea":
            self.text = given["name"]
            self.sent.setdefault(self.text, [""])
        elif tag == "select":
            self.select = given["name"]
        elif tag == "option" and "selected" in given:
            self.sent.setdefault(self.select, []).append(given["value"])
        elif tag == "input" and (given.get("type") not in ("checkbox", "radio") or "checked" in given):
            empty = "on" if given.get("type") == "checkbox" else ""
            self.sent.setdefault(given["name"], []).append(given.get("value", empty))

    def handle_data(self, data: str) -> None:
        if self.text:
            self.sent[self.text][0] += data.removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        self.text = "" if tag == "textarea" else self.text
        self.inside = self.inside and tag != "form"
