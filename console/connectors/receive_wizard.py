"""New receive connector: Introduction, Local network settings, Remote network settings, Summary, Completion.

For Custom use the relay restrictions of Exchange 2003 may take the place of the remote network settings.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from console.commands.script import new_commands
from console.connectors import models, queries
from console.connectors.draft import FIRST
from console.connectors.forms import ReceiveForm
from console.connectors.own_addresses import not_here, readable
from console.connectors.proposals import CLIENT
from console.connectors.receive_draft import ReceiveDraft
from console.connectors.receive_wizard_forms import RestrictionsForm
from console.connectors.relay_restrictions import remarks
from console.connectors.sentence import sentence
from console.connectors.summary import shown
from console.connectors.warnings import warned
from console.connectors.wizard import Begin, Completion, Wizard, WizardPages
from console.protection import queries as protection
from console.publishing import queries as publishing
from console.publishing.gateways import known
from transport.config import rules
from transport.config.receive_connector import ReceiveConnector
from transport.receive.relayed_domains import domains_taken

SHOWN = 8  # ranges
MOST_DOMAINS = 10  # looked up at once


class ReceivePages(WizardPages):
    struct, prefix = ReceiveConnector, "receive-"
    heading, title = _("Receive connectors"), _("New receive connector")
    titles = {
        FIRST: _("Introduction"),
        "local": _("Local network settings"),
        "remote": _("Remote network settings"),
        "restrictions": _("Relay restrictions"),
    }

    def told(self, connector: ReceiveConnector) -> dict[str, Any]:
        beside = publishing.saved()
        return {
            "sentence": sentence(connector, beside),
            "command": "\n".join(new_commands(connector, beside.accepted_domains, known())),
        }


class ReceiveBegin(ReceivePages, Begin):
    draft_class = ReceiveDraft


class ReceiveWizard(ReceivePages, Wizard):
    draft: ReceiveDraft
    draft_class = ReceiveDraft
    tabs = ReceiveForm.tabs()
    at_field = {"remote_ip_ranges": "computers"}

    def answered(self, form: Any) -> HttpResponse | None:
        if self.step == "local" and self.request.headers.get("HX-Target") == "preview":
            return render(self.request, "connectors/warnings.html", self.at_once(form))
        if self.step == "restrictions" and self.request.headers.get("HX-Target") == "preview":
            return render(self.request, "connectors/restrictions_preview.html", self.previewed(form))
        if self.step == "restrictions" and self.request.POST.get("go") == "look-up":
            return self.look_up(form)
        return None

    def proposed(self) -> dict[str, str]:
        client = self.request.GET.get(CLIENT, "")[:100]
        name = _t("Client %s") % client.replace("/", "-")
        return {FIRST: {"name": name}, "remote": {"remote_ip_ranges": client}}.get(self.step, {}) if client else {}

    def problems(self, connector: ReceiveConnector) -> list[rules.Problem]:
        return rules.problems(connector, queries.receive_connectors())

    def look_up(self, form: RestrictionsForm) -> HttpResponse:
        """Puts what DNS knows of the domains in the list in their place, for the administrator to look at."""
        form.is_valid()
        hosts = protection.hosts_of(form.domains[:MOST_DOMAINS])
        found = [domain for domain, addresses in hosts.items() if addresses]
        self.keep(self.request.POST.dict() | {"computers": form.in_place_of_domains(hosts)})
        for domain in found:
            messages.info(self.request, _t("%s: check what was found, and add computers that only send mail.") % domain)
        for domain in hosts.keys() - set(found):
            messages.warning(self.request, _t("DNS knows no address for %s. Write its computers by hand.") % domain)
        return redirect(self.request.path)

    def show(self, form: Any) -> HttpResponse:
        if self.step == "local":
            context = self.at_once(form) | {"form": form}
            return self.render("connectors/wizard_local.html", context, 422 if form.errors else 200)
        if self.step != "restrictions":
            return super().show(form)
        context = self.previewed(form if form.is_bound else self.draft.form(self.step)) | {"form": form}
        return self.render("connectors/wizard_restrictions.html", context, 422 if form.errors else 200)

    def at_once(self, form: Any) -> dict[str, Any]:
        """What is wrong with the addresses, before the connector is made."""
        return {"warnings": not_here(readable(form["bindings"].value() or ""))}

    def previewed(self, form: RestrictionsForm) -> dict[str, Any]:
        """What the relay restrictions become, once they can be understood."""
        if not form.is_valid():
            return {"domains": form.domains}
        connector = self.draft.so_far(self.step, form)
        beside, ranges = publishing.saved(), [str(each) for each in connector.remote_ip_ranges]
        return {
            "connector": connector,
            "ranges": ranges[:SHOWN],
            "more": max(0, len(ranges) - SHOWN),
            "lines": shown(connector, ["permission_groups", "auth_mechanism", "grants"]),
            "sentence": sentence(connector, beside),
            "remarks": remarks(form.wanted),
            **warned(connector, domains_taken(beside)),
        }

    def warned(self, connector: ReceiveConnector) -> dict[str, Any]:
        restrictions = self.draft.restrictions
        return {
            **warned(connector, domains_taken(publishing.saved())),
            "remarks": remarks(restrictions) if restrictions else [],
            "elsewhere": not_here(connector.bindings),
        }


class ReceiveCompletion(ReceivePages, Completion):
    model = models.ReceiveConnector

    def pages(self, connector: ReceiveConnector) -> list[str]:
        return [FIRST, "local", "remote"]

    def told(self, connector: ReceiveConnector) -> dict[str, Any]:
        problems = publishing.listening_problems().get(connector.name, [])
        return super().told(connector) | {"problems": problems}
