"""Get-X and Set-X for settings of which there is one row, or for some of them: Exchange spreads them over cmdlets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec.structs import replace

from console.management_shell.cmdlets import settings
from console.management_shell.cmdlets.external_dns import ExternalDnsAdapter
from console.management_shell.cmdlets.family import Examples
from console.management_shell.cmdlets.guard import NOTHING_CHANGED, Fields, guarded
from console.management_shell.cmdlets.secure_domains import SecureDomains
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.values import Record
from console.publishing.actions import change
from console.publishing.models import SingleRow
from console.publishing.rows import struct_of
from transport.config.setting import settings as table_of


@dataclass(frozen=True)
class Part:
    """Settings of one row. `names`: field → property, for those that are shown (empty: all, by their own names);
    `save(actor, struct, version)` is the app's action.
    """

    struct: type[msgspec.Struct]
    row: Callable[[], SingleRow]
    save: Callable[[Any, Any, int], SingleRow]
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def fields(self) -> dict[str, str]:
        """Field → property."""
        return dict(self.names) or {name: each.name for name, each in table_of(self.struct).items()}

    def values(self) -> dict[str, object]:
        """Property → value."""
        struct, table = struct_of(self.row(), self.struct), table_of(self.struct)
        return {name: settings.value(table[each], getattr(struct, each)) for each, name in self.fields.items()}

    def parameters(self) -> tuple[Parameter, ...]:
        table = table_of(self.struct)
        return tuple(settings.parameter(table[each], name) for each, name in self.fields.items())

    def changed(self, call: Call) -> bool:
        """Saves what the arguments say; False when it is so already."""
        row = self.row()
        now = struct_of(row, self.struct)
        wanted = replace(now, **settings.changes(call, self.struct, self.fields, self.fields)(now))
        if wanted != now:
            self.save(call.host.actor, wanted, row.version)
        return bool(wanted != now)


@dataclass(frozen=True)
class Page:
    """What `Get-noun` shows and `Set-noun` changes, in one revision. `first`: properties that are no settings."""

    noun: str
    words: str
    parts: tuple[Part | SecureDomains | ExternalDnsAdapter, ...]
    get_examples: Examples
    set_examples: Examples
    more: tuple[Parameter, ...] = ()
    first: Callable[[], dict[str, object]] = dict
    columns: tuple[str, ...] = ()

    @property
    def cmdlets(self) -> dict[str, Cmdlet]:
        own = tuple(parameter for part in self.parts for parameter in part.parameters())
        fields = Fields(None, {each: name for part in self.parts for each, name in part.fields.items()})
        get = Cmdlet(f"Get-{self.noun}", self._get, self.more, f"Shows {self.words}.", self.get_examples)
        put = Cmdlet(
            f"Set-{self.noun}", self._set, (*self.more, *own), f"Changes {self.words}.", self.set_examples, True
        )
        return {each.name: guarded(each, fields) for each in (get, put)}

    def _get(self, call: Call) -> Iterator[Record]:
        found = self.first()
        for part in self.parts:
            found |= part.values()
        yield Record(self.noun, found, self.columns, name=self.noun)

    def _set(self, call: Call) -> Iterator[Record]:
        if call.should_process(self.words, f"Set-{self.noun}"):
            with change(call.host.actor, f"Set-{self.noun}"):
                done = [part.changed(call) for part in self.parts]
            if not any(done):
                call.warning(NOTHING_CHANGED.format(self.words))
        return iter(())
