"""Needs attention, of Receive connectors: what their own pages warn of, gathered from all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import islice

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console import clock
from console.connectors.models import ReceiveConnector as Row
from console.connectors.queries import Tabs
from console.connectors.warnings import plain_passwords, without_its_name
from console.overview.concern import Concern
from console.publishing.gateways import gateway_words, gateways
from transport.config.receive_connector import ReceiveConnector
from transport.config.snapshot import Snapshot
from transport.receive import certificate_match

NAMED = 5
"""Connectors that are named for the same reason."""


def receive_connectors(saved: Snapshot) -> Iterator[Concern]:
    """Of those that are enabled: one gateway in front, readable passwords, a certificate without the FQDN."""
    enabled = [each for each in saved.receive_connectors if each.enabled]
    tabs = Tabs(Row)
    for name, address in gateways(enabled).items():
        yield Concern(name, gateway_words(address), tabs.url(name, "scoping"))
    plain = [each.name for each in enabled if plain_passwords(each)]
    yield from _alike(tabs, plain, _("Passwords cross the network readable: offer sign-in only after TLS."), "security")
    for words, names in _without_their_names(enabled, saved).items():
        yield from _alike(tabs, names, words, "certificate")


def _without_their_names(enabled: list[ReceiveConnector], saved: Snapshot) -> dict[str, list[str]]:
    """Warning → the connectors whose certificate does not hold their FQDN."""
    now, found = clock.now().timestamp(), defaultdict(list)
    for each in enabled:
        shown = certificate_match.shown(each, saved.certificates, settings.GATEPOST_NODE, now)
        if words := without_its_name(each, shown, settings.GATEPOST_NODE):
            found[words].append(each.name)
    return found


def _alike(tabs: Tabs, names: list[str], text: str, tab: str) -> Iterator[Concern]:
    """A few by name; of more, how many they are."""
    for name in islice(names, NAMED):
        yield Concern(name, text, tabs.url(name, tab))
    if (more := len(names) - NAMED) > 0:
        words = ngettext("And %d more receive connector", "And %d more receive connectors", more) % more
        yield Concern(words, text, reverse("connectors:receive-list"))
