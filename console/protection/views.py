from __future__ import annotations

from typing import Any

from console.directory import queries as directory
from console.protection import actions
from console.publishing.settings_form import form_of
from console.publishing.single_row_page import SingleRowPage
from transport.config.filters import RecipientFilter, SenderFilter


class FilterPage(SingleRowPage):
    """One page, one form: the settings of a filter."""

    writers = actions.WRITERS

    def save(self, wanted: Any, version: int | None) -> None:
        actions.set_filter(self.actor, wanted, version)


class RecipientFilterPage(FilterPage):
    form_class, template = form_of(RecipientFilter), "protection/recipient_filter.html"

    def more(self) -> dict[str, Any]:
        return {"listed": directory.listed().exists()}


class SenderFilterPage(FilterPage):
    form_class, template = form_of(SenderFilter), "protection/sender_filter.html"
