"""Beside a refusal: the setting that decided, its value then and now, who changed it last, and where to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from console.audit.models import Entry
from console.connectors.models import ReceiveConnector as ConnectorRow
from console.publishing import queries as publishing
from console.publishing.models import ConfigRevision
from console.tracking.conversation import Decision
from transport.config import kinds
from transport.config.document import DocumentError
from transport.config.filters import RecipientFilter, SenderFilter
from transport.config.receive_connector import ReceiveConnector
from transport.config.setting import Setting, settings
from transport.config.snapshot import Snapshot
from transport.config.transport_config import TransportConfig

CONNECTOR = "receive connector"
FILTERS: dict[str, tuple[str, type]] = {
    "recipient filter": ("recipient_filter", RecipientFilter),
    "sender filter": ("sender_filter", SenderFilter),
    "transport configuration": ("transport_config", TransportConfig),
}
"""Kind of object → where the snapshot has it, and its settings table."""
PLACES = {"recipient filter": "protection:recipient-filter", "sender filter": "protection:sender-filter"}
PLACES |= {"ip block list": "protection:block-list", "list provider": "protection:provider-list"}
PLACES |= {"certificate": "certificates:list", "accepted domain": "domains:list", "directory": "directory:list"}
NAMES = {CONNECTOR: "Receive connector", "accepted domain": "Accepted domains"}
NAMES |= {"recipient filter": "Recipient filter", "sender filter": "Sender filter"}
NAMES |= {"ip block list": "IP Block list", "list provider": "List providers"}
PLACES |= {"transport configuration": "transport_settings:organization"}
NAMES |= {"transport configuration": "Transport configuration"}
IN_HISTORY = {"ip block list": "IP list entry", "list provider": "IP list provider"}
"""Kinds of objects that the change history calls otherwise."""
NAMES |= {"directory": "Directory", "certificate": "Certificates"}


@dataclass(frozen=True)
class Reason:
    """`value` is what the setting said under the revision of the decision, `now` what it says today if that differs."""

    decision: Decision
    place: str = ""
    url: str = ""
    label: str = ""
    value: str = ""
    now: str = ""
    author: str = ""
    changed_at: datetime | None = None
    revision_url: str = ""


class Reasons:
    """Reasons for the refusals of one session; reads each revision once."""

    def __init__(self, connector: str) -> None:
        self.connector = connector
        self._snapshots: dict[int, Snapshot | None] = {}

    def of(self, decision: Decision) -> Reason:
        rule = decision.rule
        if rule is None or not rule.on:
            return Reason(decision, revision_url=_url("publishing:details", decision.revision))
        setting = _setting(rule.on, rule.field)
        then, now = self._value(decision.revision, rule.on, rule.field), self._value(0, rule.on, rule.field)
        value = _written(setting, then)
        author, changed_at = self._last_change(rule.on, decision.revision)
        return Reason(
            decision,
            place=self.connector if rule.on == CONNECTOR else NAMES.get(rule.on, rule.on),
            url=self._place(rule.on, setting),
            label=setting.label if setting else "",
            value=value,
            now=_written(setting, now) if now is not None and now != then else "",
            author=author,
            changed_at=changed_at,
            revision_url=_url("publishing:details", decision.revision),
        )

    @cached_property
    def connector_row(self) -> ConnectorRow | None:
        return ConnectorRow.objects.filter(name__iexact=self.connector).first()

    @property
    def connector_url(self) -> str:
        """The connector's properties, if it still exists."""
        return self._place(CONNECTOR, None) if self.connector_row else ""

    def _place(self, on: str, setting: Setting | None) -> str:
        if on != CONNECTOR:
            return _url(PLACES.get(on, ""))
        if self.connector_row is None:
            return _url("connectors:receive-list")
        tab = setting.section.lower() if setting else "general"
        pk = self.connector_row.pk
        return (
            _url("connectors:receive-properties", pk, tab)
            or _url("connectors:receive-edit", pk)
            or _url("connectors:receive-details", pk)
        )

    def _value(self, revision: int, on: str, field: str) -> Any:
        """The value of a setting under a revision (0: the newest); None when it is not known any more."""
        snapshot = self._snapshot(revision)
        if snapshot is None or not field:
            return None
        if on in FILTERS:
            return getattr(getattr(snapshot, FILTERS[on][0]), field, None)
        named = (each for each in snapshot.receive_connectors if each.name.lower() == self.connector.lower())
        return getattr(next(named, None), field, None) if on == CONNECTOR else None

    def _snapshot(self, revision: int) -> Snapshot | None:
        if revision not in self._snapshots:
            rows = ConfigRevision.objects.filter(pk=revision) if revision else ConfigRevision.objects.all()
            try:
                row = rows.order_by("-pk").first()
                self._snapshots[revision] = publishing.snapshot(row) if row else None
            except DocumentError:
                self._snapshots[revision] = None
        return self._snapshots[revision]

    def _last_change(self, on: str, revision: int) -> tuple[str, datetime | None]:
        """Who changed the object last before the decision, else who published the revision."""
        kind = IN_HISTORY.get(on) or NAMES.get(on, on).removesuffix("s")
        entries = Entry.objects.filter(kind__iexact=kind, revision__lte=revision)
        if on == CONNECTOR:
            entries = entries.filter(object_name__iexact=self.connector)
        found = entries.order_by("-revision", "-id").values_list("actor", "time").first()
        published = ConfigRevision.objects.filter(pk=revision).values_list("author", "created_at").first()
        return found or published or ("", None)


def _setting(on: str, field: str) -> Setting | None:
    struct = ReceiveConnector if on == CONNECTOR else FILTERS.get(on, ("", None))[1]
    return settings(struct).get(field) if struct else None


def _written(setting: Setting | None, value: Any) -> str:
    if setting is None or value is None:
        return ""
    text = kinds.show(setting, value)
    return _("none") if text in ("", "{}") else text


def _url(name: str, *args: object) -> str:
    try:
        return reverse(name, args=args) if name else ""
    except NoReverseMatch:
        return ""
