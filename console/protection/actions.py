"""Every write of protection settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from django.core.exceptions import ValidationError
from msgspec.structs import replace

from console.actors import SYSTEM, Actor, Role
from console.protection import models
from console.protection.published import ENTRY, PROVIDER
from console.publishing.actions import Change, change
from console.publishing.models import SingleRow
from console.publishing.published import kind_of
from console.publishing.rows import properties, struct_of, write
from console.publishing.settings_rows import STALE, SettingsRows
from console.publishing.single_row import SingleSettings
from transport.config.connection_filter import IPListEntry, IPListProvider
from transport.config.filters import RecipientFilter
from transport.config.rules import Problem

WRITERS = frozenset({Role.ORGANIZATION_MANAGEMENT, Role.HYGIENE_MANAGEMENT})


def set_filter(actor: Actor, wanted: msgspec.Struct, version: int | None = None) -> SingleRow:
    """Puts a filter (the struct) as wanted; `version` is the one that the editor saw.

    Raises ValidationError with code `stale` when somebody saved it meanwhile.
    """
    actor.require(*WRITERS)
    return SingleSettings(kind_of(type(wanted))).save(actor, wanted, version)


def _entry_problems(entry: IPListEntry, others: Sequence[IPListEntry]) -> Iterator[Problem]:
    for other in others:
        if other.ip_list is entry.ip_list and other.bounds == entry.bounds:
            yield Problem("ip_range", f"{other.ip_range} is on this list already: change that entry, or remove it.")


def _provider_problems(provider: IPListProvider, others: Sequence[IPListProvider]) -> Iterator[Problem]:
    if any(other.name.lower() == provider.name.lower() for other in others):
        yield Problem("name", f"There is a provider “{provider.name}” already; choose another name.")
    if "*" in provider.lookup_domain or "." not in provider.lookup_domain:
        yield Problem("lookup_domain", "Write the domain that is asked, such as zen.example.org.")
    if not (provider.any_match or provider.bitmask_match or provider.ip_addresses_match):
        yield Problem("any_match", "Say which return codes count: any, those of a mask, or some.")


ENTRIES = SettingsRows(ENTRY, _entry_problems, WRITERS)
PROVIDERS = SettingsRows(PROVIDER, _provider_problems, WRITERS)


def add_entries(actor: Actor, entries: Sequence[IPListEntry]) -> list[models.IPListEntry]:
    """Adds entries to one list and returns those that were not on it; all in one revision."""
    actor.require(*WRITERS)
    with change(actor, "") as under_way:
        known = {(each.ip_list, each.bounds) for each in ENTRIES.others(None)}
        added = []
        for entry in entries:
            if (entry.ip_list, entry.bounds) not in known:
                known.add((entry.ip_list, entry.bounds))
                added.append(entry)
        rows = models.IPListEntry.objects.bulk_create(write(entry, models.IPListEntry()) for entry in added)
        if added:
            many = f"{len(added)} entries ({added[0].ip_list.value})"
            name = added[0].name if len(added) == 1 else many
            under_way.comment = f"{ENTRY.noun} {name}: created"
            values = properties(added[0]) | {"IPRange": ", ".join(entry.ip_range for entry in added)}
            under_way.record(ENTRY.noun, name, None, values)
    return rows


def save_provider(
    actor: Actor, wanted: IPListProvider, pk: int | None = None, version: int | None = None
) -> models.IPListProvider:
    """Makes or changes a provider. One that has its priority already moves one down, and so on behind it."""
    actor.require(*WRITERS)
    with change(actor, f"{PROVIDER.noun} {wanted.name}: saved") as under_way:
        row = PROVIDERS.row(pk) if pk is not None else models.IPListProvider()
        before = struct_of(row, IPListProvider) if pk is not None else None
        if before is not None and version is not None and version != row.version:
            changes = {field: getattr(wanted, field) for field in wanted.__struct_fields__}
            raise ValidationError(PROVIDERS.meanwhile(before, changes), code=STALE)
        PROVIDERS.check(wanted, PROVIDERS.others(pk))
        _push_down(under_way, wanted, pk)
        if before != wanted:
            PROVIDERS.save(write(wanted, row))
        under_way.record(PROVIDER.noun, wanted.name, properties(before) if before else None, properties(wanted))
    return row


def _push_down(under_way: Change, wanted: IPListProvider, pk: int | None) -> None:
    rows = models.IPListProvider.objects.filter(ip_list=wanted.ip_list.value).order_by("priority", "pk")
    rows = rows if pk is None else rows.exclude(pk=pk)
    taken = wanted.priority
    for row in rows.filter(priority__gte=taken):
        if row.priority > taken:
            break
        before = struct_of(row, IPListProvider)
        taken = before.priority + 1
        after = replace(before, priority=taken)
        PROVIDERS.save(write(after, row))
        under_way.record(PROVIDER.noun, after.name, properties(before), properties(after))


def first_start() -> None:
    """In a new installation unknown recipients are refused."""
    if not models.RecipientFilter.objects.exists():
        set_filter(SYSTEM, RecipientFilter())
