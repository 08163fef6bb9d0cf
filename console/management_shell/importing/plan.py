"""What stands in the way of an imported object, and what the administrator wants done about it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from msgspec.structs import replace

from console.management_shell.importing.report import Translated
from transport.config import kinds, rules
from transport.config.accepted_domain import AcceptedDomain
from transport.config.connection_filter import IPListEntry
from transport.config.receive_connector import ReceiveConnector
from transport.config.send_connector import SendConnector
from transport.config.setting import settings
from transport.config.snapshot import Snapshot
from transport.config.transport_config import TransportConfig


class Choice(StrEnum):
    """What to do with one object."""

    IMPORT = "import"
    SKIP = "skip"
    REPLACE = "replace"
    RENAME = "rename"


Chosen = Mapping[str, tuple[str, str]]
"""Key of a step → (choice, other name), as the administrator entered them."""


@dataclass
class Step:
    """One object with its choice. `replaces` are the present objects that would go; `conflicts` say what is wrong."""

    key: str
    found: Translated
    struct: Any
    choice: Choice
    offers: tuple[Choice, ...]
    conflicts: list[str] = field(default_factory=list)
    replaces: list[Any] = field(default_factory=list)
    new_name: str = ""
    here_already: bool = False

    @property
    def wanted(self) -> bool:
        return self.choice is not Choice.SKIP


def steps(found: Sequence[Translated], now: Snapshot, chosen: Chosen) -> list[Step]:
    """One for each object that becomes something here; later objects see what the earlier ones take."""
    taken: list[Any] = []
    every = []
    for place, each in enumerate(found):
        if each.struct is None:
            continue
        step = _step(str(place), each, _like(each.struct, now), taken, chosen.get(str(place), ("", "")))
        if step.wanted:
            taken.append(step.struct)
        every.append(step)
    return every


def _step(key: str, found: Translated, present: Sequence[Any], taken: Sequence[Any], wish: tuple[str, str]) -> Step:
    struct, new_name = _called(found.struct, wish)
    before = [(each, texts) for each in present if (texts := _conflicts(struct, each))]
    beside = [text for each in taken if type(each) is type(struct) for text in _conflicts(struct, each)]
    own = _own_problems(struct)
    texts = [*own, *(text for _, some in before for text in some), *beside]
    same_name = any(_name(each) == _name(struct) for each in [*present, *taken] if type(each) is type(struct))
    offers = _offers(struct, bool(own), bool(before), bool(beside), same_name, bool(new_name))
    here = any(each == struct for each in present)
    usual = Choice.SKIP if here or found.better_left or offers[0] is Choice.SKIP else Choice.IMPORT
    choice = Choice(wish[0]) if wish[0] in offers else usual
    return Step(key, found, struct, choice, offers, list(dict.fromkeys(texts)), [e for e, _ in before], new_name, here)


def _called(struct: Any, wish: tuple[str, str]) -> tuple[Any, str]:
    """The object under the name that was entered for it, if that is to be its name."""
    choice, name = wish[0], wish[1].strip()
    if choice != Choice.RENAME or not name or "name" not in struct.__struct_fields__:
        return struct, ""
    return replace(struct, name=name), name


def _offers(
    struct: Any, broken: bool, before: bool, beside: bool, same_name: bool, renamed: bool
) -> tuple[Choice, ...]:
    """The first is taken unless something else is chosen. Another name helps where only the name is taken."""
    if broken:
        return (Choice.SKIP,)
    named = "name" in struct.__struct_fields__
    if not before and not beside:
        first = (Choice.RENAME,) if renamed else (Choice.IMPORT, Choice.RENAME) if named else (Choice.IMPORT,)
        return (*first, Choice.SKIP)
    replace_it = (Choice.REPLACE,) if before and not beside else ()
    return (Choice.SKIP, *replace_it, *((Choice.RENAME,) if named and (same_name or renamed) else ()))


def _name(struct: Any) -> str:
    return str(getattr(struct, "name", "")).lower()


def _like(struct: Any, now: Snapshot) -> Sequence[Any]:
    part = {
        ReceiveConnector: now.receive_connectors,
        SendConnector: now.send_connectors,
        AcceptedDomain: now.accepted_domains,
        IPListEntry: now.ip_list_entries,
        TransportConfig: (),
    }
    return part[type(struct)]


def _own_problems(struct: Any) -> list[str]:
    texts = list(_bounds(struct))
    if isinstance(struct, ReceiveConnector):
        texts += [problem.message for problem in rules.problems(struct, ())]
    if isinstance(struct, SendConnector):
        texts += [problem.message for problem in rules.send_problems(struct, ())]
    return texts


def _bounds(struct: Any) -> Iterable[str]:
    for name, setting in settings(type(struct)).items():
        try:
            kinds.check(setting, getattr(struct, name))
        except ValueError as error:
            if getattr(struct, name) != "" or setting.minimum:
                yield f"{setting.label}: {error}"


def _conflicts(struct: Any, other: Any) -> list[str]:
    """What keeps the two from standing beside each other; empty for what has nothing to do with it."""
    if isinstance(struct, ReceiveConnector):
        return _connector_conflicts(struct, other)
    if isinstance(struct, IPListEntry):
        same = struct.ip_list is other.ip_list and struct.bounds == other.bounds
        return ["These addresses are on the list already."] if same else []
    if isinstance(struct, AcceptedDomain) and struct.domain_name == other.domain_name:
        return [f"{struct.domain_name} is an accepted domain already."]
    return [f"“{other.name}” is here already."] if struct.name.lower() == other.name.lower() else []


def _connector_conflicts(struct: ReceiveConnector, other: ReceiveConnector) -> list[str]:
    if struct.name.lower() != other.name.lower() and not set(struct.bindings) & set(other.bindings):
        return []
    alone = {problem.message for problem in rules.problems(struct, ())}
    return [problem.message for problem in rules.problems(struct, (other,)) if problem.message not in alone]
