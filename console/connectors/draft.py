"""The connector that the wizard is about: in the session as it was typed, right or wrong, so that nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from msgspec.structs import replace

from console.connectors.relay_restrictions import Restrictions
from console.connectors.wizard_forms import IntroductionForm, LocalForm, RemoteForm, RestrictionsForm
from console.publishing.fields import written
from transport.config import rules
from transport.config.receive_connector import ReceiveConnector, Usage
from transport.config.setting import settings

KEY = "new-receive-connector"
PAGES: dict[str, Any] = {
    "introduction": IntroductionForm,
    "local": LocalForm,
    "remote": RemoteForm,
    "restrictions": RestrictionsForm,
}


class Draft:
    """What was entered on each page. `pages` are those that this connector needs, in their order."""

    def __init__(self, session: MutableMapping[str, Any]) -> None:
        self.session = session

    @property
    def entered(self) -> dict[str, dict[str, str]]:
        return dict(self.session.get(KEY, {}))

    @property
    def usage(self) -> Usage:
        chosen = self.entered.get("introduction", {}).get("usage", "")
        return Usage(chosen) if chosen in {usage.value for usage in Usage} else Usage.Custom

    @property
    def pages(self) -> list[str]:
        restrictions = self.usage is Usage.Custom and self.entered.get("introduction", {}).get("restrictions")
        return ["introduction", "local", "restrictions" if restrictions else "remote"]

    def entries(self, page: str) -> dict[str, str]:
        """What a page holds: what was typed, or before that the presets of the intended use."""
        return self.entered.get(page) or presets(page, self.usage)

    def form(self, page: str) -> Any:
        """The page's form with its entries."""
        return PAGES[page](self.entries(page))

    def keep(self, page: str, data: Mapping[str, str]) -> None:
        """Notes what was typed. Another intended use brings new presets, unless they had been changed by hand."""
        draft, before = self.entered, self.usage
        typed = {name: data.get(name, "") for name in names(page)}
        draft = draft | {page: typed}
        if page == "introduction" and typed.get("usage") != before.value:
            draft = {each: kept for each, kept in draft.items() if kept != presets(each, before)}
        self.session[KEY] = draft

    def forget(self) -> None:
        self.session.pop(KEY, None)

    def so_far(self, page: str, form: Any) -> ReceiveConnector:
        """The connector of the pages before this one, as far as they are valid, and of this one's valid form."""
        before = [self.form(each) for each in self.pages[: self.pages.index(page)]]
        return self._made([each for each in before if each.is_valid()] + [form])

    def connector(self) -> ReceiveConnector | None:
        """What the draft makes, or None while a page of it is wrong."""
        every = [self.form(page) for page in self.pages]
        return self._made(every) if all(form.is_valid() for form in every) else None

    @property
    def restrictions(self) -> Restrictions | None:
        """The relay restrictions, where they are taken over and can be understood."""
        form = self.form("restrictions") if "restrictions" in self.pages else None
        return form.wanted if form is not None and form.is_valid() else None

    def wrong_page(self) -> str:
        """The first page that is not valid."""
        return next((page for page in self.pages if not self.form(page).is_valid()), self.pages[0])

    def _made(self, forms: list[Any]) -> ReceiveConnector:
        values = {field: value for form in forms for field, value in form.changes.items()}
        name = str(values.pop("name", "")).strip()
        return replace(rules.preset(self.usage, name), **values)


def names(page: str) -> list[str]:
    """The fields of a page."""
    return [name for name in PAGES[page]().fields if name != "version"]


def presets(page: str, usage: Usage) -> dict[str, str]:
    """What a page shows before anything was typed, as text."""
    connector, table, form = rules.preset(usage, ""), settings(ReceiveConnector), PAGES[page]()
    own = {name: str(form.fields[name].initial or "") for name in names(page) if name not in table}
    return own | {name: written(table[name], getattr(connector, name)) for name in names(page) if name in table}
