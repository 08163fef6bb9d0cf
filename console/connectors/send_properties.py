"""The property page of a Send connector."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy

from console.connectors import models
from console.connectors.forms import SendForm, let_go
from console.connectors.properties import Properties
from console.connectors.send_sentence import send_sentence
from transport.config import rules
from transport.config.send_connector import SendConnector

TEST = "test"


class SendProperties(Properties):
    struct, model, prefix, heading = SendConnector, models.SendConnector, "send-", gettext_lazy("Send connectors")
    form_class, more = SendForm, {TEST: gettext_lazy("Test")}
    panels = {"Security": "connectors/send_security.html"}

    def rules(self, connector: SendConnector) -> list[rules.Problem]:
        return rules.send_problems(connector, ())

    def entered(self, form: Any) -> SendConnector:
        return let_go(super().entered(form))

    def previewed(self, form: Any) -> dict[str, Any]:
        """The warnings, and where mail would go."""
        entered, saved = self.entered(form), send_sentence(self.connector)
        return {
            "form": form,
            "entered": entered,
            "entered_sentence": saved if entered == self.connector else send_sentence(entered),
            "sentence": saved,
            "warnings": list(rules.send_advice(entered)),
        }
