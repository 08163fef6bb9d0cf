"""lark's tree → ours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from lark import Token, Transformer_NonRecursive, Tree

from console.management_shell.language import syntax
from console.management_shell.language.building_statements import Place, StatementBuilder, type_name, variable_name
from console.management_shell.language.errors import ShellError
from console.management_shell.language.literals import DASHES, DOUBLES, SINGLES, number, timespan, unescaped

CONSTANTS: dict[str, object] = {"true": True, "false": False, "null": None}
NUMBER = re.compile(r"(-?)(\d+)(\.\d+)?")
Children = list[Any]


class Builder(StatementBuilder, Transformer_NonRecursive[Token, syntax.Script]):
    """lark's tree → ours: a method for each rule."""

    def __init__(self, text: str):
        super().__init__(visit_tokens=False)
        self.text = text

    def _call_userfunc(self, tree: Tree[Any], new_children: Children | None = None) -> Any:
        children = tree.children if new_children is None else new_children
        place = Place(line=getattr(tree.meta, "line", 1), column=getattr(tree.meta, "column", 1))
        try:
            if tree.data == "script_block":
                return self.script_block(children, place, self.text[tree.meta.start_pos : tree.meta.end_pos])
            return getattr(self, str(tree.data))(children, place)
        except ShellError as error:
            raise error.at(**place) from None

    def start(self, children: Children, place: Place) -> Any:
        return children[0]

    def block(self, children: Children, place: Place) -> syntax.Script:
        return syntax.Script(tuple(_flat(children)), **place)

    braces = group_of = otherwise = key = at_last = start

    def pipeline(self, children: Children, place: Place) -> syntax.Node:
        if isinstance(children[-1], Token):
            children = [*children[:-1], syntax.Command("Out-Null", **place)]
        return syntax.Pipeline(tuple(children), **place)

    def command(self, children: Children, place: Place) -> syntax.Node:
        return syntax.Command(str(children[0]).translate(DASHES), tuple(children[1:]), **place)

    def parameter(self, children: Children, place: Place) -> syntax.Node:
        return syntax.Named(children[0][1:].translate(DASHES), **place)

    def given(self, children: Children, place: Place) -> syntax.Node:
        return syntax.Named(children[0][1:-1], children[1].value, **place)

    def splat(self, children: Children, place: Place) -> syntax.Node:
        return syntax.Splat(children[0][1:], **place)

    def argument(self, children: Children, place: Place) -> syntax.Node:
        return syntax.Positional(self.list(children, place) if len(children) > 1 else children[0], **place)

    def word(self, children: Children, place: Place) -> syntax.Node:
        return _word(str(children[0]), place)

    def word_around(self, children: Children, place: Place) -> syntax.Node:
        """A bare word with `$(…)` in it."""
        head, body, *tail = children
        parts = [*_word_parts(head[:-2], place), syntax.Sub(body, **place)]
        return _text([*parts, *(part for token in tail for part in _word_parts(token, place))], place)

    def list(self, children: Children, place: Place) -> syntax.Node:
        return syntax.ListOf(tuple(children), **place)

    def _chain(self, children: Children, place: Place) -> syntax.Node:
        left: syntax.Node = children[0]
        for sign, right in zip(children[1::2], children[2::2], strict=True):
            if isinstance(right, Token):
                left = syntax.OfType(_operator(sign), left, type_name(right), line=sign.line, column=sign.column)
                continue
            left = syntax.Binary(_operator(sign), left, right, line=sign.line, column=sign.column)
        return left

    logical = comparison = additive = multiplicative = formatted = range = _chain
    part_logical = part_comparison = part_additive = part_multiplicative = part_formatted = part_range = _chain

    def unary_operator(self, children: Children, place: Place) -> syntax.Node:
        return syntax.Unary(_operator(children[0]).replace("!", "not"), children[1], **place)

    def cast(self, children: Children, place: Place) -> syntax.Node:
        return syntax.Cast(type_name(children[0]), children[1], **place)

    def step_after(self, children: Children, place: Place) -> syntax.Node:
        return syntax.Step(children[0], children[1][0], **place)

    def step_before(self, children: Children, place: Place) -> syntax.Node:
        return syntax.Step(children[1], children[0][0], True, **place)

    def static_member(self, children: Children, place: Place) -> syntax.Node:
        return syntax.Static(type_name(children[0]), str(children[1]), **place)

    def static_method(self, children: Children, place: Place) -> syntax.Node:
        arguments = children[2] if len(children) > 2 else ()
        return syntax.Static(type_name(children[0]), str(children[1]), arguments, **place)

    def member(self, children: Children, place: Place) -> syntax.Node:
        name = children[1]
        if isinstance(name, syntax.Literal):
            name = str(name.value)
        return syntax.Member(children[0], str(name) if isinstance(name, Token) else name, **place)

    def method(self, children: Children, place: Place) -> syntax.Node:
        return syntax.Method(children[0], str(children[1]), children[2] if len(children) > 2 else (), **place)

    def index(self, children: Children, place: Place) -> syntax.Node:
        return syntax.Index(children[0], children[1], **place)

    item_member, item_method, item_index = member, method, index

    def several(self, children: Children, place: Place) -> tuple[Any, ...]:
        """What stands in a row, such as `param(…)` or `begin { … }` and what follows in the same line."""
        return tuple(children)

    arguments = entries = cases = several

    def number(self, children: Children, place: Place) -> syntax.Node:
        return syntax.Literal(number(children[0]), **place)

    def timespan(self, children: Children, place: Place) -> syntax.Node:
        return syntax.Literal(timespan(children[0]), **place)

    def variable(self, children: Children, place: Place) -> syntax.Node:
        return _variable(children[0], place)

    named_by_variable = variable

    def single_quoted(self, children: Children, place: Place) -> syntax.Node:
        return syntax.Literal(re.sub(f"([{SINGLES}])[{SINGLES}]", r"\1", children[0][1:-1]), **place)

    def here_single(self, children: Children, place: Place) -> syntax.Node:
        inner = children[0].split("\n", 1)[1][:-2]
        return syntax.Literal(inner.removesuffix("\n").removesuffix("\r"), **place)

    def part(self, children: Children, place: Place) -> str | syntax.Node:
        child: Token | syntax.Node = children[0]
        if not isinstance(child, Token):
            return child
        if child.type == "TEXT_VARIABLE":
            return _variable(child, place)
        return unescaped(child, DOUBLES if child.type == "DOUBLE_TEXT" else "")

    here_part = part

    def double_quoted(self, children: Children, place: Place) -> syntax.Node:
        return _text(children, place)

    def group(self, children: Children, place: Place) -> syntax.Node:
        return syntax.Group(children[0], **place)

    def sub(self, children: Children, place: Place) -> syntax.Node:
        return syntax.Sub(children[0], **place)

    def array(self, children: Children, place: Place) -> syntax.Node:
        return syntax.Array(children[0], **place)

    def script_block(self, children: Children, place: Place, source: str) -> syntax.Node:
        return syntax.Block(children[0], source[1:-1].strip(), **place)

    def table(self, children: Children, place: Place) -> syntax.Node:
        names = [name.lower() for name, _ in children[0]]
        if len(set(names)) < len(names):
            raise ShellError("A key stands twice in this @{…}.")
        return syntax.Table(children[0], **place)

    def entry(self, children: Children, place: Place) -> tuple[str, syntax.Node]:
        key, value = children
        if isinstance(key, syntax.Text):
            raise ShellError("A key is a plain text.")
        return str(key.value if isinstance(key, syntax.Literal) else key), value


