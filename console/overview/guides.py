"""Help: what a page is for, which how-to of docs/ it goes with, and what this copy is made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distributions
from typing import Any

from django.conf import settings
from django.urls import Resolver404, resolve
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Guide:
    """A file of docs/ and the apps on whose pages it helps."""

    name: str
    title: str | Promise
    apps: tuple[str, ...]

    def text(self) -> str:
        return (settings.BASE_DIR / "docs" / f"{self.name}.md").read_text()


# fmt: off
GUIDES = (
    Guide("internet-connector", _("Test and harden a connector for the Internet"),
          ("connectors", "protection", "tracking")),
    Guide("anonymous-relay", _("Let a device relay"), ("connectors", "tracking", "refusals", "relay_proof")),
    Guide("anonymous-smtp-externally-only", _("Let the Internet send without signing in, and sign in only inside"),
          ("connectors", "users")),
    Guide("relay-restrictions-of-exchange-2003", _("Take over the relay restrictions of Exchange 2003"),
          ("connectors", "moving_in")),
    Guide("kerberos", _("Let clients of a domain sign in with Kerberos"), ("kerberos", "users")),
    Guide("sending", _("Send mail out: by MX, through Microsoft 365, with DKIM, and fetch it by ETRN"),
          ("connectors", "credentials", "dkim", "queues", "tls")),
    Guide("acme", _("Get certificates from an authority, by ACME"), ("acme", "certificates")),
    Guide("links", _("Deliver over a link that is not always up"), ("connectors", "queues")),
    Guide("trying", _("Try changes before they count"),
          ("drafts", "publishing", "replay", "what_if", "refusals", "transport_settings")),
    Guide("cores", _("Use all cores, and restart without refusing a client"), ("overview", "processes")),
    Guide("nodes", _("Run several nodes"), ("nodes", "mailboxes")),
    Guide("debian", _("Run on Debian as services"), ("overview", "processes")),
    Guide("backup", _("Back up and restore"), ("backups",)),
    Guide("load-balancers", _("Stand behind a load balancer, or another mail server"),
          ("connectors", "tracking", "relay_proof", "nodes")),
    Guide("management-shell", _("Use the management shell"), ("management_shell", "commands")),
)
# fmt: on


def guide(name: str) -> Guide | None:
    return next((each for each in GUIDES if each.name == name), None)


@dataclass(frozen=True)
class About:
    """A page: its title, what it is for, and the how-tos that go with it."""

    title: str
    purpose: str
    guides: list[Guide]


def about(path: str) -> About | None:
    """None where there is no such page, or nothing to say of it."""
    try:
        found = resolve(path)
    except Resolver404:
        return None
    view: Any = getattr(found.func, "view_class", None)
    guides = [each for each in GUIDES if found.app_name in each.apps]
    title = str(getattr(view, "title", "") or getattr(view, "plural", "") or "")
    purpose = str(getattr(view, "purpose", "") or "")
    return About(title[:1].upper() + title[1:], purpose, guides) if guides or purpose else None


@dataclass(frozen=True)
class Library:
    name: str
    version: str
    licence: str


@cache
def libraries() -> tuple[Library, ...]:
    """What is installed beside us, with the licence that each says of itself."""
    found = {each.name: each for each in _libraries()}
    return tuple(found[name] for name in sorted(found, key=str.lower))


def _libraries() -> Iterator[Library]:
    for each in distributions():
        told: Any = each.metadata
        classifiers = [line for line in told.get_all("Classifier") or () if line.startswith("License ::")]
        names = ", ".join(line.rpartition(" :: ")[2] for line in classifiers)
        first_line = told.get("License", "").strip().partition("\n")[0][:80]
        yield Library(told["Name"], each.version, told.get("License-Expression") or names or first_line)
