"""Beside a refusal: the setting that decided, its value then and now, who changed it last, and where to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.urls import reverse

from console.audit.models import Entry
from console.connectors.models import ReceiveConnector as ConnectorRow
from console.connectors.models import SendConnector
from console.crud.said import said
from console.publishing import queries as publishing
from console.publishing.models import ConfigRevision
from console.tracking.conversation import Decision, Held
from console.tracking.places import connector_tab, field_of, places, setting_of, written
from transport.config.document import DocumentError
from transport.config.snapshot import Snapshot
from transport.receive.rules import CONNECTOR


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
    """Reasons for the refusals of one session; reads each revision once. `sends`: it is a Send connector's."""

    def __init__(self, connector: str, sends: bool = False) -> None:
        self.connector, self._sends = connector, sends
        self._snapshots: dict[int, Snapshot | None] = {}

    def of(self, decision: Decision) -> Reason:
        rule = decision.rule
        revision_url = reverse("publishing:details", args=[decision.revision])
        if rule is None or not rule.on:
            return Reason(decision, revision_url=revision_url)
        setting = setting_of(rule.on, rule.field)
        then, now = self._value(decision.revision, rule.on, rule.field), self._value(0, rule.on, rule.field)
        listed = bool(decision.matched) and isinstance(then, tuple)  # the entry says more than its whole list
        author, changed_at = self._last_change(rule.on, decision.revision)
        return Reason(
            decision,
            place=self.connector if rule.on == CONNECTOR else said(str(places()[rule.on].name)),
            url=self._place(rule.on, rule.field),
            label=said(setting.label) if setting else "",
            value=written(setting, then) if setting and then is not None and not listed else "",
            now=written(setting, now) if setting and now is not None and now != then and not listed else "",
            author=author,
            changed_at=changed_at,
            revision_url=revision_url,
        )

    def held_url(self, held: Held) -> str:
        """The setting that held an answer."""
        return self._place(CONNECTOR, field_of(CONNECTOR, held.setting)) if self.connector_row else ""

    @cached_property
    def connector_row(self) -> ConnectorRow | None:
        return None if self._sends else ConnectorRow.objects.filter(name__iexact=self.connector).first()

    @property
    def connector_url(self) -> str:
        """The connector's properties, if it still exists."""
        if self._sends:
            key = SendConnector.objects.filter(name__iexact=self.connector).values_list("pk", flat=True).first()
            return reverse("connectors:send-edit", args=[key]) if key else ""
        return self._place(CONNECTOR, "") if self.connector_row else ""

    def _place(self, on: str, field: str) -> str:
        if on == CONNECTOR and self.connector_row is not None:
            return connector_tab(self.connector_row, field)
        return places()[on].url_of(field)

    def _value(self, revision: int, on: str, field: str) -> Any:
        """The value of a setting under a revision (0: the newest); None when it is not known any more."""
        snapshot = self._snapshot(revision)
        if snapshot is None or not field:
            return None
        if places()[on].snapshot:
            return getattr(getattr(snapshot, places()[on].snapshot), field, None)
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
        entries = Entry.objects.filter(kind__iexact=places()[on].history, revision__lte=revision)
        if on == CONNECTOR:
            entries = entries.filter(object_name__iexact=self.connector)
        found = entries.order_by("-revision", "-id").values_list("actor", "time").first()
        published = ConfigRevision.objects.filter(pk=revision).values_list("author", "created_at").first()
        return found or published or ("", None)
