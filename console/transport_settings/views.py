from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from console.crud.layout import Tab
from console.publishing.published import kind_of
from console.publishing.settings_form import form_of
from console.publishing.single_row import SingleSettings
from console.publishing.single_row_page import SingleRowPage
from console.transport_settings import actions
from console.transport_settings.schedule import schedule
from transport.config.transport_config import TransportConfig
from transport.config.transport_limits import TransportLimits


class TransportPage(SingleRowPage):
    """A tab of the transport settings."""

    writers = actions.WRITERS
    template = "transport_settings/page.html"

    def save(self, wanted: Any, version: int | None) -> None:
        actions.save(self.actor, wanted, version)

    def title(self) -> str:
        return _("Transport settings")

    def saved(self) -> str:
        return _("The transport settings are saved.")

    def more(self) -> dict[str, Any]:
        pages = [("limits", _("Retry and expiry")), ("organization", _("Organization"))]
        urls = {name: reverse(f"transport_settings:{name}") for name, _label in pages}
        return {"tabs": [Tab(label, urls[name], urls[name] == self.request.path) for name, label in pages]}


class LimitsPage(TransportPage):
    form_class = form_of(TransportLimits)

    def more(self) -> dict[str, Any]:
        now = SingleSettings(kind_of(TransportLimits)).now()
        return super().more() | {"sentence": schedule(now)}


class OrganizationPage(TransportPage):
    form_class = form_of(TransportConfig)
