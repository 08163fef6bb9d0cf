"""A list of lines of which the usual ones are ticked and the others written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _


class OfferedLines(forms.Textarea):
    """`offered`: line → what it means. The value is one text, with what is ticked first."""

    def __init__(self, attrs: Mapping[str, Any] | None = None, offered: Mapping[str, str] | None = None):
        super().__init__(dict(attrs or {}))
        self.offered = dict(offered or {})

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str:
        ticked = data.getlist(f"{name}-ticked") if hasattr(data, "getlist") else []
        return "\n".join(dict.fromkeys([*ticked, *(data.get(name) or "").splitlines()]))

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        lines = [line.strip() for line in (value or "").splitlines()]
        rest = "\n".join(line for line in lines if line not in self.offered)
        boxes = format_html_join("", TICKED, self._boxes(name, lines))
        others = super().render(name, rest, {**(attrs or {}), "rows": 2}, renderer)
        return format_html('<div class="choices">{}</div><div class="help">{}</div>{}', boxes, _("Others:"), others)

    def _boxes(self, name: str, lines: list[str]) -> list[tuple[str, str, str, str, str, str, str]]:
        boxes = []
        for number, (line, meaning) in enumerate(self.offered.items()):
            place = f"id_{name}_{number}"
            boxes.append((place, name, line, " checked" if line in lines else "", place, line, meaning))
        return boxes


TICKED = (
    '<div class="check"><input type="checkbox" id="{}" name="{}-ticked" value="{}"{}>'
    '<label for="{}"><span class="mono">{}</span> <span class="soft">{}</span></label></div>'
)
