"""A kind of object that is edited by a settings table: its identity, its properties, its parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import msgspec
from django.conf import settings as django
from django.db.models import Model, QuerySet
from msgspec.structs import replace

from console.management_shell.cmdlets import settings
from console.management_shell.cmdlets.guard import NOTHING_CHANGED, Fields, confirmed, guarded
from console.management_shell.cmdlets.results import not_found
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.errors import ShellError
from console.management_shell.language.values import Record, read_text
from console.publishing.rows import struct_of
from transport.config.setting import settings as table_of

Examples = Mapping[str, str]
Changes = Callable[[Any], dict[str, Any]]
Names = frozenset[str]
"""Those by which an administrator confirms that strangers may relay."""


@dataclass(frozen=True)
class Family:
    """`noun`: of the cmdlets; `words`: how a sentence calls one; `columns`: of its default table; `order`: its first
    properties, the others follow; `hidden`: fields that are no property; `names`: field → what it is called, where that
    is not the setting's name; `more(struct)`: properties that are no settings; `keys`: columns that identify a row;
    `with_server`: it is called `SERVER\\Name`.
    """

    noun: str
    words: str
    struct: type[msgspec.Struct]
    rows: Callable[[], QuerySet[Any]]
    columns: tuple[str, ...]
    order: tuple[str, ...] = ()
    hidden: frozenset[str] = frozenset()
    names: Mapping[str, str] = field(default_factory=dict)
    more: Callable[[Any], Mapping[str, object]] = lambda struct: {}
    keys: tuple[str, ...] = ("name",)
    with_server: bool = False

    @property
    def fields(self) -> Fields:
        return Fields(self.struct, self.names)

    def identity(self, thing: Any) -> str:
        """What lists call a row, or a struct with the same field."""
        name = str(getattr(thing, self.keys[0]))
        return rf"{django.GATEPOST_NODE}\{name}" if self.with_server else name

    def record(self, row: Model) -> Record:
        """The object as a Get- cmdlet puts it out."""
        struct = struct_of(row, self.struct)
        table = table_of(self.struct)
        hidden = {self.names.get(each, table[each].name) for each in self.hidden}
        found = {name: value for name, value in settings.values(struct, self.names).items() if name not in hidden}
        found |= {"Identity": self.identity(row), **self.more(struct)}
        found["WhenChanged"] = getattr(row, "changed_at", None)
        ordered = {name: found[name] for name in self.order if name in found}
        return Record(self.noun, ordered | found, self.columns, row, self.identity(row))

    def parameters(self, *skipped: str) -> tuple[Parameter, ...]:
        """One for each setting, but `skipped` and hidden fields."""
        return settings.parameters(self.struct, {*skipped, *self.hidden}, self.names)

    def parameter(self, field: str, **options: Any) -> Parameter:
        """That of one setting."""
        return settings.parameter(table_of(self.struct)[field], self.names.get(field, ""), **options)

    def made(
        self, call: Call, start: Any, create: Callable[[Any, Names], Model], said: Names = frozenset()
    ) -> Iterator[Record]:
        """New-X: what the arguments make of a struct, as `create` has written it. `said`: as for `confirmed`."""
        struct = replace(start, **settings.changes(call, self.struct, self.names)(start))
        if call.should_process(self.identity(struct), call.cmdlet.name):
            yield self.record(confirmed(call, lambda names: create(struct, names), said))

    def changed(
        self,
        call: Call,
        update: Callable[[Any, Changes, Names], Any],
        counts_as_said: bool = False,
        more: bool = False,
    ) -> Iterator[Record]:
        """Set-X: `update` gives the row as it is then. `counts_as_said`: the names by which the command calls it.
        `more`: it changes something beside the row, too.
        """
        row, changes = self.find(call.arguments["Identity"]), settings.changes(call, self.struct, self.names)
        if call.should_process(self.identity(row), call.cmdlet.name):
            said = self.said_by(call, row.name) if counts_as_said else frozenset()
            after = confirmed(call, lambda names: update(row, changes, names), said)
            if after.version == row.version and not more:
                call.warning(NOTHING_CHANGED.format(row))
        return iter(())

    def removed(self, call: Call, remove: Callable[[Any, Names], None]) -> Iterator[Record]:
        """Remove-X."""
        row = self.find(call.arguments["Identity"])
        if call.should_process(self.identity(row), call.cmdlet.name):
            confirmed(call, lambda names: remove(row, names))
        return iter(())

    def find(self, wanted: object) -> Any:
        """The one row that an identity or a piped object means, as it is now. Raises ShellError."""
        if isinstance(wanted, Record):
            return self._piped(wanted)
        found = self.matching(str(wanted))
        if not found:
            raise self.missing(wanted)
        if len(found) > 1:
            raise ShellError(f"'{wanted}' is the identity of more than one {self.words}.", "Identity")
        return found[0]

    def _piped(self, record: Record) -> Any:
        rows = self.rows()
        if not isinstance(record.source, rows.model):
            raise ShellError(f"This takes a {self.words}; '{record}' is none.", "Identity")
        row = rows.filter(pk=record.source.pk).first()
        if row is None:
            raise self.missing(record)
        return row

    def matching(self, text: str, wildcards: bool = False) -> list[Any]:
        """The rows that an identity means; with `*` and `?` where they are possible."""
        text = self._local(text).lower()
        pattern = _pattern(text) if wildcards else ""
        named = [(row, [str(getattr(row, key)).lower() for key in self.keys]) for row in self.rows()]
        exact = [row for row, names in named if text in names]
        return exact or [row for row, names in named if any(fnmatchcase(name, pattern) for name in names)]

    def _local(self, text: str) -> str:
        """An identity without this server's name before it."""
        server, slash, name = text.partition("\\")
        mine = self.with_server and slash and fnmatchcase(django.GATEPOST_NODE.lower(), _pattern(server.lower()))
        return name if mine else text

    def missing(self, wanted: object) -> ShellError:
        """The error for an identity that is nothing's."""
        called = f" This server is called {django.GATEPOST_NODE}." if self.with_server and "\\" in str(wanted) else ""
        return not_found(wanted, called, (str(getattr(row, self.keys[0])) for row in self.rows()))

    def completions(self) -> Iterable[str]:
        """Identities, for completion."""
        return [str(getattr(row, self.keys[0])) for row in self.rows()]

    def identity_parameter(self, mandatory: bool = True) -> Parameter:
        """Names the object, or takes it from the pipe."""
        forms = ": its name, or SERVER\\name" if self.with_server else ""
        every = "" if mandatory else " Several with * in the name; all without it."
        return Parameter(
            "Identity", identity, mandatory, 0, from_pipeline=True, help=f"The {self.words}{forms}.{every}",
            values=self.completions,
        )  # fmt: skip

    def get(self, examples: Examples, *more: Parameter) -> Cmdlet:
        """Get-X: all of them, one, or those that a wildcard means."""

        def run(call: Call) -> Iterator[Record]:
            yield from self.shown(call.get("Identity"))

        parameters = (self.identity_parameter(False), *more)
        return guarded(Cmdlet(f"Get-{self.noun}", run, parameters, f"Shows one {self.words}, some or all.", examples))

    def shown(self, wanted: object) -> Iterator[Record]:
        """What a Get- cmdlet puts out."""
        for row in self.chosen(wanted):
            record = self.record(row)
            record.said = self.said(wanted, str(getattr(row, self.keys[0])))
            yield record

    def said(self, wanted: object, name: str) -> bool:
        """Whether an identity is the whole name, or an object that the script has called so."""
        if isinstance(wanted, Record):
            return wanted.said and self.said(wanted.name, name)
        return self._local(str(wanted)).lower() == name.lower()

    def said_by(self, call: Call, name: str) -> frozenset[str]:
        """The whole names by which a command calls the object that it changes: the one it has, and the one it gets."""
        found = {name} if self.said(call.arguments["Identity"], name) else set()
        return frozenset(found | ({call.arguments["Name"]} if "Name" in call.arguments else set()))

    def chosen(self, wanted: object) -> list[Any]:
        """What a Get- cmdlet shows. Raises ShellError when a plain name is nothing's."""
        if wanted is None:
            return list(self.rows())
        if isinstance(wanted, Record):
            return [self.find(wanted)]
        found = self.matching(str(wanted), wildcards=True)
        if not found and not {"*", "?"} & set(str(wanted)):
            raise self.missing(wanted)
        return found


def _pattern(text: str) -> str:
    """A wildcard of the shell for fnmatch: brackets mean themselves."""
    return text.replace("[", "[[]")


def identity(value: object) -> object:
    """An identity as it was written, or the piped object."""
    return value if isinstance(value, Record) else read_text(value)
