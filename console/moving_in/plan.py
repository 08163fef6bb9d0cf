"""What stands in the way of an imported object, and what the administrator wants done about it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec
from msgspec.structs import replace

from console.moving_in.report import Translated
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


class _Crowd:
    """Objects by what may be in another's way: nothing that shares none of its marks has to be looked at."""

    def __init__(self, objects: Iterable[Any] = ()):
        self._by_mark: dict[object, list[Any]] = {}
        for each in objects:
            self.add(each)

    def add(self, struct: Any) -> None:
        for mark in _marks(struct):
            self._by_mark.setdefault(mark, []).append(struct)

    def in_the_way_of(self, struct: Any) -> tuple[list[Any], list[str]]:
        """The objects that the struct cannot stand beside, and why."""
        near = list({id(each): each for mark in _marks(struct) for each in self._by_mark.get(mark, ())}.values())
        texts = _conflicts(struct, near) if near else []
        return [each for each in near if _conflicts(struct, [each])] if texts else [], texts

    def has(self, struct: Any) -> bool:
        return any(each == struct for mark in _marks(struct) for each in self._by_mark.get(mark, ()))

    def named(self, struct: Any) -> bool:
        """Whether one has its name."""
        return _name(struct) in self._by_mark


def steps(found: Sequence[Translated], now: Snapshot, chosen: Chosen) -> list[Step]:
    """One for each object that becomes something here; later objects see what the earlier ones take."""
    parts = (now.receive_connectors, now.send_connectors, now.accepted_domains, now.ip_list_entries)
    present, taken = _Crowd([each for part in parts for each in part]), _Crowd()
    present.add(now.transport_config)
    every = []
    for place, each in enumerate(found):
        if each.struct is None:
            continue
        if isinstance(each.struct, TransportConfig):
            each.struct = replace(now.transport_config, **each.given)
        step = _step(str(place), each, present, taken, chosen.get(str(place), ("", "")))
        if step.wanted:
            taken.add(step.struct)
        every.append(step)
    return every


def _step(key: str, found: Translated, present: _Crowd, taken: _Crowd, wish: tuple[str, str]) -> Step:
    struct, new_name = _called(found.struct, wish)
    before, texts = present.in_the_way_of(struct)
    beside, more = taken.in_the_way_of(struct)
    own = _own_problems(struct)
    same_name = present.named(struct) or taken.named(struct)
    offers = _offers(struct, bool(own), bool(before), bool(beside), same_name, bool(new_name))
    here = present.has(struct)
    usual = Choice.SKIP if here or found.better_left or offers[0] is Choice.SKIP else Choice.IMPORT
    choice = Choice(wish[0]) if wish[0] in offers else usual
    texts = list(dict.fromkeys([*own, *texts, *more]))
    return Step(key, found, struct, choice, offers, texts, before, new_name, here)


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


def _name(struct: Any) -> object:
    """There is one transport configuration; it has no name."""
    return type(struct), str(getattr(struct, "name", "")).lower()


def _marks(struct: Any) -> list[object]:
    if isinstance(struct, ReceiveConnector):
        return [_name(struct), *struct.bindings]
    if isinstance(struct, IPListEntry):
        return [(struct.ip_list, struct.bounds)]
    if isinstance(struct, AcceptedDomain):
        return [_name(struct), struct.domain_name]
    return [_name(struct)]


def _own_problems(struct: Any) -> list[str]:
    texts = list(_bounds(struct))
    if isinstance(struct, ReceiveConnector):
        texts += [problem.message for problem in rules.problems(struct, ())]
    if isinstance(struct, SendConnector):
        texts += [problem.message for problem in rules.send_problems(struct, ())]
    return texts


def _bounds(struct: msgspec.Struct) -> Iterable[str]:
    for name, setting in settings(type(struct)).items():
        try:
            kinds.check(setting, getattr(struct, name))
        except ValueError as error:
            if getattr(struct, name) != "" or setting.minimum:
                yield f"{setting.label}: {error}"


def _conflicts(struct: Any, others: Sequence[Any]) -> list[str]:
    """What keeps the struct from standing beside the others, which share a mark with it."""
    if isinstance(struct, ReceiveConnector):
        alone = {problem.message for problem in rules.problems(struct, ())}
        return [each.message for each in rules.problems(struct, others) if each.message not in alone]
    if isinstance(struct, TransportConfig):
        return []
    if isinstance(struct, IPListEntry):
        return ["These addresses are on the list already."]
    if isinstance(struct, AcceptedDomain) and any(each.domain_name == struct.domain_name for each in others):
        return [f"{struct.domain_name} is an accepted domain already."]
    return [f"“{struct.name}” is here already."]
