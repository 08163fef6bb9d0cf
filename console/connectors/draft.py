"""The connector that a wizard is about, as it was typed, right or wrong, so that nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Generic, TypeVar

import msgspec

from console.connectors.offered_lines import OfferedLines
from console.publishing.fields import written
from transport.config.setting import settings

Connector = TypeVar("Connector", bound=msgspec.Struct)
FIRST = "introduction"
"""The page that asks for name and use."""


class Draft(Generic[Connector]):
    """What was entered on each page. `kind`: of which wizard; `forms`: page → form; `usages`: what a connector may be
    meant for, the first one unless another is chosen.
    """

    kind: str
    forms: Mapping[str, Any]
    usages: type[Enum]

    def __init__(self, entered: Mapping[str, dict[str, str]]) -> None:
        self.entered = dict(entered)

    def preset(self, usage: Any, name: str) -> Connector:
        """A new connector as its use begins."""
        raise NotImplementedError

    @property
    def pages(self) -> list[str]:
        """Those that this connector needs, in their order."""
        raise NotImplementedError

    @property
    def usage(self) -> Any:
        chosen = self.entered.get(FIRST, {}).get("usage", "")
        known = {usage.value: usage for usage in self.usages}
        return known.get(chosen, next(iter(self.usages)))

    @property
    def name(self) -> str:
        """As it was typed; empty where nothing was yet."""
        return self.entered.get(FIRST, {}).get("name", "").strip()

    def make(self, page: str, *data: Any, **options: Any) -> Any:
        """The form of a page."""
        return self.forms[page](*data, **options)

    def entries(self, page: str) -> dict[str, str]:
        """What a page holds: what was typed, or before that the presets of the use."""
        return self.entered.get(page) or self.presets(page, self.usage)

    def form(self, page: str) -> Any:
        """The page's form with its entries."""
        return self.make(page, self.entries(page))

    def keep(self, page: str, data: Mapping[str, str]) -> None:
        """Notes what was typed. Another use brings new presets, unless they had been changed by hand."""
        draft, before = self.entered, self.usage
        typed = {name: _typed(field, data, name) for name, field in self.make(page).fields.items() if name != "version"}
        draft = draft | {page: typed}
        if page == FIRST and typed.get("usage") != before.value:
            draft = {each: kept for each, kept in draft.items() if kept != self.presets(each, before)}
        self.entered = draft

    def so_far(self, page: str, form: Any) -> Connector:
        """The connector of the pages before this one, as far as they are valid, and of this one's valid form."""
        before = [self.form(each) for each in self.pages[: self.pages.index(page)]]
        return self._made([each for each in before if each.is_valid()] + [form])

    def connector(self) -> Connector | None:
        """What the draft makes, or None while a page of it is wrong."""
        every = [self.form(page) for page in self.pages]
        return self._made(every) if all(form.is_valid() for form in every) else None

    def wrong_page(self) -> str:
        """The first page that is not valid."""
        return next((page for page in self.pages if not self.form(page).is_valid()), self.pages[0])

    def _made(self, forms: list[Any]) -> Connector:
        values = {field: value for form in forms for field, value in form.changes.items()}
        name = str(values.pop("name", "")).strip()
        return msgspec.structs.replace(self.preset(self.usage, name), **values)

    def names(self, page: str) -> list[str]:
        """The fields of a page."""
        return [name for name in self.make(page).fields if name != "version"]

    def presets(self, page: str, usage: Any) -> dict[str, str]:
        """What a page shows before anything was typed, as a browser sends it."""
        connector, form = self.preset(usage, ""), self.make(page)
        table, names = settings(type(connector)), self.names(page)
        own = {name: str(form.fields[name].initial or "") for name in names if name not in table}
        return own | {name: _sent(form.fields[name], table[name], connector, name) for name in names if name in table}


def _typed(field: Any, data: Any, name: str) -> str:
    """What a page sent for a field: of one that is ticked and written, both."""
    if isinstance(field.widget, OfferedLines):
        return field.widget.value_from_datadict(data, {}, name)
    return str(data.get(name, ""))


def _sent(field: Any, setting: Any, connector: Any, name: str) -> str:
    value = getattr(connector, name)
    if isinstance(value, bool):
        return str(value) if hasattr(field, "choices") else "on" if value else ""
    return written(setting, value)
