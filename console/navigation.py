"""The feature pane: which pages there are, in which group, for which roles."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from console.actors import EVERY_ROLE, Actor, Role


@dataclass(frozen=True)
class Feature:
    label: str | Promise
    url_name: str
    icon: str
    roles: frozenset[Role] = EVERY_ROLE
    key: str = ""
    """Pressed after g."""


@dataclass(frozen=True)
class Link:
    label: str | Promise
    url: str
    icon: str
    current: bool
    key: str


ADMINISTRATORS = frozenset({Role.ORGANIZATION_MANAGEMENT})
READERS_OF_RECIPIENTS = frozenset({Role.RECIPIENT_MANAGEMENT, Role.VIEW_ONLY})
READERS_OF_BACKUPS = frozenset({Role.ORGANIZATION_MANAGEMENT, Role.VIEW_ONLY})

GROUPS: list[tuple[str | Promise, list[Feature]]] = [
    ("", [Feature(_("Overview"), "overview:home", "gauge", key="o")]),
    (
        _("Mail flow"),
        [
            Feature(_("Receive connectors"), "connectors:receive-list", "inbox", key="r"),
            Feature(_("Send connectors"), "connectors:send-list", "send", key="s"),
            Feature(_("Credentials"), "credentials:list", "key-round"),
            Feature(_("Accepted domains"), "domains:list", "globe", key="a"),
            Feature(_("DKIM"), "dkim:list", "pencil"),
            Feature(_("TLS to domains"), "tls:outlook", "lock"),
            Feature(_("TLS reports"), "tls_reports:list", "scroll-text"),
            Feature(_("Queues"), "queues:list", "layers", key="q"),
            Feature(_("System messages"), "system_messages:list", "reply"),
            Feature(_("Transport settings"), "transport_settings:limits", "clock"),
        ],
    ),
    (
        _("Protection"),
        [
            Feature(_("Recipient filter"), "protection:recipient-filter", "shield-check"),
            Feature(_("Connection filter"), "protection:connection-filter", "lock"),
            Feature(_("Sender filter"), "protection:sender-filter", "filter"),
            Feature(_("Certificates"), "certificates:list", "badge-check"),
        ],
    ),
    (
        _("Recipients"),
        [
            Feature(_("Directory"), "directory:list", "users", key="d"),
            Feature(_("SMTP users"), "users:list", "user"),
            Feature(_("Groups"), "users:group-list", "users"),
            Feature(_("Keytabs"), "kerberos:list", "key-round"),
            Feature(_("Mailboxes"), "mailboxes:list", "mailbox", READERS_OF_RECIPIENTS),
        ],
    ),
    (
        _("Trace"),
        [
            Feature(_("Message tracking"), "events:list", "mail", key="m"),
            Feature(_("Protocol log"), "tracking:list", "scroll-text", key="p"),
            Feature(_("Open sessions"), "open_sessions:list", "monitor", key="n"),
            Feature(_("Refusals"), "refusals:list", "circle-x", key="f"),
            Feature(_("What-if"), "what_if:page", "play", key="w"),
            Feature(_("Replay"), "replay:page", "history"),
            Feature(_("Relay proof"), "relay_proof:page", "shield-check"),
            Feature(_("Test mail server"), "mail_server:test", "circle-check", key="t"),
        ],
    ),
    (
        _("Administration"),
        [
            Feature(_("Administrators"), "accounts:admin-list", "user-cog", ADMINISTRATORS),
            Feature(_("Nodes"), "nodes:list", "server"),
            Feature(_("Change history"), "audit:list", "history", key="h"),
            Feature(_("Revisions"), "publishing:list", "git-commit-horizontal"),
            Feature(_("Backups"), "backups:page", "download", READERS_OF_BACKUPS),
            Feature(_("Drafts"), "drafts:list", "pencil", key="e"),
            Feature(_("Import from Exchange"), "moving_in:hand-in", "upload", ADMINISTRATORS),
            Feature(_("Management shell"), "management_shell:shell", "square-terminal", key="c"),
        ],
    ),
]


def groups_for(actor: Actor, path: str) -> list[tuple[str | Promise, list[Link]]]:
    """What `actor` sees: groups of links, the one that contains `path` marked as current; no empty group."""
    shown = [(title, [feature for feature in features if actor.may(*feature.roles)]) for title, features in GROUPS]
    return [(title, [_link(feature, path) for feature in features]) for title, features in shown if features]


def _link(feature: Feature, path: str) -> Link:
    url = reverse(feature.url_name)
    current = path == url or (url != "/" and path.startswith(url))
    return Link(feature.label, url, feature.icon, current, feature.key)


def icon_of(path: str) -> str:
    """The icon of the feature that a page belongs to; empty where there is none."""
    every = [feature for _title, features in GROUPS for feature in features if feature.url_name != "overview:home"]
    return next((feature.icon for feature in every if path.startswith(reverse(feature.url_name))), "")
