"""Syntax trees as texts, and trees at random: what the parser must read back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from console.management_shell.language import syntax
from console.management_shell.language.syntax import Node
from console.management_shell.language.values import Timespan

_ESCAPES = {"\0": "`0", "\r": "`r", "`": "``", "$": "`$", '"': '""', "“": "`“", "”": "`”", "„": "„„"}


def write(node: Node) -> str:
    """A script that means this tree."""
    return _WRITERS[type(node)](node)


def _write_literal(node: syntax.Literal) -> str:
    value = node.value
    if value is None or isinstance(value, bool):
        return {None: "$null", True: "$true", False: "$false"}[value]
    return '"' + _escaped(value) + '"' if isinstance(value, str) else str(value)


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(sign, sign) for sign in text)


def _write_text(node: syntax.Text) -> str:
    parts = [_escaped(part) if isinstance(part, str) else _write_inside(part) for part in node.parts]
    return '"' + "".join(parts) + '"'


def _write_inside(node: Node) -> str:
    return "${" + node.name + "}" if isinstance(node, syntax.Variable) else write(node)


def _write_script(node: syntax.Script) -> str:
    return "\n".join(map(write, node.statements))


def _write_command(node: syntax.Command) -> str:
    return " ".join([node.name, *(_write_word(word) for word in node.words)])


def _write_word(word: syntax.Named | syntax.Positional | syntax.Splat) -> str:
    if isinstance(word, syntax.Positional):
        return write(word.value)
    if isinstance(word, syntax.Splat):
        return f"@{word.name}"
    return f"-{word.name}" if word.value is None else f"-{word.name}:{write(word.value)}"


def _write_if(node: syntax.If) -> str:
    clauses = [f"({write(condition)}) {{{write(body)}}}" for condition, body in node.clauses]
    return "if " + "\nelseif ".join(clauses) + (f"\nelse {{ {write(node.otherwise)} }}" if node.otherwise else "")


def _write_operator(name: str) -> str:
    return f"-{name}" if name.isalpha() else name


_WRITERS: dict[type, Callable[[Any], str]] = {
    syntax.Literal: _write_literal,
    syntax.Text: _write_text,
    syntax.Variable: lambda node: f"${node.name}",
    syntax.Member: lambda node: f"{write(node.of)}.{node.name}",
    syntax.Method: lambda node: f"{write(node.of)}.{node.name}({', '.join(map(write, node.arguments))})",
    syntax.Index: lambda node: f"{write(node.of)}[{write(node.at)}]",
    syntax.ListOf: lambda node: ",".join(map(write, node.items)),
    syntax.Group: lambda node: f"({write(node.statement)})",
    syntax.Script: _write_script,
    syntax.Sub: lambda node: f"$({write(node.body)})",
    syntax.Array: lambda node: f"@({write(node.body)})",
    syntax.Table: lambda node: "@{" + "; ".join(f"{key} = {write(value)}" for key, value in node.entries) + "}",
    syntax.Block: lambda node: f"{{{write(node.body)}}}",
    syntax.Unary: lambda node: f"{_write_operator(node.operator)} {write(node.operand)}",
    syntax.Binary: lambda node: f"{write(node.left)} {_write_operator(node.operator)} {write(node.right)}",
    syntax.Command: _write_command,
    syntax.Pipeline: lambda node: " | ".join(map(write, node.stages)),
    syntax.Assignment: lambda node: f"{write(node.target)} {node.operator} {write(node.value)}",
    syntax.If: _write_if,
    syntax.ForEach: lambda node: f"foreach (${node.name} in {write(node.source)}) {{ {write(node.body)} }}",
}

# ---- trees at random

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,6}", fullmatch=True)
VERBS = st.sampled_from(["Get-Fruit", "Set-Fruit", "fl", "%", "?", "Where-Object"])
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
LITERALS = st.one_of(st.none(), st.booleans(), st.integers(0, 10**12), TEXTS, st.integers(0, 10**7).map(Timespan)).map(
    syntax.Literal
)
VARIABLES = NAMES.filter(lambda name: name.lower() not in ("true", "false", "null")).map(syntax.Variable)
BINARY = [
    "and",
    "or",
    "xor",
    "eq",
    "cne",
    "gt",
    "like",
    "notmatch",
    "contains",
    "in",
    "replace",
    "+",
    "-",
    "*",
    "/",
    "%",
    "f",
    "..",
]


LEAVES = st.one_of(LITERALS, VARIABLES)
Draw = Callable[[st.SearchStrategy[Any]], Any]


def _expression(draw: Draw, depth: int) -> Node:
    """Any expression; at depth 0 a leaf. What holds others holds them one less deep."""
    kinds = (
        _atom, _member, _method, _index, _list, _sub, _array, _block, _unary, _binary, _table, _interpolated
    )  # fmt: skip
    made: Node = draw(st.sampled_from(kinds))(draw, depth - 1) if depth > 0 else draw(LEAVES)
    return made


def _several(draw: Draw, low: int, high: int, one: Callable[[], Any]) -> tuple[Any, ...]:
    return tuple(one() for _ in range(draw(st.integers(low, high))))


def _atom(draw: Draw, depth: int) -> Node:
    return syntax.Group(_statement(draw, depth)) if depth > 0 and draw(st.booleans()) else draw(LEAVES)


def _body(draw: Draw, depth: int) -> syntax.Script:
    return syntax.Script(_several(draw, 0, 2, lambda: _statement(draw, depth)))


def _member(draw: Draw, depth: int) -> Node:
    return syntax.Member(syntax.Group(_statement(draw, depth)) if draw(st.booleans()) else draw(VARIABLES), draw(NAMES))


def _method(draw: Draw, depth: int) -> Node:
    arguments = _several(draw, 0, 2, lambda: _atom(draw, depth))
    return syntax.Method(syntax.Group(_statement(draw, depth)), draw(NAMES), arguments)


def _index(draw: Draw, depth: int) -> Node:
    return syntax.Index(draw(VARIABLES), _expression(draw, depth))


def _list(draw: Draw, depth: int) -> Node:
    return syntax.ListOf(_several(draw, 2, 3, lambda: _atom(draw, depth)))


def _sub(draw: Draw, depth: int) -> Node:
    return syntax.Sub(_body(draw, depth))


def _array(draw: Draw, depth: int) -> Node:
    return syntax.Array(_body(draw, depth))


def _block(draw: Draw, depth: int) -> Node:
    return syntax.Block(_body(draw, depth))


def _unary(draw: Draw, depth: int) -> Node:
    return syntax.Unary(draw(st.sampled_from(["not", "-", "+", "join"])), _atom(draw, depth))


def _binary(draw: Draw, depth: int) -> Node:
    return syntax.Binary(draw(st.sampled_from(BINARY)), _atom(draw, depth), _atom(draw, depth))


def _table(draw: Draw, depth: int) -> Node:
    names = draw(st.lists(NAMES, max_size=2, unique_by=str.lower))
    return syntax.Table(tuple((name, _statement(draw, depth)) for name in names))


def _interpolated(draw: Draw, depth: int) -> Node:
    """A text around something that is looked up."""
    looked_up = _sub(draw, depth) if draw(st.booleans()) else draw(VARIABLES)
    return syntax.Text(tuple(part for part in (draw(TEXTS), looked_up, draw(TEXTS)) if part != ""))


def _pipeline(draw: Draw, depth: int) -> Node:
    first = _expression(draw, depth) if draw(st.booleans()) else _command(draw, depth)
    return syntax.Pipeline((first, *_several(draw, 0, 2, lambda: _command(draw, depth))))


def _command(draw: Draw, depth: int) -> Node:
    return syntax.Command(draw(VERBS), _several(draw, 0, 3, lambda: _word(draw, depth)))


def _word(draw: Draw, depth: int) -> Node:
    kind = draw(st.sampled_from(["positional", "switch", "named"]))
    if kind == "switch":
        return syntax.Named(draw(NAMES))
    value = (
        _item(draw, depth) if draw(st.booleans()) else syntax.ListOf(_several(draw, 2, 3, lambda: _item(draw, depth)))
    )
    return syntax.Positional(value) if kind == "positional" else syntax.Named(draw(NAMES), value)


def _item(draw: Draw, depth: int) -> Node:
    """What may stand in an argument without brackets around it."""
    if depth > 0 and draw(st.booleans()):
        return syntax.Group(syntax.Pipeline((_expression(draw, depth - 1),)))
    plain: Node = draw(LEAVES.filter(lambda node: not isinstance(getattr(node, "value", None), Timespan)))
    return plain


def _statement(draw: Draw, depth: int) -> Node:
    kind = draw(st.sampled_from(["pipeline", "pipeline", "assignment", "if", "foreach"]))
    if kind == "pipeline" or depth <= 0:
        return _pipeline(draw, depth - 1)
    if kind == "assignment":
        target = draw(VARIABLES)
        if draw(st.booleans()):
            target = syntax.Member(target, draw(NAMES))
        return syntax.Assignment(target, draw(st.sampled_from(["=", "+=", "-="])), _pipeline(draw, depth - 1))
    if kind == "foreach":
        return syntax.ForEach(draw(VARIABLES).name, _pipeline(draw, depth - 1), _body(draw, depth - 1))
    clauses = _several(draw, 1, 2, lambda: (_pipeline(draw, depth - 1), _body(draw, depth - 1)))
    return syntax.If(clauses, _body(draw, depth - 1) if draw(st.booleans()) else None)


@st.composite
def scripts(draw: Draw) -> syntax.Script:
    """Scripts of some statements, with expressions in each other a few deep."""
    return syntax.Script(_several(draw, 0, 3, lambda: _statement(draw, 3)))
