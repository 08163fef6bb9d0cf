"""What a script is: a tree of values. Places do not count when two trees are compared."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, dataclass_transform


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
@dataclass(frozen=True)
class Node:
    """`line` and `column` count from 1. Every kind of node is a frozen dataclass as well."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        dataclass(frozen=True)(cls)

    line: int = field(default=0, compare=False, repr=False, kw_only=True)
    column: int = field(default=0, compare=False, repr=False, kw_only=True)


class Literal(Node):
    """A number, a text without `$`, `$true`, `$false`, `$null`, a Timespan."""

    value: object


class Text(Node):
    """`"…$x…$(…)…"`."""

    parts: tuple[str | Node, ...]


class Variable(Node):
    """`$name`, without the dollar."""

    name: str


class Member(Node):
    """`of.name`; of `of.$name` and `of."…"` the name is a node."""

    of: Node
    name: str | Node


class Method(Node):
    """`of.name(arguments)`."""

    of: Node
    name: str
    arguments: tuple[Node, ...]


class Index(Node):
    """`of[at]`."""

    of: Node
    at: Node


class ListOf(Node):
    """`a,b`."""

    items: tuple[Node, ...]


class Group(Node):
    """`( … )`."""

    statement: Node


class Script(Node):
    """Statements; what all of them put out."""

    statements: tuple[Node, ...]


class Sub(Node):
    """`$( … )`: one object, or a list."""

    body: Script


class Array(Node):
    """`@( … )`: always a list."""

    body: Script


class Table(Node):
    """`@{key = value; …}`."""

    entries: tuple[tuple[str, Node], ...]


class Block(Node):
    """`{ … }` as a value."""

    body: Script
    text: str = field(default="", compare=False)


class Unary(Node):
    """`operator` is "not", "-", "+" or "join"."""

    operator: str
    operand: Node


class Binary(Node):
    """`operator` in lower case without dash: "eq", "clike", "and", "+", "..", "f"."""

    operator: str
    left: Node
    right: Node


class Step(Node):
    """`$x++`, `--$x`; `operator` is "+" or "-"; `before`: the new value counts, not the old one."""

    target: Node
    operator: str
    before: bool = False


class Cast(Node):
    """`[type] operand`."""

    type: str
    operand: Node


class OfType(Node):
    """`operand -as [type]`; `operator` is "as", "is" or "isnot"."""

    operator: str
    operand: Node
    type: str


class Static(Node):
    """`[type]::name`, `[type]::name(arguments)`; without brackets `arguments` is None."""

    type: str
    name: str
    arguments: tuple[Node, ...] | None = None


class Named(Node):
    """`-name`, `-name:value`; the value of `-name value` is the Positional that follows."""

    name: str
    value: Node | None = None


class Positional(Node):
    """A word that may be the value of the parameter before it."""

    value: Node


class Splat(Node):
    """`@name`: the parameters that a table holds, or the words of a list."""

    name: str


class Command(Node):
    """A cmdlet's name as written and its words."""

    name: str
    words: tuple[Named | Positional | Splat, ...] = ()


class Pipeline(Node):
    """The first stage is a Command or an expression, the others are Commands."""

    stages: tuple[Node, ...]


class Assignment(Node):
    """`$name = …`, `$object.Property += …`, `$table[key] = …`, `$a, $b = …`; `operator` is "=", "+=", "-=" …"""

    target: Node
    operator: str
    value: Node


class If(Node):
    """`if (condition) { … } elseif … else { … }`."""

    clauses: tuple[tuple[Node, Script], ...]
    otherwise: Script | None = None


class ForEach(Node):
    """`foreach ($name in source) { … }`."""

    name: str
    source: Node
    body: Script


class For(Node):
    """`for (begin; condition; turn) { … }`; what is left out is None."""

    begin: Node | None
    condition: Node | None
    turn: Node | None
    body: Script


class While(Node):
    """`while (condition) { … }`; with `do`, the body runs once before; with `until`, it goes on while not condition."""

    condition: Node
    body: Script
    do: bool = False
    until: bool = False


class Switch(Node):
    """`switch -Wildcard (subject) { label { … } … }`; the label of `default` is None."""

    options: tuple[str, ...]
    subject: Node
    cases: tuple[tuple[Node | None, Script], ...]


class Try(Node):
    """`try { … } catch [type] { … } finally { … }`."""

    body: Script
    catches: tuple[tuple[tuple[str, ...], Script], ...]
    finally_: Script | None = None


class Leave(Node):
    """`kind` is "break", "continue", "return", "throw" or "exit"."""

    kind: str
    value: Node | None = None


class Attribute(Node):
    """`[Name(fact, fact = value)]`."""

    name: str
    facts: tuple[tuple[str, Node], ...]
    """Of one without a name the name is ""."""


class Formal(Node):
    """A parameter of a function: `[type] $name = default`."""

    name: str
    types: tuple[str, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    default: Node | None = None


class Params(Node):
    """`[CmdletBinding()] param(…)`."""

    attributes: tuple[Attribute, ...]
    formals: tuple[Formal, ...]


class Phase(Node):
    """`begin { … }`, `process { … }`, `end { … }` of a function."""

    name: str
    body: Script


class Function(Node):
    """`function name($a, $b) { … }`; what `param(…)` says stands in the body."""

    name: str
    formals: tuple[Formal, ...]
    body: Script
