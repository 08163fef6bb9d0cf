"""The draft of a new Send connector."""

from __future__ import annotations

from typing import Any

from console.connectors.draft import FIRST, Draft
from console.connectors.forms import let_go
from console.connectors.send_wizard_forms import ADDRESS_SPACE, DELIVERY, PAGES, SIGN_IN
from transport.config import rules
from transport.config.send_connector import SendConnector, SendUsage


class SendDraft(Draft[SendConnector]):
    """Who delivers by MX signs in to nobody."""

    kind = "send connector"
    forms = PAGES
    usages = SendUsage

    def preset(self, usage: SendUsage, name: str) -> SendConnector:
        return rules.send_preset(usage, name)

    def make(self, page: str, *data: Any, **options: Any) -> Any:
        form = super().make(page, *data, **options)
        if page == DELIVERY:
            form.only_for(self.usage)
        return form

    def _made(self, forms: list[Any]) -> SendConnector:
        return let_go(super()._made(forms))

    @property
    def pages(self) -> list[str]:
        form = self.form(DELIVERY)
        form.is_valid()
        smart = getattr(form, "cleaned_data", {}).get("dns_routing_enabled") is False
        return [FIRST, DELIVERY, *([SIGN_IN] if smart else []), ADDRESS_SPACE]