def _flat(statements: Iterable[Any]) -> Iterator[Any]:
    for each in statements:
        yield from _flat(each) if isinstance(each, tuple) else (each,)


def _operator(sign: Token) -> str:
    name = sign.lower().translate(DASHES)
    return name[1:] if len(name) > 1 and name[0] == "-" else name


def _variable(token: str, place: Place) -> syntax.Node:
    name = variable_name(token)
    if name.lower() in CONSTANTS:
        return syntax.Literal(CONSTANTS[name.lower()], **place)
    return syntax.Variable(name, **place)


def _text(parts: list[Any], place: Place) -> syntax.Node:
    """A text; a Literal when nothing in it has to be looked up."""
    if all(isinstance(part, str) for part in parts):
        return syntax.Literal("".join(parts), **place)
    return syntax.Text(tuple(parts), **place)


def _word(token: str, place: Place) -> syntax.Node:
    """A bare word: a number if it prints as it is written, else a text; `$name` in it is looked up."""
    match = NUMBER.fullmatch(token)
    if match and len(token) < 16:
        value = float(token) if match[3] else int(token)
        if str(value) == token:
            return syntax.Literal(value, **place)
    return _text(_word_parts(token, place), place)


def _word_parts(token: str, place: Place) -> list[Any]:
    pieces = re.split(r"((?<!`)\$(?:\{[^}]+\}|(?i:env:)\w+|\w+))", token)
    parts = [_variable(piece, place) if odd % 2 else unescaped(piece, "") for odd, piece in enumerate(pieces)]
    return [part for part in parts if part != ""]
