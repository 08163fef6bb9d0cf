"""New send connector: name and type, delivery, sign-in to smart hosts, address space, summary, completion."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from console.commands.script import new_commands
from console.connectors import models, queries
from console.connectors.draft import FIRST
from console.connectors.forms import SendForm
from console.connectors.send_draft import SendDraft
from console.connectors.send_sentence import send_sentence
from console.connectors.send_wizard_forms import ADDRESS_SPACE, DELIVERY, SIGN_IN
from console.connectors.wizard import Begin, Completion, Wizard, WizardPages
from console.credentials import queries as credentials
from transport.config import rules
from transport.config.credential import fits
from transport.config.send_connector import SIGNS_IN, SendConnector, SmartHostAuth


class SendPages(WizardPages):
    struct, prefix = SendConnector, "send-"
    heading, title = _("Send connectors"), _("New send connector")
    titles = {
        FIRST: _("Name and type"),
        DELIVERY: _("Delivery"),
        SIGN_IN: _("Sign-in to the smart hosts"),
        ADDRESS_SPACE: _("Address space"),
    }

    def told(self, connector: SendConnector) -> dict[str, Any]:
        return {"sentence": send_sentence(connector), "command": "\n".join(new_commands(connector))}


class SendBegin(SendPages, Begin):
    draft_class = SendDraft


class SendWizard(SendPages, Wizard):
    draft_class = SendDraft
    tabs = SendForm.tabs()
    summary_template = "connectors/send_wizard_summary.html"

    def brought(self) -> dict[str, str]:
        """A credential, and a way to sign in with it."""
        name = self.request.GET.get("credential", "").replace("\0", "")
        kind = credentials.kind_named(name) if self.step == SIGN_IN else None
        if kind is None:
            return {}
        entered = self.draft.entries(SIGN_IN).get("smart_host_auth_mechanism", "")
        usual = SmartHostAuth.OAuth if kind.is_oauth else SmartHostAuth.BasicAuthRequireTLS
        fitting = {each.value for each in SIGNS_IN if fits(kind, each)}
        how = entered if entered in fitting else usual.value
        return {"authentication_credential": name, "smart_host_auth_mechanism": how}

    def show(self, form: Any) -> HttpResponse:
        if self.step == SIGN_IN:
            form.lead_back_to(self.key)
        return super().show(form)

    def problems(self, connector: SendConnector) -> list[rules.Problem]:
        return rules.send_problems(connector, queries.send_connectors())

    def warned(self, connector: SendConnector) -> dict[str, Any]:
        return {"warnings": list(rules.send_advice(connector))}


class SendCompletion(SendPages, Completion):
    model = models.SendConnector

    def pages(self, connector: SendConnector) -> list[str]:
        return [FIRST, DELIVERY, *([] if connector.dns_routing_enabled else [SIGN_IN]), ADDRESS_SPACE]
