"""The property page of a Send connector."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.connectors import models
from console.connectors.forms import SEND_FORMS, let_go
from console.connectors.properties import Properties, labels, slug, tabs
from console.connectors.send_sentence import send_sentence
from console.crud import Tab
from transport.config import rules
from transport.config.send_connector import SendConnector

TEST = "test"


class SendProperties(Properties):
    struct, model, prefix, heading = SendConnector, models.SendConnector, "send-", gettext_lazy("Send connectors")
    forms = {slug(section): form for section, form in SEND_FORMS.items()}
    previews = dict.fromkeys(forms, "connectors/send_preview.html")

    def rules(self, connector: SendConnector) -> list[rules.Problem]:
        return rules.send_problems(connector, ())

    def tabs(self, has_errors: bool) -> list[Tab]:
        return send_tabs(self.row, self.tab, has_errors)

    def templates(self) -> list[str]:
        return ["connectors/send_tab.html"]

    def entered(self, form: Any) -> SendConnector:
        return let_go(super().entered(form))

    def previewed(self, form: Any) -> dict[str, Any]:
        """The warnings, and where mail would go."""
        entered, saved = self.entered(form), send_sentence(self.connector)
        return {
            "form": form,
            "entered_sentence": saved if entered == self.connector else send_sentence(entered),
            "sentence": saved,
            "warnings": list(rules.send_advice(entered)),
        }


def send_tabs(row: models.SendConnector, current: str, has_errors: bool = False) -> list[Tab]:
    """The tabs of a Send connector, the current one marked."""
    return tabs("send-", row, {**labels(SEND_FORMS), TEST: _("Test")}, current, has_errors)
