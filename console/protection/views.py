from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from console.directory import queries as directory
from console.protection import actions, queries
from console.protection.forms import RecipientFilterForm, SenderFilterForm
from console.publishing.models import SingleRow
from console.publishing.published import kind_of
from console.publishing.single_row_page import SingleRowPage


class FilterPage(SingleRowPage):
    """One page, one form: the settings of a filter."""

    writers = actions.WRITERS

    def row(self) -> SingleRow:
        return queries.filter_settings(self.form_class.struct)

    def save(self, wanted: Any, version: int | None) -> None:
        actions.set_filter(self.actor, wanted, version)

    def title(self) -> str:
        return _(kind_of(self.form_class.struct).noun)


class RecipientFilterPage(FilterPage):
    form_class, template = RecipientFilterForm, "protection/recipient_filter.html"

    def more(self) -> dict[str, Any]:
        return {"listed": directory.listed().exists()}


class SenderFilterPage(FilterPage):
    form_class, template = SenderFilterForm, "protection/sender_filter.html"
