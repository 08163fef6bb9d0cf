"""The draft of a new Receive connector."""

from __future__ import annotations

from typing import Any

from console.connectors.draft import FIRST, Draft
from console.connectors.receive_wizard_forms import IntroductionForm, LocalForm, RemoteForm, RestrictionsForm
from console.connectors.relay_restrictions import Restrictions
from transport.config import rules
from transport.config.receive_connector import ReceiveConnector, Usage

SUBMISSION = 587


class ReceiveDraft(Draft[ReceiveConnector]):
    kind = "receive connector"
    forms = {FIRST: IntroductionForm, "local": LocalForm, "remote": RemoteForm, "restrictions": RestrictionsForm}
    usages = Usage

    def make(self, page: str, *data: Any, **options: Any) -> Any:
        port = {"port": SUBMISSION} if page == "local" and self.usage is Usage.Client else {}
        return super().make(page, *data, **options, **port)

    def preset(self, usage: Usage, name: str) -> ReceiveConnector:
        return rules.preset(usage, name)

    @property
    def pages(self) -> list[str]:
        restrictions = self.usage is Usage.Custom and self.entered.get(FIRST, {}).get("restrictions")
        return [FIRST, "local", "restrictions" if restrictions else "remote"]

    @property
    def restrictions(self) -> Restrictions | None:
        """The relay restrictions, where they are taken over and can be understood."""
        form = self.form("restrictions") if "restrictions" in self.pages else None
        return form.wanted if form is not None and form.is_valid() else None
