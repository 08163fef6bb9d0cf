"""An import: what is handed in is kept until it is discarded, or applied: all or nothing, as one revision, by the
actions that the forms use.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from msgspec.structs import asdict

from console.actors import Actor, Role
from console.connectors import actions as connectors
from console.directory import queries as directory
from console.domains import actions as domains
from console.moving_in.changes import changes_here
from console.moving_in.models import ImportDraft
from console.moving_in.objects import MOST_OBJECTS, ReadError
from console.moving_in.plan import Choice, Step
from console.moving_in.reading import read
from console.protection import actions as protection
from console.publishing import relay_guard
from console.publishing.actions import change
from console.publishing.compile import compile_snapshot
from console.publishing.models import ConfigRevision
from console.publishing.published import kind_of
from console.transport_settings import actions as transport_settings
from transport.config.accepted_domain import AcceptedDomain, DomainType
from transport.config.connection_filter import IPList, IPListEntry
from transport.config.receive_connector import ReceiveConnector
from transport.config.send_connector import SendConnector
from transport.config.snapshot import Snapshot
from transport.config.transport_config import TransportConfig
from transport.receive.relay_proof import Proof, proof

WRITERS = frozenset({Role.ORGANIZATION_MANAGEMENT})


@dataclass
class Rehearsal:
    """What an import would lead to. `problems` keep it from being applied; each name in `dangers` must be typed.

    `relays`: connector or accepted domain → who could relay by it afterwards.
    """

    after: Snapshot | None = None
    problems: list[str] = field(default_factory=list)
    dangers: dict[str, str] = field(default_factory=dict)
    relays: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    """New domains of which the directory knows nobody yet, while unlisted recipients are refused."""
    changes: list[str] = field(default_factory=list)
    """What is here already and would be otherwise."""


def hand_in(actor: Actor, files: Sequence[tuple[str, bytes]]) -> ImportDraft:
    """Adds files (name, content) to the administrator's import. Raises ReadError that names the file; nothing is kept
    then. An object that was handed in before is not added again.
    """
    actor.require(*WRITERS)
    with transaction.atomic():
        draft, _ = ImportDraft.objects.select_for_update().get_or_create(author=actor.name)
        for name, content in files:
            try:
                items, others = read(content)
            except ReadError as error:
                raise ReadError(f"{name}: {error}") from None
            draft.sources.append(name)
            held = {json.dumps(each) for each in draft.contents}
            read_now = [[item.source.value, list(item.properties.items())] for item in items]
            draft.contents += [each for each in read_now if json.dumps(each) not in held]
            draft.others += others
        if len(draft.contents) > MOST_OBJECTS:
            raise ReadError(f"These are more than {MOST_OBJECTS:,} objects. Import some of them first.")
        draft.save()
    return draft


def choose(actor: Actor, draft: ImportDraft, choices: Mapping[str, tuple[str, str]]) -> None:
    """Keeps what was chosen for each object."""
    actor.require(*WRITERS)
    draft.choices = {**draft.choices, **choices}
    draft.save(update_fields=["choices"])


def discard(actor: Actor) -> None:
    """Forgets what the administrator has handed in."""
    actor.require(*WRITERS)
    ImportDraft.objects.filter(author=actor.name).delete()


def apply(actor: Actor, steps: Sequence[Step], comment: str, confirmed: Collection[str] = ()) -> ConfigRevision | None:
    """Writes what is wanted; None when everything is so already.

    Raises ValidationError when something cannot stand, and RelayNotConfirmed; then nothing is written.
    """
    actor.require(*WRITERS)
    wanted = [step for step in steps if step.wanted]
    with change(actor, comment, confirmed) as whole:
        for step in wanted:
            _write(actor, step)
        new = [step.struct for step in wanted if step.choice is not Choice.REPLACE]
        for kind in (ReceiveConnector, SendConnector):
            connectors.create_all(actor, [each for each in new if isinstance(each, kind)])
        entries = [step.struct for step in wanted if isinstance(step.struct, IPListEntry)]
        for some in IPList:
            protection.add_entries(actor, [each for each in entries if each.ip_list is some])
    return whole.revision


def rehearse(actor: Actor, steps: Sequence[Step]) -> Rehearsal:
    """The same, taken back: what would be wrong with it, and who could relay afterwards."""
    before = compile_snapshot(0)
    try:
        with transaction.atomic():
            apply(actor, steps, "", _names(before) | {name for step in steps for name in _names_of(step.struct)})
            after = compile_snapshot(0)
            transaction.set_rollback(True)
    except ValidationError as error:
        return Rehearsal(problems=error.messages)
    proved = proof(after)
    dangers, relays = relay_guard.dangers(proof(before), proved), relay_guard.dangers(Proof(()), proved)
    return Rehearsal(after, [], dangers, relays, _unknown(before, after), changes_here(steps, before, after))


def _unknown(before: Snapshot, after: Snapshot) -> list[str]:
    if not (after.recipient_filter.enabled and after.recipient_filter.recipient_validation_enabled):
        return []
    here = {each.domain_name for each in before.accepted_domains}
    new = [each for each in after.accepted_domains if each.domain_name not in here and each.address_book_enabled]
    names = [each.domain_name for each in new if each.domain_type is DomainType.Authoritative]
    return [name for name in names if not directory.listed().filter(address__endswith=_ending(name)).exists()]


def _ending(domain_name: str) -> str:
    return domain_name.removeprefix("*") if domain_name.startswith("*") else f"@{domain_name}"


def _names(snapshot: Snapshot) -> set[str]:
    return {name for each in (*snapshot.receive_connectors, *snapshot.accepted_domains) for name in _names_of(each)}


def _names_of(struct: Any) -> set[str]:
    """What may have to be typed for an object."""
    return {getattr(struct, field) for field in ("name", "domain_name") if hasattr(struct, field)}


def _write(actor: Actor, step: Step) -> None:
    """What takes the place of something, and what there is only one or few of."""
    struct = step.struct
    if isinstance(struct, TransportConfig):
        transport_settings.save(actor, struct)
    elif isinstance(struct, IPListEntry):
        _make_room(actor, step)
    elif isinstance(struct, AcceptedDomain):
        _write_domain(actor, step)
    elif step.choice is Choice.REPLACE:
        first, *others = sorted(step.replaces, key=lambda each: each.name.lower() != struct.name.lower())
        for other in others:
            connectors.remove(actor, type(struct), _row(other).pk)
        connectors.update(actor, type(struct), _row(first).pk, asdict(struct))


def _row(struct: Any) -> Any:
    kind = kind_of(type(struct))
    return kind.model._default_manager.get(**{kind.named_by: kind.name_of(struct)})


def _make_room(actor: Actor, step: Step) -> None:
    for other in step.replaces if step.choice is Choice.REPLACE else ():
        for row in kind_of(IPListEntry).model._default_manager.filter(
            ip_range=other.ip_range, ip_list=other.ip_list.value
        ):
            protection.ENTRIES.remove(actor, row.pk)


def _write_domain(actor: Actor, step: Step) -> None:
    """One domain is always the default: an import makes another one so, but leaves none without."""
    struct: AcceptedDomain = step.struct
    same = [each for each in step.replaces if each.domain_name == struct.domain_name]
    for other in [each for each in step.replaces if each not in same]:
        domains.remove(actor, _row(other).pk)
    if not same:
        domains.create(actor, struct)
        return
    changes = {name: value for name, value in asdict(struct).items() if name != "default" or value}
    domains.update(actor, _row(struct).pk, changes)
